"""examples/toy: values, gradients to the third order and passes, against NumPy and differences."""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[2] / "examples/toy/toy.py"
SPEC = importlib.util.spec_from_file_location("toy", PATH)
assert SPEC is not None and SPEC.loader is not None
toy = importlib.util.module_from_spec(SPEC)
sys.modules["toy"] = toy
SPEC.loader.exec_module(toy)

RNG = np.random.default_rng(7)


def draw(*shape: int) -> Any:
    return RNG.uniform(0.3, 1.7, shape)


UNARY = {
    "neg": np.negative,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "transpose": np.transpose,
    "sum": np.sum,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "logsumexp": lambda x: np.log(np.exp(x).sum(-1, keepdims=True)),
}
# name: (function of values, the same in NumPy, shapes)
CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[tuple[int, ...]]]] = {
    **{
        name: (lambda x, name=name: getattr(x, name)(), reference, [(3, 4)])
        for name, reference in UNARY.items()
    },
    "add": (lambda a, b: a + b, np.add, [(2, 3), (3,)]),
    "sub": (lambda a, b: a - b, np.subtract, [(2, 3), (2, 1)]),
    "mul": (lambda a, b: a * b, np.multiply, [(3,), (2, 3)]),
    "div": (lambda a, b: a / b, np.divide, [(2, 3), ()]),
    "dot": (lambda a, b: a.dot(b), np.matmul, [(2, 3), (3, 4)]),
    "max": (
        lambda x: x.reduce_max(axes=(1,)),
        lambda x: x.max(1, keepdims=True),
        [(3, 4)],
    ),
    "reshape": (lambda x: x.reshape(shape=(4, 3)), lambda x: x.reshape(4, 3), [(3, 4)]),
    "cross_entropy": (
        lambda x, t: x.cross_entropy(t),
        lambda x, t: (t * (np.log(np.exp(x).sum(-1, keepdims=True)) - x)).sum() / len(x),
        [(3, 4), (3, 4)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_value(name: str) -> None:
    function, reference, shapes = CASES[name]
    inputs = [draw(*shape) for shape in shapes]
    (result,) = toy.evaluate(toy.trace(function, *shapes), *inputs)
    np.testing.assert_allclose(result, reference(*inputs), rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_gradient_is_the_slope(name: str) -> None:
    function, reference, shapes = CASES[name]
    inputs = [draw(*shape) for shape in shapes]
    func = toy.trace(function, *shapes)
    seed = RNG.normal(size=func.results[0].shape)
    gradients = toy.evaluate(toy.differentiate(func), *inputs, seed)
    for i, gradient in enumerate(gradients):
        assert gradient.shape == shapes[i]
        direction = RNG.normal(size=shapes[i])
        sides = []
        for step in (1e-6, -1e-6):
            moved = [x + step * direction if k == i else x for k, x in enumerate(inputs)]
            sides.append((reference(*moved) * seed).sum())
        slope = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose((gradient * direction).sum(), slope, rtol=1e-5, atol=1e-7)


def test_third_order() -> None:
    func = toy.trace(lambda x: (x.sin() * x).exp(), ())
    for _ in range(3):
        whole = toy.differentiate(func)
        whole.results = whole.results[:1]  # with respect to x; the seeds stay arguments

        def next_order(x: Any, whole: Any = whole) -> Any:
            made = x.func
            known = dict(zip(whole.arguments, [x]))
            for seed in whole.arguments[1:]:
                known[seed] = made.emit("constant", value=1.0)
            for value in whole.body:
                operands = [known[operand] for operand in value.operands]
                known[value] = made.emit(value.op, *operands, **value.attrs)
            return known[whole.results[0]]

        func = toy.trace(next_order, ())
    x = 0.8  # f = exp(u), u = x sin x
    s, c = np.sin(x), np.cos(x)
    u1, u2, u3 = s + x * c, 2 * c - x * s, -3 * s - x * c
    expected = np.exp(x * s) * (u1**3 + 3 * u1 * u2 + u3)
    np.testing.assert_allclose(toy.evaluate(func, x)[0], expected, rtol=1e-12)


def test_passes_change_no_bit() -> None:
    func = toy.trace(lambda x: x.softmax() * x.softmax() + x.exp(), (3, 5))
    x = draw(3, 5)
    (whole,) = toy.evaluate(func, x)
    lowered = toy.decompose(func)
    assert not any(toy.PAGES[value.op].decompose for value in lowered.body)
    less = toy.drop_dead(toy.common(lowered))
    assert len(less.body) < len(lowered.body)
    for other in (lowered, less):
        assert np.array_equal(toy.evaluate(other, x)[0], whole)


def test_softmax_keeps_its_name_through_autodiff() -> None:
    backward = toy.differentiate(toy.trace(lambda x: x.softmax(), (2, 3)))
    assert "softmax" in str(backward) and "exp" not in str(backward)


@pytest.mark.parametrize(
    "function, shapes, says",
    [
        (lambda a, b: a.dot(b), [(2, 3), (2, 3)], "dot: expected"),
        (lambda a, b: a + b, [(2,), (3,)], "broadcast"),
        (lambda a: a.reduce_sum(axes=(2,)), [(2, 3)], "axis 2 is out of range"),
        (lambda a: a.reshape(shape=(5,)), [(2, 3)], "number of elements"),
    ],
)
def test_refuses(function: Callable[..., Any], shapes: list[Any], says: str) -> None:
    with pytest.raises(toy.UserError, match=says):
        toy.trace(function, *shapes)


def test_inputs_must_fit() -> None:
    func = toy.trace(lambda x: x.exp(), (2,))
    with pytest.raises(toy.UserError, match="expected 1 inputs"):
        toy.evaluate(func)
    with pytest.raises(toy.UserError, match=r"expected shape \(2,\)"):
        toy.evaluate(func, [1.0, 2.0, 3.0])


def test_the_example_learns_xor() -> None:
    command = [sys.executable, PATH.with_name("xor.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    steps = [line for line in result.stdout.splitlines() if line.startswith("step")]
    losses = [float(line.split()[-1]) for line in steps]
    assert losses[-1] < 0.05 < losses[0]
