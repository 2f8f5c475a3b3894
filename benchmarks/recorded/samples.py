"""Graphs in a file, and values for what they take.

Why values are drawn anew: a sample has statistics of its tensors, no weights. The generator is
seeded by the names of graph and tensor, so that every process draws the same ones in any order.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pathlib
from typing import Any

import numpy

Graph = dict[str, Any]
SPREAD = 0.2  # of the recorded deviation: the source's own factor, which keeps deep graphs in range


def load(path: str | pathlib.Path) -> list[Graph]:
    """All graphs of a file of JSON lines, packed or not."""
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def draw(graph: str, tensor: dict[str, Any]) -> numpy.ndarray:
    """The value of one input or parameter, in its recorded dtype."""
    shape, dtype = tensor["shape"], tensor["dtype"]
    if tensor.get("data") is not None:
        return numpy.array(tensor["data"], dtype).reshape(shape)
    seed = hashlib.sha256(f"{graph}\0{tensor['name']}".encode()).digest()
    random = numpy.random.Generator(numpy.random.PCG64(int.from_bytes(seed[:16], "little")))
    low = 0 if tensor["min"] is None else tensor["min"]
    high = tensor["max"]
    if high is None:
        high = 0 if low < 0 else 2
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if dtype.startswith(("int", "uint")):
        return random.integers(int(low), int(high), shape, endpoint=True).astype(dtype)
    if tensor["mean"] is not None and tensor["std"] is not None:
        values = tensor["mean"] + SPREAD * tensor["std"] * random.standard_normal(shape)
        return numpy.clip(values, low, high).astype(dtype)
    return random.uniform(low, high, shape).astype(dtype)


def split_type(text: str) -> tuple[str, list[int]]:
    """("float32", [-1, 3]) of "float32[-1,3]"."""
    dtype, _, dims = text.rstrip("]").partition("[")
    return dtype, [int(d) for d in dims.split(",") if d]
