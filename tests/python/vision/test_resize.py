"""Resized images: the bytes of Pillow, which is here, and of OpenCV, which was elsewhere."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from PIL import Image
from proa.vision import ops

import proa

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}
RNG = np.random.default_rng(11)
SIZES = [
    (480, 640, 224, 224),
    (640, 480, 224, 224),
    (500, 40, 100, 39),  # columns first
    (80, 3, 53, 67),  # columns first
    (31, 31, 32, 32),
    (7, 9, 7, 30),
    (7, 9, 30, 9),
    (5, 1, 1, 1200),
    (3000, 10, 3, 9),
    (1, 1, 1, 1),
] + [tuple(int(n) for n in RNG.integers(1, 120, 4)) for _ in range(20)]


def pillow(image: np.ndarray, height: int, width: int, name: str) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((width, height), FILTERS[name]))


@pytest.mark.parametrize("name", FILTERS)
def test_the_bytes_of_pillow(name: str) -> None:
    for height, width, new_height, new_width in SIZES:
        image = RNG.integers(0, 256, (height, width, 3)).astype(np.uint8)
        got = ops.resize_image(proa.to_tensor(image), [new_height, new_width], name).numpy()
        want = pillow(image, new_height, new_width, name)
        np.testing.assert_array_equal(got, want, err_msg=f"{image.shape} {want.shape}")


@pytest.mark.parametrize("name", FILTERS)
def test_layouts_and_batches_of_images(name: str) -> None:
    images = RNG.integers(0, 256, (2, 21, 34, 3)).astype(np.uint8)
    want = np.stack([pillow(image, 13, 40, name) for image in images])
    x = proa.to_tensor(images)
    np.testing.assert_array_equal(ops.resize_image(x, [13, 40], name).numpy(), want)
    first = proa.transpose(x, [0, 3, 1, 2])  # a view: read where it lies
    got = ops.resize_image(first, [13, 40], name, data_format="CHW").numpy()
    np.testing.assert_array_equal(got, want.transpose(0, 3, 1, 2))
    gray = ops.resize_image(x[0, :, :, 1], [13, 40], name, data_format="HW").numpy()
    np.testing.assert_array_equal(gray, want[0, :, :, 1])


def test_the_bytes_of_opencv() -> None:
    golden = np.load(pathlib.Path(__file__).with_name("golden.npz"))
    count = sum(key.endswith(".x") for key in golden)
    assert count >= 17
    for i in range(count):
        for name in ("bilinear", "nearest"):
            want = golden[f"{i}.{name}"]
            x = proa.to_tensor(golden[f"{i}.x"])
            got = ops.resize_image(x, want.shape[:2], name, like="opencv").numpy()
            np.testing.assert_array_equal(got, want, err_msg=f"{x.shape} {want.shape} {name}")


@pytest.mark.parametrize("like", ["pillow", "opencv"])
def test_one_graph_for_images_of_all_sizes(like: str) -> None:
    @proa.jit.to_static
    def small(x: proa.Tensor) -> proa.Tensor:
        return ops.resize_image(x, [24, 32], like=like)

    for height, width in ((48, 64), (100, 33), (24, 32), (10, 90), (97, 20)):
        image = proa.to_tensor(RNG.integers(0, 256, (height, width, 3)).astype(np.uint8))
        want = ops.resize_image(image, [24, 32], like=like).numpy()
        np.testing.assert_array_equal(small(image).numpy(), want)
    assert len(small.captures()) == 1


def test_mixtures_of_pixels_by_their_formula() -> None:
    image = RNG.integers(0, 256, (5, 40, 7, 600)).astype(np.uint8)
    for axis in range(4):
        for x in (image, image[:, :, :, :3], image[:, :, :, :1], image[:, ::2]):
            at = RNG.integers(-2, x.shape[axis] + 2, (9, 4))
            weight = RNG.integers(-(2**21), 2**22, (9, 4)).astype(np.int32)
            taken = np.take(x, np.clip(at, 0, x.shape[axis] - 1), axis).astype(np.int64)
            shape = [1] * axis + [9, 4] + [1] * (3 - axis)
            total = (taken * weight.reshape(shape)).sum(axis + 1).astype(np.int32)
            want = np.clip((total + (1 << 21)) >> 22, 0, 255).astype(np.uint8)
            for threads in (1, 2, 3):
                before = proa.get_num_threads()
                proa.set_num_threads(threads)
                got = proa._proa.ops.mix_pixels(
                    proa.to_tensor(x), proa.to_tensor(at), proa.to_tensor(weight), axis
                ).numpy()
                proa.set_num_threads(before)
                np.testing.assert_array_equal(got, want)
