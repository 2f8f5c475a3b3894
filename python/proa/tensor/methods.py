"""Methods of Tensor that are more than one operator. Installed on the type at import."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import _proa

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


def fill_(self: Tensor, value: float) -> Tensor:
    """Sets every element to a number, in place."""
    return self.copy_(_proa.ops.full_like(self, value))


def zero_(self: Tensor) -> Tensor:
    """Sets every element to zero, in place."""
    return self.copy_(_proa.ops.zeros_like(self))


def _random(name: str) -> Callable[..., Tensor]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        kwargs.pop("name", None)
        if name == "normal":
            mean = args[0] if args else kwargs.get("mean", 0.0)
            std = args[1] if len(args) > 1 else kwargs.get("std", 1.0)
            drawn = _proa.ops.randn(self.shape, dtype=self.dtype) * std + mean
        else:
            low = args[0] if args else kwargs.get("min", -1.0)
            high = args[1] if len(args) > 1 else kwargs.get("max", 1.0)
            drawn = _proa.ops.uniform(self.shape, dtype=self.dtype, min=low, max=high)
        return self.copy_(drawn)

    method.__name__ = name + "_"
    method.__doc__ = f"Draws every element from the {name} distribution, in place."
    return method


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


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """Reshaped as another tensor."""
    return _proa.ops.reshape(self, other.shape)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Cast as another tensor."""
    return _proa.ops.cast(self, other.dtype)


def _install() -> None:
    for function in (
        register_hook,
        to,
        apply,
        apply_,
        fill_,
        zero_,
        requires_grad_,
        gradient,
        is_floating_point,
        is_complex,
        is_integer,
        view_as,
        type_as,
    ):
        setattr(Tensor, function.__name__, function)
    for name, value in {
        "type": _type,
        "normal_": _random("normal"),
        "uniform_": _random("uniform"),
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
