"""Launches of one text become one: the steps of optimizers over parameters of many sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import proa
from proa import _proa

SIZES = [[1], [7], [16], [4095], [4096], [4097], [3, 5], [17, 1], [2, 3, 4], [300, 70]]
Make = Callable[[list[Any]], Any]
OPTIMIZERS: dict[str, Make] = {
    "sgd": lambda p: proa.optimizer.SGD(0.1, parameters=p),
    "momentum": lambda p: proa.optimizer.Momentum(0.1, parameters=p, use_nesterov=True),
    "adamw": lambda p: proa.optimizer.AdamW(0.01, parameters=p, weight_decay=0.1),
}


def trained(make: Make, captured: bool, steps: int = 3) -> tuple[list[bytes], list[str]]:
    """The parameters' bytes after some steps, and what each kernel of the last program does."""
    rng = np.random.default_rng(5)
    parameters, factors = [], []
    for size in SIZES:
        values = rng.standard_normal(size).astype(np.float32)
        parameters.append(proa.create_parameter(size, "float32"))
        parameters[-1].set_value(values)
        factors.append(proa.to_tensor(rng.standard_normal(size).astype(np.float32)))
    optimizer = make(parameters)

    def step(scale: Any) -> Any:
        loss = sum((p * p * f).sum() for p, f in zip(parameters, factors, strict=True)) * scale
        loss.backward()
        optimizer.step()
        optimizer.clear_grad(set_to_zero=False)
        return loss

    run = proa.jit.to_static(step) if captured else step
    told = _proa._watch("plans", True)
    _proa._plans()
    try:
        for number in range(steps):
            run(proa.to_tensor(np.float32(number + 1)))
        plans = [json.loads(text) for text in _proa._plans()]
    finally:
        _proa._watch("plans", told)
    last = max(plans, key=lambda plan: len(plan["steps"]), default={"steps": []})
    return [p.numpy().tobytes() for p in parameters], [s["operations"] for s in last["steps"]]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_over_all_parameters_is_one_kernel(name: str) -> None:
    before = _proa.get_num_threads()
    try:
        expected, _ = trained(OPTIMIZERS[name], captured=False)
        for threads in (1, 2, 3, 7):
            _proa.set_num_threads(threads)
            bits, kernels = trained(OPTIMIZERS[name], captured=True)
            assert bits == expected
    finally:
        _proa.set_num_threads(before)
    many = [text for text in kernels if text.endswith(f", {len(SIZES) - 1} times")]
    assert many, kernels
    assert len(kernels) < 3 * len(SIZES)


def test_the_bits_do_not_know_about_batches() -> None:
    expected, _ = trained(OPTIMIZERS["adamw"], captured=True)
    with proa.compiler.passes_off(["batch"]):
        bits, kernels = trained(OPTIMIZERS["adamw"], captured=True)
    assert not any("times" in text for text in kernels)
    assert bits == expected
