"""Extents of zero: compiled kernels of every form have the shapes and bits of eager, forward and
backward, whether the zero is the caller's or a size that depends on values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import proa.nn.functional as F
import pytest

import proa

Call = Callable[..., Any]
Form = tuple[Call, list[tuple[int, ...]]]  # and shapes, of which (-n, ...) are indices below n

FORMS: dict[str, Form] = {
    "product": (lambda x, y: F.relu(x @ y) + 1, [(2, 3, 5), (2, 5, 40)]),
    "product of lines": (lambda x, y: F.relu(x @ y.T) + 1, [(3, 40), (20, 40)]),
    "two axes of columns": (lambda x, y: proa.einsum("mk,pnk->mnp", x, y), [(3, 40), (4, 5, 40)]),
    "two axes of terms": (lambda x, y: proa.einsum("mkp,pkn->mn", x, y), [(3, 6, 4), (4, 6, 5)]),
    "many axes": (lambda x, y: proa.einsum("apk,knm->pmna", x, y), [(3, 4, 6), (6, 5, 3)]),
    "row": (lambda x, y: x @ y + 1, [(40,), (40, 50)]),
    "row of lines": (lambda x, y: y @ x + 1, [(40,), (50, 40)]),
    "computed product": (lambda x, y: F.sigmoid(x) @ F.tanh(y), [(3, 6), (6, 5)]),
    "rows that are added": (
        lambda i, u: proa.index_add(proa.zeros([5, u.shape[1]], u.dtype), i, 0, u * 2),
        [(-5, 4), (4, 20)],
    ),
    "embedding": (lambda i, w: F.embedding(i, w) * 2, [(-5, 4), (5, 20)]),
    "elements that are added": (
        lambda x, i, u: proa.put_along_axis(x * 1, i, u, 1, reduce="add"),
        [(2, 6, 20), (-6, 2, 4, 20), (2, 4, 20)],
    ),
    "gather": (lambda x, i: x[i] * 2, [(6, 20), (-6, 4)]),
    "softmax": (lambda x: F.softmax(x * 2, -1), [(6, 20)]),
    "sums": (lambda x: ((x * 2).sum(-1), (x + 1).sum(0), (x * 3).sum([0, 2])), [(6, 20, 3)]),
    "running sums": (lambda x: ((x * 2).cumsum(1) + 1, (x + 1).cumsum(-1)), [(6, 20, 3)]),
    "moves": (
        lambda x: (proa.transpose(x, [2, 0, 1]) + 1, proa.concat([x + 1, x], 1), proa.flip(x, [1])),
        [(6, 20, 3)],
    ),
    "convolution": (lambda x, w: F.relu(F.conv2d(x, w, padding=1)), [(2, 3, 7, 8), (5, 3, 3, 3)]),
    "convolution of few": (lambda x, w: F.conv1d(x, w, padding=1) * 2, [(2, 4, 30), (2, 4, 3)]),
    "transposed convolution": (
        lambda x, w: F.relu(F.conv2d_transpose(x, w, stride=2)),
        [(2, 4, 7, 8), (4, 5, 3, 3)],
    ),
}
DTYPES = ["float32", "bfloat16", "float16", "float64"]


def tensor(shape: tuple[int, ...], dtype: str) -> Any:
    if shape[0] < 0:
        return proa.to_tensor(np.arange(np.prod(shape[1:])).reshape(shape[1:]) * 5 % -shape[0])
    values = np.random.default_rng(len(shape)).integers(-8, 8, shape).astype(np.float32) / 4
    return proa.to_tensor(values).astype(dtype).detach()


def results(call: Call, given: list[Any]) -> list[Any]:
    """Shapes and bytes of what it gives and of the gradients; or the kind of what it refuses."""
    tensors = [x.detach() for x in given]
    for x in tensors:
        x.stop_gradient = x.dtype == proa.int64 or x.dtype == proa.bool
    try:
        made = call(*tensors)
        made = list(made) if isinstance(made, tuple) else [made]
        proa.autograd.backward(made, [proa.ones_like(y) for y in made])
    except (proa.ProaError, ValueError) as error:
        return [type(error)]
    made += [x.grad for x in tensors]
    return [None if x is None else (list(x.shape), bytes(x.numpy().tobytes())) for x in made]


def axes_of(shapes: list[tuple[int, ...]]) -> list[set[tuple[int, int]]]:
    """Axes that may be empty together: one, or all of one extent."""
    extents: dict[int, set[tuple[int, int]]] = {}
    for number, shape in enumerate(shapes):
        dims = shape[1:] if shape[0] < 0 else shape
        for axis, extent in enumerate(dims):
            extents.setdefault(extent, set()).add((number, axis))
    singles = [{one} for group in extents.values() for one in sorted(group)]
    return singles + [group for group in extents.values() if len(group) > 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FORMS)
def test_a_caller_gives_nothing(name: str, dtype: str) -> None:
    call, shapes = FORMS[name]
    captured = proa.jit.to_static(call)
    full = [tensor(shape, dtype) for shape in shapes]
    assert results(captured, full) == results(call, full)
    empty = 0
    for axes in axes_of(shapes):
        given = [
            proa.zeros([0 if (k, a) in axes else n for a, n in enumerate(x.shape)], x.dtype)
            for k, x in enumerate(full)
        ]
        expected = results(call, given)
        assert results(captured, given) == expected, axes
        empty += len(expected) > 1
    assert empty > 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", FORMS)
def test_a_mask_leaves_nothing(name: str, dtype: str) -> None:
    call, shapes = FORMS[name]
    full = [tensor(shape, dtype) for shape in shapes]
    for axes in axes_of(shapes):

        def masked(mask: Any, *given: Any, axes: set[tuple[int, int]] = axes) -> Any:
            left, kept = list(given), proa.nonzero(mask).flatten()
            for k, axis in axes:
                left[k] = proa.index_select(left[k], kept, axis)
            return call(*left)

        number, axis = next(iter(axes))
        extent = full[number].shape[axis]
        captured = proa.jit.to_static(masked)
        for part in (1, 0, 1):
            mask = proa.to_tensor(np.full(extent, part == 1))
            got = results(captured, [mask, *full])
            if len(got) > 1:  # else what is captured has to know the size
                assert got == results(masked, [mask, *full]), (axes, part)
