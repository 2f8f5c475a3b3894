"""Arguments that are computed from captured sizes: eager's results and refusals, for every page."""

from __future__ import annotations

from typing import Any

import pytest
from proa.jit import to_static
from samples import PAGES, call, default_dtype, operands_of, outcome

import proa

FORMS = ("shape", "ints", "integer", "number", "real", "axis", "axes", "padding")
LENGTH = 7


def sized(value: Any, length: Any) -> Any:
    """`value` as what is left of a length, so that it is a symbol where that is one."""
    if isinstance(value, (list, tuple)):
        return [sized(v, length) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and value != -1:
        return value - LENGTH + length
    return value


def sized_names(page: dict[str, Any]) -> set[str]:
    return {spec["name"] for spec in page["attrs"] if spec["form"] in FORMS}


def check(page: dict[str, Any], sample: dict[str, Any], names: set[str]) -> None:
    operands = operands_of(page, sample, default_dtype(page), 0)
    operands = {k: v for k, v in operands.items() if k not in sample["attrs"]}

    def function(x: proa.Tensor) -> Any:
        attrs = {k: sized(v, x.shape[0]) if k in names else v for k, v in sample["attrs"].items()}
        return call(page, operands, attrs)

    captured = to_static(function)
    for length in (LENGTH, LENGTH + 1, LENGTH - 1, LENGTH):
        x = proa.ones([length])
        assert outcome(captured, x) == outcome(function, x), (sample["attrs"], length)


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if sized_names(p) and not p["random"]],
    ids=lambda p: p["name"],
)
def test_an_argument_may_be_computed_from_sizes(page):
    for sample in (*page["samples"], *page["wrong"]):
        if sized_names(page) & set(sample["attrs"]):
            check(page, sample, sized_names(page))
