"""DataLoader: batches of a dataset, made here, in threads or in worker processes.

The order is the sampler's, whoever makes the batches: answers that come early wait for their turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import proa
from proa.refusal import state_error, type_error, value_error

from .collate import default_collate_fn, default_convert_fn, to_tensors
from .dataset import IterableDataset
from .fetch import Fetcher, SampleError, Task
from .sampler import BatchSampler, RandomSampler, SequenceSampler, checked_batch_size
from .seeding import batch_seed, draw_seed, own_generators

if TYPE_CHECKING:
    from .worker import WorkerPool


class DataLoader:
    """Iterate over a dataset in batches.

    Args:
        dataset: a `Dataset` or `IterableDataset`, or any object with `__getitem__` and `__len__`.
        feed_list, places, use_buffer_reader, use_shared_memory: kept for Paddle's sake; batches
            always come as lists of tensors on the host, from workers through shared memory.
        return_list: must be true.
        batch_sampler: an iterable over lists of indices, in place of the next three.
        batch_size: samples a batch; None gives the samples one by one, without a batch dim.
        shuffle, drop_last: as they say.
        collate_fn: makes a batch of a list of samples.
        num_workers: how many workers make batches; 0 makes them here, when they are asked for.
        prefetch_factor: how many batches each worker makes ahead.
        timeout: seconds to wait for a batch before giving up; 0 waits for ever.
        worker_init_fn: called with the worker's number when it starts.
        persistent_workers: keep the workers from one epoch to the next.
        worker_type: "process" or "thread". Threads share the dataset, start at once and suit
            datasets that spend their time outside Python.

    For each batch the generators of Python, NumPy and proa are seeded from the loader's seed, the
    epoch and the batch's number (in threads only `batch_rng()` is), so that random transforms give
    the same data with any number of workers.
    """

    def __init__(
        self,
        dataset: Any,
        feed_list: Any = None,
        places: Any = None,
        return_list: bool = True,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        batch_size: int | None = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        collate_fn: Callable[[Any], Any] | None = None,
        num_workers: int = 0,
        use_buffer_reader: bool = True,
        prefetch_factor: int = 2,
        use_shared_memory: bool = True,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        persistent_workers: bool = False,
        worker_type: str = "process",
    ) -> None:
        streams = isinstance(dataset, IterableDataset)
        if not streams and not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise type_error(
                f"[DataLoader] dataset: expected __getitem__ and __len__, "
                f"got {type(dataset).__name__}"
            )
        if not return_list:
            raise value_error("[DataLoader] return_list: expected True, got False")
        for name, value, least in (
            ("num_workers", num_workers, 0),
            ("prefetch_factor", prefetch_factor, 1),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise value_error(f"[DataLoader] {name}: expected {least} or more, got {value!r}")
        if timeout < 0:
            raise value_error(f"[DataLoader] timeout: expected 0 or more, got {timeout}")
        if worker_type not in ("process", "thread"):
            raise value_error(
                f"[DataLoader] worker_type: expected 'process' or 'thread', got {worker_type!r}"
            )
        if batch_sampler is not None and (batch_size != 1 or shuffle or drop_last):
            raise value_error(
                "[DataLoader] batch_sampler: expected None where batch_size, shuffle or drop_last "
                "is given"
            )
        if streams and (batch_sampler is not None or shuffle):
            raise value_error(
                "[DataLoader] an IterableDataset gives its own order: expected no batch_sampler "
                "and no shuffle"
            )
        if batch_size is not None:
            checked_batch_size("DataLoader", batch_size)
        elif drop_last:
            raise value_error("[DataLoader] drop_last: expected False where batch_size is None")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.persistent_workers = persistent_workers
        self.worker_type = worker_type
        self.collate_fn: Callable[[Any], Any] = collate_fn or (
            default_convert_fn if batch_size is None else default_collate_fn
        )
        self.batch_sampler: Any = batch_sampler
        if not streams and batch_sampler is None:
            if batch_size is None:
                self.batch_sampler = RandomSampler(dataset) if shuffle else SequenceSampler(dataset)
            else:
                self.batch_sampler = BatchSampler(dataset, None, shuffle, batch_size, drop_last)
        self._pool: WorkerPool | None = None
        self._epoch = -1
        self._started: Any = None
        self._given = 0
        self._resume: tuple[Any, int] | None = None

    def __len__(self) -> int:
        """How many batches an epoch has."""
        if isinstance(self.dataset, IterableDataset):
            raise type_error("[DataLoader] the length of an IterableDataset is not known")
        return len(self.batch_sampler)

    def __call__(self) -> Iterator[Any]:
        return iter(self)

    def __iter__(self) -> Iterator[Any]:
        """Begin an epoch. All that is random in its order is drawn here."""
        self._epoch += 1
        now = proa.get_rng_state()
        skip = 0
        if self._resume is not None:
            started, skip = self._resume
            self._resume = None
            proa.set_rng_state(started)
        self._started, self._given = proa.get_rng_state(), skip
        seed = draw_seed()
        batches = None if self.batch_sampler is None else iter(self.batch_sampler)
        if skip:
            proa.set_rng_state(now)
        tasks = self._tasks(seed, batches)
        stream = isinstance(self.dataset, IterableDataset)
        if not stream:
            for _ in range(skip):
                next(tasks, None)
        made: Iterator[Any]
        if self.num_workers == 0:
            made = self._made_here(tasks)
        elif self.worker_type == "thread" and not stream:
            made = self._made_in_threads(tasks)
        elif self.worker_type == "thread":
            raise value_error(
                "[DataLoader] worker_type: expected 'process' for an IterableDataset, got 'thread'"
            )
        else:
            made = self._made_in_processes(tasks, seed)
        if stream:
            for _ in range(skip):
                next(made, None)
        return self._counted(made)

    def state_dict(self) -> dict[str, Any]:
        """Where in the epoch the loader is: to go on after the last batch that was given."""
        return {"rng_state": self._started, "batches": self._given}

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Let the next iteration go on where `state_dict` was taken."""
        missing = [key for key in ("rng_state", "batches") if key not in state_dict]
        if missing:
            raise value_error(f"[DataLoader.set_state_dict] state_dict: missing the keys {missing}")
        given = int(state_dict["batches"])
        self._resume = (state_dict["rng_state"], given) if given else None

    load_state_dict = set_state_dict

    def _counted(self, made: Iterator[Any]) -> Iterator[Any]:
        for batch in made:
            self._given += 1
            yield batch
        self._given = 0

    def _tasks(self, seed: int, batches: Iterator[Any] | None) -> Iterator[Task]:
        number = 0
        while True:
            indices = None
            if batches is not None:
                try:
                    indices = next(batches)
                except StopIteration:
                    return
            yield Task(self._epoch, number, batch_seed(seed, number), indices)
            number += 1

    def _fetcher(self) -> Fetcher:
        return Fetcher(self.dataset, self.collate_fn, self.batch_size, self.drop_last)

    def _made_here(self, tasks: Iterator[Task]) -> Iterator[Any]:
        fetcher = self._fetcher()
        for task in tasks:
            try:
                if fetcher.gathers:
                    batch = fetcher.fetch(task)
                else:
                    with own_generators(task.seed):
                        batch = fetcher.fetch(task)
            except StopIteration:
                return
            except SampleError as error:
                error.cause.add_note(f"[DataLoader] {error.where}")
                raise error.cause from None
            yield to_tensors(batch)

    def _made_in_threads(self, tasks: Iterator[Task]) -> Iterator[Any]:
        from concurrent.futures import ThreadPoolExecutor

        from .threads import made_in_threads

        executor = ThreadPoolExecutor(self.num_workers, "proa-loader")
        ahead = self.num_workers * self.prefetch_factor
        return made_in_threads(
            executor, self._fetcher(), tasks, ahead, self.timeout or None, self.worker_init_fn
        )

    def _made_in_processes(self, tasks: Iterator[Task], seed: int) -> Iterator[Any]:
        from .worker import WorkerPool

        pool = self._pool
        if pool is None or not pool.close.alive or pool.busy:
            pool = WorkerPool(
                self._fetcher(), self.num_workers, self.prefetch_factor, seed, self.worker_init_fn
            )
        pool.busy = True
        self._pool = pool if self.persistent_workers else None
        return ordered(pool, tasks, self.timeout, not self.persistent_workers)


def ordered(pool: WorkerPool, tasks: Iterator[Task], timeout: float, close: bool) -> Iterator[Any]:
    """The batches of an epoch from a pool, in the order of the tasks."""
    from .worker import Failure, raise_failure

    workers = len(pool.pending)
    early: dict[int, tuple[int, Any, Any]] = {}
    ended: set[int] = set()
    given_to = 0
    owner: dict[int, int] = {}

    def hand_out() -> None:
        """Give each worker as much as it has room for, in turn, so that order decides who."""
        nonlocal given_to
        while len(ended) < workers:
            worker = given_to % workers
            if worker not in ended:
                if not pool.has_room(worker):
                    return
                task = next(tasks, None)
                if task is None:
                    return
                owner[task.number] = worker
                pool.submit(worker, task)
            given_to += 1

    try:
        hand_out()
        while owner:
            wanted = next(iter(owner))
            deadline = time.monotonic() + timeout if timeout else None
            while wanted not in early:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                answers = pool.receive(left)
                if not answers:
                    raise state_error(
                        f"[DataLoader] no batch from worker {owner[wanted]} within the timeout of "
                        f"{timeout} s"
                    )
                for worker, done, batch in answers:
                    if done.result is None:
                        ended.add(worker)
                    early[done.number] = (worker, done.result, batch)
                hand_out()
            worker, result, batch = early.pop(wanted)
            del owner[wanted]
            if isinstance(result, Failure):
                raise_failure(result, f"worker {worker}")
            if result is not None:
                yield batch
    except BaseException:
        # An epoch left in the middle leaves answers behind: the next one starts new workers.
        pool.close()
        raise
    if close:
        pool.close()
    pool.busy = False
