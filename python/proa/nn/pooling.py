"""Pooling layers: windows or whole images reduced to one number each.

Why thin: all arithmetic and every check of a window is the operator's; a layer keeps the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, Union

from .. import _proa
from ..check import one_of, refuse, sizes
from . import functional as F
from .annotations import Padding, Size
from .conv import FORMATS
from .layer import Layer
from .text import settings

__all__ = [
    "AdaptiveAvgPool1D",
    "AdaptiveAvgPool2D",
    "AdaptiveAvgPool3D",
    "AdaptiveMaxPool1D",
    "AdaptiveMaxPool2D",
    "AdaptiveMaxPool3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "FractionalMaxPool2D",
    "FractionalMaxPool3D",
    "LPPool1D",
    "LPPool2D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxUnPool1D",
    "MaxUnPool2D",
    "MaxUnPool3D",
]

OutputSize: TypeAlias = int | None | Sequence[int | None]
Pooled: TypeAlias = Union["_proa.Tensor", "tuple[_proa.Tensor, _proa.Tensor]"]


class _Window(Layer):
    """A pool over sliding windows: what every one of them is told."""

    padding: Any

    def __init__(
        self, dims: int, kernel_size: Size, stride: Size | None, padding: Padding, data_format: str
    ) -> None:
        super().__init__()
        where = type(self).__name__
        sizes(where, "kernel_size", kernel_size, dims)
        if stride is not None:
            sizes(where, "stride", stride, dims)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.data_format = one_of(where, "data_format", data_format, FORMATS[dims])

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1D(_Window):
    """Mean of each window of [batch, channels, length].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        exclusive: whether padding is left out of the count (PyTorch: count_include_pad=False).
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        exclusive: bool = True,
        ceil_mode: bool = False,
        name: str | None = None,
        *,
        count_include_pad: bool | None = None,
    ) -> None:
        super().__init__(1, kernel_size, stride, padding, "NCL")
        self.exclusive = exclusive if count_include_pad is None else not count_include_pad
        self.ceil_mode = ceil_mode

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.avg_pool1d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            exclusive=self.exclusive,
            ceil_mode=self.ceil_mode,
        )


class AvgPool2D(_Window):
    """Mean of each window of [batch, channels, height, width].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        exclusive: whether padding is left out of the count (PyTorch: count_include_pad=False).
        ceil_mode: whether a window that hangs over the end counts.
        divisor_override: divide by this instead of the number of elements.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        exclusive: bool = True,
        divisor_override: int | None = None,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        count_include_pad: bool | None = None,
    ) -> None:
        super().__init__(2, kernel_size, stride, padding, data_format)
        self.exclusive = exclusive if count_include_pad is None else not count_include_pad
        self.ceil_mode = ceil_mode
        self.divisor_override = divisor_override

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.avg_pool2d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            exclusive=self.exclusive,
            divisor_override=self.divisor_override,
            data_format=self.data_format,
        )


class AvgPool3D(_Window):
    """Mean of each window of [batch, channels, depth, height, width].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        exclusive: whether padding is left out of the count (PyTorch: count_include_pad=False).
        ceil_mode: whether a window that hangs over the end counts.
        divisor_override: divide by this instead of the number of elements.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        exclusive: bool = True,
        divisor_override: int | None = None,
        data_format: str = "NCDHW",
        name: str | None = None,
        *,
        count_include_pad: bool | None = None,
    ) -> None:
        super().__init__(3, kernel_size, stride, padding, data_format)
        self.exclusive = exclusive if count_include_pad is None else not count_include_pad
        self.ceil_mode = ceil_mode
        self.divisor_override = divisor_override

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.avg_pool3d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            exclusive=self.exclusive,
            divisor_override=self.divisor_override,
            data_format=self.data_format,
        )


class MaxPool1D(_Window):
    """Maximum of each window of [batch, channels, length].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        return_mask: whether to return also the place of each maximum in its flattened image.
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        return_mask: bool = False,
        ceil_mode: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(1, kernel_size, stride, padding, "NCL")
        self.ceil_mode = ceil_mode
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.max_pool1d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            return_mask=self.return_mask,
        )
        return pooled


class MaxPool2D(_Window):
    """Maximum of each window of [batch, channels, height, width].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        return_mask: whether to return also the place of each maximum in its flattened image.
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        return_mask: bool = False,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__(2, kernel_size, stride, padding, data_format)
        self.ceil_mode = ceil_mode
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.max_pool2d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            return_mask=self.return_mask,
            data_format=self.data_format,
        )
        return pooled


class MaxPool3D(_Window):
    """Maximum of each window of [batch, channels, depth, height, width].

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        return_mask: whether to return also the place of each maximum in its flattened image.
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        return_mask: bool = False,
        data_format: str = "NCDHW",
        name: str | None = None,
    ) -> None:
        super().__init__(3, kernel_size, stride, padding, data_format)
        self.ceil_mode = ceil_mode
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.max_pool3d(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            return_mask=self.return_mask,
            data_format=self.data_format,
        )
        return pooled


class MaxUnPool1D(_Window):
    """The partial inverse of MaxPool1D: each value goes back to its place, all else is zero.

    Args:
        kernel_size, stride, padding: those of the pool.
        output_size: the wanted shape, where the pool's stride leaves it open.

    Shape: x and indices [batch, channels, length], as MaxPool1D(return_mask=True) gives them.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        data_format: str = "NCL",
        output_size: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(1, kernel_size, stride, padding, data_format)
        self.output_size = output_size

    def forward(
        self, x: _proa.Tensor, indices: _proa.Tensor, output_size: Sequence[int] | None = None
    ) -> _proa.Tensor:
        return F.max_unpool1d(
            x,
            indices,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            data_format=self.data_format,
            output_size=self.output_size if output_size is None else output_size,
        )


class MaxUnPool2D(_Window):
    """The partial inverse of MaxPool2D: each value goes back to its place, all else is zero.

    Args:
        kernel_size, stride, padding: those of the pool.
        output_size: the wanted shape, where the pool's stride leaves it open.

    Shape: x and indices [batch, channels, height, width], as MaxPool2D(return_mask=True) gives
    them.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        data_format: str = "NCHW",
        output_size: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(2, kernel_size, stride, padding, data_format)
        self.output_size = output_size

    def forward(
        self, x: _proa.Tensor, indices: _proa.Tensor, output_size: Sequence[int] | None = None
    ) -> _proa.Tensor:
        return F.max_unpool2d(
            x,
            indices,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            data_format=self.data_format,
            output_size=self.output_size if output_size is None else output_size,
        )


class MaxUnPool3D(_Window):
    """The partial inverse of MaxPool3D: each value goes back to its place, all else is zero.

    Args:
        kernel_size, stride, padding: those of the pool.
        output_size: the wanted shape, where the pool's stride leaves it open.

    Shape: x and indices [batch, channels, depth, height, width], as MaxPool3D(return_mask=True)
    gives them.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        data_format: str = "NCDHW",
        output_size: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(3, kernel_size, stride, padding, data_format)
        self.output_size = output_size

    def forward(
        self, x: _proa.Tensor, indices: _proa.Tensor, output_size: Sequence[int] | None = None
    ) -> _proa.Tensor:
        return F.max_unpool3d(
            x,
            indices,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            data_format=self.data_format,
            output_size=self.output_size if output_size is None else output_size,
        )


class LPPool1D(_Window):
    """(sum of x^p)^(1/p) of each window of [batch, channels, length].

    Args:
        norm_type: p; infinity is the maximum.
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        data_format: str = "NCL",
        name: str | None = None,
    ) -> None:
        super().__init__(1, kernel_size, stride, padding, data_format)
        if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or norm_type == 0:
            refuse("LPPool1D", "norm_type", "a number other than 0", norm_type)
        self.norm_type = float(norm_type)
        self.ceil_mode = ceil_mode

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.lp_pool1d(
            x,
            self.norm_type,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            data_format=self.data_format,
        )

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, {super().extra_repr()}"


class LPPool2D(_Window):
    """(sum of x^p)^(1/p) of each window of [batch, channels, height, width].

    Args:
        norm_type: p; infinity is the maximum.
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        ceil_mode: whether a window that hangs over the end counts.
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__(2, kernel_size, stride, padding, data_format)
        if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or norm_type == 0:
            refuse("LPPool2D", "norm_type", "a number other than 0", norm_type)
        self.norm_type = float(norm_type)
        self.ceil_mode = ceil_mode

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.lp_pool2d(
            x,
            self.norm_type,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            data_format=self.data_format,
        )

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, {super().extra_repr()}"


class _Adaptive(Layer):
    """A pool told its output size; the windows follow from the input's."""

    def __init__(self, dims: int, output_size: OutputSize, data_format: str) -> None:
        super().__init__()
        where = type(self).__name__
        expected = f"an int >= 1 or {dims} of them, None for the input's own size"
        given = (
            [output_size]
            if isinstance(output_size, int) or output_size is None
            else list(output_size)
        )
        if len(given) not in (1, dims):
            refuse(where, "output_size", expected, output_size)
        for size in given:
            if isinstance(size, bool) or not (
                size is None or (isinstance(size, int) and size >= 1)
            ):
                refuse(where, "output_size", expected, output_size)
        self.output_size = output_size
        # The operators take one size a dim, -1 for the input's own.
        wanted = given * dims if len(given) == 1 else given
        self._sizes = [-1 if size is None else size for size in wanted]
        self.data_format = one_of(where, "data_format", data_format, FORMATS[dims])

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1D(_Adaptive):
    """Means of [batch, channels, length] over windows chosen to give `output_size`.

    Window i of n over a dim of size s runs from floor(i s / n) to ceil((i + 1) s / n).
    """

    def __init__(self, output_size: OutputSize, name: str | None = None) -> None:
        super().__init__(1, output_size, "NCL")

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.adaptive_avg_pool1d(x, self._sizes)


class AdaptiveAvgPool2D(_Adaptive):
    """Means of [batch, channels, height, width] over windows chosen to give `output_size`.

    Window i of n over a dim of size s runs from floor(i s / n) to ceil((i + 1) s / n).
    """

    def __init__(
        self, output_size: OutputSize, data_format: str = "NCHW", name: str | None = None
    ) -> None:
        super().__init__(2, output_size, data_format)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.adaptive_avg_pool2d(x, self._sizes, data_format=self.data_format)


class AdaptiveAvgPool3D(_Adaptive):
    """Means of [batch, channels, depth, height, width] over windows chosen to give `output_size`.

    Window i of n over a dim of size s runs from floor(i s / n) to ceil((i + 1) s / n).
    """

    def __init__(
        self, output_size: OutputSize, data_format: str = "NCDHW", name: str | None = None
    ) -> None:
        super().__init__(3, output_size, data_format)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.adaptive_avg_pool3d(x, self._sizes, data_format=self.data_format)


class AdaptiveMaxPool1D(_Adaptive):
    """Maxima of [batch, channels, length] over windows chosen to give `output_size`.

    return_mask: whether to return also the place of each maximum in its flattened image.
    """

    def __init__(
        self, output_size: OutputSize, return_mask: bool = False, name: str | None = None
    ) -> None:
        super().__init__(1, output_size, "NCL")
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.adaptive_max_pool1d(x, self._sizes, return_mask=self.return_mask)
        return pooled

    def extra_repr(self) -> str:
        return settings(output_size=self.output_size, return_mask=self.return_mask)


class AdaptiveMaxPool2D(_Adaptive):
    """Maxima of [batch, channels, height, width] over windows chosen to give `output_size`.

    return_mask: whether to return also the place of each maximum in its flattened image.
    """

    def __init__(
        self, output_size: OutputSize, return_mask: bool = False, name: str | None = None
    ) -> None:
        super().__init__(2, output_size, "NCHW")
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.adaptive_max_pool2d(x, self._sizes, return_mask=self.return_mask)
        return pooled

    def extra_repr(self) -> str:
        return settings(output_size=self.output_size, return_mask=self.return_mask)


class AdaptiveMaxPool3D(_Adaptive):
    """Maxima of [batch, channels, depth, height, width] over windows chosen to give `output_size`.

    return_mask: whether to return also the place of each maximum in its flattened image.
    """

    def __init__(
        self, output_size: OutputSize, return_mask: bool = False, name: str | None = None
    ) -> None:
        super().__init__(3, output_size, "NCDHW")
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = F.adaptive_max_pool3d(x, self._sizes, return_mask=self.return_mask)
        return pooled

    def extra_repr(self) -> str:
        return settings(output_size=self.output_size, return_mask=self.return_mask)


class FractionalMaxPool2D(_Adaptive):
    """Maxima over windows of random, uneven sizes (Graham, "Fractional max-pooling", 2014).

    Args:
        output_size: the size to give.
        kernel_size: the windows' size where they overlap; None for disjoint windows.
        random_u: the number in (0, 1) that places the windows; None draws one a call.
        return_mask: whether to return also the place of each maximum in its flattened image.

    Shape: x [batch, channels, height, width].
    """

    def __init__(
        self,
        output_size: OutputSize,
        kernel_size: Size | None = None,
        random_u: float | None = None,
        return_mask: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(2, output_size, "NCHW")
        if random_u is not None and not 0 < random_u < 1:
            refuse("FractionalMaxPool2D", "random_u", "a number in (0, 1) or None", random_u)
        if kernel_size is not None:
            sizes("FractionalMaxPool2D", "kernel_size", kernel_size, 2)
        self.kernel_size = kernel_size
        self.random_u = random_u
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        return F.fractional_max_pool2d(
            x, self.output_size, self.kernel_size, self.random_u, return_mask=self.return_mask
        )


class FractionalMaxPool3D(_Adaptive):
    """Maxima over windows of random, uneven sizes (Graham, "Fractional max-pooling", 2014).

    Args:
        output_size: the size to give.
        kernel_size: the windows' size where they overlap; None for disjoint windows.
        random_u: the number in (0, 1) that places the windows; None draws one a call.
        return_mask: whether to return also the place of each maximum in its flattened image.

    Shape: x [batch, channels, depth, height, width].
    """

    def __init__(
        self,
        output_size: OutputSize,
        kernel_size: Size | None = None,
        random_u: float | None = None,
        return_mask: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(3, output_size, "NCDHW")
        if random_u is not None and not 0 < random_u < 1:
            refuse("FractionalMaxPool3D", "random_u", "a number in (0, 1) or None", random_u)
        if kernel_size is not None:
            sizes("FractionalMaxPool3D", "kernel_size", kernel_size, 3)
        self.kernel_size = kernel_size
        self.random_u = random_u
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        return F.fractional_max_pool3d(
            x, self.output_size, self.kernel_size, self.random_u, return_mask=self.return_mask
        )
