"""Normalisations, from the formulas of their papers, in float64."""

from __future__ import annotations

import numpy as np

from .convolution import _back, _first
from .table import T, V, Within, case, reference


def _standard(x, axes, epsilon):
    m = x.mean(axes, keepdims=True) if x.size else x.sum(axes, keepdims=True)
    v = ((x - m) ** 2).mean(axes, keepdims=True) if x.size else m
    r = 1 / np.sqrt(v + epsilon)
    # Mean and variance are rounded: errors of the size of x over the deviation, and of the result.
    size = np.abs(x).max(axes, keepdims=True, initial=0) * r + np.abs((x - m) * r)
    return (x - m) * r, size


def _affine(y, size, weight, bias, shape):
    if weight is not None:
        y, size = y * weight.reshape(shape), size * np.abs(weight.reshape(shape))
    if bias is not None:
        y, size = y + bias.reshape(shape), size + np.abs(bias.reshape(shape))
    return Within(y, size, 4, narrow=True)


normed = {"ulps": 4, "zeros": False, "meet": "none", "result": "first"}


@reference(
    "layer_norm",
    cases=[
        case(T(3, 300), T(300), T(300), normalized_shape=300),
        case(T(2, 3, 33), None, None, normalized_shape=[3, 33], epsilon=0.1),
    ],
    **normed,
)
def layer_norm(x, normalized_shape, weight=None, bias=None, epsilon=1e-5):
    shape = [normalized_shape] if isinstance(normalized_shape, int) else normalized_shape
    y, size = _standard(x, tuple(range(x.ndim - len(shape), x.ndim)), epsilon)
    return _affine(y, size, weight, bias, shape)


@reference(
    "rms_norm",
    cases=[case(T(3, 300), T(300), None), case(T(3, 33), None, None, epsilon=0.5)],
    **normed,
)
def rms_norm(x, weight=None, bias=None, epsilon=1e-6):
    y = x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)
    return _affine(y, np.abs(y), weight, bias, (-1,))


def _channels(x):
    return tuple(i for i in range(x.ndim) if i != 1), [1, -1, *[1] * (x.ndim - 2)]


@reference(
    "batch_norm",
    ulps=4,
    zeros=False,
    meet="none",
    result=lambda dtypes, attrs: [dtypes[0], None, None],
    cases=[
        case(T(4, 3, 5), T(3), T(3, fill="positive"), T(3), T(3), training=True, momentum=0.7),
        case(
            T(2, 5, 5, 3),
            T(3),
            T(3, fill="positive"),
            None,
            T(3),
            training=True,
            data_format="NHWC",
        ),
        case(T(4, 3), T(3), T(3, fill="positive"), T(3), None, epsilon=0.1),
    ],
)
def batch_norm(
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    training=False,
    momentum=0.9,
    epsilon=1e-5,
    data_format="NCHW",
):
    x = _first(x, data_format if x.ndim > 2 else None)
    axes, shape = _channels(x)
    if training:
        y, size = _standard(x, axes, epsilon)
        m, v = x.mean(axes), x.var(axes)
    else:
        m, v = running_mean, running_var
        r = 1 / np.sqrt(v.reshape(shape) + epsilon)
        y = (x - m.reshape(shape)) * r
        size = (np.abs(x) + np.abs(m.reshape(shape))) * r + np.abs(y)
    out = _affine(y, size, weight, bias, shape)
    out = Within(
        _back(out.value, data_format if x.ndim > 2 else None),
        _back(out.scale, data_format if x.ndim > 2 else None),
        4,
        narrow=True,
    )
    if not training:
        return out, m, v
    mean_size, var_size = np.abs(x).max(axes), (x * x).max(axes)
    if running_mean is None:
        return out, Within(m, mean_size, 4, True), Within(v, var_size, 6, True)
    return (
        out,
        Within(
            momentum * running_mean + (1 - momentum) * m, mean_size + np.abs(running_mean), 4, True
        ),
        Within(momentum * running_var + (1 - momentum) * v, var_size + running_var, 6, True),
    )


@reference(
    "group_norm",
    cases=[
        case(T(2, 6, 5), T(6), T(6), num_groups=3),
        case(T(2, 5, 5, 6), T(6), None, num_groups=2, data_format="NHWC"),
    ],
    **normed,
)
def group_norm(x, num_groups, epsilon=1e-5, weight=None, bias=None, data_format="NCHW"):
    last = data_format if x.ndim > 2 else None
    x = _first(x, last)
    groups = x.reshape(x.shape[0], num_groups, -1)
    y, size = _standard(groups, (2,), epsilon)
    _, shape = _channels(x)
    out = _affine(y.reshape(x.shape), size.reshape(x.shape), weight, bias, shape)
    return Within(_back(out.value, last), _back(out.scale, last), 4, narrow=True)


@reference(
    "instance_norm",
    cases=[
        case(T(2, 3, 33), None, None, T(3), T(3)),
        case(T(2, 5, 5, 3), None, None, T(3), None, data_format="NHWC"),
    ],
    **normed,
)
def instance_norm(
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.9,
    eps=1e-5,
    data_format="NCHW",
):
    if not use_input_stats:
        return batch_norm(
            x, running_mean, running_var, weight, bias, False, momentum, eps, data_format
        )[0]
    x = _first(x, data_format)
    y, size = _standard(x, tuple(range(2, x.ndim)), eps)
    out = _affine(y, size, weight, bias, _channels(x)[1])
    return Within(_back(out.value, data_format), _back(out.scale, data_format), 4, narrow=True)


@reference(
    "normalize",
    cases=[
        case(T(3, 33), p=2.0),
        case(T(3, 4), p=4.0, axis=-1, epsilon=0.5),
        case(V([0.0] * 6, dims=[2, 3])),
        case(V([300.0, 400.0], dims=[1, 2])),
    ],
    **normed,
)
def normalize(x, p=2.0, axis=1, epsilon=1e-12):
    norm = (np.abs(x) ** p).sum(axis, keepdims=True) ** (1 / p)
    value = x / np.maximum(norm, epsilon)
    return Within(value, np.abs(value), 6, narrow=True)


@reference(
    "local_response_norm", cases=[case(T(2, 9, 5), size=5, alpha=0.5, beta=0.5, k=2.0)], **normed
)
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0, data_format="NCHW"):
    """PyTorch's windows: size // 2 channels before, (size - 1) // 2 after, zeros beyond."""
    x = _first(x, data_format)
    squares = np.pad(x * x, [(0, 0), (size // 2, (size - 1) // 2), *[(0, 0)] * (x.ndim - 2)])
    total = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    value = x / (k + alpha * total / size) ** beta
    return Within(_back(value, data_format), _back(np.abs(value), data_format), 6, narrow=True)
