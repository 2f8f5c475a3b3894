"""A training step whose gradient is a scatter, for the tests of gathers and of scatters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proa.nn import functional as F

import proa


def embedding_step() -> tuple[Any, Callable[[Any], Any]]:
    """(weight of 10 rows, the captured step on indices of rows)."""
    weight = proa.create_parameter([10, 32], "float32")
    optimizer = proa.optimizer.SGD(0.1, parameters=[weight])

    @proa.jit.to_static
    def step(ids: Any) -> Any:
        loss = (F.embedding(ids, weight) * 2 + 1).square().sum()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        return loss

    return weight, step
