"""Functions whose call has a form of its own: several tensors in a row, or names for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from .. import _proa
from ..refusal import value_error

Tensor = _proa.Tensor


def _listed(tensors: tuple[Tensor | Sequence[Tensor], ...]) -> list[Tensor]:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return list(tensors[0])
    return [t for t in tensors if isinstance(t, Tensor)]


def einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """Sums of products by Einstein's convention: `einsum("ij,jk->ik", a, b)`.

    Args:
        equation: one group of letters for each operand, and those of the result after `->`.
        operands: the tensors, in a row or in one list.
    """
    return _proa.ops.einsum(equation, _listed(operands))


def meshgrid(*tensors: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """Grids of coordinates: each 0-d or 1-d tensor repeated along the axes of the others."""
    return list(_proa.ops.meshgrid(_listed(tensors)))


def tensordot(
    x: Tensor,
    y: Tensor,
    axes: int | Sequence[int] | Sequence[Sequence[int]] = 2,
    axes_y: Sequence[int] | None = None,
    name: str | None = None,
) -> Tensor:
    """Sums of products over axes.

    Args:
        axes: over the last `axes` of x and the first of y; or a list of the axes of x, which are
            those of y too unless `axes_y` or a second list inside `axes` names others.
    """
    if isinstance(axes, (list, tuple)) and any(isinstance(a, (list, tuple)) for a in axes):
        if len(axes) > 2 or axes_y is not None or isinstance(axes[-1], int):
            raise _proa.ArgumentValueError(
                f"[tensordot] axes: expected a number, a list or a pair of lists, got {axes!r}"
            )
        return _proa.ops.tensordot(x, y, list(axes[0]), list(axes[-1]))
    return _proa.ops.tensordot(x, y, cast("int | Sequence[int]", axes), axes_y)


def numel(x: Tensor) -> Tensor:
    """The number of elements, as a 0-d int64 tensor."""
    return _proa.to_tensor(x.size, dtype="int64")


def shape(x: Tensor) -> Tensor:
    """The extents, as a 1-d int64 tensor."""
    return _proa.to_tensor(x.shape, dtype="int64")


def rank(x: Tensor) -> Tensor:
    """The number of axes, as a 0-d int64 tensor."""
    return _proa.to_tensor(x.ndim, dtype="int64")


def is_floating_point(x: Tensor) -> bool:
    """True for real floats."""
    return bool(x.dtype.is_floating_point)


def is_complex(x: Tensor) -> bool:
    """True for complex numbers."""
    return bool(x.dtype.is_complex)


def is_integer(x: Tensor) -> bool:
    """True for integers (bool is none)."""
    return x.dtype.name.startswith(("int", "uint"))


def broadcast_shape(x_shape: Sequence[int], y_shape: Sequence[int]) -> list[int]:
    """The shape that two shapes broadcast to.

    Raises:
        ShapeError: they do not fit.
    """
    x, y = _proa.ops.zeros([1]), _proa.ops.zeros([1])
    return list(_proa.ops.add(x.expand(list(x_shape)), y.expand(list(y_shape))).shape)


def _lifted(name: str, inputs: tuple[Any, ...]) -> Any:
    method = getattr(Tensor, name)
    made = [method(t if isinstance(t, Tensor) else _proa.to_tensor(t)) for t in inputs]
    return made[0] if len(made) == 1 else made


def atleast_1d(*inputs: Any, name: str | None = None) -> Any:
    """Each tensor, a 0-d one as a vector of one element; a list for several."""
    return _lifted("atleast_1d", inputs)


def atleast_2d(*inputs: Any, name: str | None = None) -> Any:
    """Each tensor with axes of size 1 in front until it has two; a list for several."""
    return _lifted("atleast_2d", inputs)


def atleast_3d(*inputs: Any, name: str | None = None) -> Any:
    """Each tensor with three axes at least: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]; a list
    for several."""
    return _lifted("atleast_3d", inputs)


def view(x: Tensor, *shape_or_dtype: Any, name: str | None = None) -> Tensor:
    """x in another shape, or its bits read as another dtype of the same size; of another size, the
    last axis grows or shrinks.

    Args:
        shape_or_dtype: sizes, in a row or in one list, or a dtype.

    Raises:
        ShapeError: the sizes do not fit.
    """
    wanted = shape_or_dtype[0] if len(shape_or_dtype) == 1 else list(shape_or_dtype)
    if isinstance(wanted, (int, list, tuple)):
        return _proa.ops.reshape(x, wanted)
    target = _proa.ops.zeros([0], dtype=wanted)
    if target.itemsize == x.itemsize:
        return _proa.ops.view_dtype(x, wanted)
    if "bfloat16" in (target.dtype.name, x.dtype.name):
        between = "uint8" if x.itemsize == 1 else "int16"
        if x.dtype == "bfloat16":
            return view(_proa.ops.view_dtype(x, between), wanted)
        return _proa.ops.view_dtype(view(x, "int16"), wanted)
    try:
        return _proa.to_tensor(x.contiguous().numpy().view(target.dtype.name))
    except ValueError as error:
        raise _proa.ShapeError(f"[view] shape_or_dtype: {error}") from None


def view_as(x: Tensor, other: Tensor, name: str | None = None) -> Tensor:
    """x in the shape of another tensor."""
    return _proa.ops.reshape(x, other.shape)


def tolist(x: Tensor) -> Any:
    """The elements as nested Python lists."""
    return x.tolist()


def is_empty(x: Tensor, name: str | None = None) -> Tensor:
    """Whether x has no elements, as a 0-d bool tensor."""
    return _proa.to_tensor(x.size == 0)


def increment(x: Tensor, value: float = 1.0, name: str | None = None) -> Tensor:
    """Adds a number to a tensor of one element, in place.

    Raises:
        ArgumentValueError: x has more elements.
    """
    if x.size != 1:
        raise value_error(f"[increment] x: expected one element, got shape {x.shape}")
    return x.copy_(_proa.ops.cast(x + value, x.dtype))


def histogramdd(
    x: Tensor,
    bins: Any = 10,
    ranges: Sequence[float] | None = None,
    density: bool = False,
    weights: Tensor | None = None,
    name: str | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """The histogram of points, the last axis of x being their coordinates.

    Args:
        bins: the number of bins of every coordinate, a list of such numbers, or a list of vectors
            of borders.
        ranges: the least and the greatest border of each coordinate, in one list; that of the data
            without.
        density: divide by the total and by the volume of each bin.
        weights: one for each point.

    Returns:
        The counts, one axis a coordinate, and the borders of each coordinate.
    """
    ops = _proa.ops
    points = ops.reshape(x, [-1, x.shape[-1]])
    count = points.shape[1]
    each = list(bins) if isinstance(bins, (list, tuple)) else [bins] * count
    if len(each) != count:
        raise value_error(
            f"[histogramdd] bins: expected {count}, one a coordinate, got {len(each)}")
    if ranges is not None and len(ranges) != 2 * count:
        raise value_error(f"[histogramdd] ranges: expected {2 * count} borders, got {len(ranges)}")
    edges, flat, inside = [], None, None
    for k, given in enumerate(each):
        column = points[:, k]
        if isinstance(given, Tensor):
            edge = given
        elif ranges is not None:
            low, high = float(ranges[2 * k]), float(ranges[2 * k + 1])
            edge = ops.linspace(low, high, given + 1, dtype=x.dtype)
        else:
            edge = ops.histogram_bin_edges(column, given)
        edges.append(edge)
        at = ops.searchsorted(edge, column, right=True) - 1
        at = ops.where(column == edge[-1], ops.full_like(at, edge.size - 2), at)
        fits = (at >= 0) & (at < edge.size - 1)
        inside = fits if inside is None else inside & fits
        flat = at if flat is None else flat * (edge.size - 1) + at
    sizes = [edge.size - 1 for edge in edges]
    total = 1
    for size in sizes:
        total *= size
    assert flat is not None and inside is not None
    weight = ops.ones_like(points[:, 0]) if weights is None else ops.reshape(weights, [-1])
    weight = ops.where(inside, weight, ops.zeros_like(weight))
    counts = ops.bincount(ops.where(inside, flat, ops.zeros_like(flat)), weight, minlength=total)
    result = ops.reshape(counts, sizes)
    if density:
        result = result / ops.sum(result)
        for k, edge in enumerate(edges):
            shape = [1] * count
            shape[k] = sizes[k]
            result = result / ops.reshape(edge[1:] - edge[:-1], shape)
    return result, edges
