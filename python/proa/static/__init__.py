"""Paddle's functions for programs: control flow in `proa.static.nn`."""

from . import nn

__all__ = ["nn"]
