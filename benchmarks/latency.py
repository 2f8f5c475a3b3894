"""How long the first call of captured functions takes: 15 operations, and a whole training step.

The compiler is loaded and has made another kernel before; what is timed is capture, compilation and
the first run, for the step less what its second run takes. `compile_latency` and
`compile_latency_step` compile, `..._disk` find the kernels on the disk.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

CASES = {
    "compile_latency": "first call of 15 captured operations: compiled, and from the disk",
    "compile_latency_step": "first call of the captured step of train_gpt: the same",
}
HEAD = """
import sys, time
sys.path.insert(0, {folder!r})
import proa
proa.jit.to_static(lambda x: proa.sin(x) * 2.0)(proa.randn([64, 48]))
"""
PROGRAMS = {
    "compile_latency": """
from cases.chain import chain
x, y = proa.randn([64, 48]), proa.rand([64, 48])
start = time.perf_counter()
proa.jit.to_static(lambda x, y: chain(proa, x, y))(x, y)
print(time.perf_counter() - start)
""",
    "compile_latency_step": """
from cases import training
step = training.make("proa", "train_gpt")
start = time.perf_counter()
step()
second = time.perf_counter()
step()
print(2 * second - start - time.perf_counter())
""",
}


def once(case: str, cache: str) -> float:
    """Milliseconds in a process of its own; no cache: an empty text."""
    program = HEAD.format(folder=str(pathlib.Path(__file__).parent)) + PROGRAMS[case]
    environment = {**os.environ, "PROA_CACHE_DIR": cache}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout) * 1e3


def figures(case: str, rounds: int) -> Iterator[tuple[str, list[float]]]:
    """(figure, milliseconds of each round)."""
    with tempfile.TemporaryDirectory() as cache:
        once(case, cache)
        cold, warm = [], []
        for _ in range(rounds):
            cold.append(once(case, ""))
            warm.append(once(case, cache))
    yield case, cold
    yield f"{case}_disk", warm
