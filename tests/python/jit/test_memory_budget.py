"""A budget of memory exchanges time for memory, and changes no bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import proa
from proa import _proa


def layers(x: Any, depth: int = 6) -> Any:
    """The shape of a training step: what the forward makes is read again in the opposite order."""
    kept = []
    for i in range(depth):
        x = proa.tanh(x * (1.0 + 0.1 * i)) + proa.sum(x, axis=0)
        kept.append(x)
    y = proa.ones_like(x)
    for value in reversed(kept):
        y = proa.sum(y, axis=1, keepdim=True) + value * proa.exp(-proa.abs(value))
    return y


@pytest.fixture
def data() -> Any:
    rng = np.random.default_rng(5)
    return proa.to_tensor(rng.normal(size=(64, 96)).astype(np.float32))


def test_the_plan_shrinks_and_the_bits_stay(data: Any) -> None:
    expected = layers(data).numpy().tobytes()
    plain = proa.jit.to_static(layers)
    assert plain(data).numpy().tobytes() == expected
    one = data.nbytes
    tight = proa.jit.to_static(layers, memory_budget=4 * one)
    assert tight(data).numpy().tobytes() == expected
    before, after, copies = _proa._memory_plan()
    assert before > 5 * one and after < before and copies > 0
    loose = proa.jit.to_static(layers, memory_budget=1 << 40)
    assert loose(data).numpy().tobytes() == expected
    assert _proa._memory_plan()[2] == 0


@pytest.mark.parametrize("budget", [1, 100_000, 200_000])
def test_gradients_and_draws_are_those_without(data: Any, budget: int) -> None:
    def f(x: Any) -> Any:
        h = proa.nn.functional.dropout(proa.tanh(x) * x, 0.4)
        return proa.sum(proa.exp(-h * h) * h)

    results = []
    for function in (f, proa.jit.to_static(f), proa.jit.to_static(f, memory_budget=budget)):
        proa.seed(11)
        x = data.detach()
        x.stop_gradient = False
        y = function(x)
        y.backward()
        results.append((y.numpy().tobytes(), x.grad.numpy().tobytes()))
    assert results[0] == results[1] == results[2]


def test_other_sizes_run_too(data: Any) -> None:
    f = proa.jit.to_static(layers, memory_budget=1)
    for rows in (64, 1, 7, 200):
        x = proa.to_tensor(np.random.default_rng(rows).normal(size=(rows, 96)).astype(np.float32))
        assert f(x).numpy().tobytes() == layers(x).numpy().tobytes()


@pytest.mark.parametrize("budget", [0, -1, True, "1 GiB"])
def test_what_is_no_budget_is_refused(budget: Any) -> None:
    with pytest.raises(ValueError, match="memory_budget"):
        proa.jit.to_static(layers, memory_budget=budget)
