"""Discrete Fourier transforms. The operators of the pages with this face."""

from .._proa.fft import *  # noqa: F403
