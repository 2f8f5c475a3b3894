"""The short-time Fourier transform and its inverse (Griffin and Lim 1984), made of operators, so
that both have gradients of any order."""

from __future__ import annotations

from typing import Literal

from .. import _proa
from ..refusal import type_error, value_error

Tensor = _proa.Tensor
ops = _proa.ops


def _steps(
    where: str, n_fft: int, hop_length: int | None, win_length: int | None
) -> tuple[int, int]:
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if hop <= 0:
        raise value_error(f"[{where}] hop_length: expected at least 1, got {hop}")
    if not 0 < length <= n_fft:
        raise value_error(f"[{where}] win_length: expected 1..{n_fft}, got {length}")
    return hop, length


def _window(where: str, window: Tensor | None, length: int, n_fft: int, like: Tensor) -> Tensor:
    """The window in the middle of n_fft points; without one, ones."""
    if window is None:
        window = ops.ones([length], dtype=like.dtype)
    if list(window.shape) != [length]:
        raise value_error(f"[{where}] window: expected shape [{length}], got {window.shape}")
    left = (n_fft - length) // 2
    return ops.pad(window, [left, n_fft - length - left]) if length < n_fft else window


def stft(
    x: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: Literal["reflect", "constant"] = "reflect",
    normalized: bool = False,
    onesided: bool = True,
    name: str | None = None,
) -> Tensor:
    """The Fourier transforms of windows of n_fft points, one every hop_length.

    Args:
        x: [length] or [batch, length], real or complex.
        hop_length: n_fft // 4 without it.
        win_length: n_fft without it; a shorter window stands in the middle.
        window: [win_length], ones without it.
        center: x is continued at both ends by n_fft // 2 points (pad_mode: "reflect" or
            "constant"), so that window t is centred on point t * hop_length.
        normalized: divide by the root of n_fft.
        onesided: of real x, the n_fft // 2 + 1 frequencies that are not conjugates of others.

    Returns:
        Complex, [..., frequencies, windows].
    """
    hop, length = _steps("stft", n_fft, hop_length, win_length)
    if x.ndim not in (1, 2):
        raise value_error(f"[stft] x: expected 1 or 2 dims, got shape {x.shape}")
    if pad_mode not in ("reflect", "constant"):
        raise value_error(f"[stft] pad_mode: expected 'reflect' or 'constant', got '{pad_mode}'")
    if onesided and x.dtype.is_complex:
        raise type_error("[stft] onesided: a complex x has no conjugate frequencies")
    rows = ops.reshape(x, [-1, 1, x.shape[-1]])
    if center:
        margin = n_fft // 2
        if pad_mode == "reflect" and x.shape[-1] <= margin:
            raise value_error(
                f"[stft] x: expected more than {margin} points to reflect, got {x.shape[-1]}")
        rows = ops.pad(rows, [margin, margin], mode=pad_mode, data_format="NCL")
    if rows.shape[-1] < n_fft:
        raise value_error(f"[stft] n_fft: expected at most {rows.shape[-1]} points, got {n_fft}")
    frames = ops.unfold(rows[:, 0], -1, n_fft, hop)
    frames = frames * _window("stft", window, length, n_fft, ops.real(x))
    norm: Literal["ortho", "backward"] = "ortho" if normalized else "backward"
    spectrum = ops.rfft(frames, norm=norm) if onesided else ops.fft(frames, norm=norm)
    spectrum = ops.matrix_transpose(spectrum)
    return spectrum[0] if x.ndim == 1 else spectrum


def istft(
    x: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool = True,
    length: int | None = None,
    return_complex: bool = False,
    name: str | None = None,
) -> Tensor:
    """The signal whose stft is nearest to x: overlapping windows added up, over the sum of the
    squares of the window.

    Args:
        x: complex, [..., frequencies, windows].
        length: points of the result; what there is without it.

    Raises:
        ArgumentValueError: the windows leave a point uncovered, so that nothing can be divided by.
    """
    hop, width = _steps("istft", n_fft, hop_length, win_length)
    if x.ndim not in (2, 3) or not x.dtype.is_complex:
        raise value_error(f"[istft] x: expected complex [..., frequencies, windows], got {x.dtype} "
                          f"{x.shape}")
    expected = n_fft // 2 + 1 if onesided else n_fft
    if x.shape[-2] != expected:
        raise value_error(f"[istft] x: expected {expected} frequencies, got {x.shape[-2]}")
    if onesided and return_complex:
        raise value_error("[istft] return_complex: a onesided transform has a real signal")
    norm: Literal["ortho", "backward"] = "ortho" if normalized else "backward"
    batch = ops.reshape(x, [-1, *x.shape[-2:]])
    turned = ops.matrix_transpose(batch)
    frames = ops.irfft(turned, n_fft, norm=norm) if onesided else ops.ifft(turned, norm=norm)
    if not onesided and not return_complex:
        frames = ops.real(frames)
    shape = _window("istft", window, width, n_fft, ops.real(frames))
    frames = frames * shape
    count = frames.shape[-2]
    points = n_fft + hop * (count - 1)
    at = ops.reshape(
        ops.unsqueeze(ops.arange(count) * hop, -1) + ops.arange(n_fft), [-1])
    zeros = ops.zeros([frames.shape[0], points], dtype=frames.dtype)
    signal = ops.index_add(zeros, at, 1, ops.reshape(frames, [frames.shape[0], -1]))
    squares = ops.reshape(ops.expand(shape * shape, [count, n_fft]), [-1])
    cover = ops.index_add(ops.zeros([points], dtype=squares.dtype), at, 0, squares)
    start = n_fft // 2 if center else 0
    end = points - start if length is None else min(start + length, points)
    signal, cover = signal[:, start:end], cover[start:end]
    if cover.size == 0 or float(ops.min(ops.abs(cover))) < 1e-11:
        raise value_error("[istft] window: some points are covered by no window")
    signal = signal / cover
    if length is not None and end - start < length:
        missing = ops.zeros([signal.shape[0], length - (end - start)], dtype=signal.dtype)
        signal = ops.concat([signal, missing], 1)
    return signal[0] if x.ndim == 2 else signal
