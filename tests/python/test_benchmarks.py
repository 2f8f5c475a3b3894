"""benchmarks/run.py: what its lines hold, and what it refuses."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FIELDS = ["case", "threads", "ours", "peer", "peer_name", "peer_version", "ratio", "spread",
          "unit"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks/run.py", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "case, names",
    [("eager_add", ["eager_add", "eager_add_tape"]), ("import_time", ["import_time"])],
)
def test_one_line_a_figure(case: str, names: list[str]) -> None:
    result = run(case, "--json", "--rounds", "1")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["case"] for line in lines] == names
    for line in lines:
        assert list(line) == FIELDS
        assert line["ours"] > 0
        peer = [line[name] for name in FIELDS[3:8]]
        assert all(value is None for value in peer) or all(value is not None for value in peer)


@pytest.mark.slow
def test_training_steps_and_their_memory() -> None:
    result = run("train_digits", "peak_memory", "--json", "--rounds", "1", "--peers", "none")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["case"], line["threads"]) for line in lines] == [
        ("train_digits", 1), ("train_digits", 2), ("peak_memory", None),
    ]
    assert all(line["ours"] > 0 for line in lines)


@pytest.mark.slow
def test_floors_of_memory() -> None:
    result = run("memory", "--json", "--rounds", "1", "--peers", "none")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["case"], line["threads"]) for line in lines] == [
        (f"memory_{size}MB", threads) for threads in (1, 2) for size in (4, 34, 84)
    ]
    for line in lines:
        assert line["peer"] is None
        gigabytes = int(line["case"][len("memory_"):-2]) * 1e-3
        assert gigabytes / (line["ours"] * 1e-6) < 2000  # it does move these bytes


@pytest.mark.slow
def test_a_line_for_each_peer_of_one_run() -> None:
    result = run("fused_chain", "--json", "--rounds", "1")
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    names = [None] if lines[0]["peer"] is None else ["torch", "torch.compile"]
    assert [(line["threads"], line["peer_name"]) for line in lines] == [
        (threads, name) for threads in (1, 2) for name in names
    ]
    assert len({line["ours"] for line in lines}) == 2  # the same runs beside each of them


def test_refuses_a_case_that_is_not_there() -> None:
    result = run("eager_sub")
    assert result.returncode == 2
    assert "there is no case 'eager_sub'; expected one of eager_add" in result.stderr


def test_refuses_a_peer_that_is_not_there() -> None:
    result = run("eager_add", "--peers", "torch,jax")
    assert result.returncode == 2
    assert "--peers: expected some of torch, torch.compile, onnxruntime, got 'jax'" in result.stderr


@pytest.mark.parametrize("case", ["allocator", "crc32c", "symbol", "thread_pool"])
def test_says_what_is_not_built(case: str, tmp_path: pathlib.Path) -> None:
    result = run(case, "--build", str(tmp_path))
    assert result.returncode == 1
    assert f"bench-{case.replace('_', '-')} is not built" in result.stderr
    assert (ROOT / f"benchmarks/{case}.cc").exists()


def test_a_built_program_is_read(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "bench-thread-pool"
    line = '{"case": "thread_pool/one", "unit": "ns", "value": 2.5, "count": 3}'
    program.write_text(f"#!/bin/sh\necho '{line}'\n")
    program.chmod(0o755)
    result = run("thread_pool", "--json", "--rounds", "2", "--build", str(tmp_path))
    assert result.returncode == 0, result.stderr
    (found,) = map(json.loads, result.stdout.splitlines())
    assert (found["case"], found["ours"], found["unit"]) == ("thread_pool/one", 2.5, "ns")


def test_help_names_all_cases() -> None:
    text = run("--help").stdout
    assert all(case in text for case in ("eager_add", "eager_backward", "import_time", "symbol"))
