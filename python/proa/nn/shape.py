"""Layers that only move elements: Flatten, Unflatten, pixel and channel shuffles, Fold, Unfold,
Upsample.

Why layers: a Sequential can hold them.
"""

from __future__ import annotations

from collections.abc import Sequence

import proa

from .. import _proa
from ..check import one_of, positive, refuse, sizes
from . import functional as F
from .annotations import Size
from .layer import Layer
from .text import settings

__all__ = [
    "ChannelShuffle",
    "Flatten",
    "Fold",
    "PixelShuffle",
    "PixelUnshuffle",
    "Unflatten",
    "Unfold",
    "Upsample",
    "UpsamplingBilinear2D",
    "UpsamplingNearest2D",
]

_MODES = ["linear", "nearest", "bilinear", "bicubic", "trilinear", "area"]


class Flatten(Layer):
    """Joins dims start_axis to stop_axis into one (PyTorch: start_dim, end_dim)."""

    def __init__(
        self,
        start_axis: int = 1,
        stop_axis: int = -1,
        *,
        start_dim: int | None = None,
        end_dim: int | None = None,
    ) -> None:
        super().__init__()
        self.start_axis = start_axis if start_dim is None else start_dim
        self.stop_axis = stop_axis if end_dim is None else end_dim

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return proa.flatten(x, self.start_axis, self.stop_axis)

    def extra_repr(self) -> str:
        return settings(start_axis=self.start_axis, stop_axis=self.stop_axis)


class Unflatten(Layer):
    """Splits dim `axis` into `shape`, one entry of which may be -1."""

    def __init__(self, axis: int, shape: Sequence[int], name: str | None = None) -> None:
        super().__init__()
        self.axis = axis
        self.shape = [int(size) for size in shape]

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        rank = len(x.shape)
        if not -rank <= self.axis < rank:
            refuse("Unflatten", "axis", f"an int in {-rank}..{rank - 1}", self.axis)
        axis = self.axis % rank
        return x.reshape([*x.shape[:axis], *self.shape, *x.shape[axis + 1 :]])

    def extra_repr(self) -> str:
        return settings(axis=self.axis, shape=self.shape)


class PixelShuffle(Layer):
    """[n, c r^2, h, w] -> [n, c, h r, w r] with r = upscale_factor (Shi et al. 2016)."""

    def __init__(
        self, upscale_factor: int, data_format: str = "NCHW", name: str | None = None
    ) -> None:
        super().__init__()
        self._upscale_factor = positive("PixelShuffle", "upscale_factor", upscale_factor)
        self._data_format = one_of("PixelShuffle", "data_format", data_format, ["NCHW", "NHWC"])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.pixel_shuffle(x, self._upscale_factor, self._data_format)

    def extra_repr(self) -> str:
        return settings(upscale_factor=self._upscale_factor, data_format=self._data_format)


class PixelUnshuffle(Layer):
    """[n, c, h, w] -> [n, c r^2, h / r, w / r] with r = downscale_factor: the inverse of
    PixelShuffle.
    """

    def __init__(
        self, downscale_factor: int, data_format: str = "NCHW", name: str | None = None
    ) -> None:
        super().__init__()
        self._downscale_factor = positive("PixelUnshuffle", "downscale_factor", downscale_factor)
        self._data_format = one_of("PixelUnshuffle", "data_format", data_format, ["NCHW", "NHWC"])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.pixel_unshuffle(x, self._downscale_factor, self._data_format)

    def extra_repr(self) -> str:
        return settings(downscale_factor=self._downscale_factor, data_format=self._data_format)


class ChannelShuffle(Layer):
    """Deals the channels of `groups` groups out in turn (Zhang et al. 2017)."""

    def __init__(self, groups: int, data_format: str = "NCHW", name: str | None = None) -> None:
        super().__init__()
        self._groups = positive("ChannelShuffle", "groups", groups)
        self._data_format = one_of("ChannelShuffle", "data_format", data_format, ["NCHW", "NHWC"])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.channel_shuffle(x, self._groups, self._data_format)

    def extra_repr(self) -> str:
        return settings(groups=self._groups, data_format=self._data_format)


class Unfold(Layer):
    """The windows of an image as columns: [n, c, h, w] -> [n, c kh kw, number of windows]."""

    def __init__(
        self,
        kernel_sizes: Size,
        dilations: Size = 1,
        paddings: Size = 0,
        strides: Size = 1,
        name: str | None = None,
    ) -> None:
        super().__init__()
        sizes("Unfold", "kernel_sizes", kernel_sizes, 2)
        sizes("Unfold", "dilations", dilations, 2)
        sizes("Unfold", "strides", strides, 2)
        self.kernel_sizes = kernel_sizes
        self.dilations = dilations
        self.paddings = paddings
        self.strides = strides

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.unfold(
            x,
            self.kernel_sizes,
            strides=self.strides,
            paddings=self.paddings,
            dilations=self.dilations,
        )

    def extra_repr(self) -> str:
        return settings(
            kernel_sizes=self.kernel_sizes,
            dilations=self.dilations,
            paddings=self.paddings,
            strides=self.strides,
        )


class Fold(Layer):
    """The sum of windows put back: [n, c kh kw, number of windows] -> [n, c, *output_sizes]."""

    def __init__(
        self,
        output_sizes: Size,
        kernel_sizes: Size,
        dilations: Size = 1,
        paddings: Size = 0,
        strides: Size = 1,
        name: str | None = None,
    ) -> None:
        super().__init__()
        sizes("Fold", "output_sizes", output_sizes, 2)
        sizes("Fold", "kernel_sizes", kernel_sizes, 2)
        sizes("Fold", "dilations", dilations, 2)
        sizes("Fold", "strides", strides, 2)
        self.output_sizes = output_sizes
        self.kernel_sizes = kernel_sizes
        self.dilations = dilations
        self.paddings = paddings
        self.strides = strides

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.fold(
            x,
            self.output_sizes,
            self.kernel_sizes,
            strides=self.strides,
            paddings=self.paddings,
            dilations=self.dilations,
        )

    def extra_repr(self) -> str:
        return settings(
            output_sizes=self.output_sizes,
            kernel_sizes=self.kernel_sizes,
            dilations=self.dilations,
            paddings=self.paddings,
            strides=self.strides,
        )


class Upsample(Layer):
    """Resizes the spatial dims to `size`, or by `scale_factor`.

    Args:
        size: the wanted spatial sizes.
        scale_factor: one factor or one a dim; give this or size.
        mode: linear (3 dims), nearest, bilinear, bicubic (4 dims), trilinear (5 dims) or area.
        align_corners: whether the corner pixels' centres stay in place.
        align_mode: 0 for pixel centres at half-integers, 1 for src = scale * dst; without
            align_corners.
        data_format: where the channels stand; None takes channels first.
    """

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool = False,
        align_mode: int = 0,
        data_format: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor = scale_factor
        self.mode = one_of(type(self).__name__, "mode", mode.lower(), _MODES)
        self.align_corners = align_corners
        self.align_mode = align_mode
        self.data_format = data_format

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.interpolate(
            x,
            size=self.size,
            scale_factor=self.scale_factor,
            mode=self.mode,
            align_corners=self.align_corners,
            align_mode=self.align_mode,
            data_format=self.data_format,
        )

    def extra_repr(self) -> str:
        return settings(
            size=self.size,
            scale_factor=self.scale_factor,
            mode=self.mode,
            align_corners=self.align_corners,
            data_format=self.data_format,
        )


class UpsamplingNearest2D(Upsample):
    """Upsample with mode="nearest" of [batch, channels, height, width]."""

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: float | Sequence[float] | None = None,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__(size, scale_factor, "nearest", False, 0, data_format)


class UpsamplingBilinear2D(Upsample):
    """Upsample with mode="bilinear" and align_corners=True of [batch, channels, height, width]."""

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: float | Sequence[float] | None = None,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__(size, scale_factor, "bilinear", True, 0, data_format)
