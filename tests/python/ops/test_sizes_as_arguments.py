"""Arguments that are computed from captured sizes: eager's results and refusals, for every page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from proa.jit import to_static
from samples import PAGES, call, legal_dtypes, operands_of

import proa
from proa import _proa

FORMS = ("shape", "ints", "integer", "number", "real", "axis", "axes", "padding")
LENGTH = 7


def sized(value: Any, length: Any) -> Any:
    """`value` as what is left of a length, so that it is a symbol where that is one."""
    if isinstance(value, (list, tuple)):
        return [sized(v, length) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and value != -1:
        return value - LENGTH + length
    return value


def outcome(function: Any, *args: Any) -> Any:
    try:
        made = function(*args)
    except proa.ProaError as error:
        assert not isinstance(error, _proa.InternalError), error
        return type(error).__name__
    found = []
    for tensor in made if isinstance(made, (list, tuple)) else [made]:
        array = tensor.numpy()
        if array.dtype.kind in "fc":
            array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
        found.append((array.tobytes(), list(tensor.shape)))
    return found


def sized_names(page: dict[str, Any]) -> set[str]:
    return {spec["name"] for spec in page["attrs"] if spec["form"] in FORMS}


def check(page: dict[str, Any], sample: dict[str, Any], names: set[str]) -> None:
    default = "float32" if "float32" in legal_dtypes(page) else legal_dtypes(page)[0]
    operands = operands_of(page, sample, default, 0)
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
