"""The case `gemm` of run.py: matrix products of f32 beside OpenBLAS, MKL and oneDNN.

Each library computes in a process of its own with the same number of threads; a round times all
of them in turn. One thread is timed by its processor time, which says the same as a clock on an
idle machine and more on a busy one. The peer of a line is the fastest at that size: NumPy's
OpenBLAS, PyTorch (MKL), and oneDNN's sgemm where the library is installed.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from typing import Any

from lines import Line, line_of

# m, n, k
SIZES = [
    *((n, n, n) for n in (64, 128, 256, 512, 1024, 1536)),
    (8, 768, 768), (128, 3072, 768), (49, 512, 4608), (1, 4096, 4096),
]  # fmt: skip
LAYOUTS = {"kn": "x @ w", "nk": "x @ w.T"}
THREADS = (1, 2)
Call = Callable[[], object]


def case_names() -> list[tuple[str, tuple[int, int, int], str]]:
    return [(f"{m}x{n}x{k} {layout}", (m, n, k), layout) for m, n, k in SIZES for layout in LAYOUTS]


def proa_call(x: Any, w: Any, turned: bool) -> tuple[str, Call]:
    import proa

    product = proa.jit.to_static(lambda a, b: proa.matmul(a, b, transpose_y=turned))
    a, b = proa.to_tensor(x), proa.to_tensor(w)
    return proa.__version__, lambda: product(a, b)


def numpy_call(x: Any, w: Any, turned: bool) -> tuple[str, Call]:
    import numpy as np

    b, out = w.T if turned else w, np.empty((len(x), len(w) if turned else w.shape[1]), "float32")
    return np.__version__, lambda: np.matmul(x, b, out=out)


def torch_call(x: Any, w: Any, turned: bool) -> tuple[str, Call]:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    a, b = torch.from_numpy(x), torch.from_numpy(w)
    b = b.t() if turned else b
    out = torch.empty(a.shape[0], b.shape[1])
    return torch.__version__, lambda: torch.mm(a, b, out=out)


def onednn_call(x: Any, w: Any, turned: bool) -> tuple[str, Call]:
    import numpy as np

    library = ctypes.CDLL(ctypes.util.find_library("dnnl") or "libdnnl.so")
    (m, k), n = x.shape, len(w) if turned else w.shape[1]
    out = np.empty((m, n), "float32")
    size = ctypes.c_int64
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (x, w, out)]
    arguments = (
        ctypes.c_char(b"N"), ctypes.c_char(b"T" if turned else b"N"), size(m), size(n), size(k),
        ctypes.c_float(1), pointers[0], size(k), pointers[1], size(k if turned else n),
        ctypes.c_float(0), pointers[2], size(n),
    )  # fmt: skip

    def call() -> object:
        if library.dnnl_sgemm(*arguments) != 0:
            raise SystemExit("dnnl_sgemm refused")
        return out

    call()
    assert np.allclose(out, x @ (w.T if turned else w), rtol=1e-3, atol=1e-2)
    return "sgemm", call


MAKERS = {"proa": proa_call, "numpy": numpy_call, "torch": torch_call, "onednn": onednn_call}


def work(library: str) -> None:
    """A worker: for each case named on a line, the seconds of one call over about 50 ms."""
    import numpy as np

    named = {name: (size, layout) for name, size, layout in case_names()}
    rng = np.random.default_rng(1)
    timers: dict[str, tuple[timeit.Timer, int]] = {}
    clock = time.process_time if os.environ["OMP_NUM_THREADS"] == "1" else time.perf_counter
    x = np.ones((2, 2), "float32")
    print(MAKERS[library](x, x, False)[0], flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in timers:
            (m, n, k), layout = named[name]
            turned = layout == "nk"
            a = rng.standard_normal((m, k), "float32")
            b = rng.standard_normal((n, k) if turned else (k, n), "float32")
            timer = timeit.Timer(MAKERS[library](a, b, turned)[1], timer=clock)
            timer.timeit(3)
            timers[name] = timer, max(1, timer.autorange()[0] // 4)
        timer, count = timers[name]
        print(min(timer.repeat(3, count)) / count, flush=True)


class Worker:
    def __init__(self, python: str | pathlib.Path, library: str, threads: int) -> None:
        number = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PROA_NUM_THREADS")
        self.library = library
        self.process = subprocess.Popen(
            [python, __file__, library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if library == "onednn" else None,
            env={**os.environ, **dict.fromkeys(names, number)},
            text=True,
        )
        assert self.process.stdout is not None
        self.version = self.process.stdout.readline().strip()  # empty: it is not to be had

    def seconds(self, case: str) -> float:
        assert self.process.stdin is not None and self.process.stdout is not None
        print(case, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the worker of {self.library} ended: {self.process.wait()}")
        return float(line)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def figures(rounds: int, peer_python: pathlib.Path | None) -> Iterator[Line]:
    """A line for each size, layout and number of threads, in microseconds."""
    for threads in THREADS:
        ours = Worker(sys.executable, "proa", threads)
        peers = []
        for library in ("numpy", "torch", "onednn") if peer_python else ():
            worker = Worker(peer_python, library, threads)
            if worker.version:
                peers.append(worker)
            else:
                worker.close()
        for name, _, _ in case_names():
            times: dict[str, list[float]] = {w.library: [] for w in (ours, *peers)}
            for _ in range(rounds):
                for worker in (ours, *peers):
                    times[worker.library].append(worker.seconds(name) * 1e6)
            median = {library: statistics.median(values) for library, values in times.items()}
            best = min(peers, key=lambda w: median[w.library], default=None)
            yield line_of(
                f"gemm {name}",
                times["proa"],
                times[best.library] if best else [],
                best.version if best else None,
                "us",
                threads,
                best.library if best else None,
            )
        for worker in (ours, *peers):
            worker.close()


if __name__ == "__main__":
    work(sys.argv[1])
