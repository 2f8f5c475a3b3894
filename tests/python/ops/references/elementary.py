"""Elementary functions of one tensor: NumPy and scipy.special."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
from scipy import special

from .promotion import FLOATS, NUMPY, real_of
from .table import T, V, Within, case, reference


def unary(name, function, ulps=(1, 4), **how):
    how.setdefault("meet", "float")
    reference(name, ulps=ulps, kind="unary", **how)(lambda x, **attrs: function(x, **attrs))


unary("exp", np.exp)
unary("expm1", np.expm1, special="real")  # NumPy's expm1(inf + 0j) is not C99's
unary("log", np.log)
unary("log1p", np.log1p)
unary("log2", np.log2, ulps=(2, 4))
unary("log10", np.log10, ulps=(2, 4))
unary("sqrt", np.sqrt, ulps=(0, 2))
unary("rsqrt", lambda x: 1 / np.sqrt(x), ulps=(1, 4), special="real")
unary("reciprocal", lambda x: 1 / x, ulps=(0, 4), special="real")
unary("sin", np.sin)
unary("cos", np.cos)
unary("tan", np.tan)
unary("asin", np.arcsin)
unary("acos", np.arccos)
unary("atan", np.arctan)
unary("sinh", np.sinh)
unary("cosh", np.cosh)
unary("tanh", np.tanh)
unary("asinh", np.arcsinh)
unary("acosh", np.arccosh)
unary("atanh", np.arctanh)
unary("erf", special.erf)
unary("erfc", np.vectorize(math.erfc, otypes=[np.float64]))
unary("erfinv", special.erfinv)
# SciPy's are good to a few 1e-16 around their zeros; C99 has lgamma(-inf) = inf.
unary(
    "lgamma",
    lambda x: np.where(x == -np.inf, np.inf, special.gammaln(x)),
    ulps=2,
    noise=(8, 8),
    special=lambda x: (x == 0) | ~(np.abs(x) < 1e-300),
)
unary("digamma", special.digamma, ulps=4, noise=(8, 8), special=lambda x: x > -1e5)
unary("rad2deg", np.rad2deg, ulps=1)
unary("deg2rad", np.deg2rad, ulps=1)
# pi x is rounded: near a zero of the sine that is an error of pi x, and of 1 after the division.
unary(
    "sinc",
    lambda x: Within(np.sinc(x), np.ones_like(x), 2, narrow=True),
    ulps=2,
    special=lambda x: np.abs(x) < 1e4,
)

step = {"meet": "promote", "ulps": 0}
unary("floor", lambda x: np.floor(x) if x.dtype.kind == "f" else x, **step)
unary("ceil", lambda x: np.ceil(x) if x.dtype.kind == "f" else x, **step)
unary(
    "round",
    lambda x: np.rint(x) if x.dtype.kind == "f" else x,
    **step,
    cases=[case(V([0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997]))],
)
unary("trunc", lambda x: np.trunc(x) if x.dtype.kind == "f" else x, **step)
unary(
    "frac",
    lambda x: x - np.trunc(x) if x.dtype.kind == "f" else x * 0,
    **step,
    special=np.isfinite,
    zeros=False,
)
unary("square", np.square, meet="promote", ulps=(0, 2.5), special="real")
unary("neg", np.negative, meet="promote", ulps=0)


def _abs(x):
    value = np.abs(x)
    return Within(value, value, 1, narrow=True) if x.dtype.kind == "c" else value


unary("abs", _abs, meet="promote", ulps=0, result="real")


def _sign(x):
    if x.dtype.kind == "c":
        with np.errstate(all="ignore"):
            return np.where(x == 0, 0, x / np.where(x == 0, 1, np.abs(x)))
    return np.sign(x)


unary("sign", _sign, meet="promote", ulps=(0, 4), zeros=False, special="real")
unary("isfinite", np.isfinite, meet="promote", ulps=0, result="bool")
unary("isnan", np.isnan, meet="promote", ulps=0, result="bool")
unary("isinf", np.isinf, meet="promote", ulps=0, result="bool")
unary("logical_not", np.logical_not, meet="promote", ulps=0, result="bool")
unary("bitwise_not", np.bitwise_not, meet="promote", ulps=0)
unary("conj", np.conj, meet="promote", ulps=0)
unary("real", np.real, meet="promote", ulps=0, result="real")
unary("imag", np.imag, meet="promote", ulps=0, result="real", zeros=False)


def _angle_dtype(dtypes, attrs):
    name = dtypes[0]
    return {"complex64": "float32", "complex128": "float64"}.get(
        name, name if name.startswith(("float", "bfloat")) else "float32"
    )


# Of reals: pi where negative, as PyTorch, which keeps NaN. NumPy gives atan2(0, x), the same.
unary(
    "angle",
    lambda x: (
        np.where(np.isnan(x), np.nan, np.where(x < 0, np.pi, 0.0))
        if x.dtype.kind != "c"
        else np.angle(x)
    ),
    meet="promote",
    ulps=1,
    result=_angle_dtype,
    zeros=False,
)
unary("clone", lambda x: x, meet="none", ulps=0, result="first")
unary("stop_gradient", lambda x: x, meet="none", ulps=0, result="first")


@reference(
    "logit",
    meet="float",
    ulps=2,
    kind="unary",
    special=lambda x: (x > 0) & (x < 1),
    cases=[case(V([0.0, 1.0, -1.0, 2.0, 0.5]), eps=0.125), case(T(33, fill="probability"))],
)
def logit(x, eps=None):
    if eps is not None:
        x = np.clip(x, eps, 1 - eps)
    with np.errstate(all="ignore"):
        value = np.log(x) - np.log1p(-x)
    # The quotient x / (1 - x) is rounded twice before its logarithm is taken: an absolute error.
    return Within(value, np.ones_like(value), 2, narrow=True)


@reference(
    "nan_to_num",
    meet="promote",
    kind="unary",
    cases=[
        case(V([1.0, np.nan, np.inf, -np.inf]), nan=2.0, posinf=9.0, neginf=-7.0),
        case(V([1.0, np.nan, np.inf, -np.inf], "float16")),
        case(V([1.0, np.nan, np.inf, -np.inf], "bfloat16")),
    ],
)
def nan_to_num(x, nan=0.0, posinf=None, neginf=None, *, dtypes):
    if x.dtype.kind == "c":
        parts = [
            nan_to_num(p, nan, posinf, neginf, dtypes=[real_of(dtypes[0])])
            for p in (x.real, x.imag)
        ]
        return complex_(*parts)
    if x.dtype.kind != "f":
        return x
    largest = float(ml_dtypes.finfo(NUMPY[dtypes[0]]).max)
    y = np.where(np.isnan(x), nan, x)
    y = np.where(x == np.inf, largest if posinf is None else posinf, y)
    return np.where(x == -np.inf, -largest if neginf is None else neginf, y)


@reference("polygamma", meet="float", ulps=8)
def polygamma(x, n):
    return special.polygamma(n, x) if n else special.digamma(x)


@reference(
    "clip",
    zeros=False,
    cases=[
        case(V([-3.0, np.nan, 0.5, np.inf]), V([-1.0], dims=[]), V([1.0], dims=[])),
        case(V([1.0, 2.0, 3.0]), V([2.0], dims=[]), V([1.0], dims=[])),
        case(T(3, 4), T(3, 1), T(4, fill="positive")),
    ],
)
def clip(x, min=None, max=None):
    if min is not None:
        x = np.maximum(x, min)
    return x if max is None else np.minimum(x, max)


def _scaled_dtype(dtypes, attrs):
    return dtypes[0]


@reference(
    "scale",
    meet="none",
    result=_scaled_dtype,
    refuses=lambda dtypes, attrs: attrs.get("act") is not None and dtypes[0] not in FLOATS,
    ulps=(2, 4),
    cases=[
        case(T(3, 4), V([0.5], dims=[]), bias=-1.0),
        case(T(7), V([3.0], dims=[]), bias=-1.0, bias_after_scale=False),
    ],
)
def scale(x, scale, bias=0.0, bias_after_scale=True, act=None):
    if x.dtype.kind in "iu":  # Paddle: the factor takes the tensor's dtype
        scale = np.asarray(scale).astype(x.dtype)
        bias = np.asarray(bias).astype(x.dtype)
        return x * scale + bias if bias_after_scale else (x + bias) * scale
    value = x * scale + bias if bias_after_scale else (x + bias) * scale
    size = np.abs(x) * np.abs(scale) + np.abs(bias)
    if act is not None:
        acts = {"relu": lambda v: np.maximum(v, 0), "sigmoid": special.expit, "tanh": np.tanh}
        return Within(acts[act](value), size + 2, 1, narrow=True)
    return Within(value, size, 1, narrow=True)


@reference(
    "complex",
    meet="promote",
    result="complex",
    cases=[
        case(T(3, 1, dtype="float64"), T(2, dtype="float32")),
        case(V([np.inf, np.nan, -0.0], "float32"), V([-0.0, np.inf, 0.0], "float32")),
    ],
)
def complex_(real, imag):
    real, imag = np.broadcast_arrays(real, imag)
    out = np.empty(real.shape, np.complex128)
    out.real, out.imag = real, imag
    return out


@reference("as_real", meet="none", result="real")
def as_real(x):
    return np.stack([x.real, x.imag], -1)


@reference("as_complex", meet="none", result="complex")
def as_complex(x):
    out = np.empty(x.shape[:-1], np.complex128)
    out.real, out.imag = x[..., 0], x[..., 1]
    return out


def _cast(x, dtype, *, dtypes):
    """C's conversion, but saturated, with NaN as 0, where C leaves the result undefined."""
    to = NUMPY[dtype]
    if x.dtype.kind == "c" and dtype not in ("complex64", "complex128"):
        x = x != 0 if dtype == "bool" else x.real
    if dtype == "bool":
        return x != 0
    if to.kind in "iu" and x.dtype.kind == "f":
        info = np.iinfo(to)
        cut = np.trunc(np.nan_to_num(x, nan=0.0, posinf=np.inf, neginf=-np.inf))
        out = np.empty(cut.shape, to)
        for at in np.ndindex(cut.shape):
            v = cut[at]
            out[at] = info.max if v >= float(info.max) else info.min if v <= info.min else int(v)
        return out
    if to.kind in "iu":
        return x.astype(to)
    return x.astype(np.complex128) if to.kind == "c" else x.astype(np.float64)


EXTREME = [
    0.0,
    -0.0,
    1.5,
    -1.5,
    127.5,
    128.0,
    255.9,
    256.0,
    -129.0,
    70000.0,
    -70000.0,
    3e9,
    -3e9,
    1e19,
    -1e19,
    float("inf"),
    float("-inf"),
    float("nan"),
]
WHOLE = [0, 1, -1, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536, 2147483647]
reference(
    "cast",
    meet="none",
    result=lambda dtypes, attrs: attrs["dtype"],
    cases=[
        case(V(EXTREME, source), dtype=to)
        for source in ("float16", "bfloat16", "float32", "float64", "complex64")
        for to in NUMPY
        if not to.startswith("float8") and not (source == "complex64" and to.startswith("complex"))
    ]
    + [case(V(WHOLE, "int64"), dtype=to) for to in NUMPY if not to.startswith("float8")]
    + [case(V([0, 1, 1, 0], "bool"), dtype=to) for to in NUMPY]
    + [
        case(V([1.0, -2.0, 0.0625, 448.0, 0.3, -0.0], "float32"), dtype=to)
        for to in ("float8_e4m3fn", "float8_e5m2")
    ],
)(_cast)
