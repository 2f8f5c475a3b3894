"""The test runner counts right, above all when an executable crashes, hangs or is missing."""

import argparse
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("run_tests", ROOT / "tools/run_tests.py")
run_tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_tests)

GOOD = "[ RUN      ] Str.Joins\n[       OK ] Str.Joins (0 ms)\n"
BAD = "[ RUN      ] Str.Cuts\nstr_test.cc:3: Failure\n[  FAILED  ] Str.Cuts (1 ms)\n"
PARAMETER = "[ RUN      ] S/Fuzz.Runs/3\n[  FAILED  ] S/Fuzz.Runs/3, where GetParam() = 4 (2 ms)\n"
SKIPPED = "[ RUN      ] Str.X\nstr_test.cc:9: Skipped\nno GPU here\n\n[  SKIPPED ] Str.X (0 ms)\n"
SUMMARY = "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] Str.Cuts\n\n 1 FAILED TEST\n"


@pytest.fixture
def run(tmp_path):
    """Runs a stand-in for a GoogleTest executable and gives its tally."""

    def run_script(output, status):
        arguments = argparse.Namespace(
            build=str(tmp_path), jobs=1, fast=False, nightly=False, sanitizer=None, filter=None)
        script = tmp_path / "x_tests"
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{output}END\n{status}\n")
        script.chmod(0o755)
        return run_tests.Runner(arguments).gtest(script)

    return run_script


@pytest.mark.parametrize(
    "output, status, passed, failed",
    [
        (GOOD, "exit 0", 1, 0),
        (GOOD + BAD + SUMMARY, "exit 1", 1, 1),
        (GOOD + PARAMETER, "exit 1", 1, 1),
        (GOOD + "[ RUN      ] Str.Dies\n", "kill -SEGV $$", 1, 1),
        (GOOD + BAD + "[ RUN      ] Str.Dies\n", "kill -ABRT $$", 1, 2),
        (GOOD, "exit 1", 1, 1),  # a sanitiser's report at the end
        ("", "exit 127", 0, 1),
    ],
)
def test_counts(run, output, status, passed, failed):
    tally = run(output, status)
    assert (tally.passed, tally.failed) == (passed, failed)


def test_a_skipped_test_keeps_its_reason(run):
    tally = run(GOOD + SKIPPED, "exit 0")
    assert (tally.passed, tally.failed) == (1, 0)
    assert tally.skipped == ["Str.X: no GPU here"]
