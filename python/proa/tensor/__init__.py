"""What a Tensor shows and does beyond its operators."""

from . import methods
from .display import get_printoptions, set_printoptions
from .functions import (
    broadcast_shape,
    einsum,
    is_complex,
    is_floating_point,
    is_integer,
    meshgrid,
    norm,
    numel,
    rank,
    shape,
)

__all__ = [
    "broadcast_shape",
    "einsum",
    "get_printoptions",
    "is_complex",
    "is_floating_point",
    "is_integer",
    "meshgrid",
    "methods",
    "norm",
    "numel",
    "rank",
    "set_printoptions",
    "shape",
]
