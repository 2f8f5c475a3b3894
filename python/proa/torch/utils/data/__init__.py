"""`torch.utils.data` over proa.io: the same loader, with PyTorch's arguments and tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy

from .... import _proa, io
from ....check import refuse
from ....io import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    Sampler,
    Subset,
    get_worker_info,
)
from ....io import SequenceSampler as SequentialSampler
from ....io import default_collate_fn as default_collate
from ...generator import drawing

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "DistributedSampler",
    "IterableDataset",
    "RandomSampler", "Sampler", "SequentialSampler", "Subset", "SubsetRandomSampler",
    "TensorDataset", "WeightedRandomSampler", "default_collate", "get_worker_info", "random_split",
]  # fmt: skip

RandomSampler = io.RandomSampler
SubsetRandomSampler = io.SubsetRandomSampler
WeightedRandomSampler = io.WeightedRandomSampler


class TensorDataset(Dataset):
    """Tensors of one first extent, sample by sample."""

    def __init__(self, *tensors: Any) -> None:
        if not tensors or any(t.shape[0] != tensors[0].shape[0] for t in tensors):
            refuse("TensorDataset", "tensors", "tensors of one first extent", tensors)
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class _Batches:
    """Lists of indices from a sampler."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in self.sampler:
            batch.append(int(index))
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


class DataLoader(io.DataLoader):
    """Iterate over a dataset in batches, whose tensors have PyTorch's methods."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self.generator = generator
        self.sampler = sampler
        if sampler is not None:
            if shuffle or batch_sampler is not None:
                refuse("DataLoader", "sampler", "None, with shuffle or a batch_sampler", sampler)
            batch_sampler = _Batches(sampler, batch_size or 1, drop_last)
            batch_size, drop_last = 1, False
        super().__init__(
            dataset,
            batch_sampler=batch_sampler,
            batch_size=batch_size,
            shuffle=bool(shuffle),
            drop_last=drop_last,
            collate_fn=collate_fn,
            num_workers=num_workers,
            prefetch_factor=2 if prefetch_factor is None else prefetch_factor,
            timeout=timeout,
            worker_init_fn=worker_init_fn,
            persistent_workers=persistent_workers,
        )

    def __iter__(self) -> Iterator[Any]:
        with drawing(self.generator):
            batches = super().__iter__()
        return (_faced(batch) for batch in batches)


def _faced(value: Any) -> Any:
    if isinstance(value, _proa.Tensor):
        return _proa._with_face(value)
    if isinstance(value, Mapping):
        return {key: _faced(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_faced(item) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_faced(item) for item in value)
    return value


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """The dataset in parts of these lengths (or shares of 1), at random."""
    with drawing(generator):
        return list(io.random_split(dataset, lengths))


class DistributedSampler(Sampler):
    """The indices that one of several processes takes: every num_replicas-th, evenly many each."""

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        super().__init__(dataset)
        self.num_replicas = 1 if num_replicas is None else num_replicas
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.num_replicas:
            refuse("DistributedSampler", "rank", f"an int in 0..{self.num_replicas - 1}", rank)
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0
        count = len(dataset)
        down, up = count // self.num_replicas, -(-count // self.num_replicas)
        self.num_samples = down if drop_last else up

    def __iter__(self) -> Iterator[int]:
        count = len(self.data_source)
        order = list(range(count))
        if self.shuffle:
            order = numpy.random.default_rng([self.seed, self.epoch]).permutation(count).tolist()
        total = self.num_samples * self.num_replicas
        order = (order * -(-total // max(1, count)))[:total]
        return iter(order[self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """The order of this epoch follows."""
        self.epoch = epoch


from . import dataloader, dataset, distributed, sampler  # noqa: E402 - made of what stands above

__all__ += ["dataloader", "dataset", "distributed", "sampler"]
