"""Windows of images: unfold and fold, unpooling, p-norm and fractional pooling.

Why tables: the rows and columns that each window reads are known from the sizes, so every function
here
is an index_select or its transpose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import divisible, one_of, refuse, sizes
from ..annotations import Padding, Size

__all__ = [
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "unfold",
]


def _four(where: str, paddings: Size) -> list[int]:
    """[top, left, bottom, right] of one int, two (height, width) or four."""
    if isinstance(paddings, Sequence) and len(paddings) == 4:
        return sizes(where, "paddings", paddings, 4, low=0)
    height, width = sizes(where, "paddings", paddings, 2, low=0)
    return [height, width, height, width]


def _count(where: str, size: int, kernel: int, stride: int, dilation: int) -> int:
    """How many windows fit into a padded dim of `size`."""
    reach = dilation * (kernel - 1) + 1
    if size < reach:
        refuse(where, "kernel_sizes", f"windows of at most {size} padded pixels", reach)
    return (size - reach) // stride + 1


def _table(kernel: int, count: int, stride: int, dilation: int) -> _proa.Tensor:
    """The places that the windows read, [kernel * count]."""
    places = [k * dilation + i * stride for k in range(kernel) for i in range(count)]
    return proa.to_tensor(places, dtype="int64")


def unfold(
    x: _proa.Tensor,
    kernel_sizes: Size,
    strides: Size = 1,
    paddings: Size = 0,
    dilations: Size = 1,
    name: str | None = None,
) -> _proa.Tensor:
    """The windows of an image as columns: [n, c, h, w] -> [n, c kh kw, number of windows]."""
    if len(x.shape) != 4:
        refuse("unfold", "x", "a tensor with 4 dims", x)
    kh, kw = sizes("unfold", "kernel_sizes", kernel_sizes, 2)
    sh, sw = sizes("unfold", "strides", strides, 2)
    dh, dw = sizes("unfold", "dilations", dilations, 2)
    top, left, bottom, right = _four("unfold", paddings)
    n, c, h, w = x.shape
    rows = _count("unfold", h + top + bottom, kh, sh, dh)
    columns = _count("unfold", w + left + right, kw, sw, dw)
    if top or left or bottom or right:
        x = ops.pad(x, [left, right, top, bottom])
    x = proa.index_select(x, _table(kh, rows, sh, dh), 2)
    x = proa.index_select(x, _table(kw, columns, sw, dw), 3)
    x = proa.transpose(x.reshape([n, c, kh, rows, kw, columns]), [0, 1, 2, 4, 3, 5])
    return x.reshape([n, c * kh * kw, rows * columns])


def _summed(x: _proa.Tensor, axis: int, size: int, places: _proa.Tensor) -> _proa.Tensor:
    """Zeros with `size` places along axis, and the slices of x added at theirs."""
    shape = list(x.shape)
    index = proa.expand(places.reshape([-1 if a == axis else 1 for a in range(len(shape))]), shape)
    shape[axis] = size
    return proa.put_along_axis(proa.zeros(shape, x.dtype), index, x, axis, "add")


def fold(
    x: _proa.Tensor,
    output_sizes: Size,
    kernel_sizes: Size,
    strides: Size = 1,
    paddings: Size = 0,
    dilations: Size = 1,
    name: str | None = None,
) -> _proa.Tensor:
    """The sum of windows put back: [n, c kh kw, number of windows] -> [n, c, *output_sizes]."""
    if len(x.shape) != 3:
        refuse("fold", "x", "a tensor with 3 dims", x)
    h, w = sizes("fold", "output_sizes", output_sizes, 2)
    kh, kw = sizes("fold", "kernel_sizes", kernel_sizes, 2)
    sh, sw = sizes("fold", "strides", strides, 2)
    dh, dw = sizes("fold", "dilations", dilations, 2)
    top, left, bottom, right = _four("fold", paddings)
    rows = _count("fold", h + top + bottom, kh, sh, dh)
    columns = _count("fold", w + left + right, kw, sw, dw)
    n, length, windows = x.shape
    divisible("fold", "the size of dim 1", length, "kh * kw", kh * kw)
    if windows != rows * columns:
        refuse("fold", "x", f"{rows * columns} windows in dim 2", windows)
    c = length // (kh * kw)
    x = proa.transpose(x.reshape([n, c, kh, kw, rows, columns]), [0, 1, 2, 4, 3, 5])
    x = x.reshape([n, c, kh * rows, kw * columns])
    x = _summed(x, 3, w + left + right, _table(kw, columns, sw, dw))
    x = _summed(x, 2, h + top + bottom, _table(kh, rows, sh, dh))
    return x[:, :, top : top + h, left : left + w]


def _unpool(
    dims: int,
    x: _proa.Tensor,
    indices: _proa.Tensor,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    output_size: Sequence[int] | None,
    data_format: str,
) -> _proa.Tensor:
    where = f"max_unpool{dims}d"
    one_of(where, "data_format", data_format, [{1: "NCL", 2: "NCHW", 3: "NCDHW"}[dims]])
    if len(x.shape) != dims + 2:
        refuse(where, "x", f"a tensor with {dims + 2} dims", x)
    if list(indices.shape) != list(x.shape):
        refuse(where, "indices", f"a tensor of shape {list(x.shape)}", indices)
    kernel = sizes(where, "kernel_size", kernel_size, dims)
    step = kernel if stride is None else sizes(where, "stride", stride, dims)
    margin = sizes(where, "padding", padding, dims, low=0)
    default = [
        (size - 1) * s - 2 * p + k
        for size, s, p, k in zip(x.shape[2:], step, margin, kernel, strict=True)
    ]
    wanted = default if output_size is None else [int(v) for v in list(output_size)[-dims:]]
    for value, usual, s in zip(wanted, default, step, strict=False):
        if len(wanted) != dims or not usual - s < value < usual + s:
            refuse(where, "output_size", f"sizes within a stride of {default}", output_size)
    n, c = x.shape[:2]
    area = math.prod(wanted)
    places = indices.reshape([n, c, -1]).astype("int64")
    if x.shape[0] and math.prod(x.shape) and int(proa.max(places).item()) >= area:
        refuse(where, "indices", f"places below {area}", int(proa.max(places).item()))
    flat = proa.zeros([n, c, area], x.dtype)
    return proa.put_along_axis(flat, places, x.reshape([n, c, -1]), 2).reshape([n, c, *wanted])


def max_unpool1d(
    x: _proa.Tensor,
    indices: _proa.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    data_format: str = "NCL",
    output_size: Sequence[int] | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """The partial inverse of max_pool1d: each value at its place, zeros elsewhere."""
    return _unpool(1, x, indices, kernel_size, stride, padding, output_size, data_format)


def max_unpool2d(
    x: _proa.Tensor,
    indices: _proa.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    data_format: str = "NCHW",
    output_size: Sequence[int] | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """The partial inverse of max_pool2d: each value at its place, zeros elsewhere."""
    return _unpool(2, x, indices, kernel_size, stride, padding, output_size, data_format)


def max_unpool3d(
    x: _proa.Tensor,
    indices: _proa.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    data_format: str = "NCDHW",
    output_size: Sequence[int] | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """The partial inverse of max_pool3d: each value at its place, zeros elsewhere."""
    return _unpool(3, x, indices, kernel_size, stride, padding, output_size, data_format)


def lp_pool2d(
    x: _proa.Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Padding = 0,
    ceil_mode: bool = False,
    data_format: str = "NCHW",
    name: str | None = None,
) -> _proa.Tensor:
    """(sum of x^p)^(1/p) of each window; p = norm_type, infinity is the maximum."""
    p = float(norm_type)
    if p == 0:
        refuse("lp_pool2d", "norm_type", "a number other than 0", norm_type)
    layout = one_of("lp_pool2d", "data_format", data_format, ["NCHW", "NHWC"])
    if math.isinf(p):
        pooled = ops.max_pool2d(
            x, kernel_size, stride, padding, ceil_mode=ceil_mode, data_format=layout
        )
        assert isinstance(pooled, _proa.Tensor)
        return pooled
    total = ops.avg_pool2d(
        x**p,
        kernel_size,
        stride,
        padding,
        ceil_mode=ceil_mode,
        divisor_override=1,
        data_format=layout,
    )
    return total ** (1.0 / p)


def lp_pool1d(
    x: _proa.Tensor,
    norm_type: float,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    data_format: str = "NCL",
    name: str | None = None,
) -> _proa.Tensor:
    """(sum of x^p)^(1/p) of each window of [batch, channels, length]; p = norm_type."""
    one_of("lp_pool1d", "data_format", data_format, ["NCL", "NLC"])
    if len(x.shape) != 3:
        refuse("lp_pool1d", "x", "a tensor with 3 dims", x)
    (kernel,) = sizes("lp_pool1d", "kernel_size", kernel_size, 1)
    step = kernel if stride is None else sizes("lp_pool1d", "stride", stride, 1)[0]
    (margin,) = sizes("lp_pool1d", "padding", padding, 1, low=0)
    if data_format == "NLC":
        x = proa.transpose(x, [0, 2, 1])
    y = lp_pool2d(proa.unsqueeze(x, 2), norm_type, [1, kernel], [1, step], [0, margin], ceil_mode)
    y = proa.squeeze(y, 2)
    return proa.transpose(y, [0, 2, 1]) if data_format == "NLC" else y


def _fractional(
    dims: int,
    x: _proa.Tensor,
    output_size: Size | Sequence[int | None] | None,
    kernel_size: Size | None,
    random_u: float | None,
    return_mask: bool,
) -> _proa.Tensor | tuple[_proa.Tensor, _proa.Tensor]:
    where = f"fractional_max_pool{dims}d"
    if len(x.shape) != dims + 2:
        refuse(where, "x", f"a tensor with {dims + 2} dims", x)
    given: list[int | None] = (
        [output_size] * dims
        if output_size is None or isinstance(output_size, int)
        else list(output_size)
    )
    if len(given) != dims:
        refuse(where, "output_size", f"an int or {dims} of them", output_size)
    wanted = [size if out is None else out for size, out in zip(x.shape[2:], given, strict=True)]
    kernel = None if kernel_size is None else sizes(where, "kernel_size", kernel_size, dims)
    u = float(proa.rand([1], "float64").item()) if random_u is None else random_u
    if not 0 < u < 1:
        refuse(where, "random_u", "a number in (0, 1)", random_u)
    windows = [
        _fractional_windows(where, size, out, None if kernel is None else kernel[d], u)
        for d, (size, out) in enumerate(zip(x.shape[2:], wanted, strict=True))
    ]
    y, place = x, None
    if return_mask:
        count = math.prod(x.shape[2:])
        place = proa.arange(count, dtype="int32").reshape([1, 1, *x.shape[2:]])
        place = proa.expand(place, list(x.shape))
    for d, window in enumerate(windows):
        # All windows of a dim side by side, the short ones padded with copies of their last place.
        length = max(high - low for low, high in window)
        index = [min(low + k, high - 1) for low, high in window for k in range(length)]
        table = proa.to_tensor(index, dtype="int64")
        y = proa.index_select(y, table, d + 2)
        split = [*y.shape[: d + 2], len(window), length, *y.shape[d + 3 :]]
        y = y.reshape(split)
        if place is not None:
            best = proa.argmax(y, d + 3, keepdim=True)
            place = proa.index_select(place, table, d + 2).reshape(split)
            place = proa.squeeze(proa.take_along_axis(place, best, d + 3), d + 3)
        y = proa.max(y, d + 3)
    return y if place is None else (y, place)


def _fractional_windows(
    where: str, size: int, out: int, kernel: int | None, u: float
) -> list[tuple[int, int]]:
    """The windows (low, high) of one dim: Graham, "Fractional max-pooling", 2014, pseudorandom
    form.
    """
    if not 1 <= out <= size:
        refuse(where, "output_size", f"ints in 1..{size}", out)
    alpha = (size - (kernel or 0)) / (out - 1 if kernel is not None and out > 1 else out)
    if kernel is None:
        # Disjoint windows: edges at ceil(alpha (i + u)), shifted to start at 0 and end at the size.
        edges = [math.ceil(alpha * (i + u) - 1) - math.ceil(alpha * u - 1) for i in range(out)]
        edges.append(size)
        return [(edges[i], max(edges[i + 1], edges[i] + 1)) for i in range(out)]
    if kernel > size:
        refuse(where, "kernel_size", f"an int in 1..{size}", kernel)
    starts = [math.floor((i + u) * alpha) - math.floor(u * alpha) for i in range(out)]
    starts[-1] = size - kernel
    return [(start, start + kernel) for start in starts]


def fractional_max_pool2d(
    x: _proa.Tensor,
    output_size: Size | Sequence[int | None] | None,
    kernel_size: Size | None = None,
    random_u: float | None = None,
    return_mask: bool = False,
    name: str | None = None,
) -> _proa.Tensor | tuple[_proa.Tensor, _proa.Tensor]:
    """Maxima over windows of uneven sizes; with return_mask also their int32 places in the flat
    image.

    kernel_size None makes the windows disjoint; random_u in (0, 1) places them, None draws it.
    """
    return _fractional(2, x, output_size, kernel_size, random_u, return_mask)


def fractional_max_pool3d(
    x: _proa.Tensor,
    output_size: Size | Sequence[int | None] | None,
    kernel_size: Size | None = None,
    random_u: float | None = None,
    return_mask: bool = False,
    name: str | None = None,
) -> _proa.Tensor | tuple[_proa.Tensor, _proa.Tensor]:
    """fractional_max_pool2d for volumes."""
    return _fractional(3, x, output_size, kernel_size, random_u, return_mask)
