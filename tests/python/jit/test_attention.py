"""Attention over sizes that are symbols: one graph for every length, with eager's bits."""

from __future__ import annotations

import numpy as np
import pytest
from proa.jit import to_static
from proa.nn import functional as F

import proa


def leaves(batch: int, queries: int, keys: int) -> list[proa.Tensor]:
    proa.seed(queries + keys)
    made = [proa.randn([batch, n, 2, 8]) for n in (queries, keys, keys)]
    for x in made:
        x.stop_gradient = False
    return made


def gradients(function, tensors):
    out = function(*tensors)
    (out * out).sum().backward()
    return [out.numpy(), *[x.grad.numpy() for x in tensors]]


@pytest.mark.parametrize("causal", [False, True])
def test_one_graph_for_all_lengths(causal: bool) -> None:
    def function(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)

    captured = to_static(function)
    for batch, queries, keys in [(2, 5, 7), (3, 100, 65), (2, 3, 64), (4, 70, 1100), (2, 97, 130)]:
        eager = gradients(function, leaves(batch, queries, keys))
        program = gradients(captured, leaves(batch, queries, keys))
        assert all(np.array_equal(a, b) for a, b in zip(eager, program, strict=True))
    # Heads and their width are needed as numbers, batches and lengths are not.
    assert len(captured.captures()) == 1


def test_what_hides_behind_the_mask_reaches_nothing() -> None:
    q, k, v = leaves(1, 200, 200)
    clean = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    with proa.no_grad():
        k[:, 150:] = float("nan")
        v[:, 150:] = float("inf")
    spoilt = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    # Blocks of 64 keys: those that begin after a query are skipped for it.
    assert np.array_equal(clean.numpy()[:, :128], spoilt.numpy()[:, :128])
