"""Forwards of whole models with random weights, in PyTorch's names: ours captured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import peers

CASES = {
    "resnet18": "ResNet-18 (He et al. 2016) on one image of 224 x 224, captured",
    "bert_base": "the encoder of BERT base (Devlin et al. 2019) on [1, 128] tokens, captured",
}
THREADS = (1, 2)
PEERS = (peers.EAGER, peers.COMPILED, peers.ONNX)


def figures(case: str) -> list[str]:
    return [case]


def resnet18(torch: Any) -> tuple[Any, Any]:
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, into: int, out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(into, out, 3, stride=stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(out)
            self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(out)
            self.shortcut = nn.Sequential()
            if stride != 1 or into != out:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(into, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)
                )

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))

    layers: list[Any] = [
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    into = 64
    for out, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Block(into, out, stride), Block(out, out, 1)]
        into = out
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    return nn.Sequential(*layers), torch.randn(1, 3, 224, 224)


def bert_base(torch: Any) -> tuple[Any, Any]:
    nn, width, heads = torch.nn, 768, 12

    class Layer(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)
            self.norm1 = nn.LayerNorm(width)
            self.wide = nn.Linear(width, 4 * width)
            self.narrow = nn.Linear(4 * width, width)
            self.norm2 = nn.LayerNorm(width)

        def forward(self, x: Any) -> Any:
            batch, length, _ = x.shape
            qkv = self.qkv(x).reshape(batch, length, 3, heads, width // heads)
            q, k, v = (qkv[:, :, i].transpose(1, 2) for i in range(3))
            y = nn.functional.scaled_dot_product_attention(q, k, v)
            x = self.norm1(x + self.out(y.transpose(1, 2).reshape(batch, length, width)))
            return self.norm2(x + self.narrow(nn.functional.gelu(self.wide(x))))

    class Bert(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(30522, width)
            self.places = nn.Parameter(torch.zeros(128, width))
            self.norm = nn.LayerNorm(width)
            self.layers = nn.Sequential(*[Layer() for _ in range(12)])

        def forward(self, ids: Any) -> Any:
            return self.layers(self.norm(self.tokens(ids) + self.places))

    return Bert(), torch.arange(128).reshape(1, 128)


def make(framework: str, figure: str) -> Callable[[], object]:
    if framework == "proa":
        import proa.torch as torch
    else:
        import torch

    torch.set_grad_enabled(False)
    model, x = {"resnet18": resnet18, "bert_base": bert_base}[figure](torch)
    model.eval()
    if framework == peers.ONNX:
        return peers.session(model, x)
    run = peers.captured(framework)(model)
    return lambda: run(x)
