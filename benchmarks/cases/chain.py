"""A chain of elementwise operations: ours captured, the peer's eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {"fused_chain": "15 elementwise operations on 4M floats: ours captured, the peer's eager"}
THREADS = (1, 2)
SHAPE = [4096, 1024]


def figures(case: str) -> list[str]:
    return [case]


def chain(f: Any, x: Any, y: Any) -> Any:
    """15 operations, each of which reads and writes all of memory where it runs alone."""
    z = f.tanh(x * y + x) * 0.5
    z = f.exp(-(z * z)) - y
    z = f.abs(z) + 1.0
    return f.sqrt(z) * x / (z + 2.0) - y


def make(framework: str, figure: str) -> Callable[[], object]:
    if framework == "proa":
        import proa as f

        call = f.jit.to_static(lambda x, y: chain(f, x, y))
    else:
        import torch as f

        f.set_grad_enabled(False)

        def call(x: Any, y: Any) -> Any:
            return chain(f, x, y)

    x, y = f.randn(SHAPE), f.rand(SHAPE)
    return lambda: call(x, y)
