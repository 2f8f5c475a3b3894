"""Reading and writing at positions: NumPy's own indexing."""

from __future__ import annotations

import numpy as np

from .promotion import COMPLEX
from .table import T, V, Within, case, index, reference

read = {"meet": "none", "result": "first"}


def _key(x, indices, axes):
    key = [slice(None)] * x.ndim
    for a, i in zip(axes, indices, strict=True):
        key[a] = i.astype(np.int64)
    return tuple(key)


@reference(
    "index",
    cases=[
        case(T(4, 5, 3), [index(2, 1, high=4), index(3, high=5), index(1, high=3)], axes=[0, 1, 2])
    ],
    **read,
)
def take(x, indices, axes):
    return x[_key(x, indices, axes)]


@reference(
    "index_put",
    meet="none",
    result="first",
    ulps=0,
    zeros=False,
    cases=[
        case(
            T(4, 5),
            T(3),
            [V([0, 1, 0], "int64"), V([2, 2, 2], "int64")],
            axes=[0, 1],
            accumulate=True,
        )
    ],
)
def index_put(x, value, indices, axes, accumulate=False):
    out = x.copy()
    key = _key(x, indices, axes)
    value = value.astype(x.dtype)
    if not accumulate:
        out[key] = value
        return out
    if x.dtype == bool:
        np.logical_or.at(out, key, value)
        return out
    np.add.at(out, key, value)
    size = np.abs(x).astype(np.float64)
    np.add.at(size, key, np.abs(value).astype(np.float64))
    return Within(out, size, 4, narrow=True) if x.dtype.kind in "fc" else out


def _select(x, index, axis=0):
    return np.take(x, index.astype(np.int64), axis)


@reference(
    "gather",
    "index_select",
    cases=[
        case(T(5, 33), index(9, low=-5, high=5)),
        case(T(5, 33), index(40, high=33, dtype="int32"), axis=-1),
    ],
    **read,
)
def gather(x, index, axis=0):
    return np.take(x, index.astype(np.int64).reshape(-1), axis)


def _tuple(index):
    return tuple(np.moveaxis(index.astype(np.int64), -1, 0))


reference(
    "gather_nd",
    cases=[case(T(3, 4, 2), index(7, 3, high=2)), case(T(3, 4), index(2, 0, high=1))],
    **read,
)(
    lambda x, index: (
        x[_tuple(index)] if index.shape[-1] else np.broadcast_to(x, (*index.shape[:-1], *x.shape))
    )
)


def _added(x, key, value):
    out = x.copy()
    np.add.at(out, key, value)
    if x.dtype.kind not in "fc":
        return out
    size, count = np.abs(x).astype(np.float64), np.zeros(x.shape)
    np.add.at(size, key, np.abs(value).astype(np.float64))
    np.add.at(count, key, 1)
    return Within(out, size, count.max(initial=0) + 1)


added = {"zeros": False, "ulps": 1, "result": "first"}


@reference(
    "scatter_nd_add", cases=[case(T(4, 3), V([[0]] * 1, "int64", dims=[1, 1]), T(1, 3))], **added
)
def scatter_nd_add(x, index, updates):
    return _added(x, _tuple(index), updates)


@reference("scatter_nd", meet="none", result=lambda dtypes, attrs: dtypes[1], ulps=1, zeros=False)
def scatter_nd(index, updates, shape):
    return _added(np.zeros(shape, updates.dtype), _tuple(index), updates)


def _whole(index, arr, axis):
    shape = [
        n if i != axis % arr.ndim else index.shape[i]
        for i, n in enumerate(
            np.broadcast_shapes(
                *[
                    tuple(1 if i == axis % arr.ndim else n for i, n in enumerate(s))
                    for s in (arr.shape, index.shape)
                ]
            )
        )
    ]
    return np.broadcast_to(index, shape), np.broadcast_to(
        arr, [arr.shape[i] if i == axis % arr.ndim else n for i, n in enumerate(shape)]
    )


@reference(
    "take_along_axis", cases=[case(T(3, 33), index(3, 70, low=-33, high=33), axis=1)], **read
)
def take_along_axis(arr, indices, axis, broadcast=True):
    i, a = _whole(indices.astype(np.int64), arr, axis)
    return np.take_along_axis(a, i, axis)


REDUCE = (
    [
        case(
            T(3, 4),
            V([0, 2, 3, 1, 1, 0], "int64", dims=[3, 2]),
            T(3, 2),
            axis=1,
            reduce=r,
            broadcast=False,
        )
        for r in ("assign", "add", "mul", "multiply", "amin", "amax", "mean")
    ]
    + [
        case(
            T(3, 4),
            V([0, 0, 0, 0, 1, 1, 1, 1], "int64", dims=[2, 4]),
            T(2, 4),
            axis=0,
            reduce=r,
            include_self=False,
            broadcast=False,
        )
        for r in ("add", "mul", "amin", "amax", "mean")
    ]
    + [
        case(
            T(3, 4),
            V([1, 1, 1, 1, 1, 1], "int64", dims=[2, 3]),
            T(2, 3),
            axis=0,
            reduce=r,
            broadcast=False,
        )
        for r in ("add", "mul", "amin", "amax", "mean")
    ]
)


@reference(
    "put_along_axis",
    meet="none",
    result="first",
    ulps=(2, 4),
    zeros=False,
    cases=REDUCE,
    refuses=lambda dtypes, attrs: dtypes[0] in COMPLEX and attrs.get("reduce") in ("amin", "amax"),
)
def put_along_axis(arr, indices, values, axis, reduce="assign", include_self=True, broadcast=True):
    """As PyTorch's scatter_reduce, one update after the other."""
    indices = indices.astype(np.int64)
    if broadcast:
        shape = [n if i != axis % arr.ndim else indices.shape[i] for i, n in enumerate(arr.shape)]
        indices = np.broadcast_to(indices, shape)
    values = np.broadcast_to(values, indices.shape).astype(arr.dtype)
    out = arr.copy()
    lists: dict[tuple, list] = {}
    for at in np.ndindex(indices.shape):
        to = list(at)
        to[axis] = int(indices[at]) % arr.shape[axis]
        lists.setdefault(tuple(to), []).append(values[at])
    for to, found in lists.items():
        all_of = ([arr[to]] if include_self else []) + found
        if reduce == "assign":
            out[to] = found[-1]
        elif arr.dtype == bool:
            out[to] = (np.any if reduce in ("add", "amax", "mean") else np.all)(all_of)
        elif reduce == "add":
            out[to] = np.array(all_of, arr.dtype).sum(dtype=arr.dtype)
        elif reduce in ("mul", "multiply"):
            out[to] = np.array(all_of, arr.dtype).prod(dtype=arr.dtype)
        elif reduce in ("amin", "amax"):
            out[to] = (np.min if reduce == "amin" else np.max)(all_of)
        else:
            whole = np.array(all_of, arr.dtype).sum(dtype=arr.dtype)
            out[to] = whole // len(all_of) if arr.dtype.kind in "iu" else whole / len(all_of)
    if arr.dtype.kind not in "fc":
        return out
    size = np.abs(out) + sum(np.abs(v).sum() for v in (arr, values))
    return Within(out, size, 4, narrow=True)


@reference(
    "embedding",
    meet="none",
    result=lambda dtypes, attrs: dtypes[1],
    cases=[case(index(40, high=5, dtype="uint8"), T(5, 33))],
)
def embedding(x, weight, padding_idx=None, sparse=False):
    out = weight[x.astype(np.int64)].copy()
    if padding_idx is not None:
        out[x.astype(np.int64) == padding_idx % weight.shape[0]] = 0
    return out


def _two(dtypes, attrs):
    from .promotion import promoted

    return promoted(*dtypes[1:])


reference(
    "where",
    cases=[case(T(33, dtype="bool"), T(33), T(33)), case(T(3, 1, dtype="bool"), T(4), T(1))],
)(lambda condition, x, y: np.where(condition, x, y))


@reference("masked_fill", meet="none", result="first")
def masked_fill(x, mask, value):
    return np.where(mask, np.asarray(value).astype(x.dtype), x)


@reference(
    "masked_select", meet="none", result="first", cases=[case(T(7, 33), T(7, 33, dtype="bool"))]
)
def masked_select(x, mask):
    x, mask = np.broadcast_arrays(x, mask)
    return x[mask]


@reference(
    "nonzero",
    meet="none",
    result=lambda dtypes, attrs: "int64",
    cases=[case(T(7, 33, dtype="bool")), case(T(3, 5))],
)
def nonzero(x, as_tuple=False):
    where = np.argwhere(x)
    if not as_tuple:
        return where
    if x.ndim == 0:
        return (np.arange(int(x != 0)),)
    return tuple(where[:, i] for i in range(x.ndim))


@reference("index_add", cases=[case(T(4, 33), V([1, 1, 1], "int32"), T(3, 33), axis=0)], **added)
def index_add(x, index, axis, value):
    key = [slice(None)] * x.ndim
    key[axis] = index.astype(np.int64)
    return _added(x, tuple(key), value)


@reference("index_fill", meet="none", result="first")
def index_fill(x, index, axis, value):
    out = x.copy()
    key = [slice(None)] * x.ndim
    key[axis] = index.astype(np.int64)
    out[tuple(key)] = np.asarray(value).astype(x.dtype)
    return out


@reference("scatter", cases=[case(T(5, 33), V([4, -5, 2], "int32"), T(3, 33))], **added)
def scatter(x, index, updates, overwrite=True):
    index = index.astype(np.int64)
    index = index.reshape(-1) if index.ndim else index
    out = x.copy()
    if overwrite:
        out[index] = updates
        return out
    out[index] = 0
    return _added(out, index, updates)


@reference(
    "repeat_interleave",
    meet="none",
    result="first",
    cases=[
        case(T(5), V([0, 3, 4, 2, 1], "int64"), axis=0),
        case(T(2, 3), V([3], "int32", dims=[]), axis=1),
    ],
)
def repeat_interleave(x, repeats, axis=None):
    repeats = repeats.astype(np.int64)
    return np.repeat(x, repeats if repeats.ndim else int(repeats), axis)


@reference(
    "multiplex", cases=[case([T(5, 33), T(5, 33), T(5, 33)], index(5, 1, high=3, dtype="int32"))]
)
def multiplex(inputs, index):
    rows = index.astype(np.int64).reshape(-1)
    return np.stack([inputs[k][i] for i, k in enumerate(rows)]) if len(rows) else inputs[0][:0]
