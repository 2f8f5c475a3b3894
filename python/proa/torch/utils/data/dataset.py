"""`torch.utils.data.dataset`: the datasets alone."""

from __future__ import annotations

from . import ChainDataset, ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset

__all__ = [
    "ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "Subset", "TensorDataset",
]  # fmt: skip
