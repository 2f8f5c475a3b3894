"""Arithmetic, comparisons and bits of two tensors: NumPy's own loops."""

from __future__ import annotations

import math

import numpy as np

from .table import T, V, Within, case, number, reference

binary = {"kind": "binary"}


@reference("add", **binary)
def add(x, y):
    return np.add(x, y)


@reference("subtract", **binary)
def subtract(x, y):
    return np.subtract(x, y)


# Each part of a complex product is a difference of two rounded products (Brent et al. 2007: the
# norm's error is below sqrt(5) u); infinite parts are NumPy's, which are not C99's Annex G.
@reference("multiply", ulps=(0, 2.5), special="real", **binary)
def multiply(x, y):
    return np.multiply(x, y)


@reference("divide", meet="float", ulps=(0, 4), special="real", **binary)
def divide(x, y):
    return np.divide(x, y)


# One ulp where quotients are no longer all representable; below, that leaves no room for an error.
@reference(
    "floor_divide",
    ulps=1,
    zeros=False,
    cases=[
        case(V([7, -7, 7, -7, 5, -128], "int8"), V([2, 2, -2, -2, 0, -1], "int8")),
        case(V([1.0, 6.0, -1.0, 0.3], "float64"), V([0.1, 0.2, 0.1, 0.1], "float64")),
        case(T(5), number(2.0)),
    ],
    **binary,
)
def floor_divide(x, y):
    return np.floor_divide(x, y)


@reference(
    "remainder",
    cases=[
        case(V([7, -7, 7, -7, 5, -128], "int8"), V([2, 2, -2, -2, 0, -1], "int8")),
        case(V([1.0, 6.0, -1.0, 0.3], "float64"), V([0.1, 0.2, 0.1, 0.1], "float64")),
    ],
    **binary,
)
def remainder(x, y):
    return np.remainder(x, y)


def _integer_power(x, y):
    """a^n modulo 2^width; a negative n truncates the exact quotient: 1, -1 or 0."""
    dtype = np.result_type(x, y)
    x, y = np.broadcast_arrays(x, y)
    out = np.empty(x.shape, dtype)
    bits = 8 * dtype.itemsize
    for at in np.ndindex(x.shape):
        a, n = int(x[at]), int(y[at])
        if n >= 0:
            value = pow(a, n, 1 << bits)
        else:
            value = {1: 1, -1: 1 if n % 2 == 0 else -1}.get(a, 0)
        out[at] = np.array(value % (1 << bits), f"uint{bits}").astype(dtype)
    return out


@reference(
    "pow",
    ulps=(1, 8),
    special="real",
    cases=[
        case(V([2, -1, -1, 3, 0, 1], "int32"), V([31, -3, -4, -1, 0, -9], "int32")),
        case(V([-2.0, -2.0, -8.0, 0.0, 9.0]), V([3.0, -2.0, 1.0, 0.0, 0.5])),
    ],
    **binary,
)
def power(x, y):
    if x.dtype == bool:
        return x | ~y
    if x.dtype.kind in "iu":
        return _integer_power(x, y)
    if x.dtype.kind == "c":
        both = (x == 0) & (y == 0)
        return np.where(both, 1, np.power(np.where(x == 0, 1, x), y) * ((x != 0) | (y == 0)))
    return np.power(x, y)


@reference("maximum", zeros=False, **binary)
def maximum(x, y):
    return np.maximum(x, y)


@reference("minimum", zeros=False, **binary)
def minimum(x, y):
    return np.minimum(x, y)


@reference("fmax", zeros=False, **binary)
def fmax(x, y):
    return np.fmax(x, y)


@reference("fmin", zeros=False, **binary)
def fmin(x, y):
    return np.fmin(x, y)


@reference("atan2", meet="float", ulps=1, **binary)
def atan2(x, y):
    return np.arctan2(x, y)


# exp and log1p round once each, and so does the last addition; cancellation of m and the logarithm
# leaves an error relative to m.
@reference("logaddexp", meet="float", ulps=2, zeros=False, **binary)
def logaddexp(x, y):
    value = np.logaddexp(x, y)
    return Within(value, np.maximum(np.abs(x), np.abs(y)), depth=2, narrow=True)


# Ratio, square, sum, root and product: five roundings of which the first counts twice.
@reference("hypot", meet="float", ulps=3, zeros=False, **binary)
def hypot(x, y):
    return np.hypot(x, y)


def _nan_has_no_sign(x, y):
    return ~np.isnan(y)


@reference("copysign", meet="float", special=_nan_has_no_sign, **binary)
def copysign(x, y):
    return np.copysign(x, y)


@reference("ldexp", meet="float", ulps=1, special=lambda x, y: np.abs(y) < 100, **binary)
def ldexp(x, y):
    return x * np.exp2(y)


@reference("heaviside", zeros=False, **binary)
def heaviside(x, y):
    if x.dtype.kind == "f":
        return np.heaviside(x, y)
    return np.where(x < 0, 0, np.where(x == 0, y, 1)).astype(np.result_type(x, y))


@reference("lerp", meet="promote", ulps=(2, 4), cases=[case(T(33), T(33), T(33, fill="unit"))])
def lerp(x, y, weight):
    value = x + weight * (y - x)
    return Within(value, np.abs(x) + np.abs(weight) * (np.abs(x) + np.abs(y)), 2, narrow=True)


compare = {"kind": "binary", "result": "bool"}
reference("equal", **compare)(lambda x, y: np.equal(x, y))
reference("not_equal", **compare)(lambda x, y: np.not_equal(x, y))
reference("less_than", **compare)(lambda x, y: np.less(x, y))
reference("less_equal", **compare)(lambda x, y: np.less_equal(x, y))
reference("greater_than", **compare)(lambda x, y: np.greater(x, y))
reference("greater_equal", **compare)(lambda x, y: np.greater_equal(x, y))
reference("logical_and", **compare)(lambda x, y: np.logical_and(x, y))
reference("logical_or", **compare)(lambda x, y: np.logical_or(x, y))
reference("logical_xor", **compare)(lambda x, y: np.logical_xor(x, y))

bits = {"kind": "binary", "special": False}
reference("bitwise_and", **bits)(lambda x, y: np.bitwise_and(x, y))
reference("bitwise_or", **bits)(lambda x, y: np.bitwise_or(x, y))
reference("bitwise_xor", **bits)(lambda x, y: np.bitwise_xor(x, y))


def _shift(x, y, left):
    """Python's integers, which have no width, cut to that of the result."""
    dtype = np.result_type(x, y)
    x, y = np.broadcast_arrays(x.astype(dtype), y.astype(dtype))
    out = np.empty(x.shape, dtype)
    bits = 8 * dtype.itemsize
    for at in np.ndindex(x.shape):
        a, n = int(x[at]), int(y[at])
        if 0 <= n < bits:
            value = a << n if left else a >> n
        else:
            value = 0 if left or a >= 0 else -1
        out[at] = np.array(value % (1 << bits), f"uint{bits}").astype(dtype)
    return out


shifts = [
    case(V([1, -1, 100, -100, 3, 7], "int8"), V([7, 8, 2, 1, 100, 0], "int8")),
    case(V([1, -1, 5, -7], "int32"), V([31, 32, 40, 33], "int32")),
]
reference("bitwise_left_shift", cases=shifts, **bits)(lambda x, y: _shift(x, y, True))
reference("bitwise_right_shift", cases=shifts, **bits)(lambda x, y: _shift(x, y, False))


def _isclose(x, y, rtol=1e-5, atol=1e-8, equal_nan=False):
    return np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


CLOSE = [
    case(
        V([1.0, 2.0, math.inf, -math.inf, math.nan]),
        V([1.000001, 2.1, math.inf, math.inf, math.nan]),
    ),
    case(V([100.0, 100.0]), V([101.0, 111.0]), rtol=0.05),
    case(V([10, 11, -3], "int32"), V([10, 13, -4], "int32"), atol=1.0),
]
reference("isclose", result="bool", cases=CLOSE)(_isclose)


@reference("allclose", result="bool", cases=CLOSE)
def allclose(x, y, **how):
    return np.all(_isclose(x, y, **how))
