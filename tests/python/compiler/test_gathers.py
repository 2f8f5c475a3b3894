"""Rows that an index picks are read where they are used; the bits and the errors are eager's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest
from embedding_step import embedding_step

import proa
from proa import _proa

DTYPES = ["float32", "float64", "bfloat16", "float16"]


def told(function: Callable[[], Any]) -> tuple[Any, list[str]]:
    """The result, and what each step of the last program does."""
    before = _proa._watch("plans", True)
    _proa._plans()
    try:
        result = function()
        plans = [json.loads(text) for text in _proa._plans()]
    finally:
        _proa._watch("plans", before)
    last = max(plans, key=lambda plan: len(plan["steps"]), default={"steps": []})
    return result, [step["operations"] for step in last["steps"]]


def matrix(rows: int, columns: int, dtype: str, seed: int = 0) -> Any:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    return proa.to_tensor(values.astype(np.float32)).astype(dtype)


def bits(x: Any) -> bytes:
    return bytes(x.astype("float64").numpy().tobytes())


def front(ids: Any, tokens: Any, places: Any, scale: Any, shift: Any) -> Any:
    """How a transformer begins: two embeddings and a layer norm."""
    at = proa.arange(ids.shape[-1])
    x = F.embedding(ids, tokens) + F.embedding(at, places)
    return F.layer_norm(x, [tokens.shape[1]], scale, shift)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [1, 7, 16, 130])
def test_the_front_of_a_transformer_has_eagers_bits(dtype: str, columns: int) -> None:
    rng = np.random.default_rng(columns)
    tokens, places = matrix(50, columns, dtype), matrix(40, columns, dtype, 1)
    scale, shift = matrix(1, columns, dtype, 2)[0], matrix(1, columns, dtype, 3)[0]
    captured = proa.jit.to_static(front)
    threads = _proa.get_num_threads()
    for shape in [(3, 5), (2, 40), (1, 1), (64, 33), (0, 4)]:
        ids = proa.to_tensor(rng.integers(0, 50, shape))
        expected = bits(front(ids, tokens, places, scale, shift))
        for count in (1, 3, 7):
            _proa.set_num_threads(count)
            assert bits(captured(ids, tokens, places, scale, shift)) == expected, (shape, count)
        _proa.set_num_threads(threads)


def test_rows_go_with_what_follows() -> None:
    tokens, places = matrix(50, 32, "float32"), matrix(40, 32, "float32", 1)
    ids = proa.to_tensor(np.arange(12).reshape(3, 4))
    captured = proa.jit.to_static(lambda ids: F.embedding(ids, tokens) * 2 + places[:4])
    _, steps = told(lambda: captured(ids))
    assert len(steps) == 2, steps  # the check, and one kernel
    alone = proa.jit.to_static(lambda ids: F.embedding(ids, tokens))
    _, steps = told(lambda: alone(ids))
    assert len(steps) == 1, steps


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "embedding": lambda x, i: F.embedding(i, x) + 1,
    "padding": lambda x, i: F.embedding(i, x, padding_idx=2) + 1,
    "index_select": lambda x, i: proa.index_select(x, i.flatten(), axis=0) + 1,
    "columns": lambda x, i: proa.index_select(x, i.flatten(), axis=1) * 3 - 1,
    "indexed": lambda x, i: x[i] + 1,
    "transposed": lambda x, i: F.embedding(i, x.t()) * 2,
    "sliced": lambda x, i: F.embedding(i, x[3:]) - x[0],
    "sums": lambda x, i: F.embedding(i, x).sum(-1),
    "all": lambda x, i: (F.embedding(i, x) * 2).sum(),
    "first": lambda x, i: (F.embedding(i, x) * 2).sum(0),
    "twice": lambda x, i: F.embedding(i, x) * F.embedding(i + 1, x),
    "product": lambda x, i: F.embedding(i, x + 1) @ x.t() + 1,
    "computed": lambda x, i: F.embedding(i * 2 % 5, x * 2) + x[0],
}


@pytest.mark.parametrize("name", CALLS)
def test_each_way_to_pick_has_eagers_bits(name: str) -> None:
    captured = proa.jit.to_static(CALLS[name])
    for seed, shape in enumerate([(4,), (2, 3), (7, 5), (0,), (1,)]):
        x = matrix(20, 20, "float32", seed)
        i = proa.to_tensor(np.random.default_rng(seed).integers(0, 15, shape))
        assert bits(captured(x, i)) == bits(CALLS[name](x, i)), shape


@pytest.mark.parametrize("name", ["index_select", "columns", "indexed"])
def test_an_index_may_count_from_the_end(name: str) -> None:
    captured = proa.jit.to_static(CALLS[name])
    x = matrix(20, 20, "float32")
    i = proa.to_tensor(np.array([-1, -20, 19, 0, -7]))
    assert bits(captured(x, i)) == bits(CALLS[name](x, i))


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("padding", "computed")])
def test_gradients_have_eagers_bits(name: str) -> None:
    i = proa.to_tensor(np.array([3, 3, 0, 14, 3, 7]))
    found = []
    for call in (CALLS[name], proa.jit.to_static(CALLS[name])):
        x = matrix(20, 20, "float32")
        x.stop_gradient = False
        (call(x, i) ** 2).sum().backward()
        found.append(bits(x.grad))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", [name for name in CALLS if name != "computed"])
@pytest.mark.parametrize("wrong", [20, -21, 2**40])
def test_an_index_out_of_range_is_eagers_error(name: str, wrong: int) -> None:
    x, i = matrix(20, 20, "float32"), proa.to_tensor(np.array([1, wrong, 2]))
    captured = proa.jit.to_static(CALLS[name])
    captured(x, proa.to_tensor(np.array([1, 0, 2])))
    with pytest.raises(IndexError) as eager:
        CALLS[name](x, i)
    with pytest.raises(IndexError) as compiled:
        captured(x, i)
    message, where = str(compiled.value).splitlines()
    assert message == str(eager.value).splitlines()[0]
    assert f"index {wrong} is out of range for size" in message
    assert "test_gathers.py:" in where  # the user's line


def test_a_captured_error_names_the_operator_the_argument_and_the_line() -> None:
    x = matrix(10, 16, "float32")
    calls: dict[str, Callable[[Any], Any]] = {
        "[embedding] x: ": lambda i: F.embedding(i, x),
        "[getitem] index: ": lambda i: x[i],
        "[index_select] index: ": lambda i: proa.index_select(x, i) * 2,
        "[one_hot] x: ": lambda i: F.one_hot(i, 10),
        "[take_along_axis] indices: ": lambda i: proa.take_along_axis(x, i.unsqueeze(1), 0),
    }
    wrong = proa.to_tensor(np.array([1, 11, 2]))
    for head, call in calls.items():
        with pytest.raises(IndexError) as eager:
            call(wrong)
        captured = proa.jit.to_static(call)
        with pytest.raises(IndexError) as compiled:
            captured(wrong)
        line = call.__code__.co_firstlineno
        first, where = str(compiled.value).splitlines()
        assert first == str(eager.value)
        assert first.startswith(head), first
        assert where.startswith("  at ") and f"test_gathers.py:{line}" in where


def test_a_refused_index_changes_nothing() -> None:
    weight, step = embedding_step()

    step(proa.to_tensor(np.array([1, 2])))
    step(proa.to_tensor(np.array([1, 2])))
    before = bits(weight)
    with pytest.raises(IndexError, match="index 10 is out of range for size 10"):
        step(proa.to_tensor(np.array([1, 10])))
    assert bits(weight) == before
