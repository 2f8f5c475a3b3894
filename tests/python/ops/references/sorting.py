"""Order statistics: NumPy's stable sorts. NaN is greatest."""

from __future__ import annotations

import numpy as np

from .promotion import DEFAULT_FLOAT, FLOATS
from .table import T, V, case, reference

ROWS = [
    case(T(3, 70, fill="distinct"), axis=1),
    case(T(70, 3), axis=0),
    case(V([np.nan, np.inf, -np.inf, 0.0, 1.0, np.nan])),
    case(V([3, 1, 2, 1, 3, 3], "int64")),
]
FALLING = [case(*c.operands, **(c.attrs | {"descending": True})) for c in ROWS]


def _order(x, axis, descending):
    """Stable; of a falling order NaN comes first and equals keep theirs."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    flipped = np.flip(x, axis)
    return x.shape[axis] - 1 - np.flip(np.argsort(flipped, axis, kind="stable"), axis)


def argsort(x, axis=-1, descending=False, stable=False):
    return _order(x, axis, descending) if x.ndim else np.zeros((), np.int64)


@reference("sort", meet="none", result="first", zeros=False, cases=ROWS + FALLING)
def sort(x, axis=-1, descending=False, stable=False):
    return np.take_along_axis(x, _order(x, axis, descending), axis) if x.ndim else x


reference("argsort", meet="none", result="int64", cases=ROWS + FALLING)(argsort)


def _pair(dtypes, attrs):
    return [dtypes[0], "int64"]


@reference(
    "topk",
    meet="none",
    result=_pair,
    zeros=False,
    cases=[
        case(T(3, 70, fill="distinct"), k=9),
        case(V([2.0, 2.0, 1.0, 2.0]), k=2),
        case(V([1.0, np.nan, 3.0]), k=2),
        case(V([1, 3, 3, 2], "uint8"), k=3, largest=False),
        case(T(3, 70), k=70, axis=1, largest=False),
    ],
)
def topk(x, k, axis=-1, largest=True, sorted=True):
    at = np.take(_order(x, axis, largest), range(k), axis)
    return np.take_along_axis(x, at, axis), at


@reference(
    "kthvalue",
    meet="none",
    result=_pair,
    zeros=False,
    cases=[case(T(3, 70, fill="distinct"), k=35, axis=1)],
)
def kthvalue(x, k, axis=-1, keepdim=False):
    at = np.take(_order(x, axis, False), [k - 1], axis)
    y = np.take_along_axis(x, at, axis)
    return (y, at) if keepdim else (y.squeeze(axis), at.squeeze(axis))


def _median_dtype(dtypes, attrs):
    if attrs.get("mode", "avg") == "avg":
        return [dtypes[0] if dtypes[0] in FLOATS else DEFAULT_FLOAT]
    return [dtypes[0], "int64"] if attrs.get("axis") is not None else [dtypes[0]]


def _median(ignore):
    def middle(x, axis=None, keepdim=False, mode="avg"):
        if mode == "avg":
            function = np.nanmedian if ignore else np.median
            return function(x.astype(np.float64), axis, keepdims=keepdim)
        whole = axis is None
        flat, at_axis = (x.reshape(-1), 0) if whole else (x, axis)
        rows = np.moveaxis(flat, at_axis, -1)
        values, places = np.empty(rows.shape[:-1], x.dtype), np.empty(rows.shape[:-1], np.int64)
        for at in np.ndindex(rows.shape[:-1]):
            row = rows[at]
            order = np.argsort(row, kind="stable")
            holes = int(np.isnan(row).sum()) if row.dtype.kind == "f" else 0
            n = len(row) - holes if ignore else len(row)
            place = order[-1] if n == 0 else order[(n - 1) // 2]
            if holes and (not ignore or n == 0):
                place = int(np.argmax(np.isnan(row)))
            values[at], places[at] = row[place], place
        if whole:
            return values.reshape((1,) * x.ndim) if keepdim else values
        if keepdim:
            values, places = np.expand_dims(values, at_axis), np.expand_dims(places, at_axis)
        return values, places

    return middle


MIDDLE = [
    case(T(3, 70, fill="distinct"), axis=1),
    case(T(4, 5, fill="distinct")),
    case(V([np.nan, np.nan])),
    case(V([1, 2, 2, 3], "int64")),
    case(T(3, 71, fill="distinct"), axis=1, mode="min"),
]
how = {"meet": "none", "result": _median_dtype, "ulps": 1, "zeros": False, "cases": MIDDLE}
reference("median", **how)(_median(False))
reference("nanmedian", **how)(_median(True))


def _place_dtype(dtypes, attrs):
    return "int32" if attrs.get("out_int32") else "int64"


def searchsorted(sorted_sequence, values, out_int32=False, right=False):
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        return np.searchsorted(sorted_sequence, values, side)
    rows = sorted_sequence.reshape(-1, sorted_sequence.shape[-1])
    wanted = values.reshape(len(rows), -1)
    found = [np.searchsorted(a, v, side) for a, v in zip(rows, wanted, strict=True)]
    return np.stack(found).reshape(values.shape)


SEARCH = [
    case(V([1.0, 2.0, 2.0, 3.0]), V([0.0, 2.0, 2.5, 9.0])),
    case(V([1.0, 2.0, 2.0, 3.0]), V([2.0, 3.0]), right=True),
    case(V([1, 5, 9], "int32"), V([5, 4, 10], "int64")),
]
reference("searchsorted", result=_place_dtype, cases=SEARCH)(searchsorted)
reference(
    "bucketize",
    result=_place_dtype,
    cases=[case(c.operands[1][0], c.operands[0][0], **c.attrs) for c in SEARCH],
)(lambda x, sorted_sequence, **how: searchsorted(sorted_sequence, x, **how))


def _unique_dtypes(dtypes, attrs):
    places = attrs.get("dtype") or "int64"
    asked = [attrs.get(k) for k in ("return_index", "return_inverse", "return_counts")]
    return [dtypes[0]] + [places for k in asked if k]


EVERY = {"return_index": True, "return_inverse": True, "return_counts": True}


@reference(
    "unique",
    meet="none",
    result=_unique_dtypes,
    zeros=False,
    cases=[
        case(V([3, 1, 3, 2, 1, 1, 7], "int64"), **EVERY),
        case(V([1.0, np.nan, np.nan, 1.0]), return_counts=True),
    ],
)
def unique(
    x, return_index=False, return_inverse=False, return_counts=False, axis=None, dtype="int64"
):
    found = np.unique(
        x if axis is not None else x.reshape(-1), return_index=True, return_inverse=True,
        return_counts=True, axis=axis,
    )
    found = (found[0], *(f.reshape(-1) for f in found[1:]))
    asked = (True, return_index, return_inverse, return_counts)
    return tuple(f for f, a in zip(found, asked, strict=True) if a)
