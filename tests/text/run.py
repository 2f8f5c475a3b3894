"""Runs text tests: files that carry their command and what it must print.

    tests/text/run.py [--build DIR] [FILTER...]

A test is a .pir file under tests/text/ or proa/ with lines such as

    // RUN: proa-opt %s --cse
    // CHECK: %0 = add
    // CHECK-NEXT: return %0
    // CHECK-NOT: mul
    // CHECK-ERROR: 3:7: unknown operator

RUN         a shell command; %s is the file, %t a scratch path. Several run in turn, outputs joined.
CHECK       the text must occur in the output, behind what the last check found.
CHECK-NEXT  the same, on the line that follows.
CHECK-SAME  the same, on the same line.
CHECK-NOT   the text must not occur between the checks around it.
CHECK-ERROR the command must fail with an exit status below 100 and print this text, in order, to
            its error output. Without such a line it must succeed.

Runs of blanks match each other; {{...}} in a check is a regular expression. A line `// -----`
splits a file into tests of their own; a part without RUN takes that of the first part.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIRECTIVE = re.compile(r"//\s*(RUN|CHECK(?:-NEXT|-SAME|-NOT|-ERROR)?):\s?(.*?)\s*$")
TIMEOUT = 120


class Failure(Exception):
    pass


def pattern_of(text):
    """A regular expression for the text of a check."""
    pieces = re.split(r"\{\{(.*?)\}\}", text.strip())
    for i in range(0, len(pieces), 2):
        words = re.split(r"[ \t]+", pieces[i])
        pieces[i] = "[ \t]+".join(re.escape(word) for word in words)
    for i in range(1, len(pieces), 2):
        pieces[i] = f"(?:{pieces[i]})"
    return re.compile("".join(pieces))


def match_checks(checks, output):
    """Raises Failure at the first of (line number, kind, text) that `output` does not meet."""
    position = 0
    forbidden = []

    def check_forbidden(end):
        for line, text in forbidden:
            found = pattern_of(text).search(output, position, end)
            if found:
                raise Failure(f"line {line}: CHECK-NOT: {text!r} was found: {found.group()!r}")
        forbidden.clear()

    for line, kind, text in checks:
        if kind == "CHECK-NOT":
            forbidden.append((line, text))
            continue
        pattern = pattern_of(text)
        start, end = position, len(output)
        if kind == "CHECK-NEXT":
            start = output.find("\n", position) + 1
            if start == 0:
                raise Failure(f"line {line}: {kind}: {text!r}: the output has no further line")
        if kind in ("CHECK-NEXT", "CHECK-SAME"):
            stop = output.find("\n", start)
            end = stop if stop >= 0 else len(output)
        found = pattern.search(output, start, end)
        if not found:
            raise Failure(f"line {line}: {kind}: {text!r} was not found in\n{output[start:end]}")
        check_forbidden(found.start())
        position = found.end()
    check_forbidden(len(output))


def parts_of(path):
    """(first line, text) of each part of a file."""
    part, start = [], 1
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.fullmatch(r"//\s*-----\s*", line):
            yield start, "\n".join(part) + "\n"
            part, start = [], number + 1
        else:
            part.append(line)
    yield start, "\n".join(part) + "\n"


def run_case(source, first_line, text, default_runs, build, scratch):
    runs, checks = [], []
    for number, line in enumerate(text.splitlines(), first_line):
        directive = DIRECTIVE.search(line)
        if directive and directive[1] == "RUN":
            runs.append(directive[2])
        elif directive:
            checks.append((number, directive[1], directive[2]))
    runs = runs or default_runs
    if not runs:
        raise Failure("no RUN line")
    if not checks and not any("diff" in run or "cmp" in run for run in runs):
        raise Failure("nothing is checked: no CHECK line and no diff in a RUN line")
    path = source
    if first_line > 1 or len(list(parts_of(source))) > 1:
        # Blank lines in front keep the numbers of the lines.
        path = Path(scratch) / source.name
        path.write_text("\n" * (first_line - 1) + text)
    output = errors = ""
    status = 0
    for run in runs:
        command = run.replace("%s", str(path)).replace("%t", str(Path(scratch) / "t"))
        environment = dict(os.environ, PATH=f"{build}:{os.environ['PATH']}")
        try:
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                capture_output=True, text=True, errors="replace", timeout=TIMEOUT, env=environment,
                cwd=scratch,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {TIMEOUT} s: {run}") from None
        output += done.stdout
        errors += done.stderr
        status = status or done.returncode
    wanted = [(n, "CHECK", text) for n, kind, text in checks if kind == "CHECK-ERROR"]
    rest = [check for check in checks if check[1] != "CHECK-ERROR"]
    if wanted:
        if status == 0:
            raise Failure(f"expected an error, but it succeeded and printed\n{output}")
        if not 0 < status < 100:
            raise Failure(f"expected an error, but it crashed (status {status})\n{errors[-4000:]}")
        match_checks(wanted, errors)
    elif status != 0:
        raise Failure(f"failed with status {status}\n{errors[-4000:]}")
    match_checks(rest, output)
    return runs


def run_file(path, build):
    """(passed, failures) of the parts of one file; a failure is (line, text)."""
    passed, failures, runs = 0, [], []
    for first_line, text in parts_of(path):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                used = run_case(path, first_line, text, runs, build, scratch)
                runs = runs or used
                passed += 1
            except Failure as failure:
                failures.append((first_line, str(failure)))
    return passed, failures


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build"), help="folder with the tools")
    parser.add_argument("filter", nargs="*", help="run files whose path contains one of these")
    arguments = parser.parse_args()
    build = Path(arguments.build).resolve()
    files = sorted([*(ROOT / "tests/text").rglob("*.pir"), *(ROOT / "proa").rglob("*.pir")])
    if arguments.filter:
        words = arguments.filter
        files = [f for f in files if any(word in str(f.relative_to(ROOT)) for word in words)]
    passed = failed = 0
    with ThreadPoolExecutor(2) as pool:
        for path, (good, failures) in zip(files, pool.map(lambda f: run_file(f, build), files)):
            passed += good
            failed += len(failures)
            for line, text in failures:
                print(f"FAILED {path.relative_to(ROOT)}:{line}: {text}")
    print(f"text tests: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
