"""`torch.utils.dlpack`: memory shared with other libraries."""

from __future__ import annotations

from typing import Any

from ... import _proa

__all__ = ["from_dlpack", "to_dlpack"]


def from_dlpack(ext_tensor: Any) -> Any:
    """A tensor in the memory of another library's array."""
    return _proa._with_face(_proa.from_dlpack(ext_tensor))


def to_dlpack(tensor: Any) -> Any:
    """The capsule that other libraries take."""
    return tensor.__dlpack__()
