"""Batches made by threads of this process: no start-up cost, no copy, but one interpreter lock."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from proa.refusal import state_error

from .collate import to_tensors
from .fetch import Fetcher, SampleError, Task, WorkerInfo, set_worker_info


class _Threads:
    """Gives each thread a number and its worker info, the first time that it works."""

    def __init__(self, fetcher: Fetcher, count: int, init: Callable[[int], Any] | None) -> None:
        self.fetcher = fetcher
        self.count = count
        self.init = init
        self.lock = threading.Lock()
        self.known: dict[int, int] = {}

    def run(self, task: Task) -> Any:
        thread = threading.get_ident()
        with self.lock:
            new = thread not in self.known
            number = self.known.setdefault(thread, len(self.known))
        if new:
            set_worker_info(WorkerInfo(number, self.count, task.seed, self.fetcher.dataset))
            if self.init is not None:
                self.init(number)
        return self.fetcher.fetch(task)


def made_in_threads(
    executor: ThreadPoolExecutor,
    fetcher: Fetcher,
    tasks: Iterator[Task],
    ahead: int,
    timeout: float | None,
    init: Callable[[int], Any] | None,
) -> Iterator[Any]:
    """The batches in the order of the tasks, at most `ahead` of them made beforehand."""
    threads = _Threads(fetcher, executor._max_workers, init)
    queue: deque[tuple[Task, Future[Any]]] = deque()

    def hand_out() -> None:
        while len(queue) < ahead and (task := next(tasks, None)) is not None:
            queue.append((task, executor.submit(threads.run, task)))

    try:
        hand_out()
        while queue:
            task, future = queue.popleft()
            try:
                batch = future.result(timeout)
            except FutureTimeoutError:
                if future.done():
                    raise
                raise state_error(
                    f"[DataLoader] no batch {task.number} within the timeout of {timeout} s"
                ) from None
            except SampleError as error:
                error.cause.add_note(f"[DataLoader] {error.where}")
                raise error.cause from None
            hand_out()
            yield to_tensors(batch)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
