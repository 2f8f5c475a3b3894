"""Gradients through a branch or loop that a tensor decides add up in the order of single calls."""

import numpy as np
import pytest
from proa.jit import to_static

import proa
from proa import nn


def bits(tensor):
    return None if tensor is None else (tensor.numpy().tobytes(), list(tensor.shape))


def both_ways(x, w):
    y = x * w
    if y.sum() > 0:
        y = (y * w).tanh() * w + w
    else:
        y = (y + w).sin() * (w * w)
    return y * w + w.exp()


def one_way(x, w):
    y = x * w
    if y.sum() > 0:
        y = y * w * w
    return (y * w).sin() * w


def nested(x, w):
    y = x + w
    if y.sum() > 0:
        z = y * w
        if z.max() > 1:
            z = (z * w).sigmoid() * w * y
        y = z * y * w + y
    return y * w * y


def loop(x, w):
    n = 0
    y = x * w
    while n < 3 + (x > 9).astype("int64").sum():
        y = (y * w + w).tanh() * w + x * w
        n = n + 1
    return y * w + x * w


def carried(x, w):
    state = x * w
    start = state
    n = (x > 0).astype("int64").sum()
    while n > 0:
        state = state * state.sin() + state * w
        n = n - 2
    return state * start + start.cos() * w


def loop_with_branch(x, w):
    y, small = x * w, w.sin()  # each way contracts, so that the loop ends
    while y.abs().max() > 0.3:
        if y.sum() > 0:
            y = (y * small * small + y) * 0.3
        else:
            y = y * small * 0.5 + y * y * 0.01
    return y * w * small


FUNCTIONS = [both_ways, one_way, nested, loop, carried, loop_with_branch]


def data(seed):
    own = np.random.default_rng(seed)
    x = own.standard_normal(33).astype("float32") + np.float32(0.4 if seed % 2 else -0.4)
    return x, own.standard_normal(33).astype("float32")


def in_turn(seed, *runs):
    """Each function with the same data, in tensors of its own."""
    for run in runs:
        x, w = (proa.to_tensor(a, stop_gradient=False) for a in data(seed))
        yield run, x, w


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_sums_have_the_order_of_eager(function, inside):
    def whole(x, w):
        before = w * x
        loss = (function(x, w) * before + w * w).sum()
        if inside:
            loss.backward()
        return loss

    captured = to_static(whole)
    for seed in range(8):
        results = []
        for run, x, w in in_turn(seed, whole, captured):
            loss = run(x, w)
            if not inside:
                loss.backward()
            results.append((bits(loss), bits(x.grad), bits(w.grad)))
        assert results[0] == results[1], seed


@pytest.mark.parametrize("function", [one_way, loop])
def test_a_captured_function_adds_to_what_came_before(function):
    """Its weight is used before, inside and afterwards, twice by the same function."""

    def plain(x, w):
        return (function(x, w) * w).sin() * w

    captured = to_static(plain)
    for seed in range(6):
        results = []
        for run, x, w in in_turn(seed, plain, captured):
            y = run(x * w, w)
            z = run(y + x, w * 1)
            ((z * w + run(y, w)).tanh() * w * x).sum().backward()
            results.append((bits(x.grad), bits(w.grad)))
        assert results[0] == results[1], seed


def test_a_shared_layer_captured_by_itself():
    def make():
        proa.seed(4)
        return nn.Linear(9, 9)

    x = np.random.default_rng(1).standard_normal((5, 9)).astype("float32")
    results = []
    for captured in (False, True):
        layer = make()
        call = to_static(lambda t: layer(layer(t).tanh()) if captured else None)  # noqa: B023
        once = call if captured else (lambda t: layer(layer(t).tanh()))  # noqa: B023
        h = proa.to_tensor(x, stop_gradient=False)
        for _ in range(3):
            h = once(h) + layer(h)
        (h * h).sum().backward()
        results.append([bits(p.grad) for p in layer.parameters()])
    assert results[0] == results[1]


def test_second_derivatives_through_a_branch():
    def second(x, w):
        y = (one_way(x, w) * w).sum()
        (g,) = proa.grad([y], [w], create_graph=True)
        return (g * w).sum()

    captured = to_static(second)
    for seed in range(4):
        results = []
        for run, x, w in in_turn(seed, second, captured):
            loss = run(x, w)
            loss.backward()
            results.append((loss.numpy(), x.grad.numpy(), w.grad.numpy()))
        for a, b in zip(*results, strict=True):
            assert np.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_captured_function_may_go_before_its_gradient():
    x, w = (proa.to_tensor(np.linspace(-1, 1, 12, dtype="float32")) for _ in "xw")
    expected = None
    for capture in (lambda f: f, to_static, to_static):
        x.stop_gradient = w.stop_gradient = False
        y = capture(lambda x, w: (x * w).tanh() * w.exp())(x, w)  # nobody holds the function now
        (first,) = proa.grad(y.sum(), x, create_graph=True)
        (second,) = proa.grad(first.sum(), w)
        expected = expected or (bits(first), bits(second))
        assert (bits(first), bits(second)) == expected
