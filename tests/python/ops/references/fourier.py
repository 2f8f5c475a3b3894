"""Fourier transforms: scipy.fft in double precision.

The error of a transform of n points is a multiple of the unit roundoff and log2 n of the input's
norm (Higham 2002, section 24.1), the same for every output.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import fft as oracle

from .promotion import DEFAULT_FLOAT, FLOATS, complex_of, real_of
from .table import T, Within, case, reference


def _complex(dtypes, attrs):
    name = dtypes[0]
    return complex_of(name if name.startswith(("float", "complex")) else DEFAULT_FLOAT)


def _real(dtypes, attrs):
    return real_of(_complex(dtypes, attrs))


def _bound(value, x):
    size = max(x.size, value.size, 2)
    largest = np.abs(value).max(initial=0)
    energy = float(np.linalg.norm(np.asarray(x, np.complex128).reshape(-1)))
    scale = max(largest, energy / math.sqrt(size))
    return Within(value, np.full(value.shape, scale), 4 * math.log2(size), narrow=True)


ONE = [
    case(T(2, 67)),
    case(T(2, 64), norm="ortho"),
    case(T(3, 1), n=1),
    case(T(100), n=37),
    case(T(0, 5)),
    case(T(1000)),
]
MANY = [case(T(3, 4, 5)), case(T(3, 4, 5), axes=[0, 2], norm="forward"), case(T(16, 9), s=[9, 16])]


def _one(name):
    function = getattr(oracle, name)
    if not name.startswith("i"):
        return lambda x, n=None, axis=-1, norm="backward": _bound(
            function(_in(x), n, axis, norm), x
        )
    return lambda x, n=None, axis=-1, norm="backward": _bound(function(_in(x), n, axis, norm), x)


def _in(x):
    return x if x.dtype.kind in "fc" else x.astype(np.float64)


def _many(name, default):
    function = getattr(oracle, name)

    def transform(x, s=None, axes=default, norm="backward"):
        if s is not None and isinstance(s, int):
            s = [s]
        if axes is None and s is not None:
            axes = list(range(-len(s), 0))
        return _bound(function(_in(x), s, axes, norm), x)

    return transform


for _name in ("fft", "ifft", "rfft", "irfft"):
    reference(
        _name, meet="none", result=_real if _name == "irfft" else _complex, cases=ONE, zeros=False
    )(_one(_name))
for _name in ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"):
    _n = _name[:-1] + "n"
    _r = _real if _name.startswith("irfft") else _complex
    reference(_name, meet="none", result=_r, cases=MANY, zeros=False)(
        _many(_n, [-2, -1] if _name.endswith("2") else None)
    )
assert FLOATS
