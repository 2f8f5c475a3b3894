"""Gradients of gradients of operators that keep what their own caller overwrites."""

from __future__ import annotations

from typing import Any

import numpy as np
from proa.jit import to_static

import proa


def slope(x: Any, weight: Any, c: Any, epsilon: float = 1e-5) -> Any:
    """The gradient of sum(c * batch_norm(x, weight)) with respect to x (Ioffe and Szegedy)."""
    rstd = 1 / np.sqrt(x.var(0) + epsilon)
    xhat = (x - x.mean(0)) * rstd
    g = c * weight
    return rstd * (g - g.mean(0) - xhat * (g * xhat).mean(0))


def test_batch_norm_learns_and_is_differentiated_twice() -> None:
    rng = np.random.default_rng(4)
    values, c = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    layer = proa.nn.BatchNorm1D(3)
    layer.to(dtype="float64")
    layer.weight.set_value(rng.normal(size=3))
    weight = layer.weight.numpy()
    x = proa.to_tensor(values, stop_gradient=False)

    def penalty(x: Any) -> tuple[Any, Any]:
        (g,) = proa.grad([(layer(x) * proa.to_tensor(c)).sum()], [x], create_graph=True)
        return g, proa.grad([(g * g).sum()], [x])[0]

    g, second = penalty(x)
    np.testing.assert_allclose(g.numpy(), slope(values, weight, c), rtol=1e-10)
    np.testing.assert_allclose(layer._mean.numpy(), 0.1 * values.mean(0), rtol=1e-12)
    expected, step = np.zeros_like(values), 1e-6
    for at in np.ndindex(values.shape):
        moved = np.zeros_like(values)
        moved[at] = step
        ends = [(slope(values + s * moved, weight, c) ** 2).sum() for s in (1, -1)]
        expected[at] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(second.numpy(), expected, rtol=1e-6, atol=1e-8)
    captured = to_static(penalty)(proa.to_tensor(values, stop_gradient=False))
    assert [t.numpy().tobytes() for t in captured] == [t.numpy().tobytes() for t in (g, second)]
