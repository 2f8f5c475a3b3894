"""Products with weights that are constants read them packed once, and keep their bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import proa.profiler
import pytest
from native import predictor
from proa.static import InputSpec

import proa
from proa import nn

# Columns and terms of a matrix: whole panels and not, one block of 256 terms or several, more than
# 4096; and none at all.
SIZES = [(48, 256), (33, 31), (17, 300), (8, 1), (10, 513), (208, 130), (19, 4097), (80, 8500),
         (5, 40), (16, 0)]  # fmt: skip
ROWS = [1, 2, 3, 7, 8, 9, 17, 40, 130, 300]
DTYPES = ["float32", "float64", "bfloat16", "int32"]


class Products(nn.Layer):
    """x @ w with w as it is and turned, alone and with something that follows."""

    def __init__(self, n: int, k: int, dtype: str) -> None:
        super().__init__()
        rng = np.random.default_rng(n * 10000 + k)

        def buffer(*shape: int) -> proa.Tensor:
            values = rng.integers(-9, 10, shape) if dtype == "int32" else rng.standard_normal(shape)
            return proa.to_tensor(values).cast(dtype)

        self.register_buffer("wide", buffer(k, n))
        self.register_buffer("deep", buffer(n, k))
        self.register_buffer("stack", buffer(3, k, n))
        self.register_buffer("apart", buffer(k, 2, n))
        self.register_buffer("bias", buffer(n))

    def forward(self, x: Any, s: Any) -> Any:
        a = proa.matmul(x, self.wide)
        b = proa.abs(proa.matmul(x, self.deep, transpose_y=True) + self.bias)
        c = proa.matmul(s, self.stack)
        d = proa.matmul(x, self.apart[:, 1, :])
        e = proa.matmul(x[0], self.deep, transpose_y=True)
        return a, b, c, d, e


def results(made: Any, *inputs: proa.Tensor) -> list[bytes]:
    for name, value in zip(made.get_input_names(), inputs, strict=True):
        made.get_input_handle(name).share_external_data(value)
    made.run()
    handles = [made.get_output_handle(name) for name in made.get_output_names()]
    return [bits(handle.to_tensor()) for handle in handles]


def bits(x: proa.Tensor) -> bytes:
    values = np.asarray((x.cast("float32") if x.dtype.name == "bfloat16" else x).numpy())
    if values.dtype.kind == "f":
        values[np.isnan(values)] = np.nan  # which one is nobody's promise
    return values.tobytes()


def saved(layer: nn.Layer, k: int, dtype: str, path: Path, targets: list[str]) -> str:
    layer.eval()
    specs = [InputSpec([None, k], dtype, "x"), InputSpec([3, None, k], dtype, "s")]
    proa.jit.save(layer, str(path), input_spec=specs, targets=targets)
    return str(path)


@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_columns_give_the_same_bits(tmp_path: Path, dtype: str) -> None:
    rng = np.random.default_rng(3)
    for n, k in SIZES if dtype == "float32" else SIZES[:5]:
        layer = Products(n, k, dtype)
        for target in ("x86-64-v3", "x86-64-v4"):
            path = saved(layer, k, dtype, tmp_path / f"{n}-{k}.proa", ["x86-64-v3", target])
            made = {threads: predictor(path, threads) for threads in (1, 2, 7)}
            for rows in ROWS:
                values = rng.standard_normal((4, rows, k)) * 3
                if rows == 9:
                    values[values > 2] = np.inf
                    values[values < -7] = np.nan
                if dtype == "int32":
                    values = np.nan_to_num(values, posinf=7, neginf=-7)
                x, s = proa.to_tensor(values[0]).cast(dtype), proa.to_tensor(values[1:]).cast(dtype)
                with proa.no_grad():
                    wanted = [bits(y) for y in layer(x, s)]
                for each in made.values():
                    assert results(each, x, s) == wanted, (n, k, rows, target)


def test_one_known_row(tmp_path: Path) -> None:
    """Whether the number of rows is known or not, one row of packed columns is one text."""
    rng = np.random.default_rng(4)
    for n, k in [(37, 600), (80, 8500), (200, 40)]:
        layer = nn.Linear(k, n)
        layer.eval()
        path = str(tmp_path / "row.proa")
        proa.jit.save(
            layer, path, input_spec=[InputSpec([1, k], "float32", "x")], targets=["x86-64-v3"]
        )
        x = proa.to_tensor(rng.standard_normal((1, k), np.float32))
        with proa.no_grad():
            wanted = [bits(layer(x))]
        for threads in (1, 2):
            assert results(predictor(path, threads), x) == wanted


def test_products_that_underflow_end_in_minus_zero(tmp_path: Path) -> None:
    layer = nn.Linear(300, 40, bias_attr=False)
    layer.weight.set_value(np.full((300, 40), -1e-23, np.float32))
    layer.eval()
    path = str(tmp_path / "tiny.proa")
    proa.jit.save(
        layer, path, input_spec=[InputSpec([None, 300], "float32", "x")], targets=["x86-64-v3"]
    )
    made = predictor(path, 2)
    for rows in (1, 4, 20):
        x = np.full((rows, 300), 1e-23, np.float32)
        [found] = results(made, proa.to_tensor(x))
        assert found == np.full((rows, 40), -0.0, np.float32).tobytes()


@pytest.mark.parametrize("targets", [[], ["x86-64-v3"]])
def test_columns_are_packed_by_the_first_run_or_stored(tmp_path: Path, targets: list[str]) -> None:
    layer = Products(48, 256, "float32")
    path = saved(layer, 256, "float32", tmp_path / "net.proa", targets)
    x, s = proa.ones([4, 256]), proa.ones([3, 4, 256])

    def names(run: Any) -> list[str]:
        with proa.profiler.Profiler() as profiler:
            run()
        return [e.name for e in profiler.events]

    made = predictor(path, 2)
    first = names(lambda: results(made, x, s))
    assert sum("pack weights" in name for name in first) == (0 if targets else 5)
    later = names(lambda: results(made, x, s))
    assert sum("dot" in name for name in later) == 5
    assert not any("pack weights" in name for name in later)
