"""Runs every kind of test on a finished build and adds up the counts; scripts/test calls it.

Its last line reads "N passed, N failed"; skipped tests are listed with their reasons above it.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A line of GoogleTest that ends a test; the summary at the end has no time in brackets.
RESULT = re.compile(r"^\[ *(OK|FAILED|SKIPPED) *\] (\S+?)(?:,.*)? \(\d+ ms\)$")
STARTED = re.compile(r"^\[ RUN +\] (\S+)")


class Tally:
    """The counts of one kind of test."""

    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped, self.seconds = name, 0, 0, [], 0.0

    def __str__(self):
        text = f"{self.name:<24} {self.passed:>6} passed {self.failed:>4} failed"
        skipped = f" {len(self.skipped):>4} skipped" if self.skipped else ""
        return f"{text}{skipped}  {self.seconds:6.1f} s"


def say(text):
    print(f"== {text}", flush=True)


class Runner:
    def __init__(self, arguments):
        self.arguments = arguments
        self.build = (ROOT / arguments.build).resolve()
        self.results = self.build / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self.tallies = []
        self.environment = dict(os.environ)
        if arguments.sanitizer == "address":
            # A forged program may ask for more memory than there is.
            self.environment["ASAN_OPTIONS"] = (
                "detect_leaks=0:detect_odr_violation=0:allocator_may_return_null=1")
            self.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
            self.environment["PROA_INSPECT"] = "1"  # no contract refuses what is right
        elif arguments.sanitizer == "thread":
            self.environment["TSAN_OPTIONS"] = "halt_on_error=1:second_deadlock_stack=1"

    def run(self, command, timeout, **options):
        """(status, output) of a command; a time-out has status 124."""
        options.setdefault("env", self.environment)
        try:
            done = subprocess.run(
                command, cwd=ROOT, timeout=timeout, text=True, errors="replace",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options,
            )
            return done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            output = late.stdout or b""
            text = output.decode(errors="replace") if isinstance(output, bytes) else output
            return 124, f"{text}\nstill running after {timeout} s\n"

    def add(self, tally, started):
        tally.seconds = time.monotonic() - started
        self.tallies.append(tally)
        say(tally)

    def one_check(self, name, command, timeout=600):
        """A command that counts as one test."""
        started, tally = time.monotonic(), Tally(name)
        status, output = self.run(command, timeout)
        tally.passed, tally.failed = int(status == 0), int(status != 0)
        if status:
            print(output)
        self.add(tally, started)

    # C++

    def gtest(self, executable):
        arguments, limit = self.arguments, 5400 if self.arguments.nightly else 1200
        wanted = f"*{arguments.filter}*" if arguments.filter else "*"
        if arguments.nightly:
            wanted = f"*Nightly*{arguments.filter or ''}*"
        refused = [] if arguments.nightly else ["*Nightly*"]
        refused += ["*Slow*"] if arguments.fast else []
        if arguments.sanitizer and arguments.nightly:
            # 2^32 inputs through formulas without memory: the plain run is what tells their errors,
            # and the short numeric tests run sanitised.
            refused += ["*NightlyNumeric*"]
        selection = wanted + ("-" + ":".join(refused) if refused else "")
        started, tally = time.monotonic(), Tally(executable.name)
        status, output = self.run([str(executable), f"--gtest_filter={selection}"], limit)
        (self.results / f"{executable.name}.log").write_text(output)
        running = reason = None
        for line in output.splitlines():
            if begun := STARTED.match(line):
                running = begun[1]
            elif ended := RESULT.match(line):
                running = None
                tally.passed += ended[1] == "OK"
                tally.failed += ended[1] == "FAILED"
                if ended[1] == "SKIPPED":
                    tally.skipped.append(f"{ended[2]}: {reason}")
            elif line.strip() not in ("Skipped", ""):
                reason = line.strip()  # the text of GTEST_SKIP stands above the result
        if status != 0 and (running or not tally.failed):
            tally.failed += 1  # it crashed, or ran out of time
            print(f"{executable.name} ended with status {status} in {running or 'no test'}")
        if tally.failed:
            print("\n".join(failed_parts(output)), flush=True)
        tally.seconds = time.monotonic() - started
        return tally

    def cpp_tests(self):
        executables = sorted(self.build.glob("tests/*_tests"))
        say(f"C++ tests: {len(executables)} executables")
        # The cheap ones do not depend on each other; timing is nobody's business here.
        with ThreadPoolExecutor(self.arguments.jobs) as pool:
            for tally in pool.map(self.gtest, executables):
                if tally.passed or tally.failed or tally.skipped:
                    self.tallies.append(tally)
                    say(tally)

    # text

    def text_tests(self):
        if not (self.build / "proa-opt").exists():
            if list((ROOT / "tests/text").rglob("*.pir")):
                tally = Tally("text tests")
                tally.failed = 1
                print("there are text tests, but proa-opt was not built")
                self.add(tally, time.monotonic())
            return
        started, tally = time.monotonic(), Tally("text tests")
        command = [sys.executable, "tests/text/run.py", "--build", str(self.build)]
        command += [self.arguments.filter] if self.arguments.filter else []
        status, output = self.run(command, 1200)
        count = re.search(r"(\d+) passed, (\d+) failed\s*$", output)
        if count:
            tally.passed, tally.failed = int(count[1]), int(count[2])
        if status and not tally.failed:
            tally.failed = 1
        if tally.failed:
            print(output)
        self.add(tally, started)

    # Python

    def python_tree(self):
        """The folder to import proa from; beside a sanitised module that is a tree of links."""
        if not self.arguments.sanitizer:
            return ROOT / "python"
        tree = self.build / "python"
        for path in (ROOT / "python").rglob("*"):
            link = tree / path.relative_to(ROOT / "python")
            if path.is_dir() or path.suffix in (".so", ".pyc"):
                continue
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(path)
        return tree

    def python_tests(self):
        arguments = self.arguments
        report = self.results / "pytest.xml"
        report.unlink(missing_ok=True)
        marks = "nightly" if arguments.nightly else "not nightly"
        if arguments.fast:
            marks += " and not slow"
        tree = self.python_tree()
        command = [sys.executable, "-m", "pytest", "-q", "-m", marks, "-rfEs", "--tb=short",
                   "--durations=5", "-o", f"pythonpath={tree}", f"--junitxml={report}"]
        command += ["-n", str(arguments.jobs)]
        if arguments.nightly:
            command += ["-o", "timeout=3600"]
        if arguments.filter:
            command += ["-k", arguments.filter]
        environment = dict(self.environment, PYTHONPATH=str(tree), PROA_BUILD_DIR=str(self.build))
        if arguments.sanitizer:
            environment["LD_PRELOAD"] = " ".join(
                subprocess.check_output(["g++", f"-print-file-name={name}"], text=True).strip()
                for name in ("libasan.so", "libstdc++.so"))
        say("Python tests")
        started, tally = time.monotonic(), Tally("Python tests")
        # Straight to the terminal: it is the longest part and shows its own progress.
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if report.exists():
            for case in ElementTree.parse(report).getroot().iter("testcase"):
                kinds = {child.tag for child in case}
                if "failure" in kinds or "error" in kinds:
                    tally.failed += 1
                elif "skipped" in kinds:
                    reason = case.find("skipped").get("message")
                    tally.skipped.append(f"{case.get('name')}: {reason}")
                else:
                    tally.passed += 1
        if status not in (0, 5) and not tally.failed:  # 5: no test was selected
            tally.failed = 1
        self.add(tally, started)

    def type_check(self):
        """The package with its stubs, and programs against them, under the strictest setting."""
        programs = sorted((ROOT / "tests/stubs").glob("*.py"))
        files = ["python/proa", *(str(path.relative_to(ROOT)) for path in programs)]
        cache = ["--cache-dir", str(self.build / "mypy")]
        mypy = [sys.executable, "-m", "mypy", "--strict", *cache]
        self.one_check("types (mypy --strict)", [*mypy, *files])

    def fuzzers(self):
        """Each parser and the predictor with libFuzzer, in a sanitised build of their own."""
        started, tally = time.monotonic(), Tally("fuzzers, 20 s each")
        status, output = self.run(["scripts/fuzz", "--parsers", "20"], 3600)
        counts = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
        tally.passed, tally.failed = map(int, counts.groups()) if counts else (0, 1)
        if status != 0:
            tally.failed = max(tally.failed, 1)
            print(output)
        self.add(tally, started)


def failed_parts(output):
    """The output of those GoogleTest cases that did not pass, and what came after the last."""
    part = []
    for line in output.splitlines():
        if STARTED.match(line):
            part = []
        part.append(line)
        if ended := RESULT.match(line):
            if ended[1] == "FAILED":
                yield from part[-60:]
            part = []
    if part and not part[-1].startswith("[  PASSED  ]"):
        yield from part[-60:]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build", help="folder of the build")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--nightly", action="store_true")
    parser.add_argument("--no-fuzzers", action="store_true", help="they have a build of their own")
    parser.add_argument("--sanitizer", choices=["address", "thread"])
    parser.add_argument("filter", nargs="?")
    arguments = parser.parse_args()
    runner = Runner(arguments)
    if not arguments.filter and not arguments.nightly:
        runner.one_check("layers", [sys.executable, "tools/check_layers.py"])
        runner.one_check("lint", ["scripts/lint"])
    runner.cpp_tests()
    if not arguments.nightly:
        runner.text_tests()
    # CPython is not instrumented for the thread sanitiser: its own hand-overs would read as races.
    if arguments.sanitizer != "thread":
        runner.python_tests()
    if not arguments.filter and not arguments.nightly and not arguments.sanitizer:
        runner.type_check()
        if not (arguments.fast or arguments.no_fuzzers):
            runner.fuzzers()

    say("all together")
    for tally in runner.tallies:
        print(tally)
    for tally in runner.tallies:
        for name in tally.skipped:
            print(f"skipped: {name}")
    passed = sum(tally.passed for tally in runner.tallies)
    failed = sum(tally.failed for tally in runner.tallies)
    if passed + failed == 0:
        print("no test was run")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
