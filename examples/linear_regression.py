"""Fit a line through noisy points, and compare with the exact least-squares solution.

python examples/linear_regression.py
"""

import numpy as np

import proa
from proa import nn


def main() -> None:
    proa.seed(0)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1.0, 1.0, (200, 1)).astype(np.float32)
    y = (3.0 * x - 0.5 + 0.1 * rng.standard_normal((200, 1))).astype(np.float32)
    inputs, targets = proa.to_tensor(x), proa.to_tensor(y)

    model = nn.Linear(1, 1)
    optimizer = proa.optimizer.SGD(0.5, parameters=model.parameters())
    for step in range(101):
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        if step % 20 == 0:
            print(f"step {step:3d}: loss {loss.item():.5f}")

    slope, offset = model.weight.item(), model.bias.item()
    exact, *_ = np.linalg.lstsq(np.hstack([x, np.ones_like(x)]), y, rcond=None)
    print(f"found          y = {slope:.4f} x + {offset:.4f}")
    print(f"least squares  y = {exact[0, 0]:.4f} x + {exact[1, 0]:.4f}")
    assert abs(slope - exact[0, 0]) < 1e-3 and abs(offset - exact[1, 0]) < 1e-3


if __name__ == "__main__":
    main()
