"""Functions with a call form of their own, and the packages of operators."""

from __future__ import annotations

import numpy as np
import pytest

import proa

RNG = np.random.default_rng(0)


def test_einsum_takes_operands_in_a_row_and_in_a_list() -> None:
    a, b = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 5))
    x, y = proa.to_tensor(a), proa.to_tensor(b)
    np.testing.assert_allclose(proa.einsum("ij,jk->ik", x, y).numpy(), a @ b)
    np.testing.assert_allclose(proa.einsum("ij,jk->ik", [x, y]).numpy(), a @ b)


def test_meshgrid() -> None:
    grids = proa.meshgrid(proa.arange(3), proa.arange(2))
    wanted = np.meshgrid(np.arange(3), np.arange(2), indexing="ij")
    for ours, theirs in zip(grids, wanted, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)


@pytest.mark.parametrize("p", [None, "fro", 1, 2, 3, float("inf")])
def test_norm(p: float | str | None) -> None:
    a = RNG.standard_normal((3, 4))
    order = 2 if p in (None, "fro") else p
    theirs = np.linalg.norm(a.ravel(), order)
    np.testing.assert_allclose(float(proa.norm(proa.to_tensor(a), p)), theirs)
    np.testing.assert_allclose(float(proa.linalg.norm(proa.to_tensor(a), p)), theirs)


def test_norm_refuses_unknown_names() -> None:
    with pytest.raises(ValueError, match="nuc"):
        proa.norm(proa.ones([2]), "nuc")


def test_linalg_and_fft_agree_with_numpy() -> None:
    a = RNG.standard_normal((4, 4))
    x = proa.to_tensor(a)
    np.testing.assert_allclose(proa.linalg.inv(x).numpy(), np.linalg.inv(a), rtol=1e-10)
    np.testing.assert_allclose(proa.linalg.det(x).numpy(), np.linalg.det(a), rtol=1e-10)
    np.testing.assert_allclose(proa.fft.fft(x).numpy(), np.fft.fft(a), atol=1e-12)
    q, r = proa.linalg.qr(x)
    np.testing.assert_allclose((q @ r).numpy(), a, atol=1e-12)


def test_sizes_as_tensors() -> None:
    x = proa.zeros([2, 3])
    assert (proa.numel(x).item(), proa.rank(x).item(), proa.shape(x).tolist()) == (6, 2, [2, 3])
    assert proa.broadcast_shape([2, 1, 3], [4, 1]) == [2, 4, 3]
    with pytest.raises(proa.ShapeError):
        proa.broadcast_shape([2], [3])
    assert proa.is_floating_point(x) and not proa.is_integer(x) and not proa.is_complex(x)
