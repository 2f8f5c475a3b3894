"""Losses as layers: a functional's settings, kept.

Why thin: each is one operator of nn.functional; the layer checks the settings once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import proa

from .. import _proa
from ..check import one_of, positive, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .initializer import Uniform
from .layer import Layer
from .parameter import Parameter
from .text import settings

__all__ = [
    "AdaptiveLogSoftmaxWithLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HSigmoidLoss",
    "HingeEmbeddingLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "RNNTLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]

_REDUCTIONS = ["mean", "sum", "none"]


class _Loss(Layer):
    """A loss: `reduction` is mean, sum or none."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = one_of(type(self).__name__, "reduction", reduction, _REDUCTIONS)

    def extra_repr(self) -> str:
        return settings(reduction=self.reduction)


class MSELoss(_Loss):
    """Mean of (input - label)^2."""

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.mse_loss(input, label, self.reduction)


class L1Loss(_Loss):
    """Mean of |input - label|."""

    def __init__(self, reduction: str = "mean", name: str | None = None) -> None:
        super().__init__(reduction)

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.l1_loss(input, label, self.reduction)


class SmoothL1Loss(_Loss):
    """Quadratic where |input - label| < delta, linear beyond: the Huber loss."""

    def __init__(
        self, reduction: str = "mean", delta: float = 1.0, name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.smooth_l1_loss(input, label, self.reduction, self.delta)


class HuberLoss(_Loss):
    """d^2 / 2 where d = |input - label| < delta, else delta * (d - delta / 2) (Huber 1964)."""

    def __init__(
        self, reduction: str = "mean", delta: float = 1.0, name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.smooth_l1_loss(input, label, self.reduction, self.delta)


class NLLLoss(_Loss):
    """-input[label] of log-probabilities [batch, classes, ...] and int labels [batch, ...],
    weighted by class.
    """

    def __init__(
        self,
        weight: _proa.Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.nll_loss(input, label, self.weight, self.ignore_index, self.reduction)


class BCELoss(_Loss):
    """Cross entropy of probabilities in [0, 1] and labels in [0, 1]."""

    def __init__(
        self, weight: _proa.Tensor | None = None, reduction: str = "mean", name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.weight = weight

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.binary_cross_entropy(input, label, self.weight, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Cross entropy of sigmoid(logit) and labels in [0, 1]; pos_weight weighs the positive term."""

    def __init__(
        self,
        weight: _proa.Tensor | None = None,
        reduction: str = "mean",
        pos_weight: _proa.Tensor | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.pos_weight = pos_weight

    def forward(self, logit: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.binary_cross_entropy_with_logits(
            logit, label, self.weight, self.reduction, self.pos_weight
        )


class KLDivLoss(_Loss):
    """label * (log label - input): Kullback-Leibler divergence of log-probabilities from
    probabilities.

    log_target: whether the labels are log-probabilities too. reduction may also be batchmean.
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__("mean")
        self.reduction = one_of("KLDivLoss", "reduction", reduction, [*_REDUCTIONS, "batchmean"])
        self.log_target = log_target

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.kl_div(input, label, self.reduction, self.log_target)


class MarginRankingLoss(_Loss):
    """max(0, -label * (input - other) + margin)."""

    def __init__(
        self, margin: float = 0.0, reduction: str = "mean", name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(
        self, input: _proa.Tensor, other: _proa.Tensor, label: _proa.Tensor
    ) -> _proa.Tensor:
        return F.margin_ranking_loss(input, other, label, self.margin, self.reduction)


class HingeEmbeddingLoss(_Loss):
    """input where label is 1, max(0, margin - input) where it is -1."""

    def __init__(
        self, margin: float = 1.0, reduction: str = "mean", name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.hinge_embedding_loss(input, label, self.margin, self.reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(input1, input2) where label is 1, max(0, cos - margin) where it is -1."""

    def __init__(self, margin: float = 0, reduction: str = "mean", name: str | None = None) -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(
        self, input1: _proa.Tensor, input2: _proa.Tensor, label: _proa.Tensor
    ) -> _proa.Tensor:
        return F.cosine_embedding_loss(input1, input2, label, self.margin, self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-label * input))."""

    def __init__(self, reduction: str = "mean", name: str | None = None) -> None:
        super().__init__(reduction)

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.soft_margin_loss(input, label, self.reduction)


class MultiLabelSoftMarginLoss(_Loss):
    """Mean over classes of the binary cross entropy with logits."""

    def __init__(
        self, weight: _proa.Tensor | None = None, reduction: str = "mean", name: str | None = None
    ) -> None:
        super().__init__(reduction)
        self.weight = weight

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.multi_label_soft_margin_loss(input, label, self.weight, self.reduction)


class MultiMarginLoss(_Loss):
    """Mean over classes j != label of max(0, margin - input[label] + input[j])^p."""

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: _proa.Tensor | None = None,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        if p not in (1, 2):
            refuse("MultiMarginLoss", "p", "1 or 2", p)
        self.p = p
        self.margin = margin
        self.weight = weight

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.multi_margin_loss(input, label, self.p, self.margin, self.weight, self.reduction)


class TripletMarginLoss(_Loss):
    """max(d(input, positive) - d(input, negative) + margin, 0), d the p-norm (Balntas et al. 2016).

    swap: whether d(positive, negative) takes the place of d(input, negative) where it is smaller.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        epsilon: float = 1e-6,
        swap: bool = False,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        self.margin = margin
        self.p = p
        self.epsilon = epsilon
        self.swap = swap

    def forward(
        self, input: _proa.Tensor, positive: _proa.Tensor, negative: _proa.Tensor
    ) -> _proa.Tensor:
        return F.triplet_margin_loss(
            input, positive, negative, self.margin, self.p, self.epsilon, self.swap, self.reduction
        )


class PoissonNLLLoss(_Loss):
    """exp(input) - label * input, or input - label * log(input + epsilon) with log_input=False.

    full: whether Stirling's term for label! is added.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        epsilon: float = 1e-8,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.epsilon = epsilon

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.poisson_nll_loss(
            input, label, self.log_input, self.full, self.epsilon, self.reduction
        )


class GaussianNLLLoss(_Loss):
    """(log variance + (input - label)^2 / variance) / 2, the variance at least epsilon.

    full: whether log(2 pi) / 2 is added.
    """

    def __init__(
        self,
        full: bool = False,
        epsilon: float = 1e-6,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        self.full = full
        self.epsilon = epsilon

    def forward(
        self, input: _proa.Tensor, label: _proa.Tensor, variance: _proa.Tensor
    ) -> _proa.Tensor:
        return F.gaussian_nll_loss(input, label, variance, self.full, self.epsilon, self.reduction)


class CrossEntropyLoss(_Loss):
    """-log softmax(input) at the label, along axis.

    Args:
        weight: one weight a class, or None.
        ignore_index: labels of this value count for nothing.
        soft_label: whether labels are distributions of the input's shape, or else ints.
        label_smoothing: how much of each label is spread evenly over all classes.
        axis: the dim of the classes.
        use_softmax: False takes the input as probabilities already.

    Shape: input [..., classes], label [...] or [..., 1] (soft: [..., classes]) -> a scalar, or
    [...] unreduced.
    """

    def __init__(
        self,
        weight: _proa.Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        soft_label: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        use_softmax: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        if not 0 <= label_smoothing <= 1:
            refuse("CrossEntropyLoss", "label_smoothing", "a number in [0, 1]", label_smoothing)
        self.weight = weight
        self.ignore_index = ignore_index
        self.soft_label = soft_label
        self.label_smoothing = label_smoothing
        self.axis = axis
        self.use_softmax = use_softmax

    def forward(self, input: _proa.Tensor, label: _proa.Tensor) -> _proa.Tensor:
        return F.cross_entropy(
            input,
            label,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            soft_label=self.soft_label,
            axis=self.axis,
            use_softmax=self.use_softmax,
            label_smoothing=self.label_smoothing,
        )

    def extra_repr(self) -> str:
        return settings(
            ignore_index=None if self.ignore_index == -100 else self.ignore_index,
            reduction=self.reduction,
            soft_label=self.soft_label or None,
            label_smoothing=self.label_smoothing or None,
            axis=None if self.axis == -1 else self.axis,
        )


class RNNTLoss(Layer):
    """-log of the probability of the labels over all paths of a transducer.

    Args:
        blank: the class of the blank.
        fastemit_lambda: how much more the gradient of emitting counts.
        reduction: mean, sum or none.

    Shape: input [batch, time, longest + 1, classes], label [batch, longest], lengths [batch].
    """

    def __init__(
        self,
        blank: int = 0,
        fastemit_lambda: float = 0.001,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__()
        self.blank = blank
        self.fastemit_lambda = fastemit_lambda
        self.reduction = one_of("RNNTLoss", "reduction", reduction, ["mean", "sum", "none"])

    def forward(
        self,
        input: _proa.Tensor,
        label: _proa.Tensor,
        input_lengths: _proa.Tensor,
        label_lengths: _proa.Tensor,
    ) -> _proa.Tensor:
        return F.rnnt_loss(
            input, label, input_lengths, label_lengths, self.blank, self.fastemit_lambda,
            self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(_Loss):
    """max(d(input, positive) - d(input, negative) + margin, 0) for a distance of one's own.

    Args:
        distance_function: of two tensors; None takes the 2-norm along the last dim.
        margin, swap: as in TripletMarginLoss.
    """

    def __init__(
        self,
        distance_function: Callable[[_proa.Tensor, _proa.Tensor], _proa.Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction)
        if margin <= 0:
            refuse("TripletMarginWithDistanceLoss", "margin", "a number above 0", margin)
        self.distance_function = distance_function
        self.margin = margin
        self.swap = swap

    def forward(
        self, input: _proa.Tensor, positive: _proa.Tensor, negative: _proa.Tensor
    ) -> _proa.Tensor:
        return F.triplet_margin_with_distance_loss(
            input,
            positive,
            negative,
            self.distance_function,
            self.margin,
            self.swap,
            self.reduction,
        )


class CTCLoss(_Loss):
    """Connectionist temporal classification (Graves et al. 2006).

    Args:
        blank: the id of the blank label.
        reduction: mean divides each sample's loss by its label length first.

    Shape: log_probs [time, batch, classes] (unscaled logits), labels [batch, longest], lengths
    [batch].
    """

    def __init__(self, blank: int = 0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.blank = blank

    def forward(
        self,
        log_probs: _proa.Tensor,
        labels: _proa.Tensor,
        input_lengths: _proa.Tensor,
        label_lengths: _proa.Tensor,
        norm_by_times: bool = False,
    ) -> _proa.Tensor:
        return F.ctc_loss(
            log_probs,
            labels,
            input_lengths,
            label_lengths,
            self.blank,
            self.reduction,
            norm_by_times,
        )


class HSigmoidLoss(Layer):
    """Hierarchical sigmoid: a class is a path of binary choices through a tree (Morin & Bengio
    2005).

    Args:
        feature_size: the size of the input's last dim.
        num_classes: the number of classes; with is_custom, of the tree's inner nodes.
        weight_attr, bias_attr: settings of the weights [num_classes - 1, feature_size] and biases
            [num_classes - 1, 1].
        is_custom: whether forward is given the paths.
        is_sparse: a hint; gradients are the same either way.

    Shape: input [batch, feature_size], label [batch, 1] -> [batch, 1].
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        feature_size: int,
        num_classes: int,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        is_custom: bool = False,
        is_sparse: bool = False,
        name: str | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self._feature_size = positive("HSigmoidLoss", "feature_size", feature_size)
        self._num_classes = positive("HSigmoidLoss", "num_classes", num_classes)
        if num_classes < 2 and not is_custom:
            refuse("HSigmoidLoss", "num_classes", "an int >= 2", num_classes)
        self._is_custom = is_custom
        self._is_sparse = is_sparse
        nodes = num_classes if is_custom else num_classes - 1
        limit = feature_size**-0.5
        self.weight = self._required([nodes, feature_size], weight_attr, Uniform(-limit, limit))
        self.bias = self.create_parameter(
            [nodes, 1], bias_attr, is_bias=True, default_initializer=Uniform(-limit, limit)
        )

    def forward(
        self,
        input: _proa.Tensor,
        label: _proa.Tensor,
        path_table: _proa.Tensor | None = None,
        path_code: _proa.Tensor | None = None,
    ) -> _proa.Tensor:
        return F.hsigmoid_loss(
            input,
            label,
            self._num_classes,
            self.weight,
            self.bias,
            path_table=path_table,
            path_code=path_code,
            is_sparse=self._is_sparse,
        )


class AdaptiveLogSoftmaxWithLoss(Layer):
    """A softmax over many classes in clusters, the frequent ones first (Grave et al. 2016).

    Args:
        in_features: size of the input's last dim.
        n_classes: the number of classes.
        cutoffs: where each cluster begins: ints that grow, all below n_classes.
        div_value: cluster i works in in_features / div_value^(i + 1) dims.
        head_bias: whether the shortlist and the clusters' own scores have a bias.
        weight_attr, bias_attr: settings of the weights and of that bias.

    Shape: input [batch, in_features], label [batch] -> (log-probabilities [batch], mean loss).
    """

    head_weight: Parameter
    head_bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        name: str | None = None,
        *,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        where = "AdaptiveLogSoftmaxWithLoss"
        positive(where, "in_features", in_features)
        positive(where, "n_classes", n_classes)
        given = list(cutoffs)
        grows = all(a < b for a, b in zip([0, *given], [*given, n_classes], strict=True))
        if not given or not all(isinstance(c, int) for c in given) or not grows:
            refuse(where, "cutoffs", f"ints that grow, between 1 and {n_classes - 1}", cutoffs)
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*given, n_classes]
        self.div_value = div_value
        self.shortlist_size = given[0]
        self.n_clusters = len(given)
        width = self.shortlist_size + self.n_clusters
        self.head_weight = self._required([in_features, width], weight_attr)
        self.head_bias = (
            self.create_parameter([width], bias_attr, is_bias=True) if head_bias else None
        )
        self.tail_weights: list[tuple[Parameter, Parameter]] = []
        for i in range(self.n_clusters):
            inner = max(1, int(in_features / div_value ** (i + 1)))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            first = self._required([in_features, inner], weight_attr)
            second = self._required([inner, size], weight_attr)
            self.add_parameter(f"tail_{i}_0", first)
            self.add_parameter(f"tail_{i}_1", second)
            self.tail_weights.append((first, second))

    def forward(
        self, input: _proa.Tensor, label: _proa.Tensor
    ) -> tuple[_proa.Tensor, _proa.Tensor]:
        return F.adaptive_log_softmax_with_loss(
            input, label, self.head_weight, self.tail_weights, self.cutoffs, self.head_bias
        )

    def log_prob(self, input: _proa.Tensor) -> _proa.Tensor:
        """The log-probabilities of all classes, [batch, n_classes]."""
        head = F.log_softmax(F.linear(input, self.head_weight, self.head_bias), -1)
        parts = [head[:, : self.shortlist_size]]
        for i, (first, second) in enumerate(self.tail_weights):
            tail = F.log_softmax(proa.matmul(proa.matmul(input, first), second), -1)
            place = self.shortlist_size + i
            parts.append(tail + head[:, place : place + 1])
        return proa.concat(parts, 1)

    def predict(self, input: _proa.Tensor) -> _proa.Tensor:
        """The likeliest class of each sample, [batch]."""
        return proa.argmax(self.log_prob(input), 1)
