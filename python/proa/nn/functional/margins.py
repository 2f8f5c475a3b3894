"""Losses of speech and face recognition: the transducer's, and the margins on a hypersphere.

Why in Python: the transducer walks its lattice row by row, each row one scan over the labels.
"""

from __future__ import annotations

import numpy

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import one_of, refuse
from .losses import reduced

__all__ = ["class_center_sample", "margin_cross_entropy", "rnnt_loss"]


def rnnt_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    input_lengths: _proa.Tensor,
    label_lengths: _proa.Tensor,
    blank: int = 0,
    fastemit_lambda: float = 0.001,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """-log of the probability of the labels over all paths of a transducer (Graves 2012).

    Args:
        input: [batch, time, longest + 1, classes], logits; they are normalised here.
        label: ints [batch, longest], padded with anything.
        input_lengths, label_lengths: ints [batch].
        blank: the class of the blank.
        fastemit_lambda: how much more the gradient of emitting counts (Yu et al., "FastEmit",
            2021); the loss itself does not change.
    """
    where = "rnnt_loss"
    one_of(where, "reduction", reduction, ["mean", "sum", "none"])
    if len(input.shape) != 4:
        refuse(where, "input", "a tensor [batch, time, longest + 1, classes]", input)
    batch, steps, states, classes = input.shape
    if list(label.shape) != [batch, states - 1]:
        refuse(where, "label", f"a tensor of shape [{batch}, {states - 1}]", label)
    if not 0 <= blank < classes:
        refuse(where, "blank", f"an int in 0..{classes - 1}", blank)
    scores = ops.log_softmax(input, -1)
    silent = scores[:, :, :, blank]
    times = input_lengths.astype("int64").reshape([batch, 1])
    counts = label_lengths.astype("int64").reshape([batch, 1])
    # What it costs to have emitted the first u labels, all at one step: a running sum.
    heard = proa.zeros([batch, steps, states], scores.dtype)
    if states > 1:
        picked = proa.clip(label.astype("int64"), 0, classes - 1).reshape([batch, 1, states - 1, 1])
        index = proa.expand(picked, [batch, steps, states - 1, 1])
        emitted = proa.take_along_axis(scores[:, :, :-1], index, 3).squeeze(3)
        place = proa.arange(states - 1, dtype="int64").reshape([1, 1, states - 1])
        emitted = proa.where(
            place < counts.reshape([batch, 1, 1]), emitted, proa.zeros_like(emitted)
        )
        if fastemit_lambda:
            emitted = emitted + fastemit_lambda * (emitted - emitted.detach())
        heard = proa.concat([heard[:, :, :1], proa.cumsum(emitted, 2)], 2)
    last = proa.zeros([batch, 1], scores.dtype)
    alpha = heard[:, 0]
    for t in range(steps):
        if t > 0:
            # alpha[u] = logaddexp(held[u], alpha[u - 1] + emit[u - 1]): a scan of held - heard.
            held = alpha + silent[:, t - 1]
            alpha = heard[:, t] + proa.logcumsumexp(held - heard[:, t], 1)
        end = proa.take_along_axis(alpha + silent[:, t], counts, 1)
        last = proa.where(times == t + 1, end, last)
    loss = -last.reshape([batch])
    return reduced(where, loss, reduction)


def margin_cross_entropy(
    logits: _proa.Tensor,
    label: _proa.Tensor,
    margin1: float = 1.0,
    margin2: float = 0.5,
    margin3: float = 0.0,
    scale: float = 64.0,
    group: object = None,
    return_softmax: bool = False,
    reduction: str | None = "mean",
) -> _proa.Tensor | tuple[_proa.Tensor, _proa.Tensor]:
    """Cross entropy of scaled cosines, the target's made harder: cos(m1 angle + m2) - m3.

    Deng et al., "ArcFace", 2019, with the margins of SphereFace (m1) and CosFace (m3).

    Args:
        logits: cosines [batch, classes]; label: ints [batch] or [batch, 1].
        reduction: mean, sum or None; None keeps [batch, 1].
    """
    where = "margin_cross_entropy"
    if len(logits.shape) != 2:
        refuse(where, "logits", "a tensor of shape [batch, classes]", logits)
    batch, classes = logits.shape
    column = label.astype("int64").reshape([batch, 1])
    cosine = proa.take_along_axis(logits, column, 1)
    # Just inside of [-1, 1], where the derivative of acos is finite.
    edge = 1.0 - 1e-7
    angle = proa.acos(proa.clip(cosine, -edge, edge))
    harder = proa.cos(margin1 * angle + margin2) - margin3
    target = proa.arange(classes, dtype="int64").reshape([1, classes]) == column
    scaled = proa.where(target, harder, logits) * scale
    log_p = ops.log_softmax(scaled, -1)
    loss = -proa.take_along_axis(log_p, column, 1)
    result = reduced(where, loss, "none" if reduction is None else reduction)
    return (result, proa.exp(log_p)) if return_softmax else result


def class_center_sample(
    label: _proa.Tensor, num_classes: int, num_samples: int, group: object = None
) -> tuple[_proa.Tensor, _proa.Tensor]:
    """(labels among the sampled classes, the sampled classes): all that occur, then others drawn.

    An et al., "Partial FC", 2021. Where more than num_samples classes occur, all of them are kept.
    """
    where = "class_center_sample"
    if num_samples > num_classes:
        refuse(where, "num_samples", f"an int <= num_classes={num_classes}", num_samples)
    values = label.numpy().reshape([-1])
    if values.size and not (0 <= values.min() and values.max() < num_classes):
        refuse(where, "label", f"classes in 0..{num_classes - 1}", label)
    positive = numpy.unique(values)
    missing = max(0, num_samples - positive.size)
    order = proa.randperm(num_classes).numpy()
    drawn = numpy.sort(order[~numpy.isin(order, positive)][:missing])
    sampled = numpy.concatenate([positive, drawn])
    remapped = numpy.searchsorted(positive, values)
    kind = label.dtype
    return proa.to_tensor(remapped).astype(kind), proa.to_tensor(sampled).astype(kind)
