"""Families of layers: one definition for 1, 2 and 3 spatial dims.

Why a decorator: the members differ in a number, in the default of data_format and in a word of
their docs, and still each has a signature, a repr and a docstring of its own.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=type)

FORMATS = {1: ["NCL", "NLC"], 2: ["NCHW", "NHWC"], 3: ["NCDHW", "NDHWC"]}
_SHAPES = {1: "length", 2: "height, width", 3: "depth, height, width"}


def member(dims: int, **defaults: object) -> Callable[[T], T]:
    """Make a class the family's member for `dims` spatial dims.

    It gets `_DIMS`, the family's __init__ with other defaults (data_format: channels first), and
    the family's docstring with `{dims}` and `{shape}` put in.
    """

    def build(cls: T) -> T:
        made: Any = cls
        made._DIMS = dims
        made.__init__ = _with_defaults(made.__init__, {"data_format": FORMATS[dims][0], **defaults})
        doc = next(text for base in made.__mro__ if (text := base.__dict__.get("__doc__")))
        words = {"dims": str(dims), "shape": f"[batch, channels, {_SHAPES[dims]}]"}
        for word, text in words.items():
            doc = doc.replace("{" + word + "}", text)
        made.__doc__ = doc
        return cls

    return build


def _with_defaults(function: Any, defaults: dict[str, object]) -> Any:
    """A copy of a function with other defaults for those of its parameters that are named."""
    code = function.__code__
    copy = types.FunctionType(
        code, function.__globals__, function.__name__, None, function.__closure__
    )
    names = code.co_varnames[: code.co_argcount]
    old = function.__defaults__ or ()
    tail = names[len(names) - len(old) :]
    copy.__defaults__ = tuple(
        defaults.get(name, value) for name, value in zip(tail, old, strict=True)
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__qualname__
    return copy
