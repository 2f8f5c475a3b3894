"""Convolutions and both gradients give the bits of the order that numerics.md states."""

from __future__ import annotations

import numpy as np
import proa.nn.functional as F
import pytest
from chains import conv

import proa

# batch, groups, channels and outputs of a group, extents, kernel, stride, low, high, dilation
CASES = [
    (2, 1, 1, 1, (7, 9), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 1, 3, 16, (15, 14), (7, 7), (2, 2), (3, 3), (3, 3), (1, 1)),
    (3, 1, 17, 9, (6, 5), (3, 3), (1, 1), (1, 0), (0, 2), (1, 1)),
    (1, 1, 64, 33, (5, 6), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 1, 300, 5, (4, 4), (3, 3), (2, 1), (1, 1), (1, 1), (1, 1)),
    (2, 1, 8, 7, (9, 8), (2, 2), (2, 3), (0, 1), (1, 0), (1, 1)),
    (1, 1, 16, 8, (12, 11), (5, 5), (1, 2), (2, 4), (4, 2), (1, 1)),
    (1, 1, 9, 6, (13, 12), (3, 3), (1, 1), (2, 2), (2, 2), (2, 2)),
    (1, 1, 5, 4, (14, 9), (3, 2), (3, 2), (4, 1), (0, 3), (2, 3)),
    (2, 2, 8, 16, (5, 7), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (2, 3, 3, 5, (6, 6), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1)),
    (2, 12, 1, 1, (9, 19), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 10, 1, 1, (11, 23), (3, 3), (2, 2), (1, 1), (1, 1), (1, 1)),
    (1, 5, 1, 2, (8, 37), (5, 5), (1, 1), (2, 2), (2, 2), (1, 1)),
    (2, 1, 64, 17, (6, 7), (1, 1), (1, 1), (0, 0), (0, 0), (1, 1)),
    (3, 1, 300, 23, (5, 3), (1, 1), (1, 1), (0, 0), (0, 0), (1, 1)),
    (2, 2, 16, 8, (7, 7), (1, 1), (2, 2), (0, 0), (0, 0), (1, 1)),
    (2, 1, 7, 3, (6, 6), (1, 1), (1, 1), (1, 2), (0, 1), (1, 1)),
    (2, 1, 3, 4, (41,), (7,), (1,), (3,), (3,), (1,)),
    (1, 1, 2, 3, (900,), (300,), (1,), (150,), (149,), (1,)),
    (1, 1, 2, 5, (33, 21), (17, 18), (1, 1), (4, 9), (9, 3), (1, 1)),
    (1, 1, 4, 6, (4, 6, 5), (3, 2, 3), (1, 2, 1), (1, 0, 1), (1, 1, 1), (1, 1, 1)),
    (1, 2, 2, 2, (5, 4, 4), (2, 3, 2), (2, 1, 1), (1, 1, 0), (0, 1, 1), (1, 1, 2)),
    (70, 1, 2, 3, (4, 4), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 1, 2, 3, (3, 450), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 1, 2, 90, (30, 26), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (2, 18, 1, 1, (11, 41), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1)),
    (1, 9, 1, 1, (9, 37), (3, 3), (2, 2), (1, 1), (0, 1), (1, 1)),
    (1, 8, 1, 1, (20, 24), (3, 3), (1, 1), (2, 2), (2, 2), (2, 2)),
    (2, 5, 1, 2, (12, 16), (7, 7), (1, 1), (3, 3), (3, 3), (1, 1)),
    (1, 11, 1, 1, (19, 20), (5, 5), (2, 2), (2, 2), (2, 2), (1, 1)),
    (1, 7, 1, 1, (7, 8), (3, 3), (1, 1), (1, 2), (1, 0), (1, 1)),
]
FUNCTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
SUMS = {"float16": np.float32, "bfloat16": np.float32, "float32": np.float32, "float64": np.float64}


def bits(x: np.ndarray) -> np.ndarray:
    """NaNs count as one class."""
    return np.where(np.isnan(x), np.array(np.nan, x.dtype), x).view(f"u{x.dtype.itemsize}")


def stored(x: np.ndarray, dtype: str) -> np.ndarray:
    """The values that the dtype keeps, in the dtype of sums."""
    return proa.to_tensor(x).cast(dtype).cast(SUMS[dtype].__name__).numpy()


def values(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = rng.standard_normal(shape)
    # Products that vanish leave a -0, which a tap on padding must not turn into +0.
    tiny = {"float16": 1e-7, "float64": 1e-120}.get(dtype, 1e-30)
    x = np.where(rng.random(shape) < 0.2, x * tiny, x)
    return stored(x.astype(SUMS[dtype]), dtype)


@pytest.mark.parametrize("dtype", list(SUMS))
@pytest.mark.parametrize("number", range(len(CASES)))
def test_order(number: int, dtype: str) -> None:
    n, groups, ins, outs, extents, kernel, stride, low, high, dilation = CASES[number]
    if dtype != "float32" and number % 3 != list(SUMS).index(dtype) % 3:
        pytest.skip("other dtypes take turns")
    rng = np.random.default_rng(number)
    axes, one = len(kernel), (1,) * len(kernel)
    x = values(rng, (n, groups * ins, *extents), dtype)
    w = values(rng, (groups * outs, ins, *kernel), dtype)
    if number % 2:
        w[rng.random(w.shape) < 0.01] = np.inf
        x[rng.random(x.shape) < 0.01] = -np.inf
    tx, tw = (proa.to_tensor(a).cast(dtype) for a in (x, w))
    tx.stop_gradient = tw.stop_gradient = False
    pads = [p for pair in zip(low, high, strict=True) for p in pair]
    y = FUNCTIONS[axes](tx, tw, None, list(stride), pads, list(dilation), groups)
    expected = conv(x, w, stride, low, high, one, dilation, groups)
    assert y.shape == list(expected.shape) or tuple(y.shape) == expected.shape
    found = y.cast(SUMS[dtype].__name__).numpy()
    np.testing.assert_array_equal(bits(found), bits(stored(expected, dtype)))

    g = values(rng, expected.shape, dtype)
    gx, gw = proa.grad([y], [tx, tw], [proa.to_tensor(g).cast(dtype)])
    window = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    spread = [(m - 1) * s + 1 for m, s in zip(g.shape[2:], stride, strict=True)]
    back = tuple(window[i] - low[i] - 1 for i in range(axes))
    front = tuple(extents[i] + low[i] - spread[i] for i in range(axes))
    turned = w.reshape(groups, outs, ins, *kernel).swapaxes(1, 2)
    turned = np.flip(turned.reshape(groups * ins, outs, *kernel), tuple(range(2, axes + 2)))
    expected = conv(g, turned, one, back, front, stride, dilation, groups)
    np.testing.assert_array_equal(
        bits(gx.cast(SUMS[dtype].__name__).numpy()), bits(stored(expected, dtype))
    )

    planes = x.reshape(n, groups, ins, *extents).swapaxes(0, 2)
    planes = planes.reshape(ins, groups * n, *extents)
    rest = tuple(spread[i] - extents[i] + window[i] - low[i] - 1 for i in range(axes))
    expected = conv(planes, g.swapaxes(0, 1), dilation, low, rest, one, stride, groups)
    np.testing.assert_array_equal(
        bits(gw.cast(SUMS[dtype].__name__).numpy()),
        bits(stored(expected.swapaxes(0, 1), dtype)),
    )
