"""Rows of a table by number: embedding, with norms held in bounds and gradients by frequency.

Why in Python: the operator reads rows; what changes the table first, or weighs the gradient by how
often a row was asked for, looks at the numbers themselves.
"""

from __future__ import annotations

import math

import numpy

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import only_one, refuse

__all__ = ["embedding"]


def embedding(
    x: _proa.Tensor | None = None,
    weight: _proa.Tensor | None = None,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    sparse: bool = False,
    scale_grad_by_freq: bool = False,
    name: str | None = None,
    *,
    input: _proa.Tensor | None = None,
) -> _proa.Tensor:
    """The rows of weight [rows, size] at the places x: [...] -> [..., size].

    Args:
        x: ints (PyTorch: input).
        padding_idx: a row that reads as zeros and gets no gradient.
        max_norm, norm_type: rows asked for are first shrunk, in place, to this norm.
        sparse: accepted; gradients are dense.
        scale_grad_by_freq: whether a row's gradient is divided by how often x names it.
    """
    only_one("embedding", "x", x, "input", input)
    x = input if x is None else x
    if x is None or weight is None:
        refuse("embedding", "weight" if weight is None else "x", "a tensor", None)
    if max_norm is not None:
        with proa.no_grad():
            _shrink(x, weight, float(max_norm), float(norm_type))
    rows = ops.embedding(x, weight, padding_idx=padding_idx, sparse=sparse)
    if scale_grad_by_freq and not rows.stop_gradient:
        _, place, count = numpy.unique(x.numpy(), return_inverse=True, return_counts=True)
        share = 1.0 / count[place.reshape(list(x.shape))]
        factor = proa.to_tensor(share[..., None]).astype(rows.dtype)
        rows.register_hook(lambda gradient: gradient * factor)
    return rows


def _shrink(ids: _proa.Tensor, weight: _proa.Tensor, limit: float, p: float) -> None:
    """Shrink the rows that `ids` asks for to the norm `limit`."""
    rows = proa.to_tensor(numpy.unique(ids.numpy()).astype("int64"))
    values = proa.index_select(weight, rows, 0)
    size = proa.abs(values)
    if math.isinf(p):
        norms = proa.max(size, 1, keepdim=True)
    else:
        norms = proa.sum(size**p, 1, keepdim=True) ** (1.0 / p)
    weight[rows] = values * proa.clip(limit / (norms + 1e-7), max=1.0)
