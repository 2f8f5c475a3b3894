"""Checkpoints: what was saved comes back, and nothing that interrupts a save costs the last one."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from proa.checkpoint import CheckpointFolder

import proa
from proa import _proa, nn


def state_of(step: int) -> dict[str, Any]:
    """A state that tells its step in every part."""
    return {
        "model": {"w": proa.full([300], float(step)), "b": np.full(7, step)},
        "progress": {"step": step, "losses": [0.5, float(step)], "note": f"step {step}"},
    }


def is_state_of(step: int, state: dict[str, Any]) -> bool:
    return (
        list(state) == ["model", "progress"]
        and bool((state["model"]["w"].numpy() == step).all())
        and bool((state["model"]["b"] == step).all())
        and state["progress"] == state_of(step)["progress"]
    )


@pytest.fixture(autouse=True)
def no_faults() -> Any:
    yield
    _proa._fail_file_calls(-1, 0, False)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_newest_stay_and_come_back(tmp_path: pathlib.Path, asynchronous: bool) -> None:
    with CheckpointFolder(tmp_path / "run", keep=3, asynchronous=asynchronous) as folder:
        assert folder.latest() is None and folder.steps() == []
        for step in (1, 5, 20, 100, 123456789):
            folder.save(step, state_of(step), {"epoch": step * 2})
    assert folder.steps() == [20, 100, 123456789]
    info = folder.latest()
    assert info is not None and info.step == 123456789 and info.metadata == {"epoch": 246913578}
    assert is_state_of(123456789, folder.load())
    assert is_state_of(20, folder.load(20))
    folder.save(100, state_of(7))
    assert is_state_of(7, folder.load(100))
    assert sorted(os.listdir(tmp_path / "run")) == [
        ".lock",
        "step_00000020",
        "step_00000100",
        "step_123456789",
    ]
    with pytest.raises(OSError, match="step_00000001"):
        folder.load(1)


def test_training_resumes_with_the_same_bits(tmp_path: pathlib.Path) -> None:
    def build() -> tuple[Any, ...]:
        proa.seed(5)
        net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1D(8), nn.Dropout(0.4), nn.Linear(8, 3))
        rate = proa.optimizer.lr.StepDecay(0.05, 2, 0.5)
        adam = proa.optimizer.AdamW(rate, parameters=net.parameters())
        return net, rate, adam

    def step(parts: tuple[Any, ...], k: int) -> bytes:
        net, rate, adam = parts
        data = np.random.default_rng(k).standard_normal((9, 6), dtype=np.float32)
        loss = (net(proa.to_tensor(data)) ** 2).mean()
        loss.backward()
        adam.step()
        adam.clear_grad()
        rate.step()
        return bytes(loss.numpy().tobytes())

    whole = build()
    straight = [step(whole, k) for k in range(8)]
    first = build()
    folder = CheckpointFolder(tmp_path / "run")
    made = [step(first, k) for k in range(4)]
    net, rate, adam = first
    folder.save(
        4,
        {
            "model": net.state_dict(),
            "optimizer": adam.state_dict(),
            "rate": rate.state_dict(),
            "random": {"state": proa.get_rng_state()},
        },
    )
    folder.wait()
    proa.seed(99)
    proa.randn([3])
    again = build()
    state = folder.load()
    again[0].set_state_dict(state["model"])
    again[2].set_state_dict(state["optimizer"])
    again[1].set_state_dict(state["rate"])
    proa.set_rng_state(state["random"]["state"])
    assert made + [step(again, k) for k in range(4, 8)] == straight
    assert all(
        a.numpy().tobytes() == b.numpy().tobytes()
        for a, b in zip(whole[0].state_dict().values(), again[0].state_dict().values(), strict=True)
    )


def test_what_is_saved_is_what_was_there_at_the_call(tmp_path: pathlib.Path) -> None:
    folder = CheckpointFolder(tmp_path)
    w, b = proa.zeros([1 << 20]), np.zeros(1 << 20)
    for step in range(5):
        folder.save(step, {"all": {"w": w, "b": b}})
        w.add_(proa.ones([1 << 20]))
        b += 1
    folder.wait()
    for step in folder.steps():
        state = folder.load(step)["all"]
        assert bool((state["w"].numpy() == step).all()) and bool((state["b"] == step).all())


def test_two_writers_take_turns(tmp_path: pathlib.Path) -> None:
    folders = [CheckpointFolder(tmp_path, keep=None, asynchronous=False) for _ in range(2)]

    def write(i: int) -> None:
        for step in range(i, 20, 2):
            folders[i].save(step, state_of(step))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert folders[0].steps() == list(range(20))
    assert all(is_state_of(step, folders[0].load(step)) for step in range(20))


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("replaced", [False, True])
def test_each_call_to_the_system_that_fails_leaves_the_last_one(
    tmp_path: pathlib.Path, error: int, replaced: bool
) -> None:
    folder = CheckpointFolder(tmp_path, keep=1, asynchronous=False)
    folder.save(1, state_of(1))
    failures = 0
    for number in range(100):
        _proa._fail_file_calls(number, error, error == errno.ENOSPC)
        try:
            folder.save(1 if replaced else 2, state_of(1 if replaced else 2))
            break
        except OSError:
            failures += 1
        finally:
            _proa._fail_file_calls(-1, 0, False)
        state = CheckpointFolder(tmp_path).load()
        assert is_state_of(1, state) or is_state_of(2, state), number
        if is_state_of(2, state):  # renamed, and then the folder's flush failed
            assert number > 8
            os.rename(tmp_path / "step_00000002", tmp_path / ".step_00000002.tmp")
            folder.save(1, state_of(1))
    assert failures >= 12  # three files: write, fsync, rename, fsync; and the folder's own
    folder.save(3, state_of(3))
    assert folder.steps() == [3] and is_state_of(3, folder.load())


def test_an_error_behind_is_raised_at_the_next_call(tmp_path: pathlib.Path) -> None:
    folder = CheckpointFolder(tmp_path)
    folder.save(1, state_of(1))
    folder.wait()
    _proa._fail_file_calls(3, errno.ENOSPC, True)
    folder.save(2, state_of(2))
    with pytest.raises(OSError, match="No space left"):
        folder.wait()
    _proa._fail_file_calls(-1, 0, False)
    folder.save(3, state_of(3))
    folder.wait()
    assert folder.steps() == [1, 3] and is_state_of(3, folder.load())


def test_damage_is_left_out(tmp_path: pathlib.Path) -> None:
    folder = CheckpointFolder(tmp_path, keep=None, asynchronous=False)
    for step in range(6):
        folder.save(step, state_of(step))
    file = tmp_path / "step_00000005" / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-5] ^= 4
    file.write_bytes(data)
    (tmp_path / "step_00000004" / "progress.safetensors").unlink()
    manifest = tmp_path / "step_00000003" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"step": 3', b'"step": 2'))
    (tmp_path / "step_00000002" / "manifest.json").write_bytes(b"")
    file = tmp_path / "step_00000001" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="checkpoint of step . is left out"):
        assert is_state_of(0, folder.load())
    reasons = {5: "checksum", 4: "progress", 3: "checksum", 2: "checksum", 1: "bytes"}
    for step, reason in reasons.items():
        with pytest.raises(OSError, match=reason):
            folder.load(step)
    later = {"format": 2, "step": 0}
    body = json.dumps(later).encode()
    head = b"proa checkpoint, CRC-32C %08x\n" % _proa._checksum(body)
    (tmp_path / "step_00000000" / "manifest.json").write_bytes(head + body)
    with pytest.raises(OSError, match="it is of version 2"):
        folder.load(0)


def test_refusals(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="keep: expected None or at least 1"):
        CheckpointFolder(tmp_path, keep=0)
    folder = CheckpointFolder(tmp_path)
    with pytest.raises(ValueError, match="step: expected a number from 0 on"):
        folder.save(-1, {})
    with pytest.raises(TypeError, match="state: expected a dict"):
        folder.save(1, [3])  # type: ignore[arg-type]
    for name in ("../x", "", ".hidden", "a/b"):
        with pytest.raises(ValueError, match="expected names of letters"):
            folder.save(1, {name: 1})
    with pytest.raises(TypeError, match="expected tensors, arrays"):
        folder.save(1, {"a": object()})
    with pytest.raises(OSError, match="there is no whole checkpoint"):
        folder.load()


WRITER = """
import os, sys, time
sys.path.insert(0, {tests!r})
from test_checkpoint import state_of, is_state_of
from proa.checkpoint import CheckpointFolder
import random, signal
path, count, asynchronous = {path!r}, {count}, {asynchronous}
random.seed({seed})
trial = CheckpointFolder(path + " (trial)", asynchronous=False)
trial.save(0, state_of(0))
begin = time.perf_counter()
trial.save(1, state_of(1))
usual = time.perf_counter() - begin
last = 0
for round in range(count):
    child = os.fork()
    if child == 0:
        folder = CheckpointFolder(path, keep=2, asynchronous=asynchronous)
        step = last
        while True:
            step += 1
            folder.save(step, state_of(step))
    time.sleep(random.uniform(0.0, 4 * usual + 0.15))  # a busy machine begins late
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    folder = CheckpointFolder(path, keep=2)
    steps = folder.steps()
    found = [step for step in steps if is_state_of(step, folder.load(step))]
    assert found == steps and (not steps or steps[-1] >= last), (round, steps, last)
    assert not last or steps, (round, last)
    last = steps[-1] if steps else 0
print("survived", count, "at step", last)
"""


def kill_writers(path: pathlib.Path, count: int, asynchronous: bool) -> int:
    code = WRITER.format(
        tests=str(pathlib.Path(__file__).parent),
        path=str(path),
        count=count,
        asynchronous=asynchronous,
        seed=count,
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("asynchronous", [False, True])
def test_killed_writers_leave_the_last_one(tmp_path: pathlib.Path, asynchronous: bool) -> None:
    assert kill_writers(tmp_path, 30, asynchronous) > 5


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_two_thousand_killed_writers(tmp_path: pathlib.Path, asynchronous: bool) -> None:
    """Each way a thousand; on a busy machine that takes minutes."""
    assert kill_writers(tmp_path / "folder", 1000, asynchronous) > 100
