"""A generator of random numbers with a state of its own.

Why a swap: the core draws from one state; while something is drawn from a Generator, that state is
in its place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import _proa
from .tensor import check_device


class Generator:
    """Random numbers that follow from its own seed alone."""

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self._state: Any = (67280421310721, 0)

    def manual_seed(self, seed: int) -> Generator:
        """Begin the numbers of this seed."""
        before = _proa.get_rng_state()
        _proa.seed(seed)
        self._state = _proa.get_rng_state()
        _proa.set_rng_state(before)
        return self

    def initial_seed(self) -> int:
        """The seed."""
        return int(self._state[0])

    def get_state(self) -> Any:
        """(seed, calls so far)."""
        return self._state

    def set_state(self, state: Any) -> Generator:
        """Go on from a state that get_state gave."""
        self._state = tuple(state)
        return self


@contextlib.contextmanager
def drawing(generator: Generator | None) -> Iterator[None]:
    """Inside, random numbers come from the generator, if there is one."""
    if generator is None:
        yield
        return
    before = _proa.get_rng_state()
    _proa.set_rng_state(generator._state)
    try:
        yield
    finally:
        generator._state = _proa.get_rng_state()
        _proa.set_rng_state(before)
