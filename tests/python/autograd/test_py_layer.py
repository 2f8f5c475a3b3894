"""PyLayer: derivatives of every order against derivatives on paper, and against the operators."""

import gc
import weakref
from typing import NamedTuple

import numpy as np
import pytest
from proa.autograd import PyLayer

import proa

AT = np.array([-1.5, -0.25, 0.5, 1.75])


def leaf(values=AT, dtype="float64"):
    x = proa.to_tensor(np.asarray(values), dtype=dtype)
    x.stop_gradient = False
    return x


def derivatives(f, x, orders=3):
    y, found = f(x), []
    for _ in range(orders):
        (y,) = proa.grad([y.sum()], [x], create_graph=True)
        found.append(y.numpy())
    return found


class Cube(PyLayer):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensor()
        return g * 3.0 * x * x


class Tanh(PyLayer):
    """Its backward reads its result: the derivative of the derivative goes back through it."""

    @staticmethod
    def forward(ctx, x):
        y = proa.tanh(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensor()
        return g * (1.0 - y * y)


def test_third_derivative_through_a_saved_input():
    first, second, third = derivatives(Cube.apply, leaf())
    np.testing.assert_allclose(first, 3 * AT**2, rtol=1e-14)
    np.testing.assert_allclose(second, 6 * AT, rtol=1e-14)
    np.testing.assert_allclose(third, np.full(4, 6.0), rtol=1e-14)


def test_third_derivative_through_a_saved_result():
    t = np.tanh(AT)
    s = 1 - t * t
    first, second, third = derivatives(Tanh.apply, leaf())
    np.testing.assert_allclose(first, s, rtol=1e-13)
    np.testing.assert_allclose(second, -2 * t * s, rtol=1e-13)
    np.testing.assert_allclose(third, -2 * s * (1 - 3 * t * t), rtol=1e-13)


def test_a_saved_result_after_the_caller_let_go_of_it():
    x = leaf()
    loss = (Tanh.apply(x) * 2.0).sum()  # nobody holds the layer's own result
    (g,) = proa.grad([loss], [x], create_graph=True)
    (gg,) = proa.grad([g.sum()], [x])
    t = np.tanh(AT)
    np.testing.assert_allclose(gg.numpy(), -4 * t * (1 - t * t), rtol=1e-13)


def test_layers_in_a_chain_with_operators():
    x = leaf()
    expected = derivatives(lambda v: proa.tanh((v * v * v) * 0.5) * v, x)
    found = derivatives(lambda v: Tanh.apply(Cube.apply(v) * 0.5) * v, x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


class Affine(PyLayer):
    @staticmethod
    def forward(ctx, x, scale, w, *, bias):
        ctx.scale = scale
        ctx.save_for_backward(x, None, w)
        return x * w * scale + bias, w * scale

    @staticmethod
    def backward(ctx, g, h):
        x, nothing, w = ctx.saved_tensor()
        assert nothing is None
        return g * w * ctx.scale, (g * x + h) * ctx.scale, g


def test_several_inputs_outputs_and_what_is_no_tensor():
    x, w, b = leaf(), leaf(AT + 3), leaf(AT * 0)
    y, z = Affine.apply(x, 2.0, w, bias=b)
    (y.sum() + (z * 5.0).sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * (AT + 3))
    np.testing.assert_allclose(w.grad.numpy(), 2 * (AT + 5))
    np.testing.assert_allclose(b.grad.numpy(), np.ones(4))


def test_absent_gradients_are_zeros_or_none():
    seen = []

    class Two(PyLayer):
        @staticmethod
        def forward(ctx, x, materialize):
            ctx.set_materialize_grads(materialize)
            return x * 1.0, x * 2.0

        @staticmethod
        def backward(ctx, g, h):
            seen.append(h if h is None else h.numpy().tolist())
            return g

    for materialize, expected in ((True, [0.0] * 4), (False, None)):
        x = leaf()
        Two.apply(x, materialize)[0].sum().backward()
        assert seen.pop() == expected
        np.testing.assert_array_equal(x.grad.numpy(), np.ones(4))


def test_none_stops_a_gradient():
    class First(PyLayer):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, None

    x, y = leaf(), leaf()
    First.apply(x, y).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.ones(4))
    assert y.grad is None or not y.grad.numpy().any()


def test_results_that_are_marked_have_no_gradient():
    class Top(PyLayer):
        @staticmethod
        def forward(ctx, x):
            order = proa.argsort(x)
            rounded = proa.round(x)
            ctx.mark_non_differentiable(rounded)
            return x * 2.0, order, rounded

        @staticmethod
        def backward(ctx, g, *others):
            assert all(float(o.abs().sum()) == 0 for o in others)
            return g * 2.0

    x = leaf()
    y, order, rounded = Top.apply(x)
    assert order.stop_gradient
    assert rounded.stop_gradient
    assert not y.stop_gradient
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(4, 2.0))


def test_a_forward_that_gives_back_its_input():
    class Same(PyLayer):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_not_inplace(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 10.0

    x = leaf()
    y = Same.apply(x)
    assert y is not x
    (y * 1.0 + x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(4, 11.0))


def test_nothing_is_recorded_where_nothing_is_asked_for():
    x = proa.to_tensor(AT)
    assert Cube.apply(x).stop_gradient
    with proa.no_grad():
        assert Cube.apply(leaf()).stop_gradient


def test_forward_records_nothing_inside():
    inside = []

    class Watch(PyLayer):
        @staticmethod
        def forward(ctx, x):
            inside.append((x * 2.0).stop_gradient)
            inside.append(ctx.needs_input_grad)
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            return g

    Watch.apply(leaf())
    assert inside == [True, (True,)]


def test_tuples_lists_and_named_tuples_come_back_as_they_are():
    class Pair(NamedTuple):
        a: object
        b: object

    class Give(PyLayer):
        @staticmethod
        def forward(ctx, x, kind):
            values = [x * 1.0, x * 2.0]
            return Pair(*values) if kind is Pair else kind(values)

        @staticmethod
        def backward(ctx, *g):
            return g[0] + g[1] * 2.0

    for kind in (tuple, list, Pair):
        x = leaf()
        made = Give.apply(x, kind)
        assert type(made) is kind
        (made[0] + made[1]).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.full(4, 3.0))


def test_a_second_backward_needs_retain_graph():
    x = leaf()
    y = Cube.apply(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 6 * AT**2)
    with pytest.raises(proa.StateError, match="retain_graph"):
        y.backward()


def test_writing_to_what_was_saved_is_an_error():
    x = leaf()
    a = x * 1.0
    y = Cube.apply(a)
    with proa.no_grad():
        a.add_(proa.ones([4], dtype="float64"))
    with pytest.raises(proa.StateError, match="modified in place"):
        y.sum().backward()


def test_wrong_layers_say_what_is_wrong():
    class NoForward(PyLayer):
        pass

    class Text(PyLayer):
        @staticmethod
        def forward(ctx, x):
            return "text"

    class Empty(PyLayer):
        @staticmethod
        def forward(ctx, x):
            return ()

    class NoBackward(PyLayer):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

    class TooMany(NoBackward):
        @staticmethod
        def backward(ctx, g):
            return g, g

    class NoTensor(NoBackward):
        @staticmethod
        def backward(ctx, g):
            return "text"

    class Saves(PyLayer):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3.0)
            return x

    with pytest.raises(NotImplementedError, match="forward"):
        NoForward.apply(leaf())
    with pytest.raises(TypeError, match=r"\[Text\] forward"):
        Text.apply(leaf())
    with pytest.raises(ValueError, match=r"\[Empty\] forward: expected at least one tensor"):
        Empty.apply(leaf())
    with pytest.raises(NotImplementedError, match="backward"):
        NoBackward.apply(leaf()).sum().backward()
    with pytest.raises(ValueError, match="each of 1 tensor inputs, got 2"):
        TooMany.apply(leaf()).sum().backward()
    with pytest.raises(TypeError):
        NoTensor.apply(leaf()).sum().backward()
    with pytest.raises(TypeError, match="save_for_backward.*float"):
        Saves.apply(leaf())


def test_an_exception_in_backward_arrives_as_it_is():
    class Boom(PyLayer):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

        @staticmethod
        def backward(ctx, g):
            raise LookupError("from the layer")

    with pytest.raises(LookupError, match="from the layer"):
        Boom.apply(leaf()).sum().backward()


@pytest.mark.parametrize("layer", [Cube, Tanh])
def test_nothing_is_held_for_ever(layer):
    """A saved result must not hold the node that holds it: without backward all goes at once."""

    class Probe:
        pass

    class Holds(layer):
        @staticmethod
        def forward(ctx, x):
            ctx.probe = Probe()
            held.append(weakref.ref(ctx.probe))
            return layer.forward(ctx, x)

    held = []
    y = Holds.apply(leaf())
    assert held[0]() is not None
    del y
    gc.collect()
    assert held[0]() is None


def test_a_layer_of_zero_elements_and_of_other_dtypes():
    x = leaf(np.zeros((0, 3)))
    Cube.apply(x).sum().backward()
    assert list(x.grad.shape) == [0, 3]
    for dtype in ("float32", "float16", "bfloat16"):
        x = leaf(AT, dtype)
        Cube.apply(x).sum().backward()
        assert x.grad.dtype == x.dtype
