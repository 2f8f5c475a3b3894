"""The table of references: for each operator page a function that was not written from it.

A reference takes the page's operands and attributes by name, as NumPy arrays in a wide dtype
(float64 for floats, complex128 for complex; integers and bool as they are, wrapping as NumPy wraps)
and gives the results that the operator must give, or `Within(value, scale)` where the operator
sums: its error may then be a multiple of the unit roundoff times the sum of the terms' magnitudes
(Higham 2002, section 4.2), not of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Within:
    """A result, and the magnitude of the terms that it is a sum of.

    `depth` is the length of the longest chain of additions; `narrow` says that the chain rounds in
    the result's dtype (a composition of several operators) and not in float32.
    """

    value: np.ndarray
    scale: np.ndarray
    depth: float = 1.0
    narrow: bool = False


def chain(terms: int) -> float:
    """Additions one after another in a sum of so many terms (docs/design/numerics.md)."""
    return min(terms, 256) + 16.0


@dataclass
class Case:
    """One more case beside a page's own samples, in the form of a sample."""

    operands: list[list[dict[str, Any]]]
    attrs: dict[str, Any]


def T(*dims: int, fill: str = "normal", dtype: str | None = None) -> dict[str, Any]:
    return {"dims": list(dims), "fill": fill, "dtype": dtype, "number": None, "values": []}


def V(values: Sequence[float], dtype: str | None = None, dims: Sequence[int] | None = None) -> dict:
    shape = list(dims) if dims is not None else [len(values)]
    return {"dims": shape, "fill": "values", "dtype": dtype, "number": None, "values": list(values)}


def index(*dims: int, low: int = 0, high: int, dtype: str = "int64") -> dict[str, Any]:
    arg = T(*dims, fill="index", dtype=dtype)
    return arg | {"low": low, "high": high}


def number(value: float) -> dict[str, Any]:
    return {"number": value}


def case(*operands: dict[str, Any] | list[dict[str, Any]] | None, **attrs: Any) -> Case:
    lists = [o if isinstance(o, list) else [] if o is None else [o] for o in operands]
    return Case(lists, attrs)


@dataclass
class Reference:
    function: Callable[..., Any]
    meet: str = "promote"  # promote, float (integers become the default float), none
    result: Any = "met"  # met, first, real, complex, a dtype, a tuple of these, or a function
    ulps: tuple[float, float] = (0.0, 0.0)  # allowed for real and complex results
    kind: str = ""  # unary, binary: elementwise, so that tails and special values follow
    special: bool | Callable[..., Any] = True
    zeros: bool = True  # the sign of a zero counts
    noise: tuple[float, float] = (1.0, 0.0)  # error of the float64 reference: relative, absolute
    cases: list[Case] = field(default_factory=list)
    checks: bool = False  # the function gets `results` first and asserts by itself
    refuses: Callable[..., bool] | None = None  # (dtypes, attrs): legal by its parts, but refused


TABLE: dict[str, Reference] = {}


def reference(
    *names: str, ulps: float | tuple[float, float] = 0.0, cases: Sequence[Case] = (), **how: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    pair = ulps if isinstance(ulps, tuple) else (ulps, ulps)

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            assert name not in TABLE, name
            TABLE[name] = Reference(function, ulps=pair, cases=list(cases), **how)
        return function

    return enter
