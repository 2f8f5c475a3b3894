"""Graphs recorded from models: imported, eager, compiled, against what PyTorch computed in f64."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import numpy
import pytest

import proa

ROOT = pathlib.Path(__file__).parents[2]
FILE = ROOT / "tests/data/graphs.jsonl"
sys.path.insert(0, str(ROOT / "benchmarks"))

from recorded import importer, samples, to_proa, worker_proa  # noqa: E402
from recorded.function import Imported, error, same_bits, without_dead  # noqa: E402

GRAPHS = {graph["name"]: graph for graph in samples.load(FILE)}
GOLDEN = json.loads((ROOT / "tests/data/graphs_torch.json").read_text())


@pytest.mark.parametrize("name", GOLDEN)
def test_an_import_means_what_it_means_in_pytorch(name):
    made = worker_proa.imported(GRAPHS[name], True)
    results = worker_proa.arrays(made.function(*worker_proa.tensors(made.values(), True)))
    assert len(results) == len(GOLDEN[name])
    for got, want in zip(results, GOLDEN[name], strict=True):
        assert list(got.shape) == want["shape"]
        got = got.astype("float64")
        numpy.testing.assert_allclose(got.sum(), want["sum"], rtol=1e-9)
        numpy.testing.assert_allclose(got.reshape(-1)[:16], want["first"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_worker_finds_equal_bits(name):
    record = {}
    worker_proa.run(GRAPHS[name], {"turns": 1, "time": False}, record)
    assert record["stage"] == "done" and record["missing"] == {}
    assert record["differs"] == [] and record["differs_again"] == []
    assert record["captures"] == 1 and record["error"] < 1e-4
    assert record["operations"] >= record["live"] > 0


def graph_of(*ops, inputs=(), outputs=()):
    return {"name": "made", "model": "-", "inputs": list(inputs), "params": [], "ops": list(ops),
            "outputs": list(outputs)}  # fmt: skip


def operation(name, given, out, in_types, out_types, **attrs):
    return {"op": name, "in": given, "attrs": attrs, "out": out, "in_types": in_types,
            "out_types": out_types}  # fmt: skip


def given(name, shape, dtype, **more):
    return {"name": name, "shape": shape, "dtype": dtype, "mean": None, "std": None, "min": None,
            "max": None, **more}  # fmt: skip


def text_of(graph):
    return Imported(graph, to_proa.RULES, to_proa.constant, worker_proa.scope())


def test_sizes_are_arguments_and_what_nobody_reads_is_left_out():
    graph = graph_of(
        operation("shape64", ["x"], ["s"], ["float32[-1,4]"], ["int64[2]"]),
        operation("full_int_array", [], ["zero"], [], ["int64[1]"], value=[0], dtype="int64"),
        operation("full_int_array", [], ["one"], [], ["int64[1]"], value=[1], dtype="int64"),
        operation("slice", ["s", "zero", "one"], ["n"], ["int64[2]", "int64[1]", "int64[1]"],
                  ["int64[]"], axes=[0], infer_flags=[1], decrease_axis=[0]),
        operation("full", [], ["two"], [], ["int64[]"], shape=[], value=2.0, dtype="int64"),
        operation("multiply", ["n", "two"], ["m"], ["int64[]", "int64[]"], ["int64[]"]),
        operation("stack", [["m", "two"]], ["to"], [["int64[]", "int64[]"]], ["int64[2]"], axis=0),
        operation("exp", ["x"], ["idle"], ["float32[-1,4]"], ["float32[-1,4]"]),
        operation("reshape", ["x", "to"], ["y"], ["float32[-1,4]", "int64[2]"],
                  ["float32[-1,2]"]),
        inputs=[given("x", [3, 4], "float32")], outputs=["y", "m"],
    )  # fmt: skip
    made = text_of(graph)
    assert "proa.reshape(x, [(x.shape[0] * 2), 2])" in made.text
    assert "exp" not in made.text and made.operations == len(graph["ops"]) - 1
    assert made.dynamic() == [[-1, 4]]
    captured = proa.jit.to_static(made.function, [proa.jit.InputSpec([-1, 4])])
    for rows in (3, 5, 8):
        x = proa.rand([rows, 4])
        y, m = captured(x)
        assert y.shape == [2 * rows, 2] and m.item() == 2 * rows
    assert len(captured.captures()) == 1


def test_missing_operators_are_listed():
    graph = graph_of(
        operation("no_such_operator", ["x"], ["y", "z"], ["float32[3]"], ["float32[3]"] * 2),
        operation("exp", ["z"], ["w"], ["float32[3]"], ["float32[3]"]),
        inputs=[given("x", [3], "float32")], outputs=["w"],
    )  # fmt: skip
    made = text_of(graph)
    assert made.missing == {"no_such_operator": "no_such_operator"} and made.function is None
    statistics = operation("batch_norm", ["x"] * 5, ["y", "m", "v", "a", "b", "c"],
                           ["float32[2,3]"] * 5, ["float32[2,3]"] + ["float32[3]"] * 5,
                           is_test=False, momentum=0.9, epsilon=1e-5, data_format="NCHW",
                           use_global_stats=False, trainable_statistics=False)  # fmt: skip
    made = text_of(graph_of(statistics, inputs=[given("x", [2, 3], "float32")], outputs=["m"]))
    assert made.missing == {"batch_norm": "batch_norm: its statistics"}


def test_values_follow_the_recorded_statistics():
    one = given("a", [200, 50], "float32", mean=3.0, std=2.0, min=2.5, max=9.0)
    drawn = samples.draw("g", one)
    assert drawn.dtype == numpy.float32 and drawn.min() == 2.5 and drawn.max() < 5
    assert numpy.array_equal(drawn, samples.draw("g", one))
    assert not numpy.array_equal(drawn, samples.draw("h", one))
    whole = samples.draw("g", given("b", [1000], "int64", min=-1, max=2))
    assert sorted(set(whole.tolist())) == [-1, 0, 1, 2]
    negative = samples.draw("g", given("c", [1000], "float32", min=-2))
    assert -2 <= negative.min() < -1.9 and -0.1 < negative.max() <= 0
    assert samples.draw("g", given("d", [], "int64", data=[7])).item() == 7
    assert set(samples.draw("g", given("e", [100], "bool")).tolist()) == {False, True}


def test_bits_and_errors():
    zero = numpy.zeros(2, "float32")
    assert not same_bits(zero, -zero) and same_bits(zero / 1, zero)
    nan = numpy.array([numpy.nan, 1], "float32")
    assert same_bits(nan, -nan * numpy.array([1, -1], "float32"))
    assert not same_bits(zero, zero.astype("float64"))
    assert error(numpy.array([1.0, 2.5]), numpy.array([1.0, 2.0])) == 0.25
    assert error(numpy.array([1.0, numpy.inf]), numpy.array([1.0, 2.0])) == float("inf")
    assert error(numpy.array([1, 2]), numpy.array([1, 3])) == 0.5


def test_sizes_fold():
    n = importer.Size("n")
    assert str(n * 1) == "n" and str(0 + n) == "n" and str(n // 2 - 1) == "((n // 2) - 1)"
    assert importer.extreme("max", [2, 5]) == 5
    assert str(importer.extreme("min", [n, 5])) == "min(n, 5)"


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks/graphs.py", FILE, *arguments], text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True, timeout=280,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command(tmp_path):
    name = "PaddleX/PP-YOLOE_plus-L/subgraph_1"
    report = tmp_path / "report.md"
    done = run_cli("--gate", name, "--json", "--peer", "none", "--turns", "1", "--warm",
                   "--markdown", str(report))  # fmt: skip
    assert done.returncode == 0, done.stderr
    record, last = map(json.loads, done.stdout.splitlines())
    assert record["name"] == name and record["verdict"] == "pass"
    assert len(record["speedups"]) == 2 and record["compiled_bytes"] > 0
    total = last["summary"]
    assert total["imported"] == total["passed"] == total["bit_equal"] == total["graphs"] == 1
    assert total["speedup"] > 0 and total["peer"] is None
    assert f"| {name} |" in report.read_text()


def test_the_command_shows_and_refuses():
    shown = run_cli("--show", "PaddleX/PP-YOLOE_plus-L/subgraph_1")
    assert shown.returncode == 0 and shown.stdout.startswith("def graph(data_0, ")
    compile(shown.stdout, "shown", "exec")
    assert "no graph 'x'" in run_cli("--gate", "x").stderr
    assert run_cli("--turns", "0").returncode == 2
    assert "--gate NAMES" in run_cli("--help").stdout


def test_dead_operations_are_found_through_lists():
    graph = GRAPHS["PaddleX/DETR-R50/subgraph_20"]
    live = without_dead(graph)
    made = {n for op in live["ops"] for one in op["out"]
            for n in (one if isinstance(one, list) else [one])}  # fmt: skip
    assert set(graph["outputs"]) <= made | {one["name"] for one in graph["inputs"]}
