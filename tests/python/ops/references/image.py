"""Images and boxes: Pillow itself, OpenCV's integers in NumPy, and loops."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .table import T, V, case, index, reference

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def _pairs(size, out, at_edge):
    """OpenCV's two rows or columns of each output and their weights of 11 bits."""
    scale = 1.0 / (np.float64(out) / np.float64(size))
    at = ((np.arange(out) + 0.5) * scale - 0.5).astype(np.float32)
    low = np.floor(at)
    part = at - low
    if at_edge:
        part[(low < 0) | (low >= size - 1)] = 0
    low = low.astype(np.int64)
    weights = [np.rint((np.float32(1) - part) * 2048), np.rint(part * 2048)]
    return [np.clip(p, 0, size - 1) for p in (low, low + 1)], [w.astype(np.int64) for w in weights]


def _opencv(image, height, width, method):
    if method == "nearest":
        rows, columns = (
            np.minimum(np.floor(np.arange(n) * (1.0 / (n / s))), s - 1).astype(np.int64)
            for n, s in ((height, image.shape[0]), (width, image.shape[1]))
        )
        return image[rows][:, columns]
    (left, right), (wl, wr) = _pairs(image.shape[1], width, True)
    (above, below), (wa, wb) = _pairs(image.shape[0], height, False)
    x = image.astype(np.int64)
    lines = x[:, left] * wl[:, None] + x[:, right] * wr[:, None]
    parts = [((lines[r] >> 4) * w[:, None, None]) >> 16 for r, w in ((above, wa), (below, wb))]
    return ((parts[0] + parts[1] + 2) >> 2).astype(np.uint8)


@reference(
    "resize_image",
    meet="none",
    result="first",
    zeros=False,
    cases=[
        case(index(2, 90, 70, 3, high=256, dtype="uint8"), size=[33, 80], interpolation="lanczos"),
        case(index(90, 70, 3, high=256, dtype="uint8"), size=[120, 31], like="opencv"),
    ],
)
def resize_image(x, size, interpolation="bilinear", like="pillow", data_format="HWC"):
    moved = np.moveaxis(x, -3, -1) if data_format == "CHW" else x
    if data_format == "HW":
        moved = moved[..., None]
    height, width = size
    images = []
    for image in moved.reshape(-1, *moved.shape[-3:]):
        if like == "opencv":
            images.append(_opencv(image, height, width, interpolation))
        else:
            planes = [
                Image.fromarray(np.ascontiguousarray(image[..., c])).resize(
                    (width, height), FILTERS[interpolation]
                )
                for c in range(image.shape[-1])
            ]
            images.append(np.stack([np.asarray(plane) for plane in planes], -1))
    shape = [*moved.shape[:-3], height, width, moved.shape[-1]]
    result = np.array(images, np.uint8).reshape(shape)
    if data_format == "HW":
        return result[..., 0]
    return np.moveaxis(result, -1, -3) if data_format == "CHW" else result


@reference("mix_pixels", meet="none", result="first", zeros=False)
def mix_pixels(x, at, weight, axis):
    axis %= x.ndim
    taken = np.take(x, np.clip(at, 0, x.shape[axis] - 1), axis).astype(np.int64)
    shape = [1] * axis + list(at.shape) + [1] * (x.ndim - axis - 1)
    total = (taken * weight.reshape(shape)).sum(axis + 1).astype(np.int32)
    return np.clip((total + np.int32(1 << 21)) >> 22, 0, 255).astype(np.uint8)


@reference(
    "suppress_boxes",
    meet="none",
    result="bool",
    zeros=False,
    cases=[
        case(T(40, 4, fill="positive"), None, iou_threshold=0.5),
        case(V([0, 0, 4, 4, 0, 0, 4, 4, 0, 0, 4, 2], dims=[3, 4]), None, iou_threshold=0.5),
    ],
)
def suppress_boxes(boxes, groups=None, iou_threshold=0.3, normalized=True, eta=1.0):
    more, kept = 0.0 if normalized else 1.0, []
    areas = (boxes[:, 2] - boxes[:, 0] + more) * (boxes[:, 3] - boxes[:, 1] + more)
    for i, box in enumerate(boxes):
        free = True
        for j in kept:
            sides = np.minimum(box[2:], boxes[j, 2:]) - np.maximum(box[:2], boxes[j, :2]) + more
            common = np.maximum(sides, 0).prod()
            covers = common / (areas[j] + areas[i] - common) > iou_threshold
            free &= not covers or (groups is not None and groups[i] != groups[j])
        if free:
            kept.append(i)
            if eta < 1 and iou_threshold > 0.5:
                iou_threshold *= eta
    return np.isin(np.arange(len(boxes)), kept)
