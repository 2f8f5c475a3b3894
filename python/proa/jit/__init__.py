"""Functions and layers as compiled graphs: `to_static`, which is `compile`."""

from .arguments import InputSpec
from .function import Capture, CapturedFunction, enable_to_static, to_static

compile = to_static

__all__ = [
    "Capture",
    "CapturedFunction",
    "InputSpec",
    "compile",
    "enable_to_static",
    "to_static",
]
