"""Kullback-Leibler divergences, by the kinds of two distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import _proa
from .base import Distribution, Tensor, ops
from .continuous import Exponential, Laplace, Normal, Uniform
from .discrete import Bernoulli, Categorical, Geometric, Poisson, _xlogy

Rule = Callable[[Any, Any], Tensor]
Given = TypeVar("Given", bound=Rule)
_RULES: dict[tuple[type, type], Rule] = {}


def register_kl(cls_p: type, cls_q: type) -> Callable[[Given], Given]:
    """Enters a function (p, q) for two kinds of distributions, as a decorator."""

    def enter(function: Given) -> Given:
        _RULES[cls_p, cls_q] = function
        return function

    return enter


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The expected value under p of log p - log q.

    Raises:
        NotSupportedError: nothing is entered for these kinds.
    """
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _RULES:
                return _RULES[a, b](p, q)
    raise _proa.NotSupportedError(
        f"[kl_divergence] p, q: nothing is known of {type(p).__name__} and {type(q).__name__}; "
        "register_kl enters a function")


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio, gap = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return (ratio * ratio + gap * gap - 1) * 0.5 - ops.log(ratio)


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    gap = ops.abs(p.loc - q.loc)
    return ops.log(q.scale / p.scale) + (p.scale * ops.exp(-gap / p.scale) + gap) / q.scale - 1


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - 1 - ops.log(ratio)


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    value = ops.log((q.high - q.low) / (p.high - p.low))
    inside = (q.low <= p.low) & (p.high <= q.high)
    return ops.where(inside, value, ops.full_like(value, float("inf")))


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    return (_xlogy(p.probs, p.probs / q.probs)
            + _xlogy(1 - p.probs, (1 - p.probs) / (1 - q.probs)))


@register_kl(Geometric, Geometric)
def _geometric(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - ops.log1p(-q.probs) * p.mean - ops.log(q.probs)


@register_kl(Poisson, Poisson)
def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * ops.log(p.rate / q.rate) - p.rate + q.rate


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    a, b = p._logarithms(), q._logarithms()
    return ops.sum(ops.exp(a) * (a - b), -1, keepdim=True)
