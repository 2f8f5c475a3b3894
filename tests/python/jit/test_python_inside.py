"""Gradients written in Python, and hooks, in captured functions: the bits of single calls."""

import numpy as np
import pytest
from proa.autograd import PyLayer
from proa.jit import to_static

import proa
from proa import nn

rng = np.random.default_rng(2)
X, W = rng.standard_normal((2, 4, 5)).astype("float32")


def bits(tensor):
    return None if tensor is None else (tensor.numpy().tobytes(), list(tensor.shape))


SCALE = proa.to_tensor(rng.standard_normal(5).astype("float32"))


class Cubed(PyLayer):
    """Its own rule is not the derivative: what comes back says which was taken."""

    @staticmethod
    def forward(ctx, x, power):
        y = x * x * x * SCALE
        ctx.power = power
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensor()
        return g * x * ctx.power * SCALE + y.sin()


class Pair(PyLayer):
    @staticmethod
    def forward(ctx, a, b, index):
        ctx.save_for_backward(a, b)
        return a * b, index + 1, a.sum()

    @staticmethod
    def backward(ctx, g, none, h):
        a, b = ctx.saved_tensor()
        return g * b * 2 + h, None, None


class Attributes(PyLayer):
    """What forward leaves on ctx, an intermediate among it, a draw, and nothing for one input."""

    @staticmethod
    def forward(ctx, a, b):
        inner = a.exp()
        mask = (proa.rand(a.shape) > 0.5).astype(a.dtype)
        ctx.kept = inner, mask
        ctx.save_for_backward(b)
        return inner * b.sin() * mask

    @staticmethod
    def backward(ctx, g):
        inner, mask = ctx.kept
        (b,) = ctx.saved_tensor()
        return g * inner * mask * b.cos(), None


class Doubled(PyLayer):
    """Two results, one of them without a gradient; its backward calls another such layer."""

    @staticmethod
    def forward(ctx, x):
        sign = x.sign()
        ctx.mark_non_differentiable(sign)
        ctx.save_for_backward(x)
        return x * 2, sign

    @staticmethod
    def backward(ctx, g, none):
        (x,) = ctx.saved_tensor()
        return Cubed.apply(x, 1.5) * g + none


def chain(x, w):
    y = Cubed.apply(x * w, 2.5) * w
    return Cubed.apply(y, 3) + Cubed.apply(x, 0.5) * w


def pair(x, w):
    a, i, s = Pair.apply(x * 2, w, proa.ones([2], dtype="int64"))
    return a * w + s * i.sum()


def attributes(x, w):
    return Attributes.apply(x, w) + Attributes.apply(w * x, x)


def doubled(x, w):
    y, sign = Doubled.apply(x * w)
    return y * w + sign * x


def nothing(x, w):
    return Attributes.apply(x, w)


def in_branch(x, w):
    if x.sum() > 0:
        return Cubed.apply(x, 2) * w
    return x * w


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    "function", [chain, pair, attributes, doubled, in_branch]
)
def test_a_gradient_written_in_python(function, inside):
    def whole(x, w):
        loss = (function(x, w) * w).sum()
        if inside:
            loss.backward()
        return loss

    captured = to_static(whole)
    for sign in (1, -1):
        results = []
        for run in (whole, captured):
            proa.seed(11)
            x, w = (proa.to_tensor(sign * a, stop_gradient=False) for a in (X, W))
            loss = run(x, w)
            if not inside:
                loss.backward()
            results.append((bits(loss), bits(x.grad), bits(w.grad)))
        assert results[0] == results[1]
    assert len(captured.captures()) == 1


def test_an_input_without_a_gradient():
    def whole(x, w):
        loss = nothing(x, w).sum()
        loss.backward()
        return loss

    captured, results = to_static(whole), []
    for run in (whole, captured):
        proa.seed(3)
        x, w = (proa.to_tensor(a, stop_gradient=False) for a in (X, W))
        results.append((bits(run(x, w)), bits(x.grad), bits(w.grad)))
    assert results[0] == results[1]


@pytest.mark.parametrize("function", [chain, pair, doubled])
@pytest.mark.parametrize("inside", [True, False])
def test_a_gradient_of_the_gradient(function, inside):
    def second(x, w):
        (g,) = proa.grad([(function(x, w) * w).sum()], [x], create_graph=True)
        return (g * g * w).sum()

    def whole(x, w):
        loss = second(x, w)
        loss.backward()
        return loss

    value = to_static(function)

    def around(x, w):
        (g,) = proa.grad([(value(x, w) * w).sum()], [x], create_graph=True)
        loss = (g * g * w).sum()
        loss.backward()
        return loss

    results = []
    for run in (whole, to_static(whole) if inside else around):
        x, w = (proa.to_tensor(a, stop_gradient=False) for a in (X, W))
        loss = run(x, w)
        results.append((loss.numpy(), x.grad.numpy(), w.grad.numpy()))
    for plain, made in zip(*results, strict=True):
        if inside:
            assert plain.tobytes() == made.tobytes()
        else:  # the backward of the whole function is one call there
            np.testing.assert_allclose(made, plain, rtol=2e-5, atol=1e-5)


def layer_of(forward, backward):
    return type(
        "Wrong", (PyLayer,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    )


def held(ctx, x):
    ctx.set_materialize_grads(False)
    return x * 1, x * 2


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (layer_of(lambda c, x: x * 1, lambda c, g: g.sum()), ValueError, "gradient of shape"),
        (layer_of(lambda c, x: x * 1, lambda c, g: (g, g)), ValueError, "each of 1 tensor inputs"),
        (layer_of(lambda c, x: x * 1, lambda c, g: 2.0), TypeError, "tensors and None, got float"),
        (layer_of(lambda c, x: x.add_(1), lambda c, g: g), NotImplementedError, "new value"),
        (
            layer_of(lambda c, x: x * 1, lambda c, g: g * proa.rand(g.shape)),
            NotImplementedError,
            "draw in the forward and save",
        ),
        (layer_of(held, lambda c, g, h: g), NotImplementedError, "leave it True"),
    ],
)
def test_wrong_rules_say_so_with_the_line(wrong, error, says):
    @to_static
    def run(x):
        return wrong.apply(x * 1)

    with pytest.raises(error, match=rf"{says}.*\(.*test_python_inside\.py:\d+\)"):
        run(proa.to_tensor(X, stop_gradient=False))


def test_what_a_rule_does_is_stored(tmp_path):
    class Net(nn.Layer):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(5, 5)

        def forward(self, x):
            return Cubed.apply(self.inner(x), 2.0)

    net = Net()
    proa.jit.save(net, str(tmp_path / "net"), [proa.jit.InputSpec([None, 5])])
    loaded = proa.jit.load(str(tmp_path / "net"))
    loaded.train()
    results = []
    for one in (net, loaded):
        loss = one(proa.to_tensor(X)).sum()
        loss.backward()
        results.append((bits(loss), [bits(p.grad) for p in one.parameters()]))
    assert results[0] == results[1]


def test_hooks_of_parameters_are_part_of_the_graph():
    def make(captured):
        proa.seed(1)
        layer = nn.Linear(5, 3)

        def step(x):
            y = layer(x)
            y.register_hook(lambda g: g * 3)
            y.sum().backward()
            return y

        return layer, to_static(step) if captured else step

    results = []
    for captured in (False, True):
        layer, step = make(captured)
        found = []
        handle = layer.weight.register_hook(lambda g: g * 0.5 + 1)
        step(proa.to_tensor(X))
        found.append(bits(layer.weight.grad))
        step(proa.to_tensor(X))
        handle.remove()
        step(proa.to_tensor(X))
        found.append(bits(layer.weight.grad))
        results.append(found)
        if captured:
            assert "a hook on the gradient of a tensor from outside was added or" in step.why()
    assert results[0] == results[1]


def test_hooks_of_arguments_and_layers():
    layer = nn.Linear(5, 3)

    def scaled(one, inputs, outputs):
        if outputs.sum() > 0:
            return outputs * 2
        return outputs * 3

    def run(x):
        layer(x).sum().backward()
        return layer(x)

    captured = to_static(run)
    x, y = (proa.to_tensor(X, stop_gradient=False) for _ in range(2))
    for one in (x, y):
        one.register_hook(lambda g: g * 7)
    handle = layer.register_forward_post_hook(scaled)
    assert bits(run(x)) == bits(captured(y))
    assert bits(x.grad) == bits(y.grad)
    handle.remove()
    assert bits(run(x)) == bits(captured(y))
    assert bits(x.grad) == bits(y.grad)
