"""L-BFGS against PyTorch's numbers, and on functions whose minimum is known."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from proa.optimizer import LBFGS

import proa

GOLDEN = json.loads(pathlib.Path(__file__).with_name("golden.json").read_text())


def closure_of(optimizer: Any, loss_of: Callable[[], Any], counted: list[float]) -> Any:
    def closure() -> Any:
        optimizer.clear_grad()
        loss = loss_of()
        loss.backward()
        counted.append(loss.item())
        return loss

    return closure


def start() -> Any:
    value = np.sin(np.arange(12) * 0.7 + 0.3).reshape(3, 4)
    return proa.to_tensor(value, stop_gradient=False)


def bowl(param: Any) -> Callable[[], Any]:
    scale = proa.to_tensor(np.arange(1.0, 13.0).reshape(3, 4))
    return lambda: (scale * (param - 0.5).square() + proa.cos(param)).sum()


def test_same_as_pytorch_without_a_line_search() -> None:
    param = start()
    optimizer = LBFGS(0.3, 4, history_size=3, parameters=[param])
    for _ in range(3):
        optimizer.step(closure_of(optimizer, bowl(param), []))
    np.testing.assert_allclose(param.numpy().ravel(), GOLDEN["lbfgs"], rtol=1e-9)


def test_resumed_to_the_same_bits(tmp_path: pathlib.Path) -> None:
    param = start()
    optimizer = LBFGS(0.3, 4, history_size=3, parameters=[param], line_search_fn="strong_wolfe")
    optimizer.step(closure_of(optimizer, bowl(param), []))
    proa.save(optimizer.state_dict(), tmp_path / "state")
    other = proa.to_tensor(param.numpy(), stop_gradient=False)
    resumed = LBFGS(0.3, 4, history_size=3, parameters=[other], line_search_fn="strong_wolfe")
    resumed.set_state_dict(proa.load(tmp_path / "state"))
    optimizer.step(closure_of(optimizer, bowl(param), []))
    resumed.step(closure_of(resumed, bowl(other), []))
    np.testing.assert_array_equal(other.numpy(), param.numpy())


def test_rosenbrocks_valley() -> None:
    point = proa.to_tensor(np.array([-1.2, 1.0]), stop_gradient=False)
    optimizer = LBFGS(1.0, 100, 200, 1e-9, 1e-16, parameters=[point], line_search_fn="strong_wolfe")

    def loss() -> Any:
        x, y = point[0], point[1]
        return 100.0 * (y - x * x).square() + (1.0 - x).square()

    values: list[float] = []
    first = optimizer.step(closure_of(optimizer, loss, values))
    np.testing.assert_allclose(first.item(), 24.2, rtol=1e-12)
    np.testing.assert_allclose(point.numpy(), [1.0, 1.0], atol=1e-6)
    assert len(values) < 80


def test_a_complex_parameter_and_two_shapes_at_once() -> None:
    z = proa.to_tensor(np.array([1 + 1j, -2j]), stop_gradient=False)
    x = proa.to_tensor(np.ones((2, 2)), stop_gradient=False)
    optimizer = LBFGS(1.0, 50, parameters=[z, x], line_search_fn="strong_wolfe")

    def loss() -> Any:
        gap = proa.as_real(z - proa.to_tensor(np.array([3 - 1j, 2 + 0.5j])))
        return (gap * gap).sum() + (x - 4.0).square().sum()

    optimizer.step(closure_of(optimizer, loss, []))
    np.testing.assert_allclose(z.numpy(), [3 - 1j, 2 + 0.5j], atol=1e-6)
    np.testing.assert_allclose(x.numpy(), np.full((2, 2), 4.0), atol=1e-6)


def test_wrong_arguments() -> None:
    param = start()
    with pytest.raises(ValueError, match=r"\[LBFGS\] line_search_fn"):
        LBFGS(parameters=[param], line_search_fn="armijo")
    with pytest.raises(ValueError, match=r"\[LBFGS\] max_iter"):
        LBFGS(parameters=[param], max_iter=0)
    with pytest.raises(ValueError, match=r"\[LBFGS\] parameters"):
        LBFGS(parameters=[{"params": [param]}, {"params": [start()]}])
    with pytest.raises(TypeError, match=r"\[LBFGS.step\] closure"):
        LBFGS(parameters=[param]).step()
