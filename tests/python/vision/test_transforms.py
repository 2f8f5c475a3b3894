"""Transforms, against Pillow and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps
from proa.vision import ops
from proa.vision import transforms as T

import proa

RNG = np.random.default_rng(21)
ARRAY = RNG.integers(0, 256, (37, 52, 3)).astype(np.uint8)
PILLOW = Image.fromarray(ARRAY)
TENSOR = proa.to_tensor(ARRAY.transpose(2, 0, 1).copy())


def planes(image: object) -> np.ndarray:
    """Any kind of image as [channels, height, width]."""
    if isinstance(image, proa.Tensor):
        return image.numpy()
    array = np.asarray(image)
    return (array[:, :, None] if array.ndim == 2 else array).transpose(2, 0, 1)


def check(transform: object, want: np.ndarray, kinds: tuple = (PILLOW, ARRAY, TENSOR)) -> None:
    for image in kinds:
        got = transform(image)
        assert isinstance(got, Image.Image if image is PILLOW else type(image))
        np.testing.assert_array_equal(planes(got), want.reshape(planes(got).shape))


def test_images_as_numbers() -> None:
    want = ARRAY.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    for image in (PILLOW, ARRAY):
        np.testing.assert_array_equal(T.to_tensor(image).numpy(), want)
        got = T.ToTensor("HWC")(image).numpy()
        np.testing.assert_array_equal(got, want.transpose(1, 2, 0))
    gray = T.to_tensor(PILLOW.convert("L"))
    assert gray.shape == [1, 37, 52] and gray.dtype == proa.float32
    numbers = T.to_tensor(ARRAY.astype(np.float64)).numpy()
    np.testing.assert_array_equal(numbers, ARRAY.transpose(2, 0, 1).astype(np.float32))


@pytest.mark.parametrize("name, number", [("bilinear", 2), ("bicubic", 3), ("nearest", 0)])
def test_sizes(name: str, number: int) -> None:
    want = planes(PILLOW.resize((31, 40), number))
    check(T.Resize((40, 31), name), want, (PILLOW, TENSOR))
    opencv = ops.resize_image(proa.to_tensor(ARRAY), [40, 31], "bilinear", "opencv").numpy()
    np.testing.assert_array_equal(T.resize(ARRAY, (40, 31)), opencv)
    check(T.Resize(20, name), planes(PILLOW.resize((int(20 * 52 / 37), 20), number)), (PILLOW,))
    tall = PILLOW.transpose(Image.Transpose.TRANSPOSE)
    assert T.resize(tall, 20, name).size == (20, int(20 * 52 / 37))
    floats = TENSOR.astype("float32")
    wanted = proa.nn.functional.interpolate(floats.unsqueeze(0), [40, 31], mode=name)[0]
    np.testing.assert_array_equal(T.resize(floats, (40, 31), name).numpy(), wanted.numpy())


def test_parts_and_mirrors() -> None:
    check(lambda i: T.crop(i, 3, 5, 20, 30), planes(PILLOW.crop((5, 3, 35, 23))))
    check(T.CenterCrop(20), planes(ARRAY[8:28, 16:36]))
    check(T.CenterCrop((37, 10)), planes(ARRAY[:, 21:31]))
    check(T.hflip, planes(ImageOps.mirror(PILLOW)))
    check(T.vflip, planes(ImageOps.flip(PILLOW)))


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize("padding, sides", [(3, (3, 3, 3, 3)), ((4, 2), (4, 2, 4, 2)),
                                            ([1, 0, 5, 7], (1, 0, 5, 7))])  # fmt: skip
def test_margins(mode: str, padding: object, sides: tuple) -> None:
    left, top, right, bottom = sides
    want = np.pad(ARRAY, [(top, bottom), (left, right), (0, 0)], mode)
    check(T.Pad(padding, 0, mode), planes(want))


def test_margins_of_a_colour() -> None:
    want = planes(ImageOps.expand(PILLOW, 4, (9, 200, 31)))
    check(T.Pad(4, (9, 200, 31)), want)


def test_gray() -> None:
    luma = planes(PILLOW.convert("L"))
    check(T.Grayscale(), luma)
    check(T.Grayscale(3), np.concatenate([luma] * 3))


def test_normal_numbers() -> None:
    mean, std = [0.5, 0.25, 0.125], [0.5, 2.0, 4.0]
    x = TENSOR.numpy().astype(np.float32)
    columns = [np.array(v, np.float32).reshape(3, 1, 1) for v in (mean, std)]
    want = (x - columns[0]) / columns[1]
    np.testing.assert_array_equal(T.normalize(TENSOR, mean, std).numpy(), want)
    got = T.Normalize(mean, std, data_format="HWC")(ARRAY)
    assert isinstance(got, np.ndarray)
    np.testing.assert_array_equal(got, want.transpose(1, 2, 0))
    turned = T.normalize(TENSOR, 0.5, 0.5, to_rgb=True).numpy()
    np.testing.assert_array_equal(turned, (x[::-1] - np.float32(0.5)) / np.float32(0.5))
    np.testing.assert_array_equal(T.normalize(PILLOW, mean, std).numpy(), want)


def test_one_after_the_other() -> None:
    chain = T.Compose([T.Resize(24), T.CenterCrop(24), T.ToTensor(), T.Normalize(0.5, 0.5)])
    got = chain(PILLOW)
    small = PILLOW.resize((int(24 * 52 / 37), 24), 2)
    left = round((small.size[0] - 24) / 2)
    cut = np.asarray(small)[:, left : left + 24].transpose(2, 0, 1).astype(np.float32)
    np.testing.assert_array_equal(got.numpy(), (cut / np.float32(255) - 0.5) / 0.5)
    assert "Resize(size=24" in repr(chain) and repr(chain).count("\n") == 5
    image, label = T.Resize((4, 4), keys=("image", "label"))((PILLOW, 7))
    assert image.size == (4, 4) and label == 7
    assert T.Transpose()(ARRAY).shape == (3, 37, 52)


@pytest.mark.parametrize(
    "call, word",
    [
        (lambda: T.resize("image.png", 4), "img"),
        (lambda: T.resize(ARRAY, (4, 4, 4)), "size"),
        (lambda: T.resize(ARRAY, 4, "cubic"), "interpolation"),
        (lambda: T.resize(PILLOW.convert("CMYK"), 4), "mode"),
        (lambda: T.crop(ARRAY, 30, 0, 10, 10), "pixels"),
        (lambda: T.center_crop(ARRAY, 60), "pixels"),
        (lambda: T.pad(ARRAY, -1), "padding"),
        (lambda: T.pad(ARRAY, 37, padding_mode="reflect"), "fit"),
        (lambda: T.pad(ARRAY, 1, (1, 2)), "fill"),
        (lambda: T.normalize(TENSOR, [0.1, 0.2], 1.0), "mean"),
        (lambda: T.normalize(TENSOR, 0.0, 0.0), "std"),
        (lambda: T.to_grayscale(ARRAY[:, :, :2]), "three"),
        (lambda: T.to_grayscale(ARRAY, 2), "num_output_channels"),
        (lambda: T.Compose([3]), "transforms"),
        (lambda: T.Resize(4, keys=("label",)), "keys"),
    ],
)
def test_what_is_refused(call: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        call()
