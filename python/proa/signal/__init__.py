"""Short-time Fourier transforms."""

from .stft import istft as istft
from .stft import stft as stft
