"""Softmax and layer norm of rows: ours captured, PyTorch's own kernels; with gradients too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {
    "softmax": "softmax of the rows of [4096, 1024], captured, and with its gradient",
    "layer_norm": "layer norm of the rows of [4096, 1024], captured, and with its gradients",
}
THREADS = (1, 2)
SHAPE = [4096, 1024]


def figures(case: str) -> list[str]:
    return [case, f"{case}_backward"]


def make(framework: str, figure: str) -> Callable[[], object]:
    if framework == "proa":
        from proa.nn import functional as nn

        import proa as f

        f.set_grad_enabled(True)

        def leaf(x: Any) -> Any:
            x.stop_gradient = not backward
            return x
    else:
        import torch as f
        from torch.nn import functional as nn

        f.set_grad_enabled(True)

        def leaf(x: Any) -> Any:
            return x.requires_grad_(backward)

    backward = figure.endswith("_backward")
    x, g = leaf(f.randn(SHAPE)), f.ones(SHAPE)
    w, b = leaf(f.ones(SHAPE[1:])), leaf(f.zeros(SHAPE[1:]))
    if figure.startswith("softmax"):
        leaves = [x]

        def call(x: Any, w: Any, b: Any) -> Any:
            return nn.softmax(x, -1)
    else:
        leaves = [x, w, b]

        def call(x: Any, w: Any, b: Any) -> Any:
            return nn.layer_norm(x, SHAPE[1:], w, b)

    run = f.jit.to_static(call) if framework == "proa" else call
    if not backward:
        return lambda: run(x, w, b)

    def step() -> None:
        run(x, w, b).backward(g)
        for t in leaves:
            t.grad = None

    return step
