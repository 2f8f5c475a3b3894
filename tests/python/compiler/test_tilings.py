"""Tilings of contractions: all have the same bits, and the fastest is found and remembered."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent

# Calls a captured product of these sizes until its tiling is settled.
PROGRAM = """
import json, os, sys, time
import numpy as np, proa

def settled():
    r = proa.compiler.report()
    return r.choices_rule + r.choices_rival + r.choices_from_disk

def settle(rows, depth, columns, seconds=60.0):
    rng = np.random.default_rng(rows)
    x = proa.to_tensor(rng.normal(size=(rows, depth)).astype(np.float32))
    w = proa.to_tensor(rng.normal(size=(depth, columns)).astype(np.float32))
    f = proa.jit.to_static(lambda x, w: proa.tanh(x @ w))
    wanted, first, end = settled() + 1, f(x, w).numpy(), time.monotonic() + seconds
    while settled() < wanted and time.monotonic() < end:
        assert f(x, w).numpy().tobytes() == first.tobytes()
    assert f(x, w).numpy().tobytes() == first.tobytes()
    return first

def tell():
    proa.compiler.settle()
    print(json.dumps(proa.compiler.report()._asdict()))
"""
ONE = PROGRAM + "settle(400, 300, 700)\ntell()\n"


def run(cache: Path, program: str = ONE, **environment: str) -> dict[str, Any]:
    variables = {k: v for k, v in os.environ.items() if k not in ("PROA_TUNE", "PROA_TILING")}
    variables |= {"PROA_CACHE_DIR": str(cache), **environment}
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def tunes(tmp_path: Path) -> dict[str, Any]:
    report = run(tmp_path / "cache")
    if not report["compiler"].startswith("clang"):
        pytest.skip("rivals are made by the compiler in the process alone")
    return report


def test_every_tiling_has_the_bits_of_the_prebuilt_kernel(tmp_path: Path) -> None:
    found = {}
    for name, environment in {
        "prebuilt": {"PROA_TIER": "prebuilt"},
        "rule": {"PROA_TILING": "rule"},
        "broad": {"PROA_TILING": "broad"},
        "narrow": {"PROA_TILING": "narrow", "PROA_NUM_THREADS": "3"},
    }.items():
        path = tmp_path / name
        variables = {
            **os.environ,
            "PROA_TIER": "compiled",
            "PROA_CACHE_DIR": str(tmp_path / "cache"),
            **environment,
        }
        command = [sys.executable, str(HERE / "dump_contractions.py"), str(path)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["fallbacks"] == 0
        with path.open("rb") as file:
            found[name] = pickle.load(file)
    assert len(found["prebuilt"]) > 50
    for name in ("rule", "broad", "narrow"):
        assert found[name].keys() == found["prebuilt"].keys()
        assert [k for k in found[name] if found[name][k] != found["prebuilt"][k]] == [], name


def test_a_choice_is_measured_once_on_a_machine(tmp_path: Path, tunes: dict[str, Any]) -> None:
    cache = tmp_path / "cache"
    assert tunes["choices"] == 1 and tunes["choices_from_disk"] == 0
    assert tunes["choices_rule"] + tunes["choices_rival"] == 1
    assert tunes["rivals"] >= 1 and tunes["choices_timed"] == 0
    assert tunes["compiled"] == 1  # rivals are counted apart
    again = run(cache)
    assert again["choices"] == again["choices_from_disk"] == 1
    assert again["rivals"] == again["compiled"] == again["choices_rule"] == 0
    # Sizes between the same powers of two share it, others do not, nor do other threads.
    two = run(cache, PROGRAM + "settle(390, 290, 690, 0)\nsettle(900, 300, 700, 0)\ntell()")
    assert (two["choices"], two["choices_from_disk"]) == (2, 1)
    other = run(cache, PROGRAM + "settle(400, 300, 700, 0)\ntell()", PROA_NUM_THREADS="3")
    assert (other["choices"], other["choices_from_disk"]) == (1, 0)


def test_a_short_run_makes_no_rival(tmp_path: Path) -> None:
    report = run(tmp_path / "cache", PROGRAM + "settle(400, 300, 700, 0)\ntell()")
    assert (report["rivals"], report["choices_timed"], report["compiled"]) == (0, 0, 1)


def test_what_is_kept_on_the_disk_is_small_and_private(
    tmp_path: Path, tunes: dict[str, Any]
) -> None:
    assert tunes["choices"] == 1
    file = tmp_path / "cache" / "tilings.proa"
    assert file.stat().st_size == 24 + 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = sorted(path.name for path in file.parent.iterdir() if path.suffix != ".proaobj")
    assert kept == ["tilings.proa", "tilings.proa.lock"]


def test_a_damaged_file_is_measured_anew(tmp_path: Path, tunes: dict[str, Any]) -> None:
    assert tunes["choices_damaged"] == 0
    file = tmp_path / "cache" / "tilings.proa"
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    report = run(file.parent)
    assert (report["choices_damaged"], report["choices_from_disk"]) == (1, 0)
    assert report["choices_rule"] + report["choices_rival"] == 1
    assert run(file.parent)["choices_from_disk"] == 1


def test_one_call_clears_kernels_and_choices(tmp_path: Path, tunes: dict[str, Any]) -> None:
    cache = tmp_path / "cache"
    program = PROGRAM + "freed = proa.compiler.clear_cache()\nassert freed > 0, freed\ntell()\n"
    run(cache, program)
    assert [path.name for path in cache.iterdir()] == ["tilings.proa.lock"]
    report = run(cache)
    assert (report["choices_from_disk"], report["compiled"]) == (0, 1)


def test_tuning_can_be_left_out_and_a_tiling_pinned(tmp_path: Path) -> None:
    program = PROGRAM + "settle(400, 300, 700, 0.3)\ntell()"
    for environment in ({"PROA_TUNE": "0"}, {"PROA_TILING": "broad"}):
        report = run(tmp_path / "cache", program, **environment)
        assert report["choices"] == report["rivals"] == 0
    with pytest.raises(AssertionError, match=r"PROA_TILING.*rule or broad or narrow, got 'wide'"):
        run(tmp_path / "cache", program, PROA_TILING="wide")


FORK = (
    PROGRAM
    + """
settle(400, 300, 700, 0.15)  # rivals are being made by now
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            settle(400, 300, 700, 0.3)
            settle(40 + 40 * child, 512, 384, 5)
            code = 0
        finally:
            proa.compiler.settle()
            os._exit(code)
    children.append(pid)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
settle(400, 300, 700, 60)
tell()
"""
)


def test_a_fork_may_come_at_any_time(tmp_path: Path) -> None:
    report = run(tmp_path / "cache", FORK)
    assert report["fallbacks"] == 0 and report["choices_damaged"] == 0
    assert run(tmp_path / "cache", PROGRAM + "tell()")["choices_damaged"] == 0


def test_processes_add_to_one_file(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    variables = {**os.environ, "PROA_CACHE_DIR": str(cache)}
    sizes = [(150, 300, 700), (400, 300, 700), (900, 300, 700)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM + f"settle{size}\ntell()"], env=variables
        )
        for size in sizes
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    report = run(cache, PROGRAM + f"for size in {sizes}:\n    settle(*size, 0)\ntell()")
    assert (report["choices_from_disk"], report["choices_damaged"]) == (3, 0)
