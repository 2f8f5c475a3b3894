"""What a Tensor shows and does beyond its operators."""

from . import methods
from .display import get_printoptions, set_printoptions
from .functions import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_shape,
    einsum,
    histogramdd,
    increment,
    is_complex,
    is_empty,
    is_floating_point,
    is_integer,
    meshgrid,
    numel,
    rank,
    shape,
    tolist,
    view,
    view_as,
)
from .inplace import bernoulli_, index_put, index_put_, log_normal_, uniform_

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "bernoulli_",
    "broadcast_shape",
    "einsum",
    "get_printoptions",
    "histogramdd",
    "increment",
    "index_put",
    "index_put_",
    "is_complex",
    "is_empty",
    "is_floating_point",
    "is_integer",
    "log_normal_",
    "meshgrid",
    "methods",
    "numel",
    "rank",
    "set_printoptions",
    "shape",
    "tolist",
    "uniform_",
    "view",
    "view_as",
]
