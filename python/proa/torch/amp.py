"""`torch.amp`: autocast and the scaler of gradients."""

from __future__ import annotations

from typing import Any

from .. import amp
from .tensor import check_device

__all__ = ["GradScaler", "autocast"]


def autocast(
    device_type: str = "cpu", dtype: Any = None, enabled: bool = True, cache_enabled: Any = None
) -> Any:
    """Operators that gain by it run in 16 bits (bfloat16 unless told otherwise)."""
    check_device(device_type)
    name = "bfloat16" if dtype is None else getattr(dtype, "name", dtype)
    return amp.auto_cast(enable=enabled, dtype=name)


class GradScaler(amp.GradScaler):
    """Scales the loss, so that gradients of 16 bits do not vanish."""

    def __init__(
        self,
        device: str = "cpu",
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__(
            enable=enabled,
            init_loss_scaling=init_scale,
            incr_ratio=growth_factor,
            decr_ratio=backoff_factor,
            incr_every_n_steps=growth_interval,
        )
