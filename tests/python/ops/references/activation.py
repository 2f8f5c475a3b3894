"""Activations, from the formulas of their papers, in float64."""

from __future__ import annotations

import numpy as np
from scipy import special

from .promotion import epsilon, smallest
from .table import T, V, Within, case, reference


def act(name, function, ulps=2.0, cases=(), **how):
    how.setdefault("zeros", False)
    reference(name, meet="float", kind="unary", ulps=ulps, cases=cases, **how)(function)


def near(value, scale, depth=2.0):
    """Rounded operations on terms of a size: what cancels leaves an error of the terms' size."""
    return Within(value, scale, depth, narrow=True)


def sigmoid(x):
    return special.expit(x) if x.dtype.kind != "c" else 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


@np.errstate(all="ignore")
def _times(x, y):
    return x * y


act("relu", lambda x: np.where(np.isnan(x), x, np.maximum(x, 0)), 0)
act("relu6", lambda x: np.clip(x, 0, 6), 0)
act("sigmoid", sigmoid, (3, 8), special="real", cases=[case(V([-1000.0, 1000.0, -88.0, 88.0]))])


def _silu(x, *, dtypes):
    # A subnormal sigmoid has an absolute error, which x multiplies; at -inf the product is NaN.
    lost = np.where(np.isfinite(x), np.abs(x), 0) * smallest(dtypes[0]) / epsilon(dtypes[0])
    return Within(_times(x, sigmoid(x)), lost, 1, narrow=True)


act("silu", _silu, 4)
act("swish", _silu, 4)


def _gelu(x, approximate=False):
    with np.errstate(all="ignore"):
        if approximate:
            inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
            return near(0.5 * x * (1 + np.tanh(inner)), np.abs(x), 4)
        return near(x * special.ndtr(x), np.abs(x), 2)


act(
    "gelu",
    _gelu,
    4,
    special=np.isfinite,
    cases=[case(T(33), approximate=True), case(V([-5.0, -3.0, 3.0, 5.0]), approximate=True)],
)
act(
    "leaky_relu",
    lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
    1,
    cases=[case(T(33), negative_slope=-0.5)],
)


def _elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


act("elu", _elu, 2, cases=[case(T(33), alpha=0.3)])
act(
    "celu",
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    4,
    cases=[case(T(33), alpha=0.3)],
)
act(
    "selu",
    lambda x, scale=1.0507009873554805, alpha=1.6732632423543772: scale * _elu(x, alpha),
    3,
    special=lambda x: ~(np.abs(x) > 1e38),
)
act(
    "softplus",
    lambda x, beta=1.0, threshold=20.0: np.where(
        beta * x > threshold, x, np.logaddexp(0, beta * x) / beta
    ),
    4,
    cases=[case(T(33), beta=2.5, threshold=1.5)],
)
act("softsign", lambda x: x / (1 + np.abs(x)), 2, special=np.isfinite)
act("mish", lambda x: near(_times(x, np.tanh(softplus(x))), np.abs(x), 2), 6)
act("log_sigmoid", lambda x: -np.logaddexp(0, -x), 4)
act("hardtanh", lambda x, min=-1.0, max=1.0: np.clip(x, min, max), 0)
act(
    "hardsigmoid",
    lambda x, slope=1 / 6, offset=0.5: near(
        np.clip(slope * x + offset, 0, 1), np.minimum(np.abs(slope * x), 1) + offset, 2
    ),
    2,
)
act(
    "hardswish",
    lambda x: near(_times(x, np.clip(x + 3, 0, 6) / 6), np.minimum(np.abs(x), 3) / 6, 3),
    4,
)
act("hardshrink", lambda x, threshold=0.5: np.where((np.abs(x) > threshold) | np.isnan(x), x, 0), 0)
act(
    "softshrink",
    lambda x, threshold=0.5: np.where(
        np.isnan(x),
        x,
        np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0)),
    ),
    1,
)
act("tanhshrink", lambda x: near(x - np.tanh(x), np.minimum(np.abs(x), 1), 1), 1)
act(
    "thresholded_relu",
    lambda x, threshold=1.0, value=0.0: np.where((x > threshold) | np.isnan(x), x, value),
    0,
)
act("stanh", lambda x, scale_a=0.67, scale_b=1.7159: scale_b * np.tanh(scale_a * x), 4)


def _dtype(dtypes, attrs):
    return attrs.get("dtype") or dtypes[0]


ROWS = [
    case(T(3, 67)),
    case(T(2, 300)),
    case(V([np.inf, np.nan, np.inf])),
    case(V([-np.inf, 1.0, 2.0])),
    case(V([np.nan, 1.0])),
    case(V([-np.inf, -np.inf])),
]


@reference("softmax", meet="float", result=_dtype, ulps=4, zeros=False, cases=ROWS)
def softmax(x, axis=-1, dtype=None):
    if x.ndim == 0:
        return np.ones(())
    value = special.softmax(x, axis=axis)
    # exp(x - max): the difference is rounded, an error of the exponent's size; the sum by a tree.
    depth = 4 + np.log2(max(1, x.shape[axis]))
    with np.errstate(all="ignore"):
        gap = np.abs(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
        return Within(value, value * (depth + np.where(np.isfinite(gap), gap, 0)), 1, narrow=True)


@reference("log_softmax", meet="float", result=_dtype, ulps=2, zeros=False, cases=ROWS)
def log_softmax(x, axis=-1, dtype=None):
    if x.ndim == 0:
        return np.zeros(())
    value = x - special.logsumexp(x, axis=axis, keepdims=True)
    with np.errstate(all="ignore"):
        gap = np.abs(x - x.max(axis=axis, keepdims=True, initial=-np.inf))
        return Within(
            value,
            4 + np.log(x.shape[axis] + 1) + np.where(np.isfinite(gap), gap, 0),
            1,
            narrow=True,
        )


@reference("glu", meet="float", ulps=4, cases=[case(T(2, 34))])
def glu(x, axis=-1):
    a, b = np.split(x, 2, axis)
    return a * sigmoid(b)


@reference("maxout", meet="float", cases=[case(T(2, 12, 5), groups=4)])
def maxout(x, groups, axis=1):
    axis %= x.ndim
    parts = (*x.shape[:axis], x.shape[axis] // groups, groups, *x.shape[axis + 1 :])
    return x.reshape(parts).max(axis + 1)


@reference("swiglu", meet="float", ulps=5)
def swiglu(x, y=None):
    if y is None:
        x, y = np.split(x, 2, -1)
    return x * sigmoid(x) * y


@reference(
    "prelu",
    meet="float",
    ulps=1,
    cases=[case(T(2, 3, 4, 5), T(3)), case(T(2, 5, 7, 4), T(4), data_format="NHWC")],
)
def prelu(x, weight, data_format="NCHW"):
    if weight.size > 1:
        shape = [1] * x.ndim
        shape[1 if data_format.startswith("NC") else -1] = weight.size
        weight = weight.reshape(shape)
    return np.where(x > 0, x, weight * x)
