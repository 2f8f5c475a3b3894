"""Bad input is refused by name: the operator, the argument, what was expected and what came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from samples import PAGES, call, default_dtype, operands_of, rng_of, tensor

import proa
from proa import _proa

KINDS = {
    "value": _proa.ArgumentValueError,
    "type": _proa.DTypeError,
    "shape": _proa.ShapeError,
    "index": _proa.OutOfRangeError,
    "key": _proa.NameNotFoundError,
    "not_supported": _proa.NotSupportedError,
    "state": _proa.StateError,
}
by_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p["name"])
# What the door says of any operator's arguments; there is nothing that was expected or came.
OF_THE_DOOR = (
    "this argument is required",
    "there is no such argument",
    "this argument is given twice",
)
# Messages that say what was expected and what came in the words of their rule.
OF_A_RULE = (
    "cannot be broadcast together: size",
    "is out of range for",
    "is named twice",
    "does not fit beside shape",
    "does not fit into",
    "does not divide into",
    "do not divide into",
    "cannot be multiplied: the inner sizes",
    "the inner sizes of shapes",
    "cannot be expanded to",
    "cannot become",
    "does not match",
    "has no elements",
    "is outside of a tensor of",
    "needs at least",
    "takes more than the",
    " expects ",
    "names ",
    "was seen before",
    "stands in no operand",
    "stands twice in the result",
    " differ",
    "and axis",
)
DTYPE = "bool|u?int\\d+|b?float\\d+\\w*|complex\\d+"


def message_of(error: BaseException) -> str:
    return str(error.args[0])  # a KeyError's str() is quoted


def refusal(page: dict[str, Any], sample: dict[str, Any], index: int) -> BaseException:
    arguments = operands_of(page, sample, default_dtype(page), index)
    arguments = {k: v for k, v in arguments.items() if k not in sample["attrs"]}
    with pytest.raises(proa.ProaError) as caught:
        call(page, arguments, sample["attrs"])
    return caught.value


def check_words(page: dict[str, Any], error: BaseException, attrs: dict[str, Any]) -> None:
    """[operator] argument: ... expected ... got ..."""
    text = message_of(error)
    found = re.match(r"\[(\w+)\] (\w+): (.+)", text, re.DOTALL)
    assert found, text
    assert found[1] == page["name"], text
    known = {spec["name"] for spec in (*page["operands"], *page["attrs"])} | set(attrs)
    assert found[2] in known, text
    said = found[3]
    if said.startswith(OF_THE_DOOR):
        return
    assert "expected" in said or said_otherwise(said), text
    # The value that came: a number, a shape, a dtype or a text.
    assert re.search(rf"\d|'|\[|{DTYPE}|got|None|none|True|False", said), text


def said_otherwise(said: str) -> bool:
    return any(rule in said for rule in OF_A_RULE)


def template(text: str) -> str:
    """A message without names, numbers, shapes and dtypes."""
    text = re.sub(r"^\[\w+\] ", "", text)
    text = re.sub(r"'[^']*'", "TEXT", text)
    text = re.sub(r"\[[-\d, ]*\]", "SHAPE", text)
    text = re.sub(rf"\b({DTYPE})\b(, ({DTYPE}))*", "DTYPE", text)
    return re.sub(r"-?\d+(\.\d+)?", "N", text)


def promised_refusal(page: dict[str, Any], sample: dict[str, Any], index: int) -> BaseException:
    """The error of a wrong sample, of the kind and with the words that its page promises."""
    error = refusal(page, sample, index)
    text = message_of(error)
    assert type(error) is KINDS[sample["kind"]], f"{text}: {type(error).__name__}, {sample}"
    assert sample["says"] in text, f"{sample['says']!r} is not in {text!r}"
    return error


@by_page
def test_wrong_samples_are_refused_as_the_page_says(page: dict[str, Any]) -> None:
    assert len(page["wrong"]) >= 6
    templates = set()
    for index, sample in enumerate(page["wrong"]):
        error = promised_refusal(page, sample, index)
        check_words(page, error, sample["attrs"])
        templates.add(template(message_of(error)))
    # Wrong in different ways, not the same way with other numbers.
    assert len(templates) >= 5, templates


@by_page
def test_wrong_samples_are_the_operators_own(page: dict[str, Any]) -> None:
    """An operator with rules of its own shows them: not only what the door says of all of them."""
    own = set()
    for index, sample in enumerate(page["wrong"]):
        text = message_of(refusal(page, sample, index))
        said = text.split(": ", 1)[1]
        if (
            not said.startswith((*OF_THE_DOOR, "expected a Tensor"))
            and "is not supported; exp" not in said
        ):
            own.add(template(text))
    assert own or not page["attrs"]


def wrong_values(spec: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Values of another kind than the attribute's, or outside of its choices and range."""
    form = spec["form"]
    if form == "boolean":
        yield from ((3, "type"), ("x", "type"), ([True, False], "type"))
    elif form in ("integer", "axis"):
        yield from (("x", "type"), ([1, 2], "type"), (1.5, "type"), ({}, "type"))
    elif form in ("real", "number"):
        # A number may be one of some words, too.
        yield from (("x", "value" if spec["choices"] else "type"), ([1.0, 2.0], "type"))
        yield {}, "type"
    elif form == "string":
        yield from ((7, "type"), ([1], "type"))
        if spec["choices"]:
            yield "no such choice", "value"
    elif form == "dtype":
        yield from ((7, "type"), ("float33", "type"), ([], "type"))
    elif form in ("axes", "ints", "shape"):
        yield from (("x", "type"), (1.5, "type"), ({}, "type"), ([1, "x"], "type"))
    elif form == "reals":
        yield from (("x", "type"), ([1, "x"], "type"))
    elif form == "padding":
        yield from ((1.5, "type"), ("NO SUCH", "value"), ([1, "x"], "type"))


def first_legal(page: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    sample = page["samples"][0]
    dtype = default_dtype(page)
    return operands_of(page, sample, dtype), dict(sample["attrs"])


@by_page
def test_attributes_of_another_kind_are_refused(page: dict[str, Any]) -> None:
    arguments, attrs = first_legal(page)
    for spec in page["attrs"]:
        if spec["name"] not in page["parameters"]:
            continue
        for value, kind in wrong_values(spec):
            with pytest.raises(proa.ProaError) as caught:
                call(page, arguments, attrs | {spec["name"]: value})
            text = message_of(caught.value)
            assert type(caught.value) is KINDS[kind], f"{spec['name']}={value!r}: {text}"
            assert text.startswith(f"[{page['name']}] {spec['name']}: "), text
            assert "expected" in text and "got" in text, text


@by_page
def test_operands_of_another_kind_are_refused(page: dict[str, Any]) -> None:
    arguments, attrs = first_legal(page)
    for spec in page["operands"]:
        if spec["rng_key"] or spec["name"] not in arguments:
            continue
        others = {k: v for k, v in arguments.items() if k != spec["name"]}
        for value in ("text", {}, object()):
            bad = [value] if spec["variadic"] else value
            with pytest.raises(_proa.DTypeError) as caught:
                call(page, others | {spec["name"]: bad}, attrs)
            text = message_of(caught.value)
            assert text.startswith(f"[{page['name']}] {spec['name']}: expected "), text
            assert "got" in text, text
        if not spec["optional"]:
            with pytest.raises(_proa.ArgumentValueError) as missing:
                call(page, others, attrs)
            start = f"[{page['name']}] {spec['name']}: "
            assert message_of(missing.value).startswith(start), missing.value
        for alias in spec["aliases"]:
            with pytest.raises(_proa.DTypeError, match="given twice"):
                call(page, arguments | {alias: arguments[spec["name"]]}, attrs)
        for dtype in {"bool", "int32", "float32", "complex64", "float8_e5m2"} - set(spec["dtypes"]):
            arg = {"dims": [2], "fill": "ones", "dtype": dtype, "number": None, "values": []}
            odd = tensor(arg, dtype, rng_of(page["name"], 0))
            with pytest.raises(_proa.DTypeError) as illegal:
                call(page, others | {spec["name"]: [odd] if spec["variadic"] else odd}, attrs)
            text = message_of(illegal.value)
            assert text.startswith(f"[{page['name']}] "), text
            assert dtype in text, text


@by_page
def test_unknown_arguments_are_refused(page: dict[str, Any]) -> None:
    arguments, attrs = first_legal(page)
    with pytest.raises(_proa.NameNotFoundError) as caught:
        call(page, arguments, attrs | {"no_such_argument": 1})
    assert message_of(caught.value).startswith(f"[{page['name']}] no_such_argument: ")
    with pytest.raises(_proa.DTypeError) as many:
        getattr(_proa.ops, page["name"])(*[None] * 40)
    assert str(many.value).startswith(f"[{page['name']}] "), many.value
