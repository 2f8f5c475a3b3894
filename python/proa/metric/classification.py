"""Metrics of classification: accuracy, precision, recall, area under the ROC curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import proa
from proa.refusal import value_error

from .metric import Metric, as_array

if TYPE_CHECKING:
    from proa import Tensor


class Accuracy(Metric):
    """Share of samples whose label is among the k most likely classes, for every k of `topk`."""

    def __init__(
        self, topk: Sequence[int] = (1,), name: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        self.topk = tuple(topk)
        if not self.topk or min(self.topk) < 1:
            raise value_error(f"[Accuracy] topk: expected numbers of 1 or more, got {tuple(topk)}")
        self.maxk = max(self.topk)
        base = name or "acc"
        super().__init__([base] if self.maxk == 1 else [f"{base}_top{k}" for k in self.topk])
        self.reset()

    def compute(self, pred: Tensor, label: Tensor, *args: Any) -> Tensor:
        """Which of the `maxk` most likely classes is right: float32, [samples, maxk].

        `label` holds class numbers, [samples] or [samples, 1], or one-hot rows.
        """
        classes = pred.shape[-1]
        if self.maxk > classes:
            raise value_error(
                f"[Accuracy.compute] pred: expected at least {self.maxk} classes, got {classes}"
            )
        best = proa.argsort(pred, descending=True, stable=True)[..., : self.maxk]
        if len(label.shape) == len(pred.shape) and label.shape[-1] != 1:
            label = proa.argmax(label, axis=-1, keepdim=True)
        elif len(label.shape) < len(pred.shape):
            label = proa.unsqueeze(label, -1)
        return (best == label.astype(best.dtype)).astype("float32")

    def update(self, correct: Any, *args: Any) -> Any:
        """Add what `compute` returned; gives the accuracy of this batch."""
        hits = as_array(correct).reshape(-1, self.maxk)
        found = np.array([hits[:, :k].sum() for k in self.topk])
        self.total += found
        self.count += len(hits)
        share = found / max(len(hits), 1)
        return float(share[0]) if len(self.topk) == 1 else share.tolist()

    def reset(self) -> None:
        self.total = np.zeros(len(self.topk))
        self.count = 0

    def accumulate(self) -> Any:
        share = self.total / max(self.count, 1)
        return float(share[0]) if len(self.topk) == 1 else share.tolist()


class Precision(Metric):
    """Of what a binary classifier took for positive (0.5 or more), the share that is."""

    def __init__(self, name: str = "precision", *args: Any, **kwargs: Any) -> None:
        super().__init__(name)
        self.reset()

    def update(self, preds: Any, labels: Any) -> None:
        positive, truth = as_binary("Precision", preds, labels)
        self.tp += int((positive & truth).sum())
        self.fp += int((positive & ~truth).sum())

    def reset(self) -> None:
        self.tp = 0
        self.fp = 0

    def accumulate(self) -> float:
        found = self.tp + self.fp
        return self.tp / found if found else 0.0


class Recall(Metric):
    """Of what is positive, the share that a binary classifier took for it (0.5 or more)."""

    def __init__(self, name: str = "recall", *args: Any, **kwargs: Any) -> None:
        super().__init__(name)
        self.reset()

    def update(self, preds: Any, labels: Any) -> None:
        positive, truth = as_binary("Recall", preds, labels)
        self.tp += int((positive & truth).sum())
        self.fn += int((~positive & truth).sum())

    def reset(self) -> None:
        self.tp = 0
        self.fn = 0

    def accumulate(self) -> float:
        there = self.tp + self.fn
        return self.tp / there if there else 0.0


class Auc(Metric):
    """Area under the ROC curve, from histograms of the scores with `num_thresholds` steps."""

    def __init__(
        self,
        curve: str = "ROC",
        num_thresholds: int = 4095,
        name: str = "auc",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if curve != "ROC":
            raise value_error(f"[Auc] curve: expected 'ROC', got {curve!r}")
        if num_thresholds < 1:
            raise value_error(f"[Auc] num_thresholds: expected 1 or more, got {num_thresholds}")
        super().__init__(name)
        self.num_thresholds = num_thresholds
        self.reset()

    def update(self, preds: Any, labels: Any) -> None:
        """Add scores in [0, 1], [samples] or the second column of [samples, 2], and 0-1 labels."""
        scores, truth = as_array(preds), as_array(labels).reshape(-1).astype(bool)
        scores = scores[:, 1] if scores.ndim == 2 and scores.shape[1] == 2 else scores.reshape(-1)
        if scores.shape != truth.shape:
            raise value_error(
                f"[Auc.update] labels: expected {scores.size}, one for each score, got {truth.size}"
            )
        bins = np.clip((scores * self.num_thresholds).astype(np.int64), 0, self.num_thresholds)
        self.positive += np.bincount(bins[truth], minlength=self.num_thresholds + 1)
        self.negative += np.bincount(bins[~truth], minlength=self.num_thresholds + 1)

    def reset(self) -> None:
        self.positive = np.zeros(self.num_thresholds + 1, np.int64)
        self.negative = np.zeros(self.num_thresholds + 1, np.int64)

    def accumulate(self) -> float:
        pairs = int(self.positive.sum()) * int(self.negative.sum())
        if pairs == 0:
            return 0.0
        below = np.cumsum(self.negative) - self.negative
        # A pair in one bin counts half: the curve crosses the bin on its diagonal.
        return float((self.positive * (below + 0.5 * self.negative)).sum() / pairs)


def as_binary(owner: str, preds: Any, labels: Any) -> tuple[Any, Any]:
    scores, truth = as_array(preds).reshape(-1), as_array(labels).reshape(-1)
    if scores.shape != truth.shape:
        raise value_error(
            f"[{owner}.update] labels: expected {scores.size}, one for each prediction, "
            f"got {truth.size}"
        )
    return scores >= 0.5, truth.astype(bool)


def accuracy(
    input: Tensor,
    label: Tensor,
    k: int = 1,
    correct: Any = None,
    total: Any = None,
    name: str | None = None,
) -> Tensor:
    """Share of samples whose label is among the k most likely classes, as a 0-d tensor."""
    hits = Accuracy(topk=(k,)).compute(input, label)
    return hits.sum(-1).mean()
