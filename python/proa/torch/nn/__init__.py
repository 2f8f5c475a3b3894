"""`torch.nn`: modules under PyTorch's names, signatures and keys of state."""

from __future__ import annotations

import types
from typing import Any

from . import attention, functional, init, layers, recurrent, utils
from .attention import (
    MultiheadAttention,
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from .module import Module, Parameter
from .parallel import DataParallel
from .recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

for _name, _value in vars(layers).items():
    if isinstance(_value, type) and issubclass(_value, Module) and not _name.startswith("_"):
        globals()[_name] = _value

parameter = types.SimpleNamespace(Parameter=Parameter)
modules = layers


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'proa.torch.nn' has no attribute '{name}'")


__all__ = [
    "DataParallel", "GRU", "GRUCell", "LSTM", "LSTMCell", "Module", "MultiheadAttention",
    "Parameter", "RNN", "RNNCell", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
    "TransformerEncoder", "TransformerEncoderLayer", "attention", "functional", "init", "layers",
    "modules", "parameter", "recurrent", "utils",
]  # fmt: skip
__all__ += [name for name, value in vars(layers).items() if value is globals().get(name)]
