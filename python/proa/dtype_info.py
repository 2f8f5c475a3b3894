"""Limits of dtypes: `finfo` and `iinfo`."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _proa
from .refusal import type_error

# bits, mantissa bits after the point, least exponent of a normal number, greatest number
_FLOATS = {
    "float16": (16, 10, -14, 65504.0),
    "bfloat16": (16, 7, -126, 3.3895313892515355e38),
    "float32": (32, 23, -126, 3.4028234663852886e38),
    "float64": (64, 52, -1022, 1.7976931348623157e308),
    "float8_e4m3fn": (8, 3, -6, 448.0),
    "float8_e5m2": (8, 2, -14, 57344.0),
}
_PARTS = {"complex64": "float32", "complex128": "float64"}


def _name(dtype: Any) -> str:
    return _proa.ops.zeros([0], dtype=dtype).dtype.name


class finfo:
    """What a floating point dtype holds: bits, min, max, eps, tiny (smallest_normal), resolution.
    Complex dtypes answer for their parts.

    Raises:
        DTypeError: the dtype is no float.
    """

    def __init__(self, dtype: Any) -> None:
        name = _PARTS.get(_name(dtype), _name(dtype))
        if name not in _FLOATS:
            raise type_error(f"[finfo] dtype: expected a float dtype, got {name}")
        self.bits, mantissa, least, self.max = _FLOATS[name]
        self.min = -self.max
        self.eps = 2.0**-mantissa
        self.tiny = self.smallest_normal = 2.0**least
        self.smallest_subnormal = 2.0 ** (least - mantissa)
        self.resolution = 10.0 ** -int(mantissa * 0.30102999566398120)
        self.dtype = name

    def __repr__(self) -> str:
        return (
            f"finfo(min={self.min}, max={self.max}, eps={self.eps}, resolution={self.resolution}, "
            f"smallest_normal={self.smallest_normal}, tiny={self.tiny}, bits={self.bits}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """What an integer dtype holds: bits, min, max.

    Raises:
        DTypeError: the dtype is no integer.
    """

    def __init__(self, dtype: Any) -> None:
        name = _name(dtype)
        if not name.startswith(("int", "uint")):
            raise type_error(f"[iinfo] dtype: expected an integer dtype, got {name}")
        info = np.iinfo(name)
        self.bits, self.min, self.max = info.bits, int(info.min), int(info.max)
        self.dtype = name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, bits={self.bits}, dtype={self.dtype})"
