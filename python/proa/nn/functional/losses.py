"""Losses that are short compositions of operators.

Why in Python: each is a few whole-tensor operators, so a page of its own would add nothing but a
name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import one_of, refuse

__all__ = [
    "adaptive_log_softmax_with_loss",
    "cosine_embedding_loss",
    "ctc_loss",
    "dice_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "hsigmoid_loss",
    "log_loss",
    "margin_ranking_loss",
    "multi_label_soft_margin_loss",
    "multi_margin_loss",
    "npair_loss",
    "pairwise_distance",
    "poisson_nll_loss",
    "sigmoid_focal_loss",
    "soft_margin_loss",
    "softmax_with_cross_entropy",
    "square_error_cost",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


def reduced(where: str, loss: _proa.Tensor, reduction: str) -> _proa.Tensor:
    """The mean, the sum, or the loss itself, as `reduction` says."""
    one_of(where, "reduction", reduction, ["mean", "sum", "none"])
    if reduction == "none":
        return loss
    return proa.mean(loss) if reduction == "mean" else proa.sum(loss)


def square_error_cost(input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
    """(input - label)^2, element by element."""
    difference = input - label
    return difference * difference


def log_loss(
    input: _proa.Tensor, label: _proa.Tensor, epsilon: float = 1e-4, name: str | None = None
) -> _proa.Tensor:
    """-label log(input + epsilon) - (1 - label) log(1 - input + epsilon), of probabilities [batch,
    1].
    """
    return -label * proa.log(input + epsilon) - (1.0 - label) * proa.log(1.0 - input + epsilon)


def dice_loss(
    input: _proa.Tensor, label: _proa.Tensor, epsilon: float = 1e-5, name: str | None = None
) -> _proa.Tensor:
    """1 - 2 |X and Y| / (|X| + |Y|), the mean over the batch (Milletari et al. 2016).

    input: probabilities [batch, ..., classes]; label: ints [batch, ..., 1].
    """
    if len(input.shape) < 2 or list(label.shape) != [*input.shape[:-1], 1]:
        refuse("dice_loss", "label", f"a tensor of shape {[*input.shape[:-1], 1]}", label)
    classes = input.shape[-1]
    target = ops.one_hot(proa.squeeze(label, -1), classes).astype(input.dtype)
    axes = list(range(1, len(input.shape)))
    both = proa.sum(input * target, axes)
    total = proa.sum(input, axes) + proa.sum(target, axes)
    return proa.mean(1.0 - 2.0 * both / (total + epsilon))


def npair_loss(
    anchor: _proa.Tensor, positive: _proa.Tensor, labels: _proa.Tensor, l2_reg: float = 0.002
) -> _proa.Tensor:
    """Cross entropy of all pairs' similarities, and a penalty on their lengths (Sohn 2016).

    anchor, positive: [batch, size]; labels: [batch].
    """
    batch = labels.shape[0]
    column = labels.reshape([batch, 1])
    same = (column == column.reshape([1, batch])).astype(anchor.dtype)
    target = same / proa.sum(same, 1, keepdim=True)
    lengths = proa.mean(proa.sum(anchor * anchor, 1)) + proa.mean(proa.sum(positive * positive, 1))
    similarity = proa.matmul(anchor, positive, transpose_y=True)
    entropy = -proa.sum(target * ops.log_softmax(similarity, -1), 1)
    return lengths * (0.25 * l2_reg) + proa.mean(entropy)


def sigmoid_focal_loss(
    logit: _proa.Tensor,
    label: _proa.Tensor,
    normalizer: _proa.Tensor | None = None,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: str = "sum",
    name: str | None = None,
) -> _proa.Tensor:
    """alpha_t (1 - p_t)^gamma times the binary cross entropy with logits (Lin et al. 2017).

    label: 0 or 1, of the logits' shape; normalizer: divides the loss.
    """
    target = label.astype(logit.dtype)
    entropy = ops.binary_cross_entropy_with_logits(logit, target, reduction="none")
    p = ops.sigmoid(logit)
    miss = p + target - 2.0 * p * target
    weight = alpha * target + (1.0 - alpha) * (1.0 - target)
    loss = weight * miss**gamma * entropy
    if normalizer is not None:
        loss = loss / normalizer
    return reduced("sigmoid_focal_loss", loss, reduction)


def softmax_with_cross_entropy(
    logits: _proa.Tensor,
    label: _proa.Tensor,
    soft_label: bool = False,
    ignore_index: int = -100,
    numeric_stable_mode: bool = True,
    return_softmax: bool = False,
    axis: int = -1,
) -> _proa.Tensor | tuple[_proa.Tensor, _proa.Tensor]:
    """cross_entropy without a reduction, the classes' dim kept as 1; the softmax too, if asked for.

    numeric_stable_mode: accepted; the logarithm of the softmax is always taken in the stable way.
    """
    loss = ops.cross_entropy(
        logits,
        label,
        ignore_index=ignore_index,
        reduction="none",
        soft_label=soft_label,
        axis=axis,
    )
    if len(loss.shape) < len(logits.shape):
        loss = proa.unsqueeze(loss, axis)
    return (loss, ops.softmax(logits, axis)) if return_softmax else loss


def adaptive_log_softmax_with_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    head_weight: _proa.Tensor,
    tail_weights: Sequence[Sequence[_proa.Tensor]],
    cutoffs: Sequence[int],
    head_bias: _proa.Tensor | None = None,
    name: str | None = None,
) -> tuple[_proa.Tensor, _proa.Tensor]:
    """(log-probability of each label, mean loss) of a softmax in clusters (Grave et al. 2016).

    Args:
        input: [batch, size]; label: ints [batch].
        head_weight: [size, shortlist + clusters]; head_bias: [shortlist + clusters].
        tail_weights: for each cluster, a pair [size, inner] and [inner, classes of the cluster].
        cutoffs: where each cluster begins, and at the end the number of classes.
    """
    if len(input.shape) != 2 or list(label.shape) != [input.shape[0]]:
        refuse(
            "adaptive_log_softmax_with_loss", "label", "input [batch, size], label [batch]", label
        )
    shortlist = cutoffs[0]
    head = ops.log_softmax(ops.linear(input, head_weight, head_bias), -1)
    column = label.astype("int64").reshape([-1, 1])
    own = proa.clip(column, max=shortlist - 1)
    output = proa.squeeze(proa.take_along_axis(head, own, 1), 1)
    for i, (first, second) in enumerate(tail_weights):
        low, high = cutoffs[i], cutoffs[i + 1]
        tail = ops.log_softmax(proa.matmul(proa.matmul(input, first), second), -1)
        place = proa.clip(column - low, 0, high - low - 1)
        inner = proa.squeeze(proa.take_along_axis(tail, place, 1), 1) + head[:, shortlist + i]
        output = proa.where((label >= low) & (label < high), inner, output)
    return output, -proa.mean(output)


def margin_ranking_loss(
    input: _proa.Tensor,
    other: _proa.Tensor,
    label: _proa.Tensor,
    margin: float = 0.0,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """max(0, -label * (input - other) + margin)."""
    loss = ops.relu((other - input) * label + margin)
    return reduced("margin_ranking_loss", loss, reduction)


def hinge_embedding_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    margin: float = 1.0,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """input where label is 1, max(0, margin - input) where it is -1."""
    loss = proa.where(label == 1, input, ops.relu(margin - input))
    return reduced("hinge_embedding_loss", loss, reduction)


def cosine_embedding_loss(
    input1: _proa.Tensor,
    input2: _proa.Tensor,
    label: _proa.Tensor,
    margin: float = 0.0,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """1 - cos(input1, input2) where label is 1, max(0, cos - margin) where it is -1.

    input1, input2: [batch, size] or [size]; label: [batch] or a scalar.
    """
    if not -1 <= margin <= 1:
        refuse("cosine_embedding_loss", "margin", "a number in [-1, 1]", margin)
    if list(input1.shape) != list(input2.shape) or len(input1.shape) not in (1, 2):
        refuse("cosine_embedding_loss", "input2", "a tensor of input1's shape, 1 or 2 dims", input2)
    dot = proa.sum(input1 * input2, -1)
    lengths = proa.sum(input1 * input1, -1) * proa.sum(input2 * input2, -1)
    # A tiny number under the root keeps the gradient of zero vectors finite.
    cosine = dot / proa.sqrt(lengths + 1e-12)
    loss = proa.where(label == 1, 1.0 - cosine, ops.relu(cosine - margin))
    return reduced("cosine_embedding_loss", loss, reduction)


def soft_margin_loss(
    input: _proa.Tensor, label: _proa.Tensor, reduction: str = "mean", name: str | None = None
) -> _proa.Tensor:
    """log(1 + exp(-label * input))."""
    loss = -ops.log_sigmoid(input * label.astype(input.dtype))
    return reduced("soft_margin_loss", loss, reduction)


def multi_label_soft_margin_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    weight: _proa.Tensor | None = None,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """Mean over the classes (last dim) of the binary cross entropy with logits; label is 0 or 1."""
    target = label.astype(input.dtype)
    entropy = -(target * ops.log_sigmoid(input) + (1.0 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        entropy = entropy * weight
    return reduced("multi_label_soft_margin_loss", proa.mean(entropy, -1), reduction)


def multi_margin_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: _proa.Tensor | None = None,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """Mean over classes j != label of max(0, margin - input[label] + input[j])^p.

    input: [batch, classes]; label: ints [batch]; weight: [classes], one for each sample's label.
    """
    if len(input.shape) != 2:
        refuse("multi_margin_loss", "input", "a tensor of shape [batch, classes]", input)
    if p not in (1, 2):
        refuse("multi_margin_loss", "p", "1 or 2", p)
    batch, classes = input.shape
    target = ops.one_hot(label.reshape([batch]), classes).astype(input.dtype)
    own = proa.sum(input * target, 1, keepdim=True)
    miss = ops.relu(margin - own + input)
    cost = miss if p == 1 else miss * miss
    if weight is not None:
        cost = cost * proa.sum(target * weight, 1, keepdim=True)
    loss = proa.sum(cost * (1.0 - target), 1) / classes
    return reduced("multi_margin_loss", loss, reduction)


def triplet_margin_with_distance_loss(
    input: _proa.Tensor,
    positive: _proa.Tensor,
    negative: _proa.Tensor,
    distance_function: Callable[[_proa.Tensor, _proa.Tensor], _proa.Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """max(d(input, positive) - d(input, negative) + margin, 0); d is the 2-norm unless given."""
    if margin <= 0:
        refuse("triplet_margin_with_distance_loss", "margin", "a number above 0", margin)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(input, positive), distance(input, negative)
    if swap:
        far = proa.minimum(far, distance(positive, negative))
    loss = ops.relu(near - far + margin)
    return reduced("triplet_margin_with_distance_loss", loss, reduction)


def triplet_margin_loss(
    input: _proa.Tensor,
    positive: _proa.Tensor,
    negative: _proa.Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    epsilon: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """max(d(input, positive) - d(input, negative) + margin, 0), d the p-norm of the difference.

    swap: whether d(positive, negative) takes the place of d(input, negative) where it is smaller
    (Balntas et al. 2016).
    """

    def distance(a: _proa.Tensor, b: _proa.Tensor) -> _proa.Tensor:
        return pairwise_distance(a, b, p, epsilon)

    return triplet_margin_with_distance_loss(
        input, positive, negative, distance, margin, swap, reduction
    )


def pairwise_distance(
    x: _proa.Tensor,
    y: _proa.Tensor,
    p: float = 2.0,
    epsilon: float = 1e-6,
    keepdim: bool = False,
    name: str | None = None,
) -> _proa.Tensor:
    """The p-norm of x - y + epsilon along the last dim."""
    difference = x - y + epsilon
    if p == 2.0:
        return proa.sqrt(proa.sum(difference * difference, -1, keepdim=keepdim))
    size = proa.abs(difference)
    if p == float("inf"):
        return proa.max(size, -1, keepdim=keepdim)
    if p == float("-inf"):
        return proa.min(size, -1, keepdim=keepdim)
    if p == 0:
        return proa.sum((size != 0).astype(x.dtype), -1, keepdim=keepdim)
    return proa.sum(size**p, -1, keepdim=keepdim) ** (1.0 / p)


def poisson_nll_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    log_input: bool = True,
    full: bool = False,
    epsilon: float = 1e-8,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """exp(input) - label * input, or input - label * log(input + epsilon) with log_input=False.

    full: whether Stirling's term for label! is added where label > 1.
    """
    if log_input:
        loss = proa.exp(input) - label * input
    else:
        loss = input - label * proa.log(input + epsilon)
    if full:
        safe = proa.maximum(label, proa.ones_like(label))
        term = safe * proa.log(safe) - safe + 0.5 * proa.log(2.0 * 3.141592653589793 * safe)
        loss = loss + proa.where(label > 1, term, proa.zeros_like(term))
    return reduced("poisson_nll_loss", loss, reduction)


def gaussian_nll_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    variance: _proa.Tensor,
    full: bool = False,
    epsilon: float = 1e-6,
    reduction: str = "mean",
    name: str | None = None,
) -> _proa.Tensor:
    """(log variance + (input - label)^2 / variance) / 2, the variance at least epsilon.

    variance: of the input's shape, or without its last dim, or with 1 there. The bound takes no
        part
    in the gradient. full: whether log(2 pi) / 2 is added (Nix & Weigend 1994).
    """
    if list(variance.shape) == list(input.shape[:-1]):
        variance = proa.unsqueeze(variance, -1)
    with proa.no_grad():
        lift = proa.clip(epsilon - variance, min=0.0)
    variance = variance + lift
    difference = input - label
    loss = 0.5 * (proa.log(variance) + difference * difference / variance)
    if full:
        loss = loss + 0.9189385332046727  # log(2 pi) / 2
    return reduced("gaussian_nll_loss", loss, reduction)


def hsigmoid_loss(
    input: _proa.Tensor,
    label: _proa.Tensor,
    num_classes: int,
    weight: _proa.Tensor,
    bias: _proa.Tensor | None = None,
    path_table: _proa.Tensor | None = None,
    path_code: _proa.Tensor | None = None,
    is_sparse: bool = False,
    name: str | None = None,
) -> _proa.Tensor:
    """Hierarchical sigmoid (Morin & Bengio 2005): -log of a class's probability in a binary tree.

    Without paths, class c is leaf c + num_classes of a heap whose inner nodes are 1..num_classes-1;
    node n
    has row n - 1 of the weights, and going to child 2 n + 1 is a 1.

    Args:
        input: [batch, size]; label: ints [batch, 1].
        weight: [num_classes - 1, size]; bias: [num_classes - 1, 1].
        path_table, path_code: for each sample, the weights' rows on its path and the choices there
            [batch, length], -1 behind its end.

    Returns [batch, 1].
    """
    batch = input.shape[0]
    if path_table is None:
        if path_code is not None:
            refuse("hsigmoid_loss", "path_code", "a path_table beside it", path_code)
        leaf = label.reshape([batch, 1]).astype("int64") + num_classes
        depth = max(1, (2 * num_classes - 1).bit_length() - 1)
        powers = proa.to_tensor([2**k for k in range(1, depth + 1)], dtype="int64").reshape([1, -1])
        node = leaf // powers
        code = (leaf // (powers // 2)) % 2
        valid = node >= 1
        row = proa.where(valid, node - 1, proa.zeros_like(node))
    else:
        if path_code is None:
            refuse("hsigmoid_loss", "path_code", "a tensor, since path_table is given", path_code)
        valid = path_table >= 0
        row = proa.where(valid, path_table, proa.zeros_like(path_table)).astype("int64")
        code = path_code
    length = row.shape[1]
    rows = proa.gather(weight, row.reshape([-1]), 0).reshape([batch, length, -1])
    score = proa.sum(rows * input.reshape([batch, 1, -1]), 2)
    if bias is not None:
        score = score + proa.gather(bias.reshape([-1]), row.reshape([-1]), 0).reshape(
            [batch, length]
        )
    sign = (code * 2 - 1).astype(input.dtype)
    loss = -ops.log_sigmoid(score * sign)
    return proa.sum(proa.where(valid, loss, proa.zeros_like(loss)), 1, keepdim=True)


def ctc_loss(
    log_probs: _proa.Tensor,
    labels: _proa.Tensor,
    input_lengths: _proa.Tensor,
    label_lengths: _proa.Tensor,
    blank: int = 0,
    reduction: str = "mean",
    norm_by_times: bool = False,
) -> _proa.Tensor:
    """-log of the probability that the labels are read off the inputs, over all alignments.

    Graves et al., "Connectionist temporal classification", 2006: the forward recursion, in
    logarithms.

    Args:
        log_probs: [time, batch, classes], logits; they are normalised here.
        labels: ints [batch, longest], padded with anything.
        input_lengths, label_lengths: ints [batch].
        blank: the class of the blank.
        reduction: mean divides each sample's loss by its label length first.
        norm_by_times: whether each sample's loss is divided by its input length.
    """
    one_of("ctc_loss", "reduction", reduction, ["mean", "sum", "none"])
    if len(log_probs.shape) != 3:
        refuse("ctc_loss", "log_probs", "a tensor of shape [time, batch, classes]", log_probs)
    steps, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        refuse("ctc_loss", "blank", f"an int in 0..{classes - 1}", blank)
    if len(labels.shape) != 2 or labels.shape[0] != batch:
        refuse("ctc_loss", "labels", f"a tensor of shape [{batch}, longest]", labels)
    scores = ops.log_softmax(log_probs, -1)
    longest = labels.shape[1]
    # Blanks between, before and behind the labels: 2 * longest + 1 states.
    spaced = proa.full([batch, longest, 2], blank, "int64")
    spaced[:, :, 1] = labels.astype("int64")
    states = proa.concat(
        [spaced.reshape([batch, 2 * longest]), proa.full([batch, 1], blank, "int64")], 1
    )
    count = 2 * longest + 1
    states = proa.clip(states, 0, classes - 1)
    # A finite "impossible" keeps every gradient finite.
    nothing = -1e30 if str(scores.dtype).endswith("64") else -1e20
    place = proa.arange(count, dtype="int64").reshape([1, -1])
    blanks = proa.full([batch, 2], blank, "int64")
    two_back = proa.concat([blanks, states], 1)[:, :count]
    skips = (states != blank) & (states != two_back) & (place >= 2)
    column = proa.full([batch, 1], nothing, scores.dtype)
    lengths = label_lengths.astype("int64").reshape([-1, 1])
    times = input_lengths.astype("int64").reshape([-1, 1])
    emitted = proa.take_along_axis(scores, proa.expand(states, [steps, batch, count]), 2)
    alpha = proa.where(place < 2, emitted[0], proa.full([batch, count], nothing, scores.dtype))
    for t in range(1, steps):
        one = proa.concat([column, alpha], 1)[:, :count]
        two = proa.concat([column, column, alpha], 1)[:, :count]
        two = proa.where(skips, two, proa.full_like(two, nothing))
        grown = proa.logsumexp(proa.stack([alpha, one, two], 0), 0) + emitted[t]
        alpha = proa.where(times > t, grown, alpha)
    last = proa.take_along_axis(alpha, 2 * lengths, 1)
    before = proa.take_along_axis(alpha, proa.clip(2 * lengths - 1, min=0), 1)
    before = proa.where(lengths > 0, before, proa.full_like(before, nothing))
    loss = -proa.logsumexp(proa.concat([last, before], 1), 1)
    if norm_by_times:
        loss = loss / input_lengths.reshape([-1]).astype(loss.dtype)
    if reduction == "mean":
        return proa.mean(loss / proa.clip(lengths.reshape([-1]), min=1).astype(loss.dtype))
    return proa.sum(loss) if reduction == "sum" else loss
