"""Only the sizes that somebody needs as numbers become numbers of a graph; all others stay free."""

import numpy as np
import pytest
from proa.jit import to_static

import proa

rng = np.random.default_rng(7)


def bits(tensor):
    return tensor.numpy().tobytes(), list(tensor.shape)


def rows(x):
    return sum(proa.unbind(x, axis=2), start=proa.zeros([]))


def pieces(x):
    a, *rest = proa.chunk(x, 2, axis=2)
    return a * 2


def as_a_number(x):
    total = x[:, :, 0]
    for i in range(x.shape[2]):
        total = total * 0.5 + x[:, :, i]
    return total


def upper(x):
    return proa.diagonal(x, 0, 2, 3) if x.shape[2] < 100 else x


WANTED = {"rows": rows, "pieces": pieces, "as_a_number": as_a_number, "upper": upper}


@pytest.mark.parametrize("name", WANTED)
def test_the_third_size_alone(name):
    function = WANTED[name]
    captured = to_static(function)
    others = [(2, 3, 4), (5, 3, 4), (2, 7, 4), (2, 3, 9), (6, 5, 8)]

    def check(wanted, first, second, last):
        x = rng.standard_normal((first, second, wanted, last)).astype("float32")
        assert bits(captured(proa.to_tensor(x))) == bits(function(proa.to_tensor(x)))

    for sizes in others:
        check(6, *sizes)
    assert len(captured.captures()) == 1
    for sizes in others:
        check(8, *sizes)
    assert len(captured.captures()) == (1 if name == "upper" else 2)


def test_of_two_arguments_one_size():
    def function(x, y):
        return [row * y for row in proa.unbind(x, axis=1)]

    captured = to_static(function)
    for n in (2, 3, 9):
        for m in (4, 5):
            x = proa.to_tensor(rng.standard_normal((n, 3, m)).astype("float32"))
            y = proa.to_tensor(rng.standard_normal((n, m)).astype("float32"))
            plain = function(x, y)
            assert [*map(bits, captured(x, y))] == [*map(bits, plain)]
    assert len(captured.captures()) == 1


def test_a_gradient_that_needs_a_size():
    """Whether a matrix is tall is asked by its gradient alone."""

    def function(x):
        q, r = proa.linalg.qr(x)
        return (q * q).sum() + r.sum()

    captured = to_static(function)
    for batch in (2, 3, 5):
        data = rng.standard_normal((batch, 6, 4))
        grads = []
        for run in (function, captured):
            x = proa.to_tensor(data, stop_gradient=False)
            run(x).backward()
            grads.append(bits(x.grad))
        assert grads[0] == grads[1]
    assert sum("number" in one.reason for one in captured.captures()) <= 1
    assert len(captured.captures()) <= 2


def test_an_integer_that_is_needed():
    def function(x, k):
        return proa.chunk(proa.ones([k, 3]), 2)[0].sum() + x.sum()

    captured = to_static(function)
    for n in (2, 5, 9):
        x = proa.to_tensor(rng.standard_normal(n).astype("float32"))
        assert bits(captured(x, 6)) == bits(function(x, 6))
    assert len(captured.captures()) == 1
    x = proa.to_tensor(rng.standard_normal(4).astype("float32"))
    assert bits(captured(x, 7)) == bits(function(x, 7))
    assert len(captured.captures()) == 2
