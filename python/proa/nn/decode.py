"""Decoding step by step: a decoder says what a step is, dynamic_decode runs steps to the end.

Why two: the loop, its lengths and its masks are the same for every decoder.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import proa

from .. import _proa
from ..check import positive, refuse
from . import functional as F

__all__ = ["BeamSearchDecoder", "Decoder", "dynamic_decode"]


def mapped(function: Callable[..., Any], *values: Any) -> Any:
    """The function of the tensors at the same place in nested tuples, lists and dicts."""
    first = values[0]
    if isinstance(first, dict):
        return {key: mapped(function, *(value[key] for value in values)) for key in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(mapped(function, *items) for items in zip(*values, strict=True)))
    if isinstance(first, (list, tuple)):
        return type(first)(mapped(function, *items) for items in zip(*values, strict=True))
    return function(*values)


class Decoder:
    """What dynamic_decode runs: a subclass gives `initialize` and `step`."""

    #: whether `step` itself keeps finished samples finished
    tracks_own_finished = False

    def initialize(self, inits: Any) -> tuple[Any, Any, _proa.Tensor]:
        """(first inputs, first states, bool `finished`)."""
        raise NotImplementedError(f"{type(self).__name__} does not define initialize()")

    def step(self, time: _proa.Tensor, inputs: Any, states: Any, **kwargs: Any) -> Any:
        """(outputs, next states, next inputs, finished) of one step."""
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def finalize(self, outputs: Any, final_states: Any, sequence_lengths: _proa.Tensor) -> Any:
        """(outputs, states) as dynamic_decode returns them; outputs are stacked over time."""
        return outputs, final_states


class BeamOutput(NamedTuple):
    """One step of a beam search, each [batch, beam]."""

    scores: _proa.Tensor
    predicted_ids: _proa.Tensor
    parent_ids: _proa.Tensor


class BeamState(NamedTuple):
    """The cell's states, and of each beam the log-probability, whether it ended, its length."""

    cell_states: Any
    log_probs: _proa.Tensor
    finished: _proa.Tensor
    lengths: _proa.Tensor


class BeamSearchDecoder(Decoder):
    """Keeps the `beam_size` likeliest beginnings at each step (Sutskever et al. 2014).

    Args:
        cell: an RNN cell, or a function (inputs, states) -> (outputs, new states).
        start_token, end_token: class numbers that begin and end a sequence.
        beam_size: how many beginnings are kept.
        embedding_fn: from class numbers to the cell's inputs; None gives the numbers.
        output_fn: from the cell's outputs to logits; None takes the outputs.
    """

    tracks_own_finished = True

    def __init__(
        self,
        cell: Callable[..., Any],
        start_token: int,
        end_token: int,
        beam_size: int,
        embedding_fn: Callable[..., Any] | None = None,
        output_fn: Callable[..., Any] | None = None,
    ) -> None:
        self.cell = cell
        self.embedding_fn = embedding_fn
        self.output_fn = output_fn
        self.start_token = int(start_token)
        self.end_token = int(end_token)
        self.beam_size = positive("BeamSearchDecoder", "beam_size", beam_size)

    @staticmethod
    def tile_beam_merge_with_batch(x: _proa.Tensor, beam_size: int) -> _proa.Tensor:
        """[batch, ...] -> [batch * beam, ...], each sample repeated."""
        return proa.repeat_interleave(x, beam_size, 0)

    def _split(self, x: _proa.Tensor) -> _proa.Tensor:
        return x.reshape([-1, self.beam_size, *x.shape[1:]])

    def _merge(self, x: _proa.Tensor) -> _proa.Tensor:
        return x.reshape([-1, *x.shape[2:]])

    def _embedded(self, ids: _proa.Tensor) -> Any:
        return ids if self.embedding_fn is None else self.embedding_fn(ids)

    def initialize(self, inits: Any) -> tuple[Any, BeamState, _proa.Tensor]:
        """The states of the cell in each beam; all but the first beam begin impossible."""
        beam = self.beam_size
        states = mapped(lambda x: self._split(self.tile_beam_merge_with_batch(x, beam)), inits)
        first: Any = states
        while not isinstance(first, _proa.Tensor):
            first = next(iter(first.values())) if isinstance(first, dict) else first[0]
        batch, kind = first.shape[0], first.dtype
        ids = proa.full([batch, beam], self.start_token, "int64")
        rest = proa.full([batch, beam - 1], -1e9, kind)
        log_probs = proa.concat([proa.zeros([batch, 1], kind), rest], 1)
        finished = proa.zeros([batch, beam], "int64") > 0
        state = BeamState(states, log_probs, finished, proa.zeros([batch, beam], "int64"))
        return self._embedded(ids), state, finished

    def step(
        self, time: _proa.Tensor, inputs: Any, states: BeamState, **kwargs: Any
    ) -> tuple[BeamOutput, BeamState, Any, _proa.Tensor]:
        """One step of every beam, and the best of all their continuations."""
        merged = mapped(self._merge, inputs)
        outputs, cell_states = self.cell(merged, mapped(self._merge, states.cell_states), **kwargs)
        logits = outputs if self.output_fn is None else self.output_fn(outputs)
        cell_states = mapped(self._split, cell_states)
        log_p = F.log_softmax(self._split(logits), -1)
        batch, beam, classes = log_p.shape
        # A beam that has ended goes on with its end, at no cost.
        at = proa.arange(classes, dtype="int64").reshape([1, 1, classes])
        ended = proa.where(
            at == self.end_token, proa.zeros([], log_p.dtype), proa.full([], -1e9, log_p.dtype)
        )
        ended = proa.expand(ended, list(log_p.shape))
        log_p = proa.where(states.finished.unsqueeze(2), ended, log_p)
        total = (log_p + states.log_probs.unsqueeze(2)).reshape([batch, beam * classes])
        scores, place = proa.topk(total, beam, -1)
        parent, token = place // classes, place % classes

        def gathered(x: _proa.Tensor) -> _proa.Tensor:
            shape = [batch, beam] + [1] * (x.ndim - 2)
            index = proa.expand(parent.reshape(shape), list(x.shape))
            return proa.take_along_axis(x, index, 1)

        before = gathered(states.finished.astype("int64")) > 0
        lengths = gathered(states.lengths) + (1 - before.astype("int64"))
        finished = before | (token == self.end_token)
        state = BeamState(mapped(gathered, cell_states), scores, finished, lengths)
        return BeamOutput(scores, token, parent), state, self._embedded(token), finished

    def finalize(
        self, outputs: BeamOutput, final_states: BeamState, sequence_lengths: _proa.Tensor
    ) -> tuple[_proa.Tensor, BeamState]:
        """The class numbers [time, batch, beam], followed back from the last step."""
        ids = gather_tree(outputs.predicted_ids, outputs.parent_ids)
        return ids, final_states


def gather_tree(ids: _proa.Tensor, parents: _proa.Tensor) -> _proa.Tensor:
    """Whole sequences [time, batch, beam] from the choices and parents of each step."""
    steps = ids.shape[0]
    found = [ids[steps - 1]]
    parent = parents[steps - 1]
    for t in range(steps - 2, -1, -1):
        found.append(proa.take_along_axis(ids[t], parent, 1))
        parent = proa.take_along_axis(parents[t], parent, 1)
    return proa.stack(found[::-1], 0)


def _time_first(x: _proa.Tensor) -> _proa.Tensor:
    return proa.transpose(x, [1, 0, *range(2, x.ndim)])


def dynamic_decode(
    decoder: Decoder,
    inits: Any = None,
    max_step_num: int | None = None,
    output_time_major: bool = False,
    impute_finished: bool = False,
    is_test: bool = False,
    return_length: bool = False,
    **kwargs: Any,
) -> tuple[Any, ...]:
    """Run the decoder's steps until every sample has finished.

    Args:
        decoder: what a step is.
        inits: handed to decoder.initialize.
        max_step_num: at most so many steps; None goes on to the end.
        output_time_major: whether outputs are [time, batch, ...] and not [batch, time, ...].
        impute_finished: whether the states of finished samples stand still and their outputs are 0.
        return_length: whether to return also the lengths.
        kwargs: handed to each decoder.step.

    Returns (outputs, final states) and, if wanted, the int64 lengths.
    """
    if max_step_num is not None and max_step_num < 0:
        refuse("dynamic_decode", "max_step_num", "an int >= 0 or None", max_step_num)
    inputs, states, finished = decoder.initialize(inits)
    lengths = proa.zeros(list(finished.shape), "int64")
    kept: list[Any] = []
    while not bool(proa.all(finished)):
        time = proa.full([1], len(kept), "int64")
        outputs, new_states, inputs, now = decoder.step(time, inputs, states, **kwargs)
        if decoder.tracks_own_finished:
            lengths = getattr(new_states, "lengths", lengths)
        else:
            now = now | finished
            lengths = lengths + (1 - finished.astype("int64"))
            if impute_finished:
                held = functools.partial(_held, finished)
                outputs = mapped(held, mapped(proa.zeros_like, outputs), outputs)
                new_states = mapped(held, states, new_states)
        kept.append(outputs)
        states, finished = new_states, now
        if max_step_num is not None and len(kept) > max_step_num:
            break
    if not kept:
        refuse("dynamic_decode", "decoder", "at least one sample that has not finished", decoder)
    stacked = mapped(lambda *steps: proa.stack(list(steps), 0), *kept)
    outputs, states = decoder.finalize(stacked, states, lengths)
    if not output_time_major:
        outputs = mapped(_time_first, outputs)
    return (outputs, states, lengths) if return_length else (outputs, states)


def _held(finished: _proa.Tensor, old: _proa.Tensor, new: _proa.Tensor) -> _proa.Tensor:
    shape: Sequence[int] = [*finished.shape, *([1] * (new.ndim - finished.ndim))]
    return proa.where(finished.reshape(list(shape)), old, new)
