"""What a captured function does in Python at each call: numbers read anew, calls made again.

A graph holds tensors only. A learning rate that a scheduler computes, the scheduler's own step and
a loss scale are Python; an optimizer says here what of them belongs to each call, and outside of a
capture these functions are the calls themselves.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from . import _proa
from .refusal import with_head

Result = TypeVar("Result")
_local = threading.local()


class Host:
    """Of one graph: what each call does in Python, in order."""

    def __init__(self) -> None:
        self.before: list[tuple[bool, Callable[[], Any]]] = []  # (gives a number, function)
        self.after: list[tuple[Callable[..., None], list[_proa.Tensor]]] = []
        self.reads: list[tuple[Callable[[], float], float]] = []
        self.watched: dict[int, tuple[str, Callable[[], Any], Any]] = {}
        self.notes: dict[Any, Any] = {}  # of the objects that are captured, while they are
        self._kept: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._inside = False
        self._called = False

    def __enter__(self) -> Host:
        self._outer = getattr(_local, "host", None)
        _local.host = self
        return self

    def __exit__(self, *error: object) -> None:
        _local.host = self._outer
        for owner, state in self._kept.values():  # what was stepped for a look takes its step later
            owner.__dict__.clear()
            owner.__dict__.update(state)
        self._kept.clear()
        self.notes.clear()

    def numbers(self) -> list[float]:
        """Before the graph runs: the calls, and the numbers that it asks for."""
        return [
            float(value)
            for gives, value in [(gives, function()) for gives, function in self.before]
            if gives
        ]

    def differs(self) -> str:
        """Why the graph does not fit any more; "" if it does."""
        for name, state, before in self.watched.values():
            if state() != before:
                return f"settings of {name} changed"
        for read, value in self.reads:
            now = read()
            if now != value:
                return f"a number that is read changed from {value} to {now}"
        return ""

    def _keep(self, owner: Any) -> None:
        if id(owner) in self._kept:
            return
        state = dict(owner.__dict__)
        self._kept[id(owner)] = owner, state
        for part in state.values():
            if isinstance(part, type(owner).__mro__[-2]):  # of the same family: one in another
                self._keep(part)

    def call(self, owner: Any, function: Callable[[], None]) -> None:
        if self._inside:
            function()
            return
        self._keep(owner)
        self.before.append((False, function))
        self._inside = self._called = True
        try:
            function()
        finally:
            self._inside = False

    def number(self, read: Callable[[], float]) -> Any:
        from .jit.number import CapturedFloat

        value, early = float(read()), not self._called
        if self._inside:
            return value

        def guard() -> None:
            if not early:
                raise with_head(
                    _proa.NotSupportedError(
                        "[to_static] a number is read in Python after a call that changes it"
                        f"{_proa._jit_where()}: read it before, or outside of the captured function"
                    )
                )
            self.reads.append((read, value))

        tensor = _proa._jit_number()
        self.before.append((True, read))
        return CapturedFloat(tensor, value, guard)


def current() -> Host | None:
    """Of the function that is captured on this thread; None where calls run."""
    return getattr(_local, "host", None) if _proa._jit_tracing() else None


def number(read: Callable[[], float]) -> Any:
    """What `read()` gives; in a captured function a number that each call asks for anew."""
    host = current()
    return read() if host is None else host.number(read)


def call(owner: Any, function: Callable[[], None]) -> None:
    """Calls what changes attributes of `owner`; a captured function does so in each call."""
    host = current()
    if host is None:
        function()
    else:
        host.call(owner, function)


def stepping(method: Callable[..., None]) -> Callable[..., None]:
    """A method that changes its own object's attributes, as `call` makes it."""

    @functools.wraps(method)
    def step(self: Any, *args: Any, **kwargs: Any) -> None:
        call(self, lambda: method(self, *args, **kwargs))

    return step


def after(function: Callable[..., None], *tensors: _proa.Tensor) -> None:
    """Calls `function(*tensors)`; a captured function does so when its graph has run."""
    host = current()
    if host is None:
        function(*tensors)
    else:
        host.after.append((function, list(tensors)))


def outside(make: Callable[[], Result]) -> Result:
    """Calls `make()` with values, also in a captured function: state that is there before it."""
    if not _proa._jit_capturing():
        return make()
    return _proa._jit_outside(make)  # type: ignore[no-any-return]


def watch(owner: Any, state: Callable[[], Any]) -> None:
    """What `state()` gives is a guard of the function that is captured, if one is."""
    host = current()
    if host is not None and id(owner) not in host.watched:
        host.watched[id(owner)] = (type(owner).__name__, state, state())
