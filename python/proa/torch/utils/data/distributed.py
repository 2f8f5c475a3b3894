"""`torch.utils.data.distributed`."""

from __future__ import annotations

from . import DistributedSampler

__all__ = ["DistributedSampler"]
