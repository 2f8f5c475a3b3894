"""Captured functions keep packed weights from call to call, and notice whatever writes them."""

from __future__ import annotations

import ctypes
import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest

import proa
from proa import nn


def kept() -> int:
    return proa.compiler.report().kept


def network() -> nn.Sequential:
    proa.seed(7)
    return nn.Sequential(nn.Conv2D(16, 32, 3, padding=1), nn.ReLU(), nn.Conv2D(32, 32, 3))


@pytest.fixture(autouse=True)
def off_the_tape():  # type: ignore[no-untyped-def]
    with proa.no_grad():
        yield


def test_weights_that_stay_are_packed_once() -> None:
    net = network()
    net.eval()
    call = proa.jit.to_static(net)
    before = kept()
    for batch in (5, 2, 3, 2, 4, 7):
        x = proa.randn([batch, 16, 12, 12])
        assert call(x).equal_all(net.forward(x))
    assert kept() == before + 1


def by_number(weight: proa.Tensor) -> None:
    weight[0] = 2.5


def in_place(weight: proa.Tensor) -> None:
    weight.scale_(0.5)


def through_a_view(weight: proa.Tensor) -> None:
    weight.reshape([-1])[3:7].fill_(9.0)


def as_a_whole(weight: proa.Tensor) -> None:
    weight.set_value(np.full(weight.shape, 0.25, np.float32))


def through_numpy(weight: proa.Tensor) -> None:
    weight.detach().numpy()[...] *= 3


def through_dlpack(weight: proa.Tensor) -> None:
    np.from_dlpack(weight.detach()).reshape(-1)[:5] = 4


def at_its_address(weight: proa.Tensor) -> None:
    ctypes.c_float.from_address(weight.data_ptr()).value = 77.0


WRITES = [
    by_number, in_place, through_a_view, as_a_whole, through_numpy, through_dlpack, at_its_address,
]  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_seen(write: Callable[[proa.Tensor], None]) -> None:
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    for _ in range(3):
        call(x)
    before = call(x).numpy()
    write(net[2].weight)
    for _ in range(3):
        assert call(x).equal_all(net.forward(x))
    assert not np.array_equal(call(x).numpy(), before)


def test_an_array_in_other_hands_is_read_at_every_call() -> None:
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    for _ in range(3):
        call(x)
    view = net[0].weight.detach().numpy()
    before = kept()
    for number in range(4):
        view[number] = number
        assert call(x).equal_all(net.forward(x))
    assert kept() == before
    del view
    for _ in range(3):
        assert call(x).equal_all(net.forward(x))
    assert kept() == before + 1


def test_a_new_parameter_in_the_same_place() -> None:
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    for number in range(4):
        for _ in range(2):
            assert call(x).equal_all(net.forward(x))
        net[0].weight.set_value(proa.full_like(net[0].weight, number))
        state = {name: value.clone() for name, value in net.state_dict().items()}
        net.set_state_dict(state)


def test_training_between_calls() -> None:
    net = network()
    call = proa.jit.to_static(net)
    optimizer = proa.optimizer.AdamW(1e-2, parameters=net.parameters())

    @proa.jit.to_static
    def step(x: proa.Tensor) -> proa.Tensor:
        loss = net.forward(x).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        return loss

    x = proa.randn([2, 16, 9, 9])
    for _ in range(4):
        with proa.enable_grad():
            step(x)
        for _ in range(3):
            assert call(x).equal_all(net.forward(x))


def test_many_threads_share_what_is_kept() -> None:
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    expected = net.forward(x).numpy()
    call(x)
    wrong: list[int] = []

    def work(index: int) -> None:
        with proa.no_grad():
            for _ in range(30):
                if not np.array_equal(call(x).numpy(), expected):
                    wrong.append(index)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_kept_goes_with_the_function() -> None:
    gc.collect()
    before = proa.memory_allocated()
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    call(x)
    unpacked = proa.memory_allocated()
    for _ in range(2):
        call(x)
    assert proa.memory_allocated() >= unpacked + 4 * (16 + 32) * 32 * 9
    del call, net, x
    gc.collect()
    assert proa.memory_allocated() <= before


def test_a_limit_of_memory_keeps_nothing() -> None:
    net = network()
    call = proa.jit.to_static(net)
    x = proa.randn([2, 16, 9, 9])
    expected = net.forward(x)
    call(x)
    proa.empty_cache()
    before = kept()
    proa.set_memory_limit(proa.memory_allocated() + 60_000)  # for results, not for packed weights
    try:
        for _ in range(3):
            assert call(x).equal_all(expected)
    finally:
        proa.set_memory_limit(None)
    assert kept() == before


def test_a_budget_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for budget, variable in ((1 << 30, "1"), (None, "0")):
        monkeypatch.setenv("PROA_KEEP_WEIGHTS", variable)
        net = network()
        call = proa.jit.to_static(net, memory_budget=budget)
        x = proa.randn([2, 16, 9, 9])
        before = kept()
        for _ in range(3):
            assert call(x).equal_all(net.forward(x))
        assert kept() == before
