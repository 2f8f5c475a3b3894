"""Where two dtypes meet: PyTorch's table (torch.promote_types of PyTorch 2.13, written out)."""

from __future__ import annotations

import ml_dtypes
import numpy as np

NAMES = (
    "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"
).split()

_SHORT = dict(zip("b u 1 2 4 8 h g f d F D".split(), NAMES, strict=True))
_TABLE = """
    b u 1 2 4 8 h g f d F D
    u u 2 2 4 8 h g f d F D
    1 2 1 2 4 8 h g f d F D
    2 2 2 2 4 8 h g f d F D
    4 4 4 4 4 8 h g f d F D
    8 8 8 8 8 8 h g f d F D
    h h h h h h h f f d F D
    g g g g g g f g f d F D
    f f f f f f f f f d F D
    d d d d d d d d d d D D
    F F F F F F F F F D F D
    D D D D D D D D D D D D
"""
_ROWS = [[_SHORT[mark] for mark in row.split()] for row in _TABLE.strip().splitlines()]
PROMOTED = {(a, b): _ROWS[i][k] for i, a in enumerate(NAMES) for k, b in enumerate(NAMES)}

NUMPY = {name: np.dtype(name) for name in NAMES if name != "bfloat16"}
NUMPY["bfloat16"] = np.dtype(ml_dtypes.bfloat16)
NUMPY["float8_e4m3fn"] = np.dtype(ml_dtypes.float8_e4m3fn)
NUMPY["float8_e5m2"] = np.dtype(ml_dtypes.float8_e5m2)

FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
DEFAULT_FLOAT = "float32"


def promoted(*names: str) -> str:
    met = names[0]
    for name in names[1:]:
        met = PROMOTED[met, name]
    return met


def with_number(met: str, number: complex) -> str:
    """A Python number counts by its kind alone, against the dtype of the tensors beside it."""
    if isinstance(number, complex):
        return met if met in COMPLEX else PROMOTED[met, "complex64"]
    if isinstance(number, float) and met not in (*FLOATS, *COMPLEX):
        return DEFAULT_FLOAT
    return met


def floating(name: str) -> str:
    return name if name in (*FLOATS, *COMPLEX) else DEFAULT_FLOAT


def real_of(name: str) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(name, name)


def complex_of(name: str) -> str:
    if name in COMPLEX:
        return name
    return "complex128" if name == "float64" else "complex64"


def wide(name: str) -> np.dtype:
    """The dtype that a reference is computed in: exact for everything but sums of float64."""
    if name in FLOATS:
        return np.dtype(np.float64)
    if name in COMPLEX:
        return np.dtype(np.complex128)
    if name.startswith("float8"):
        return np.dtype(np.float64)
    return NUMPY[name]


def epsilon(name: str) -> float:
    name = real_of(name)
    return float(ml_dtypes.finfo(NUMPY[name]).eps)


def smallest(name: str) -> float:
    return float(ml_dtypes.finfo(NUMPY[real_of(name)]).smallest_subnormal)
