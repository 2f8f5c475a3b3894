"""Whole training steps: ours one graph, PyTorch's eager and compiled; and the memory of one."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from . import peers

CASES = {
    "train_digits": "a step of the network of examples/digits, batch 64: forward, backward, AdamW",
    "train_gpt": "a step of a GPT, 4 layers, width 128, 16 texts of 128 signs: forward, backward, "
    "clipping, AdamW",
}
THREADS = (1, 2)
PEERS = (peers.EAGER, peers.COMPILED)
LAYERS, WIDTH, HEADS, CONTEXT, SIGNS, TEXTS = 4, 128, 4, 128, 97, 16
PEAK_STEPS = 4


def figures(case: str) -> list[str]:
    return [case]


def modules(framework: str) -> tuple[Any, Any, Any, bool]:
    if framework == "proa":
        from proa.nn import functional

        import proa as f
        from proa import nn

        f.set_grad_enabled(True)
        return f, nn, functional, True
    import torch as f
    from torch import nn
    from torch.nn import functional

    f.set_grad_enabled(True)
    return f, nn, functional, False


def gpt(framework: str) -> Any:
    """The same network in both."""
    f, nn, functional, ours = modules(framework)
    base = nn.Layer if ours else nn.Module

    class Block(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attend, self.join = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            batch, length, width = x.shape
            qkv = self.attend(self.norm1(x)).reshape([batch, length, 3, HEADS, width // HEADS])
            q, k, v = qkv.unbind(2)
            if ours:  # [batch, length, heads, width], as Paddle has it
                y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            else:
                q, k, v = (t.transpose(1, 2) for t in (q, k, v))
                y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
                y = y.transpose(1, 2)
            x = x + self.join(y.reshape([batch, length, width]))
            return x + self.narrow(functional.gelu(self.widen(self.norm2(x))))

    class Gpt(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.signs, self.places = nn.Embedding(SIGNS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SIGNS)

        def forward(self, signs: Any) -> Any:
            x = self.signs(signs) + self.places(f.arange(signs.shape[1]))
            logits = self.head(self.norm(self.blocks(x)))
            return functional.cross_entropy(logits.reshape([-1, SIGNS]), signs.reshape([-1]))

    return Gpt()


def digits(framework: str) -> Any:
    _, nn, _, ours = modules(framework)
    conv, pool = (nn.Conv2D, nn.MaxPool2D) if ours else (nn.Conv2d, nn.MaxPool2d)
    return nn.Sequential(
        conv(1, 16, 3, padding=1), nn.ReLU(), pool(2),
        conv(16, 32, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(512, 10),
    )


def make(framework: str, figure: str) -> Callable[[], object]:
    f, nn, functional, ours = modules(framework)
    if figure == "train_gpt":
        net = gpt(framework)
        given = (f.randint(0, SIGNS, [TEXTS, CONTEXT]),)

        def loss_of(signs: Any) -> Any:
            return net(signs)
    else:
        net = digits(framework)
        given = (f.rand([64, 1, 8, 8]), f.randint(0, 10, [64]))

        def loss_of(images: Any, labels: Any) -> Any:
            return functional.cross_entropy(net(images), labels)

    parameters = list(net.parameters())
    if ours:
        clip = nn.ClipGradByGlobalNorm(1.0) if figure == "train_gpt" else None
        optimizer = f.optimizer.AdamW(1e-3, parameters=parameters, grad_clip=clip)

        @f.jit.to_static
        def step(*batch: Any) -> Any:
            loss = loss_of(*batch)
            loss.backward()
            optimizer.step()
            optimizer.clear_grad(set_to_zero=False)
            return loss
    else:
        optimizer = f.optim.AdamW(parameters, 1e-3)
        loss_of = peers.captured(framework)(loss_of)
        update = peers.captured(framework)(optimizer.step)

        def step(*batch: Any) -> Any:
            loss = loss_of(*batch)
            loss.backward()
            if figure == "train_gpt":
                nn.utils.clip_grad_norm_(parameters, 1.0)
            update()
            optimizer.zero_grad(set_to_none=True)
            return loss

    return lambda: step(*given)


def resident(field: str) -> float:
    """A figure of this process in MiB: VmRSS, or VmHWM, the highest that it was."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"the system does not tell {field}")


def peak_memory(framework: str) -> float:
    """MiB that a few steps of train_gpt take at their highest, above what is there before them."""
    step = make(framework, "train_gpt")
    before = resident("VmRSS")
    for _ in range(PEAK_STEPS):
        step()
    return resident("VmHWM") - before
