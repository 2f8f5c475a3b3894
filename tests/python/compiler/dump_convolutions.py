"""Computes convolutions of many sizes, windows, dtypes and epilogues, with their gradients, and
writes their bits.

Run in a process of its own for each tier: `dump_convolutions.py FILE`; test_convolutions.py
compares.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import proa.nn.functional as F

import proa
from proa import _proa

Tensor = proa.Tensor

# batch, channels, outputs, groups, extents, kernel, stride, padding, dilation
CASES = [
    (1, 1, 1, 1, (5, 5), (3, 3), 1, 1, 1),
    (2, 3, 8, 1, (9, 11), (3, 3), 1, 1, 1),
    (2, 3, 16, 1, (15, 17), (7, 7), 2, 3, 1),
    (1, 7, 17, 1, (8, 9), (2, 2), 1, 0, 1),
    (3, 8, 9, 1, (6, 7), (3, 3), 2, [1, 0, 0, 2], 1),
    (1, 9, 7, 1, (12, 10), (5, 5), 1, [4, 1, 2, 3], 1),
    (2, 16, 64, 1, (7, 7), (3, 3), 1, 1, 1),
    (1, 17, 16, 1, (10, 13), (3, 3), 1, 2, 2),
    (1, 64, 33, 1, (6, 5), (3, 3), [2, 1], 1, 1),
    (1, 300, 24, 1, (5, 5), (3, 3), 1, 1, 1),
    (2, 300, 40, 1, (4, 5), (1, 1), 1, 0, 1),
    (3, 64, 150, 1, (9, 9), (1, 1), 1, 0, 1),
    (2, 17, 7, 1, (8, 8), (1, 1), 2, 0, 1),
    (1, 8, 3, 1, (7, 7), (1, 1), 1, 1, 1),
    (2, 8, 16, 2, (7, 6), (3, 3), 1, 1, 1),
    (1, 9, 6, 3, (8, 9), (3, 3), 2, 1, 1),
    (2, 16, 16, 16, (12, 19), (3, 3), 1, 1, 1),
    (1, 9, 9, 9, (20, 21), (3, 3), 2, 1, 1),
    (1, 8, 16, 8, (14, 37), (5, 5), 1, 2, 1),
    (1, 64, 3, 1, (9, 20), (3, 3), 1, 1, 1),
    (1, 4, 5, 1, (40,), (7,), 1, 3, 1),
    (2, 6, 6, 6, (70,), (5,), 3, 2, 2),
    (1, 2, 3, 1, (300,), (200,), 1, 0, 1),
    (1, 3, 5, 1, (4, 6, 5), (3, 2, 3), 1, 1, 1),
    (70, 2, 5, 1, (4, 4), (3, 3), 1, 1, 1),
    (1, 2, 20, 1, (3, 430), (3, 3), 1, 1, 1),
    (1, 3, 70, 1, (30, 26), (3, 3), 1, 1, 1),
    (0, 3, 4, 1, (5, 5), (3, 3), 1, 1, 1),
    (2, 18, 18, 18, (23, 41), (3, 3), 1, 1, 1),
    (1, 5, 10, 5, (17, 40), (3, 3), 2, 1, 1),
    (1, 12, 12, 12, (9, 64), (3, 3), 1, 2, 2),
    (1, 4, 4, 4, (40, 33), (7, 7), 1, 3, 1),
    (3, 10, 10, 10, (30, 31), (5, 5), 2, 2, 1),
    (1, 3, 3, 3, (5, 300), (3, 3), 1, [2, 1, 0, 1], 1),
    (2, 16, 16, 16, (9, 10), (3, 3), 2, 1, 1),
    (1, 24, 24, 24, (14, 14), (3, 3), 1, 1, 1),
    (2, 40, 40, 40, (7, 7), (5, 5), 1, 2, 1),
    (1, 17, 17, 17, (41, 23), (5, 5), 1, 2, 1),
    (1, 32, 32, 32, (22, 21), (3, 3), 1, 2, 2),
    (1, 11, 11, 11, (30, 29), (3, 3), 2, 1, 1),
    (2, 9, 9, 9, (6, 5, 7), (3, 3, 3), 1, 1, 1),
    (1, 33, 33, 33, (50,), (7,), 2, 3, 1),
    (2, 64, 72, 1, (15, 13), (1, 1), 1, 0, 1),
    (1, 520, 20, 1, (7, 7), (1, 1), 1, 0, 1),
    (1, 4400, 5, 1, (3, 2), (1, 1), 1, 0, 1),
    (1, 9, 9, 9, (21, 17), (3, 3), 1, 2, 2),
    (2, 10, 10, 10, (24, 25), (3, 3), 1, 8, 8),
    (1, 9, 9, 9, (30, 56), (3, 3), 2, [3, 4, 5, 3], 3),
    (1, 8, 8, 8, (25, 34), (3, 3), 1, [0, 4, 4, 0], 5),
    (2, 20, 40, 1, (7, 7), (3, 3), 1, 1, 1),
]
FEW = [1, 4, 9, 10, 12, 15, 16, 17, 18, 28, 29, 34, 36, 38]
DTYPES = ["float64", "float16", "bfloat16"]
CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def tensor(rng: np.random.Generator, shape: list[int], dtype: str) -> Tensor:
    return proa.to_tensor(rng.standard_normal(shape)).cast(dtype)


def bits(x: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    half = x.dtype.name in ("bfloat16", "float16")
    return x.dtype.name, tuple(x.shape), (x.cast("float32") if half else x).numpy().tobytes()


def record(results: dict[str, Any], name: str, f: Callable[..., Any], *arguments: Tensor) -> None:
    found = proa.jit.to_static(f)(*arguments)
    results[name] = [bits(r) for r in (found if isinstance(found, tuple) else (found,))]


def one(results: dict[str, Any], number: int, dtype: str) -> None:
    n, ins, outs, groups, extents, kernel, stride, padding, dilation = CASES[number]
    rng, name = np.random.default_rng(number), f"{number} {dtype}"
    conv, axes = CONV[len(kernel)], len(kernel)
    x = tensor(rng, [n, ins, *extents], dtype)
    w = tensor(rng, [outs, ins // groups, *kernel], dtype)
    b, scale = tensor(rng, [outs], dtype), tensor(rng, [outs], dtype)
    call = (stride, padding, dilation, groups)
    each = [1, outs] + [1] * axes

    def plain(x: Tensor, w: Tensor) -> Any:
        return conv(x, w, None, *call)

    def bias(x: Tensor, w: Tensor, b: Tensor) -> Any:
        return F.relu(conv(x, w, b, *call))

    if dtype == "float32":
        record(results, f"{name} plain", plain, x, w)
        record(results, f"{name} bias", bias, x, w, b)
    y = plain(x, w)
    rest = tensor(rng, list(y.shape), dtype)
    row = tensor(rng, [y.shape[-1]], dtype)

    def norm(x: Tensor, w: Tensor, b: Tensor, scale: Tensor, rest: Tensor) -> Any:
        z = conv(x, w, None, *call) * scale.reshape(each) + b.reshape(each)
        return F.relu(z + rest), z, z > 0

    def across(x: Tensor, w: Tensor, row: Tensor) -> Any:  # an operand along the last axis alone
        return conv(x, w, None, *call) * row

    record(results, f"{name} norm", norm, x, w, b, scale, rest)
    if number % 4 == 0:
        record(results, f"{name} across", across, x, w, row)

    x.stop_gradient = w.stop_gradient = False
    if groups > 1:  # a weight of known extents: its form can be chosen

        def held(x: Tensor) -> Any:
            return plain(x, w), F.relu(conv(x, w, b, *call))

        def step(x: Tensor, g: Tensor) -> Any:
            return tuple(proa.grad([plain(x, w)], [x, w], [g]))

        record(results, f"{name} held", held, x)
        record(results, f"{name} step", step, x, rest)
    found = proa.grad([plain(x, w)], [x, w], [rest])
    results[f"{name} gradients"] = [bits(g) for g in found]


def transposed(results: dict[str, Any]) -> None:
    for number, (stride, padding, dilation, groups) in enumerate(
        [(1, 0, 1, 1), (2, 1, 1, 1), (3, 2, 1, 2), (2, 1, 2, 4), (2, 0, 1, 8)]
    ):
        rng = np.random.default_rng(100 + number)
        x = tensor(rng, [2, 8, 7, 9], "float32")
        w = tensor(rng, [8, 16 // groups, 3, 4], "float32")

        def run(x: Tensor, w: Tensor, call: Any = (stride, padding, 0, dilation, groups)) -> Any:
            return F.relu(F.conv2d_transpose(x, w, None, *call))

        record(results, f"transposed {number}", run, x, w)


def main() -> None:
    results: dict[str, Any] = {}
    for number in range(len(CASES)):
        one(results, number, "float32")
    for number in FEW:
        for dtype in DTYPES:
            one(results, number, dtype)
    transposed(results)
    with open(sys.argv[1], "wb") as file:
        pickle.dump(results, file)
    print(json.dumps(_proa.compiler_report()))


if __name__ == "__main__":
    main()
