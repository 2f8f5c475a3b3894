"""nn.utils: vectors of parameters, weight_norm and spectral_norm."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import proa
from proa import nn


def test_vector_and_back():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = [p.numpy().copy() for p in net.parameters()]
    vector = nn.utils.parameters_to_vector(net.parameters())
    np.testing.assert_array_equal(vector.numpy(), np.concatenate([b.ravel() for b in before]))
    nn.utils.vector_to_parameters(vector.detach() * 2.0, net.parameters())
    for parameter, old in zip(net.parameters(), before):
        np.testing.assert_array_equal(parameter.numpy(), old * 2)
    (nn.utils.parameters_to_vector(net.parameters()) ** 2).sum().backward()
    np.testing.assert_allclose(net[0].weight.grad.numpy(), before[0] * 4, rtol=1e-6)
    with pytest.raises(ValueError, match="a vector of 13 elements"):
        nn.utils.vector_to_parameters(proa.ones([5]), net.parameters())
    with pytest.raises(ValueError, match="at least one tensor"):
        nn.utils.parameters_to_vector([])
    mixed = [nn.Parameter(proa.ones([1])), nn.Parameter(proa.ones([1], "float64"))]
    with pytest.raises(ValueError, match="one dtype"):
        nn.utils.parameters_to_vector(mixed)


@pytest.mark.parametrize("dim, axes", [(0, (1, 2, 3)), (1, (0, 2, 3)), (None, (0, 1, 2, 3))])
def test_weight_norm(dim, axes):
    conv = nn.Conv2D(3, 4, 2)
    plain, x = conv.weight.numpy().copy(), proa.randn([1, 3, 4, 4])
    y = conv(x).numpy()
    assert nn.utils.weight_norm(conv, dim=dim) is conv
    assert {n for n, _ in conv.named_parameters()} == {"weight_v", "weight_g", "bias"}
    np.testing.assert_allclose(conv(x).numpy(), y, rtol=1e-4, atol=1e-5)
    length = np.sqrt((plain**2).sum(axes))
    np.testing.assert_allclose(conv.weight_g.numpy(), length, rtol=1e-5)
    conv(x).sum().backward()
    assert conv.weight_g.grad is not None and conv.weight_v.grad is not None
    with proa.no_grad():
        conv.weight_g.set_value(conv.weight_g * 2.0)
    conv(x)
    np.testing.assert_allclose(conv.weight.numpy(), plain * 2, rtol=1e-5)
    nn.utils.remove_weight_norm(conv)
    assert {n for n, _ in conv.named_parameters()} == {"weight", "bias"}
    np.testing.assert_allclose(conv.weight.numpy(), plain * 2, rtol=1e-5)
    conv(x).sum().backward()


def test_weight_norm_survives_deepcopy():
    linear = nn.utils.weight_norm(nn.Linear(3, 2), dim=1)
    linear(proa.ones([1, 3])).sum().backward()
    twin = copy.deepcopy(linear)
    with proa.no_grad():
        twin.weight_g.set_value(twin.weight_g * 3.0)
    x = proa.ones([1, 3])
    shift = linear.bias.numpy()
    np.testing.assert_allclose(
        twin(x).numpy() - shift, 3 * (linear(x).numpy() - shift), rtol=1e-5, atol=1e-6
    )


def test_spectral_norm():
    linear = nn.Linear(6, 4)
    plain = linear.weight.numpy().astype("float64")
    nn.utils.spectral_norm(linear, n_power_iterations=50)
    assert set(linear.state_dict()) == {"weight_orig", "weight_u", "weight_v", "bias"}
    assert {n for n, _ in linear.named_parameters()} == {"weight_orig", "bias"}
    x = proa.randn([2, 6])
    linear(x)
    largest = np.linalg.svd(plain, compute_uv=False)[0]
    np.testing.assert_allclose(linear.weight.numpy(), plain / largest, rtol=1e-3, atol=1e-5)
    linear(x).sum().backward()
    assert linear.weight_orig.grad is not None
    linear.eval()
    u = linear.weight_u.numpy().copy()
    linear(x)
    np.testing.assert_array_equal(linear.weight_u.numpy(), u)
    nn.utils.remove_spectral_norm(linear)
    np.testing.assert_allclose(linear.weight.numpy(), plain / largest, rtol=1e-3, atol=1e-5)


def test_spectral_norm_layer():
    layer = nn.SpectralNorm([4, 3, 2], dim=1, power_iters=60)
    weight = proa.randn([4, 3, 2])
    matrix = weight.numpy().transpose(1, 0, 2).reshape(3, 8).astype("float64")
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    np.testing.assert_allclose(layer(weight).numpy(), weight.numpy() / largest, rtol=1e-3)
    assert set(layer.state_dict()) == {"weight_u", "weight_v"} and layer.parameters() == []
    with pytest.raises(ValueError, match=r"a tensor of shape \[4, 3, 2\]"):
        layer(proa.ones([3, 4, 2]))


@pytest.mark.parametrize(
    "act",
    [
        lambda: nn.utils.weight_norm(nn.Linear(2, 2), "wieght"),
        lambda: nn.utils.weight_norm(nn.Linear(2, 2), dim=5),
        lambda: nn.utils.weight_norm(nn.utils.weight_norm(nn.Linear(2, 2))),
        lambda: nn.utils.remove_weight_norm(nn.Linear(2, 2)),
        lambda: nn.utils.spectral_norm(nn.Linear(2, 2), dim=3),
        lambda: nn.utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0),
        lambda: nn.utils.spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 2))),
        lambda: nn.utils.remove_spectral_norm(nn.Linear(2, 2)),
    ],
)
def test_refusals(act):
    with pytest.raises(ValueError, match=r"_norm\]"):
        act()


def test_a_refused_weight_norm_leaves_the_layer_whole():
    linear = nn.Linear(2, 2)
    with pytest.raises(ValueError):
        nn.utils.weight_norm(linear, dim=5)
    assert [n for n, _ in linear.named_parameters()] == ["bias", "weight"]
    linear(proa.ones([1, 2]))
