"""Functions whose call has a form of its own: several tensors in a row, or names for numbers."""

from __future__ import annotations

from collections.abc import Sequence

from .. import _proa

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


def norm(
    x: Tensor,
    p: float | str | None = None,
    axis: int | Sequence[int] | None = None,
    keepdim: bool = False,
    name: str | None = None,
) -> Tensor:
    """The p-norm over axis (of all elements without it).

    Args:
        p: a number, `inf`, `-inf`, or "fro" (the default) for the square root of the sum of
            squares.
    """
    if isinstance(p, str) and p != "fro":
        raise _proa.ArgumentValueError(f"[norm] p: expected a number or 'fro', got '{p}'")
    order = 2.0 if p is None or isinstance(p, str) else float(p)
    return _proa.ops.p_norm(x, order, axis, keepdim)


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
