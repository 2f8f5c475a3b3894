"""Every script explains itself, refuses what it does not know, and works from any folder."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.suffix == "")


def run(script, *arguments, **options):
    return subprocess.run(
        [str(script), *arguments], capture_output=True, text=True, timeout=60, **options)


def test_there_are_scripts():
    names = {path.name for path in SCRIPTS}
    assert names >= {"setup", "build", "test", "demo", "nightly", "peers", "wheel", "lint"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_help(script, tmp_path):
    done = run(script, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"scripts/{script.name}"), done.stdout
    assert len(done.stdout.splitlines()) >= 3


@pytest.mark.parametrize(
    "script", [s for s in SCRIPTS if s.name != "demo"], ids=lambda path: path.name)
def test_unknown_option(script):
    done = run(script, "--no-such-option")
    assert done.returncode != 0
    assert "--no-such-option" in done.stderr and "--help" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_stops_at_the_first_error(script):
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert os.access(script, os.X_OK)
    assert run("bash", "-n", str(script)).returncode == 0


def test_every_python_package_is_pinned():
    lines = (ROOT / "scripts/requirements.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages and all("==" in line for line in packages)


def test_a_failed_build_is_a_failed_test(tmp_path):
    """scripts/test says so in its last line, and by its status."""
    copy = tmp_path / "scripts"
    copy.mkdir()
    for name in ("test", "lib.sh"):
        (copy / name).write_bytes((ROOT / "scripts" / name).read_bytes())
        (copy / name).chmod(0o755)
    (copy / "build").write_text("#!/bin/sh\nexit 1\n")
    (copy / "build").chmod(0o755)
    done = run(copy / "test")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"
