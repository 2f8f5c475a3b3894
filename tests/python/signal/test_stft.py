"""stft and istft against SciPy's, and back again."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

import proa

RNG = np.random.default_rng(5)


def by_hand(
    x: np.ndarray, n: int, hop: int, window: np.ndarray, center: bool, mode: str
) -> np.ndarray:
    if center:
        x = np.pad(x, [(0, 0), (n // 2, n // 2)], mode=mode)
    starts = range(0, x.shape[1] - n + 1, hop)
    return np.stack([np.fft.rfft(x[:, s:s + n] * window) for s in starts], -1)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_stft_is_the_transform_of_each_window(center: bool, mode: str) -> None:
    x, window = RNG.standard_normal((3, 50)), np.hanning(12)
    padded = np.pad(window, 2)
    got = proa.signal.stft(proa.to_tensor(x), 16, 5, 12, proa.to_tensor(window), center, mode)
    np.testing.assert_allclose(got.numpy(), by_hand(x, 16, 5, padded, center, mode), atol=1e-12)


def test_stft_agrees_with_scipy() -> None:
    x, window = RNG.standard_normal(64), scipy.signal.get_window("hann", 16)
    got = proa.signal.stft(
        proa.to_tensor(x), 16, 4, window=proa.to_tensor(window), pad_mode="constant")
    _, _, theirs = scipy.signal.stft(x, window="hann", nperseg=16, noverlap=12, padded=False)
    np.testing.assert_allclose(got.numpy(), theirs * window.sum(), atol=1e-12)


@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
def test_istft_gives_the_signal_back(onesided: bool, normalized: bool) -> None:
    x, window = RNG.standard_normal((2, 60)), proa.to_tensor(np.hanning(18)[1:-1])
    how = {"window": window, "normalized": normalized, "onesided": onesided}
    spectrum = proa.signal.stft(proa.to_tensor(x), 16, 4, **how)
    back = proa.signal.istft(spectrum, 16, 4, length=60, **how)
    np.testing.assert_allclose(back.numpy(), x, atol=1e-12)


def test_gradient_of_stft_is_its_adjoint() -> None:
    x = proa.to_tensor(RNG.standard_normal(32), stop_gradient=False)
    y = proa.signal.stft(x, 8, 2)
    seed = RNG.standard_normal(y.shape) + 1j * RNG.standard_normal(y.shape)
    (y * proa.to_tensor(seed)).real().sum().backward()
    step, direction = 1e-6, RNG.standard_normal(32)

    def value(scale: float) -> float:
        moved = proa.to_tensor(x.numpy() + scale * direction)
        return float(np.sum(np.real(proa.signal.stft(moved, 8, 2).numpy() * seed)))

    numeric = (value(step) - value(-step)) / (2 * step)
    assert np.isclose(numeric, x.grad.numpy() @ direction, rtol=1e-6)


@pytest.mark.parametrize(("how", "says"), [
    ({"n_fft": 16, "hop_length": 0}, "hop_length"),
    ({"n_fft": 16, "win_length": 17}, "win_length"),
    ({"n_fft": 16, "window": proa.ones([3])}, "window"),
    ({"n_fft": 16, "pad_mode": "edge"}, "pad_mode"),
    ({"n_fft": 99, "center": False}, "n_fft"),
    ({"n_fft": 99}, "reflect"),
])
def test_wrong_arguments_are_refused(how: dict, says: str) -> None:
    with pytest.raises(proa.ProaError, match=says):
        proa.signal.stft(proa.ones([40]), **how)
