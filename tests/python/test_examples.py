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


@pytest.mark.parametrize("name", ["custom_op/swish.py", "custom_dialect/smooth.py"])
def test_tutorials_from_python(name: str) -> None:
    result = run(f"examples/{name}")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()


def test_the_dialect_from_python_on_the_command_line() -> None:
    folder = "examples/custom_dialect"
    words = ["--load", f"{folder}/smooth.py", "--pass", "signal-sink-signs"]
    result = run("-m", "proa.ir", *words, f"{folder}/smooth.pir")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("signal.blend") == 2
    assert "prim.neg" not in result.stdout


def test_chargpt_learns_and_writes() -> None:
    small = ["--steps", "60", "--layers", "2", "--width", "32", "--context", "32"]
    options = [*small, "--batch-size", "8", "--target", "3.6", "--write", "20"]
    result = run("examples/chargpt/train.py", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "nats a character" in result.stdout
    assert "def " in result.stdout


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
    assert sorted(os.listdir(tmp_path)) == [
        "curves.png", "digits.proa", "digits.safetensors", "predictions.png",
    ]  # fmt: skip
    for picture in ("curves.png", "predictions.png"):
        width, height = png_size(tmp_path / picture)
        assert width > 600 and height > 300
    weights = safetensors.numpy.load_file(tmp_path / "digits.safetensors")
    assert sum(array.size for array in weights.values()) == 9930


def test_digits_says_when_it_falls_short_and_gives_the_same_twice(tmp_path: pathlib.Path) -> None:
    files = []
    for folder in ("a", "b"):
        out = tmp_path / folder
        options = ["--epochs", "1", "--out", str(out), "--target", "1"]
        result = run("examples/digits/train.py", *options)
        assert result.returncode == 1
        assert "is below 100.00%" in result.stderr
        files.append((out / "digits.safetensors").read_bytes())
    assert files[0] == files[1]


def test_digits_help() -> None:
    result = run("examples/digits/train.py", "--help")
    assert result.returncode == 0
    for option in ("--epochs", "--seed", "--out"):
        assert option in result.stdout


@pytest.mark.slow
def test_digits_in_cpp_gives_weights_that_python_reads(tmp_path: pathlib.Path) -> None:
    program = pathlib.Path(os.environ.get("PROA_BUILD_DIR", ROOT / "build")) / "example-digits"
    if not program.exists():
        pytest.skip("example-digits is not built")
    data, weights = tmp_path / "data.safetensors", tmp_path / "weights.safetensors"
    exported = run("examples/digits/export.py", str(data))
    assert exported.returncode == 0, exported.stderr
    trained = subprocess.run(
        [program, data, weights], capture_output=True, text=True, timeout=240
    )
    assert trained.returncode == 0, trained.stderr
    last = [line for line in trained.stdout.splitlines() if line.startswith("epoch 15/15")][0]
    check = (
        "import sys; sys.path.insert(0, 'examples/digits'); import proa, train; "
        "net = train.DigitsNet(); net.set_state_dict(proa.load(sys.argv[1])); "
        "_, images, labels = train.load_data(); "
        "guess = train.evaluate(net, images, labels)[1].argmax(1); "
        "print((guess == labels).sum(), len(labels), sep='/')"
    )
    again = run("-c", check, str(weights))
    assert again.returncode == 0, again.stderr
    assert f"({again.stdout.strip()})" in last


def test_digits_in_cpp_refuses_a_broken_file(tmp_path: pathlib.Path) -> None:
    program = pathlib.Path(os.environ.get("PROA_BUILD_DIR", ROOT / "build")) / "example-digits"
    if not program.exists():
        pytest.skip("example-digits is not built")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 100)
    result = subprocess.run([program, broken, tmp_path / "out"], capture_output=True, text=True)
    assert result.returncode == 1
    assert "broken.safetensors" in result.stderr
