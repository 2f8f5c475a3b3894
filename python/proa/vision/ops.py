"""Operators of detection. Why in Python: compositions of others, over sizes that may be symbols."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import proa

from .. import _proa
from ..check import refuse

__all__ = ["prior_box"]


def _ratios(given: Sequence[float], flip: bool) -> list[float]:
    """1, then each ratio that is new, and its inverse with `flip`."""
    ratios = [1.0]
    for ratio in given:
        if ratio <= 0:
            refuse("prior_box", "aspect_ratios", "ratios above 0", list(given))
        if all(abs(ratio - known) >= 1e-6 for known in ratios):
            ratios += [ratio, 1.0 / ratio] if flip else [ratio]
    return ratios


def _numbers(given: Sequence[float] | float) -> list[float]:
    return [float(given)] if isinstance(given, (int, float)) else [float(n) for n in given]


def _number(size: Any, dtype: Any) -> _proa.Tensor:
    return proa.to_tensor(size, dtype=dtype)


def prior_box(
    input: _proa.Tensor,
    image: _proa.Tensor,
    min_sizes: Sequence[float] | float,
    max_sizes: Sequence[float] | float | None = None,
    aspect_ratios: Sequence[float] | float = (1.0,),
    variance: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
    flip: bool = False,
    clip: bool = False,
    steps: Sequence[float] = (0.0, 0.0),
    offset: float = 0.5,
    min_max_aspect_ratios_order: bool = False,
    name: str | None = None,
) -> tuple[_proa.Tensor, _proa.Tensor]:
    """The default boxes of a feature map (Liu et al., "SSD: Single shot multibox detector", 2016).

    Args:
        input: the feature map [n, c, h, w]; only its size counts.
        image: [n, c, height, width]; only its size counts.
        min_sizes: a box of each size and aspect ratio stands at each place; in pixels.
        max_sizes: as many; one more square box each, of side sqrt(min * max).
        aspect_ratios: width over height; 1 is always one of them.
        variance: four numbers that the second result repeats.
        flip: whether 1 / ratio comes with each ratio.
        clip: whether boxes are cut at the image.
        steps: (width, height) of a place in pixels; 0: the image's size over the map's.
        offset: where in a place its boxes have their centres.
        min_max_aspect_ratios_order: the square of max_sizes second, not last.

    Returns:
        boxes (x1, y1, x2, y2) in parts of the image, and variances, both [h, w, boxes, 4].
    """
    if len(input.shape) != 4 or len(image.shape) != 4:
        refuse("prior_box", "image", "a map and an image with 4 dims", image)
    small, large = _numbers(min_sizes), _numbers([] if max_sizes is None else max_sizes)
    if large and len(large) != len(small):
        refuse("prior_box", "max_sizes", f"{len(small)} sizes, as min_sizes has", large)
    if len(variance) != 4:
        refuse("prior_box", "variance", "four numbers", list(variance))
    ratios = _ratios(_numbers(aspect_ratios), flip)
    halves = []
    for i, size in enumerate(small):
        sides = [(size * math.sqrt(r) / 2.0, size / math.sqrt(r) / 2.0) for r in ratios]
        if large:
            square = math.sqrt(size * large[i]) / 2.0
            sides.insert(1 if min_max_aspect_ratios_order else len(sides), (square, square))
        halves += sides
    dtype, (height, width) = input.dtype, input.shape[2:]
    edges = []
    for axis, (count, whole) in enumerate(
        zip((width, height), (image.shape[3], image.shape[2]), strict=True)
    ):
        extent = _number(whole, dtype)
        step = extent / _number(count, dtype) if steps[axis] == 0 else float(steps[axis])
        centre = (proa.arange(count, dtype="int64").astype(dtype) + offset) * step
        half = proa.to_tensor([pair[axis] for pair in halves], dtype=dtype)
        for sign in (-1.0, 1.0):
            edge = (proa.unsqueeze(centre, 1) + half * sign) / extent
            edge = proa.unsqueeze(edge, 1 if axis else 0)  # [h, 1, boxes] or [1, w, boxes]
            edges.append(proa.expand(edge, [height, width, len(halves)]))
    boxes = proa.stack([edges[0], edges[2], edges[1], edges[3]], -1)
    if clip:
        boxes = proa.clip(boxes, 0.0, 1.0)
    numbers = proa.to_tensor([float(v) for v in variance], dtype=dtype)
    return boxes, proa.expand(numbers, [height, width, len(halves), 4])
