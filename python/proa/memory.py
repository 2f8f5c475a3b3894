"""How much memory tensors take, under the names of Paddle and PyTorch.

Bytes count whole blocks of the allocator. Every function takes a device for the sake of code that
names one; there is the CPU.
"""

from __future__ import annotations

from typing import Any

from . import _proa

__all__ = [
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_summary",
    "reset_max_memory_allocated",
    "reset_max_memory_reserved",
    "reset_peak_memory_stats",
]


def memory_allocated(device: Any = None) -> int:
    """Bytes that tensors hold now."""
    return _proa.memory_stats()["in_use"]


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes that tensors held at once, since the start or the last reset."""
    return _proa.memory_stats()["peak"]


def memory_reserved(device: Any = None) -> int:
    """Bytes held from the system: by tensors, or for later ones."""
    stats = _proa.memory_stats()
    return stats["in_use"] + stats["cached"]


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that were held from the system, since the start or the last reset."""
    return _proa.memory_stats()["held_peak"]


def reset_peak_memory_stats(device: Any = None) -> None:
    """Both maxima begin anew, at what is held now."""
    _proa.reset_peak_memory()


def reset_max_memory_allocated(device: Any = None) -> None:
    """Both maxima begin anew, at what is held now."""
    _proa.reset_peak_memory()


def reset_max_memory_reserved(device: Any = None) -> None:
    """Both maxima begin anew, at what is held now."""
    _proa.reset_peak_memory()


def memory_summary(device: Any = None) -> str:
    """The figures as a text.

    Example:
        >>> print(proa.memory_summary())  # doctest: +SKIP
    """
    stats = _proa.memory_stats()
    return "\n".join(
        f"{label:<20} {value / 2**20:>12.3f} MiB"
        for label, value in (
            ("allocated", stats["in_use"]),
            ("  at most", stats["peak"]),
            ("reserved", stats["in_use"] + stats["cached"]),
            ("  at most", stats["held_peak"]),
        )
    ) + f"\n{'allocations':<20} {stats['allocations']:>12}"
