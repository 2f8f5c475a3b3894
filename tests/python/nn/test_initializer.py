"""Initializers: their distributions, exact values where they have them, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import proa
from proa import nn

I = nn.initializer  # noqa: E741


@pytest.fixture(autouse=True)
def seeded():
    proa.seed(1234)
    yield
    I.set_global_initializer(None, None)


def made(rule, shape, dtype="float32"):
    value = proa.full(shape, -7.0, dtype)
    rule(value)
    return value.numpy()


# name -> (rule, shape, mean, standard deviation, smallest and largest possible value)
SPREADS = {
    "normal": (I.Normal(1.0, 2.0), [200, 100], 1.0, 2.0, None),
    "uniform": (I.Uniform(-1.0, 3.0), [200, 100], 1.0, 4 / math.sqrt(12), (-1.0, 3.0)),
    # Variance of N(0, 1) within +-2: 1 - 2 * 2 * phi(2) / (Phi(2) - Phi(-2)) = 0.7737.
    "truncated": (I.TruncatedNormal(0.0, 0.5), [200, 100], 0.0, 0.5 * 0.8796, (-1.0, 1.0)),
    "xavier_uniform": (I.XavierUniform(), [200, 100], 0.0, math.sqrt(2 / 300), (-0.14143, 0.14143)),
    "xavier_normal": (I.XavierNormal(gain=2.0), [200, 100], 0.0, 2 * math.sqrt(2 / 300), None),
    "xavier_fans": (I.XavierNormal(50, 150), [200, 100], 0.0, math.sqrt(2 / 200), None),
    "xavier_conv": (I.XavierNormal(), [40, 30, 5, 4], 0.0, math.sqrt(2 / (600 + 800)), None),
    "kaiming_normal": (I.KaimingNormal(), [200, 100], 0.0, math.sqrt(2 / 200), None),
    "kaiming_conv": (I.KaimingNormal(), [40, 30, 5, 4], 0.0, math.sqrt(2 / 600), None),
    "kaiming_uniform": (
        I.KaimingUniform(negative_slope=1.0, nonlinearity="leaky_relu"),
        [300, 100],
        0.0,
        math.sqrt(1 / 300),
        (-0.10001, 0.10001),
    ),
}


@pytest.mark.parametrize("name", SPREADS)
def test_spread(name):
    rule, shape, mean, deviation, limits = SPREADS[name]
    x = made(rule, shape).astype("float64")
    count = x.size
    assert abs(x.mean() - mean) < 5 * deviation / math.sqrt(count)
    assert abs(x.std() - deviation) < 5 * deviation / math.sqrt(count)
    if limits is not None:
        assert limits[0] <= x.min() and x.max() <= limits[1]
        assert x.min() < limits[0] + 0.05 * (limits[1] - limits[0])
        assert x.max() > limits[1] - 0.05 * (limits[1] - limits[0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64"])
def test_dtypes(dtype):
    for rule in (I.Normal(), I.Uniform(), I.XavierUniform(), I.KaimingNormal(), I.Orthogonal()):
        x = rule.make([30, 20], dtype)
        assert str(x.dtype).endswith(dtype) and list(x.shape) == [30, 20]
        value = x.numpy()
        assert len(np.unique(value)) > 100
        if dtype == "complex64":
            assert value.imag.std() > 0.3 * value.real.std()


def test_seed_decides():
    first = made(I.XavierUniform(), [4, 4])
    other = made(I.XavierUniform(), [4, 4])
    proa.seed(1234)
    np.testing.assert_array_equal(made(I.XavierUniform(), [4, 4]), first)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shape", [[5, 8], [8, 5], [6, 2, 3], [4, 4]])
def test_orthogonal(shape):
    x = made(I.Orthogonal(gain=3.0), shape, "float64").reshape(shape[0], -1) / 3.0
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)


def test_dirac_passes_its_input_through():
    conv = nn.Conv2D(4, 4, 3, padding=1, weight_attr=I.Dirac())
    x = proa.randn([1, 4, 5, 5])
    np.testing.assert_allclose(conv(x).numpy(), x.numpy(), rtol=1e-6)
    grouped = made(I.Dirac(2), [4, 2, 3])
    expected = np.zeros([4, 2, 3])
    expected[[0, 1, 2, 3], [0, 1, 0, 1], 1] = 1.0
    np.testing.assert_array_equal(grouped, expected)


def test_bilinear_upsamples():
    kernel = made(I.Bilinear(), [1, 1, 4, 4])[0, 0]
    line = np.array([0.25, 0.75, 0.75, 0.25])
    np.testing.assert_allclose(kernel, np.outer(line, line), rtol=1e-6)


def test_assign_and_constant():
    np.testing.assert_array_equal(made(I.Assign([[1, 2], [3, 4]]), [2, 2]), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(made(I.Assign(proa.ones([2])), [2]), [1, 1])
    assert (made(I.Constant(2.5), [3]) == 2.5).all()
    with pytest.raises(ValueError, match=r"\[Assign\] value: expected shape \[3\]"):
        made(I.Assign([1.0, 2.0]), [3])


def test_global_initializer_lies_between_attr_and_default():
    I.set_global_initializer(I.Constant(2.0), I.Constant(3.0))
    norm = nn.LayerNorm(2)
    assert (norm.weight.numpy() == 2).all() and (norm.bias.numpy() == 3).all()
    own = nn.Linear(1, 1, weight_attr=I.Constant(5.0))
    assert own.weight.item() == 5.0 and own.bias.item() == 3.0
    I.set_global_initializer(None)
    assert (nn.LayerNorm(2).weight.numpy() == 1).all()
    with pytest.raises(ValueError, match="an Initializer or None"):
        I.set_global_initializer(3.0)


def test_custom_initializers():
    class Ramp(I.Initializer):
        def make(self, shape, dtype):
            return proa.arange(math.prod(shape), dtype="float32").reshape(shape).astype(dtype)

    class Filling(I.Initializer):
        def forward(self, var, block=None):
            var.set_value(np.full(var.shape, 9.0, "float32"))

    assert nn.Linear(1, 3, weight_attr=Ramp()).weight.numpy().tolist() == [[0, 1, 2]]
    assert (nn.Linear(1, 3, weight_attr=Filling()).weight.numpy() == 9).all()
    with pytest.raises(NotImplementedError):
        I.Initializer().make([1], "float32")


@pytest.mark.parametrize(
    "name, param, gain",
    [
        ("relu", None, math.sqrt(2)),
        ("tanh", None, 5 / 3),
        ("leaky_relu", 0.2, math.sqrt(2 / 1.04)),
        ("leaky_relu", None, math.sqrt(2 / 1.0001)),
        ("selu", None, 0.75),
        ("conv2d", None, 1.0),
        ("sigmoid", None, 1.0),
    ],
)
def test_gain(name, param, gain):
    assert I.calculate_gain(name, param) == pytest.approx(gain)


def layer_spread(layer):
    return layer.weight.numpy().astype("float64").std()


def test_layer_defaults_are_paddles():
    assert layer_spread(nn.Linear(300, 100)) == pytest.approx(math.sqrt(2 / 400), rel=0.03)
    assert layer_spread(nn.Conv2D(16, 64, 5)) == pytest.approx(math.sqrt(2 / (16 * 25)), rel=0.03)
    assert layer_spread(nn.Conv2D(16, 64, 5, groups=4)) == pytest.approx(
        math.sqrt(2 / (16 * 25)), rel=0.05
    )
    transposed = nn.Conv2DTranspose(32, 16, 4)
    assert layer_spread(transposed) == pytest.approx(math.sqrt(2 / (48 * 16)), rel=0.03)
    assert layer_spread(nn.Embedding(500, 100)) == pytest.approx(math.sqrt(2 / 600), rel=0.03)
    recurrent = nn.LSTM(20, 64)
    for parameter in recurrent.parameters():
        assert abs(parameter.numpy()).max() <= 1 / 8
        assert parameter.numpy().std() == pytest.approx(0.125 / math.sqrt(3), rel=0.1)
    assert (nn.Linear(3, 3).bias.numpy() == 0).all()
    assert (nn.BatchNorm2D(3).weight.numpy() == 1).all()
    assert (nn.PReLU(2, 0.3).weight.numpy() == np.float32(0.3)).all()
    assert (nn.Embedding(4, 2, padding_idx=-1).weight.numpy()[3] == 0).all()


def test_torch_functions():
    w = nn.Parameter(proa.zeros([200, 100]))
    version = w._version
    assert nn.init.normal_(w, 1.0, 0.5) is w and w._version > version
    assert w.numpy().std() == pytest.approx(0.5, rel=0.03)
    assert (nn.init.ones_(w).numpy() == 1).all() and (nn.init.zeros_(w).numpy() == 0).all()
    assert (nn.init.constant_(w, 4.0).numpy() == 4).all()
    assert 0 <= nn.init.uniform_(w).numpy().min()
    np.testing.assert_array_equal(nn.init.eye_(w).numpy(), np.eye(200, 100))
    limit = math.sqrt(6 / 300)
    assert abs(nn.init.xavier_uniform_(w).numpy()).max() <= limit
    assert nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu").numpy().std() == (
        pytest.approx(math.sqrt(2 / 100), rel=0.03)
    )
    nn.init.trunc_normal_(w, 0.0, 2.0, -1.0, 1.0)
    assert abs(w.numpy()).max() <= 1.0 and w.numpy().std() > 0.5
    assert ((nn.init.sparse_(w, 0.25).numpy() == 0).sum(0) >= 50).all()
    nn.init.orthogonal_(w)
    np.testing.assert_allclose(w.numpy().T @ w.numpy(), np.eye(100), atol=1e-5)
    with pytest.raises(ValueError, match="2 dims"):
        nn.init.eye_(nn.Parameter(proa.zeros([3])))


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: I.Normal(std=-1.0), r"\[Normal\] std: expected a number >= 0, got -1.0"),
        (lambda: I.Uniform(2.0, 1.0), r"\[Uniform\] high"),
        (lambda: I.TruncatedNormal(a=1.0, b=1.0), r"\[TruncatedNormal\] b"),
        (lambda: I.Constant("x"), r"\[Constant\] value"),
        (lambda: I.Dirac(0), r"\[Dirac\] groups"),
        (lambda: I.Dirac().make([4, 4], "float32"), "3, 4 or 5 dims"),
        (lambda: I.Dirac(3).make([4, 4, 1], "float32"), "groups=3 divides"),
        (lambda: I.Bilinear().make([1, 1, 3, 4], "float32"), r"\[out, in, k, k\]"),
        (lambda: I.Orthogonal().make([4], "float32"), "at least 2 dims"),
        (lambda: I.calculate_gain("rleu"), "did you mean 'relu'"),
        (lambda: I.KaimingNormal(nonlinearity="none"), "nonlinearity"),
        (lambda: I.Constant(1.0)([1.0]), "a tensor"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act()


def test_repr():
    assert repr(I.Normal(0.0, 0.5)) == "Normal(mean=0.0, std=0.5)"
    assert repr(I.Assign(np.zeros([2, 3]))) == "Assign(array of shape [2, 3])"
