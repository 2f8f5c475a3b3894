"""What Python does with sizes, numbers and containers in a captured function is what it does."""

import copy
import dataclasses
import functools
import math
import pickle
import threading
import time
from typing import Any

import numpy as np
import pytest
from proa.jit import to_static

import proa
from proa import nn, optimizer

rng = np.random.default_rng(23)


def tensor(*shape):
    return proa.to_tensor(rng.standard_normal(shape).astype("float32"))


def same(a, b):
    np.testing.assert_array_equal(a.numpy(), b.numpy())


NUMBERS = {
    "divide": lambda n: (n / 2, 1 / n, n // 2.5, n % 2.5, divmod(n, 4), divmod(9, n)),
    "scale": lambda n: (n * 0.5, n + 0.5, 2.5 - n, n**-0.5, 2**n, math.sqrt(n), n**2),
    "round": lambda n: (round(n), round(n, -1), math.ceil(n / 4), math.floor(n), abs(-n), +n),
    "bits": lambda n: (n << 1, n >> 1, n & 3, n | 1, n ^ 1, ~n, 1 << n, n.bit_length()),
    "compare": lambda n: (n > 2.5, n == 6.0, n != 6.0, 2.5 < n, n == "6", n in (6, 7), n in {6, 7}),
    "text": lambda n: (str(n), repr(n), f"{n:4d}|{n}|{n!r}", f"{n} of %s" % n, "x".join([str(n)])),
    "key": lambda n: ({6: 1}.get(n, 0), {n: 2}.get(6), hash(n) == hash(6), sorted([n, 9, 2])),
    "parts": lambda n: (n.numerator, n.to_bytes(2, "big"), n.real, complex(n), [0] * n),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("given", ["size", "argument"])
def test_a_size_is_a_number(name, given):
    use = NUMBERS[name]

    def f(x, n):
        return x * 2, use(x.shape[0] if given == "size" else n)

    for n in (6, 7, 6):
        made = to_static(f)(tensor(n, 3), n)[1]
        assert made == use(n)
        assert [*map(type, made)] == [*map(type, use(n))]


def test_sizes_that_are_read_are_guards():
    @to_static
    def f(x):
        return x @ x.transpose([1, 0]) * x.shape[1] ** -0.5, f"{x.shape[1]}"

    for shape in ((3, 4), (5, 4), (2, 9)):
        x = tensor(*shape)
        made, text = f(x)
        same(made, x @ x.transpose([1, 0]) * shape[1] ** -0.5)
        assert text == str(shape[1])
    assert len(f.captures()) == 2  # the batch stays free


def test_a_float_is_shown_as_it_is():
    @to_static
    def f(x, a):
        return x * a, f"{a} {a:.3f} {a!r}"

    assert f(tensor(2), 0.5)[1] == "0.5 0.500 0.5"
    assert f(tensor(2), 1.25)[1] == "1.25 1.250 1.25"


def kinds(x, n, a):
    pair = (n, n) if isinstance(n, int) else n
    if type(a) is float and not isinstance(a, int) and isinstance(x.shape[0], (str, int)):
        x = x * pair[0] + a
    return x


def test_numbers_are_of_their_types():
    f, x = to_static(kinds), tensor(4)
    same(f(x, 3, 0.5), kinds(x, 3, 0.5))
    same(f(x, 4, 1.5), kinds(x, 4, 1.5))
    same(f(x, (4, 1), 1.5), kinds(x, (4, 1), 1.5))
    assert len(f.captures()) == 2


@dataclasses.dataclass
class Batch:
    x: Any
    n: int = 3
    more: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Output:
    loss: Any
    parts: Any = None


def test_dataclasses_are_containers():
    @to_static
    def f(batch):
        return Output(batch.x * batch.n, [Output(batch.more[0])])

    for rows, n in ((3, 4), (5, 6)):
        x, y = tensor(rows, 4), tensor(2)
        made = f(Batch(x, n, [y]))
        assert isinstance(made, Output) and made.parts[0].loss is y
        same(made.loss, x * n)
    assert len(f.captures()) == 1


def test_containers_among_the_arguments_are_changed():
    @to_static
    def f(batch, log, form):
        labels = batch.pop("labels")
        batch["x"] = batch["x"] * 2
        log.append(labels + 1)
        log[0] = len(log)
        form.x, form.n = form.x - 1, 7
        return batch, log[-1] * 3

    for _ in range(3):
        x, y, z = tensor(2), tensor(3), tensor(4)
        batch, log, form = {"x": x, "labels": y}, [5], Batch(z)
        made, last = f(batch, log, form)
        assert made is batch and [*batch] == ["x"]
        same(batch["x"], x * 2)
        assert log[0] == 2 and len(log) == 2
        same(log[1], y + 1)
        same(last, (y + 1) * 3)
        assert form.n == 7
        same(form.x, z - 1)
    assert len(f.captures()) == 1


class Holder:
    pass


def generator(x):
    yield x


def holder(x):
    made = Holder()
    made.x = x * 2
    return made


@pytest.mark.parametrize("function", [generator, holder, lambda x: {x * 2}])
def test_results_that_cannot_be_made_again_are_refused(function):
    with pytest.raises(proa.NotSupportedError, match="a result is a (generator|Holder|set)"):
        to_static(function)(tensor(2))


def test_a_raise_where_a_tensor_decides():
    @to_static
    def f(x):
        if proa.isnan(x).any():
            raise ValueError("nan in the loss")
        return x

    with pytest.raises(proa.NotSupportedError, match=r"nan in the loss.*decides.*test_python_v"):
        f(tensor(2))

    @to_static
    def g(x, axis):
        while x.sum() < 4:
            if axis is None:
                raise ValueError("axis")
            x = x + 1
        return x

    with pytest.raises(proa.NotSupportedError, match=r"ValueError\('axis'\)"):
        g(tensor(2), None)
    assert g(proa.ones([2]), 1).tolist() == [2, 2]


class Focal:
    def __init__(self, power):
        self.power = power

    def __call__(self, x):
        if x.sum() > 0:
            return x**self.power
        return x


def scaled(x, by, more=0):
    return x * by + more if x.sum() > 0 else x


def test_objects_that_are_called_and_partial_functions():
    for x in (proa.ones([3]), -proa.ones([3])):
        for f in (Focal(2), functools.partial(scaled, by=2, more=1)):
            same(to_static(f)(x), f(x))

            def outer(x, f=f):
                return f(x) + 1

            same(to_static(outer)(x), f(x) + 1)


@to_static
def decorated(x):
    return x * 2


def pickled(value):
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("again", [copy.deepcopy, copy.copy, pickled])
def test_copies_capture_for_themselves(again):
    x = tensor(3, 4)
    net = to_static(nn.Linear(4, 2))
    net(x)
    twin = again(net)
    same(twin(x), net(x))
    if again is not copy.copy:  # which shares the parameters
        with proa.no_grad():
            net.weight.set_value(net.weight * 2)
        before = nn.functional.linear(x, twin.weight, twin.bias)
        same(twin(x), before)
        assert (twin(x) != net(x)).any()
    assert again(decorated)(x).tolist() == (x * 2).tolist()


def test_threads_do_every_step_once():
    """More kinds of calls than are remembered: one forgets what another one runs."""
    done = []

    def note(x):
        done.append(1)
        time.sleep(0.01 if len(x) == 3 else 0.0001)
        return x

    @to_static
    def step(x, kind):
        return proa.jit.host_call(note, x, out=x) * len(kind)

    kinds_ = ["a" * i for i in range(1, 13)]
    for kind in kinds_:
        step(proa.ones([2]), kind)
    done.clear()

    def work(first):
        for i in range(24):
            if first:
                step(proa.ones([2]), kinds_[(first + i) % 12])
            else:  # which is remembered, and takes its time
                step(proa.ones([3]), "a")

    threads = [threading.Thread(target=work, args=(3 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4 * 24


def test_a_step_of_asgd():
    def trained(compiled):
        proa.seed(3)
        net = nn.Linear(4, 2)
        made = optimizer.ASGD(0.1, 3, net.parameters(), weight_decay=0.01)

        def step(x):
            loss = net(x).square().mean()
            loss.backward()
            made.step()
            made.clear_grad()
            return loss

        run = to_static(step) if compiled else step
        data = np.random.default_rng(1)
        losses = [run(proa.to_tensor(data.standard_normal((n, 4)).astype("float32"))).item()
                  for n in (3, 5, 3, 2, 4)]
        return losses, net.weight.numpy().tobytes()

    assert trained(True) == trained(False)


def test_why_names_what_changed_in_order():
    @to_static
    def f(x, mode, pair):
        return x * 2 if mode == "double" else x + pair[0] * x.shape[0] ** 0.5

    x = tensor(3, 4)
    f(x, "double", [1.0])
    f(x, "other", [1.0])
    f(tensor(5, 4), "other", [1.0])
    f(x, "other", [1.0, 2.0])
    f(tensor(3), "other", [1.0])
    f(x, 7, [1.0])
    with proa.no_grad():
        f(x, "double", [1.0])
    assert [one.reason for one in f.captures()] == [
        "the first call",
        "an argument became 'other', from 'double'",
        "a guard on sizes does not hold",
        "a list of 2 items where there were 1",
        "another dtype, rank or stop_gradient of a tensor",
        "another structure or kind of an argument",
        "another mode: recording of gradients, autocast or default dtype",
    ]


def test_values_that_were_read_are_shown():
    @to_static
    def f(x, a, n):
        return x * 2 if a > 1 else x * n

    f(tensor(2), 1.5, 3)
    assert "float 0 == 1.5" in f.why()


@pytest.mark.parametrize("spec", [3, [3], "ab", ["ab"], {"x": object()}])
def test_specs_of_other_kinds_are_refused(spec):
    with pytest.raises(ValueError, match=r"\[to_static\] input_spec: expected InputSpec"):
        to_static(lambda x: x, input_spec=spec)


def test_a_function_that_is_captured_again_and_again_says_so():
    @to_static
    def scaled(x, name):
        return x * 2 if name == "n3" else x

    x = tensor(2)
    with pytest.warns(UserWarning, match=r"scaled was captured 32 times.*why\(\)") as told:
        for k in range(40):
            same(scaled(x, f"n{k}"), x * 2 if k == 3 else x)
    assert len(told) == 1
    assert told[0].filename == __file__
