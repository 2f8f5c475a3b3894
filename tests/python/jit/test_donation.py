"""What a captured step writes takes the memory of what was there; nobody else sees it change."""

import numpy as np
import pytest
from proa.jit import to_static
from proa.nn import functional as F

import proa
from proa import nn, optimizer

rng = np.random.default_rng(5)
X = rng.standard_normal((8, 6)).astype("float32")
Y = rng.integers(0, 5, 8)


def bits(tensor):
    return tensor.numpy().tobytes(), str(tensor.dtype), list(tensor.shape)


def setup(captured=True, **settings):
    proa.seed(3)
    net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.BatchNorm1D(16), nn.Linear(16, 5))
    own = optimizer.AdamW(0.01, parameters=net.parameters(), **settings)

    def step(x, y):
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        own.step()
        own.clear_grad(set_to_zero=False)
        return loss

    return net, own, to_static(step) if captured else step


def state(net, own):
    tensors = [v for v in own.state_dict().values() if isinstance(v, proa.Tensor)]
    return [bits(t) for t in (*net.parameters(), *net.buffers(), *tensors)]


def test_bits_of_eager_in_the_same_memory():
    results = []
    for captured in (False, True):
        net, own, step = setup(captured)
        losses = [bits(step(proa.to_tensor(X), proa.to_tensor(Y)))]
        where = [p.data_ptr() for p in net.parameters()]
        versions = [p._version for p in net.parameters()]
        losses += [bits(step(proa.to_tensor(X), proa.to_tensor(Y))) for _ in range(3)]
        now = [p.data_ptr() for p in net.parameters()]
        names = [name for name, _ in net.named_parameters()]
        moved = [n for n, a, b in zip(names, now, where, strict=True) if a != b]
        # The last weight too, which the kernel updates that multiplies its gradient out.
        assert not captured or moved == [], moved
        for name, p, version in zip(names, net.parameters(), versions, strict=True):
            assert name in moved or p._version > version
        results.append((losses, state(net, own)))
    assert results[0] == results[1]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_products_that_write_where_they_read(threads):
    """Gradients of several units, panels that are not full, and momentum beside the weight."""
    x, y = rng.standard_normal((70, 150)).astype("float32"), rng.integers(0, 213, 70)
    results = []
    before = proa.get_num_threads()
    proa.set_num_threads(threads)
    for captured in (False, True):
        proa.seed(4)
        net = nn.Linear(150, 213)
        own = optimizer.Momentum(0.1, 0.9, parameters=net.parameters(), weight_decay=0.01)

        def step(x, y, net=net, own=own):
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            own.step()
            own.clear_grad()
            return loss

        run = to_static(step) if captured else step
        losses = [bits(run(proa.to_tensor(x), proa.to_tensor(y)))]
        where = [p.data_ptr() for p in net.parameters()]
        losses += [bits(run(proa.to_tensor(x), proa.to_tensor(y))) for _ in range(3)]
        assert not captured or [p.data_ptr() for p in net.parameters()] == where
        results.append((losses, state(net, own)))
    proa.set_num_threads(before)
    assert results[0] == results[1]


def test_every_parameter_stays_where_nothing_is_fused():
    with proa.compiler.passes_off(["fuse"]):
        net, _, step = setup()
        step(proa.to_tensor(X), proa.to_tensor(Y))
        where = [p.data_ptr() for p in net.parameters()]
        versions = [p._version for p in net.parameters()]
        for _ in range(3):
            step(proa.to_tensor(X), proa.to_tensor(Y))
        assert [p.data_ptr() for p in net.parameters()] == where
        assert all(p._version > v for p, v in zip(net.parameters(), versions, strict=True))


def test_whoever_holds_the_old_memory_keeps_the_old_values():
    results = []
    for captured in (False, True):
        net, own, step = setup(captured)
        step(proa.to_tensor(X), proa.to_tensor(Y))
        weight = net[0].weight
        row, detached, array = weight[0], weight.detach(), weight.numpy()
        shared = np.from_dlpack(net[3].weight.detach())
        before = [bits(row), bits(detached), array.tobytes(), shared.tobytes()]
        step(proa.to_tensor(X), proa.to_tensor(Y))
        assert [bits(row), bits(detached), array.tobytes(), shared.tobytes()] == before
        assert bits(weight) != before[1]
        results.append(state(net, own))
    assert results[0] == results[1]


def test_the_tape_keeps_what_it_saved():
    """A forward from before the step still has its weights: as in eager, it says they changed."""
    for captured in (False, True):
        net, own, step = setup(captured)
        step(proa.to_tensor(X), proa.to_tensor(Y))
        loss = net[3](proa.ones([2, 16])).sum() + net[0](proa.to_tensor(X)).tanh().mean()
        weight = bits(net[0].weight)
        step(proa.to_tensor(X), proa.to_tensor(Y))
        assert bits(net[0].weight) != weight
        try:
            loss.backward()
            outcome = [bits(p.grad) for p in (net[0].weight, net[3].weight)]
        except RuntimeError as error:
            outcome = str(error)
        if not captured:
            first = outcome
        assert outcome == first


@pytest.mark.parametrize("bad", [99, -7])
def test_a_bad_batch_loses_nothing(bad):
    net, own, step = setup()
    good = proa.to_tensor(X), proa.to_tensor(Y)
    step(*good)
    before = state(net, own)
    labels = Y.copy()
    labels[3] = bad
    with pytest.raises(IndexError):
        step(good[0], proa.to_tensor(labels))
    assert state(net, own) == before
    other, own2, eager = setup(captured=False)
    eager(*good)
    assert bits(step(*good)) == bits(eager(*good))
    assert state(net, own) == state(other, own2)


def test_an_argument_that_is_written():
    def bump(x):
        x[1:] = x[1:] * 2 + 1
        x += 1

    given = proa.to_tensor(X)
    view, place = given[2], given.data_ptr()
    version = given._version
    to_static(bump)(given)
    expected = X.copy()
    expected[1:] = expected[1:] * 2 + 1
    expected += 1
    assert given.numpy().tobytes() == expected.tobytes()
    assert view.numpy().tobytes() == expected[2].tobytes()
    assert given.data_ptr() == place and given._version > version


def test_two_parameters_that_swap():
    a, b = proa.to_tensor(X), proa.to_tensor(X * 3)

    @to_static
    def swap():
        old = a + 0
        a._assign(b * 1)
        b._assign(old)

    for _ in range(2):
        first, second = bits(a), bits(b)
        swap()
        assert (bits(a), bits(b)) == (second, first)


def test_gradients_that_stay_are_not_written_over_while_somebody_has_them():
    net = nn.Linear(6, 5)

    @to_static
    def step(x):
        net(x).sum().backward()

    x = proa.to_tensor(X)
    step(x)
    step(x)
    held = net.weight.grad
    before = bits(held)
    step(x)
    assert bits(held) == before
    one = X.astype("float32").sum(0)
    assert np.allclose(net.weight.grad.numpy()[:, 0], 3 * one, rtol=1e-5)


def test_a_square_that_is_transposed_in_place():
    square = proa.to_tensor(X[:6])

    @to_static
    def turn(x):
        x.copy_(x.t())

    turn(square)
    assert square.numpy().tobytes() == X[:6].T.tobytes()
