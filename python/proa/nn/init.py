"""Initializers as PyTorch spells them: functions that fill a tensor in place and return it.

Why beside nn.initializer: much model code calls `nn.init.normal_(w, std=0.02)`. Fans are counted as
in
nn.initializer, for Paddle's weight layouts.
"""

from __future__ import annotations

import math

import proa

from .. import _proa
from ..check import one_of, refuse
from . import initializer
from .initializer import calculate_gain as calculate_gain
from .initializer import fans

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def _fill(tensor: _proa.Tensor, rule: initializer.Initializer) -> _proa.Tensor:
    rule(tensor)
    return tensor


def uniform_(tensor: _proa.Tensor, a: float = 0.0, b: float = 1.0) -> _proa.Tensor:
    """Fill with draws of U[a, b)."""
    return _fill(tensor, initializer.Uniform(a, b))


def normal_(tensor: _proa.Tensor, mean: float = 0.0, std: float = 1.0) -> _proa.Tensor:
    """Fill with draws of N(mean, std^2)."""
    return _fill(tensor, initializer.Normal(mean, std))


def trunc_normal_(
    tensor: _proa.Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> _proa.Tensor:
    """Fill with draws of N(mean, std^2) kept within [a, b], which are values and not multiples of
    std.
    """
    if std == 0:
        return constant_(tensor, min(max(mean, a), b))
    return _fill(tensor, initializer.TruncatedNormal(mean, std, (a - mean) / std, (b - mean) / std))


def constant_(tensor: _proa.Tensor, val: float) -> _proa.Tensor:
    """Fill with `val`."""
    return _fill(tensor, initializer.Constant(val))


def ones_(tensor: _proa.Tensor) -> _proa.Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: _proa.Tensor) -> _proa.Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: _proa.Tensor) -> _proa.Tensor:
    """Fill a matrix with the identity."""
    if len(tensor.shape) != 2:
        refuse("eye_", "tensor", "a tensor with 2 dims", tensor)
    return _fill(
        tensor, initializer.Assign(proa.eye(tensor.shape[0], tensor.shape[1], tensor.dtype))
    )


def dirac_(tensor: _proa.Tensor, groups: int = 1) -> _proa.Tensor:
    """Fill a convolution kernel so that it passes its input through."""
    return _fill(tensor, initializer.Dirac(groups))


def xavier_uniform_(tensor: _proa.Tensor, gain: float = 1.0) -> _proa.Tensor:
    """Fill with U[-l, l), l = gain * sqrt(6 / (fan_in + fan_out))."""
    return _fill(tensor, initializer.XavierUniform(gain=gain))


def xavier_normal_(tensor: _proa.Tensor, gain: float = 1.0) -> _proa.Tensor:
    """Fill with N(0, gain^2 * 2 / (fan_in + fan_out))."""
    return _fill(tensor, initializer.XavierNormal(gain=gain))


def _kaiming_std(tensor: _proa.Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fan_in, fan_out = fans(tensor.shape)
    fan = fan_in if one_of("kaiming", "mode", mode, ["fan_in", "fan_out"]) == "fan_in" else fan_out
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def kaiming_uniform_(
    tensor: _proa.Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> _proa.Tensor:
    """Fill with U[-l, l), l = gain * sqrt(3 / fan); a is leaky_relu's negative slope."""
    limit = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -limit, limit)


def kaiming_normal_(
    tensor: _proa.Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> _proa.Tensor:
    """Fill with N(0, gain^2 / fan); a is leaky_relu's negative slope."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity))


def orthogonal_(tensor: _proa.Tensor, gain: float = 1.0) -> _proa.Tensor:
    """Fill with `gain` times a random matrix with orthonormal rows or columns."""
    return _fill(tensor, initializer.Orthogonal(gain))


def sparse_(tensor: _proa.Tensor, sparsity: float, std: float = 0.01) -> _proa.Tensor:
    """Fill with N(0, std^2), the share `sparsity` of each column zero (Martens 2010)."""
    if len(tensor.shape) != 2:
        refuse("sparse_", "tensor", "a tensor with 2 dims", tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    values = initializer.Normal(0.0, std).make([rows, columns], tensor.dtype).numpy().copy()
    for column in range(columns):
        values[proa.randperm(rows).numpy()[:zeros], column] = 0
    with proa.no_grad():
        tensor.set_value(values)
    return tensor
