"""Linear algebra: NumPy's LAPACK for what is unique, residuals for factors that are not."""

from __future__ import annotations

import numpy as np

from .promotion import complex_of, epsilon, real_of
from .table import T, V, Within, case, reference


def _t(x):
    return np.conj(np.swapaxes(x, -1, -2))


def _norm(x):
    return np.abs(x).max(axis=(-1, -2), keepdims=True, initial=0)


def _within(value, scale, n):
    return Within(value, np.broadcast_to(scale, value.shape), 8 * n, narrow=True)


def _condition(x):
    return (
        np.asarray(np.linalg.cond(x))[..., None, None] if x.size else np.ones((*x.shape[:-2], 1, 1))
    )


SQUARE = [case(T(5, 5, fill="spd")), case(T(2, 0, 0, dtype="float64")), case(T(20, 20, fill="spd"))]


def _hermitian(x, upper):
    half = np.triu(x) if upper else np.tril(x)
    diagonal = np.einsum("...ii->...i", x).real
    out = half + _t(half)
    i = np.arange(x.shape[-1])
    out[..., i, i] = diagonal
    return out


@reference("cholesky", cases=[*SQUARE, case(T(4, 4, fill="spd"), upper=True)])
def cholesky(x, upper=False):
    value = np.linalg.cholesky(_hermitian(x, upper), upper=upper)
    return _within(value, _norm(x) ** 0.5 * _condition(x), x.shape[-1])


@reference("inv", cases=[case(T(5, 5)), *SQUARE])
def inv(x):
    value = np.linalg.inv(x)
    return _within(value, _norm(value) * _condition(x), x.shape[-1])


def _hadamard(x):
    return np.prod(np.linalg.norm(x, axis=-1), axis=-1)


@reference("det", cases=[case(T(5, 5)), *SQUARE, case(V([1.0, 2.0, 2.0, 4.0], dims=[2, 2]))])
def det(x):
    return Within(
        np.asarray(np.linalg.det(x)), np.asarray(_hadamard(x)), 8 * x.shape[-1], narrow=True
    )


@reference(
    "slogdet",
    cases=[
        case(T(5, 5)),
        case(V([1.0, 2.0, 2.0, 4.0], dims=[2, 2])),
        case(V([0.0] * 4, dims=[2, 2])),
    ],
)
def slogdet(x):
    sign, log = np.linalg.slogdet(x)
    value = np.stack([sign, log])
    with np.errstate(all="ignore"):
        scale = np.where(np.isfinite(log), np.abs(log) + np.squeeze(_condition(x), (-1, -2)), 0)
    return Within(value, np.stack([0 * scale, scale]), 8 * x.shape[-1], narrow=True)


def _solve(a, b):
    if b.ndim == 1:
        return np.linalg.solve(a, b[..., None])[..., 0]
    return np.linalg.solve(a, b)


@reference("solve", cases=[case(T(5, 5, fill="spd"), T(5, 3)), case(T(20, 20, fill="spd"), T(20))])
def solve(x, y, left=True):
    value = (
        _solve(x, y)
        if left
        else np.swapaxes(_solve(np.swapaxes(x, -1, -2), np.swapaxes(y, -1, -2)), -1, -2)
    )
    return _within(value, np.abs(value).max(initial=0) * _condition(x).max(initial=1), x.shape[-1])


@reference("triangular_solve", cases=[case(T(5, 5, fill="spd"), T(5, 3))])
def triangular_solve(x, y, upper=True, transpose=False, unitriangular=False):
    a = np.triu(x) if upper else np.tril(x)
    if unitriangular:
        i = np.arange(x.shape[-1])
        a = a.copy()
        a[..., i, i] = 1
    if transpose:
        a = np.swapaxes(a, -1, -2)
    value = _solve(a, y)
    return _within(value, np.abs(value).max(initial=0) * _condition(a).max(initial=1), x.shape[-1])


def _close(got, want, dtype, scale, n, what):
    bound = 16 * (n + 1) * epsilon(dtype) * (np.max(np.abs(scale), initial=0) + 1)
    np.testing.assert_allclose(got, want, rtol=0, atol=bound, err_msg=what)


def _orthonormal(q, dtype, what):
    n = q.shape[-1]
    _close(
        _t(q) @ q,
        np.broadcast_to(np.eye(n), (*q.shape[:-2], n, n)),
        dtype,
        1,
        max(q.shape[-2:]),
        what,
    )


TALL = [case(T(7, 5)), case(T(5, 7)), case(T(20, 3)), case(T(2, 0, 3, dtype="float64"))]


def _qr_dtypes(dtypes, attrs):
    return dtypes[0]


@reference("qr", checks=True, result=_qr_dtypes, cases=[*TALL, case(T(7, 5), mode="complete")])
def qr(results, x, mode="reduced", *, dtypes):
    m, n = x.shape[-2:]
    k = m if mode == "complete" else min(m, n)
    r = results[-1]
    assert r.shape == (*x.shape[:-2], min(m, n) if mode == "r" else k, n)
    np.testing.assert_array_equal(np.tril(r, -1), 0)
    # |R|'s rows are unique up to a unit factor each: NumPy's own R.
    if x.size:
        _close(
            np.abs(r[..., : min(m, n), : min(m, n)]),
            np.abs(np.linalg.qr(x, mode="r")[..., : min(m, n), : min(m, n)]),
            dtypes[0],
            _norm(x) * 10,
            max(m, n),
            "R",
        )
    if mode == "r":
        assert len(results) == 1
        return
    q = results[0]
    assert q.shape == (*x.shape[:-2], m, k)
    _close(q @ r, x, dtypes[0], x, max(m, n), "Q R = x")
    _orthonormal(q, dtypes[0], "Q^H Q = 1")


def _svd_dtypes(dtypes, attrs):
    return [dtypes[0], real_of(dtypes[0]), dtypes[0]]


@reference("svd", checks=True, result=_svd_dtypes, cases=[*TALL, case(T(7, 5), full_matrices=True)])
def svd(results, x, full_matrices=False, *, dtypes):
    u, s, vh = results
    m, n = x.shape[-2:]
    k = min(m, n)
    assert u.shape == (*x.shape[:-2], m, m if full_matrices else k)
    assert vh.shape == (*x.shape[:-2], n if full_matrices else k, n)
    assert np.all(s >= 0) and np.all(np.diff(s, axis=-1) <= 0)
    _close(s, np.linalg.svd(x, compute_uv=False), dtypes[0], x, max(m, n), "singular values")
    _close(u[..., :k] * s[..., None, :] @ vh[..., :k, :], x, dtypes[0], x, max(m, n), "U s Vh = x")
    _orthonormal(u, dtypes[0], "U^H U = 1")
    _orthonormal(_t(vh), dtypes[0], "V V^H = 1")


@reference("svdvals", result="real", cases=TALL)
def svdvals(x):
    value = np.linalg.svd(x, compute_uv=False)
    return Within(
        value,
        np.broadcast_to(np.abs(x).max(initial=1) * max(x.shape[-2:]), value.shape),
        8,
        narrow=True,
    )


def _eigh_dtypes(dtypes, attrs):
    return [real_of(dtypes[0]), dtypes[0]]


SYMMETRIC = [
    case(T(5, 5)),
    case(T(5, 5), UPLO="U"),
    case(T(2, 0, 0, dtype="float64")),
    case(T(20, 20, fill="spd")),
]


@reference("eigh", checks=True, result=_eigh_dtypes, cases=SYMMETRIC)
def eigh(results, x, UPLO="L", *, dtypes):
    w, v = results
    a = _hermitian(x, UPLO == "U")
    n = x.shape[-1]
    _close(w, np.linalg.eigvalsh(a), dtypes[0], a * n, n, "eigenvalues")
    _close(a @ v, v * w[..., None, :], dtypes[0], a * n, n, "A v = w v")
    _orthonormal(v, dtypes[0], "V^H V = 1")


@reference("eigvalsh", result="real", cases=SYMMETRIC)
def eigvalsh(x, UPLO="L"):
    a = _hermitian(x, UPLO == "U")
    value = np.linalg.eigvalsh(a)
    return Within(
        value, np.broadcast_to(np.abs(a).max(initial=1) * x.shape[-1], value.shape), 8, narrow=True
    )


def _matched(got, want):
    """The order of eigenvalues is free: the nearest of those that are left, one by one."""
    out = np.empty_like(want)
    for at in np.ndindex(want.shape[:-1]):
        left = list(got[at])
        for i, w in enumerate(want[at]):
            k = int(np.argmin(np.abs(np.array(left) - w)))
            out[at][i] = left.pop(k)
    return out


def _general(w, x, dtypes):
    want = np.linalg.eigvals(x).astype(np.complex128)
    # They move by the condition of the eigenvectors times the rounding (Bauer and Fike 1960).
    condition = np.linalg.cond(np.linalg.eig(x)[1]).max(initial=1) if x.size else 1
    _close(
        _matched(w, want),
        want,
        dtypes[0],
        np.abs(x).max(initial=1) * x.shape[-1] * condition,
        x.shape[-1],
        "eigenvalues",
    )


GENERAL = [
    case(T(5, 5)),
    case(V([0.0, 1.0, -1.0, 0.0], dims=[2, 2])),
    case(T(2, 0, 0, dtype="float64")),
    case(T(12, 12)),
]


def _eig_dtypes(dtypes, attrs):
    return [complex_of(dtypes[0])] * 2


@reference("eig", checks=True, result=_eig_dtypes, cases=GENERAL)
def eig(results, x, *, dtypes):
    w, v = results
    _general(w, x, dtypes)
    _close(x @ v, v * w[..., None, :], dtypes[0], np.abs(x) * x.shape[-1], x.shape[-1], "A v = w v")
    _close(np.linalg.norm(v, axis=-2), np.ones(w.shape), dtypes[0], 1, x.shape[-1], "|v| = 1")


@reference(
    "eigvals", checks=True, result=lambda dtypes, attrs: complex_of(dtypes[0]), cases=GENERAL
)
def eigvals(results, x, *, dtypes):
    _general(results[0], x, dtypes)


@reference("pinv", cases=[case(T(7, 5)), case(T(5, 7))])
def pinv(x, rcond=1e-15, hermitian=False):
    value = np.linalg.pinv(x, rcond, hermitian)
    s = np.linalg.svd(x, compute_uv=False)
    kept = np.where(s > rcond * s.max(-1, keepdims=True), s, np.inf)
    condition = (s.max(-1) / kept.min(-1)).max()
    return _within(value, _norm(value) * condition * 4, max(x.shape[-2:]))


@reference("matrix_power", cases=[case(T(3, 3, fill="spd"), n=7), case(T(3, 3, fill="spd"), n=-2)])
def matrix_power(x, n):
    value = np.linalg.matrix_power(x, n)
    bound = (
        np.linalg.norm(x, axis=(-2, -1)).max() ** n
        if n >= 0
        else np.abs(value).max() * _condition(x).max()
    )
    return _within(value, bound * max(abs(n), 1), x.shape[-1])
