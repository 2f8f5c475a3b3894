"""What branches and loops that a tensor decides do with lists, dicts, tuples and returns."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from proa.jit import to_static

import proa

rng = np.random.default_rng(31)
DATA = rng.standard_normal((4, 3)).astype("float32")


def bits(value):
    if isinstance(value, (tuple, list)):
        return [bits(v) for v in value]
    if isinstance(value, dict):
        return {k: bits(v) for k, v in value.items()}
    if isinstance(value, proa.Tensor):
        return value.numpy().tobytes() if value.ndim else value.item()
    return value


def appends(x):
    out, seen = [], {"k": 1}
    for i in range(3):
        if x.sum() > i:
            out.append(x * i)
            seen["k"] = seen["k"] + 1
            seen[i] = x
        else:
            out.append(x + 1)
            seen[i] = x * 2
    return out, seen["k"] * x, seen[2]


def through_a_function(x):
    log = []

    def add(v):
        log.append(v)

    if x.sum() > 0:
        add(x)
    else:
        add(-x)
    return log[0] * 2, len(log)


def returns_a_list(x):
    out = [x]
    if x.sum() > 0:
        out.append(x * 2)
        return out
    out.append(x * 3)
    if x.max() > 0:
        return out
    out[0] = x * 7
    return out


def nested(x):
    tree = {"a": [x, (x,)], "b": {"c": x}}
    if x.sum() > 1:
        tree["a"][0] = x * 2
        tree["b"]["c"] = x * 3
    else:
        tree["a"][1] = (x * 5,)
    return tree


@dataclasses.dataclass
class State:
    h: Any
    n: int = 0


def fields(x):
    state = State(x)
    if x.sum() > 0:
        state.h = state.h * 2
        state.n = 3
    return state.h * state.n


def swaps(x):
    pair = [x, x * 2]
    if x.mean() > 0:
        pair[0], pair[1] = pair[1], pair[0]
    return pair[0] - pair[1]


def carries(x):
    state = (x * 0, {"c": x * 0})
    while state[0].sum() < 9:
        h = proa.tanh(state[0] + x.abs())
        state = (h + 0.5, {"c": state[1]["c"] + h})
    return state[0] + state[1]["c"]


def endless(x):
    while True:
        x = x + 1
        if x.sum() > 20:
            return x, x * 2


def returns_from_steps(x):
    k = 0
    while k < 5:
        k = k + 1
        x = x * 1.5
        if x.abs().max() > 4:
            return {"x": x, "k": k}
        if x.abs().max() < 0.01:
            return {"x": x * 0, "k": 0}
    return {"x": -x, "k": -1}


def returns_from_counted(x):
    for i in range((x > 0).sum()):
        x = x * x + 0.1
        if x.max() > 5 + i:
            return x
    return x - 1


def returns_from_two(x):
    n = (x > 0).sum()
    for i in range(n):
        for j in range(n):
            x = x + 0.3
            if x.sum() > 6:
                return x, i * j
        if x.sum() > 4:
            break
    return x * 2, -1


ALL = [appends, through_a_function, returns_a_list, nested, fields, swaps, carries, endless,
       returns_from_steps, returns_from_counted, returns_from_two]


def tensors(value):
    if isinstance(value, proa.Tensor):
        return [value] if not value.stop_gradient else []
    items = value.values() if isinstance(value, dict) else value
    return [t for v in items for t in tensors(v)] if isinstance(value, (list, tuple, dict)) else []


@pytest.mark.parametrize("function", ALL, ids=lambda f: f.__name__)
def test_the_bits_of_python(function):
    captured = to_static(function)
    for scale, shift in ((1, 0), (-1, 0.3), (1, 2), (0.1, -1), (0, 0)):
        x = proa.to_tensor(DATA * np.float32(scale) + np.float32(shift))
        assert bits(captured(x)) == bits(function(x))
        found = []
        for f in (captured, function):
            leaf = x.detach()
            leaf.stop_gradient = False
            sum(t.sum() for t in tensors(f(leaf))).backward()
            found.append(bits(leaf.grad))
        assert found[0] == found[1]


def one_way(x):
    out = []
    if x.sum() > 0:
        out.append(x)
    return sum(out, x)


def in_a_loop(x):
    out = []
    while x.sum() < 9:
        x = x + 1
        out.append(x)
    return out


class Holder:
    last = None


def held_by_an_object(x):
    holder = Holder()
    if x.sum() > 0:
        holder.last = x * 2
    else:
        holder.last = x * 3
    return holder.last


@pytest.mark.parametrize(("function", "words"), [
    (one_way, "a list has 1 items one way and 0 the other"),
    (in_a_loop, "a list, dict or dataclass changes in a loop that a tensor ends"),
    (held_by_an_object, "made inside of a branch or loop is used outside of it"),
])
def test_what_is_not_captured_says_so(function, words):
    with pytest.raises(proa.NotSupportedError, match=words):
        to_static(function)(proa.to_tensor(DATA))
