"""Distributions of whole numbers and of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..refusal import value_error
from .base import Distribution, Tensor, ops, positive, together


def _xlogy(x: Tensor, y: Tensor) -> Tensor:
    """x log(y), and 0 where x is 0."""
    zero = x == 0
    return ops.where(zero, ops.zeros_like(y * x), x * ops.log(ops.where(zero, ops.ones_like(y), y)))


class _Chance(Distribution):
    def __init__(self, probs: Any, name: str | None = None) -> None:
        (self.probs,) = together(probs)
        inside = (self.probs >= 0) & (self.probs <= 1)
        if self.probs.size and not bool(ops.all(inside)):
            raise value_error(f"[{type(self).__name__}] probs: expected numbers from 0 to 1, got "
                              f"{self.probs.tolist()}")
        super().__init__(self.probs.shape)


class Bernoulli(_Chance):
    """1 with probability probs, else 0."""

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, shape: Sequence[int] = ()) -> Tensor:
        drawn = ops.expand(self.probs.detach(), self._drawn_shape(shape))
        return ops.bernoulli(drawn)

    def log_prob(self, value: Tensor) -> Tensor:
        return _xlogy(value, self.probs) + _xlogy(1 - value, 1 - self.probs)

    def entropy(self) -> Tensor:
        return -_xlogy(self.probs, self.probs) - _xlogy(1 - self.probs, 1 - self.probs)


class Geometric(_Chance):
    """The number of failures before the first success of probability probs."""

    @property
    def mean(self) -> Tensor:
        return (1 - self.probs) / self.probs

    @property
    def variance(self) -> Tensor:
        return (1 - self.probs) / (self.probs * self.probs)

    def sample(self, shape: Sequence[int] = ()) -> Tensor:
        fails = ops.log1p(-self.probs.detach())
        return ops.floor(ops.log(self._unit(shape, self.probs)) / fails)

    def log_prob(self, value: Tensor) -> Tensor:
        return _xlogy(value, 1 - self.probs) + ops.log(self.probs)

    def entropy(self) -> Tensor:
        q = 1 - self.probs
        return -(_xlogy(q, q) + _xlogy(self.probs, self.probs)) / self.probs


class Poisson(Distribution):
    """The number of events in a unit of time, of a rate."""

    def __init__(self, rate: Any) -> None:
        (self.rate,) = together(rate)
        positive("Poisson", "rate", self.rate)
        super().__init__(self.rate.shape)

    @property
    def mean(self) -> Tensor:
        return self.rate

    @property
    def variance(self) -> Tensor:
        return self.rate

    def sample(self, shape: Sequence[int] = ()) -> Tensor:
        return ops.poisson(ops.expand(self.rate.detach(), self._drawn_shape(shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        return _xlogy(value, self.rate) - self.rate - ops.lgamma(value + 1)


class Categorical(Distribution):
    """Categories 0, 1, ... whose weights stand along the last axis of logits. As in Paddle, logits
    are weights that need not add up to 1 for `probs`, `log_prob` and `sample`, and logarithms for
    `entropy` and `kl_divergence`."""

    def __init__(self, logits: Any, name: str | None = None) -> None:
        (self.logits,) = together(logits)
        if self.logits.ndim == 0:
            raise value_error("[Categorical] logits: expected at least one axis of categories")
        super().__init__(self.logits.shape[:-1])

    def _weights(self) -> Tensor:
        return self.logits / ops.sum(self.logits, -1, keepdim=True)

    def sample(self, shape: Sequence[int] = ()) -> Tensor:
        count = 1
        for extent in shape:
            count *= extent
        weights = self.logits.detach()
        rows = ops.reshape(weights, [-1, weights.shape[-1]])
        drawn = ops.multinomial(rows, max(count, 1), True)[:, :count]
        drawn = ops.transpose(drawn, [1, 0])
        return ops.reshape(drawn, [*shape, *self.batch_shape])

    def probs(self, value: Tensor) -> Tensor:
        """The probability of each category in value."""
        weights = self._weights()
        if weights.ndim == 1:
            flat = ops.gather(weights, ops.reshape(value, [-1]))
            return ops.reshape(flat, value.shape)
        if value.ndim < weights.ndim:  # one list of categories for every distribution
            value = ops.expand(value, [*self.batch_shape, value.shape[-1]])
        return ops.take_along_axis(weights, value, -1)

    prob = probs

    def log_prob(self, value: Tensor) -> Tensor:
        return ops.log(self.probs(value))

    def entropy(self) -> Tensor:
        return -ops.sum(ops.exp(self._logarithms()) * self._logarithms(), -1)

    def _logarithms(self) -> Tensor:
        return self.logits - ops.logsumexp(self.logits, -1, keepdim=True)
