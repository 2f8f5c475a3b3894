"""Times Proa beside its peers: one JSON line a figure.

    .venv/bin/python benchmarks/run.py [CASE ...] [--json] [--rounds N]

Ours and the peer's rounds are timed in turn in one run, each in a process of its own, and the
figures are medians over the rounds. PyTorch comes from .peers (scripts/peers installs it); where it
is missing the peer's fields are null. `ratio` is ours divided by the peer's: below 1 is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import timeit
from collections.abc import Callable, Iterator
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]
PEERS = ROOT / ".peers/bin/python"
CASES = {
    "crc32c": "checksums of files: the built program benchmarks/crc32c.cc",
    "eager_add": "x + y of 8 floats from Python, without the tape and with it",
    "eager_backward": "20 operations on 8 floats with the tape, and backward through them",
    "fused_chain": "15 elementwise operations on 4M floats: ours captured, the peer's eager",
    "softmax": "softmax of the rows of [4096, 1024], captured",
    "layer_norm": "layer norm of the rows of [4096, 1024], captured",
    "import_time": "import of the package in a fresh interpreter",
    "allocator": "memory of the host: the built program benchmarks/allocator.cc",
    "symbol": "symbolic sizes: the built program benchmarks/symbol.cc",
    "thread_pool": "loops over threads: the built program benchmarks/thread_pool.cc",
}
PROGRAMS = {"allocator", "crc32c", "symbol", "thread_pool"}  # built on demand as bench-NAME
CAPTURED = ("fused_chain", "softmax", "layer_norm")
CHAIN = 20  # operations of eager_backward
Line = dict[str, Any]


def chain(f: Any, x: Any, y: Any) -> Any:
    """15 operations, each of which reads and writes all of memory where it runs alone."""
    z = f.tanh(x * y + x) * 0.5
    z = f.exp(-(z * z)) - y
    z = f.abs(z) + 1.0
    return f.sqrt(z) * x / (z + 2.0) - y


def make_captured(framework: str, name: str) -> Callable[[], object]:
    """Ours as one graph; PyTorch's own kernels, in eager."""
    shape = [4096, 1024]
    if framework == "proa":
        from proa.nn import functional as nn

        import proa as f

        x, y, w = f.randn(shape), f.rand(shape), f.ones(shape[1:])
        rows = {
            "fused_chain": lambda x, y: chain(f, x, y),
            "softmax": lambda x, y: nn.softmax(x, -1),
            "layer_norm": lambda x, y: nn.layer_norm(x, shape[1:], w, w),
        }
        call = f.jit.to_static(rows[name])
    else:
        import torch as f
        from torch.nn import functional as nn

        f.set_grad_enabled(False)
        x, y, w = f.randn(shape), f.rand(shape), f.ones(shape[1:])
        call = {
            "fused_chain": lambda x, y: chain(f, x, y),
            "softmax": lambda x, y: nn.softmax(x, -1),
            "layer_norm": lambda x, y: nn.layer_norm(x, shape[1:], w, w),
        }[name]
    return lambda: call(x, y)


def make_round(framework: str, name: str) -> Callable[[], object]:
    """What one call of a case is, in a worker; the two frameworks' code is kept side by side."""
    if framework == "proa":
        import proa as f

        def leaf(start: float, tape: bool) -> Any:
            return f.to_tensor([start + i for i in range(8)], stop_gradient=not tape)
    else:
        import torch as f

        def leaf(start: float, tape: bool) -> Any:
            return f.tensor([start + i for i in range(8)], requires_grad=tape)

    tape = name != "eager_add"
    x, y = leaf(1.0, tape), leaf(2.0, False)
    if name != "eager_backward":
        return lambda: x + y

    def step() -> None:
        z = x
        for _ in range(CHAIN // 2):
            z = f.tanh(z * y)
        z.backward(ones)
        x.grad = None

    ones = f.ones_like(y)
    return step


def work(framework: str) -> None:
    """A worker: for each case named on a line, the seconds of one call over about 0.1 s."""
    timers: dict[str, tuple[timeit.Timer, int]] = {}
    module = __import__(framework)
    print(module.__version__, flush=True)
    for line in sys.stdin:
        name = line.strip()
        if name not in timers:
            large = name in CAPTURED
            timer = timeit.Timer((make_captured if large else make_round)(framework, name))
            timer.timeit(3 if large else 2000)  # programs are made and caches are warm
            timers[name] = timer, max(1, timer.autorange()[0] // 2)
        timer, count = timers[name]
        print(timer.timeit(count) / count, flush=True)


class Worker:
    def __init__(self, python: str | pathlib.Path, framework: str) -> None:
        self.process = subprocess.Popen(
            [python, __file__, "--worker", framework],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self.read()

    def read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"a worker ended with status {self.process.wait()}")
        return line

    def seconds(self, case: str) -> float:
        assert self.process.stdin is not None
        print(case, file=self.process.stdin, flush=True)
        return float(self.read())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def peer_python() -> pathlib.Path | None:
    """The interpreter that has PyTorch, if there is one."""
    if not PEERS.exists():
        return None
    probe = [PEERS, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"]
    return PEERS if subprocess.run(probe).returncode == 0 else None


def line_of(
    case: str, ours: list[float], peer: list[float], version: str | None, unit: str
) -> Line:
    mine = statistics.median(ours)
    other = statistics.median(peer) if peer else None
    return {
        "case": case,
        "ours": float(f"{mine:.4g}"),
        "peer": float(f"{other:.4g}") if other else None,
        "peer_name": "torch" if other else None,
        "peer_version": version if other else None,
        "ratio": float(f"{mine / other:.3g}") if other else None,
        "unit": unit,
    }


def timed_calls(names: list[str], rounds: int) -> Iterator[Line]:
    ours, python = Worker(sys.executable, "proa"), peer_python()
    peer = Worker(python, "torch") if python else None
    for name in names:
        mine, other = [], []
        for _ in range(rounds):
            mine.append(ours.seconds(name) * 1e6)
            if peer:
                other.append(peer.seconds(name) * 1e6)
        yield line_of(name, mine, other, peer.version if peer else None, "us")
    ours.close()
    if peer:
        peer.close()


def import_once(python: str | pathlib.Path, framework: str) -> tuple[float, str]:
    program = (
        "import sys, time; start = time.perf_counter(); import {0}; "
        "print(time.perf_counter() - start, {0}.__version__)"
    )
    command = [python, "-c", program.format(framework)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, version = done.stdout.split()
    return float(seconds) * 1e3, version


def import_time(rounds: int) -> Iterator[Line]:
    mine, other, version, python = [], [], None, peer_python()
    for _ in range(rounds):
        mine.append(import_once(sys.executable, "proa")[0])
        if python:
            milliseconds, version = import_once(python, "torch")
            other.append(milliseconds)
    yield line_of("import_time", mine, other, version, "ms")


def built(name: str, rounds: int, build: pathlib.Path) -> Iterator[Line]:
    program = build / f"bench-{name.replace('_', '-')}"
    if not program.exists():
        raise SystemExit(f"{program} is not built: ninja -C {build} {program.name}")
    found: dict[str, list[float]] = {}
    units: dict[str, str] = {}
    for _ in range(rounds):
        done = subprocess.run([program], capture_output=True, text=True, check=True)
        for text in done.stdout.splitlines():
            figure = json.loads(text)
            found.setdefault(figure["case"], []).append(figure["value"])
            units[figure["case"]] = figure["unit"]
    for case, values in found.items():
        yield line_of(case, values, [], None, units[case])


def figures(case: str, rounds: int, build: pathlib.Path) -> Iterator[Line]:
    if case == "eager_add":
        return timed_calls(["eager_add", "eager_add_tape"], rounds)
    if case == "eager_backward" or case in CAPTURED:
        return timed_calls([case], rounds)
    return built(case, rounds, build) if case in PROGRAMS else import_time(rounds)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="cases: " + "; ".join(f"{name}: {what}" for name, what in CASES.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="default: all")
    parser.add_argument("--json", action="store_true", help="JSON lines instead of a table")
    parser.add_argument("--rounds", type=int, default=9, help="timed in turn; default 9")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="build folder")
    parser.add_argument("--worker", choices=["proa", "torch"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker)
        return 0
    for case in args.cases:
        if case not in CASES:
            parser.error(f"there is no case '{case}'; expected one of {', '.join(CASES)}")
    if args.rounds < 1:
        parser.error("--rounds: expected 1 or more")
    given = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [given, str(ROOT / "python")]))
    for case in args.cases or CASES:
        for line in figures(case, args.rounds, args.build):
            if args.json:
                print(json.dumps(line), flush=True)
                continue
            text = f"{line['case']:<28} {line['ours']:>9} {line['unit']}"
            if line["peer"] is not None:
                peer = f"{line['peer_name']} {line['peer_version']}"
                text += f"   {peer}: {line['peer']} {line['unit']}   ratio {line['ratio']}"
            print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
