"""Shapes, axes, joins and diagonals: nothing is computed, so every result is exact."""

from __future__ import annotations

import math

import numpy as np

from .table import T, case, reference

moved = {"meet": "none", "result": "first"}


@reference(
    "reshape", cases=[case(T(7, 33), shape=[33, 7]), case(T(2, 3, 4), shape=[4, -1, 1])], **moved
)
def reshape(x, shape):
    shape = [shape] if isinstance(shape, int) else shape
    return x.reshape(
        [x.shape[i] if s == 0 and x.size and i < x.ndim else s for i, s in enumerate(shape)]
    )


reference("transpose", cases=[case(T(2, 3, 4, 5), perm=[3, 1, 0, 2])], **moved)(
    lambda x, perm: np.transpose(x, perm)
)
reference("swapaxes", **moved)(lambda x, axis0, axis1: np.swapaxes(x, axis0, axis1))
reference("moveaxis", **moved)(lambda x, source, destination: np.moveaxis(x, source, destination))
reference("t", **moved)(lambda x: x.T)


@reference("squeeze", cases=[case(T(2, 1, 3), axis=0)], **moved)
def squeeze(x, axis=None):
    if axis is None:
        return np.squeeze(x)
    axes = [a % x.ndim for a in ([axis] if isinstance(axis, int) else axis)]
    return np.squeeze(x, tuple(a for a in axes if x.shape[a] == 1))


reference("unsqueeze", **moved)(
    lambda x, axis: np.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)
)


@reference("flatten", cases=[case(T(2, 3, 4, 5), start_axis=-3, stop_axis=-2)], **moved)
def flatten(x, start_axis=0, stop_axis=-1):
    if x.ndim == 0:
        return x.reshape(1)
    a, b = start_axis % x.ndim, stop_axis % x.ndim
    return x.reshape(*x.shape[:a], math.prod(x.shape[a : b + 1]), *x.shape[b + 1 :])


@reference("expand", cases=[case(T(1, 3), shape=[4, -1, 3])], **moved)
def expand(x, shape):
    shape = [shape] if isinstance(shape, int) else shape
    lead = len(shape) - x.ndim
    return np.broadcast_to(x, [x.shape[i - lead] if s == -1 else s for i, s in enumerate(shape)])


reference("expand_as", meet="none", result="first")(lambda x, y: np.broadcast_to(x, y.shape))
reference("flip", cases=[case(T(3, 33), axis=[0, 1])], **moved)(lambda x, axis: np.flip(x, axis))


def _places(shape, stride, offset):
    at = np.full(tuple(shape), offset)
    for i, (n, s) in enumerate(zip(shape, stride, strict=True)):
        at = at + (np.arange(n) * s).reshape([-1 if k == i else 1 for k in range(len(shape))])
    return at


@reference("as_strided", **moved)
def as_strided(x, shape, stride, offset=0):
    return x.reshape(-1)[_places(shape, stride, offset)]


@reference("as_strided_scatter", result="first")
def as_strided_scatter(x, src, shape, stride, offset=0):
    flat = x.reshape(-1).copy()
    flat[_places(shape, stride, offset).reshape(-1)] = src.reshape(-1)
    return flat.reshape(x.shape)


reference(
    "concat",
    cases=[
        case([T(3, 5), T(3, 33), T(3, 1)], axis=1),
        case([T(2, dtype="float16"), T(2, dtype="bfloat16")]),
        case([T(2, dtype="uint8"), T(2, dtype="int8")]),
    ],
)(lambda x, axis=0: np.concatenate(x, axis))
reference("stack", cases=[case([T(3, 5), T(3, 5)], axis=-2)])(lambda x, axis=0: np.stack(x, axis))


def _each(dtypes, attrs):
    return dtypes[0]


@reference("split", cases=[case(T(7, 6), num_or_sections=[2, 0, 5])], meet="none", result=_each)
def split(x, num_or_sections, axis=0):
    if isinstance(num_or_sections, int):
        return tuple(np.split(x, num_or_sections, axis))
    sizes = list(num_or_sections)
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(s for s in sizes if s >= 0)
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


@reference("chunk", cases=[case(T(10), chunks=4), case(T(3), chunks=8)], meet="none", result=_each)
def chunk(x, chunks, axis=0):
    size = -(-x.shape[axis] // chunks)
    return tuple(np.split(x, range(size, x.shape[axis], size), axis))


reference("unbind", meet="none", result=_each)(
    lambda x, axis=0: tuple(np.take(x, i, axis) for i in range(x.shape[axis]))
)
reference("tile", cases=[case(T(2, 3), repeat_times=[2, 1, 3])], **moved)(
    lambda x, repeat_times: np.tile(x, repeat_times)
)


@reference("add_n", ulps=0, cases=[case([T(33)] * 5)])
def add_n(x):
    from .table import Within

    value = sum(x[1:], x[0])
    if value.dtype.kind not in "fc":
        return value
    return Within(value, sum(np.abs(v) for v in x), len(x), narrow=True)


reference(
    "roll",
    cases=[case(T(7, 33), shifts=[40, -3], axis=[1, 0]), case(T(7, 33), shifts=100)],
    **moved,
)(lambda x, shifts, axis=None: np.roll(x, shifts, axis))
reference(
    "meshgrid",
    cases=[case([T(33), T(2, dtype="int32")])],
    meet="none",
    result=lambda dtypes, attrs: list(dtypes),
)(
    lambda x, indexing="ij": tuple(
        np.meshgrid(*[v.reshape(-1) if v.ndim == 0 else v for v in x], indexing=indexing)
    )
)

diagonals = [case(T(5, 7), offset=-3), case(T(2, 5, 7, 3), offset=2, axis1=1, axis2=2)]
reference("diagonal", cases=diagonals, **moved)(
    lambda x, offset=0, axis1=0, axis2=1: np.diagonal(x, offset, axis1, axis2)
)


def _traced(dtypes, attrs):
    from .reduction import _summed

    return _summed(dtypes, attrs)


@reference("trace", cases=diagonals, meet="none", result=_traced, ulps=1, zeros=False)
def trace(x, offset=0, axis1=0, axis2=1):
    from .reduction import _wide
    from .table import Within

    x = _wide(x)
    return Within(
        np.asarray(np.trace(x, offset, axis1, axis2)),
        np.asarray(np.trace(np.abs(x), offset, axis1, axis2)),
        16,
    )


@reference(
    "diag", cases=[case(T(5, 3), offset=-1), case(T(2), offset=-2, padding_value=1.0)], **moved
)
def diag(x, offset=0, padding_value=0.0):
    if x.ndim == 2:
        return np.diag(x, offset)
    out = np.diag(x, offset)
    return np.where(
        np.eye(*out.shape, k=offset, dtype=bool), out, np.asarray(padding_value).astype(x.dtype)
    )


reference("diagflat", **moved)(lambda x, offset=0: np.diagflat(x, offset))


@reference("diag_embed", **moved)
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    n = input.shape[-1] + abs(offset)
    out = np.zeros((*input.shape[:-1], n, n), input.dtype)
    row = np.arange(input.shape[-1]) + max(-offset, 0)
    out[..., row, row + offset] = input
    return np.moveaxis(out, (-2, -1), (dim1 % out.ndim, dim2 % out.ndim))


def _margins(x, pad, data_format, from_left):
    """(before, after) for each axis."""
    n, rank = len(pad) // 2, x.ndim
    pairs = [(pad[2 * i], pad[2 * i + 1]) for i in range(n)]
    out = [(0, 0)] * rank
    if rank in (3, 4, 5) and n == rank - 2:  # one pair for each spatial axis, the last one first
        first = 1 if (data_format or "NC").endswith("C") and data_format is not None else 2
        for i, pair in enumerate(pairs):
            out[first + n - 1 - i] = pair
    elif from_left:
        out[:n] = pairs
    else:
        for i, pair in enumerate(pairs):
            out[rank - 1 - i] = pair
    return out


NUMPY_MODES = {
    "constant": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


@reference(
    "pad",
    cases=[
        case(T(2, 3, 4), pad=[1, 1, 0, 2, 3, 0]),
        case(T(1, 1, 5), pad=[4, 4], mode="reflect"),
        case(T(1, 1, 5), pad=[5, 5], mode="circular"),
        case(T(1, 1, 5), pad=[7, 6], mode="replicate"),
        case(T(3, 4), pad=[-1, 1, 2, -2]),
    ],
    **moved,
)
def pad(x, pad, mode="constant", value=0.0, data_format=None, pad_from_left_axis=True):
    margins = _margins(x, pad, data_format, pad_from_left_axis)
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(margins, x.shape, strict=True)
    )
    grow = [(max(a, 0), max(b, 0)) for a, b in margins]
    how = {"constant_values": np.asarray(value).astype(x.dtype)} if mode == "constant" else {}
    return np.pad(x[cut], grow, NUMPY_MODES[mode], **how)
