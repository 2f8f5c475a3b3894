"""Losses, from their formulas, in float64."""

from __future__ import annotations

import numpy as np
from scipy import special

from .table import T, V, Within, case, index, reference


def reduced(each, size, reduction, depth=6):
    if reduction == "none":
        return Within(each, size, depth, narrow=True)
    if reduction == "batchmean":
        n = each.shape[0] if each.ndim else 1
        return Within(each.sum() / n, size.sum() / n, depth + 2, narrow=True)
    function = np.mean if reduction == "mean" else np.sum
    return Within(function(each), function(size), depth + 2, narrow=True)


lossy = {"ulps": 4, "zeros": False, "meet": "float"}
PAIRS = [case(T(7, 33), T(7, 33), reduction=r) for r in ("mean", "sum", "none")]


@reference("mse_loss", cases=PAIRS, **lossy)
def mse_loss(input, label, reduction="mean"):
    e = (input - label) ** 2
    return reduced(e, e + np.abs(input - label) * (np.abs(input) + np.abs(label)), reduction)


@reference("l1_loss", cases=PAIRS, **lossy)
def l1_loss(input, label, reduction="mean"):
    return reduced(np.abs(input - label), np.abs(input) + np.abs(label), reduction)


def _huber(input, label, delta):
    e = np.abs(input - label)
    return np.where(e <= delta, 0.5 * e * e, delta * (e - 0.5 * delta)), (
        np.abs(input) + np.abs(label) + delta
    ) * (delta + e)


@reference("huber_loss", cases=[*PAIRS, case(T(33), T(33), delta=0.3, reduction="none")], **lossy)
def huber_loss(input, label, reduction="mean", delta=1.0):
    return reduced(*_huber(input, label, delta), reduction)


@reference(
    "smooth_l1_loss",
    cases=[*PAIRS, case(T(33), T(33), delta=0.3, is_huber=False, reduction="none")],
    **lossy,
)
def smooth_l1_loss(input, label, reduction="mean", delta=1.0, is_huber=True):
    each, size = _huber(input, label, delta)
    return (
        reduced(each, size, reduction)
        if is_huber
        else reduced(each / delta, size / delta, reduction)
    )


CHANCES = [
    case(T(7, 33, fill="probability"), T(7, 33, fill="probability"), T(33, fill="positive")),
    case(V([0.0, 1.0, 0.0, 1.0]), V([0.0, 1.0, 1.0, 0.0]), None, reduction="none"),
]


@reference("binary_cross_entropy", cases=CHANCES, **lossy)
def binary_cross_entropy(input, label, weight=None, reduction="mean"):
    with np.errstate(divide="ignore"):
        a, b = np.maximum(np.log(input), -100), np.maximum(np.log1p(-input), -100)
    w = 1 if weight is None else weight
    each = -(label * a + (1 - label) * b) * w
    # 1 - input is rounded before its logarithm is taken.
    return reduced(each, (np.abs(label * a) + np.abs((1 - label) * b) + 2) * np.abs(w), reduction)


@reference(
    "binary_cross_entropy_with_logits",
    cases=[
        case(
            T(7, 33), T(7, 33, fill="probability"), T(33, fill="positive"), T(33, fill="positive")
        ),
        case(V([1000.0, -1000.0, 1000.0]), V([1.0, 0.0, 0.0]), None, None, reduction="none"),
    ],
    **lossy,
)
def with_logits(input, label, weight=None, reduction="mean", pos_weight=None):
    x, p = input, 1 if pos_weight is None else pos_weight
    w = 1 if weight is None else weight
    each = (p * label * np.logaddexp(0, -x) + (1 - label) * np.logaddexp(0, x)) * w
    size = ((np.abs(p) + 1) * (np.abs(x) + 1)) * np.abs(w)
    return reduced(each, size * np.ones_like(each), reduction)


@reference(
    "kl_div",
    cases=[
        case(T(7, 33), T(7, 33, fill="probability"), reduction="batchmean"),
        case(T(5), T(5), log_target=True, reduction="sum"),
        case(T(3), V([0.0, 1.0, 0.5]), reduction="none"),
    ],
    **lossy,
)
def kl_div(input, label, reduction="mean", log_target=False):
    if log_target:
        each, size = (
            np.exp(label) * (label - input),
            np.exp(label) * (np.abs(label) + np.abs(input)) * (1 + np.abs(label)),
        )
    else:
        each = special.xlogy(label, label) - label * input
        size = np.abs(label) * (1 + np.abs(input)) + np.abs(special.xlogy(label, label))
    return reduced(each, size, reduction)


def _first_dtype(dtypes, attrs):
    return dtypes[0]


CLASSES = [
    case(T(9, 33), index(9, high=33), None, reduction=r) for r in ("mean", "sum", "none")
] + [
    case(T(9, 5), index(9, high=5), T(5, fill="positive"), label_smoothing=0.2),
    case(T(9, 5), index(9, high=5), T(5, fill="positive"), label_smoothing=0.2, reduction="none"),
    case(T(4, 3), V([1, 0, 1, 2], "int64"), None, ignore_index=1),
    case(T(4, 3), V([1, 0, 1, 2], "int64"), T(3, fill="positive"), ignore_index=1),
    case(T(2, 5, 4), index(2, 4, high=5), None, axis=1, reduction="none"),
    case(T(4, 3, fill="probability"), index(4, high=3), None, use_softmax=False),
    case(T(4, 3), T(4, 3, fill="probability"), None, soft_label=True, reduction="none"),
    case(T(4, 3), T(4, 3, fill="probability"), T(3, fill="positive"), soft_label=True),
    case(V([1000.0, 0.0, -1000.0], dims=[1, 3]), V([2], "int64"), None),
]


@reference("cross_entropy", ulps=4, zeros=False, meet="none", result=_first_dtype, cases=CLASSES)
def cross_entropy(
    input,
    label,
    weight=None,
    ignore_index=-100,
    reduction="mean",
    soft_label=False,
    axis=-1,
    use_softmax=True,
    label_smoothing=0.0,
):
    axis %= input.ndim
    n = input.shape[axis]
    logp = (
        input - special.logsumexp(input, axis=axis, keepdims=True) if use_softmax else np.log(input)
    )
    logp = np.moveaxis(logp, axis, -1)
    spread = np.abs(input).max(initial=0) + 4
    w = np.ones(n) if weight is None else weight
    # Paddle: a soft label weighs by its mean class weight, and keeps its axis.
    keep = soft_label
    if soft_label:
        target = np.moveaxis(label, axis, -1)
        if label_smoothing:
            target = target * (1 - label_smoothing) + label_smoothing / n
        counts = (target * w).sum(-1) if weight is not None else np.ones(target.shape[:-1])
        each = -(target * logp).sum(-1) * counts
        size = np.abs(target).sum(-1) * spread * counts
    else:
        if label.ndim == input.ndim:
            label = np.squeeze(label, axis)
        counted = label != ignore_index
        at = np.where(counted, label, 0).astype(np.int64)
        target = np.eye(n)[at] * (1 - label_smoothing) + label_smoothing / n
        counts = np.where(counted, (target * w).sum(-1), 0)
        each = -(target * logp).sum(-1) * counts
        size = spread * counts
    if keep:
        each, size = np.expand_dims(each, axis), np.expand_dims(size, axis)
    if reduction == "none":
        return Within(each, size, 6, narrow=True)
    if reduction == "sum":
        return Within(each.sum(), size.sum(), 8, narrow=True)
    return Within(each.sum() / counts.sum(), size.sum() / counts.sum(), 8, narrow=True)


@reference(
    "nll_loss",
    ulps=4,
    zeros=False,
    meet="none",
    result=_first_dtype,
    cases=[
        case(T(9, 5), index(9, high=5), T(5, fill="positive"), reduction=r)
        for r in ("mean", "sum", "none")
    ]
    + [case(T(4, 3), V([1, 0, 1, 2], "int64"), T(3, fill="positive"), ignore_index=1)],
)
def nll_loss(input, label, weight=None, ignore_index=-100, reduction="mean"):
    x = np.moveaxis(input, 1, -1) if input.ndim > 1 else input
    counted = label != ignore_index
    at = np.where(counted, label, 0).astype(np.int64)
    w = np.where(counted, 1.0 if weight is None else weight[at], 0)
    each = -np.take_along_axis(x, at[..., None], -1)[..., 0] * w
    if reduction == "none":
        return Within(each, np.abs(each), 2, narrow=True)
    over = w.sum() if reduction == "mean" else 1
    return Within(each.sum() / over, np.abs(each).sum() / over, 6, narrow=True)


@reference(
    "cosine_similarity",
    cases=[case(T(7, 33), T(7, 33), axis=-1), case(V([0.0, 0.0], dims=[1, 2]), T(1, 2))],
    **lossy,
)
def cosine_similarity(x1, x2, axis=1, eps=1e-8):
    x1, x2 = np.broadcast_arrays(x1, x2)
    norms = np.sqrt((x1 * x1).sum(axis) * (x2 * x2).sum(axis))
    value = (x1 * x2).sum(axis) / np.maximum(norms, eps)
    return Within(
        value, np.abs(x1 * x2).sum(axis) / np.maximum(norms, eps) + np.abs(value), 6, narrow=True
    )
