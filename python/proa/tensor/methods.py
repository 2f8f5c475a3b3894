"""Methods of Tensor that are more than one operator. Installed on the type at import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import _proa
from ..linalg import low_rank
from . import functions, inplace

Tensor = _proa.Tensor


class HookHandle:
    """Removes a hook from a tensor."""

    def __init__(self, tensor: Tensor, handle: int) -> None:
        self._tensor, self._handle = tensor, handle

    def remove(self) -> bool:
        """True if the hook was still there."""
        return bool(_proa._remove_hook(self._tensor, self._handle))


def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
    """Calls `hook(gradient)` when the gradient of this tensor is known; what it returns, unless
    None, takes the gradient's place."""
    return HookHandle(self, _proa._add_hook(self, hook))


def to(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A tensor of another dtype or device: `x.to("float16")`, `x.to("cpu")`, `x.to(other)`."""
    dtype = kwargs.get("dtype")
    for value in (*args, kwargs.get("device"), kwargs.get("other")):
        if isinstance(value, Tensor):
            dtype = value.dtype
        elif isinstance(value, str) and value.split(":")[0] in ("cpu", "gpu", "cuda"):
            _check_device(value)
        elif value is not None and not isinstance(value, bool) and not _is_place(value):
            dtype = value
    return self if dtype is None or self.dtype == dtype else _proa.ops.cast(self, dtype)


def _is_place(value: object) -> bool:
    return "Place" in type(value).__name__


def _check_device(name: str) -> None:
    if name.split(":")[0] != "cpu":
        raise _proa.NotSupportedError(
            f"[to] device: '{name}' is not available in this build; expected 'cpu'")


def _type(self: Tensor, dtype: Any = None) -> Any:
    """The dtype, or a tensor of another one."""
    return self.dtype if dtype is None else _proa.ops.cast(self, dtype)


def apply(self: Tensor, func: Callable[[Tensor], Tensor]) -> Tensor:
    """`func(x)`."""
    return func(self)


def apply_(self: Tensor, func: Callable[[Tensor], Tensor]) -> Tensor:
    """Takes the values of `func(x)` in place."""
    return self.copy_(func(self))


def _cast_method(dtype: str) -> Callable[[Tensor], Tensor]:
    def method(self: Tensor) -> Tensor:
        return _proa.ops.cast(self, dtype)

    method.__doc__ = f"A tensor of dtype {dtype}."
    return method


def iterate(self: Tensor) -> Iterator[Tensor]:
    """Slices along the first axis, as views."""
    if self.ndim == 0:
        raise TypeError("a 0-d tensor cannot be iterated over")
    return (self[i] for i in range(self.shape[0]))


def transposed(self: Tensor) -> Tensor:
    """All axes in reverse order, as a view."""
    return _proa.ops.transpose(self, list(range(self.ndim))[::-1])


def matrix_transposed(self: Tensor) -> Tensor:
    """The last two axes swapped, as a view."""
    order = list(range(self.ndim))
    if len(order) < 2:
        raise _proa.ShapeError(f"[mT] expected at least 2 dims, got shape {self.shape}")
    order[-1], order[-2] = order[-2], order[-1]
    return _proa.ops.transpose(self, order)


def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Sets whether a gradient is wanted."""
    self.stop_gradient = not requires_grad
    return self


def gradient(self: Tensor) -> Any:
    """The gradient as a NumPy array, or None."""
    return None if self.grad is None else self.grad.numpy()


def is_floating_point(self: Tensor) -> bool:
    """True for real floats."""
    return bool(self.dtype.is_floating_point)


def is_complex(self: Tensor) -> bool:
    """True for complex numbers."""
    return bool(self.dtype.is_complex)


def is_integer(self: Tensor) -> bool:
    """True for integers."""
    return not (self.dtype.is_floating_point or self.dtype.is_complex or self.dtype == "bool")


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Cast as another tensor."""
    return _proa.ops.cast(self, other.dtype)


def get_strides(self: Tensor) -> list[int]:
    """How many elements each axis steps over."""
    return list(self.strides)


def is_same_shape(self: Tensor, y: Tensor) -> bool:
    """Whether both have one shape."""
    return list(self.shape) == list(y.shape)


def is_dense(self: Tensor) -> bool:
    """True: every element has its place in memory."""
    return True


def _no(kind: str) -> Callable[[Tensor], bool]:
    def method(self: Tensor) -> bool:
        return False

    method.__doc__ = f"False: this tensor is not {kind}."
    return method


def pin_memory(self: Tensor) -> Tensor:
    """The tensor itself: without a device all memory is as good."""
    return self


def reconstruct_from_(self: Tensor, other: Tensor) -> Tensor:
    """Stands for another tensor from here on."""
    return self._rebind(other)


def _install() -> None:
    for function in (
        *inplace.METHODS,
        functions.increment,
        functions.is_empty,
        functions.numel,
        functions.rank,
        functions.view,
        functions.view_as,
        low_rank.pca_lowrank,
        low_rank.svd_lowrank,
        get_strides,
        is_same_shape,
        is_dense,
        pin_memory,
        reconstruct_from_,
        register_hook,
        to,
        apply,
        apply_,
        requires_grad_,
        gradient,
        is_floating_point,
        is_complex,
        is_integer,
        type_as,
    ):
        setattr(Tensor, function.__name__, function)
    for name, value in {
        "type": _type,
        "is_dist": _no("spread over devices"),
        "is_sparse": _no("sparse"),
        "is_sparse_coo": _no("sparse"),
        "is_sparse_csr": _no("sparse"),
        "__iter__": iterate,
        "T": property(transposed),
        "mT": property(matrix_transposed),
    }.items():
        setattr(Tensor, name, value)
    for name, dtype in {
        "float": "float32",
        "double": "float64",
        "half": "float16",
        "bfloat16": "bfloat16",
        "int": "int32",
        "long": "int64",
        "short": "int16",
        "bool": "bool",
    }.items():
        setattr(Tensor, name, _cast_method(dtype))


_install()
