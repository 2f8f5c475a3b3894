"""What a captured function refuses at run time is told as eager tells it: the same error, operator,
argument and message, and the user's line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest

import proa
from proa import linalg, nn

Call = Callable[[Any, Any], Any]

CALLS: dict[str, Call] = {
    "bincount": lambda i, x: proa.bincount(i - 1),
    "repeats": lambda i, x: proa.repeat_interleave(x, i - 1, 0),
    "mask": lambda i, x: proa.masked_scatter(x, x * 0 == 0, x[:1, 0]),
    "bernoulli": lambda i, x: proa.bernoulli(x + 2),
    "inv": lambda i, x: linalg.inv(x),
    "inv of two": lambda i, x: linalg.inv(proa.stack([proa.eye(3), x])),
    "solve": lambda i, x: linalg.solve(x, x),
    "cholesky": lambda i, x: linalg.cholesky(x - 1),
    "matrix_power": lambda i, x: linalg.matrix_power(x, -2),
    "eigh": lambda i, x: linalg.eigh(x / 0),
    "svd": lambda i, x: linalg.svd(x / 0),
    "take": lambda i, x: proa.take(x, i + 9),
    "embedding": lambda i, x: F.embedding(i + 1, x),
    "brackets": lambda i, x: x[i + 1],
}


def told(call: Call) -> Exception:
    index = proa.to_tensor(np.arange(3))
    with pytest.raises(proa.ProaError) as caught:
        call(index, proa.zeros([3, 3]))
    return caught.value


@pytest.mark.parametrize("name", CALLS)
def test_eager_and_captured_say_the_same(name: str) -> None:
    eager, captured = told(CALLS[name]), told(proa.jit.to_static(CALLS[name]))
    assert type(eager) is type(captured)
    assert (eager.op, eager.argument) == (captured.op, captured.argument)  # type: ignore[attr-defined]
    first, *rest = str(captured).split("\n")
    assert first == str(eager)
    assert first.startswith(f"[{eager.op}] {eager.argument}: ")  # type: ignore[attr-defined]
    line = inspect.getsourcelines(CALLS[name])[1]
    assert rest == [f"  at {Path(__file__)}:{line}"]


def test_a_function_of_several_lines_names_the_one() -> None:
    def call(i: Any, x: Any) -> Any:
        y = proa.exp(x)
        z = linalg.inv(y)
        return z + 1

    error = told(proa.jit.to_static(call))
    assert isinstance(error, proa.LinAlgError)
    line = inspect.getsourcelines(call)[1] + 2
    assert str(error).endswith(f"\n  at {Path(__file__)}:{line}")


def test_a_saved_model_names_the_operator(tmp_path: Path) -> None:
    class Model(nn.Layer):
        def forward(self, i: Any, x: Any) -> Any:
            return proa.repeat_interleave(linalg.inv(x), i, 0)

    spec = [proa.static.InputSpec([3], "int64"), proa.static.InputSpec([3, 3], "float32")]
    proa.jit.save(Model(), str(tmp_path / "model"), input_spec=spec)
    loaded = proa.jit.load(str(tmp_path / "model"))
    index = proa.to_tensor(np.array([1, 2, 0]))
    assert list(loaded(index, proa.eye(3)).shape) == [3, 3]
    with pytest.raises(proa.LinAlgError, match=r"^\[inv\] x: expected a regular matrix"):
        loaded(index, proa.zeros([3, 3]))
    with pytest.raises(proa.ShapeError, match=r"^\[repeat_interleave\] repeats: expected numbers"):
        loaded(index - 1, proa.eye(3))
