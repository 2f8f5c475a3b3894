"""Makes the golden files of this version of the formats that are not there yet.

A golden file is never made anew: what an older version wrote must be read for ever. A new version
of a format adds files beside the old ones.
"""

from __future__ import annotations

import pathlib

import numpy as np
from proa.jit import InputSpec

import proa
from proa import nn

FOLDER = pathlib.Path(__file__).parent


class Net(nn.Layer):
    """A bit of everything: buffers that training writes, a dropout, a shared weight, a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(1, 2, 3, padding=1)
        self.norm = nn.BatchNorm2D(2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 4)
        self.again = self.fc

    def forward(self, image: proa.Tensor, scale: proa.Tensor) -> dict[str, proa.Tensor]:
        x = nn.functional.gelu(self.norm(self.conv(image)))
        x = nn.functional.max_pool2d(x, 2).flatten(1)
        return {"logits": self.again(self.drop(x)) * scale, "features": x}


class Packed(nn.Layer):
    """Weights that are stored as the kernels read them, too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2D(3, 8, 3, padding=1)
        self.fc = nn.Linear(72, 32)

    def forward(self, image: proa.Tensor) -> proa.Tensor:
        return self.fc(nn.functional.relu(self.conv(image)).flatten(1))


def packed_layer() -> None:
    path = FOLDER / "packed_v1.proa"
    if path.exists():
        return
    proa.seed(8)
    net = Packed()
    net.eval()
    image = proa.randn([4, 3, 3, 3])
    proa.jit.save(net, path, [InputSpec([None, 3, 3, 3], "float32")], targets=["x86-64-v3"])
    proa.save({"image": image, "made": net(image).detach()}, FOLDER / "packed_v1.safetensors")


def main() -> None:
    packed_layer()
    path = FOLDER / "layer_v1.proa"
    if path.exists():
        return
    proa.seed(7)
    net = Net()
    images = np.random.default_rng(7).standard_normal((5, 1, 4, 4), dtype=np.float32)
    net(proa.to_tensor(images), proa.to_tensor(2.0))  # so that the running averages are not new
    spec = [InputSpec([None, 1, 4, 4], "float32"), InputSpec([], "float32", "factor")]
    proa.jit.save(net, path, spec, targets=["x86-64-v3"])
    net.eval()
    made = net(proa.to_tensor(images), proa.to_tensor(3.0))
    proa.save({"image": proa.to_tensor(images), **made}, FOLDER / "layer_v1.safetensors")


if __name__ == "__main__":
    main()
