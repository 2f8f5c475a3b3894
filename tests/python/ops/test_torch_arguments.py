"""PyTorch's argument names are accepted beside Paddle's, and mean the same."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
from samples import BY_NAME, operands_of

import proa
from proa import _proa

DATA = pathlib.Path(__file__).parents[2] / "data/torch_arguments.tsv"
# Where one name would have two meanings, Paddle's stands; proa.torch has PyTorch's.
ELSEWHERE = {
    ("torch.cov", "correction"): "a count there, a flag here",
    ("torch.Tensor.cov", "correction"): "a count there, a flag here",
}


def operator(name: str) -> Any:
    found: Any = proa
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
        if found is None:
            return None
    return found if type(found).__name__ == "Operator" else None


ROWS = [
    (torch, paddle, theirs, ours)
    for torch, paddle, names in (
        line.split("\t") for line in DATA.read_text().splitlines() if not line.startswith("#"))
    for theirs, ours in (name.split("=") for name in names.split())
    if operator(paddle) is not None
]


def test_there_are_rows() -> None:
    assert len(ROWS) > 60


def samples_with(page: dict[str, Any], argument: str) -> Any:
    """A legal sample in which the argument is given, as keywords; by its default if in none."""
    defaults = {attr["name"]: attr["default"] for attr in page["attrs"] if not attr["required"]}
    for attrs in ({}, {argument: defaults[argument]} if argument in defaults else {}):
        found = sample_with(page, argument, attrs)
        if found is not None:
            return found
    return None


def sample_with(page: dict[str, Any], argument: str, more: dict[str, Any]) -> Any:
    for index, sample in enumerate(page["samples"]):
        for dtype in ("float32", "complex64", "int64"):
            operands = operands_of(page, sample, dtype, index)
            given = {**more, **operands, **sample["attrs"]}
            if argument in given:
                try:
                    getattr(_proa.ops, page["name"])(**given)
                except proa.ProaError:
                    continue
                return given
    return None


def copied(value: Any) -> Any:
    return value.clone() if isinstance(value, proa.Tensor) else value


def flat(result: Any) -> list[np.ndarray]:
    many = result if isinstance(result, (list, tuple)) else [result]
    return [r.numpy() for r in many]


@pytest.mark.parametrize(
    ("torch", "paddle", "theirs", "ours"), ROWS, ids=[f"{r[0]}-{r[2]}" for r in ROWS])
def test_both_spellings_give_the_same(torch: str, paddle: str, theirs: str, ours: str) -> None:
    if (torch, theirs) in ELSEWHERE:
        pytest.skip(ELSEWHERE[torch, theirs])
    call = operator(paddle)
    page = BY_NAME.get(call.__name__) or BY_NAME[call.__name__.removesuffix("_")]
    if page["random"]:
        pytest.skip("each call draws other numbers")
    given = samples_with(page, ours)
    assert given is not None, f"no sample of {page['name']} gives {ours}"
    kept = {name: copied(value) for name, value in given.items()}  # an in-place call writes
    renamed = {theirs if name == ours else name: copied(value) for name, value in kept.items()}
    for a, b in zip(flat(call(**kept)), flat(call(**renamed)), strict=True):
        np.testing.assert_array_equal(a, b)
