"""Compiled reductions have the bits of the prebuilt ones: lengths, axes, dtypes, strides, cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest

import proa
from proa import _proa

LENGTHS = [0, 1, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 12289]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]
Function = Callable[..., Any]


@pytest.fixture(autouse=True)
def _one_thread_after() -> Iterator[None]:
    before = _proa.get_num_threads()
    yield
    _proa.set_num_threads(before)


def bits(value: Any) -> Any:
    """Bytes of each result; NaNs count as one class."""
    if isinstance(value, (list, tuple)):
        return [bits(v) for v in value]
    exact = value.cast("float32") if value.dtype.name in ("bfloat16", "float16") else value
    array = np.atleast_1d(exact.numpy())
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return value.dtype.name, value.shape, array.tobytes()


def same(function: Function, *arguments: Any, threads: tuple[int, ...] = (1, 3)) -> None:
    expected = bits(function(*arguments))
    before = proa.compiler.report()
    compiled = proa.jit.to_static(function)
    for count in threads:
        _proa.set_num_threads(count)
        assert bits(compiled(*arguments)) == expected
    after = proa.compiler.report()
    assert after.fallbacks == before.fallbacks, after.last_reason
    assert after.compiled + after.from_disk + after.from_memory > (
        before.compiled + before.from_disk + before.from_memory
    )


def tensor(shape: list[int], dtype: str = "float32", seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return proa.to_tensor(rng.integers(0, 2, shape).astype(bool))
    if dtype in INTS:
        low, high = (0, 256) if dtype == "uint8" else (-128, 128)
        return proa.to_tensor(rng.integers(low, high, shape).astype(dtype))
    wide = rng.standard_normal(shape) * np.exp(rng.uniform(-3, 3, shape))
    return proa.to_tensor(wide).cast(dtype)


def sums(x: Any) -> Any:
    """Two sums over the last axis, what stands before them and what follows."""
    y = proa.abs(x) + 1.0
    s = proa.sum(x * y, -1, keepdim=True)
    return y / (proa.sum(y, -1, keepdim=True) + 2.0), s * 2.0


@pytest.mark.parametrize("length", LENGTHS)
def test_rows_of_every_length(length: int) -> None:
    x = tensor([5, length])
    same(sums, x)
    if length > 0:
        same(lambda x: F.softmax(x, -1), x)
        same(lambda x: F.layer_norm(x, [length]), x)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min"])
def test_rows_of_every_float(kind: str, dtype: str) -> None:
    for length in (1, 15, 33, 4097 if kind != "prod" else 130):
        x = tensor([3, length], dtype)
        same(lambda x: getattr(proa, kind)(x * 1.5, -1), x, threads=(2,))


@pytest.mark.parametrize("dtype", [*INTS, "bool"])
def test_rows_of_every_integer(dtype: str) -> None:
    x = tensor([4, 4099], dtype)
    if dtype == "bool":
        same(lambda x: (proa.all(x | x, -1), proa.any(x & x, -1)), x)
        return
    for kind in ("sum", "prod", "max", "min"):
        same(lambda x, kind=kind: getattr(proa, kind)(x + x, -1), x, threads=(2,))


@pytest.mark.parametrize("kind", ["max", "min"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_extremes_know_zeros_and_nans(kind: str, dtype: str) -> None:
    rows = np.zeros([12, 37], "float64")
    rows[0, :] = -0.0
    rows[1, 5] = -0.0
    rows[2, :], rows[2, 36] = -0.0, 0.0
    rows[3, 17] = np.nan
    rows[4, :], rows[4, 36] = -np.inf, np.nan
    rows[5, :] = -np.inf
    rows[6, :] = np.inf
    rows[7, :], rows[7, 2] = -1.0, -0.0
    rows[8, :], rows[8, 33] = 1.0, -0.0
    rows[9, :], rows[9, 4] = 1.0, 0.0
    rows[10, :], rows[10, 35] = np.nan, 3.0
    rows[11, :] = np.arange(37) - 20.0
    x = proa.to_tensor(rows).cast(dtype)
    same(lambda x: getattr(proa, kind)(x * 1.0, -1), x)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_cuts_for_threads_do_not_show(threads: int) -> None:
    x = tensor([300, 1000])
    same(lambda x: F.softmax(x, -1), x, threads=(threads,))




@pytest.mark.parametrize("shape", [[7, 33], [3, 5, 257], [40, 1024]])
def test_norms_backward(shape: list[int]) -> None:
    x, g = tensor(shape, seed=1), tensor(shape, seed=2)
    w, b = tensor(shape[-1:], seed=3), tensor(shape[-1:], seed=4)

    def results(f: Function) -> list[Any]:
        for leaf in (x, w, b):
            leaf.stop_gradient = False
        y = f(x, w, b)
        return [y, *proa.grad([y], [x, w, b], [g])]

    def norm(x: Any, w: Any, b: Any) -> Any:
        return F.layer_norm(F.softmax(x, -1) * 3.0, shape[-1:], w, b)

    expected = bits(results(norm))
    compiled = proa.jit.to_static(norm)
    for threads in (1, 2, 3, 7):
        _proa.set_num_threads(threads)
        assert bits(results(compiled)) == expected


def columns(x: Any) -> Any:
    """Two sums over the first axis that read the same, and what follows from them."""
    y = x * x + 1.0
    s = proa.sum(y * x, 0)
    return s, proa.sqrt(proa.sum(y, 0)) * 2.0 + s


@pytest.mark.parametrize("length", LENGTHS)
def test_columns_of_every_length(length: int) -> None:
    for width in (1, 7, 8, 130) if length < 5000 else (9,):
        same(columns, tensor([length, width]))


def test_columns_without_rows() -> None:
    """Extents of zero that are known while the kernel is written."""

    def sums(x: Any) -> Any:
        return proa.sum(x[:0] * 2.0, 0), proa.max(x, 0) + proa.sum(x[:, :0])

    same(sums, tensor([5, 130]))


@pytest.mark.parametrize("length", [*LENGTHS, 100_003])
def test_totals_of_every_length(length: int) -> None:
    def total(x: Any) -> Any:
        return proa.sum(x * x), proa.mean(proa.abs(x)) + 1.0

    same(total, tensor([length]), threads=(1, 2, 3, 7))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min"])
def test_columns_and_totals_of_every_float(kind: str, dtype: str) -> None:
    reduce = getattr(proa, kind)
    for length in (17, 4100) if kind != "prod" else (17, 33):
        x = tensor([length, 12], dtype)
        same(lambda x: (reduce(x * 1.5, 0), reduce(x * 1.5)), x, threads=(2,))
    special = np.array([-0.0, 0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, -0.0] * 5).reshape(5, 8)
    x = proa.to_tensor(np.concatenate([special, -special])).cast(dtype)
    same(lambda x: (reduce(x * 1.0, 0), reduce(x * 1.0)), x, threads=(2,))


@pytest.mark.parametrize("dtype", [*INTS, "bool"])
def test_columns_and_totals_of_every_integer(dtype: str) -> None:
    x = tensor([4099, 9], dtype)
    if dtype == "bool":
        same(lambda x: (proa.all(x | x, 0), proa.any(x & x, 0), proa.all(x | x)), x)
        return
    for kind in ("sum", "prod", "max", "min"):
        reduce = getattr(proa, kind)
        same(lambda x, reduce=reduce: (reduce(x + x, 0), reduce(x + x)), x, threads=(2,))


@pytest.mark.parametrize("axes", [0, 1, 2, [0, 1], [1, 2], [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("shape", [[3, 5, 9], [70, 65, 40], [2, 4097, 16]])
def test_axes(axes: Any, shape: list[int]) -> None:
    x, w = tensor(shape), tensor([shape[1], 1], seed=1)
    same(lambda x, w: (proa.sum(x * w + 1.0, axes), proa.max(x * w, axes)), x, w)


def test_columns_read_what_is_spread_over_them() -> None:
    x, rows, middle = tensor([40, 6, 33]), tensor([40, 1, 1], seed=1), tensor([1, 6, 1], seed=2)
    same(lambda x, r, m: proa.sum((x - r) * m, 0), x, rows, middle)
    same(lambda x, r, m: proa.sum((x - r) * m, [0, 1]), x, rows, middle)


def test_a_value_that_others_read_is_read_from_memory() -> None:
    def step(x: Any, w: Any) -> Any:
        y = proa.tanh(x) * 2.0
        return proa.matmul(y, w), proa.sum(y, 0), proa.sum(y), proa.sum(y * x, 0) / 3.0

    same(step, tensor([50, 24]), tensor([24, 10], seed=1))


def test_views_are_reduced() -> None:
    x = tensor([60, 70])
    same(lambda x: (proa.sum(x.T * 2.0, 0), proa.sum(x.T * 2.0, 1)), x)
    same(lambda x: proa.sum(x[1:50:2, ::-1] + 1.0, 0), x)
    same(columns, x[::2, 3:40])
    same(sums, x.T)


def test_batch_norm_and_a_loss() -> None:
    x, y = tensor([6, 10, 5, 5]), tensor([6, 10, 5, 5], seed=1)
    w, b = tensor([10], seed=4), tensor([10], seed=5)

    def results(f: Function) -> list[Any]:
        for leaf in (x, w, b):
            leaf.stop_gradient = False
        loss = f(x, y, w, b)
        return [loss, *proa.grad([loss], [x, w, b])]

    def loss(x: Any, y: Any, w: Any, b: Any) -> Any:
        found = F.batch_norm(x, None, None, w, b, training=True)
        return proa.mean((F.relu(found) - y) ** 2)

    expected = bits(results(loss))
    assert bits(results(proa.jit.to_static(loss))) == expected


def test_a_contraction_of_a_number_that_others_copy() -> None:
    def results(f: Function) -> list[Any]:
        x = tensor([6], "float64")
        x.stop_gradient = False
        y = f(x)
        return [y, *proa.grad([y], [x])]

    assert bits(results(proa.jit.to_static(proa.cov))) == bits(results(proa.cov))
