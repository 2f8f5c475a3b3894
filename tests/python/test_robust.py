"""Hostile use from Python: a typed error or the right values, never a fault of the process."""

import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from proa.autograd import PyLayer

import proa


def leaf(shape=(2,)):
    x = proa.ones(list(shape))
    x.stop_gradient = False
    return x


@pytest.mark.parametrize("shape", [[0], [1], [7], [3, 2]])
@pytest.mark.parametrize("on_leaf", [False, True])
def test_hook_cannot_change_the_shape_of_a_gradient(shape, on_leaf):
    x = leaf()
    y = x * 2.0
    (x if on_leaf else y).register_hook(lambda g: proa.ones(shape))
    with pytest.raises(proa.ShapeError, match="register_hook"):
        y.sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("dtype", ["int32", "float16", "float64"])
def test_gradient_of_a_hook_is_cast(dtype):
    x = leaf()
    y = x * 2.0
    y.register_hook(lambda g: (g * 3.0).astype(dtype))
    y.sum().backward()
    assert x.grad.dtype == proa.float32
    np.testing.assert_array_equal(x.grad.numpy(), [6.0, 6.0])


def doubled(give):
    class Doubled(PyLayer):
        @staticmethod
        def forward(ctx, x):
            return x * 2.0

        @staticmethod
        def backward(ctx, g):
            return give(g)

    return Doubled


@pytest.mark.parametrize("shape", [[0], [1], [9]])
def test_pylayer_cannot_change_the_shape_of_a_gradient(shape):
    x = leaf()
    with pytest.raises(proa.ShapeError, match="Doubled"):
        doubled(lambda g: proa.ones(shape)).apply(x * 1.0).sum().backward()
    assert x.grad is None


def test_gradient_of_a_pylayer_is_cast():
    x = leaf()
    doubled(lambda g: (g * 2.0).astype("int32")).apply(x).sum().backward()
    assert x.grad.dtype == proa.float32
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 2.0])


def test_threads_lose_no_gradient_of_a_shared_leaf():
    x = leaf([8])
    faults = []

    def work():
        try:
            for _ in range(250):
                (x * 1.0).sum().backward()
        except Exception as error:  # seen by the assert below: a thread's own is lost
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    np.testing.assert_array_equal(x.grad.numpy(), np.full(8, 1000.0))


def test_strides_that_overflow_together():
    with pytest.raises(proa.ProaError):
        proa.as_strided(proa.ones([4]), [2, 2], [2**62, 2**62])


@pytest.mark.parametrize("args", [(1j,), (0, 1j), (0, 4, 1j)])
def test_arange_refuses_complex_numbers(args):
    with pytest.raises(proa.DTypeError, match="arange"):
        proa.arange(*args)


@pytest.mark.parametrize("wrong", [[1], "a", -1, 1.5])
def test_printoptions_refuse_at_once(wrong):
    before = proa.get_printoptions()
    with pytest.raises(proa.ArgumentValueError, match="precision"):
        proa.set_printoptions(precision=wrong)
    assert proa.get_printoptions() == before


def test_long_chains_run_and_die():
    x = leaf()
    y = x
    for _ in range(50_000):
        y = y + 1.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 1.0])
    del y


@pytest.mark.parametrize("hook", ["pass", "y.register_hook(lambda g: g * 1.0)"])
def test_daemon_threads_do_not_abort_the_end_of_the_process(hook):
    script = f"""
import threading, time, proa
x = proa.randn([400, 400])
x.stop_gradient = False
def work():
    while True:
        y = x @ x
        {hook}
        y.sum().backward()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("beside", [False, True])
def test_a_list_that_holds_itself_is_refused(beside):
    endless = [proa.ones([2])] if beside else []
    endless.insert(0, endless)
    with pytest.raises((RecursionError, ValueError, proa.ProaError)):
        proa.to_tensor(endless)


def test_a_retaining_tensor_may_leave_the_tape_and_die_before_backward() -> None:
    x = proa.ones([4], dtype="float64")
    x.stop_gradient = False
    y = x * 2.0
    z = y * y
    y.retain_grads()
    y.stop_gradient = True
    del y
    gc.collect()
    junk = [proa.ones([4], dtype="float64") for _ in range(100)]
    z.sum().backward()
    assert x.grad.tolist() == [8.0] * 4
    assert all(j.grad is None for j in junk)
