"""The few greatest singular values of a matrix."""

from __future__ import annotations

from .. import _proa
from ..refusal import value_error

Tensor = _proa.Tensor


def svd_lowrank(
    x: Tensor,
    q: int | None = None,
    niter: int = 2,
    M: Tensor | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """U, s and V with x - M near U diag(s) V^H, of the q greatest singular values (6 without q, or
    as many as there are). They are those of the whole decomposition: nothing is drawn, and niter
    changes nothing.

    Raises:
        ArgumentValueError: there are not q singular values.
    """
    least = min(x.shape[-2:])
    count = min(6, least) if q is None else q
    if not 0 <= count <= least:
        raise value_error(f"[svd_lowrank] q: expected 0..{least}, got {count}")
    if niter < 0:
        raise value_error(f"[svd_lowrank] niter: expected at least 0, got {niter}")
    u, s, vh = _proa.ops.svd(x if M is None else x - M)
    v = _proa.ops.conj(_proa.ops.matrix_transpose(vh))
    return u[..., :count], s[..., :count], v[..., :count]


def pca_lowrank(
    x: Tensor,
    q: int | None = None,
    center: bool = True,
    niter: int = 2,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """svd_lowrank of x, with center of x less the mean of its columns: principal axes are the
    columns of V."""
    if center:
        x = x - _proa.ops.mean(x, -2, True)
    return svd_lowrank(x, q, niter)
