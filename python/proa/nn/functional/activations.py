"""Activations that draw random numbers, and the bilinear form.

Why in Python: each is a reshape or a draw around plain operators.
"""

from __future__ import annotations

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import refuse

__all__ = [
    "bilinear",
    "gumbel_softmax",
    "rrelu",
]


def rrelu(
    x: _proa.Tensor,
    lower: float = 1.0 / 8.0,
    upper: float = 1.0 / 3.0,
    training: bool = True,
    name: str | None = None,
) -> _proa.Tensor:
    """x where x >= 0, else a * x; a is drawn from U[lower, upper) in training, else their mean.

    Xu et al., "Empirical evaluation of rectified activations in convolution network", 2015.
    """
    if not 0 <= lower <= upper <= 1:
        refuse("rrelu", "lower", f"a number in [0, upper={upper}] and upper in [0, 1]", lower)
    if not training:
        return ops.leaky_relu(x, (lower + upper) / 2.0)
    slope = proa.uniform(list(x.shape), "float32", lower, upper).astype(x.dtype)
    return proa.where(x >= 0, x, x * slope)


def gumbel_softmax(
    x: _proa.Tensor,
    temperature: float = 1.0,
    hard: bool = False,
    axis: int = -1,
    name: str | None = None,
) -> _proa.Tensor:
    """softmax((x + Gumbel noise) / temperature): a differentiable draw of a class (Jang et al.
    2016).

    hard: gives one-hot vectors whose gradient is that of the soft draw.
    """
    if temperature <= 0:
        refuse("gumbel_softmax", "temperature", "a number above 0", temperature)
    # Away from 0 and 1, so that both logarithms are finite.
    u = proa.uniform(list(x.shape), "float32", 1e-7, 1.0 - 1e-7)
    noise = -proa.log(-proa.log(u))
    soft = ops.softmax((x + noise.astype(x.dtype)) / temperature, axis)
    if not hard:
        return soft
    chosen = (soft == proa.max(soft, axis, keepdim=True)).astype(x.dtype)
    return chosen - soft.detach() + soft


def bilinear(
    x1: _proa.Tensor,
    x2: _proa.Tensor,
    weight: _proa.Tensor,
    bias: _proa.Tensor | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """out[:, k] = x1 weight[k] x2 + bias[k]; x1 [batch, m], x2 [batch, n], weight [k, m, n], bias
    [1, k].
    """
    if len(x1.shape) != 2 or len(x2.shape) != 2 or len(weight.shape) != 3:
        refuse("bilinear", "x1, x2, weight", "tensors with 2, 2 and 3 dims", [x1.shape, x2.shape])
    k, m, n = weight.shape
    if x1.shape[1] != m or x2.shape != [x1.shape[0], n]:
        refuse("bilinear", "x2", f"shapes [batch, {m}] and [batch, {n}]", [x1.shape, x2.shape])
    flat = proa.transpose(weight, [1, 0, 2]).reshape([m, k * n])
    left = proa.matmul(x1, flat).reshape([-1, k, n])
    out = proa.sum(left * proa.unsqueeze(x2, 1), 2)
    return out if bias is None else out + bias
