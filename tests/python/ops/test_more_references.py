"""Operators against NumPy, SciPy or brute force, on the samples of their pages.

Each reference takes the page's arguments by name, as NumPy arrays, and gives the results.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance
import scipy.special as sp
from samples import BY_NAME, call, legal_dtypes, operands_of

import proa

TABLE: dict[str, Callable[..., Any]] = {}


def reference(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            TABLE[name] = function
        return function

    return add


# Special functions.
for _name in ("i0", "i0e", "i1", "i1e"):
    TABLE[_name] = lambda x, name=_name: getattr(sp, name)(np.asarray(x, float))
TABLE["gammainc"] = lambda x, y: sp.gammainc(x, y)
TABLE["gammaincc"] = lambda x, y: sp.gammaincc(x, y)
TABLE["multigammaln"] = lambda x, p: np.vectorize(
    lambda v: sum(math.lgamma(v - i / 2) for i in range(p)) + p * (p - 1) / 4 * math.log(math.pi),
    otypes=[float])(x)
TABLE["nextafter"] = lambda x, y: np.nextafter(x, y)
TABLE["frexp"] = lambda x: [v.astype(float) for v in np.frexp(np.asarray(x, float))]
TABLE["signbit"] = lambda x: np.signbit(np.asarray(x, float))
TABLE["isposinf"] = lambda x: np.isposinf(np.asarray(x, float))
TABLE["isneginf"] = lambda x: np.isneginf(np.asarray(x, float))
TABLE["isreal"] = np.isreal
TABLE["positive"] = lambda x: x
TABLE["gcd"] = lambda x, y: np.gcd(x, y)
TABLE["lcm"] = lambda x, y: np.lcm(x, y)
TABLE["polar"] = lambda abs, angle: abs * np.exp(1j * angle)

# Arrangement.
TABLE["rot90"] = lambda x, k=1, axes=(0, 1): np.rot90(x, k, tuple(axes))
TABLE["atleast_1d"] = lambda x: np.atleast_1d(x)
TABLE["atleast_2d"] = lambda x: np.atleast_2d(x)
TABLE["atleast_3d"] = lambda x: np.atleast_3d(x)
TABLE["matrix_transpose"] = lambda x: np.swapaxes(x, -1, -2)
for _name in ("hstack", "vstack", "dstack", "column_stack"):
    TABLE[_name] = lambda x, name=_name: getattr(np, name)(x)
TABLE["broadcast_tensors"] = lambda input: list(np.broadcast_arrays(*input))
TABLE["block_diag"] = lambda inputs: scipy.linalg.block_diag(*inputs)
TABLE["vander"] = lambda x, n=None, increasing=False: np.vander(x, n, increasing)


@reference("unfold")
def unfold(x: np.ndarray, axis: int, size: int, step: int) -> np.ndarray:
    starts = range(0, x.shape[axis] - size + 1, step)
    windows = [np.moveaxis(np.take(x, range(s, s + size), axis), axis, -1) for s in starts]
    return np.stack(windows, axis if axis >= 0 else axis + x.ndim)


@reference("tensor_split")
def tensor_split(x: np.ndarray, num_or_indices: Any, axis: int = 0) -> list[np.ndarray]:
    return np.array_split(x, num_or_indices, axis)


TABLE["hsplit"] = lambda x, num_or_indices: np.hsplit(x, num_or_indices)
TABLE["vsplit"] = lambda x, num_or_indices: np.vsplit(x, num_or_indices)
TABLE["dsplit"] = lambda x, num_or_indices: np.dsplit(x, num_or_indices)


@reference("cartesian_prod")
def cartesian_prod(x: list[np.ndarray]) -> np.ndarray:
    if len(x) == 1:
        return x[0]
    rows = list(itertools.product(*x))
    return np.array(rows, x[0].dtype).reshape(len(rows), len(x))


@reference("combinations")
def combinations(x: np.ndarray, r: int = 2, with_replacement: bool = False) -> np.ndarray:
    if r == 0:
        return x[:0]
    how = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(how(x, r)), x.dtype).reshape(-1, r)


@reference("unflatten")
def unflatten(x: np.ndarray, axis: int, shape: list[int]) -> np.ndarray:
    axis %= x.ndim
    return x.reshape(*x.shape[:axis], *shape, *x.shape[axis + 1:])


# Regions.
@reference("slice", "strided_slice")
def region(axes: list[int], starts: list[int], ends: list[int], strides: Any = None,
           x: Any = None, input: Any = None) -> np.ndarray:
    x = input if x is None else x
    key = [slice(None)] * x.ndim
    for i, axis in enumerate(axes):
        key[axis] = slice(starts[i], ends[i], None if strides is None else strides[i])
    return x[tuple(key)]


@reference("slice_scatter")
def slice_scatter(x: np.ndarray, value: np.ndarray, axes: list[int], starts: list[int],
                  ends: list[int], strides: list[int]) -> np.ndarray:
    y = x.copy()
    region(axes, starts, ends, strides, x=y)[...] = value
    return y


@reference("select_scatter")
def select_scatter(x: np.ndarray, values: np.ndarray, axis: int, index: int) -> np.ndarray:
    y = x.copy()
    np.moveaxis(y, axis, 0)[index] = values
    return y


@reference("diagonal_scatter", "fill_diagonal_tensor")
def diagonal_scatter(x: np.ndarray, y: np.ndarray, offset: int = 0, axis1: int = 0,
                     axis2: int = 1, dim1: int = 0, dim2: int = 1) -> np.ndarray:
    first, second = (dim1, dim2) if (dim1, dim2) != (0, 1) else (axis1, axis2)
    out = x.copy()
    place = np.diagonal(out, offset, first, second)
    place.setflags(write=True)
    place[...] = y
    return out


@reference("fill_diagonal")
def fill_diagonal(x: np.ndarray, value: Any, offset: int = 0, wrap: bool = False) -> np.ndarray:
    y = x.copy()
    if offset:
        for r in range(y.shape[0]):
            if 0 <= r + offset < y.shape[1]:
                y[r, r + offset] = value
    else:
        np.fill_diagonal(y, value, wrap)
    return y


@reference("masked_scatter")
def masked_scatter(x: np.ndarray, mask: np.ndarray, value: np.ndarray) -> np.ndarray:
    y, mask = x.copy(), np.broadcast_to(mask, x.shape)
    y[mask] = value.ravel()[:mask.sum()]
    return y


@reference("crop")
def crop(x: np.ndarray, shape: Any = None, offsets: Any = None) -> np.ndarray:
    offsets = [0] * x.ndim if offsets is None else offsets
    shape = [-1] * x.ndim if shape is None else shape
    return x[tuple(
        slice(o, None if n == -1 else o + n) for o, n in zip(offsets, shape, strict=True))]


TABLE["take"] = lambda x, index, mode="raise": np.take(x, index, mode=mode)
TABLE["index_sample"] = lambda x, index: np.take_along_axis(x, index, 1)
TABLE["view_dtype"] = lambda x, dtype: x.view(
    "int16" if dtype == "bfloat16" else str(dtype))


@reference("shard_index")
def shard_index(input: np.ndarray, index_num: int, nshards: int, shard_id: int,
                ignore_value: int = -1) -> np.ndarray:
    size = (index_num + nshards - 1) // nshards
    return np.where(input // size == shard_id, input % size, ignore_value)


@reference("reduce_as")
def reduce_as(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    y = x.sum(tuple(range(x.ndim - target.ndim)))
    axes = tuple(i for i in range(y.ndim) if target.shape[i] == 1 != y.shape[i])
    return y.sum(axes, keepdims=True)


# Statistics.
def _quantile(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: np.ndarray, q: Any, axis: Any = None, keepdim: bool = False,
            interpolation: str = "linear") -> np.ndarray:
        axis = tuple(axis) if isinstance(axis, list) else axis
        return function(np.asarray(x, float), q, axis, method=interpolation, keepdims=keepdim)

    return run


TABLE["quantile"], TABLE["nanquantile"] = _quantile(np.quantile), _quantile(np.nanquantile)


@reference("mode")
def mode(x: np.ndarray, axis: int = -1, keepdim: bool = False) -> list[np.ndarray]:
    def one(row: np.ndarray) -> tuple[Any, int]:
        values, counts = np.unique(row, return_counts=True)
        best = values[counts.argmax()]
        return best, int(np.flatnonzero(row == best)[-1])

    moved = np.moveaxis(x, axis, -1)
    pairs = [one(row) for row in moved.reshape(-1, moved.shape[-1])] if moved.size else []
    out = [np.array([p[k] for p in pairs], (x.dtype, np.int64)[k]).reshape(moved.shape[:-1])
           for k in (0, 1)]
    return [np.expand_dims(v, axis) if keepdim else v for v in out]


TABLE["bincount"] = lambda x, weights=None, minlength=0: np.bincount(x, weights, minlength)


def _bins(input: np.ndarray, bins: int, min: float, max: float) -> Any:
    low, high = (min, max) if (min, max) != (0, 0) else (
        (input.min(), input.max()) if input.size else (0, 1))
    return (low - 1, high + 1) if low == high else (low, high)


@reference("histogram")
def histogram(input: np.ndarray, bins: int = 100, min: float = 0.0, max: float = 0.0,
              weight: Any = None, density: bool = False) -> np.ndarray:
    weight = None if weight is None else weight.ravel()
    return np.histogram(input, bins, _bins(input, bins, min, max), density, weight)[0]


@reference("histogram_bin_edges")
def histogram_bin_edges(input: np.ndarray, bins: int = 100, min: float = 0.0,
                        max: float = 0.0) -> np.ndarray:
    return np.histogram_bin_edges(input, bins, _bins(input, bins, min, max))


TABLE["cov"] = lambda x, rowvar=True, ddof=True, fweights=None, aweights=None: np.cov(
    x, rowvar=rowvar, ddof=int(ddof), fweights=fweights, aweights=aweights)
TABLE["corrcoef"] = lambda x, rowvar=True: np.corrcoef(x, rowvar=rowvar)


def _norm(gap: np.ndarray, p: float, axis: Any = None) -> np.ndarray:
    flat = gap.ravel() if axis is None else gap
    return np.linalg.norm(flat, p, -1 if axis is None else axis)


TABLE["cdist"] = lambda x, y, p=2.0, compute_mode="": _norm(
    x[..., :, None, :] - y[..., None, :, :], p, -1)
TABLE["pdist"] = lambda x, p=2.0: np.array(
    [_norm(a - b, p) for a, b in itertools.combinations(x, 2)], x.dtype)
TABLE["dist"] = lambda x, y, p=2.0: _norm(x - y, p)


@reference("renorm")
def renorm(x: np.ndarray, p: float, axis: int, max_norm: float) -> np.ndarray:
    y = np.moveaxis(x.copy(), axis, 0)
    for piece in range(y.shape[0]):
        n = np.linalg.norm(np.ravel(y[piece]), p)
        if n > max_norm:
            y[piece] = y[piece] * (max_norm / (n + 1e-7))
    return np.moveaxis(y, 0, axis)


# Distinct elements.
@reference("unique")
def unique(x: np.ndarray, return_index: bool = False, return_inverse: bool = False,
           return_counts: bool = False, axis: Any = None, dtype: str = "int64") -> list[np.ndarray]:
    found = np.unique(x, return_index, return_inverse, return_counts, axis)
    found = list(found) if isinstance(found, tuple) else [found]
    return [found[0], *(v.ravel() for v in found[1:])]


@reference("unique_consecutive")
def unique_consecutive(x: np.ndarray, return_inverse: bool = False, return_counts: bool = False,
                       axis: Any = None, dtype: str = "int64") -> list[np.ndarray]:
    rows = x.ravel() if axis is None else np.moveaxis(x, axis, 0)
    groups: list[list[int]] = []
    for i, row in enumerate(rows):
        if groups and np.array_equal(rows[groups[-1][0]], row):
            groups[-1].append(i)
        else:
            groups.append([i])
    kept = rows[[g[0] for g in groups]]
    out = [kept if axis is None else np.moveaxis(kept, 0, axis)]
    if return_inverse:
        out.append(np.array([k for k, g in enumerate(groups) for _ in g], int))
    if return_counts:
        out.append(np.array([len(g) for g in groups], int))
    return out


TABLE["isin"] = lambda x, test_x, assume_unique=False, invert=False: np.isin(
    x, test_x, invert=invert)
TABLE["equal_all"] = lambda x, y: np.array(np.array_equal(x, y))


# Matrices.
@reference("norm", "vector_norm", "matrix_norm")
def norm(x: np.ndarray, p: Any = None, axis: Any = None, keepdim: bool = False) -> np.ndarray:
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if axis is None and p not in ("fro", "nuc"):
        y = np.linalg.norm(x.ravel(), p)
        return y.reshape([1] * x.ndim) if keepdim else y
    if axis is None:
        axis = (-2, -1)
    return np.linalg.norm(x, p, tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdim)


TABLE["cond"] = lambda x, p=None: np.linalg.cond(x, p)
TABLE["matrix_exp"] = lambda x: scipy.linalg.expm(x)
TABLE["multi_dot"] = lambda x: np.linalg.multi_dot(x)


@reference("matrix_rank")
def matrix_rank(x: np.ndarray, tol: Any = None, hermitian: bool = False, atol: Any = None,
                rtol: Any = None) -> np.ndarray:
    if atol is not None:
        s = np.linalg.svd(x, compute_uv=False)
        return (s > np.maximum(atol, rtol * s.max(-1))[..., None]).sum(-1)
    return np.asarray(np.linalg.matrix_rank(x, tol, hermitian))


def _reflectors(x: np.ndarray, tau: np.ndarray) -> np.ndarray:
    m, eye = x.shape[-2], np.eye(x.shape[-2], dtype=x.dtype)
    out = np.empty((*x.shape[:-2], m, m), x.dtype)
    for at in np.ndindex(*x.shape[:-2]):
        q = eye
        for i, t in enumerate(tau[at]):
            v = np.concatenate([np.zeros(i), [1], x[at][i + 1:, i]])
            q = q @ (eye - t * np.outer(v, v.conj()))
        out[at] = q
    return out


TABLE["householder_product"] = lambda x, tau: _reflectors(x, tau)[..., :x.shape[-1]]


@reference("ormqr")
def ormqr(x: np.ndarray, tau: np.ndarray, y: np.ndarray, left: bool = True,
          transpose: bool = False) -> np.ndarray:
    q = _reflectors(x, tau)
    q = np.swapaxes(q, -1, -2).conj() if transpose else q
    return q @ y if left else y @ q


def _spd(factor: np.ndarray, upper: bool) -> np.ndarray:
    f = np.triu(factor) if upper else np.tril(factor)
    h = np.swapaxes(f, -1, -2).conj()
    return h @ f if upper else f @ h


TABLE["cholesky_solve"] = lambda x, y, upper=False: np.linalg.solve(_spd(y, upper), x)
TABLE["cholesky_inverse"] = lambda x, upper=False: np.linalg.inv(_spd(x, upper))


@reference("lu")
def lu(x: np.ndarray, pivot: bool = True, get_infos: bool = False) -> list[np.ndarray]:
    flat = [scipy.linalg.lu_factor(m) for m in x.reshape(-1, *x.shape[-2:])]
    out = [np.stack([f[0] for f in flat]).reshape(x.shape),
           np.stack([f[1] + 1 for f in flat]).reshape(*x.shape[:-2], -1)]
    return [*out, np.zeros(x.shape[:-2], int)] if get_infos else out


@reference("lu_unpack")
def lu_unpack(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    m, n = x.shape[-2:]
    k = min(m, n)
    p = np.empty((*x.shape[:-2], m, m))
    for at in np.ndindex(*x.shape[:-2]):
        order = np.arange(m)
        for i, j in enumerate(y[at]):
            order[[i, j - 1]] = order[[j - 1, i]]
        p[at] = np.eye(m)[order].T
    return [p, np.tril(x[..., :k], -1) + np.eye(m, k), np.triu(x[..., :k, :])]


@reference("lstsq")
def lstsq(x: np.ndarray, y: np.ndarray, rcond: Any = None, driver: Any = None) -> list[np.ndarray]:
    eps = np.finfo(x.dtype).eps * max(x.shape[-2:])
    found = [np.linalg.lstsq(a, b, eps if rcond is None else rcond) for a, b in zip(
        x.reshape(-1, *x.shape[-2:]), y.reshape(-1, *y.shape[-2:]), strict=True)]
    batch = x.shape[:-2]
    z = np.stack([f[0] for f in found]).reshape(*batch, x.shape[-1], y.shape[-1])
    gap = y - x @ z
    rest = (abs(gap) ** 2).sum(-2) if x.shape[-2] > x.shape[-1] else np.zeros([0])
    return [z, rest, np.array([f[2] for f in found]).reshape(batch),
            np.stack([f[3] for f in found]).reshape(*batch, -1)]


# Transforms.
def _hermitian(name: str) -> Callable[..., Any]:
    many = {"hfft": "irfft", "ihfft": "rfft"}[name.rstrip("2n")]
    swap = {"backward": "forward", "forward": "backward", "ortho": "ortho"}

    def run(x: np.ndarray, n: Any = None, axis: int = -1, s: Any = None, axes: Any = None,
            norm: str = "backward") -> np.ndarray:
        if name in ("hfft", "ihfft"):
            return getattr(np.fft, name)(x, n, axis, norm)
        if name.endswith("2") and axes is None:
            axes = [-2, -1]
        if s is not None and axes is None:
            axes = list(range(x.ndim - len(s), x.ndim))
        x = x if name.startswith("i") else np.conj(x)
        y = getattr(np.fft, many + "n")(x, s, axes, swap[norm])
        return np.conj(y) if name.startswith("i") else y

    return run


for _name in ("hfft", "ihfft", "hfft2", "ihfft2", "hfftn", "ihfftn"):
    TABLE[_name] = _hermitian(_name)
TABLE["fftshift"] = lambda x, axes=None: np.fft.fftshift(x, axes)
TABLE["ifftshift"] = lambda x, axes=None: np.fft.ifftshift(x, axes)
TABLE["fftfreq"] = lambda n, d=1.0, dtype=None: np.fft.fftfreq(n, d)
TABLE["rfftfreq"] = lambda n, d=1.0, dtype=None: np.fft.rfftfreq(n, d)


def plain(value: Any) -> Any:
    if isinstance(value, proa.Tensor):
        return value.numpy()
    return [plain(v) for v in value] if isinstance(value, list) else value


def tolerance(dtype: str) -> dict[str, float]:
    narrow = dtype in ("float32", "complex64")
    return {"rtol": 2e-4 if narrow else 1e-9, "atol": 2e-5 if narrow else 1e-10}


CASES = [
    (name, dtype)
    for name in TABLE
    for dtype in ("float64", "complex128", "int64", "bool", "float32")
    if dtype in (legal_dtypes(BY_NAME[name]) if name in BY_NAME else [])
]


def test_every_reference_belongs_to_a_page() -> None:
    assert set(TABLE) <= set(BY_NAME)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "dtype"), CASES, ids=lambda v: v)
def test_samples_agree_with_the_reference(name: str, dtype: str) -> None:
    page, compared = BY_NAME[name], 0
    for index, sample in enumerate(page["samples"]):
        arguments = operands_of(page, sample, dtype, index)
        if any(str(getattr(a, "dtype", "")) == "bfloat16" for a in arguments.values()):
            continue
        attrs = sample["attrs"]
        if attrs.get("dtype") == "bfloat16":
            continue
        try:
            results = call(page, arguments, attrs)
        except (proa.DTypeError, proa.NotSupportedError):
            continue
        wanted = TABLE[name](**{k: plain(v) for k, v in arguments.items()}, **attrs)
        wanted = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
        assert len(results) == len(wanted)
        for result, right in zip(results, wanted, strict=True):
            got, right = result.numpy(), np.asarray(right)
            assert list(got.shape) == list(right.shape), (index, sample)
            np.testing.assert_allclose(
                got.astype(np.complex128), right.astype(np.complex128),
                **tolerance(result.dtype.name), err_msg=f"{index}: {sample}")
        compared += 1
    assert compared or dtype not in legal_dtypes(page)[:1]
