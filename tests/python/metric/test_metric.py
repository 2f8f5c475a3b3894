"""Metrics against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

import proa
from proa import metric


def scores(seed: int, shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


@pytest.mark.parametrize("form", ["flat", "column", "one-hot"])
def test_accuracy(form: str) -> None:
    pred = scores(0, (60, 5))
    label = np.random.default_rng(1).integers(0, 5, 60)
    given = {"flat": label, "column": label[:, None], "one-hot": np.eye(5)[label]}[form]
    both = metric.Accuracy(topk=(1, 3))
    for part in (slice(0, 40), slice(40, 60)):
        both.update(both.compute(proa.to_tensor(pred[part]), proa.to_tensor(given[part])))
    expected = [reference.top_k_accuracy_score(label, pred, k=k) for k in (1, 3)]
    np.testing.assert_allclose(both.accumulate(), expected, rtol=1e-12)
    assert both.name() == ["acc_top1", "acc_top3"]
    both.reset()
    assert both.accumulate() == [0.0, 0.0]
    one = metric.accuracy(proa.to_tensor(pred), proa.to_tensor(label[:, None]), k=3)
    np.testing.assert_allclose(one.item(), expected[1], rtol=1e-6)


def test_update_gives_the_accuracy_of_the_batch() -> None:
    single = metric.Accuracy()
    right = proa.to_tensor(np.array([[1.0], [0.0], [1.0], [1.0]], np.float32))
    assert single.update(right) == 0.75
    assert single.update(np.zeros((4, 1))) == 0.0
    assert single.accumulate() == 0.375


def test_precision_and_recall() -> None:
    pred, label = scores(2, (200,)), np.random.default_rng(3).integers(0, 2, 200)
    precision, recall = metric.Precision(), metric.Recall()
    for part in (slice(0, 90), slice(90, 200)):
        precision.update(pred[part], label[part])
        recall.update(proa.to_tensor(pred[part]), proa.to_tensor(label[part, None]))
    found = pred >= 0.5
    np.testing.assert_allclose(precision.accumulate(), reference.precision_score(label, found))
    np.testing.assert_allclose(recall.accumulate(), reference.recall_score(label, found))
    precision.reset()
    recall.reset()
    assert precision.accumulate() == recall.accumulate() == 0.0


def test_auc() -> None:
    label = np.random.default_rng(5).integers(0, 2, 500)
    pred = np.clip(scores(4, (500,)) * 0.7 + 0.3 * label, 0.0, 1.0)
    auc = metric.Auc(num_thresholds=2**16)
    for part in (slice(0, 200), slice(200, 500)):
        auc.update(np.stack([1 - pred[part], pred[part]], 1), label[part, None])
    np.testing.assert_allclose(auc.accumulate(), reference.roc_auc_score(label, pred), atol=1e-4)
    coarse = metric.Auc(num_thresholds=1)
    coarse.update(np.array([0.2, 0.7]), np.array([0, 1]))
    assert coarse.accumulate() == 0.5
    coarse.reset()
    assert coarse.accumulate() == 0.0


WRONG: list[tuple[str, Callable[[], Any]]] = [
    (r"\[Accuracy\] topk", lambda: metric.Accuracy(topk=(0,))),
    (
        r"\[Accuracy.compute\] pred: expected at least 3 classes, got 2",
        lambda: metric.accuracy(proa.to_tensor(scores(0, (4, 2))), proa.to_tensor([0, 1, 0, 1]), 3),
    ),
    (
        r"\[Precision.update\] labels: expected 2",
        lambda: metric.Precision().update([0.1, 0.2], [1]),
    ),
    (r"\[Recall.update\] labels: expected 2", lambda: metric.Recall().update([0.1, 0.2], [1])),
    (r"\[Auc.update\] labels: expected 2", lambda: metric.Auc().update([0.1, 0.2], [1])),
    (r"\[Auc\] curve: .*'PR'", lambda: metric.Auc("PR")),
]


@pytest.mark.parametrize("message, make", WRONG)
def test_wrong_arguments(message: str, make: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert isinstance(caught.value, proa.ProaError)
