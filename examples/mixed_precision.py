"""The same training in float32 and in bfloat16 with float32 master weights, side by side.

python examples/mixed_precision.py
"""

import numpy as np

import proa
from proa import amp, nn


def final_loss(level: str) -> float:
    """Mean squared error after learning a sine; level "O0" is plain float32."""
    proa.seed(0)
    x = np.linspace(-1.0, 1.0, 64, dtype=np.float32)[:, None]
    inputs, targets = proa.to_tensor(x), proa.to_tensor(np.sin(3.0 * x))
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = proa.optimizer.AdamW(0.05, parameters=model.parameters())
    if level == "O2":
        model, optimizer = amp.decorate(model, optimizer, level=level, dtype="bfloat16")
    scaler = amp.GradScaler(init_loss_scaling=1024.0)
    for _ in range(200):
        with amp.auto_cast(level=level, dtype="bfloat16"):
            loss = nn.functional.mse_loss(model(inputs), targets)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.clear_grad()
    return float(loss.item())


def main() -> None:
    losses = {level: final_loss(level) for level in ("O0", "O1", "O2")}
    for level, loss in losses.items():
        print(f"{level}: loss {loss:.5f}")
    assert max(losses.values()) < 0.02


if __name__ == "__main__":
    main()
