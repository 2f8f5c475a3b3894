"""PyTorch's recurrent layers over ours: length before batch by default, packed sequences, flat
names of state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ... import _proa
from ... import nn as ours
from .module import Module, adopt

ops: Any = _proa.ops


class PackedSequence(NamedTuple):
    """Sequences of several lengths: step after step, the longest sequence first in each."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


class _Recurrent(Module):
    _BASE: Any
    _FLAT = True

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        **more: Any,
    ) -> None:
        self._BASE.__init__(
            self,
            input_size,
            hidden_size,
            num_layers,
            dropout=dropout,
            batch_first=True,
            bidirectional=bidirectional,
            bias=bias,
            dtype=dtype,
            **more,
        )
        adopt(self)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(outputs, last states), both packed where the input is."""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        single = input.ndim == 2
        x = ops.unsqueeze(input, 0) if single else input
        if not single and not self.batch_first:
            x = ops.transpose(x, [1, 0, 2])
        y, states = self._BASE.forward(self, x, self._each(hx, ops.unsqueeze, 1, single))
        if single:
            return ops.squeeze(y, 0), self._each(states, ops.squeeze, 1, True)
        return (y if self.batch_first else ops.transpose(y, [1, 0, 2])), states

    def _each(self, states: Any, change: Any, axis: int, wanted: bool) -> Any:
        if states is None or not wanted:
            return states
        if isinstance(states, (tuple, list)):
            return tuple(change(state, axis) for state in states)
        return change(states, axis)

    def _picked(self, states: Any, order: Any) -> Any:
        if states is None or order is None:
            return states
        if isinstance(states, (tuple, list)):
            return tuple(ops.index_select(state, order, 1) for state in states)
        return ops.index_select(states, order, 1)

    def _packed(self, packed: PackedSequence, hx: Any) -> tuple[Any, Any]:
        from .utils.rnn import lengths_of, packed_rows, padded_rows

        lengths = _proa.to_tensor(lengths_of(packed.batch_sizes), dtype="int64")
        x = padded_rows(packed.data, packed.batch_sizes)
        start = self._picked(hx, packed.sorted_indices)
        y, states = self._BASE.forward(self, x, start, lengths)
        made = packed._replace(data=packed_rows(y, packed.batch_sizes))
        return made, self._picked(states, packed.unsorted_indices)

    def flatten_parameters(self) -> None:
        """Nothing: the weights are used as they are."""


class LSTM(_Recurrent, ours.LSTM):  # type: ignore[misc]
    """Long short-term memory, stacked: (outputs, (h, c))."""

    _BASE = ours.LSTM

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device,
            dtype, proj_size=proj_size,
        )  # fmt: skip


class GRU(_Recurrent, ours.GRU):  # type: ignore[misc]
    """Gated recurrent units, stacked: (outputs, h)."""

    _BASE = ours.GRU


class RNN(_Recurrent, ours.SimpleRNN):  # type: ignore[misc]
    """tanh or relu of a linear step, stacked: (outputs, h)."""

    _BASE = ours.SimpleRNN

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device,
            dtype, nonlinearity=nonlinearity,
        )  # fmt: skip


class _Cell(Module):
    _BASE: Any

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        **more: Any,
    ) -> None:
        attr = None if bias else False
        self._BASE.__init__(
            self, input_size, hidden_size, bias_ih_attr=attr, bias_hh_attr=attr, dtype=dtype, **more
        )
        adopt(self)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The new state."""
        single = input.ndim == 1
        if single:
            input = ops.unsqueeze(input, 0)
            hx = _unsqueezed(hx)
        _, states = self._BASE.forward(self, input, hx)
        if not single:
            return states
        if isinstance(states, (tuple, list)):
            return tuple(ops.squeeze(state, 0) for state in states)
        return ops.squeeze(states, 0)


def _unsqueezed(states: Any) -> Any:
    if states is None:
        return None
    if isinstance(states, Sequence):
        return tuple(ops.unsqueeze(state, 0) for state in states)
    return ops.unsqueeze(states, 0)


class LSTMCell(_Cell, ours.LSTMCell):
    """One step of an LSTM: (h, c)."""

    _BASE = ours.LSTMCell


class GRUCell(_Cell, ours.GRUCell):
    """One step of a GRU: h."""

    _BASE = ours.GRUCell


class RNNCell(_Cell, ours.SimpleRNNCell):
    """One step of an RNN: h."""

    _BASE = ours.SimpleRNNCell

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, device, dtype, nonlinearity=nonlinearity)
