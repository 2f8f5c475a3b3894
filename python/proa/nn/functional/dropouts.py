"""Dropout of whole channels, and dropout that keeps the moments of a SELU network.

Why in Python: one draw with a mask of another shape, and an affine map.
"""

from __future__ import annotations

import math

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import one_of, probability, refuse

__all__ = [
    "alpha_dropout",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


def _channels(
    where: str, x: _proa.Tensor, p: float, training: bool, data_format: str, rank: int
) -> _proa.Tensor:
    if len(x.shape) != rank:
        refuse(where, "x", f"a tensor with {rank} dims", x)
    return ops.dropout(x, p, [0, 1 if data_format.startswith("NC") else rank - 1], training)


def dropout2d(
    x: _proa.Tensor,
    p: float = 0.5,
    training: bool = True,
    data_format: str = "NCHW",
    name: str | None = None,
) -> _proa.Tensor:
    """Zeroes whole channels of [batch, channels, height, width] with probability p, in training."""
    one_of("dropout2d", "data_format", data_format, ["NCHW", "NHWC"])
    return _channels("dropout2d", x, p, training, data_format, 4)


def dropout3d(
    x: _proa.Tensor,
    p: float = 0.5,
    training: bool = True,
    data_format: str = "NCDHW",
    name: str | None = None,
) -> _proa.Tensor:
    """Zeroes whole channels of [batch, channels, depth, height, width] with probability p, in
    training.
    """
    one_of("dropout3d", "data_format", data_format, ["NCDHW", "NDHWC"])
    return _channels("dropout3d", x, p, training, data_format, 5)


def _alpha(x: _proa.Tensor, p: float, training: bool, mask_shape: list[int]) -> _proa.Tensor:
    """Klambauer et al., "Self-normalizing neural networks", 2017, "new dropout technique"."""
    p = probability("alpha_dropout", "p", p)
    if not training or p == 0:
        return x
    if p == 1:
        return proa.zeros_like(x)
    # SELU's value for very negative inputs: -scale * alpha.
    floor = -1.0507009873554805 * 1.6732632423543772
    a = 1.0 / math.sqrt((1.0 - p) * (1.0 + p * floor * floor))
    b = -a * p * floor
    kept = (proa.rand(mask_shape, "float32") >= p).astype(x.dtype)
    return (x * kept + floor * (1.0 - kept)) * a + b


def alpha_dropout(
    x: _proa.Tensor, p: float = 0.5, training: bool = True, name: str | None = None
) -> _proa.Tensor:
    """Sets elements to SELU's floor with probability p, then restores mean 0 and variance 1."""
    return _alpha(x, p, training, list(x.shape))


def feature_alpha_dropout(
    x: _proa.Tensor, p: float = 0.5, training: bool = True, name: str | None = None
) -> _proa.Tensor:
    """alpha_dropout of whole channels of [batch, channels, ...]."""
    if len(x.shape) < 2:
        refuse("feature_alpha_dropout", "x", "a tensor with at least 2 dims", x)
    return _alpha(x, p, training, [*x.shape[:2]] + [1] * (len(x.shape) - 2))
