"""What a call from Python costs: a few floats, with the tape and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {
    "eager_add": "x + y of 8 floats from Python, without the tape and with it",
    "call_overhead": "a captured function that does nothing, and one of 20 products of 4 x 4",
    "eager_backward": "20 operations on 8 floats with the tape, and backward through them",
}
THREADS = (1,)
CHAIN = 20  # operations of eager_backward


def figures(case: str) -> list[str]:
    if case == "call_overhead":
        return ["call_overhead_empty", "call_overhead_20_kernels"]
    return ["eager_add", "eager_add_tape"] if case == "eager_add" else [case]


def captured(framework: str, figure: str) -> Callable[[], object]:
    """PyTorch has no captured form that needs no compiler of its own: there it is the function."""

    def empty(x: Any) -> Any:
        return x

    def products(x: Any) -> Any:
        for _ in range(CHAIN):
            x = x @ x
        return x

    function = empty if figure == "call_overhead_empty" else products
    if framework == "proa":
        import proa

        x = proa.eye(4)
        run = proa.jit.to_static(function)
    else:
        import torch

        x, run = torch.eye(4), function
    return lambda: run(x)


def make(framework: str, figure: str) -> Callable[[], object]:
    if figure.startswith("call_overhead"):
        return captured(framework, figure)
    if framework == "proa":
        import proa as f

        def leaf(start: float, tape: bool) -> Any:
            return f.to_tensor([start + i for i in range(8)], stop_gradient=not tape)
    else:
        import torch as f

        def leaf(start: float, tape: bool) -> Any:
            return f.tensor([start + i for i in range(8)], requires_grad=tape)

    tape = figure != "eager_add"
    x, y = leaf(1.0, tape), leaf(2.0, False)
    if figure != "eager_backward":
        return lambda: x + y

    def step() -> None:
        z = x
        for _ in range(CHAIN // 2):
            z = f.tanh(z * y)
        z.backward(ones)
        x.grad = None

    ones = f.ones_like(y)
    return step
