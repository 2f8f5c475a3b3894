"""`torch.nn.functional`: the functions of proa.nn.functional under PyTorch's signatures."""

from __future__ import annotations

import builtins
import math
from typing import Any

from ... import _proa, spelling
from ...check import refuse
from ...nn import functional as our_functional

ops: Any = _proa.ops
ours: Any = our_functional

TABLE = """
adaptive_max_pool1d(input, output_size, return_indices=False)
adaptive_max_pool2d(input, output_size, return_indices=False)
adaptive_max_pool3d(input, output_size, return_indices=False)
affine_grid(theta, size, align_corners=False)
alpha_dropout(input, p=0.5, training=False, inplace=False)
avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True) :
  exclusive=not count_include_pad
avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
  divisor_override=None) : exclusive=not count_include_pad
avg_pool3d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
  divisor_override=None) : exclusive=not count_include_pad
bilinear(input1, input2, weight, bias=None)
binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction='mean')
binary_cross_entropy_with_logits(input, target, weight=None, size_average=None, reduce=None,
  reduction='mean', pos_weight=None)
celu(input, alpha=1.0, inplace=False)
channel_shuffle(input, groups)
conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
  dilation=1) = conv1d_transpose
conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
  dilation=1) = conv2d_transpose
conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
  dilation=1) = conv3d_transpose
cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None,
  reduction='mean') : input1=input1; input2=input2; label=target
dropout(input, p=0.5, training=True, inplace=False)
dropout2d(input, p=0.5, training=True, inplace=False)
dropout3d(input, p=0.5, training=True, inplace=False)
elu(input, alpha=1.0, inplace=False)
feature_alpha_dropout(input, p=0.5, training=False, inplace=False)
fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1)
gaussian_nll_loss(input, target, var, full=False, eps=1e-06, reduction='mean')
glu(input, dim=-1)
group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)
grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=False)
gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1) : x=logits; temperature=tau;
  hard=hard; axis=dim if eps else dim
hardsigmoid(input, inplace=False)
hardswish(input, inplace=False)
hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)
hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction='mean')
huber_loss(input, target, reduction='mean', delta=1.0)
interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None,
  recompute_scale_factor=None, antialias=False) : size=size; align_corners=bool(align_corners)
kl_div(input, target, size_average=None, reduce=None, reduction='mean', log_target=False)
l1_loss(input, target, size_average=None, reduce=None, reduction='mean')
layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)
leaky_relu(input, negative_slope=0.01, inplace=False)
local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0) : size=size
logsigmoid(input) = log_sigmoid
lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False)
lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False)
margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None,
  reduction='mean') : input=input1; other=input2; label=target
max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None)
max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None)
max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None)
mish(input, inplace=False)
mse_loss(input, target, size_average=None, reduce=None, reduction='mean')
multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None,
  reduction='mean')
multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None,
  reduction='mean') = multi_label_soft_margin_loss
nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None,
  reduction='mean')
normalize(input, p=2.0, dim=1, eps=1e-12, out=None)
pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False)
poisson_nll_loss(input, target, log_input=True, full=False, size_average=None, eps=1e-08,
  reduce=None, reduction='mean')
relu(input, inplace=False)
relu6(input, inplace=False)
rrelu(input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False)
selu(input, inplace=False)
silu(input, inplace=False)
smooth_l1_loss(input, target, size_average=None, reduce=None, reduction='mean', beta=1.0) :
  delta=beta; is_huber=False
soft_margin_loss(input, target, size_average=None, reduce=None, reduction='mean')
threshold(input, threshold, value, inplace=False) = thresholded_relu : threshold=threshold;
  value=value
triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False,
  size_average=None, reduce=None, reduction='mean')
triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None,
  margin=1.0, swap=False, reduction='mean')
unfold(input, kernel_size, dilation=1, padding=0, stride=1)
"""

for _name, _parameters, _target, _given in spelling.rows(TABLE):
    globals()[_name] = spelling.function(_name, _parameters, getattr(ours, _target), _given)


def __getattr__(name: str) -> Any:
    value = getattr(ours, name)
    globals()[name] = value
    return value


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input weight^T + bias, with the weight [out, in]."""
    rank = weight.ndim
    return ours.linear(input, ops.transpose(weight, [1, 0]) if rank == 2 else weight, bias)


def _implicit(dim: int | None, rank: int) -> int:
    return (0 if rank in (0, 1, 3) else 1) if dim is None else dim


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """exp(x) over its sum along dim."""
    return ours.softmax(input, _implicit(dim, input.ndim), dtype)


def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """softmax of -x."""
    return ours.softmax(-input, _implicit(dim, input.ndim), dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of softmax."""
    return ours.log_softmax(input, _implicit(dim, input.ndim), dtype)


def gelu(input: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function of x; or with tanh in its place."""
    if approximate not in ("none", "tanh"):
        refuse("gelu", "approximate", "'none' or 'tanh'", approximate)
    return ours.gelu(input, approximate == "tanh")


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta x)) / beta."""
    return ours.softplus(input, beta, threshold)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Cross entropy of logits with the classes along dim 1 (dim 0 of one sample).

    A floating-point target holds probabilities in the shape of the input; the mean is then over
    samples.
    """
    spelling.no_more("cross_entropy", size_average=size_average, reduce=reduce)
    axis = 0 if input.ndim == 1 else 1
    if not target.dtype.is_floating_point:
        return ours.cross_entropy(
            input, target, weight, ignore_index, reduction, False, axis, True, label_smoothing
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[axis]
    log_p = ours.log_softmax(input, axis)
    if weight is not None:
        target = target * ops.reshape(weight, [-1] + [1] * (input.ndim - axis - 1))
    loss = -ops.sum(target * log_p, axis)
    if reduction == "none":
        return loss
    total = ops.sum(loss)
    return total if reduction == "sum" else total / math.prod(loss.shape)


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """-log of the probability of the targets over all alignments.

    targets: [batch, longest], or all of them in one row of length sum(target_lengths).
    """
    steps = _proa.to_tensor
    lengths = [int(n) for n in target_lengths]
    inputs = steps([int(n) for n in input_lengths], dtype="int64")
    if targets.ndim == 1:
        longest = builtins.max([1, *lengths])
        rows, at = [], 0
        for n in lengths:
            rows.append(ops.pad(targets[at : at + n].astype("int64"), [0, longest - n]))
            at += n
        targets = ops.stack(rows, 0)
    loss = ours.ctc_loss(log_probs, targets, inputs, steps(lengths, dtype="int64"), blank, "none")
    # A sample without an alignment has a finite, enormous loss here and an infinite one there.
    endless = loss > 1e10
    loss = ops.where(endless, ops.full_like(loss, 0.0 if zero_infinity else math.inf), loss)
    if reduction == "none":
        return loss
    if reduction == "sum":
        return ops.sum(loss)
    return ops.mean(loss / ops.clip(steps(lengths, dtype=loss.dtype), min=1))


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of the weight at the places of the input."""
    rows = ours.embedding(
        input, weight, None, max_norm, norm_type, scale_grad_by_freq=scale_grad_by_freq
    )
    if padding_idx is None:
        return rows
    # The row of the padding is read like any other, but takes no gradient.
    hidden = ops.unsqueeze(input == padding_idx % weight.shape[0], -1)
    return ops.where(hidden, rows.detach(), rows)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 rows with a 1 at the place of each class; -1 takes the largest class there is."""
    if num_classes == -1:
        num_classes = int(ops.max(tensor)) + 1
    return ops.cast(ours.one_hot(tensor, num_classes), "int64")


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Elements added around the last dims; pad names the last dim first, low side before high."""
    sides = list(pad)
    if mode != "constant":
        spatial = len(sides) // 2
        formats = {1: "NCL", 2: "NCHW", 3: "NCDHW"}
        single = input.ndim == spatial + 1
        batch = ops.unsqueeze(input, 0) if single else input
        made = ours.pad(batch, sides, mode, data_format=formats[spatial])
        return ops.squeeze(made, 0) if single else made
    whole = [0] * (2 * input.ndim - len(sides))
    pairs = [sides[i : i + 2] for i in range(0, len(sides), 2)][::-1]
    return ours.pad(
        input, whole + [side for pair in pairs for side in pair], "constant", value or 0.0
    )


def _max_pool(
    dims: int,
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    where = f"max_pool{dims}d"
    if any(step != 1 for step in ([dilation] if isinstance(dilation, int) else dilation)):
        refuse(where, "dilation", "1 (windows with gaps are not pooled)", dilation)
    run: Any = getattr(ours, where)
    single = input.ndim == dims + 1
    batch = ops.unsqueeze(input, 0) if single else input
    made = run(batch, kernel_size, stride, padding, ceil_mode=ceil_mode, return_mask=return_indices)
    if not single:
        return made
    return tuple(ops.squeeze(y, 0) for y in made) if return_indices else ops.squeeze(made, 0)


def max_pool1d(input: Any, kernel_size: Any, *settings: Any, **named: Any) -> Any:
    """Maxima of windows: (stride, padding, dilation, ceil_mode, return_indices)."""
    return _max_pool(1, input, kernel_size, *settings, **named)


def max_pool2d(input: Any, kernel_size: Any, *settings: Any, **named: Any) -> Any:
    """Maxima of windows: (stride, padding, dilation, ceil_mode, return_indices)."""
    return _max_pool(2, input, kernel_size, *settings, **named)


def max_pool3d(input: Any, kernel_size: Any, *settings: Any, **named: Any) -> Any:
    """Maxima of windows: (stride, padding, dilation, ceil_mode, return_indices)."""
    return _max_pool(3, input, kernel_size, *settings, **named)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Any:
    """Normalised over the batch (training) or by the running statistics.

    momentum is the share of the new batch in the running statistics, whose variance is unbiased.
    """
    layout = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}[input.ndim]
    if not training or running_mean is None:
        return ours.batch_norm(
            input, running_mean, running_var, weight, bias, running_mean is None, 0.0, eps, layout
        )
    # With momentum 0 these become the statistics of the batch, whose variance is biased.
    mean, variance = ops.zeros_like(running_mean), ops.zeros_like(running_var)
    y = ours.batch_norm(input, mean, variance, weight, bias, True, 0.0, eps, layout)
    count = math.prod(input.shape) // input.shape[1]
    variance = variance * (count / builtins.max(1, count - 1))
    for running, new in ((running_mean, mean), (running_var, variance)):
        running.set_value(running * (1.0 - momentum) + new * momentum)
    return y


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Any:
    """Each image of each channel normalised by itself."""
    if running_mean is not None or not use_input_stats:
        refuse(
            "instance_norm", "running_mean", "None: statistics are the image's own", running_mean
        )
    return ours.instance_norm(input, weight=weight, bias=bias, eps=eps)


def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """x over the root of its mean square along the last dims."""
    small = _proa_eps(input.dtype) if eps is None else eps
    axes = list(range(-len(list(normalized_shape)), 0))
    y = input * ops.rsqrt(ops.mean(input * input, axes, True) + small)
    return y if weight is None else y * weight


def _proa_eps(dtype: Any) -> float:
    bits = {"float64": 52, "float32": 23, "float16": 10, "bfloat16": 7}
    return 2.0 ** -bits[dtype.name]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(q k^T scale + mask) v over [..., heads, length, size]; a bool mask says where to
    attend.
    """
    if query.ndim == key.ndim == value.ndim == 4:
        parts = (ops.transpose(x, [0, 2, 1, 3]) for x in (query, key, value))
        y = ours.scaled_dot_product_attention(*parts, attn_mask, dropout_p, is_causal, scale=scale)
        return ops.transpose(y, [0, 2, 1, 3])
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key, value = (ops.repeat_interleave(x, groups, -3) for x in (key, value))
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = ops.matmul(query * factor, key, transpose_y=True)
    low = float("-inf")
    if is_causal:
        shape = [query.shape[-2], key.shape[-2]]
        attn_mask = ops.tril(ops.ones(shape, "int64")) > 0
    if attn_mask is not None:
        if attn_mask.dtype == "bool":
            scores = ops.where(attn_mask, scores, ops.full_like(scores, low))
        else:
            scores = scores + attn_mask
    weights = ours.softmax(scores, -1)
    if dropout_p > 0:
        weights = ours.dropout(weights, dropout_p)
    return ops.matmul(weights, value)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Whole channels of [batch, channels, length] are zeroed."""
    return ours.dropout(input, p, axis=[0, 1] if input.ndim == 3 else [0], training=training)


def upsample(input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
             align_corners: bool | None = None) -> Any:  # fmt: skip
    """interpolate under its old name."""
    return globals()["interpolate"](input, size, scale_factor, mode, align_corners)


def pdist(input: Any, p: float = 2.0) -> Any:
    """The p-norm distances of all pairs of rows, in the order of an upper triangle."""
    count = input.shape[0]
    first = [i for i in range(count) for _ in range(i + 1, count)]
    second = [j for i in range(count) for j in range(i + 1, count)]
    pick = [_proa.to_tensor(index, dtype="int64") for index in (first, second)]
    return ours.pairwise_distance(input[pick[0]], input[pick[1]], p, 0.0)


def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """sum over classes j there and i not there of max(0, 1 - (x[j] - x[i])), over the classes.

    target: ints in the shape of the input; the classes that are there come first, then a -1.
    """
    spelling.no_more("multilabel_margin_loss", size_average=size_average, reduce=reduce)
    if reduction not in ("mean", "sum", "none"):
        refuse("multilabel_margin_loss", "reduction", "'mean', 'sum' or 'none'", reduction)
    single = input.ndim == 1
    x, label = (ops.unsqueeze(t, 0) if single else t for t in (input, target))
    classes = x.shape[1]
    # A class is there if it stands before the first negative number.
    ended = ops.cumsum((label < 0).astype("int64"), 1) > 0
    column = ops.where(ended, ops.full_like(label, classes), label)
    there = ops.zeros([x.shape[0], classes + 1], "int64")
    there = ops.put_along_axis(there, column, ops.ones_like(column), 1, "add")[:, :-1] > 0
    own = ops.take_along_axis(x, ops.clip(column, 0, classes - 1), 1)
    gap = ops.unsqueeze(x, 1) - ops.unsqueeze(own, 2) + 1.0
    counts = ops.unsqueeze(~ended, 2) & ops.unsqueeze(~there, 1)
    cost = ops.where(counts, ops.clip(gap, min=0.0), ops.zeros_like(gap))
    loss = ops.sum(cost, [1, 2]) / classes
    if reduction == "mean":
        return ops.mean(loss)
    return ops.sum(loss) if reduction == "sum" else ops.squeeze(loss, 0) if single else loss


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Nearest neighbours."""
    return upsample(input, size, scale_factor)


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Bilinear, with the corners aligned."""
    return upsample(input, size, scale_factor, "bilinear", True)
