"""The functional face of neural networks: the operators of the C++ pages under Paddle's names."""

from __future__ import annotations

from ..._proa.functional import *  # noqa: F403
