"""Methods that fill a tensor with draws or numbers, or give it other elements, in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .. import _proa
from ..refusal import value_error

Tensor = _proa.Tensor
ops = _proa.ops


def _unit(x: Tensor) -> Tensor:
    """Uniform on (0, 1): halves of the last digit, never 0 nor 1."""
    drawn = ops.rand(x.shape, dtype="float64")
    return drawn * (1 - 2.0**-53) + 2.0**-54


def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, name: str | None = None) -> Tensor:
    """Draws every element from a normal distribution, in place."""
    return x.copy_(ops.gaussian(x.shape, mean=mean, std=std, dtype=x.dtype))


def uniform_(
    x: Tensor, min: float = -1.0, max: float = 1.0, seed: int = 0, name: str | None = None
) -> Tensor:
    """Draws every element uniformly from [min, max), in place. The generator's seed counts, not
    this one."""
    return x.copy_(ops.uniform(x.shape, dtype=x.dtype, min=min, max=max))


def log_normal_(
    x: Tensor, mean: float = 1.0, std: float = 2.0, name: str | None = None
) -> Tensor:
    """Draws exp of normal numbers of that mean and standard deviation, in place."""
    return x.copy_(ops.log_normal(mean, std, x.shape, dtype=x.dtype))


def bernoulli_(x: Tensor, p: float | Tensor = 0.5, name: str | None = None) -> Tensor:
    """Sets every element to 1 with probability p, else to 0, in place."""
    unit = _unit(x)
    chance = p if isinstance(p, Tensor) else ops.full_like(unit, p)
    return x.copy_((unit < chance).cast(x.dtype))


def exponential_(x: Tensor, lam: float = 1.0, name: str | None = None) -> Tensor:
    """Draws every element from the exponential distribution of rate lam, in place."""
    if not lam > 0:
        raise value_error(f"[exponential_] lam: expected a positive rate, got {lam}")
    return x.copy_((-ops.log(_unit(x)) / lam).cast(x.dtype))


def geometric_(x: Tensor, probs: float | Tensor, name: str | None = None) -> Tensor:
    """Draws the number of trials up to the first success of probability probs, in place."""
    unit = _unit(x)
    chance = probs if isinstance(probs, Tensor) else ops.full_like(unit, probs)
    return x.copy_(ops.ceil(ops.log(unit) / ops.log1p(-chance)).cast(x.dtype))


def cauchy_(x: Tensor, loc: float = 0.0, scale: float = 1.0, name: str | None = None) -> Tensor:
    """Draws every element from a Cauchy distribution, in place."""
    return x.copy_((ops.tan((_unit(x) - 0.5) * math.pi) * scale + loc).cast(x.dtype))


def fill_(self: Tensor, value: float) -> Tensor:
    """Sets every element to a number, in place."""
    return self.copy_(ops.full_like(self, value))


def zero_(self: Tensor) -> Tensor:
    """Sets every element to zero, in place."""
    return self.copy_(ops.zeros_like(self))


def _index(self: Tensor, indices: Sequence[Tensor] | Tensor) -> list[Tensor]:
    """Integer tensors, one for each axis: a mask stands for the positions where it is true."""
    given = [indices] if isinstance(indices, Tensor) else list(indices)
    found: list[Tensor] = []
    for index in given:
        if index.dtype == "bool":
            found += list(ops.nonzero(index, as_tuple=True))
        else:
            found.append(index)
    if not 0 < len(found) <= self.ndim:
        raise value_error(
            f"[index_put] indices: expected indices for 1 to {self.ndim} axes, got {len(found)}")
    return found


def index_put(
    x: Tensor,
    indices: Sequence[Tensor] | Tensor,
    value: Tensor | float,
    accumulate: bool = False,
    name: str | None = None,
) -> Tensor:
    """x with value at the places that x[indices] would read, or added there.

    Args:
        indices: integer tensors that are broadcast together, one for each of the first axes, or
            masks.
    """
    found = _index(x, indices)
    return ops.index_put(x, value, found, axes=list(range(len(found))), accumulate=accumulate)


def index_put_(
    x: Tensor,
    indices: Sequence[Tensor] | Tensor,
    value: Tensor | float,
    accumulate: bool = False,
    name: str | None = None,
) -> Tensor:
    """index_put, in place."""
    return x.copy_(index_put(x, indices, value, accumulate))


def resize_(
    self: Tensor, shape: Sequence[int], fill_zero: bool = False, name: str | None = None
) -> Tensor:
    """Gives the tensor another shape in place: the elements in row-major order, cut, or followed by
    zeros.

    Raises:
        ArgumentValueError: more elements are wanted than there are, and fill_zero is False.
    """
    wanted = math.prod(shape)
    flat = ops.reshape(self, [-1]) if self.size else ops.zeros([0], dtype=self.dtype)
    if wanted > self.size:
        if not fill_zero:
            raise value_error(
                f"[resize_] shape: {list(shape)} has more than the {self.size} elements there are; "
                "expected fill_zero=True")
        flat = ops.concat([flat, ops.zeros([wanted - self.size], dtype=self.dtype)])
    return set_(self, ops.reshape(flat[:wanted], list(shape)))


def set_(
    self: Tensor,
    source: Tensor | None = None,
    shape: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
    offset: int = 0,
    name: str | None = None,
) -> Tensor:
    """Takes the elements of source (none without it) in place, of which shape, stride and offset
    show a part."""
    value = ops.zeros([0], dtype=self.dtype) if source is None else source.detach()
    if shape is not None and stride is not None:
        value = ops.as_strided(value, list(shape), list(stride), offset)
    elif shape is not None:
        flat = ops.reshape(value, [-1])
        value = ops.reshape(flat[offset : offset + math.prod(shape)], list(shape))
    return self._rebind(value)


METHODS = (
    normal_,
    uniform_,
    log_normal_,
    bernoulli_,
    exponential_,
    geometric_,
    cauchy_,
    fill_,
    zero_,
    index_put,
    index_put_,
    resize_,
    set_,
)
