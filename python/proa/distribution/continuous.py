"""Distributions of real numbers, drawn by transforming uniform or normal numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..refusal import value_error
from .base import Distribution, Tensor, ops, positive, together

_EULER = 0.57721566490153286061


class _LocationScale(Distribution):
    def __init__(self, loc: Any, scale: Any, name: str | None = None) -> None:
        self.loc, self.scale = together(loc, scale)
        positive(type(self).__name__, "scale", self.scale)
        super().__init__(self.loc.shape)

    def _standard(self, value: Tensor) -> Tensor:
        return (value - self.loc) / self.scale


class Normal(_LocationScale):
    """The normal distribution of mean loc and standard deviation scale."""

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        return self.loc + self.scale * ops.randn(self._drawn_shape(shape), dtype=self.loc.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        z = self._standard(value)
        return z * z * -0.5 - ops.log(self.scale) - 0.5 * math.log(2 * math.pi)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value."""
        return ops.erfc(self._standard(value) * -math.sqrt(0.5)) * 0.5

    def entropy(self) -> Tensor:
        return ops.log(self.scale) + 0.5 * (1 + math.log(2 * math.pi))


class LogNormal(Normal):
    """exp of a normal number."""

    @property
    def mean(self) -> Tensor:
        return ops.exp(self.loc + self.scale * self.scale * 0.5)

    @property
    def variance(self) -> Tensor:
        square = self.scale * self.scale
        return ops.expm1(square) * ops.exp(self.loc * 2 + square)

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        return ops.exp(super().rsample(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        logarithm = ops.log(value)
        return super().log_prob(logarithm) - logarithm

    def cdf(self, value: Tensor) -> Tensor:
        return super().cdf(ops.log(value))

    def entropy(self) -> Tensor:
        return super().entropy() + self.loc


class Laplace(_LocationScale):
    """The two-sided exponential distribution around loc."""

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale * 2

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        u = self._unit(shape, self.loc) - 0.5
        return self.loc - self.scale * ops.sign(u) * ops.log1p(ops.abs(u) * -2)

    def log_prob(self, value: Tensor) -> Tensor:
        return -ops.abs(self._standard(value)) - ops.log(self.scale * 2)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value."""
        z = self._standard(value)
        return 0.5 - ops.sign(z) * ops.expm1(-ops.abs(z)) * 0.5

    def entropy(self) -> Tensor:
        return ops.log(self.scale * 2) + 1


class Gumbel(_LocationScale):
    """The distribution of the greatest of many numbers."""

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * _EULER

    @property
    def variance(self) -> Tensor:
        return self.scale * self.scale * (math.pi**2 / 6)

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        return self.loc - self.scale * ops.log(-ops.log(self._unit(shape, self.loc)))

    def log_prob(self, value: Tensor) -> Tensor:
        z = self._standard(value)
        return -z - ops.exp(-z) - ops.log(self.scale)

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value."""
        return ops.exp(-ops.exp(-self._standard(value)))

    def entropy(self) -> Tensor:
        return ops.log(self.scale) + 1 + _EULER


class Uniform(Distribution):
    """Equal density on [low, high)."""

    def __init__(self, low: Any, high: Any, name: str | None = None) -> None:
        self.low, self.high = together(low, high)
        if self.low.size and not bool(ops.all(self.low < self.high)):
            raise value_error("[Uniform] high: expected more than low everywhere")
        super().__init__(self.low.shape)

    @property
    def mean(self) -> Tensor:
        return (self.low + self.high) * 0.5

    @property
    def variance(self) -> Tensor:
        width = self.high - self.low
        return width * width / 12

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        return self.low + (self.high - self.low) * self._unit(shape, self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        inside = (value >= self.low) & (value < self.high)
        density = -ops.log(self.high - self.low) + ops.zeros_like(value)
        return ops.where(inside, density, ops.full_like(density, -math.inf))

    def entropy(self) -> Tensor:
        return ops.log(self.high - self.low)


class Exponential(Distribution):
    """The time until an event of a rate."""

    def __init__(self, rate: Any) -> None:
        (self.rate,) = together(rate)
        positive("Exponential", "rate", self.rate)
        super().__init__(self.rate.shape)

    @property
    def mean(self) -> Tensor:
        return 1 / self.rate

    @property
    def variance(self) -> Tensor:
        return 1 / (self.rate * self.rate)

    def rsample(self, shape: Sequence[int] = ()) -> Tensor:
        return -ops.log(self._unit(shape, self.rate)) / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        density = ops.log(self.rate) - self.rate * value
        return ops.where(value >= 0, density, ops.full_like(density, -math.inf))

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most a value."""
        return -ops.expm1(-self.rate * ops.clip(value, 0.0))

    def entropy(self) -> Tensor:
        return 1 - ops.log(self.rate)
