"""Gradients of gradients where a part of them is captured: each way has the bits of eager."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from proa.autograd import PyLayer
from proa.jit import InputSpec, to_static
from proa.nn import functional as F

import proa
from proa import nn


def tensor(*shape: int, seed: int = 3) -> Any:
    values = np.random.default_rng(seed).normal(size=shape)
    return proa.to_tensor(values.astype(np.float32), stop_gradient=False)


def bits(tensors: Sequence[Any]) -> list[Any]:
    return [t if t is None else (t.shape, t.numpy().tobytes()) for t in tensors]


def perceptron() -> Any:
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.LayerNorm(5), nn.Linear(5, 3))


def convolutions() -> Any:
    return nn.Sequential(
        nn.Conv2D(3, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.GELU(), nn.Conv2D(4, 2, 3, stride=2)
    )


def learning() -> Any:
    return nn.Sequential(nn.Conv1D(3, 4, 3), nn.BatchNorm1D(4), nn.Tanh(), nn.Conv1D(4, 2, 3))


def pooled() -> Any:
    return nn.Sequential(nn.Conv2D(3, 4, 3), nn.MaxPool2D(2), nn.Flatten(), nn.Linear(16, 3))


NETS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "perceptron": (perceptron, (4, 6)),
    "one layer": (lambda: nn.Linear(6, 5), (4, 6)),
    "twice": (lambda: nn.Sequential(nn.Softmax(), nn.Softmax()), (4, 6)),
    "norm first": (lambda: nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 5)), (4, 6)),
    "convolutions": (convolutions, (2, 3, 7, 7)),
    "norm that learns": (learning, (3, 3, 9)),
    "pooled": (pooled, (2, 3, 6, 6)),
    "transformer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), (2, 5, 8)),
    "with dropout": (lambda: nn.Sequential(perceptron(), nn.Dropout(0.5), nn.Tanh()), (4, 6)),
}


def inner_penalty(net: Any, x: Any) -> list[Any]:
    y = net(x)
    (g,) = proa.grad([y.sin().sum()], [x], create_graph=True)
    return [(g * g).sum() + y.mean() + (g.sum(-1) - 1).square().mean(), y, g]


def gradients(net: Any, x: Any, loss: Any, **options: Any) -> list[Any]:
    return list(proa.grad([loss], [x, *net.parameters()], allow_unused=True, **options))


def penalty_of(net: Any, x: Any, captured: str) -> list[Any]:
    """The penalty of `net`, where "net", the "penalty" or "nothing" is captured."""
    called = to_static(net) if captured == "net" else net
    step: Callable[[Any], list[Any]] = lambda x: inner_penalty(called, x)  # noqa: E731
    return (to_static(step) if captured == "penalty" else step)(x)


@pytest.mark.parametrize("captured", ["net", "penalty"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_penalties(name: str, dtype: str, captured: str) -> None:
    make, shape = NETS[name]

    def found(captured: str) -> list[Any]:
        proa.seed(5)
        net = make().to(dtype=dtype)
        x = tensor(*shape).detach().cast(dtype)
        x.stop_gradient = False
        outputs = penalty_of(net, x, captured)
        second = gradients(net, x, outputs[0], create_graph=True)
        third = gradients(net, x, (second[0] * second[0]).sum() + outputs[0])
        return bits([*outputs, *second, *third, *net.buffers()])

    assert found(captured) == found("nothing")


def test_one_capture_serves_all_batches() -> None:
    net = perceptron()
    captured = to_static(lambda x: net(x), input_spec=[InputSpec([None, None], "float32")])
    for batch in (4, 1, 7):
        x = tensor(batch, 6)
        pair = [inner_penalty(f, x) for f in (net, captured)]
        one, other = (bits([*o, *gradients(net, x, o[0])]) for o in pair)
        assert one == other
    assert len(captured.captures()) <= 2, captured.why()


class Cube(PyLayer):
    @staticmethod
    def forward(context: Any, x: Any) -> Any:
        context.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(context: Any, g: Any) -> Any:
        (x,) = context.saved_tensor()
        return 3 * x * x * g


def decided(x: Any) -> Any:
    y = F.softmax(x, -1).tanh()
    if y.sum() > 0:
        y = F.layer_norm(y * x, [6])
    return y * x


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "several results": lambda x: ((h := F.layer_norm(x, [6])), h.tanh() * h),
    "an argument given back": lambda x: (x, x.tanh().exp()),
    "a gradient written in Python": lambda x: Cube.apply(F.softmax(x, -1)).tanh() * x,
    "a size that depends on values": lambda x: proa.masked_select(x.tanh(), x > 0).exp() * 2.0,
    "a gradient inside that is not recorded": lambda x: (
        (y := F.layer_norm(x, [6]).tanh()),
        proa.grad([y.sum()], [x], retain_graph=True)[0] * x,
    ),
    "what is stopped": lambda x: F.softmax(x, -1).detach() * F.softmax(x.tanh(), -1),
    "rounding": lambda x: (x * 3).floor() * x.tanh() + x.exp(),
    "written in place": lambda x: proa.nn.functional.relu_(x.tanh() * 2) * x.sin(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function = FUNCTIONS[name]

    def found(called: Any) -> list[Any]:
        x = tensor(4, 6)
        outputs = called(x)
        outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
        seeds = [(o.detach() * 0.7).cos() for o in outputs]
        for seed in seeds:
            seed.stop_gradient = False
        loss = sum((o.sin() * o).sum() for o in outputs)
        first = proa.grad([loss, *outputs], [x], [None, *seeds], create_graph=True)
        second = proa.grad(
            [(first[0] * first[0]).sum()], [x, *seeds], allow_unused=True, create_graph=True
        )
        found = bits([*outputs, *first, *second])
        if name == "a gradient written in Python":  # the gradient of its gradient is one call
            return found
        third = proa.grad([(second[0] * x).sum()], [x, *seeds], allow_unused=True)
        return found + bits(third)

    assert found(to_static(function)) == found(function)


def test_a_branch_is_one_call() -> None:
    captured = to_static(decided)
    x = tensor(4, 6)
    for called in (captured, decided):
        y = called(x)
        (g,) = proa.grad([(y * y).sum()], [x], create_graph=True)
        (h,) = proa.grad([(g * g).sum()], [x])
        if called is captured:
            mine = h.numpy()
    np.testing.assert_allclose(mine, h.numpy(), rtol=2e-4, atol=1e-4)


def test_chains_of_captured_functions() -> None:
    first, last = perceptron(), nn.Sequential(nn.Linear(3, 6), nn.Tanh())
    x = tensor(4, 6)

    def found(f: Any, g: Any) -> list[Any]:
        y = x
        for _ in range(3):
            y = g(f(y))
        (d,) = proa.grad([y.sin().sum()], [x], create_graph=True)
        loss = (d * d).sum() + y.sum()
        parameters = [*first.parameters(), *last.parameters()]
        return bits([d, *proa.grad([loss], [x, *parameters], allow_unused=True)])

    expected = found(first, last)
    captured = to_static(first), to_static(last)
    assert found(*captured) == found(captured[0], last) == expected


def test_hooks_and_kept_gradients_go_along() -> None:
    def found(called: Any) -> list[Any]:
        x, seen = tensor(4, 6), []
        y = called(x)
        early = y.register_hook(lambda g: seen.append(g) or g * 2)
        y.retain_grads()
        (g,) = proa.grad([y.sin().sum()], [x], create_graph=True)
        late = y.register_hook(lambda g: seen.append(g) or g * 3)
        ((g * g).sum() + y.sum()).backward(retain_graph=True)
        assert early.remove() and late.remove()
        (y * y).sum().backward()
        return bits([*seen, g, y.grad, x.grad])

    net = perceptron()
    assert found(to_static(net)) == found(net)


def test_the_tape_goes_when_it_is_used_up() -> None:
    captured = to_static(perceptron())
    x = tensor(4, 6)
    y = captured(x)
    (g,) = proa.grad([y.sum()], [x], create_graph=True)
    g.square().sum().backward()
    with pytest.raises(proa.StateError, match="retain_graph"):
        y.sum().backward()


def test_writing_to_what_the_calls_read_is_an_error() -> None:
    net = perceptron()
    captured = to_static(net)
    x = tensor(4, 6)
    y = captured(x)
    with proa.no_grad():
        net[0].weight.set_value(net[0].weight * 2)
    with pytest.raises(proa.StateError, match="modified in place"):
        proa.grad([y.sum()], [x], create_graph=True)


def test_threads_share_a_node() -> None:
    net = perceptron()
    captured = to_static(net)
    x = tensor(4, 6)
    expected = bits(gradients(net, x, inner_penalty(net, x)[0]))
    y = captured(x)
    found: list[Any] = [None] * 4

    def work(i: int) -> None:
        (g,) = proa.grad([y.sin().sum()], [x], create_graph=True)
        loss = (g * g).sum() + y.mean() + (g.sum(-1) - 1).square().mean()
        found[i] = bits(
            proa.grad([loss], [x, *net.parameters()], retain_graph=True, allow_unused=True)
        )

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_long_chains_are_let_go() -> None:
    captured = to_static(lambda x: x.tanh() * 0.5 + x)
    x = y = tensor(3)
    for _ in range(3000):
        y = captured(y)
    (g,) = proa.grad([y.sum()], [x], create_graph=True)
    assert np.isfinite(g.numpy()).all()
    del y, g
