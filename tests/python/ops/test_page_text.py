"""Every page says what operators.md asks of it: text, rules, or in words why one is absent."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import proa
from proa import _proa

PAGES = _proa.pages()
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p["full_name"])
SECTIONS = ["Args", "Returns", "Errors", "Source"]
DTYPES = (
    r"bool|integer|real|complex|number|floating|float|any|same|dtype|int|f16|f32|f64|i32|i64|u8|"
    r"Boolean|half|True|index|indices"
)


def sections(doc: str) -> tuple[str, dict[str, str]]:
    parts = re.split(rf"^({'|'.join(SECTIONS)}):", doc, flags=re.MULTILINE)
    return parts[0].strip(), dict(zip(parts[1::2], parts[2::2], strict=True))


def described(text: str) -> dict[str, str]:
    """What Args says, by name; "x, y: ..." describes both."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        head = re.match(r" {0,2}([\w, ]+):(.*)", line)
        if head:
            names = [name.strip() for name in head[1].split(",")]
            found |= {name: head[2].strip() for name in names}
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def faults_of_text(page: dict[str, Any]) -> list[str]:
    paragraph, found = sections(page["doc"])
    faults = []
    if len(paragraph) < 3 or not paragraph.endswith((".", ":")):
        faults.append("its paragraph is no sentence")
    if "\n\n" in paragraph:
        faults.append("more than one paragraph")
    if list(found) != [name for name in SECTIONS if name in found]:
        faults.append("sections out of order")
    args = described(found.get("Args", ""))
    for spec in page["operands"]:
        text = args.get(spec["name"], "")
        if spec["rng_key"]:
            continue
        if not text:
            faults.append(f"Args lacks {spec['name']}")
        elif not re.search(DTYPES, text):
            faults.append(f"Args gives no dtypes for {spec['name']}: {text}")
    for spec in page["attrs"]:
        if not args.get(spec["name"]):
            faults.append(f"Args lacks {spec['name']}")
    for name in ("Returns", "Errors"):
        if not found.get(name, "").strip():
            faults.append(f"no {name}")
    return faults


@by_page
def test_text_has_what_a_user_needs(page: dict[str, Any]) -> None:
    assert faults_of_text(page) == []


@by_page
def test_each_argument_is_said_in_words(page: dict[str, Any]) -> None:
    """Beyond its dtype: what it is for."""
    _, found = sections(page["doc"])
    for name, text in described(found.get("Args", "")).items():
        if name not in {spec["name"] for spec in page["attrs"]}:
            continue
        form = r"(an? (integer|number|string|dtype|constant)|integers|True or False)( or several)?"
        assert not re.match(form + r"[,;]|" + form + "$", text), name


def faults_of_rules(page: dict[str, Any]) -> list[str]:
    faults = []
    rules = page["rules"]
    if "shape" not in rules:
        faults.append("no shape rule")
    if page["primitive"] == ("decompose" in rules) and "decompos" not in page["doc"]:
        faults.append("a page is a primitive or has a decompose rule")
    if page["gradient"] in ("zero", "none") and len(page["gradient_reason"]) < 10:
        faults.append("no reason why there is no gradient")
    sharding = page["sharding"]
    if sharding.startswith("none"):
        if len(sharding.removeprefix("none:").strip()) < 10:
            faults.append("no reason why it cannot be sharded")
    elif "->" not in sharding:
        faults.append(f"sharding is neither factors nor a reason: {sharding!r}")
    if page["version"] < 1:
        faults.append("no version")
    # What has regions or names functions is no call that a sample could hold.
    inner = any(spec["form"] in ("type", "symbol") for spec in page["attrs"])
    if not page["samples"] and not inner and not re.search("region|body", page["doc"]):
        faults.append("no legal sample, and no word why")
    if len(page["wrong"]) < 6 or not all(wrong["says"] for wrong in page["wrong"]):
        faults.append("fewer than six wrong samples, or one without its message")
    if page["results"] > 1 and len(page["result_names"]) != page["results"]:
        faults.append("results without names")
    names = [spec["name"] for spec in (*page["operands"], *page["attrs"])]
    if len(names) != len(set(names)):
        faults.append("two arguments of one name")
    for spec in page["operands"]:
        if not spec["dtypes"]:
            faults.append(f"{spec['name']} takes no dtype")
    for spec in page["attrs"]:
        low, high = spec["lowest"], spec["highest"]
        free = ("equation", "message", "target")
        if spec["form"] == "string" and not spec["choices"] and spec["name"] not in free:
            faults.append(f"{spec['name']} has no choices")
        if low is not None and high is not None and low > high:
            faults.append(f"{spec['name']} has an empty range")
        default = spec["default"]
        if spec["choices"] and isinstance(default, str) and default not in spec["choices"]:
            faults.append(f"the default of {spec['name']} is none of its choices")
        if isinstance(default, (int, float)) and not (
            (low is None or default >= low) and (high is None or default <= high)
        ):
            faults.append(f"the default of {spec['name']} is out of its range")
    for result, operand, _ in page["alias"]:
        if not 0 <= operand < len(page["operands"]) or result < 0:
            faults.append("an alias of what is not there")
    return faults


@by_page
def test_each_rule_is_there_or_absent_for_a_reason(page: dict[str, Any]) -> None:
    assert faults_of_rules(page) == []


def test_a_docstring_is_the_text_of_the_page() -> None:
    softmax = next(page for page in PAGES if page["full_name"] == "tensor.softmax")
    assert softmax["doc"] in inspect.getdoc(proa._proa.ops.softmax)
    assert "axis: the axis along which it works" in softmax["doc"]


def test_faults_are_found() -> None:
    page = dict(next(page for page in PAGES if page["full_name"] == "tensor.softmax"))
    assert faults_of_text({**page, "doc": "Short"}) != []
    assert "Args lacks axis" in faults_of_text({**page, "doc": page["doc"].replace("axis:", "no:")})
    assert "no shape rule" in faults_of_rules({**page, "rules": ["decompose"]})
    assert faults_of_rules({**page, "sharding": "none"}) != []
