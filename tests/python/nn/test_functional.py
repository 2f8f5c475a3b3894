"""Functionals written in Python beyond golden.npz: against NumPy formulas and brute force;
refusals.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from proa.nn import functional as F

import proa


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def t(array):
    return proa.to_tensor(np.asarray(array))


def close(got, want, rtol=1e-10):
    np.testing.assert_allclose(got.numpy(), want, rtol=rtol, atol=1e-12)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ---- losses ----


def test_elementary_losses():
    x, y = sigmoid(numbers(4, 1)), np.array([[0.0], [1.0], [1.0], [0.0]])
    close(F.square_error_cost(t(x), t(y)), (x - y) ** 2)
    close(F.log_loss(t(x), t(y), 1e-3), -y * np.log(x + 1e-3) - (1 - y) * np.log(1 - x + 1e-3))


def test_dice_loss():
    p = np.abs(numbers(2, 5, 3))
    label = np.array([[0, 1, 2, 2, 1], [1, 1, 0, 2, 0]])[..., None]
    hot = np.eye(3)[label[..., 0]]
    both, total = (p * hot).sum((1, 2)), p.sum((1, 2)) + hot.sum((1, 2))
    close(F.dice_loss(t(p), t(label)), (1 - 2 * both / (total + 1e-5)).mean())


def test_npair_loss():
    a, p = numbers(3, 4), numbers(3, 4, seed=1)
    labels = np.array([0, 1, 0])
    target = (labels[:, None] == labels[None]) / np.array([2, 1, 2])[:, None]
    scores = a @ p.T
    logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    length = (a**2).sum(1).mean() + (p**2).sum(1).mean()
    want = length * 0.25 * 0.01 - (target * logs).sum(1).mean()
    close(F.npair_loss(t(a), t(p), t(labels), 0.01), want)


@pytest.mark.parametrize("normalized", [False, True])
def test_sigmoid_focal_loss(normalized):
    x, y = numbers(4, 3), (numbers(4, 3, seed=1) > 0).astype("float64")
    p = sigmoid(x)
    pt, at = np.where(y == 1, p, 1 - p), np.where(y == 1, 0.3, 0.7)
    want = (-at * (1 - pt) ** 1.5 * np.log(pt)).sum() / (5.0 if normalized else 1.0)
    scale = t(np.array([5.0])) if normalized else None
    close(F.sigmoid_focal_loss(t(x), t(y), scale, 0.3, 1.5), want, 1e-8)


def test_pairwise_distance_of_every_norm():
    a, b = numbers(3, 4), numbers(3, 4, seed=1)
    d = a - b + 1e-6
    for p in (1.0, 2.0, 3.0, math.inf, -math.inf, 0.0):
        close(F.pairwise_distance(t(a), t(b), p), np.linalg.norm(d, p, axis=1), 1e-9)
    close(F.pairwise_distance(t(a), t(b), keepdim=True), np.linalg.norm(d, axis=1)[:, None])


def test_poisson_and_gaussian_options():
    x, y = numbers(5), np.array([0.0, 1.0, 2.0, 5.0, 9.0])
    stirling = np.where(
        y > 1, y * np.log(np.maximum(y, 1)) - y + 0.5 * np.log(2 * np.pi * np.maximum(y, 1)), 0
    )
    close(F.poisson_nll_loss(t(x), t(y), full=True, reduction="none"), np.exp(x) - y * x + stirling)
    rate = np.exp(x)
    close(
        F.poisson_nll_loss(t(rate), t(y), False, reduction="sum"),
        (rate - y * np.log(rate + 1e-8)).sum(),
    )
    small = np.full(5, 1e-9)
    want = 0.5 * (np.log(1e-6) + (x - y) ** 2 / 1e-6)
    close(F.gaussian_nll_loss(t(x), t(y), t(small), reduction="none"), want)


def test_ctc_loss_is_minus_log_of_the_sum_over_alignments():
    import itertools

    logits = numbers(4, 1, 3)
    p = np.exp(logits[:, 0]) / np.exp(logits[:, 0]).sum(1, keepdims=True)
    for label in ([1], [1, 2], [1, 1], []):
        total = 0.0
        for path in itertools.product(range(3), repeat=4):
            read = [k for k, _ in itertools.groupby(path) if k != 0]
            total += math.prod(p[i, k] for i, k in enumerate(path)) if read == label else 0.0
        padded = np.array([label + [2] * (3 - len(label))])
        got = F.ctc_loss(
            t(logits), t(padded), t(np.array([4])), t(np.array([len(label)])), reduction="none"
        )
        close(got, [-math.log(total)], 1e-9)


def test_ctc_reductions():
    logits = t(numbers(5, 2, 4))
    labels, times, lengths = t(np.array([[1, 2], [3, 3]])), t(np.array([5, 4])), t(np.array([2, 1]))
    each = F.ctc_loss(logits, labels, times, lengths, reduction="none").numpy()
    close(F.ctc_loss(logits, labels, times, lengths), (each / [2, 1]).mean())
    close(F.ctc_loss(logits, labels, times, lengths, reduction="sum"), each.sum())
    close(F.ctc_loss(logits, labels, times, lengths, 0, "none", True), each / [5, 4])


def test_hsigmoid_with_paths_is_the_default_tree():
    x, w, b = numbers(2, 4), numbers(5, 4, seed=1), numbers(5, 1, seed=2)
    label = np.array([[1], [4]])
    # Leaves 7 = 0b111 and 10 = 0b1010 of a heap with 6 leaves.
    table = np.array([[2, 0, -1], [4, 1, 0]])
    code = np.array([[1, 1, -1], [0, 1, 0]])
    free = F.hsigmoid_loss(t(x), t(label), 6, t(w), t(b))
    given = F.hsigmoid_loss(t(x), t(label), 6, t(w), t(b), t(table), t(code))
    close(given, free.numpy())
    score = [x[0] @ w[2] + b[2, 0], x[0] @ w[0] + b[0, 0]]
    close(free[0], [-np.log(sigmoid(score[0]) * sigmoid(score[1]))], 1e-9)


def test_label_smooth_and_sequence_mask():
    y = np.eye(4)[[1, 3]]
    close(F.label_smooth(t(y), epsilon=0.2), y * 0.8 + 0.05)
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    close(F.label_smooth(t(y), t(prior), 0.2), y * 0.8 + prior * 0.2)
    lengths = np.array([[1, 3], [0, 2]])
    want = np.arange(3) < lengths[..., None]
    np.testing.assert_array_equal(F.sequence_mask(t(lengths)).numpy(), want.astype("int64"))
    assert F.sequence_mask(t(lengths), 5, "float32").shape == [2, 2, 5]


# ---- resizing ----


def resized(x, out, mode, align_corners, align_mode, ratio):
    """One axis, one output at a time."""
    n = len(x)
    y = []
    for i in range(out):
        if align_corners:
            src = i * (n - 1) / (out - 1) if out > 1 else 0.0
        elif mode == "nearest" or align_mode == 1:
            src = i * ratio
        else:
            src = max((i + 0.5) * ratio - 0.5, 0.0)
        if mode == "nearest":
            y.append(x[min(int(src + (0.5 if align_corners else 0.0)), n - 1)])
        else:
            low = min(int(src), n - 1)
            high = min(low + 1, n - 1)
            y.append(x[low] * (1 - (src - low)) + x[high] * (src - low))
    return np.array(y)


@pytest.mark.parametrize(
    "mode, align_corners, align_mode",
    [
        ("nearest", False, 0),
        ("nearest", True, 0),
        ("linear", False, 0),
        ("linear", False, 1),
        ("linear", True, 0),
    ],
)
@pytest.mark.parametrize("size, out", [(5, 8), (7, 3), (4, 4), (3, 1), (1, 4)])
def test_interpolate_one_dim(mode, align_corners, align_mode, size, out):
    x = numbers(2, 3, size)
    want = np.apply_along_axis(resized, 2, x, out, mode, align_corners, align_mode, size / out)
    close(F.interpolate(t(x), [out], None, mode, align_corners, align_mode), want)


def test_interpolate_scales_and_formats():
    x = numbers(1, 4, 6, 2)
    first = F.interpolate(t(x.transpose(0, 3, 1, 2)), scale_factor=[1.5, 0.5], mode="bilinear")
    assert first.shape == [1, 2, 6, 3]
    last = F.interpolate(t(x), scale_factor=[1.5, 0.5], mode="BILINEAR", data_format="NHWC")
    close(last, first.numpy().transpose(0, 2, 3, 1))
    close(F.upsample(t(x), size=[2, 3], data_format="NHWC"), x[:, ::2, ::2])
    area = F.interpolate(t(x), size=[2, 3], mode="area", data_format="NHWC")
    close(area, x.reshape(1, 2, 2, 3, 2, 2).mean((2, 4)))
    sized = F.interpolate(t(x), size=t(np.array([2, 3])), data_format="NHWC")
    assert sized.shape == [1, 2, 3, 2]


# ---- windows ----


def test_unfold_is_every_window_and_fold_counts_them():
    x = numbers(2, 3, 5, 6)
    columns = F.unfold(t(x), [2, 3], [1, 2], [1, 0, 0, 1], 1).numpy()
    padded = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 1)))
    want = [
        padded[:, :, i : i + 2, j : j + 3].reshape(2, -1) for i in range(5) for j in range(0, 5, 2)
    ]
    np.testing.assert_array_equal(columns, np.stack(want, -1))
    ones = t(np.ones([1, 1, 5, 6]))
    counts = F.fold(F.unfold(ones, 3), [5, 6], 3).numpy()[0, 0]
    np.testing.assert_array_equal(counts, np.outer([1, 2, 3, 2, 1], [1, 2, 3, 3, 2, 1]))


def test_unpool_to_a_given_size():
    x = t(numbers(1, 2, 5))
    y, places = F.max_pool1d(x, 2, return_mask=True)
    back = F.max_unpool1d(y, places, 2, output_size=[5])
    assert back.shape == [1, 2, 5]
    np.testing.assert_array_equal(back.numpy().max(-1) == x.numpy()[:, :, :4].max(-1), True)


@pytest.mark.parametrize("kernel", [None, 2])
def test_fractional_max_pool(kernel):
    x = numbers(2, 3, 9, 7)
    y, places = F.fractional_max_pool2d(t(x), [4, 3], kernel, 0.3, return_mask=True)
    assert y.shape == [2, 3, 4, 3]
    flat = x.reshape(2, 3, -1)
    taken = np.take_along_axis(flat, places.numpy().reshape(2, 3, -1).astype("int64"), 2)
    np.testing.assert_array_equal(taken.reshape(2, 3, 4, 3), y.numpy())
    assert (y.numpy().max((2, 3)) == flat.max(2)).all() or kernel == 2
    assert F.fractional_max_pool3d(t(numbers(1, 1, 5, 5, 5)), 2).shape == [1, 1, 2, 2, 2]
    np.testing.assert_array_equal(F.fractional_max_pool2d(t(x), [9, 7], None, 0.5).numpy(), x)


def test_lp_pool_of_infinity_is_the_maximum():
    x = t(numbers(1, 2, 4, 4))
    close(F.lp_pool2d(x, math.inf, 2), F.max_pool2d(x, 2).numpy())


def test_temporal_shift():
    x = numbers(4, 8, 1, 1)
    y = F.temporal_shift(t(x), 2, 0.25).numpy().reshape(2, 2, 8)
    v = x.reshape(2, 2, 8)
    np.testing.assert_array_equal(y[:, 0, :2], 0)
    np.testing.assert_array_equal(y[:, 1, :2], v[:, 0, :2])
    np.testing.assert_array_equal(y[:, 0, 2:4], v[:, 1, 2:4])
    np.testing.assert_array_equal(y[:, 1, 2:4], 0)
    np.testing.assert_array_equal(y[:, :, 4:], v[:, :, 4:])


def test_gather_tree_follows_the_parents():
    ids = np.array([[[2, 5]], [[3, 1]], [[7, 8]]])
    parents = np.array([[[0, 0]], [[1, 0]], [[1, 0]]])
    got = F.gather_tree(t(ids), t(parents)).numpy()[:, 0]
    np.testing.assert_array_equal(got, [[2, 5], [1, 3], [7, 8]])


def test_softmax_with_cross_entropy_keeps_the_classes_dim():
    x, label = t(numbers(4, 3)), t(np.array([[0], [2], [1], [2]]))
    loss, p = F.softmax_with_cross_entropy(x, label, return_softmax=True)
    assert loss.shape == [4, 1]
    want = -np.log(np.take_along_axis(p.numpy(), label.numpy(), 1))
    close(loss, want, 1e-9)


def test_adaptive_softmax_is_a_distribution():
    layer = proa.nn.AdaptiveLogSoftmaxWithLoss(4, 10, [2, 5, 7], dtype="float64")
    x = t(numbers(3, 4))
    every = layer.log_prob(x).numpy()
    np.testing.assert_allclose(np.exp(every).sum(1), 1.0, rtol=1e-9)
    np.testing.assert_array_equal(layer.predict(x).numpy(), every.argmax(1))
    picked, loss = layer(x, t(np.array([1, 6, 9])))
    close(picked, every[[0, 1, 2], [1, 6, 9]], 1e-9)
    close(loss, -every[[0, 1, 2], [1, 6, 9]].mean(), 1e-9)
    for cutoffs in ([], [3, 3], [0, 4], [10]):
        with pytest.raises(ValueError, match="cutoffs"):
            proa.nn.AdaptiveLogSoftmaxWithLoss(4, 10, cutoffs)


# ---- draws ----


def test_gumbel_softmax_draws_the_classes_by_their_probabilities():
    proa.seed(5)
    logits = np.log(np.array([0.5, 0.3, 0.2]))
    x = proa.to_tensor(np.tile(logits, (20000, 1)), stop_gradient=False)
    y = F.gumbel_softmax(x, 0.5, hard=True)
    rows = y.numpy()
    assert set(np.unique(rows.round(12))) == {0.0, 1.0}
    np.testing.assert_allclose(rows.mean(0), [0.5, 0.3, 0.2], atol=0.02)
    (y * t(np.array([1.0, 2.0, 3.0]))).sum().backward()
    assert np.abs(x.grad.numpy()).max() > 0
    np.testing.assert_allclose(F.gumbel_softmax(x).numpy().sum(1), 1.0, rtol=1e-6)


def test_rrelu_draws_slopes_within_bounds():
    proa.seed(6)
    x = -np.ones([100, 100])
    slopes = -F.rrelu(t(x), 0.1, 0.4).numpy()
    assert 0.1 <= slopes.min() < 0.11 and 0.39 < slopes.max() <= 0.4
    close(F.rrelu(t(x), 0.1, 0.4, training=False), x * 0.25)


IMAGE = np.ones([1, 2, 4, 4])


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: F.interpolate(t(IMAGE)), "either size or scale_factor"),
        (lambda: F.interpolate(t(IMAGE), 2, 2.0), "either size or scale_factor"),
        (lambda: F.interpolate(t(IMAGE), [2, 2], mode="linear"), "3 dims"),
        (lambda: F.interpolate(t(IMAGE), [2, 2, 2]), "a number or 2 of them"),
        (lambda: F.interpolate(t(IMAGE), scale_factor=0.1), "at least 1"),
        (lambda: F.interpolate(t(IMAGE), 2, mode="cubic"), "did you mean 'bicubic'"),
        (lambda: F.interpolate(t(IMAGE), 2, align_mode=2), "align_mode"),
        (lambda: F.interpolate(t(IMAGE[:, :, :0]), 2), "are not 0"),
        (lambda: F.unfold(t(IMAGE), 5), "windows of at most 4"),
        (lambda: F.unfold(t(IMAGE[0]), 2), "4 dims"),
        (lambda: F.fold(t(np.ones([1, 7, 4])), 3, 2), "kh \\* kw"),
        (lambda: F.fold(t(np.ones([1, 8, 5])), 3, 2), "4 windows"),
        (lambda: F.max_unpool2d(t(IMAGE), t(np.zeros([1, 2, 4, 3])), 2), "indices"),
        (lambda: F.max_unpool2d(t(IMAGE), t(np.full([1, 2, 4, 4], 64)), 2), "places below 64"),
        (
            lambda: F.max_unpool2d(t(IMAGE), t(np.zeros([1, 2, 4, 4])), 2, output_size=[1, 2]),
            "output_size",
        ),
        (lambda: F.lp_pool2d(t(IMAGE), 0, 2), "norm_type"),
        (lambda: F.fractional_max_pool2d(t(IMAGE), 5), "ints in 1..4"),
        (lambda: F.pixel_shuffle(t(IMAGE), 2), "a multiple of upscale_factor"),
        (lambda: F.pixel_unshuffle(t(IMAGE), 3), "downscale_factor=3"),
        (lambda: F.channel_shuffle(t(IMAGE), 3), "groups=3"),
        (lambda: F.temporal_shift(t(IMAGE), 2), "seg_num"),
        (lambda: F.rrelu(t(IMAGE), 0.5, 0.2), "lower"),
        (lambda: F.gumbel_softmax(t(IMAGE), 0.0), "temperature"),
        (lambda: F.bilinear(t(np.ones([2, 3])), t(np.ones([2, 4])), t(np.ones([5, 3, 3]))), "x2"),
        (lambda: F.dropout2d(t(IMAGE[0])), "4 dims"),
        (lambda: F.alpha_dropout(t(IMAGE), 2.0), r"\[0, 1\]"),
        (lambda: F.soft_margin_loss(t(IMAGE), t(IMAGE), "avg"), "reduction"),
        (lambda: F.cosine_embedding_loss(t(IMAGE[0, 0]), t(IMAGE[0]), t(IMAGE)), "input2"),
        (lambda: F.cosine_embedding_loss(t(IMAGE[0, 0]), t(IMAGE[0, 0]), t(IMAGE), 2.0), "margin"),
        (lambda: F.triplet_margin_loss(t(IMAGE), t(IMAGE), t(IMAGE), 0.0), "margin"),
        (lambda: F.dice_loss(t(IMAGE), t(IMAGE)), "label"),
        (lambda: F.ctc_loss(t(IMAGE), t(IMAGE), t(IMAGE), t(IMAGE)), "log_probs"),
        (lambda: F.ctc_loss(t(IMAGE[0]), t(IMAGE[0, 0]), t(IMAGE), t(IMAGE), 9), "blank"),
        (lambda: F.label_smooth(t(IMAGE), epsilon=1.5), "epsilon"),
        (lambda: F.grid_sample(t(IMAGE[0]), t(IMAGE)), "4 or 5 dims"),
        (lambda: F.grid_sample(t(IMAGE), t(np.ones([1, 3, 3, 3]))), "grid"),
        (lambda: F.grid_sample(t(IMAGE), t(np.ones([1, 3, 3, 2])), "bicubic"), "mode"),
        (lambda: F.affine_grid(t(np.ones([1, 2, 2])), [1, 1, 2, 2]), r"\[1, 2, 3\]"),
        (lambda: F.gather_tree(t(IMAGE[0]), t(IMAGE[0, :1])), "parents"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act()
