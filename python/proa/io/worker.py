"""Worker processes: what runs in one, and the pool that starts, feeds, watches and ends them.

Each worker has a pipe of its own and `prefetch_factor` slots of shared memory, and is never given
more tasks than it has slots: nothing can pile up, and no lock is shared with a process that may be
killed.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
import traceback
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from proa.refusal import state_error

from .fetch import Fetcher, SampleError, Task, WorkerInfo, set_worker_info
from .seeding import seed_all
from .transport import Message, Slot

# How often a waiting worker looks whether its parent still lives.
_PARENT_CHECK_S = 2.0
_EXIT_S = 5.0


@dataclass(frozen=True)
class Failure:
    """An error of a worker: the exception's class (pickled, if it can be), where, and the trace."""

    kind: bytes
    where: str
    trace: str


@dataclass(frozen=True)
class Done:
    """A worker's answer to a task; `result` is None at the end of a stream."""

    number: int
    result: Message | Failure | None


def serve(
    tasks: Connection,
    slots: list[Slot],
    fetcher: Fetcher,
    info: WorkerInfo,
    init: Callable[[int], Any] | None,
    parent: int,
) -> None:
    """The life of a worker: answer tasks until told to stop or left alone."""
    # Ctrl-C reaches the whole process group; the main process ends the workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_worker_info(info)
    seed_all(info.seed)
    failure: Failure | None = None
    try:
        if init is not None:
            init(info.id)
    except Exception as error:
        failure = describe(error, "in worker_init_fn")
    count = 0
    try:
        while True:
            while not tasks.poll(_PARENT_CHECK_S):
                if os.getppid() != parent:
                    return
            task: Task | None = tasks.recv()
            if task is None:
                return
            result = failure or answer(fetcher, task, slots[count % len(slots)])
            tasks.send(Done(task.number, result))
            count += 1
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def answer(fetcher: Fetcher, task: Task, slot: Slot) -> Message | Failure | None:
    seed_all(task.seed)
    try:
        return slot.write(fetcher.fetch(task))
    except StopIteration:
        return None
    except SampleError as error:
        return describe(error.cause, error.where)
    except Exception as error:
        return describe(error, f"sending batch {task.number}")


def describe(error: BaseException, where: str) -> Failure:
    trace = "".join(traceback.format_exception(error))
    try:
        return Failure(pickle.dumps(type(error)), where, trace)
    except Exception:
        return Failure(pickle.dumps(RuntimeError), where, trace)


class WorkerPool:
    """The worker processes of one loader."""

    def __init__(
        self,
        fetcher: Fetcher,
        num_workers: int,
        prefetch_factor: int,
        seed: int,
        init: Callable[[int], Any] | None,
    ) -> None:
        context = multiprocessing.get_context("fork")
        self.prefetch_factor = prefetch_factor
        self.pipes: list[Connection] = []
        self.slots: list[list[Slot]] = []
        self.processes: list[BaseProcess] = []
        self.pending: list[deque[Task]] = [deque() for _ in range(num_workers)]
        self.answered = [0] * num_workers
        self.owner = os.getpid()
        self.busy = False
        self.close = weakref.finalize(
            self, end_workers, self.owner, self.processes, self.pipes, self.slots
        )
        # A worker must not meet Ctrl-C before it has learnt to ignore it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._start(context, fetcher, seed, init)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _start(
        self,
        context: ForkContext,
        fetcher: Fetcher,
        seed: int,
        init: Callable[[int], Any] | None,
    ) -> None:
        workers = len(self.pending)
        for index in range(workers):
            here, there = context.Pipe()
            slots = [Slot() for _ in range(self.prefetch_factor)]
            info = WorkerInfo(index, workers, seed + index, fetcher.dataset)
            process = context.Process(
                target=serve,
                args=(there, slots, fetcher, info, init, self.owner),
                name=f"proa-loader-{index}",
                daemon=True,
            )
            process.start()
            there.close()
            self.pipes.append(here)
            self.slots.append(slots)
            self.processes.append(process)

    def has_room(self, worker: int) -> bool:
        return len(self.pending[worker]) < self.prefetch_factor

    def submit(self, worker: int, task: Task) -> None:
        self.pending[worker].append(task)
        try:
            self.pipes[worker].send(task)
        except (BrokenPipeError, ConnectionResetError):
            self.report_death(worker)

    def receive(self, timeout: float | None) -> list[tuple[int, Done, Any]]:
        """Wait for answers: (worker, answer, batch) of all that are there.

        The batch is read out of its slot here, before the worker can be given another task.
        """
        waiting = [w for w in range(len(self.pipes)) if self.pending[w]]
        handles: list[Any] = [self.pipes[w] for w in waiting]
        handles += [self.processes[w].sentinel for w in waiting]
        ready = set(wait(handles, timeout))
        answers = []
        for worker in waiting:
            if self.pipes[worker] in ready:
                try:
                    done: Done = self.pipes[worker].recv()
                except (EOFError, ConnectionResetError):
                    self.report_death(worker)
                batch = None
                if isinstance(done.result, Message):
                    slots = self.slots[worker]
                    batch = slots[self.answered[worker] % len(slots)].read(done.result)
                self.pending[worker].popleft()
                self.answered[worker] += 1
                answers.append((worker, done, batch))
            elif self.processes[worker].sentinel in ready:
                self.report_death(worker)
        return answers

    def report_death(self, worker: int) -> NoReturn:
        process = self.processes[worker]
        process.join(_EXIT_S)
        code = process.exitcode or 0
        how = f"exited with code {code}"
        if code < 0:
            how = f"was killed by signal {-code} ({signal.Signals(-code).name})"
        task = self.pending[worker][0]
        samples = "" if task.indices is None else f", samples {str(task.indices)[:200]}"
        message = (
            f"[DataLoader] worker {worker} (pid {process.pid}) {how} while it made batch "
            f"{task.number}{samples}"
        )
        self.close()
        raise state_error(message)


def end_workers(
    owner: int,
    processes: list[BaseProcess],
    pipes: list[Connection],
    slots: list[list[Slot]],
) -> None:
    """Tell the workers to stop, and kill those that do not within a moment."""
    if os.getpid() != owner:
        return
    for pipe in pipes:
        try:
            pipe.send(None)
        except OSError:
            pass
        pipe.close()
    deadline = time.monotonic() + _EXIT_S
    for process in processes:
        # A worker in the middle of a batch would make it to its end; nobody waits for that.
        process.join(0.05)
        if process.is_alive():
            process.terminate()
            process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
    for slot in (slot for group in slots for slot in group):
        slot.close()
    processes.clear()
    pipes.clear()
    slots.clear()


def raise_failure(failure: Failure, worker: str) -> NoReturn:
    """Raise a worker's error here: the same class where it takes a message, else RuntimeError."""
    text = f"[DataLoader] {worker} failed {failure.where}. Its traceback:\n{failure.trace}"
    kind = pickle.loads(failure.kind)
    try:
        error = kind(_Text(text))
    except Exception:
        error = RuntimeError(text)
    raise error


class _Text(str):
    """A string that KeyError, too, shows with its line breaks."""

    def __repr__(self) -> str:
        return str(self)
