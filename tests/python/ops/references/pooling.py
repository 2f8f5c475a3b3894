"""Pooling by brute force: each window is looked at by itself."""

from __future__ import annotations

import itertools
import math

import numpy as np

from .convolution import _back, _each, _first, margins
from .table import T, Within, case, reference


def _windows(x, kernel, stride, pads, ceil):
    """For each output position the slices of its window, and its size with padding counted."""
    n = len(kernel)
    axes = []
    for i in range(n):
        e, k, s, (lo, hi) = x.shape[i + 2], kernel[i], stride[i], pads[i]
        room = e + lo + hi - k
        count = (-(-room // s) if ceil else room // s) + 1
        if ceil and (count - 1) * s >= e + lo:  # the last window must begin inside
            count -= 1
        axes.append(
            [
                (
                    max(j * s - lo, 0),
                    min(j * s - lo + k, e),
                    min(j * s - lo + k, e + hi) - (j * s - lo),
                )
                for j in range(count)
            ]
        )
    return axes


def _setup(x, kernel_size, stride, padding, data_format, n):
    x = _first(x, data_format)
    kernel = _each(kernel_size, n)
    stride = kernel if stride is None else _each(stride, n)
    return x, kernel, stride, margins(padding, x.shape[2:], kernel, stride, [1] * n)


def _largest(x, axes):
    shape = (*x.shape[:2], *[len(a) for a in axes])
    value, place = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    spatial = x.shape[2:]
    for at in itertools.product(*[range(len(a)) for a in axes]):
        spans = [a[i][:2] for a, i in zip(axes, at, strict=True)]
        part = x[(slice(None), slice(None), *[slice(*s) for s in spans])]
        flat = part.reshape(*x.shape[:2], -1)
        best = flat.argmax(-1)
        local = np.unravel_index(best, part.shape[2:])
        value[(slice(None), slice(None), *at)] = np.take_along_axis(flat, best[..., None], -1)[
            ..., 0
        ]
        place[(slice(None), slice(None), *at)] = np.ravel_multi_index(
            tuple(p + s[0] for p, s in zip(local, spans, strict=True)), spatial
        )
    return value, place


def _max_pool(n):
    def pool(
        x, kernel_size, stride=None, padding=0, return_mask=False, ceil_mode=False, data_format=None
    ):
        x, kernel, stride, pads = _setup(x, kernel_size, stride, padding, data_format, n)
        value, place = _largest(x, _windows(x, kernel, stride, pads, ceil_mode))
        value, place = _back(value, data_format), _back(place, data_format)
        return (value, place) if return_mask else value

    return pool


def _mean(x, axes, divisor):
    shape = (*x.shape[:2], *[len(a) for a in axes])
    value, scale = np.empty(shape), np.empty(shape)
    for at in itertools.product(*[range(len(a)) for a in axes]):
        spans = [a[i] for a, i in zip(axes, at, strict=True)]
        part = x[(slice(None), slice(None), *[slice(s[0], s[1]) for s in spans])]
        over = divisor(spans)
        all_axes = tuple(range(2, x.ndim))
        value[(slice(None), slice(None), *at)] = part.sum(all_axes) / over
        scale[(slice(None), slice(None), *at)] = np.abs(part).sum(all_axes) / over
    return value, scale


def _avg_pool(n):
    def pool(
        x,
        kernel_size,
        stride=None,
        padding=0,
        exclusive=True,
        ceil_mode=False,
        divisor_override=None,
        data_format=None,
    ):
        x, kernel, stride, pads = _setup(x, kernel_size, stride, padding, data_format, n)

        def divisor(spans):
            if divisor_override is not None:
                return divisor_override
            return math.prod((b - a) if exclusive else whole for a, b, whole in spans)

        value, scale = _mean(x, _windows(x, kernel, stride, pads, ceil_mode), divisor)
        return Within(_back(value, data_format), _back(scale, data_format), 2, narrow=True)

    return pool


def _adaptive_axes(x, output_size, n):
    sizes = [x.shape[i + 2] if s in (-1, None) else s for i, s in enumerate(_each(output_size, n))]
    return [
        [((j * e) // m, -((-(j + 1) * e) // m), 0) for j in range(m)]
        for e, m in zip(x.shape[2:], sizes, strict=True)
    ]


def _adaptive_avg(n):
    def pool(x, output_size, data_format=None):
        x = _first(x, data_format)
        value, scale = _mean(
            x,
            _adaptive_axes(x, output_size, n),
            lambda spans: math.prod(b - a for a, b, _ in spans),
        )
        return Within(_back(value, data_format), _back(scale, data_format), 2 + 2 * n, narrow=True)

    return pool


def _adaptive_max(n):
    def pool(x, output_size, return_mask=False, data_format=None):
        x = _first(x, data_format)
        value, place = _largest(x, _adaptive_axes(x, output_size, n))
        value, place = _back(value, data_format), _back(place, data_format)
        return (value, place) if return_mask else value

    return pool


def _masked(dtypes, attrs):
    return [dtypes[0], "int64"] if attrs.get("return_mask") else dtypes[0]


for _n, _last in ((1, "NLC"), (2, "NHWC"), (3, "NDHWC")):
    _e = [7, 9, 6][:_n]
    _windowed = [
        case(T(2, 3, *_e, fill="distinct"), kernel_size=3, stride=2, padding=1, return_mask=True),
        case(T(1, *_e, 2, fill="distinct"), kernel_size=2, data_format=_last),
        case(
            T(1, 2, *_e, fill="distinct"),
            kernel_size=[3, 2, 4][:_n],
            stride=[1, 2, 3][:_n],
            ceil_mode=True,
        ),
        case(T(1, 1, *_e, fill="distinct"), kernel_size=3, stride=3, padding=1, ceil_mode=True),
        case(T(2, 1, *[1] * _n, fill="distinct"), kernel_size=2, ceil_mode=True),
        case(T(1, 2, *[3, 4, 5][:_n], fill="distinct"), kernel_size=5, stride=3, ceil_mode=True),
    ]
    _plain = [
        case(*c.operands, **{k: v for k, v in c.attrs.items() if k != "return_mask"})
        for c in _windowed
    ]
    reference(f"max_pool{_n}d", meet="none", result=_masked, zeros=False, cases=_windowed)(
        _max_pool(_n)
    )
    reference(
        f"avg_pool{_n}d",
        meet="none",
        result="first",
        ulps=2,
        zeros=False,
        cases=[
            *_plain,
            *[case(*c.operands, **(c.attrs | {"exclusive": False})) for c in _plain],
            case(T(1, 2, *_e), kernel_size=2, divisor_override=3),
        ],
    )(_avg_pool(_n))
    _sized = [
        case(T(2, 3, *_e, fill="distinct"), output_size=[3, 4, 5][:_n]),
        case(T(1, *_e, 2, fill="distinct"), output_size=2, data_format=_last),
    ]
    reference(
        f"adaptive_avg_pool{_n}d", meet="none", result="first", ulps=2, zeros=False, cases=_sized
    )(_adaptive_avg(_n))
    reference(
        f"adaptive_max_pool{_n}d",
        meet="none",
        result=_masked,
        zeros=False,
        cases=[*_sized, case(T(2, 3, *_e, fill="distinct"), output_size=2, return_mask=True)],
    )(_adaptive_max(_n))
