"""Convolution layers, plain and transposed, in 1 to 3 dims.

Why one base: the dims differ only in how many numbers a window has and which operator runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import _proa
from ..check import divisible, one_of, positive, refuse, sizes
from . import functional as F
from .annotations import DTypeLike, Padding, ParamAttrLike, Size
from .family import FORMATS, member
from .initializer import Normal
from .layer import Layer
from .linear import merged_bias
from .parameter import Parameter
from .text import settings

__all__ = ["Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose"]

_PADDING_MODES = ["zeros", "reflect", "replicate", "circular"]


class _Conv(Layer):
    """What all convolutions share: channels, window, weight [out, in / groups, *window], bias
    [out].
    """

    weight: Parameter
    bias: Parameter | None

    _DIMS = 0

    def __init__(
        self,
        transposed: bool,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Padding,
        dilation: Size,
        groups: int,
        weight_attr: ParamAttrLike,
        bias_attr: ParamAttrLike,
        data_format: str,
        dtype: DTypeLike | None,
    ) -> None:
        super().__init__(dtype=dtype)
        where, dims = type(self).__name__, self._DIMS
        self._in_channels = positive(where, "in_channels", in_channels)
        self._out_channels = positive(where, "out_channels", out_channels)
        self._groups = positive(where, "groups", groups)
        divisible(where, "in_channels", in_channels, "groups", groups)
        divisible(where, "out_channels", out_channels, "groups", groups)
        self._kernel_size = sizes(where, "kernel_size", kernel_size, dims)
        self._stride = sizes(where, "stride", stride, dims)
        self._dilation = sizes(where, "dilation", dilation, dims)
        self._padding = _padding(where, padding)
        self._data_format = one_of(where, "data_format", data_format, FORMATS[dims])
        if transposed:
            shape = [in_channels, out_channels // groups, *self._kernel_size]
            self.weight = self._required(shape, weight_attr)
        else:
            shape = [out_channels, in_channels // groups, *self._kernel_size]
            # He et al. 2015, with the fan of all input channels, whatever the groups.
            std = math.sqrt(2.0 / (math.prod(self._kernel_size) * in_channels))
            self.weight = self._required(shape, weight_attr, Normal(0.0, std))
        self.bias = self.create_parameter([out_channels], bias_attr, is_bias=True)

    def extra_repr(self) -> str:
        ones = [1] * len(self._kernel_size)
        text = f"{self._in_channels}, {self._out_channels}, kernel_size={self._kernel_size}"
        more = settings(
            stride=None if self._stride == ones else self._stride,
            padding=None if self._padding == 0 else self._padding,
            dilation=None if self._dilation == ones else self._dilation,
            groups=None if self._groups == 1 else self._groups,
            bias=False if self.bias is None else None,
            data_format=self._data_format,
        )
        return f"{text}, {more}"


def _padding(where: str, padding: Padding) -> Padding:
    if isinstance(padding, str):
        word: str = one_of(where, "padding", padding.upper(), ["SAME", "VALID"])
        return word
    if isinstance(padding, bool) or (isinstance(padding, int) and padding < 0):
        refuse(where, "padding", "ints >= 0, 'SAME' or 'VALID'", padding)
    return padding


class _PlainConv(_Conv):
    """{dims}-d convolution (cross-correlation).

    Args:
        in_channels, out_channels: channels of input and output.
        kernel_size, stride, dilation: one int or {dims} of them.
        padding: an int, {dims} ints, {dims} pairs, 'SAME' or 'VALID'.
        groups: input and output channels fall into this many groups that do not mix.
        padding_mode: zeros, reflect, replicate or circular; all but zeros pad first.
        weight_attr, bias_attr: settings of the weight [out, in / groups, *kernel_size] and the bias
            [out]; bias_attr=False (PyTorch: bias=False) leaves the bias out.
        data_format: channels first or last.

    Shape: x {shape} -> the same, with out_channels.
    """

    _run: Callable[..., _proa.Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        where = type(self).__name__
        super().__init__(
            False,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            weight_attr,
            merged_bias(where, bias_attr, bias),
            data_format,
            dtype,
        )
        self._padding_mode = one_of(where, "padding_mode", padding_mode, _PADDING_MODES)
        self._margins: list[int] = []
        if padding_mode != "zeros":
            if isinstance(self._padding, str):
                refuse(where, "padding", f"numbers, with padding_mode={padding_mode!r}", padding)
            sides = sizes(where, "padding", padding, self._DIMS, low=0)
            # The pad operator names the last dim first, low side before high side.
            self._margins = [side for side in reversed(sides) for _ in range(2)]

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        padding = self._padding
        if self._margins:
            x = F.pad(x, self._margins, mode=self._padding_mode, data_format=self._data_format)
            padding = 0
        return type(self)._run(
            x,
            self.weight,
            bias=self.bias,
            stride=self._stride,
            padding=padding,
            dilation=self._dilation,
            groups=self._groups,
            data_format=self._data_format,
        )

    def extra_repr(self) -> str:
        mode = "" if self._padding_mode == "zeros" else f", padding_mode={self._padding_mode}"
        return super().extra_repr() + mode


class _TransposedConv(_Conv):
    """{dims}-d transposed convolution: the gradient of a convolution with respect to its input.

    Args: as of the convolution; the weight is [in, out / groups, *kernel_size]. output_padding adds
    to one side of the output, where the stride leaves its size open.

    Shape: x {shape} -> the same, with out_channels and
    size = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1.
    """

    _run: Callable[..., _proa.Tensor]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        where = type(self).__name__
        super().__init__(
            True,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            weight_attr,
            merged_bias(where, bias_attr, bias),
            data_format,
            dtype,
        )
        self._output_padding = sizes(where, "output_padding", output_padding, self._DIMS, low=0)

    def forward(self, x: _proa.Tensor, output_size: Size | None = None) -> _proa.Tensor:
        """`output_size`: the sizes wanted of the spatial dims, in place of output_padding."""
        return type(self)._run(
            x,
            self.weight,
            bias=self.bias,
            stride=self._stride,
            padding=self._padding,
            output_padding=0 if output_size is not None else self._output_padding,
            dilation=self._dilation,
            groups=self._groups,
            output_size=output_size,
            data_format=self._data_format,
        )

    def extra_repr(self) -> str:
        extra = any(self._output_padding)
        return super().extra_repr() + (f", output_padding={self._output_padding}" if extra else "")


@member(1)
class Conv1D(_PlainConv):
    _run = staticmethod(F.conv1d)


@member(2)
class Conv2D(_PlainConv):
    _run = staticmethod(F.conv2d)


@member(3)
class Conv3D(_PlainConv):
    _run = staticmethod(F.conv3d)


@member(1)
class Conv1DTranspose(_TransposedConv):
    _run = staticmethod(F.conv1d_transpose)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        groups: int = 1,
        dilation: Size = 1,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCL",
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        # In Paddle groups come before dilation here, and behind it in the other two.
        rest = (weight_attr, bias_attr, data_format)
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation,
            groups, *rest, bias=bias, dtype=dtype,
        )  # fmt: skip


@member(2)
class Conv2DTranspose(_TransposedConv):
    _run = staticmethod(F.conv2d_transpose)


@member(3)
class Conv3DTranspose(_TransposedConv):
    _run = staticmethod(F.conv3d_transpose)
