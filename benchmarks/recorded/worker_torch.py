"""One graph in PyTorch, operator by operator, in a process of its own; one JSON line.

Called by benchmarks/graphs.py: FILE INDEX REQUEST, where REQUEST is JSON.
"""

from __future__ import annotations

import json
import pathlib
import statistics
import sys
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import numpy
import torch
import torch.nn.functional as F

from recorded import samples, to_torch
from recorded.function import Imported, error

SHORT = 2e-3  # a run that is timed lasts at least so many seconds
RANDOM = {"uniform", "gaussian"}


def draws(graph: samples.Graph) -> bool:
    return any(
        op["op"] in RANDOM or (op["op"] == "dropout" and not op["attrs"]["is_test"])
        for op in graph["ops"]
    )


def imported(graph: samples.Graph, wide: bool) -> Imported:
    to_torch.Dtypes.wide = wide
    try:
        names = {"torch": torch, "F": F, "size": int}
        return Imported(graph, to_torch.RULES, to_torch.constant, names)
    finally:
        to_torch.Dtypes.wide = False


def tensors(values: list[Any], wide: bool = False) -> list[Any]:
    made = []
    for value in values:
        if isinstance(value, numpy.ndarray):
            if wide and value.dtype == numpy.float32:
                value = value.astype("float64")
            value = torch.from_numpy(numpy.ascontiguousarray(value).reshape(value.shape))
        made.append(value)
    return made


def run(graph: samples.Graph, request: dict[str, Any], record: dict[str, Any]) -> None:
    torch.set_num_threads(request.get("threads") or torch.get_num_threads())
    record["version"] = torch.__version__
    made = imported(graph, False)
    record["missing"] = made.missing
    if made.function is None:
        return
    values = made.values()
    with torch.no_grad():
        if request.get("compare") and not draws(graph):
            wide = imported(graph, True)
            assert wide.function is not None
            got = [r.numpy() for r in wide.function(*tensors(values, True))]
            with numpy.load(request["compare"]) as file:
                want = [file[f"o{i}"] for i in range(len(got))]
            record["errors"] = [error(g, w) for g, w in zip(got, want, strict=True)]
            record["error"] = max(record["errors"], default=0.0)
        if request.get("time", True):
            arguments = tensors(values)
            for _ in range(2):
                start = time.perf_counter()
                made.function(*arguments)
                once = time.perf_counter() - start
            count = max(1, round(SHORT / max(1e-9, once)))
            found = []
            for _ in range(request["turns"]):
                start = time.perf_counter()
                for _ in range(count):
                    made.function(*arguments)
                found.append((time.perf_counter() - start) / count)
            record["ms"] = statistics.median(found) * 1e3


def main() -> None:
    path, index, request = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    graph = samples.load(path)[index]
    record: dict[str, Any] = {"name": graph["name"]}
    try:
        run(graph, request, record)
    except Exception as problem:
        record["problem"] = f"{type(problem).__name__}: {problem}"
    print(json.dumps(record))


if __name__ == "__main__":
    main()
