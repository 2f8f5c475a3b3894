"""Paddle's flags, those that mean something here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import _proa
from .refusal import value_error

__all__ = ["get_flags", "set_flags"]


def _check_nan(value: Any) -> Any:
    """Sets the flag, or only reads it where value is None."""
    before = _proa._watch("finite", bool(value))
    if value is None:
        _proa._watch("finite", before)
    return before


def _passes_off(value: Any) -> Any:
    if isinstance(value, str):
        value = [name for name in value.split(",") if name]
    return ",".join(_proa._passes_off(value))


_FLAGS = {
    "FLAGS_check_nan_inf": _check_nan,
    "FLAGS_passes_off": _passes_off,
}


def set_flags(flags: Mapping[str, Any]) -> None:
    """Sets flags of the process.

    Args:
        flags: "FLAGS_check_nan_inf": the first operation that makes NaN or infinity of finite
            operands raises ValueError with its name and your line, eager or captured; captured
            functions are gone through twice then. "FLAGS_passes_off": names of passes, separated
            by commas, that are left out of what is compiled from now on.

    Example:
        >>> proa.set_flags({"FLAGS_check_nan_inf": False})
    """
    for name, value in flags.items():
        if name not in _FLAGS:
            raise value_error(
                f"[set_flags] flags: there is no '{name}'; expected {', '.join(_FLAGS)}"
            )
        _FLAGS[name]("" if value is None else value)


def get_flags(flags: str | Iterable[str]) -> dict[str, Any]:
    """The values of flags by name.

    Example:
        >>> proa.get_flags("FLAGS_check_nan_inf")
        {'FLAGS_check_nan_inf': False}
    """
    names = [flags] if isinstance(flags, str) else list(flags)
    for name in names:
        if name not in _FLAGS:
            raise value_error(
                f"[get_flags] flags: there is no '{name}'; expected {', '.join(_FLAGS)}"
            )
    return {name: _FLAGS[name](None) for name in names}
