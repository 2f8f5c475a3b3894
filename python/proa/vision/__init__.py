"""What models of images are made of."""

from . import ops, transforms

__all__ = ["ops", "transforms"]
