"""Counts the kernels of single calls over sizes and strides; run under PROA_TIER=compiled.

`count_kernels.py LEAST` calls each operator with 100 pairs of sizes from LEAST on and prints how
many kernels it took, and how many sets of kernels a call had.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import proa.nn.functional as F
from test_buckets import kernels_of, viewed

import proa

# Of a matrix, a vector as long as its rows, matrices, images of three channels, and two weights.
OPERATORS: dict[str, Callable[..., Any]] = {
    "unary": lambda x, b, z, i, w, v: proa.tanh(x),
    "binary": lambda x, b, z, i, w, v: x * x,
    "broadcast": lambda x, b, z, i, w, v: x + b,
    "outer": lambda x, b, z, i, w, v: proa.multiply(b[:, None], b),
    "transpose": lambda x, b, z, i, w, v: proa.add(x.t(), b[:, None]),
    "columns": lambda x, b, z, i, w, v: x.sum(0),
    "rows": lambda x, b, z, i, w, v: x.sum(-1),
    "between": lambda x, b, z, i, w, v: z.sum(1),
    "all": lambda x, b, z, i, w, v: x.sum(),
    "largest": lambda x, b, z, i, w, v: x.max(-1),
    "product": lambda x, b, z, i, w, v: proa.matmul(x, x, transpose_x=True),
    "products": lambda x, b, z, i, w, v: proa.matmul(z, x, transpose_y=True),
    "softmax": lambda x, b, z, i, w, v: F.softmax(x, -1),
    "log_softmax": lambda x, b, z, i, w, v: F.log_softmax(z, -1),
    "convolution": lambda x, b, z, i, w, v: F.conv2d(i, w),
    "depthwise": lambda x, b, z, i, w, v: F.conv2d(i, v, groups=3),
}
EXTENTS = [0, 0, 1, 4, 15, 39, 69]


def main() -> None:
    least = int(sys.argv[1])
    with contextlib.suppress(proa.ShapeError):  # a wrong call costs the right ones nothing
        proa.matmul(proa.ones([3, 4]), proa.ones([5, 4]), transpose_x=True)
    counts: dict[str, tuple[int, int]] = {}
    for name, function in OPERATORS.items():
        rng = np.random.default_rng(len(name))

        def tensor(*shape: int, rng: np.random.Generator = rng) -> Any:
            return proa.to_tensor(rng.normal(size=shape).astype(np.float32))

        buckets: set[frozenset[str]] = set()
        for number in range(100):
            rows, columns, depth = (least + int(n) for n in rng.choice(EXTENTS, 3))
            x = viewed(rng.normal(size=(rows, columns)).astype(np.float32), number % 4)
            kernel = min(rows, columns, least + number % 2)
            operands = (
                x,
                tensor(columns),
                tensor(depth, rows, columns),
                tensor(depth, 3, rows, columns),
                tensor(5, 3, kernel, kernel),
                tensor(3, 1, kernel, kernel),
            )
            kernels = kernels_of(lambda f=function, a=operands: f(*a))  # type: ignore[misc]
            buckets.add(frozenset(kernels))
        buckets.discard(frozenset())  # of a call before the kernel was there
        counts[name] = len(frozenset().union(*buckets)), len(buckets)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
