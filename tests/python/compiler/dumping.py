"""Runs a script of this folder in a process of its own, whose environment says what computes."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def computed(
    script: str, tmp_path: Path, *arguments: str, **environment: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(results by name, the compiler's report) of a process with these variables.

    Its folder of kernels is new: they shall be made by this build.
    """
    path = tmp_path / (("-".join(environment.values()) or "plain") + ".pickle")
    variables = {**os.environ, "PROA_CACHE_DIR": str(tmp_path / "cache"), **environment}
    command = [sys.executable, str(HERE / script), str(path), *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with path.open("rb") as file:
        return pickle.load(file), json.loads(done.stdout)
