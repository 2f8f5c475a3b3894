"""Datasets: what can be indexed or iterated over to get samples, and how they combine."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import proa
from proa.refusal import index_error, type_error, value_error

from .sampler import generator_of

if TYPE_CHECKING:
    from proa import Tensor


class Dataset:
    """A map-style dataset: a subclass gives `__getitem__(index)` and `__len__()`."""

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define __len__")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """A stream of samples: a subclass gives `__iter__()`.

    With worker processes each worker iterates over a copy; `get_worker_info()` tells a copy which
    share of the stream is its own.
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__")

    def __getitem__(self, index: int) -> Any:
        raise type_error(f"[{type(self).__name__}] an IterableDataset cannot be indexed")

    def __len__(self) -> int:
        raise type_error(f"[{type(self).__name__}] an IterableDataset has no length")


class TensorDataset(Dataset):
    """Rows of tensors (or arrays): sample i is `(tensors[0][i], tensors[1][i], ...)`."""

    def __init__(self, tensors: Sequence[Any]) -> None:
        self.tensors = [t if isinstance(t, proa.Tensor) else proa.to_tensor(t) for t in tensors]
        if not self.tensors:
            raise value_error("[TensorDataset] tensors: expected at least one, got an empty list")
        lengths = [tensor.shape[0] if tensor.shape else None for tensor in self.tensors]
        if None in lengths or len(set(lengths)) != 1:
            raise value_error(
                f"[TensorDataset] tensors: expected one length of the first dim, got the shapes "
                f"{[list(tensor.shape) for tensor in self.tensors]}"
            )

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        if not -len(self) <= index < len(self):
            raise index_error(f"[TensorDataset] index: expected below {len(self)}, got {index}")
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def collated(self, indices: Sequence[int]) -> list[Any]:
        """What the default collate function makes of these samples, by one gather a tensor."""
        rows = np.asarray(indices, dtype=np.int64)
        if rows.size and not (-len(self) <= rows.min() and rows.max() < len(self)):
            raise index_error(
                f"[TensorDataset] index: expected below {len(self)}, got {rows.max()}"
            )
        return [tensor.numpy()[rows] for tensor in self.tensors]


class ConcatDataset(Dataset):
    """Map-style datasets one after another."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = checked_datasets("ConcatDataset", datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise index_error(f"[ConcatDataset] index: expected below {len(self)}, got {index}")
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ComposeDataset(Dataset):
    """Datasets of equal length side by side: a sample is all their fields in a row."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = checked_datasets("ComposeDataset", datasets)
        lengths = [len(dataset) for dataset in self.datasets]
        if len(set(lengths)) != 1:
            raise value_error(f"[ComposeDataset] datasets: expected equal lengths, got {lengths}")

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        fields: list[Any] = []
        for dataset in self.datasets:
            sample = dataset[index]
            fields.extend(sample if isinstance(sample, (list, tuple)) else [sample])
        return tuple(fields)

    def __len__(self) -> int:
        return len(self.datasets[0])


class ChainDataset(IterableDataset):
    """Streams one after another."""

    def __init__(self, datasets: Iterable[IterableDataset]) -> None:
        self.datasets = list(datasets)
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise type_error(
                    f"[ChainDataset] datasets: expected IterableDatasets, "
                    f"got {type(dataset).__name__}"
                )

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)


class Subset(Dataset):
    """The samples of a dataset at the given indices."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset, lengths: Sequence[int] | Sequence[float], generator: Any = None
) -> list[Subset]:
    """Cut a dataset at random into subsets that do not overlap.

    Args:
        lengths: sizes that add up to the dataset's, or shares that add up to 1.
        generator: a seed or a `numpy.random.Generator`; None draws from proa's generator.
    """
    total = len(dataset)
    sizes = [int(length) for length in lengths]
    if any(isinstance(length, float) for length in lengths):
        if not math.isclose(sum(lengths), 1.0, abs_tol=1e-9) or min(lengths) < 0.0:
            raise value_error(
                f"[random_split] lengths: expected shares that add up to 1, got {list(lengths)}"
            )
        sizes = [math.floor(total * share) for share in lengths]
        for index in range(total - sum(sizes)):
            sizes[index % len(sizes)] += 1
    if sum(sizes) != total:
        raise value_error(
            f"[random_split] lengths: expected a sum of {total}, the dataset's length, "
            f"got {sum(sizes)}"
        )
    order = generator_of("random_split", generator).permutation(total).tolist()
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for end, size in zip(ends, sizes)]


def checked_datasets(owner: str, datasets: Iterable[Dataset]) -> list[Dataset]:
    result = list(datasets)
    if not result:
        raise value_error(f"[{owner}] datasets: expected at least one, got an empty list")
    for dataset in result:
        if isinstance(dataset, IterableDataset):
            raise type_error(
                f"[{owner}] datasets: expected map-style datasets, got the IterableDataset "
                f"{type(dataset).__name__}"
            )
    return result
