"""Attention and Transformer beyond golden.npz: caches, masks, stacks, settings, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import proa
from proa import nn


def close(a, b):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)


def causal(length):
    return proa.to_tensor(np.tril(np.ones([length, length], dtype=bool)))


def test_self_attention_step_by_step_with_a_cache():
    attention = nn.MultiHeadAttention(8, 2)
    x = proa.randn([2, 5, 8])
    whole = attention(x, attn_mask=causal(5))
    cache = attention.gen_cache(x)
    assert isinstance(cache, nn.MultiHeadAttention.Cache) and list(cache.k.shape) == [2, 2, 0, 4]
    for t in range(5):
        step = x[:, t : t + 1]
        y, cache = attention(step, step, step, cache=cache)
        close(y, whole[:, t : t + 1])
    assert list(cache.v.shape) == [2, 2, 5, 4]


def test_static_cache_holds_the_memory():
    attention = nn.MultiHeadAttention(8, 2, kdim=6, vdim=6)
    query, memory = proa.randn([2, 3, 8]), proa.randn([2, 4, 6])
    cache = attention.gen_cache(memory, memory, nn.MultiHeadAttention.StaticCache)
    y, same = attention(query, memory, memory, cache=cache)
    assert same is cache
    close(y, attention(query, memory, memory))
    given = attention.gen_cache(cache.k, cache.v)
    assert given.k is cache.k


def test_masks_mean_the_same_in_every_spelling():
    attention = nn.MultiHeadAttention(8, 2)
    x = proa.randn([2, 4, 8])
    seen = causal(4)
    wanted = attention(x, attn_mask=seen)
    close(attention(x, attn_mask=seen.astype("int64")), wanted)
    additive = nn.Transformer(8, 2, 1, 1, 8).generate_square_subsequent_mask(4)
    assert additive.numpy()[0].tolist() == [0.0, -np.inf, -np.inf, -np.inf]
    close(attention(x, attn_mask=additive), wanted)
    close(attention(x, attn_mask=seen.reshape([1, 1, 4, 4])), wanted)


def test_need_weights_gives_the_same_output():
    first = nn.MultiHeadAttention(8, 2)
    second = nn.MultiHeadAttention(8, 2, need_weights=True)
    second.set_state_dict(first.state_dict())
    x = proa.randn([2, 4, 8])
    y, weights = second(x, attn_mask=causal(4))
    close(y, first(x, attn_mask=causal(4)))
    assert list(weights.shape) == [2, 2, 4, 4]
    np.testing.assert_allclose(weights.numpy().sum(-1), 1.0, rtol=1e-5)
    assert (np.triu(weights.numpy(), 1) == 0).all()


def attended(q, k, v, mask=None):
    """By the formula, head by head; [batch, length, heads, size]."""
    out = np.zeros([*q.shape[:3], v.shape[3]])
    for b in range(q.shape[0]):
        for h in range(q.shape[2]):
            own = h * k.shape[2] // q.shape[2]
            scores = q[b, :, h] @ k[b, :, own].T / np.sqrt(q.shape[3])
            scores = scores if mask is None else np.where(mask, scores, -np.inf)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            out[b, :, h] = weights / weights.sum(-1, keepdims=True) @ v[b, :, own]
    return out


@pytest.mark.parametrize("own", [4, 2, 1])
def test_attention_by_the_formula(own):
    rng = np.random.default_rng(0)
    q, k, v = (
        rng.normal(size=(2, 3, 4, 5)),
        rng.normal(size=(2, 6, own, 5)),
        rng.normal(size=(2, 6, own, 7)),
    )
    attend = nn.functional.scaled_dot_product_attention
    given = [proa.to_tensor(a) for a in (q, k, v)]
    np.testing.assert_allclose(attend(*given).numpy(), attended(q, k, v), rtol=1e-10)
    low = np.tril(np.ones([3, 6], bool))
    for extra in (dict(is_causal=True), dict(attn_mask=proa.to_tensor(low))):
        np.testing.assert_allclose(
            attend(*given, **extra).numpy(), attended(q, k, v, low), rtol=1e-10
        )
    np.testing.assert_allclose(
        attend(*given, scale=0.0).numpy(), attended(q * 0, k, v), rtol=1e-10, atol=1e-12
    )


def test_attention_refuses_what_does_not_fit():
    attend = nn.functional.scaled_dot_product_attention
    q = proa.ones([2, 3, 4, 5])
    for bad in (
        lambda: attend(proa.ones([2, 3, 4]), q, q),
        lambda: attend(q, proa.ones([2, 3, 3, 5]), q),
        lambda: attend(q, proa.ones([2, 3, 4, 6]), q),
        lambda: attend(q, q, proa.ones([2, 4, 4, 5])),
        lambda: attend(q, q, q, proa.ones([3, 3]), is_causal=True),
        lambda: attend(q, q, q, dropout_p=1.5),
    ):
        with pytest.raises(ValueError, match=r"\[scaled_dot_product_attention\]"):
            bad()


def test_encoder_with_caches():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2, nn.LayerNorm(8))
    x = proa.randn([2, 4, 8])
    whole = encoder(x, causal(4))
    caches = encoder.gen_cache(x)
    assert len(caches) == 2
    for t in range(4):
        y, caches = encoder(x[:, t : t + 1], cache=caches)
        close(y, whole[:, t : t + 1])


def test_decoder_with_caches():
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, 0.0), 2)
    memory, x = proa.randn([2, 3, 8]), proa.randn([2, 4, 8])
    whole = decoder(x, memory, causal(4))
    caches = decoder.gen_cache(memory)
    for t in range(4):
        y, caches = decoder(x[:, t : t + 1], memory, cache=caches)
        close(y, whole[:, t : t + 1])
    own, static = decoder.gen_cache(memory, do_zip=True)
    assert len(own) == len(static) == 2 and list(static[0].k.shape) == [2, 2, 3, 4]


def test_stacks_start_from_values_of_their_own():
    first = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", normalize_before=True)
    encoder = nn.TransformerEncoder(first, 3)
    assert encoder.layers[0] is first and len(encoder.layers) == 3
    assert encoder.layers[2].normalize_before and encoder.layers[2].activation is first.activation
    a, b = (layer.linear1.weight.numpy() for layer in list(encoder.layers)[:2])
    assert not np.array_equal(a, b)
    assert len({p.name for p in encoder.parameters()}) == len(encoder.parameters())


def test_settings_of_the_parts():
    value = nn.initializer.Constant
    attr = [value(0.1), value(0.2), value(0.3)]
    model = nn.Transformer(4, 2, 1, 1, 8, weight_attr=attr, bias_attr=False)
    encoder, decoder = model.encoder.layers[0], model.decoder.layers[0]
    first = [
        layer.weight.numpy()[0, 0]
        for layer in (
            encoder.self_attn.q_proj,
            encoder.linear1,
            decoder.self_attn.q_proj,
            decoder.cross_attn.q_proj,
            decoder.linear2,
        )
    ]
    np.testing.assert_allclose(first, [0.1, 0.3, 0.1, 0.2, 0.3], rtol=1e-6)
    assert encoder.linear1.bias is None and decoder.self_attn.out_proj.bias is None
    assert model.encoder.norm is not None and model.encoder.norm.bias is not None


def test_custom_parts():
    class Double(nn.Layer):
        def forward(self, src, mask):
            return src * 2.0

    model = nn.Transformer(4, 2, 1, 1, 8, 0.0, custom_encoder=Double())
    src, tgt = proa.randn([1, 3, 4]), proa.randn([1, 2, 4])
    close(model(src, tgt), model.decoder(tgt, src * 2.0))


def test_dropout_follows_the_mode():
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.5)
    x = proa.randn([2, 3, 8])
    assert not np.array_equal(layer(x).numpy(), layer(x).numpy())
    layer.eval()
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: nn.MultiHeadAttention(8, 3), r"embed_dim: expected a multiple of num_heads=3"),
        (lambda: nn.MultiHeadAttention(8, 2)(proa.ones([2, 8])), r"\[batch, length, 8\]"),
        (
            lambda: nn.MultiHeadAttention(8, 2, kdim=4)(proa.ones([1, 2, 8]), proa.ones([1, 2, 8])),
            r"key: expected a tensor of shape \[batch, length, 4\]",
        ),
        (lambda: nn.MultiHeadAttention(8, 2, 2.0), "dropout"),
        (
            lambda: nn.MultiHeadAttention(8, 2).gen_cache(proa.ones([1, 2, 8]), type=dict),
            "Cache or StaticCache",
        ),
        (lambda: nn.TransformerEncoderLayer(8, 2, 16, activation="gleu"), "activation"),
        (lambda: nn.TransformerEncoderLayer(8, 2, 16, weight_attr=[None] * 3), "weight_attr"),
        (lambda: nn.TransformerEncoder(nn.Linear(1, 1), 2), "a TransformerEncoderLayer"),
        (
            lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 0),
            "num_layers: expected a positive int",
        ),
        (lambda: nn.Transformer(9, 2), "d_model"),
        (lambda: nn.Transformer(8, 2, 1, 1, bias_attr=[None] * 4), "bias_attr"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act()
