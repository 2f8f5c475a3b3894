"""What constants alone decide over sizes that depend on values: computed with the sizes of the run,
in every tier, from a file too, and told apart from what really is the same at each call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proa
from proa import nn

Call = Callable[[Any], Any]


def chosen(x: Any) -> Any:
    return proa.masked_select(x, x > 1.5)


WEIGHT = proa.to_tensor(np.random.default_rng(0).normal(size=(1, 20)).astype(np.float32))

CALLS: dict[str, Call] = {
    "ones": lambda x: chosen(x) * proa.ones_like(chosen(x)).cumsum(0),
    "zeros": lambda x: proa.zeros_like(chosen(x)).argsort(),
    "full": lambda x: proa.full([chosen(x).shape[0], 2], 3.0).cumsum(0),
    "repeats": lambda x: proa.repeat_interleave(chosen(x), 2, 0),
    "repeats of repeats": lambda x: proa.repeat_interleave(proa.repeat_interleave(x, 2, 0), 2, 0),
    "places": lambda x: proa.repeat_interleave(x[proa.nonzero(x > 1).flatten()], 2, 0),
    "unique": lambda x: proa.ones_like(proa.unique(x)).cumsum(0) / proa.unique(x),
    "number": lambda x: proa.ones_like(chosen(x)).sum() + chosen(x),
    "mean": lambda x: chosen(x).reshape([-1, 1]) @ WEIGHT - chosen(x).mean(),
    "product": lambda x: proa.ones_like(chosen(x)).reshape([-1, 1]) @ proa.ones([1, 2]),
    "constant beside": lambda x: (proa.arange(6).cumsum(0) * proa.ones_like(chosen(x)).sum()),
}

INPUTS = [[1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 5.0], [9.0, 8.0, 7.0, 6.0], [0.0, 1.0, 0.0, 1.0]]


def bits(x: Any) -> tuple[list[int], bytes]:
    return list(x.shape), bytes(x.numpy().tobytes())


def check(name: str) -> None:
    captured = proa.jit.to_static(CALLS[name])
    for values in INPUTS:
        x = proa.to_tensor(np.array(values, np.float32))
        assert bits(captured(x)) == bits(CALLS[name](x)), (name, values)


@pytest.mark.parametrize("name", CALLS)
def test_sizes_of_values_are_those_of_the_run(name: str) -> None:
    check(name)


def test_the_same_with_prebuilt_kernels() -> None:
    program = f"import test_value_sizes as t\nfor name in {list(CALLS)!r}: t.check(name)"
    places = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = {**os.environ, "PROA_TIER": "prebuilt", "PYTHONPATH": places}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("targets", [(), ("x86-64-v3",)])
def test_a_saved_model_has_them_too(targets: tuple[str, ...], tmp_path: Path) -> None:
    class Model(nn.Layer):
        def forward(self, x: Any) -> tuple[Any, ...]:
            return tuple(call(x) for call in CALLS.values())

    path = str(tmp_path / "model")
    spec = [proa.static.InputSpec([None], "float32")]
    proa.jit.save(Model(), path, input_spec=spec, targets=targets, pack_weights=bool(targets))
    loaded = proa.jit.load(path)
    for values in INPUTS:
        x = proa.to_tensor(np.array(values, np.float32))
        for name, got in zip(CALLS, loaded(x), strict=True):
            assert bits(got) == bits(CALLS[name](x)), (name, values)
