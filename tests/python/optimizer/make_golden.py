"""Write golden.json: what PyTorch's optimizers and schedulers do, for the tests to compare with.

Run by hand with torch==2.13.0 (CPU build) installed: `python make_golden.py`. The tests read the
JSON alone and never import torch.
"""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import torch

STEPS = 12
SHAPE = (3, 4)


def start() -> torch.Tensor:
    return torch.sin(torch.arange(12, dtype=torch.float64) * 0.7 + 0.3).reshape(SHAPE)


def gradient(step: int) -> torch.Tensor:
    """Gradients that change sign and size from step to step."""
    index = torch.arange(12, dtype=torch.float64)
    return (torch.cos(index * 1.3 + step * 0.9) * (0.5 + 0.25 * step)).reshape(SHAPE)


def run(name: str, **settings: Any) -> list[float]:
    param = torch.nn.Parameter(start())
    optimizer = getattr(torch.optim, name)([param], **settings)
    for step in range(STEPS):
        param.grad = gradient(step)
        optimizer.step()
    return param.detach().flatten().tolist()


def run_complex() -> list[float]:
    """Adam on a complex parameter: the pairs of (real, imaginary) parts."""
    param = torch.nn.Parameter(torch.complex(start(), start().flip(0)))
    optimizer = torch.optim.Adam([param], lr=0.05)
    for step in range(STEPS):
        param.grad = torch.complex(gradient(step), gradient(step + 3))
        optimizer.step()
    return torch.view_as_real(param.detach()).flatten().tolist()


def run_lbfgs() -> list[float]:
    """L-BFGS without a line search on a quadratic with a cosine, three calls of four iterations."""
    param = torch.nn.Parameter(start())
    optimizer = torch.optim.LBFGS([param], lr=0.3, max_iter=4, history_size=3)
    scale = torch.arange(1, 13, dtype=torch.float64).reshape(SHAPE)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (scale * (param - 0.5) ** 2 + torch.cos(param)).sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    return param.detach().flatten().tolist()


OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", dict(lr=0.1)),
    "sgd_decay": ("SGD", dict(lr=0.1, weight_decay=0.05)),
    "momentum": ("SGD", dict(lr=0.05, momentum=0.9)),
    "momentum_decay": ("SGD", dict(lr=0.05, momentum=0.8, weight_decay=0.1)),
    "nesterov": ("SGD", dict(lr=0.05, momentum=0.9, nesterov=True)),
    "adam": ("Adam", dict(lr=0.05)),
    "adam_decay": ("Adam", dict(lr=0.05, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)),
    "adam_amsgrad": ("Adam", dict(lr=0.05, amsgrad=True)),
    "adamw": ("AdamW", dict(lr=0.05, weight_decay=0.2)),
    "adamw_amsgrad": ("AdamW", dict(lr=0.05, weight_decay=0.2, amsgrad=True)),
    "adamax": ("Adamax", dict(lr=0.05)),
    "nadam": ("NAdam", dict(lr=0.05)),
    "radam": ("RAdam", dict(lr=0.05)),
    "radam_short": ("RAdam", dict(lr=0.05, betas=(0.9, 0.9))),
    "adagrad": ("Adagrad", dict(lr=0.1, eps=1e-6, initial_accumulator_value=0.1)),
    "adadelta": ("Adadelta", dict(lr=1.0, rho=0.9, eps=1e-5)),
    "rprop": ("Rprop", dict(lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-5, 50.0))),
}


def rates(name: str, base: float, epochs: int = 40, **settings: Any) -> list[float]:
    param = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([param], lr=base)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **settings)
    result = []
    for _ in range(epochs):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [float(value) for value in result]


def plateau_rates() -> tuple[list[float], list[float]]:
    metrics = [1.0 + 0.2 * math.sin(0.9 * i) - 0.02 * min(i, 12) for i in range(40)]
    param = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([param], lr=0.5)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)
    result = []
    for metric in metrics:
        scheduler.step(metric)
        result.append(float(optimizer.param_groups[0]["lr"]))
    return metrics, result


def main() -> None:
    schedulers = {
        "StepDecay": rates("StepLR", 0.5, step_size=7, gamma=0.3),
        "MultiStepDecay": rates("MultiStepLR", 0.5, milestones=[3, 10, 11], gamma=0.3),
        "ExponentialDecay": rates("ExponentialLR", 0.5, gamma=0.9),
        "LambdaDecay": rates("LambdaLR", 0.5, lr_lambda=lambda epoch: 0.95**epoch),
        "MultiplicativeDecay": rates(
            "MultiplicativeLR", 0.5, lr_lambda=lambda epoch: 1.0 - 0.01 * epoch
        ),
        "CosineAnnealingDecay": rates("CosineAnnealingLR", 0.5, T_max=11, eta_min=0.01),
        "CosineAnnealingWarmRestarts": rates(
            "CosineAnnealingWarmRestarts", 0.5, T_0=5, T_mult=2, eta_min=0.01
        ),
        "CosineAnnealingWarmRestarts_equal": rates("CosineAnnealingWarmRestarts", 0.5, T_0=6),
        "LinearLR": rates("LinearLR", 0.5, start_factor=0.25, end_factor=0.9, total_iters=9),
        "OneCycleLR": rates(
            "OneCycleLR", 0.5, max_lr=0.5, total_steps=40, div_factor=20.0, final_div_factor=50.0
        ),
        "OneCycleLR_three": rates(
            "OneCycleLR",
            0.5,
            max_lr=0.5,
            total_steps=40,
            div_factor=20.0,
            final_div_factor=50.0,
            three_phase=True,
            anneal_strategy="linear",
        ),
        **{
            f"CyclicLR_{mode}": rates(
                "CyclicLR",
                0.1,
                base_lr=0.1,
                max_lr=0.6,
                step_size_up=4,
                step_size_down=7,
                mode=mode,
                gamma=0.97,
                cycle_momentum=False,
            )
            for mode in ("triangular", "triangular2", "exp_range")
        },
    }
    metrics, reduced = plateau_rates()
    golden = {
        "torch": torch.__version__,
        "steps": STEPS,
        "optimizers": {key: run(name, **kw) for key, (name, kw) in OPTIMIZERS.items()},
        "complex_adam": run_complex(),
        "lbfgs": run_lbfgs(),
        "schedulers": schedulers,
        "plateau": {"metrics": metrics, "rates": reduced},
    }
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text(json.dumps(golden, indent=0) + "\n")


if __name__ == "__main__":
    main()
