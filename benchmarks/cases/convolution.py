"""Convolutions of one image: ours captured; PyTorch's oneDNN in the faster of its two layouts."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

CASES = {"conv": "convolutions of one image, captured, and both their gradients, eager"}
THREADS = (1, 2)
# channels, outputs, groups, extent, kernel, padding
LAYERS = {
    "conv_3x3_64ch_56x56": (64, 64, 1, 56, 3, 1),
    "conv_3x3_256ch_14x14": (256, 256, 1, 14, 3, 1),
    "conv_1x1_64_256_56x56": (64, 256, 1, 56, 1, 0),
    "conv_depthwise_144ch_56x56": (144, 144, 144, 56, 3, 1),
}


def figures(case: str) -> list[str]:
    return [*LAYERS, *(f"{layer}_backward" for layer in LAYERS)]


def make(framework: str, figure: str) -> Callable[[], object]:
    layer, backward = figure.removesuffix("_backward"), figure.endswith("_backward")
    ins, outs, groups, extent, kernel, padding = LAYERS[layer]
    shapes = [1, ins, extent, extent], [outs, ins // groups, kernel, kernel]
    if framework == "proa":
        from proa.nn import functional as nn

        import proa as f

        x, w = f.randn(shapes[0]), f.randn(shapes[1])
        if not backward:
            run = f.jit.to_static(lambda x, w: nn.conv2d(x, w, None, 1, padding, 1, groups))
            return lambda: run(x, w)
        x.stop_gradient = w.stop_gradient = False
        y = nn.conv2d(x, w, None, 1, padding, 1, groups)
        g = f.ones_like(y)
        return lambda: f.grad([y], [x, w], [g], retain_graph=True)

    import torch as f
    from torch.nn import functional as nn

    f.set_grad_enabled(False)
    calls = []
    for layout in (f.contiguous_format, f.channels_last):
        x, w = (f.randn(shape).contiguous(memory_format=layout) for shape in shapes)

        def forward(x: Any = x, w: Any = w) -> Any:
            return nn.conv2d(x, w, None, 1, padding, 1, groups)

        g = f.ones_like(forward())

        def both(x: Any = x, w: Any = w, g: Any = g) -> Any:
            return f.ops.aten.convolution_backward(
                g, x, w, None, [1, 1], [padding] * 2, [1, 1], False, [0, 0], groups,
                [True, True, False],
            )  # fmt: skip

        calls.append(both if backward else forward)

    def seconds(call: Callable[[], object]) -> float:
        return min(timeit.repeat(call, number=3, repeat=5))

    return min(calls, key=seconds)
