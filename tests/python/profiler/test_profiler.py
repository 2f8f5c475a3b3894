"""Profiles: what ran, how long, how much, and which line asked for it."""

from __future__ import annotations

import inspect
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import proa
from proa import profiler


def line() -> int:
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def test_a_call_has_its_name_its_line_and_its_bytes() -> None:
    x = proa.ones([64, 32])
    with profiler.Profiler() as p:
        proa.exp(x)
        place = line() - 1
    calls = [e for e in p.events if e.kind == "call" and e.name == "exp"]
    assert len(calls) == 1
    assert calls[0].location.endswith(f"test_profiler.py:{place}")
    assert calls[0].bytes == 2 * 64 * 32 * 4
    assert 0 < calls[0].nanoseconds < 1e9
    kernels = [e for e in p.events if e.kind == "kernel"]
    assert kernels and all(calls[0].begin <= e.begin <= e.end <= calls[0].end for e in kernels)


def test_a_captured_function_tells_of_each_kernel() -> None:
    def chain(x: Any, w: Any) -> Any:
        hidden = proa.matmul(x, w)
        return proa.tanh(hidden) * 2

    f = proa.jit.to_static(chain)
    x, w = proa.randn([48, 20]), proa.randn([20, 30])
    f(x, w)
    with profiler.Profiler() as p:
        f(x, w)
    kernels = [e for e in p.events if e.kind == "kernel"]
    assert kernels
    # Of the product alone: two flops for each of 48 * 20 * 30, and as many at most for the rest.
    assert 2 * 48 * 20 * 30 <= sum(e.flops for e in kernels) <= 3 * 2 * 48 * 20 * 30
    assert all(e.bytes > 0 for e in kernels)
    first = inspect.getsourcelines(chain)[1]
    lines = " ".join(e.location for e in kernels)
    assert f"test_profiler.py:{first + 1}" in lines


def test_backward_and_ranges_are_there() -> None:
    x = proa.randn([8, 8])
    x.stop_gradient = False
    with profiler.Profiler() as p:
        with profiler.RecordEvent("forward"):
            y = proa.tanh(x).sum()
        y.backward()
    names = {(e.kind, e.name) for e in p.events}
    assert ("user", "forward") in names
    assert any(kind == "call" and "tanh" in name and "backward" in name for kind, name in names)
    outer = next(e for e in p.events if e.name == "forward")
    inner = next(e for e in p.events if e.name == "tanh")
    assert outer.begin <= inner.begin and inner.end <= outer.end


def test_nothing_is_recorded_outside() -> None:
    with profiler.Profiler() as p:
        pass
    proa.exp(proa.ones([4]))
    assert p.events == []
    with profiler.Profiler() as p:
        proa.abs(proa.ones([4]))
    assert "exp" not in {e.name for e in p.events}


def test_the_trace_is_read_back(tmp_path: Path) -> None:
    with profiler.Profiler() as p:
        proa.exp(proa.ones([100]))
    file = tmp_path / "trace.json"
    p.export(str(file))
    trace = json.loads(file.read_text())
    rows = [row for row in trace["traceEvents"] if row["ph"] == "X"]
    assert len(rows) == len(p.events) > 0
    assert all({"name", "ts", "dur", "pid", "tid", "cat"} <= row.keys() for row in rows)
    again = profiler.load_profiler_result(str(file))
    assert [(e.name, e.kind, e.flops, e.bytes, e.location) for e in again] == [
        (e.name, e.kind, e.flops, e.bytes, e.location) for e in p.events
    ]


def test_steps_follow_the_scheduler(tmp_path: Path) -> None:
    found: list[list[str]] = []
    scheduler = profiler.make_scheduler(closed=1, ready=1, record=2, repeat=2)
    p = profiler.Profiler(
        scheduler=scheduler,
        on_trace_ready=lambda p: found.append([e.name for e in p.events if e.kind == "user"]),
    )
    p.start()
    for step in range(10):
        with profiler.RecordEvent(f"step {step}"):
            proa.ones([2])
        p.step(num_samples=4)
    p.stop()
    assert found == [["step 2", "step 3"], ["step 6", "step 7"]]
    assert "samples/s" in p.step_info()
    with profiler.Profiler(
        scheduler=(1, 3), on_trace_ready=profiler.export_chrome_tracing(str(tmp_path))
    ) as p:
        for _ in range(5):
            proa.ones([2])
            p.step()
    assert len(list(tmp_path.glob("*.json"))) == 1


def test_threads_are_told_apart() -> None:
    def work() -> None:
        for _ in range(3):
            proa.exp(proa.ones([10]))

    with profiler.Profiler() as p:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    calls = [e for e in p.events if e.name == "exp" and e.kind == "call"]
    assert len(calls) == 9
    assert len({e.thread for e in calls}) == 3
    for thread in {e.thread for e in calls}:  # calls of one thread do not overlap
        own = sorted((e.begin, e.end) for e in calls if e.thread == thread)
        assert all(a[1] <= b[0] for a, b in zip(own, own[1:], strict=False))


def test_a_summary_adds_up() -> None:
    x = proa.ones([32, 32])
    with profiler.Profiler() as p:
        for _ in range(5):
            proa.exp(x)
        proa.matmul(x, x)
    text = p.summary(sorted_by=profiler.SortedKeys.CPUTotal, time_unit="us")
    row = next(part for part in text.splitlines() if part.startswith("exp"))
    assert row.split()[1] == "5"
    kernels = p.summary(views=profiler.SummaryView.KernelView)
    assert kernels.splitlines()[0].startswith("kernels")
    with pytest.raises(ValueError, match="time_unit"):
        p.summary(time_unit="weeks")


def test_two_at_once_are_refused() -> None:
    with profiler.Profiler(), pytest.raises(RuntimeError, match="another profiler"):
        profiler.Profiler().start()
    with pytest.raises(RuntimeError, match="does not run"):
        profiler.Profiler().stop()


def test_results_are_those_without() -> None:
    x = proa.to_tensor(np.random.default_rng(0).normal(size=(50, 70)).astype(np.float32))
    plain = proa.nn.functional.softmax(x).numpy()
    with profiler.Profiler():
        watched = proa.nn.functional.softmax(x).numpy()
    assert plain.tobytes() == watched.tobytes()


def test_attention_tells_its_flops():
    x = proa.randn([2, 64, 3, 16])
    with proa.profiler.Profiler() as p:
        proa.nn.functional.scaled_dot_product_attention(x, x, x)
    kernels = [e for e in p.events if e.kind == "kernel" and "attention" in e.name]
    products = 2 * 2 * (2 * 3 * 64 * 64 * 16)  # scores, and the values that they weigh
    assert products <= sum(e.flops for e in kernels) <= 3 * products
