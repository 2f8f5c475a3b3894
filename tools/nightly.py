"""Runs the long checks one after the other and writes docs/nightly.md; scripts/nightly calls it.

A step ends in a line "N passed, N failed", or counts as one check that its exit status decides.
"""

import argparse
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs/nightly.md"
STEPS = {
    "full": ("every test", ["scripts/test"]),
    "long": ("exhaustive tables, long fuzzing, kill loops", ["scripts/test", "--nightly"]),
    "asan": ("every test, address and undefined-behaviour sanitisers", ["scripts/test", "--asan"]),
    "fuzz": ("the long tests under these sanitisers", ["scripts/test", "--asan", "--nightly"]),
    "parsers": ("each parser and the predictor a minute, libFuzzer",
                ["scripts/fuzz", "--parsers", "60"]),
    "tsan": ("every C++ and text test, thread sanitiser", ["scripts/test", "--tsan"]),
    "wheel": ("the wheel in a clean root", ["scripts/wheel", "--clean-root"]),
}
HEAD = """# The long checks

Written by `scripts/nightly`; each line tells when and on which commit its step ran last.

| step | what | passed | failed | minutes | date (UTC) | commit |
| --- | --- | ---: | ---: | ---: | --- | --- |
"""


def old_rows():
    rows = {}
    if REPORT.exists():
        for line in REPORT.read_text().splitlines():
            step = line.strip("| ").split(" ")[0]
            if step in STEPS:
                rows[step] = line
    return rows


def run(step):
    """(row, failed, last lines) of a step; its output goes to the terminal and to a log."""
    what, command = STEPS[step]
    print(f"== nightly: {step}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    lines = []
    log = ROOT / ".cache" / f"nightly-{step}.log"
    with log.open("w") as file, subprocess.Popen(
        command, cwd=ROOT, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            file.write(line)
            lines.append(line.rstrip("\n"))
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    passed, failed = map(int, counts.groups()) if counts else (0, 0)
    if not counts:
        passed, failed = int(process.returncode == 0), int(process.returncode != 0)
    elif process.returncode != 0 and failed == 0 and passed > 0:
        failed = 1
    minutes = (time.monotonic() - started) / 60
    commit = subprocess.check_output(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()
    changes = ["git", "status", "--porcelain", "-uno", "--", ".", f":!{REPORT.relative_to(ROOT)}"]
    if subprocess.check_output(changes, cwd=ROOT, text=True).strip():
        commit += " and changes"
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    row = f"| {step} | {what} | {passed} | {failed} | {minutes:.1f} | {date} | {commit} |"
    failure = re.compile(r"(FAILED|ERROR) |\[ *FAILED *\] .*\(\d+ ms\)")
    failures = [line for line in lines if failure.match(line)]
    return row, failed, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="*", choices=["all", *STEPS], default="all")
    steps = parser.parse_args().steps
    if "all" in steps:
        steps = list(STEPS)
    rows, failed, failures = old_rows(), 0, {}
    for step in steps:
        rows[step], count, names = run(step)
        failed += count
        if names:
            failures[step] = names
        text = HEAD + "".join(rows[name] + "\n" for name in STEPS if name in rows)
        for name, lines in failures.items():
            text += f"\nFailed in `{name}`:\n\n" + "".join(f"    {line}\n" for line in lines)
        REPORT.write_text(text)
        print(rows[step], flush=True)
    print(f"== written: {REPORT.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
