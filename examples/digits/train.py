"""Train a small convolutional network on the handwritten digits that scikit-learn ships.

    python examples/digits/train.py --out out/digits

1,797 grey images of 8 x 8 pixels, split once and for all into 1,437 to learn from and 360 to test
on. It is trained twice from the same start: eagerly, and with the whole step (forward, backward,
optimizer, schedule) as one compiled graph; all weights must come out equal, to the bit. The script
writes curves.png, predictions.png and digits.safetensors into the output folder, reads the weights
back into a new network, checks that it predicts the same, and prints a table. The network is left
as digits.proa too, one file for predictors; with `--predictor build/proa-predict` that program,
which knows no Python, is given the test set and must answer with the same bits. It ends with an
error if fewer test images than `--target` are recognised.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from proa.io import DataLoader, TensorDataset
from proa.static import InputSpec
from sklearn.datasets import load_digits
from tqdm import tqdm

import proa
from proa import nn

TRAIN_IMAGES = 1437


class DigitsNet(nn.Layer):
    """Two convolutions, one pooling step and a linear layer: 9,930 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(1, 16, 3, padding=1),  # 8 x 8 pixels, 16 channels
            nn.ReLU(),
            nn.MaxPool2D(2),  # 4 x 4 pixels
            nn.Conv2D(16, 32, 3, padding=1),  # 4 x 4 pixels, 32 channels
            nn.ReLU(),
        )
        self.classify = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(512, 10))

    def forward(self, images: Any) -> Any:
        return self.classify(self.features(images))


@dataclass
class History:
    """What the curves show, one number an epoch."""

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


def load_data() -> tuple[TensorDataset, Any, Any]:
    """The training set, and the test images and labels; the split does not depend on --seed."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]  # [1797, 1, 8, 8], in 0..1
    labels = digits.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    train, test = order[:TRAIN_IMAGES], order[TRAIN_IMAGES:]
    return TensorDataset([images[train], labels[train]]), images[test], labels[test]


def make_step(net: DigitsNet, optimizer: Any, schedule: Any, compiled: bool) -> Callable[..., Any]:
    """One step of training: the loss, and how many images were recognised."""

    def step(images: Any, labels: Any) -> tuple[Any, Any]:
        logits = net(images)
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad(set_to_zero=False)
        schedule.step()
        return loss, (logits.argmax(axis=1) == labels).sum()

    return proa.jit.to_static(step) if compiled else step


def train_epoch(
    net: DigitsNet, loader: DataLoader, step: Callable[..., Any], bar: Any
) -> tuple[float, float]:
    """One pass over the training set; the mean loss and the accuracy."""
    net.train()
    total_loss = correct = seen = 0.0
    for images, labels in loader:
        loss, recognised = step(images, labels)
        count = images.shape[0]
        seen += count
        total_loss += loss.item() * count
        correct += recognised.item()
        figures = {"loss": f"{total_loss / seen:.4f}", "accuracy": f"{correct / seen:.4f}"}
        bar.set_postfix(figures, refresh=False)
        bar.update(count)
    return total_loss / seen, correct / seen


def evaluate(net: DigitsNet, images: Any, labels: Any) -> tuple[float, Any]:
    """The mean loss on the given images, and the probabilities of the ten digits for each."""
    net.eval()
    with proa.no_grad():
        logits = net(proa.to_tensor(images))
        loss = nn.functional.cross_entropy(logits, proa.to_tensor(labels))
        return loss.item(), nn.functional.softmax(logits, axis=1).numpy()


def train(
    net: DigitsNet, data: TensorDataset, test: tuple[Any, Any], compiled: bool, args: Any
) -> History:
    loader = DataLoader(data, batch_size=args.batch_size, shuffle=True)
    schedule = proa.optimizer.lr.OneCycleLR(
        args.learning_rate, total_steps=args.epochs * len(loader), end_learning_rate=1e-5
    )
    optimizer = proa.optimizer.AdamW(schedule, parameters=net.parameters(), weight_decay=0.01)
    step = make_step(net, optimizer, schedule, compiled)
    history = History()
    # A terminal shows the bar move; a log file gets a line every few seconds.
    pace = 0.1 if sys.stdout.isatty() else 10.0
    for epoch in range(1, args.epochs + 1):
        title = f"{'compiled' if compiled else 'eager'}, epoch {epoch:>2}/{args.epochs}"
        with tqdm(
            total=len(data), desc=title, unit=" samples", file=sys.stdout, mininterval=pace
        ) as bar:
            loss, accuracy = train_epoch(net, loader, step, bar)
            test_loss, probabilities = evaluate(net, *test)
            test_accuracy = float((probabilities.argmax(1) == test[1]).mean())
            figures = {"loss": loss, "accuracy": accuracy, "test accuracy": test_accuracy}
            bar.set_postfix({name: f"{value:.4f}" for name, value in figures.items()})
        history.loss.append(loss)
        history.accuracy.append(accuracy)
        history.test_loss.append(test_loss)
        history.test_accuracy.append(test_accuracy)
    return history


def plot_curves(history: History, path: pathlib.Path) -> None:
    epochs = range(1, len(history.loss) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot(epochs, history.loss, label="training")
    left.plot(epochs, history.test_loss, label="test")
    left.set(title="Cross-entropy", xlabel="epoch", yscale="log")
    right.plot(epochs, [100 * share for share in history.accuracy], label="training")
    right.plot(epochs, [100 * share for share in history.test_accuracy], label="test")
    right.set(title="Accuracy (%)", xlabel="epoch")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def plot_predictions(images: Any, labels: Any, probabilities: Any, path: pathlib.Path) -> None:
    """The 40 test images that the network is least sure of or gets wrong; wrong ones in red."""
    doubtful = np.argsort(probabilities[np.arange(len(labels)), labels])[:40]
    figure, grid = plt.subplots(4, 10, figsize=(11, 5.4), layout="constrained")
    for axes, index in zip(grid.flat, doubtful):
        guess = int(probabilities[index].argmax())
        right = guess == labels[index]
        axes.imshow(images[index, 0], cmap="gray_r")
        title = f"{guess} ({probabilities[index, guess]:.0%})"
        if not right:
            title += f", is {labels[index]}"
        axes.set_title(title, fontsize=8, color="black" if right else "red")
        axes.axis("off")
    figure.suptitle("The test images that were hardest, and what the network says")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def deploy(net: DigitsNet, images: Any, args: Any) -> bool | None:
    """Writes digits.proa; whether the predictor, if there is one, answers with our bits."""
    net.eval()
    model = args.out / "digits.proa"
    proa.jit.save(net, str(model), input_spec=[InputSpec([None, 1, 8, 8], "float32", "images")])
    if args.predictor is None:
        return None
    given, answered = args.out / "images.npy", args.out / "logits.npy"
    np.save(given, images)
    command = [args.predictor, model, "--input", f"images={given}", "--output", answered]
    subprocess.run([str(word) for word in command], check=True)
    with proa.no_grad():
        logits = net(proa.to_tensor(images)).numpy()
    answer = np.load(answered)
    return answer.shape == logits.shape and answer.tobytes() == logits.tobytes()


def print_table(rows: list[tuple[str, str]]) -> None:
    left = max(len(name) for name, _ in rows)
    right = max(len(value) for _, value in rows)
    line = f"+-{'-' * left}-+-{'-' * right}-+"
    print(line)
    for name, value in rows:
        print(f"| {name:<{left}} | {value:>{right}} |")
    print(line)


def main() -> int:
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the order and dropout")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/digits"))
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=0.01, help="the highest")
    parser.add_argument("--target", type=float, default=0.98, help="accuracy to be reached")
    parser.add_argument("--predictor", type=pathlib.Path, help="the program proa-predict")
    args = parser.parse_args()
    if args.epochs < 1:
        parser.error("--epochs: expected 1 or more")
    args.out.mkdir(parents=True, exist_ok=True)

    data, images, labels = load_data()
    nets, seconds = [], []
    for compiled in (False, True):
        proa.seed(args.seed)
        net = DigitsNet()
        started = time.perf_counter()
        history = train(net, data, (images, labels), compiled, args)
        seconds.append(time.perf_counter() - started)
        nets.append(net)
    equal = all(
        np.array_equal(a.numpy(), b.numpy())
        for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True)
    )

    _, probabilities = evaluate(net, images, labels)
    predictions = probabilities.argmax(axis=1)
    accuracy = float((predictions == labels).mean())
    plot_curves(history, args.out / "curves.png")
    plot_predictions(images, labels, probabilities, args.out / "predictions.png")

    weights = args.out / "digits.safetensors"
    proa.save(net.state_dict(), weights)
    reloaded = DigitsNet()
    reloaded.set_state_dict(proa.load(weights))
    same = np.array_equal(evaluate(reloaded, images, labels)[1], probabilities)

    deployed = deploy(net, images, args)
    answer = {None: "not asked", True: "yes, to the bit", False: "NO"}[deployed]

    parameters = sum(parameter.size for parameter in net.parameters())
    right = int((predictions == labels).sum())
    print_table(
        [
            ("parameters", f"{parameters:,}"),
            ("training images", f"{len(data):,}"),
            ("epochs", str(args.epochs)),
            ("training time, eager", f"{seconds[0]:.1f} s"),
            ("training time, compiled", f"{seconds[1]:.1f} s"),
            ("training speed, compiled", f"{len(data) * args.epochs / seconds[1]:,.0f} samples/s"),
            ("all weights of both equal", "yes, to the bit" if equal else "NO"),
            ("training loss, last epoch", f"{history.loss[-1]:.4f}"),
            ("test accuracy", f"{accuracy:.2%} ({right}/{len(labels)})"),
            ("reloaded weights predict the same", "yes, to the bit" if same else "NO"),
            ("proa-predict answers the same", answer),
            ("weights", str(weights)),
            ("model for predictors", str(args.out / "digits.proa")),
            ("curves", str(args.out / "curves.png")),
            ("predictions", str(args.out / "predictions.png")),
        ]
    )
    if not equal:
        print("the compiled step gives other weights than eager", file=sys.stderr)
    if not same:
        print("the reloaded network predicts something else", file=sys.stderr)
    if deployed is False:
        print("the predictor answers something else", file=sys.stderr)
    if accuracy < args.target:
        print(f"test accuracy {accuracy:.2%} is below {args.target:.2%}", file=sys.stderr)
    good = equal and same and deployed is not False
    return 0 if good and accuracy >= args.target else 1


if __name__ == "__main__":
    sys.exit(main())
