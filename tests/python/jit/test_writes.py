"""Writes in place inside of captured functions: items, views, masks, gradients through them."""

import numpy as np
import pytest
from proa.jit import to_static

import proa

rng = np.random.default_rng(3)


def array(*shape):
    return rng.standard_normal(shape).astype("float32")


def bits(tensor):
    return tensor.numpy().tobytes(), str(tensor.dtype), list(tensor.shape)


def sets_item(x):
    y = x * 1
    y[0] = 0.5
    y[1:3] = y[0:2] * 2
    y[-1, ::2] = x[0, ::2]
    y[:, 1] += 1
    return y


def sets_by_tensor(x):
    y = x * 2
    at = proa.to_tensor([0, 2])
    y[at] = x[at] + 1
    y[:, at] = 3.0
    return y


def sets_under_mask(x):
    y = x * 1
    y[y > 0] = 0.0
    y[(x < -1).any(1)] = 7.0
    return y


def writes_through_views(x):
    y = x * 1
    flat = y.reshape([-1])
    turned = y.transpose([1, 0])
    row = turned[1]
    flat.add_(1.0)
    row.tanh_()
    turned[0][1:] = 4.0
    y *= 2
    return y, flat, turned, row + 1


def squeezes(x):
    y = x.unsqueeze(0) + 0
    y.squeeze(0)[2] = 1.5
    a, b = y[0].split(2, axis=1)
    a.exp_()
    b[:] = a.detach()
    return y


def fills(x):
    y = x * 3
    y.zero_()
    y[2, 1:] = x[2, 1:]
    return y


def reversed_slices(x):
    y = x * 1
    y[::-1, ::-1][0] = x[1]
    y[None, 1, ..., 2] = 9.0
    return y


FUNCTIONS = [sets_item, sets_by_tensor, sets_under_mask, writes_through_views, squeezes, fills,
             reversed_slices]


def flat(result):
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_bits_of_eager(function):
    captured = to_static(function)
    for n in (4, 6, 9):
        data = array(n, 4)
        with proa.no_grad():
            want = flat(function(proa.to_tensor(data)))
            got = flat(captured(proa.to_tensor(data)))
        assert [bits(t) for t in got] == [bits(t) for t in want]
    assert len(captured.captures()) == 1, captured.why()


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("function", [f for f in FUNCTIONS if f is not squeezes])
def test_gradients_through_writes(function, inside):
    """Taken inside of the captured function, or outside through it."""
    data, found = array(5, 4), []

    def whole(x):
        loss = sum((t * t).sum() for t in flat(function(x)))
        if inside:
            loss.backward()
        return loss

    for call in (whole, to_static(whole)):
        x = proa.to_tensor(data, stop_gradient=False)
        loss = call(x)
        if not inside:
            loss.backward()
        found.append([bits(loss), bits(x.grad)])
    assert found[0] == found[1]


@pytest.mark.parametrize("dtype", ["int64", "bool", "complex64", "float16"])
def test_other_dtypes(dtype):
    def f(x):
        y = x.clone()
        y[1:, 0] = x[:-1, 1]
        y.reshape([-1])[2:4] = x[0, 0]
        return y

    x = proa.to_tensor((array(4, 3) * 2).astype(dtype) if dtype != "complex64"
                       else array(4, 3) + 1j * array(4, 3)).astype(dtype)
    assert bits(to_static(f)(x)) == bits(f(x))


def test_a_write_through_detach_leaves_the_tape_alone():
    def f(x):
        y = x * 2
        y.detach()[0] = 5.0
        (y * 3).sum().backward()
        return y

    found = []
    for call in (f, to_static(f)):
        x = proa.to_tensor(array(1, 4), stop_gradient=False)
        found.append((bits(call(x))[0][:16], bits(x.grad)))
    assert found[0] == found[1]


def test_arguments_and_outer_tensors_are_written():
    outer = [proa.zeros([5, 2]), proa.zeros([5, 2])]

    def make(cache):
        def f(x, into, at):
            cache[1:3] = x
            into.reshape([-1])[at] = 1.0
            cache[0].add_(x[0])
            return into.sum() + cache.sum()

        return f

    plain, captured = make(outer[0]), to_static(make(outer[1]))
    for _ in range(3):
        x, a, b = proa.to_tensor(array(2, 2)), proa.ones([3, 4]), proa.ones([3, 4])
        view = b[0]
        assert bits(captured(x, b, 5)) == bits(plain(x, a, 5))
        assert bits(a) == bits(b)
        assert bits(outer[0]) == bits(outer[1])
        assert view.tolist() == b[0].tolist()  # written in place: views outside see it
    assert len(captured.captures()) == 1, captured.why()


def test_items_with_sizes_that_vary():
    def f(x):
        n = x.shape[0]
        y = x + 0
        y[n - 2:] = 1.0
        y[n // 2] = 2.0
        return y

    captured = to_static(f)
    for n in (4, 5, 8, 11, 30):
        x = proa.to_tensor(array(n, 3))
        assert bits(captured(x)) == bits(f(x))
    assert len(captured.captures()) == 1, captured.why()


def test_a_float_that_is_an_input_may_be_written():
    def f(x, value):
        y = x * 1
        y[0] = value
        return y

    captured = to_static(f)
    for value in (0.1, 1 / 3, -5.0):
        x = proa.to_tensor(array(3))
        assert bits(captured(x, value)) == bits(f(x, value))
    assert len(captured.captures()) == 1


def test_a_leaf_is_not_written_while_recording():
    def f(x):
        x[0] = 1.0
        return x

    x = proa.to_tensor(array(3), stop_gradient=False)
    for call in (f, to_static(f)):
        with pytest.raises(proa.StateError, match="leaf"):
            call(x)


@pytest.mark.parametrize("value, error", [
    (np.ones((3, 2), "float32"), proa.ShapeError),
    (np.ones(5, "float32"), proa.ShapeError),
    (1j, TypeError),
])
def test_values_that_do_not_fit(value, error):
    def f(x):
        y = x * 1
        y[0] = proa.to_tensor(value)
        return y

    for call in (f, to_static(f)):
        with pytest.raises(error):
            call(proa.to_tensor(array(4, 3)))


def test_a_value_of_many_elements_under_a_mask_says_the_remedy():
    def f(x):
        y = x * 1
        y[x > 0] = x[:2]
        return y

    with pytest.raises(proa.NotSupportedError, match=r"where\(\).*test_writes.py"):
        to_static(f)(proa.to_tensor(array(3)))


IN_PLACE = {
    "add_": lambda c, x: c.add_(x),
    "multiply_": lambda c, x: c.multiply_(x),
    "maximum_": lambda c, x: c.maximum_(x),
    "copy_": lambda c, x: c.copy_(c + x),
    "set_value": lambda c, x: c.set_value(c + x),
    "item": lambda c, x: c.__setitem__(..., x),
}


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (1, 1), (1,), (3, 4), (0, 4)])
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_tensor_from_outside_takes_sizes_that_are_symbols(name, shape):
    found = []
    x = proa.to_tensor(array(*shape))
    before = array(*shape)
    for wrap in (lambda f: f, to_static):
        c = proa.to_tensor(before)

        def step(x, c=c):
            IN_PLACE[name](c, x)
            return x * 1

        wrapped = wrap(step)
        results = [bits(wrapped(x)) for _ in range(2)]
        found.append((results, bits(c)))
    assert found[0] == found[1]


def test_what_does_not_fit_in_place_is_eagers_error():
    def step(x, z):
        y = x * 1
        y.add_(z)
        return y

    def view(x, z):
        y = x * 1
        y[:, :2].add_(z[:, :2])
        return y

    for function in (step, view):
        captured = to_static(function)
        for first, second in [((1, 4), (3, 4)), ((3, 4), (3, 4)), ((2, 4), (3, 4))]:
            found = []
            for call in (function, captured):
                try:
                    found.append(bits(call(proa.ones(first), proa.ones(second))))
                except proa.ShapeError as error:
                    found.append(str(error).split("\n")[0])
            assert found[0] == found[1]


def writes_nothing(x):
    y = x * 1
    y[:, :0] = 2.0
    y[0:0] = 3.0
    proa.split(y, [0, x.shape[1]], 1)[0].multiply_(proa.to_tensor(2.0))
    y.unsqueeze(0)[:, :, 1:1] = 4.0
    y[:, None, 1:1] = proa.ones([1, 1, y.shape[0], 1, 0])
    y[:0, :0].add_(proa.ones([0, 0]))
    return y


@pytest.mark.parametrize("shape", [(3, 7), (0, 7), (7, 0), (1, 1), (64, 7)])
def test_a_piece_without_elements(shape):
    captured = to_static(writes_nothing)
    for size in (shape, (4, 5), shape):
        x = proa.to_tensor(array(*size))
        assert bits(captured(x)) == bits(writes_nothing(x))


def test_a_piece_that_becomes_empty():
    def f(x, n):
        y = x * 1
        y[:, :n] = 2.0
        return y

    for sizes in ([3, 0], [0, 3, 1], [7, 1, 0, 5]):
        captured = to_static(f)
        for n in sizes:
            x = proa.to_tensor(array(3, 7))
            assert bits(captured(x, n)) == bits(f(x, n))


def test_leading_axes_of_1_before_an_axis_of_0():
    y = proa.zeros([5, 0])
    y[...] = proa.ones([1, 5, 0])
    assert y.shape == [5, 0]
