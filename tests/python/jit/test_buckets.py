"""How many kernels a graph has: one a group, for all sizes and any strides."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest

import proa
from proa import _proa

CASES: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
    "elementwise": (lambda x, b: proa.tanh(x) * 2 + b, 1),
    "rows": (lambda x, b: F.softmax(x, -1) + b, 1),
    "columns": (lambda x, b: (x * 2).sum(0) + b, 2),  # totals of blocks, and their sum
    "all": (lambda x, b: (x * 2 + b).sum(), 2),
    "product": (lambda x, b: F.relu(x.t() @ x) + b, 1),
}


def viewed(values: np.ndarray, kind: int) -> Any:
    """The same matrix side by side, transposed, each second column, and part of a larger one."""
    if kind == 0:
        return proa.to_tensor(values)
    if kind == 1:
        return proa.to_tensor(np.ascontiguousarray(values.T)).t()
    if kind == 2:
        return proa.to_tensor(np.repeat(values, 2, 1))[:, ::2]
    return proa.to_tensor(np.concatenate([values, values]))[len(values) :]


def kernels_of(call: Callable[[], Any]) -> set[str]:
    before = _proa._watch("plans", True)
    _proa._plans()
    try:
        call()
        plans = [json.loads(text) for text in _proa._plans()]
    finally:
        _proa._watch("plans", before)
    names = {step["name"] for plan in plans for step in plan["steps"]}
    return {name for name in names if name.startswith("proa_")}


def made() -> int:
    now = proa.compiler.report()
    return now.compiled + now.from_disk + now.fallbacks


@pytest.mark.parametrize("name", CASES)
def test_one_kernel_a_group_serves_all_sizes_and_strides(name: str) -> None:
    function, groups = CASES[name]
    captured = proa.jit.to_static(function)
    rng = np.random.default_rng(len(name))
    kernels: set[str] = set()
    before = 0
    for number in range(100):
        rows, columns = (1 + int(n) for n in rng.choice([0, 0, 1, 2, 7, 15, 30, 69], 2))
        values = rng.normal(size=(rows, columns)).astype(np.float32)
        x = viewed(values, number % 4)
        b = proa.to_tensor(rng.normal(size=(columns,)).astype(np.float32))
        results: list[Any] = []
        kernels |= kernels_of(lambda x=x, b=b, to=results: to.append(captured(x, b)))  # type: ignore[misc]
        assert results[0].numpy().tobytes() == function(x, b).numpy().tobytes(), (rows, columns)
        if number == 30:  # all of one row and one column were there
            before = made()
    graphs = 2 if name == "product" else 1  # which asks whether it has one row
    assert len(captured.captures()) <= graphs, captured.why()
    assert len(kernels) <= (groups if graphs == 1 else 3), kernels
    assert made() == before


@pytest.mark.parametrize("least", [1, 2])
def test_kernels_of_single_calls(least: int) -> None:
    """One set of them serves all sizes; three, where extents are 1, which operators may ask."""
    script = Path(__file__).with_name("count_kernels.py")
    done = subprocess.run(
        [sys.executable, str(script), str(least)],
        env={**os.environ, "PROA_TIER": "compiled"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    several = {"columns", "between", "all"}  # totals of blocks, and their sum
    for name, (kernels, buckets) in counts.items():
        if least > 1:
            # A convolution whose window is the whole image is a product.
            most = 2 if name in ("convolution", "depthwise") else 1
            assert kernels <= most * (2 if name in several else 1), counts
        else:
            most = 3
        assert 1 <= buckets <= most, counts
