"""Layers beyond golden.npz: modes, formats, state of norms, dropout statistics, and what each
refuses.
"""

from __future__ import annotations

import numpy as np
import pytest

import proa
from proa import nn


def test_batch_norm_modes():
    norm = nn.BatchNorm1D(1, momentum=0.5, weight_attr=False, bias_attr=False)
    assert norm.weight is None and norm.bias is None
    x = proa.to_tensor(np.array([[0.0], [2.0], [7.0]], dtype="float32"))
    np.testing.assert_allclose(norm(x).numpy().mean(), 0.0, atol=1e-6)
    np.testing.assert_allclose(norm._mean.numpy(), [1.5], rtol=1e-6)
    np.testing.assert_allclose(norm.running_var.numpy(), [0.5 + np.var([0, 2, 7]) / 2], rtol=1e-6)
    norm.eval()
    expected = (x.numpy() - 1.5) / np.sqrt(0.5 + np.var([0, 2, 7]) / 2 + 1e-5)
    np.testing.assert_allclose(norm(x).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(norm._mean.numpy(), [1.5], rtol=1e-6)
    frozen = nn.BatchNorm1D(1, use_global_stats=True)
    np.testing.assert_allclose(frozen(x).numpy(), x.numpy() / np.sqrt(1 + 1e-5), rtol=1e-5)
    np.testing.assert_array_equal(frozen._mean.numpy(), [0.0])


def test_batch_norm_channels_last():
    first, last = nn.BatchNorm2D(3), nn.BatchNorm2D(3, data_format="NHWC")
    x = proa.randn([2, 3, 4, 5])
    y = last(proa.transpose(x, [0, 2, 3, 1]))
    np.testing.assert_allclose(
        proa.transpose(y, [0, 3, 1, 2]).numpy(), first(x).numpy(), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(last._mean.numpy(), first._mean.numpy(), rtol=1e-4, atol=1e-6)


def test_batch_norm_of_the_oldest_signature():
    norm = nn.BatchNorm(2, act="relu", moving_mean_name="running")
    assert norm(proa.randn([8, 2, 3, 3])).numpy().min() == 0.0 and norm._mean.name == "running"
    with pytest.raises(ValueError, match="act"):
        nn.BatchNorm(2, act="no_such")


def test_sync_batch_norm_takes_the_tensors_over():
    net = nn.Sequential(nn.Conv2D(1, 2, 1), nn.BatchNorm2D(2), nn.Sequential(nn.BatchNorm2D(2)))
    net.eval()
    state = net.state_dict()
    made = nn.SyncBatchNorm.convert_sync_batchnorm(net)
    assert made is net and type(net[1]) is nn.SyncBatchNorm and type(net[2][0]) is nn.SyncBatchNorm
    assert not net[1].training
    after = net.state_dict()
    assert set(after) == set(state) and all(after[name] is state[name] for name in state)


def test_group_norm_takes_other_ranks():
    for shape in ([2, 4], [2, 4, 5], [2, 4, 3, 2, 2]):
        x = proa.randn(shape)
        got = nn.GroupNorm(2, 4)(x).numpy().reshape(2, 2, -1)
        np.testing.assert_allclose(got.mean(-1), 0.0, atol=1e-5)


def test_dropout_statistics_and_modes():
    proa.seed(3)
    x = proa.ones([200, 100])
    y = nn.Dropout(0.25)(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    down = nn.Dropout(0.25, mode="downscale_in_infer")
    assert set(np.unique(down(x).numpy())) == {0.0, 1.0}
    np.testing.assert_allclose(down.eval()(x).numpy(), 0.75)
    rows = nn.Dropout(0.5, axis=0)(x).numpy()
    assert ((rows == 0).all(1) | (rows != 0).all(1)).all()
    for layer, shape in (
        (nn.Dropout2D(0.5), [20, 30, 2, 2]),
        (nn.Dropout3D(0.5), [20, 30, 2, 2, 2]),
    ):
        y = layer(proa.ones(shape)).numpy().reshape(20, 30, -1)
        assert ((y == 0).all(2) | (y != 0).all(2)).all() and 0.3 < (y == 0).mean() < 0.7
        np.testing.assert_array_equal(layer.eval()(proa.ones(shape)).numpy(), np.ones(shape))


def test_alpha_dropout_keeps_the_moments():
    proa.seed(4)
    y = nn.AlphaDropout(0.3)(proa.randn([400, 400])).numpy()
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02
    x = proa.randn([3, 4])
    np.testing.assert_array_equal(nn.AlphaDropout(0.3).eval()(x).numpy(), x.numpy())


def test_embedding_padding_and_pretrained():
    table = np.arange(12.0, dtype="float32").reshape(4, 3)
    layer = nn.Embedding.from_pretrained(proa.to_tensor(table))
    assert layer.weight.stop_gradient
    np.testing.assert_array_equal(
        layer(proa.to_tensor(np.array([[3, 0]]))).numpy(), table[[[3, 0]]]
    )
    padded = nn.Embedding(4, 3, padding_idx=-1)
    ids = proa.to_tensor(np.array([1, 3]))
    padded(ids).sum().backward()
    assert padded.padding_idx == 3
    np.testing.assert_array_equal(padded.weight.grad.numpy()[:, 0], [0, 1, 0, 0])


def test_embedding_scales_gradients_by_frequency():
    layer = nn.Embedding(4, 2, scale_grad_by_freq=True)
    layer(proa.to_tensor(np.array([[1, 2, 1], [1, 3, 2]]))).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy()[:, 0], [0, 1, 1, 1], rtol=1e-6)


def test_rms_norm_over_several_dims():
    x = proa.randn([2, 3, 4])
    layer = nn.RMSNorm([3, 4])
    square = (x.numpy() ** 2).mean((1, 2), keepdims=True)
    want = x.numpy() / np.sqrt(square + 1e-6)
    np.testing.assert_allclose(layer(x).numpy(), want, rtol=1e-5)
    with pytest.raises(ValueError, match="last dims are"):
        layer(proa.ones([2, 4, 3]))


def test_embedding_max_norm():
    layer = nn.Embedding(4, 3, max_norm=1.0, weight_attr=nn.initializer.Constant(2.0))
    y = layer(proa.to_tensor(np.array([0, 2, 0]))).numpy()
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), 1.0, rtol=1e-5)
    kept = np.linalg.norm(layer.weight.numpy(), axis=1)
    np.testing.assert_allclose(kept, [1.0, np.sqrt(12), 1.0, np.sqrt(12)], rtol=1e-5)


def test_maxout_takes_groups_of_channels():
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    got = nn.Maxout(2)(proa.to_tensor(x)).numpy()
    np.testing.assert_array_equal(got, x.reshape(2, 3, 2, 3).max(2))


def test_identity_takes_anything():
    x = proa.ones([1])
    assert nn.Identity(3, a=4)(x) is x


def test_convolution_sizes_and_formats():
    x = proa.randn([2, 3, 9, 8])
    assert list(nn.Conv2D(3, 4, 3, stride=2, padding="SAME")(x).shape) == [2, 4, 5, 4]
    assert list(nn.Conv2D(3, 4, 3, padding="VALID")(x).shape) == [2, 4, 7, 6]
    last = nn.Conv2D(3, 4, 3, data_format="NHWC")
    first = nn.Conv2D(3, 4, 3)
    first.set_state_dict(last.state_dict())
    y = last(proa.transpose(x, [0, 2, 3, 1]))
    np.testing.assert_allclose(
        proa.transpose(y, [0, 3, 1, 2]).numpy(), first(x).numpy(), rtol=1e-4, atol=1e-5
    )
    up = nn.Conv2DTranspose(3, 2, 3, stride=2)
    assert list(up(x).shape) == [2, 2, 19, 17]
    assert list(up(x, output_size=[20, 18]).shape) == [2, 2, 20, 18]


def test_max_pool_and_back():
    x = proa.randn([1, 2, 4, 6])
    y, mask = nn.MaxPool2D(2, return_mask=True)(x)
    back = nn.MaxUnPool2D(2)(y, mask).numpy()
    kept = back != 0
    np.testing.assert_array_equal(back[kept], x.numpy()[kept])
    assert kept.sum() == y.numpy().size


def test_hierarchical_sigmoid_is_a_distribution():
    layer = nn.HSigmoidLoss(4, 6)
    x = proa.randn([1, 4])
    losses = [layer(x, proa.to_tensor(np.array([[c]]))).numpy().item() for c in range(6)]
    np.testing.assert_allclose(np.exp(-np.array(losses)).sum(), 1.0, rtol=1e-4)


def test_triplet_with_a_distance_of_ones_own():
    def manhattan(a, b):
        return proa.abs(a - b).sum(-1)

    loss = nn.TripletMarginWithDistanceLoss(manhattan, 1.0, reduction="none")
    a, p, n = (proa.randn([3, 4]) for _ in range(3))
    want = np.abs(a.numpy() - p.numpy()).sum(1) - np.abs(a.numpy() - n.numpy()).sum(1) + 1.0
    np.testing.assert_allclose(loss(a, p, n).numpy(), np.maximum(want, 0), rtol=1e-5)


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: nn.Linear(0, 3), r"\[Linear\] in_features: expected a positive int, got 0"),
        (lambda: nn.Linear(3, 2.5), r"\[Linear\] out_features: expected a positive int, got 2.5"),
        (lambda: nn.Linear(True, 2), "in_features"),
        (lambda: nn.Bilinear(1, 1, -1), r"\[Bilinear\] out_features"),
        (
            lambda: nn.Embedding(4, 3, padding_idx=4),
            r"padding_idx: expected an int in -4..3, got 4",
        ),
        (lambda: nn.Embedding(4, 3, padding_idx=1.0), "padding_idx"),
        (lambda: nn.Embedding.from_pretrained(proa.ones([3])), "2 dims"),
        (lambda: nn.Dropout(1.5), r"\[Dropout\] p: expected a number in \[0, 1\], got 1.5"),
        (lambda: nn.Dropout(0.5, mode="train"), r"\[Dropout\] mode"),
        (lambda: nn.Dropout2D(0.5, "NCL"), "data_format"),
        (
            lambda: nn.Conv2D(3, 4, [3]),
            r"\[Conv2D\] kernel_size: expected an int >= 1 or 2 of them",
        ),
        (lambda: nn.Conv2D(3, 4, 0), "kernel_size"),
        (lambda: nn.Conv2D(3, 4, 3, groups=2), "in_channels: expected a multiple of groups=2"),
        (lambda: nn.Conv2D(4, 3, 3, groups=2), "out_channels: expected a multiple of groups=2"),
        (lambda: nn.Conv2D(3, 4, 3, stride=-1), "stride"),
        (lambda: nn.Conv2D(3, 4, 3, padding=-1), "padding"),
        (lambda: nn.Conv2D(3, 4, 3, padding="samee"), "padding"),
        (lambda: nn.Conv2D(3, 4, 3, padding_mode="mirror"), "padding_mode"),
        (lambda: nn.Conv2D(3, 4, 3, padding="SAME", padding_mode="reflect"), "numbers, with"),
        (lambda: nn.Conv2D(3, 4, 3, data_format="NWHC"), "did you mean 'NHWC'"),
        (lambda: nn.Conv1DTranspose(2, 2, 3, output_padding=-1), "output_padding"),
        (lambda: nn.BatchNorm2D(3, momentum=2.0), "momentum"),
        (lambda: nn.BatchNorm2D(3, epsilon=-1.0), "epsilon"),
        (
            lambda: nn.BatchNorm2D(3)(proa.ones([2, 3])),
            r"\[BatchNorm2D\] x: expected a tensor with 4",
        ),
        (lambda: nn.InstanceNorm1D(3)(proa.ones([2, 3, 4, 5])), "2 or 3 dims"),
        (lambda: nn.InstanceNorm2D(3, weight_attr=False), "False exactly where"),
        (lambda: nn.LayerNorm([]), "normalized_shape"),
        (lambda: nn.LayerNorm("4"), "normalized_shape"),
        (lambda: nn.LayerNorm(4, weight_attr=False, elementwise_affine=False), "nothing, because"),
        (lambda: nn.GroupNorm(3, 4), "num_channels: expected a multiple of num_groups=3"),
        (lambda: nn.SpectralNorm([3, 4], dim=2), "dim"),
        (lambda: nn.MaxPool2D(2, stride=0), "stride"),
        (lambda: nn.MaxPool2d(2, dilation=2), "dilation"),
        (lambda: nn.AdaptiveAvgPool2D([1, 2, 3]), "output_size"),
        (lambda: nn.AdaptiveMaxPool1D(0), "output_size"),
        (lambda: nn.LPPool2D(0, 2), "norm_type"),
        (lambda: nn.FractionalMaxPool2D(2, random_u=1.5), "random_u"),
        (lambda: nn.Pad2D([1, 2, 3]), r"\[Pad2D\] padding: expected an int or 4 ints"),
        (lambda: nn.Pad1D(1, mode="mirror"), "mode"),
        (lambda: nn.Pad2D(1)(proa.ones([2, 2, 2])), "4 dims"),
        (lambda: nn.PixelShuffle(0), "upscale_factor"),
        (lambda: nn.Unfold([1, 2, 3]), "kernel_sizes"),
        (lambda: nn.Upsample(mode="bilinera"), "did you mean 'bilinear'"),
        (lambda: nn.PReLU(0), "num_parameters"),
        (lambda: nn.GELU("erf"), "approximate"),
        (lambda: nn.Softmax2D()(proa.ones([2, 2])), "3 or 4 dims"),
        (
            lambda: nn.MSELoss("avg"),
            r"\[MSELoss\] reduction: expected one of 'mean', 'sum', 'none'",
        ),
        (lambda: nn.CrossEntropyLoss(label_smoothing=2.0), "label_smoothing"),
        (lambda: nn.MultiMarginLoss(3), r"\[MultiMarginLoss\] p: expected 1 or 2"),
        (lambda: nn.HSigmoidLoss(4, 1), "num_classes"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act()
