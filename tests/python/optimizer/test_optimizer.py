"""Every optimizer against PyTorch's numbers (golden.json) or the paper's formula in NumPy."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import proa
from proa import optimizer as opt

Array = np.ndarray[Any, np.dtype[Any]]
GOLDEN = json.loads(pathlib.Path(__file__).with_name("golden.json").read_text())


def start() -> Array:
    """The first value of the parameter, as make_golden.py has it."""
    return np.sin(np.arange(12, dtype=np.float64) * 0.7 + 0.3).reshape(3, 4)


def gradient(step: int) -> Array:
    """The gradient of a step, as make_golden.py has it."""
    index = np.arange(12, dtype=np.float64)
    return (np.cos(index * 1.3 + step * 0.9) * (0.5 + 0.25 * step)).reshape(3, 4)


def parameter(value: Array | None = None, dtype: str = "float64") -> Any:
    value = start() if value is None else value
    return proa.to_tensor(value.astype(dtype), stop_gradient=False)


def run(make: Callable[[list[Any]], Any], steps: int, dtype: str = "float64") -> Array:
    """The parameter after `steps` steps of the optimizer that `make` builds."""
    param = parameter(dtype=dtype)
    optimizer = make([param])
    for step in range(steps):
        param.grad = proa.to_tensor(gradient(step).astype(dtype))
        optimizer.step()
    result: Array = param.numpy()
    return result


MAKERS: dict[str, Callable[[list[Any]], Any]] = {
    "sgd": lambda p: opt.SGD(0.1, p),
    "sgd_decay": lambda p: opt.SGD(0.1, p, weight_decay=0.05),
    "momentum": lambda p: opt.Momentum(0.05, 0.9, p),
    "momentum_decay": lambda p: opt.Momentum(0.05, 0.8, p, weight_decay=0.1),
    "nesterov": lambda p: opt.Momentum(0.05, 0.9, p, use_nesterov=True),
    "adam": lambda p: opt.Adam(0.05, parameters=p),
    "adam_decay": lambda p: opt.Adam(0.05, 0.8, 0.99, 1e-6, p, 0.1),
    "adam_amsgrad": lambda p: opt.Adam(0.05, parameters=p, amsgrad=True),
    "adamw": lambda p: opt.AdamW(0.05, parameters=p, weight_decay=0.2),
    "adamw_amsgrad": lambda p: opt.AdamW(0.05, parameters=p, weight_decay=0.2, amsgrad=True),
    "adamax": lambda p: opt.Adamax(0.05, parameters=p),
    "nadam": lambda p: opt.NAdam(0.05, parameters=p),
    "radam": lambda p: opt.RAdam(0.05, parameters=p),
    "radam_short": lambda p: opt.RAdam(lr=0.05, params=p, betas=(0.9, 0.9)),
    "adagrad": lambda p: opt.Adagrad(0.1, 1e-6, p, initial_accumulator_value=0.1),
    "adadelta": lambda p: opt.Adadelta(1.0, 1e-5, 0.9, p, weight_decay=None),
    "rprop": lambda p: opt.Rprop(0.01, (1e-5, 50.0), p, (0.5, 1.2)),
}


@pytest.mark.parametrize("name", sorted(GOLDEN["optimizers"]))
def test_same_as_pytorch_in_float64(name: str) -> None:
    result = run(MAKERS[name], GOLDEN["steps"])
    # PyTorch keeps NAdam's product of momenta in float32.
    rtol = 1e-7 if name == "nadam" else 1e-11
    np.testing.assert_allclose(result.ravel(), GOLDEN["optimizers"][name], rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", sorted(GOLDEN["optimizers"]))
def test_same_as_pytorch_in_float32(name: str) -> None:
    result = run(MAKERS[name], GOLDEN["steps"], "float32")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.ravel(), GOLDEN["optimizers"][name], rtol=2e-5, atol=2e-6)


def test_complex_parameters_step_as_pairs() -> None:
    value = start() + 1j * start()[::-1]
    param = proa.to_tensor(value, stop_gradient=False)
    optimizer = opt.Adam(0.05, parameters=[param])
    for step in range(GOLDEN["steps"]):
        param.grad = proa.to_tensor(gradient(step) + 1j * gradient(step + 3))
        optimizer.step()
    pairs = param.numpy().view(np.float64).ravel()
    np.testing.assert_allclose(pairs, GOLDEN["complex_adam"], rtol=1e-11, atol=1e-12)


def test_lamb_is_the_papers_algorithm() -> None:
    rate, decay, beta1, beta2, epsilon = 0.05, 0.1, 0.9, 0.999, 1e-6
    result = run(lambda p: opt.Lamb(rate, decay, beta1, beta2, epsilon, p), 8)
    x = start()
    m = v = np.zeros_like(x)
    for step in range(8):
        g = gradient(step)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1 ** (step + 1)), v / (1 - beta2 ** (step + 1))
        r = m_hat / (np.sqrt(v_hat) + epsilon) + decay * x
        x = x - rate * np.linalg.norm(x) / np.linalg.norm(r) * r
    np.testing.assert_allclose(result, x, rtol=1e-12)


def test_lamb_excluded_parameters_do_not_decay_and_zeros_step_unscaled() -> None:
    param = proa.to_tensor(np.zeros(3), stop_gradient=False)
    param.grad = proa.to_tensor(np.array([1.0, -2.0, 3.0]))
    opt.Lamb(0.1, 0.5, parameters=[param], exclude_from_weight_decay_fn=lambda p: True).step()
    np.testing.assert_allclose(param.numpy(), [-0.1, 0.1, -0.1], rtol=1e-5)


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_is_the_formula(centered: bool) -> None:
    result = run(lambda p: opt.RMSProp(0.02, 0.9, 1e-6, 0.7, centered, p), 8)
    x = start()
    square = mean = velocity = np.zeros_like(x)
    for step in range(8):
        g = gradient(step)
        square = 0.9 * square + 0.1 * g**2
        mean = 0.9 * mean + 0.1 * g
        spread = square - mean**2 if centered else square
        velocity = 0.7 * velocity + 0.02 * g / np.sqrt(spread + 1e-6)
        x = x - velocity
    np.testing.assert_allclose(result, x, rtol=1e-11)


def test_asgd_steps_along_the_mean_of_the_last_batches() -> None:
    result = run(lambda p: opt.ASGD(0.1, 3, p), 8)
    x = start()
    for step in range(8):
        last = [gradient(s) for s in range(max(0, step - 2), step + 1)]
        x = x - 0.1 * np.mean(last, axis=0)
    np.testing.assert_allclose(result, x, rtol=1e-12)


def test_l1_and_l2_decay_and_the_parameters_own_regularizer() -> None:
    def stepped(decay: Any, own: Any = None) -> Any:
        param = parameter()
        if own is not None:
            param.regularizer = own
        param.grad = proa.to_tensor(gradient(0))
        opt.RMSProp(0.1, parameters=[param], weight_decay=decay).step()
        return param.numpy()

    def expected(grad: Any) -> Any:
        return start() - 0.1 * grad / np.sqrt(0.05 * grad**2 + 1e-6)

    x, g = start(), gradient(0)
    l1, l2 = proa.regularizer.L1Decay, proa.regularizer.L2Decay
    np.testing.assert_allclose(stepped(0.3), expected(g + 0.3 * x), rtol=1e-12)
    np.testing.assert_allclose(stepped(l2(0.3)), expected(g + 0.3 * x), rtol=1e-12)
    np.testing.assert_allclose(stepped(l1(0.3)), expected(g + 0.3 * np.sign(x)), rtol=1e-12)


def test_groups_have_their_own_rate_decay_and_betas() -> None:
    first, second = parameter(), parameter()
    optimizer = opt.Adam(
        0.1,
        parameters=[
            {"params": [first]},
            {"params": [second], "learning_rate": 0.5, "weight_decay": 0.1, "beta1": 0.8},
        ],
    )
    alone = parameter()
    reference = opt.Adam(0.05, 0.8, parameters=[alone], weight_decay=0.1)
    for step in range(3):
        for param in (first, second, alone):
            param.grad = proa.to_tensor(gradient(step))
        optimizer.step()
        reference.step()
    np.testing.assert_array_equal(second.numpy(), alone.numpy())
    assert np.abs(first.numpy() - second.numpy()).max() > 0.01
    assert [group["learning_rate"] for group in optimizer.param_groups] == [1.0, 0.5]


def test_gradients_are_clipped_before_the_step_and_each_group_by_its_own_clip() -> None:
    def halve(pairs: list[Any]) -> list[Any]:
        return [(param, grad * 0.5) for param, grad in pairs]

    clipped, free = parameter(), parameter()
    for param in (clipped, free):
        param.grad = proa.to_tensor(gradient(0))
    opt.SGD(1.0, parameters=[{"params": [clipped], "grad_clip": halve}, {"params": [free]}]).step()
    x, g = start(), gradient(0)
    np.testing.assert_allclose(clipped.numpy(), x - 0.5 * g, rtol=1e-14)
    np.testing.assert_allclose(free.numpy(), x - g, rtol=1e-14)


def test_adamw_decays_only_where_asked_and_scales_rates_by_parameter() -> None:
    kept, decayed = parameter(), parameter()
    kept.name, decayed.name = "kept", "decayed"
    zero = proa.to_tensor(np.zeros((3, 4)))
    kept.grad = decayed.grad = zero
    opt.AdamW(
        0.1,
        parameters=[kept, decayed],
        weight_decay=0.5,
        apply_decay_param_fun=lambda name: name == "decayed",
    ).step()
    np.testing.assert_array_equal(kept.numpy(), start())
    np.testing.assert_allclose(decayed.numpy(), start() * 0.95, rtol=1e-14)

    slow = parameter()
    slow.grad = proa.to_tensor(gradient(0))
    opt.AdamW(0.1, parameters=[slow], weight_decay=0.0, lr_ratio=lambda p: 0.1).step()
    np.testing.assert_allclose(slow.numpy(), start() - 0.01 * np.sign(gradient(0)), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_master_weights_keep_what_half_precision_rounds_away(dtype: str) -> None:
    def stepped(multi_precision: bool) -> Any:
        param = proa.to_tensor(np.ones(4, np.float32)).astype(dtype).detach()
        param.stop_gradient = False
        optimizer = opt.SGD(1.0, parameters=[param], multi_precision=multi_precision)
        for _ in range(64):
            param.grad = proa.to_tensor(np.full(4, 1e-4, np.float32)).astype(dtype)
            optimizer.step()
        assert param.dtype == dtype
        return param.astype("float32").numpy(), optimizer

    without, _ = stepped(False)
    kept, optimizer = stepped(True)
    np.testing.assert_array_equal(without, np.ones(4, np.float32))
    np.testing.assert_allclose(kept, 1.0 - 64e-4, atol=4e-3)
    assert (kept < 1.0).all()
    (master,) = optimizer.state_dict()["master_weights"].values()
    np.testing.assert_allclose(master.numpy(), 1.0 - 64e-4, rtol=1e-4)


def test_frozen_and_untouched_parameters_stay() -> None:
    frozen, untouched = parameter(), parameter()
    frozen.grad = proa.to_tensor(gradient(0))
    frozen.stop_gradient = True
    optimizer = opt.Adam(0.1, parameters=[frozen, untouched])
    optimizer.step()
    for param in (frozen, untouched):
        np.testing.assert_array_equal(param.numpy(), start())


def test_minimize_and_clear_grad() -> None:
    param = proa.to_tensor(np.array([3.0]), stop_gradient=False)
    optimizer = opt.SGD(0.1, parameters=[param])
    with pytest.raises(RuntimeError, match="backward"):
        optimizer.minimize((param * param).sum())
    for expected in (2.4, 1.92):
        loss = (param * param).sum()
        loss.backward()
        _, pairs = optimizer.minimize(loss)
        assert pairs[0][0] is param
        optimizer.clear_grad()
        np.testing.assert_allclose(param.numpy(), [expected], rtol=1e-14)
    assert not param.grad.numpy().any()
    optimizer.zero_grad()
    assert param.grad is None


def test_an_update_is_in_place() -> None:
    param = parameter()
    alias, name = param, param.name
    param.grad = proa.to_tensor(gradient(0))
    opt.Adam(0.1, parameters=[param]).step()
    assert alias is param and param.name == name and not param.stop_gradient


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_resumed_to_the_same_bits(name: str) -> None:
    whole = run(MAKERS[name], 9)
    param = parameter()
    optimizer = MAKERS[name]([param])
    for step in range(4):
        param.grad = proa.to_tensor(gradient(step))
        optimizer.step()
    resumed = parameter(param.numpy())
    again = MAKERS[name]([resumed])
    again.set_state_dict(optimizer.state_dict())
    for step in range(4, 9):
        resumed.grad = proa.to_tensor(gradient(step))
        again.step()
    np.testing.assert_array_equal(resumed.numpy(), whole)


def test_state_has_paddles_names_and_the_schedulers_state() -> None:
    param = parameter()
    param.name = "linear_0.w_0"
    scheduler = opt.lr.StepDecay(0.1, 2)
    optimizer = opt.Adam(scheduler, parameters=[param])
    param.grad = proa.to_tensor(gradient(0))
    optimizer.step()
    scheduler.step()
    state = optimizer.state_dict()
    assert sorted(state) == [
        "LR_Scheduler",
        "linear_0.w_0_beta1_pow_acc_0",
        "linear_0.w_0_beta2_pow_acc_0",
        "linear_0.w_0_moment1_0",
        "linear_0.w_0_moment2_0",
        "param_names",
    ]
    assert state["LR_Scheduler"] == {"last_epoch": 1, "last_lr": 0.1}
    other = opt.Adam(opt.lr.StepDecay(0.1, 2), parameters=[param])
    other.set_state_dict(state)
    assert other._learning_rate.last_epoch == 1


def test_set_lr_and_schedulers() -> None:
    param = parameter()
    optimizer = opt.SGD(0.5, parameters=[param])
    optimizer.set_lr(0.25)
    assert optimizer.get_lr() == 0.25
    optimizer.set_lr_scheduler(opt.lr.ExponentialDecay(0.1, 0.5))
    assert optimizer.get_lr() == 0.1
    with pytest.raises(RuntimeError, match="ExponentialDecay"):
        optimizer.set_lr(0.3)


WRONG: list[tuple[type[Exception], str, Callable[[Any], Any]]] = [
    (TypeError, r"\[SGD\] parameters: .*got None", lambda p: opt.SGD(0.1)),
    (TypeError, r"\[SGD\] parameters: .*single Tensor", lambda p: opt.SGD(0.1, p)),
    (ValueError, r"\[SGD\] parameters: .*empty", lambda p: opt.SGD(0.1, [])),
    (TypeError, r"\[SGD\] parameters: .*got int", lambda p: opt.SGD(0.1, [1])),
    (ValueError, r"\[SGD\] parameters: .*twice", lambda p: opt.SGD(0.1, [p, p])),
    (TypeError, r"\[SGD\] learning_rate: .*got str", lambda p: opt.SGD("fast", [p])),
    (TypeError, r"\[SGD\] unexpected argument 'rate'", lambda p: opt.SGD(0.1, [p], rate=1)),
    (
        TypeError,
        r"\[Adam\] weight_decay: .*got str",
        lambda p: opt.Adam(parameters=[p], weight_decay="a"),
    ),
    (
        TypeError,
        r"\[AdamW\] weight_decay: .*got NoneType",
        lambda p: opt.AdamW(parameters=[p], weight_decay=None),
    ),
    (
        TypeError,
        r"\[Adam\] grad_clip: .*got float",
        lambda p: opt.Adam(parameters=[p], grad_clip=1.0),
    ),
    (ValueError, r"\[Adam\] beta1: .*got 1.5", lambda p: opt.Adam(parameters=[p], beta1=1.5)),
    (ValueError, r"\[Adam\] epsilon: .*got -1", lambda p: opt.Adam(parameters=[p], epsilon=-1.0)),
    (
        ValueError,
        r"\[Adam\] parameters: .*\['betas'\]",
        lambda p: opt.Adam(parameters=[{"params": [p], "betas": 1}]),
    ),
    (
        TypeError,
        r"\[Adam\] parameters: .*'params'",
        lambda p: opt.Adam(parameters=[{"param": [p]}]),
    ),
    (ValueError, r"\[Rprop\] etas", lambda p: opt.Rprop(parameters=[p], etas=(1.2, 0.5))),
    (ValueError, r"\[ASGD\] batch_num", lambda p: opt.ASGD(batch_num=0, parameters=[p])),
]


@pytest.mark.parametrize("kind, message, make", WRONG)
def test_wrong_arguments(kind: type[Exception], message: str, make: Callable[[Any], Any]) -> None:
    with pytest.raises(kind, match=message) as caught:
        make(parameter())
    assert isinstance(caught.value, proa.ProaError)


def test_wrong_state() -> None:
    param = parameter()
    param.name = "w"
    param.grad = proa.to_tensor(gradient(0))
    adam = opt.Adam(parameters=[param])
    adam.step()
    state = adam.state_dict()
    with pytest.raises(ValueError, match="keys that this optimizer does not have.*beta1_pow"):
        opt.SGD(parameters=[param]).set_state_dict(state)
    with pytest.raises(ValueError, match="2 parameters, got 1"):
        opt.Adam(parameters=[param, parameter()]).set_state_dict(state)
    with pytest.raises(ValueError, match=r"missing \['w_moment2_0'\]"):
        opt.Adam(parameters=[param]).set_state_dict(
            {key: value for key, value in state.items() if key != "w_moment2_0"}
        )
    with pytest.raises(ValueError, match=r"w_moment1_0: expected shape \[3, 4\], got \[2\]"):
        opt.Adam(parameters=[param]).set_state_dict(
            {**state, "w_moment1_0": proa.to_tensor(np.zeros(2))}
        )
