"""Writes golden.npz: images that OpenCV resized. Run once, where OpenCV is:

    python make_golden.py
"""

import pathlib

import cv2
import numpy

SIZES = [
    (64, 48, 32, 24),  # exactly a half
    (17, 31, 17, 31),
    (33, 64, 33, 16),
    (1, 9, 5, 1),
    (40, 30, 61, 77),
]


def main() -> None:
    rng = numpy.random.default_rng(3)
    sizes = SIZES + [tuple(int(n) for n in rng.integers(1, 60, 4)) for _ in range(12)]
    found = {}
    for i, (height, width, new_height, new_width) in enumerate(sizes):
        image = rng.integers(0, 256, (height, width, 3)).astype(numpy.uint8)
        found[f"{i}.x"] = image
        for name, method in (("bilinear", cv2.INTER_LINEAR), ("nearest", cv2.INTER_NEAREST)):
            found[f"{i}.{name}"] = cv2.resize(image, (new_width, new_height), interpolation=method)
    path = pathlib.Path(__file__).with_name("golden.npz")
    numpy.savez_compressed(path, version=numpy.array(cv2.__version__), **found)
    print(f"{path.name}: {len(sizes)} images by OpenCV {cv2.__version__}")


if __name__ == "__main__":
    main()
