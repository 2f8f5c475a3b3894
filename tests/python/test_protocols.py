"""Python's built-in functions and NumPy's functions of a tensor: the values that NumPy gives."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import proa

ARRAY = np.array([[1.25, -2.5, 0.75], [3.5, 0.5, -1.0]], np.float32)


def test_round_of_one_number_is_an_integer() -> None:
    x = proa.to_tensor(2.5)
    assert round(x) == round(2.5) and isinstance(round(x), int)


@pytest.mark.parametrize("digits", [None, 0, 1, 2, -1])
def test_round_of_many(digits: int | None) -> None:
    values = np.array([1.2345, -17.55, 2.5, 26.0], np.float32)
    got = round(proa.to_tensor(values), digits)
    np.testing.assert_allclose(got.numpy(), np.round(values, digits or 0), rtol=1e-6)


def test_divmod() -> None:
    x = proa.to_tensor(ARRAY)
    for got, wanted in [(divmod(x, 2.0), divmod(ARRAY, 2.0)), (divmod(7.0, x), divmod(7.0, ARRAY))]:
        assert all(np.array_equal(g.numpy(), w) for g, w in zip(got, wanted, strict=True))


def test_format_of_one_number() -> None:
    assert f"{proa.to_tensor(2.567):8.2f}" == "    2.57"
    assert f"{proa.to_tensor([7]):03d}" == "007"
    assert f"{proa.to_tensor([1.0, 2.0])}".startswith("Tensor(")
    with pytest.raises(proa.ArgumentValueError, match=r"\[format\] spec.*shape \[2\]"):
        f"{proa.to_tensor([1.0, 2.0]):.2f}"


@pytest.mark.parametrize("name", [
    "sin", "arctan", "exp", "absolute", "negative", "sqrt", "isfinite", "floor", "rint", "sign",
    "log1p", "square",
])
def test_numpy_functions_of_one(name: str) -> None:
    function = getattr(np, name)
    got = function(proa.to_tensor(np.abs(ARRAY)))
    assert isinstance(got, proa.Tensor)
    np.testing.assert_allclose(got.numpy(), function(np.abs(ARRAY)), rtol=3e-7)


@pytest.mark.parametrize("name", [
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "maximum", "less",
    "greater_equal", "not_equal", "arctan2", "hypot",
])
def test_numpy_functions_of_two_in_either_order(name: str) -> None:
    function, x, other = getattr(np, name), proa.to_tensor(ARRAY), ARRAY[::-1].copy()
    for got, wanted in [
        (function(x, other), function(ARRAY, other)), (function(other, x), function(other, ARRAY)),
    ]:
        assert isinstance(got, proa.Tensor) and got.numpy().dtype == wanted.dtype
        np.testing.assert_allclose(got.numpy(), wanted, rtol=3e-7)


def test_numpy_functions_keep_the_gradient() -> None:
    x = proa.to_tensor(ARRAY, stop_gradient=False)
    np.sin(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos(ARRAY), rtol=3e-7)


def test_arrays_take_tensors_in_place() -> None:
    target: Any = ARRAY.copy()
    target += proa.to_tensor(ARRAY)
    assert type(target) is np.ndarray and np.array_equal(target, ARRAY + ARRAY)


def test_what_has_no_operator_says_so() -> None:
    x = proa.to_tensor(ARRAY)
    with pytest.raises(proa.NotSupportedError, match=r"\[cbrt\] x: there is no operator.*x.numpy"):
        np.cbrt(x)
    with pytest.raises(proa.NotSupportedError, match=r"numpy.add.reduce does not work"):
        np.add.reduce(x)


@pytest.mark.parametrize("name", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_numbers_of_an_array_are_of_numpys_own_type(name: str) -> None:
    array = proa.ones([2], dtype=name).numpy()
    assert type(array[0]) is np.dtype(name).type
    assert array.dtype.char == np.dtype(name).char


def test_arrays_of_bfloat16() -> None:
    values = np.array([1.5, -2.25, 3e38], ml_dtypes.bfloat16)
    got = proa.to_tensor(values)
    assert got.dtype == proa.bfloat16
    assert np.array_equal(got.cast("float32").numpy(), values.astype(np.float32))


def test_numpy_s_divmod() -> None:
    x, y = proa.to_tensor(ARRAY), np.float32(0.75)
    for got, want in [
        (np.divmod(x, y), np.divmod(ARRAY, y)),
        (np.divmod(7.0, x), np.divmod(np.float32(7), ARRAY)),
        (np.divmod(ARRAY, x + 2), np.divmod(ARRAY, ARRAY + 2)),
    ]:
        assert all(isinstance(t, proa.Tensor) for t in got)
        for mine, other in zip(got, want, strict=True):
            np.testing.assert_array_equal(mine.numpy(), other)
    out = np.empty_like(ARRAY), np.empty_like(ARRAY)
    assert np.divmod(x, y, out=out)[0] is out[0]
    np.testing.assert_array_equal(out, np.divmod(ARRAY, y))
