"""How one batch is made: the same code in the main process, in a thread and in a worker process.

That it is the same is what makes the data independent of the number of workers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .collate import default_collate_fn
from .dataset import Dataset, IterableDataset, Subset, TensorDataset
from .seeding import set_batch_rng

_local = threading.local()


@dataclass(frozen=True)
class WorkerInfo:
    """What a dataset may ask about the worker that runs it."""

    id: int
    num_workers: int
    seed: int
    dataset: Dataset


def get_worker_info() -> WorkerInfo | None:
    """The worker that this code runs in; None in the main process."""
    info: WorkerInfo | None = getattr(_local, "info", None)
    return info


def set_worker_info(info: WorkerInfo | None) -> None:
    _local.info = info


@dataclass(frozen=True)
class Task:
    """One batch to make; `indices` is None for a stream, a number where there are no batches."""

    epoch: int
    number: int
    seed: int
    indices: Any


class SampleError(Exception):
    """Carries an error of the user's code out of a fetch, with the sample that it happened at."""

    def __init__(self, cause: BaseException, where: str) -> None:
        super().__init__(where)
        self.cause = cause
        self.where = where


class Fetcher:
    """Makes batches of one dataset; for a stream it holds the position."""

    def __init__(
        self,
        dataset: Dataset,
        collate_fn: Callable[[Any], Any],
        batch_size: int | None,
        drop_last: bool,
    ) -> None:
        self.dataset = dataset
        self.collate_fn = collate_fn
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.stream: Iterator[Any] | None = None
        self.epoch = -1

    @property
    def gathers(self) -> bool:
        """Whether a batch is one gather a tensor: no code of the user's runs then."""
        dataset = self.dataset
        while type(dataset) is Subset:
            dataset = dataset.dataset
        return (
            type(dataset) is TensorDataset
            and self.collate_fn is default_collate_fn
            and self.batch_size is not None
            and all(tensor.dtype != "bfloat16" for tensor in dataset.tensors)
        )

    def fetch(self, task: Task) -> Any:
        """The batch of a task; raises StopIteration at the end of a stream."""
        set_batch_rng(task.seed)
        try:
            if isinstance(self.dataset, IterableDataset):
                return self.fetch_stream(task)
            if self.gathers:
                return gather(self.dataset, task.indices)
            return self.fetch_indices(task)
        finally:
            set_batch_rng(None)

    def fetch_indices(self, task: Task) -> Any:
        single = isinstance(task.indices, (int, np.integer))
        samples = []
        for index in [task.indices] if single else task.indices:
            try:
                samples.append(self.dataset[index])
            except Exception as error:
                raise SampleError(error, f"at sample {index} of batch {task.number}") from error
        return self.collate(samples[0] if single else samples, task)

    def fetch_stream(self, task: Task) -> Any:
        if self.stream is None or task.epoch != self.epoch:
            self.stream, self.epoch = iter(self.dataset), task.epoch
        samples = []
        for _ in range(self.batch_size or 1):
            try:
                samples.append(next(self.stream))
            except StopIteration:
                break
            except Exception as error:
                where = f"at sample {len(samples)} of batch {task.number} of a stream"
                raise SampleError(error, where) from error
        if not samples or (self.batch_size and self.drop_last and len(samples) < self.batch_size):
            raise StopIteration
        return self.collate(samples if self.batch_size else samples[0], task)

    def collate(self, samples: Any, task: Task) -> Any:
        try:
            return self.collate_fn(samples)
        except Exception as error:
            raise SampleError(error, f"collating batch {task.number}") from error


def gather(dataset: Dataset, indices: Sequence[int]) -> Any:
    while isinstance(dataset, Subset):
        indices = [dataset.indices[index] for index in indices]
        dataset = dataset.dataset
    assert isinstance(dataset, TensorDataset)
    return dataset.collated(indices)
