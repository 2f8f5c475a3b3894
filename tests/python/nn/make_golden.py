"""Writes golden.npz: inputs, weights, results and gradients of layers as PyTorch computes them.

Run with a Python that has torch==2.13.0 (CPU) and numpy; the tests read the file and need no torch.
Everything is computed in float64 and kept under the names and in the layouts of proa's layers:
  CASE/x/N  inputs        CASE/w/NAME  state before       CASE/y/N  outputs
  CASE/g/N  gradients of the outputs, as given
  CASE/dx/N, CASE/dw/NAME  gradients as found
  CASE/after/NAME  state after the call, where it changes
"""

from __future__ import annotations

import itertools
import json
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
GOLD: dict[str, np.ndarray] = {}


def array(t):
    return t.detach().numpy().copy()


SEEDS = itertools.count(1)


def draw(*shape):
    g = torch.Generator().manual_seed(next(SEEDS))
    return torch.randn(shape, generator=g)


def leaves(y):
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, (tuple, list)) else [y]


def record(case, run, inputs, weights=None, after=None, name=lambda n: n, layout=lambda n, t: t):
    """Run `run(*inputs)`; weights: name -> tensor; name and layout turn them into ours."""
    xs = [x.clone().requires_grad_(x.dtype.is_floating_point) for x in inputs]
    weights = dict(weights or {})
    for key, w in weights.items():
        GOLD[f"{case}/w/{name(key)}"] = array(layout(key, w))
    ys = leaves(run(*xs))
    total = 0.0
    for i, y in enumerate(ys):
        GOLD[f"{case}/y/{i}"] = array(y)
        if y.dtype.is_floating_point and y.requires_grad:
            g = draw(*y.shape)
            GOLD[f"{case}/g/{i}"] = array(g)
            total = total + (y * g).sum()
    wanted = [x for x in xs if x.requires_grad] + [w for w in weights.values() if w.requires_grad]
    grads = list(torch.autograd.grad(total, wanted, allow_unused=True)) if wanted else []
    for i, x in enumerate(xs):
        GOLD[f"{case}/x/{i}"] = array(x)
        if x.requires_grad:
            g = grads.pop(0)
            GOLD[f"{case}/dx/{i}"] = array(torch.zeros_like(x) if g is None else g)
    for key, w in weights.items():
        if w.requires_grad:
            g = grads.pop(0)
            GOLD[f"{case}/dw/{name(key)}"] = array(
                layout(key, torch.zeros_like(w) if g is None else g)
            )
    for key, t in (after() if after else {}).items():
        GOLD[f"{case}/after/{key}"] = array(t)


def module(case, m, *inputs, train=True, name=lambda n: n, layout=lambda n, t: t, call=None):
    """A torch module, its weights redrawn so that nothing is a constant."""
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(draw(*p.shape) * 0.5)
    m.train(train)
    record(case, call or m, inputs, dict(m.named_parameters()), name=name, layout=layout)


def linear_layout(key, t):
    """torch keeps Linear weights [out, in]; ours are [in, out]."""
    return t.T if t.ndim == 2 and key.endswith("weight") else t


# ---- linear, embedding ----
module("linear", nn.Linear(5, 3), draw(2, 4, 5), layout=linear_layout)
module("linear_no_bias", nn.Linear(5, 3, bias=False), draw(4, 5), layout=linear_layout)
module(
    "bilinear",
    nn.Bilinear(3, 4, 2),
    draw(5, 3),
    draw(5, 4),
    layout=lambda k, t: t.reshape(1, -1) if k == "bias" else t,
)
table = draw(7, 3)
table[2] = 0.0  # looking up the padding row gives zeros
table.requires_grad_()
record(
    "embedding",
    lambda i: F.embedding(i, table, 2),
    [torch.tensor([[1, 2, 6], [2, 0, 1]])],
    {"weight": table},
)

# ---- convolutions ----
module("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), draw(2, 4, 9))
module(
    "conv2d",
    nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    draw(2, 3, 7, 6),
)
module("conv2d_depthwise", nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False), draw(2, 4, 5, 5))
for mode in ("reflect", "replicate", "circular"):
    module(
        f"conv2d_{mode}", nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=mode), draw(1, 2, 5, 6)
    )
module("conv3d", nn.Conv3d(2, 3, (2, 3, 1), padding=(0, 1, 0)), draw(1, 2, 4, 5, 3))
module(
    "conv1d_transpose",
    nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
    draw(2, 4, 5),
)
module(
    "conv2d_transpose",
    nn.ConvTranspose2d(3, 2, (3, 2), stride=(2, 3), padding=(1, 0), dilation=(2, 1)),
    draw(2, 3, 4, 3),
)
module("conv3d_transpose", nn.ConvTranspose3d(2, 2, 2, stride=2), draw(1, 2, 2, 3, 2))


# ---- norms ----
def batch_norm(case, channels, x, train):
    w, b = draw(channels), draw(channels)
    mean, var = draw(channels), draw(channels).abs() + 0.5
    w.requires_grad_(), b.requires_grad_()
    before = {"weight": w, "bias": b, "_mean": mean.clone(), "_variance": var.clone()}
    record(
        case, lambda x: F.batch_norm(x, mean.clone(), var.clone(), w, b, train, 0.1), [x], before
    )
    if train:
        axes = [i for i in range(x.ndim) if i != 1]
        GOLD[f"{case}/after/_mean"] = array(0.9 * mean + 0.1 * x.mean(axes))
        # Paddle's running variance learns the biased one.
        GOLD[f"{case}/after/_variance"] = array(0.9 * var + 0.1 * x.var(axes, unbiased=False))


batch_norm("batch_norm1d", 4, draw(6, 4), True)
batch_norm("batch_norm1d_length", 3, draw(2, 3, 5), True)
batch_norm("batch_norm2d", 3, draw(2, 3, 4, 5), True)
batch_norm("batch_norm2d_eval", 3, draw(2, 3, 4, 5), False)
batch_norm("batch_norm3d", 2, draw(2, 2, 2, 3, 2), True)
module("layer_norm", nn.LayerNorm([3, 4]), draw(2, 5, 3, 4))
module("rms_norm", nn.RMSNorm(6, eps=1e-6), draw(2, 3, 6))
module("group_norm", nn.GroupNorm(2, 6), draw(2, 6, 3, 4))
for d, shape in ((1, (2, 3, 5)), (2, (2, 3, 4, 3)), (3, (2, 3, 2, 3, 2))):
    kind = getattr(nn, f"InstanceNorm{d}d")
    module(
        f"instance_norm{d}d",
        kind(3, affine=True),
        draw(*shape),
        name=lambda n: "scale" if n == "weight" else n,
    )
record("local_response_norm", nn.LocalResponseNorm(3, 0.5, 0.75, 2.0), [draw(2, 5, 3, 3)])

# ---- pools ----
record("max_pool1d", nn.MaxPool1d(3, 2, 1), [draw(2, 3, 9)])
record("max_pool2d_ceil", nn.MaxPool2d((2, 3), 2, (0, 1), ceil_mode=True), [draw(2, 3, 5, 6)])
record("max_pool3d", nn.MaxPool3d(2), [draw(1, 2, 4, 4, 4)])
record("max_pool2d_mask", nn.MaxPool2d(2, return_indices=True), [draw(2, 3, 6, 4)])
record("max_unpool2d", nn.MaxUnpool2d(2), [draw(1, 1, 2, 2), torch.tensor([[[[5, 2], [8, 15]]]])])
record("avg_pool1d", nn.AvgPool1d(3, 2, 1, count_include_pad=False), [draw(2, 3, 8)])
record("avg_pool2d", nn.AvgPool2d(3, 2, 1, count_include_pad=False), [draw(2, 3, 7, 6)])
record("avg_pool2d_inclusive", nn.AvgPool2d(3, 2, 1), [draw(2, 3, 7, 6)])
record("avg_pool2d_divisor", nn.AvgPool2d(2, divisor_override=3), [draw(1, 2, 4, 4)])
record("avg_pool3d", nn.AvgPool3d(2, 1), [draw(1, 2, 3, 3, 4)])
record("adaptive_avg_pool1d", nn.AdaptiveAvgPool1d(3), [draw(2, 3, 8)])
record("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((3, None)), [draw(2, 3, 7, 5)])
record("adaptive_avg_pool3d", nn.AdaptiveAvgPool3d(2), [draw(1, 2, 3, 5, 4)])
record("adaptive_max_pool1d", nn.AdaptiveMaxPool1d(3), [draw(2, 3, 8)])
record("adaptive_max_pool2d", nn.AdaptiveMaxPool2d((3, 2)), [draw(2, 3, 7, 5)])
record("adaptive_max_pool3d", nn.AdaptiveMaxPool3d(2), [draw(1, 2, 3, 5, 4)])
record("lp_pool1d", nn.LPPool1d(3, 2), [draw(2, 3, 8).abs()])
record("lp_pool2d", nn.LPPool2d(2, (2, 3), 1), [draw(2, 3, 4, 5)])

# ---- activations ----
for case, run in {
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "sigmoid": nn.Sigmoid(),
    "log_sigmoid": nn.LogSigmoid(),
    "tanh": nn.Tanh(),
    "tanhshrink": nn.Tanhshrink(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "softsign": nn.Softsign(),
    "hardswish": nn.Hardswish(),
    "hardsigmoid": nn.Hardsigmoid(),
    "elu": nn.ELU(0.7),
    "celu": nn.CELU(0.5),  # PyTorch takes 1 / alpha in float32; this one is exact
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU("tanh"),
    "leaky_relu": nn.LeakyReLU(0.2),
    "hardshrink": nn.Hardshrink(0.4),
    "softshrink": nn.Softshrink(0.4),
    "hardtanh": nn.Hardtanh(-0.5, 1.5),
    "softplus": nn.Softplus(2.0, 3.0),
    "thresholded_relu": nn.Threshold(0.8, 0.0),
    "rrelu_eval": nn.RReLU().eval(),
    "glu": nn.GLU(1),
    "softmax": nn.Softmax(1),
    "log_softmax": nn.LogSoftmax(-1),
}.items():
    record(case, run, [draw(3, 6, 2) * 2.0])
record("softmax2d", nn.Softmax2d(), [draw(2, 3, 2, 2)])
module("prelu", nn.PReLU(3), draw(2, 3, 4), name=lambda n: "_weight")

# ---- padding, shapes, resizing, distances ----
record("pad1d_reflect", nn.ReflectionPad1d((2, 1)), [draw(1, 2, 4)])
record("pad2d_constant", nn.ConstantPad2d((1, 2, 0, 3), 1.5), [draw(1, 2, 3, 2)])
record("pad2d_replicate", nn.ReplicationPad2d((1, 2, 0, 3)), [draw(1, 2, 3, 2)])
record("pad3d_circular", nn.CircularPad3d(1), [draw(1, 1, 2, 3, 2)])
record("zero_pad2d_crop", nn.ZeroPad2d((-1, 1, 2, 0)), [draw(1, 2, 3, 4)])
record("flatten", nn.Flatten(1, 2), [draw(2, 3, 4, 2)])
record("unflatten", nn.Unflatten(1, (2, 3)), [draw(2, 6, 2)])
record("pixel_shuffle", nn.PixelShuffle(2), [draw(1, 8, 2, 3)])
record("pixel_unshuffle", nn.PixelUnshuffle(2), [draw(1, 2, 4, 6)])
record("channel_shuffle", nn.ChannelShuffle(2), [draw(1, 6, 2, 2)])
record("unfold", nn.Unfold((2, 3), dilation=1, padding=1, stride=2), [draw(2, 3, 4, 5)])
record("fold", nn.Fold((4, 5), (2, 3), dilation=1, padding=1, stride=2), [draw(2, 18, 9)])
for mode, shape, align in (
    ("nearest", (1, 2, 3, 4), None),
    ("linear", (1, 2, 5), False),
    ("bilinear", (1, 2, 3, 4), False),
    ("bilinear", (1, 2, 3, 4), True),
    ("bicubic", (1, 2, 4, 5), False),
    ("trilinear", (1, 1, 2, 3, 2), False),
):
    tail = "_align" if align else ""
    record(
        f"upsample_{mode}{tail}",
        nn.Upsample(scale_factor=2, mode=mode, align_corners=align),
        [draw(*shape)],
    )
record("upsample_size", nn.Upsample(size=(5, 3), mode="bilinear"), [draw(1, 2, 3, 4)])
record("cosine_similarity", nn.CosineSimilarity(1), [draw(3, 4), draw(3, 4)])
record("pairwise_distance", nn.PairwiseDistance(2.0), [draw(3, 4), draw(3, 4)])

# ---- losses ----
x, y = draw(4, 3), draw(4, 3)
labels = torch.tensor([0, 2, 1, 2])
signs = torch.tensor([1.0, -1.0, -1.0, 1.0])
for r in ("mean", "sum", "none"):
    record(f"mse_{r}", nn.MSELoss(reduction=r), [x, y])
record("l1", nn.L1Loss(), [x, y])
record("smooth_l1", nn.HuberLoss(delta=0.7), [x, y])
record("cross_entropy", nn.CrossEntropyLoss(), [x, labels])
record("cross_entropy_none", nn.CrossEntropyLoss(reduction="none"), [x, labels])
record("cross_entropy_smooth", nn.CrossEntropyLoss(label_smoothing=0.1), [x, labels])
record("cross_entropy_ignore", nn.CrossEntropyLoss(ignore_index=2), [x, labels])
CLASS_WEIGHT = torch.tensor([0.5, 1.0, 2.0])
record("cross_entropy_weight", nn.CrossEntropyLoss(CLASS_WEIGHT), [x, labels])
record("cross_entropy_soft", lambda x: nn.CrossEntropyLoss()(x, torch.softmax(y, 1)), [x])
record("nll", lambda x: nn.NLLLoss()(torch.log_softmax(x, 1), labels), [x])
record("bce", lambda x: nn.BCELoss()(torch.sigmoid(x), torch.sigmoid(y)), [x])
record(
    "bce_with_logits",
    lambda x: nn.BCEWithLogitsLoss(pos_weight=CLASS_WEIGHT)(x, torch.sigmoid(y)),
    [x],
)
record(
    "kl_div",
    lambda x: nn.KLDivLoss(reduction="batchmean")(torch.log_softmax(x, 1), torch.softmax(y, 1)),
    [x],
)
record("margin_ranking", lambda a, b: nn.MarginRankingLoss(0.2)(a, b, signs), [draw(4), draw(4)])
record("hinge_embedding", lambda a: nn.HingeEmbeddingLoss(1.5)(a, signs), [draw(4)])
record("cosine_embedding", lambda a, b: nn.CosineEmbeddingLoss(0.1)(a, b, signs), [x, y])
record("soft_margin", lambda a: nn.SoftMarginLoss()(a, signs), [draw(4)])
record("triplet_margin", nn.TripletMarginLoss(0.8, swap=True), [x, y, draw(4, 3)])
record("multi_label_soft_margin", lambda x: nn.MultiLabelSoftMarginLoss()(x, (y > 0).double()), [x])
record("multi_margin", nn.MultiMarginLoss(2, 0.9), [x, labels])
record("poisson_nll", lambda x: nn.PoissonNLLLoss()(x, torch.abs(y)), [x])
record("gaussian_nll", lambda x: nn.GaussianNLLLoss(full=True)(x, y, torch.exp(y)), [x])
for case in (
    "cross_entropy_soft",
    "nll",
    "bce",
    "bce_with_logits",
    "kl_div",
    "multi_label_soft_margin",
    "poisson_nll",
    "gaussian_nll",
):
    GOLD[f"{case}/aux"] = array(y)
for case in ("margin_ranking", "hinge_embedding", "cosine_embedding", "soft_margin"):
    GOLD[f"{case}/aux"] = array(signs)
for case in ("nll",):
    GOLD[f"{case}/labels"] = array(labels)
logits = draw(6, 2, 4)
record(
    "ctc",
    lambda x: nn.CTCLoss(reduction="none")(
        torch.log_softmax(x, 2),
        torch.tensor([[1, 2, 2], [3, 1, 0]]),
        torch.tensor([6, 5]),
        torch.tensor([3, 2]),
    ),
    [logits],
)


adaptive = nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], 2.0, head_bias=True)
names = {"head.weight": "head_weight", "head.bias": "head_bias"}
names |= {f"tail.{i}.{j}.weight": f"tail_{i}_{j}" for i in (0, 1) for j in (0, 1)}
module(
    "adaptive_softmax",
    adaptive,
    draw(5, 4),
    torch.tensor([0, 4, 9, 2, 6]),
    name=lambda n: names[n],
    layout=linear_layout,
)

# ---- sampling ----
for dims, shape, out in ((2, (2, 3, 4, 5), (3, 6)), (3, (1, 2, 3, 4, 2), (2, 3, 4))):
    theta = draw(shape[0], dims, dims + 1) * 0.5
    image = draw(*shape)
    for align in (True, False):
        size = (*shape[:2], *out)
        tail = f"{dims}d_{'aligned' if align else 'edges'}"
        record(f"affine_grid_{tail}", lambda a, s=size, c=align: F.affine_grid(a, s, c), [theta])
        points = F.affine_grid(theta, size, align) * 1.7
        for padding in ("zeros", "border", "reflection"):
            for mode in ("bilinear", "nearest"):
                record(
                    f"grid_sample_{tail}_{padding}_{mode}",
                    lambda a, g, m=mode, p=padding, c=align: F.grid_sample(a, g, m, p, c),
                    [image, points],
                )


# ---- attention ----
def split_in_proj(case, m):
    """torch keeps q, k and v in one matrix; ours are three layers."""

    def name_all(prefix, weights):
        out = {}
        for key, t in weights.items():
            if "in_proj" in key:
                kind = key.rsplit("_", 1)[1]
                for part, piece in zip(("q_proj", "k_proj", "v_proj"), t.chunk(3)):
                    out[f"{key.rsplit('in_proj', 1)[0]}{part}.{kind}"] = piece
            else:
                out[key] = t
        return {
            prefix + k.replace("multihead_attn", "cross_attn"): (
                t.T if t.ndim == 2 and k.endswith("weight") else t
            )
            for k, t in out.items()
        }

    return name_all


def attention(case, m, inputs, call=None):
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(draw(*p.shape) * 0.3)
    m.train()
    ps = dict(m.named_parameters())
    record(case, call or m, inputs, ps)
    rename = split_in_proj(case, m)
    for kind in ("w", "dw"):
        old = {k: torch.from_numpy(GOLD.pop(f"{case}/{kind}/{k}")) for k in ps}
        for k, t in rename("", old).items():
            GOLD[f"{case}/{kind}/{k}"] = array(t)


mask = torch.tensor(
    [[True, False, True, True], [False, True, True, False], [True, True, True, True]]
)
q, k, v = draw(2, 3, 8), draw(2, 4, 8), draw(2, 4, 8)
MHA = nn.MultiheadAttention(8, 2, batch_first=True)
attention("attention", MHA, [q, k, v], lambda a, b, c: MHA(a, b, c, need_weights=False)[0])
attention(
    "attention_weights",
    MHA,
    [q, k, v],
    lambda a, b, c: MHA(a, b, c, average_attn_weights=False, attn_mask=~mask),
)
attention(
    "attention_mask",
    MHA,
    [q, k, v],
    lambda a, b, c: MHA(a, b, c, need_weights=False, attn_mask=~mask)[0],
)
for pre in (False, True):
    tail = "_pre" if pre else ""
    attention(
        f"encoder_layer{tail}",
        nn.TransformerEncoderLayer(8, 2, 12, 0.0, "gelu", batch_first=True, norm_first=pre),
        [draw(2, 3, 8)],
    )
    attention(
        f"decoder_layer{tail}",
        nn.TransformerDecoderLayer(8, 2, 12, 0.0, batch_first=True, norm_first=pre),
        [draw(2, 3, 8), draw(2, 4, 8)],
    )
attention(
    "transformer",
    nn.Transformer(4, 2, 2, 2, 6, 0.0, batch_first=True),
    [draw(2, 3, 4), draw(2, 2, 4)],
)


# ---- recurrent ----
def recurrent(case, m, inputs, call=None):
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(draw(*p.shape) * 0.5)
    record(
        case,
        call or m,
        inputs,
        dict(m.named_parameters()),
        name=lambda n: n.replace("weight_hr", "weight_ho"),
        layout=lambda n, t: t.T if "weight_hr" in n else t,
    )


recurrent("rnn_cell", nn.RNNCell(3, 4, nonlinearity="relu"), [draw(2, 3), draw(2, 4)])
cell = nn.LSTMCell(3, 4)
recurrent("lstm_cell", cell, [draw(2, 3), draw(2, 4), draw(2, 4)], lambda x, h, c: cell(x, (h, c)))
recurrent("gru_cell", nn.GRUCell(3, 4), [draw(2, 3), draw(2, 4)])
recurrent("rnn", nn.RNN(3, 4, 2, batch_first=True), [draw(2, 5, 3)])
lstm = nn.LSTM(3, 2, 2, batch_first=True, bidirectional=True)
recurrent(
    "lstm", lstm, [draw(2, 4, 3), draw(4, 2, 2), draw(4, 2, 2)], lambda x, h, c: lstm(x, (h, c))
)
recurrent("lstm_proj", nn.LSTM(3, 4, proj_size=2), [draw(5, 2, 3)])
recurrent("gru", nn.GRU(3, 4, bidirectional=True, batch_first=True, bias=False), [draw(2, 5, 3)])


def packed(m):
    def call(x):
        p = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]), batch_first=True)
        y, s = m(p)
        return nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], s

    return call


short = nn.LSTM(3, 2, 2, batch_first=True, bidirectional=True)
recurrent("lstm_lengths", short, [draw(2, 5, 3)], packed(short))
short_gru = nn.GRU(3, 2, batch_first=True)
recurrent("gru_lengths", short_gru, [draw(2, 5, 3)], packed(short_gru))

# ---- reparametrised weights, clipping ----
normed = nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 3, 2), dim=0)
module(
    "weight_norm",
    normed,
    draw(1, 2, 3, 3),
    name=lambda n: {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight_v",
    }.get(n, n),
    layout=lambda n, t: t.reshape(-1) if n.endswith("original0") else t,
)
gs = [draw(3, 2), draw(4) * 3]
for kind in (2.0, 1.0, float("inf")):
    ps = [torch.zeros_like(g).requires_grad_() for g in gs]
    for p, g in zip(ps, gs):
        p.grad = g.clone()
    GOLD[f"clip_norm_{kind}/total"] = array(nn.utils.clip_grad_norm_(ps, 1.5, kind))
    for i, (p, g) in enumerate(zip(ps, gs)):
        GOLD[f"clip_norm_{kind}/x/{i}"], GOLD[f"clip_norm_{kind}/y/{i}"] = array(g), array(p.grad)

# One vector of all numbers with a table of contents: an archive entry for each small array would
# take more room than the numbers.
table, parts, place = {}, [], 0
for key, value in GOLD.items():
    table[key] = [place, list(value.shape), value.dtype.name]
    parts.append(value.astype(np.float64).ravel())
    place += value.size
out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.npz")
np.savez_compressed(out, numbers=np.concatenate(parts), table=np.array(json.dumps(table)))
print(f"{out}: {len(GOLD)} arrays, {os.path.getsize(out)} bytes, torch {torch.__version__}")
