"""Gradients of what cuts a tensor into pieces: each element's comes from its own piece alone."""

import numpy as np
import pytest

import proa


def pieces_of(x, how):
    if how == "split":
        return proa.split(x, [2, 1, 3], 1)
    if how == "chunk":
        return proa.chunk(x, 4, 1)
    return proa.unbind(x, 1)


def cut(x, how):
    """The same with NumPy."""
    if how == "split":
        return np.split(x, [2, 3], 1)
    if how == "chunk":
        return np.split(x, [2, 4], 1)  # pieces of two, as four of them would need eight
    return list(np.moveaxis(x, 1, 0))


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("how", ["split", "chunk", "unbind"])
@pytest.mark.parametrize("used", [[0], [1], [2], [0, 2], [1, 2], [2, 0, 1]])
def test_gradient_of_some_pieces(how, used, captured):
    rng = np.random.default_rng(7)
    x = rng.standard_normal((3, 6, 4)).astype("float32")
    parts = cut(x, how)
    factors = {k: rng.standard_normal(parts[k].shape).astype("float32") for k in used}
    factors[used[0]][0] = -0.0  # no sum with zeros of other pieces turns it into +0

    def gradient(x):
        parts = pieces_of(x, how)
        loss = sum((parts[k] * proa.to_tensor(factors[k])).sum() for k in used)
        return proa.grad(loss, x)[0]

    given = proa.to_tensor(x)
    given.stop_gradient = False
    got = (proa.jit.to_static(gradient) if captured else gradient)(given).numpy()
    wanted = np.zeros_like(x)
    for k, piece in enumerate(cut(wanted, how)):  # views
        if k in used:
            piece[...] = factors[k]
    assert got.view("uint32").tolist() == wanted.view("uint32").tolist()


def test_second_order():
    x = proa.to_tensor(np.arange(6.0).reshape(2, 3))
    x.stop_gradient = False
    a, _, c = proa.unbind(x, 1)
    (first,) = proa.grad((a**3 * c**2).sum(), x, create_graph=True)
    (second,) = proa.grad((first**2).sum(), x)
    a, c = x.numpy()[:, 0], x.numpy()[:, 2]
    # first = [3 a^2 c^2, 0, 2 a^3 c]
    wanted = np.stack([36 * a**3 * c**4 + 24 * a**5 * c**2, 0 * a, 36 * a**4 * c**3 + 8 * a**6 * c])
    np.testing.assert_allclose(second.numpy(), wanted.T, rtol=1e-12)
