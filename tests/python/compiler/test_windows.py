"""Windows as strided slices give the bits of the prebuilt kernel, zeros' signs included."""

from __future__ import annotations

from typing import Any

import numpy as np
import proa.static
import pytest

import proa
from proa import nn

F = nn.functional
# kernel, stride, shape
POOLS = [(2, 2, (3, 2, 8, 8)), (2, 2, (1, 1, 5, 7)), (3, 2, (2, 3, 9, 8)), (3, 1, (2, 1, 3, 34)),
         (2, 3, (0, 2, 4, 4)), (1, 2, (2, 2, 5, 5)), (4, 4, (1, 2, 8, 8))]  # fmt: skip


def values(shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(sum(shape))
    if dtype.startswith("int"):
        return rng.integers(-5, 5, shape).astype(dtype)
    x = rng.choice([-0.0, 0.0, 1.5, -2.25, 0.1, np.nan, np.inf, -np.inf], shape)
    few = rng.random(shape) < 0.7  # else a NaN is everywhere
    return np.where(few, np.copysign(0.0, x), x).astype("float32" if dtype != "float64" else dtype)


def pooled(kind: str, kernel: int, stride: int, x: Any, spec: Any) -> bytes:
    pool = F.max_pool2d if kind == "max" else F.avg_pool2d

    @proa.jit.to_static(input_spec=[spec])  # type: ignore[untyped-decorator]
    def run(x: Any) -> Any:
        return pool(x, kernel, stride)

    y: np.ndarray[Any, Any] = run(x).astype("float64").numpy()
    y[np.isnan(y)] = np.nan  # one class
    return y.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize(("kernel", "stride", "shape"), POOLS)
def test_slices_have_the_bits_of_windows(
    kernel: int, stride: int, shape: tuple[int, ...], kind: str, dtype: str
) -> None:
    x = proa.to_tensor(values(shape, dtype)).astype(dtype)
    for batch in (shape[0], None):
        spec = proa.static.InputSpec([batch, *shape[1:]], dtype)
        slices = pooled(kind, kernel, stride, x, spec)
        with proa.compiler.passes_off(["windows"]):
            assert pooled(kind, kernel, stride, x, spec) == slices
