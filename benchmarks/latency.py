"""How long the first call of a captured function takes: a kernel of 15 operations.

The compiler is loaded and has made another kernel before; what is timed is capture, compilation and
the first run. `compile_latency` compiles, `compile_latency_disk` finds the kernel on the disk.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

CASES = {"compile_latency": "first call of 15 captured operations: compiled, and from the disk"}
PROGRAM = """
import sys, time
sys.path.insert(0, {folder!r})
from cases.chain import chain
import proa
x, y = proa.randn([64, 48]), proa.rand([64, 48])
proa.jit.to_static(lambda x: proa.sin(x) * 2.0)(x)
start = time.perf_counter()
proa.jit.to_static(lambda x, y: chain(proa, x, y))(x, y)
print(time.perf_counter() - start)
"""


def once(cache: str) -> float:
    """Milliseconds in a process of its own; no cache: an empty text."""
    program = PROGRAM.format(folder=str(pathlib.Path(__file__).parent))
    environment = {**os.environ, "PROA_CACHE_DIR": cache}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout) * 1e3


def figures(rounds: int) -> Iterator[tuple[str, list[float]]]:
    """(figure, milliseconds of each round)."""
    with tempfile.TemporaryDirectory() as cache:
        once(cache)
        cold, warm = [], []
        for _ in range(rounds):
            cold.append(once(""))
            warm.append(once(cache))
    yield "compile_latency", cold
    yield "compile_latency_disk", warm
