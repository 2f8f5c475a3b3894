"""proa-opt in Python: `python -m proa.ir [OPTION...] [FILE]`.

Passes of Python are in it: --load runs a file that registers some.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Sequence

from .. import _proa
from . import dialects, parse, passes, replay, run

_STATUS = """status: 0 done; 1 the module, a pass or a file was refused;
2 the command line is wrong; 3 a fault of Proa or of a loaded file."""


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m proa.ir",
        description="Reads a module as text from FILE (or standard input), runs passes in the "
        "order given, prints the module.",
        epilog=_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", default="-", help="the module; - is standard input")
    add("--pass", dest="passes", action="append", default=[], metavar="PASS",
        help="run a pass, with options in braces: fold{limit=3}; may be given again")
    add("--pipeline", dest="passes", action="append", metavar="TEXT",
        help="run several: cse,fold{limit=3},dce")
    add("--replay", action="store_true", help="run the pipeline in the head of FILE, a reproducer")
    add("--load", action="append", default=[], metavar="FILE.py",
        help="run a Python file that registers operators and passes; may be given again")
    add("--allow-unregistered", action="store_true",
        help="take operations of unknown names as they are")
    add("--no-verify", action="store_true", help="do not verify behind each pass")
    add("--print-loc", action="store_true", help="print loc(...) behind each operation")
    add("--dump-changed", action="store_true",
        help="print the module to standard error behind each pass that changed it")
    add("--timing", action="store_true",
        help="print time, changes, statistics and reports to standard error")
    add("--reproducer", default="", metavar="PATH",
        help="where a pass fails, write the module before it and the rest of the pipeline to PATH")
    add("--strict", action="store_true", help="what a pass would only report is an error")
    add("--output", default="-", metavar="PATH", help="print to PATH")
    add("--no-output", action="store_true", help="print nothing")
    add("--list-passes", action="store_true", help="print the passes there are, and stop")
    add("--list-ops", action="store_true", help="print the operations there are, and stop")
    return parser


def _lists(list_passes: bool, list_ops: bool) -> str:
    lines: list[str] = []
    if list_passes:
        for one in passes():
            lines += [one.name, f"    {one.purpose}"]
            lines += [f"    {key}={value}  {doc}" for key, (value, doc) in one.options.items()]
    if list_ops:
        for names in dialects().values():
            lines += names
    return "\n".join(lines) + "\n"


def _read(path: str) -> str:
    if path == "-":
        return sys.stdin.read()
    with open(path, encoding="utf-8") as file:
        return file.read()


def _work(given: argparse.Namespace) -> None:
    for path in given.load:
        runpy.run_path(path)
    if given.list_passes or given.list_ops:
        sys.stdout.write(_lists(given.list_passes, given.list_ops))
        return
    text = _read(given.file)
    pipeline = list(given.passes)
    if given.replay:
        pipeline.append(replay(text))
    module = parse(text, "<stdin>" if given.file == "-" else given.file, given.allow_unregistered)
    report = run(
        module,
        pipeline,
        verify=not given.no_verify,
        timing=given.timing,
        dump_changed=(lambda dump: print(dump, file=sys.stderr)) if given.dump_changed else None,
        reproducer=given.reproducer,
        strict=given.strict,
    )
    if given.timing:
        sys.stderr.write(report.table)
    if given.no_output:
        return
    out = module.text(given.print_loc)
    if given.output == "-":
        sys.stdout.write(out)
    else:
        with open(given.output, "w", encoding="utf-8") as file:
            file.write(out)


def main(words: Sequence[str] | None = None) -> int:
    """The command; gives its status."""
    given = _options().parse_args(words)
    try:
        _work(given)
    except _proa.InternalError as error:
        print(f"proa.ir: {error}", file=sys.stderr)
        return 3
    except (_proa.ProaError, OSError, UnicodeDecodeError) as error:
        print(f"proa.ir: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
