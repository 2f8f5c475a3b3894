"""Typed errors of the Python face, from messages of the form `[where] argument: what was expected`.

Why: whoever catches `ProaError` must meet refusals in Python and in C++ alike, with the same
attributes `op` and `argument`.
"""

from __future__ import annotations

import re
from typing import Any

from . import _proa

_HEAD = re.compile(r"\[([^]]+)\] (?:([\w.]+)[^:\s]*: )?")


def value_error(message: str) -> Exception:
    """A legal type with an illegal value; a ValueError too."""
    return with_head(_proa.ArgumentValueError(message))


def type_error(message: str) -> Exception:
    """A wrong type of argument; a TypeError too."""
    return with_head(_proa.DTypeError(message))


def index_error(message: str) -> Exception:
    """An index out of range; an IndexError too."""
    return with_head(_proa.OutOfRangeError(message))


def state_error(message: str) -> Exception:
    """A right call at the wrong time, or a fault on the way; a RuntimeError too."""
    return with_head(_proa.StateError(message))


def with_head(error: Any) -> Exception:
    head = _HEAD.match(str(error))
    error.op, error.argument = (head[1], head[2] or "") if head else ("", "")
    result: Exception = error
    return result
