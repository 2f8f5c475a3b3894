"""Train a small GPT, character by character, on the source code of Python's own standard library.

    python examples/chargpt/train.py --minutes 10

The text is whatever `sysconfig` says the standard library of this interpreter is: some ten million
characters of Python. Every tenth file is held out. The network has 4 layers, 128 channels and sees
128 characters; forward, backward, clipping and optimizer are one compiled step. The script trains
for `--minutes` (or `--steps`), prints the loss on held-out text in nats a character and ends
with an error if it is above `--target`; then it writes some code of its own.
"""

from __future__ import annotations

import argparse
import math
import pathlib
import sys
import sysconfig
import time
from typing import Any

import numpy as np
from proa.nn import functional as F
from tqdm import tqdm

import proa
from proa import nn

FIRST, LAST = 32, 126  # printable ASCII; besides these a newline, and one sign for the rest
SIGNS = LAST - FIRST + 3
NEWLINE, OTHER = SIGNS - 2, SIGNS - 1


def encode(text: bytes) -> Any:
    codes = np.frombuffer(text, np.uint8)
    signs = np.where((codes >= FIRST) & (codes <= LAST), codes.astype(np.int64) - FIRST, OTHER)
    return np.where(codes == ord("\n"), NEWLINE, signs).astype(np.uint8)


def decode(signs: Any) -> str:
    return "".join(
        "\n" if s == NEWLINE else "?" if s == OTHER else chr(FIRST + s) for s in map(int, signs)
    )


def load_text() -> tuple[Any, Any]:
    """Training and held-out text: the top-level modules and packages, without tests."""
    root = pathlib.Path(sysconfig.get_paths()["stdlib"])
    skipped = {"test", "tests", "site-packages", "dist-packages", "idle_test", "lib2to3",
               "__pycache__", "encodings", "pydoc_data", "ensurepip"}
    files = sorted(
        path for path in root.rglob("*.py")
        if not skipped & set(path.relative_to(root).parts)
    )
    parts = [encode(path.read_bytes()) for path in files]
    held_out = np.concatenate(parts[::10])
    del parts[::10]
    return np.concatenate(parts), held_out


class Block(nn.Layer):
    """Attention to earlier characters, then two linear layers; each adds to what it reads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        batch, length, width = x.shape
        qkv = self.attend(self.norm1(x)).reshape([batch, length, 3, self.heads, -1])
        q, k, v = qkv.unbind(2)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.join(mixed.reshape([batch, length, width]))
        return x + self.narrow(F.gelu(self.widen(self.norm2(x))))


class Gpt(nn.Layer):
    """Radford et al. 2019, small."""

    def __init__(self, layers: int, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.context = context
        self.signs = nn.Embedding(SIGNS, width)
        self.places = nn.Embedding(context, width)
        self.blocks = nn.LayerList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, SIGNS)
        scale = nn.initializer.Normal(0.0, 0.02)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                scale(parameter)
            if name.endswith(("join.weight", "narrow.weight")):  # their sum stays small
                parameter.set_value(parameter * (2 * layers) ** -0.5)

    def forward(self, signs: Any) -> Any:
        x = self.signs(signs) + self.places(proa.arange(signs.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def loss(self, signs: Any) -> Any:
        """Mean cross-entropy of each sign after the ones before it, in nats."""
        logits = self(signs[:, :-1])
        return F.cross_entropy(logits.reshape([-1, SIGNS]), signs[:, 1:].reshape([-1]))


def batch_of(text: Any, count: int, context: int, rng: np.random.Generator) -> Any:
    starts = rng.integers(0, len(text) - context - 1, count)
    return proa.to_tensor(text[starts[:, None] + np.arange(context + 1)].astype(np.int64))


def evaluate(net: Gpt, text: Any, batches: int, count: int) -> float:
    """Mean loss on evenly spread pieces of `text`."""
    net.eval()
    loss = proa.jit.to_static(net.loss)
    pieces = np.linspace(0, len(text) - net.context - 2, batches * count).astype(np.int64)
    total = 0.0
    with proa.no_grad():
        for part in pieces.reshape(batches, count):
            signs = text[part[:, None] + np.arange(net.context + 1)].astype(np.int64)
            total += loss(proa.to_tensor(signs)).item()
    net.train()
    return total / batches


def generate(net: Gpt, start: str, length: int, temperature: float, rng: Any) -> str:
    """Goes on from `start`, one character at a time."""
    net.eval()
    forward = proa.jit.to_static(net.forward)
    signs = list(encode(start.encode()))
    with proa.no_grad():
        for _ in range(length):
            seen = np.array(signs[-net.context :], np.int64)
            logits = forward(proa.to_tensor(seen[None]))[0, len(seen) - 1].numpy()
            odds = np.exp((logits - logits.max()).astype(np.float64) / temperature)
            signs.append(int(rng.choice(SIGNS, p=odds / odds.sum())))
    net.train()
    return decode(signs)


class Pace:
    """How far training is, from 0 to 1: by steps, or else by the clock."""

    def __init__(self, steps: int | None, minutes: float) -> None:
        self.steps, self.seconds = steps, minutes * 60
        self.started = time.perf_counter()

    def at(self, step: int) -> float:
        spent = time.perf_counter() - self.started
        return step / self.steps if self.steps else spent / self.seconds


def train(net: Gpt, text: Any, args: Any) -> int:
    optimizer = proa.optimizer.AdamW(
        args.learning_rate,
        beta2=0.99,
        parameters=net.parameters(),
        weight_decay=0.1,
        apply_decay_param_fun=lambda name: name in matrices,
        grad_clip=nn.ClipGradByGlobalNorm(1.0),
    )
    matrices = {p.name for p in net.parameters() if p.ndim == 2}

    @proa.jit.to_static
    def step(signs: Any) -> Any:
        loss = net.loss(signs)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad(set_to_zero=False)
        return loss

    rng = np.random.default_rng(args.seed)
    pace, done, shown = Pace(args.steps, args.minutes), 0, math.nan
    quick = 0.1 if sys.stdout.isatty() else 10.0
    with tqdm(total=100, unit="%", file=sys.stdout, mininterval=quick,
              bar_format="{l_bar}{bar}| {elapsed} {postfix}") as bar:
        while (share := pace.at(done)) < 1.0:
            # Up over the first twentieth, then half a cosine down to a tenth.
            rise = min(1.0, share / 0.05)
            fall = 0.1 + 0.9 * 0.5 * (1.0 + math.cos(math.pi * share))
            optimizer.set_lr(args.learning_rate * rise * fall)
            loss = step(batch_of(text, args.batch_size, net.context, rng)).item()
            shown = loss if math.isnan(shown) else 0.98 * shown + 0.02 * loss
            done += 1
            bar.set_postfix_str(f"step {done:,}, loss {shown:.3f}", refresh=False)
            bar.update(min(100.0, 100.0 * pace.at(done)) - bar.n)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of training")
    parser.add_argument("--steps", type=int, help="so many steps instead, however long they take")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--context", type=int, default=128, help="characters seen at once")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="the highest")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", type=float, default=1.6, help="held-out loss to be reached")
    parser.add_argument("--write", type=int, default=400, help="characters to write at the end")
    args = parser.parse_args()
    if args.width % args.heads or min(args.layers, args.context, args.batch_size) < 1:
        parser.error("expected positive sizes, and a width that divides into the heads")

    proa.seed(args.seed)
    text, held_out = load_text()
    net = Gpt(args.layers, args.width, args.heads, args.context)
    parameters = sum(p.size for p in net.parameters())
    print(f"{len(text):,} characters to learn from, {len(held_out):,} held out; "
          f"{parameters:,} parameters")
    started = time.perf_counter()
    steps = train(net, text, args)
    seconds = time.perf_counter() - started
    loss = evaluate(net, held_out, 16, args.batch_size)
    speed = steps * args.batch_size * args.context / seconds
    print(f"{steps:,} steps in {seconds:.0f} s, {speed:,.0f} characters/s")
    print(f"held-out loss: {loss:.4f} nats a character")
    if args.write:
        print("-" * 80)
        print(generate(net, "def ", args.write, 0.8, np.random.default_rng(args.seed)))
        print("-" * 80)
    if loss >= args.target:
        print(f"the held-out loss is not below {args.target}", file=sys.stderr)
    return 0 if loss < args.target else 1


if __name__ == "__main__":
    sys.exit(main())
