"""Convolutions, one kernel position after the other over NumPy slices."""

from __future__ import annotations

import itertools

import numpy as np

from .table import T, Within, case, reference


def _each(value, n):
    value = [value] if isinstance(value, int) else list(value)
    return value * n if len(value) == 1 else value


def _first(x, data_format):
    return np.moveaxis(x, -1, 1) if data_format and data_format.endswith("C") else x


def _back(x, data_format):
    return np.moveaxis(x, 1, -1) if data_format and data_format.endswith("C") else x


def margins(padding, extents, kernel, stride, dilation):
    n = len(extents)
    if isinstance(padding, str):
        out = []
        for e, k, s, d in zip(extents, kernel, stride, dilation, strict=True):
            reach = (k - 1) * d + 1
            total = max(0, (-(-e // s) - 1) * s + reach - e) if padding.upper() == "SAME" else 0
            out.append((total // 2, total - total // 2))
        return out
    given = _each(padding, n)
    if len(given) == 2 * n and n > 0 and not (n == 1 and len(given) == 1):
        return [(given[2 * i], given[2 * i + 1]) for i in range(n)]
    return [(p, p) for p in given]


def _correlate(x, weight, stride, pads, dilation, groups):
    n = x.ndim - 2
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    out_channels, per_group = weight.shape[:2]
    kernel = weight.shape[2:]
    sizes = [
        (x.shape[i + 2] - (kernel[i] - 1) * dilation[i] - 1) // stride[i] + 1 for i in range(n)
    ]
    y = np.zeros((x.shape[0], out_channels, *sizes), np.result_type(x, weight))
    block = out_channels // groups
    for at in itertools.product(*[range(k) for k in kernel]):
        key = tuple(
            slice(p * d, p * d + (m - 1) * s + 1, s)
            for p, d, m, s in zip(at, dilation, sizes, stride, strict=True)
        )
        part = x[(slice(None), slice(None), *key)]
        for g in range(groups):
            a = part[:, g * per_group : (g + 1) * per_group]
            w = weight[(slice(g * block, (g + 1) * block), slice(None), *at)]
            y[:, g * block : (g + 1) * block] += np.einsum("nc...,oc->no...", a, w)
    return y


def _plus(y, bias):
    return y if bias is None else y + bias.reshape(1, -1, *[1] * (y.ndim - 2))


def _bounded(run, x, weight, bias):
    y = _plus(run(x, weight), bias)
    if y.dtype.kind not in "fc":
        return y
    size = _plus(run(np.abs(x), np.abs(weight)), None if bias is None else np.abs(bias))
    return Within(y, size, 2 if bias is not None else 1, narrow=True)


def _convolution(n):
    def conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, data_format=None):
        stride, dilation = _each(stride, n), _each(dilation, n)
        x = _first(x, data_format)
        pads = margins(padding, x.shape[2:], weight.shape[2:], stride, dilation)
        return _formatted(
            _bounded(
                lambda a, w: _correlate(a, w, stride, pads, dilation, groups), x, weight, bias
            ),
            data_format,
        )

    return conv


def _formatted(y, data_format):
    if isinstance(y, Within):
        return Within(_back(y.value, data_format), _back(y.scale, data_format), y.depth, y.narrow)
    return _back(y, data_format)


def _transposed(n):
    def conv(
        x,
        weight,
        bias=None,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        dilation=1,
        output_size=None,
        data_format=None,
    ):
        stride, dilation = _each(stride, n), _each(dilation, n)
        x = _first(x, data_format)
        kernel = weight.shape[2:]
        sizes = [
            (x.shape[i + 2] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 for i in range(n)
        ]
        pads = margins(padding, x.shape[2:], kernel, stride, dilation)
        if output_size is not None:
            wanted = _each(output_size, n)
            extra = [wanted[i] - (sizes[i] - sum(pads[i])) for i in range(n)]
        else:
            extra = _each(output_padding, n)

        def run(a, w):
            per_group, block = a.shape[1] // groups, w.shape[1]
            full = [s + e for s, e in zip(sizes, extra, strict=True)]
            y = np.zeros((a.shape[0], block * groups, *full), np.result_type(a, w))
            for at in itertools.product(*[range(k) for k in kernel]):
                key = tuple(
                    slice(p * d, p * d + (m - 1) * s + 1, s)
                    for p, d, m, s in zip(at, dilation, a.shape[2:], stride, strict=True)
                )
                for g in range(groups):
                    part = np.einsum(
                        "nc...,co->no...",
                        a[:, g * per_group : (g + 1) * per_group],
                        w[(slice(g * per_group, (g + 1) * per_group), slice(None), *at)],
                    )
                    y[(slice(None), slice(g * block, (g + 1) * block), *key)] += part
            cut = tuple(slice(lo, m - hi) for (lo, hi), m in zip(pads, full, strict=True))
            return y[(slice(None), slice(None), *cut)]

        return _formatted(_bounded(run, x, weight, bias), data_format)

    return conv


for _n, _last in ((1, "NLC"), (2, "NHWC"), (3, "NDHWC")):
    _k = [3] * _n
    _e = [7, 9, 6][:_n]
    reference(
        f"conv{_n}d",
        ulps=2,
        zeros=False,
        cases=[
            case(T(2, *_e, 4), T(6, 2, *_k), T(6), groups=2, data_format=_last),
            case(T(1, 2, *_e), T(3, 2, *_k), T(3), stride=2, padding=[1, 2] * _n),
            case(T(1, 2, *_e), T(3, 2, *_k), None, padding="SAME", stride=2, dilation=1),
        ],
    )(_convolution(_n))
    reference(
        f"conv{_n}d_transpose",
        ulps=2,
        zeros=False,
        cases=[
            case(T(2, *_e, 4), T(4, 3, *_k), T(6), groups=2, data_format=_last),
            case(T(1, 2, *_e), T(2, 3, *_k), T(3), stride=2, padding=1, output_padding=1),
            case(T(1, 2, *_e), T(2, 3, *_k), None, stride=2, output_size=[2 * e + 2 for e in _e]),
        ],
    )(_transposed(_n))
