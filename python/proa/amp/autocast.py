"""`auto_cast`: run the operators of a block in 16 bits where that is safe.

The casting itself happens where operators are called, in C++; this sets its switch, which each
thread has for itself, and sets it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any, Self

from proa import _proa
from proa.refusal import value_error

from .lists import chosen

_LEVELS = {"O0": 0, "O1": 1, "O2": 2}


class auto_cast(ContextDecorator):
    """A context manager (or decorator) within which operators cast their operands.

    Args:
        enable: False switches casting off within.
        custom_white_list, custom_black_list: names of operators to run in `dtype`, in float32.
        level: "O1" casts for the white list; "O2" for all but the black list, to be used with
            `decorate`; "O0" is off.
        dtype: "float16" or "bfloat16".
        use_promote: must be true: where an operator gets several types, the widest goes.
    """

    def __init__(
        self,
        enable: bool = True,
        custom_white_list: Iterable[str] | None = None,
        custom_black_list: Iterable[str] | None = None,
        level: str = "O1",
        dtype: str = "float16",
        use_promote: bool = True,
    ) -> None:
        if level not in _LEVELS:
            raise value_error(f"[auto_cast] level: expected 'O0', 'O1' or 'O2', got {level!r}")
        if not use_promote:
            raise value_error("[auto_cast] use_promote: expected True, got False")
        white, black = chosen(custom_white_list, custom_black_list)
        number = _LEVELS[level]
        self._state = (
            bool(enable) and number > 0,
            max(number, 1),
            checked_dtype("auto_cast", dtype),
            white,
            black,
        )
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        self._before.append(_proa.amp_state(*self._state))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _proa.amp_state(*self._before.pop())

    def __call__(self, func: Callable[..., Any]) -> Any:
        return super().__call__(func)


def autocast(
    device_type: str = "cpu",
    dtype: Any = "bfloat16",
    enabled: bool = True,
    cache_enabled: bool | None = None,
) -> auto_cast:
    """`auto_cast` with the arguments of `torch.autocast`."""
    return auto_cast(enabled, dtype=dtype)


def checked_dtype(owner: str, dtype: Any) -> str:
    """The name of a 16-bit type."""
    for name in ("float16", "bfloat16"):
        if dtype == name:
            return name
    raise value_error(f"[{owner}] dtype: expected 'float16' or 'bfloat16', got {dtype!r}")
