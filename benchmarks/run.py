"""Times Proa beside its peers: one JSON line a figure.

    .venv/bin/python benchmarks/run.py [CASE ...] [--json] [--rounds N]

The cases lie in benchmarks/cases. Ours and the peer's rounds are timed in turn in one run, each in
a process of its own (fresh ones for every three rounds of timed calls), and the figures are medians
over the rounds; a case with several peers has a line for each. They come from .peers (scripts/peers
installs them); where none is there the peer's fields are null. `ratio` is ours divided by the
peer's: below 1 is faster; `spread` is the least and the greatest of the single rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
import timeit
from collections.abc import Iterator

import cases
import checkpoint
import gemm
import latency
import predict
from cases import peers
from lines import Line, line_of

ROOT = pathlib.Path(__file__).parents[1]
PEERS = ROOT / ".peers/bin/python"
PROGRAMS = {  # built on demand as bench-NAME
    "allocator": "memory of the host: the built program benchmarks/allocator.cc",
    "crc32c": "checksums of files: the built program benchmarks/crc32c.cc",
    "symbol": "symbolic sizes: the built program benchmarks/symbol.cc",
    "thread_pool": "loops over threads: the built program benchmarks/thread_pool.cc",
}
CASES = {
    **cases.CASES,
    **checkpoint.CASES,
    **latency.CASES,
    **predict.CASES,
    "gemm": "products of f32 matrices, captured, beside OpenBLAS, MKL and oneDNN",
    "import_time": "import of the package in a fresh interpreter",
    "peak_memory": "memory of steps of train_gpt in a fresh process, above what was there",
    **PROGRAMS,
}
# Rounds of a pair of processes: where the system puts one's memory and threads is one draw of many.
ROUNDS_OF_A_PAIR = 3


def work(framework: str) -> None:
    """A worker: for each "FIGURE THREADS" on a line, the seconds of one call over about 0.1 s."""
    timers: dict[str, tuple[timeit.Timer, int]] = {}
    print(peers.version(framework), flush=True)
    for line in sys.stdin:
        name, threads = line.split()
        peers.set_threads(framework, int(threads))
        if line not in timers:
            timer = timeit.Timer(cases.of_figure(name).make(framework, name))
            timer.timeit(3)  # programs are made
            count = timer.autorange()[0]
            timer.timeit(count)  # and caches are warm
            timers[line] = timer, max(1, count // 2)
        timer, count = timers[line]
        time.sleep(0.1)  # until the other side's threads, which may spin for a while, sleep
        timer.timeit(1)
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

    def seconds(self, figure: str, threads: int) -> float:
        assert self.process.stdin is not None
        print(figure, threads, file=self.process.stdin, flush=True)
        return float(self.read())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def peer_python(*modules: str) -> pathlib.Path | None:
    """The interpreter that has these modules (else PyTorch), if there is one."""
    if not PEERS.exists():
        return None
    names = modules or ("torch",)
    program = f"import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, {names})))"
    return PEERS if subprocess.run([PEERS, "-c", program]).returncode == 0 else None


def timed_calls(case: str, rounds: int, wanted: list[str]) -> Iterator[Line]:
    module = cases.of_case(case)
    names = [name for name in cases.peers_of(case) if name in wanted]
    found = {name: peer_python(*peers.modules(name)) for name in names}
    beside = {name: python for name, python in found.items() if python}
    for threads in module.THREADS:
        for figure in module.figures(case):
            times: dict[str, list[float]] = {name: [] for name in ("proa", *beside)}
            versions: dict[str, str] = {}
            for done in range(0, rounds, ROUNDS_OF_A_PAIR):
                # Workers of their own, so that nobody's memory is in another figure's way.
                workers = {"proa": Worker(sys.executable, "proa")}
                workers |= {name: Worker(python, name) for name, python in beside.items()}
                for _ in range(min(ROUNDS_OF_A_PAIR, rounds - done)):
                    for name, worker in workers.items():
                        times[name].append(worker.seconds(figure, threads) * 1e6)
                for name, worker in workers.items():
                    versions[name] = worker.version
                    worker.close()
            if not beside:
                yield line_of(figure, times["proa"], [], None, "us", threads)
            for name in beside:
                yield line_of(
                    figure, times["proa"], times[name], versions[name], "us", threads, name
                )


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


def peak_memory(rounds: int) -> Iterator[Line]:
    """Each round in a fresh process; of ours one more before, so that kernels are on the disk."""
    python, version = peer_python(), None
    found: dict[str, list[float]] = {"proa": [], "torch": []}
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from cases import training; "
        "import {0}; print(training.peak_memory('{0}'), {0}.__version__)"
    )
    for turn in range(rounds + 1):
        for framework, interpreter in (("proa", sys.executable), ("torch", python)):
            if interpreter is None:
                continue
            command = [interpreter, "-c", program.format(framework), str(ROOT / "benchmarks")]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figure, text = done.stdout.split()
            version = text if framework == "torch" else version
            if turn > 0:
                found[framework].append(float(figure))
    yield line_of("peak_memory", found["proa"], found["torch"], version, "MiB")


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


def predictions(case: str, rounds: int, build: pathlib.Path) -> Iterator[Line]:
    peer = peer_python("onnxruntime", "onnx")
    for name, threads, ours, other, version, unit in predict.figures(case, rounds, build, peer):
        yield line_of(name, ours, other, version, unit, threads, "onnxruntime")


def figures(
    case: str, rounds: int, build: pathlib.Path, wanted: list[str]
) -> Iterator[Line]:
    if case == "gemm":
        return gemm.figures(rounds, peer_python())
    if case in checkpoint.CASES:
        return (
            line_of(name, ours, copies, version, "ms", peer_name="numpy")
            for name, ours, copies, version in checkpoint.figures(rounds)
        )
    if case in latency.CASES:
        return (line_of(name, ms, [], None, "ms") for name, ms in latency.figures(case, rounds))
    if case in cases.CASES:
        return timed_calls(case, rounds, wanted)
    if case in predict.CASES:
        return predictions(case, rounds, build)
    if case in PROGRAMS:
        return built(case, rounds, build)
    return peak_memory(rounds) if case == "peak_memory" else import_time(rounds)


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
    parser.add_argument(
        "--peers",
        default=",".join(peers.ALL),
        metavar="NAMES",
        help="of the cases of timed calls: some of %(default)s, or none",
    )
    parser.add_argument("--worker", metavar="FRAMEWORK", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker)
        return 0
    for case in args.cases:
        if case not in CASES:
            parser.error(f"there is no case '{case}'; expected one of {', '.join(CASES)}")
    wanted = [] if args.peers == "none" else args.peers.split(",")
    for name in wanted:
        if name not in peers.ALL:
            parser.error(f"--peers: expected some of {', '.join(peers.ALL)}, got '{name}'")
    if args.rounds < 1:
        parser.error("--rounds: expected 1 or more")
    given = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [given, str(ROOT / "python")]))
    for case in args.cases or CASES:
        for line in figures(case, args.rounds, args.build, wanted):
            if args.json:
                print(json.dumps(line), flush=True)
                continue
            threads = f"{line['threads']} threads" if line["threads"] else ""
            text = f"{line['case']:<28} {threads:<10} {line['ours']:>9} {line['unit']}"
            if line["peer"] is not None:
                peer = f"{line['peer_name']} {line['peer_version']}"
                text += f"   {peer}: {line['peer']} {line['unit']}   ratio {line['ratio']}"
                text += " ({} to {})".format(*line["spread"])
            print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
