"""PyTorch's face of Proa: `import proa.torch as torch` runs ordinary PyTorch scripts.

Why beside `proa`: where one call means two things (`split`, `max`, `transpose`, the layout of
Linear's weight), Paddle's meaning stands there and PyTorch's here. A name that is not here by its
own meaning is the core's operator, which knows PyTorch's argument names.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import types
from typing import Any

import proa

from .. import _proa
from ..autograd import enable_grad, no_grad, set_grad_enabled
from ..framework import load as _load
from ..framework import save as _save
from ..tensor import einsum as _einsum
from . import amp, autograd, creation, meanings
from . import tensor as _tensor
from .creation import arange as arange
from .generator import Generator
from .tensor import Size, Tensor, check_device, device

_proa_ops: Any = _proa.ops

for _space in (meanings, creation):
    for _name, _value in vars(_space).items():
        public = not _name.startswith("_") and callable(_value)
        if public and getattr(_value, "__module__", "") in (_space.__name__, None, "builtins"):
            globals()[_name] = _value
for _name in (*meanings.METHODS, "where", "permute", "polygamma"):
    globals()[_name] = getattr(meanings, _name)
tensor = creation.tensor

_DTYPES = (
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
    "complex64", "complex128",
)  # fmt: skip
for _name in _DTYPES:
    globals()[_name] = getattr(proa, _name)
long, int, short = proa.int64, proa.int32, proa.int16
half, float, double = proa.float16, proa.float32, proa.float64
cfloat, cdouble = proa.complex64, proa.complex128
dtype = type(proa.float32)
for _name, _old in _tensor._OLD_TYPES.items():
    globals()[_name] = creation.old_type(_name, _old)

strided = "strided"
contiguous_format = preserve_format = channels_last = "contiguous"
inf, nan, pi, e = math.inf, math.nan, math.pi, math.e
newaxis = None

inference_mode = no_grad
is_grad_enabled = _proa.is_grad_enabled
get_default_dtype = _proa.get_default_dtype
set_default_dtype = _proa.set_default_dtype
autocast = amp.autocast


def __getattr__(name: str) -> Any:
    """A name that has no meaning of its own here is found once, in the core or below it."""
    value = _found(name)
    globals()[name] = value
    return value


def _found(name: str) -> Any:
    if name in ("nn", "optim", "utils", "special", "linalg"):
        return importlib.import_module(f"proa.torch.{name}")
    if name == "fft":
        return proa.fft
    for space in (_proa_ops, proa):
        if hasattr(space, name):
            return getattr(space, name)
    if hasattr(proa.nn.functional, name):
        return getattr(importlib.import_module("proa.torch.nn.functional"), name)
    raise AttributeError(f"module 'proa.torch' has no attribute '{name}'")


def manual_seed(seed: Any) -> None:
    """Seed the generator that every random number comes from."""
    proa.seed(seed)


def einsum(equation: str, *operands: Any) -> Any:
    """Sums of products by Einstein's convention."""
    return _einsum(equation, *operands)


def is_tensor(obj: object) -> Any:
    """True for tensors."""
    return isinstance(obj, _proa.Tensor)


def is_floating_point(input: Any) -> Any:
    """True for real floats."""
    return input.dtype.is_floating_point


def is_complex(input: Any) -> Any:
    """True for complex numbers."""
    return input.dtype.is_complex


def save(obj: Any, f: Any, *ignored: Any, **settings: Any) -> None:
    """Write tensors and plain values, nested in dicts and lists, to one safetensors file."""
    _save(obj, os.fspath(f))


def load(f: Any, map_location: Any = None, **settings: Any) -> Any:
    """Read what `save` wrote, or any safetensors file as a dict of tensors."""
    return _faced(_load(os.fspath(f)))


def _faced(value: Any) -> Any:
    if isinstance(value, _proa.Tensor):
        return _proa._with_face(value)
    if isinstance(value, dict):
        return {key: _faced(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_faced(item) for item in value)
    return value


def set_num_threads(count: Any) -> None:
    """How many threads an operator may use."""
    _proa.set_num_threads(count)


def get_num_threads() -> Any:
    """How many threads an operator may use."""
    return _proa.get_num_threads()


def compile(model: Any = None, **settings: Any) -> Any:
    """The model itself: calls are compiled as they come."""
    return (lambda function: function) if model is None else model


def set_printoptions(precision: Any = None, threshold: Any = None, edgeitems: Any = None,
                     linewidth: Any = None, **ignored: Any) -> None:  # fmt: skip
    """How tensors are printed."""
    import numpy

    numpy.set_printoptions(precision, threshold, edgeitems, linewidth)


def finfo(dtype: Any) -> Any:
    """Bounds of a floating dtype: min, max, eps, tiny, bits."""
    import numpy

    name = getattr(dtype, "name", dtype)
    if name != "bfloat16":
        return numpy.finfo(name)
    most = 2.0**127 * (2.0 - 2.0**-7)
    return types.SimpleNamespace(bits=16, eps=2.0**-7, max=most, min=-most, tiny=2.0**-126)


def iinfo(dtype: Any) -> Any:
    """Bounds of an integer dtype: min, max, bits."""
    import numpy

    return numpy.iinfo(getattr(dtype, "name", dtype))


def use_deterministic_algorithms(mode: Any, **ignored: Any) -> None:
    """Nothing: every algorithm is deterministic."""


cuda = types.SimpleNamespace(
    is_available=lambda: False,
    device_count=lambda: 0,
    manual_seed=manual_seed,
    manual_seed_all=manual_seed,
    empty_cache=lambda: None,
    synchronize=lambda *ignored: None,
    amp=amp,
)
backends = types.SimpleNamespace(
    cudnn=types.SimpleNamespace(benchmark=False, deterministic=True, enabled=False),
    mps=types.SimpleNamespace(is_available=lambda: False),
)
random = types.SimpleNamespace(manual_seed=manual_seed, fork_rng=contextlib.nullcontext)
__version__ = "2.13.0+proa"
__all__ = [
    "Size", "Tensor", "amp", "arange", "autograd", "autocast", "check_device", "compile", "cuda",
    "device", "einsum", "enable_grad", "Generator", "get_default_dtype",
    "is_grad_enabled", "is_tensor", "load",
    "manual_seed", "no_grad", "save", "set_default_dtype", "set_grad_enabled", "tensor",
]  # fmt: skip
