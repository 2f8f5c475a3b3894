"""Pools of three by three, two apart, have the bits of their definition in NumPy, tap by tap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from proa.nn import functional as F

import proa

WIDTHS = [3, 4, 5, 16, 17, 18, 19, 20, 33, 34, 35, 36, 67, 1030]


def values(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(sum(shape))
    x = rng.standard_normal(shape).astype("float32")
    odd = rng.choice(np.array([-0.0, 0.0, np.nan, np.inf, -np.inf], "float32"), shape)
    return np.where(rng.random(shape) < 0.3, odd, x)


def taps(x: np.ndarray[Any, Any], padding: int) -> list[tuple[Any, Any]]:
    """What each place of the window holds for all results, and which results have it."""
    there = np.pad(np.ones(x.shape[2:], bool), padding)
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    h, w = ((n - 3) // 2 + 1 for n in x.shape[2:])
    places = [(slice(i, i + 2 * h - 1, 2), slice(j, j + 2 * w - 1, 2))
              for i in range(3) for j in range(3)]  # fmt: skip
    return [(x[:, :, i, j], there[i, j]) for i, j in places]


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("width", WIDTHS)
def test_maxima_are_the_first_and_a_nan_stays(width: int, padding: int) -> None:
    x = values((2, 3, 5, width))
    held: Any = -np.inf
    for now, there in taps(x, padding):
        held = np.where(there & ((now > held) | np.isnan(now)), now, held)
    found = F.max_pool2d(proa.to_tensor(x), 3, 2, padding).numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(held))
    plain = ~np.isnan(held)
    assert found[plain].tobytes() == held.astype("float32")[plain].tobytes()  # zeros' signs, too


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("width", WIDTHS)
def test_sums_are_in_the_order_of_the_window(width: int, padding: int) -> None:
    x = values((1, 2, 7, width))
    x = np.where(np.isfinite(x), x, np.float32(0.25))
    held: Any = np.float32(0)
    for now, there in taps(x, padding):
        held = np.where(there, held + now, held)
    found = F.avg_pool2d(proa.to_tensor(x), 3, 2, padding, exclusive=False).numpy()
    assert found.tobytes() == (held / np.float32(9)).tobytes()
