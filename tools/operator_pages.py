"""Writes docs/operators/FAMILY.md, a section for each operator, from the pages.

    PYTHONPATH=python .venv/bin/python tools/operator_pages.py [--check]

Each section ends in an example: the page's first sample that fits a few lines, as Python that this
tool runs, with what came out.
"""

from __future__ import annotations

import argparse
import itertools
import math
import pathlib
import re
import sys
import zlib
from typing import Any

import numpy as np
import operator_table

import proa
from proa import _proa

Page = dict[str, Any]
OUT = pathlib.Path(__file__).parents[1] / "docs/operators"
PLACES = {1: "proa.", 4: "proa.nn.functional.", 16: "proa.linalg.", 32: "proa.fft."}
UNDEFINED = {"empty", "empty_like"}  # operators whose values are whatever the memory held
FORMS = {
    "boolean": "bool",
    "integer": "integer",
    "axis": "axis, negative from the end",
    "real": "number",
    "number": "number",
    "string": "text",
    "dtype": "dtype",
    "axes": "axis or axes",
    "ints": "integer or integers",
    "shape": "integers",
    "reals": "number or numbers",
    "padding": "integer, integers or a word",
    "tensor": "constant",
    "type": "type",
    "dict": "dict",
    "symbol": "function",
}
INTERNAL = {"tensor", "type", "dict", "symbol"}


def escaped(text: str) -> str:
    return re.sub(r"([\\*_<>|`\[\]#])", r"\\\1", text)


def number(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (complex, np.complexfloating)):
        sign = "-" if math.copysign(1, value.imag) < 0 else "+"
        return f"{value.real:.4g}{sign}{abs(value.imag):.4g}j"
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(int(value))


def nested(array: np.ndarray[Any, Any]) -> str:
    if array.ndim == 0:
        return number(array[()])
    return "[" + ", ".join(nested(part) for part in array) + "]"


def literal(array: np.ndarray[Any, Any]) -> str:
    """An array as Python source, so that reading it gives the same values."""
    if array.ndim:
        return "[" + ", ".join(literal(part) for part in array) + "]"
    value = array[()].item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return repr(value)


def values(arg: dict[str, Any], dtype: str, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """A small operand of the fill that the sample asks for, in numbers that one can read."""
    dims, fill = tuple(arg["dims"]), arg["fill"]
    whole = dtype.startswith(("int", "uint"))
    size = math.prod(dims)
    between = {
        "normal": (-2.0, 2.0),
        "positive": (0.1, 3.0),
        "unit": (-0.9, 0.9),
        "probability": (0.1, 0.9),
        "above_one": (1.1, 4.0),
        "range": (arg["low"], arg["high"]),
        "sorted": (-2.0, 2.0),
    }
    if fill == "values":
        made = np.array(arg["values"], np.float64).reshape(dims)
    elif fill in ("zeros", "ones"):
        made = np.full(dims, float(fill == "ones"))
    elif fill == "index":
        made = rng.integers(int(arg["low"]), max(int(arg["high"]), int(arg["low"]) + 1), dims)
    elif fill == "distinct":
        made = (rng.permutation(size).reshape(dims) - size // 2) * (1.0 if whole else 0.5)
    elif fill == "spd":
        m = rng.integers(-1, 2, dims)
        made = m @ np.swapaxes(m, -1, -2) + dims[-1] * np.eye(dims[-1])
    elif dtype == "bool":
        made = rng.integers(0, 2, dims)
    elif whole:
        low = 0 if fill in ("probability", "unit") or dtype.startswith("u") else -5
        made = rng.integers(1 if fill in ("positive", "above_one") else low, 6, dims)
    else:
        low, high = between[fill]
        made = low + rng.integers(0, 21, dims) * ((high - low) / 20)
        if dtype.startswith("complex"):
            made = made + 0.5j * rng.integers(-2, 3, dims)
        made = np.round(made, 2)
    if fill == "sorted" and dims:
        made = np.sort(made, axis=-1)
    made = np.asarray(made)
    if dtype == "bool":
        return made != 0
    return made.astype(np.int64 if whole else made.dtype if np.iscomplexobj(made) else np.float64)


def usual_dtype(page: Page, sample: dict[str, Any]) -> str:
    """Of the operands for which the sample gives none."""
    for spec, args in zip(page["operands"], sample["operands"], strict=False):
        if not spec["rng_key"] and any(arg["dtype"] is None for arg in args):
            legal = spec["dtypes"]
            preferred = ("float32", "complex64", "int64", "bool")
            return next((name for name in preferred if name in legal), legal[0])
    return "float32"


def fit(sample: dict[str, Any]) -> bool:
    """Small, and more than a scalar or nothing."""
    sizes = [math.prod(arg["dims"]) for args in sample["operands"] for arg in args]
    dims = [v for v in sample["attrs"].values() if isinstance(v, list)]
    counts = [v for v in sample["attrs"].values() if isinstance(v, int) and v > 1]
    asked = counts or any(math.prod(d) for d in dims if d)
    some = max(sizes, default=0) > 1 or (not sizes and asked)
    small = sum(sizes) <= 24 and all(math.prod(d) <= 24 for d in dims)
    return bool(some) and small and 0 not in sizes


def made(name: str, arg: dict[str, Any], dtype: str, rng: np.random.Generator) -> str:
    """The line that makes an operand."""
    wanted = arg["dtype"] or dtype
    text = literal(values(arg, wanted, rng))
    plain = {"float32", "int64", "bool"}
    said = "" if wanted in plain else f", dtype='{wanted}'"
    return f"{name} = proa.to_tensor({text}{said})"


def example(page: Page) -> list[str]:
    """The lines of a Python session, or why there is none."""
    samples = page["samples"]
    internal = any(spec["form"] in INTERNAL for spec in page["attrs"])
    if not samples or internal or page["full_name"] == "prim.as_dim":
        return ["No example: its arguments are no values of Python."]
    sample = next((s for s in samples if fit(s)), samples[0])
    rng = np.random.default_rng(zlib.crc32(page["full_name"].encode()))
    dtype, lines, given = usual_dtype(page, sample), [], {}
    for spec, args in zip(page["operands"], sample["operands"], strict=False):
        if spec["rng_key"]:
            continue
        names = [spec["name"]] if not spec["variadic"] else []
        names = names or [f"{spec['name']}{i}" for i in range(len(args))]
        parts = []
        for name, arg in zip(names, args, strict=False):
            if arg["number"] is not None:
                parts.append(f"{arg['number']:g}")
                continue
            lines.append(made(name, arg, dtype, rng))
            parts.append(name)
        if spec["variadic"]:
            given[spec["name"]] = f"[{', '.join(parts)}]"
        elif parts:
            given[spec["name"]] = parts[0]
    tensor = page["full_name"].startswith("tensor.")
    order = page["parameters"] or [spec["name"] for spec in page["operands"]]
    plain = [given[n] for n in itertools.takewhile(lambda n: n in given, order)]
    named = [f"{n}={given[n]}" for n in order[len(plain) :] if n in given]
    places = {name: place for place, name in enumerate(page["parameters"])}
    attrs = sorted(sample["attrs"].items(), key=lambda item: places.get(item[0], 0))
    named += [f"{name}={value!r}" for name, value in attrs]
    place = next((place for bit, place in PLACES.items() if page["faces"] & bit), None)
    call = f"{place}{page['name']}"
    if not place or not isinstance(eval(call, {"proa": proa}), type(proa.add)):
        call = f"proa._proa.ops.{page['name']}"  # not public, or public in a form of its own
    if not place and page["faces"] & 2:
        call = f"{plain.pop(0)}.{page['name']}"
    if not tensor:
        call = f"proa._proa.find_operator('{page['full_name']}')"
    if page["random"]:
        lines.insert(0, "proa.seed(0)")
    names_of: dict[str, Any] = {"proa": proa}
    for line in lines:
        exec(line, names_of)
    text = f"{call}({', '.join([*plain, *named])})"
    results = eval(text, names_of)
    shown = [f">>> {line}" for line in [*lines, text]]
    many = results if isinstance(results, (list, tuple)) else [results]
    for result in many:
        if isinstance(result, (list, tuple)):
            raise SystemExit(f"{page['full_name']} gives a list of lists: {text}")
        head = f"{result.dtype.name} {list(result.shape)}"
        if page["name"] in UNDEFINED:
            shown.append(f"{head}: values undefined")
            continue
        array = np.asarray(result.astype("float32") if "float8" in head else result)
        few = array.size <= 32
        body = nested(array) if few else ", ".join(map(number, array.ravel()[:8])) + ", ..."
        shown.append(f"{head}: {body}")
    return ["```python", *shown, "```"]


def prose(doc: str) -> list[str]:
    """The doc of a page as Markdown: the paragraph, then Args and the like as lists."""
    lines: list[str] = []
    for line in doc.splitlines():
        section = re.fullmatch(r"(Args|Returns|Errors|Source):(.*)", line)
        if section:
            lines += ["", f"**{section[1]}**{escaped(section[2])}", ""]
        elif line.startswith("    "):
            lines.append("  " + escaped(line.strip()))
        elif line.startswith("  "):
            lines.append("- " + escaped(line.strip()))
        else:
            lines.append(escaped(line))
    return lines


def arguments(page: Page) -> list[str]:
    rows = []
    operands = {spec["name"]: spec for spec in page["operands"]}
    attrs = {spec["name"]: spec for spec in page["attrs"]}
    for name in page["parameters"] or [*operands, *attrs]:
        spec = operands.get(name) or attrs[name]
        if name in operands:
            if spec["rng_key"]:
                continue
            takes = ("tensors" if spec["variadic"] else "tensor") + (
                " or number" if spec["number"] else ""
            )
            takes += f": {operator_table.dtypes(spec['dtypes'])}"
            default = "None" if spec["optional"] else ""
        else:
            takes = FORMS[spec["form"]]
            if spec["choices"]:
                takes += ": " + ", ".join(f"`'{choice}'`" for choice in spec["choices"])
            low, high = spec["lowest"], spec["highest"]
            if low is not None or high is not None:
                limits = [f"{low:g}" if low is not None else "", f"{high:g}" if high else ""]
                takes += f", {'..'.join(limits)}" if high is not None else f", at least {low:g}"
            default = "" if spec["required"] else f"`{spec['default']!r}`"
        also = " ".join(f"`{alias}`" for alias in spec["aliases"])
        rows.append(f"| `{name}` | {also} | {takes} | {default} |")
    if not rows:
        return []
    return ["| argument | also called | takes | default |", "| --- | --- | --- | --- |", *rows, ""]


def section(page: Page) -> list[str]:
    faces = [word for bit, word in operator_table.FACES.items() if page["faces"] & bit]
    if page["faces"] & 8:
        faces.append(f"`{page['name']}_` in place")
    notes = []
    if page["aliases"]:
        notes.append("Also called " + ", ".join(f"`{alias}`" for alias in page["aliases"]) + ".")
    if faces:
        notes.append(f"In {', '.join(faces)}.")
    lines = [f"## {page['name']}", "", f"`{page['name']}{operator_table.signature(page)}`", ""]
    lines += [" ".join(notes), ""] if notes else []
    lines += [*prose(page["doc"]), "", *arguments(page)]
    facts = [f"- Gradient: {operator_table.gradient(page)}."]
    if page["result_names"]:
        facts.append(f"- Results: {', '.join(page['result_names'])}.")
    if page["primitive"]:
        facts.append("- A primitive: kernels, devices and derivatives know it as it is.")
    elif "decompose" in page["rules"]:
        facts.append("- Decomposes into primitives; their work is its cost.")
    for result, operand, kind in page["alias"]:
        name = page["operands"][operand]["name"]
        facts.append(f"- Memory: result {result} is a view of {name}."
                     if kind == "view" else f"- Memory: result {result} may take {name}'s.")
    facts.append(f"- Sharding: `{page['sharding']}`.")
    return [*lines, *facts, "", *example(page), ""]


def texts() -> dict[str, str]:
    """All files by name."""
    families: dict[str, list[Page]] = {}
    for page in _proa.pages():
        if page["family"]:
            families.setdefault(operator_table.page_file(page), []).append(page)
    written = {}
    for family, pages in families.items():
        pages.sort(key=lambda page: page["name"])
        kind = "Primitives" if family.startswith("prim_") else "Operators"
        words = family.removeprefix("prim_").removesuffix(".md").replace("_", " ")
        lines = [
            f"# {kind}: {words}",
            "",
            "Written by `tools/operator_pages.py` from the pages in `proa/ops`; all operators: "
            "[operators.md](../operators.md).",
            "",
            " ".join(f"[{page['name']}](#{page['name']})" for page in pages),
            "",
        ]
        for page in pages:
            lines += section(page)
        text = "\n".join(line.rstrip() for line in lines)
        written[family] = re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
    return written


def stale(found: dict[str, str]) -> list[str]:
    """Names of files that are missing, are not what the pages say, or have no family any more."""
    there = {path.name for path in OUT.iterdir()} if OUT.exists() else set()
    old = [name for name in found if name not in there or (OUT / name).read_text() != found[name]]
    return [*old, *sorted(there - set(found))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what is not current")
    args = parser.parse_args()
    found = texts()
    names = stale(found)
    OUT.mkdir(exist_ok=True)
    for name in names:
        if args.check:
            print(f"{name} is not what the pages say; run tools/operator_pages.py")
        elif name in found:
            (OUT / name).write_text(found[name])
            print(f"wrote docs/operators/{name}")
        else:
            (OUT / name).unlink()
            print(f"removed docs/operators/{name}")
    return 1 if args.check and names else 0


if __name__ == "__main__":
    sys.exit(main())
