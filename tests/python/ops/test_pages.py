"""Every operator, driven from its page: legal samples in all dtypes, wrong ones, derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import COMPLEX, FLOATS, PAGES, call, legal_dtypes, operands_of

import proa
from proa import _proa

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p["name"])


@by_page
def test_page_is_complete(page: dict[str, Any]) -> None:
    assert len(page["doc"]) >= 3
    assert len(page["wrong"]) >= 6, "at least six wrong cases an operator"
    assert page["samples"], "at least one legal case"
    assert page["sharding"]
    assert page["gradient"] in ("rule", "decomposition", "zero") or page["gradient_reason"]


@by_page
def test_legal_samples_run_in_every_dtype(page: dict[str, Any]) -> None:
    for index, sample in enumerate(page["samples"]):
        for dtype in legal_dtypes(page):
            arguments = operands_of(page, sample, dtype, index)
            try:
                results = call(page, arguments, sample["attrs"])
            except (_proa.DTypeError, _proa.NotSupportedError) as error:
                # The sample's own operands decide what else is legal; the first dtype must work.
                assert dtype != "float32", error
                continue
            for result in results:
                assert isinstance(result, proa.Tensor)
                result.numpy()


def differentiable(page: dict[str, Any]) -> bool:
    return page["gradient"] in ("rule", "decomposition") and not page["random"]


def real_parts(tensors: list[proa.Tensor]) -> list[np.ndarray]:
    return [t.numpy() for t in tensors]


def loss_of(
    page: dict[str, Any], arguments: dict[str, Any], attrs: dict[str, Any], seeds: list[np.ndarray]
) -> float:
    """Re <results, seeds>: its gradient is the vector-Jacobian product."""
    total = 0.0
    for result, seed in zip(call(page, arguments, attrs), seeds, strict=True):
        if str(result.dtype.name) in (*FLOATS, *COMPLEX):
            total += float(np.sum(np.real(np.asarray(result.numpy()) * np.conj(seed))))
    return total


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize(
    "page", [p for p in PAGES if differentiable(p)], ids=lambda p: p["name"]
)
def test_gradient_is_the_numeric_one(page: dict[str, Any], dtype: str) -> None:
    if dtype not in legal_dtypes(page):
        pytest.skip(f"{page['name']} takes no {dtype}")
    checked = 0
    for index, sample in enumerate(page["samples"]):
        if not sample["gradient"] or checked >= 6:
            continue
        arguments = operands_of(page, sample, dtype, index)
        flat = [
            (name, k, t)
            for name, value in arguments.items()
            for k, t in enumerate(value if isinstance(value, list) else [value])
            if isinstance(t, proa.Tensor) and t.dtype.name in ("float64", "complex128")
        ]
        if not flat or any(t.size == 0 or t.size > 64 for _, _, t in flat):
            continue
        try:
            results = call(page, arguments, sample["attrs"])
        except (_proa.DTypeError, _proa.NotSupportedError):
            continue
        rng = np.random.default_rng(index)
        seeds = [
            rng.standard_normal(r.shape)
            + (1j * rng.standard_normal(r.shape) if r.dtype.is_complex else 0.0)
            for r in results
        ]
        for _, _, t in flat:
            t.stop_gradient = False
        results = call(page, arguments, sample["attrs"])
        outputs = [(r, s) for r, s in zip(results, seeds, strict=True) if not r.stop_gradient]
        if not outputs:
            continue
        grads = proa.grad(
            [r for r, _ in outputs],
            [t for _, _, t in flat],
            [proa.to_tensor(np.asarray(s)).cast(r.dtype) for r, s in outputs],
            allow_unused=True,
        )
        for _, _, t in flat:
            t.stop_gradient = True
        step = 1e-6
        for (_, _, t), g in zip(flat, grads, strict=True):
            exact = np.zeros(t.shape, t.numpy().dtype) if g is None else g.numpy()
            numeric = np.zeros_like(exact)
            values = t.numpy()
            for at in np.ndindex(*t.shape):
                kept = values[at]
                for unit in (1.0, 1j) if t.dtype.is_complex else (1.0,):
                    sides = []
                    for sign in (1, -1):
                        values[at] = kept + sign * step * unit
                        sides.append(loss_of(page, arguments, sample["attrs"], seeds))
                    values[at] = kept
                    numeric[at] += unit * (sides[0] - sides[1]) / (2 * step)
            scale = max(1.0, float(np.max(np.abs(numeric))) if numeric.size else 1.0)
            np.testing.assert_allclose(exact, numeric, atol=2e-5 * scale, rtol=2e-5)
        checked += 1
