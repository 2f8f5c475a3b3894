"""`torch.nn`: modules under PyTorch's names, signatures and keys of state."""

from __future__ import annotations

import sys
import types
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

# PyTorch keeps modules in files of their own; each of those names leads to all of them here.
modules: Any = types.ModuleType(f"{__name__}.modules", "Every module, as `modules.loss.MSELoss`.")
modules.__dict__.update({name: value for name, value in globals().items() if name[0] != "_"})
sys.modules[modules.__name__] = modules
for _name in ("activation", "batchnorm", "container", "conv", "dropout", "linear", "loss", "module",
              "normalization", "pooling", "rnn", "sparse", "transformer"):  # fmt: skip
    setattr(modules, _name, modules)
    sys.modules[f"{modules.__name__}.{_name}"] = modules


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'proa.torch.nn' has no attribute '{name}'")


__all__ = [
    "DataParallel", "GRU", "GRUCell", "LSTM", "LSTMCell", "Module", "MultiheadAttention",
    "Parameter", "RNN", "RNNCell", "Transformer", "TransformerDecoder", "TransformerDecoderLayer",
    "TransformerEncoder", "TransformerEncoderLayer", "attention", "functional", "init", "layers",
    "modules", "parallel", "parameter", "recurrent", "utils",
]  # fmt: skip
__all__ += [name for name, value in vars(layers).items() if value is globals().get(name)]
