"""Computes contractions of many sizes, layouts, dtypes and epilogues and writes their bits.

Run in a process of its own for each tier: `dump_contractions.py FILE`; test_contractions.py
compares.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import proa.nn.functional as F

import proa
from proa import _proa

Tensor = proa.Tensor

# m, n, k
SIZES = [
    (0, 4, 3), (4, 0, 3), (4, 3, 0), (1, 1, 1), (1, 17, 5), (13, 1, 9), (2, 16, 8), (5, 15, 7),
    (6, 16, 16), (7, 17, 17), (8, 33, 255), (9, 31, 256), (12, 48, 257), (17, 23, 300),
    (8, 70, 768), (3, 40, 4095), (2, 5, 4096), (7, 19, 4097), (1, 300, 8200), (121, 65, 31),
    (250, 130, 40), (64, 400, 520), (131, 517, 33), (300, 200, 100), (700, 50, 290),
    (1, 70, 4096), (1, 37, 1024), (600, 420, 300), (140, 40, 4100), (40, 1030, 20),
]  # fmt: skip
FEW = [(5, 15, 7), (17, 23, 300), (1, 40, 33), (7, 19, 4097), (121, 65, 31)]
DTYPES = [
    "float64", "float16", "bfloat16", "complex64", "complex128",
    "uint8", "int8", "int16", "int32", "int64",
]  # fmt: skip


def tensor(rng: np.random.Generator, shape: list[int], dtype: str) -> Tensor:
    if dtype.startswith(("int", "uint")):
        info = np.iinfo(dtype)
        return proa.to_tensor(rng.integers(info.min, info.max, shape, dtype, endpoint=True))
    values = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        return proa.to_tensor((values + 1j * rng.standard_normal(shape)).astype(dtype))
    return proa.to_tensor(values).cast(dtype)


def bits(x: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    half = x.dtype.name in ("bfloat16", "float16")
    return x.dtype.name, tuple(x.shape), (x.cast("float32") if half else x).numpy().tobytes()


def dense(x: Tensor, y: Tensor, b: Tensor, r: Tensor) -> Any:
    return F.gelu(proa.matmul(x, y) + b)


def residual(x: Tensor, y: Tensor, b: Tensor, r: Tensor) -> Any:
    z = proa.matmul(x, y) * 0.25 + b
    return z, F.relu(z) + r, z > 0


def narrowed(x: Tensor, y: Tensor, b: Tensor, r: Tensor) -> Any:
    return proa.matmul(x, y).cast("bfloat16"), (proa.matmul(x, y) * r).cast("float64")


def normed(x: Tensor, y: Tensor, b: Tensor, r: Tensor) -> Any:
    return F.softmax(proa.matmul(x, y) + b, -1)


Call = Callable[[], Any]


def matrices() -> Iterator[tuple[str, Call]]:
    """Every way to lay two matrices out, every size."""
    rng = np.random.default_rng(7)
    for tx in (False, True):
        for ty in (False, True):
            product = proa.jit.to_static(
                lambda x, y, tx=tx, ty=ty: proa.matmul(x, y, transpose_x=tx, transpose_y=ty)
            )
            for dtype in ["float32", *(DTYPES if tx == ty else [])]:
                for m, n, k in SIZES if dtype == "float32" else FEW:
                    x = tensor(rng, [k, m] if tx else [m, k], dtype)
                    y = tensor(rng, [n, k] if ty else [k, n], dtype)
                    name = f"{dtype} {m}x{n}x{k} {tx} {ty}"
                    yield name, lambda f=product, x=x, y=y: f(x, y)


def stacks() -> Iterator[tuple[str, Call]]:
    """Batches: dense, broadcast to either side, moved axes, several contracted axes."""
    rng = np.random.default_rng(8)

    def both(name: str, f: Any, *shapes: list[int]) -> Iterator[tuple[str, Call]]:
        captured = proa.jit.to_static(f)
        for dtype in ("float32", "complex64", "bfloat16"):
            values = [tensor(rng, shape, dtype) for shape in shapes]
            yield f"{name} {dtype} {shapes}", lambda values=values: captured(*values)

    for x, y in [
        ([3, 17, 20], [3, 20, 19]), ([3, 17, 20], [1, 20, 19]), ([1, 17, 20], [3, 20, 19]),
        ([2, 3, 7, 20], [3, 20, 9]), ([4, 5, 20], [20, 18]), ([2, 1, 6, 300], [1, 5, 300, 33]),
        ([20], [3, 20, 9]), ([3, 9, 20], [20]), ([33], [33]),
    ]:  # fmt: skip
        yield from both("matmul", proa.matmul, x, y)

    def scores(q: Tensor, k: Tensor) -> Tensor:
        return proa.matmul(proa.transpose(q, [0, 2, 1, 3]), proa.transpose(k, [0, 2, 3, 1]))

    yield from both("scores", scores, [2, 9, 4, 16], [2, 13, 4, 16])
    for axes, y in (
        ([[1, 2], [0, 1]], [6, 5, 7]), ([[2, 1], [1, 0]], [6, 5, 7]), ([[0, 2], [2, 1]], [7, 5, 4]),
    ):  # fmt: skip
        yield from both(
            f"tensordot {axes}", lambda x, y, axes=axes: proa.tensordot(x, y, axes), [4, 6, 5], y
        )


def parts() -> Iterator[tuple[str, Call]]:
    """Rows and columns that lie in larger matrices, from any element on."""
    rng = np.random.default_rng(12)
    sizes = [
        (5, 20, 30), (11, 39, 603), (8, 30, 5003), (12, 37, 33), (40, 70, 300), (150, 33, 65),
    ]  # fmt: skip

    def inner(x: Tensor, y: Tensor) -> Tensor:
        return proa.matmul(x[3:, 1:-2], y[1:-2, 5:])

    def inner_turned(x: Tensor, y: Tensor) -> Tensor:
        return proa.matmul(x[3:, 1:-2], y[5:, 1:-2], transpose_y=True)

    for f in (inner, inner_turned):
        product = proa.jit.to_static(f)
        for dtype in ("float32", "float64", "float16", "complex64"):
            for m, n, k in sizes:
                y_shape = [n, k] if f is inner_turned else [k, n]
                x, y = tensor(rng, [m, k], dtype), tensor(rng, y_shape, dtype)
                yield f"{f.__name__} {dtype} {m}x{n}x{k}", lambda p=product, x=x, y=y: p(x, y)


def tiny() -> Iterator[tuple[str, Call]]:
    """Products that underflow: a chain may end in -0, which must stay."""
    rng = np.random.default_rng(11)
    for ty in (False, True):
        product = proa.jit.to_static(lambda x, y, ty=ty: proa.matmul(x, y, transpose_y=ty))
        for m, n, k in [(1, 40, 3), (1, 33, 600), (4, 33, 20), (8, 40, 300), (40, 40, 5)]:
            x = tensor(rng, [m, k], "float32") * 1e-23
            y = tensor(rng, [n, k] if ty else [k, n], "float32") * -1e-23
            yield f"tiny {m}x{n}x{k} {ty}", lambda f=product, x=x, y=y: f(x, y)


def epilogues() -> Iterator[tuple[str, Call]]:
    rng = np.random.default_rng(9)
    for function in (dense, residual, narrowed, normed):
        captured = proa.jit.to_static(function)
        for dtype in ("float32", "bfloat16"):
            for m, n, k in [*FEW, (8, 64, 768)]:
                x, y = tensor(rng, [m, k], dtype), tensor(rng, [k, n], dtype)
                b, r = tensor(rng, [n], dtype), tensor(rng, [m, n], dtype)
                name = f"{function.__name__} {dtype} {m}x{n}x{k}"
                yield name, lambda f=captured, a=(x, y, b, r): f(*a)


def dequantised(x: Tensor, w: Tensor, scale: Tensor, zero: Tensor) -> Any:
    return proa.matmul(x, (w.cast(x.dtype) - zero) * scale)


def dequantised_turned(x: Tensor, w: Tensor, scale: Tensor, zero: Tensor) -> Any:
    values = (w.cast(x.dtype) - zero.unsqueeze(1)) * scale.unsqueeze(1)
    return F.relu(proa.matmul(x, values, transpose_y=True) + 1)


def both(x: Tensor, w: Tensor, scale: Tensor, zero: Tensor) -> Any:
    """Rows and columns computed from what is in memory, the columns turned and cut."""
    a, b = F.softmax(x, -1), F.softmax(w, -1)
    return a, b, proa.matmul(a * 2 - zero[0], proa.maximum(b, scale.unsqueeze(1)).T[:, 1:])


def stacked(x: Tensor, w: Tensor, scale: Tensor, zero: Tensor) -> Any:
    """Each of two heads; the columns stand still along the batch."""
    a = F.softmax(x, -1)
    heads = proa.stack([a, a + 1]).unsqueeze(1)
    return a, proa.matmul(-heads, (w.cast(x.dtype) - zero.unsqueeze(1)).T)


def computed_operands() -> Iterator[tuple[str, Call]]:
    """Operands that are computed while they are packed."""
    rng = np.random.default_rng(12)
    for function, weights in [
        (dequantised, "int8"), (dequantised, "uint8"), (dequantised_turned, "int8"),
        (both, "float"), (stacked, "int8"),
    ]:  # fmt: skip
        captured = proa.jit.to_static(function)
        for dtype in ("float32", "float64", "bfloat16"):
            for m, n, k in [*FEW, (8, 64, 768), (2, 16, 8), (300, 200, 100), (1, 17, 5)]:
                shape = [k, n] if function is dequantised else [n, k]
                w = tensor(rng, shape, dtype if weights == "float" else weights)
                scale, zero = tensor(rng, [n], dtype), tensor(rng, [n], dtype)
                x = tensor(rng, [m, k], dtype)
                name = f"{function.__name__} {weights} {dtype} {m}x{n}x{k}"
                yield name, lambda f=captured, a=(x, w, scale, zero): f(*a)


def gradients() -> Iterator[tuple[str, Call]]:
    rng = np.random.default_rng(10)
    layers = proa.jit.to_static(
        lambda x, w, v, b: proa.mean(F.gelu(F.linear(x, w, b)).matmul(v) ** 2)
    )
    for rows in (3, 40):
        leaves = [
            tensor(rng, shape, "float32") for shape in ([2, rows, 24], [24, 33], [33, 5], [33])
        ]
        for leaf in leaves:
            leaf.stop_gradient = False
        yield f"gradients {rows}", lambda a=leaves: proa.grad(layers(*a), a)


def main() -> None:
    results: dict[str, Any] = {}
    for source in (matrices, stacks, parts, tiny, epilogues, computed_operands, gradients):
        for name, call in source():
            found = call()
            found = found if isinstance(found, list | tuple) else [found]
            results[name] = [bits(x) for x in found]
    with open(sys.argv[1], "wb") as file:
        pickle.dump(results, file)
    print(json.dumps(_proa.compiler_report()))


if __name__ == "__main__":
    main()
