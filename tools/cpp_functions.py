"""Writes proa/eager/functions/{FAMILY.h,FAMILY.cc,all.h}, the operators as C++ functions.

    PYTHONPATH=python .venv/bin/python tools/cpp_functions.py [--check]

The texts are golden: they stand in the tree, a test compares them with what this writes, and a
review sees what a change of a page does to the C++ face. docs/design/eager.md says why they are
not written by the build.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import textwrap
from typing import Any

from proa import _proa

Page = dict[str, Any]
OUT = pathlib.Path(__file__).parents[1] / "proa/eager/functions"
BY_HAND = {"arguments.h", "door.h", "door.cc"}
KEYWORDS = set(
    "alignas and asm auto bool break case catch char class const continue default delete do double "
    "else enum explicit export extern false float for friend goto if inline int long mutable "
    "namespace new not operator or private protected public register requires return short signed "
    "sizeof static struct switch template this throw true try typedef typename union unsigned "
    "using virtual void volatile while xor door request".split()
)
# How an attribute is taken, by form: the type, what takes a missing one, the word of Request.
FORMS = {
    "boolean": ("bool", "std::optional<bool>", "boolean"),
    "integer": ("int64_t", "std::optional<int64_t>", "integer"),
    "axis": ("int64_t", "std::optional<int64_t>", "integer"),
    "real": ("double", "std::optional<double>", "real"),
    "number": ("const Number&", "const Number&", "number"),
    "string": ("std::string_view", "std::optional<std::string_view>", "text"),
    "dtype": ("DType", "std::optional<DType>", "dtype"),
    "axes": ("const Ints&", "const Ints&", "ints"),
    "ints": ("const Ints&", "const Ints&", "ints"),
    "shape": ("const Ints&", "const Ints&", "ints"),
    "reals": ("const Reals&", "const Reals&", "reals"),
    "padding": ("const Padding&", "const Padding&", "padding"),
}


def spelled(name: str) -> str:
    return name + "_" if name in KEYWORDS else name


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "{" + ", ".join(map(literal, value)) + "}"
    return repr(value)


def parameters(page: Page) -> list[tuple[str, str, str]]:
    """(type, name, default) of each, in the order of the Python face."""
    operands = {spec["name"]: spec for spec in page["operands"]}
    attrs = {spec["name"]: spec for spec in page["attrs"]}
    found, optional = [], False
    for name in page["parameters"]:
        if name in operands:
            spec = operands[name]
            optional |= spec["optional"]
            kind = "OptionalTensor" if optional else "const Tensor&"
            if spec["number"]:
                kind = "const TensorOrNumber&"
            if spec["variadic"]:
                kind = "const Tensors&"
            default = "{}" if optional else ""
        else:
            spec = attrs[name]
            kind, absent, _ = FORMS[spec["form"]]
            optional |= not spec["required"]
            default = "" if spec["required"] else literal(spec["default"])
            if optional and (spec["required"] or spec["default"] is None):
                kind, default = absent, "{}"
            elif optional and spec["form"] == "dtype":  # its names are not declared there
                kind, default = absent, "{}"
        found.append((kind, spelled(name), default))
    return found


def result(page: Page) -> str:
    if page["results"] == 1:
        return "Tensor"
    if page["results"] > 1:
        return f"std::array<Tensor, {page['results']}>"
    return "Results" if page["result_names"] else "std::vector<Tensor>"


def wrapped(head: str, parts: list[str], tail: str) -> str:
    """`head(parts)tail` within 100 columns."""
    indent = " " * (len(head) + 1)
    text = "(" + ", ".join(part.replace(" ", "\0") for part in parts) + ")"
    lines = textwrap.wrap(text + tail.replace(" ", "\0"), 99 - len(head), break_long_words=False)
    return (head + ("\n" + indent).join(lines)).replace("\0", " ")


def comment(page: Page) -> list[str]:
    lines = []
    for line in page["doc"].splitlines():
        indent = len(line) - len(line.lstrip())
        hang = " " * (indent + 2 if indent else 0)
        lines += textwrap.wrap(line, 97, subsequent_indent=hang, break_long_words=False) or [""]
    usual = [
        f"{spec['name']} {spec['default']}"
        for spec in page["attrs"]
        if spec["form"] == "dtype" and spec["default"] is not None
    ]
    if usual:
        lines.append(f"Unless given: {', '.join(usual)}.")
    return ["//" + (" " + line if line else "") for line in lines]


def declaration(page: Page) -> list[str]:
    parts = [f"{kind} {name}" + (f" = {d}" if d else "") for kind, name, d in parameters(page)]
    head = f"{result(page)} {spelled(page['name'])}"
    return [*comment(page), wrapped(head, parts, ";")]


def definition(page: Page) -> list[str]:
    parts = [f"{kind} {name}" for kind, name, _ in parameters(page)]
    lines = [wrapped(f"{result(page)} {spelled(page['name'])}", parts, " {")]
    lines.append(f'  static const eager::Door door("{page["full_name"]}");')
    lines.append("  eager::Request request(door);")
    for spec in page["operands"]:
        name = spelled(spec["name"])
        lines.append(
            "  request.random_key();" if spec["rng_key"] else f"  request.operand({name});"
        )
    for at, spec in enumerate(page["attrs"]):
        if spec["name"] in page["parameters"]:
            lines.append(f"  request.{FORMS[spec['form']][2]}({at}, {spelled(spec['name'])});")
    taken = {1: "one()", -1: "all()"}.get(page["results"], f"several<{page['results']}>()")
    call = f"request.{taken}"
    lines.append(f"  return {'Results(' + call + ')' if result(page) == 'Results' else call};")
    return [*lines, "}"]


def texts() -> dict[str, str]:
    """All files by name."""
    families: dict[str, list[Page]] = {}
    for page in _proa.pages():
        if page["full_name"].startswith("tensor."):
            families.setdefault(page["family"], []).append(page)
    made = {}
    written = "Written by tools/cpp_functions.py from the operator pages."
    for family, pages in families.items():
        arrays = any(page["results"] > 1 for page in pages)
        head = [
            f"// The operators of the family {family} as C++ functions.",
            "// Why text that a tool writes: an operator is written once, on its page.",
            f"// {written}",
            "// clang-format off",
            "#pragma once",
            "",
            *(["#include <array>", ""] if arrays else []),
            '#include "proa/eager/functions/arguments.h"',
            "",
            "namespace proa {",
        ]
        body = [line for page in pages for line in ("", *declaration(page))]
        made[f"{family}.h"] = "\n".join([*head, *body, "", "}  // namespace proa", ""])
        head = [
            f"// {written}",
            "// clang-format off",
            f'#include "proa/eager/functions/{family}.h"',
            "",
            '#include "proa/eager/functions/door.h"',
            "",
            "namespace proa {",
        ]
        body = [line for page in pages for line in ("", *definition(page))]
        made[f"{family}.cc"] = "\n".join([*head, *body, "", "}  // namespace proa", ""])
    made["all.h"] = "\n".join(
        [
            "// Every operator as a C++ function.",
            "// Why one header: all of them cost hardly more to include than one family.",
            f"// {written}",
            "#pragma once",
            "",
            *(f'#include "proa/eager/functions/{family}.h"' for family in sorted(families)),
            "",
        ]
    )
    return made


def stale(found: dict[str, str]) -> list[str]:
    """Names of files that are missing, are not what the pages say, or have no family any more."""
    there = {path.name for path in OUT.iterdir()} - BY_HAND
    old = [name for name in found if name not in there or (OUT / name).read_text() != found[name]]
    return [*old, *sorted(there - set(found))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what is not current")
    args = parser.parse_args()
    found = texts()
    names = stale(found)
    for name in names:
        if args.check:
            print(f"{name} is not what the pages say; run tools/cpp_functions.py")
        elif name in found:
            (OUT / name).write_text(found[name])
            print(f"wrote {name}")
        else:
            (OUT / name).unlink()
            print(f"removed {name}")
    return 1 if args.check and names else 0


if __name__ == "__main__":
    sys.exit(main())
