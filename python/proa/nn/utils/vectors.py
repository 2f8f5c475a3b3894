"""Parameters as one vector and back.

Why: second-order methods and distances between models work on one vector.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import proa

from ... import _proa
from ...check import refuse


def parameters_to_vector(
    parameters: Iterable[_proa.Tensor], name: str | None = None
) -> _proa.Tensor:
    """All parameters, flattened and joined in order; gradients flow back through it."""
    given = list(parameters)
    if not given:
        refuse("parameters_to_vector", "parameters", "at least one tensor", given)
    if any(parameter.dtype != given[0].dtype for parameter in given):
        kinds = [str(parameter.dtype) for parameter in given]
        refuse("parameters_to_vector", "parameters", "tensors of one dtype", kinds)
    return proa.concat([parameter.reshape([-1]) for parameter in given], 0)


def vector_to_parameters(
    vec: _proa.Tensor, parameters: Iterable[_proa.Tensor], name: str | None = None
) -> None:
    """Write the parts of `vec` into the parameters, in place and in order."""
    given = list(parameters)
    counts = [math.prod(parameter.shape) for parameter in given]
    if len(vec.shape) != 1 or vec.shape[0] != sum(counts):
        refuse("vector_to_parameters", "vec", f"a vector of {sum(counts)} elements", vec)
    with proa.no_grad():
        start = 0
        for parameter, count in zip(given, counts, strict=True):
            part = vec[start : start + count].reshape(list(parameter.shape))
            parameter.set_value(part.astype(parameter.dtype))
            start += count
