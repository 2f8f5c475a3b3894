"""Samplers: the order in which a loader asks a dataset for its samples.

A random sampler draws its seed when an iteration begins, not at the first sample, so that the order
does not depend on when a loader happens to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np

from proa.refusal import type_error, value_error

from .seeding import draw_seed


class Sampler:
    """Base class: a subclass gives `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source: Sized | None = None) -> None:
        self.data_source: Any = data_source

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__")

    def __len__(self) -> int:
        return len(self.data_source)


class SequenceSampler(Sampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source: Sized) -> None:
        super().__init__(data_source)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))


class RandomSampler(Sampler):
    """A random order, or with `replacement` independent draws.

    Args:
        num_samples: how many to give; the dataset's length by default.
        generator: a seed, a `numpy.random.Generator`, or an iterator over indices; None draws a
            seed from proa's generator at each iteration.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        super().__init__(data_source)
        if not isinstance(replacement, bool):
            raise type_error(
                f"[RandomSampler] replacement: expected a bool, got {type(replacement).__name__}"
            )
        if num_samples is not None and not (isinstance(num_samples, int) and num_samples > 0):
            raise value_error(f"[RandomSampler] num_samples: expected above 0, got {num_samples}")
        if not replacement and num_samples is not None and num_samples > len(data_source):
            raise value_error(
                f"[RandomSampler] num_samples: expected at most {len(data_source)} without "
                f"replacement, got {num_samples}"
            )
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        if isinstance(self.generator, Iterator):
            return (int(next(self.generator)) for _ in range(self.num_samples))
        rng = generator_of("RandomSampler", self.generator)
        size = len(self.data_source)
        if self.replacement:
            return iter(rng.integers(0, size, self.num_samples).tolist())
        return iter(rng.permutation(size)[: self.num_samples].tolist())

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in a random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None) -> None:
        if len(indices) == 0:
            raise value_error("[SubsetRandomSampler] indices: expected at least one, got none")
        super().__init__(indices)
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        order = generator_of("SubsetRandomSampler", self.generator).permutation(len(self.indices))
        return iter([self.indices[position] for position in order.tolist()])


class WeightedRandomSampler(Sampler):
    """Indices drawn with probabilities proportional to `weights`."""

    def __init__(
        self,
        weights: Any,
        num_samples: int,
        replacement: bool = True,
        generator: Any = None,
    ) -> None:
        values = np.asarray(weights.numpy() if hasattr(weights, "numpy") else weights, np.float64)
        if values.ndim != 1 or not (np.isfinite(values).all() and (values >= 0.0).all()):
            raise value_error(
                "[WeightedRandomSampler] weights: expected one dim of finite numbers, 0 or more"
            )
        if not values.sum() > 0.0:
            raise value_error("[WeightedRandomSampler] weights: expected a sum above 0")
        if isinstance(num_samples, bool) or not isinstance(num_samples, int) or num_samples <= 0:
            raise value_error(
                f"[WeightedRandomSampler] num_samples: expected above 0, got {num_samples}"
            )
        if not replacement and num_samples > np.count_nonzero(values):
            raise value_error(
                f"[WeightedRandomSampler] num_samples: expected at most the "
                f"{np.count_nonzero(values)} weights above 0 without replacement, "
                f"got {num_samples}"
            )
        super().__init__(values)
        self.weights = values
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        rng = generator_of("WeightedRandomSampler", self.generator)
        share = self.weights / self.weights.sum()
        drawn = rng.choice(share.size, self.num_samples, replace=self.replacement, p=share)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` indices, from a sampler or over a dataset."""

    def __init__(
        self,
        dataset: Sized | None = None,
        sampler: Iterable[int] | None = None,
        shuffle: bool = False,
        batch_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        super().__init__(dataset)
        if (dataset is None) == (sampler is None):
            raise value_error("[BatchSampler] expected one of dataset and sampler")
        if sampler is not None and shuffle:
            raise value_error("[BatchSampler] shuffle: expected False where a sampler is given")
        self.batch_size = checked_batch_size("BatchSampler", batch_size)
        self.drop_last = drop_last
        self.shuffle = shuffle
        if sampler is None:
            assert dataset is not None
            sampler = RandomSampler(dataset) if shuffle else SequenceSampler(dataset)
        self.sampler: Any = sampler

    def __iter__(self) -> Iterator[list[int]]:
        return self.batches(iter(self.sampler))

    def batches(self, indices: Iterator[int]) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in indices:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class DistributedBatchSampler(BatchSampler):
    """The share of the batches that one of several processes trains on.

    All processes go through the same order, in rounds of one batch each; the order is wrapped
    around so that everyone gets equally many. With `shuffle` it depends on the epoch alone.

    Args:
        num_replicas: number of processes, 1 by default.
        rank: which of them this is, 0 by default.
    """

    def __init__(
        self,
        dataset: Sized,
        batch_size: int,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = False,
        drop_last: bool = False,
    ) -> None:
        super().__init__(dataset, None, False, batch_size, drop_last)
        self.shuffle = shuffle
        self.nranks = 1 if num_replicas is None else num_replicas
        self.local_rank = 0 if rank is None else rank
        if self.nranks < 1 or not 0 <= self.local_rank < self.nranks:
            raise value_error(
                f"[DistributedBatchSampler] rank: expected in 0..{self.nranks - 1} with "
                f"num_replicas {num_replicas}, got {rank}"
            )
        self.epoch = 0
        self.num_samples = -(-len(dataset) // self.nranks)
        self.total_size = self.num_samples * self.nranks

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the order of the next iteration depends on."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        size = len(self.data_source)
        order = np.arange(size)
        if self.shuffle:
            order = np.random.default_rng(self.epoch).permutation(size)
            self.epoch += 1
        order = np.resize(order, self.total_size) if size else order
        round_size = self.batch_size * self.nranks
        whole = self.total_size // round_size * round_size
        mine = order[:whole].reshape(-1, self.nranks, self.batch_size)[:, self.local_rank]
        rest = order[whole:].reshape(self.nranks, -1)[self.local_rank]
        return self.batches(iter([*mine.ravel().tolist(), *rest.tolist()]))

    def __len__(self) -> int:
        count = self.num_samples
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def generator_of(owner: str, generator: Any) -> np.random.Generator:
    """The NumPy generator that a `generator` argument means."""
    if generator is None:
        return np.random.default_rng(draw_seed())
    if isinstance(generator, np.random.Generator):
        return generator
    if isinstance(generator, int) and not isinstance(generator, bool):
        return np.random.default_rng(generator)
    raise type_error(
        f"[{owner}] generator: expected None, a seed or a numpy.random.Generator, "
        f"got {type(generator).__name__}"
    )


def checked_batch_size(owner: str, batch_size: object) -> int:
    if isinstance(batch_size, bool) or not isinstance(batch_size, int):
        raise type_error(f"[{owner}] batch_size: expected an int, got {type(batch_size).__name__}")
    if batch_size <= 0:
        raise value_error(f"[{owner}] batch_size: expected above 0, got {batch_size}")
    return batch_size
