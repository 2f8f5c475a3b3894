"""A chain of elementwise operations, captured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import peers

CASES = {"fused_chain": "15 elementwise operations on 4M floats, captured"}
THREADS = (1, 2)
PEERS = (peers.EAGER, peers.COMPILED)
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
    else:
        import torch as f

        f.set_grad_enabled(False)

    call = peers.captured(framework)(lambda x, y: chain(f, x, y))
    x, y = f.randn(SHAPE), f.rand(SHAPE)
    return lambda: call(x, y)
