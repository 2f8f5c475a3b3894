"""Counts the kernels of single calls over sizes and strides; run under PROA_TIER=compiled.

`count_kernels.py LEAST` calls each operator with 100 pairs of sizes from LEAST on and prints how
many kernels it took.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import proa.nn.functional as F
from test_buckets import kernels_of, viewed

import proa

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "unary": lambda x, b: proa.tanh(x),
    "binary": lambda x, b: x * x,
    "broadcast": lambda x, b: x + b,
    "columns": lambda x, b: x.sum(0),
    "rows": lambda x, b: x.sum(-1),
    "all": lambda x, b: x.sum(),
    "largest": lambda x, b: x.max(-1),
    "product": lambda x, b: proa.matmul(x, x, transpose_x=True),
    "softmax": lambda x, b: F.softmax(x, -1),
}


def main() -> None:
    least = int(sys.argv[1])
    counts: dict[str, int] = {}
    for name, function in OPERATORS.items():
        rng = np.random.default_rng(len(name))
        kernels: set[str] = set()
        for number in range(100):
            rows, columns = (least + int(n) for n in rng.choice([0, 0, 1, 4, 15, 39, 69], 2))
            x = viewed(rng.normal(size=(rows, columns)).astype(np.float32), number % 4)
            b = proa.to_tensor(rng.normal(size=(columns,)).astype(np.float32))
            kernels |= kernels_of(lambda f=function, x=x, b=b: f(x, b))  # type: ignore[misc]
        counts[name] = len(kernels)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
