"""Sequences of several lengths: padded to one tensor, or packed step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import _proa
from ....check import refuse
from ..recurrent import PackedSequence

ops: Any = _proa.ops


def _ints(values: Any) -> Any:
    return _proa._with_face(_proa.to_tensor(values, dtype="int64"))


def pad_sequence(
    sequences: Sequence[Any],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """Sequences [length, ...] in one tensor [longest, batch, ...], padded at the end."""
    longest = max(sequence.shape[0] for sequence in sequences)
    rows = []
    for sequence in sequences:
        shape = [longest - sequence.shape[0], *sequence.shape[1:]]
        gap = ops.full(shape, padding_value, sequence.dtype)
        rows.append(ops.concat([sequence, gap] if padding_side == "right" else [gap, sequence], 0))
    return ops.stack(rows, 0 if batch_first else 1)


def lengths_of(batch_sizes: Any) -> list[int]:
    """The length of each sequence, from how many there are at each step."""
    sizes = [int(size) for size in batch_sizes]
    return [sum(1 for size in sizes if size > row) for row in range(sizes[0])]


def _place(batch_sizes: Any) -> list[tuple[int, int]]:
    """(sequence, step) of each row of packed data."""
    return [(row, step) for step, size in enumerate(batch_sizes) for row in range(int(size))]


def packed_rows(x: Any, batch_sizes: Any) -> Any:
    """[batch, length, ...] -> [rows, ...]."""
    length = x.shape[1]
    index = _ints([row * length + step for row, step in _place(batch_sizes)])
    return ops.index_select(ops.reshape(x, [-1, *x.shape[2:]]), index, 0)


def padded_rows(data: Any, batch_sizes: Any, value: float = 0.0) -> Any:
    """[rows, ...] -> [batch, length, ...]."""
    sizes = [int(size) for size in batch_sizes]
    batch, length, last = sizes[0], len(sizes), data.shape[0]
    at = {pair: i for i, pair in enumerate(_place(sizes))}
    index = _ints([at.get((row, step), last) for row in range(batch) for step in range(length)])
    tail = ops.full([1, *data.shape[1:]], value, data.dtype)
    rows = ops.index_select(ops.concat([data, tail], 0), index, 0)
    return ops.reshape(rows, [batch, length, *data.shape[1:]])


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Only the steps that are there, sequences sorted by length."""
    x = input if batch_first else ops.transpose(input, [1, 0, *range(2, input.ndim)])
    counts = [int(n) for n in lengths]
    order = sorted(range(len(counts)), key=lambda i: -counts[i])
    if enforce_sorted:
        if any(a < b for a, b in zip(counts, counts[1:], strict=False)):
            refuse("pack_padded_sequence", "lengths", "descending lengths", counts)
        order = list(range(len(counts)))
    if not counts or min(counts) <= 0 or max(counts) > x.shape[1]:
        refuse("pack_padded_sequence", "lengths", f"ints in 1..{x.shape[1]}", counts)
    counts = [counts[i] for i in order]
    sizes = [sum(1 for n in counts if n > step) for step in range(max(counts))]
    index = _ints(order)
    data = packed_rows(ops.index_select(x, index, 0), sizes)
    if enforce_sorted:
        return PackedSequence(data, _ints(sizes))
    return PackedSequence(data, _ints(sizes), index, _ints(invert(order)))


def invert(order: Sequence[int]) -> list[int]:
    """The order that undoes another."""
    back = [0] * len(order)
    for place, source in enumerate(order):
        back[source] = place
    return back


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences packed step by step."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences, True), lengths, True, enforce_sorted)


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, Any]:
    """(padded tensor, lengths), in the order before packing."""
    x = padded_rows(sequence.data, sequence.batch_sizes, padding_value)
    lengths = _ints(lengths_of(sequence.batch_sizes))
    if sequence.unsorted_indices is not None:
        x = ops.index_select(x, sequence.unsorted_indices, 0)
        lengths = ops.index_select(lengths, sequence.unsorted_indices, 0)
    if total_length is not None:
        shape = [x.shape[0], total_length - x.shape[1], *x.shape[2:]]
        if shape[1] < 0:
            refuse("pad_packed_sequence", "total_length", f"at least {x.shape[1]}", total_length)
        x = ops.concat([x, ops.full(shape, padding_value, x.dtype)], 1)
    return (x if batch_first else ops.transpose(x, [1, 0, *range(2, x.ndim)])), lengths


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences without their padding."""
    x = padded_sequences
    rows = x if batch_first else ops.transpose(x, [1, 0, *range(2, x.ndim)])
    return [row[: int(n)] for row, n in zip(rows, lengths, strict=True)]


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The sequences that were packed."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences, True), batch_first=True)


__all__ = [
    "PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip
