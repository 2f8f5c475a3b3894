"""`proa.profiler`: where time goes, under Paddle's names: calls, kernels, flops, bytes, your lines.

Why in the core and not around it: only what runs a kernel knows when it began, which operator it
belongs to and which line asked for it. While nothing is recorded a run reads one word more.
"""

from __future__ import annotations

import enum
import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, NamedTuple

from .. import _proa
from ..refusal import state_error, value_error

__all__ = [
    "Event",
    "Profiler",
    "ProfilerState",
    "ProfilerTarget",
    "RecordEvent",
    "SortedKeys",
    "SummaryView",
    "export_chrome_tracing",
    "load_profiler_result",
    "make_scheduler",
]


class ProfilerState(enum.Enum):
    """What a profiler does in a step."""

    CLOSED = 0
    READY = 1
    RECORD = 2
    RECORD_AND_RETURN = 3


class ProfilerTarget(enum.Enum):
    """What is watched. Only CPU is there; the others are names."""

    CPU = 0
    GPU = 1
    XPU = 2
    CUSTOM_DEVICE = 3


class SortedKeys(enum.Enum):
    """By what a summary is sorted. GPU keys sort as those of the CPU."""

    CPUTotal = 0
    CPUAvg = 1
    CPUMax = 2
    CPUMin = 3
    GPUTotal = 4
    GPUAvg = 5
    GPUMax = 6
    GPUMin = 7


class SummaryView(enum.Enum):
    """Tables of a summary."""

    DeviceView = 0
    OverView = 1
    ModelView = 2
    DistributedView = 3
    KernelView = 4
    OperatorView = 5
    MemoryView = 6
    MemoryManipulationView = 7
    UDFView = 8


class Event(NamedTuple):
    """One thing that happened.

    Attributes:
        kind: "call" of an operator or a captured function, "kernel", "part" of a kernel on another
            thread, "user" for a RecordEvent.
        name: of the operator, the kernel, or the user's own.
        thread: number of the thread.
        begin, end: nanoseconds of a clock that only rises.
        flops, bytes: computed; read and written. Of kernels and calls.
        location: the user's line, "train.py:12", where it is known.
    """

    kind: str
    name: str
    thread: int
    begin: int
    end: int
    flops: int
    bytes: int
    location: str

    @property
    def nanoseconds(self) -> int:
        return self.end - self.begin


def make_scheduler(
    *, closed: int, ready: int, record: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerState]:
    """States by step: `skip_first` closed ones, then rounds of closed, ready and record.

    Args:
        closed, ready, record: steps of each state in a round; at least one of `record`.
        repeat: rounds; 0 goes on for ever.
        skip_first: steps before the first round.
    """
    if min(closed, ready, repeat, skip_first) < 0 or record < 1:
        raise value_error("[make_scheduler] record: expected at least 1, and no negative counts")
    length = closed + ready + record

    def state(step: int) -> ProfilerState:
        if step < skip_first:
            return ProfilerState.CLOSED
        step -= skip_first
        if repeat > 0 and step >= repeat * length:
            return ProfilerState.CLOSED
        place = step % length
        if place < closed:
            return ProfilerState.CLOSED
        if place < closed + ready:
            return ProfilerState.READY
        return ProfilerState.RECORD if place < length - 1 else ProfilerState.RECORD_AND_RETURN

    return state


class RecordEvent:
    """A stretch of your own code as an event of the profile.

    Example:
        >>> with proa.profiler.RecordEvent("forward"):
        ...     y = proa.ones([2]) + 1
    """

    def __init__(self, name: str, event_type: Any = None) -> None:
        self.name = name
        self._begin: int | None = None

    def begin(self) -> None:
        """Where the stretch begins."""
        self._begin = _proa._now()

    def end(self) -> None:
        """Where it ends."""
        if self._begin is not None:
            _proa._range(self.name, self._begin)
            self._begin = None

    def __enter__(self) -> RecordEvent:
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


def trace_of(events: Iterable[Event]) -> dict[str, Any]:
    """The events in the form that chrome://tracing and Perfetto read."""
    process = os.getpid()
    rows: list[dict[str, Any]] = []
    threads = set()
    for e in events:
        threads.add(e.thread)
        more: dict[str, Any] = {}
        if e.location:
            more["line"] = e.location
        if e.flops:
            more["flops"] = e.flops
        if e.bytes:
            more["bytes"] = e.bytes
        if e.kind == "kernel" and e.nanoseconds > 0:
            more["GFLOP/s"] = round(e.flops / e.nanoseconds, 3)
            more["GB/s"] = round(e.bytes / e.nanoseconds, 3)
        rows.append(
            {
                "ph": "X",
                "cat": e.kind,
                "name": e.name,
                "pid": process,
                "tid": e.thread,
                "ts": e.begin / 1000,
                "dur": e.nanoseconds / 1000,
                "args": more,
            }
        )
    for thread in sorted(threads):
        rows.append(
            {
                "ph": "M",
                "name": "thread_name",
                "pid": process,
                "tid": thread,
                "args": {"name": f"thread {thread}"},
            }
        )
    return {"traceEvents": rows, "displayTimeUnit": "ns"}


def export_chrome_tracing(
    dir_name: str, worker_name: str | None = None
) -> Callable[[Profiler], None]:
    """For on_trace_ready: writes each recording to a file of its own in a folder."""

    def write(profiler: Profiler) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"host_{socket.gethostname()}_pid_{os.getpid()}"
        stamp = time.strftime("%Y_%m_%d_%H_%M_%S")
        name = f"{worker}_time_{stamp}_{time.monotonic_ns() % 10**9:09d}.paddle_trace.json"
        profiler.export(os.path.join(dir_name, name))

    return write


def load_profiler_result(filename: str) -> list[Event]:
    """The events of a file that export() wrote."""
    with open(filename, encoding="utf-8") as file:
        trace = json.load(file)
    events = []
    for row in trace["traceEvents"]:
        if row.get("ph") != "X":
            continue
        begin = round(row["ts"] * 1000)
        more = row.get("args", {})
        events.append(
            Event(
                row["cat"],
                row["name"],
                row["tid"],
                begin,
                begin + round(row["dur"] * 1000),
                more.get("flops", 0),
                more.get("bytes", 0),
                more.get("line", ""),
            )
        )
    return events


_active: Profiler | None = None


class Profiler:
    """Records what runs between start() and stop(), or in the steps that the scheduler names.

    Args:
        targets: None, or [ProfilerTarget.CPU].
        scheduler: None: all of it; (first, last): steps first..last-1; or a function from the step
            to its ProfilerState, as make_scheduler gives one.
        on_trace_ready: called with the profiler when a recording is complete; export_chrome_tracing
            gives one.
        record_shapes, profile_memory, with_flops: accepted; flops and bytes are always there.
        timer_only: only step_info() works, and nothing is recorded.

    Example:
        >>> with proa.profiler.Profiler() as p:
        ...     y = proa.exp(proa.ones([1000]))
        >>> print(p.summary())  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        targets: Iterable[ProfilerTarget] | None = None,
        scheduler: Callable[[int], ProfilerState] | tuple[int, int] | None = None,
        on_trace_ready: Callable[[Profiler], Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        timer_only: bool = False,
        emit_nvtx: bool = False,
        custom_device_types: Iterable[str] = (),
        with_flops: bool = False,
    ) -> None:
        if isinstance(scheduler, (tuple, list)):
            first, last = scheduler
            if not 0 <= first < last:
                raise value_error("[Profiler] scheduler: expected first < last, got "
                                  f"{tuple(scheduler)}")
            self._state_of: Callable[[int], ProfilerState] = make_scheduler(
                closed=max(first - 1, 0),
                ready=min(first, 1),
                record=last - first,
                repeat=1,
            )
        elif scheduler is None:
            self._state_of = lambda step: ProfilerState.RECORD
        else:
            self._state_of = scheduler
        self._ready = on_trace_ready
        self._timer_only = timer_only
        self._step = 0
        self._recording = False
        self._began = 0
        self._times: list[tuple[int, int | None]] = []
        self.events: list[Event] = []

    def start(self) -> None:
        """Begins with step 0."""
        global _active
        if _active is not None:
            raise state_error("[Profiler] another profiler runs already: stop it first")
        _active = self
        self._step = 0
        self._times = []
        self.events = []
        self._began = _proa._now()
        self._enter(self._state_of(0))

    def stop(self) -> None:
        """Ends the recording, and hands it to on_trace_ready."""
        global _active
        if _active is not self:
            raise state_error("[Profiler] it does not run")
        was = self._recording
        self._enter(ProfilerState.CLOSED)
        _active = None
        if was and self._ready is not None:
            self._ready(self)

    def step(self, num_samples: int | None = None) -> None:
        """Ends a step and begins the next one."""
        now = _proa._now()
        self._times.append((now - self._began, num_samples))
        self._began = now
        ended = self._state_of(self._step)
        self._step += 1
        if ended == ProfilerState.RECORD_AND_RETURN:
            self._enter(ProfilerState.CLOSED)
            if self._ready is not None:
                self._ready(self)
            self.events = [] if self._ready is not None else self.events
        self._enter(self._state_of(self._step))

    def _enter(self, state: ProfilerState) -> None:
        on = not self._timer_only and state in (
            ProfilerState.RECORD,
            ProfilerState.RECORD_AND_RETURN,
        )
        if on and not self._recording:
            _proa._events()
        _proa._watch("time", on)
        if self._recording and not on:
            self.events += [Event(*row) for row in _proa._events()]
        self._recording = on

    def step_info(self, unit: str | None = None) -> str:
        """Time a step and samples a second since the start."""
        if not self._times:
            return "no step has ended"
        seconds = sum(t for t, _ in self._times) / 1e9
        text = f"avg_cost: {seconds / len(self._times):.5f} s"
        samples = [n for _, n in self._times if n is not None]
        if samples:
            text += f" ips: {sum(samples) / seconds:.3f} {unit or 'samples'}/s"
        return text

    def export(self, path: str, format: str = "json") -> None:
        """Writes the events as a Chrome trace."""
        if format != "json":
            raise value_error(f"[Profiler.export] format: expected 'json', got {format!r}")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(trace_of(self.events), file)

    def summary(
        self,
        sorted_by: SortedKeys = SortedKeys.CPUTotal,
        op_detail: bool = True,
        thread_sep: bool = False,
        time_unit: str = "ms",
        views: SummaryView | Iterable[SummaryView] | None = None,
    ) -> str:
        """Tables of calls, kernels and ranges of your own: how often, how long, how much.

        Args:
            sorted_by: total, average, longest or shortest time.
            op_detail: True lists kernels too.
            thread_sep: a line for each thread.
            time_unit: "s", "ms", "us" or "ns".
            views: OperatorView, KernelView, UDFView, or some of them; None: all.
        """
        units = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
        if time_unit not in units:
            raise value_error(
                f"[Profiler.summary] time_unit: expected s, ms, us or ns, got {time_unit!r}"
            )
        shown = (
            {SummaryView.OperatorView, SummaryView.KernelView, SummaryView.UDFView}
            if views is None
            else {views} if isinstance(views, SummaryView) else set(views)
        )
        tables = []
        for view, kind, title in (
            (SummaryView.OperatorView, "call", "calls"),
            (SummaryView.KernelView, "kernel", "kernels"),
            (SummaryView.UDFView, "user", "ranges"),
        ):
            if view in shown and (op_detail or kind != "kernel"):
                table = self._table(kind, title, sorted_by, thread_sep, time_unit, units[time_unit])
                if table:
                    tables.append(table)
        return "\n\n".join(tables) or "nothing was recorded"

    def _table(
        self, kind: str, title: str, key: SortedKeys, by_thread: bool, unit: str, scale: float
    ) -> str:
        groups: dict[tuple[str, int], list[Event]] = {}
        for e in self.events:
            if e.kind == kind:
                groups.setdefault((e.name, e.thread if by_thread else 0), []).append(e)
        if not groups:
            return ""
        rows = []
        for (name, thread), found in groups.items():
            spent = [e.nanoseconds for e in found]
            total = sum(spent)
            flops, moved = sum(e.flops for e in found), sum(e.bytes for e in found)
            order = float((total, total / len(spent), max(spent), min(spent))[key.value % 4])
            rows.append(
                (
                    order,
                    f"{name} [{thread}]" if by_thread else name,
                    len(spent),
                    total,
                    max(spent),
                    min(spent),
                    flops / max(total, 1),
                    moved / max(total, 1),
                    found[0].location,
                )
            )
        rows.sort(key=lambda row: row[0], reverse=True)
        width = min(max(len(row[1]) for row in rows), 44)
        whole = sum(row[3] for row in rows)
        lines = [
            f"{title:<{width}}  {'count':>6} {'total ' + unit:>10} {'avg':>9} {'max':>9} "
            f"{'min':>9} {'%':>5} {'GFLOP/s':>8} {'GB/s':>7}  line"
        ]
        for _, name, count, total, most, least, speed, rate, place in rows:
            lines.append(
                f"{name[:width]:<{width}}  {count:>6} {total / scale:>10.3f} "
                f"{total / count / scale:>9.3f} {most / scale:>9.3f} {least / scale:>9.3f} "
                f"{100 * total / max(whole, 1):>5.1f} {speed:>8.2f} {rate:>7.2f}  {place}"
            )
        return "\n".join(lines)

    def __enter__(self) -> Profiler:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
