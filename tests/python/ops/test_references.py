"""Every operator page against a reference that was not written from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from driving import cases_of
from driving import run as compare
from references import TABLE
from references.promotion import NUMPY
from samples import BY_NAME, PAGES, legal_dtypes
from test_more_references import TABLE as MORE

from proa import _proa

# Pages with no reference in the table, and what is checked instead.
ELSEWHERE = {
    name: "random: test_random.py has Philox's known answers and the distributions"
    for name in (
        "rand",
        "uniform",
        "randn",
        "standard_normal",
        "gaussian",
        "normal",
        "randint",
        "randperm",
        "bernoulli",
        "dropout",
    )
}


ELSEWHERE |= {
    name: "random: test_paddle_code.py has moments and the chi-square of the distribution"
    for name in (
        "poisson", "standard_gamma", "binomial", "multinomial", "randint_like", "log_normal",
    )
}
ELSEWHERE |= {
    name: "test_more_references.py compares its samples" for name in MORE if name not in TABLE
}


def test_every_page_has_a_reference() -> None:
    assert {p["name"] for p in PAGES} - set(ELSEWHERE) == set(TABLE)
    assert not set(ELSEWHERE) & set(TABLE)


DRIVEN = [
    pytest.param(page, dtype, id=f"{page['name']}-{dtype}")
    for page in PAGES
    if page["name"] in TABLE
    for dtype in legal_dtypes(page)
]


@pytest.mark.parametrize(("page", "dtype"), DRIVEN)
def test_page_agrees_with_its_reference(page: dict[str, Any], dtype: str) -> None:
    reference = TABLE[page["name"]]
    compared = 0
    for index, (case, mask) in enumerate(cases_of(page, reference, dtype)):
        compared += compare(page, reference, case, dtype, index, (0, 1 + index % 3), mask)
    assert compared or dtype != legal_dtypes(page)[0]


HALVES = [
    pytest.param(name, dtype, id=f"{name}-{dtype}")
    for name, reference in TABLE.items()
    if reference.kind == "unary" and reference.special is not False
    for dtype in ("float16", "bfloat16")
    if name in BY_NAME and dtype in legal_dtypes(BY_NAME[name])
]


@pytest.mark.parametrize(("name", "dtype"), HALVES)
def test_all_numbers_of_16_bits(name: str, dtype: str) -> None:
    reference, page = TABLE[name], BY_NAME[name]
    values = np.arange(65536, dtype=np.uint16).view(NUMPY[dtype])
    case = {
        "operands": [[{"dims": [], "dtype": None, "number": None, "array": values}]],
        "attrs": page["samples"][0]["attrs"],
    }
    mask = reference.special if callable(reference.special) else None
    assert compare(page, reference, case, dtype, 0, (0,), mask)


def test_an_alias_is_the_page_itself() -> None:
    for page in PAGES:
        for alias in page["aliases"]:
            assert getattr(_proa.ops, alias).__doc__ == getattr(_proa.ops, page["name"]).__doc__
