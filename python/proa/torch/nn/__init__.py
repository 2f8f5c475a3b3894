"""`torch.nn`: modules under PyTorch's names, signatures and keys of state."""

from __future__ import annotations

import sys
from typing import Any

from . import attention, functional, init, layers, parallel, parameter, recurrent, utils
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

# PyTorch keeps modules in files of their own; here all of their names are in one place.
modules = sys.modules[__name__]
for _name in ("activation", "batchnorm", "container", "conv", "dropout", "linear", "loss", "module",
              "normalization", "pooling", "rnn", "sparse", "transformer"):  # fmt: skip
    sys.modules[f"{__name__}.modules.{_name}"] = modules
sys.modules[f"{__name__}.modules"] = modules


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'proa.torch.nn' has no attribute '{name}'")


__all__ = [
    "DataParallel", "GRU", "GRUCell", "LSTM", "LSTMCell", "Module", "MultiheadAttention",
    "Parameter", "RNN", "RNNCell", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
    "TransformerEncoder", "TransformerEncoderLayer", "attention", "functional", "init", "layers",
    "modules", "parallel", "parameter", "recurrent", "utils",
]  # fmt: skip
__all__ += [name for name, value in vars(layers).items() if value is globals().get(name)]
