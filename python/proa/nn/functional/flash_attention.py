"""Attention under the names of flash-attention: dense, packed and of uneven lengths.

Why thin: `scaled_dot_product_attention` is one kernel already; sequences of uneven lengths become a
mask over one product.
"""

from __future__ import annotations

from typing import Any

import proa

from ... import _proa
from ...check import refuse
from .attention import scaled_dot_product_attention

__all__ = [
    "flash_attention",
    "flash_attention_with_sparse_mask",
    "flash_attn_qkvpacked",
    "flash_attn_unpadded",
    "flash_attn_varlen_qkvpacked",
    "scaled_dot_product_attention_",
    "sparse_attention",
]

Pair = tuple[_proa.Tensor, _proa.Tensor | None]


def _no_softmax(where: str, return_softmax: bool) -> None:
    if return_softmax:
        refuse(where, "return_softmax", "False: the weights are never held", return_softmax)


def flash_attention(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    dropout: float = 0.0,
    causal: bool = False,
    return_softmax: bool = False,
    *,
    fixed_seed_offset: Any = None,
    rng_name: str = "",
    training: bool = True,
    name: str | None = None,
) -> Pair:
    """(attention of [batch, length, heads, size], None)."""
    _no_softmax("flash_attention", return_softmax)
    y = scaled_dot_product_attention(query, key, value, None, dropout, causal, training)
    return y, None


def flash_attn_qkvpacked(
    qkv: _proa.Tensor,
    dropout: float = 0.0,
    causal: bool = False,
    return_softmax: bool = False,
    *,
    fixed_seed_offset: Any = None,
    rng_name: str = "",
    training: bool = True,
    name: str | None = None,
) -> Pair:
    """flash_attention of [batch, length, groups + 2, heads of keys, size]: queries, key, value."""
    query, key, value = _unpacked("flash_attn_qkvpacked", qkv, 5)
    return flash_attention(query, key, value, dropout, causal, return_softmax, training=training)


def _unpacked(
    where: str, qkv: _proa.Tensor, rank: int
) -> tuple[_proa.Tensor, _proa.Tensor, _proa.Tensor]:
    if len(qkv.shape) != rank or qkv.shape[-3] < 3:
        refuse(where, "qkv", f"a tensor with {rank} dims [..., groups + 2, heads, size]", qkv)
    *front, groups, heads, size = qkv.shape
    query = qkv[..., : groups - 2, :, :]
    # Head h of the keys serves the queries h * groups .. of the result.
    order = [*range(len(front)), len(front) + 1, len(front), len(front) + 2]
    query = proa.transpose(query, order).reshape([*front, heads * (groups - 2), size])
    return query, qkv[..., groups - 2, :, :], qkv[..., groups - 1, :, :]


def _owners(cumulative: _proa.Tensor, total: int) -> tuple[_proa.Tensor, _proa.Tensor]:
    """(sequence, place within it) of each of `total` rows."""
    rows = proa.arange(total, dtype="int64")
    edges = cumulative.astype("int64")
    owner = proa.searchsorted(edges, rows, right=True).astype("int64") - 1
    return owner, rows - proa.gather(edges, owner, 0)


def flash_attn_unpadded(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    cu_seqlens_q: _proa.Tensor,
    cu_seqlens_k: _proa.Tensor,
    max_seqlen_q: int,
    max_seqlen_k: int,
    scale: float,
    dropout: float = 0.0,
    causal: bool = False,
    return_softmax: bool = False,
    fixed_seed_offset: Any = None,
    rng_name: str = "",
    training: bool = True,
    name: str | None = None,
) -> Pair:
    """Attention within sequences that stand one after another: query [rows, heads, size].

    Args:
        cu_seqlens_q, cu_seqlens_k: int32 [sequences + 1], where each sequence begins, and the end.
        causal: whether the last query sees all keys, the one before one less, and so on.
    """
    where = "flash_attn_unpadded"
    _no_softmax(where, return_softmax)
    if len(query.shape) != 3 or len(key.shape) != 3:
        refuse(where, "query", "tensors of shape [rows, heads, size]", query)
    own_q, place_q = _owners(cu_seqlens_q, query.shape[0])
    own_k, place_k = _owners(cu_seqlens_k, key.shape[0])
    mask = own_q.unsqueeze(1) == own_k.unsqueeze(0)
    if causal:
        ends_q, ends_k = cu_seqlens_q.astype("int64"), cu_seqlens_k.astype("int64")
        lead = (ends_k[1:] - ends_k[:-1]) - (ends_q[1:] - ends_q[:-1])
        last = place_q + proa.gather(lead, own_q, 0)
        mask = mask & (place_k.unsqueeze(0) <= last.unsqueeze(1))
    y = scaled_dot_product_attention(
        query.unsqueeze(0),
        key.unsqueeze(0),
        value.unsqueeze(0),
        mask,
        dropout,
        False,
        training,
        scale=scale,
    )
    return y.squeeze(0), None


def flash_attn_varlen_qkvpacked(
    qkv: _proa.Tensor,
    cu_seqlens_q: _proa.Tensor,
    cu_seqlens_k: _proa.Tensor,
    max_seqlen_q: int,
    max_seqlen_k: int,
    scale: float,
    dropout: float = 0.0,
    causal: bool = False,
    return_softmax: bool = False,
    fixed_seed_offset: Any = None,
    rng_name: str = "",
    varlen_padded: bool = True,
    training: bool = True,
    name: str | None = None,
) -> Pair:
    """flash_attn_unpadded of [rows, groups + 2, heads of keys, size]."""
    query, key, value = _unpacked("flash_attn_varlen_qkvpacked", qkv, 4)
    return flash_attn_unpadded(
        query,
        key,
        value,
        cu_seqlens_q,
        cu_seqlens_k,
        max_seqlen_q,
        max_seqlen_k,
        scale,
        dropout,
        causal,
        return_softmax,
        training=training,
    )


def flash_attention_with_sparse_mask(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    attn_mask_start_row_indices: _proa.Tensor,
    attn_mask_start_row: int = 0,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    return_softmax: bool = False,
    return_softmax_lse: bool = False,
    return_seed_offset: bool = False,
    training: bool = True,
    name: str | None = None,
) -> _proa.Tensor:
    """Causal attention where key s is hidden from the queries from a row of its own on.

    Args:
        attn_mask_start_row_indices: int32 [batch, heads, keys], the first row that does not see
            each key.
    """
    where = "flash_attention_with_sparse_mask"
    _no_softmax(where, return_softmax or return_softmax_lse or return_seed_offset)
    if not is_causal:
        refuse(where, "is_causal", "True", is_causal)
    rows = proa.arange(query.shape[1], dtype="int64").unsqueeze(1)
    keys = proa.arange(key.shape[1], dtype="int64").unsqueeze(0)
    start = attn_mask_start_row_indices.astype("int64").unsqueeze(2)
    mask = (keys <= rows) & (rows < start)
    return scaled_dot_product_attention(query, key, value, mask, dropout_p, False, training)


def scaled_dot_product_attention_(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    attn_mask: _proa.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    training: bool = True,
    attention_op: str | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """scaled_dot_product_attention; attention_op, which chose a kernel, is accepted."""
    return scaled_dot_product_attention(
        query, key, value, attn_mask, dropout_p, is_causal, training, scale=scale
    )


def sparse_attention(
    query: _proa.Tensor,
    key: _proa.Tensor,
    value: _proa.Tensor,
    sparse_csr_offset: _proa.Tensor,
    sparse_csr_columns: _proa.Tensor,
    key_padding_mask: _proa.Tensor | None = None,
    attn_mask: _proa.Tensor | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """Attention of [batch, heads, length, size] at the places that a pattern of rows names.

    Args:
        sparse_csr_offset: int32 [batch, heads, length + 1], where each row's columns begin.
        sparse_csr_columns: int32 [batch, heads, count], the columns that each row sees.
        key_padding_mask: [batch, length], attn_mask: [length, length]; 0 hides.
    """
    batch, heads, length, _ = query.shape
    count = sparse_csr_columns.shape[2]
    offset = sparse_csr_offset.astype("int64")
    place = proa.arange(count, dtype="int64").reshape([1, 1, 1, count])
    begun = offset[:, :, 1:].unsqueeze(3) <= place
    row = proa.sum(begun.astype("int64"), 2)
    flat = proa.clip(row, max=length - 1) * length + sparse_csr_columns.astype("int64")
    there = (row < length).astype("int64")
    seen = proa.zeros([batch, heads, length * length], "int64")
    seen = proa.put_along_axis(seen, flat, there, 2, "add")
    mask = (seen > 0).reshape([batch, heads, length, length])
    if key_padding_mask is not None:
        mask = mask & (key_padding_mask != 0).reshape([batch, 1, 1, length])
    if attn_mask is not None:
        mask = mask & (attn_mask != 0)
    order = [0, 2, 1, 3]
    q, k, v = (proa.transpose(x, order) for x in (query, key, value))
    return proa.transpose(scaled_dot_product_attention(q, k, v, mask), order)
