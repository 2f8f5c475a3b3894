"""Derivatives of every page up to the third order, against differences of the order below.

With L(x, s) = Re <f(x), s>, gradients with respect to x and to the cotangents s are taken along
random directions v and w:

    order 1: df/dx^T s                    its product with v against the difference of L along v
    order 2: (dg/dx . v, df/dx . v)       against differences of (g, f) along v
    order 3: the same of the order 2      against its differences along w

so that one vector checks a whole Hessian, and the backwards are differentiated with respect to
everything that they read. test_pages.py checks the first order element by element on small samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import PAGES, call, operands_of

import proa
from proa import _proa

STEP = 2e-5  # of the central difference: rounding 1e-16 / STEP, truncation STEP^2
TOLERANCE = 2e-6  # of the largest element; both errors above stay far below for smooth samples
MOVE = 0.01
LIMIT = 2048  # elements of an operand
WIDE = ("float64", "complex128")
DIFFERENTIABLE = [p for p in PAGES if p["gradient"] in ("rule", "decomposition")]

Arrays = list[np.ndarray]


class Case:
    """One sample in one dtype: f, its arguments x that are floating point, and the cotangents s."""

    def __init__(self, page: dict[str, Any], index: int, dtype: str) -> None:
        self.page, self.sample = page, page["samples"][index]
        self.arguments = operands_of(page, self.sample, dtype, index)
        self.places = [
            (name, k)
            for name, value in self.arguments.items()
            for k, t in enumerate(value if isinstance(value, list) else [value])
            if isinstance(t, proa.Tensor) and t.dtype.name in WIDE
        ]
        self.rng = np.random.default_rng(1000 + index)
        # Moved a little, each operand for itself: off the ties and kinks that two operands with
        # the same grid, or listed values, meet in.
        self.x = [
            v + self.rng.uniform(-MOVE, MOVE, v.shape)
            for v in (np.asarray(self.at(place).numpy()) for place in self.places)
        ]
        self.state = _proa.get_rng_state() if page["random"] else None
        self.seeds: Arrays = []

    def at(self, place: tuple[str, int]) -> proa.Tensor:
        value = self.arguments[place[0]]
        return value[place[1]] if isinstance(value, list) else value

    def direction(self) -> Arrays:
        return [self.noise(x.shape, np.iscomplexobj(x)) for x in self.x]

    def noise(self, shape: tuple[int, ...], pair: bool) -> np.ndarray:
        real = self.rng.standard_normal(shape)
        return np.asarray(real + 1j * self.rng.standard_normal(shape) if pair else real)

    def results(self, leaves: list[proa.Tensor]) -> list[proa.Tensor]:
        arguments = {k: list(v) if isinstance(v, list) else v for k, v in self.arguments.items()}
        for (name, k), leaf in zip(self.places, leaves, strict=True):
            if isinstance(arguments[name], list):
                arguments[name][k] = leaf
            else:
                arguments[name] = leaf
        if self.state is not None:
            _proa.set_rng_state(self.state)
        made = call(self.page, arguments, self.sample["attrs"])
        return [r for r in made if not r.stop_gradient]

    def derivatives(self, x: Arrays, directions: list[Arrays]) -> list[Arrays]:
        """Of each order up to len(directions) + 1: with respect to x, then to s."""
        leaves = [wanted(v) for v in x]
        results = self.results(leaves)
        if not self.seeds:
            self.seeds = [self.noise(r.shape, r.dtype.is_complex) for r in results]
        seeds = [wanted(v) for v in self.seeds]
        orders = [[r.numpy() for r in results]]
        outputs, cotangents, inputs = results, seeds, leaves
        for direction in [*directions, None]:
            more = direction is not None
            found = gradient(outputs, inputs, cotangents, more)
            arrays = [
                np.zeros(i.shape, i.numpy().dtype) if g is None else g.numpy()
                for g, i in zip(found, inputs, strict=True)
            ]
            orders.append(arrays)
            if direction is None:
                break
            outputs = found[: len(leaves)]
            cotangents = [proa.to_tensor(v) for v in direction]
            inputs = [*leaves, *seeds]
        return [[*orders[1], *orders[0]], *orders[2:]]


def wanted(values: np.ndarray) -> proa.Tensor:
    tensor = proa.to_tensor(values)
    tensor.stop_gradient = False
    return tensor


def gradient(
    outputs: list[proa.Tensor | None],
    inputs: list[proa.Tensor],
    cotangents: list[proa.Tensor],
    create_graph: bool,
) -> list[proa.Tensor | None]:
    reached = [
        (o, c)
        for o, c in zip(outputs, cotangents, strict=True)
        if o is not None and not o.stop_gradient
    ]
    if not reached:
        return [None] * len(inputs)
    return proa.grad(
        [o for o, _ in reached],
        inputs,
        [c for _, c in reached],
        create_graph=create_graph,
        retain_graph=True,
        allow_unused=True,
    )


def shifted(x: Arrays, direction: Arrays, step: float) -> Arrays:
    return [a + step * d for a, d in zip(x, direction, strict=True)]


def difference(case: Case, directions: list[Arrays], along: Arrays) -> Arrays:
    """Of the highest order that `directions` give."""
    above = case.derivatives(shifted(case.x, along, STEP), directions)[-1]
    below = case.derivatives(shifted(case.x, along, -STEP), directions)[-1]
    return [(a - b) / (2 * STEP) for a, b in zip(above, below, strict=True)]


def check(exact: Arrays, numeric: Arrays, what: str) -> None:
    for k, (e, n) in enumerate(zip(exact, numeric, strict=True)):
        scale = max([1.0, *(float(np.max(np.abs(m))) for m in numeric if m.size)])
        np.testing.assert_allclose(
            e, n, atol=TOLERANCE * scale, rtol=TOLERANCE, err_msg=f"{what}, variable {k}"
        )


def takes(page: dict[str, Any], dtype: str) -> bool:
    return any(dtype in spec["dtypes"] for spec in page["operands"])


def cases(page: dict[str, Any], dtype: str, empty: bool = False) -> list[Case]:
    """Samples with a derivative, of at least one element (`empty`: those without one)."""
    made = []
    for index, sample in enumerate(page["samples"] if takes(page, dtype) else []):
        if not sample["gradient"]:
            continue
        case = Case(page, index, dtype)
        if not case.x or any(x.size > LIMIT for x in case.x):
            continue
        try:
            results = case.results([wanted(v) for v in case.x])
        except (_proa.DTypeError, _proa.NotSupportedError):
            continue  # what this sample's attributes refuse in this dtype
        if not results or empty != any(t.size == 0 for t in [*case.x, *results]):
            continue
        # NaN has no derivative: the unbiased variance of one number.
        if empty or all(np.isfinite(r.numpy()).all() for r in results):
            made.append(case)
    return made


# eig and eigvals stand in test_decompositions_without_a_gauge instead.
COVERED = {dtype: [p for p in DIFFERENTIABLE if cases(p, dtype)] for dtype in WIDE}


def test_every_page_is_covered() -> None:
    covered = {p["name"] for pages in COVERED.values() for p in pages}
    assert {p["name"] for p in DIFFERENTIABLE} - covered == {"eig", "eigvals"}
    complex_too = {p["name"] for p in COVERED["complex128"]}
    lacking = {
        p["name"]
        for p in DIFFERENTIABLE
        if takes(p, "complex128") and p["name"] not in complex_too | {"eig", "eigvals"}
    }
    assert lacking == set()


@pytest.mark.parametrize(
    ("page", "dtype"),
    [(p, d) for d in WIDE for p in COVERED[d]],
    ids=lambda v: v if isinstance(v, str) else v["name"],
)
def test_derivatives(page: dict[str, Any], dtype: str) -> None:
    for case in cases(page, dtype):
        v, w = case.direction(), case.direction()
        what = f"{page['name']} {case.sample}"
        first, second, third = case.derivatives(case.x, [v, w])
        check_first(case, first, v, f"order 1 of {what}")
        check(second, difference(case, [], v), f"order 2 of {what}")
        check(third, difference(case, [v], w), f"order 3 of {what}")


def check_first(case: Case, first: Arrays, v: Arrays, what: str) -> None:
    exact = inner(first[: len(v)], v)
    above, below = (
        inner([r.numpy() for r in case.results([wanted(a) for a in x])], case.seeds)
        for x in (shifted(case.x, v, STEP), shifted(case.x, v, -STEP))
    )
    numeric = (above - below) / (2 * STEP)
    scale = max(1.0, abs(numeric), *(float(np.max(np.abs(g))) for g in first))
    assert abs(exact - numeric) <= 10 * TOLERANCE * scale, what


def inner(a: Arrays, b: Arrays) -> float:
    return sum(float(np.sum(np.real(x * np.conj(y)))) for x, y in zip(a, b, strict=True))


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """To the bit; NaNs are one class."""
    return a.dtype == b.dtype and np.array_equal(
        np.where(np.isnan(a), 0, a).tobytes(), np.where(np.isnan(b), 0, b).tobytes()
    )


@pytest.mark.parametrize("page", COVERED["float64"], ids=lambda p: p["name"])
def test_a_gradient_does_not_depend_on_which_others_are_wanted(page: dict[str, Any]) -> None:
    for case in cases(page, "float64"):
        if len(case.x) == 1:
            continue
        v = case.direction()
        whole = case.derivatives(case.x, [v])
        for k in range(len(case.x)):
            leaves = [proa.to_tensor(x) for x in case.x]
            leaves[k].stop_gradient = False
            results = case.results(leaves)
            seeds = [wanted(s) for s in case.seeds]
            if len(results) != len(seeds):
                continue  # some results depend on the other operands alone
            (g,) = gradient(results, [leaves[k]], seeds, True)
            found = np.zeros_like(case.x[k]) if g is None else g.numpy()
            assert same(found, whole[0][k]), f"{page['name']} {case.sample}, operand {k}"
            if g is None or g.stop_gradient:
                continue
            (h,) = gradient([g], [leaves[k]], [proa.to_tensor(v[k])], False)
            alone = [np.zeros_like(x) if i != k else x for i, x in enumerate(v)]
            expected = case.derivatives(case.x, [alone])[1][k]
            got = np.zeros_like(expected) if h is None else h.numpy()
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * top(expected))


def top(x: np.ndarray) -> float:
    return max(1.0, float(np.max(np.abs(x)))) if x.size else 1.0


@pytest.mark.parametrize("page", COVERED["float64"], ids=lambda p: p["name"])
def test_cotangents_of_some_results_only(page: dict[str, Any]) -> None:
    """The gradient is linear in the cotangents: those that are absent count as zero."""
    for case in cases(page, "float64"):
        x = [wanted(v) for v in case.x]
        results = case.results(x)
        if len(results) == 1:
            continue
        sums = [np.zeros_like(v) for v in case.x]
        seeds = [case.noise(r.shape, r.dtype.is_complex) for r in results]
        for r, s in zip(results, seeds, strict=True):
            for total, g in zip(sums, gradient([r], x, [proa.to_tensor(s)], True), strict=True):
                total += 0 if g is None else np.asarray(g.numpy())
        whole = gradient(results, x, [proa.to_tensor(s) for s in seeds], False)
        for g, total in zip(whole, sums, strict=True):
            expected = np.zeros_like(total) if g is None else g.numpy()
            np.testing.assert_allclose(total, expected, rtol=1e-11, atol=1e-11 * top(expected))


@pytest.mark.parametrize("page", DIFFERENTIABLE, ids=lambda p: p["name"])
def test_derivatives_of_nothing_have_its_shape(page: dict[str, Any]) -> None:
    for case in cases(page, "float64", empty=True):
        v = case.direction()
        orders = case.derivatives(case.x, [v, v])
        for arrays in orders:
            for got, x in zip(arrays, case.x, strict=False):
                assert got.shape == x.shape and np.isfinite(got).all(), case.sample


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p["gradient"] in ("zero", "none")], ids=lambda p: p["name"]
)
def test_what_has_no_derivative_says_so_or_gives_none(page: dict[str, Any]) -> None:
    assert page["gradient_reason"]
    for index in range(len(page["samples"])):
        dtype = "float64" if takes(page, "float64") else "int64"
        case = Case(page, index, dtype)
        leaves = [wanted(x) for x in case.x]
        if not leaves:
            continue
        results = case.results(leaves)
        for r in results:
            if page["gradient"] == "none":  # said where the gradient is asked for, with the reason
                with pytest.raises(_proa.NotSupportedError) as caught:
                    proa.grad(r, leaves, proa.ones_like(r), retain_graph=True)
                assert page["gradient_reason"] in str(caught.value)
                continue
            found = proa.grad(r, leaves, proa.ones_like(r), retain_graph=True)
            assert all(not g.numpy().any() and g.shape == x.shape for g, x in zip(found, leaves))


def test_a_derivative_that_is_zero_is_a_tensor_of_zeros() -> None:
    """An operand that was used, but by steps only, has a gradient; one that was not has none."""
    x, unused = wanted(np.array([0.3, -1.2])), wanted(np.zeros(3))
    proa.sum(proa.floor(x)).backward()
    assert x.grad is not None and x.grad.numpy().tolist() == [0, 0]
    assert unused.grad is None
    proa.sum(proa.floor(x) * x).backward()
    assert x.grad.numpy().tolist() == [0, -2]

    (g,) = proa.grad(proa.sum(proa.nn.functional.relu(x)), [x], create_graph=True)
    (h,) = proa.grad(proa.sum(g), [x])
    assert h.numpy().tolist() == [0, 0]
    y = proa.sum(proa.floor(x))
    found = proa.grad(y, [x, unused], allow_unused=True, retain_graph=True)
    assert found[0].numpy().tolist() == [0, 0] and found[1] is None
    with pytest.raises(_proa.ArgumentValueError, match="does not take part"):
        proa.grad(y, [unused])


def hermitian(x: proa.Tensor) -> proa.Tensor:
    return x + adjoint(x)


def adjoint(x: proa.Tensor) -> proa.Tensor:
    turned = x.transpose([1, 0])
    return turned.conj() if x.dtype.is_complex else turned


def by_eigh(x: proa.Tensor) -> proa.Tensor:
    w, v = proa.linalg.eigh(hermitian(x))
    return (v * proa.sin(w).cast(v.dtype)) @ adjoint(v)


def by_eig(x: proa.Tensor) -> proa.Tensor:
    w, v = proa.linalg.eig(x)
    return (v * proa.sin(w)) @ proa.linalg.inv(v)


def by_svd(x: proa.Tensor) -> proa.Tensor:
    u, s, vh = proa.linalg.svd(x)
    return (u * proa.sin(s).cast(u.dtype)) @ vh


def by_qr(x: proa.Tensor) -> proa.Tensor:
    q, r = proa.linalg.qr(x)
    return q @ proa.sin(r * adjoint(r).conj()) @ adjoint(q) if not x.dtype.is_complex else q @ r


def eigenvalues(x: proa.Tensor) -> proa.Tensor:
    w = proa.linalg.eigvals(x)
    return proa.sum(w * w * w)


@pytest.mark.parametrize("dtype", WIDE)
@pytest.mark.parametrize("function", [by_eigh, by_eig, by_svd, by_qr, eigenvalues])
def test_decompositions_without_a_gauge(function: Any, dtype: str) -> None:
    """The sign or phase of a vector is a choice; what does not see it is differentiable."""
    sample: dict[str, Any] = {"attrs": {}, "operands": []}
    page = {"name": function.__name__, "random": False, "operands": [], "samples": [sample]}
    case = Case(page, 0, dtype)
    case.places = [("x", 0)]
    case.x = [2 * case.noise((3, 3), dtype == "complex128")]
    case.results = lambda leaves: [function(*leaves)]  # type: ignore[method-assign]
    v, w = case.direction(), case.direction()
    first, second, third = case.derivatives(case.x, [v, w])
    check_first(case, first, v, f"order 1 of {function.__name__}")
    check(second, difference(case, [], v), f"order 2 of {function.__name__}")
    check(third, difference(case, [v], w), f"order 3 of {function.__name__}")
