"""Operators with an order on booleans, and questions about infinities put to whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

import proa

X = np.array([[True, False, True, False], [False, False, True, True], [False, False, False, True]])
Y = np.array([[True, True, False, False], [False, True, True, False], [True, False, False, True]])


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_pairs_of_booleans(name: str) -> None:
    got = getattr(proa, name)(proa.to_tensor(X), proa.to_tensor(Y))
    assert got.dtype.name == "bool"
    assert np.array_equal(got.numpy(), getattr(np, name)(X, Y))


@pytest.mark.parametrize("name", ["max", "min", "amax", "amin"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_reductions_of_booleans(name: str, axis: int | None) -> None:
    got = getattr(proa, name)(proa.to_tensor(X), axis=axis)
    assert np.array_equal(got.numpy(), getattr(np, name[-3:])(X, axis=axis))


@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes_of_booleans(name: str) -> None:
    values, places = getattr(proa, name)(proa.to_tensor(X), axis=1)
    whole = getattr(np, name[3:] + "imum").accumulate(X, axis=1)
    assert np.array_equal(values.numpy(), whole)
    assert np.array_equal(np.take_along_axis(X, places.numpy(), 1), whole)


def test_adding_booleans_in_places_is_or() -> None:
    index = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1]])
    got = proa.put_along_axis(
        proa.to_tensor(X), proa.to_tensor(index), proa.to_tensor(Y), axis=1, reduce="add"
    )
    expected = X.copy()
    np.logical_or.at(expected, (np.arange(3)[:, None], index), Y)
    assert np.array_equal(got.numpy(), expected)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_whole_numbers_are_finite(dtype: str) -> None:
    x = proa.to_tensor(X.astype(dtype))
    for name in ("isfinite", "isnan", "isinf"):
        got = getattr(proa, name)(x)
        assert got.dtype.name == "bool"
        assert np.array_equal(got.numpy(), getattr(np, name)(X.astype(dtype)))
