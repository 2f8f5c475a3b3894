"""Writes docs/api_coverage.md: how much of the Paddle API Proa answers to, by namespace.

    PYTHONPATH=python .venv/bin/python tools/api_coverage.py [--check] [--missing NAMESPACE]

The names and signatures stand in tests/data/paddle_api.tsv. A name is *covered* if Proa has it,
*same* if its parameters also have the same names, order and defaults (`name` left out; Proa may
have more at the end), *differs* if they do not.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import functools
import importlib
import inspect
import math
import pathlib
import re
import sys
from typing import Any

ROOT = pathlib.Path(__file__).parents[1]
DATA = ROOT / "tests/data/paddle_api.tsv"
OUT = ROOT / "docs/api_coverage.md"
REQUIRED = "required"


@dataclasses.dataclass(frozen=True)
class Entry:
    """A public name of Paddle, as documented."""

    name: str  # paddle.linalg.svd
    kind: str  # function, class, method
    signature: str  # "x, full_matrices=False", or "?" where the page has none

    @property
    def space(self) -> str:
        return self.name.rpartition(".")[0]


@dataclasses.dataclass(frozen=True)
class Finding:
    entry: Entry
    state: str  # same, differs, missing
    note: str = ""


def entries() -> list[Entry]:
    """The rows of the data."""
    rows = []
    for line in DATA.read_text().splitlines():
        if line and not line.startswith("#"):
            rows.append(Entry(*line.split("\t")))
    return rows


def resolve(name: str) -> Any:
    """What stands in Proa under Paddle's name, or None."""
    found: Any = importlib.import_module("proa")
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            return None
        except ImportError:
            return None
    return found


Parameters = list[tuple[str, Any]]


def split(text: str) -> list[str]:
    """Cut at commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for at, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def value(text: str) -> Any:
    """A default as a value where it is a literal, else as text."""
    text = text.strip()
    words = {"inf": math.inf, "float('inf')": math.inf, '"inf"': math.inf}
    if text in words:
        return words[text]
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.strip("'\"").replace("paddle.", "").replace("proa.", "")
    return list(found) if isinstance(found, tuple) else found


def theirs(signature: str) -> Parameters | None:
    """The parameters of a documented signature, `name` left out."""
    if signature == "?":
        return None
    parameters: Parameters = []
    for part in split(signature):
        name, _, default = part.partition("=")
        name = name.split(":")[0].strip()
        if not re.fullmatch(r"\*{0,2}\w+", name):
            return None
        parameters.append((name, value(default) if "=" in part else REQUIRED))
    return [p for p in parameters if p[0] not in ("name", "self")]


def ours(found: Any) -> Parameters | None:
    """The parameters of what Proa has, `name` and `self` left out."""
    text = getattr(found, "__text_signature__", None)
    if isinstance(text, str) and type(found).__name__ == "Operator":
        return theirs(text[1:-1])
    if isinstance(found, property) or not callable(found):
        return None
    try:
        signature = inspect.signature(found)
    except (ValueError, TypeError):
        return None
    parameters: Parameters = []
    for p in signature.parameters.values():
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = REQUIRED if p.default is p.empty else p.default
        if not isinstance(default, (bool, int, float, str, list, tuple, type(None))):
            default = getattr(default, "name", getattr(default, "__name__", str(default)))
        default = list(default) if isinstance(default, tuple) else default
        parameters.append((stars + p.name, default))
    return [p for p in parameters if p[0] not in ("name", "self")]


def alike(a: Any, b: Any) -> bool:
    """Equal defaults: 0 and 0.0 are, True and 1 are not."""
    if a is REQUIRED or b is REQUIRED:
        return a is b
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-6)
    return bool(a == b)


def difference(wanted: Parameters, got: Parameters) -> str:
    """The first difference in words, or an empty string."""
    for at, (name, default) in enumerate(wanted):
        if at >= len(got):
            return "" if got and got[-1][0].startswith("*") else f"no `{name}`"
        mine, mine_default = got[at]
        if mine.startswith("*") and not name.startswith("*"):
            return ""
        if mine != name:
            return f"`{mine}` where Paddle has `{name}`"
        if not alike(default, mine_default):
            shown = {True: "no default"}.get(mine_default is REQUIRED, repr(mine_default))
            expected = {True: "no default"}.get(default is REQUIRED, repr(default))
            return f"`{name}`: {shown}, Paddle's {expected}"
    extra = [name for name, d in got[len(wanted):] if d is REQUIRED and not name.startswith("*")]
    return f"`{extra[0]}` is required" if extra else ""


def examine(entry: Entry) -> Finding:
    """Compares one name."""
    found = resolve(entry.name)
    if found is None:
        return Finding(entry, "missing")
    wanted, got = theirs(entry.signature), ours(found)
    if wanted is None or got is None:
        return Finding(entry, "same")
    if entry.kind == "method":  # the page of a method may or may not name the tensor itself
        bound = type(found).__name__ == "Operator" or (got and got[0] == ("x", REQUIRED))
        rest = got[1:] if bound else got
        notes = [difference(wanted, rest), difference(wanted, got)]
        if wanted:
            notes.append(difference(wanted[1:], rest))
        note = "" if "" in notes else notes[0]
    else:
        note = difference(wanted, got)
    return Finding(entry, "differs" if note else "same", note)


@functools.cache
def findings() -> tuple[Finding, ...]:
    """All names, compared."""
    return tuple(examine(entry) for entry in entries())


def spaces() -> list[str]:
    """Namespaces in the order of the data."""
    return list(dict.fromkeys(entry.space for entry in entries()))


def report() -> str:
    """The text of docs/api_coverage.md."""
    found = findings()
    total, have = len(found), sum(f.state != "missing" for f in found)
    same = sum(f.state == "same" for f in found)
    lines = [
        "# Coverage of the Paddle API",
        "",
        "Written by `tools/api_coverage.py` from the public API of PaddlePaddle as documented "
        "2024-12 (`tests/data/paddle_api.tsv`). *Same*: the parameters have the same names, order "
        "and defaults. A test keeps what is covered covered.",
        "",
        f"{have} of {total} names are there, {same} of them with the same parameters.",
        "",
        "| namespace | names | there | same parameters |",
        "| --- | ---: | ---: | ---: |",
    ]
    for space in spaces():
        here = [f for f in found if f.entry.space == space]
        there = [f for f in here if f.state != "missing"]
        lines.append(
            f"| `{space}` | {len(here)} | {len(there)} | "
            f"{sum(f.state == 'same' for f in there)} |"
        )
    for state, title in (("missing", "Missing"), ("differs", "Other parameters")):
        lines += ["", f"## {title}"]
        for space in spaces():
            here = [f for f in found if f.entry.space == space and f.state == state]
            if not here:
                continue
            lines += ["", f"`{space}`:", ""]
            if state == "missing":
                lines.append(" ".join(f"`{f.entry.name.rpartition('.')[2]}`" for f in here))
            else:
                lines += [f"- `{f.entry.name.rpartition('.')[2]}`: {f.note}" for f in here]
    return "\n".join(lines) + "\n"


def known(text: str) -> dict[str, set[str]]:
    """What a report says: the names under each of its two headings."""
    said: dict[str, set[str]] = {"missing": set(), "differs": set()}
    state = space = ""
    for line in text.splitlines():
        if line.startswith("## "):
            state = {"## Missing": "missing", "## Other parameters": "differs"}[line]
        elif state and re.fullmatch(r"`[\w.]+`:", line):
            space = line[1:-2]
        elif state == "missing" and line.startswith("`"):
            said[state] |= {f"{space}.{name}" for name in re.findall(r"`(\w+)`", line)}
        elif state == "differs" and line.startswith("- `"):
            said[state].add(f"{space}.{line[3:].partition('`')[0]}")
    return said


def lost(text: str) -> list[str]:
    """What the report has as covered, or as the same, and Proa has no more."""
    said, gone = known(text), []
    for f in findings():
        if f.state == "missing" and f.entry.name not in said["missing"]:
            gone.append(f"{f.entry.name} is missing")
        if f.state == "differs" and f.entry.name not in said["missing"] | said["differs"]:
            gone.append(f"{f.entry.name}: {f.note}")
    return gone


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say what has been lost")
    parser.add_argument("--missing", metavar="NAMESPACE", help="print what one namespace lacks")
    args = parser.parse_args()
    if args.missing:
        for f in findings():
            if f.entry.space == args.missing and f.state != "same":
                print(f.state, f.entry.name, f.note or f"({f.entry.signature})")
        return 0
    if args.check:
        gone = lost(OUT.read_text())
        print("\n".join(gone) or "nothing is lost")
        return 1 if gone else 0
    text = report()
    OUT.write_text(text)
    print("\n".join(text.splitlines()[4:6 + 2 + len(spaces())]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
