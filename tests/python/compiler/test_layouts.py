"""Values between convolutions lie with their channels last: the bits stay."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


def computed(tmp_path: Path, **environment: str) -> tuple[Any, Any]:
    """(results by name, the report) of a process with these variables."""
    path = tmp_path / ("-".join(environment.values()) + ".pickle")
    variables = {**os.environ, "PROA_CACHE_DIR": str(tmp_path / "cache"), **environment}
    command = [sys.executable, str(HERE / "dump_layouts.py"), str(path)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with path.open("rb") as file:
        return pickle.load(file), json.loads(done.stdout)


@pytest.mark.timeout(1200)
def test_networks_with_channels_last_have_the_bits_of_the_prebuilt_kernels(tmp_path: Path) -> None:
    prebuilt, report = computed(tmp_path, PROA_TIER="prebuilt")
    assert report["channels_last"] == 0
    off, report = computed(tmp_path, PROA_TIER="compiled", PROA_PASSES_OFF="layout")
    assert report["channels_last"] == 0
    assert [key for key in prebuilt if prebuilt[key] != off[key]] == []
    for threads in ("2", "1", "3", "7"):
        compiled, report = computed(tmp_path, PROA_TIER="compiled", PROA_NUM_THREADS=threads)
        assert report["fallbacks"] == 0, report["last_reason"]
        assert report["turned"]["mobile"] > 30 and report["turned"]["branches"] > 5
        assert report["turned"]["residual"] == 0  # windows of 3x3 alone gain nothing
        assert prebuilt.keys() == compiled.keys()
        assert [key for key in prebuilt if prebuilt[key] != compiled[key]] == []
    without, _ = computed(tmp_path, PROA_TIER="compiled", PROA_PASSES_OFF="fuse")
    assert [key for key in prebuilt if prebuilt[key] != without[key]] == []
