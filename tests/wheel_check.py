"""Trains a little with an installed wheel; scripts/wheel runs it where the source tree is not.

Fits y = Xw by a linear layer and compares with NumPy's least squares.
"""

import sys

import numpy as np

import proa

assert "site-packages" in proa.__file__, f"not the installed package: {proa.__file__}"

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 3)).astype(np.float32)
y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32) + 0.25
layer = proa.nn.Linear(3, 1)
optimizer = proa.optimizer.SGD(learning_rate=0.2, parameters=layer.parameters())
for _ in range(200):
    loss = ((layer(proa.to_tensor(x)) - proa.to_tensor(y)) ** 2).mean()
    loss.backward()
    optimizer.step()
    optimizer.clear_grad()
solution = np.linalg.lstsq(np.hstack([x, np.ones((64, 1), np.float32)]), y, rcond=None)[0]
found = np.concatenate([layer.weight.numpy().ravel(), layer.bias.numpy().ravel()])
error = float(np.abs(found - solution.ravel()).max())
print(f"proa {proa.__version__} from its wheel: loss {float(loss):.2e}, largest error {error:.2e}")
sys.exit(0 if error < 1e-4 else 1)
