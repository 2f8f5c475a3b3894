"""Random numbers of data loading: where they come from, and how a batch gets its own.

Everything random in this package grows from seeds drawn from proa's generator in the main process,
so `proa.seed` fixes the order of the data, and a batch sees the same numbers whichever worker
makes it.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import proa
from proa.refusal import state_error

_MASK = (1 << 64) - 1
_local = threading.local()


def draw_seed() -> int:
    """A fresh seed from proa's generator, which moves on by one call."""
    seed, calls = proa.get_rng_state()
    proa.set_rng_state((seed, calls + 1))
    return batch_seed(seed, calls)


def batch_seed(seed: int, number: int) -> int:
    """A seed of 63 bits for each number: SplitMix64 (Steele et al. 2014) of both."""
    mixed = (seed * 0x9E3779B97F4A7C15 + (number + 1) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return (mixed ^ (mixed >> 31)) >> 1


def seed_all(seed: int) -> None:
    """Seed Python's, NumPy's and proa's generators of this process."""
    random.seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)
    proa.seed(seed)


@contextmanager
def own_generators(seed: int) -> Iterator[None]:
    """Run the body with all generators seeded, then put them back as they were."""
    python, numpy, own = random.getstate(), np.random.get_state(), proa.get_rng_state()
    seed_all(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        proa.set_rng_state(own)


def set_batch_rng(seed: int | None) -> None:
    """Note the seed of the batch that this thread is about to make."""
    _local.seed = seed
    _local.rng = None


def batch_rng() -> np.random.Generator:
    """A NumPy generator that belongs to the batch being made.

    Random transforms that draw from it give the same data with worker processes, with threads
    and without workers. (NumPy's and Python's global generators, too, are seeded for each batch,
    except in worker threads, which share them.)
    """
    rng: np.random.Generator | None = getattr(_local, "rng", None)
    if rng is None:
        seed: Any = getattr(_local, "seed", None)
        if seed is None:
            raise state_error(
                "[batch_rng] no batch is being made: call it in a dataset or collate_fn"
            )
        rng = _local.rng = np.random.default_rng(seed)
    return rng
