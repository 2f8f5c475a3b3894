"""Unique names of layers and parameters: `linear_0`, `linear_0.w_0`.

Why: optimizer state is saved under parameter names, so two parameters must never share one.
"""

from __future__ import annotations

import re

from ..locks import ProcessLock

_lock = ProcessLock()
_next: dict[str, int] = {}

_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_TAIL = re.compile(r"([a-z])([A-Z])")


def unique_name(prefix: str) -> str:
    """`prefix_N`, with N counting up from 0 for each prefix in this process."""
    with _lock:
        number = _next.get(prefix, 0)
        _next[prefix] = number + 1
    return f"{prefix}_{number}"


def snake_case(name: str) -> str:
    """A class name as a name prefix, Paddle's way: `BatchNorm2D` -> `batch_norm2d`, `ReLU6` ->
    `re_lu6`.
    """
    return _TAIL.sub(r"\1_\2", _WORD.sub(r"\1_\2", name)).lower()
