"""Dropout layers: random zeros in training, nothing in evaluation.

Why layers and not calls: they follow train() and eval() of the model around them.
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import _proa
from ..check import one_of, probability
from . import functional as F
from .layer import Layer
from .text import settings

__all__ = ["AlphaDropout", "Dropout", "Dropout2D", "Dropout3D", "FeatureAlphaDropout"]


class Dropout(Layer):
    """Zeroes each element with probability p.

    Args:
        p: the probability.
        axis: draw only along these axes, so that whole slices drop together; None draws every
            element.
        mode: "upscale_in_train" divides what stays by 1 - p; "downscale_in_infer" multiplies by 1 -
            p in evaluation.
        inplace: accepted (PyTorch); the result is the same.
    """

    def __init__(
        self,
        p: float = 0.5,
        axis: int | Sequence[int] | None = None,
        mode: str = "upscale_in_train",
        name: str | None = None,
        *,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.p = probability("Dropout", "p", p)
        self.axis = axis
        self.mode = one_of("Dropout", "mode", mode, ["upscale_in_train", "downscale_in_infer"])
        self.name = name

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.dropout(x, self.p, self.axis, self.training, self.mode)

    def extra_repr(self) -> str:
        return settings(p=self.p, axis=self.axis, mode=self.mode)


class Dropout2D(Layer):
    """Zeroes whole channels of images [batch, channels, height, width] with probability p."""

    def __init__(
        self,
        p: float = 0.5,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.p = probability("Dropout2D", "p", p)
        self.data_format = one_of("Dropout2D", "data_format", data_format, ["NCHW", "NHWC"])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.dropout2d(x, self.p, self.training, self.data_format)

    def extra_repr(self) -> str:
        return settings(p=self.p, data_format=self.data_format)


class Dropout3D(Layer):
    """Zeroes whole channels of volumes [batch, channels, d, h, w] with probability p."""

    def __init__(
        self,
        p: float = 0.5,
        data_format: str = "NCDHW",
        name: str | None = None,
        *,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.p = probability("Dropout3D", "p", p)
        self.data_format = one_of("Dropout3D", "data_format", data_format, ["NCDHW", "NDHWC"])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.dropout3d(x, self.p, self.training, self.data_format)

    def extra_repr(self) -> str:
        return settings(p=self.p, data_format=self.data_format)


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance of a SELU network's activations.

    Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def __init__(self, p: float = 0.5, name: str | None = None, *, inplace: bool = False) -> None:
        super().__init__()
        self.p = probability("AlphaDropout", "p", p)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.alpha_dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return settings(p=self.p)


class FeatureAlphaDropout(Layer):
    """AlphaDropout of whole channels: x [batch, channels, ...]."""

    def __init__(self, p: float = 0.5, name: str | None = None, *, inplace: bool = False) -> None:
        super().__init__()
        self.p = probability("FeatureAlphaDropout", "p", p)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.feature_alpha_dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return settings(p=self.p)
