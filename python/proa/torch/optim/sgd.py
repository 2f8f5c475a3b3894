"""`torch.optim.sgd`: SGD."""

from __future__ import annotations

from .optimizers import SGD

__all__ = ["SGD"]
