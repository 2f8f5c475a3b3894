"""Every example runs, says what it should, and leaves behind what it promises."""

from __future__ import annotations

import os
import pathlib
import struct
import subprocess
import sys

import pytest
import safetensors.numpy

ROOT = pathlib.Path(__file__).parents[2]
SMALL = sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("name", SMALL)
def test_small_example(name: str) -> None:
    result = run(f"examples/{name}")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def png_size(path: pathlib.Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_digits_reaches_98_percent_and_leaves_its_files(tmp_path: pathlib.Path) -> None:
    result = run("examples/digits/train.py", "--out", str(tmp_path))
    assert result.returncode == 0, result.stderr
    (accuracy,) = [line for line in result.stdout.splitlines() if "| test accuracy" in line]
    assert float(accuracy.split("|")[2].split("%")[0]) >= 98.0
    assert "yes, to the bit" in result.stdout
    assert sorted(os.listdir(tmp_path)) == ["curves.png", "digits.safetensors", "predictions.png"]
    for picture in ("curves.png", "predictions.png"):
        width, height = png_size(tmp_path / picture)
        assert width > 600 and height > 300
    weights = safetensors.numpy.load_file(tmp_path / "digits.safetensors")
    assert sum(array.size for array in weights.values()) == 9930


def test_digits_says_when_it_falls_short_and_gives_the_same_twice(tmp_path: pathlib.Path) -> None:
    files = []
    for folder in ("a", "b"):
        out = tmp_path / folder
        result = run("examples/digits/train.py", "--epochs", "1", "--out", str(out), "--target", "1")
        assert result.returncode == 1
        assert "is below 100.00%" in result.stderr
        files.append((out / "digits.safetensors").read_bytes())
    assert files[0] == files[1]


def test_digits_help() -> None:
    result = run("examples/digits/train.py", "--help")
    assert result.returncode == 0
    for option in ("--epochs", "--seed", "--out"):
        assert option in result.stdout
