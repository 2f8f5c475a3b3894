"""Checkpoints written behind the training: how long the training stands still.

The floor is one copy of the state, which must not change while it is written: the peer here is that
copy, made by NumPy into memory that is there already. Both run in turn in a process of their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np

CASES = {"checkpoint_stall": "what saving 200 MB behind the training takes of it, beside a copy"}
TENSORS, FLOATS = 50, 1_000_000


def figures(rounds: int) -> Iterator[tuple[str, list[float], list[float], str]]:
    """The case, milliseconds of ours and of the copy, and NumPy's version."""
    command = [sys.executable, __file__, str(rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    ours, copies = json.loads(done.stdout)
    yield "checkpoint_stall", ours, copies, np.__version__


def measure(rounds: int) -> tuple[list[float], list[float]]:
    from proa.checkpoint import CheckpointFolder

    import proa

    values = [np.full(FLOATS, i, np.float32) for i in range(TENSORS)]
    state = {f"layer{i}.weight": proa.to_tensor(value) for i, value in enumerate(values)}
    memory = [value.copy() for value in values]
    ours: list[float] = []
    copies: list[float] = []
    with tempfile.TemporaryDirectory() as place, CheckpointFolder(place, keep=1) as folder:
        for step in range(rounds + 1):
            start = time.perf_counter()
            folder.save(step, {"model": state})
            middle = time.perf_counter()
            folder.wait()  # the writer does not run beside the copy
            again = time.perf_counter()
            for value, copy in zip(values, memory, strict=True):
                np.copyto(copy, value)
            end = time.perf_counter()
            if step > 0:  # both are warm
                ours.append((middle - start) * 1e3)
                copies.append((end - again) * 1e3)
    return ours, copies


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
