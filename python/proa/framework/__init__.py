"""`proa.framework`: saving and loading of nested state."""

from .nest import NestError
from .saving import load, save

__all__ = ["NestError", "load", "save"]
