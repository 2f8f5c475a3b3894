"""Python's control flow where a tensor decides: regions of the graph, with the bits of Python."""

import numpy as np
import pytest
from proa.jit import to_static

import proa
from proa import nn

rng = np.random.default_rng(5)


def bits(value):
    if isinstance(value, (tuple, list)):
        return [bits(v) for v in value]
    if isinstance(value, dict):
        return {k: bits(v) for k, v in value.items()}
    if not isinstance(value, proa.Tensor):
        return value
    return value.numpy().tobytes(), str(value.dtype), list(value.shape)


def returns(x):
    if x.sum() > 0:
        return x * 2
    return -x


def returns_in_turn(x):
    if x.sum() > 2:
        y = x * 2
        return y, y.sum()
    elif x.max() > 1 and not x.min() > -1:
        x = x + 1
    if (x > 0).all() or (x < 0).all():
        return x * 3, x.mean()
    x = x - 1
    return x, x.max()


def sets(x):
    y, k = x * 1, 2
    if x.mean() > 0:
        y = y.tanh()
        z = y + 1
        k = 3
    else:
        z = y - 1
    return y * z, z * k


def nested(x):
    y = x
    if x.sum() > 0:
        if x.max() > 1.5:
            y = y * 2
        else:
            y = y + 1
        y = y.exp()
    return y - x


def mixed(x, flag=True, n=3):
    y = x
    for i in range(n):
        if flag and i % 2 == 0:
            y = y + i
        elif y.sum() > 1:
            y = y * 0.5
    return y if flag else -y


def halves(x):
    steps = 0
    while x.abs().max() > 0.01:
        x = x * 0.5
        steps = steps + 1
    return x, x + steps


def counts(x):
    total = 0.0
    i = 0
    while i < 4 and total < 100:
        total = total + x.sum()
        i += 1
    return total * i


def breaks(x):
    for i in range(6):
        x = x * 1.5
        if x.abs().max() > 3:
            break
        if x.min() > 0:
            continue
        x = x + 0.25 * i
    else:
        x = x - 7
    return x


def loops_on(x):
    i = proa.zeros([], "int64")
    while True:
        i = i + 1
        if i > 5:
            break
        if (x.sum() * i) < 0:
            continue
        x = x * 1.25
    return x, i


def returns_from_loop(x):
    for _ in range(5):
        x = x + 0.5
        if x.sum() > 4:
            return x * 100
    return x


def ranges(x):
    n = (x > 0).sum()
    total = x * 0
    for i in range(n):
        if i == 3:
            break
        total = total + x * i
    return total


def chooses(x):
    y = x.max() if x.sum() > 0 else x.min()
    inside = 0 < y < 1
    return proa.where(inside, y, y * 2), not inside


def structures(x):
    state = {"a": x, "b": [x + 1, 2]}
    if x.sum() > 0:
        state = {"a": x * 2, "b": [x, 2]}
    return state


def writes(x):
    y = x * 1
    if x.sum() > 0:
        y[0] = 5.0
        y.add_(1.0)
    else:
        y[1:] = -1.0
    return y, y[0]


def calls(x):
    return returns(x) + helper(x, scale=2.0)


def helper(x, *, scale):
    if x.mean() < 0:
        x = x * scale
    return x


FUNCTIONS = [returns, returns_in_turn, sets, nested, mixed, halves, counts, breaks, loops_on,
             returns_from_loop, ranges, chooses, structures, writes, calls]


def inputs(n=5):
    for seed in range(6):
        own = np.random.default_rng(seed)
        yield (own.standard_normal(n) + [0.6, -0.6, 2.0, 0.0, -2.0, 0.2][seed]).astype("float32")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_bits_of_python(function):
    captured = to_static(function)
    seen = set()
    for data in inputs():
        want, got = function(proa.to_tensor(data)), captured(proa.to_tensor(data))
        if function is chooses:
            want = want[0], proa.to_tensor(want[1])
        if function is ranges or function is loops_on or function is breaks:
            seen.add(str(bits(want)))
        assert bits(got) == bits(want)
    assert len(captured.captures()) == 1, captured.why()


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("function", [returns, sets, nested, halves, writes, calls, breaks])
def test_gradients_through_both_ways(function, inside):
    def whole(x):
        result = function(x)
        loss = (result[0] if isinstance(result, tuple) else result).square().sum()
        if inside:
            loss.backward()
        return loss

    captured = to_static(whole)
    for data in inputs():
        found = []
        for call in (whole, captured):
            x = proa.to_tensor(data, stop_gradient=False)
            loss = call(x)
            if not inside:
                loss.backward()
            found.append((loss.item(), x.grad.numpy()))
        assert found[0][0] == found[1][0]
        np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-6, atol=1e-7)


class Gate(nn.Layer):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(4, 4), nn.Linear(4, 4)
        self.register_buffer("seen", proa.zeros([]))

    def forward(self, x):
        if x.mean() > 0:
            self.seen.add_(1.0)
            return self.up(x)
        return self.down(x)


def test_a_layer_that_decides_in_a_training_step():
    def run(compiled):
        proa.seed(0)
        net = nn.Sequential(Gate(), nn.Tanh(), Gate())
        made = proa.optimizer.Adam(0.01, parameters=net.parameters())

        def step(x):
            loss = net(x).square().mean()
            loss.backward()
            made.step()
            made.clear_grad(set_to_zero=False)
            return loss

        call = to_static(step) if compiled else step
        own = np.random.default_rng(1)
        found = []
        for n in (3, 4, 5, 6):
            x = proa.to_tensor(own.standard_normal((n, 4)).astype("float32"))
            found.append(call(x).item())
        return found, [b.item() for b in net.buffers()], call

    plain, seen, _ = run(False)
    graph, counted, step = run(True)
    assert counted == seen
    # The step of Adam for a parameter whose gradient is zero and not None differs by design.
    assert graph[0] == plain[0]
    assert len(step.captures()) == 1, step.why()


def test_a_step_only_where_the_gradient_is_finite():
    w = [proa.to_tensor([1.0, 2.0], stop_gradient=False) for _ in range(2)]

    def make(w):
        made = proa.optimizer.SGD(0.5, parameters=[w])

        def step(x):
            loss = (w * x).sum()
            loss.backward()
            if proa.isfinite(w.grad).all():
                made.step()
            made.clear_grad(set_to_zero=False)
            return loss

        return step

    plain, captured = make(w[0]), to_static(make(w[1]))
    for value in (1.0, float("inf"), -2.0):
        x = proa.to_tensor([value, 1.0])
        assert bits(captured(x)) == bits(plain(x))
        assert bits(w[0]) == bits(w[1])


def one_way(x):
    if x.sum() > 0:
        y = x * 2
    return y


def other_type(x):
    y = x
    if x.sum() > 0:
        y = "text"
    return y


def other_shape(x):
    y = x
    if x.sum() > 0:
        y = x.sum()
    return y


def draws(x):
    if x.sum() > 0:
        x = x + proa.rand([5])
    return x


def with_return(x):
    with proa.no_grad():
        if x.sum() > 0:
            return x
    return -x


def several(x):
    if x > 0:
        return x
    return -x


def backward_inside(x):
    if x.sum() > 0:
        (x * x).sum().backward()
    return x


@pytest.mark.parametrize("function, says", [
    (one_way, "set in one branch only"),
    (other_type, "both ways must give tensors"),
    (other_shape, "same dtype and shape"),
    (draws, "draw before the branch"),
    (with_return, "return inside of with or try"),
    (several, r"any\(\) or all\(\)"),
    (backward_inside, "take them after it"),
])
def test_what_is_not_captured_says_so_with_its_line(function, says):
    with pytest.raises(Exception, match=says) as caught:
        to_static(function)(proa.to_tensor(np.ones(5, "float32"), stop_gradient=False))
    assert "test_branches.py:" in str(caught.value)
    assert not proa._proa._jit_capturing()


def test_in_eager_it_is_the_function_that_it_was():
    captured = to_static(returns_in_turn)
    proa.jit.enable_to_static(False)
    try:
        for data in inputs():
            x = proa.to_tensor(data)
            assert bits(captured(x)) == bits(returns_in_turn(x))
    finally:
        proa.jit.enable_to_static(True)


def test_the_functions_of_static():
    from proa.static import nn as control

    def f(x, k):
        y = control.cond(x.sum() > 0, lambda: x * 2, lambda: x - 1)
        i, y = control.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 1.5),
                                  [proa.zeros([], "int64"), y])
        z = control.switch_case(k, {0: lambda: y, 2: lambda: y + 1}, lambda: -y)
        return i, control.case([(z.sum() > 3, lambda: z * 2), (z.sum() > 0, lambda: z)],
                               lambda: z - 5)

    captured = to_static(f)
    for data, k in zip(inputs(), (0, 1, 2, 0, 1, 2), strict=True):
        x, index = proa.to_tensor(data), proa.to_tensor(k)
        assert bits(list(captured(x, index))) == bits(list(f(x, index)))
    assert len(captured.captures()) == 1
