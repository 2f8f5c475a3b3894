"""PyTorch's attention and Transformer layers: packed projections, length before batch by default.

Why written anew: their state has one packed weight where ours has three, and their masks say where
not to attend where ours say where to.
"""

from __future__ import annotations

import contextlib
import copy
import enum
import importlib
import math
from collections.abc import Iterator
from typing import Any

from ... import _proa
from ...check import divisible, positive, refuse
from . import functional
from .layers import Linear
from .module import Module, Parameter

ops: Any = _proa.ops
F: Any = functional


def _added(mask: Any, like: Any) -> Any:
    """A mask to add to scores: bool says where not to attend."""
    if mask.dtype == "bool":
        zeros = ops.zeros(list(mask.shape), like.dtype)
        return ops.where(mask, ops.full_like(zeros, float("-inf")), zeros)
    return mask.astype(like.dtype)


class MultiheadAttention(Module):
    """Scaled dot-product attention in several heads (Vaswani et al. 2017).

    Args:
        embed_dim, num_heads: the model's size and the number of its parts.
        dropout: of the attention weights.
        bias: whether the projections have one.
        kdim, vdim: sizes of keys and values where they are not embed_dim.
        batch_first: whether [batch, length, size] and not [length, batch, size].
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        where = "MultiheadAttention"
        positive(where, "embed_dim", embed_dim)
        divisible(
            where, "embed_dim", embed_dim, "num_heads", positive(where, "num_heads", num_heads)
        )
        for name, value in (("add_bias_kv", add_bias_kv), ("add_zero_attn", add_zero_attn)):
            if value:
                refuse(where, name, "False", value)
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        kind = _proa.get_default_dtype() if dtype is None else dtype
        packed = self.kdim == self.vdim == embed_dim
        sizes = {"in_proj_weight": 3 * embed_dim} if packed else {}
        for name, rows in sizes.items():
            setattr(self, name, _xavier([rows, embed_dim], kind))
        if not packed:
            self.q_proj_weight = _xavier([embed_dim, embed_dim], kind)
            self.k_proj_weight = _xavier([embed_dim, self.kdim], kind)
            self.v_proj_weight = _xavier([embed_dim, self.vdim], kind)
            self.register_parameter("in_proj_weight", None)
        self.in_proj_bias = Parameter(ops.zeros([3 * embed_dim], kind)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=kind)
        if self.out_proj.bias is not None:
            self.out_proj.bias.set_value(ops.zeros([embed_dim], kind))

    in_proj_weight: Any

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """(outputs, weights); the weights are averaged over heads, None unless needed.

        Masks of bool are True where not to attend; others are added to the scores.
        """
        single = query.ndim == 2
        tensors = [ops.unsqueeze(x, 0) if single else x for x in (query, key, value)]
        if not single and not self.batch_first:
            tensors = [ops.transpose(x, [1, 0, 2]) for x in tensors]
        q, k, v = self._project(*tensors)
        batch, targets, sources = q.shape[0], q.shape[1], k.shape[1]
        q, k, v = (self._heads(x) for x in (q, k, v))
        scores = ops.matmul(q * (1.0 / math.sqrt(self.head_dim)), k, transpose_y=True)
        if attn_mask is not None:
            mask = _added(attn_mask, scores)
            if mask.ndim == 3:
                mask = ops.reshape(mask, [batch, self.num_heads, targets, sources])
            scores = scores + mask
        elif is_causal:
            refuse("MultiheadAttention", "attn_mask", "a mask, with is_causal=True", attn_mask)
        if key_padding_mask is not None:
            padding = _added(key_padding_mask, scores)
            scores = scores + ops.reshape(padding, [batch, 1, 1, sources])
        weights = F.softmax(scores, -1)
        dropped = weights
        if self.dropout > 0 and self.training:
            dropped = F.dropout(weights, self.dropout)
        y = ops.transpose(ops.matmul(dropped, v), [0, 2, 1, 3])
        y = self.out_proj(ops.reshape(y, [batch, targets, self.embed_dim]))
        if single:
            y = ops.squeeze(y, 0)
        elif not self.batch_first:
            y = ops.transpose(y, [1, 0, 2])
        if not need_weights:
            return y, None
        shown = ops.mean(weights, 1) if average_attn_weights else weights
        return y, ops.squeeze(shown, 0) if single else shown

    def _project(self, query: Any, key: Any, value: Any) -> Any:
        if self.in_proj_weight is not None:
            if query is key and key is value:
                packed = F.linear(query, self.in_proj_weight, self.in_proj_bias)
                return ops.split(packed, 3, -1)
            weights = ops.split(self.in_proj_weight, 3, 0)
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        absent = [None, None, None]
        biases = absent if self.in_proj_bias is None else ops.split(self.in_proj_bias, 3, 0)
        triples = zip((query, key, value), weights, biases, strict=True)
        return [F.linear(x, weight, bias) for x, weight, bias in triples]

    def _heads(self, x: Any) -> Any:
        shape = [x.shape[0], x.shape[1], self.num_heads, self.head_dim]
        return ops.transpose(ops.reshape(x, shape), [0, 2, 1, 3])

    def extra_repr(self) -> str:
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"


def _xavier(shape: list[int], dtype: Any) -> Any:
    bound = math.sqrt(6.0 / sum(shape))
    return Parameter(ops.uniform(shape, dtype, -bound, bound))


def _activation(where: str, activation: Any) -> Any:
    if callable(activation):
        return activation
    known = {"relu": F.relu, "gelu": F.gelu}
    if activation not in known:
        refuse(where, "activation", "'relu', 'gelu' or a function", activation)
    return known[activation]


class _Block(Module):
    """What the layers of encoder and decoder share: attention, a feed-forward part, norms."""

    _NORMS = 2
    norm1: Any
    norm2: Any
    norm3: Any
    dropout1: Any
    dropout2: Any
    dropout3: Any

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        layers: Any = importlib.import_module("proa.torch.nn.layers")

        norm = layers.LayerNorm
        drop = layers.Dropout
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype
        )
        if self._NORMS == 3:
            self.multihead_attn = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype
            )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = drop(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        for i in range(1, self._NORMS + 1):
            setattr(self, f"norm{i}", norm(d_model, layer_norm_eps, bias=bias, dtype=dtype))
        for i in range(1, self._NORMS + 1):
            setattr(self, f"dropout{i}", drop(dropout))
        self.activation = _activation(type(self).__name__, activation)

    def _attend(self, x: Any, mask: Any, padding: Any) -> Any:
        return self.dropout1(
            self.self_attn(x, x, x, key_padding_mask=padding, need_weights=False, attn_mask=mask)[0]
        )

    def _feed(self, x: Any, last: Any) -> Any:
        return last(self.linear2(self.dropout(self.activation(self.linear1(x)))))

    def _joined(self, x: Any, parts: list[tuple[Any, Any]]) -> Any:
        """Each part added to what came before it, normalised first or last."""
        for norm, part in parts:
            x = x + part(norm(x)) if self.norm_first else norm(x + part(x))
        return x


class TransformerEncoderLayer(_Block):
    """Self-attention and a feed-forward part, each with a shortcut and a norm."""

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:  # fmt: skip
        return self._joined(
            src,
            [
                (self.norm1, lambda x: self._attend(x, src_mask, src_key_padding_mask)),
                (self.norm2, lambda x: self._feed(x, self.dropout2)),
            ],
        )


class TransformerDecoderLayer(_Block):
    """Self-attention, attention to a memory and a feed-forward part."""

    _NORMS = 3

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        def look(x: Any) -> Any:
            found = self.multihead_attn(
                x, memory, memory, key_padding_mask=memory_key_padding_mask, need_weights=False,
                attn_mask=memory_mask,
            )  # fmt: skip
            return self.dropout2(found[0])

        return self._joined(
            tgt,
            [
                (self.norm1, lambda x: self._attend(x, tgt_mask, tgt_key_padding_mask)),
                (self.norm2, look),
                (self.norm3, lambda x: self._feed(x, self.dropout3)),
            ],
        )


class _Stack(Module):
    def __init__(self, layer: Any, num_layers: int, norm: Any = None) -> None:
        super().__init__()
        layers: Any = importlib.import_module("proa.torch.nn.layers")

        listed = layers.ModuleList
        self.layers = listed([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def _run(self, x: Any, *rest: Any) -> Any:
        for layer in self.layers:
            x = layer(x, *rest)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """A stack of encoder layers."""

    def __init__(
        self, encoder_layer: Any, num_layers: int, norm: Any = None,
        enable_nested_tensor: bool = True, mask_check: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(encoder_layer, num_layers, norm)

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Any:  # fmt: skip
        return self._run(src, mask, src_key_padding_mask)


class TransformerDecoder(_Stack):
    """A stack of decoder layers."""

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Any = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        return self._run(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        )


class Transformer(Module):
    """Encoder and decoder of Vaswani et al. 2017."""

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = "relu",
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-05,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        layers: Any = importlib.import_module("proa.torch.nn.layers")

        norm = layers.LayerNorm
        shared = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype,
        )  # fmt: skip

        def last() -> Any:
            return norm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*shared), num_encoder_layers, last()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*shared), num_decoder_layers, last()
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        for parameter in self.parameters():
            if parameter.ndim > 1:
                parameter.set_value(_xavier(list(parameter.shape), parameter.dtype))

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        **hints: Any,
    ) -> Any:
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        """-inf above the diagonal, 0 elsewhere: no position sees a later one."""
        kind = dtype or _proa.get_default_dtype()
        return _proa._with_face(ops.triu(ops.full([sz, sz], float("-inf"), kind), 1))


class SDPBackend(enum.Enum):
    """Which kernel PyTorch is to take for attention; here there is one."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3


@contextlib.contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """Accepted: attention is one kernel."""
    yield
