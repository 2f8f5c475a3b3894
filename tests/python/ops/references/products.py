"""Sums of products: NumPy's matmul and einsum in float64, or integers that wrap."""

from __future__ import annotations

import math

import numpy as np

from .promotion import COMPLEX, FLOATS
from .table import T, V, Within, case, chain, reference


def product(equation, *operands, depth=None):
    """An einsum with the bound of its sums of products."""
    value = np.einsum(equation, *operands)
    if operands[0].dtype.kind not in "fc":
        return value
    scale = np.einsum(equation, *[np.abs(o) for o in operands])
    terms = max((max(o.shape, default=1) for o in operands), default=1)
    return Within(value, scale, depth or chain(terms * terms))


def _matmul(x, y):
    value = np.matmul(x, y)
    if value.dtype.kind not in "fc":
        return value
    return Within(value, np.matmul(np.abs(x), np.abs(y)), 2 * chain(x.shape[-1]))


def _t(x, swap):
    return np.swapaxes(x, -1, -2) if swap and x.ndim > 1 else x


summed = {"ulps": 1, "zeros": False}
LARGE = [
    case(T(7, 33), T(33, 9)),
    case(T(5, 300), T(300, 3)),
    case(T(1, 1), T(1, 1)),
    case(T(17, 67), T(67, 19)),
]


@reference(
    "matmul",
    cases=[
        *LARGE,
        case(T(2, 33, 7), T(2, 9, 33), transpose_x=True, transpose_y=True),
        case(T(4), T(3, 4, 2)),
        case(V([1.0, np.inf]), V([np.nan, 1.0])),
    ],
    **summed,
)
def matmul(x, y, transpose_x=False, transpose_y=False):
    return _matmul(_t(x, transpose_x), _t(y, transpose_y))


reference("mm", cases=LARGE, **summed)(lambda x, mat2: _matmul(x, mat2))
reference("bmm", cases=[case(T(3, 7, 33), T(3, 33, 5))], **summed)(lambda x, y: _matmul(x, y))
reference("mv", cases=[case(T(7, 300), T(300))], **summed)(lambda x, vec: _matmul(x, vec))
reference("dot", cases=[case(T(300), T(300)), case(T(3, 33), T(3, 33))], **summed)(
    lambda x, y: product("...i,...i->...", x, y)
)
reference("outer", cases=[case(T(33), T(7))], ulps=(0, 2.5), zeros=False)(
    lambda x, y: np.outer(x, y).reshape(x.size, y.size)
)


@reference("inner", cases=[case(T(3, 33), T(2, 33))], **summed)
def inner(x, y):
    value = np.asarray(np.inner(x, y))
    if value.dtype.kind not in "fc":
        return value
    return Within(
        value, np.asarray(np.inner(np.abs(x), np.abs(y))), 2 * chain(x.shape[-1] if x.ndim else 1)
    )


@reference(
    "cross",
    cases=[case(T(33, 3), T(33, 3), axis=-1), case(T(3, 5, 4), T(3, 5, 4), axis=0)],
    ulps=2,
    zeros=False,
)
def cross(x, y, axis=None):
    x, y = np.broadcast_arrays(x, y)
    if axis is None:
        axis = x.shape.index(3)
    value = np.cross(x, y, axis=axis)
    if value.dtype.kind not in "fc":
        return value
    a, b = (np.moveaxis(np.abs(v), axis, 0) for v in (x, y))
    scale = np.stack(
        [a[1] * b[2] + a[2] * b[1], a[2] * b[0] + a[0] * b[2], a[0] * b[1] + a[1] * b[0]]
    )
    return Within(value, np.moveaxis(scale, 0, axis), 2, narrow=True)


def _fraction(dtypes, attrs):
    whole = all(float(attrs.get(k, 1)).is_integer() for k in ("alpha", "beta"))
    return not whole and not any(d in FLOATS or d in COMPLEX for d in dtypes)


@reference(
    "addmm",
    ulps=3,
    zeros=False,
    refuses=_fraction,
    cases=[
        case(T(7, 9), T(7, 33), T(33, 9), alpha=3.0, beta=2.0),
        case(
            T(7, 9, dtype="float32"),
            T(7, 33, dtype="float32"),
            T(33, 9, dtype="float32"),
            alpha=0.5,
        ),
    ],
)
def addmm(input, x, y, beta=1.0, alpha=1.0):
    if x.dtype.kind not in "fc":
        return np.asarray(beta).astype(x.dtype) * input + np.asarray(alpha).astype(x.dtype) * (
            x @ y
        )
    scale = abs(beta) * np.abs(input) + abs(alpha) * (np.abs(x) @ np.abs(y))
    return Within(beta * input + alpha * (x @ y), scale, 4, narrow=True)


@reference(
    "linear",
    ulps=2,
    zeros=False,
    cases=[case(T(5, 33), T(33, 9), T(9)), case(T(2, 3, 300), T(300, 2), None)],
)
def linear(x, weight, bias=None):
    out = _matmul(x, weight)
    if bias is None:
        return out
    if not isinstance(out, Within):
        return out + bias
    return Within(out.value + bias, out.scale + np.abs(bias), 2, narrow=True)


def _depth(operands):
    return 4 * chain(max((math.prod(o.shape) for o in operands), default=1))


@reference(
    "einsum",
    ulps=(4, 8),
    zeros=False,
    cases=[
        case([T(3, 33), T(33, 5)], equation="ab,bc->ca"),
        case([T(2, 3, 4)], equation="...i->..."),
        case([T(3), T(4), T(5)], equation="i,j,k->ijk"),
        case([T(2, 3, 3)], equation="bii->b"),
        case([T(4, 5), T(4, 5)], equation="ij,ij->"),
        case([T(2, 3), T(3, 4), T(4, 5)], equation="ab,bc,cd"),
    ],
)
def einsum(equation, operands):
    equation = equation.replace(" ", "")
    value = np.asarray(np.einsum(equation, *operands))
    if value.dtype.kind not in "fc":
        return value
    scale = np.asarray(np.einsum(equation, *[np.abs(o) for o in operands]))
    return (
        Within(value, scale, len(operands) * 2, narrow=True)
        if len(operands) > 2
        else Within(value, scale, _depth(operands))
    )


@reference("tensordot", cases=[case(T(3, 33), T(33, 5), axes=1)], **summed)
def tensordot(x, y, axes=2, axes_y=None):
    if isinstance(axes, list):
        axes = (axes, axes if axes_y is None else axes_y)
    value = np.asarray(np.tensordot(x, y, axes))
    if value.dtype.kind not in "fc":
        return value
    return Within(value, np.asarray(np.tensordot(np.abs(x), np.abs(y), axes)), _depth([x, y]))


reference("kron", ulps=(0, 2.5), zeros=False, cases=[case(T(3, 4), T(7, 5))])(
    lambda x, y: np.kron(x, y)
)


def weights(q, k, attn_mask, is_causal, scale, masked):
    """(softmax weights, their relative error in units of the last place, log-sum-exp of the scores)
    in float64; the weights of a query that sees nothing are zeros."""
    scores = q @ np.swapaxes(k, -1, -2) * scale
    size = np.abs(q) @ np.swapaxes(np.abs(k), -1, -2) * abs(scale)
    if attn_mask is not None:
        scores = np.where(attn_mask != 0, scores, -np.inf) if masked else scores + attn_mask
    if is_causal:
        rows, columns = scores.shape[-2:]
        scores = np.where(np.arange(columns) > np.arange(rows)[:, None], -np.inf, scores)
    top = scores.max(-1, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    p = np.exp(scores - top)
    total = p.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = top + np.log(total)
    # An error of a score is a relative error of its weight.
    return p / np.where(total == 0, 1, total), size.max(initial=0) + 8, lse


@reference(
    "attention",
    meet="float",
    ulps=4,
    zeros=False,
    cases=[
        case(T(1, 5, 2, 8), T(1, 7, 2, 8), T(1, 7, 2, 8), None, scale=0.25),
        case(T(1, 3, 1, 4), T(1, 5, 1, 4), T(1, 5, 1, 4), None, is_causal=True),
        case(T(1, 2, 1, 2), T(1, 1200, 1, 2), T(1, 1200, 1, 2), None),
        case(T(1, 2, 1, 2), T(1, 2, 1, 2), T(1, 2, 1, 2), V([1, 0, 0, 0], "bool", dims=[2, 2])),
    ],
)
def attention(query, key, value, attn_mask=None, is_causal=False, scale=None, *, given):
    """softmax(q k^T scale + mask) v in float64; a query that sees nothing gives zeros."""
    q, k, v = (np.swapaxes(t, 1, 2) for t in (query, key, value))
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    masked = attn_mask is not None and given["attn_mask"] == "bool"
    p, error, _ = weights(q, k, attn_mask, is_causal, scale, masked)
    spread = p * error @ np.abs(v)
    return Within(np.swapaxes(p @ v, 1, 2), np.swapaxes(spread, 1, 2), 4, narrow=True)


@reference(
    "attention_forward",
    ulps=4,
    zeros=False,
    cases=[
        case(T(1, 2, 100, 8), T(1, 2, 150, 8), T(1, 2, 150, 3), None, is_causal=True, scale=0.25),
        case(T(1, 1, 2, 2), T(1, 1, 1200, 2), T(1, 1, 1200, 2), None, is_causal=False, scale=0.7),
    ],
)
def attention_forward(query, key, value, attn_mask=None, is_causal=False, scale=None, *, given):
    """The same over [batch, heads, length, width], and the log-sum-exp of the scores."""
    masked = attn_mask is not None and given["attn_mask"] == "bool"
    p, error, lse = weights(query, key, attn_mask, is_causal, scale, masked)
    return Within(p @ value, p * error @ np.abs(value), 4), Within(lse, error + np.abs(lse), 4)


@reference(
    "attention_backward",
    ulps=4,
    zeros=False,
    cases=[
        case(T(1, 2, 100, 8), T(1, 2, 150, 8), T(1, 2, 150, 3), None, T(1, 2, 100, 1),
             T(1, 2, 100, 1), T(1, 2, 100, 3), is_causal=True, scale=0.25),
        case(T(1, 1, 300, 2), T(1, 1, 70, 2), T(1, 1, 70, 2), None, T(1, 1, 300, 1),
             T(1, 1, 300, 1), T(1, 1, 300, 2), is_causal=False, scale=0.7),
    ],
)
def attention_backward(
    query, key, value, lse, drop, gradient, attn_mask=None, is_causal=False, scale=None
):
    """P = exp(S - lse), dS = P (dP - drop) in float64, and what follows from them."""
    scores = query @ np.swapaxes(key, -1, -2) * scale
    if is_causal:
        rows, columns = scores.shape[-2:]
        scores = np.where(np.arange(columns) > np.arange(rows)[:, None], -np.inf, scores)
    size = np.abs(query) @ np.swapaxes(np.abs(key), -1, -2) * scale + np.abs(lse)
    p = np.exp(scores - lse)
    dp = gradient @ np.swapaxes(value, -1, -2)
    ds = p * (dp - drop)
    bound = np.abs(gradient) @ np.swapaxes(np.abs(value), -1, -2) + np.abs(drop)
    error = size.max(initial=0) + 8
    turned = np.swapaxes(ds, -1, -2)
    p_error, ds_error = p * error, p * bound * error
    return (
        Within(ds @ key * scale, ds_error @ np.abs(key) * scale, 4),
        Within(turned @ query * scale, np.swapaxes(ds_error, -1, -2) @ np.abs(query) * scale, 4),
        Within(np.swapaxes(p, -1, -2) @ gradient,
               np.swapaxes(p_error, -1, -2) @ np.abs(gradient), 4),
    )
