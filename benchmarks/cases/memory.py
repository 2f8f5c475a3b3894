"""What memory gives: the plainest operations over the bytes that other cases move.

These are the floors of what is bound by memory. PyTorch's side writes to memory that is there
already (`out=`) and calls one kernel for each operation; a figure's name tells the bytes that it
reads and writes, in which the lines that a write fetches first are not counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {"memory": "negation and product over the bytes that other cases move"}
THREADS = (1, 2)
FIGURES = {
    "memory_4MB": ([144, 56, 56], False),  # a depthwise layer of `conv`: one in, one out
    "memory_34MB": ([4096, 1024], False),  # softmax or layer norm of [4096, 1024]
    "memory_84MB": ([4096, 1024], True),  # the same with gradient: x to y, then y and g to dx
}


def figures(case: str) -> list[str]:
    return list(FIGURES)


def make(framework: str, figure: str) -> Callable[[], object]:
    shape, gradient = FIGURES[figure]
    if framework == "proa":
        import proa as f

        forward: Callable[[Any], Any] = f.jit.to_static(lambda x: -x)
        backward: Callable[[Any, Any], Any] = f.jit.to_static(lambda y, g: y * g)
    else:
        import torch as f

        y, d = f.empty(shape), f.empty(shape)

        def forward(x: Any) -> Any:
            return f.neg(x, out=y)

        def backward(y: Any, g: Any) -> Any:
            return f.mul(y, g, out=d)

    f.set_grad_enabled(False)
    x, g = f.randn(shape), f.ones(shape)
    if not gradient:
        return lambda: forward(x)
    return lambda: backward(forward(x), g)
