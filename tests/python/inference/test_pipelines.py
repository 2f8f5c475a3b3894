"""Whole pipelines as one file: bytes of an image in, decisions out, with Python's bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from proa.vision import ops
from proa.vision import transforms as T

import proa
from proa import inference

RNG = np.random.default_rng(41)


class Classifier(proa.nn.Layer):
    """Resize, crop, normalise; a small network; the best three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.net = proa.nn.Sequential(
            proa.nn.Conv2D(3, 8, 3, stride=2, padding=1),
            proa.nn.BatchNorm2D(8),
            proa.nn.ReLU(),
            proa.nn.AdaptiveAvgPool2D(4),
            proa.nn.Flatten(),
            proa.nn.Linear(128, 10),
        )

    def forward(self, image: proa.Tensor) -> Any:
        small = ops.resize_image(image, [40, 40], "bicubic")[4:36, 4:36]
        x = T.normalize(small.transpose([2, 0, 1]), [120.0, 115.0, 100.0], [60.0, 57.0, 58.0])
        chances = proa.nn.functional.softmax(self.net(x.unsqueeze(0)), -1)
        return proa.topk(chances, 3)


class Detector(proa.nn.Layer):
    """Boxes and scores of a grid, decoded, suppressed, the best first."""

    def __init__(self) -> None:
        super().__init__()
        self.head = proa.nn.Conv2D(3, 5, 3, stride=4, padding=1)

    def forward(self, image: proa.Tensor) -> Any:
        x = T.normalize(image.transpose([2, 0, 1]), 127.5, 127.5)
        found = self.head(x.unsqueeze(0))[0].flatten(1).transpose([1, 0])
        corner = found[:, :2] * 20.0 + 30.0
        boxes = proa.concat([corner, corner + proa.exp(found[:, 2:4] * 0.5) * 12.0], 1)
        scores = proa.nn.functional.sigmoid(found[:, 4])
        kept = ops.nms(boxes, 0.4, scores, top_k=20)
        return proa.index_select(boxes, kept), proa.index_select(scores, kept)


def images() -> list[np.ndarray]:
    sizes = [(64, 64), (48, 100), (131, 57), (40, 200)]
    return [RNG.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]


def check(layer: proa.nn.Layer, path: Path, native: bool) -> list[list[np.ndarray]]:
    layer.eval()
    spec = [proa.jit.InputSpec([None, None, 3], "uint8", "image")]
    proa.jit.save(layer, path, spec, targets=["x86-64-v3"] if native else [])
    config = inference.Config(str(path))
    config.allow_native_code(native)
    predictor = inference.create_predictor(config)
    answers = []
    for image in images():
        predictor.get_input_handle("image").copy_from_cpu(image)
        predictor.run()
        got = [
            predictor.get_output_handle(name).copy_to_cpu()
            for name in predictor.get_output_names()
        ]
        with proa.no_grad():
            wanted = layer(proa.to_tensor(image))
        for a, b in zip(got, wanted, strict=True):
            assert a.shape == tuple(b.shape)
            assert a.tobytes() == b.numpy().tobytes()
        answers.append(got)
    return answers


def test_from_an_image_to_classes(tmp_path: Path) -> None:
    proa.seed(3)
    layer = Classifier()
    for native in (False, True):
        answers = check(layer, tmp_path / f"classes{native}.proa", native)
        assert all(classes.shape == (1, 3) for _, classes in answers)
    # The first step is Pillow's.
    image = images()[1]
    small = np.asarray(Image.fromarray(image).resize((40, 40), Image.Resampling.BICUBIC))
    ours = ops.resize_image(proa.to_tensor(image), [40, 40], "bicubic").numpy()
    np.testing.assert_array_equal(ours, small)


def test_from_an_image_to_boxes(tmp_path: Path) -> None:
    proa.seed(4)
    answers = check(Detector(), tmp_path / "boxes.proa", False)
    counts = [len(boxes) for boxes, _ in answers]
    assert all(1 <= n <= 20 for n in counts)
    for _, scores in answers:
        assert (np.diff(scores) <= 0).all()
