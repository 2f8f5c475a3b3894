"""Forward hooks of layers are part of the graph of a function that calls them, and guards of it."""

import numpy as np
from proa.jit import to_static

import proa
from proa import nn


def bits(tensor):
    return tensor.numpy().tobytes(), list(tensor.shape)


def test_hooks_that_come_and_go():
    layer = nn.Linear(5, 3)
    net = nn.Sequential(layer, nn.Tanh())

    def doubled(one, inputs):
        return inputs[0] * 2

    def decides(one, inputs, outputs):
        if outputs.sum() > 0:
            return outputs * 2
        return outputs - 1

    def run(x):
        loss = net(x).square().sum()
        loss.backward()
        gradient = layer.weight.grad
        layer.weight.grad = None
        layer.bias.grad = None
        return loss, gradient

    captured = to_static(run)
    data = np.random.default_rng(3).standard_normal((2, 4, 5)).astype("float32")

    def same():
        for sign in (1, -1):
            for x in data:
                plain, made = run(proa.to_tensor(sign * x)), captured(proa.to_tensor(sign * x))
                assert [bits(t) for t in made] == [bits(t) for t in plain]

    same()
    graphs = len(captured.captures())
    first = layer.register_forward_pre_hook(doubled)
    same()
    second = layer.register_forward_post_hook(decides)
    same()
    assert len(captured.captures()) == graphs + 2
    assert "a forward hook of Linear was added or removed" in captured.why()
    first.remove()
    second.remove()
    same()
    assert len(captured.captures()) == graphs + 2
