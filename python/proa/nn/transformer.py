"""Multi-head attention and the Transformer of Vaswani et al., "Attention is all you need", 2017.

Why the masks are made once here: a mask may come as bool, int or float, and all attention calls
take one form.

Legend of shapes: B batch, T target length, S source length, H heads, D head size, E = H * D model
size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import proa

from .. import _proa
from ..check import divisible, positive, probability, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .container import LayerList
from .dropout import Dropout
from .layer import Layer
from .linear import Linear
from .norm import LayerNorm

__all__ = [
    "MultiHeadAttention",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Tensor: TypeAlias = "_proa.Tensor"
AttrList: TypeAlias = ParamAttrLike | list[ParamAttrLike] | tuple[ParamAttrLike, ...]
Activation: TypeAlias = str | Callable[["_proa.Tensor"], "_proa.Tensor"]


class Cache(NamedTuple):
    """Keys and values of the steps so far, [B, H, steps, D]; self-attention appends to it."""

    k: Tensor
    v: Tensor


class StaticCache(NamedTuple):
    """Keys and values of a memory, [B, H, S, D], computed once for all steps of cross-attention."""

    k: Tensor
    v: Tensor


def additive_mask(mask: Tensor | None, dtype: DTypeLike) -> Tensor | None:
    """A mask to add to attention scores: bool and int masks say where to attend; float masks are
    added as given.
    """
    if mask is None:
        return None
    name = str(mask.dtype).rpartition(".")[2]
    if name == "bool" or "int" in name:
        # Finite, so that a row with nothing to attend to gives an even average and not NaN.
        return (mask.astype(dtype) - 1.0) * (1e4 if "float16" in str(dtype) else 1e9)
    return mask.astype(dtype)


# Under other names, since the class below has attributes of these.
_Growing: TypeAlias = Cache
_Static: TypeAlias = StaticCache


class MultiHeadAttention(Layer):
    """softmax(q k^T / sqrt(D) + mask) v in each of H heads, between linear maps.

    Args:
        embed_dim, num_heads: E and H; H divides E.
        dropout: probability of dropping an attention weight, in training.
        kdim, vdim: sizes of keys and values; None takes E.
        need_weights: whether forward returns the attention weights too.
        weight_attr, bias_attr: settings of all four maps; bias_attr=False (PyTorch: bias=False)
            leaves biases out.
    """

    Cache = Cache
    StaticCache = StaticCache

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        kdim: int | None = None,
        vdim: int | None = None,
        need_weights: bool = False,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.embed_dim = positive("MultiHeadAttention", "embed_dim", embed_dim)
        self.num_heads = positive("MultiHeadAttention", "num_heads", num_heads)
        divisible("MultiHeadAttention", "embed_dim", embed_dim, "num_heads", num_heads)
        self.kdim = positive("MultiHeadAttention", "kdim", embed_dim if kdim is None else kdim)
        self.vdim = positive("MultiHeadAttention", "vdim", embed_dim if vdim is None else vdim)
        self.dropout = probability("MultiHeadAttention", "dropout", dropout)
        self.need_weights = need_weights
        self.head_dim = embed_dim // num_heads

        def linear(width: int) -> Linear:
            return Linear(width, embed_dim, weight_attr, bias_attr, bias=bias, dtype=dtype)

        self.q_proj = linear(embed_dim)
        self.k_proj = linear(self.kdim)
        self.v_proj = linear(self.vdim)
        self.out_proj = linear(embed_dim)

    def _heads(self, x_BLE: Tensor) -> Tensor:
        """[B, L, E] -> [B, H, L, D]."""
        split = x_BLE.reshape([x_BLE.shape[0], x_BLE.shape[1], self.num_heads, self.head_dim])
        return proa.transpose(split, [0, 2, 1, 3])

    def compute_kv(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, H, S, D] of key [B, S, kdim] and value [B, S, vdim]."""
        return self._heads(self.k_proj(key)), self._heads(self.v_proj(value))

    def gen_cache(
        self,
        key: Tensor,
        value: Tensor | None = None,
        type: type[_Growing] | type[_Static] = Cache,
    ) -> _Growing | _Static:
        """A cache to hand to forward.

        Args:
            key, value: with type=StaticCache, the memory [B, S, kdim] and [B, S, vdim] (None takes
                key).
                With type=Cache and value None, key only tells the batch and dtype, and the cache is
                empty;
                with a value, key and value are the cached [B, H, S, D] themselves.
        """
        if type is StaticCache:
            return StaticCache(*self.compute_kv(key, key if value is None else value))
        if type is not Cache:
            refuse("MultiHeadAttention.gen_cache", "type", "Cache or StaticCache", type)
        if value is not None:
            return Cache(key, value)
        empty = proa.zeros([key.shape[0], self.num_heads, 0, self.head_dim], key.dtype)
        return Cache(empty, empty)

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        attn_mask: Tensor | None = None,
        cache: _Growing | _Static | None = None,
    ) -> Any:
        """The attended query [B, T, E]; a tuple with the weights [B, H, T, S] (need_weights) and
        the cache, if any.

        Args:
            query: [B, T, E].
            key, value: [B, S, kdim] and [B, S, vdim]; None takes query and key.
            attn_mask: broadcast to [B, H, T, S]; bool or int: where to attend; float: added to the
                scores.
            cache: from gen_cache; a Cache is extended by this call's keys and values, and returned.
        """
        for name, given, width in (
            ("query", query, self.embed_dim),
            ("key", key, self.kdim),
            ("value", value, self.vdim),
        ):
            if given is not None and (len(given.shape) != 3 or given.shape[2] != width):
                refuse(
                    "MultiHeadAttention", name, f"a tensor of shape [batch, length, {width}]", given
                )
        key = query if key is None else key
        value = key if value is None else value
        q_BHTD = self._heads(self.q_proj(query))
        if isinstance(cache, StaticCache):
            k_BHSD, v_BHSD = cache.k, cache.v
        else:
            k_BHSD, v_BHSD = self.compute_kv(key, value)
        if isinstance(cache, Cache):
            k_BHSD = proa.concat([cache.k, k_BHSD], 2)
            v_BHSD = proa.concat([cache.v, v_BHSD], 2)
            cache = Cache(k_BHSD, v_BHSD)
        mask = additive_mask(attn_mask, query.dtype)
        weights_BHTS = None
        if self.need_weights:
            scores = proa.matmul(q_BHTD * self.head_dim**-0.5, k_BHSD, transpose_y=True)
            weights_BHTS = F.softmax(scores if mask is None else scores + mask, -1)
            if self.dropout:
                weights_BHTS = F.dropout(weights_BHTS, self.dropout, training=self.training)
            out_BTHD = proa.transpose(proa.matmul(weights_BHTS, v_BHSD), [0, 2, 1, 3])
        else:
            q_BTHD, k_BSHD, v_BSHD = (
                proa.transpose(x, [0, 2, 1, 3]) for x in (q_BHTD, k_BHSD, v_BHSD)
            )
            out_BTHD = F.scaled_dot_product_attention(
                q_BTHD, k_BSHD, v_BSHD, mask, self.dropout, False, self.training
            )
        out_BTE = self.out_proj(out_BTHD.reshape([query.shape[0], query.shape[1], self.embed_dim]))
        results = [out_BTE]
        if self.need_weights:
            results.append(weights_BHTS)
        if cache is not None:
            results.append(cache)
        return out_BTE if len(results) == 1 else tuple(results)


def _attrs(where: str, name: str, attr: AttrList, count: int) -> list[ParamAttrLike]:
    """One setting for each of a block's `count` parts: attention first, feed-forward last."""
    if not isinstance(attr, (list, tuple)):
        return [attr] * count
    if len(attr) not in (1, count):
        refuse(where, name, f"one setting or {count} of them", attr)
    return list(attr) * count if len(attr) == 1 else list(attr)


def _activation(where: str, activation: Activation) -> Callable[[Tensor], Tensor]:
    if callable(activation):
        return activation
    found = getattr(F, activation, None) if isinstance(activation, str) else None
    if not callable(found):
        refuse(
            where,
            "activation",
            "the name of an activation in nn.functional, or a callable",
            activation,
        )
    chosen: Callable[[Tensor], Tensor] = found
    return chosen


class _Block(Layer):
    """What encoder and decoder layers share: the feed-forward part and its settings."""

    def __init__(
        self,
        parts: int,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Activation,
        attn_dropout: float | None,
        act_dropout: float | None,
        normalize_before: bool,
        weight_attr: AttrList,
        bias_attr: AttrList,
        dtype: DTypeLike | None,
    ) -> None:
        super().__init__(dtype=dtype)
        where = type(self).__name__
        # Kept so that stacks can build more layers of the same settings.
        self._config: dict[str, Any] = {
            "d_model": positive(where, "d_model", d_model),
            "nhead": positive(where, "nhead", nhead),
            "dim_feedforward": positive(where, "dim_feedforward", dim_feedforward),
            "dropout": probability(where, "dropout", dropout),
            "activation": activation,
            "attn_dropout": attn_dropout,
            "act_dropout": act_dropout,
            "normalize_before": normalize_before,
            "weight_attr": weight_attr,
            "bias_attr": bias_attr,
        }
        self.normalize_before = normalize_before
        self._weight_attrs = _attrs(where, "weight_attr", weight_attr, parts)
        self._bias_attrs = _attrs(where, "bias_attr", bias_attr, parts)
        self._attn_dropout = dropout if attn_dropout is None else attn_dropout
        self._act_dropout = dropout if act_dropout is None else act_dropout
        self.activation = _activation(where, activation)

    def _attention(self, part: int) -> MultiHeadAttention:
        return MultiHeadAttention(
            self._config["d_model"],
            self._config["nhead"],
            self._attn_dropout,
            weight_attr=self._weight_attrs[part],
            bias_attr=self._bias_attrs[part],
            dtype=self._dtype,
        )

    def _feed_forward(self) -> tuple[Linear, Dropout, Linear]:
        d_model, hidden = self._config["d_model"], self._config["dim_feedforward"]
        weight, bias = self._weight_attrs[-1], self._bias_attrs[-1]
        return (
            Linear(d_model, hidden, weight, bias, dtype=self._dtype),
            Dropout(self._act_dropout, mode="upscale_in_train"),
            Linear(hidden, d_model, weight, bias, dtype=self._dtype),
        )


class TransformerEncoderLayer(_Block):
    """Self-attention and a feed-forward network, each with a residual and a layer norm.

    Args:
        d_model, nhead: E and H.
        dim_feedforward: width of the feed-forward network.
        dropout: after each part, in training.
        activation: of the feed-forward network, a name in nn.functional or a callable.
        attn_dropout, act_dropout: of attention weights and after the activation; None takes
            dropout.
        normalize_before: whether norms come before the parts or after the residual sums (PyTorch:
            norm_first).
        weight_attr, bias_attr: settings of the linear maps, or one for attention and one for feed-
            forward.
        layer_norm_eps: epsilon of the norms.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float = 0.1,
        activation: Activation = "relu",
        attn_dropout: float | None = None,
        act_dropout: float | None = None,
        normalize_before: bool = False,
        weight_attr: AttrList = None,
        bias_attr: AttrList = None,
        layer_norm_eps: float = 1e-5,
        *,
        norm_first: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            2,
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            attn_dropout,
            act_dropout,
            normalize_before if norm_first is None else norm_first,
            weight_attr,
            bias_attr,
            dtype,
        )
        self._config.update(layer_norm_eps=layer_norm_eps, dtype=dtype)
        self.self_attn = self._attention(0)
        self.linear1, self.dropout, self.linear2 = self._feed_forward()
        self.norm1 = LayerNorm(d_model, layer_norm_eps, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)

    def gen_cache(self, src: Tensor) -> Cache:
        """An empty cache for the batch of src [B, T, E]."""
        cache = self.self_attn.gen_cache(src)
        assert isinstance(cache, Cache)
        return cache

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, cache: Cache | None = None
    ) -> Any:
        """[B, T, E] -> the same; a pair with the new cache, where one is given. src_mask as
        attn_mask.
        """
        residual = src
        x = self.norm1(src) if self.normalize_before else src
        if cache is None:
            x = self.self_attn(x, x, x, src_mask)
        else:
            x, cache = self.self_attn(x, x, x, src_mask, cache)
        x = residual + self.dropout1(x)
        x = x if self.normalize_before else self.norm1(x)
        residual = x
        x = self.norm2(x) if self.normalize_before else x
        x = self.linear2(self.dropout(self.activation(self.linear1(x))))
        x = residual + self.dropout2(x)
        x = x if self.normalize_before else self.norm2(x)
        return x if cache is None else (x, cache)


class TransformerDecoderLayer(_Block):
    """Self-attention, attention to a memory and a feed-forward network, each with a residual and a
    layer norm.

    Args: as TransformerEncoderLayer; weight_attr and bias_attr may be one for each of the three
    parts.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float = 0.1,
        activation: Activation = "relu",
        attn_dropout: float | None = None,
        act_dropout: float | None = None,
        normalize_before: bool = False,
        weight_attr: AttrList = None,
        bias_attr: AttrList = None,
        layer_norm_eps: float = 1e-5,
        *,
        norm_first: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            3,
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            attn_dropout,
            act_dropout,
            normalize_before if norm_first is None else norm_first,
            weight_attr,
            bias_attr,
            dtype,
        )
        self._config.update(layer_norm_eps=layer_norm_eps, dtype=dtype)
        self.self_attn = self._attention(0)
        self.cross_attn = self._attention(1)
        self.linear1, self.dropout, self.linear2 = self._feed_forward()
        self.norm1 = LayerNorm(d_model, layer_norm_eps, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)

    def gen_cache(self, memory: Tensor) -> tuple[Cache, StaticCache]:
        """An empty cache of self-attention and the filled one of attention to memory [B, S, E]."""
        own = self.self_attn.gen_cache(memory)
        other = self.cross_attn.gen_cache(memory, memory, StaticCache)
        assert isinstance(own, Cache) and isinstance(other, StaticCache)
        return own, other

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        cache: tuple[Cache, StaticCache] | None = None,
    ) -> Any:
        """tgt [B, T, E], memory [B, S, E] -> [B, T, E]; a pair with the new caches, where they are
        given.
        """
        residual = tgt
        x = self.norm1(tgt) if self.normalize_before else tgt
        if cache is None:
            x = self.self_attn(x, x, x, tgt_mask)
        else:
            x, own = self.self_attn(x, x, x, tgt_mask, cache[0])
            cache = own, cache[1]
        x = residual + self.dropout1(x)
        x = x if self.normalize_before else self.norm1(x)
        residual = x
        x = self.norm2(x) if self.normalize_before else x
        if cache is None:
            x = self.cross_attn(x, memory, memory, memory_mask)
        else:
            x, _ = self.cross_attn(x, memory, memory, memory_mask, cache[1])
        x = residual + self.dropout2(x)
        x = x if self.normalize_before else self.norm2(x)
        residual = x
        x = self.norm3(x) if self.normalize_before else x
        x = self.linear2(self.dropout(self.activation(self.linear1(x))))
        x = residual + self.dropout3(x)
        x = x if self.normalize_before else self.norm3(x)
        return x if cache is None else (x, cache)


def _stack(where: str, first: Any, kind: type[_Block], num_layers: int) -> LayerList:
    """`first` and num_layers - 1 more of the same settings, each with first values of its own."""
    if not isinstance(first, kind):
        refuse(where, "the layer", f"a {kind.__name__}", first)
    positive(where, "num_layers", num_layers)
    return LayerList([first] + [type(first)(**first._config) for _ in range(num_layers - 1)])


class TransformerEncoder(Layer):
    """A stack of encoder layers.

    Args:
        encoder_layer: the first of them; the others are built with its settings.
        num_layers: how many.
        norm: a layer to apply to the last output, or None.
    """

    def __init__(
        self, encoder_layer: TransformerEncoderLayer, num_layers: int, norm: Layer | None = None
    ) -> None:
        super().__init__()
        self.layers = _stack(
            "TransformerEncoder", encoder_layer, TransformerEncoderLayer, num_layers
        )
        self.num_layers = num_layers
        self.norm = norm

    def gen_cache(self, src: Tensor) -> list[Cache]:
        """One empty cache a layer."""
        return [
            layer.gen_cache(src)
            for layer in self.layers
            if isinstance(layer, TransformerEncoderLayer)
        ]

    def forward(
        self, src: Tensor, src_mask: Tensor | None = None, cache: Sequence[Cache] | None = None
    ) -> Any:
        """[B, T, E] -> the same; a pair with the new caches, where they are given."""
        mask = additive_mask(src_mask, src.dtype)
        x, new = src, []
        for place, layer in enumerate(self.layers):
            if cache is None:
                x = layer(x, mask)
            else:
                x, kept = layer(x, mask, cache[place])
                new.append(kept)
        x = x if self.norm is None else self.norm(x)
        return x if cache is None else (x, tuple(new))


class TransformerDecoder(Layer):
    """A stack of decoder layers.

    Args:
        decoder_layer: the first of them; the others are built with its settings.
        num_layers: how many.
        norm: a layer to apply to the last output, or None.
    """

    def __init__(
        self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: Layer | None = None
    ) -> None:
        super().__init__()
        self.layers = _stack(
            "TransformerDecoder", decoder_layer, TransformerDecoderLayer, num_layers
        )
        self.num_layers = num_layers
        self.norm = norm

    def gen_cache(self, memory: Tensor, do_zip: bool = False) -> list[Any]:
        """One pair of caches a layer; with do_zip, the self-attention caches and the memory's
        apart.
        """
        caches = [
            layer.gen_cache(memory)
            for layer in self.layers
            if isinstance(layer, TransformerDecoderLayer)
        ]
        return list(zip(*caches, strict=True)) if do_zip else list(caches)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        cache: Sequence[tuple[Cache, StaticCache]] | None = None,
    ) -> Any:
        """tgt [B, T, E], memory [B, S, E] -> [B, T, E]; a pair with the new caches, where they are
        given.
        """
        tgt_mask = additive_mask(tgt_mask, tgt.dtype)
        memory_mask = additive_mask(memory_mask, memory.dtype)
        x, new = tgt, []
        for place, layer in enumerate(self.layers):
            if cache is None:
                x = layer(x, memory, tgt_mask, memory_mask)
            else:
                x, kept = layer(x, memory, tgt_mask, memory_mask, cache[place])
                new.append(kept)
        x = x if self.norm is None else self.norm(x)
        return x if cache is None else (x, new)


class Transformer(Layer):
    """Encoder and decoder.

    Args:
        d_model, nhead: E and H.
        num_encoder_layers, num_decoder_layers: how many layers each.
        dim_feedforward, dropout, activation, attn_dropout, act_dropout, normalize_before: as in the
            layers.
        weight_attr, bias_attr: one setting; or two (attention, feed-forward); or three (self-
            attention,
            attention to memory, feed-forward).
        custom_encoder, custom_decoder: layers to use in place of the built ones.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        attn_dropout: float | None = None,
        act_dropout: float | None = None,
        normalize_before: bool = False,
        weight_attr: AttrList = None,
        bias_attr: AttrList = None,
        custom_encoder: Layer | None = None,
        custom_decoder: Layer | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.d_model = positive("Transformer", "d_model", d_model)
        self.nhead = positive("Transformer", "nhead", nhead)
        divisible("Transformer", "d_model", d_model, "nhead", nhead)
        shared: dict[str, Any] = {
            "dropout": dropout,
            "activation": activation,
            "attn_dropout": attn_dropout,
            "act_dropout": act_dropout,
            "normalize_before": normalize_before,
            "dtype": dtype,
        }
        weights = _for_both("weight_attr", weight_attr)
        biases = _for_both("bias_attr", bias_attr)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            encoder_layer = TransformerEncoderLayer(
                d_model,
                nhead,
                dim_feedforward,
                weight_attr=weights[0],
                bias_attr=biases[0],
                **shared,
            )
            self.encoder = TransformerEncoder(
                encoder_layer, num_encoder_layers, LayerNorm(d_model, dtype=dtype)
            )
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            decoder_layer = TransformerDecoderLayer(
                d_model,
                nhead,
                dim_feedforward,
                weight_attr=weights[1],
                bias_attr=biases[1],
                **shared,
            )
            self.decoder = TransformerDecoder(
                decoder_layer, num_decoder_layers, LayerNorm(d_model, dtype=dtype)
            )

    encoder: Layer
    decoder: Layer

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Any:
        """src [B, S, E], tgt [B, T, E] -> [B, T, E]; masks as attn_mask of MultiHeadAttention."""
        memory = self.encoder(src, src_mask)
        return self.decoder(tgt, memory, tgt_mask, memory_mask)

    def generate_square_subsequent_mask(self, length: int) -> Tensor:
        """[length, length] with 0 on and below the diagonal and -inf above: no step sees a later
        one.
        """
        positive("Transformer", "length", length)
        return proa.triu(proa.full([length, length], float("-inf"), self._dtype), 1)


def _for_both(name: str, attr: AttrList) -> tuple[AttrList, AttrList]:
    """Settings of encoder layers (2 parts) and of decoder layers (3 parts)."""
    if not isinstance(attr, (list, tuple)) or len(attr) == 1:
        return attr, attr
    if len(attr) == 2:
        return attr, [attr[0], attr[0], attr[1]]
    if len(attr) == 3:
        return [attr[0], attr[2]], attr
    refuse("Transformer", name, "one setting, or 2 or 3 of them", attr)
