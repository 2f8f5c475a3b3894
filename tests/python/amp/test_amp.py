"""Mixed precision: what is cast where, and how the loss scale moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import proa
from proa import amp
from proa import optimizer as opt

HALF = ["float16", "bfloat16"]


def square(seed: int = 0) -> Any:
    return proa.to_tensor(np.random.default_rng(seed).random((4, 4)).astype(np.float32))


@pytest.mark.parametrize("dtype", HALF)
def test_white_operators_run_in_16_bits_and_black_ones_in_float32(dtype: str) -> None:
    x = square()
    with amp.auto_cast(dtype=dtype):
        product = proa.matmul(x, x)
        assert product.dtype == dtype
        assert proa.nn.functional.softmax(product).dtype == "float32"
        assert (x + x).dtype == "float32"
        assert proa.matmul(x.astype("float64"), x.astype("float64")).dtype == "float64"
        with amp.auto_cast(enable=False):
            assert proa.matmul(x, x).dtype == "float32"
        assert proa.matmul(x, x).dtype == dtype
    assert proa.matmul(x, x).dtype == "float32"
    np.testing.assert_allclose(product.astype("float32").numpy(), x.numpy() @ x.numpy(), rtol=2e-2)


def test_level_o2_casts_all_but_the_black_list() -> None:
    x = square()
    with amp.auto_cast(level="O2", dtype="bfloat16"):
        assert (x + x).dtype == "bfloat16"
        assert proa.nn.functional.softmax(x).dtype == "float32"
    with amp.auto_cast(level="O0"):
        assert proa.matmul(x, x).dtype == "float32"


def test_custom_lists_go_before_the_defaults() -> None:
    x = square()
    with amp.auto_cast(custom_white_list=["softmax"], custom_black_list={"matmul"}):
        assert proa.matmul(x, x).dtype == "float32"
        assert proa.nn.functional.softmax(x).dtype == "float16"


def test_decorator_exceptions_and_torchs_name() -> None:
    x = square()

    @amp.auto_cast(dtype="bfloat16")
    def product() -> Any:
        return proa.matmul(x, x)

    assert product().dtype == "bfloat16"
    assert proa.matmul(x, x).dtype == "float32"
    with pytest.raises(ZeroDivisionError), amp.autocast("cpu"):
        assert proa.matmul(x, x).dtype == "bfloat16"
        raise ZeroDivisionError
    assert proa.matmul(x, x).dtype == "float32"


def test_each_thread_has_its_own_switch() -> None:
    x, seen = square(), []
    with amp.auto_cast():
        thread = threading.Thread(target=lambda: seen.append(proa.matmul(x, x).dtype))
        thread.start()
        thread.join()
    assert seen[0] == "float32"


@pytest.mark.parametrize("dtype", HALF)
def test_gradients_have_the_type_of_the_parameters(dtype: str) -> None:
    weight = square(1)
    weight.stop_gradient = False
    with amp.auto_cast(dtype=dtype):
        loss = proa.matmul(square(), weight).sum()
    loss.backward()
    assert weight.grad.dtype == "float32"
    expected = np.repeat(square().numpy().sum(0)[:, None], 4, 1)
    np.testing.assert_allclose(weight.grad.numpy(), expected, rtol=1e-2)


def small_model() -> Any:
    proa.seed(0)
    nn = proa.nn
    return nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 2))


@pytest.mark.parametrize("dtype", HALF)
def test_decorate_casts_all_but_normalisations_and_trains(dtype: str) -> None:
    model = small_model()
    weight = model[0].weight
    adam = opt.AdamW(0.01, parameters=model.parameters())
    model, adam = amp.decorate(model, adam, level="O2", dtype=dtype, save_dtype="float32")
    assert model[0].weight is weight and weight.dtype == dtype
    assert model[1].weight.dtype == "float32" and model[3].bias.dtype == dtype
    assert all(tensor.dtype == "float32" for tensor in model.state_dict().values())
    scaler = amp.GradScaler(init_loss_scaling=128.0)
    x, y = square(), proa.to_tensor(np.eye(4, 2, dtype=np.float32))
    losses = []
    for _ in range(30):
        with amp.auto_cast(level="O2", dtype=dtype):
            loss = proa.nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(adam)
        scaler.update()
        adam.clear_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert adam._master[id(weight)].dtype == "float32"


def test_decorate_leaves_what_is_excluded() -> None:
    model = small_model()
    amp.decorate(model, level="O2", excluded_layers=[model[3]])
    assert [model[i].weight.dtype == "float16" for i in (0, 1, 3)] == [True, False, False]
    model = small_model()
    assert amp.decorate([model], level="O2", excluded_layers=proa.nn.Linear) == [model]
    assert all(p.dtype == "float32" for p in model.parameters())
    assert amp.decorate(model, level="O1") is model


def scaled_step(scaler: Any, optimizer: Any, param: Any, gradient: float) -> None:
    scaler.scale((param * gradient).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    optimizer.clear_grad()


def test_scaled_steps_are_the_steps_without_and_overflow_is_skipped() -> None:
    param = proa.to_tensor(np.array([1.0, 2.0], np.float32), stop_gradient=False)
    optimizer = opt.SGD(0.5, parameters=[param])
    scaler = amp.GradScaler(init_loss_scaling=1024.0, incr_every_n_steps=2)
    scaled_step(scaler, optimizer, param, 1.0)
    np.testing.assert_array_equal(param.numpy(), [0.5, 1.5])
    scaled_step(scaler, optimizer, param, float("inf"))
    np.testing.assert_array_equal(param.numpy(), [0.5, 1.5])
    assert scaler.get_scale() == 512.0
    scaled_step(scaler, optimizer, param, float("nan"))
    assert scaler.get_scale() == 256.0
    scaled_step(scaler, optimizer, param, 1.0)
    scaled_step(scaler, optimizer, param, 1.0)
    np.testing.assert_array_equal(param.numpy(), [-0.5, 0.5])
    assert scaler.get_scale() == 512.0


def scales(make: Callable[[], Any], met: list[bool]) -> list[float]:
    scaler = make()
    result = []
    for found in met:
        scaler._found_inf = {0: found}
        scaler.update()
        result.append(scaler.get_scale())
    return result


def test_the_scales_dynamics() -> None:
    met = [False, False, False, True, False, True, True, False, False, False]
    make = lambda: amp.GradScaler(True, 8.0, 4.0, 0.5, 3, 2)  # noqa: E731
    assert scales(make, met) == [8, 8, 32, 32, 32, 32, 16, 16, 16, 64]
    lowest = lambda: amp.GradScaler(True, 2.0)  # noqa: E731
    assert scales(lowest, [True] * 3) == [1.0, 1.0, 1.0]
    fixed = lambda: amp.GradScaler(True, 8.0, use_dynamic_loss_scaling=False)  # noqa: E731
    assert scales(fixed, met) == [8.0] * 10


def test_unscale_before_a_clip() -> None:
    param = proa.to_tensor(np.array([1.0], np.float32), stop_gradient=False)
    optimizer = opt.SGD(1.0, parameters=[param])
    scaler = amp.GradScaler(init_loss_scaling=64.0)
    scaler.scale((3.0 * param).sum()).backward()
    scaler.unscale_(optimizer)
    np.testing.assert_array_equal(param.grad.numpy(), [3.0])
    with pytest.raises(RuntimeError, match="expected once"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    np.testing.assert_array_equal(param.numpy(), [-2.0])
    scaler.update()
    scaler.scale((3.0 * param).sum()).backward()
    scaler.minimize(optimizer, None)


def test_state_and_a_scaler_that_is_off() -> None:
    scaler = amp.GradScaler(init_scale=32.0, growth_interval=5)
    scaler._found_inf = {0: False}
    scaler.update()
    other = amp.GradScaler()
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()
    assert other.get_scale() == 32.0 and other.state_dict()["incr_count"] == 1
    off = amp.GradScaler(enabled=False)
    x = square()
    assert off.scale(x) is x and off.state_dict() == {} and off.get_scale() == 1.0
    with pytest.raises(ValueError, match="missing"):
        other.load_state_dict({"scale": 1.0})


WRONG: list[tuple[str, Callable[[], Any]]] = [
    (r"\[auto_cast\] level: .*'O3'", lambda: amp.auto_cast(level="O3")),
    (r"\[auto_cast\] dtype: .*'float32'", lambda: amp.auto_cast(dtype="float32")),
    (r"\[auto_cast\] custom_white_list: .*string", lambda: amp.auto_cast(True, "matmul")),
    (r"\[auto_cast\] .*in custom_black_list", lambda: amp.auto_cast(True, ["exp"], ["exp"])),
    (r"\[decorate\] level: .*'O0'", lambda: amp.decorate(None, level="O0")),
    (r"\[decorate\] models: .*NoneType", lambda: amp.decorate(None)),
    (r"\[GradScaler\] incr_ratio: .*above 1", lambda: amp.GradScaler(incr_ratio=1.0)),
    (r"\[GradScaler\] decr_ratio", lambda: amp.GradScaler(decr_ratio=1.0)),
    (r"\[GradScaler\] init_loss_scaling", lambda: amp.GradScaler(init_loss_scaling=0.0)),
    (r"\[GradScaler\] unexpected argument", lambda: amp.GradScaler(size=1)),  # type: ignore[call-arg]
    (r"\[GradScaler.scale\] var: .*float", lambda: amp.GradScaler().scale(1.0)),
]


@pytest.mark.parametrize("message, make", WRONG)
def test_wrong_arguments(message: str, make: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        make()
    assert isinstance(caught.value, proa.ProaError)
