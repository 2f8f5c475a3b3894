"""Running sums and extrema, differences, integrals: NumPy and SciPy."""

from __future__ import annotations

import numpy as np
from scipy import integrate

from .reduction import _asked, _float, _summed, _wide
from .table import T, V, Within, case, reference


def _flat(x, axis):
    return (x.reshape(-1), 0) if axis is None else (np.atleast_1d(x), axis)


LONG = [case(T(3, 1100), axis=1), case(T(1100, 2), axis=0), case(V([1.0, np.nan, 2.0]), axis=0)]
LONG_BY_DIM = [case(T(3, 40), dim=1), case(T(40, 2), dim=0), case(V([1.0, np.nan, 2.0]), dim=0)]


def _shaped(y, x, axis):
    return y.reshape(x.shape) if axis is not None else y if x.ndim else y.reshape(-1)


@reference("cumsum", meet="none", result=_summed, ulps=1, zeros=False, cases=LONG)
def cumsum(x, axis=None, dtype=None):
    flat, at = _flat(_wide(x), axis)
    # A chain within blocks of 512 and the chain of carries.
    return Within(np.cumsum(flat, at), np.cumsum(np.abs(flat), at), 512 + 16)


@reference("cumprod", meet="none", result=_summed, ulps=2, zeros=False, cases=LONG_BY_DIM)
def cumprod(x, dim=None, dtype=None):
    flat, at = _flat(_wide(x), dim)
    value = np.cumprod(flat, at)
    return Within(value, np.abs(value), 3 * (flat.shape[at] + 2))


def _running(larger):
    def run(x, axis=None, dtype="int64"):
        flat, at = _flat(x, axis)
        values, places = np.empty_like(flat), np.zeros(flat.shape, np.int64)
        a, v, p = (np.moveaxis(t, at, -1) for t in (flat, values, places))
        for row in np.ndindex(a.shape[:-1]):
            best, where = None, 0
            for i, e in enumerate(a[row]):
                if best is None or (
                    best == best and (e != e or (e >= best if larger else e <= best))
                ):
                    best, where = e, i
                elif best != best and e != e:
                    where = i
                v[row][i], p[row][i] = best, where
        return values, places

    return run


def _with_places(dtypes, attrs):
    return [dtypes[0], _asked(dtypes, attrs)]


EXTREMA = [case(T(3, 70, fill="distinct"), axis=1), case(V([2.0, 2.0, 1.0, 1.0, 3.0]), axis=0)]
reference("cummax", meet="none", result=_with_places, zeros=False, cases=EXTREMA)(_running(True))
reference("cummin", meet="none", result=_with_places, zeros=False, cases=EXTREMA)(_running(False))


def _log_dtype(dtypes, attrs):
    return attrs.get("dtype") or _float(dtypes, attrs)


@reference(
    "logcumsumexp",
    meet="none",
    result=_log_dtype,
    ulps=4,
    zeros=False,
    cases=[
        case(T(3, 300), axis=1),
        case(V([1000.0, 999.0, -1000.0]), axis=0),
        case(V([-np.inf, -np.inf, 1.0]), axis=0),
    ],
)
def logcumsumexp(x, axis=None, dtype=None):
    flat, at = _flat(x.astype(np.float64), axis)
    value = np.logaddexp.accumulate(flat, at) if flat.size else flat
    with np.errstate(all="ignore"):
        scale = np.maximum.accumulate(np.abs(np.nan_to_num(flat, posinf=1, neginf=1)), at) + 1
    return Within(value, scale, flat.shape[at] + 4, narrow=True)


@reference(
    "diff",
    ulps=1,
    zeros=False,
    cases=[case(T(3, 40), None, None, n=3), case(T(9), V([1.0]), V([2.0]))],
)
def diff(x, n=1, axis=-1, prepend=None, append=None):
    how = {k: v for k, v in (("prepend", prepend), ("append", append)) if v is not None}
    value = np.diff(x, n, axis, **how)
    if x.dtype.kind not in "fc":
        return value
    scale = np.broadcast_to(np.abs(x).max(initial=0) * 2.0**n + 4, value.shape)
    return Within(value, scale, max(n - 1, 0), narrow=True)


TRAPEZOIDS = [case(T(3, 40), None, dx=0.25), case(T(3, 40), T(40)), case(T(5, 3), None, axis=0)]


def _trapezoid(function):
    def integral(y, x=None, dx=None, axis=-1):
        value = function(y, x, dx, axis)
        steps = (
            np.abs(x).max(initial=0) * 2 + 1 if x is not None else abs(1.0 if dx is None else dx)
        )
        scale = np.broadcast_to(np.abs(y).sum() * steps + 1, value.shape)
        return Within(value, scale, 3 + np.log2(max(2, y.shape[axis])), narrow=True)

    return integral


def _whole(y, x, dx, axis):
    if x is not None and x.ndim == 1 and y.ndim > 1:
        x = x.reshape([-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    return np.asarray(integrate.trapezoid(y, x, 1.0 if dx is None else dx, axis))


def _running_whole(y, x, dx, axis):
    """Tai's rule by its formula: SciPy's cumulative form refuses empty and complex x."""
    if x is not None and x.ndim == 1 and y.ndim > 1:
        x = x.reshape([-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    step = (1.0 if dx is None else dx) if x is None else np.diff(x, axis=axis)
    low = np.take(y, range(0, max(y.shape[axis] - 1, 0)), axis)
    high = np.take(y, range(1, y.shape[axis]), axis) if y.shape[axis] > 0 else low
    return np.cumsum(step * (low + high) / 2, axis)


trapezoid = {"meet": "float", "ulps": 4, "zeros": False, "cases": TRAPEZOIDS}
reference("trapezoid", **trapezoid)(_trapezoid(_whole))
reference("cumulative_trapezoid", **trapezoid)(_trapezoid(_running_whole))
