"""Paddle's functions for programs: control flow in `proa.static.nn`."""

from ..jit import InputSpec
from . import nn

__all__ = ["InputSpec", "nn"]
