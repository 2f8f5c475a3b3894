"""One graph in Proa, in a process of its own: prebuilt kernels, compiled, in f64; one JSON line.

Called by benchmarks/graphs.py: FILE INDEX REQUEST, where REQUEST is JSON.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import numpy

import proa
from recorded import samples, to_proa
from recorded.function import Imported, error, same_bits

SHORT = 2e-3  # a run that is timed lasts at least so many seconds


def scope() -> dict[str, Any]:
    return {"proa": proa, "F": proa.nn.functional, "V": proa.vision.ops, "size": size}


def size(number: Any) -> Any:
    """What a tensor holds, as a size. A graph cannot read it, but can have as many elements."""
    if not proa._proa._jit_capturing():
        return int(number)
    one = proa.zeros([1], "bool")
    return proa.repeat_interleave(one, proa.reshape(number, [1])).shape[0]


def imported(graph: samples.Graph, wide: bool) -> Imported:
    to_proa.Dtypes.wide = wide
    try:
        label = " in f64" if wide else ""
        return Imported(graph, to_proa.RULES, to_proa.constant, scope(), label)
    finally:
        to_proa.Dtypes.wide = False


def tensors(values: list[Any], wide: bool = False) -> list[Any]:
    made = []
    for value in values:
        if isinstance(value, numpy.ndarray):
            if wide and value.dtype == numpy.float32:
                value = value.astype("float64")
            value = proa.to_tensor(value)
        made.append(value)
    return made


def arrays(results: list[Any]) -> list[numpy.ndarray]:
    return [numpy.array(r.numpy()) for r in results]


def peak(call: Callable[[], Any]) -> tuple[Any, int]:
    """What a call gives, and how many bytes more than before it held at most."""
    before = proa.memory_stats()["in_use"]
    proa.reset_peak_memory()
    result = call()
    return result, proa.memory_stats()["peak"] - before


def seeded(call: Callable[..., Any], arguments: list[Any]) -> Any:
    proa.seed(1)
    return call(*arguments)


def seconds(call: Callable[..., Any], arguments: list[Any], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call(*arguments)
    return (time.perf_counter() - start) / times


def timed(
    first: Callable[..., Any], second: Callable[..., Any], arguments: list[Any], turns: int
) -> list[tuple[float, float]]:
    """Medians of both over two times `turns` runs in turn."""
    for call in (first, second):
        call(*arguments)
    counts = [
        max(1, round(SHORT / max(1e-9, seconds(call, arguments, 1)))) for call in (first, second)
    ]
    found = []
    for _ in range(2):
        pairs = [
            [seconds(call, arguments, n) for call, n in zip((first, second), counts, strict=True)]
            for _ in range(turns)
        ]
        found.append(tuple(statistics.median(column) for column in zip(*pairs, strict=True)))
    return found


def run(graph: samples.Graph, request: dict[str, Any], record: dict[str, Any]) -> None:
    if request.get("threads"):
        proa.set_num_threads(request["threads"])
    record["threads"] = proa.get_num_threads()
    made = imported(graph, False)
    record["operations"] = len(graph["ops"])
    record["live"] = made.operations
    record["missing"] = made.missing
    if made.function is None:
        return
    record["stage"] = "prebuilt"
    values = made.values()
    arguments = tensors(values)
    with proa.no_grad():
        results, record["eager_bytes"] = peak(lambda: seeded(made.function, arguments))
        expected = arrays(results)
        del results
        record["nonfinite"] = sum(int((~numpy.isfinite(e)).any()) for e in expected)
        again = arrays(seeded(made.function, arguments))
        record["repeats"] = all(map(same_bits, expected, again))

        record["stage"] = "f64"
        reference = imported(graph, True)
        assert reference.function is not None
        wide = arrays(seeded(reference.function, tensors(values, True)))
        record["errors"] = [error(e, w) for e, w in zip(expected, wide, strict=True)]
        record["error"] = max(record["errors"], default=0.0)
        record["dtypes"] = all(
            e.dtype == w.dtype or (e.dtype, w.dtype) == (numpy.float32, numpy.float64)
            for e, w in zip(expected, wide, strict=True)
        )
        if request.get("keep"):
            numpy.savez(request["keep"], **{f"o{i}": w for i, w in enumerate(wide)})
        del wide

        record["stage"] = "compiled"
        specs: list[Any] = [
            proa.jit.InputSpec(shape, str(t.dtype).removeprefix("proa."))
            for shape, t in zip(
                made.dynamic(), [a for a in arguments if isinstance(a, proa.Tensor)], strict=True
            )
        ]
        compiled = proa.jit.to_static(made.function, input_spec=specs)
        start = time.perf_counter()
        got = seeded(compiled, arguments)
        record["first_ms"] = (time.perf_counter() - start) * 1e3
        got = arrays(got)
        record["differs"] = [
            i for i, (e, g) in enumerate(zip(expected, got, strict=True)) if not same_bits(e, g)
        ]
        (capture, *rest) = compiled.captures()
        record["captures"] = 1 + len(rest)
        record["guards"] = [g for g in capture.guards if "read as a number" in g]
        record["dims"] = sum(d < 0 for shape in made.dynamic() for d in shape)
        record["symbols"] = len({s for text in capture.inputs for s in symbols(text)})
        again, record["compiled_bytes"] = peak(lambda: seeded(compiled, arguments))
        record["differs_again"] = [
            i for i, (e, g) in enumerate(zip(expected, arrays(again), strict=True))
            if not same_bits(e, g)
        ]
        del again, got
        report = proa.compiler.report()
        record["kernels"] = report.compiled + report.from_disk
        record["from_disk"] = report.from_disk
        record["compile_ms"] = report.seconds * 1e3
        record["fallbacks"] = report.fallbacks
        record["fallback_reason"] = report.last_reason

        if request.get("time", True):
            record["stage"] = "timing"
            rounds = timed(made.function, compiled, arguments, request["turns"])
            record["eager_ms"] = [a * 1e3 for a, _ in rounds]
            record["compiled_ms"] = [b * 1e3 for _, b in rounds]
            record["speedups"] = [a / b for a, b in rounds]
    record["stage"] = "done"


def symbols(text: str) -> list[str]:
    return [part.strip(" ]") for part in text.partition("[")[2].split(",") if "s" in part]


def main() -> None:
    path, index, request = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    # The address sanitiser reserves more addresses than any limit has.
    if request.get("memory") and "libasan" not in os.environ.get("LD_PRELOAD", ""):
        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    graph = samples.load(path)[index]
    record: dict[str, Any] = {"name": graph["name"], "stage": "import"}
    try:
        run(graph, request, record)
    except Exception as problem:
        lines = traceback.extract_tb(problem.__traceback__)
        record["problem"] = f"{type(problem).__name__}: {problem}"
        record["line"] = next((f.line for f in lines if f.filename.startswith("<")), None)
    record["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(record))


if __name__ == "__main__":
    main()
