"""Every scheduler against PyTorch's rates (golden.json) or its formula written out."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from proa.optimizer import lr

import proa

GOLDEN = json.loads(pathlib.Path(__file__).with_name("golden.json").read_text())
# make_golden.py: div_factor 20 and final_div_factor 50 of the highest rate 0.5
END = 0.5 / 20.0 / 50.0

MAKERS: dict[str, Callable[[], lr.LRScheduler]] = {
    "StepDecay": lambda: lr.StepDecay(0.5, 7, 0.3),
    "MultiStepDecay": lambda: lr.MultiStepDecay(0.5, [3, 10, 11], 0.3),
    "ExponentialDecay": lambda: lr.ExponentialDecay(0.5, 0.9),
    "LambdaDecay": lambda: lr.LambdaDecay(0.5, lambda epoch: 0.95**epoch),
    "MultiplicativeDecay": lambda: lr.MultiplicativeDecay(0.5, lambda epoch: 1.0 - 0.01 * epoch),
    "CosineAnnealingDecay": lambda: lr.CosineAnnealingDecay(0.5, 11, 0.01),
    "CosineAnnealingWarmRestarts": lambda: lr.CosineAnnealingWarmRestarts(0.5, 5, 2, 0.01),
    "CosineAnnealingWarmRestarts_equal": lambda: lr.CosineAnnealingWarmRestarts(0.5, 6),
    "LinearLR": lambda: lr.LinearLR(0.5, 9, 0.25, 0.9),
    "OneCycleLR": lambda: lr.OneCycleLR(0.5, 40, 20.0, END),
    "OneCycleLR_three": lambda: lr.OneCycleLR(0.5, 40, 20.0, END, 0.3, "linear", True),
    "CyclicLR_triangular": lambda: lr.CyclicLR(0.1, 0.6, 4, 7),
    "CyclicLR_triangular2": lambda: lr.CyclicLR(0.1, 0.6, 4, 7, "triangular2"),
    "CyclicLR_exp_range": lambda: lr.CyclicLR(0.1, 0.6, 4, 7, "exp_range", 0.97),
}

FORMULAS: dict[str, tuple[Callable[[], lr.LRScheduler], Callable[[int], float]]] = {
    "NoamDecay": (
        lambda: lr.NoamDecay(64, 10, 2.0),
        lambda e: 2.0 * 64**-0.5 * min(e**-0.5 if e else 1.0, e * 10**-1.5),
    ),
    "PiecewiseDecay": (
        lambda: lr.PiecewiseDecay([3, 7], [0.1, 0.2, 0.05]),
        lambda e: 0.1 if e < 3 else 0.2 if e < 7 else 0.05,
    ),
    "NaturalExpDecay": (
        lambda: lr.NaturalExpDecay(0.5, 0.1),
        lambda e: 0.5 * math.exp(-0.1 * e),
    ),
    "InverseTimeDecay": (lambda: lr.InverseTimeDecay(0.5, 0.1), lambda e: 0.5 / (1 + 0.1 * e)),
    "PolynomialDecay": (
        lambda: lr.PolynomialDecay(0.5, 20, 0.01, 2.0),
        lambda e: 0.49 * (1 - min(e, 20) / 20) ** 2 + 0.01,
    ),
    "PolynomialDecay_cycle": (
        lambda: lr.PolynomialDecay(0.5, 9, 0.01, 2.0, True),
        lambda e: 0.49 * (1 - e / (9 * max(1, math.ceil(e / 9)))) ** 2 + 0.01,
    ),
    "LinearWarmup": (
        lambda: lr.LinearWarmup(0.5, 8, 0.1, 0.5),
        lambda e: 0.1 + 0.4 * e / 8 if e < 8 else 0.5,
    ),
    "LinearWarmup_scheduler": (
        lambda: lr.LinearWarmup(lr.ExponentialDecay(0.5, 0.9), 8, 0.1, 0.5),
        lambda e: 0.1 + 0.4 * e / 8 if e < 8 else 0.5 * 0.9 ** (e - 8),
    ),
    "CyclicLR_scale_fn": (
        lambda: lr.CyclicLR(0.1, 0.6, 5, scale_fn=lambda c: 1.0 / c),
        lambda e: 0.1 + 0.5 * (1 - abs(e % 10 - 5) / 5) / (1 + e // 10),
    ),
}


def walk(scheduler: lr.LRScheduler, epochs: int) -> list[float]:
    rates = []
    for _ in range(epochs):
        rates.append(scheduler())
        scheduler.step()
    return rates


@pytest.mark.parametrize("name", sorted(GOLDEN["schedulers"]))
def test_same_as_pytorch(name: str) -> None:
    scheduler = MAKERS[name]()
    expected = GOLDEN["schedulers"][name]
    np.testing.assert_allclose(walk(scheduler, len(expected)), expected, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_formula(name: str) -> None:
    make, formula = FORMULAS[name]
    expected = [formula(epoch) for epoch in range(40)]
    np.testing.assert_allclose(walk(make(), 40), expected, rtol=1e-13)


def test_reduce_on_plateau_same_as_pytorch() -> None:
    scheduler = lr.ReduceOnPlateau(0.5, factor=0.5, patience=3)
    rates = []
    for metric in GOLDEN["plateau"]["metrics"]:
        scheduler.step(metric)
        rates.append(scheduler.get_lr())
    assert rates == GOLDEN["plateau"]["rates"]


def test_reduce_on_plateau_modes() -> None:
    best = lr.ReduceOnPlateau(1.0, "max", 0.5, 0, 0.1, "abs", cooldown=1, min_lr=0.3)
    rates = []
    for metric in [1.0, 1.05, 1.05, 1.05, 2.0, 2.0, 2.0, proa.to_tensor([2.0])]:
        best.step(metric)
        rates.append(best())
    assert rates == [1.0, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3]
    with pytest.raises(TypeError, match="metrics"):
        best.step()


ALL = {**MAKERS, **{name: make for name, (make, _) in FORMULAS.items()}}


@pytest.mark.parametrize("name", sorted(ALL))
def test_resumed_to_the_same_bits_through_json(name: str) -> None:
    whole = ALL[name]()
    rates = walk(whole, 30)
    first = ALL[name]()
    walk(first, 13)
    resumed = ALL[name]()
    resumed.set_state_dict(json.loads(json.dumps(first.state_dict())))
    assert walk(resumed, 17) == rates[13:]


@pytest.mark.parametrize("name", sorted(ALL))
def test_jumping_is_walking(name: str) -> None:
    walked, jumped = ALL[name](), ALL[name]()
    walk(walked, 17)
    jumped.step(17)
    assert jumped() == walked()
    assert jumped.get_last_lr() == [jumped.last_lr]


def test_verbose_says_what_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    lr.StepDecay(0.5, 1, verbose=True).step()
    assert capsys.readouterr().out.splitlines() == [
        "epoch 0: StepDecay sets the rate to 0.5",
        "epoch 1: StepDecay sets the rate to 0.05",
    ]


WRONG: list[tuple[str, Callable[[], Any]]] = [
    (r"\[StepDecay\] step_size: .*above 0, got 0", lambda: lr.StepDecay(0.1, 0)),
    (r"\[StepDecay\] gamma: .*got 1.5", lambda: lr.StepDecay(0.1, 2, 1.5)),
    (r"\[StepDecay\] learning_rate: .*str", lambda: lr.StepDecay("a", 2)),  # type: ignore[arg-type]
    (r"\[MultiStepDecay\] milestones: .*increasing", lambda: lr.MultiStepDecay(0.1, [3, 2])),
    (r"\[MultiStepDecay\] milestones: .*int", lambda: lr.MultiStepDecay(0.1, 3)),  # type: ignore[arg-type]
    (r"\[PiecewiseDecay\] values: expected 2", lambda: lr.PiecewiseDecay([1], [0.1])),
    (r"\[PiecewiseDecay\] boundaries", lambda: lr.PiecewiseDecay([3, 1], [0.1, 0.2, 0.3])),
    (r"\[PolynomialDecay\] power", lambda: lr.PolynomialDecay(0.1, 3, power=0.0)),
    (r"\[LinearWarmup\] end_lr", lambda: lr.LinearWarmup(0.1, 3, 0.5, 0.1)),
    (r"\[CosineAnnealingDecay\] T_max", lambda: lr.CosineAnnealingDecay(0.1, 0)),
    (r"\[OneCycleLR\] phase_pct", lambda: lr.OneCycleLR(0.1, 10, phase_pct=1.5)),
    (r"\[OneCycleLR\] anneal_strategy", lambda: lr.OneCycleLR(0.1, 10, anneal_strategy="sin")),
    (r"\[OneCycleLR.step\] epoch: .*total_steps 4", lambda: lr.OneCycleLR(0.1, 4).step(5)),
    (r"\[CyclicLR\] mode", lambda: lr.CyclicLR(0.1, 0.2, 3, mode="saw")),
    (r"\[ReduceOnPlateau\] mode", lambda: lr.ReduceOnPlateau(0.1, "best")),
    (r"\[LambdaDecay\] lr_lambda", lambda: lr.LambdaDecay(0.1, 0.5)),  # type: ignore[arg-type]
    (
        r"\[StepDecay.set_state_dict\] .*missing \['last_lr'\]",
        lambda: lr.StepDecay(0.1, 1).set_state_dict({"last_epoch": 1}),
    ),
]


@pytest.mark.parametrize("message, make", WRONG)
def test_wrong_arguments(message: str, make: Callable[[], Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        make()
    assert isinstance(caught.value, proa.ProaError)
