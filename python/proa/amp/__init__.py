"""`proa.amp`: automatic mixed precision under Paddle's names."""

from . import debugging
from .autocast import auto_cast, autocast
from .decorate import decorate
from .grad_scaler import AmpScaler, GradScaler

amp_guard = auto_cast
amp_decorate = decorate


def is_float16_supported(device: str | None = None) -> bool:
    """Whether operators run in float16; they do on every device."""
    return True


def is_bfloat16_supported(device: str | None = None) -> bool:
    """Whether operators run in bfloat16; they do on every device."""
    return True


__all__ = [
    "AmpScaler",
    "GradScaler",
    "amp_decorate",
    "amp_guard",
    "auto_cast",
    "autocast",
    "debugging",
    "decorate",
    "is_bfloat16_supported",
    "is_float16_supported",
]
