"""Recurrent layers: cells, the loops that run any cell over time, and the stacked SimpleRNN, LSTM
and GRU.

Why the loop knows two kinds of cells: a gated cell's product with the inputs does not depend on the
state,
so it is taken for all steps in one matrix product; any other cell runs step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import proa

from .. import _proa
from ..check import integer, one_of, positive, probability, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .initializer import Uniform
from .layer import Layer
from .parameter import Parameter

__all__ = [
    "BiRNN",
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "RNNCellBase",
    "SimpleRNN",
    "SimpleRNNCell",
]

# A cell's state: one tensor, or a tuple of them (LSTM: hidden and cell).
States: TypeAlias = Any
StateShape: TypeAlias = Sequence[int] | Sequence[Sequence[int]]


class RNNCellBase(Layer):
    """Base of the cells: forward(inputs, states) -> (outputs, new states), for one step.

    A cell gives `state_shape`, the shape of its state without the batch, or a tuple of such shapes.
    """

    @property
    def state_shape(self) -> Any:
        """The state's shape without the batch dim; a tuple of shapes where the state is a tuple."""
        raise NotImplementedError(f"[{type(self).__name__}] define state_shape or pass the states")

    def get_initial_states(
        self,
        batch_ref: _proa.Tensor,
        shape: Any = None,
        dtype: DTypeLike | None = None,
        init_value: float = 0.0,
        batch_dim_idx: int = 0,
    ) -> States:
        """A state filled with `init_value` for the batch of `batch_ref`.

        Args:
            batch_ref: a tensor whose dim `batch_dim_idx` is the batch.
            shape: the state's shape or a tuple of shapes; None takes state_shape.
            dtype: of the state; None takes that of batch_ref.
        """
        wanted = self.state_shape if shape is None else shape
        kind = batch_ref.dtype if dtype is None else dtype
        batch = batch_ref.shape[batch_dim_idx]
        if any(isinstance(item, (list, tuple)) for item in wanted):
            return tuple(proa.full([batch, *item], init_value, kind) for item in wanted)
        return proa.full([batch, *(size for size in wanted if size != -1)], init_value, kind)


class _GatedCell(RNNCellBase):
    """A cell whose inputs enter through one matrix product: gates = x W_ih^T + b_ih and what
    advance adds.
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    _GATES = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        positive(type(self).__name__, "input_size", input_size)
        positive(type(self).__name__, "hidden_size", hidden_size)
        rows, limit = self._GATES * hidden_size, hidden_size**-0.5
        rule = Uniform(-limit, limit)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.weight_ih = self._required([rows, input_size], weight_ih_attr, rule, "weight_ih_attr")
        self.weight_hh = self._required(
            [rows, self._recurrent_size()], weight_hh_attr, rule, "weight_hh_attr"
        )
        self.bias_ih = self.create_parameter([rows], bias_ih_attr, None, True, rule)
        self.bias_hh = self.create_parameter([rows], bias_hh_attr, None, True, rule)

    def _recurrent_size(self) -> int:
        """The size of what goes round."""
        return self.hidden_size

    @property
    def state_shape(self) -> Any:
        return (self.hidden_size,)

    def project(self, inputs: _proa.Tensor) -> _proa.Tensor:
        """What the inputs [..., input_size] add to the gates [..., gates * hidden_size]."""
        gates = proa.matmul(inputs, self.weight_ih, transpose_y=True)
        return gates if self.bias_ih is None else gates + self.bias_ih

    def _recur(self, hidden: _proa.Tensor) -> _proa.Tensor:
        gates = proa.matmul(hidden, self.weight_hh, transpose_y=True)
        return gates if self.bias_hh is None else gates + self.bias_hh

    def advance(self, projected: _proa.Tensor, states: States) -> tuple[_proa.Tensor, States]:
        """(output, new states) from the projected inputs [batch, gates * hidden_size]."""
        raise NotImplementedError

    def forward(self, inputs: _proa.Tensor, states: States = None) -> tuple[_proa.Tensor, States]:
        """One step: inputs [batch, input_size]; states None are zeros."""
        where = type(self).__name__
        if len(inputs.shape) != 2 or inputs.shape[1] != self.input_size:
            refuse(where, "inputs", f"a tensor of shape [batch, {self.input_size}]", inputs)
        if states is None:
            states = self.get_initial_states(inputs)
        return self.advance(self.project(inputs), states)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"


class SimpleRNNCell(_GatedCell):
    """h' = act(W_ih x + b_ih + W_hh h + b_hh) (Elman 1990).

    Args:
        input_size, hidden_size: sizes of x and h.
        activation: tanh or relu (PyTorch: nonlinearity).
        weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr: settings of W_ih [hidden,
            input],
            W_hh [hidden, hidden] and the biases [hidden]; False leaves a bias out.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        activation: str = "tanh",
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        nonlinearity: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        attrs = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        super().__init__(input_size, hidden_size, *attrs, dtype=dtype)
        chosen = activation if nonlinearity is None else nonlinearity
        self.activation = one_of("SimpleRNNCell", "activation", chosen, ["tanh", "relu"])

    def advance(self, projected: _proa.Tensor, states: States) -> tuple[_proa.Tensor, States]:
        gates = projected + self._recur(states)
        hidden = proa.tanh(gates) if self.activation == "tanh" else F.relu(gates)
        return hidden, hidden

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.activation == "tanh" else f"{text}, activation={self.activation}"


class LSTMCell(_GatedCell):
    """Long short-term memory (Hochreiter & Schmidhuber 1997, forget gate of Gers et al. 2000).

    i, f, g, o = the four parts of W_ih x + b_ih + W_hh h + b_hh;
    c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c').

    Args:
        input_size, hidden_size: sizes of x and h.
        weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr: settings of W_ih [4 hidden,
            input],
            W_hh [4 hidden, hidden] and the biases [4 hidden]; False leaves a bias out.
        proj_size: above 0, h' is further multiplied by a weight [hidden, proj_size] (Sak et al.
            2014).
    """

    _GATES = 4

    weight_ho: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        proj_size: int = 0,
        name: str | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        integer("LSTMCell", "proj_size", proj_size, 0, "an int >= 0")
        if proj_size and proj_size >= positive("LSTMCell", "hidden_size", hidden_size):
            refuse("LSTMCell", "proj_size", f"less than hidden_size={hidden_size}", proj_size)
        self._proj_size = proj_size
        attrs = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        super().__init__(input_size, hidden_size, *attrs, dtype=dtype)
        self.proj_size = proj_size
        limit = hidden_size**-0.5
        if proj_size:
            self.weight_ho = self.create_parameter(
                [hidden_size, proj_size], None, None, False, Uniform(-limit, limit)
            )

    def _recurrent_size(self) -> int:
        return self._proj_size or self.hidden_size

    @property
    def state_shape(self) -> Any:
        return ((self.proj_size or self.hidden_size,), (self.hidden_size,))

    def advance(self, projected: _proa.Tensor, states: States) -> tuple[_proa.Tensor, States]:
        hidden, cell = states
        i, f, g, o = proa.split(projected + self._recur(hidden), 4, -1)
        cell = F.sigmoid(f) * cell + F.sigmoid(i) * proa.tanh(g)
        hidden = F.sigmoid(o) * proa.tanh(cell)
        if self.proj_size and self.weight_ho is not None:
            hidden = proa.matmul(hidden, self.weight_ho)
        return hidden, (hidden, cell)

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return f"{text}, proj_size={self.proj_size}" if self.proj_size else text


class GRUCell(_GatedCell):
    """Gated recurrent unit (Cho et al. 2014), the reset gate applied after the product, as cuDNN
    has it.

    r, z = sigmoid of the first two parts of W_ih x + b_ih + W_hh h + b_hh;
    c = tanh(W_ic x + b_ic + r (W_hc h + b_hc)); h' = z h + (1 - z) c.

    Args:
        input_size, hidden_size: sizes of x and h.
        weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr: settings of W_ih [3 hidden,
            input],
            W_hh [3 hidden, hidden] and the biases [3 hidden]; False leaves a bias out.
    """

    _GATES = 3

    def advance(self, projected: _proa.Tensor, states: States) -> tuple[_proa.Tensor, States]:
        x_r, x_z, x_c = proa.split(projected, 3, -1)
        h_r, h_z, h_c = proa.split(self._recur(states), 3, -1)
        z = F.sigmoid(x_z + h_z)
        candidate = proa.tanh(x_c + F.sigmoid(x_r + h_r) * h_c)
        hidden = (states - candidate) * z + candidate
        return hidden, hidden


def _held(mask: _proa.Tensor, new: States, old: States) -> States:
    """`new` where the step is within a sample's length, `old` where it is padding."""
    if isinstance(new, (list, tuple)):
        return type(new)(_held(mask, n, o) for n, o in zip(new, old, strict=True))
    shaped = mask.reshape([-1] + [1] * (len(new.shape) - 1))
    return proa.where(shaped, new, old)


def _blank(mask: _proa.Tensor, output: Any) -> Any:
    """`output` with zeros where the step is padding."""
    if isinstance(output, (list, tuple)):
        return type(output)(_blank(mask, item) for item in output)
    shaped = mask.reshape([-1] + [1] * (len(output.shape) - 1))
    return proa.where(shaped, output, proa.zeros_like(output))


def _stacked(outputs: list[Any], axis: int) -> Any:
    if isinstance(outputs[0], (list, tuple)):
        return type(outputs[0])(_stacked(list(part), axis) for part in zip(*outputs, strict=True))
    return proa.stack(outputs, axis)


def _plain(cell: _GatedCell) -> bool:
    """Whether forward is project and advance and nothing else: no hook, no override."""
    hooked = cell._forward_pre_hooks or cell._forward_post_hooks
    return type(cell).forward is _GatedCell.forward and not hooked


def _masks(lengths: _proa.Tensor, steps: int) -> list[_proa.Tensor]:
    """For each step, the bool [batch] of samples that are still within their length."""
    if len(lengths.shape) != 1:
        refuse("RNN", "sequence_length", "a tensor of shape [batch]", lengths)
    places = proa.arange(steps, dtype="int64").reshape([-1, 1])
    return list(proa.unbind(places < lengths.astype("int64").reshape([1, -1]), 0))


def run_over_time(
    cell: RNNCellBase,
    inputs: _proa.Tensor,
    initial_states: States,
    sequence_length: _proa.Tensor | None,
    kwargs: dict[str, Any],
    is_reverse: bool,
    time_major: bool,
) -> tuple[Any, States]:
    """(outputs, final states) of a cell run over a sequence; arguments as in RNN.forward."""
    time, batch = (0, 1) if time_major else (1, 0)
    if len(inputs.shape) < 2 or inputs.shape[time] < 1:
        refuse("RNN", "inputs", "a tensor with batch and time dims and at least one step", inputs)
    # The gated cell whose inputs are projected for all steps ahead, if it is one.
    ahead = cell if isinstance(cell, _GatedCell) and _plain(cell) and not kwargs else None
    if ahead is not None and (len(inputs.shape) != 3 or inputs.shape[2] != ahead.input_size):
        refuse("RNN", "inputs", f"a tensor with 3 dims, the last of {ahead.input_size}", inputs)
    states = initial_states
    if states is None:
        states = cell.get_initial_states(inputs, batch_dim_idx=batch)
    steps = proa.unbind(inputs if ahead is None else ahead.project(inputs), time)
    masks = None if sequence_length is None else _masks(sequence_length, len(steps))
    outputs: list[Any] = [None] * len(steps)
    for t in range(len(steps) - 1, -1, -1) if is_reverse else range(len(steps)):
        if ahead is not None:
            output, new = ahead.advance(steps[t], states)
        else:
            output, new = cell(steps[t], states, **kwargs)
        if masks is not None:
            output, new = _blank(masks[t], output), _held(masks[t], new, states)
        outputs[t], states = output, new
    return _stacked(outputs, time), states


class RNN(Layer):
    """Runs a cell over the time of a sequence.

    Args:
        cell: an RNNCellBase.
        is_reverse: whether to run from the last step to the first; outputs keep the inputs' order.
        time_major: whether inputs are [time, batch, ...] or [batch, time, ...].
    """

    cell: RNNCellBase

    def __init__(
        self, cell: RNNCellBase, is_reverse: bool = False, time_major: bool = False
    ) -> None:
        super().__init__()
        if not isinstance(cell, Layer):
            refuse("RNN", "cell", "an RNNCellBase", cell)
        self.cell = cell
        self.is_reverse = is_reverse
        self.time_major = time_major

    def forward(
        self,
        inputs: _proa.Tensor,
        initial_states: States = None,
        sequence_length: _proa.Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[Any, States]:
        """(outputs, final states).

        Args:
            inputs: [batch, time, ...], or [time, batch, ...] with time_major.
            initial_states: as the cell takes them; None are zeros.
            sequence_length: the length of each sample [batch]; beyond it outputs are zeros and
                states stand still.
            kwargs: passed to the cell at each step.
        """
        return run_over_time(
            self.cell,
            inputs,
            initial_states,
            sequence_length,
            kwargs,
            is_reverse=self.is_reverse,
            time_major=self.time_major,
        )

    def extra_repr(self) -> str:
        shown = [name for name in ("is_reverse", "time_major") if getattr(self, name)]
        return ", ".join(f"{name}=True" for name in shown)


class BiRNN(Layer):
    """Runs one cell forwards and one backwards; the outputs are joined along the last dim.

    Args:
        cell_fw, cell_bw: the cells.
        time_major: as in RNN.
    """

    cell_fw: RNNCellBase
    cell_bw: RNNCellBase

    def __init__(
        self, cell_fw: RNNCellBase, cell_bw: RNNCellBase, time_major: bool = False
    ) -> None:
        super().__init__()
        for name, cell in (("cell_fw", cell_fw), ("cell_bw", cell_bw)):
            if not isinstance(cell, Layer):
                refuse("BiRNN", name, "an RNNCellBase", cell)
        sizes = getattr(cell_fw, "input_size", None), getattr(cell_bw, "input_size", None)
        if sizes[0] is not None and sizes[1] is not None and sizes[0] != sizes[1]:
            refuse("BiRNN", "cell_bw", f"a cell with input_size={sizes[0]}", cell_bw)
        self.cell_fw = cell_fw
        self.cell_bw = cell_bw
        self.time_major = time_major

    def forward(
        self,
        inputs: _proa.Tensor,
        initial_states: tuple[States, States] | None = None,
        sequence_length: _proa.Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[_proa.Tensor, tuple[States, States]]:
        """(outputs, (forward states, backward states)); arguments as in RNN, the states as such a
        pair.
        """
        if initial_states is not None and len(initial_states) != 2:
            refuse("BiRNN", "initial_states", "a pair, forward and backward", initial_states)
        first, second = (None, None) if initial_states is None else initial_states
        ahead = run_over_time(
            self.cell_fw, inputs, first, sequence_length, kwargs, False, self.time_major
        )
        back = run_over_time(
            self.cell_bw, inputs, second, sequence_length, kwargs, True, self.time_major
        )
        return proa.concat([ahead[0], back[0]], -1), (ahead[1], back[1])


class _StackedRNN(Layer):
    """Layers of one kind of cell over each other, each one- or two-directional.

    Args:
        input_size, hidden_size: sizes of the inputs and of the states.
        num_layers: how many layers.
        direction: "forward", or "bidirect" (also "bidirectional") for both (PyTorch:
            bidirectional=True).
        time_major: whether inputs are [time, batch, input_size] or [batch, time, input_size]
            (PyTorch: batch_first).
        dropout: probability of dropout between layers, in training.
        weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr: settings of every cell's
            parameters;
            False leaves a bias out (PyTorch: bias=False).

    Parameters are known as weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ..., with `_reverse`
    at the end
    for the backward direction, and by their place in the cells (`0.cell.weight_ih`).
    """

    _STATES = 1
    _CELL: Callable[..., RNNCellBase]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        direction: str = "forward",
        time_major: bool = False,
        dropout: float = 0.0,
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        batch_first: bool | None = None,
        bidirectional: bool | None = None,
        bias: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        where = type(self).__name__
        self.input_size = positive(where, "input_size", input_size)
        self.hidden_size = positive(where, "hidden_size", hidden_size)
        self.num_layers = positive(where, "num_layers", num_layers)
        one_of(where, "direction", direction, ["forward", "bidirect", "bidirectional"])
        self.bidirectional = direction != "forward" if bidirectional is None else bidirectional
        self.num_directions = 2 if self.bidirectional else 1
        self.time_major = time_major if batch_first is None else not batch_first
        self.dropout = probability(where, "dropout", dropout)
        self.output_size = hidden_size
        settings = {
            "weight_ih_attr": weight_ih_attr,
            "weight_hh_attr": weight_hh_attr,
            "bias_ih_attr": bias_ih_attr if bias else False,
            "bias_hh_attr": bias_hh_attr if bias else False,
            "dtype": dtype,
            **self._cell_settings(),
        }
        for layer in range(num_layers):
            width = input_size if layer == 0 else self.output_size * self.num_directions
            cells = [
                type(self)._CELL(width, hidden_size, **settings) for _ in range(self.num_directions)
            ]
            self.output_size = getattr(cells[0], "proj_size", 0) or hidden_size
            run: Layer = (
                BiRNN(cells[0], cells[1], self.time_major)
                if self.bidirectional
                else RNN(cells[0], False, self.time_major)
            )
            self.add_sublayer(str(layer), run)
            for cell, tail in zip(cells, ("", "_reverse"), strict=False):
                for name, parameter in cell._parameters.items():
                    if parameter is not None:
                        self.add_parameter(f"{name}_l{layer}{tail}", parameter)

    def _cell_settings(self) -> dict[str, Any]:
        """What this kind of cell is told beside the sizes and the parameters' settings."""
        return {}

    def _shape_of_states(self, inputs: _proa.Tensor) -> list[list[int]]:
        batch = inputs.shape[1 if self.time_major else 0]
        count = self.num_layers * self.num_directions
        sizes = [self.output_size, self.hidden_size][: self._STATES]
        return [[count, batch, size] for size in sizes]

    def forward(
        self,
        inputs: _proa.Tensor,
        initial_states: States = None,
        sequence_length: _proa.Tensor | None = None,
    ) -> tuple[_proa.Tensor, States]:
        """(outputs, final states).

        Args:
            inputs: [batch, time, input_size], or [time, batch, input_size] with time_major.
            initial_states: [num_layers * num_directions, batch, hidden_size]; for LSTM a pair (h,
                c) of them;
                None are zeros.
            sequence_length: the length of each sample [batch]; beyond it outputs are zeros and
                states stand still.

        Outputs are [batch, time, num_directions * hidden_size], final states like the initial ones.
        """
        where = type(self).__name__
        if len(inputs.shape) != 3 or inputs.shape[2] != self.input_size:
            order = "[time, batch" if self.time_major else "[batch, time"
            refuse(where, "inputs", f"a tensor of shape {order}, {self.input_size}]", inputs)
        given = self._check_states(inputs, initial_states)
        finals: list[list[_proa.Tensor]] = [[] for _ in range(self._STATES)]
        outputs = inputs
        for number, layer in enumerate(self._sub_layers.values()):
            if layer is None:
                continue
            if number > 0 and self.dropout > 0:
                outputs = F.dropout(outputs, self.dropout, training=self.training)
            first = number * self.num_directions
            starts = [self._state_at(given, first + d) for d in range(self.num_directions)]
            start = (
                None if given is None else starts[0] if self.num_directions == 1 else tuple(starts)
            )
            outputs, ends = layer(outputs, start, sequence_length)
            for end in ends if self.num_directions == 2 else (ends,):
                for part, state in zip(finals, end if self._STATES == 2 else (end,), strict=True):
                    part.append(state)
        stacked = [proa.stack(part, 0) for part in finals]
        return outputs, tuple(stacked) if self._STATES == 2 else stacked[0]

    def _check_states(self, inputs: _proa.Tensor, states: States) -> list[_proa.Tensor] | None:
        if states is None:
            return None
        where, shapes = type(self).__name__, self._shape_of_states(inputs)
        given = list(states) if self._STATES == 2 else [states]
        if self._STATES == 2 and (not isinstance(states, (list, tuple)) or len(given) != 2):
            refuse(where, "initial_states", "a pair (h, c)", states)
        if isinstance(given[0], (list, tuple)) and len(given[0]) == 1:
            given = [given[0][0]]
        for state, shape in zip(given, shapes, strict=True):
            if not isinstance(state, _proa.Tensor) or list(state.shape) != shape:
                refuse(where, "initial_states", f"tensors of shapes {shapes}", state)
        return given

    def _state_at(self, states: list[_proa.Tensor] | None, place: int) -> States:
        if states is None:
            return None
        return tuple(s[place] for s in states) if self._STATES == 2 else states[0][place]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        text += f", num_layers={self.num_layers}" if self.num_layers != 1 else ""
        text += ", direction=bidirect" if self.bidirectional else ""
        text += ", time_major=True" if self.time_major else ""
        return text + (f", dropout={self.dropout}" if self.dropout else "")


class SimpleRNN(_StackedRNN):
    __doc__ = f"""Stacked SimpleRNNCells; activation is tanh or relu (PyTorch: nonlinearity).
    {_StackedRNN.__doc__}"""

    _CELL = SimpleRNNCell

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        direction: str = "forward",
        time_major: bool = False,
        dropout: float = 0.0,
        activation: str = "tanh",
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        batch_first: bool | None = None,
        bidirectional: bool | None = None,
        bias: bool = True,
        nonlinearity: str | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self._activation = activation if nonlinearity is None else nonlinearity
        attrs = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        super().__init__(
            input_size, hidden_size, num_layers, direction, time_major, dropout, *attrs,
            batch_first=batch_first, bidirectional=bidirectional, bias=bias, dtype=dtype,
        )  # fmt: skip

    def _cell_settings(self) -> dict[str, Any]:
        return {"activation": self._activation}


class LSTM(_StackedRNN):
    __doc__ = f"""Stacked LSTMCells.
    {_StackedRNN.__doc__}
    proj_size: above 0, hidden states are projected to this size.
    """

    _CELL = LSTMCell
    _STATES = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        direction: str = "forward",
        time_major: bool = False,
        dropout: float = 0.0,
        weight_ih_attr: ParamAttrLike = None,
        weight_hh_attr: ParamAttrLike = None,
        bias_ih_attr: ParamAttrLike = None,
        bias_hh_attr: ParamAttrLike = None,
        proj_size: int = 0,
        name: str | None = None,
        *,
        batch_first: bool | None = None,
        bidirectional: bool | None = None,
        bias: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        self._proj_size = proj_size
        attrs = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        super().__init__(
            input_size, hidden_size, num_layers, direction, time_major, dropout, *attrs,
            batch_first=batch_first, bidirectional=bidirectional, bias=bias, dtype=dtype,
        )  # fmt: skip

    def _cell_settings(self) -> dict[str, Any]:
        return {"proj_size": self._proj_size}


class GRU(_StackedRNN):
    __doc__ = f"""Stacked GRUCells.
    {_StackedRNN.__doc__}"""

    _CELL = GRUCell
