"""Operators without a derivative, below operators whose derivative is zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from proa.jit import to_static

import proa


def through_zero(x: Any) -> Any:
    return proa.nextafter(proa.floor(x) * 2 + 1, x.detach()) + x


@pytest.mark.parametrize("made", [lambda f: f, to_static], ids=["eager", "captured"])
def test_no_derivative_is_needed_where_none_flows(made: Callable[[Any], Any]) -> None:
    x = proa.to_tensor(np.array([1.5, -2.5], np.float32), stop_gradient=False)
    made(through_zero)(x).sum().backward()
    assert x.grad.tolist() == [1, 1]
    assert proa.nextafter(proa.floor(x), x.detach()).stop_gradient


@pytest.mark.parametrize("inner", [lambda x: x, lambda x: proa.floor(x) + x])
def test_where_one_flows_it_is_missing(inner: Callable[[Any], Any]) -> None:
    x = proa.to_tensor(np.array([1.5, -2.5], np.float32), stop_gradient=False)
    y = proa.nextafter(inner(x), proa.zeros([2]))
    with pytest.raises(proa.NotSupportedError, match="nextafter"):
        y.sum().backward()
