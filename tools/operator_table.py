"""Writes docs/operators.md, the table of all operators, from their pages.

    PYTHONPATH=python .venv/bin/python tools/operator_table.py [--check]
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from typing import Any

from proa import _proa

OUT = pathlib.Path(__file__).parents[1] / "docs/operators.md"
INTEGER, FLOAT, COMPLEX = (
    "uint8 int8 int16 int32 int64",
    "float16 bfloat16 float32 float64",
    "complex64 complex128",
)
SETS = {
    "any": f"bool {INTEGER} {FLOAT} {COMPLEX}",
    "number": f"{INTEGER} {FLOAT} {COMPLEX}",
    "real": f"{INTEGER} {FLOAT}",
    "integer": INTEGER,
    "float": FLOAT,
    "complex": COMPLEX,
    "bool": "bool",
}
STORAGE = {"float8_e4m3fn", "float8_e5m2"}
FACES = {1: "proa", 2: "Tensor", 4: "functional", 16: "linalg", 32: "fft"}


def dtypes(names: list[str]) -> str:
    """A set of dtypes in few words: the largest known sets first, then single names."""
    left, said = set(names), []
    for word, members in SETS.items():
        group = set(members.split())
        if group <= left:
            said.append(word)
            left -= group
    if left >= STORAGE:
        said.append("float8")
        left -= STORAGE
    return " ".join([*said, *sorted(left)])


def operand_dtypes(page: dict[str, Any]) -> str:
    seen: dict[str, list[str]] = {}
    for operand in page["operands"]:
        if not operand["rng_key"]:
            seen.setdefault(dtypes(operand["dtypes"]), []).append(operand["name"])
    if len(seen) == 1:
        return next(iter(seen))
    return "; ".join(f"{', '.join(names)}: {kinds}" for kinds, names in seen.items())


def gradient(page: dict[str, Any]) -> str:
    reason = page["gradient_reason"].replace("|", "\\|")
    return {
        "rule": "own rule",
        "decomposition": "by decomposition",
        "regions": "by its regions",
        "zero": f"zero: {reason}",
        "none": f"none: {reason}",
    }[page["gradient"]]


def signature(page: dict[str, Any]) -> str:
    if "signature" in page:
        return str(page["signature"]).replace(", name=None", "").replace("name=None", "")
    names = [operand["name"] for operand in page["operands"]]
    return f"({', '.join([*names, *(attr['name'] for attr in page['attrs'])])})"


def page_file(page: dict[str, Any]) -> str:
    """The file of docs/operators that has the page's section."""
    dialect = page["full_name"].split(".")[0]
    return ("" if dialect == "tensor" else f"{dialect}_") + f"{page['family']}.md"


def row(page: dict[str, Any]) -> str:
    places = [word for bit, word in FACES.items() if page["faces"] & bit]
    if page["faces"] & 8:
        places.append("in place")
    cells = [
        f"[`{page['name']}`](operators/{page_file(page)}#{page['name']})",
        " ".join(f"`{alias}`" for alias in page["aliases"]),
        f"`{signature(page)}`".replace("|", "\\|"),
        operand_dtypes(page),
        gradient(page),
        ", ".join(places),
    ]
    return "| " + " | ".join(cells if page["full_name"].startswith("tensor.") else cells[:5]) + " |"


def table() -> str:
    pages = sorted(_proa.pages(), key=lambda page: page["name"])
    primitives = [page for page in pages if page["primitive"]]
    composites = [page for page in pages if page["full_name"].startswith("tensor.")]
    head = ["operator", "also called", "arguments", "dtypes", "gradient"]
    lines = [
        "# Operators",
        "",
        "Written by `tools/operator_table.py` from the pages in `proa/ops`; "
        "a name leads to its section, which has text and example.",
        "",
        "Sets of dtypes: "
        + "; ".join(
            f"*{word}* = {', '.join(members.split())}"
            for word, members in SETS.items()
            if word not in ("any", "number", "bool")
        )
        + "; *number* = real and complex; *any* = bool and number.",
        "",
        f"## Composites ({len(composites)})",
        "",
        "What users call. Operands are promoted and broadcast. *proa*: `proa.NAME`; *Tensor*: a "
        "method; *functional*: in `proa.nn.functional`; *in place*: `NAME_` too.",
        "",
        "| " + " | ".join([*head, "where"]) + " |",
        "| " + " | ".join(["---"] * 6) + " |",
        *map(row, composites),
        "",
        f"## Primitives ({len(primitives)})",
        "",
        "The closed set that composites decompose into. Nothing is promoted or broadcast here.",
        "",
        "| " + " | ".join(head) + " |",
        "| " + " | ".join(["---"] * 5) + " |",
        *map(row, primitives),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the file is current")
    args = parser.parse_args()
    text = table()
    if OUT.exists() and OUT.read_text() == text:
        return 0
    if args.check:
        print(f"docs/{OUT.name} is not what the pages say; run tools/operator_table.py")
        return 1
    OUT.write_text(text)
    print(f"wrote docs/{OUT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
