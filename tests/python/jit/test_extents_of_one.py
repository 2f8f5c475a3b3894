"""An extent of 1 is a size like any other until a function asks whether it is 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest
from proa.jit import to_static

import proa
from proa import nn

rng = np.random.default_rng(11)


def tensor(*shape: int) -> Any:
    return proa.to_tensor(rng.normal(size=shape).astype(np.float32))


def bits(x: Any) -> tuple[bytes, list[int]]:
    return x.numpy().tobytes(), list(x.shape)


# What asks, how many graphs serve all sizes, and the functions.
FUNCTIONS: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "elementwise": (1, lambda x, y: proa.tanh(x) * 2 + y),
    "rows": (1, lambda x, y: F.softmax(x, -1) * y),
    "columns": (1, lambda x, y: (x * y).sum(0)),
    "all": (1, lambda x, y: (x * y).mean()),
    "turned": (1, lambda x, y: x.t() + 2 * y.t()),
    "reshaped": (1, lambda x, y: (x + y).reshape([-1]) * 2),
    "flattened": (1, lambda x, y: proa.concat([x.flatten(), y.flatten()])),
    "stacked": (1, lambda x, y: proa.stack([x, y], 1).transpose([2, 0, 1])),
    "kept dims": (1, lambda x, y: x - y.mean(-1, keepdim=True)),
    "sliced": (1, lambda x, y: x[-1:, :1] + y[:1, -1:]),
    "sorted": (1, lambda x, y: proa.sort(x, -1) + proa.cumsum(y, 0)),
    "read": (2, lambda x, y: x if x.shape[0] == 1 else x * y),
    "squeezed": (2, lambda x, y: (x + y).squeeze(0)),
    "product": (4, lambda x, y: x.t() @ y),  # T rows and T columns; K = B
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_captures_by_what_asks(name: str) -> None:
    most, function = FUNCTIONS[name]
    captured = to_static(function)
    sizes = [(1, 5), (4, 1), (1, 1), (4, 5)] * 2 + [
        tuple(int(n) for n in rng.integers(1, 5, 2)) for _ in range(92)
    ]
    for number, (rows, columns) in enumerate(sizes):
        x, y = tensor(rows, columns), tensor(rows, columns)
        assert bits(captured(x, y)) == bits(function(x, y)), (rows, columns)
        if number == 7:
            made = len(captured.captures())
    assert len(captured.captures()) == made <= most, captured.why()


def test_broadcasting_asks() -> None:
    captured = to_static(lambda x, y: x * y)
    for a, b in [(1, 4), (4, 1), (4, 4), (1, 1), (3, 3), (1, 3), (3, 1), (1, 1)]:
        x, y = tensor(a, 2), tensor(b, 2)
        assert bits(captured(x, y)) == bits(x * y)
    assert len(captured.captures()) == 3  # one is 1, the other is 1, both are equal


def test_gradients_keep_the_sign_of_zero() -> None:
    """To sum one element makes +0 of -0; eager does not sum where nothing was repeated."""
    w = proa.to_tensor(np.ones((1, 3), np.float32), stop_gradient=False)
    captured = to_static(lambda x: x * w)
    for rows in (4, 1, 2, 1):
        x = proa.to_tensor(np.full((rows, 3), -0.0, np.float32))
        found = []
        for run in (captured, lambda x: x * w):
            w.clear_grad(set_to_zero=False)
            run(x).sum().backward()
            found.append(bits(w.grad))
        assert found[0] == found[1], rows
    assert len(captured.captures()) <= 2


class Block(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix = nn.LayerNorm(8), nn.Linear(8, 24)
        self.join, self.up, self.down = nn.Linear(8, 8), nn.Linear(8, 32), nn.Linear(32, 8)

    def forward(self, x: Any) -> Any:
        batch, length, _ = x.shape
        q, k, v = self.mix(self.norm(x)).reshape([batch, length, 3, 2, 4]).unbind(2)
        x = x + self.join(
            F.scaled_dot_product_attention(q, k, v, is_causal=True).reshape([batch, length, 8])
        )
        return x + self.down(F.gelu(self.up(x)))


def mlp() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


class Images(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2D(3, 8, 3, padding=1), nn.Conv2D(8, 8, 3, padding=1)
        self.norm, self.last = nn.BatchNorm2D(8), nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        return self.last(F.relu(self.norm(self.second(F.relu(self.first(x))))).mean([2, 3]))


def training(net: Any) -> Callable[[Any], Any]:
    optimizer = proa.optimizer.AdamW(1e-3, parameters=net.parameters())

    def step(x: Any) -> Any:
        loss = (net(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        return loss

    return step


def counted() -> int:
    now = proa.compiler.report()
    return now.compiled + now.from_disk


# At most: one graph, and one more for each product of sizes that are rows of some product.
STEPS: dict[str, tuple[int, Callable[[], Any], Callable[[int, int], tuple[int, ...]]]] = {
    "mlp": (2, mlp, lambda batch, length: (batch, 8)),
    "block": (3, Block, lambda batch, length: (batch, length, 8)),
    "images": (2, Images, lambda batch, length: (batch, 3, 8, 8)),
}


@pytest.mark.parametrize("name", STEPS)
def test_training_steps_of_all_sizes(name: str) -> None:
    most, make, shape = STEPS[name]
    results = []
    sizes = [(5, 7), (1, 7), (5, 1), (1, 1)]
    sizes += [(int(a), int(b)) for a, b in np.random.default_rng(3).integers(1, 9, (96, 2))]
    for compiled in (False, True):
        proa.seed(5)
        net = make()
        step = to_static(training(net)) if compiled else training(net)
        values = np.random.default_rng(4)
        made, losses = 0, []
        for number, size in enumerate(sizes):
            x = proa.to_tensor(values.normal(size=shape(*size)).astype(np.float32))
            losses.append(bits(step(x)))
            if compiled and number == 3:
                made = counted()
        if compiled:
            assert len(step.captures()) <= most, step.why()
            assert counted() == made  # nothing was compiled behind the first four calls
        results.append((losses, [bits(p) for p in net.parameters()]))
    assert results[0] == results[1]


def test_slices_and_transposes() -> None:
    captured = to_static(lambda x: F.softmax(x[:, 1:] * 2, -1) + x.transpose([1, 0]).sum())
    for batch, length in rng.integers(1, 30, (100, 2)):
        x = tensor(int(length) + 1, 2 * int(batch))[:, ::2].t()
        assert bits(captured(x)) == bits(captured.function(x))
    assert len(captured.captures()) == 1, captured.why()


def test_captures_are_not_made_again_by_turns() -> None:
    captured = to_static(lambda x, w: F.relu(x @ w))
    w = tensor(6, 5)
    for rows in (8, 1, 8, 1, 3, 1, 1, 8):
        x = tensor(rows, 6)
        assert bits(captured(x, w)) == bits(F.relu(x @ w))
    assert len(captured.captures()) == 2, captured.why()


# Each has a gradient of a gradient that depends on which sums there are, or on their order.
SECOND: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
    "equal sizes that are two symbols": (proa.addmm, [(3, 5), (3, 4), (4, 5)]),
    "a product of sizes": (lambda x: proa.diagflat(x, 1), [(2, 2)]),
    "one column": (proa.outer, [(2, 2), (1,)]),
    "one line of pixels": (
        lambda x, w: F.group_norm(x, 2, 1e-5, w, w, data_format="NHWC"),
        [(2, 1, 2, 4), (4,)],
    ),
    "a mean of one": (lambda x, y: (x * y).mean([0, 1, 2], keepdim=True) * x, [(2, 1, 2, 3)] * 2),
    "heads of one": (F.scaled_dot_product_attention, [(2, 3, 2, 1), (2, 5, 2, 1), (2, 5, 2, 1)]),
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives(name: str) -> None:
    function, shapes = SECOND[name]

    def second(called: Any) -> list[Any]:
        rng = np.random.default_rng(5)

        def filled(shape: Any) -> Any:
            values = np.where(rng.random(shape) < 0.4, -0.0, rng.normal(size=shape))
            return proa.to_tensor(values.astype(np.float32).reshape(shape), stop_gradient=False)

        xs = [filled(shape) for shape in shapes]
        result = called(*xs)
        seed = filled(result.shape)
        grads = proa.grad([result], xs, [seed], create_graph=True)
        cotangents = [filled(g.shape).detach() for g in grads]
        found = proa.grad(grads, [*xs, seed], cotangents, allow_unused=True)
        return [bits(g) for g in found if g is not None]

    specs = [proa.static.InputSpec(list(shape), "float32") for shape in shapes]
    fixed = to_static(function, input_spec=specs)
    symbolic = to_static(function)
    larger = [tensor(*(2 * n for n in shape)) for shape in shapes]
    for called in (function, symbolic):
        called(*larger)
        assert second(called) == second(fixed)
    for i, shape in enumerate(shapes):  # symbols of one argument beside numbers of the others
        free = proa.static.InputSpec([None] * len(shape), "float32")
        mixed = [*specs[:i], free, *specs[i + 1 :]]
        assert second(to_static(function, input_spec=mixed)) == second(fixed)


@pytest.mark.parametrize("tier", ["prebuilt", "compiled"])
def test_operators_at_one_and_elsewhere(tier: str) -> None:
    seed, share = os.environ.get("PROA_SEED", "0"), "0.08" if tier == "prebuilt" else "0.01"
    script = Path(__file__).with_name("check_ones.py")
    done = subprocess.run(
        [sys.executable, str(script), seed, share, "float32"],
        env={**os.environ, "PROA_TIER": tier},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["compared"] > 100
    assert report["wrong"] == []
