"""Rows that an index names are filled by compiled kernels; bits, order and errors are eager's."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest
from embedding_step import embedding_step

import proa
from proa import _proa

FLOATS = ["float32", "float64", "bfloat16", "float16"]
INTS = ["int8", "uint8", "int16", "int32", "int64"]
scatter = _proa.find_operator("prim.scatter")


def told(function: Callable[[], Any]) -> tuple[Any, list[dict[str, Any]]]:
    """The result, and the steps of the longest program that was planned."""
    before = _proa._watch("plans", True)
    _proa._plans()
    try:
        result = function()
        plans = [json.loads(text) for text in _proa._plans()]
    finally:
        _proa._watch("plans", before)
    last = max(plans, key=lambda plan: len(plan["steps"]), default={"steps": []})
    return result, last["steps"]


def kernels(steps: list[dict[str, Any]]) -> list[str]:
    """Prebuilt kernels by name, compiled ones by what they do."""
    return [step["operations"] or step["name"] for step in steps]


def tensor(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape) * 3
    if dtype == "complex64":
        return proa.to_tensor((values + 1j * rng.normal(size=shape)).astype(np.complex64))
    return proa.to_tensor(values.astype(np.float32)).astype(dtype)


def bits(x: Any) -> bytes:
    if x.dtype in (proa.bfloat16, proa.float16):
        x = x.astype("float32")
    return bytes(x.numpy().tobytes())


def at_threads(function: Callable[[], Any], counts: tuple[int, ...] = (1, 2, 3, 7)) -> set[bytes]:
    before = _proa.get_num_threads()
    found = set()
    for count in counts:
        _proa.set_num_threads(count)
        found.add(bits(function()))
    _proa.set_num_threads(before)
    return found


def into_rows(rows: int, kind: str, mode: str, factor: float = 1) -> Callable[[Any, Any], Any]:
    def fill(index: Any, updates: Any) -> Any:
        into = proa.zeros([rows, updates.shape[-1]], updates.dtype)
        return scatter(into, index.unsqueeze(-1), updates * factor, kind, [0], 0, mode)

    return fill


@pytest.mark.parametrize("dtype", [*FLOATS, *INTS, "complex64"])
@pytest.mark.parametrize("kind", ["add", "mul", "min", "max", "set"])
def test_every_kind_has_the_prebuilt_bits(dtype: str, kind: str) -> None:
    if dtype == "complex64" and kind in ("min", "max"):
        pytest.skip("complex numbers have no order")
    rng = np.random.default_rng(1)
    for rows in (1, 50, 300):  # many updates a row, and few
        function = into_rows(rows, kind, "raise", 2)
        captured = proa.jit.to_static(function)
        for shape, columns in [((7,), 16), ((0,), 16), ((1,), 17), ((30, 7), 130), ((9,), 4097)]:
            index = proa.to_tensor(rng.integers(0, rows, shape))
            updates = tensor((*shape, columns), dtype)
            expected = bits(function(index, updates))
            found = at_threads(partial(captured, index, updates))
            assert found == {expected}, (rows, shape, columns)


def test_the_kernel_is_compiled() -> None:
    for rows in (4, 4000):
        captured = proa.jit.to_static(into_rows(rows, "add", "drop", 3))
        index, updates = proa.to_tensor(np.arange(40) % 4), tensor((40, 64), "float32")
        _, steps = told(partial(captured, index, updates))
        names = kernels(steps)
        assert len(names) == 1, names  # what leads to the updates is in it, and the zeros
        assert names[0].startswith("scatter, mul, add"), names


@pytest.mark.parametrize("columns", [16, 64, 65, 1030])
@pytest.mark.parametrize("rows,count", [(65, 3000), (5000, 700), (5000, 1), (3, 0)])
def test_sums_are_numpys(rows: int, count: int, columns: int) -> None:
    rng = np.random.default_rng(rows + columns)
    index, updates = rng.integers(0, rows, count), rng.normal(size=(count, columns))
    captured = proa.jit.to_static(into_rows(rows, "add", "raise"))
    for numpy_dtype in (np.float32, np.float64):
        own = updates.astype(numpy_dtype)
        expected = np.zeros((rows, columns), numpy_dtype)
        np.add.at(expected, index, own)  # in ascending order
        for found in at_threads(partial(captured, proa.to_tensor(index), proa.to_tensor(own))):
            assert found == expected.tobytes()
    # f16 adds up in f32 and rounds once.
    half = updates.astype(np.float16)
    wide = np.zeros((rows, columns), np.float32)
    np.add.at(wide, index, half.astype(np.float32))
    result = captured(proa.to_tensor(index), proa.to_tensor(half))
    assert result.numpy().tobytes() == wide.astype(np.float16).tobytes()


@pytest.mark.parametrize("mode", ["clamp", "wrap", "drop"])
@pytest.mark.parametrize("rows", [6, 900])
def test_positions_out_of_range_go_where_the_mode_says(mode: str, rows: int) -> None:
    rng = np.random.default_rng(3)
    index = rng.integers(-3 * rows, 3 * rows, 200)
    index[:3] = [2**62, -(2**62), -1]
    updates = tensor((200, 48), "float32")
    function = into_rows(rows, "add", mode, 0.5)
    captured = proa.jit.to_static(function)
    i = proa.to_tensor(index)
    assert at_threads(lambda: captured(i, updates)) == {bits(function(i, updates))}
    expected = np.zeros((rows, 48), np.float32)
    inside = np.ones(200, bool)
    if mode == "clamp":
        index = index.clip(0, rows - 1)
    elif mode == "wrap":
        index = index % rows
    else:
        inside = (index >= 0) & (index < rows)
    np.add.at(expected, index[inside], updates.numpy()[inside] * np.float32(0.5))
    assert bits(captured(i, updates)) == expected.tobytes()


def planes(index: Any, updates: Any) -> Any:
    into = proa.zeros([4, 5, 32], updates.dtype)
    return scatter(into, index, updates + 1, "add", [1, 0], 0, "from_end")


def batches(index: Any, updates: Any) -> Any:
    into = proa.zeros([3, 40, 24], updates.dtype)
    return scatter(into, index, updates.exp(), "add", [1], 1, "raise")


def middle(index: Any, updates: Any) -> Any:
    into = proa.zeros([6, 9, 20], updates.dtype)
    return scatter(into, index, updates, "add", [1], 0, "drop")


AXES: dict[str, tuple[Callable[[Any, Any], Any], tuple[int, ...], int, tuple[int, ...]]] = {
    "several": (planes, (7, 3, 2), 4, (7, 3, 32)),
    "batch": (batches, (3, 5, 4, 1), 40, (3, 5, 4, 24)),
    "middle": (middle, (50, 1), 9, (50, 6, 20)),
}


@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "complex64"])
def test_any_axes(name: str, dtype: str) -> None:
    function, shape, below, of_updates = AXES[name]
    index = proa.to_tensor(np.random.default_rng(5).integers(0, below, shape))
    updates = tensor(of_updates, dtype)
    captured = proa.jit.to_static(function)
    expected = bits(function(index, updates))
    result, steps = told(lambda: captured(index, updates))
    assert bits(result) == expected
    assert "prim.scatter" not in kernels(steps)
    assert at_threads(lambda: captured(index, updates)) == {expected}


def test_turned_updates_and_index_are_read_where_they_lie() -> None:
    def function(index: Any, updates: Any) -> Any:
        into = proa.zeros([30, 32], updates.dtype)
        i = index.t()[1:].unsqueeze(-1)
        return scatter(into, i, updates.transpose([1, 0, 2])[1:].flip(2), "add", [0], 0, "raise")

    index = proa.to_tensor(np.random.default_rng(6).integers(0, 30, (9, 5)))
    updates = tensor((9, 5, 32), "float32")
    captured = proa.jit.to_static(function)
    result, steps = told(lambda: captured(index, updates))
    assert bits(result) == bits(function(index, updates))
    assert "prim.scatter" not in kernels(steps)


def test_one_kernel_for_all_sizes() -> None:
    spec = [proa.jit.InputSpec([None], "int64"), proa.jit.InputSpec([None, 32], "float32")]
    function = into_rows(40, "add", "raise", 2)
    captured = proa.jit.to_static(function, input_spec=spec)
    for count in (2, 3, 17, 4095, 4096, 4097, 1, 0):
        index = proa.to_tensor(np.random.default_rng(count).integers(0, 40, count))
        updates = tensor((count, 32), "float32", count)
        assert bits(captured(index, updates)) == bits(function(index, updates)), count


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_training_step_of_an_embedding_has_no_prebuilt_scatter(dtype: str) -> None:
    found, names = [], []
    for compiled in (False, True):
        weight = proa.create_parameter([100, 32], "float32")
        weight.set_value(tensor((100, 32), "float32"))
        if dtype != "float32":
            weight = proa.to_tensor(tensor((100, 32), dtype), stop_gradient=False)
        scale = tensor((32,), dtype, 1)
        optimizer = proa.optimizer.SGD(0.1, parameters=[weight])

        def step(ids: Any, w: Any = weight, o: Any = optimizer, s: Any = scale) -> Any:
            loss = (F.embedding(ids, w, padding_idx=3) * s).square().sum()
            loss.backward()
            o.step()
            o.clear_grad()
            return loss

        run = proa.jit.to_static(step) if compiled else step
        for seed, shape in enumerate([(4, 5), (4, 5), (2, 33)]):
            ids = proa.to_tensor(np.random.default_rng(seed).integers(0, 100, shape))
            _, steps = told(partial(run, ids))
            if compiled:
                names += kernels(steps)
        found.append(bits(weight))
    assert found[0] == found[1]
    assert "prim.scatter" not in names
    assert any("scatter" in name for name in names)


def test_the_index_is_checked_once_and_before_anything_is_written() -> None:
    weight, step = embedding_step()

    _, steps = told(lambda: step(proa.to_tensor(np.array([1, 2]))))
    assert kernels(steps).count("prim.gather") == 1
    step(proa.to_tensor(np.array([1, 2])))
    before = bits(weight)
    with pytest.raises(IndexError, match="index 10 is out of range for size 10"):
        step(proa.to_tensor(np.array([1, 10])))
    assert bits(weight) == before


@pytest.mark.parametrize("wrong", [50, -51, 2**40])
def test_an_index_out_of_range_is_refused(wrong: int) -> None:
    for rows in (50, 50 * 1000):
        captured = proa.jit.to_static(into_rows(rows, "add", "from_end", 2))
        index = np.arange(20)
        index[7] = wrong if rows == 50 or wrong == 2**40 else wrong // 50 * rows - 1
        if rows != 50 and wrong == 50:
            index[7] = rows
        with pytest.raises(IndexError, match=f"index {index[7]} is out of range for size {rows}"):
            captured(proa.to_tensor(index), tensor((20, 64), "float32"))


@pytest.mark.parametrize("mode", ["clamp", "drop", "wrap"])
@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("places", [0, 1, 4])
def test_into_few_rows_or_none(mode: str, rows: int, places: int) -> None:
    call = into_rows(rows, "add", mode, 2)
    index = proa.to_tensor(np.array([0, 7, -3, 2])[:places])
    updates = tensor((places, 64), "float32")
    assert bits(proa.jit.to_static(call)(index, updates)) == bits(call(index, updates))


@pytest.mark.parametrize("places", [(0,), (5,), (2, 3), (300,)])
def test_an_index_without_coordinates_names_all_of_x(places: tuple[int, ...]) -> None:
    index = np.zeros((*places, 0), np.int64)
    captured = proa.jit.to_static(proa.gather_nd)
    x = tensor((3, 40), "float32")
    x.stop_gradient = False
    captured(x, proa.to_tensor(index)).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 40), float(np.prod(places))))


def test_what_lies_in_memory_is_changed_there() -> None:
    """Into a value that a caller gave, and single elements: the prebuilt kernel's."""
    captured = proa.jit.to_static(
        lambda x, i, u: scatter(x, i, u * 2, "add", [0], 0, "raise")
    )
    x, updates = tensor((20, 32), "float32"), tensor((5, 32), "float32", 1)
    index = proa.to_tensor(np.array([[3], [3], [0], [19], [3]]))
    result, steps = told(lambda: captured(x, index, updates))
    assert "prim.scatter" in kernels(steps)
    assert bits(result) == bits(scatter(x, index, updates * 2, "add", [0], 0, "raise"))
