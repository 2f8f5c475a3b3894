"""Random numbers and training are functions of seed, number of the call, and element alone: not of
threads, layout, what else was computed, or whether the run was cut in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from bits import LAYOUTS, bits

import proa
from proa import _proa, nn

DRAWS: dict[str, Callable[[list[int]], proa.Tensor]] = {
    "rand": lambda shape: proa.rand(shape),
    "uniform": lambda shape: proa.uniform(shape, min=-2.0, max=3.0),
    "randn": lambda shape: proa.randn(shape),
    "normal": lambda shape: proa.normal(1.0, 2.0, shape),
    "randint": lambda shape: proa.randint(0, 1000, shape),
    "bernoulli": lambda shape: proa.bernoulli(proa.full(shape, 0.3)),
    "dropout": lambda shape: nn.functional.dropout(proa.ones(shape), 0.4),
}
by_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
STATE = (1234, 17)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threads, state = _proa.get_num_threads(), _proa.get_rng_state()
    yield
    _proa.set_num_threads(threads)
    _proa.set_rng_state(state)


def drawn(draw: Callable[[list[int]], proa.Tensor], shape: list[int]) -> np.ndarray:
    _proa.set_rng_state(STATE)
    return np.array(draw(shape).numpy())


@by_draw
def test_threads_and_shape_change_no_number(draw: Callable[[list[int]], proa.Tensor]) -> None:
    _proa.set_num_threads(1)
    line = drawn(draw, [70_001])
    for count in (2, 3, 7):
        _proa.set_num_threads(count)
        assert np.array_equal(drawn(draw, [70_001]), line)
    assert np.array_equal(drawn(draw, [100, 700]).reshape(-1), line[:70_000])
    assert np.array_equal(drawn(draw, [13]), line[:13])
    assert np.unique(line).size > 1


@by_draw
def test_a_call_is_numbered_and_other_work_is_not(draw: Callable[[list[int]], proa.Tensor]) -> None:
    _proa.set_rng_state(STATE)
    first, second = bits(draw([257])), bits(draw([257]))
    assert first != second
    _proa.set_rng_state(STATE)
    assert bits(draw([257])) == first
    x = proa.ones([33])
    x.stop_gradient = False
    proa.sum(proa.exp(x) * proa.sort(x)).backward()  # nothing random in this
    assert bits(draw([257])) == second
    seed, calls = STATE
    _proa.set_rng_state((seed, calls + 1))  # the first call was removed
    assert bits(draw([257])) == second
    _proa.set_rng_state((seed + 1, calls))
    assert bits(draw([257])) != first


def test_words_are_philox_4x32_10() -> None:
    """The bits that are drawn, once more by Salmon et al. (2011) in plain Python."""
    got = drawn(DRAWS["rand"], [64])
    assert got.dtype == np.float32
    seed, calls = STATE
    for i, value in enumerate(got):
        block = i // 4
        counter = (block & 0xFFFFFFFF, block >> 32, calls & 0xFFFFFFFF, calls >> 32)
        word = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))[i % 4]
        assert value == np.float32(word >> 8) * np.float32(2.0**-24)


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    c, k, mask = list(counter), list(key), 0xFFFFFFFF
    for _ in range(10):
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(right >> 32) ^ c[1] ^ k[0], right & mask, (left >> 32) ^ c[3] ^ k[1], left & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return tuple(c)


def test_the_backward_of_dropout_uses_the_mask_of_its_forward() -> None:
    for layout in [lambda t: t, *LAYOUTS.values()]:
        _proa.set_rng_state(STATE)
        x = layout(proa.full([300, 301], 2.0)).detach()
        x.stop_gradient = False
        y = nn.functional.dropout(x, 0.4)
        proa.rand([5])  # a call in between
        proa.sum(y).backward()
        assert np.array_equal(x.grad.numpy() * 2, y.numpy())
        _proa.set_rng_state(STATE)
        assert bits(nn.functional.dropout(x, 0.4)) == bits(y)  # computed once more


OPTIMIZERS = {
    name: getattr(proa.optimizer, name)
    for name in ("SGD", "Momentum", "Adagrad", "RMSProp", "Adam", "AdamW", "Adamax", "Lamb")
    if hasattr(proa.optimizer, name)
}


class Training:
    """A small network with dropout, and all that its next step depends on."""

    def __init__(self, kind: type) -> None:
        _proa.set_rng_state((5, 0))
        self.model = nn.Sequential(
            nn.Linear(64, 130), nn.GELU(), nn.Dropout(0.2), nn.LayerNorm(130), nn.Linear(130, 8)
        )
        self.schedule = proa.optimizer.lr.StepDecay(0.01, step_size=3, gamma=0.5)
        self.optimizer = kind(
            learning_rate=self.schedule,
            parameters=self.model.parameters(),
            grad_clip=nn.ClipGradByGlobalNorm(0.5),
        )

    def steps(self, first: int, count: int) -> None:
        for step in range(first, first + count):
            rng = np.random.default_rng(step)
            x = proa.to_tensor(rng.standard_normal((600, 64)).astype(np.float32))
            label = proa.to_tensor(rng.integers(0, 8, 600))
            loss = nn.functional.cross_entropy(self.model(x), label)
            loss.backward()
            self.optimizer.step()
            self.optimizer.clear_grad()
            self.schedule.step()

    def weights(self) -> list[bytes]:
        return [bits(p) for p in self.model.parameters()]


@pytest.mark.parametrize("kind", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_has_one_answer(kind: type, tmp_path: Path) -> None:
    _proa.set_num_threads(1)
    straight = Training(kind)
    straight.steps(0, 8)
    for count in (2, 3, 7):
        _proa.set_num_threads(count)
        again = Training(kind)
        again.steps(0, 8)
        assert again.weights() == straight.weights(), f"{count} threads"

    cut = Training(kind)
    cut.steps(0, 4)
    file = str(tmp_path / "training.pdparams")
    state = {"model": cut.model.state_dict(), "optimizer": cut.optimizer.state_dict()}
    proa.save({**state, "schedule": cut.schedule.state_dict(), "rng": _proa.get_rng_state()}, file)

    resumed = Training(kind)
    saved = proa.load(file)
    resumed.model.set_state_dict(saved["model"])
    resumed.optimizer.set_state_dict(saved["optimizer"])
    resumed.schedule.set_state_dict(saved["schedule"])
    _proa.set_rng_state(tuple(saved["rng"]))
    resumed.steps(4, 4)
    assert resumed.weights() == straight.weights(), "resumed"
