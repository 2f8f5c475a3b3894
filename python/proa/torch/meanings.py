"""Functions that mean something else in PyTorch than in Paddle, or take what Paddle's do not.

Each is a method of Tensor too: the first argument is then the tensor. What is not here and not in
the table of signatures means the same in both, and is the core's own operator.
"""

from __future__ import annotations

import builtins
import collections
from collections.abc import Sequence
from typing import Any

from .. import _proa, spelling
from ..check import refuse
from .generator import drawing
from .tensor import Tensor

ops: Any = _proa.ops

_Pair = Any
Dims = Any


def _pair(name: str) -> Any:
    return collections.namedtuple(name, ["values", "indices"])


_max, _min, _sort, _topk = (_pair(f"torch_{name}") for name in ("max", "min", "sort", "topk"))
_median, _kthvalue, _mode = (_pair(f"torch_{name}") for name in ("median", "kthvalue", "mode"))
_cummax, _cummin = _pair("torch_cummax"), _pair("torch_cummin")

TABLE = """
sum(input, dim=None, keepdim=False, *, dtype=None, out=None) = sum : dtype=dtype
nansum(input, dim=None, keepdim=False, *, dtype=None, out=None) = nansum : dtype=dtype
flip(input, dims) = flip : axis=dims
gather(input, dim, index, *, sparse_grad=False, out=None) = take_along_axis : arr=input;
  indices=index; axis=dim; broadcast=False
index_select(input, dim, index, *, out=None) = index_select
heaviside(input, values, *, out=None) = heaviside
ger(input, vec2, *, out=None) = outer
outer(input, vec2, *, out=None) = outer
dot(input, tensor, *, out=None) = dot : y=tensor
pow(input, exponent, *, out=None) = pow
polygamma(n, input, *, out=None) = polygamma
true_divide(input, other, *, out=None) = divide
squeeze(input, dim=None) = squeeze
repeat_interleave(input, repeats, dim=None, *, output_size=None) = repeat_interleave : axis=dim;
  x=input; repeats=repeats if output_size is None else repeats
masked_fill(input, mask, value) = masked_fill
permute(input, dims) = transpose : perm=dims
scatter_add(input, dim, index, src) = put_along_axis : arr=input; indices=index; values=src;
  axis=dim; reduce='add'; broadcast=False
"""

for _name, _parameters, _target, _given in spelling.rows(TABLE):
    globals()[_name] = spelling.function(_name, _parameters, getattr(ops, _target), _given)


def _written(out: Tensor | None, result: Any) -> Any:
    return result if out is None else out.copy_(result)


# ---- arithmetic with a factor or a rounding ----


def add(input: Any, other: Any, *, alpha: float = 1, out: Any = None) -> Any:
    """input + alpha * other."""
    return _written(out, ops.add(input, other if alpha == 1 else other * alpha))


def sub(input: Any, other: Any, *, alpha: float = 1, out: Any = None) -> Any:
    """input - alpha * other."""
    return _written(out, ops.subtract(input, other if alpha == 1 else other * alpha))


def rsub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """other - alpha * input."""
    return sub(other, input, alpha=alpha)


def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: Any = None) -> Any:
    """input / other, rounded down ("floor") or towards zero ("trunc") on request."""
    if rounding_mode is None:
        return _written(out, ops.divide(input, other))
    if rounding_mode == "floor":
        return _written(out, ops.floor_divide(input, other))
    if rounding_mode != "trunc":
        refuse("div", "rounding_mode", "None, 'floor' or 'trunc'", rounding_mode)
    if isinstance(input, Tensor) and not input.dtype.is_floating_point:
        quotient = ops.floor_divide(ops.abs(input), ops.abs(other))
        sign = ops.sign(input) * (ops.sign(other) if isinstance(other, Tensor) else _sign(other))
        return _written(out, quotient * sign)
    return _written(out, ops.trunc(ops.divide(input, other)))


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


subtract, divide = sub, div


def round(input: Any, *, decimals: int = 0, out: Any = None) -> Any:
    """To the nearest number of so many decimals, ties to even."""
    if decimals == 0:
        return _written(out, ops.round(input))
    factor = 10.0**decimals
    return _written(out, ops.round(input * factor) / factor)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value * tensor1 * tensor2."""
    return input + tensor1 * tensor2 * value


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """input + value * tensor1 / tensor2."""
    return input + ops.divide(tensor1, tensor2) * value


def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * mat vec."""
    return input * beta + ops.matmul(mat, vec) * alpha


def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * vec1 vec2^T."""
    return input * beta + ops.outer(vec1, vec2) * alpha


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * batch1 batch2, matrix by matrix."""
    return input * beta + ops.matmul(batch1, batch2) * alpha


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * the sum of the products of the batch."""
    return input * beta + ops.sum(ops.matmul(batch1, batch2), 0) * alpha


# ---- reductions ----


def _reduced(
    kind: Any, pick: Any, made: Any, input: Any, dim: Any, keepdim: bool, other: Any
) -> Any:
    if other is None and isinstance(dim, _proa.Tensor):
        dim, other = None, dim
    if other is not None:
        return getattr(ops, f"{kind}imum")(input, other)
    if dim is None:
        return getattr(ops, kind)(input)
    place = pick(input, dim, True)
    values = ops.take_along_axis(input, place, dim)
    return made(*((values, place) if keepdim else (values.squeeze(dim), place.squeeze(dim))))


def max(
    input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None
) -> Any:
    """The maximum of all, (values, indices) along dim, or that of two tensors."""
    spelling.no_more("max", out=out)
    return _reduced("max", ops.argmax, _max, input, dim, keepdim, other)


def min(
    input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None
) -> Any:
    """The minimum of all, (values, indices) along dim, or that of two tensors."""
    spelling.no_more("min", out=out)
    return _reduced("min", ops.argmin, _min, input, dim, keepdim, other)


def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """(minimum, maximum)."""
    return ops.amin(input, dim, keepdim), ops.amax(input, dim, keepdim)


def mean(
    input: Any, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Any:
    """The mean, of the tensor cast to dtype first."""
    return _written(out, ops.mean(input if dtype is None else input.to(dtype), dim, keepdim))


def _order(dim: Dims, correction: Any, unbiased: Any) -> tuple[Dims, Any]:
    if isinstance(dim, bool):  # std(unbiased)
        dim, unbiased = None, dim
    if unbiased is not None:
        return dim, int(unbiased)
    return dim, correction


def var(
    input: Any,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Any:
    """The sum of squared differences from the mean over (count - correction)."""
    dim, rest = _order(dim, correction, unbiased)
    return ops.var(input, dim, keepdim=keepdim, correction=rest)


def std(
    input: Any,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float = 1,
) -> Any:
    """The root of var."""
    dim, rest = _order(dim, correction, unbiased)
    return ops.std(input, dim, keepdim=keepdim, correction=rest)


def var_mean(input: Any, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> Any:
    """(var, mean)."""
    return var(input, dim, None, keepdim, correction=correction), ops.mean(input, dim, keepdim)


def std_mean(input: Any, dim: Dims = None, *, correction: float = 1, keepdim: bool = False) -> Any:
    """(std, mean)."""
    return std(input, dim, None, keepdim, correction=correction), ops.mean(input, dim, keepdim)


def _lower(input: Any, dim: int | None, keepdim: bool, skip_nan: bool) -> Any:
    """The lower median and its place: the k-th smallest, k = (count + 1) // 2."""
    if dim is None:
        flat = input.reshape([-1])
        return _lower(flat, 0, False, skip_nan)[0]
    ordered, place = ops.sort(input, dim), ops.argsort(input, dim, stable=True)
    extent = input.shape[dim]
    if input.dtype.is_floating_point:
        missing = ops.sum(ops.isnan(input).astype("int64"), dim, keepdim=True)
        if skip_nan:
            at = ops.clip((extent - missing + 1) // 2 - 1, 0, extent - 1)
        else:
            at = ops.where(missing > 0, extent - missing, (extent + 1) // 2 - 1)
    else:
        at = ops.full_like(ops.sum(input, dim, keepdim=True), (extent + 1) // 2 - 1, "int64")
    values = ops.take_along_axis(ordered, at, dim)
    found = ops.take_along_axis(place, at, dim)
    return _median(*((values, found) if keepdim else (values.squeeze(dim), found.squeeze(dim))))


def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two middle elements; with dim (values, indices)."""
    return _lower(input, dim, keepdim, False)


def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of what is not NaN."""
    return _lower(input, dim, keepdim, True)


def norm(
    input: Any, p: Any = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    """The p-norm over dim, of all elements without it."""
    x = input if dtype is None else input.to(dtype)
    if p == "nuc":
        return ops.norm(x, p, [-2, -1] if dim is None else dim, keepdim)
    return ops.vector_norm(x, 2.0 if p is None or p == "fro" else p, dim, keepdim)


def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The place of the maximum, in the flat tensor without dim."""
    return ops.argmax(input, dim, keepdim)


def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The place of the minimum, in the flat tensor without dim."""
    return ops.argmin(input, dim, keepdim)


# ---- order ----


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """(values, indices) in order along dim."""
    place = ops.argsort(input, dim, descending, stable)
    return _sort(ops.take_along_axis(input, place, dim), place)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """(values, indices) of the k largest along dim."""
    return _topk(*ops.topk(input, k, dim, largest, sorted))


def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """(value, index) of the k-th smallest along dim."""
    return _kthvalue(*ops.kthvalue(input, k, dim, keepdim))


def cummax(input: Any, dim: int) -> Any:
    """(values, indices) of the running maximum along dim."""
    return _cummax(*ops.cummax(input, dim))


def cummin(input: Any, dim: int) -> Any:
    """(values, indices) of the running minimum along dim."""
    return _cummin(*ops.cummin(input, dim))


def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order; on request where each went, and how often each is there."""
    if dim is not None:
        refuse("unique", "dim", "None", dim)
    return ops.unique(input, return_inverse=return_inverse, return_counts=return_counts)


# ---- shapes ----


def split(input: Any, split_size_or_sections: Any, dim: int = 0) -> Any:
    """Pieces of a size along dim (the last may be smaller), or of the sizes of a list."""
    extent = input.shape[dim]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0:
            refuse("split", "split_size_or_sections", "an int above 0 or a list of ints", size)
        sections = [builtins.min(size, extent - at) for at in range(0, extent, size)] or [0]
    else:
        sections = list(split_size_or_sections)
    return tuple(ops.split(input, sections, dim))


def chunk(input: Any, chunks: int, dim: int = 0) -> Any:
    """At most so many pieces along dim, all but the last of one size."""
    return split(input, builtins.max(1, -(-input.shape[dim] // chunks)), dim)


split_with_sizes = split


def unbind(input: Any, dim: int = 0) -> Any:
    """The slices along dim, without it."""
    return tuple(ops.unbind(input, dim))


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dims exchanged."""
    order = list(range(input.ndim))
    if not all(-len(order) <= dim < builtins.max(1, len(order)) for dim in (dim0, dim1)):
        refuse("transpose", "dim0, dim1", f"dims of a tensor with {len(order)}", (dim0, dim1))
    if order:
        order[dim0], order[dim1] = order[dim1], order[dim0]
    return ops.transpose(input, order)


swapaxes = swapdims = transpose


def t(input: Any) -> Any:
    """The transposed matrix; vectors and numbers as they are."""
    if input.ndim > 2:
        refuse("t", "input", "a tensor with at most 2 dims", input)
    return transpose(input, 0, 1) if input.ndim == 2 else input


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Dims moved to other places, the rest in order."""
    sources = [source] if isinstance(source, int) else list(source)
    targets = [destination] if isinstance(destination, int) else list(destination)
    sources = [dim % input.ndim for dim in sources]
    order = [dim for dim in range(input.ndim) if dim not in sources]
    for target, dim in sorted_pairs([dim % input.ndim for dim in targets], sources):
        order.insert(target, dim)
    return ops.transpose(input, order)


def sorted_pairs(first: list[int], second: list[int]) -> list[tuple[int, int]]:
    """The pairs in the order of the first."""
    return builtins.sorted(zip(first, second, strict=True))


moveaxis = movedim


def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """One dim as several."""
    at = dim % input.ndim
    return ops.reshape(input, [*input.shape[:at], *sizes, *input.shape[at + 1 :]])


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """`length` slices along dim, from `start`, in the same memory."""
    key = [slice(None)] * input.ndim
    begin = start % input.shape[dim] if start < 0 else start
    key[dim] = slice(begin, begin + length)
    return input[tuple(key)]


def select(input: Any, dim: int, index: int) -> Any:
    """One slice along dim, without it, in the same memory."""
    key: list[Any] = [slice(None)] * input.ndim
    key[dim] = index
    return input[tuple(key)]


def meshgrid(*tensors: Any, indexing: str = "ij") -> Any:
    """Grids of coordinates."""
    listed = (
        list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    )
    return tuple(ops.meshgrid(list(listed), indexing))


def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The places of what is not zero, one a row; or a tuple of the columns."""
    return ops.nonzero(input, as_tuple=as_tuple)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """input where the condition holds, else other; alone, the places where it holds."""
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    return ops.where(condition, input, other)


# ---- writing by index ----


def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: Any = None
) -> Any:
    """input with src (or a number) at the places of index along dim, set, added or multiplied."""
    source = value if src is None else src
    if not isinstance(source, _proa.Tensor):
        source = ops.full(list(index.shape), source, input.dtype)
    source = source[tuple(slice(0, extent) for extent in index.shape)]
    how = {None: "assign", "add": "add", "multiply": "mul"}
    if reduce not in how:
        refuse("scatter", "reduce", "None, 'add' or 'multiply'", reduce)
    return ops.put_along_axis(input, index, source, dim, how[reduce], broadcast=False)


def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True
) -> Any:
    """input with src reduced into the places of index along dim: sum, prod, amax or amin."""
    how = {"sum": "add", "prod": "mul", "amax": "amax", "amin": "amin"}
    if reduce not in how:
        refuse("scatter_reduce", "reduce", f"one of {list(how)}", reduce)
    return ops.put_along_axis(input, index, src, dim, how[reduce], include_self, False)


def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """input with alpha * source added to the slices of index along dim."""
    return ops.index_add(input, index, dim, source if alpha == 1 else source * alpha)


def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """input with a number in the slices of index along dim."""
    return ops.index_fill(input, index, dim, value)


def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """input with the slices of source at those of index along dim."""
    key: list[Any] = [slice(None)] * input.ndim
    key[dim] = index
    result = input.clone()
    result[tuple(key)] = source
    return result


# ---- questions ----


def equal(input: Any, other: Any) -> bool:
    """Whether shapes and all elements are the same."""
    if list(input.shape) != list(other.shape):
        return False
    return bool(ops.all(ops.equal(input, other)))


def allclose(
    input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close."""
    return bool(ops.all(ops.isclose(input, other, rtol, atol, equal_nan)))


def numel(input: Any) -> int:
    """The number of elements."""
    return int(Tensor.numel(input))


def is_nonzero(input: Any) -> bool:
    """The truth of one element."""
    return bool(input)


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype of their sum."""
    return ops.add(tensor1, tensor2).dtype


# ---- chance ----


def multinomial(
    input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None
) -> Any:
    """Indices drawn with the probabilities that the last dim is proportional to.

    Without replacement by the exponential race: the largest p / e, e exponential (Efraimidis &
    Spirakis 2006); with it, by inversion of the running sum.
    """
    weight = input.astype("float64")
    shape = list(weight.shape)
    if not replacement:
        if num_samples > shape[-1]:
            refuse("multinomial", "num_samples", f"at most {shape[-1]}", num_samples)
        with drawing(generator):
            race = -ops.log(1.0 - ops.uniform(shape, "float64", 0.0, 1.0))
        return ops.topk(ops.where(weight > 0, weight / race, -1.0), num_samples)[1]
    edges = ops.cumsum(weight, -1)
    with drawing(generator):
        drawn = ops.uniform([*shape[:-1], num_samples], "float64", 0.0, 1.0) * edges[..., -1:]
    below = edges.unsqueeze(-2) <= drawn.unsqueeze(-1)
    return ops.sum(below.astype("int64"), -1)


def bernoulli(input: Any, p: float | None = None, *, generator: Any = None) -> Any:
    """1 with the probability of each element (or p), else 0."""
    with drawing(generator):
        return ops.bernoulli(input if p is None else ops.full_like(input, p))


# ---- names that Paddle has not ----


def clamp_min(input: Any, min: Any) -> Any:
    """At least min."""
    return ops.clip(input, min=min)


def clamp_max(input: Any, max: Any) -> Any:
    """At most max."""
    return ops.clip(input, max=max)


def adjoint(input: Any) -> Any:
    """The conjugate of each matrix, transposed."""
    return ops.conj(transpose(input, -2, -1))


def fliplr(input: Any) -> Any:
    """The second dim turned round."""
    return ops.flip(input, [1])


def flipud(input: Any) -> Any:
    """The first dim turned round."""
    return ops.flip(input, [0])


def ravel(input: Any) -> Any:
    """All elements in one row."""
    return ops.reshape(input, [-1])


def argwhere(input: Any) -> Any:
    """The places of what is not zero, one a row."""
    return ops.nonzero(input)


def positive(input: Any) -> Any:
    """The tensor itself."""
    return input


def detach(input: Any) -> Any:
    """The same memory, off the tape."""
    return input.detach()


def msort(input: Any) -> Any:
    """Sorted along the first dim."""
    return ops.sort(input, 0)


def float_power(input: Any, exponent: Any) -> Any:
    """The power, computed in float64."""
    wide = [x.astype("float64") if isinstance(x, _proa.Tensor) else x for x in (input, exponent)]
    return ops.pow(*wide)


def logaddexp2(input: Any, other: Any) -> Any:
    """log2(2^x + 2^y)."""
    factor = 0.6931471805599453  # log 2
    return ops.logaddexp(input * factor, other * factor) / factor


def vdot(input: Any, other: Any) -> Any:
    """The sum of conj(x) y."""
    return ops.sum(ops.conj(input) * other)


def is_signed(input: Any) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.name not in ("bool", "uint8")


def logdet(input: Any) -> Any:
    """The logarithm of the determinant; NaN where that is negative."""
    found = ops.slogdet(input)
    sign, value = (found[0], found[1])
    return ops.where(sign > 0, value, ops.full_like(value, float("nan")))


def chain_matmul(*matrices: Any) -> Any:
    """The product of matrices."""
    result = matrices[0]
    for matrix in matrices[1:]:
        result = ops.matmul(result, matrix)
    return result


def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """input with src on a diagonal."""
    result = movedim(input.clone(), (dim1, dim2), (-2, -1)).clone()
    place = ops.arange(src.shape[-1], dtype="int64")
    key = (..., place + builtins.max(-offset, 0), place + builtins.max(offset, 0))
    result[key] = src
    return movedim(result, (-2, -1), (dim1, dim2))


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """input with src as one of its slices."""
    result = input.clone()
    select(result, dim, index).copy_(src)
    return result


def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1
) -> Any:
    """input with src in a range of its slices."""
    key: list[Any] = [slice(None)] * input.ndim
    key[dim] = slice(start, end, step)
    result = input.clone()
    result[tuple(key)] = src
    return result


def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """Windows of a dim, laid along a new last dim."""
    at = dimension % builtins.max(1, input.ndim)
    extent = input.shape[at]
    if not 0 < size <= extent or step <= 0:
        refuse("unfold", "size", f"an int in 1..{extent}, and a step above 0", (size, step))
    count = (extent - size) // step + 1
    places = _proa.to_tensor([i * step + k for i in range(count) for k in range(size)])
    shape = [*input.shape[:at], count, size, *input.shape[at + 1 :]]
    windows = ops.reshape(ops.index_select(input, places, at), shape)
    return movedim(windows, at + 1, -1)


def slogdet(input: Any) -> Any:
    """(sign, logarithm of the magnitude) of the determinant."""
    from .linalg import slogdet as named

    return named(input)


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with input = U diag(S) V^H."""
    left, values, right = ops.svd(input, not some)
    return left, values, adjoint(right)


def qr(input: Any, some: bool = True) -> Any:
    """(Q, R) with input = Q R."""
    return ops.qr(input, "reduced" if some else "complete")


def triangular_solve(
    b: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """(X, A) with A X = b."""
    return ops.triangular_solve(A, b, upper, transpose, unitriangular), A


def from_dlpack(ext_tensor: Any) -> Any:
    """A tensor in the memory of another library's array."""
    return _proa._with_face(_proa.from_dlpack(ext_tensor))


def dropout(input: Any, p: float, train: bool) -> Any:
    """Zeros with probability p in training, the rest scaled up."""
    return ops.dropout(input, p, training=train)


ONLY_HERE = [
    "slogdet", "svd", "qr", "triangular_solve",
    "unfold",
    "clamp_min", "clamp_max", "adjoint", "fliplr", "flipud", "ravel", "argwhere", "positive",
    "msort", "float_power", "logaddexp2", "vdot", "is_signed", "logdet", "diagonal_scatter",
    "select_scatter", "slice_scatter",
]  # fmt: skip
METHODS = [
    *ONLY_HERE,
    "add", "sub", "subtract", "div", "divide", "true_divide", "round", "addcmul", "addcdiv",
    "addmv", "addr", "baddbmm", "addbmm", "max", "min", "aminmax", "sum", "nansum", "mean", "var",
    "std", "median", "nanmedian", "norm", "argmax", "argmin", "sort", "topk", "kthvalue", "cummax",
    "cummin", "unique", "split", "chunk", "split_with_sizes", "unbind", "transpose", "swapaxes",
    "swapdims", "t", "movedim", "moveaxis", "unflatten", "narrow", "select", "nonzero", "scatter",
    "scatter_reduce", "scatter_add", "index_add", "index_fill", "index_copy", "index_select",
    "gather", "equal", "allclose", "is_nonzero", "multinomial", "pow", "heaviside", "ger", "outer",
    "dot", "squeeze", "repeat_interleave", "masked_fill", "bernoulli",
]  # fmt: skip
_IN_PLACE = [
    "add", "sub", "subtract", "div", "divide", "true_divide", "round", "addcmul", "addcdiv",
    "addmv", "addr", "baddbmm", "addbmm", "scatter", "scatter_reduce", "scatter_add", "index_add",
    "index_fill", "index_copy", "pow", "masked_fill",
]  # fmt: skip


def _in_place(name: str, run: Any) -> Any:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        return self.copy_(run(self, *args, **named))

    method.__name__ = method.__qualname__ = f"{name}_"
    method.__doc__ = f"{run.__doc__} In place."
    return method


for _name in METHODS:
    setattr(Tensor, _name, globals()[_name])
for _name in _IN_PLACE:
    setattr(Tensor, f"{_name}_", _in_place(_name, globals()[_name]))


def _where(self: Any, condition: Any, other: Any) -> Any:
    """This tensor where the condition holds, else other."""
    return ops.where(condition, self, other)


setattr(Tensor, "where", _where)  # noqa: B010
