"""PyTorch's spellings of layers whose arguments or defaults differ from Paddle's.

Why classes and not aliases: `AvgPool2d` counts padding and `BatchNorm2d`'s momentum is the share of
the new,
so the same call must mean what it means in PyTorch. Where a spelling means the same, nn has a plain
alias.
"""

from __future__ import annotations

from ..check import refuse
from . import conv, norm, pooling
from .annotations import DTypeLike, Padding, Size

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


def _undilated(where: str, dilation: Size) -> None:
    if any(step != 1 for step in ([dilation] if isinstance(dilation, int) else dilation)):
        refuse(where, "dilation", "1 (windows with gaps are not pooled)", dilation)


class AvgPool1d(pooling.AvgPool1D):
    """AvgPool1D that counts padding unless told not to."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, not count_include_pad, ceil_mode)


class AvgPool2d(pooling.AvgPool2D):
    """AvgPool2D that counts padding unless told not to."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(
            kernel_size, stride, padding, ceil_mode, not count_include_pad, divisor_override
        )


class AvgPool3d(pooling.AvgPool3D):
    """AvgPool3D that counts padding unless told not to."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(
            kernel_size, stride, padding, ceil_mode, not count_include_pad, divisor_override
        )


class MaxPool1d(pooling.MaxPool1D):
    """MaxPool1D with PyTorch's arguments."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        _undilated("MaxPool1d", dilation)
        super().__init__(
            kernel_size, stride, padding, return_mask=return_indices, ceil_mode=ceil_mode
        )


class MaxPool2d(pooling.MaxPool2D):
    """MaxPool2D with PyTorch's arguments."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        _undilated("MaxPool2d", dilation)
        super().__init__(
            kernel_size, stride, padding, return_mask=return_indices, ceil_mode=ceil_mode
        )


class MaxPool3d(pooling.MaxPool3D):
    """MaxPool3D with PyTorch's arguments."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        _undilated("MaxPool3d", dilation)
        super().__init__(
            kernel_size, stride, padding, return_mask=return_indices, ceil_mode=ceil_mode
        )


class BatchNorm1d(norm.BatchNorm1D):
    """BatchNorm1D whose momentum is the share of the new batch in the running statistics."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            num_features,
            1.0 - momentum,
            eps,
            affine=affine,
            track_running_stats=track_running_stats,
            dtype=dtype,
        )


class BatchNorm2d(norm.BatchNorm2D):
    """BatchNorm2D whose momentum is the share of the new batch in the running statistics."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            num_features,
            1.0 - momentum,
            eps,
            affine=affine,
            track_running_stats=track_running_stats,
            dtype=dtype,
        )


class BatchNorm3d(norm.BatchNorm3D):
    """BatchNorm3D whose momentum is the share of the new batch in the running statistics."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            num_features,
            1.0 - momentum,
            eps,
            affine=affine,
            track_running_stats=track_running_stats,
            dtype=dtype,
        )


class InstanceNorm1d(norm.InstanceNorm1D):
    """InstanceNorm1D without scale and shift unless asked for."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = False,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(num_features, eps, 1.0 - momentum, affine=affine, dtype=dtype)


class InstanceNorm2d(norm.InstanceNorm2D):
    """InstanceNorm2D without scale and shift unless asked for."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = False,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(num_features, eps, 1.0 - momentum, affine=affine, dtype=dtype)


class InstanceNorm3d(norm.InstanceNorm3D):
    """InstanceNorm3D without scale and shift unless asked for."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-05,
        momentum: float = 0.1,
        affine: bool = False,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(num_features, eps, 1.0 - momentum, affine=affine, dtype=dtype)


class ConvTranspose1d(conv.Conv1DTranspose):
    """Conv1DTranspose with PyTorch's order of arguments."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups=groups,
            dilation=dilation,
            bias=bias,
            dtype=dtype,
        )


class ConvTranspose2d(conv.Conv2DTranspose):
    """Conv2DTranspose with PyTorch's order of arguments."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups=groups,
            dilation=dilation,
            bias=bias,
            dtype=dtype,
        )


class ConvTranspose3d(conv.Conv3DTranspose):
    """Conv3DTranspose with PyTorch's order of arguments."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups=groups,
            dilation=dilation,
            bias=bias,
            dtype=dtype,
        )
