"""Scaled dot-product attention.

Why in Python: the operator `attention` knows neither dropout of weights nor heads that serve
several heads of the query; with dropout it is two products and a softmax.
Vaswani et al., "Attention is all you need", 2017, section 3.2.1.

Legend of shapes: B batch, T target length, S source length, H heads, D head size.
"""

from __future__ import annotations

import math

import numpy

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import probability, refuse
from ..initializer import dtype_name

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    attn_mask: _proa.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    training: bool = True,
    name: str | None = None,
    *,
    scale: float | None = None,
) -> _proa.Tensor:
    """softmax(q k^T scale + mask) v in each head.

    Args:
        query: [B, T, H, D]; key: [B, S, Hk, D]; value: [B, S, Hk, Dv], where Hk divides H and each
            of its
            heads serves H / Hk neighbouring heads of the query.
        attn_mask: broadcast to [B, H, T, S]; bool: where to attend; float: added to the scores.
        dropout_p: probability of dropping an attention weight, in training.
        is_causal: whether step t sees the first t + 1 keys only; without attn_mask.
        scale: of the scores; None takes 1 / sqrt(D).

    Returns [B, T, H, Dv].
    """
    where = "scaled_dot_product_attention"
    for argument, tensor in (("query", query), ("key", key), ("value", value)):
        if len(tensor.shape) != 4:
            refuse(where, argument, "a tensor [batch, length, heads, size]", tensor)
    batch, length, heads, size = query.shape
    if key.shape[0] != batch or key.shape[3] != size or heads % max(1, key.shape[2]) != 0:
        refuse(where, "key", f"[{batch}, length, a divisor of {heads} heads, {size}]", key)
    if list(value.shape[:3]) != list(key.shape[:3]):
        refuse(where, "value", f"a tensor of shape {[*key.shape[:3], 'size']}", value)
    if is_causal and attn_mask is not None:
        refuse(where, "attn_mask", "None, with is_causal=True", attn_mask)
    probability(where, "dropout_p", dropout_p)
    if dropout_p == 0 or not training:
        if key.shape[2] != heads:
            key, value = (
                proa.transpose(_served(proa.transpose(x, [0, 2, 1, 3]), heads), [0, 2, 1, 3])
                for x in (key, value)
            )
        fused: _proa.Tensor = _proa.ops.attention(query, key, value, attn_mask, is_causal, scale)
        return fused
    q_BHTD, k_BHSD, v_BHSD = (proa.transpose(x, [0, 2, 1, 3]) for x in (query, key, value))
    if key.shape[2] != heads:
        k_BHSD, v_BHSD = (_served(x, heads) for x in (k_BHSD, v_BHSD))
    factor = 1.0 / math.sqrt(size) if scale is None else scale
    scores = proa.matmul(q_BHTD * factor, k_BHSD, transpose_y=True)
    if is_causal:
        seen = numpy.tril(numpy.ones([length, key.shape[1]], dtype=bool))
        attn_mask = proa.to_tensor(seen)
    if attn_mask is not None and dtype_name(attn_mask.dtype) == "bool":
        scores = proa.where(attn_mask, scores, proa.full([], float("-inf"), scores.dtype))
    elif attn_mask is not None:
        scores = scores + attn_mask.astype(scores.dtype)
    weights = ops.softmax(scores, -1)
    if dropout_p > 0 and training:
        weights = ops.dropout(weights, dropout_p, training=True)
    return proa.transpose(proa.matmul(weights, v_BHSD), [0, 2, 1, 3])


def _served(x_BKSD: _proa.Tensor, heads: int) -> _proa.Tensor:
    """Each of K heads repeated for the query heads that it serves: [B, K, S, D] -> [B, heads, S,
    D].
    """
    batch, own, length, size = x_BKSD.shape
    spread = proa.expand(proa.unsqueeze(x_BKSD, 2), [batch, own, heads // own, length, size])
    return spread.reshape([batch, heads, length, size])
