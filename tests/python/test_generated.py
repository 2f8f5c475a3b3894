"""Stubs, C++ functions and the documents of operators are what the pages say today."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pathlib
import re
import sys

import pytest

from proa import _proa

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
api_coverage = importlib.import_module("api_coverage")
cpp_functions = importlib.import_module("cpp_functions")
operator_pages = importlib.import_module("operator_pages")
operator_table = importlib.import_module("operator_table")
stubs = importlib.import_module("stubs")


@pytest.mark.parametrize("name", ["__init__.pyi", *(f"{name}.pyi" for name in stubs.MODULES)])
def test_stub_is_current(name: str) -> None:
    path = ROOT / "python/proa/_proa" / name
    assert path.read_text() == stubs.stubs()[name], "run tools/stubs.py"


@pytest.mark.parametrize("name", list(stubs.MODULES))
def test_stub_names_what_the_module_has(name: str) -> None:
    tree = ast.parse((ROOT / f"python/proa/_proa/{name}.pyi").read_text())
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert written == {n for n in vars(getattr(_proa, name)) if not n.startswith("__")}


def test_operator_table_is_current() -> None:
    assert operator_table.OUT.read_text() == operator_table.table(), "run tools/operator_table.py"


def test_operator_table_has_a_row_for_each_page() -> None:
    lines = operator_table.OUT.read_text().splitlines()
    rows = [line for line in lines if line.startswith("| [`")]
    assert len(rows) == len(_proa.pages())
    unescaped = [line.replace("\\|", "") for line in rows]
    assert {line.count("|") for line in unescaped} == {6, 7}


def test_dtype_sets_are_said_in_full() -> None:
    for page in _proa.pages():
        for operand in page["operands"]:
            said = set()
            for word in operator_table.dtypes(operand["dtypes"]).split():
                said |= set(operator_table.SETS.get(word, word).split())
            said = said | operator_table.STORAGE if "float8" in said else said
            assert said - {"float8"} == set(operand["dtypes"])


def test_cpp_functions_are_current() -> None:
    assert cpp_functions.stale(cpp_functions.texts()) == [], "run tools/cpp_functions.py"


def test_each_composite_has_a_cpp_function() -> None:
    headers = "".join(path.read_text() for path in cpp_functions.OUT.glob("*.h"))
    for page in _proa.pages():
        if page["full_name"].startswith("tensor."):
            name = cpp_functions.spelled(page["name"])
            head = f"{re.escape(cpp_functions.result(page))} {re.escape(name)}"
            assert re.search(rf"^{head}\(", headers, re.MULTILINE), page["name"]


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    return operator_pages.texts()  # runs each example


def test_operator_pages_are_current(documents: dict[str, str]) -> None:
    assert operator_pages.stale(documents) == [], "run tools/operator_pages.py"


def test_each_operator_has_a_section_that_its_row_leads_to() -> None:
    links = re.findall(r"\(operators/(\w+\.md)#(\w+)\)", operator_table.OUT.read_text())
    assert len(links) == len(_proa.pages())
    for file, name in links:
        assert f"\n## {name}\n" in (operator_pages.OUT / file).read_text(), (file, name)


def test_each_composite_has_an_example(documents: dict[str, str]) -> None:
    assert sum(text.count("\n## ") for text in documents.values()) == len(_proa.pages())
    for file, text in documents.items():
        sections, examples = text.count("\n## "), text.count("```python")
        assert examples == sections - text.count("No example: ")
        assert file.startswith("prim_") or examples == sections, file


def test_coverage_of_the_paddle_api_only_grows() -> None:
    assert not api_coverage.lost(api_coverage.OUT.read_text()), "see tools/api_coverage.py"


def test_coverage_is_read_back_as_it_was_written() -> None:
    said = api_coverage.known(api_coverage.report())
    states = {f.entry.name: f.state for f in api_coverage.findings()}
    for state in ("missing", "differs"):
        assert said[state] == {name for name, found in states.items() if found == state}


def test_coverage_notices_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    text = api_coverage.report()
    kept = api_coverage.findings()
    gone = next(f for f in kept if f.entry.name == "paddle.concat")
    changed = tuple(
        dataclasses.replace(f, state="missing") if f is gone else f for f in kept)
    monkeypatch.setattr(api_coverage, "findings", lambda: changed)
    assert api_coverage.lost(text) == ["paddle.concat is missing"]
