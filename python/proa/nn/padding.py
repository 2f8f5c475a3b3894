"""Padding layers: zeros, constants, mirrors and wraps around the spatial dims.

Why one table of classes: they differ in the number of dims and in the mode alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import _proa
from ..check import one_of, refuse
from . import functional as F
from .annotations import Size
from .conv import FORMATS
from .layer import Layer
from .text import settings

__all__ = [
    "CircularPad1D",
    "CircularPad2D",
    "CircularPad3D",
    "ConstantPad1D",
    "ConstantPad2D",
    "ConstantPad3D",
    "Pad1D",
    "Pad2D",
    "Pad3D",
    "ReflectionPad1D",
    "ReflectionPad2D",
    "ReflectionPad3D",
    "ReplicationPad1D",
    "ReplicationPad2D",
    "ReplicationPad3D",
    "ZeroPad1D",
    "ZeroPad2D",
    "ZeroPad3D",
]

_MODES = ["constant", "reflect", "replicate", "circular"]


class _Pad(Layer):
    """Pads the spatial dims.

    Args:
        padding: one int for every side, or low and high of each dim, last dim first ([left, right,
            top, bottom, ...]).
        mode: constant, reflect (without the edge), replicate (the edge) or circular.
        value: what constant padding is filled with.
        data_format: where the channels stand.
    """

    _DIMS = 1

    def __init__(self, padding: Size, mode: str, value: float, data_format: str) -> None:
        super().__init__()
        where, dims = type(self).__name__, self._DIMS
        self._pad = _sides(where, padding, dims)
        self._mode = one_of(where, "mode", mode, _MODES)
        self._value = value
        self._data_format = one_of(where, "data_format", data_format, FORMATS[dims])

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        if len(x.shape) != self._DIMS + 2:
            refuse(type(self).__name__, "x", f"a tensor with {self._DIMS + 2} dims", x)
        return F.pad(
            x, self._pad, mode=self._mode, value=self._value, data_format=self._data_format
        )

    def extra_repr(self) -> str:
        return settings(
            padding=self._pad,
            mode=self._mode,
            value=self._value if self._mode == "constant" else None,
            data_format=self._data_format,
        )


def _sides(where: str, padding: Size, dims: int) -> list[int]:
    expected = f"an int or {2 * dims} ints"
    if isinstance(padding, _proa.Tensor):
        padding = [int(side) for side in padding.tolist()]
    if isinstance(padding, int) and not isinstance(padding, bool):
        return [padding] * (2 * dims)
    if isinstance(padding, bool) or not isinstance(padding, Sequence) or len(padding) != 2 * dims:
        refuse(where, "padding", expected, padding)
    for side in padding:
        if isinstance(side, bool) or not hasattr(side, "__index__"):
            refuse(where, "padding", expected, padding)
    return [int(side) for side in padding]


class Pad1D(_Pad):
    """Pads by any mode. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(
        self,
        padding: Size,
        mode: str = "constant",
        value: float = 0.0,
        data_format: str = "NCL",
        name: str | None = None,
    ) -> None:
        super().__init__(padding, mode, value, data_format)


class ZeroPad1D(_Pad):
    """Pads with zeros. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(self, padding: Size, data_format: str = "NCL", name: str | None = None) -> None:
        super().__init__(padding, "constant", 0.0, data_format)


class ConstantPad1D(_Pad):
    """Pads with `value`. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(self, padding: Size, value: float, data_format: str = "NCL") -> None:
        super().__init__(padding, "constant", value, data_format)


class ReflectionPad1D(_Pad):
    """Pads with the mirror image, without the edge. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(self, padding: Size, data_format: str = "NCL") -> None:
        super().__init__(padding, "reflect", 0.0, data_format)


class ReplicationPad1D(_Pad):
    """Pads with the edge. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(self, padding: Size, data_format: str = "NCL") -> None:
        super().__init__(padding, "replicate", 0.0, data_format)


class CircularPad1D(_Pad):
    """Pads with the opposite side. Shape: x [batch, channels, length]."""

    _DIMS = 1

    def __init__(self, padding: Size, data_format: str = "NCL") -> None:
        super().__init__(padding, "circular", 0.0, data_format)


class Pad2D(_Pad):
    """Pads by any mode. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(
        self,
        padding: Size,
        mode: str = "constant",
        value: float = 0.0,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__(padding, mode, value, data_format)


class ZeroPad2D(_Pad):
    """Pads with zeros. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(self, padding: Size, data_format: str = "NCHW", name: str | None = None) -> None:
        super().__init__(padding, "constant", 0.0, data_format)


class ConstantPad2D(_Pad):
    """Pads with `value`. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(self, padding: Size, value: float, data_format: str = "NCHW") -> None:
        super().__init__(padding, "constant", value, data_format)


class ReflectionPad2D(_Pad):
    """Pads with the mirror image, without the edge. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(self, padding: Size, data_format: str = "NCHW") -> None:
        super().__init__(padding, "reflect", 0.0, data_format)


class ReplicationPad2D(_Pad):
    """Pads with the edge. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(self, padding: Size, data_format: str = "NCHW") -> None:
        super().__init__(padding, "replicate", 0.0, data_format)


class CircularPad2D(_Pad):
    """Pads with the opposite side. Shape: x [batch, channels, height, width]."""

    _DIMS = 2

    def __init__(self, padding: Size, data_format: str = "NCHW") -> None:
        super().__init__(padding, "circular", 0.0, data_format)


class Pad3D(_Pad):
    """Pads by any mode. Shape: x [batch, channels, depth, height, width]."""

    _DIMS = 3

    def __init__(
        self,
        padding: Size,
        mode: str = "constant",
        value: float = 0.0,
        data_format: str = "NCDHW",
        name: str | None = None,
    ) -> None:
        super().__init__(padding, mode, value, data_format)


class ZeroPad3D(_Pad):
    """Pads with zeros. Shape: x [batch, channels, depth, height, width]."""

    _DIMS = 3

    def __init__(self, padding: Size, data_format: str = "NCDHW", name: str | None = None) -> None:
        super().__init__(padding, "constant", 0.0, data_format)


class ConstantPad3D(_Pad):
    """Pads with `value`. Shape: x [batch, channels, depth, height, width]."""

    _DIMS = 3

    def __init__(self, padding: Size, value: float, data_format: str = "NCDHW") -> None:
        super().__init__(padding, "constant", value, data_format)


class ReflectionPad3D(_Pad):
    """Pads with the mirror image, without the edge. Shape: x [batch, channels, depth, height,
    width].
    """

    _DIMS = 3

    def __init__(self, padding: Size, data_format: str = "NCDHW") -> None:
        super().__init__(padding, "reflect", 0.0, data_format)


class ReplicationPad3D(_Pad):
    """Pads with the edge. Shape: x [batch, channels, depth, height, width]."""

    _DIMS = 3

    def __init__(self, padding: Size, data_format: str = "NCDHW") -> None:
        super().__init__(padding, "replicate", 0.0, data_format)


class CircularPad3D(_Pad):
    """Pads with the opposite side. Shape: x [batch, channels, depth, height, width]."""

    _DIMS = 3

    def __init__(self, padding: Size, data_format: str = "NCDHW") -> None:
        super().__init__(padding, "circular", 0.0, data_format)
