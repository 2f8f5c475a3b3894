"""`torch.nn.parameter`: Parameter."""

from __future__ import annotations

from .module import Parameter

__all__ = ["Parameter"]
