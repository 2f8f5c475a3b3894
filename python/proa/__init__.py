"""Proa: a deep-learning framework. `import proa as paddle` runs code in Paddle's names."""

from __future__ import annotations

import builtins
import importlib
from typing import TYPE_CHECKING, Any

from . import _proa
from ._proa import *  # noqa: F403
from ._proa import Tensor, seed
from ._proa.top import *  # noqa: F403
from .autograd import enable_grad, grad, set_grad_enabled
from .autograd import no_grad as no_grad

for _name in ("fft", "functional", "linalg", "ops", "top"):  # the core's own; packages stand below
    globals().pop(_name, None)

from . import tensor  # noqa: E402
from .tensor import (  # type: ignore[assignment,no-redef]  # noqa: E402
    atleast_1d,
    atleast_2d,
    atleast_3d,
    bernoulli_,
    broadcast_shape,
    einsum,
    get_printoptions,
    histogramdd,
    increment,
    index_put,
    index_put_,
    is_complex,
    is_empty,
    is_floating_point,
    is_integer,
    log_normal_,
    meshgrid,
    numel,
    rank,
    set_printoptions,
    shape,
    tensordot,
    tolist,
    uniform_,
    view,
    view_as,
)

__version__ = "0.1.0"

# Packages are imported when they are first asked for: `import proa` stays fast.
_PACKAGES = (
    "amp", "autograd", "checkpoint", "compiler", "distribution", "fft", "framework", "inference",
    "io", "ir", "jit", "linalg", "metric", "nn", "ops", "optimizer", "profiler", "regularizer",
    "signal", "static", "torch", "vision",
)
_FROM = {
    **dict.fromkeys(("finfo", "iinfo"), "dtype_info"),
    **dict.fromkeys(
        (
            "CPUPlace", "CUDAPlace", "CUDAPinnedPlace", "LazyGuard", "enable_static",
            "disable_static", "get_cuda_rng_state", "set_cuda_rng_state",
        ),
        "device_names",
    ),
    **dict.fromkeys(
        (
            "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
            "memory_summary", "reset_max_memory_allocated", "reset_max_memory_reserved",
            "reset_peak_memory_stats",
        ),
        "memory",
    ),
    **dict.fromkeys(("get_flags", "set_flags"), "flags"),
    "ParamAttr": "param_attr",
    "recompute": "autograd",
    "save": "framework",
    "load": "framework",
    "create_parameter": "nn",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module("." + name, __name__)
    if name in _FROM:
        value = getattr(importlib.import_module("." + _FROM[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'proa' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PACKAGES, *_FROM})


def is_tensor(x: object) -> builtins.bool:
    """True for a Tensor."""
    return isinstance(x, Tensor)


def set_device(device: str) -> str:
    """Chooses the device of new tensors.

    Raises:
        NotSupportedError: this build has no such device.
    """
    if device.split(":")[0] != "cpu":
        raise _proa.NotSupportedError(
            f"[set_device] device: '{device}' is not available; expected 'cpu'")
    return device


def get_device() -> str:
    """The device of new tensors."""
    return "cpu"


def is_compiled_with_cuda() -> builtins.bool:
    """Whether this build knows CUDA."""
    return False


def in_dynamic_mode() -> builtins.bool:
    """True: operations run at once."""
    return True


manual_seed = seed
