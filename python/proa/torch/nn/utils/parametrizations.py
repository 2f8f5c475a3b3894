"""`torch.nn.utils.parametrizations`: the same reparametrised weights."""

from __future__ import annotations

from . import spectral_norm, weight_norm

__all__ = ["spectral_norm", "weight_norm"]
