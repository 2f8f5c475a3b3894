"""Causal attention of 8 sequences of 512, 8 heads of 64, in eager: forward, and with backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {"attention": "causal attention of [8, 512, 8, 64], and with its gradients"}
THREADS = (1, 2)
BATCH, LENGTH, HEADS, WIDTH = 8, 512, 8, 64


def figures(case: str) -> list[str]:
    return [case, f"{case}_backward"]


def make(framework: str, figure: str) -> Callable[[], object]:
    backward = figure.endswith("_backward")
    if framework == "proa":
        from proa.nn import functional as nn

        import proa as f

        shape = [BATCH, LENGTH, HEADS, WIDTH]

        def leaf() -> Any:
            x = f.randn(shape)
            x.stop_gradient = not backward
            return x
    else:
        import torch as f
        from torch.nn import functional as nn

        f.set_grad_enabled(True)
        shape = [BATCH, HEADS, LENGTH, WIDTH]

        def leaf() -> Any:
            return f.randn(shape).requires_grad_(backward)

    leaves, g = [leaf(), leaf(), leaf()], f.ones(shape)

    def step() -> None:
        out = nn.scaled_dot_product_attention(*leaves, is_causal=True)
        if backward:
            out.backward(g)
            for t in leaves:
                t.grad = None

    return step
