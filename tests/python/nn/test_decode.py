"""Decoders, the transducer's loss, margins and flash-attention's names, against brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from proa.nn import functional as F

import proa
from proa import nn


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def paths_of(scores, labels, blank):
    """-log of the sum over all paths of a transducer: every order of T blanks and U labels."""
    steps, count = scores.shape[0], len(labels)
    total = -math.inf
    for places in itertools.combinations(range(steps + count - 1), count):
        t = u = 0
        value = 0.0
        for i in range(steps + count - 1):
            if i in places:
                value += scores[t, u, labels[u]]
                u += 1
            else:
                value += scores[t, u, blank]
                t += 1
        total = np.logaddexp(total, value + scores[t, u, blank])
    return -total


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_rnnt_is_the_sum_over_all_paths(reduction):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 4, 5))
    labels = np.array([[1, 2, 3], [4, 4, 0], [2, 0, 0]])
    times, counts = [4, 3, 2], [3, 2, 0]
    scores = log_softmax(x)
    wanted = np.array([
        paths_of(scores[b, : times[b]], labels[b, : counts[b]], 0) for b in range(3)
    ])  # fmt: skip
    loss = F.rnnt_loss(
        proa.to_tensor(x), proa.to_tensor(labels), proa.to_tensor(times), proa.to_tensor(counts),
        reduction=reduction,
    )  # fmt: skip
    wanted = {"none": wanted, "sum": wanted.sum(), "mean": wanted.mean()}[reduction]
    np.testing.assert_allclose(loss.numpy(), wanted, rtol=1e-10)


def test_rnnt_gradient_and_fastemit():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1, 3, 3, 4))
    rest = [proa.to_tensor(v) for v in ([[1, 2]], [3], [2])]

    def gradient(weight):
        t = proa.to_tensor(x, stop_gradient=False)
        F.rnnt_loss(t, *rest, fastemit_lambda=weight).backward()
        return t.grad.numpy()

    def value(y):
        return float(F.rnnt_loss(proa.to_tensor(y), *rest))

    found = gradient(0.0)
    for place in [(0, 0, 0, 1), (0, 1, 1, 2), (0, 2, 2, 0), (0, 1, 0, 3)]:
        step = np.zeros_like(x)
        step[place] = 1e-5
        numeric = (value(x + step) - value(x - step)) / 2e-5
        assert abs(numeric - found[place]) < 1e-8
    assert not np.allclose(gradient(0.5), found)
    layer = nn.RNNTLoss(fastemit_lambda=0.0)
    assert float(layer(proa.to_tensor(x), *rest)) == value(x)


def test_margin_cross_entropy_is_its_formula():
    rng = np.random.default_rng(2)
    cosine = np.clip(rng.normal(size=(4, 6)) * 0.5, -0.95, 0.95)
    label = np.array([0, 5, 2, 2])
    scaled = cosine.copy()
    rows = np.arange(4)
    scaled[rows, label] = np.cos(1.2 * np.arccos(cosine[rows, label]) + 0.3) - 0.1
    log_p = log_softmax(scaled * 16.0)
    loss, probabilities = F.margin_cross_entropy(
        proa.to_tensor(cosine), proa.to_tensor(label), 1.2, 0.3, 0.1, 16.0, None, True, None
    )
    np.testing.assert_allclose(loss.numpy()[:, 0], -log_p[rows, label], rtol=1e-9)
    np.testing.assert_allclose(probabilities.numpy(), np.exp(log_p), rtol=1e-9)


def test_class_centers():
    label = proa.to_tensor([11, 5, 1, 3, 12, 2, 15, 19, 18, 19])
    remapped, sampled = F.class_center_sample(label, 20, 6)
    assert sampled.tolist() == [1, 2, 3, 5, 11, 12, 15, 18, 19]
    assert remapped.tolist() == [4, 3, 0, 2, 5, 1, 6, 8, 7, 8]
    remapped, sampled = F.class_center_sample(label, 20, 14)
    assert len(set(sampled.tolist())) == 14
    assert np.array_equal(sampled.numpy()[remapped.numpy()], label.numpy())


class Chain(nn.Layer):
    """A cell whose logits depend on the last class alone: a Markov chain."""

    def __init__(self, table):
        super().__init__()
        self.table = proa.to_tensor(table)

    def forward(self, ids, states):
        return proa.gather(self.table, ids, 0), states + 1.0


def test_beam_search_finds_the_likeliest_sequences():
    rng = np.random.default_rng(3)
    table = rng.normal(size=(5, 5)) * 2
    log_p, end, longest = log_softmax(table), 4, 4
    best = []
    for length in range(1, longest + 1):
        for body in itertools.product(range(4), repeat=length - 1):
            path = [*body, end]
            best.append((sum(log_p[a, b] for a, b in zip([0, *path], path)), path))
    for body in itertools.product(range(4), repeat=longest):
        best.append((sum(log_p[a, b] for a, b in zip([0, *body], body)), list(body)))
    best.sort(reverse=True)
    # A beam as wide as all beginnings misses nothing.
    decoder = nn.BeamSearchDecoder(Chain(table), 0, end, 64)
    ids, states, lengths = nn.dynamic_decode(
        decoder, inits=proa.zeros([2, 3], "float64"), max_step_num=longest - 1, return_length=True
    )
    assert list(ids.shape) == [2, longest, 64]
    for rank in range(5):
        # Different paths of the same steps have the same score: any of them will do.
        path = ids.numpy()[1, :, rank].tolist()[: int(lengths.numpy()[1, rank])]
        own = sum(log_p[a, b] for a, b in zip([0, *path], path))
        np.testing.assert_allclose(own, best[rank][0], rtol=1e-10)
        np.testing.assert_allclose(states.log_probs.numpy()[1, rank], best[rank][0], rtol=1e-10)


def test_beam_search_over_a_cell_of_the_house():
    proa.seed(0)
    embed, cell, out = nn.Embedding(7, 4), nn.GRUCell(4, 6), nn.Linear(6, 7)
    decoder = nn.BeamSearchDecoder(cell, 0, 1, 3, embed, out)
    ids, _ = nn.dynamic_decode(decoder, cell.get_initial_states(proa.zeros([2, 4])), 5)
    assert list(ids.shape)[0] == 2 and list(ids.shape)[2] == 3


class Counting(nn.Decoder):
    """Sample i ends after i + 1 steps."""

    def initialize(self, inits):
        return proa.zeros([3]), proa.zeros([3]), proa.zeros([3], "int64") > 0

    def step(self, time, inputs, states, **kwargs):
        now = states + 1.0
        return {"seen": now * 10}, now, inputs, now >= proa.to_tensor([1.0, 2.0, 3.0])


def test_dynamic_decode_holds_what_has_finished():
    outputs, states, lengths = nn.dynamic_decode(
        Counting(), impute_finished=True, return_length=True
    )
    assert lengths.tolist() == [1, 2, 3] and states.tolist() == [1.0, 2.0, 3.0]
    assert outputs["seen"].tolist() == [[10, 0, 0], [10, 20, 0], [10, 20, 30]]


def attention(q, k, v, mask, scale):
    s = np.einsum("thd,shd->hts", q, k) * scale
    s = np.where(mask, s, -np.inf)
    w = np.exp(s - s.max(-1, keepdims=True))
    return np.einsum("hts,shd->thd", w / w.sum(-1, keepdims=True), v)


@pytest.mark.parametrize("causal", [False, True])
def test_uneven_sequences_attend_within_themselves(causal):
    rng = np.random.default_rng(4)
    q, k, v = (rng.normal(size=(7, 2, 4)) for _ in range(3))
    edges = np.array([0, 3, 7], "int32")
    y, none = F.flash_attn_unpadded(
        *(proa.to_tensor(x) for x in (q, k, v, edges, edges)), 4, 4, 0.5, causal=causal
    )
    assert none is None
    for low, high in ((0, 3), (3, 7)):
        part = slice(low, high)
        size = high - low
        mask = np.tril(np.ones((size, size), bool)) if causal else np.ones((size, size), bool)
        wanted = attention(q[part], k[part], v[part], mask, 0.5)
        np.testing.assert_allclose(y.numpy()[part], wanted, rtol=1e-9)


def test_sparse_patterns():
    rng = np.random.default_rng(5)
    q, k, v = (rng.normal(size=(1, 1, 3, 2)) for _ in range(3))
    offset = proa.to_tensor(np.array([[[0, 2, 3, 6]]], "int32"))
    columns = proa.to_tensor(np.array([[[0, 2, 1, 0, 1, 2]]], "int32"))
    y = F.sparse_attention(*(proa.to_tensor(x) for x in (q, k, v)), offset, columns)
    mask = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 1]], bool)
    pair = (x[0].transpose(1, 0, 2) for x in (q, k, v))
    wanted = attention(*pair, mask, 1 / math.sqrt(2))
    np.testing.assert_allclose(y.numpy()[0, 0], wanted[:, 0], rtol=1e-9)


@pytest.mark.parametrize(
    "call, word",
    [
        (lambda x: F.rnnt_loss(x[0], x, x, x), "input"),
        (lambda x: F.rnnt_loss(x, proa.zeros([9, 9]), x, x), "label"),
        (lambda x: F.rnnt_loss(x, proa.zeros([2, 3]), x, x, blank=9), "blank"),
        (lambda x: F.rnnt_loss(x, proa.zeros([2, 3]), x, x, reduction="all"), "reduction"),
        (lambda x: F.margin_cross_entropy(x, x), "logits"),
        (lambda x: F.class_center_sample(proa.to_tensor([7]), 5, 2), "label"),
        (lambda x: F.class_center_sample(proa.to_tensor([1]), 5, 6), "num_samples"),
        (lambda x: nn.BeamSearchDecoder(nn.GRUCell(2, 2), 0, 1, 0), "beam_size"),
        (lambda x: nn.dynamic_decode(Counting(), max_step_num=-1), "max_step_num"),
        (lambda x: F.flash_attention(x, x, x, return_softmax=True), "return_softmax"),
        (lambda x: F.flash_attn_qkvpacked(x), "qkv"),
    ],
)
def test_refusals(call, word):
    with pytest.raises(proa.ProaError, match=word):
        call(proa.zeros([2, 3, 4, 5]))
