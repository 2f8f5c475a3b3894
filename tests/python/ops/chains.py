"""The convolution of numerics.md written down in NumPy: chains of exact fused multiply-adds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b rounded, and what rounding left (Knuth)."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def odd_sum(a: Array, b: Array) -> Array:
    """a + b of float64 rounded to odd: rounded once more to fewer bits it is rounded right."""
    s, rest = two_sum(a, b)
    even = (s.view(np.int64) & 1) == 0
    toward = np.where(rest > 0, np.inf, -np.inf)
    return np.where((rest != 0) & even & np.isfinite(s), np.nextafter(s, toward), s)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a * b rounded, and what rounding left (Dekker)."""

    def halves(x: Array) -> tuple[Array, Array]:
        high = 134217729.0 * x
        high = high - (high - x)
        return high, x - high

    p = a * b
    (ah, al), (bh, bl) = halves(a), halves(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def fma(a: Array, b: Array, c: Array) -> Array:
    """One rounding. float64 after Boldo and Melquiond, Emulation of FMA and correctly rounded sums
    (2008), which holds where nothing underflows; float32 through float64, in which the product is
    exact."""
    with np.errstate(all="ignore"):
        if c.dtype == np.float32:
            return odd_sum(a.astype(np.float64) * b, c.astype(np.float64)).astype(np.float32)
        high, low = two_product(a, b)
        top, rest = two_sum(c, low)
        value, more = two_sum(high, top)
        exact = value + odd_sum(rest, more)
        return np.where(np.isfinite(high) & np.isfinite(c), exact, a * b + c)


def blocks_of(channels: int, kernel: tuple[int, ...]) -> list[list[tuple[int, int]]]:
    """(channel, tap) of each block, in the order of the sum."""
    taps = math.prod(kernel)
    if taps <= 256:
        per = 256 // taps
        per -= per % 8 if per >= 8 else 0
        starts = range(0, channels, per)
        return [
            [(c, t) for c in range(s, min(s + per, channels)) for t in range(taps)] for s in starts
        ]
    row = kernel[-1]
    per = max(1, 256 // row) * row
    return [
        [(c, t) for t in range(s, min(s + per, taps))]
        for c in range(channels)
        for s in range(0, taps, per)
    ]


def conv(
    x: Array,
    w: Array,
    strides: tuple[int, ...],
    low: tuple[int, ...],
    high: tuple[int, ...],
    gap: tuple[int, ...],
    reach: tuple[int, ...],
    groups: int,
) -> Array:
    """prim.conv, for the dtype in which sums are made."""
    kernel, n = w.shape[2:], w.ndim - 2
    sizes = [
        ((x.shape[i + 2] - 1) * gap[i] + 1 + low[i] + high[i] - (kernel[i] - 1) * reach[i] - 1)
        // strides[i]
        + 1
        for i in range(n)
    ]
    result = np.zeros((x.shape[0], w.shape[0], *sizes), x.dtype)
    ins, outs = w.shape[1], w.shape[0] // groups
    places = list(itertools.product(*[range(k) for k in kernel]))
    reads = []  # for each tap: where it reads on each axis, and whether anything is there
    for place in places:
        at, valid = [], np.ones(sizes, bool)
        for i in range(n):
            p = np.arange(sizes[i]) * strides[i] - low[i] + place[i] * reach[i]
            good = (p >= 0) & (p % gap[i] == 0) & (p // gap[i] < x.shape[i + 2])
            at.append(np.where(good, p // gap[i], 0))
            shape = [1] * n
            shape[i] = sizes[i]
            valid &= good.reshape(shape)
        reads.append((np.ix_(*at), valid))
    for g in range(groups):
        total = sums = None
        for number, block in enumerate(blocks_of(ins, kernel)):
            chain = np.zeros((x.shape[0], outs, *sizes), x.dtype)
            for c, t in block:
                where, valid = reads[t]
                if not valid.any():
                    continue
                values = x[:, g * ins + c][(slice(None), *where)][:, None]
                weights = w[g * outs : (g + 1) * outs, c][(slice(None), *places[t])]
                weights = weights.reshape(1, outs, *[1] * n)
                chain = np.where(valid, fma(values, weights, chain), chain)
            if number < 16:
                total = chain if number == 0 else total + chain
            else:
                sums = chain if number % 16 == 0 else sums + chain
                if number % 16 == 15 or number + 1 == len(blocks_of(ins, kernel)):
                    total = total + sums
        if total is not None:
            result[:, g * outs : (g + 1) * outs] = total
    return result
