"""Checks of numbers: counts and bounds against NumPy, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from proa.amp.debugging import DebugMode, check_layer_numerics, check_numerics

import proa
from proa import nn


def test_counts_and_bounds(capsys):
    x = np.array([[1.5, 0.0, -2.0], [0.0, 4.0, 8.0]], "float32")
    stats, values = check_numerics(proa.to_tensor(x), "op", "x")
    assert stats.tolist() == [0, 0, 2] and stats.dtype == "int64"
    np.testing.assert_allclose(values.numpy(), [x.max(), x.min(), x.mean()], rtol=1e-6)
    assert capsys.readouterr().out == ""
    check_numerics(proa.to_tensor(x), "op", "x", DebugMode.CHECK_ALL)
    assert "from -2 to 8" in capsys.readouterr().out
    x[0] = [np.nan, np.inf, -np.inf]
    stats, _ = check_numerics(proa.to_tensor(x), "op", "x", DebugMode.CHECK_NAN_INF)
    assert stats.tolist() == [1, 2, 1] and "1 NaN, 2 infinite" in capsys.readouterr().out
    with pytest.raises(proa.ProaError, match=r"\[op\] x: 1 NaN"):
        check_numerics(proa.to_tensor(x), "op", "x")


def test_a_layer_names_itself():
    class Root(nn.Layer):
        @check_layer_numerics
        def forward(self, x):
            return proa.sqrt(x)

    layer = Root()
    assert layer(proa.to_tensor([4.0])).tolist() == [2.0]
    with pytest.raises(proa.ProaError, match="root.*output 0: 1 NaN"):
        layer(proa.to_tensor([-4.0]))
    with pytest.raises(proa.ProaError, match="root.*input: 1 NaN"):
        layer(proa.to_tensor([float("nan")]))
    with pytest.raises(proa.ProaError, match="a tensor first"):
        layer()


@pytest.mark.parametrize("bad", [1.0, None])
def test_refusals(bad):
    with pytest.raises(proa.ProaError, match="tensor"):
        check_numerics(bad, "op", "x")
    with pytest.raises(proa.ProaError, match="floating"):
        check_numerics(proa.ones([2], "int64"), "op", "x")
    with pytest.raises(proa.ProaError, match="DebugMode"):
        check_numerics(proa.ones([2]), "op", "x", bad)
