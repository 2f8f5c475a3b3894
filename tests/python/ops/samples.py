"""Turns the samples of operator pages into tensors and calls."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import proa
from proa import _proa

PAGES = [p for p in _proa.pages() if p["full_name"].startswith("tensor.")]
BY_NAME = {p["name"]: p for p in PAGES}
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")


def rng_of(name: str, index: int) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{name}/{index}".encode()))


def array(arg: dict[str, Any], dtype: str, rng: np.random.Generator) -> np.ndarray:
    """Values of a sample's tensor, in float64, complex128, int64 or bool."""
    dims, fill = tuple(arg["dims"]), arg["fill"]
    size = int(np.prod(dims, dtype=np.int64))
    whole = dtype.startswith(("int", "uint")) or dtype == "bool"
    unsigned = dtype.startswith("uint")

    def real() -> np.ndarray:
        if fill == "normal":
            if whole:
                return rng.integers(0 if unsigned else -5, 6, dims)
            return rng.standard_normal(dims)
        if fill == "positive":
            return rng.integers(1, 6, dims) if whole else rng.uniform(0.1, 3, dims)
        if fill == "unit":
            return rng.integers(0, 2, dims) if whole else rng.uniform(-0.95, 0.95, dims)
        if fill == "probability":
            return rng.integers(0, 2, dims) if whole else rng.uniform(0.05, 0.95, dims)
        if fill == "above_one":
            return rng.integers(2, 5, dims) if whole else rng.uniform(1.1, 4, dims)
        if fill == "distinct":
            grid = rng.permutation(size).reshape(dims).astype(np.float64)
            if whole:
                return grid.astype(np.int64) % 100
            return (grid - size / 2 + 0.2619) * (3.9137 / max(size, 4))
        if fill == "index":
            return rng.integers(int(arg["low"]), max(int(arg["high"]), int(arg["low"]) + 1), dims)
        if fill == "range":
            return rng.uniform(arg["low"], arg["high"], dims)
        if fill in ("zeros", "ones"):
            return np.full(dims, float(fill == "ones"))
        if fill == "sorted":
            values = rng.standard_normal(dims)
            return np.sort(values, axis=-1) if dims else values
        if fill == "spd":
            m = rng.standard_normal(dims)
            return m @ np.swapaxes(m, -1, -2) + dims[-1] * np.eye(dims[-1])
        if fill == "values":
            return np.array(arg["values"], np.float64).reshape(dims)
        raise AssertionError(fill)

    values = np.asarray(real())
    if dtype == "bool":
        return values != 0 if fill in ("zeros", "ones", "values") else rng.integers(0, 2, dims) != 0
    if dtype in COMPLEX:
        if fill in ("zeros", "ones", "values", "spd", "index"):
            return values.astype(np.complex128)
        return values + 1j * 0.5 * np.asarray(real())
    if whole:
        return np.nan_to_num(np.asarray(values, np.float64), posinf=9, neginf=-9).astype(np.int64)
    return np.asarray(values, np.float64)


def tensor(arg: dict[str, Any], dtype: str, rng: np.random.Generator) -> proa.Tensor:
    wanted = arg["dtype"] or dtype
    exact = array(arg, wanted, rng)
    if wanted in ("float8_e4m3fn", "float8_e5m2"):
        return proa.to_tensor(exact.astype(np.float32)).cast(wanted)
    tensor = proa.to_tensor(exact)
    return tensor.cast(wanted) if str(exact.dtype) != wanted else tensor


def operands_of(
    page: dict[str, Any], sample: dict[str, Any], dtype: str, index: int = 0
) -> dict[str, Any]:
    """Arguments by parameter name."""
    rng = rng_of(page["name"], index)
    arguments: dict[str, Any] = {}
    for spec, args in zip(page["operands"], sample["operands"], strict=False):
        if spec["rng_key"]:
            continue
        made = [a["number"] if a["number"] is not None else tensor(a, dtype, rng) for a in args]
        if spec["variadic"]:
            arguments[spec["name"]] = made
        elif made:
            arguments[spec["name"]] = made[0]
    return arguments


def call(
    page: dict[str, Any], arguments: dict[str, Any], attrs: dict[str, Any]
) -> list[proa.Tensor]:
    """Calls by keyword; the results as a list."""
    dialect, _, name = page["full_name"].rpartition(".")
    home = _proa.ops if dialect == "tensor" else getattr(proa.ops, dialect)
    result = getattr(home, name)(**arguments, **attrs)
    return list(result) if isinstance(result, (list, tuple)) else [result]


def legal_dtypes(page: dict[str, Any]) -> list[str]:
    """Dtypes that a sample's open operands may take: those of the first operand that has such."""
    first: list[str] = []
    for k, spec in enumerate(page["operands"]):
        if spec["rng_key"]:
            continue
        taken = [d for d in spec["dtypes"] if not d.startswith("float8")]
        first = first or taken
        for sample in page["samples"]:
            args = sample["operands"][k] if k < len(sample["operands"]) else []
            if any(arg["dtype"] is None and arg["number"] is None for arg in args):
                return taken
    return first or ["float32"]


def default_dtype(page: dict[str, Any]) -> str:
    legal = legal_dtypes(page)
    return "float32" if "float32" in legal else legal[0]


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    """The bytes and shapes of a call's results, NaNs alike; the kind of its error if it has one."""
    try:
        made = function(*args)
    except proa.ProaError as error:
        assert not isinstance(error, _proa.InternalError), error
        return type(error).__name__
    found = []
    for one in made if isinstance(made, (list, tuple)) else [made]:
        values = one.numpy()
        if values.dtype.kind in "fc":
            values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
        found.append((values.tobytes(), list(one.shape)))
    return found
