"""`torch.nn.init`: first values, with fans counted for weights [out, in, ...]."""

from __future__ import annotations

import math
from typing import Any

from ... import _proa
from ...check import one_of, refuse
from ...nn.init import (
    calculate_gain,
    constant_,
    dirac_,
    eye_,
    normal_,
    ones_,
    orthogonal_,
    sparse_,
    trunc_normal_,
    uniform_,
    zeros_,
)

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip


def _calculate_fan_in_and_fan_out(tensor: Any) -> tuple[int, int]:
    shape = list(tensor.shape)
    if len(shape) < 2:
        refuse("nn.init", "tensor", "a tensor with at least 2 dims", tensor)
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def _uniform(tensor: Any, bound: float) -> Any:
    tensor.set_value(_proa.ops.uniform(list(tensor.shape), tensor.dtype, -bound, bound))
    return tensor


def _normal(tensor: Any, std: float) -> Any:
    tensor.set_value(_proa.ops.randn(list(tensor.shape), dtype=tensor.dtype) * std)
    return tensor


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """U(-b, b), b = gain sqrt(6 / (fan in + fan out)) (Glorot & Bengio 2010)."""
    return _uniform(tensor, gain * math.sqrt(6.0 / sum(_calculate_fan_in_and_fan_out(tensor))))


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """N(0, s), s = gain sqrt(2 / (fan in + fan out))."""
    return _normal(tensor, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))))


def _kaiming(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    one_of("nn.init", "mode", mode, ["fan_in", "fan_out"])
    fan = _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]
    return float(calculate_gain(nonlinearity, a)) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """U(-b, b), b = gain sqrt(3 / fan) (He et al. 2015)."""
    return _uniform(tensor, math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity))


def kaiming_normal_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Any:
    """N(0, s), s = gain / sqrt(fan)."""
    return _normal(tensor, _kaiming(tensor, a, mode, nonlinearity))


xavier_uniform, xavier_normal = xavier_uniform_, xavier_normal_
kaiming_uniform, kaiming_normal = kaiming_uniform_, kaiming_normal_
