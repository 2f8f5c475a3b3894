"""A graph is not run under settings that it was not captured under; wrong settings are told."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import proa


def test_a_graph_belongs_to_the_passes_that_made_it() -> None:
    seen: list[int] = []

    @proa.jit.to_static
    def f(x: Any) -> Any:
        seen.append(1)
        return proa.tanh(x) * 2 + x

    x = proa.to_tensor(np.linspace(-3, 3, 40, dtype=np.float32))
    expected = f(x).numpy().tobytes()
    assert f(x).numpy().tobytes() == expected and len(seen) == 1
    for names, captures in ((["fuse"], 2), (["fuse", "cse"], 3), (["cse", "fuse"], 3)):
        with proa.compiler.passes_off(names):
            for _ in range(2):
                assert f(x).numpy().tobytes() == expected
            assert len(seen) == captures, names
    assert f(x).numpy().tobytes() == expected
    assert len(seen) == 3  # the first graph serves again


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("PROA_NUM_THREADS", "two", "[PROA_NUM_THREADS] expected a whole number in 1.."),
        ("PROA_NUM_THREADS", "0", "got '0'"),
        ("PROA_CACHE_LIMIT_MB", "1G", "[PROA_CACHE_LIMIT_MB] expected a whole number in 0.."),
        ("PROA_PASSES_OFF", "fuze", "fuze"),
        ("PROA_TILING", "wide", "[PROA_TILING] expected rule or broad or narrow, got 'wide'"),
        ("PROA_TIER", "fast", "[PROA_TIER] expected prebuilt or compiled or both, got 'fast'"),
        ("PROA_JIT", "gcc", "[PROA_JIT] expected clang or cc or none, got 'gcc'"),
        ("PROA_PROCESSOR", "v3", "[PROA_PROCESSOR] expected x86-64-v3 or x86-64-v4, got 'v3'"),
        ("PROA_TUNE", "no", "[PROA_TUNE] expected 0 or 1, got 'no'"),
        ("PROA_KEEP_WEIGHTS", "no", "[PROA_KEEP_WEIGHTS] expected 0 or 1, got 'no'"),
        ("PROA_CHECK_NAN", "yes", "[PROA_CHECK_NAN] expected 0 or 1, got 'yes'"),
        ("PROA_PERF_MAP", "on", "[PROA_PERF_MAP] expected 0 or 1, got 'on'"),
        ("PROA_INSPECT", "all", "[PROA_INSPECT] expected 0 or 1, got 'all'"),
    ],
)
def test_a_typing_error_in_a_variable_is_told(variable: str, text: str, message: str) -> None:
    program = "import proa; proa.jit.to_static(lambda x: x @ x + 1)(proa.ones([2000, 20, 20]))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, variable: text},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1], done.stderr


def test_a_kernel_of_unknown_size_is_asked_for_alone() -> None:
    captures: list[int] = []

    @proa.jit.to_static
    def f(x: Any, w: Any) -> Any:
        captures.append(1)
        return proa.nn.functional.conv2d(x, w)

    rng = np.random.default_rng(0)
    w = proa.to_tensor(rng.normal(size=(4, 3, 3, 2)).astype(np.float32))
    for batch, height in ((2, 9), (3, 11), (5, 8), (7, 15)):
        x = proa.to_tensor(rng.normal(size=(batch, 3, height, 10)).astype(np.float32))
        expected = proa.nn.functional.conv2d(x, w)
        assert f(x, w).numpy().tobytes() == expected.numpy().tobytes()
    assert len(captures) == 2  # the second one knows the kernel's size, and no other
