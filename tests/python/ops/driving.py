"""Drives one operator page against its reference: builds the cases, calls both, compares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
from references import Case, Reference, Within
from references.promotion import (
    COMPLEX,
    FLOATS,
    NUMPY,
    complex_of,
    epsilon,
    floating,
    promoted,
    real_of,
    smallest,
    wide,
    with_number,
)
from samples import array, call, legal_dtypes, rng_of

import proa

TAILS = ((1,), (7,), (33,), (3, 67))
INF, NAN = float("inf"), float("nan")


def special_values(dtype: str) -> np.ndarray:
    """Values at which an elementwise function may go wrong."""
    if dtype == "bool":
        return np.array([False, True])
    if dtype in COMPLEX:
        parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, INF, -INF, NAN]
        out = np.empty((len(parts), len(parts)), np.complex128)
        for i, a in enumerate(parts):
            for k, b in enumerate(parts):
                out.real[i, k], out.imag[i, k] = a, b
        return out.reshape(-1)
    if dtype in FLOATS:
        info = ml_dtypes.finfo(NUMPY[dtype])
        edge = [float(info.max), float(info.smallest_normal), float(info.smallest_subnormal)]
        plain = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 7.25, 100.0, *edge, INF]
        return np.array([*plain, *[-v for v in plain], NAN])
    info = np.iinfo(NUMPY[dtype])
    values = [0, 1, 2, 3, 5, 7, 11, 100, info.max, info.min, info.max - 1]
    return np.array(values + ([] if info.min == 0 else [-1, -2, -3, -7, -100]), NUMPY[dtype])


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """The values in the dtype itself, rounded by NumPy and ml_dtypes."""
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(NUMPY[dtype])


def as_tensor(values: np.ndarray, dtype: str) -> proa.Tensor:
    if dtype != "bfloat16" and not dtype.startswith("float8"):
        return proa.to_tensor(values)
    # NumPy has no buffers of these; they pass through float32, which holds each of them.
    made = proa.to_tensor(values.astype(np.float32)).cast(dtype)
    kept = numpy_of(made)
    with np.errstate(invalid="ignore"):
        same_numbers = (kept == values) & (np.signbit(kept) == np.signbit(values))
        same_numbers |= np.isnan(values)
    assert np.all(same_numbers)
    return made


def numpy_of(tensor: proa.Tensor) -> np.ndarray:
    name = tensor.dtype.name
    values = np.asarray(tensor.numpy())
    if name == "bfloat16" or name.startswith("float8"):
        return values.view(NUMPY[name])
    assert values.dtype == NUMPY[name]
    return values


def viewed(values: np.ndarray, dtype: str, way: int) -> proa.Tensor:
    """The same tensor with other strides: backwards, with gaps, transposed."""
    if values.ndim == 0 or values.size == 0 or way == 0:
        return as_tensor(values, dtype)
    if way == 1:
        return as_tensor(np.ascontiguousarray(np.flip(values)), dtype)[
            (slice(None, None, -1),) * values.ndim
        ]
    if way == 2:
        room = np.full([2 * n for n in values.shape], values.reshape(-1)[0], values.dtype)
        room[(slice(None, None, 2),) * values.ndim] = values
        return as_tensor(room, dtype)[(slice(None, None, 2),) * values.ndim]
    order = list(range(values.ndim))[::-1]
    return proa.transpose(as_tensor(np.ascontiguousarray(values.T), dtype), order)


class Arguments:
    """Operands of one case: stored arrays, dtypes, wide arrays for the reference, tensors."""

    def __init__(self, page: dict[str, Any], case: dict[str, Any], dtype: str, index: int) -> None:
        rng = rng_of(page["name"], index)
        self.page, self.attrs, self.dtype = page, case["attrs"], dtype
        self.arrays: dict[str, Any] = {}
        self.names: dict[str, Any] = {}
        self.open = False  # takes the dtype under test somewhere
        for spec, args in zip(page["operands"], case["operands"], strict=False):
            if spec["rng_key"] or (not args and not spec["variadic"]):
                continue
            made, names = [], []
            for arg in args:
                if arg.get("number") is not None:
                    made.append(arg["number"])
                    names.append(None)
                    continue
                name = arg["dtype"] or dtype
                self.open |= arg["dtype"] is None
                made.append(stored(arg["array"] if "array" in arg else array(arg, name, rng), name))
                names.append(name)
            self.arrays[spec["name"]] = made if spec["variadic"] else made[0]
            self.names[spec["name"]] = names if spec["variadic"] else names[0]

    def legal(self) -> bool:
        for spec in self.page["operands"]:
            for name in self._each(self.names.get(spec["name"])):
                if name is not None and name not in spec["dtypes"]:
                    return False
        return True

    @staticmethod
    def _each(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [] if value is None else [value]

    def dtypes(self, meeting: bool = False) -> list[str]:
        return [
            name
            for spec in self.page["operands"]
            if spec["meets"] or not meeting
            for name in self._each(self.names.get(spec["name"]))
            if name is not None
        ]

    def met(self, reference: Reference) -> str:
        if reference.meet == "none":
            return ""
        met = promoted(*self.dtypes(meeting=True))
        for value in self.arrays.values():
            if isinstance(value, (int, float, complex)):
                met = with_number(met, value)
        return floating(met) if reference.meet == "float" else met

    def for_reference(self, met: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for spec in self.page["operands"]:
            value = self.arrays.get(spec["name"])
            if value is None:
                continue
            to = wide(met) if met and spec["meets"] else None

            def widened(v: Any, name: str | None, to: Any = to) -> Any:
                if name is None:
                    return np.asarray(v) if to is None else np.asarray(v).astype(to)
                with np.errstate(invalid="ignore"):
                    own = v.astype(wide(name))
                if to is None:
                    return own
                if met in FLOATS and name not in FLOATS:  # an integer becomes a float first
                    own = own.astype(NUMPY[met])
                return own.astype(to)

            names = self.names[spec["name"]]
            if isinstance(value, list):
                out[spec["name"]] = [widened(v, n) for v, n in zip(value, names, strict=True)]
            else:
                out[spec["name"]] = widened(value, names)
        return out

    def tensors(self, way: int) -> dict[str, Any]:
        def one(value: Any, name: str | None, k: int) -> Any:
            return value if name is None else viewed(value, name, (way + k) % 4 if way else 0)

        out: dict[str, Any] = {}
        for k, (key, value) in enumerate(self.arrays.items()):
            names = self.names[key]
            if isinstance(value, list):
                out[key] = [
                    one(v, n, k + i) for i, (v, n) in enumerate(zip(value, names, strict=True))
                ]
            else:
                out[key] = one(value, names, k)
        return out


def cases_of(
    page: dict[str, Any], reference: Reference, dtype: str
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Samples of the page, cases of the reference, tails, special values; with a mask or None."""
    for sample in page["samples"]:
        yield sample, None
    for extra in reference.cases:
        yield as_sample(extra), None
    if not reference.kind:
        return
    first = page["samples"][2 if len(page["samples"]) > 2 else 0]["operands"]
    for dims in TAILS:
        yield (
            {"operands": [[a | {"dims": list(dims)} for a in args] for args in first], "attrs": {}},
            None,
        )
    if reference.special is False or (reference.special == "real" and dtype in COMPLEX):
        return
    values = special_values(dtype)
    operands = [values] if reference.kind == "unary" else [values[:, None], values[None, :]]
    attrs = page["samples"][0]["attrs"]
    made = [[{"dims": [], "dtype": None, "number": None, "array": v}] for v in operands]
    yield (
        {"operands": made + first[len(made) :], "attrs": attrs},
        (reference.special if callable(reference.special) else None),
    )


def as_sample(case: Case) -> dict[str, Any]:
    return {"operands": case.operands, "attrs": case.attrs}


def expected_dtypes(
    reference: Reference, arguments: Arguments, met: str, count: int
) -> list[str | None]:
    given = arguments.dtypes()

    def one(rule: Any) -> Any:
        if rule is None or isinstance(rule, list):
            return rule
        if callable(rule):
            return one(rule(given, arguments.attrs))
        return {
            "met": met,
            "first": given[0] if given else None,
            "real": real_of(met or (given[0] if given else "")),
            "complex": complex_of(met or (given[0] if given else "")),
        }.get(rule, rule)

    names = one(reference.result)
    return names if isinstance(names, list) else [names] * count


def run(
    page: dict[str, Any],
    reference: Reference,
    case: dict[str, Any],
    dtype: str,
    index: int,
    ways: tuple[int, ...],
    mask: Any,
) -> bool:
    """True where the case says something about this dtype and was compared."""
    arguments = Arguments(page, case, dtype, index)
    if not arguments.legal():
        return False
    if not arguments.open and dtype != legal_dtypes(page)[0]:
        return False  # a case of fixed dtypes runs once
    met = arguments.met(reference)
    inputs = arguments.for_reference(met)
    parameters = inspect.signature(reference.function).parameters
    more: dict[str, Any] = {}
    if "dtypes" in parameters:
        more["dtypes"] = arguments.dtypes()
    if "given" in parameters:
        more["given"] = arguments.names
    if reference.refuses is not None and reference.refuses(arguments.dtypes(), arguments.attrs):
        try:
            call(page, arguments.tensors(0), arguments.attrs)
        except proa.ProaError as error:
            assert str(error).startswith(f"[{page['name']}]"), str(error)
            return True
        raise AssertionError(f"{page['name']} {dtype} case {index} is not refused")
    wanted: Any = None
    with np.errstate(all="ignore"):
        if not reference.checks:
            wanted = reference.function(**inputs, **arguments.attrs, **more)
    for way in ways:
        results = call(page, arguments.tensors(way), arguments.attrs)
        got = [numpy_of(r) for r in results]
        names = expected_dtypes(reference, arguments, met, len(results))
        where = (
            f"{page['name']} {dtype} case {index} {case['attrs']} {describe(arguments)} way {way}"
        )
        assert len(names) == len(results), where
        for r, name in zip(results, names, strict=True):
            assert name is None or r.dtype.name == name, f"{where}: {r.dtype.name}, not {name}"
        if reference.checks:
            reference.function(widened(got, results), **inputs, **arguments.attrs, **more)
            continue
        many = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
        assert len(many) == len(got), f"{where}: {len(got)} results, not {len(many)}"
        chosen = (
            None
            if mask is None
            else mask(*[v for v in inputs.values() if isinstance(v, np.ndarray)])
        )
        for k, (value, found, r) in enumerate(zip(many, got, results, strict=True)):
            same(found, value, r.dtype.name, reference, f"{where} result {k}", chosen)
    return True


def widened(arrays: list[np.ndarray], results: list[proa.Tensor]) -> list[np.ndarray]:
    return [a.astype(wide(r.dtype.name)) for a, r in zip(arrays, results, strict=True)]


def describe(arguments: Arguments) -> str:
    def one(v: Any) -> str:
        return str(v) if not isinstance(v, np.ndarray) else f"{v.dtype}{list(v.shape)}"

    return "; ".join(
        ",".join(map(one, v)) if isinstance(v, list) else one(v) for v in arguments.arrays.values()
    )


def same(
    got: np.ndarray, wanted: Any, dtype: str, reference: Reference, where: str, chosen: Any
) -> None:
    bound = wanted if isinstance(wanted, Within) else None
    value = np.asarray(bound.value if bound else wanted)
    assert got.shape == value.shape, f"{where}: shape {got.shape}, not {value.shape}"
    if dtype == "bool" or dtype.startswith(("int", "uint")):
        exact = value if value.dtype == got.dtype else value.astype(got.dtype)
        fail(where, got, exact, got != exact, chosen)
        return
    wide_got = got.astype(np.complex128 if dtype in COMPLEX else np.float64)
    with np.errstate(all="ignore"):
        target = value.astype(NUMPY[dtype]).astype(wide_got.dtype)
        ulps = reference.ulps[dtype in COMPLEX]
        if bound is None and ulps == 0:
            wrong = differing(wide_got, target)
            if reference.zeros and dtype not in COMPLEX:
                wrong |= (
                    (target == 0) & (wide_got == 0) & (np.signbit(target) != np.signbit(wide_got))
                )
            fail(where, got, value, wrong, chosen)
            return
        eps = epsilon(dtype)
        # The float64 reference has an error of its own.
        relative, absolute = reference.noise
        noise = 2.0**-52 * (relative * np.abs(value) + absolute)
        allowed = ulps * eps * np.abs(value) + noise + 2 * smallest(dtype)
        if bound is not None:
            chain = eps if bound.narrow else min(eps, epsilon("float32"))
            allowed = allowed + bound.depth * chain * np.abs(bound.scale)
            if not bound.narrow:
                allowed = allowed + eps * np.abs(value) / 2
        near = np.abs(wide_got - value) <= allowed
        loose = (ulps + 1) * eps
        wrong = np.where(finite(target) & finite(value), ~near, differing(wide_got, target, loose))
        fail(where, got, value, wrong, chosen)


def finite(x: np.ndarray) -> np.ndarray:
    return np.isfinite(x.real) & np.isfinite(x.imag)


def differing(a: np.ndarray, b: np.ndarray, loose: float = 0.0) -> np.ndarray:
    """NaNs are one class; of complex numbers each part counts."""
    if a.dtype.kind == "c":
        # Beside NaN the sign of an infinity is unspecified (C99, annex G).
        unsigned = np.isnan(b.real) | np.isnan(b.imag)
        one, two = [], []
        for parts, of in ((one, a), (two, b)):
            parts += [np.where(unsigned & np.isinf(p), np.inf, p) for p in (of.real, of.imag)]
        return differing(one[0], two[0], loose) | differing(one[1], two[1], loose)
    near = np.isfinite(a) & np.isfinite(b) & (np.abs(a - b) <= loose * np.abs(b))
    return (a != b) & ~(np.isnan(a) & np.isnan(b)) & ~near


def fail(where: str, got: np.ndarray, value: np.ndarray, wrong: np.ndarray, chosen: Any) -> None:
    if chosen is not None:
        wrong = wrong & np.broadcast_to(chosen, wrong.shape)
    if wrong.any():
        at = tuple(int(i[0]) for i in np.nonzero(wrong)) if wrong.ndim else ()
        raise AssertionError(
            f"{where}: {int(wrong.sum())} of {wrong.size} differ; at {at} got {got[at]!r}, "
            f"expected {np.asarray(value)[at]!r}"
        )
