"""Rows of a table by an index, and the gradient of the table: ours captured, PyTorch's kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {"embedding": "8192 rows of a table of [50000, 256], captured, and with its gradient"}
THREADS = (1, 2)
SHAPE = [50000, 256]
PLACES = 8192


def figures(case: str) -> list[str]:
    return [case, f"{case}_backward"]


def make(framework: str, figure: str) -> Callable[[], object]:
    if framework == "proa":
        from proa.nn import functional as nn

        import proa as f

        def pick(ids: Any, table: Any) -> Any:
            return nn.embedding(ids, table)

        run = f.jit.to_static(pick)
    else:
        import torch as f
        from torch.nn import functional as nn

        run = nn.embedding
    f.set_grad_enabled(True)
    backward = figure.endswith("_backward")
    table, g = f.randn(SHAPE), f.ones([PLACES, SHAPE[1]])
    ids = f.arange(PLACES) * 7919 % SHAPE[0]
    if not backward:
        return lambda: run(ids, table)
    if framework == "proa":
        table.stop_gradient = False
    else:
        table.requires_grad_(True)

    def step() -> None:
        run(ids, table).backward(g)
        table.grad = None

    return step
