"""Computes small networks of convolutions of the usual kinds, captured, and writes their bits.

Run in a process of its own for each tier and list of passes: `dump_layouts.py FILE`;
test_layouts.py compares.
"""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any

import numpy as np
import proa.nn.functional as F

import proa
from proa import _proa

Tensor = proa.Tensor


class Weights:
    """Weights by the order in which they are asked for, the same in every run."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.rng, self.dtype, self.held = np.random.default_rng(seed), dtype, list[Tensor]()
        self.at = 0

    def __call__(self, *shape: int) -> Tensor:
        if self.at == len(self.held):
            numbers = proa.to_tensor(self.rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:])))
            self.held.append(numbers.cast(self.dtype))
        self.at += 1
        return self.held[self.at - 1]


def norm(w: Weights, x: Tensor, act: bool = True) -> Tensor:
    y = x * w(1, x.shape[1], 1, 1) + w(1, x.shape[1], 1, 1)
    return F.relu(y) if act else y


def conv(
    w: Weights,
    x: Tensor,
    outs: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    wide: int = 1,
) -> Tensor:
    weight = w(outs, x.shape[1] // groups, kernel, kernel)
    return F.conv2d(x, weight, None, stride, kernel // 2 * wide, wide, groups)


def residual(w: Weights, x: Tensor) -> Tensor:
    x = F.max_pool2d(norm(w, conv(w, x, 24, 7, 2)), 3, 2, 1)
    for outs, stride in [(24, 1), (40, 2)]:
        y = norm(w, conv(w, x, outs, 3, stride))
        y = norm(w, conv(w, y, outs, 3), act=False)
        x = F.relu(y + (x if stride == 1 else norm(w, conv(w, x, outs, 1, 2), act=False)))
    return F.adaptive_avg_pool2d(x, 1).flatten(1) @ w(40, 10)


def mobile(w: Weights, x: Tensor) -> Tensor:
    x = norm(w, conv(w, x, 16, 3, 2))
    for outs, kernel, stride, wide in [(16, 3, 1, 1), (24, 5, 2, 1), (24, 3, 1, 2), (20, 3, 2, 1)]:
        inner = 3 * x.shape[1]
        y = F.hardswish(conv(w, x, inner))
        y = F.relu6(conv(w, y, inner, kernel, stride, inner, wide))
        s = F.relu(conv(w, F.adaptive_avg_pool2d(y, 1), 8))
        y = y * F.hardsigmoid(conv(w, s, inner))
        y = norm(w, conv(w, y, outs), act=False)
        x = x + y if y.shape[1] == x.shape[1] and stride == 1 else y
    return F.relu(conv(w, x, 70)).mean([2, 3]), x


def branches(w: Weights, x: Tensor) -> Tensor:
    x = F.silu(conv(w, x, 32, 3, 2))
    a, b = F.silu(conv(w, x, 16)), F.silu(conv(w, x, 16))
    a = a + F.silu(conv(w, F.silu(conv(w, a, 16)), 16, 3))
    x = F.silu(conv(w, proa.concat([a, b], 1), 32))
    low, high = x[:, :16], x[:, 16:]
    pools = [F.max_pool2d(high, 5, 1, 2), F.avg_pool2d(high, 2, 2), F.max_pool2d(low, 2, 2)]
    y = proa.concat([F.interpolate(pools[1] - pools[2], scale_factor=2), pools[0], low], 1)
    y = F.silu(conv(w, y, 24))
    top = conv(w, F.silu(conv(w, y, 24, 3, 1, 8)), 9)
    return top, F.sigmoid(conv(w, y, 1, 3)), y.max([2, 3]), conv(w, y, 17).transpose([0, 2, 3, 1])


def lines(w: Weights, x: Tensor) -> Tensor:
    x = x.flatten(2)
    y = F.gelu(F.conv1d(x, w(24, x.shape[1], 5), None, 2, 2))
    y = F.conv1d(y, w(24, 1, 7), None, 1, 3, 1, 24) + y
    return F.conv1d(F.conv1d(F.gelu(y), w(64, 24, 1)), w(8, 64, 1))


NETS = {"residual": residual, "mobile": mobile, "branches": branches, "lines": lines}
SIZES = [(1, 32, 32), (2, 32, 48), (3, 44, 36), (1, 64, 64)]


def bits(x: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    half = x.dtype.name in ("bfloat16", "float16")
    return x.dtype.name, tuple(x.shape), (x.cast("float32") if half else x).numpy().tobytes()


def main() -> None:
    results: dict[str, Any] = {}
    turned = {}
    for seed, (name, net) in enumerate(NETS.items()):
        for dtype in ["float32", "float64", "bfloat16"] if name == "mobile" else ["float32"]:
            w = Weights(seed, dtype)

            def run(x: Tensor, w: Weights = w, net: Any = net) -> Any:
                w.at = 0
                return net(w, x)

            run(proa.zeros([1, 3, 32, 32]).cast(dtype))  # the weights are there before the capture
            rng = np.random.default_rng(7)
            captured = proa.jit.to_static(run)
            before = _proa.compiler_report()["channels_last"]
            for size in SIZES:
                x = proa.to_tensor(rng.standard_normal([size[0], 3, *size[1:]])).cast(dtype)
                found = captured(x)
                found = found if isinstance(found, tuple) else (found,)
                results[f"{name} {dtype} {size}"] = [bits(r) for r in found]
            turned[name] = _proa.compiler_report()["channels_last"] - before

    w = Weights(11, "float32")

    def step(x: Tensor, *weights: Tensor) -> Any:
        w.at, w.held = 0, list(weights)
        top = mobile(w, x)[0]
        return tuple(proa.grad([(top * top).sum()], [x, *weights]))

    mobile(w, proa.zeros([1, 3, 32, 32]))
    for x in [*w.held]:
        x.stop_gradient = False
    held = list(w.held)
    for size in SIZES[:2]:
        x = proa.to_tensor(np.random.default_rng(3).standard_normal([size[0], 3, *size[1:]]))
        x = x.cast("float32")
        x.stop_gradient = False
        results[f"step {size}"] = [bits(g) for g in proa.jit.to_static(step)(x, *held)]
    with open(sys.argv[1], "wb") as file:
        pickle.dump(results, file)
    print(json.dumps({"turned": turned, **_proa.compiler_report()}))


if __name__ == "__main__":
    main()
