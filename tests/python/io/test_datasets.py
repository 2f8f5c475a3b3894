"""Datasets, samplers and collation, against lists written out by hand and against NumPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import proa
from proa import io


class Squares(io.Dataset):
    def __init__(self, size: int) -> None:
        self.size = size

    def __getitem__(self, index: int) -> tuple[int, int]:
        return index, index * index

    def __len__(self) -> int:
        return self.size


class Count(io.IterableDataset):
    def __init__(self, size: int) -> None:
        self.size = size

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.size))


def test_tensor_dataset_rows() -> None:
    x, y = np.arange(12.0).reshape(4, 3), np.arange(4)
    data = io.TensorDataset([proa.to_tensor(x), y])
    assert len(data) == 4
    first, second = data[2]
    np.testing.assert_array_equal(first.numpy(), x[2])
    assert second.item() == 2
    with pytest.raises(IndexError, match=r"\[TensorDataset\] index: expected below 4, got 4"):
        data[4]


def test_concat_compose_chain_subset() -> None:
    joined = Squares(3) + Squares(2)
    assert [joined[i] for i in range(len(joined))] == [(0, 0), (1, 1), (2, 4), (0, 0), (1, 1)]
    assert joined[-1] == (1, 1)
    beside = io.ComposeDataset([Squares(3), Squares(3)])
    assert len(beside) == 3 and beside[2] == (2, 4, 2, 4)
    assert list(io.ChainDataset([Count(2), Count(3)])) == [0, 1, 0, 1, 2]
    assert [io.Subset(Squares(9), [7, 1])[i] for i in range(2)] == [(7, 49), (1, 1)]


@pytest.mark.parametrize("lengths, sizes", [([7, 3], [7, 3]), ([0.5, 0.25, 0.25], [4, 3, 3])])
def test_random_split_is_a_partition_fixed_by_the_seed(lengths: Any, sizes: list[int]) -> None:
    def split() -> list[list[int]]:
        return [list(part.indices) for part in io.random_split(Squares(10), lengths)]

    if sizes == [4, 3, 3]:
        sizes = [6, 2, 2]  # 5, 2, 2 and the one that is left goes to the first
    proa.seed(5)
    parts = split()
    assert [len(part) for part in parts] == sizes
    assert sorted(sum(parts, [])) == list(range(10))
    assert split() != parts
    proa.seed(5)
    assert split() == parts


def test_random_sampler() -> None:
    proa.seed(1)
    first, second = list(io.RandomSampler(range(50))), list(io.RandomSampler(range(50)))
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    proa.seed(1)
    assert list(io.RandomSampler(range(50))) == first
    assert len(list(io.RandomSampler(range(50), True, 200))) == 200
    assert list(io.RandomSampler(range(5), generator=3)) == list(
        io.RandomSampler(range(5), generator=3)
    )
    assert list(io.RandomSampler(range(9), True, 3, iter([4, 4, 8]))) == [4, 4, 8]


def test_an_order_is_drawn_when_the_iteration_begins() -> None:
    proa.seed(1)
    expected = list(io.RandomSampler(range(50)))
    proa.seed(1)
    order = iter(io.RandomSampler(range(50)))
    proa.seed(99)
    assert list(order) == expected


def test_weighted_sampler_draws_by_weight() -> None:
    proa.seed(0)
    drawn = Counter(io.WeightedRandomSampler([1.0, 0.0, 3.0], 20000))
    assert drawn[1] == 0
    # five standard deviations of the binomial distribution
    assert abs(drawn[2] - 15000) < 5 * np.sqrt(20000 * 0.75 * 0.25)
    alone = list(io.WeightedRandomSampler([1.0, 0.0, 3.0], 2, replacement=False))
    assert sorted(alone) == [0, 2]


def test_subset_random_sampler() -> None:
    proa.seed(0)
    order = list(io.SubsetRandomSampler(range(100, 130)))
    assert sorted(order) == list(range(100, 130)) != order


def test_batch_sampler() -> None:
    assert list(io.BatchSampler(range(5), batch_size=2)) == [[0, 1], [2, 3], [4]]
    dropping = io.BatchSampler(sampler=[4, 3, 2, 1, 0], batch_size=2, drop_last=True)
    assert list(dropping) == [[4, 3], [2, 1]] and len(dropping) == 2
    assert len(io.BatchSampler(range(5), batch_size=2)) == 3


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("size", [0, 1, 7, 24, 29])
def test_distributed_sampler_shares_everything_out_evenly(size: int, shuffle: bool) -> None:
    def rank(number: int) -> list[list[int]]:
        sampler = io.DistributedBatchSampler(range(size), 2, 3, number, shuffle=shuffle)
        sampler.set_epoch(4)
        batches = list(sampler)
        assert len(batches) == len(sampler)
        return batches

    ranks = [rank(number) for number in range(3)]
    assert len({tuple(map(len, batches)) for batches in ranks}) == 1
    drawn = Counter(index for batches in ranks for batch in batches for index in batch)
    assert set(drawn) == set(range(size))
    assert sum(drawn.values()) == -(-size // 3) * 3
    if size == 24 and not shuffle:
        assert ranks[1][:2] == [[2, 3], [8, 9]]
    if shuffle and size == 29:
        again = io.DistributedBatchSampler(range(size), 2, 3, 0, shuffle=True)
        assert list(again) != ranks[0]


def test_collate_nests() -> None:
    batch = io.default_collate_fn(
        [{"x": np.full(2, i, np.float32), "name": f"n{i}", "pair": (i, 0.5 * i)} for i in range(3)]
    )
    np.testing.assert_array_equal(batch["x"], np.repeat([[0], [1], [2]], 2, axis=1))
    assert batch["x"].dtype == np.float32 and batch["name"] == ["n0", "n1", "n2"]
    np.testing.assert_array_equal(batch["pair"][0], [0, 1, 2])
    np.testing.assert_array_equal(batch["pair"][1], [0.0, 0.5, 1.0])
    tensors = io.default_collate_fn([proa.to_tensor([1.0, 2.0]), proa.to_tensor([3.0, 4.0])])
    np.testing.assert_array_equal(tensors.numpy(), [[1.0, 2.0], [3.0, 4.0]])


WRONG: list[tuple[str, Callable[[], Any]]] = [
    (r"\[TensorDataset\] tensors: .*empty", lambda: io.TensorDataset([])),
    (r"\[TensorDataset\] .*\[\[2\], \[3\]\]", lambda: io.TensorDataset([np.ones(2), np.ones(3)])),
    (r"\[ConcatDataset\] datasets: .*Count", lambda: io.ConcatDataset([Count(1)])),
    (r"\[ComposeDataset\] .*\[1, 2\]", lambda: io.ComposeDataset([Squares(1), Squares(2)])),
    (r"\[ChainDataset\] .*Squares", lambda: io.ChainDataset([Squares(1)])),  # type: ignore[list-item]
    (r"\[random_split\] .*sum of 4.*got 3", lambda: io.random_split(Squares(4), [1, 2])),
    (r"\[random_split\] .*add up to 1", lambda: io.random_split(Squares(4), [0.5, 0.6])),
    (r"\[RandomSampler\] num_samples", lambda: io.RandomSampler(range(3), num_samples=0)),
    (r"\[RandomSampler\] .*at most 3", lambda: io.RandomSampler(range(3), num_samples=4)),
    (r"\[RandomSampler\] generator", lambda: iter(io.RandomSampler(range(3), generator="x"))),
    (r"\[WeightedRandomSampler\] weights", lambda: io.WeightedRandomSampler([-1.0], 1)),
    (r"\[WeightedRandomSampler\] .*above 0", lambda: io.WeightedRandomSampler([0.0], 1)),
    (
        r"\[WeightedRandomSampler\] num_samples: .*1 weights",
        lambda: io.WeightedRandomSampler([0.0, 1.0], 2, False),
    ),
    (r"\[BatchSampler\] batch_size: .*got 0", lambda: io.BatchSampler(range(3), batch_size=0)),
    (r"\[BatchSampler\] .*one of", lambda: io.BatchSampler()),
    (r"\[DistributedBatchSampler\] rank", lambda: io.DistributedBatchSampler(range(3), 1, 2, 2)),
    (
        r"\[default_collate_fn\] .*one shape, got \[\(1,\), \(2,\)\]",
        lambda: io.default_collate_fn([np.ones(1), np.ones(2)]),
    ),
    (r"\[default_collate_fn\] .*one length", lambda: io.default_collate_fn([[1], [1, 2]])),
    (r"\[default_collate_fn\] .*got object", lambda: io.default_collate_fn([object()])),
]


@pytest.mark.parametrize("message, make", WRONG)
def test_wrong_arguments(message: str, make: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        make()
    assert isinstance(caught.value, proa.ProaError)
