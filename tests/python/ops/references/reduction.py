"""Reductions: NumPy in float64 on the exact inputs."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from .promotion import COMPLEX, FLOATS, floating
from .table import T, V, Within, case, chain, reference


def _axes(x, axis):
    if axis is None or axis == []:  # Paddle: an empty list means all axes, as None does
        return tuple(range(x.ndim))
    return tuple(a % x.ndim for a in ([axis] if isinstance(axis, int) else axis))


def _count(x, axes):
    return math.prod(x.shape[a] for a in axes)


def _summed(dtypes, attrs):
    """bool and integers add in int64, as in PyTorch."""
    if attrs.get("dtype"):
        return attrs["dtype"]
    return dtypes[0] if dtypes[0] in (*FLOATS, *COMPLEX) else "int64"


def _wide(x):
    return x if x.dtype.kind in "fc" else x.astype(np.int64)


LONG = [
    case(T(3, 5000), axis=1),
    case(T(5000, 3), axis=0),
    case(T(7, 33, 5), axis=[1, 2]),
    case(T(7, 33, 5), axis=[0, 2], keepdim=True),
    case(T(2, 3, 4, 5), axis=[0, 3]),
    case(V([1.0, np.nan, np.inf]), axis=0),
    case(V([np.inf, -np.inf])),
    case(T(2, 4100)),
]


@reference(
    "sum",
    meet="none",
    result=_summed,
    ulps=1,
    zeros=False,
    cases=[
        *LONG,
        case(T(5, dtype="int32"), dtype="float64"),
        case(T(4, fill="normal"), dtype="float64"),
    ],
)
def total(x, axis=None, dtype=None, keepdim=False):
    axes, x = _axes(x, axis), _wide(x)
    if dtype == "float64":
        x = x.real
    # One run of neighbouring axes a primitive: each run is a sum of its own.
    return Within(
        x.sum(axes, keepdims=keepdim),
        np.abs(x).sum(axes, keepdims=keepdim),
        2 * chain(_count(x, axes)),
    )


@reference(
    "nansum",
    meet="none",
    result=_summed,
    ulps=1,
    zeros=False,
    cases=[*LONG, case(V([1.0, np.nan, 3.0]))],
)
def nansum(x, axis=None, dtype=None, keepdim=False):
    x = np.where(np.isnan(x), 0, x) if x.dtype.kind in "fc" else x
    return total(x, axis, dtype, keepdim)


@reference(
    "prod",
    meet="none",
    result=_summed,
    ulps=4,
    zeros=False,
    cases=[case(T(3, 40, fill="positive"), axis=1)],
)
def prod(x, axis=None, keepdim=False, dtype=None):
    axes, x = _axes(x, axis), _wide(x)
    value = x.prod(axes, keepdims=keepdim)
    return Within(value, np.abs(value), 3 * _count(x, axes))


def _float(dtypes, attrs):
    return floating(dtypes[0])


def _meanwide(x):
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


@reference(
    "mean",
    meet="none",
    result=_float,
    ulps=2,
    zeros=False,
    cases=[*LONG, case(V([1000.0] * 100)), case(V([300.0] * 1000))],
)
def mean(x, axis=None, keepdim=False):
    axes, x = _axes(x, axis), _meanwide(x)
    n = _count(x, axes)
    with np.errstate(all="ignore"):
        return Within(
            x.sum(axes, keepdims=keepdim) / np.float64(n),
            np.abs(x).sum(axes, keepdims=keepdim) / max(n, 1),
            2 * chain(n),
        )


@reference(
    "nanmean",
    meet="none",
    result=_float,
    ulps=2,
    zeros=False,
    cases=[*LONG, case(V([1.0, np.nan, 3.0])), case(V([np.nan, np.nan]))],
)
def nanmean(x, axis=None, keepdim=False):
    axes, x = _axes(x, axis), _meanwide(x)
    n = (~np.isnan(x)).sum(axes, keepdims=keepdim)
    x = np.where(np.isnan(x), 0, x)
    with np.errstate(all="ignore"):
        return Within(
            x.sum(axes, keepdims=keepdim) / n.astype(np.float64),
            np.abs(x).sum(axes, keepdims=keepdim) / np.maximum(n, 1),
            2 * chain(_count(x, axes)),
        )


EXTREMA = [
    case(T(3, 1000, fill="distinct"), axis=1),
    case(T(7, 33, 5, fill="distinct"), axis=[0, 2]),
    case(V([1.0, np.nan, 3.0])),
    case(V([-np.inf, np.inf])),
    case(V([-np.inf, -np.inf])),
]


def _largest(x, axis=None, keepdim=False):
    return x.max(_axes(x, axis), keepdims=keepdim)


def _smallest(x, axis=None, keepdim=False):
    return x.min(_axes(x, axis), keepdims=keepdim)


extremum = {"meet": "none", "result": "first", "zeros": False, "cases": EXTREMA}
reference("max", "amax", **extremum)(_largest)
reference("min", "amin", **extremum)(_smallest)


@reference("all", meet="none", result="bool", cases=EXTREMA)
def every(x, axis=None, keepdim=False):
    return (x != 0).all(_axes(x, axis), keepdims=keepdim)


@reference("any", meet="none", result="bool", cases=[*EXTREMA, case(V([0.0, -0.0]))])
def some(x, axis=None, keepdim=False):
    return (x != 0).any(_axes(x, axis), keepdims=keepdim)


@reference("count_nonzero", meet="none", result="int64", cases=EXTREMA)
def count_nonzero(x, axis=None, keepdim=False):
    return np.count_nonzero(x, _axes(x, axis), keepdims=keepdim)


@reference(
    "logsumexp",
    meet="none",
    result=_float,
    ulps=3,
    zeros=False,
    cases=[
        case(T(3, 1000), axis=1),
        case(V([1000.0, 1000.0])),
        case(V([-np.inf, -np.inf])),
        case(V([np.inf, 1.0])),
        case(V([-1000.0, -1000.0])),
        case(V([1.0, np.nan])),
    ],
)
def logsumexp(x, axis=None, keepdim=False):
    axes, x = _axes(x, axis), _meanwide(x)
    if _count(x, axes) == 0:  # SciPy refuses several axes without elements
        return np.full(np.sum(x, axis=axes, keepdims=keepdim).shape, -np.inf)
    value = special.logsumexp(x, axis=axes, keepdims=keepdim) if x.ndim else x
    with np.errstate(all="ignore"):
        m = np.abs(x).max(axes, keepdims=keepdim, initial=1)
        depth = 4 + np.log2(max(2, _count(x, axes)))
        return Within(
            value, np.where(np.isfinite(m), m, 1) + np.ones_like(value), depth, narrow=True
        )


def _variance_dtype(dtypes, attrs):
    return {"complex64": "float32", "complex128": "float64"}.get(dtypes[0], floating(dtypes[0]))


SPREAD = [
    case(T(3, 1000), axis=1),
    case(T(3, 1000), axis=1, correction=3),
    case(T(2, 5, 7), axis=[0, 2]),
    case(T(3, 1), axis=1),
    case(T(1), correction=0),
    case(T(9), unbiased=False),
    case(V([300.0, -300.0, 0.0, 250.0])),
]


def _variance(x, axis, unbiased, keepdim, correction):
    axes, x = _axes(x, axis), _meanwide(x)
    n = _count(x, axes)
    if not unbiased:
        correction = 0
    with np.errstate(all="ignore"):
        m = x.sum(axes, keepdims=True) / np.float64(n)
        squares = np.abs(x - m) ** 2
        over = np.float64(max(n - correction, 0))
        value = squares.sum(axes, keepdims=keepdim) / over
        # The mean is rounded: each distance has an error of the mean's size.
        bound = (squares + np.abs(x - m) * np.abs(x)).sum(axes, keepdims=keepdim) / max(over, 1)
    return value, bound, n


@reference("var", meet="none", result=_variance_dtype, ulps=3, zeros=False, cases=SPREAD)
def var(x, axis=None, unbiased=True, keepdim=False, correction=1):
    value, bound, n = _variance(x, axis, unbiased, keepdim, correction)
    return Within(value, bound, 6, narrow=True)


@reference("std", meet="none", result=_variance_dtype, ulps=4, zeros=False, cases=SPREAD)
def std(x, axis=None, unbiased=True, keepdim=False, correction=1):
    value, bound, n = _variance(x, axis, unbiased, keepdim, correction)
    with np.errstate(all="ignore"):
        return Within(
            np.sqrt(value),
            np.where(value > 0, bound / np.sqrt(np.maximum(value, 1e-300)), 1),
            6,
            narrow=True,
        )


@reference(
    "p_norm",
    meet="none",
    result=_variance_dtype,
    ulps=6,
    zeros=False,
    cases=[
        case(T(3, 300), axis=1),
        case(T(3, 300), axis=1, p=3.5),
        case(T(5), p=-2.0),
        case(V([300.0, 400.0])),
        case(V([3.0, np.inf]), p=1.0),
    ],
)
def p_norm(x, p=2.0, axis=None, keepdim=False):
    axes, a = _axes(x, axis), np.abs(_meanwide(x))
    how = {"axis": axes, "keepdims": keepdim}
    if p == np.inf:
        return a.max(**how, initial=0)
    if p == -np.inf:
        return a.min(**how, initial=np.inf)
    if p == 0:
        return (a != 0).sum(**how).astype(np.float64)
    with np.errstate(all="ignore"):
        value = (a**p).sum(**how) ** (1 / p)
    return Within(value, value, 4 + np.log2(max(2, _count(a, axes))), narrow=True)


ARGS = [
    case(V([np.nan, 1.0, np.nan])),
    case(V([2.0, 2.0, 1.0, 1.0])),
    case(T(3, 1000, fill="distinct"), axis=1),
    case(T(6, fill="distinct"), axis=0, dtype="int32"),
]


def _position(function):
    def place(x, axis=None, keepdim=False, dtype="int64"):
        if axis is None:
            y = function(x.reshape(-1))
            return np.asarray(y).reshape((1,) * x.ndim) if keepdim else y
        return function(x, axis=axis, keepdims=keepdim)

    return place


def _asked(dtypes, attrs):
    return attrs.get("dtype") or "int64"


reference("argmax", meet="none", result=_asked, cases=ARGS)(_position(np.argmax))
reference("argmin", meet="none", result=_asked, cases=ARGS)(_position(np.argmin))
