"""What every distribution can do, by the few things that each one says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _proa
from ..autograd import no_grad
from ..refusal import value_error

Tensor = _proa.Tensor
ops = _proa.ops


def together(*values: Any) -> list[Tensor]:
    """Parameters as float tensors of one shape."""
    tensors = [v if isinstance(v, Tensor) else _proa.to_tensor(v) for v in values]
    tensors = [t if t.dtype.is_floating_point else ops.cast(t, _proa.get_default_dtype())
               for t in tensors]
    return list(ops.broadcast_tensors(tensors))


class Distribution:
    """A distribution over values of `event_shape`, one for each element of `batch_shape`."""

    def __init__(self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = ()) -> None:
        self._batch_shape, self._event_shape = tuple(batch_shape), tuple(event_shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one value."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise NotImplementedError

    @property
    def variance(self) -> Tensor:
        """The expected square of the distance from the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return ops.sqrt(self.variance)

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        """Draws through which gradients reach the parameters."""
        raise NotImplementedError

    def sample(self, shape: Sequence[int] = ()) -> Tensor:
        """Draws of `shape` for each element of the batch."""
        with no_grad():
            return self.rsample(shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability of a value."""
        raise NotImplementedError

    def prob(self, value: Tensor) -> Tensor:
        """The density, or the probability of a value."""
        return ops.exp(self.log_prob(value))

    def entropy(self) -> Tensor:
        """The expected value of -log_prob."""
        raise NotImplementedError

    def kl_divergence(self, other: Distribution) -> Tensor:
        """How far this distribution is from another of its kind (Kullback and Leibler 1951)."""
        from .divergence import kl_divergence

        return kl_divergence(self, other)

    def _drawn_shape(self, shape: Sequence[int]) -> list[int]:
        return [*shape, *self._batch_shape, *self._event_shape]

    def _unit(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """Uniform on (0, 1), never 0 nor 1."""
        drawn = ops.rand(self._drawn_shape(shape), dtype="float64")
        return ops.cast(drawn * (1 - 2.0**-20) + 2.0**-21, like.dtype)


def positive(where: str, name: str, value: Tensor) -> Tensor:
    """Refuses a parameter that is not above 0."""
    if value.size and not float(ops.min(value)) > 0:
        raise value_error(f"[{where}] {name}: expected positive numbers, got {value.tolist()}")
    return value
