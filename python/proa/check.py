"""Argument checks of the Python face: a refusal names the layer, the argument, what was expected
and what came.

Why here: a wrong size must be told at construction, in the user's words, not by an operator many
calls later.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from . import _proa


class ArgumentError(_proa.ArgumentValueError):
    """A layer, initializer, clip or other Python-level object was given an argument that it cannot
    take.
    """

    op: str
    argument: str


class StateDictError(_proa.StateError):
    """A state dict does not fit the layer it was loaded into; the text lists every difference."""


def refuse(where: str, argument: str, expected: str, got: object) -> NoReturn:
    """Raise ArgumentError: `[where] argument: expected ..., got ...`."""
    error = ArgumentError(f"[{where}] {argument}: expected {expected}, got {describe(got)}")
    error.op, error.argument = where, argument
    raise error


def describe(value: object) -> str:
    """`value` as a reader of an error wants it: short, with its type where the text alone is not
    telling.
    """
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return repr(value)
    if isinstance(value, _proa.Tensor):
        return f"a tensor of shape {list(value.shape)} and dtype {value.dtype}"
    text = repr(value)
    kind = type(value).__name__
    if len(text) > 80:
        text = text[:77] + "..."
    return text if isinstance(value, (list, tuple)) else f"{text} of type {kind}"


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option that `name` most likely meant, or None."""
    found = difflib.get_close_matches(name, list(options), n=1, cutoff=0.6)
    return found[0] if found else None


def one_of(where: str, argument: str, value: object, options: Sequence[str]) -> Any:
    """`value` if it is one of `options`; refused otherwise, with the likely spelling.

    Any, since what is one of a list at run time is a Literal to the operators' stubs.
    """
    if isinstance(value, str) and value in options:
        return value
    expected = "one of " + ", ".join(repr(o) for o in options)
    if isinstance(value, str):
        meant = nearest(value, options) or nearest(value.upper(), options)
        if meant is not None:
            expected += f" (did you mean {meant!r}?)"
    refuse(where, argument, expected, value)


def integer(where: str, argument: str, value: object, low: int, expected: str) -> int:
    """`value` as an int >= low; bools are refused, NumPy integers are taken."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < low:
        refuse(where, argument, expected, value)
    return int(value)


def positive(where: str, argument: str, value: object) -> int:
    """`value` as an int >= 1."""
    return integer(where, argument, value, 1, "a positive int")


def probability(where: str, argument: str, value: object) -> float:
    """`value` as a float in [0, 1]."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        refuse(where, argument, "a number in [0, 1]", value)
    return float(value)


def sizes(where: str, argument: str, value: object, count: int, low: int = 1) -> list[int]:
    """`value` (one int, or a sequence of `count` ints) as a list of `count` ints >= low."""
    expected = f"an int >= {low} or {count} of them"
    if isinstance(value, numbers.Integral):
        return [integer(where, argument, value, low, expected)] * count
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence) or len(value) != count:
        refuse(where, argument, expected, value)
    for item in value:
        if isinstance(item, bool) or not isinstance(item, numbers.Integral) or item < low:
            refuse(where, argument, expected, value)
    return [int(item) for item in value]


def divisible(where: str, argument: str, value: int, divisor_name: str, divisor: int) -> None:
    """Refuse unless `divisor` divides `value`."""
    if value % divisor != 0:
        refuse(where, argument, f"a multiple of {divisor_name}={divisor}", value)


def only_one(where: str, name: str, value: object, other_name: str, other: object) -> None:
    """Refuse when the same thing was given under two names."""
    if value is not None and other is not None:
        refuse(where, other_name, f"nothing, because {name} was given too", other)
