"""Hostile use from Python: a typed error or the right values, never a fault of the process."""

import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from proa.autograd import PyLayer
from scipy.special import logsumexp

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


# Positions beyond a tensor.

X, F = proa.arange(12, dtype="float32").reshape([3, 4]), proa.nn.functional
BEYOND = {
    "gather": lambda i: proa.gather(X, i),
    "index_select": lambda i: proa.index_select(X, i, axis=1),
    "index_add": lambda i: proa.index_add(X, i, 0, proa.ones([2, 4])),
    "index_fill": lambda i: proa.index_fill(X, i, 0, 1.0),
    "gather_nd": lambda i: proa.gather_nd(X, i.reshape([2, 1])),
    "scatter": lambda i: proa.scatter(X, i, proa.ones([2, 4])),
    "scatter_nd_add": lambda i: proa.scatter_nd_add(X, i.reshape([2, 1]), proa.ones([2, 4])),
    "scatter_nd": lambda i: proa.scatter_nd(i.reshape([2, 1]), proa.ones([2, 4]), [3, 4]),
    "take_along_axis": lambda i: proa.take_along_axis(X, i.reshape([2, 1]), 0),
    "put_along_axis": lambda i: proa.put_along_axis(X, i.reshape([2, 1]), 1.0, 0),
    "embedding": lambda i: F.embedding(i, X),
    "one_hot": lambda i: proa.one_hot(i, 3),
    "cross_entropy": lambda i: F.cross_entropy(proa.ones([2, 3]), i),
    "nll_loss": lambda i: F.nll_loss(proa.ones([2, 3]), i),
    "multiplex": lambda i: proa.multiplex([proa.ones([2, 1])] * 3, i),
    "getitem": lambda i: X[:, i],
    "setitem": lambda i: X.clone().__setitem__(i, 0.0),
}
FROM_END = set(BEYOND) - {"embedding", "one_hot", "cross_entropy", "nll_loss", "multiplex"}


@pytest.mark.parametrize("dtype", ["int64", "int32"])
@pytest.mark.parametrize("name", sorted(BEYOND))
def test_a_position_out_of_range_names_operator_argument_and_range(name, dtype):
    size = 4 if name in ("index_select", "getitem") else 3
    for wrong in (size, size + 2**30, -size - 1 if name in FROM_END else -1):
        with pytest.raises(IndexError) as caught:
            BEYOND[name](proa.to_tensor([0, wrong], dtype=dtype))
        error, low = caught.value, -size if name in FROM_END else 0
        assert isinstance(error, proa.OutOfRangeError)
        assert error.op == name
        assert error.argument in ("index", "indices", "x", "label")
        assert str(error).endswith(
            f"index {wrong} is out of range for size {size}: expected {low}..{size - 1}"
        )
    if name in FROM_END:
        BEYOND[name](proa.to_tensor([0, -size], dtype=dtype))
    BEYOND[name](proa.to_tensor([0, size - 1], dtype=dtype))


def test_positions_are_checked_where_nothing_is_moved():
    with pytest.raises(IndexError):
        proa.gather(proa.ones([3, 0]), proa.to_tensor([3]))
    with pytest.raises(IndexError, match="there are none"):
        proa.gather(proa.ones([0, 2]), proa.to_tensor([0]))
    with pytest.raises(IndexError):
        proa.ones([3, 0]).__setitem__(proa.to_tensor([5]), 1.0)
    assert proa.gather(proa.ones([0, 2]), proa.zeros([0], dtype="int64")).shape == [0, 2]


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_wrong_position_is_told_whatever_the_threads(threads):
    before = proa.get_num_threads()
    proa.set_num_threads(threads)
    try:
        index = np.zeros(300_000, np.int64)
        index[[150_000, 200_001, 299_999]] = [7, 8, 9]
        with pytest.raises(IndexError, match="index 7 "):
            proa.gather(proa.ones([5]), proa.to_tensor(index))
    finally:
        proa.set_num_threads(before)


def test_ignored_labels_may_be_anything():
    logits = proa.to_tensor(np.random.default_rng(0).standard_normal((3, 4)))
    logits.stop_gradient = False
    labels = proa.to_tensor([1, -100, 3])
    F.cross_entropy(logits, labels).backward()
    assert np.all(logits.grad.numpy()[1] == 0)
    assert F.nll_loss(logits, proa.to_tensor([1, 9, 3]), ignore_index=9).shape == []


def test_positions_from_the_end_have_the_gradients_of_numpy():
    x = proa.to_tensor(np.arange(12.0).reshape(3, 4))
    x.stop_gradient = False
    (x[proa.to_tensor([-1, 0, -1])] * 2.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[2.0] * 4, [0.0] * 4, [4.0] * 4])
    base = np.zeros((4, 3))
    base[[-1, 1], [0, -2]] = [5.0, 6.0]
    y = proa.zeros([4, 3], dtype="float64")
    y[proa.to_tensor([-1, 1]), proa.to_tensor([0, -2])] = proa.to_tensor([5.0, 6.0])
    np.testing.assert_array_equal(y.numpy(), base)


# Cycles through the tape.


class Witness:
    """Dies with whatever holds it."""


def dies(make):
    gc.collect()
    held = make()
    seen = weakref.ref(held)
    del held
    gc.collect()
    return seen() is None


def test_cycle_of_a_leaf_and_its_hook():
    def make():
        witness, x = Witness(), leaf()
        x.register_hook(lambda g: (x, witness) and None)
        return witness

    assert dies(make)


def test_cycle_of_a_result_and_its_hook():
    def make():
        witness, x = Witness(), leaf()
        y = (x * 2.0).exp()
        y.register_hook(lambda g: (y, witness) and None)
        return witness

    assert dies(make)


def test_cycle_of_a_loss_and_the_hook_of_its_leaf():
    def make():
        witness, x = Witness(), leaf()
        held = []
        x.register_hook(lambda g: (held, witness) and None)
        held.append((x * 2.0).sum())
        return witness

    assert dies(make)


def test_cycle_of_a_pylayer_and_its_result():
    class Keeps(PyLayer):
        @staticmethod
        def forward(ctx, x):
            ctx.witness = Witness()
            return x * 2.0

        @staticmethod
        def backward(ctx, g):
            return g * 2.0

    def make():
        seen = []

        class Holds(Keeps):
            @staticmethod
            def forward(ctx, x):
                seen.append(ctx)
                return Keeps.forward(ctx, x)

        y = Holds.apply(leaf())
        ctx = seen.pop()
        ctx.result = y
        return ctx.witness

    assert dies(make)


def test_a_hook_in_use_is_not_collected():
    x, calls = leaf(), []
    x.register_hook(lambda g: calls.append((x, 1)))
    y = x * 3.0
    y.register_hook(lambda g: calls.append((y, 2)))
    gc.collect()
    y.sum().backward()
    gc.collect()
    assert [c[1] for c in calls] == [2, 1]
    other = x.detach()
    del calls[:]
    gc.collect()
    assert other.tolist() == [1.0, 1.0]
    y = x * 1.0
    y.sum().backward()
    assert len(calls) == 1


def test_collection_during_a_graph_that_others_hold():
    x = leaf()
    loss, results = (x * 2.0).sum(), []
    loss.register_hook(lambda g: results.append(float(g)))
    keep = loss * 3.0
    del loss
    gc.collect()
    keep.backward()
    assert results == [3.0]


# Threads.


def in_threads(count, work):
    faults = []

    def guarded(number):
        try:
            work(number)
        except Exception as error:  # told by the caller: a thread's own is lost
            faults.append(error)

    threads = [threading.Thread(target=guarded, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]


def test_threads_look_at_one_stale_view():
    for _ in range(30):
        x = leaf([300, 200])
        base = x * 1.0
        view = base[10:20]
        base.multiply_(proa.to_tensor(2.0))
        grads = [None] * 4

        def work(number, view=view, grads=grads, x=x):
            grads[number] = proa.grad((view * 1.0).sum(), x, retain_graph=True)[0].numpy()

        in_threads(4, work)
        expected = np.zeros((300, 200), np.float32)
        expected[10:20] = 2.0
        for g in grads:
            np.testing.assert_array_equal(g, expected)


def test_threads_add_and_remove_hooks_while_others_run_backward():
    x = leaf([40_000])
    y = x * 2.0

    def work(number):
        for _ in range(60):
            if number % 2:
                handles = [t.register_hook(lambda g: None) for t in (x, y)]
                assert all(h.remove() for h in handles)
            else:
                y.sum().backward(retain_graph=True)

    in_threads(4, work)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(40_000, 240.0, np.float32))


def test_threads_drop_retaining_tensors_while_others_run_backward():
    for _ in range(40):
        x = leaf([40_000])
        kept = [x * 1.0]
        kept[0].retain_grads()
        z = kept[0] * 2.0

        def work(number, kept=kept, z=z):
            if number:
                kept.clear()
            else:
                z.sum().backward()

        in_threads(2, work)
        assert float(x.grad[0]) == 2.0


# Numbers that do not fit.


@pytest.mark.parametrize(
    "data",
    [
        2**63,
        [2**63],
        [1, 2**63],
        [[1, 2**64 - 1]],
        np.uint64(2**64 - 1),
        np.array([1, 2**63], np.uint64),
    ],
)
def test_uint64_beyond_int64_is_refused(data):
    with pytest.raises(OverflowError, match="does not fit"):
        proa.to_tensor(data)
    assert proa.to_tensor(np.array([5], np.uint64)).tolist() == [5]
    assert proa.to_tensor([2**63, 1.5], dtype="float64").tolist() == [2.0**63, 1.5]
    assert proa.to_tensor([]).dtype == proa.float32


@pytest.mark.parametrize("data", [2**70, [2**70], [1, [2]], -(2**64)])
def test_python_integers_beyond_64_bits(data):
    with pytest.raises((OverflowError, ValueError)) as caught:
        proa.to_tensor(data)
    assert isinstance(caught.value, proa.ProaError)


@pytest.mark.parametrize(
    ("dtype", "number"),
    [("int32", 2**40), ("int8", 128), ("uint8", 256), ("uint8", -1), ("int16", -(2**15) - 1)],
)
def test_a_number_beyond_the_dtype_beside_it(dtype, number):
    x = proa.ones([2], dtype=dtype)
    for call in (
        lambda: x + number,
        lambda: number * x,
        lambda: x.__setitem__(0, number),
        lambda: proa.to_tensor([number], dtype=dtype),
        lambda: x.clone().add_(number),
    ):
        with pytest.raises(OverflowError, match=dtype) as caught:
            call()
        assert isinstance(caught.value, proa.NumberOverflowError)
    with pytest.raises(OverflowError):
        x + 2**70


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.fill_(1 + 2j),
        lambda x: x.__setitem__(0, 1 + 2j),
        lambda x: x.__setitem__(slice(None), proa.to_tensor([1j, 2j])),
        lambda x: x.__setitem__(proa.to_tensor([0]), proa.to_tensor([1j])),
        lambda x: x.copy_(proa.to_tensor([1j, 2j])),
        lambda x: x.set_value(np.array([1j, 2j], np.complex64)),
        lambda x: proa.scale(x, 2j),
        lambda x: proa.masked_fill(x, x > 0, 1j),
        lambda x: proa.index_fill(x, proa.to_tensor([0]), 0, 1j),
        lambda x: proa.put_along_axis(x, proa.to_tensor([0]), 1j, 0),
        lambda x: proa.to_tensor(1j, dtype="float32"),
        lambda x: proa.full_like(x, 1j),
    ],
)
def test_an_imaginary_part_is_not_dropped_unasked(write):
    x = proa.ones([2])
    with pytest.raises(TypeError) as caught:
        write(x)
    assert isinstance(caught.value, proa.ProaError)
    assert x.tolist() == [1.0, 1.0]


# Values that an operator cannot take.


def test_unique_takes_nans_as_one():
    x = np.array([2.0, np.nan, 1.0, np.nan, 2.0, np.nan])
    ours = proa.unique(
        proa.to_tensor(x), return_index=True, return_inverse=True, return_counts=True
    )
    theirs = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b)


SINGULAR = proa.to_tensor([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 2.0], [2.0, 4.0]]])


@pytest.mark.parametrize(
    "name, call",
    [
        ("inv", lambda x: proa.inverse(x)),
        ("solve", lambda x: proa.solve(x, proa.ones([2, 2, 1]))),
        ("cholesky", lambda x: proa.cholesky(x - 3.0 * proa.eye(2))),
        ("matrix_power", lambda x: proa.matrix_power(x, -2)),
    ],
)
def test_a_singular_matrix_is_named(name, call):
    with pytest.raises(proa.LinAlgError, match=f"{name}.*matrix . of 2"):
        call(SINGULAR)
    with pytest.raises((ValueError, RuntimeError)):
        call(SINGULAR[1])


def test_the_determinant_of_a_singular_matrix_has_no_error():
    np.testing.assert_array_equal(proa.det(SINGULAR).numpy(), [2.0, 0.0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: proa.normal(0.0, -1.0, [2]),
        lambda: proa.normal(0.0, float("nan"), [2]),
        lambda: proa.uniform([2], min=1.0, max=0.0),
        lambda: proa.uniform([2], min=float("-inf"), max=0.0),
        lambda: proa.bernoulli(proa.to_tensor([0.5, 1.5])),
        lambda: proa.bernoulli(proa.to_tensor([float("nan")])),
        lambda: proa.bernoulli(proa.to_tensor([-0.1])),
        lambda: F.dropout(proa.ones([2]), p=1.5),
        lambda: F.dropout(proa.ones([2]), p=-0.5),
        lambda: proa.randint(5, 5, [2]),
        lambda: proa.randint(0, 300, [2], dtype="uint8"),
        lambda: proa.randint(-(2**63), 2**63 - 1, [2]),
        lambda: proa.randperm(300, dtype="int8"),
        lambda: proa.ones([2]).normal_(0.0, -1.0),
        lambda: proa.ones([2]).uniform_(1.0, 0.0),
        lambda: proa.repeat_interleave(proa.ones([2]), proa.to_tensor([1, -1])),
        lambda: proa.repeat_interleave(proa.ones([4]), proa.to_tensor([2**62] * 4)),
        lambda: proa.repeat_interleave(proa.ones([2]), 2**62),
    ],
)
def test_wrong_parameters_of_distributions_and_counts(call):
    with pytest.raises(ValueError) as caught:
        call()
    assert isinstance(caught.value, proa.ProaError)
    assert caught.value.op


@pytest.mark.parametrize("name", ["max", "min", "amax", "argmax", "argmin"])
def test_no_extremum_of_nothing(name):
    for shape, kwargs in (([0], {}), ([2, 0], {"axis": 1}), ([0, 2], {})):
        with pytest.raises(ValueError, match=name) as caught:
            getattr(proa, name)(proa.ones(shape), **kwargs)
        assert isinstance(caught.value, proa.ProaError)
    assert getattr(proa, name)(proa.ones([0, 2]), axis=1).shape == [0]


def test_logsumexp_of_nothing():
    for shape, axis in (([0], None), ([3, 0], 1), ([0, 2], 0), ([0, 2], 1)):
        np.testing.assert_array_equal(
            proa.logsumexp(proa.ones(shape), axis=axis).numpy(),
            logsumexp(np.ones(shape, np.float32), axis=axis),
        )
    x = proa.ones([3, 0])
    x.stop_gradient = False
    proa.logsumexp(x, axis=1).sum().backward()
    assert x.grad.shape == [3, 0]


@pytest.mark.parametrize(
    "call",
    [
        lambda x: proa.grad(x.sum(), None),
        lambda x: proa.grad(x.sum(), []),
        lambda x: proa.grad(x.sum(), [None]),
        lambda x: proa.grad([], x),
        lambda x: proa.grad(None, x),
        lambda x: proa.grad([None], x),
        lambda x: proa.grad(3, x),
        lambda x: proa.autograd.backward([]),
        lambda x: proa.autograd.backward([None]),
    ],
)
def test_gradients_of_nothing(call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(leaf())
    assert isinstance(caught.value, proa.ProaError)


def test_nonzero_as_tuple():
    for array in (np.array([0, 3, 4]), np.array([[0, 1], [2, 0]])):
        ours = proa.nonzero(proa.to_tensor(array), as_tuple=True)
        assert isinstance(ours, tuple)
        for a, b in zip(ours, np.nonzero(array), strict=True):
            np.testing.assert_array_equal(a.numpy(), b)
    assert proa.nonzero(proa.to_tensor([0, 3])).shape == [1, 1]


@pytest.mark.parametrize("axes", [2, [[1, 2], [0, 1]], [[2], [1]], ((2, 1), (1, 0)), [[], []], 0])
def test_tensordot_takes_the_axes_of_numpy(axes):
    a, b = np.arange(24.0).reshape(2, 3, 4), np.arange(60.0).reshape(3, 4, 5)
    np.testing.assert_array_equal(
        proa.tensordot(proa.to_tensor(a), proa.to_tensor(b), axes).numpy(),
        np.tensordot(a, b, axes),
    )


# Layers.


def test_a_layer_cannot_hold_itself():
    layer = proa.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="does not hold this one"):
        layer.again = layer
    outer = proa.nn.Sequential(proa.nn.Sequential(layer))
    for add in (
        lambda: layer.add_sublayer("up", outer),
        lambda: setattr(layer, "up", outer),
        lambda: outer[0].append(outer),
        lambda: outer.append(outer),
    ):
        with pytest.raises(ValueError):
            add()
    assert "Linear" in repr(outer)
    assert len(outer.parameters()) == 2
    shared = proa.nn.Sequential(layer, layer)
    assert len(shared.parameters()) == 2


def test_the_other_side_of_an_operator_has_its_say():
    class Mine:
        def __radd__(self, other):
            return "mine"

        def __eq__(self, other):
            return "equal"

        __hash__ = None

    x = proa.ones([2])
    assert x + Mine() == "mine"
    assert (x == Mine()) == "equal"
    assert (x == object()) is False
    for other in (None, "a", object()):
        with pytest.raises(TypeError):
            x + other



def test_take_refuses_what_it_does_not_clip():
    x = proa.arange(4.0)
    for wrong in (4, -5):
        with pytest.raises(IndexError, match=f"index {wrong} is out of range for size 4"):
            proa.take(x, proa.to_tensor([wrong]))
    for mode in ("wrap", "clip"):
        np.testing.assert_array_equal(
            proa.take(x, proa.to_tensor([-5, 1, 9]), mode=mode).numpy(),
            np.take(np.arange(4.0), [-5, 1, 9], mode=mode),
        )
