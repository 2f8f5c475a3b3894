"""Gradient clipping: objects for optimizers, and the functions of nn.utils."""

from __future__ import annotations

import math

import nn_golden as golden
import numpy as np
import pytest

import proa
from proa import nn


def pair(values, dtype="float32", need_clip=True):
    parameter = nn.Parameter(proa.zeros([len(values)], dtype))
    parameter.need_clip = need_clip
    return parameter, proa.to_tensor(np.array(values, dtype=dtype))


def values(pairs):
    return [None if g is None else g.numpy().tolist() for _, g in pairs]


def test_by_value():
    pairs = [pair([-3.0, 0.5, 2.0]), pair([9.0], need_clip=False)]
    assert values(nn.ClipGradByValue(1.0)(pairs)) == [[-1.0, 0.5, 1.0], [9.0]]
    assert values(nn.ClipGradByValue(1.0, -2.0)(pairs)) == [[-2.0, 0.5, 1.0], [9.0]]
    assert values(nn.ClipGradByValue(1.0)([(pairs[0][0], None)])) == [None]


def test_by_norm():
    pairs = [pair([3.0, 4.0]), pair([0.3, 0.4]), pair([0.0, 0.0]), pair([30.0], need_clip=False)]
    clipped = nn.ClipGradByNorm(1.0)(pairs)
    for got, want in zip(values(clipped), ([0.6, 0.8], [0.3, 0.4], [0.0, 0.0], [30.0])):
        np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("skip", [False, True])
def test_by_global_norm(skip):
    pairs = [pair([3.0]), pair([4.0]), pair([100.0], need_clip=False)]
    clipped = nn.ClipGradByGlobalNorm(1.0, auto_skip_clip=skip)(pairs)
    np.testing.assert_allclose([g.item() for _, g in clipped], [0.6, 0.8, 100.0], rtol=1e-6)
    assert [p for p, _ in clipped] == [p for p, _ in pairs]
    same = nn.ClipGradByGlobalNorm(6.0, auto_skip_clip=skip)(pairs)
    np.testing.assert_array_equal([g.item() for _, g in same], [3.0, 4.0, 100.0])
    assert nn.ClipGradByGlobalNorm(1.0)([]) == []


def test_half_precision_norms_do_not_overflow():
    pairs = [pair([3e4, 4e4], "float16")]
    for clip in (nn.ClipGradByNorm(5.0), nn.ClipGradByGlobalNorm(5.0)):
        ((_, g),) = clip(pairs)
        assert g.dtype == proa.float16
        np.testing.assert_allclose(g.numpy().astype("float32"), [3.0, 4.0], rtol=2e-3)


def test_complex_norms_take_magnitudes():
    g = proa.to_tensor(np.array([3 + 4j], dtype="complex64"))
    ((_, clipped),) = nn.ClipGradByNorm(1.0)([(nn.Parameter(g), g)])
    np.testing.assert_allclose(clipped.numpy(), [0.6 + 0.8j], rtol=1e-6)


@pytest.mark.parametrize(
    "act",
    [
        lambda: nn.ClipGradByValue(-1.0),
        lambda: nn.ClipGradByValue(1.0, 2.0),
        lambda: nn.ClipGradByValue("1"),
        lambda: nn.ClipGradByNorm(0.0),
        lambda: nn.ClipGradByGlobalNorm(-2.0),
        lambda: nn.ClipGradByGlobalNorm(True),
    ],
)
def test_refusals(act):
    with pytest.raises(ValueError, match=r"\[ClipGradBy"):
        act()


def with_gradients(arrays):
    parameters = []
    for array in arrays:
        parameter = nn.Parameter(proa.zeros(list(array.shape), str(array.dtype)))
        parameter.grad = proa.to_tensor(array)
        parameters.append(parameter)
    return parameters


@pytest.mark.parametrize("kind", [2.0, 1.0, math.inf])
def test_clip_grad_norm_as_torch(kind):
    case = f"clip_norm_{kind}"
    parameters = with_gradients([golden.get(f"{case}/x/{i}") for i in range(2)])
    parameters.append(nn.Parameter(proa.zeros([2])))  # without a gradient
    total = nn.utils.clip_grad_norm_(parameters, 1.5, kind)
    np.testing.assert_allclose(total.item(), golden.get(f"{case}/total"), rtol=1e-6)
    for i in range(2):
        want = golden.get(f"{case}/y/{i}")
        np.testing.assert_allclose(parameters[i].grad.numpy(), want, rtol=1e-12)


def test_clip_grad_norm_edges():
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0
    bad = with_gradients([np.array([np.nan])])
    with pytest.raises(ValueError, match="finite norm"):
        nn.utils.clip_grad_norm_(bad, 1.0, error_if_nonfinite=True)
    for arguments in ((bad, -1.0), (bad, 1.0, 0.0), ([3], 1.0)):
        with pytest.raises(ValueError, match=r"\[clip_grad_norm_\]"):
            nn.utils.clip_grad_norm_(*arguments)
    single = with_gradients([np.array([3.0, 4.0])])[0]
    assert nn.utils.clip_grad_norm_(single, 10.0).item() == 5.0
    np.testing.assert_allclose(single.grad.numpy(), [3.0, 4.0])


def test_clip_grad_value():
    (parameter,) = with_gradients([np.array([-3.0, 0.2, 5.0])])
    nn.utils.clip_grad_value_([parameter], 1.0)
    assert parameter.grad.numpy().tolist() == [-1.0, 0.2, 1.0]
    with pytest.raises(ValueError, match=r"\[clip_grad_value_\]"):
        nn.utils.clip_grad_value_([parameter], -1.0)
