"""What a Tensor shows and does beyond its operators."""

from . import methods
from .display import get_printoptions, set_printoptions

__all__ = ["get_printoptions", "methods", "set_printoptions"]
