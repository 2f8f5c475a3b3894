"""Padding layers: zeros, constants, mirrors and wraps around the spatial dims.

Why one table of classes: they differ in the number of dims and in the mode alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import _proa
from ..check import one_of, refuse
from . import functional as F
from .annotations import Size
from .family import FORMATS, member
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
    """Pads by any mode. Shape: x {shape}.

    Args:
        padding: one int for every side, or low and high of each dim, last dim first ([left, right,
            top, bottom, ...]).
        mode: constant, reflect (without the edge), replicate (the edge) or circular.
        value: what constant padding is filled with.
        data_format: where the channels stand.
    """

    _DIMS = 0

    def __init__(
        self,
        padding: Size,
        mode: str = "constant",
        value: float = 0.0,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
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


class _ZeroPad(_Pad):
    """Pads with zeros. Shape: x {shape}."""

    def __init__(self, padding: Size, data_format: str = "NCHW", name: str | None = None) -> None:
        super().__init__(padding, "constant", 0.0, data_format)


class _ConstantPad(_Pad):
    """Pads with `value`. Shape: x {shape}."""

    def __init__(self, padding: Size, value: float, data_format: str = "NCHW") -> None:
        super().__init__(padding, "constant", value, data_format)


class _ReflectionPad(_Pad):
    """Pads with the mirror image, without the edge. Shape: x {shape}."""

    _MODE = "reflect"

    def __init__(self, padding: Size, data_format: str = "NCHW") -> None:
        super().__init__(padding, self._MODE, 0.0, data_format)


class _ReplicationPad(_ReflectionPad):
    """Pads with the edge. Shape: x {shape}."""

    _MODE = "replicate"


class _CircularPad(_ReflectionPad):
    """Pads with the opposite side. Shape: x {shape}."""

    _MODE = "circular"


@member(1)
class Pad1D(_Pad): ...


@member(1)
class ZeroPad1D(_ZeroPad): ...


@member(1)
class ConstantPad1D(_ConstantPad): ...


@member(1)
class ReflectionPad1D(_ReflectionPad): ...


@member(1)
class ReplicationPad1D(_ReplicationPad): ...


@member(1)
class CircularPad1D(_CircularPad): ...


@member(2)
class Pad2D(_Pad): ...


@member(2)
class ZeroPad2D(_ZeroPad): ...


@member(2)
class ConstantPad2D(_ConstantPad): ...


@member(2)
class ReflectionPad2D(_ReflectionPad): ...


@member(2)
class ReplicationPad2D(_ReplicationPad): ...


@member(2)
class CircularPad2D(_CircularPad): ...


@member(3)
class Pad3D(_Pad): ...


@member(3)
class ZeroPad3D(_ZeroPad): ...


@member(3)
class ConstantPad3D(_ConstantPad): ...


@member(3)
class ReflectionPad3D(_ReflectionPad): ...


@member(3)
class ReplicationPad3D(_ReplicationPad): ...


@member(3)
class CircularPad3D(_CircularPad): ...
