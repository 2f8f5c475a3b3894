"""References for every operator page, by family; see table.py."""

from . import (
    activation,
    arithmetic,
    convolution,
    creation,
    cumulative,
    elementary,
    fourier,
    image,
    indexing,
    layout,
    linear_algebra,
    loss,
    normalization,
    optimizer,
    pooling,
    products,
    reduction,
    sorting,
)
from .table import TABLE, Case, Reference, Within

__all__ = ["TABLE", "Case", "Reference", "Within"]
_FAMILIES = (
    activation,
    arithmetic,
    convolution,
    creation,
    cumulative,
    elementary,
    fourier,
    image,
    indexing,
    layout,
    linear_algebra,
    loss,
    normalization,
    optimizer,
    pooling,
    products,
    reduction,
    sorting,
)
