"""Trains a network with one hidden layer on XOR; the whole step is two functions of the toy."""

from __future__ import annotations

import numpy as np
from toy import Value, differentiate, evaluate, trace


def loss(x: Value, target: Value, w1: Value, b1: Value, w2: Value) -> Value:
    return (x.dot(w1) + b1).tanh().dot(w2).cross_entropy(target)


def main() -> None:
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    target = np.eye(2)[[0, 1, 1, 0]]
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in ((2, 8), (8,), (8, 2))]
    forward = trace(loss, x.shape, target.shape, *(w.shape for w in weights))
    backward = differentiate(forward)
    print(forward, end="\n\n")
    for step in range(201):
        gradients = evaluate(backward, x, target, *weights, 1.0)[2:]
        if step % 50 == 0:
            print(f"step {step:>3}: loss {evaluate(forward, x, target, *weights)[0]:.4f}")
        weights = [w - 0.5 * g for w, g in zip(weights, gradients)]


if __name__ == "__main__":
    main()
