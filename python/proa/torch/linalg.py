"""`torch.linalg`: matrices under PyTorch's signatures, results as named tuples.

Why beside proa.linalg: there `slogdet` stacks its two results and `svd` is thin by default.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from typing import Any

import proa

from .. import _proa, spelling
from ..check import refuse
from .meanings import norm as _norm

ops: Any = _proa.ops
ours: Any = proa.linalg

TABLE = """
cholesky(A, *, upper=False, out=None) = cholesky : x=A
det(A, *, out=None) = det : x=A
eigvals(A, *, out=None) = eigvals : x=A
eigvalsh(A, UPLO='L', *, out=None) = eigvalsh : x=A
inv(A, *, out=None) = inv : x=A
matrix_power(A, n, *, out=None) = matrix_power : x=A
pinv(A, *, rcond=1e-15, hermitian=False, out=None) = pinv : x=A
solve(A, B, *, left=True, out=None) = solve : x=A; y=B
svdvals(A, *, out=None) = svdvals : x=A
"""
for _name, _parameters, _target, _given in spelling.rows(TABLE):
    _found = getattr(ours, _target)
    globals()[_name] = spelling.function(_name, _parameters, _found, _given)


def _named(name: str, fields: list[str]) -> Any:
    return collections.namedtuple(name, fields)


_slogdet = _named("slogdet", ["sign", "logabsdet"])
_svd = _named("svd", ["U", "S", "Vh"])
_qr = _named("qr", ["Q", "R"])
_eig = _named("eig", ["eigenvalues", "eigenvectors"])


def slogdet(A: Any) -> Any:
    """(sign, logarithm of the magnitude) of the determinant."""
    found = ours.slogdet(A)
    return _slogdet(found[0], found[1])


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """(U, S, Vh) with A = U diag(S) Vh."""
    return _svd(*ours.svd(A, full_matrices))


def qr(A: Any, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q R."""
    return _qr(*ours.qr(A, mode))


def eig(A: Any) -> Any:
    """(eigenvalues, eigenvectors), both complex."""
    return _eig(*ours.eig(A))


def eigh(A: Any, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of a Hermitian matrix, in ascending order."""
    return _eig(*ours.eigh(A, UPLO))


def solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """X with A X = B (or X A = B) for a triangular A."""
    if left:
        return ours.triangular_solve(A, B, upper, False, unitriangular)
    flipped = ours.triangular_solve(A, ops.swapaxes(B, -2, -1), upper, True, unitriangular)
    return ops.swapaxes(flipped, -2, -1)


def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The norm of vectors along dim; of all elements without it."""
    return _norm(x, ord, dim, keepdim, dtype)


def matrix_norm(
    A: Any, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False
) -> Any:
    """The norm of matrices: fro, nuc, inf, -inf, 1, -1, 2 or -2."""
    rows, columns = (d % A.ndim for d in dim)
    if ord == "fro":
        return _norm(A, 2, [rows, columns], keepdim)
    if ord in ("nuc", 2, -2):
        order = [d for d in range(A.ndim) if d not in (rows, columns)] + [rows, columns]
        values = ours.svdvals(ops.transpose(A, order))
        pick = {"nuc": ops.sum, 2: ops.max, -2: ops.min}[ord]
        found = pick(values, -1)
        for d in sorted((rows, columns)) if keepdim else ():
            found = ops.unsqueeze(found, d)
        return found
    if ord not in (1, -1, math.inf, -math.inf):
        refuse("matrix_norm", "ord", "'fro', 'nuc', inf, -inf, 1, -1, 2 or -2", ord)
    inner, outer = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = ops.sum(ops.abs(A), inner, keepdim=True)
    found = (ops.max if ord > 0 else ops.min)(sums, outer, True)
    return found if keepdim else ops.squeeze(found, [rows, columns])


def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False) -> Any:
    """A vector's norm, or with two dims (or a matrix and an order) a matrix's."""
    pair = isinstance(dim, (list, tuple)) and len(dim) == 2
    if ord is not None and (pair or (dim is None and A.ndim == 2)):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim)


def cond(A: Any, p: Any = None) -> Any:
    """The norm of A times that of its inverse; with the 2-norm the quotient of singular values."""
    if p in (None, 2):
        values = ours.svdvals(A)
        return values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(ours.inv(A), p)


def matrix_rank(A: Any, *, rtol: float | None = None, hermitian: bool = False) -> Any:
    """How many singular values are above rtol times the largest."""
    values = ours.svdvals(A)
    bits = {"float64": 52, "float32": 23}[values.dtype.name]
    share = max(A.shape[-2:]) * 2.0**-bits if rtol is None else rtol
    return ops.sum((values > share * values[..., :1]).astype("int64"), -1)


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """The sum of conj(x) y along dim."""
    return ops.sum(ops.conj(x) * y, dim)


def multi_dot(tensors: Sequence[Any]) -> Any:
    """The product of matrices."""
    result = tensors[0]
    for matrix in tensors[1:]:
        result = ops.matmul(result, matrix)
    return result


def matmul(input: Any, other: Any) -> Any:
    """The product of matrices."""
    return ops.matmul(input, other)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonal of each matrix."""
    return ops.diagonal(A, offset, dim1, dim2)


def __getattr__(name: str) -> Any:
    return getattr(ours, name)
