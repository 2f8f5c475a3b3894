"""How a batch crosses from a worker process to the main one: arrays through shared memory.

The memory is an anonymous file (memfd_create(2)) made before the fork. It has no name, so nothing
can be left behind in /dev/shm, whatever kills the processes: the kernel frees it with the last
process that has it open.
"""

from __future__ import annotations

import mmap
import os
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

import proa

from .collate import map_leaves

_ALIGNMENT = 64
# A description larger than this travels in the shared memory too, so that a message never fills
# the pipe and blocks its writer.
_SMALL = 4096


@dataclass(frozen=True)
class Message:
    """What the pipe carries of a batch: its description, or where in the slot that lies."""

    description: bytes
    offset: int
    size: int


@dataclass(frozen=True)
class _Place:
    """Stands for an array: where in the slot it lies.

    `cast` is "bfloat16" for a tensor of that type: NumPy lacks it, and float32 holds it exactly.
    """

    offset: int
    dtype: str
    shape: tuple[int, ...]
    cast: str | None


class Slot:
    """Shared memory for one batch at a time; it grows as needed and is used again."""

    def __init__(self) -> None:
        self.file = os.memfd_create("proa-loader", os.MFD_CLOEXEC)
        self.view: Any = None

    def close(self) -> None:
        self.view = None
        os.close(self.file)

    def write(self, batch: Any) -> Message:
        """Put a batch into the slot, over whatever was there."""
        arrays: list[tuple[int, Any]] = []
        end = 0

        def place(leaf: Any) -> Any:
            nonlocal end
            cast = None
            if isinstance(leaf, proa.Tensor):
                if leaf.dtype == "bfloat16":
                    cast, leaf = "bfloat16", leaf.astype("float32")
                leaf = leaf.numpy()
            elif not isinstance(leaf, np.ndarray) or leaf.dtype.kind not in "biufc":
                return leaf
            offset = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = offset + leaf.nbytes
            arrays.append((offset, leaf))
            return _Place(offset, leaf.dtype.str, leaf.shape, cast)

        description = pickle.dumps(map_leaves(place, batch))
        inline = len(description) <= _SMALL
        self._reserve(end if inline else end + len(description))
        for offset, array in arrays:
            if array.size:
                self._array(offset, array.dtype, array.shape)[...] = array
        if inline:
            return Message(description, 0, 0)
        self.view[end : end + len(description)] = description
        return Message(b"", end, len(description))

    def read(self, message: Message) -> Any:
        """The batch with tensors in the place of arrays; the slot may be written again after."""
        size = os.fstat(self.file).st_size
        if size and (self.view is None or len(self.view) < size):
            self.view = mmap.mmap(self.file, size)
        description = message.description
        if message.size:
            description = self.view[message.offset : message.offset + message.size]
        return map_leaves(self._restore, pickle.loads(description))

    def _restore(self, leaf: Any) -> Any:
        if not isinstance(leaf, _Place):
            return leaf
        tensor = proa.to_tensor(self._array(leaf.offset, np.dtype(leaf.dtype), leaf.shape))
        return tensor if leaf.cast is None else tensor.astype(leaf.cast)

    def _array(self, offset: int, dtype: Any, shape: tuple[int, ...]) -> Any:
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.empty(shape, dtype)
        return np.frombuffer(self.view, dtype, count, offset).reshape(shape)

    def _reserve(self, size: int) -> None:
        if size == 0 or (self.view is not None and len(self.view) >= size):
            return
        # Pages are claimed here: with too little memory this call fails, where a later store
        # into the map would kill the process.
        os.posix_fallocate(self.file, 0, size)
        self.view = mmap.mmap(self.file, os.fstat(self.file).st_size)
