"""Pooling layers: windows or whole images reduced to one number each.

Why thin: all arithmetic and every check of a window is the operator's; a layer keeps the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, Union

from .. import _proa
from ..check import one_of, refuse, sizes
from . import functional as F
from .annotations import Padding, Size
from .family import FORMATS, member
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

    _DIMS = 0
    _run: Callable[..., Any]
    padding: Any

    def __init__(
        self, kernel_size: Size, stride: Size | None, padding: Padding, data_format: str
    ) -> None:
        super().__init__()
        where, dims = type(self).__name__, self._DIMS
        sizes(where, "kernel_size", kernel_size, dims)
        if stride is not None:
            sizes(where, "stride", stride, dims)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.data_format = one_of(where, "data_format", data_format, FORMATS[dims])

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(_Window):
    """Mean of each window of {shape}.

    Args:
        kernel_size, stride, padding: of the windows; stride None is kernel_size.
        exclusive: whether padding is left out of the count (PyTorch: count_include_pad=False).
        ceil_mode: whether a window that hangs over the end counts.
        divisor_override: divide by this instead of the number of elements (2 and 3 dims).
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
        super().__init__(kernel_size, stride, padding, data_format)
        self.exclusive = exclusive if count_include_pad is None else not count_include_pad
        self.ceil_mode = ceil_mode
        self.divisor_override = divisor_override

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        pooled: _proa.Tensor = type(self)._run(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            exclusive=self.exclusive,
            divisor_override=self.divisor_override,
            data_format=self.data_format,
        )
        return pooled


@member(1)
class AvgPool1D(_AvgPool):
    _run = staticmethod(F.avg_pool1d)

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
        own = exclusive if count_include_pad is None else not count_include_pad
        super().__init__(kernel_size, stride, padding, ceil_mode, own, None, "NCL")


@member(2)
class AvgPool2D(_AvgPool):
    _run = staticmethod(F.avg_pool2d)


@member(3)
class AvgPool3D(_AvgPool):
    _run = staticmethod(F.avg_pool3d)


class _MaxPool(_Window):
    """Maximum of each window of {shape}.

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
        super().__init__(kernel_size, stride, padding, data_format)
        self.ceil_mode = ceil_mode
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = type(self)._run(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            ceil_mode=self.ceil_mode,
            return_mask=self.return_mask,
            data_format=self.data_format,
        )
        return pooled


@member(1)
class MaxPool1D(_MaxPool):
    _run = staticmethod(F.max_pool1d)

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = 0,
        return_mask: bool = False,
        ceil_mode: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, return_mask, "NCL")


@member(2)
class MaxPool2D(_MaxPool):
    _run = staticmethod(F.max_pool2d)


@member(3)
class MaxPool3D(_MaxPool):
    _run = staticmethod(F.max_pool3d)


class _MaxUnPool(_Window):
    """The partial inverse of MaxPool{dims}D: each value goes back to its place, all else is zero.

    Args:
        kernel_size, stride, padding: those of the pool.
        output_size: the wanted shape, where the pool's stride leaves it open.

    Shape: x and indices {shape}, as MaxPool{dims}D(return_mask=True) gives them.
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
        super().__init__(kernel_size, stride, padding, data_format)
        self.output_size = output_size

    def forward(
        self, x: _proa.Tensor, indices: _proa.Tensor, output_size: Sequence[int] | None = None
    ) -> _proa.Tensor:
        y: _proa.Tensor = type(self)._run(
            x,
            indices,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            data_format=self.data_format,
            output_size=self.output_size if output_size is None else output_size,
        )
        return y


@member(1)
class MaxUnPool1D(_MaxUnPool):
    _run = staticmethod(F.max_unpool1d)


@member(2)
class MaxUnPool2D(_MaxUnPool):
    _run = staticmethod(F.max_unpool2d)


@member(3)
class MaxUnPool3D(_MaxUnPool):
    _run = staticmethod(F.max_unpool3d)


class _LPPool(_Window):
    """(sum of x^p)^(1/p) of each window of {shape}.

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
        super().__init__(kernel_size, stride, padding, data_format)
        if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or norm_type == 0:
            refuse(type(self).__name__, "norm_type", "a number other than 0", norm_type)
        self.norm_type = float(norm_type)
        self.ceil_mode = ceil_mode

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        pooled: _proa.Tensor = type(self)._run(
            x,
            self.norm_type,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            data_format=self.data_format,
        )
        return pooled

    def extra_repr(self) -> str:
        return f"norm_type={self.norm_type}, {super().extra_repr()}"


@member(1)
class LPPool1D(_LPPool):
    _run = staticmethod(F.lp_pool1d)


@member(2)
class LPPool2D(_LPPool):
    _run = staticmethod(F.lp_pool2d)


class _Adaptive(Layer):
    """A pool told its output size; the windows follow from the input's."""

    _DIMS = 0
    _run: Callable[..., Any]

    def __init__(self, output_size: OutputSize, data_format: str) -> None:
        super().__init__()
        where, dims = type(self).__name__, self._DIMS
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


class _AdaptiveAvgPool(_Adaptive):
    """Means of {shape} over windows chosen to give `output_size`.

    Window i of n over a dim of size s runs from floor(i s / n) to ceil((i + 1) s / n).
    """

    def __init__(
        self, output_size: OutputSize, data_format: str = "NCHW", name: str | None = None
    ) -> None:
        super().__init__(output_size, data_format)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        pooled: _proa.Tensor = type(self)._run(x, self._sizes, data_format=self.data_format)
        return pooled


@member(1)
class AdaptiveAvgPool1D(_AdaptiveAvgPool):
    _run = staticmethod(F.adaptive_avg_pool1d)

    def __init__(self, output_size: OutputSize, name: str | None = None) -> None:
        super().__init__(output_size, "NCL")


@member(2)
class AdaptiveAvgPool2D(_AdaptiveAvgPool):
    _run = staticmethod(F.adaptive_avg_pool2d)


@member(3)
class AdaptiveAvgPool3D(_AdaptiveAvgPool):
    _run = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(_Adaptive):
    """Maxima of {shape} over windows chosen to give `output_size`.

    return_mask: whether to return also the place of each maximum in its flattened image.
    """

    def __init__(
        self, output_size: OutputSize, return_mask: bool = False, name: str | None = None
    ) -> None:
        super().__init__(output_size, FORMATS[self._DIMS][0])
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = type(self)._run(x, self._sizes, return_mask=self.return_mask)
        return pooled

    def extra_repr(self) -> str:
        return settings(output_size=self.output_size, return_mask=self.return_mask)


@member(1)
class AdaptiveMaxPool1D(_AdaptiveMaxPool):
    _run = staticmethod(F.adaptive_max_pool1d)


@member(2)
class AdaptiveMaxPool2D(_AdaptiveMaxPool):
    _run = staticmethod(F.adaptive_max_pool2d)


@member(3)
class AdaptiveMaxPool3D(_AdaptiveMaxPool):
    _run = staticmethod(F.adaptive_max_pool3d)


class _FractionalMaxPool(_Adaptive):
    """Maxima over windows of random, uneven sizes (Graham, "Fractional max-pooling", 2014).

    Args:
        output_size: the size to give.
        kernel_size: the windows' size where they overlap; None for disjoint windows.
        random_u: the number in (0, 1) that places the windows; None draws one a call.
        return_mask: whether to return also the place of each maximum in its flattened image.

    Shape: x {shape}.
    """

    def __init__(
        self,
        output_size: OutputSize,
        kernel_size: Size | None = None,
        random_u: float | None = None,
        return_mask: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(output_size, FORMATS[self._DIMS][0])
        where = type(self).__name__
        if random_u is not None and not 0 < random_u < 1:
            refuse(where, "random_u", "a number in (0, 1) or None", random_u)
        if kernel_size is not None:
            sizes(where, "kernel_size", kernel_size, self._DIMS)
        self.kernel_size = kernel_size
        self.random_u = random_u
        self.return_mask = return_mask

    def forward(self, x: _proa.Tensor) -> Pooled:
        pooled: Pooled = type(self)._run(
            x, self.output_size, self.kernel_size, self.random_u, return_mask=self.return_mask
        )
        return pooled


@member(2)
class FractionalMaxPool2D(_FractionalMaxPool):
    _run = staticmethod(F.fractional_max_pool2d)


@member(3)
class FractionalMaxPool3D(_FractionalMaxPool):
    _run = staticmethod(F.fractional_max_pool3d)
