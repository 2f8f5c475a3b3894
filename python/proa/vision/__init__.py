"""What models of images are made of."""

from . import ops

__all__ = ["ops"]
