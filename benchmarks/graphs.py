"""Graphs recorded from real models, run eagerly, compiled and in f64, beside PyTorch.

    .venv/bin/python benchmarks/graphs.py FILE.jsonl.gz [--gate NAMES] [--json]

Each graph becomes a Python function in Proa's names and runs in a process of its own: on prebuilt
kernels (eager), captured and compiled, and in f64 as reference. Where .peers has PyTorch, the same
operations run there one by one: the anchor of the times, and in f64 a check of the import itself.

A graph passes if compiled has the bits of eager and eager is within --tolerance of f64. Slower:
in both of two times --turns runs in turn, the medians of compiled over eager are under 0.95.
The exit status is 0 if all graphs that import pass.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from recorded import samples, to_proa  # noqa: E402
from recorded.function import Imported  # noqa: E402

ROOT = pathlib.Path(__file__).parents[1]
HERE = pathlib.Path(__file__).parent / "recorded"
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
SLOWER = 0.95
AGREES = 1e-6  # f64 of both frameworks; recorded constants have six digits in both
Record = dict[str, Any]


def child(command: list[Any], limit: float, environment: dict[str, str]) -> Record:
    """The last line of a process as a record; how it ended, where there is none."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True, text=True, timeout=limit, env=environment, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"problem": f"did not end within {limit:g} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return json.loads(lines[-1])
    said = done.stderr.strip().splitlines()
    return {"problem": f"ended with status {done.returncode}: {said[-1] if said else ''}"}


def run_graph(index: int, graph: samples.Graph, args: argparse.Namespace) -> Record:
    request: Record = {
        "turns": args.turns, "time": not args.no_time, "threads": args.threads,
        "memory": int(args.memory * 2**30),
    }  # fmt: skip
    environment = dict(os.environ)
    if not args.warm:
        environment["PROA_CACHE_DIR"] = ""  # nothing is compiled beforehand
    given = environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [given, str(ROOT / "python")]))
    with tempfile.TemporaryDirectory() as folder:
        kept = f"{folder}/f64.npz"
        command = [sys.executable, HERE / "worker_proa.py", args.file, index]
        record = child([*command, json.dumps({**request, "keep": kept})], args.timeout, environment)
        record = {"name": graph["name"], "model": graph["model"], **record}
        if args.peer and record.get("stage") not in (None, "import"):
            if os.path.exists(kept):
                request["compare"] = kept
            request["threads"] = record["threads"]
            command = [args.peer, HERE / "worker_torch.py", args.file, index]
            record["peer"] = child([*command, json.dumps(request)], args.timeout, environment)
    record["verdict"] = verdict(record, args.tolerance)
    return record


def verdict(record: Record, tolerance: float) -> str:
    if record.get("missing"):
        return "missing " + ", ".join(sorted(record["missing"]))
    if record.get("problem"):
        return f"failed ({record.get('stage', 'at once')}): {record['problem'][:160]}"
    if record["differs"] or record["differs_again"]:
        return f"compiled differs in results {record['differs'] or record['differs_again']}"
    if not record["repeats"]:
        return "eager does not repeat"
    if not record["dtypes"]:
        return "a result has another dtype in f64"
    if record["error"] > tolerance:
        return f"off by {record['error']:.1e} from f64"
    return "pass"


def mean(values: Iterable[float]) -> float | None:
    """The geometric mean."""
    logs = [math.log(v) for v in values if v > 0]
    return math.exp(statistics.fmean(logs)) if logs else None


def summary(records: list[Record]) -> Record:
    imported = [r for r in records if "missing" in r and not r["missing"]]
    ran = [r for r in imported if "differs" in r]
    timed = [r for r in ran if r.get("speedups")]
    missing = collections.Counter(
        text for r in records for text in (r.get("missing") or {}).values()
    )
    peers = [r["peer"] for r in records if r.get("peer")]
    beside = [r for r in timed if (r.get("peer") or {}).get("ms")]
    checked = [p for p in peers if "error" in p]
    cold = [r for r in ran if r.get("from_disk") == 0]
    live = sum(r["live"] for r in cold)
    return {
        "graphs": len(records),
        "operations": sum(r.get("operations", 0) for r in records),
        "imported": len(imported),
        "missing": dict(missing.most_common()),
        "passed": sum(r["verdict"] == "pass" for r in records),
        "bit_equal": sum(not r["differs"] and not r["differs_again"] for r in ran),
        "within": {f"{t:.0e}": sum(r["error"] <= t for r in ran) for t in TOLERANCES},
        "fallbacks": sum(r["fallbacks"] for r in ran),
        "symbolic": sum(r["captures"] == 1 and not r["guards"] for r in ran if r["dims"]),
        "with_dynamic_dims": sum(r["dims"] > 0 for r in ran),
        "speedup": mean(mean(r["speedups"]) or 0 for r in timed),
        "slower": sum(all(s < SLOWER for s in r["speedups"]) for r in timed),
        "timed": len(timed),
        "compile_ms_per_operation": sum(r["compile_ms"] for r in cold) / live if live else None,
        "first_ms_per_operation": sum(r["first_ms"] for r in cold) / live if live else None,
        "kernels_per_operation": sum(r["kernels"] for r in cold) / live if live else None,
        "cold": len(cold),
        "memory_ratio": mean(
            r["compiled_bytes"] / r["eager_bytes"]
            for r in ran
            if r["eager_bytes"] and r["compiled_bytes"]
        ),
        "greatest_rss": max((r["rss"] for r in records if "rss" in r), default=0),
        "peer": next((f"torch {p['version']}" for p in peers if "version" in p), None),
        "peer_ran": sum("ms" in p for p in peers),
        "peer_agrees": sum(p["error"] <= AGREES for p in checked),
        "peer_compared": len(checked),
        "eager_over_peer": mean(r["peer"]["ms"] / statistics.fmean(r["eager_ms"]) for r in beside),
        "compiled_over_peer": mean(
            r["peer"]["ms"] / statistics.fmean(r["compiled_ms"]) for r in beside
        ),
    }


def figure(value: float | None, form: str = ".3g") -> str:
    return "-" if value is None else format(value, form)


def row(record: Record) -> list[str]:
    def average(name: str) -> float | None:
        return statistics.fmean(record[name]) if record.get(name) else None

    megabytes = 2.0**-20
    held = [record.get(name) for name in ("eager_bytes", "compiled_bytes")]
    return [
        record["name"],
        str(record.get("live", "-")),
        record["verdict"] if record["verdict"] != "pass" else "ok",
        figure(record.get("error"), ".1e"),
        figure(average("eager_ms")),
        figure(average("compiled_ms")),
        figure(mean(record.get("speedups", [])), ".2f"),
        figure((record.get("peer") or {}).get("ms")),
        figure(record["compile_ms"] / record["live"] if record.get("from_disk") == 0 else None),
        " / ".join("-" if b is None else figure(b * megabytes) for b in held),
    ]


HEADS = ["graph", "ops", "result", "error", "eager ms", "compiled ms", "speed-up", "torch ms",
         "compile ms/op", "peak MB"]  # fmt: skip


def said(total: Record, tolerance: float) -> list[str]:
    """The summary in words."""
    lines = [
        f"{total['imported']} of {total['graphs']} graphs import "
        f"({total['operations']} operations)",
        f"{total['passed']} pass: bits of compiled equal eager's in {total['bit_equal']}, error "
        f"against f64 up to {tolerance:g}",
        "within " + ", ".join(f"{t}: {n}" for t, n in total["within"].items()),
        f"{total['symbolic']} of {total['with_dynamic_dims']} with dynamic dims are one program "
        "for all sizes that their guards allow without reading a size as a number",
        f"{total['fallbacks']} fallbacks to prebuilt kernels",
        f"compiling: {figure(total['compile_ms_per_operation'])} ms an operation, "
        f"{figure(total['kernels_per_operation'])} kernels an operation; the first call "
        f"{figure(total['first_ms_per_operation'])} ms an operation ({total['cold']} graphs whose "
        "kernels were all made anew)",
        f"peak memory, compiled over eager: {figure(total['memory_ratio'])}; greatest resident "
        f"set {total['greatest_rss'] / 2**20:.0f} MB",
    ]
    if total["timed"]:
        lines.insert(3, f"speed-up of compiled over eager: {figure(total['speedup'])} (geometric "
                        f"mean of {total['timed']}), {total['slower']} slower")
    if total["peer"]:
        lines.append(
            f"{total['peer']}: in f64 it agrees in {total['peer_agrees']} of "
            f"{total['peer_compared']}"
        )
        if total["peer_ran"]:
            lines[-1] += (
                f"; its time over Proa's in {total['peer_ran']} graphs: eager "
                f"{figure(total['eager_over_peer'])}, compiled "
                f"{figure(total['compiled_over_peer'])}"
            )
    for text, count in total["missing"].items():
        lines.append(f"missing in {count}: {text}")
    return lines


def markdown(records: list[Record], total: Record, args: argparse.Namespace) -> str:
    lines = [
        "# Graphs of real models",
        "",
        f"Written by `benchmarks/graphs.py {pathlib.Path(args.file).name} --markdown FILE`.",
        "",
        *(f"- {line}" for line in said(total, args.tolerance)),
        "",
        "Times are medians of runs in turn, in one process; *error* is the greatest difference "
        "from f64, relative to the greatest number of a result; *peak MB* is what a call holds "
        "beside its operands, eager / compiled.",
        "",
        "| " + " | ".join(HEADS) + " |",
        "| --- | ---: | --- |" + " ---: |" * (len(HEADS) - 3),
        *("| " + " | ".join(row(r)) + " |" for r in records),
        "",
    ]
    return "\n".join(lines)


def read(args: argparse.Namespace) -> list[Record]:
    """What earlier runs found; of a graph that several have, each field as the last one has it."""
    found: dict[str, Record] = {}
    for path in args.records:
        for line in pathlib.Path(path).read_text().splitlines():
            record = json.loads(line)
            if "name" in record:
                peer = {**(found.get(record["name"], {}).get("peer") or {}),
                        **(record.get("peer") or {})}  # fmt: skip
                known = found.setdefault(record["name"], {})
                known.pop("problem", None)
                known.update(record, peer=peer)
    for record in found.values():
        record["verdict"] = verdict(record, args.tolerance)
    return list(found.values())


def names_of(text: str) -> list[str]:
    """Names in a file, one a line, or in the argument itself, between commas."""
    path = pathlib.Path(text)
    return path.read_text().split() if path.is_file() else [n for n in text.split(",") if n]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", metavar="FILE", help="graphs, one JSON object a line; .gz or not")
    parser.add_argument("--gate", metavar="NAMES", help="only these: a file of names, or a,b,c")
    parser.add_argument("--json", action="store_true", help="JSON lines, the summary last")
    parser.add_argument("--show", metavar="NAME", help="prints the function of a graph, and ends")
    parser.add_argument("--turns", type=int, default=7, help="runs in turn, twice; default 7")
    parser.add_argument("--no-time", action="store_true", help="results only")
    parser.add_argument("--warm", action="store_true", help="kernels may come from the disk")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="against f64; default 1e-3")
    parser.add_argument("--threads", type=int, help="of both frameworks; default: Proa's own")
    parser.add_argument("--timeout", type=float, default=600, help="seconds a graph; default 600")
    parser.add_argument("--memory", type=float, default=16, help="GiB a graph; default 16")
    parser.add_argument(
        "--peer", default=str(ROOT / ".peers/bin/python"), metavar="PYTHON",
        help="an interpreter with PyTorch, or 'none'; default .peers/bin/python",
    )  # fmt: skip
    parser.add_argument(
        "--records", nargs="+", metavar="JSONL",
        help="runs nothing: reports what earlier runs wrote with --json; of a field that several "
        "have the last one counts",
    )  # fmt: skip
    parser.add_argument("--markdown", metavar="FILE", help="writes the report there too")
    args = parser.parse_args()
    if args.turns < 1:
        parser.error("--turns: expected 1 or more")
    if not pathlib.Path(args.file).is_file():
        parser.error(f"there is no file {args.file}")
    if args.peer == "none" or not os.path.exists(args.peer):
        args.peer = None
    return args


def main() -> int:
    args = parse()
    graphs = list(enumerate(samples.load(args.file)))
    wanted = None
    if args.gate or args.show:
        wanted = [args.show] if args.show else names_of(args.gate)
        known = {graph["name"] for _, graph in graphs}
        for name in wanted:
            if name not in known:
                raise SystemExit(f"there is no graph '{name}' in {args.file}")
        graphs = [(i, graph) for i, graph in graphs if graph["name"] in wanted]
    if args.show:
        made = Imported(graphs[0][1], to_proa.RULES, to_proa.constant, {})
        print(made.text, end="")
        return 0
    records = read(args) if args.records else []
    if args.records:
        graphs = []
    for index, graph in tqdm(graphs, unit="graph", disable=None, file=sys.stderr):
        record = run_graph(index, graph, args)
        records.append(record)
        if args.json:
            print(json.dumps(record), flush=True)
        else:
            cells = row(record)
            with tqdm.external_write_mode(file=sys.stdout):
                print(f"{cells[0]:<58} {'  '.join(cells[1:])}", flush=True)
    total = summary(records)
    if args.markdown:
        pathlib.Path(args.markdown).write_text(markdown(records, total, args))
    if args.json:
        print(json.dumps({"summary": total}))
    else:
        print("\n" + "  ".join(HEADS) + "\n")
        print("\n".join(said(total, args.tolerance)))
    imported = [r for r in records if not r.get("missing")]
    return 0 if all(r["verdict"] == "pass" for r in imported) else 1


if __name__ == "__main__":
    sys.exit(main())
