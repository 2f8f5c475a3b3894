"""save and load: round trips, readers of others, hostile files, and a writer that is killed."""

from __future__ import annotations

import json
import math
import os
import pathlib
import random
import signal
import struct
import time
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import proa
from proa import io
from proa import optimizer as opt

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


def same(left: Any, right: Any) -> bool:
    """Equal in value and in type, all the way down."""
    if isinstance(left, proa.Tensor):
        return (
            isinstance(right, proa.Tensor)
            and left.dtype == right.dtype
            and same(as_array(left), as_array(right))
        )
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    return bool(left == right) or (left != left and right != right)


def as_array(tensor: Any) -> Any:
    return (tensor.astype("float32") if tensor.dtype == "bfloat16" else tensor).numpy()


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3, 4)])
def test_every_dtype_and_shape(tmp_path: pathlib.Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.arange(math.prod(shape), dtype=np.float32).reshape(shape) - 2.0
    tensor = proa.to_tensor(values).astype(dtype)
    proa.save({"x": tensor, "n": 1}, tmp_path / "nest")
    proa.save({"x": tensor}, tmp_path / "flat")
    assert same(proa.load(tmp_path / "nest"), {"x": tensor, "n": 1})
    assert same(proa.load(tmp_path / "flat"), {"x": tensor})


def test_nest_of_everything(tmp_path: pathlib.Path) -> None:
    tensor = proa.to_tensor(np.arange(6.0).reshape(2, 3))
    nest = {
        "model": {"weight": tensor, "layers": [{"bias": tensor[0]}, {"bias": tensor[1]}]},
        "model.weight": proa.to_tensor([1, 2]),
        "numbers": [1, -(2**70), 0.1, math.inf, -math.inf, math.nan, 5e-324, 1 - 2j, -0.0],
        "rest": (None, True, False, "", "häß 😀\n\0", b"\x00\xff", [], {}, ()),
        "keys": {1: "a", "1": "b", None: "c", 2.5: "d", False: "e"},
        "arrays": [np.arange(3, dtype=np.uint32), np.zeros((2, 0), "c8"), np.array(3, ">i2")],
        "scalars": (np.float32(0.1), np.uint64(2**63), np.bool_(True), np.complex64(1j)),
    }
    proa.save(nest, tmp_path / "nest.pdparams")
    loaded = proa.load(str(tmp_path / "nest.pdparams"))
    assert math.copysign(1.0, loaded["numbers"][-1]) == -1.0
    assert same(loaded, nest)
    arrays = proa.load(tmp_path / "nest.pdparams", return_numpy=True)
    np.testing.assert_array_equal(arrays["model"]["weight"], tensor.numpy())


@pytest.mark.parametrize("value", [None, 3, "text", [], (), {}, {"a": {}}])
def test_a_nest_without_tensors_or_a_bare_value(tmp_path: pathlib.Path, value: Any) -> None:
    proa.save(value, tmp_path / "x")
    assert same(proa.load(tmp_path / "x"), value)
    tensor = proa.to_tensor([1.5])
    proa.save(tensor, tmp_path / "x")
    assert same(proa.load(tmp_path / "x"), tensor)


def test_a_tensor_that_occurs_twice_is_one_again(tmp_path: pathlib.Path) -> None:
    tied = proa.to_tensor([1.0, 2.0])
    proa.save({"in": tied, "out": [tied]}, tmp_path / "tied")
    loaded = proa.load(tmp_path / "tied")
    assert loaded["in"] is loaded["out"][0]
    assert len(safetensors.numpy.load_file(tmp_path / "tied")) == 1


def test_views_are_saved_by_value(tmp_path: pathlib.Path) -> None:
    base = proa.to_tensor(np.arange(12.0).reshape(3, 4))
    views = {"t": base.transpose([1, 0]), "column": base[:, 1], "same": base}
    proa.save(views, tmp_path / "views")
    loaded = proa.load(tmp_path / "views")
    for name, view in views.items():
        np.testing.assert_array_equal(loaded[name].numpy(), view.numpy())


def test_other_programs_read_it_and_we_read_theirs(tmp_path: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"a.weight": rng.random((2, 3), np.float32), "b": np.arange(4)}
    proa.save({name: proa.to_tensor(array) for name, array in arrays.items()}, tmp_path / "ours")
    theirs = safetensors.numpy.load_file(tmp_path / "ours")
    assert same(dict(sorted(theirs.items())), arrays)
    nest = {"step": 3, "state": {name: proa.to_tensor(array) for name, array in arrays.items()}}
    proa.save(nest, tmp_path / "nest")
    listed = safetensors.numpy.load_file(tmp_path / "nest")
    assert sorted(listed) == ["state.a.weight", "state.b"]
    np.testing.assert_array_equal(listed["state.a.weight"], arrays["a.weight"])

    safetensors.numpy.save_file(arrays, tmp_path / "theirs", metadata={"format": "pt"})
    ours = proa.load(tmp_path / "theirs")
    assert same({name: ours[name].numpy() for name in arrays}, arrays)


def test_ordered_dicts_and_directories(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "folder" / "x"
    proa.save(OrderedDict(b=proa.to_tensor([1]), a=2), path)
    assert list(proa.load(path)) == ["b", "a"]
    assert os.listdir(path.parent) == ["x"]


class Layer:
    def state_dict(self) -> dict[str, Any]:
        return {}


Point = namedtuple("Point", "x y")
LOOP: list[Any] = []
LOOP.append({"again": LOOP})

WRONG: list[tuple[type[Exception], str, Any]] = [
    (TypeError, r"\[save\] obj\['a'\]\[1\]: .*got object", {"a": [1, object()]}),
    (TypeError, r"\[save\] obj\['m'\]: .*got Layer; save its state_dict", {"m": Layer()}),
    (TypeError, r"\[save\] obj\[0\]: .*got Point", [Point(1, 2)]),
    (TypeError, r"\[save\] obj\['s'\]: .*got set", {"s": {1}}),
    (TypeError, r"\[save\] obj\['f'\]: .*got function", {"f": lambda: 0}),
    (TypeError, r"\[save\] obj: expected keys .*got tuple", {(1, 2): 3}),
    (TypeError, r"\[save\] obj\['o'\]: .*dtype object", {"o": np.array([None])}),
    (TypeError, r"\[save\] obj\['u'\]: .*dtype <U1", {"u": np.array(["a"])}),
    (ValueError, r"\[save\] obj\[0\]\['again'\]: .*part of itself", LOOP),
    (ValueError, r"\[save\] obj\['t'\]: .*half of a character", {"t": "\ud800"}),
]


@pytest.mark.parametrize("kind, message, value", WRONG)
def test_what_cannot_be_saved_is_named(
    tmp_path: pathlib.Path, kind: type[Exception], message: str, value: Any
) -> None:
    with pytest.raises(kind, match=message) as caught:
        proa.save(value, tmp_path / "x")
    assert isinstance(caught.value, proa.ProaError)
    assert os.listdir(tmp_path) == []


def test_wrong_paths(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TypeError, match=r"\[save\] path: expected a path, got int"):
        proa.save({}, 3)  # type: ignore[arg-type]
    with pytest.raises(IsADirectoryError, match=r"\[save\] path"):
        proa.save({}, tmp_path)
    with pytest.raises(OSError):
        proa.load(tmp_path / "absent")


HOSTILE: list[tuple[str, Any]] = [
    ("kind", {"run": "code"}),
    ("kind", {"dict": [], "tuple": []}),
    ("not in the file", {"tensor": "y"}),
    ("does not have", 3),
    ("expected a list", {"tuple": 3}),
    ("expected a string", {"tensor": ["x"]}),
    ("twice", {"dict": [["a", {"tensor": "x"}], ["a", 1]]}),
    ("damaged", {"dict": [[[1], {"tensor": "x"}]]}),
    ("damaged", {"dict": [["a"]]}),
    ("damaged", {"bytes": "xyz"}),
    ("nan, inf", {"float": "1e999"}),
    ("damaged", {"complex": [1, 2, 3]}),
    ("does not hold complex", {"tensor": "x", "as": "complex"}),
    ("no legal type", {"array": {"name": "x", "dtype": "O", "shape": [1]}}),
    ("no legal type", {"array": {"name": "x", "dtype": "<f4", "shape": [3]}}),
    ("entry of an array", {"array": "x"}),
    ("damaged", "[" * 200_000),
    ("damaged", "{"),
    ("damaged", "1" * 10_000),
]


@pytest.mark.parametrize("message, nest", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_nest_is_refused(tmp_path: pathlib.Path, message: str, nest: Any) -> None:
    text = nest if isinstance(nest, str) else json.dumps(nest)
    path = tmp_path / "bad"
    safetensors.numpy.save_file({"x": np.ones(3, np.float32)}, path, {"proa_nest": text})
    with pytest.raises(proa.ProaError, match=rf"\[load\] .*bad'.*{message}"):
        proa.load(path)


def header(entries: Any, data: int = 8) -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + bytes(data)


def entry(**changes: Any) -> dict[str, Any]:
    return {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


FILES: dict[str, bytes] = {
    "empty": b"",
    "short": b"\x01\x02\x03",
    "huge header": struct.pack("<Q", 2**63) + b"{}",
    "header past the end": struct.pack("<Q", 100) + b"{}",
    "not json": header(b"not json"),
    "not utf-8": header(b'{"\xff": 1}'),
    "a list": header([1, 2]),
    "unknown dtype": header(entry(dtype="F31")),
    "dtype of the wrong type": header(entry(dtype=3)),
    "negative size": header(entry(shape=[-2])),
    "overflowing shape": header(entry(shape=[2**62, 2**62])),
    "size is not the shape's": header(entry(shape=[3])),
    "offsets backwards": header(entry(data_offsets=[8, 0])),
    "offsets past the end": header(entry(shape=[4], data_offsets=[0, 16])),
    "a hole": header(entry(data_offsets=[8, 16]), 16),
    "bytes left over": header(entry(), 12),
    "overlap": header({**entry(), "y": entry()["x"]}),
    "no offsets": header({"x": {"dtype": "F32", "shape": [2]}}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_refused_with_a_reason(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(FILES[name])
    with pytest.raises(Exception) as caught:
        proa.load(path)
    assert isinstance(caught.value, proa.ProaError)
    assert len(str(caught.value)) > 10


def test_truncated_at_every_length_and_flipped_header_bits(tmp_path: pathlib.Path) -> None:
    whole = tmp_path / "whole"
    proa.save({"a": proa.to_tensor([1.0, 2.0]), "n": [1, {"b": proa.to_tensor([3])}]}, whole)
    content = whole.read_bytes()
    path = tmp_path / "cut"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(proa.ProaError):
            proa.load(path)
    size = 8 + struct.unpack("<Q", content[:8])[0]
    refused = 0
    for bit in range(8 * size):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(damaged)
        try:
            proa.load(path)
        except proa.ProaError:
            refused += 1
    # What passes is a legal file: a space for another, or a name that nothing depends on.
    assert refused > 0.9 * 8 * size, f"{refused} of {8 * size} flips refused"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_writer_leaves_the_old_file_or_the_new(tmp_path: pathlib.Path) -> None:
    """A writer is killed 500 times, at moments spread over the time that one write takes."""
    path = tmp_path / "state"
    size = 20_000
    base = np.arange(size, dtype=np.float32)

    def write(version: int) -> None:
        proa.save({"version": version, "x": base + version}, path)

    write(0)
    started = time.monotonic()
    for _ in range(5):
        write(0)
    duration = (time.monotonic() - started) / 5
    rng = random.Random(0)
    seen = 0
    for version in range(1, 501):
        child = os.fork()
        if child == 0:
            try:
                write(version)
            finally:
                os._exit(0)
        time.sleep(rng.random() * 1.5 * duration)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        state = proa.load(path)
        assert seen <= state["version"] <= version
        np.testing.assert_array_equal(state["x"], base + np.float32(state["version"]))
        seen = state["version"]
    assert 0 < seen


def make(seed: int) -> tuple[Any, Any, Any, Any]:
    """A model, its optimizer and schedule, and shuffled data."""
    proa.seed(seed)
    weight = proa.to_tensor(np.full((4, 2), 0.1, np.float32), stop_gradient=False)
    schedule = opt.lr.CosineAnnealingDecay(0.05, 7)
    adam = opt.Adam(schedule, parameters=[weight])
    rng = np.random.default_rng(0)
    data = io.TensorDataset(
        [rng.random((20, 4)).astype(np.float32), rng.random((20, 2)).astype(np.float32)]
    )
    return weight, adam, schedule, io.DataLoader(data, batch_size=3, shuffle=True)


def train(parts: tuple[Any, Any, Any, Any], batches: Any, count: int | None = None) -> None:
    weight, adam, schedule, _ = parts
    for number, (x, y) in enumerate(batches):
        noise = proa.rand([3, 2])[: x.shape[0]]
        loss = (proa.matmul(x, weight) - y - 0.1 * noise).square().mean()
        loss.backward()
        adam.step()
        adam.clear_grad()
        schedule.step()
        if count is not None and number + 1 == count:
            return


def test_training_resumed_in_the_middle_of_an_epoch_to_the_same_bits(
    tmp_path: pathlib.Path,
) -> None:
    whole = make(3)
    for _ in range(3):
        train(whole, whole[3])

    first = make(3)
    train(first, first[3])
    train(first, iter(first[3]), 4)
    weight, adam, _, loader = first
    proa.save(
        {
            "weight": weight,
            "optimizer": adam.state_dict(),
            "rng": proa.get_rng_state(),
            "loader": loader.state_dict(),
        },
        tmp_path / "state",
    )

    second = make(77)
    state = proa.load(tmp_path / "state")
    second[0].set_value(state["weight"])
    second[1].set_state_dict(state["optimizer"])
    second[3].set_state_dict(state["loader"])
    proa.set_rng_state(state["rng"])
    train(second, second[3])
    train(second, second[3])
    np.testing.assert_array_equal(second[0].numpy(), whole[0].numpy())
