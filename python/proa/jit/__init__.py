"""Functions and layers as compiled graphs: `to_static`, which is `compile`; and as files."""

from .arguments import InputSpec
from .function import Capture, CapturedFunction, enable_to_static, to_static
from .hosting import host_call
from .saving import TranslatedLayer, load, save

compile = to_static

__all__ = [
    "Capture",
    "CapturedFunction",
    "InputSpec",
    "TranslatedLayer",
    "compile",
    "enable_to_static",
    "host_call",
    "load",
    "save",
    "to_static",
]
