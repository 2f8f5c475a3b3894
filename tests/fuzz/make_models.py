"""Makes what the fuzzers begin with: models, small and of many instructions, and a corpus.

    python tests/fuzz/make_models.py

Like golden files they stay as they are; what is made is what is missing.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from proa.jit import InputSpec
from proa.vision import ops
from proa.vision import transforms as T
from safetensors.numpy import load_file

import proa
from proa import nn

FOLDER = pathlib.Path(__file__).parent / "models"
CORPUS = pathlib.Path(__file__).parent / "corpus"


class Digits(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(1, 2, 3, padding=1)
        self.norm = nn.BatchNorm2D(2)
        self.fc = nn.Linear(32, 4)

    def forward(self, image: proa.Tensor) -> proa.Tensor:
        x = nn.functional.relu(self.norm(self.conv(image)))
        return self.fc(nn.functional.max_pool2d(x, 2).flatten(1))


class Encoder(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)

    def forward(self, words: proa.Tensor) -> proa.Tensor:
        return self.layer(self.embed(words))


class Classes(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(48, 5)

    def forward(self, image: proa.Tensor) -> Any:
        small = ops.resize_image(image, [6, 6], "bicubic")[1:5, 1:5]
        x = T.normalize(small.transpose([2, 0, 1]), [120.0, 115.0, 100.0], [60.0, 57.0, 58.0])
        return proa.topk(nn.functional.softmax(self.fc(x.flatten()), -1), 3)


class Boxes(nn.Layer):
    def forward(self, boxes: proa.Tensor, scores: proa.Tensor) -> Any:
        kept = ops.nms(boxes, 0.4, scores, top_k=5)
        return proa.index_select(boxes, kept), proa.index_select(scores, kept)


class Control(nn.Layer):
    def forward(self, x: proa.Tensor) -> Any:
        y = x * 1.0
        while proa.sum(y) < 40.0:
            y = y * 1.5 + 1.0
        if proa.max(y) > 5.0:
            z = y - 3.0
        else:
            z = y + 3.0
        return z, proa.nonzero(z > 0.0)


class Many(nn.Layer):
    """Operators by the dozen."""

    def forward(self, x: proa.Tensor, index: proa.Tensor) -> Any:
        square = proa.matmul(x, x, transpose_x=True) + proa.eye(4)
        factor = proa.linalg.cholesky(square)
        solved = proa.linalg.solve(square, proa.ones([4, 2]))
        u, s, vh = proa.linalg.svd(x[:3, :4])
        spectrum = proa.fft.rfft(x)
        back = proa.fft.irfft(spectrum, n=4)
        values, order = proa.sort(x, axis=0), proa.argsort(x, axis=1)
        picked = proa.gather(x, index, axis=0)
        added = proa.scatter(x, index, picked + 1.0, overwrite=False)
        pooled = nn.functional.avg_pool1d(x.unsqueeze(0), 2, stride=1)
        running = proa.cumsum(x, axis=0) + proa.cummax(x, axis=1)[0]
        where = proa.searchsorted(proa.sort(x[0]), x[1])
        padded = nn.functional.pad(x.unsqueeze(0).unsqueeze(0), [1, 0, 2, 1])
        turned = proa.flip(proa.roll(x, 1, 0), [1]).cast("int32") % 3
        joined = proa.concat([x, back, values], axis=1)[:, ::2]
        return (factor, solved, u, s, vh, spectrum.abs(), order, added, pooled, running, where,
                padded, turned, joined, proa.argmax(x, axis=1))


def save(name: str, layer: nn.Layer, spec: Sequence[InputSpec]) -> None:
    path = FOLDER / f"{name}.proa"
    if path.exists():
        return
    layer.eval()
    proa.jit.save(layer, path, spec)


def corpus() -> None:
    if CORPUS.exists():
        return
    for name in ("npy", "safetensors", "ir_binary"):
        (CORPUS / name).mkdir(parents=True)
    for i, dtype in enumerate(["<f4", ">i8", "|u1", "<c16", "|b1"]):
        array = np.arange(6).reshape(2, 3).astype(dtype)
        np.save(CORPUS / "npy" / f"{i}.npy", np.asfortranarray(array) if i % 2 else array)
    state = {"a.b": proa.arange(6).reshape([2, 3]), "c": proa.ones([2], "complex128")}
    proa.save(state, CORPUS / "safetensors" / "state.safetensors")
    for name in ("boxes", "control"):
        tensors = load_file(FOLDER / f"{name}.proa")
        (CORPUS / "ir_binary" / name).write_bytes(tensors["__proa__.module"].tobytes())


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    proa.seed(7)
    save("digits", Digits(), [InputSpec([None, 1, 8, 8], "float32", "image")])
    save("encoder", Encoder(), [InputSpec([None, None], "int64", "words")])
    save("classes", Classes(), [InputSpec([None, None, 3], "uint8", "image")])
    save("boxes", Boxes(), [InputSpec([None, 4], "float32", "boxes"),
                            InputSpec([None], "float32", "scores")])
    save("control", Control(), [InputSpec([3, None], "float32", "x")])
    save("many", Many(), [InputSpec([5, 4], "float32", "x"), InputSpec([3], "int64", "index")])
    corpus()


if __name__ == "__main__":
    main()
