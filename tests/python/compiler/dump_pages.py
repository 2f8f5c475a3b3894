"""Computes the samples of every page, forward and backward, and writes all results to a file.

Run in a process of its own for each tier: `dump_pages.py FILE DTYPE...`; test_tiers.py compares.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ops"))

import numpy as np
from samples import PAGES, call, legal_dtypes, operands_of

import proa
from proa import _proa


def bits(tensor: proa.Tensor) -> tuple[str, tuple[int, ...], bytes]:
    """NaNs count as one class: all of them get the bits of one."""
    exact = tensor.cast("float32") if tensor.dtype.name in ("bfloat16", "float16") else tensor
    if tensor.dtype.name.startswith("float8"):
        exact = tensor.cast("float32")
    values = np.ascontiguousarray(exact.numpy()).reshape(exact.shape)
    parts = values.view(values.real.dtype) if values.ndim and values.dtype.kind == "c" else values
    if values.dtype.kind == "c" and not values.ndim:
        parts = np.array([values.real, values.imag])
    if parts.dtype.kind == "f":
        parts = np.where(np.isnan(parts), np.array(np.nan, parts.dtype), parts)
    return tensor.dtype.name, tuple(tensor.shape), parts.tobytes()


def results_of(page: dict[str, Any], sample: dict[str, Any], dtype: str, index: int) -> Any:
    proa.seed(index)
    arguments = operands_of(page, sample, dtype, index)
    found = [bits(r) for r in call(page, arguments, sample["attrs"])]
    if page["gradient"] not in ("rule", "decomposition") or not sample["gradient"]:
        return found
    leaves = [
        t
        for value in arguments.values()
        for t in (value if isinstance(value, list) else [value])
        if isinstance(t, proa.Tensor) and (t.dtype.is_floating_point or t.dtype.is_complex)
    ]
    for leaf in leaves:
        leaf.stop_gradient = False
    proa.seed(index)
    outputs = [r for r in call(page, arguments, sample["attrs"]) if not r.stop_gradient]
    if not leaves or not outputs:
        return found
    seeds = [proa.ones_like(r) for r in outputs]
    grads = proa.grad(outputs, leaves, seeds, allow_unused=True)
    return found + [None if g is None else bits(g) for g in grads]


def main() -> None:
    path, dtypes = sys.argv[1], sys.argv[2:]
    results: dict[str, Any] = {}
    for page in PAGES:
        for index, sample in enumerate(page["samples"]):
            for dtype in dtypes:
                if dtype not in legal_dtypes(page):
                    continue
                try:
                    results[f"{page['name']} {index} {dtype}"] = results_of(
                        page, sample, dtype, index
                    )
                except proa.ProaError as error:
                    results[f"{page['name']} {index} {dtype}"] = type(error).__name__
    with open(path, "wb") as file:
        pickle.dump(results, file)
    print(json.dumps(_proa.compiler_report()))


if __name__ == "__main__":
    main()
