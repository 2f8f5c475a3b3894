"""Weights of 8 bits against the same rounding in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from proa.nn import functional as F
from proa.nn import quant

import proa


def test_quantize_and_back():
    w = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    w[:, 2] = 0
    codes, scale = quant.weight_quantize(proa.to_tensor(w))
    wanted = np.abs(w).max(0) / 127
    np.testing.assert_allclose(scale.numpy(), wanted, rtol=1e-6)
    rounded = np.round(w / np.where(wanted > 0, wanted, 1)).T
    assert codes.dtype == "int8" and np.array_equal(codes.numpy(), rounded)
    back = quant.weight_dequantize(codes, scale, out_dtype="float32").numpy()
    assert np.abs(back - w).max() <= wanted.max() / 2 * 1.001


def test_linear_over_codes():
    rng = np.random.default_rng(1)
    w, x, b = (rng.normal(size=s).astype("float32") for s in ((6, 4), (2, 3, 6), (4,)))
    codes, scale = quant.weight_quantize(proa.to_tensor(w))
    wide = codes.numpy().T * scale.numpy()
    y = quant.weight_only_linear(proa.to_tensor(x), codes, proa.to_tensor(b), scale)
    np.testing.assert_allclose(y.numpy(), x @ wide + b, rtol=1e-5, atol=1e-5)


def test_outliers_keep_their_digits():
    rng = np.random.default_rng(2)
    w, x = rng.normal(size=(8, 4)).astype("float32"), rng.normal(size=(3, 8)).astype("float32")
    x[1, 5] = 90.0
    codes, scale = quant.weight_quantize(proa.to_tensor(w), "llm.int8")
    y = quant.llm_int8_linear(proa.to_tensor(x), codes, None, scale, threshold=6.0).numpy()
    small = x.copy()
    small[:, 5] = 0
    step = np.abs(small).max(1, keepdims=True) / 127
    rest = np.round(small / step) @ codes.numpy().T.astype("float32") * step
    wanted = (rest + np.outer(x[:, 5], codes.numpy()[:, 5])) * scale.numpy()
    np.testing.assert_allclose(y, wanted, rtol=1e-5, atol=1e-5)


def test_embedding_of_bounded_rows_and_its_names():
    w = proa.to_tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    ids = proa.to_tensor([0, 1])
    y = F.embedding(input=ids, weight=w, max_norm=1.0)
    np.testing.assert_allclose(y.numpy(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    assert w.numpy()[2].tolist() == [6.0, 8.0]
    w.stop_gradient = False
    F.embedding(proa.to_tensor([0, 0, 1]), w, scale_grad_by_freq=True).sum().backward()
    assert w.grad.tolist() == [[1, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(
    "call, word",
    [
        (lambda: quant.weight_quantize(proa.zeros([2])), "x"),
        (lambda: quant.weight_quantize(proa.zeros([2, 2]), "int4"), "algo"),
        (lambda: quant.weight_dequantize(proa.zeros([2, 2]), proa.zeros([2]), "x"), "algo"),
        (lambda: quant.weight_only_linear(proa.zeros([2, 2]), proa.zeros([2, 2])), "weight_scale"),
        (lambda: quant.llm_int8_linear(proa.zeros([2, 2]), proa.zeros([2, 2])), "weight_scale"),
        (lambda: F.embedding(weight=proa.zeros([2, 2])), "x"),
        (lambda: F.embedding(proa.zeros([1], "int64")), "weight"),
    ],
)
def test_refusals(call, word):
    with pytest.raises(proa.ProaError, match=word):
        call()
