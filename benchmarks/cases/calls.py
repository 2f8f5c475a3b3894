"""What a call from Python costs: a few floats, with the tape and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES = {
    "eager_add": "x + y of 8 floats from Python, without the tape and with it",
    "eager_backward": "20 operations on 8 floats with the tape, and backward through them",
}
THREADS = (1,)
CHAIN = 20  # operations of eager_backward


def figures(case: str) -> list[str]:
    return ["eager_add", "eager_add_tape"] if case == "eager_add" else [case]


def make(framework: str, figure: str) -> Callable[[], object]:
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
