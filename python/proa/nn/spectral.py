"""Spectral normalisation: a weight over its largest singular value.

Why apart from the other norms: it works on weights, and layers and nn.utils.spectral_norm share it.
Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import proa

from .. import _proa
from ..check import integer, refuse, sizes
from .annotations import DTypeLike
from .layer import Layer
from .text import settings

__all__ = ["SpectralNorm"]


class SpectralNorm(Layer):
    """Divides a weight by an estimate of its largest singular value (Miyato et al. 2018).

    Args:
        weight_shape: the shape of the weights that forward is given.
        dim: the dim that is the matrix's rows; all others are its columns.
        power_iters: power iterations a call; the vectors are kept between calls.
        eps: keeps the vectors' norms away from zero.

    Shape: weight of weight_shape -> the same.
    """

    weight_u: _proa.Tensor
    weight_v: _proa.Tensor

    def __init__(
        self,
        weight_shape: Sequence[int],
        dim: int = 0,
        power_iters: int = 1,
        eps: float = 1e-12,
        name: str | None = None,
        dtype: DTypeLike = "float32",
    ) -> None:
        super().__init__(dtype=dtype)
        shape = sizes("SpectralNorm", "weight_shape", weight_shape, len(weight_shape))
        if isinstance(dim, bool) or not -len(shape) <= dim < len(shape):
            refuse("SpectralNorm", "dim", f"an int in {-len(shape)}..{len(shape) - 1}", dim)
        self._shape = shape
        self._dim = dim % len(shape)
        self._power_iters = integer("SpectralNorm", "power_iters", power_iters, 0, "an int >= 0")
        self._eps = eps
        rows = shape[self._dim]
        columns = math.prod(shape) // rows
        self.register_buffer("weight_u", unit(proa.randn([rows], dtype), eps))
        self.register_buffer("weight_v", unit(proa.randn([columns], dtype), eps))

    def forward(self, weight: _proa.Tensor) -> _proa.Tensor:
        if list(weight.shape) != self._shape:
            refuse("SpectralNorm", "weight", f"a tensor of shape {self._shape}", weight)
        return spectral_normalize(
            weight, self.weight_u, self.weight_v, self._dim, self._power_iters, self._eps
        )

    def extra_repr(self) -> str:
        return settings(weight_shape=self._shape, dim=self._dim, power_iters=self._power_iters)


def unit(vector: _proa.Tensor, eps: float) -> _proa.Tensor:
    """`vector` over its 2-norm."""
    return vector / (proa.sqrt(proa.sum(vector * vector)) + eps)


def spectral_normalize(
    weight: _proa.Tensor, u: _proa.Tensor, v: _proa.Tensor, dim: int, power_iters: int, eps: float
) -> _proa.Tensor:
    """`weight` over its largest singular value as u and v see it, first improved in place."""
    order = [dim, *(axis for axis in range(len(weight.shape)) if axis != dim)]
    matrix = proa.transpose(weight, order).reshape([weight.shape[dim], -1])
    with proa.no_grad():
        fixed = matrix.detach()
        for _ in range(power_iters):
            v.set_value(unit(proa.matmul(u, fixed), eps))
            u.set_value(unit(proa.matmul(fixed, v), eps))
        left, right = u.clone(), v.clone()
    sigma = proa.sum(left * proa.matmul(matrix, right))
    return weight / sigma
