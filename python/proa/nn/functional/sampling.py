"""Images read at points: affine_grid and grid_sample; and gather_tree, which reads beams back.

Why gathers: a sample is a weighted sum of the pixels around its point, so values and gradients are
those of gather.
"""

from __future__ import annotations

from collections.abc import Sequence

import proa

from ... import _proa
from ...check import one_of, refuse

__all__ = [
    "affine_grid",
    "gather_tree",
    "grid_sample",
]


def affine_grid(
    theta: _proa.Tensor,
    out_shape: Sequence[int] | _proa.Tensor,
    align_corners: bool = True,
    name: str | None = None,
) -> _proa.Tensor:
    """The points that affine maps send the pixels of an output image to.

    Args:
        theta: [n, 2, 3], or [n, 3, 4] for volumes.
        out_shape: [n, c, h, w], or [n, c, d, h, w].
        align_corners: whether -1 and 1 are the centres of the corner pixels, or their outer edges.

    Returns [n, h, w, 2] (x, y), or [n, d, h, w, 3] (x, y, z), in -1..1.
    """
    shape = [
        int(s) for s in (out_shape.tolist() if isinstance(out_shape, _proa.Tensor) else out_shape)
    ]
    dims = len(shape) - 2
    if dims not in (2, 3):
        refuse("affine_grid", "out_shape", "4 or 5 sizes", shape)
    if list(theta.shape) != [shape[0], dims, dims + 1]:
        refuse("affine_grid", "theta", f"a tensor of shape {[shape[0], dims, dims + 1]}", theta)
    lines = []
    for axis, size in reversed(list(enumerate(shape[2:]))):
        place = proa.arange(size, dtype="int64").astype(theta.dtype)
        if align_corners:
            line = place * (2.0 / (size - 1)) - 1.0 if size > 1 else place * 0.0
        else:
            line = (place * 2.0 + 1.0) / size - 1.0
        lines.append(
            proa.expand(line.reshape([-1 if a == axis else 1 for a in range(dims)]), shape[2:])
        )
    lines.append(proa.ones(shape[2:], theta.dtype))
    points = proa.stack(lines, -1).reshape([-1, dims + 1])
    grid = proa.matmul(points, theta, transpose_y=True)
    return grid.reshape([shape[0], *shape[2:], dims])


def _reflected(place: _proa.Tensor, low: float, high: float) -> _proa.Tensor:
    """`place` folded into low..high by mirrors at both ends."""
    span = high - low
    if span <= 0:
        return proa.zeros_like(place)
    distance = proa.abs(place - low)
    turns = proa.floor(distance / span).detach()
    rest = distance - turns * span
    odd = turns - 2.0 * proa.floor(turns / 2.0)
    return proa.where(odd > 0, span - rest, rest) + low


def grid_sample(
    x: _proa.Tensor,
    grid: _proa.Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool = True,
    name: str | None = None,
) -> _proa.Tensor:
    """The image x read at the points of grid (Jaderberg et al., "Spatial transformer networks",
    2015).

    Args:
        x: [n, c, h, w], or [n, c, d, h, w].
        grid: [n, oh, ow, 2] (x, y), or [n, od, oh, ow, 3] (x, y, z), in -1..1.
        mode: bilinear (trilinear in volumes) or nearest.
        padding_mode: what lies outside: zeros, the border pixel, or the reflection of the image.
        align_corners: whether -1 and 1 are the centres of the corner pixels, or their outer edges.

    Returns [n, c, oh, ow], or [n, c, od, oh, ow].
    """
    one_of("grid_sample", "mode", mode, ["bilinear", "nearest"])
    one_of("grid_sample", "padding_mode", padding_mode, ["zeros", "border", "reflection"])
    dims = len(x.shape) - 2
    if dims not in (2, 3):
        refuse("grid_sample", "x", "a tensor with 4 or 5 dims", x)
    if len(grid.shape) != dims + 2 or grid.shape[0] != x.shape[0] or grid.shape[-1] != dims:
        refuse(
            "grid_sample", "grid", f"a tensor [{x.shape[0]}, ..., {dims}], {dims + 2} dims", grid
        )
    n, c, *sides = x.shape
    points = grid.reshape([n, -1, dims])
    places = []
    for axis, size in enumerate(sides):
        at = points[:, :, dims - 1 - axis]
        place = (at + 1.0) * (size - 1) / 2.0 if align_corners else ((at + 1.0) * size - 1.0) / 2.0
        if padding_mode == "reflection":
            low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
            place = _reflected(place, low, high)
        if padding_mode != "zeros":
            place = proa.clip(place, 0, size - 1)
        places.append(place)
    flat = x.reshape([n, c, -1])
    # The corners around each point: for every axis the lower or the upper neighbour, with its
    # weight.
    corners: list[tuple[list[_proa.Tensor], _proa.Tensor | None]] = [([], None)]
    for place in places:
        if mode == "nearest":
            choices: list[tuple[_proa.Tensor, _proa.Tensor | None]] = [(proa.round(place), None)]
        else:
            base = proa.floor(place).detach()
            share = place - base
            choices = [(base, 1.0 - share), (base + 1.0, share)]
        corners = [
            ([*index, at], weight if w is None else w if weight is None else weight * w)
            for index, weight in corners
            for at, w in choices
        ]
    total: _proa.Tensor | None = None
    for index, weight in corners:
        where = proa.zeros([n, points.shape[1]], "int64")
        inside: _proa.Tensor | None = None
        for at, size in zip(index, sides, strict=True):
            within = (at >= 0) & (at <= size - 1)
            inside = within if inside is None else inside & within
            where = where * size + proa.clip(at.detach(), 0, size - 1).astype("int64")
        assert inside is not None
        spread = proa.expand(proa.unsqueeze(where, 1), [n, c, points.shape[1]])
        value = proa.take_along_axis(flat, spread, 2)
        factor = inside.astype(x.dtype) if weight is None else weight * inside.astype(x.dtype)
        part = value * proa.unsqueeze(factor, 1)
        total = part if total is None else total + part
    assert total is not None
    return total.reshape([n, c, *grid.shape[1:-1]])


def gather_tree(ids: _proa.Tensor, parents: _proa.Tensor) -> _proa.Tensor:
    """The whole sequences of a beam search, read back from its last step.

    Args:
        ids: the id chosen at each step [time, batch, beams].
        parents: the beam that each choice came from, of the same shape.

    Returns the ids of each final beam, [time, batch, beams].
    """
    if len(ids.shape) != 3 or list(ids.shape) != list(parents.shape):
        refuse(
            "gather_tree", "parents", "ids and parents of one shape [time, batch, beams]", parents
        )
    steps, batch, beams = ids.shape
    beam = proa.expand(proa.arange(beams, dtype="int64").reshape([1, beams]), [batch, beams])
    out = []
    for t in range(steps - 1, -1, -1):
        out.append(proa.take_along_axis(ids[t], beam, 1))
        beam = proa.take_along_axis(parents[t].astype("int64"), beam, 1)
    return proa.stack(out[::-1], 0)
