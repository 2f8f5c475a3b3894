"""Sizes as values of captured graphs: numbers of operators, elements of tensors, extents that data
decides."""

import numpy
import pytest
from proa.jit import to_static
from proa.nn import functional as F

import proa


def same(a, b):
    assert a.dtype == b.dtype and a.shape == b.shape
    assert numpy.array_equal(a.numpy(), b.numpy(), equal_nan="float" in str(a.dtype))


SIZES = {
    "full": lambda x: proa.full([2], x.shape[0] * x.shape[2], "int64"),
    "full_like": lambda x: proa.full_like(x, x.shape[0] + 1),
    "to_tensor": lambda x: proa.to_tensor(x.shape[2], dtype="float32"),
    "listed": lambda x: proa.to_tensor([x.shape[0], 4, x.shape[2]]),
    "numel": lambda x: proa.numel(x),
    "shape": lambda x: proa.shape(x),
    "arange": lambda x: proa.arange(x.shape[2]),
    "arange from": lambda x: proa.arange(x.shape[0], 2 * x.shape[2], 3),
    "arange down": lambda x: proa.arange(x.shape[2], -1, -2, dtype="int32"),
    "arange of none": lambda x: proa.arange(3 * x.shape[2], x.shape[2]),
    "topk": lambda x: proa.topk(x, x.shape[0], -1)[0],
    "one_hot": lambda x: F.one_hot(proa.arange(2), x.shape[2]),
    "nearest": lambda x: F.interpolate(x, size=[x.shape[3], 9], mode="nearest"),
    "bilinear": lambda x: F.interpolate(x, size=[9, x.shape[2]], mode="bilinear"),
    "corners": lambda x: F.interpolate(x, [1, 5], mode="bilinear", align_corners=True),
    "bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "grid_sample": lambda x: F.grid_sample(
        x, proa.reshape(x[:, :2], [x.shape[0], -1, 1, 2]) * 3.0 - 1.0, padding_mode="border"
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_values(name):
    """One graph for all sizes, with eager's bits."""
    function = SIZES[name]
    captured = to_static(function)
    proa.seed(3)
    for dims in ([2, 4, 5, 6], [3, 4, 7, 8], [2, 4, 9, 6]):
        x = proa.rand(dims)
        same(function(x), captured(x))
    assert len(captured.captures()) == 1


def chosen(x, mask):
    return proa.reshape(proa.masked_select(x, proa.unsqueeze(mask, 1).expand(x.shape)), [-1, 4])


MEETING = {
    "later first": lambda x, w, m: proa.unsqueeze(proa.masked_select(w, m), 1)
    * proa.sum(chosen(x, m), -1, keepdim=True),
    "later second": lambda x, w, m: proa.sum(chosen(x, m), -1) * proa.masked_select(w, m),
    "one group": lambda x, w, m: proa.exp(proa.masked_select(w, m)) + chosen(x, m)[:, 0],
    "chained": lambda x, w, m: proa.masked_select(
        proa.masked_select(w, m) + proa.mean(chosen(x, m), -1), proa.masked_select(w, m) > 0.5
    ),
    "a size of a size": lambda x, w, m: proa.ones([proa.nonzero(m).shape[0], 2])
    * proa.unsqueeze(proa.masked_select(w, m), 1),
    "read before bound": lambda x, w, m: proa.sum(
        proa.expand(proa.unsqueeze(proa.exp(w), 1), [w.shape[0], proa.nonzero(w > 0.5).shape[0]]),
        -1,
    ),
}


@pytest.mark.parametrize("name", MEETING)
def test_sizes_that_data_decides_meet(name):
    """Two sizes from data that must be equal: neither is read before it is known."""
    function = MEETING[name]
    captured = to_static(function)
    proa.seed(4)
    for n in (40, 300, 7):
        x, w, m = proa.rand([n, 4]), proa.rand([n]), proa.rand([n]) > 0.3
        same(function(x, w, m), captured(x, w, m))
    assert len(captured.captures()) == 1
