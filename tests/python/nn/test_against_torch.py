"""Layers against PyTorch's recorded results, gradients included: golden.npz of make_golden.py."""

from __future__ import annotations

import nn_golden as golden
import numpy as np
import pytest

import proa
from proa import nn


@pytest.fixture(autouse=True)
def double():
    """Everything here is float64, so that only real differences show."""
    before = proa.get_default_dtype()
    proa.set_default_dtype("float64")
    yield
    proa.set_default_dtype(before)


def tensor(array):
    return proa.to_tensor(array, stop_gradient=array.dtype.kind != "f")


def aux(case):
    return proa.to_tensor(golden.get(f"{case}/aux"))


CLASS_WEIGHT = np.array([0.5, 1.0, 2.0])
SEEN = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 1, 1]], dtype=bool)


def eval_mode(layer):
    return layer.eval()


def with_labels(loss, prepare):
    """A loss of prepare(x) and the case's stored second argument."""
    return lambda case: lambda x: loss(prepare(x), aux(case))


LAYERS = {
    "linear": lambda: nn.Linear(5, 3),
    "linear_no_bias": lambda: nn.Linear(5, 3, bias=False),
    "bilinear": lambda: nn.Bilinear(3, 4, 2),
    "embedding": lambda: nn.Embedding(7, 3, padding_idx=2),
    "conv1d": lambda: nn.Conv1D(4, 6, 3, stride=2, padding=1, groups=2),
    "conv2d": lambda: nn.Conv2D(3, 4, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    "conv2d_depthwise": lambda: nn.Conv2D(4, 8, 3, padding=1, groups=4, bias_attr=False),
    "conv2d_reflect": lambda: nn.Conv2D(2, 3, 3, padding=(1, 2), padding_mode="reflect"),
    "conv2d_replicate": lambda: nn.Conv2D(2, 3, 3, padding=(1, 2), padding_mode="replicate"),
    "conv2d_circular": lambda: nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="circular"),
    "conv3d": lambda: nn.Conv3D(2, 3, (2, 3, 1), padding=(0, 1, 0)),
    "conv1d_transpose": lambda: nn.Conv1DTranspose(
        4, 6, 3, stride=2, padding=1, output_padding=1, groups=2
    ),
    "conv2d_transpose": lambda: nn.ConvTranspose2d(
        3, 2, (3, 2), stride=(2, 3), padding=(1, 0), dilation=(2, 1)
    ),
    "conv3d_transpose": lambda: nn.Conv3DTranspose(2, 2, 2, stride=2),
    "batch_norm1d": lambda: nn.BatchNorm1D(4),
    "batch_norm1d_length": lambda: nn.BatchNorm1d(3),
    "batch_norm2d": lambda: nn.BatchNorm2D(3),
    "batch_norm2d_eval": lambda: eval_mode(nn.BatchNorm2D(3)),
    "batch_norm3d": lambda: nn.BatchNorm3D(2),
    "layer_norm": lambda: nn.LayerNorm([3, 4]),
    "rms_norm": lambda: nn.RMSNorm(6, epsilon=1e-6),
    "group_norm": lambda: nn.GroupNorm(2, 6),
    "instance_norm1d": lambda: nn.InstanceNorm1D(3),
    "instance_norm2d": lambda: nn.InstanceNorm2D(3),
    "instance_norm3d": lambda: nn.InstanceNorm3d(3, affine=True),
    "local_response_norm": lambda: nn.LocalResponseNorm(3, 0.5, 0.75, 2.0),
    "max_pool1d": lambda: nn.MaxPool1D(3, 2, 1),
    "max_pool2d_ceil": lambda: nn.MaxPool2D((2, 3), 2, (0, 1), ceil_mode=True),
    "max_pool3d": lambda: nn.MaxPool3D(2),
    "max_pool2d_mask": lambda: nn.MaxPool2D(2, return_mask=True),
    "max_unpool2d": lambda: nn.MaxUnPool2D(2),
    "avg_pool1d": lambda: nn.AvgPool1D(3, 2, 1),
    "avg_pool2d": lambda: nn.AvgPool2D(3, 2, 1),
    "avg_pool2d_inclusive": lambda: nn.AvgPool2d(3, 2, 1),
    "avg_pool2d_divisor": lambda: nn.AvgPool2D(2, divisor_override=3),
    "avg_pool3d": lambda: nn.AvgPool3D(2, 1),
    "adaptive_avg_pool1d": lambda: nn.AdaptiveAvgPool1D(3),
    "adaptive_avg_pool2d": lambda: nn.AdaptiveAvgPool2D((3, None)),
    "adaptive_avg_pool3d": lambda: nn.AdaptiveAvgPool3D(2),
    "adaptive_max_pool1d": lambda: nn.AdaptiveMaxPool1D(3),
    "adaptive_max_pool2d": lambda: nn.AdaptiveMaxPool2D((3, 2)),
    "adaptive_max_pool3d": lambda: nn.AdaptiveMaxPool3D(2),
    "lp_pool1d": lambda: nn.LPPool1D(3, 2),
    "lp_pool2d": lambda: nn.LPPool2D(2, (2, 3), 1),
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "log_sigmoid": nn.LogSigmoid,
    "tanh": nn.Tanh,
    "tanhshrink": nn.Tanhshrink,
    "silu": nn.Silu,
    "mish": nn.Mish,
    "softsign": nn.Softsign,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "elu": lambda: nn.ELU(0.7),
    "celu": lambda: nn.CELU(0.5),
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "gelu_tanh": lambda: nn.GELU("tanh"),
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "hardshrink": lambda: nn.Hardshrink(0.4),
    "softshrink": lambda: nn.Softshrink(0.4),
    "hardtanh": lambda: nn.Hardtanh(-0.5, 1.5),
    "softplus": lambda: nn.Softplus(2.0, 3.0),
    "thresholded_relu": lambda: nn.ThresholdedReLU(0.8),
    "rrelu_eval": lambda: eval_mode(nn.RReLU()),
    "glu": lambda: nn.GLU(1),
    "softmax": lambda: nn.Softmax(dim=1),
    "log_softmax": nn.LogSoftmax,
    "softmax2d": nn.Softmax2D,
    "prelu": lambda: nn.PReLU(3),
    "pad1d_reflect": lambda: nn.Pad1D([2, 1], mode="reflect"),
    "pad2d_constant": lambda: nn.Pad2D([1, 2, 0, 3], value=1.5),
    "pad2d_replicate": lambda: nn.ReplicationPad2D([1, 2, 0, 3]),
    "pad3d_circular": lambda: nn.Pad3D(1, mode="circular"),
    "zero_pad2d_crop": lambda: nn.ZeroPad2D([-1, 1, 2, 0]),
    "flatten": lambda: nn.Flatten(1, 2),
    "unflatten": lambda: nn.Unflatten(1, [2, 3]),
    "pixel_shuffle": lambda: nn.PixelShuffle(2),
    "pixel_unshuffle": lambda: nn.PixelUnshuffle(2),
    "channel_shuffle": lambda: nn.ChannelShuffle(2),
    "unfold": lambda: nn.Unfold([2, 3], paddings=1, strides=2),
    "fold": lambda: nn.Fold([4, 5], [2, 3], paddings=1, strides=2),
    "upsample_nearest": lambda: nn.Upsample(scale_factor=2),
    "upsample_linear": lambda: nn.Upsample(scale_factor=2, mode="linear", data_format="NCW"),
    "upsample_bilinear": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "upsample_bilinear_align": lambda: nn.UpsamplingBilinear2D(scale_factor=2),
    "upsample_bicubic": lambda: nn.Upsample(scale_factor=2, mode="bicubic"),
    "upsample_trilinear": lambda: nn.Upsample(
        scale_factor=2, mode="trilinear", data_format="NCDHW"
    ),
    "upsample_size": lambda: nn.Upsample(size=[5, 3], mode="bilinear"),
    "cosine_similarity": lambda: nn.CosineSimilarity(1),
    "pairwise_distance": nn.PairwiseDistance,
    "mse_mean": nn.MSELoss,
    "mse_sum": lambda: nn.MSELoss("sum"),
    "mse_none": lambda: nn.MSELoss(reduction="none"),
    "l1": nn.L1Loss,
    "smooth_l1": lambda: nn.SmoothL1Loss(delta=0.7),
    "cross_entropy": nn.CrossEntropyLoss,
    "cross_entropy_none": lambda: nn.CrossEntropyLoss(reduction="none"),
    "cross_entropy_smooth": lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
    "cross_entropy_ignore": lambda: nn.CrossEntropyLoss(ignore_index=2),
    "cross_entropy_weight": lambda: nn.CrossEntropyLoss(proa.to_tensor(CLASS_WEIGHT)),
    "triplet_margin": lambda: nn.TripletMarginLoss(0.8, swap=True),
    "multi_margin": lambda: nn.MultiMarginLoss(2, 0.9),
    "attention": lambda: nn.MultiHeadAttention(8, 2),
    "encoder_layer": lambda: nn.TransformerEncoderLayer(8, 2, 12, 0.0, "gelu"),
    "encoder_layer_pre": lambda: nn.TransformerEncoderLayer(
        8, 2, 12, 0.0, "gelu", normalize_before=True
    ),
    "decoder_layer": lambda: nn.TransformerDecoderLayer(8, 2, 12, 0.0),
    "decoder_layer_pre": lambda: nn.TransformerDecoderLayer(8, 2, 12, 0.0, norm_first=True),
    "transformer": lambda: nn.Transformer(4, 2, 2, 2, 6, 0.0),
    "rnn": lambda: nn.SimpleRNN(3, 4, 2),
    "lstm_proj": lambda: nn.LSTM(3, 4, proj_size=2, time_major=True),
    "gru": lambda: nn.GRU(3, 4, bidirectional=True, bias=False),
    "adaptive_softmax": lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], 2.0, head_bias=True),
    "weight_norm": lambda: nn.utils.weight_norm(nn.Conv2D(2, 3, 2), dim=0),
}

# Cases whose call is not layer(*inputs): name -> (layer, call(layer, case, *inputs)).
CALLS = {
    "attention_weights": (
        lambda: nn.MultiHeadAttention(8, 2, need_weights=True),
        lambda m, case, q, k, v: m(q, k, v, proa.to_tensor(SEEN)),
    ),
    "attention_mask": (
        lambda: nn.MultiHeadAttention(8, 2),
        lambda m, case, q, k, v: m(q, k, v, attn_mask=proa.to_tensor(SEEN)),
    ),
    "rnn_cell": (
        lambda: nn.SimpleRNNCell(3, 4, activation="relu"),
        lambda m, case, x, h: m(x, h)[0],
    ),
    "gru_cell": (lambda: nn.GRUCell(3, 4), lambda m, case, x, h: m(x, h)[0]),
    "lstm_cell": (lambda: nn.LSTMCell(3, 4), lambda m, case, x, h, c: m(x, (h, c))[1]),
    "lstm": (
        lambda: nn.LSTM(3, 2, 2, direction="bidirect"),
        lambda m, case, x, h, c: m(x, (h, c)),
    ),
    "lstm_lengths": (
        lambda: nn.LSTM(3, 2, 2, direction="bidirectional"),
        lambda m, case, x: m(x, sequence_length=proa.to_tensor(np.array([5, 3]))),
    ),
    "gru_lengths": (
        lambda: nn.GRU(3, 2),
        lambda m, case, x: m(x, None, proa.to_tensor(np.array([5, 3]))),
    ),
    "cross_entropy_soft": (
        lambda: nn.CrossEntropyLoss(soft_label=True),
        lambda m, case, x: m(x, nn.functional.softmax(aux(case), 1)),
    ),
    "nll": (
        nn.NLLLoss,
        lambda m, case, x: m(
            nn.functional.log_softmax(x, 1), proa.to_tensor(golden.get("nll/labels"))
        ),
    ),
    "bce": (
        nn.BCELoss,
        lambda m, case, x: m(nn.functional.sigmoid(x), nn.functional.sigmoid(aux(case))),
    ),
    "bce_with_logits": (
        lambda: nn.BCEWithLogitsLoss(pos_weight=proa.to_tensor(CLASS_WEIGHT)),
        lambda m, case, x: m(x, nn.functional.sigmoid(aux(case))),
    ),
    "kl_div": (
        lambda: nn.KLDivLoss("batchmean"),
        lambda m, case, x: m(nn.functional.log_softmax(x, 1), nn.functional.softmax(aux(case), 1)),
    ),
    "margin_ranking": (
        lambda: nn.MarginRankingLoss(0.2),
        lambda m, case, a, b: m(a, b, aux(case)),
    ),
    "hinge_embedding": (lambda: nn.HingeEmbeddingLoss(1.5), lambda m, case, a: m(a, aux(case))),
    "cosine_embedding": (
        lambda: nn.CosineEmbeddingLoss(0.1),
        lambda m, case, a, b: m(a, b, aux(case)),
    ),
    "soft_margin": (nn.SoftMarginLoss, lambda m, case, a: m(a, aux(case))),
    "multi_label_soft_margin": (
        nn.MultiLabelSoftMarginLoss,
        lambda m, case, x: m(x, (aux(case) > 0).astype("float64")),
    ),
    "poisson_nll": (nn.PoissonNLLLoss, lambda m, case, x: m(x, proa.abs(aux(case)))),
    "gaussian_nll": (
        lambda: nn.GaussianNLLLoss(full=True),
        lambda m, case, x: m(x, aux(case), proa.exp(aux(case))),
    ),
    "ctc": (
        lambda: nn.CTCLoss(reduction="none"),
        lambda m, case, x: m(
            x,
            proa.to_tensor(np.array([[1, 2, 2], [3, 1, 0]], dtype="int32")),
            proa.to_tensor(np.array([6, 5])),
            proa.to_tensor(np.array([3, 2])),
        ),
    ),
}

for _case in golden.cases():
    if _case.startswith("affine_grid"):
        CALLS[_case] = (
            nn.Identity,
            lambda m, case, theta: nn.functional.affine_grid(
                theta,
                [2, 3, 3, 6] if "2d" in case else [1, 2, 2, 3, 4],
                align_corners="aligned" in case,
            ),
        )
    elif _case.startswith("grid_sample"):
        CALLS[_case] = (
            nn.Identity,
            lambda m, case, x, grid: nn.functional.grid_sample(
                x, grid, case.split("_")[5], case.split("_")[4], "aligned" in case
            ),
        )

# The constants of these functions are given with 7 digits in Paddle's definition.
LOOSE = {"hardsigmoid": 1e-6}

# Recorded for test_clip.py.
ELSEWHERE = {case for case in golden.cases() if case.startswith("clip_norm")}


def leaves(y):
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, (tuple, list)) else [y]


@pytest.mark.parametrize("case", [case for case in golden.cases() if case not in ELSEWHERE])
def test_forward_and_backward(case):
    build, call = CALLS[case] if case in CALLS else (LAYERS[case], lambda m, case, *xs: m(*xs))
    layer = build()
    layer.load_state_dict(golden.under(f"{case}/w"))
    inputs = [tensor(x) for _, x in sorted(golden.under(f"{case}/x").items())]
    outputs = leaves(call(layer, case, *inputs))
    close = dict(rtol=LOOSE.get(case, 1e-9), atol=LOOSE.get(case, 1e-10))
    expected = golden.under(f"{case}/y")
    assert len(outputs) == len(expected)
    total = None
    for i, y in enumerate(outputs):
        assert list(y.shape) == list(expected[str(i)].shape)
        np.testing.assert_allclose(y.numpy(), expected[str(i)], err_msg=f"output {i}", **close)
        if f"{case}/g/{i}" in golden._archive()[1]:
            part = (y * proa.to_tensor(golden.get(f"{case}/g/{i}"))).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    for i, dx in golden.under(f"{case}/dx").items():
        found = inputs[int(i)].grad
        found = np.zeros_like(dx) if found is None else found.numpy()
        np.testing.assert_allclose(found, dx, err_msg=f"dx {i}", **close)
    state = layer.state_dict()
    for name, dw in golden.under(f"{case}/dw").items():
        np.testing.assert_allclose(state[name].grad.numpy(), dw, err_msg=f"d {name}", **close)
    for name, value in golden.under(f"{case}/after").items():
        np.testing.assert_allclose(state[name].numpy(), value, err_msg=name, **close)


def test_every_recorded_case_is_built():
    assert set(golden.cases()) == set(LAYERS) | set(CALLS) | ELSEWHERE
