"""`torch.special`: special functions, under their names there."""

from __future__ import annotations

from typing import Any

from .. import _proa
from ..nn import functional

_NAMES = {
    "expit": "sigmoid", "psi": "digamma", "gammaln": "lgamma", "multigammaln": "multigammaln",
    "softmax": "softmax", "log_softmax": "log_softmax",
}  # fmt: skip
ops: Any = _proa.ops


def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of digamma."""
    return ops.polygamma(input, n)


def exp2(input: Any) -> Any:
    """2 to the power of x."""
    return ops.pow(ops.full_like(input, 2.0), input)


def erfc(input: Any) -> Any:
    """1 - erf(x), without its cancellation."""
    return ops.erfc(input)


def xlogy(input: Any, other: Any) -> Any:
    """x log y, and 0 where x is 0."""
    product = input * ops.log(ops.where(input == 0, ops.ones_like(other), other))
    return ops.where(input == 0, ops.zeros_like(product), product)


def xlog1py(input: Any, other: Any) -> Any:
    """x log(1 + y), and 0 where x is 0."""
    product = input * ops.log1p(ops.where(input == 0, ops.zeros_like(other), other))
    return ops.where(input == 0, ops.zeros_like(product), product)


def ndtr(input: Any) -> Any:
    """The standard normal distribution function."""
    return (1.0 + ops.erf(input * 0.7071067811865476)) * 0.5


def ndtri(input: Any) -> Any:
    """The inverse of ndtr."""
    return ops.erfinv(2.0 * input - 1.0) * 1.4142135623730951


def __getattr__(name: str) -> Any:
    own = _NAMES.get(name, name)
    for space in (ops, functional):
        if hasattr(space, own):
            return getattr(space, own)
    raise AttributeError(f"module 'proa.torch.special' has no attribute '{name}'")
