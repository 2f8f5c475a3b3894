"""Operators of detection. Why in Python: compositions of others, over sizes that may be symbols."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import proa

from .. import _proa
from ..check import refuse

__all__ = ["generate_proposals", "nms", "prior_box", "resize_image"]


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


def resize_image(
    x: _proa.Tensor,
    size: Sequence[int],
    interpolation: Literal[
        "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"
    ] = "bilinear",
    like: Literal["pillow", "opencv"] = "pillow",
    data_format: Literal["HWC", "CHW", "HW"] = "HWC",
    name: str | None = None,
) -> _proa.Tensor:
    """Images of bytes in another size, with the bytes that Pillow or OpenCV gives.

    Args:
        x: uint8, its last axes as `data_format` says; leading axes are a batch.
        size: (height, width) in pixels.
        interpolation: nearest, box, bilinear, hamming, bicubic or lanczos; of OpenCV nearest and
            bilinear.
        like: whose bytes: "pillow" (13) or "opencv".
        data_format: HWC, CHW or HW.
    """
    return _proa.ops.resize_image(
        x, size=list(size), interpolation=interpolation, like=like, data_format=data_format
    )


def nms(
    boxes: _proa.Tensor,
    iou_threshold: float = 0.3,
    scores: _proa.Tensor | None = None,
    category_idxs: _proa.Tensor | None = None,
    categories: Sequence[int] | None = None,
    top_k: int | None = None,
) -> _proa.Tensor:
    """Non-maximum suppression (Neubeck and Van Gool, "Efficient non-maximum suppression", 2006).

    Args:
        boxes: [n, 4], (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, float32 or float64.
        iou_threshold: a box goes where it overlaps one that stays by more than this.
        scores: [n]; the higher goes first. Without scores the boxes stand in order already.
        category_idxs: [n], int64: boxes of different categories do not suppress each other.
        categories: those that are wanted; all of them by default.
        top_k: how many of the best to return.

    Returns:
        int64 positions of the boxes that stay, best first.
    """
    if scores is not None and list(scores.shape) != [boxes.shape[0]]:
        refuse("nms", "scores", f"one score for each of the {boxes.shape[0]} boxes", scores)
    if category_idxs is None and categories is not None:
        refuse("nms", "category_idxs", "the category of each box where categories are given", None)
    if top_k is not None and top_k < 0:
        refuse("nms", "top_k", "at least 0", top_k)
    order = None if scores is None else proa.argsort(scores, descending=True, stable=True)
    groups = category_idxs
    if order is not None:
        boxes = proa.index_select(boxes, order)
        groups = None if groups is None else proa.index_select(groups, order)
    stays = _proa.ops.suppress_boxes(boxes, groups, iou_threshold)
    if groups is not None and categories is not None:
        wanted = proa.to_tensor(list(categories), dtype=groups.dtype)
        stays = proa.logical_and(stays, (proa.unsqueeze(groups, 1) == wanted).any(1))
    places = proa.nonzero(stays).squeeze(1)
    found = places if order is None else proa.index_select(order, places)
    return found if top_k is None else found[:top_k]


_LARGEST = math.log(1000.0 / 16.0)  # of a logarithm of sizes, so that exp stays small


def _decoded(
    deltas: _proa.Tensor, anchors: _proa.Tensor, variances: _proa.Tensor, offset: float
) -> _proa.Tensor:
    """[n, 4] corners of the boxes that lie at `deltas` from their anchors."""
    size = anchors[:, 2:] - anchors[:, :2] + offset
    centre = variances[:, :2] * deltas[:, :2] * size + (anchors[:, :2] + 0.5 * size)
    half = proa.exp(proa.clip(variances[:, 2:] * deltas[:, 2:], max=_LARGEST)) * size / 2.0
    return proa.concat([centre - half, centre + half - offset], 1)


def _proposals_of_image(
    scores: _proa.Tensor, deltas: _proa.Tensor, size: _proa.Tensor, anchors: _proa.Tensor,
    variances: _proa.Tensor, before: int, after: int, threshold: float, least: float, eta: float,
    pixel_offset: bool,
) -> tuple[_proa.Tensor, _proa.Tensor]:  # fmt: skip
    offset = 1.0 if pixel_offset else 0.0
    order = proa.argsort(scores, descending=True, stable=True)
    if before > 0:
        order = order[:before]
    scores = proa.index_select(scores, order)
    deltas, anchors, variances = (
        proa.index_select(rows, order) for rows in (deltas, anchors, variances)
    )
    boxes = _decoded(deltas, anchors, variances, offset)
    edge = proa.concat([size[1:], size[:1], size[1:], size[:1]]).astype(boxes.dtype) - offset
    boxes = proa.clip(proa.minimum(boxes, edge), min=0.0)
    sides = boxes[:, 2:] - boxes[:, :2] + offset
    good = (sides >= max(least, 1.0)).all(1)
    if pixel_offset:
        good = proa.logical_and(good, (boxes[:, :2] + sides / 2.0 <= edge[2:] + offset).all(1))
    # Where nothing is left, one box without extent stands for it.
    nothing = proa.logical_not(good.any())
    first = proa.arange(scores.shape[0]) == 0
    places = proa.nonzero(proa.logical_or(good, proa.logical_and(nothing, first))).squeeze(1)
    boxes = proa.index_select(proa.where(nothing, proa.zeros_like(boxes), boxes), places)
    scores = proa.index_select(proa.where(nothing, proa.zeros_like(scores), scores), places)
    if threshold > 0:
        stays = _proa.ops.suppress_boxes(boxes, None, threshold, not pixel_offset, eta)
        places = proa.nonzero(stays).squeeze(1)
        if after > 0:
            places = places[:after]
        boxes, scores = proa.index_select(boxes, places), proa.index_select(scores, places)
    return boxes, proa.unsqueeze(scores, 1)


def generate_proposals(
    scores: _proa.Tensor,
    bbox_deltas: _proa.Tensor,
    img_size: _proa.Tensor,
    anchors: _proa.Tensor,
    variances: _proa.Tensor,
    pre_nms_top_n: int = 6000,
    post_nms_top_n: int = 1000,
    nms_thresh: float = 0.5,
    min_size: float = 0.1,
    eta: float = 1.0,
    pixel_offset: bool = False,
    return_rois_num: bool = False,
    name: str | None = None,
) -> tuple[_proa.Tensor, ...]:
    """Regions that may hold an object, from a region proposal network (Ren et al., "Faster R-CNN:
    towards real-time object detection with region proposal networks", 2015).

    Args:
        scores: [n, anchors a place, h, w].
        bbox_deltas: [n, 4 * anchors a place, h, w]: how far boxes are from their anchors.
        img_size: [n, 2], (height, width) of the images in pixels.
        anchors: [h, w, anchors a place, 4] or [all, 4], (x1, y1, x2, y2).
        variances: of the same shape: the deltas are multiplied by them.
        pre_nms_top_n: how many of the best go on to suppression; all where it is not above 0.
        post_nms_top_n: how many of the rest are returned.
        nms_thresh: see nms; where it is not above 0 nothing is suppressed.
        min_size: the least width and height in pixels; less than 1 counts as 1.
        eta: the threshold shrinks by this with every box that stays, as long as it is above 0.5.
        pixel_offset: coordinates count pixels: a side has x2 - x1 + 1 of them.
        return_rois_num: whether the number of regions of each image comes too.

    Returns:
        boxes [regions, 4], scores [regions, 1], and int32 [n] if return_rois_num. An image without
        any region has one of zeros.
    """
    if len(scores.shape) != 4 or len(bbox_deltas.shape) != 4:
        refuse("generate_proposals", "scores", "scores and bbox_deltas with 4 dims", scores)
    if list(img_size.shape)[1:] != [2]:
        refuse("generate_proposals", "img_size", "[n, 2]", img_size)
    anchors, variances = proa.reshape(anchors, [-1, 4]), proa.reshape(variances, [-1, 4])
    boxes, chances, counts = [], [], []
    for i in range(int(scores.shape[0])):
        found, chance = _proposals_of_image(
            proa.reshape(proa.transpose(scores[i], [1, 2, 0]), [-1]),
            proa.reshape(proa.transpose(bbox_deltas[i], [1, 2, 0]), [-1, 4]),
            img_size[i], anchors, variances, pre_nms_top_n, post_nms_top_n, nms_thresh, min_size,
            eta, pixel_offset,
        )  # fmt: skip
        boxes.append(found)
        chances.append(chance)
        counts.append(_number(found.shape[0], "int32"))
    whole = (proa.concat(boxes), proa.concat(chances))
    return (*whole, proa.stack(counts)) if return_rois_num else whole
