"""Casting and moving all tensors of a layer, in place.

Why in place: optimizers, tied weights and user code hold the same parameter objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

import proa

from .. import _proa
from ..check import refuse
from .annotations import DTypeLike
from .initializer import dtype_name

if TYPE_CHECKING:
    from .layer import Layer

_FLOATS = {"float16", "bfloat16", "float32", "float64"}
_COMPLEX = {"complex64", "complex128"}
_INTS = {"bool", "uint8", "int8", "int16", "int32", "int64"}


def target_of(device: Any, dtype: DTypeLike | None) -> tuple[Any, str | None]:
    """(device, dtype name) meant by the arguments of `Layer.to`, whose first may be a dtype or a
    tensor.
    """
    if isinstance(device, _proa.Tensor):
        dtype = device.dtype if dtype is None else dtype
        device = str(device.place).removeprefix("Place(").removesuffix(")")
    elif isinstance(device, (_proa.DType, numpy.dtype, type)) or (
        isinstance(device, str) and device in _FLOATS | _COMPLEX | _INTS
    ):
        if dtype is not None:
            refuse("Layer.to", "dtype", "one dtype, not two", dtype)
        device, dtype = None, device
    name = None if dtype is None else dtype_name(dtype)
    if name is not None and name not in _FLOATS | _COMPLEX | _INTS:
        refuse("Layer.to", "dtype", "a dtype", dtype)
    return device, name


def convert(layer: Layer, device: Any, dtype: str | None, floating_only: bool) -> None:
    """Cast and move the parameters and buffers of `layer` and all below, and their gradients."""
    if dtype in _INTS and floating_only:
        refuse("Layer.to", "dtype", "a floating-point or complex dtype", dtype)
    with proa.no_grad():
        for part in layer.sublayers(include_self=True):
            if dtype is not None:
                part._dtype = dtype
            for tensor in [*part._parameters.values(), *part._buffers.values()]:
                if tensor is None:
                    continue
                gradient = tensor.grad
                _convert(tensor, device, dtype, floating_only)
                if gradient is not None:
                    _convert(gradient, device, dtype, floating_only)
                    tensor.grad = gradient


def _convert(tensor: _proa.Tensor, device: Any, dtype: str | None, floating_only: bool) -> None:
    now = dtype_name(tensor.dtype)
    # A complex tensor has no place among real ones: it follows complex casts only.
    castable = now in _FLOATS or not floating_only or (now in _COMPLEX and dtype in _COMPLEX)
    if dtype is not None and now != dtype and castable:
        tensor.data = tensor.detach().astype(dtype)
    if device is not None:
        moved = tensor.detach().to(device)
        if str(moved.place) != str(tensor.place):
            tensor.data = moved
