"""What stands for a Python float while a function is captured: a 0-d input of the graph.

Why not the float itself: a learning rate that changes each step would be a constant of the graph,
and each value another graph.
"""

from __future__ import annotations

import numbers
import operator
from typing import Any

from .. import _proa
from .._proa import _ir


class CapturedFloat:
    """A float argument under capture.

    It adds, subtracts, multiplies and divides in float64 as Python does. Whatever needs its value
    (a comparison, `if`, an attribute of an operator, math.sqrt) gets it, and the value is a guard
    of the capture from there on.
    """

    __slots__ = ("_read", "_value", "tensor")

    def __init__(self, tensor: _proa.Tensor, value: float | None, read: Any) -> None:
        self.tensor = tensor
        self._value = value
        self._read = read

    def __float__(self) -> float:
        self._read()
        if self._value is None:
            raise OverflowError("a captured float has no value here")
        return self._value

    def _with(self, other: Any, name: str, swapped: bool = False) -> Any:
        if isinstance(other, _ir.Dim):
            size: Any = other
            other = operator.index(size)
        if isinstance(other, bool) or not isinstance(other, (CapturedFloat, int, float)):
            return NotImplemented
        number: float | None
        if isinstance(other, CapturedFloat):
            number, right = other._value, other.tensor
        else:
            number = float(other)
            right = _proa.ops.full([], number, "float64")
        if name == "divide" and (self._value if swapped else number) == 0:
            return float(other) / float(self) if swapped else float(self) / float(other)
        left, right = (right, self.tensor) if swapped else (self.tensor, right)
        own, value = self._value, None
        if own is not None and number is not None:
            a, b = (number, own) if swapped else (own, number)
            value = {
                "add": lambda: a + b,
                "subtract": lambda: a - b,
                "multiply": lambda: a * b,
                "divide": lambda: a / b,
            }[name]()
        other_read = other._read if isinstance(other, CapturedFloat) else None

        def read() -> None:
            self._read()
            if other_read is not None:
                other_read()

        return CapturedFloat(getattr(_proa.ops, name)(left, right), value, read)

    def __add__(self, other: Any) -> Any:
        return self._with(other, "add")

    def __radd__(self, other: Any) -> Any:
        return self._with(other, "add", True)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, "subtract")

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, "subtract", True)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, "multiply")

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, "multiply", True)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, "divide")

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, "divide", True)

    def __neg__(self) -> Any:
        return CapturedFloat(
            _proa.ops.neg(self.tensor), None if self._value is None else -self._value, self._read
        )

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> float:
        return abs(float(self))

    def __pow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) ** other

    def __rpow__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else other ** float(self)

    def __bool__(self) -> bool:
        return bool(float(self))

    def __eq__(self, other: object) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) == other

    def __lt__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) < other

    def __le__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) <= other

    def __gt__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) > other

    def __ge__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, _proa.Tensor) else float(self) >= other

    def __hash__(self) -> int:
        return hash(float(self))

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self), digits)

    def __int__(self) -> int:
        return int(float(self))

    def __repr__(self) -> str:
        return repr(float(self))

    def __format__(self, spec: str) -> str:
        return format(float(self), spec)


numbers.Real.register(CapturedFloat)
_proa._jit_float_class(CapturedFloat)
