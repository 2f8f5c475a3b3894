"""Recording on and off, as context managers and decorators."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from .. import _proa

F = TypeVar("F", bound=Callable[..., Any])


class set_grad_enabled:
    """Sets recording at once; as a context manager, for the block only.

    Args:
        mode: True records operations for gradients, False does not.
    """

    def __init__(self, mode: bool) -> None:
        self._before = _proa._set_grad_enabled(bool(mode))

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _proa._set_grad_enabled(self._before)


class _Mode:
    _on = False

    @overload
    def __new__(cls, func: None = None) -> _Mode: ...
    @overload
    def __new__(cls, func: F) -> F: ...  # type: ignore[misc]
    def __new__(cls, func: F | None = None) -> _Mode | F:  # type: ignore[misc]
        mode = object.__new__(cls)
        return mode if func is None else mode(func)

    def __init__(self, func: None = None) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(_proa._set_grad_enabled(self._on))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _proa._set_grad_enabled(self._before.pop())

    def __call__(self, func: F) -> F:
        mode = type(self)
        if inspect.isgeneratorfunction(func):

            @functools.wraps(func)
            def generator(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    iterator = func(*args, **kwargs)
                while True:
                    with mode():
                        try:
                            item = next(iterator)
                        except StopIteration as stop:
                            return stop.value
                    yield item

            return cast(F, generator)

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with mode():
                return func(*args, **kwargs)

        return cast(F, wrapper)


class no_grad(_Mode):
    """Nothing is recorded inside. `with no_grad():`, `@no_grad()` and `@no_grad` all work."""


class enable_grad(_Mode):
    """Operations are recorded inside, whatever is said outside."""

    _on = True
