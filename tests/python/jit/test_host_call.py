"""Calls of Python that a captured function makes at each run."""

import threading
import traceback

import numpy as np
import pytest
from proa.jit import InputSpec, host_call, to_static

import proa
from proa import nn

rng = np.random.default_rng(2)
X, W = rng.standard_normal((2, 4, 5)).astype("float32")


def bits(tensor):
    return None if tensor is None else (tensor.numpy().tobytes(), list(tensor.shape))


def test_the_host_is_called_once_a_call_and_in_order():
    seen = []

    @to_static
    def run(x):
        y = x * 2
        host_call(lambda t: seen.append(("first", t.numpy().tolist())), y)
        z = host_call(lambda a, b: proa.to_tensor(np.cumsum(a.numpy()) + b.numpy()), y, x, out=x)
        host_call(lambda t: seen.append(("second", t.numpy().tolist())), z)
        return z + y

    for n in (3, 5):
        data = np.arange(n).astype("float32")
        made = run(proa.to_tensor(data))
        y = data * 2
        z = np.cumsum(y) + data
        assert made.numpy().tobytes() == (z + y).tobytes()
        assert seen == [("first", y.tolist()), ("second", z.tolist())]
        seen.clear()
    assert len(run.captures()) == 1


def test_the_host_s_error_has_its_traceback_and_nothing_is_lost():
    net = nn.Linear(5, 3)
    own = proa.optimizer.SGD(0.1, parameters=net.parameters())

    def complains(loss):
        if float(loss) > 1e6:
            raise ArithmeticError("far too much")

    @to_static
    def step(x):
        loss = net(x).square().sum()
        loss.backward()
        host_call(complains, loss)
        own.step()
        own.clear_grad(set_to_zero=False)
        return loss

    step(proa.to_tensor(X))
    before = [bits(p) for p in net.parameters()]
    with pytest.raises(ArithmeticError, match="far too much") as caught:
        step(proa.to_tensor(X * 1e6))
    assert any(f.name == "complains" for f in traceback.extract_tb(caught.value.__traceback__))
    assert [bits(p) for p in net.parameters()] == before
    step(proa.to_tensor(X))
    assert [bits(p) for p in net.parameters()] != before


def test_what_the_host_gives_must_be_like_out():
    run = to_static(lambda x: host_call(lambda t: t.sum(), x, out=x))
    with pytest.raises(ValueError, match="host_call"):
        run(proa.to_tensor(X))
    with pytest.raises(ValueError, match="host_call"):
        host_call(lambda t: t.sum(), proa.to_tensor(X), out=proa.to_tensor(X))

    @to_static
    def branch(x):
        if x.sum() > 0:
            host_call(print, x)
        return x

    with pytest.raises(NotImplementedError, match=r"before the branch.*|.*\(.*:\d+\)"):
        branch(proa.to_tensor(X))


def cube(t):
    return proa.to_tensor(t.numpy() ** 3)


def cube_back(t, result, cotangent):
    return proa.to_tensor(3 * t.numpy() ** 2 * cotangent.numpy())


@pytest.mark.parametrize("inside", [True, False])
def test_a_gradient_of_the_host(inside):
    def whole(x, w):
        y = host_call(cube, x * w, out=x, gradient=cube_back)
        z = host_call(lambda a, b: [a, b], y, w, out=[x, w])
        loss = (y * w + z[0] * x).sum()
        if inside:
            loss.backward()
        return loss

    results = []
    for run in (whole, to_static(whole)):
        x, w = (proa.to_tensor(a, stop_gradient=False) for a in (X, W))
        loss = run(x, w)
        if not inside:
            loss.backward()
        results.append((bits(loss), bits(x.grad), bits(w.grad)))
    assert results[0] == results[1]
    x, w = (proa.to_tensor(a, stop_gradient=False) for a in (X, W))
    ((x * w) ** 3 * w + ((x * w) ** 3).detach() * x).sum().backward()
    assert np.allclose(np.frombuffer(results[0][1][0], "float32"), x.grad.numpy().ravel(), 1e-4)


def test_forms_of_results():
    def run(x):
        return host_call(
            lambda t: proa.to_tensor(np.stack([t.numpy().sum(1)] * 3, 1).astype("float64")),
            x,
            out=InputSpec([x.shape[0], 3], "float64"),
        )

    captured = to_static(run)
    for n in (2, 3, 7):
        x = proa.to_tensor(rng.standard_normal((n, 4)).astype("float32"))
        assert bits(run(x)) == bits(captured(x))
    assert len(captured.captures()) == 1
    for wrong, error, says in [
        (InputSpec([-1, 3]), ValueError, r"the size of each axis"),
        ("float32", TypeError, r"tensors and InputSpec, got str"),
    ]:
        for one in (lambda x, w=wrong: host_call(cube, x, out=w),):
            for call in (one, to_static(one)):
                with pytest.raises(error, match=says):
                    call(proa.to_tensor(X))


def test_the_line_is_told():
    def broken(t):
        raise KeyError("from the user")

    @to_static
    def run(x):
        return host_call(broken, x, out=x)

    with pytest.raises(KeyError) as caught:
        run(proa.to_tensor(X))
    assert "test_host_call.py:" in caught.value.__notes__[0]

    @to_static
    def shaped(x):
        return host_call(lambda t: t.sum(), x, out=x)

    with pytest.raises(ValueError, match=r"expected float32 of shape.*test_host_call\.py:\d+\)"):
        shaped(proa.to_tensor(X))


def test_threads_call_the_host():
    seen = []

    def note(t):
        seen.append(int(t.numpy()[0]))
        return t * 2

    @to_static
    def run(x):
        return host_call(note, x + 1, out=x) + x

    run(proa.ones([300]))
    seen.clear()
    wrong = []

    def work(k):
        for i in range(20):
            n = 100 * k + i
            made = run(proa.full([300 + k], float(n)))
            if made.numpy().tolist() != [2.0 * (n + 1) + n] * (300 + k):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert sorted(seen) == sorted(100 * k + i + 1 for k in range(4) for i in range(20))


def test_it_cannot_be_stored(tmp_path):
    class Net(nn.Layer):
        def forward(self, x):
            return host_call(cube, x, out=x, gradient=cube_back) + 1

    with pytest.raises(NotImplementedError, match=r"calls Python \(host_call.*py:\d+"):
        proa.jit.save(Net(), str(tmp_path / "net"), [InputSpec([None, 5])])
