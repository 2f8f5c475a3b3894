"""Recomputation gives the bits of the plain call, with less memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import proa.nn.functional as F  # noqa: N812
import pytest

import proa
from proa import nn


class Block(nn.Layer):
    """Two linear layers with dropout between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, 4 * width)
        self.second = nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        return x + self.second(F.dropout(F.gelu(self.first(x)), 0.3))


def gradients(blocks: Any, data: Any, again: bool) -> list[bytes]:
    proa.seed(7)
    for p in blocks.parameters():
        p.clear_gradient()
    x = data.detach()
    x.stop_gradient = False
    y = x
    for one in blocks:
        y = proa.recompute(one, y) if again else one(y)
    (y * y).mean().backward()
    return [y.numpy().tobytes(), x.grad.numpy().tobytes()] + [
        p.grad.numpy().tobytes() for p in blocks.parameters()
    ]


def test_results_and_gradients_have_the_bits_of_the_plain_call() -> None:
    proa.seed(3)
    blocks = nn.LayerList([Block(16) for _ in range(3)])
    data = proa.randn([9, 16])
    assert gradients(blocks, data, True) == gradients(blocks, data, False)


def test_parameters_get_gradients_where_no_input_wants_one() -> None:
    layer = nn.Linear(4, 3)
    x = proa.ones([2, 4])
    proa.recompute(layer, x).sum().backward()
    assert layer.weight.grad.numpy().tolist() == [[2.0] * 3] * 4


def test_containers_and_what_is_no_tensor_pass_through() -> None:
    def f(pair: Any, scale: float, *, names: Any) -> Any:
        a, b = pair
        return {"sum": (a + b) * scale, "name": names[0], "a": a * a}

    a, b = proa.to_tensor([1.0, 2.0]), proa.to_tensor([3.0, 4.0])
    a.stop_gradient = False
    out = proa.recompute(f, (a, b), 2.0, names=["n"])
    assert out["name"] == "n" and out["sum"].numpy().tolist() == [8.0, 12.0]
    (out["sum"].sum() + out["a"].sum()).backward()
    assert a.grad.numpy().tolist() == [4.0, 6.0]


def test_less_memory_is_held() -> None:
    width, depth = 64, 6
    blocks = nn.LayerList([Block(width) for _ in range(depth)])
    data = proa.randn([512, width])

    def peak(again: bool) -> int:
        proa.reset_peak_memory_stats()
        before = proa.memory_allocated()
        gradients(blocks, data, again)
        return proa.max_memory_allocated() - before

    peak(True)
    plain, less = peak(False), peak(True)
    assert less < 0.7 * plain


def test_without_recording_it_is_the_plain_call() -> None:
    with proa.no_grad():
        assert proa.recompute(proa.exp, proa.zeros([2])).numpy().tolist() == [1.0, 1.0]
    f = proa.jit.to_static(lambda x: proa.recompute(proa.tanh, x))
    assert f(proa.zeros([2])).numpy().tolist() == [0.0, 0.0]


def test_memory_figures_are_told() -> None:
    before = proa.memory_allocated()
    x = proa.ones([1 << 20])
    assert proa.memory_allocated() - before >= x.nbytes
    assert proa.max_memory_allocated() >= proa.memory_allocated()
    assert proa.max_memory_reserved() >= proa.memory_reserved() >= proa.memory_allocated()
    assert "reserved" in proa.memory_summary()
    with pytest.raises(TypeError):
        proa.memory_allocated(1, 2)  # type: ignore[call-arg]
    np.testing.assert_array_equal(x.numpy()[:2], [1, 1])
