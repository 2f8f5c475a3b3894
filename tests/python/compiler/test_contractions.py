"""Compiled contractions give the bits of the prebuilt kernel, for any size, layout and threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dumping import computed

import proa

DUMP = "dump_contractions.py"


def test_compiled_contractions_have_the_bits_of_the_prebuilt_kernel(tmp_path: Path) -> None:
    prebuilt, report = computed(DUMP, tmp_path, PROA_TIER="prebuilt")
    assert report["compiled"] == 0
    for threads in ("2", "1", "3", "7"):
        compiled, report = computed(DUMP, tmp_path, PROA_TIER="compiled", PROA_NUM_THREADS=threads)
        assert report["fallbacks"] == 0, report["last_reason"]
        assert prebuilt.keys() == compiled.keys()
        assert [key for key in prebuilt if prebuilt[key] != compiled[key]] == []
    assert report["compiled"] == 0 and report["from_disk"] > 20


def sums_in_order(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Chains of fma over 256 terms, added within 4096, added.

    For x and y of 12 bits: products and their sums with a chain are exact in f64, so that one
    rounding to f32 is that of the fma.
    """
    total: Any = None
    for g in range(0, x.shape[1], 4096):
        group: Any = None
        for k in range(g, min(g + 4096, x.shape[1]), 256):
            chain = np.zeros((len(x), y.shape[1]), np.float32)
            for i in range(k, min(k + 256, g + 4096, x.shape[1])):
                exact = chain.astype(np.float64) + np.outer(x[:, i], y[i]).astype(np.float64)
                chain = exact.astype(np.float32)
            group = chain if group is None else group + chain
        total = group if total is None else total + group
    return np.asarray(total)


@pytest.mark.parametrize("rows", [1, 3, 8, 20])
@pytest.mark.parametrize("turned", [False, True])
def test_sums_are_in_the_order_of_the_numbers_note(rows: int, turned: bool) -> None:
    rng = np.random.default_rng(rows)
    x = rng.integers(-4095, 4096, (rows, 8500)).astype(np.float32)
    y = rng.integers(-4095, 4096, (8500, 37)).astype(np.float32)
    expected = sums_in_order(x, y)
    assert not np.array_equal(expected, (x.astype(np.float64) @ y).astype(np.float32))
    matrix = proa.to_tensor(np.ascontiguousarray(y.T) if turned else y)

    def product(a: proa.Tensor, b: proa.Tensor) -> proa.Tensor:
        return proa.matmul(a, b, transpose_y=turned)

    for call in (product, proa.jit.to_static(product)):
        assert np.array_equal(call(proa.to_tensor(x), matrix).numpy(), expected)


@pytest.mark.parametrize(
    ("depth", "distance"),
    [(1024, 1024), (868, 1024), (255, 1024), (1792, 2048), (3072, 3072), (9000, 9216)],
)
def test_one_row_times_columns_4_kb_apart_is_summed_in_order(depth: int, distance: int) -> None:
    """Lines of such columns want the same place of the first cache: they are read in rounds."""
    rng = np.random.default_rng(depth)
    x = rng.integers(-4095, 4096, (1, depth)).astype(np.float32)
    columns = rng.integers(-4095, 4096, (37, distance)).astype(np.float32)
    expected = sums_in_order(x, columns[:, :depth].T)

    @proa.jit.to_static
    def product(a: proa.Tensor, b: proa.Tensor) -> proa.Tensor:
        return proa.matmul(a, b[:, :depth], transpose_y=True)

    found = product(proa.to_tensor(x), proa.to_tensor(columns)).numpy()
    assert found.tobytes() == expected.tobytes()
