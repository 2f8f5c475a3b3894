"""The loader: one order whoever makes the batches, errors with their trace, nothing left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import proa
from proa import io

MODES: dict[str, dict[str, Any]] = {
    "here": dict(num_workers=0),
    "threads": dict(num_workers=3, worker_type="thread"),
    "one": dict(num_workers=1),
    "three": dict(num_workers=3),
    "persistent": dict(num_workers=2, persistent_workers=True, prefetch_factor=1),
}


class Noisy(io.Dataset):
    """Samples with random transforms, by the loader's own generator."""

    def __len__(self) -> int:
        return 23

    def __getitem__(self, index: int) -> dict[str, Any]:
        # The later batches of a round are ready first.
        time.sleep(0.002 * (index % 3))
        return {
            "x": np.full((2, 3), index, np.float32) + io.batch_rng().random((2, 3)),
            "label": index,
            "text": "t" * index,
            "nothing": np.zeros((0, 2)),
        }


class GlobalNoise(io.Dataset):
    """Samples with random transforms by the global generators."""

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> tuple[float, Any, Any]:
        return random.random(), np.random.rand(2), proa.rand([2]).numpy()


def flat(batches: list[Any]) -> list[Any]:
    result: list[Any] = []
    for batch in batches:
        values = batch.values() if isinstance(batch, dict) else batch
        result.extend(v.numpy() if isinstance(v, proa.Tensor) else v for v in values)
    return result


def epochs(dataset: Any, count: int = 2, **settings: Any) -> list[Any]:
    proa.seed(7)
    loader = io.DataLoader(dataset, batch_size=4, shuffle=True, **settings)
    return flat([batch for _ in range(count) for batch in loader])


def assert_same(left: list[Any], right: list[Any]) -> None:
    assert len(left) == len(right)
    for a, b in zip(left, right):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("mode", MODES)
def test_same_data_whoever_makes_it(mode: str) -> None:
    made = epochs(Noisy(), **MODES[mode])
    assert_same(made, epochs(Noisy()))
    labels = [value for value in made[1::4]]
    assert sorted(np.concatenate(labels[:6]).tolist()) == list(range(23))
    assert np.concatenate(labels[:6]).tolist() != np.concatenate(labels[6:]).tolist()


@pytest.mark.parametrize("mode", ["one", "three", "persistent"])
def test_global_generators_are_seeded_for_each_batch(mode: str) -> None:
    assert_same(epochs(GlobalNoise(), **MODES[mode]), epochs(GlobalNoise()))


def test_the_callers_generators_are_left_alone() -> None:
    proa.seed(3)
    random.seed(3)
    np.random.seed(3)
    expected = (random.random(), np.random.rand())
    random.seed(3)
    np.random.seed(3)
    list(io.DataLoader(GlobalNoise(), batch_size=2))
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize("mode", MODES)
def test_tensor_dataset_and_batches_are_tensors(mode: str) -> None:
    x, y = np.random.default_rng(0).random((10, 3)).astype(np.float32), np.arange(10)
    data = io.Subset(io.TensorDataset([x, y]), [9, 8, 7, 5, 3])
    batches = list(io.DataLoader(data, batch_size=2, **MODES[mode]))
    assert len(batches) == 3
    for (got_x, got_y), rows in zip(batches, ([9, 8], [7, 5], [3])):
        assert isinstance(got_x, proa.Tensor) and got_x.dtype == "float32"
        assert got_y.dtype == "int64" and got_x.stop_gradient
        np.testing.assert_array_equal(got_x.numpy(), x[rows])
        np.testing.assert_array_equal(got_y.numpy(), y[rows])


@pytest.mark.parametrize("mode", MODES)
def test_bfloat16_tensors_keep_their_type(mode: str) -> None:
    data = io.TensorDataset([proa.to_tensor(np.arange(6.0, dtype=np.float32)).astype("bfloat16")])
    (batch,) = list(io.DataLoader(data, batch_size=6, **MODES[mode]))
    assert batch[0].dtype == "bfloat16"
    np.testing.assert_array_equal(batch[0].astype("float32").numpy(), np.arange(6.0))


@pytest.mark.parametrize("mode", MODES)
def test_without_batches_and_with_a_batch_sampler(mode: str) -> None:
    data = io.TensorDataset([np.arange(5)])
    single = [s[0].item() for s in io.DataLoader(data, batch_size=None, **MODES[mode])]
    assert single == [0, 1, 2, 3, 4]
    batched = io.DataLoader(data, batch_sampler=[[3, 1], [0]], **MODES[mode])
    assert [batch[0].tolist() for batch in batched] == [[3, 1], [0]]
    assert len(batched) == 2


@pytest.mark.parametrize("mode", MODES)
def test_own_collate_function(mode: str) -> None:
    def collate(samples: list[Any]) -> Any:
        return {"sum": np.asarray(sum(s["label"] for s in samples)), "what": ("a", 1.5, None)}

    loader = io.DataLoader(Noisy(), batch_size=10, collate_fn=collate, **MODES[mode])
    batches = list(loader)
    assert [batch["sum"].item() for batch in batches] == [45, 145, 63]
    assert batches[0]["what"] == ("a", 1.5, None)


def test_drop_last_and_length() -> None:
    loader = io.DataLoader(Noisy(), batch_size=4, drop_last=True, num_workers=2)
    assert len(loader) == len(list(loader)) == 5


class BigText(io.Dataset):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple[str, Any]:
        return str(index) * 300_000, np.full(1000 * (index + 1), index)


def test_large_strings_and_growing_batches_cross() -> None:
    loader = io.DataLoader(BigText(), batch_size=None, num_workers=2)
    for index, (text, array) in enumerate(loader):
        assert text == str(index) * 300_000
        np.testing.assert_array_equal(array.numpy(), np.full(1000 * (index + 1), index))


class Stream(io.IterableDataset):
    """0..11, shared out among the workers."""

    def __iter__(self) -> Iterator[int]:
        info = io.get_worker_info()
        start, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(start, 12, step))


@pytest.mark.parametrize("persistent", [False, True])
def test_streams(persistent: bool) -> None:
    here = io.DataLoader(Stream(), batch_size=5)
    for _ in range(2):
        assert [batch.tolist() for batch in here] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
    split = io.DataLoader(Stream(), batch_size=4, num_workers=2, persistent_workers=persistent)
    for _ in range(2):
        assert [batch.tolist() for batch in split] == [
            [0, 2, 4, 6],
            [1, 3, 5, 7],
            [8, 10],
            [9, 11],
        ]
    dropping = io.DataLoader(Stream(), batch_size=4, num_workers=2, drop_last=True)
    assert [batch.tolist() for batch in dropping] == [[0, 2, 4, 6], [1, 3, 5, 7]]


class Info(io.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[int, int, int, int]:
        info = io.get_worker_info()
        assert info is not None and info.dataset is self
        return info.id, info.num_workers, os.getpid(), int(os.environ.get("PROA_TEST_WORKER", -1))


def set_number(worker: int) -> None:
    os.environ["PROA_TEST_WORKER"] = str(worker)


def test_worker_info_and_init() -> None:
    assert io.get_worker_info() is None
    loader = io.DataLoader(Info(), batch_size=1, num_workers=2, worker_init_fn=set_number)
    rows = [[int(field.item()) for field in batch] for batch in loader]
    assert [(row[0], row[1], row[3]) for row in rows] == [(0, 2, 0), (1, 2, 1)] * 2
    assert os.getpid() not in {row[2] for row in rows}


def test_persistent_workers_stay_and_others_do_not() -> None:
    def pids(loader: Any) -> set[int]:
        return {int(batch[2].item()) for batch in loader}

    staying = io.DataLoader(Info(), num_workers=2, persistent_workers=True)
    assert pids(staying) == pids(staying)
    leaving = io.DataLoader(Info(), num_workers=2)
    assert pids(leaving).isdisjoint(pids(leaving))


class Broken(io.Dataset):
    def __init__(self, what: Callable[[], Any]) -> None:
        self.what = what

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Any:
        return self.what() if index == 5 else index


def missing_key() -> Any:
    return {}["no such key"]


class OddError(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def odd() -> Any:
    raise OddError(1, 2)


@pytest.mark.parametrize("mode", ["one", "three", "persistent"])
@pytest.mark.parametrize("what, kind", [(missing_key, KeyError), (odd, RuntimeError)])
def test_a_workers_error_has_its_traceback_and_sample(
    mode: str, what: Callable[[], Any], kind: type[Exception]
) -> None:
    loader = io.DataLoader(Broken(what), batch_size=2, **MODES[mode])
    seen = []
    with pytest.raises(kind) as caught:
        for batch in loader:
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]]
    text = str(caught.value)
    assert "failed at sample 5 of batch 2" in text
    assert f"in {what.__name__}" in text and "test_loader.py" in text


@pytest.mark.parametrize("mode", ["here", "threads"])
def test_an_error_here_is_the_error_itself_with_a_note(mode: str) -> None:
    with pytest.raises(KeyError, match="no such key") as caught:
        list(io.DataLoader(Broken(missing_key), batch_size=2, **MODES[mode]))
    assert caught.value.__notes__ == ["[DataLoader] at sample 5 of batch 2"]


def test_errors_of_collation_and_of_the_start() -> None:
    def bad_collate(samples: list[Any]) -> Any:
        raise ZeroDivisionError("collate")

    def bad_start(worker: int) -> None:
        raise ZeroDivisionError("start")

    with pytest.raises(ZeroDivisionError, match="collating batch 0"):
        list(io.DataLoader(Info(), collate_fn=bad_collate, num_workers=1))
    with pytest.raises(ZeroDivisionError, match="worker_init_fn"):
        list(io.DataLoader(Info(), worker_init_fn=bad_start, num_workers=1))


def die() -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> Any:
    os._exit(3)


@pytest.mark.parametrize(
    "what, how", [(die, r"killed by signal 9 \(SIGKILL\)"), (leave, "exited with code 3")]
)
def test_a_dead_worker_is_noticed(what: Callable[[], Any], how: str) -> None:
    started = time.monotonic()
    with pytest.raises(RuntimeError, match=rf"worker \d .*{how} while it made batch 2.*\[4, 5\]"):
        list(io.DataLoader(Broken(what), batch_size=2, num_workers=2))
    assert time.monotonic() - started < 10.0


def sleep_long() -> Any:
    time.sleep(60)


@pytest.mark.parametrize("mode", ["one", "threads"])
def test_timeout(mode: str) -> None:
    started = time.monotonic()
    what = sleep_long if mode == "one" else lambda: time.sleep(2)
    with pytest.raises(RuntimeError, match="within the timeout of 0.5 s"):
        list(io.DataLoader(Broken(what), batch_size=2, timeout=0.5, **MODES[mode]))
    assert time.monotonic() - started < 10.0


def children() -> set[int]:
    path = f"/proc/self/task/{os.getpid()}/children"
    with open(path) as file:
        return {int(pid) for pid in file.read().split()}


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("leave_early", [False, True])
def test_nothing_is_left_behind(leave_early: bool) -> None:
    list(io.DataLoader(Info(), num_workers=1))
    before_children, before_files = children(), open_files()
    shared = set(os.listdir("/dev/shm"))
    for _ in range(3):
        for _batch in io.DataLoader(Noisy(), num_workers=2, persistent_workers=leave_early):
            if leave_early:
                break
    assert children() == before_children
    assert open_files() == before_files
    assert set(os.listdir("/dev/shm")) == shared


@pytest.mark.parametrize("mode", ["here", "three", "persistent"])
def test_goes_on_in_the_middle_of_an_epoch(mode: str) -> None:
    proa.seed(11)
    whole = io.DataLoader(Noisy(), batch_size=4, shuffle=True, **MODES[mode])
    list(whole)
    batches = flat(list(whole)) + [proa.rand([1]).item()]

    proa.seed(11)
    first = io.DataLoader(Noisy(), batch_size=4, shuffle=True, **MODES[mode])
    list(first)
    going = iter(first)
    begun = flat([next(going) for _ in range(2)])
    state, rng = first.state_dict(), proa.get_rng_state()
    assert state["batches"] == 2

    proa.seed(99)
    second = io.DataLoader(Noisy(), batch_size=4, shuffle=True, **MODES[mode])
    proa.set_rng_state(rng)
    second.set_state_dict(state)
    assert_same(begun + flat(list(second)) + [proa.rand([1]).item()], batches)
    assert second.state_dict()["batches"] == 0


INTERRUPTED = """
import os, signal, sys, time
# Whoever runs the tests in the background has Ctrl-C ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from proa import io
class Slow(io.Dataset):
    def __len__(self): return 1000
    def __getitem__(self, index):
        time.sleep(0.05)
        return np.ones(3)
loader = io.DataLoader(Slow(), num_workers=2)
try:
    for number, batch in enumerate(loader):
        if number == 2:
            print("ready", flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_kill_end_the_workers_too(how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if how is signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.kill()
    # The pipes close only when the workers, which hold them too, have ended.
    out, err = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert out == "stopped\n" and err == "" and process.returncode == 0


WRONG: list[tuple[str, dict[str, Any]]] = [
    (r"dataset: expected __getitem__", dict(dataset=5)),
    (r"num_workers: expected 0 or more, got -1", dict(num_workers=-1)),
    (r"prefetch_factor: expected 1 or more, got 0", dict(prefetch_factor=0)),
    (r"timeout: expected 0 or more", dict(timeout=-1)),
    (r"worker_type: .*'fiber'", dict(worker_type="fiber")),
    (r"batch_sampler: expected None", dict(batch_sampler=[[1]], batch_size=2)),
    (r"batch_size: expected above 0, got 0", dict(batch_size=0)),
    (r"batch_size: expected an int, got float", dict(batch_size=1.5)),
    (r"drop_last: expected False", dict(batch_size=None, drop_last=True)),
    (r"IterableDataset gives its own order", dict(dataset=Stream(), shuffle=True)),
    (r"return_list", dict(return_list=False)),
]


@pytest.mark.parametrize("message, settings", WRONG)
def test_wrong_arguments(message: str, settings: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        io.DataLoader(**{"dataset": Info(), **settings})
    assert isinstance(caught.value, proa.ProaError)
