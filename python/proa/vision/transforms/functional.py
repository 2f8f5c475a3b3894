"""Functions of one image: a Pillow image, a NumPy array [height, width, channels] or
[height, width], or a tensor [..., channels, height, width].

Why operators underneath: what prepares images in training is exported with the model and runs in
the predictor, with the same bytes. A result is of the kind that the image was, but for to_tensor.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any, Literal

import numpy

import proa

from ... import _proa
from ...check import one_of, refuse
from ...nn import functional as F
from ..ops import resize_image

__all__ = [
    "center_crop",
    "crop",
    "hflip",
    "normalize",
    "pad",
    "resize",
    "to_grayscale",
    "to_tensor",
    "vflip",
]

Interpolation = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
_FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


class _Image:
    """An image as a tensor [..., channels, height, width], and the way back."""

    def __init__(self, where: str, img: Any) -> None:
        self.kind = "tensor"
        self.flat = False  # an array without an axis of channels
        if isinstance(img, _proa.Tensor):
            self.pixels = img
        else:
            array = img
            self.kind = "array"
            if not isinstance(img, numpy.ndarray):
                if not hasattr(img, "convert") or not hasattr(img, "mode"):
                    refuse(where, "img", "a Pillow image, an array or a tensor", img)
                self.kind = "pillow"
                if img.mode not in ("L", "RGB", "RGBA", "F"):
                    refuse(where, "img", "an image of mode L, RGB, RGBA or F", img.mode)
                array = numpy.asarray(img)
            self.flat = array.ndim == 2
            if array.ndim not in (2, 3):
                refuse(where, "img", "[height, width] or [height, width, channels]", array.shape)
            tensor = proa.to_tensor(numpy.ascontiguousarray(array))
            planes = proa.unsqueeze(tensor, -1) if self.flat else tensor
            self.pixels = proa.transpose(planes, [2, 0, 1])
        if len(self.pixels.shape) < 3:
            shape = list(self.pixels.shape)
            refuse(where, "img", "a tensor [..., channels, height, width]", shape)

    @property
    def size(self) -> tuple[Any, Any]:
        return self.pixels.shape[-2], self.pixels.shape[-1]

    def back(self, pixels: _proa.Tensor) -> Any:
        if self.kind == "tensor":
            return pixels
        array = numpy.ascontiguousarray(proa.transpose(pixels, [1, 2, 0]).numpy())
        if array.shape[2] == 1 and (self.flat or self.kind == "pillow"):
            array = array[:, :, 0]
        if self.kind == "array":
            return array
        from PIL import Image

        return Image.fromarray(array)


def _pair(where: str, argument: str, given: Any) -> tuple[Any, Any]:
    if isinstance(given, numbers.Integral):
        return given, given
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        refuse(where, argument, "a number or (height, width)", given)
    return given[0], given[1]


def to_tensor(pic: Any, data_format: Literal["CHW", "HWC"] = "CHW") -> _proa.Tensor:
    """An image as float32 [channels, height, width] (or with channels last), bytes divided by 255.

    Args:
        pic: a Pillow image or an array [height, width] or [height, width, channels]; other
            elements than bytes keep their values.
        data_format: where the channels go.
    """
    one_of("to_tensor", "data_format", data_format, ["CHW", "HWC"])
    pixels = _Image("to_tensor", pic).pixels
    is_bytes = pixels.dtype == proa.uint8
    pixels = pixels.astype("float32")
    if is_bytes:
        pixels = pixels / 255.0
    return pixels if data_format == "CHW" else proa.transpose(pixels, [1, 2, 0])


def resize(img: Any, size: int | Sequence[int], interpolation: Interpolation = "bilinear") -> Any:
    """The image in another size. Pillow images and tensors of bytes get Pillow's bytes, arrays of
    bytes OpenCV's where it has the filter (as Paddle does); numbers are interpolated as they are.

    Args:
        img: the image.
        size: (height, width), or the length of the shorter side.
        interpolation: nearest, box, bilinear, hamming, bicubic or lanczos; of numbers nearest,
            bilinear or bicubic.
    """
    one_of("resize", "interpolation", interpolation, _FILTERS)
    image = _Image("resize", img)
    height, width = image.size
    if isinstance(size, numbers.Integral):
        short = int(size)
        if min(height, width) < 1:
            refuse("resize", "img", "an image with pixels", [height, width])
        # In Paddle's order: one rounding towards zero.
        target = (
            (int(short * height / width), short)
            if width <= height
            else (short, int(short * width / height))
        )
    else:
        target = _pair("resize", "size", size)
    pixels = image.pixels
    if pixels.dtype == proa.uint8:
        like: Literal["pillow", "opencv"] = "pillow"
        if image.kind == "array" and interpolation in ("nearest", "bilinear"):
            like = "opencv"
        return image.back(resize_image(pixels, target, interpolation, like, "CHW"))
    one_of("resize", "interpolation", interpolation, ["nearest", "bilinear", "bicubic"])
    whole = proa.reshape(pixels, [-1, *pixels.shape[-3:]])
    new = F.interpolate(whole, list(target), mode=interpolation)
    return image.back(proa.reshape(new, [*pixels.shape[:-2], *target]))


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part [top, top + height) x [left, left + width) of an image; it must lie inside."""
    image = _Image("crop", img)
    rows, columns = image.size
    if not (0 <= top and top + height <= rows and 0 <= left and left + width <= columns):
        refuse("crop", "img", f"{height} x {width} pixels from ({top}, {left}) on", [rows, columns])
    return image.back(image.pixels[..., top : top + height, left : left + width])


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle of an image: `output_size` is (height, width), or both in one."""
    height, width = _pair("center_crop", "output_size", output_size)
    rows, columns = _Image("center_crop", img).size
    top, left = round((rows - height) / 2.0), round((columns - width) / 2.0)
    return crop(img, top, left, height, width)


def hflip(img: Any) -> Any:
    """The image with left and right exchanged."""
    image = _Image("hflip", img)
    return image.back(proa.flip(image.pixels, -1))


def vflip(img: Any) -> Any:
    """The image with top and bottom exchanged."""
    image = _Image("vflip", img)
    return image.back(proa.flip(image.pixels, -2))


def normalize(
    img: Any,
    mean: float | Sequence[float],
    std: float | Sequence[float],
    data_format: Literal["CHW", "HWC"] = "CHW",
    to_rgb: bool = False,
) -> Any:
    """(img - mean) / std for each channel, in float32; an array stays one.

    Args:
        img: a tensor or array whose axes are `data_format`, or a Pillow image.
        mean: of each channel, or of all.
        std: of each channel, or of all; not 0.
        data_format: where the channels are.
        to_rgb: whether the order of the channels is turned first.
    """
    one_of("normalize", "data_format", data_format, ["CHW", "HWC"])
    if isinstance(img, (_proa.Tensor, numpy.ndarray)):
        pixels = img if isinstance(img, _proa.Tensor) else proa.to_tensor(img)
    else:
        pixels = _Image("normalize", img).pixels
        if data_format == "HWC":
            pixels = proa.transpose(pixels, [1, 2, 0])
    if len(pixels.shape) < 3:
        refuse("normalize", "img", f"an image {data_format}", list(pixels.shape))
    axis = -3 if data_format == "CHW" else -1
    count = pixels.shape[axis]
    if to_rgb:
        pixels = proa.flip(pixels, axis)

    def channels(argument: str, given: float | Sequence[float]) -> _proa.Tensor:
        values = [float(given)] if isinstance(given, (int, float)) else [float(v) for v in given]
        if len(values) not in (1, count):
            refuse("normalize", argument, f"one number, or one for each of {count} channels", given)
        if argument == "std" and 0.0 in values:
            refuse("normalize", argument, "numbers other than 0", given)
        return proa.to_tensor(values, dtype="float32").reshape([-1] + [1] * (-axis - 1))

    result = (pixels.astype("float32") - channels("mean", mean)) / channels("std", std)
    return result.numpy() if isinstance(img, numpy.ndarray) else result


def pad(
    img: Any,
    padding: int | Sequence[int],
    fill: float | Sequence[float] = 0,
    padding_mode: Literal["constant", "edge", "reflect", "symmetric"] = "constant",
) -> Any:
    """An image with a margin.

    Args:
        img: the image.
        padding: pixels on all sides, (left and right, top and bottom) or (left, top, right,
            bottom).
        fill: of a constant margin; one number for each channel or for all.
        padding_mode: constant; edge repeats the outermost pixels; reflect mirrors without them,
            symmetric with them.
    """
    one_of("pad", "padding_mode", padding_mode, ["constant", "edge", "reflect", "symmetric"])
    given = [padding] if isinstance(padding, int) else list(padding)
    if len(given) not in (1, 2, 4) or any(v < 0 for v in given):
        refuse("pad", "padding", "1, 2 or 4 numbers of at least 0", padding)
    left, top, right, bottom = (given * (4 // len(given)))[:4]
    image = _Image("pad", img)
    height, width = image.size
    if padding_mode == "constant":
        values = [fill] if isinstance(fill, (int, float)) else list(fill)
        if len(values) not in (1, image.pixels.shape[-3]):
            refuse("pad", "fill", "one number, or one for each channel", fill)
        margin = proa.to_tensor(values).astype(image.pixels.dtype).reshape([-1, 1, 1])
        shape = list(image.pixels.shape)
        shape[-2:] = [height + top + bottom, width + left + right]
        rows = proa.arange(shape[-2]).unsqueeze(1) - top
        columns = proa.arange(shape[-1]) - left
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        moved = _taken(_taken(image.pixels, -2, rows.squeeze(1), height), -1, columns, width)
        return image.back(proa.where(inside, moved, proa.expand(margin, shape)))
    if padding_mode != "edge":
        least = 1 if padding_mode == "reflect" else 0
        if max(top, bottom) > height - least or max(left, right) > width - least:
            refuse("pad", "padding", f"margins that fit in {height} x {width} pixels", padding)
    pixels = image.pixels
    for axis, before, after, extent in ((-2, top, bottom, height), (-1, left, right, width)):
        at = proa.arange(extent + before + after) - before
        if padding_mode != "edge":
            shift = 0 if padding_mode == "reflect" else 1
            at = proa.where(at < 0, -at - shift, at)
            at = proa.where(at >= extent, 2 * extent - 2 + shift - at, at)
        pixels = _taken(pixels, axis, at, extent)
    return image.back(pixels)


def _taken(x: _proa.Tensor, axis: int, at: _proa.Tensor, extent: Any) -> _proa.Tensor:
    """Rows or columns of x; those outside are the nearest ones."""
    return proa.index_select(x, proa.clip(at, 0, extent - 1), axis)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Luma of an RGB image (ITU-R BT.601), of bytes in Pillow's integers.

    Args:
        img: of three channels.
        num_output_channels: 1, or 3 equal ones.
    """
    if num_output_channels not in (1, 3):
        refuse("to_grayscale", "num_output_channels", "1 or 3", num_output_channels)
    image = _Image("to_grayscale", img)
    pixels = image.pixels
    if pixels.shape[-3] != 3:
        refuse("to_grayscale", "img", "three channels", list(pixels.shape))
    parts = [pixels[..., i : i + 1, :, :] for i in range(3)]
    if pixels.dtype == proa.uint8:
        red, green, blue = (part.astype("int32") for part in parts)
        luma = ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype("uint8")
    else:
        luma = parts[0] * 0.299 + parts[1] * 0.587 + parts[2] * 0.114
    if num_output_channels == 3:
        luma = proa.concat([luma] * 3, -3)
    return image.back(luma)
