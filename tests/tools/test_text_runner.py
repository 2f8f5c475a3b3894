"""The runner of text tests tells right from wrong."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("text_run", ROOT / "tests/text/run.py")
text_run = importlib.util.module_from_spec(spec)
spec.loader.exec_module(text_run)


def run(tmp_path, text):
    path = tmp_path / "case.pir"
    path.write_text(text)
    return text_run.run_file(path, tmp_path)


ABC = "// RUN: printf 'a  b\\nc 12\\nd\\n'\n"


@pytest.mark.parametrize(
    "checks",
    [
        ["CHECK: a b", "CHECK-NEXT: c {{[0-9]+}}", "CHECK: d"],
        ["CHECK: a", "CHECK-SAME: b"],
        ["CHECK-NOT: d", "CHECK: c"],
        ["CHECK: d", "CHECK-NOT: a"],
    ],
)
def test_passes(tmp_path, checks):
    assert run(tmp_path, ABC + "".join(f"// {c}\n" for c in checks)) == (1, [])


@pytest.mark.parametrize(
    "checks, reason",
    [
        (["CHECK: x"], "was not found"),
        (["CHECK: d", "CHECK: a"], "was not found"),
        (["CHECK: a", "CHECK-NEXT: d"], "was not found"),
        (["CHECK: a", "CHECK-SAME: c"], "was not found"),
        (["CHECK: a", "CHECK-NOT: c", "CHECK: d"], "CHECK-NOT"),
        (["CHECK: a", "CHECK-NOT: d"], "CHECK-NOT"),
        (["CHECK-ERROR: a"], "it succeeded"),
        ([], "nothing is checked"),
    ],
)
def test_fails(tmp_path, checks, reason):
    passed, failures = run(tmp_path, ABC + "".join(f"// {c}\n" for c in checks))
    assert passed == 0 and len(failures) == 1 and reason in failures[0][1]


def test_errors(tmp_path):
    bad = "// RUN: echo 'case:3: bad op' >&2; exit {}\n// CHECK-ERROR: 3: bad\n"
    assert run(tmp_path, bad.format(1)) == (1, [])
    assert "crashed" in run(tmp_path, bad.format(139))[1][0][1]
    assert "status 1" in run(tmp_path, "// RUN: false\n// CHECK: a\n")[1][0][1]
    assert "no RUN" in run(tmp_path, "// CHECK: a\n")[1][0][1]


def test_parts_keep_their_line_numbers(tmp_path):
    text = "// RUN: grep -n here %s\n// CHECK: 3:here\nhere\n// -----\nhere\n// CHECK: 5:here\n"
    assert run(tmp_path, text) == (2, [])
