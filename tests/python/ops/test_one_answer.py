"""One answer: the same bits for every page, whatever the threads, the layout, the batch around a
row, and whether a gradient is recorded. Passes, single steps and symbols: one_answer_test.cc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from bits import LAYOUTS, Case, axes_by_extent, bits, elements, grown, try_case, with_extents
from samples import PAGES, legal_dtypes

import proa
from proa import _proa

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p["name"])
LARGE = 70_000  # elements: more than two grains of any kernel
SECONDS = 0.02  # of one call; what is slower than that is cut into chunks long before LARGE
SMALLEST = 1000  # elements that factorisations and other slow pages reach
WIDEST = 20_000  # elements of a batch of six rows, one of whose other extents is large
# LAPACK and NaN: an error, or an answer that is nobody's.
DECOMPOSITIONS = ("svd", "eig", "qr", "lu", "inv", "det", "cholesky", "solve", "rank", "cond")


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = _proa.get_num_threads()
    yield
    _proa.set_num_threads(before)


def main_dtype(page: dict[str, Any]) -> str:
    legal = {d for spec in page["operands"] if not spec["rng_key"] for d in spec["dtypes"]}
    usual = ("float32", "int32", "bool", "complex64")
    return next((d for d in usual if d in legal), "float32")


def large_cases(page: dict[str, Any]) -> Iterator[Case]:
    return grown(page, main_dtype(page), LARGE, SECONDS, SMALLEST)


def check_case(case: Case) -> int:
    """Forward and backward: threads, layouts, recording, repetition. Gives the elements at work."""
    _proa.set_num_threads(1)
    with proa.no_grad():
        plain = case.forward(case.tensors)
    seeds = case.seeds(plain)
    expected = case.all_bits(case.tensors, seeds)
    assert [bits(r) for r in plain] == expected[: len(plain)], f"recorded: {case}"
    for count in (2, 3, 7):
        _proa.set_num_threads(count)
        assert case.all_bits(case.tensors, seeds) == expected, f"{count} threads: {case}"
    for name, layout in LAYOUTS.items():
        got = case.all_bits([layout(t) for t in case.tensors], [layout(s) for s in seeds])
        assert got == expected, f"{name}: {case}"
    return max(t.size for t in [*case.tensors, *plain])


# Pages without an operand to make large: the attributes instead.
CREATED = {
    "zeros": {"shape": [301, 307]},
    "ones": {"shape": [301, 307]},
    "empty": {"shape": [301, 307]},
    "full": {"shape": [301, 307], "fill_value": 1.5},
    "arange": {"start": 0, "end": 70_001, "step": 1},
    "linspace": {"start": -1.0, "stop": 3.0, "num": 70_001},
    "logspace": {"start": -1.0, "stop": 3.0, "num": 70_001},
    "eye": {"num_rows": 301, "num_columns": 307},
    "tril_indices": {"row": 401, "col": 397},
    "triu_indices": {"row": 401, "col": 397},
    "rand": {"shape": [301, 307]},
    "uniform": {"shape": [301, 307]},
    "randn": {"shape": [301, 307]},
    "standard_normal": {"shape": [301, 307]},
    "gaussian": {"shape": [301, 307]},
    "normal": {"shape": [301, 307]},
    "randint": {"low": 0, "high": 1000, "shape": [301, 307]},
    "randperm": {"n": 70_001},
    "log_normal": {"shape": [301, 307]},
    "fftfreq": {"n": 70_001},
    "rfftfreq": {"n": 140_003},
}


@by_page
def test_threads_layouts_and_recording_change_no_bit(page: dict[str, Any]) -> None:
    if page["name"] in CREATED:
        sample = {"operands": [], "attrs": CREATED[page["name"]]}
        assert check_case(Case(page, sample, "float32")) > LARGE
        return
    assert max(check_case(c) for c in islice(large_cases(page), 3)) > SMALLEST


# Pages by singular values, or that are so by the order of a norm: these refuse what is not finite.
BY_SINGULAR_VALUES = {"norm": ("nuc", 2, -2), "matrix_norm": ("nuc", 2, -2), "lstsq": (None,)}


def may_refuse(case: Case) -> bool:
    orders = BY_SINGULAR_VALUES.get(case.page["name"], ())
    return case.sample["attrs"].get("p") in orders


def check_refusal(case: Case, tensors: list[proa.Tensor], error: proa.ProaError) -> None:
    """It names its argument, and is the same in all layouts."""
    assert may_refuse(case), case
    said = rf"^\[{case.page['name']}\] x: expected finite elements, got NaN or infinity"
    assert re.match(said, str(error)), str(error)
    for layout in LAYOUTS.values():
        with pytest.raises(type(error), match=f"^{re.escape(str(error))}$"):
            case.forward([layout(t) for t in tensors])


SPECIAL = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-42, -1e-310, 3e38, 1e300, 65504.0, -7.5]


@by_page
def test_layouts_change_no_bit_in_any_dtype(page: dict[str, Any]) -> None:
    """Small samples in all dtypes; once more with NaN, infinities, signed zeros, subnormals."""
    factors = any(word in page["name"] for word in DECOMPOSITIONS)
    factors |= page["name"] == "bernoulli"  # which refuses what is no probability
    for dtype in legal_dtypes(page):
        for index, sample in enumerate(page["samples"]):
            case = try_case(page, sample, dtype, index)
            if case is None or not case.tensors:
                continue
            for special in (False, True):
                if special and (factors or dtype in ("bool", "int8", "uint8", "int16")):
                    continue
                tensors = [hard(t) for t in case.tensors] if special else case.tensors
                try:
                    results = case.forward(tensors)
                except proa.ArgumentValueError as error:
                    assert special, f"{case}: {error}"
                    check_refusal(case, tensors, error)
                    continue
                seeds = case.seeds(results)
                expected = case.all_bits(tensors, seeds)
                assert case.all_bits(tensors, seeds) == expected, f"again: {case}"
                for name, layout in LAYOUTS.items():
                    got = case.all_bits([layout(t) for t in tensors], [layout(s) for s in seeds])
                    assert got == expected, f"{name}, special {special}: {case}"


def hard(x: proa.Tensor) -> proa.Tensor:
    """Every third element special."""
    if not (x.dtype.is_floating_point or x.dtype.is_complex) or x.size == 0:
        return x
    wide = "complex128" if x.dtype.is_complex else "float64"
    values = np.array(x.cast(wide).numpy())
    flat = values.reshape(-1)
    for i in range(0, flat.size, 3):
        flat[i] = SPECIAL[(i // 3) % len(SPECIAL)]
    return proa.to_tensor(values).cast(x.dtype)


Axes = tuple[tuple[int, int, int], ...]


def batch_axes(sample: dict[str, Any]) -> list[Axes]:
    """Sets of axes that may be one batch: of one operand, or of all that line up with it."""
    shapes = {
        (i, k): arg["dims"]
        for i, args in enumerate(sample["operands"])
        for k, arg in enumerate(args)
        if arg["number"] is None
    }
    found: dict[Axes, None] = {}
    for (i, k), dims in shapes.items():
        for axis, n in enumerate(dims):
            if n < 2:
                continue
            from_right = axis - len(dims)
            left = [(j, m, axis) for (j, m), d in shapes.items() if axis < len(d) and d[axis] == n]
            right = [
                (j, m, from_right + len(d))
                for (j, m), d in shapes.items()
                if -from_right <= len(d) and d[from_right] == n
            ]
            for axes in (left, right, [(i, k, axis)]):
                found[tuple(axes)] = None
    return list(found)


def split(page: dict[str, Any], case_of: Any, axes: Axes) -> bool:
    """Whether `axes` is a batch; if it is, rows alone have the bits that they have in it."""
    whole, other = case_of(6), case_of(7)
    if whole is None or other is None:
        return False
    with proa.no_grad():
        results = whole.forward(whole.tensors)
        others = other.forward(other.tensors)
    out_axes = []
    for r, o in zip(results, others, strict=True):
        differ = [
            a for a, (n, m) in enumerate(zip(r.shape, o.shape, strict=True)) if (n, m) == (6, 7)
        ]
        if len(differ) != 1 or len(r.shape) != len(o.shape):
            return False
        out_axes.append(differ[0])
    by_tensor = axes_of_tensors(page, whole, axes)
    seeds = whole.seeds(results)
    _, gradients = whole.backward(whole.tensors, seeds)
    for low, high in ((2, 3), (1, 5)):
        parts = [
            t if a is None else cut(t, a, low, high)
            for t, a in zip(whole.tensors, by_tensor, strict=True)
        ]
        try:
            with proa.no_grad():
                got = whole.forward(parts)
        except proa.ProaError:
            return False
        rows = [cut(r, a, low, high) for r, a in zip(results, out_axes, strict=True)]
        if not all(near(g, r) for g, r in zip(got, rows, strict=True)):
            return False
        assert [bits(g) for g in got] == [bits(r) for r in rows], f"rows {low}:{high} of {whole}"
        some = [cut(s, a, low, high) for s, a in zip(seeds, out_axes, strict=True)]
        _, row_gradients = whole.backward(parts, some)
        for a, g, row in zip(by_tensor, gradients, row_gradients, strict=True):
            if a is None or g is None or row is None:
                continue  # an operand that all rows share has a sum over them as its gradient
            expected = cut(g, a, low, high)
            assert bits(row) == bits(expected), f"gradient of rows {low}:{high} of {whole}"
    return True


def axes_of_tensors(page: dict[str, Any], case: Case, axes: Axes) -> list[int | None]:
    names = [spec["name"] for spec in page["operands"] if not spec["rng_key"]]
    by_place = {(names[i], k): axis for i, k, axis in axes}
    return [by_place.get(place) for place in case.places]


def cut(x: proa.Tensor, axis: int, low: int, high: int) -> proa.Tensor:
    index = [slice(None)] * len(x.shape)
    index[axis] = slice(low, high)
    return x.detach()[tuple(index)]


def near(a: proa.Tensor, b: proa.Tensor) -> bool:
    if a.shape != b.shape:
        return False
    x, y = np.asarray(a.numpy()), np.asarray(b.numpy())
    if x.dtype.kind not in "fc":
        return np.array_equal(x, y)
    return bool(np.allclose(x, y, rtol=1e-5, atol=1e-6, equal_nan=True))


NEVER_SPLIT = {
    name: reason
    for reason, names in {
        "takes no tensor": "zeros ones empty full arange linspace logspace eye tril_indices"
        " triu_indices rand randn uniform standard_normal gaussian normal randint randperm"
        " log_normal fftfreq rfftfreq",
        "an element's number is its index in the whole": "bernoulli dropout poisson standard_gamma"
        " binomial multinomial randint_like",
        "its result is about the whole": "allclose equal_all nonzero unique unique_consecutive diag"
        " diagflat bincount histogram histogram_bin_edges dist",
        "each of its results is about two or more of its elements or rows": "combinations pdist cov"
        " corrcoef suppress_boxes",
        "addresses memory or places of the whole": "as_strided as_strided_scatter scatter_nd"
        " fill_diagonal",
        "which value an element gets hangs on the mask before it": "masked_scatter",
        "its state has results that all rows share": "adam_step adamw_step lamb_step",
    }.items()
    for name in names.split()
}


@by_page
def test_a_row_alone_has_the_bits_it_has_in_a_batch(page: dict[str, Any]) -> None:
    found = 0
    dtype = main_dtype(page)
    for index, sample in enumerate(page["samples"]):
        if page["name"] == "multi_dot" and len(sample["operands"][0]) > 2:
            continue  # which product is made first, the cheapest, follows from all extents
        for axes in batch_axes(sample):
            if page["random"] or found >= 6:
                break
            inner = {n: p for n, p in axes_by_extent(sample).items() if not set(p) & set(axes)}
            for wide in [None, *inner]:
                large = dict.fromkeys(inner[wide], 261) if wide is not None else {}

                def case_of(
                    n: int,
                    sample: dict[str, Any] = sample,
                    axes: Axes = axes,
                    large: dict[Any, int] = large,
                    index: int = index,
                ) -> Case | None:
                    changed = with_extents(sample, {**large, **dict.fromkeys(axes, n)})
                    if elements(changed) > WIDEST:
                        return None
                    return try_case(page, changed, dtype, index)

                found += split(page, case_of, axes)
    assert (found == 0) == (page["name"] in NEVER_SPLIT)
