"""Learn exclusive-or, which no linear model can, with one hidden layer.

python examples/xor.py
"""

import proa
from proa import nn


def main() -> None:
    proa.seed(0)
    inputs = proa.to_tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = proa.to_tensor([[0.0], [1.0], [1.0], [0.0]])

    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = proa.optimizer.Adam(0.05, parameters=model.parameters())
    for step in range(201):
        loss = nn.functional.binary_cross_entropy_with_logits(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        if step % 50 == 0:
            print(f"step {step:3d}: loss {loss.item():.5f}")

    with proa.no_grad():
        probabilities = nn.functional.sigmoid(model(inputs)).numpy()[:, 0]
    for (a, b), p in zip(inputs.numpy().astype(int), probabilities):
        print(f"{a} xor {b} = {int(p > 0.5)}   (probability of 1: {p:.3f})")
    assert [p > 0.5 for p in probabilities] == [False, True, True, False]


if __name__ == "__main__":
    main()
