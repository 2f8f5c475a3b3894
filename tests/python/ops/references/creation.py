"""Tensors from sizes and numbers: NumPy."""

from __future__ import annotations

import numpy as np

from .promotion import DEFAULT_FLOAT, NUMPY
from .table import T, Within, case, index, reference


def _asked(dtypes, attrs):
    return attrs.get("dtype") or DEFAULT_FLOAT


def _like(dtypes, attrs):
    return attrs.get("dtype") or dtypes[0]


TYPES = [case(shape=[2, 3], dtype=name) for name in NUMPY]
reference("zeros", "empty", meet="none", result=_asked, cases=TYPES)(
    lambda shape, dtype=None: np.zeros(shape)
)
reference("ones", meet="none", result=_asked, cases=TYPES)(lambda shape, dtype=None: np.ones(shape))


def _full_dtype(dtypes, attrs):
    value = attrs["fill_value"]
    return attrs.get("dtype") or (
        "bool"
        if isinstance(value, bool)
        else "complex64"
        if isinstance(value, complex)
        else DEFAULT_FLOAT
    )


@reference(
    "full",
    meet="none",
    result=_full_dtype,
    cases=[
        case(shape=[2], fill_value=True),
        case(shape=[2], fill_value=1 + 2j),
        case(shape=2, fill_value=0.1),
        case(shape=[2], fill_value=2**62 + 1, dtype="int64"),
        case(shape=[], fill_value=-3),
        case(shape=[2], fill_value=float("nan"), dtype="float16"),
    ],
)
def full(shape, fill_value, dtype=None):
    return np.full(shape, fill_value)


reference("zeros_like", "empty_like", meet="none", result=_like)(
    lambda x, dtype=None: np.zeros(x.shape)
)
reference("ones_like", meet="none", result=_like)(lambda x, dtype=None: np.ones(x.shape))
reference("full_like", meet="none", result=_like)(
    lambda x, fill_value, dtype=None: np.full(x.shape, fill_value).astype(
        bool if (dtype or x.dtype) in ("bool", bool) else None
    )
)


def _range_dtype(dtypes, attrs):
    whole = all(isinstance(attrs.get(k, 0), int) for k in ("start", "end", "step"))
    return attrs.get("dtype") or ("int64" if whole else DEFAULT_FLOAT)


@reference(
    "arange",
    meet="none",
    result=_range_dtype,
    ulps=1,
    cases=[
        case(start=1, end=2, step=0.3),
        case(start=-1.5, end=1.5, step=0.5),
        case(start=5, end=2),
        case(start=10, end=-10, step=-3),
        case(start=0, end=1000),
        case(start=2.5),
        case(start=7, dtype="int8"),
        case(start=1, end=3, step=0.5, dtype="float16"),
    ],
)
def arange(start=0, end=None, step=1, dtype=None):
    return np.arange(start, step=step) if end is None else np.arange(start, end, step)


SPACED = [
    case(start=-2.0, stop=7.0, num=100),
    case(start=0.0, stop=1.0, num=11, dtype="float64"),
    case(start=1e10, stop=1e10 + 7, num=8, dtype="float64"),
    case(start=0, stop=5, num=6, dtype="int32"),
]


@reference("linspace", meet="none", result=_asked, ulps=1, cases=SPACED)
def linspace(start, stop, num, dtype=None):
    value = np.linspace(start, stop, num)
    return Within(value, np.full(value.shape, abs(start) + abs(stop)), 2, narrow=True)


@reference(
    "logspace",
    meet="none",
    result=_asked,
    ulps=3,
    cases=[
        case(start=-2.0, stop=2.0, num=9, base=2.0),
        case(start=0.0, stop=1.0, num=5, dtype="float64"),
    ],
)
def logspace(start, stop, num, base=10.0, dtype=None):
    return np.logspace(start, stop, num, base=base)


reference(
    "eye",
    meet="none",
    result=_asked,
    cases=[
        case(num_rows=4, num_columns=2),
        case(num_rows=3, dtype="bool"),
        case(num_rows=3, dtype="complex64"),
    ],
)(lambda num_rows, num_columns=None, dtype=None: np.eye(num_rows, num_columns))

BANDS = [case(T(7, 33), diagonal=5), case(T(33, 7), diagonal=-20), case(T(2, 2, 5, 5), diagonal=99)]
reference("tril", meet="none", result="first", cases=BANDS)(
    lambda x, diagonal=0: np.tril(x, diagonal)
)
reference("triu", meet="none", result="first", cases=BANDS)(
    lambda x, diagonal=0: np.triu(x, diagonal)
)


@reference(
    "one_hot",
    meet="none",
    result=DEFAULT_FLOAT,
    cases=[
        case(index(4, high=5), num_classes=5),
        case(index(6, high=100, dtype="int8"), num_classes=300),
        case(index(6, high=200, dtype="uint8"), num_classes=700),
    ],
)
def one_hot(x, num_classes):
    return (x[..., None] == np.arange(num_classes)).astype(float)


def _indices(function):
    def places(row, col=None, offset=0, dtype="int64"):
        return np.stack(function(row, offset, row if col is None else col))

    return places


def _places_dtype(dtypes, attrs):
    return attrs.get("dtype") or "int64"


PLACES = [case(row=7, col=5, offset=-3), case(row=5, col=7, offset=4)]
reference("tril_indices", meet="none", result=_places_dtype, cases=PLACES)(
    _indices(np.tril_indices)
)
reference("triu_indices", meet="none", result=_places_dtype, cases=PLACES)(
    _indices(np.triu_indices)
)
