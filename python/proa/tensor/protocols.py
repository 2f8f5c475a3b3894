"""What Python's built-in functions and NumPy's functions ask of a Tensor: round, divmod, format,
np.sin(x). Installed on the type at import."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any

from .. import _proa

Tensor = _proa.Tensor

# NumPy's operators: the method of the left operand, and that of the right one.
_OPERATORS = {
    "add": ("__add__", "__radd__"),
    "subtract": ("__sub__", "__rsub__"),
    "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"),
    "floor_divide": ("__floordiv__", "__rfloordiv__"),
    "remainder": ("__mod__", "__rmod__"),
    "divmod": ("__divmod__", "__rdivmod__"),
    "power": ("__pow__", "__rpow__"),
    "matmul": ("__matmul__", "__rmatmul__"),
    "bitwise_and": ("__and__", "__rand__"),
    "bitwise_or": ("__or__", "__ror__"),
    "bitwise_xor": ("__xor__", "__rxor__"),
    "less": ("__lt__", "__gt__"),
    "less_equal": ("__le__", "__ge__"),
    "greater": ("__gt__", "__lt__"),
    "greater_equal": ("__ge__", "__le__"),
    "equal": ("__eq__", "__eq__"),
    "not_equal": ("__ne__", "__ne__"),
}
# NumPy's functions that have another name here.
_NAMES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "conjugate": "conj",
    "invert": "bitwise_not",
    "negative": "neg",
    "rint": "round",
}


def __round__(self: Tensor, digits: int | None = None) -> Any:
    """`round(x)` of one number is Python's int; `round(x, digits)`, and any other tensor, stays a
    tensor."""
    if digits is None and self.ndim == 0:
        return builtins.round(self.item())
    digits = 0 if digits is None else operator.index(digits)
    if digits == 0 or not self.is_floating_point():
        return _proa.ops.round(self)
    scale = 10.0 ** abs(digits)
    if digits > 0:
        return _proa.ops.round(self * scale) / scale
    return _proa.ops.round(self / scale) * scale


def __divmod__(self: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    """(x // other, x % other)."""
    return self // other, self % other


def __rdivmod__(self: Tensor, other: Any) -> tuple[Tensor, Tensor]:
    """(other // x, other % x)."""
    return other // self, other % self


def __format__(self: Tensor, spec: str) -> str:
    """One number is formatted as Python's numbers are; a tensor of more has no format but its
    text."""
    if not spec:
        return str(self)
    if self.size != 1:
        raise _proa.ArgumentValueError(
            f"[format] spec: expected a tensor of one element for '{spec}', got shape "
            f"{list(self.shape)}; format tolist() or numpy() instead")
    return format(self.item(), spec)


def _function(name: str) -> Callable[..., Any] | None:
    found = getattr(_proa.ops, _NAMES.get(name, name), None)
    return found if callable(found) else None


def _plain(value: Any) -> Any:
    """A NumPy array or number as a tensor; tensors and Python's numbers as they are."""
    if isinstance(value, (Tensor, bool, int, float, complex)):
        return value
    return _proa.to_tensor(value)


def __array_ufunc__(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """NumPy's function of a tensor: the operator of that name, with its gradient. With `out=` of
    NumPy arrays the result is written there."""
    out = options.pop("out", None)
    name = ufunc.__name__
    if method != "__call__" or options:
        what = f"{name}.{method}" if method != "__call__" else f"{name} with {', '.join(options)}="
        raise _refusal(name, f"numpy.{what} does not work on a tensor")
    if name in _OPERATORS:
        left, right = _OPERATORS[name]
        first, second = inputs
        if isinstance(first, Tensor):
            result = getattr(first, left)(second)
        else:
            result = getattr(second, right)(first)
    else:
        function = _function(name)
        if function is None:
            raise _refusal(name, f"there is no operator like numpy.{name}")
        result = function(*[_plain(value) for value in inputs])
    if out is None or result is NotImplemented:
        return result
    if isinstance(result, tuple):
        return tuple(r if o is None else _written(r, (o,)) for r, o in zip(result, out))
    return _written(result, out)


def _refusal(name: str, why: str) -> Exception:
    return _proa.NotSupportedError(
        f"[{name}] x: {why}; give it x.numpy() and make a tensor of the result")


def _written(result: Tensor, out: tuple[Any, ...]) -> Any:
    (target,) = out
    if isinstance(target, Tensor):
        return target.copy_(result)
    target[...] = result.numpy()
    return target


for _method in (__round__, __divmod__, __rdivmod__, __format__, __array_ufunc__):
    setattr(Tensor, _method.__name__, _method)
