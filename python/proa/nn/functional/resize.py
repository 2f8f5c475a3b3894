"""interpolate and upsample: images of another size.

Why taps: along each axis every output is a weighted sum of at most four inputs, so a resize is a
few
index_selects, whatever the mode, and its gradient is theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy

import proa

from ... import _proa
from ...check import one_of, refuse

__all__ = [
    "interpolate",
    "upsample",
]

# mode -> spatial dims it is for (None: any)
_MODES = {"nearest": None, "linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "area": None}
_FORMATS = {
    3: ["NCW", "NWC", "NCL", "NLC"],
    4: ["NCHW", "NHWC"],
    5: ["NCDHW", "NDHWC"],
}

# (positions, weights or None for 1), for each tap of one axis
Taps = list[tuple[_proa.Tensor, _proa.Tensor | None]]


def _cubic(t: _proa.Tensor) -> _proa.Tensor:
    """Keys's kernel with a = -0.75 at distances t ("Cubic convolution interpolation", 1981)."""
    a, t = -0.75, proa.abs(t)
    near = ((t * (a + 2) - (a + 3)) * t * t) + 1.0
    far = ((t * a - 5 * a) * t + 8 * a) * t - 4 * a
    return proa.where(t <= 1.0, near, proa.where(t < 2.0, far, proa.zeros_like(t)))


def _number(size: Any) -> _proa.Tensor:
    return proa.to_tensor(size, dtype="float64")


def _taps(
    size: Any, out: Any, scale: float | None, mode: str, align_corners: bool, align_mode: int
) -> Taps:
    """What each place along one axis is made of.

    In f64 and on tensors, so that sizes may be symbols; a ratio of sizes is one division.
    """
    place = proa.arange(out, dtype="int64").astype("float64")
    if align_corners:
        # A single output stands at the first input.
        ratio = _number(size - 1) / proa.clip(_number(out - 1), min=1.0)
    else:
        ratio = _number(size) / _number(out) if scale is None else _number(1.0 / scale)
    if mode == "nearest":
        at = proa.floor(place * ratio + (0.5 if align_corners else 0.0))
        return [(proa.clip(at.astype("int64"), 0, size - 1), None)]
    if align_corners or (align_mode == 1 and mode != "bicubic"):
        source = place * ratio
    else:
        source = (place + 0.5) * ratio - 0.5
    if mode == "bicubic":
        base = proa.floor(source)
        steps = [base + float(step) for step in range(-1, 3)]
        return [(proa.clip(s.astype("int64"), 0, size - 1), _cubic(source - s)) for s in steps]
    source = proa.clip(source, min=0.0)
    low = proa.clip(proa.floor(source).astype("int64"), max=size - 1)
    high = proa.clip(low + 1, max=size - 1)
    share = source - low.astype("float64")
    return [(low, 1.0 - share), (high, share)]


def _along(x: _proa.Tensor, axis: int, taps: Taps) -> _proa.Tensor:
    shape = [1] * len(x.shape)
    shape[axis] = -1
    total: _proa.Tensor | None = None
    for index, weight in taps:
        part = proa.index_select(x, index, axis)
        if weight is not None:
            part = part * weight.astype(x.dtype).reshape(shape)
        total = part if total is None else total + part
    assert total is not None
    return total


def _times(size: Any, scale: float) -> Any:
    """floor(size * scale); of a symbolic size as a symbol, where the scale is a whole number."""
    return size * int(scale) if scale.is_integer() else math.floor(int(size) * scale)


def _target(
    x: _proa.Tensor,
    axes: list[int],
    size: int | Sequence[int] | _proa.Tensor | None,
    scale_factor: float | Sequence[float] | _proa.Tensor | None,
) -> tuple[list[Any], list[float | None]]:
    """(wanted sizes, scales or Nones) of the spatial axes."""
    if (size is None) == (scale_factor is None):
        refuse("interpolate", "size", "either size or scale_factor", size)
    given: Any = size if scale_factor is None else scale_factor
    if isinstance(given, _proa.Tensor):
        given = given.tolist()
    values = list(given) if isinstance(given, (list, tuple)) else [given] * len(axes)
    if len(values) != len(axes):
        refuse("interpolate", "size", f"a number or {len(axes)} of them", values)
    # float() takes the 0-d tensors of a list too.
    scales: list[float | None] = [None] * len(axes)
    if scale_factor is None:
        sizes = [int(v) if isinstance(v, (float, _proa.Tensor)) else v for v in values]
    else:
        scales = [float(v) for v in values]
        sizes = [_times(x.shape[axis], float(v)) for axis, v in zip(axes, values, strict=True)]
    if any(v < 1 for v in sizes):
        refuse("interpolate", "size", "an output of at least 1 in each dim", sizes)
    return sizes, scales


def interpolate(
    x: _proa.Tensor,
    size: int | Sequence[int] | _proa.Tensor | None = None,
    scale_factor: float | Sequence[float] | _proa.Tensor | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
    align_mode: int = 0,
    data_format: str | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """Resizes the spatial dims to `size`, or by `scale_factor`.

    Args:
        x: floating-point, with 3 to 5 dims, none of them 0.
        mode: nearest, area (any rank), linear (3 dims), bilinear, bicubic (4) or trilinear (5).
        align_corners: whether the corner pixels' centres stay in place.
        align_mode: for the linear modes: 0 puts pixel centres at half-integers, 1 takes src = dst /
            scale.
        data_format: where the channels stand; None takes channels first.
    """
    mode = one_of("interpolate", "mode", mode.lower(), list(_MODES))
    rank = len(x.shape)
    if rank not in _FORMATS or (_MODES[mode] is not None and _MODES[mode] != rank - 2):
        ranks = "3, 4 or 5" if _MODES[mode] is None else f"{(_MODES[mode] or 0) + 2}"
        refuse("interpolate", "x", f"a tensor with {ranks} dims for mode={mode!r}", x)
    if align_mode not in (0, 1):
        refuse("interpolate", "align_mode", "0 or 1", align_mode)
    chosen = _FORMATS[rank][0] if data_format is None else data_format
    one_of("interpolate", "data_format", chosen, _FORMATS[rank])
    first = 2 if chosen.startswith("NC") else 1
    axes = list(range(first, first + rank - 2))
    if any(x.shape[axis] < 1 for axis in axes):
        refuse("interpolate", "x", "a tensor whose spatial dims are not 0", x)
    sizes, scales = _target(x, axes, size, scale_factor)
    for axis, out, scale in zip(axes, sizes, scales, strict=True):
        if mode == "area":
            x = _averaged(x, axis, out)
        else:
            x = _along(x, axis, _taps(x.shape[axis], out, scale, mode, align_corners, align_mode))
    return x


def _averaged(x: _proa.Tensor, axis: int, out: int) -> _proa.Tensor:
    """Means over windows from floor(i s / n) to ceil((i + 1) s / n), as one matrix product."""
    size = x.shape[axis]
    matrix = numpy.zeros([size, out])
    for i in range(out):
        low, high = (i * size) // out, -((-(i + 1) * size) // out)
        matrix[low:high, i] = 1.0 / (high - low)
    order = [a for a in range(len(x.shape)) if a != axis] + [axis]
    back = [order.index(a) for a in range(len(order))]
    product = proa.matmul(proa.transpose(x, order), proa.to_tensor(matrix).astype(x.dtype))
    return proa.transpose(product, back)


def upsample(
    x: _proa.Tensor,
    size: int | Sequence[int] | _proa.Tensor | None = None,
    scale_factor: float | Sequence[float] | _proa.Tensor | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
    align_mode: int = 0,
    data_format: str | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """interpolate under its older name."""
    return interpolate(x, size, scale_factor, mode, align_corners, align_mode, data_format)
