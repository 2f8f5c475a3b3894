"""Schedulers whose rate falls (or is warmed up) along a closed formula of the epoch.

Each formula is evaluated from `base_lr` and `last_epoch` alone, never from the previous rate, so
that jumping to an epoch with `step(epoch)` gives the very same bits as walking there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from proa.refusal import type_error, value_error

from .scheduler import LRScheduler, checked_positive, checked_rate


class NoamDecay(LRScheduler):
    """Warm-up, then inverse square root: Vaswani et al. 2017, "Attention is all you need", eq. 3.

    `learning_rate * d_model**-0.5 * min(epoch**-0.5, epoch * warmup_steps**-1.5)`
    """

    def __init__(
        self,
        d_model: int,
        warmup_steps: int,
        learning_rate: float = 1.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.d_model = checked_positive("NoamDecay", "d_model", d_model)
        self.warmup_steps = checked_positive("NoamDecay", "warmup_steps", warmup_steps)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        falling = 1.0 if self.last_epoch == 0 else float(self.last_epoch) ** -0.5
        rising = self.last_epoch * self.warmup_steps**-1.5
        return float(self.base_lr * self.d_model**-0.5 * min(falling, rising))


class PiecewiseDecay(LRScheduler):
    """`values[i]` while the epoch is below `boundaries[i]`, the last value afterwards."""

    def __init__(
        self,
        boundaries: Sequence[int],
        values: Sequence[float],
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if len(values) != len(boundaries) + 1:
            raise value_error(
                f"[PiecewiseDecay] values: expected {len(boundaries) + 1} numbers, one more than "
                f"boundaries, got {len(values)}"
            )
        if list(boundaries) != sorted(boundaries):
            raise value_error(
                f"[PiecewiseDecay] boundaries: expected increasing epochs, got {list(boundaries)}"
            )
        self.boundaries = list(boundaries)
        self.values = [checked_rate("PiecewiseDecay", "values", value) for value in values]
        super().__init__(self.values[0], last_epoch, verbose)

    def get_lr(self) -> float:
        for boundary, value in zip(self.boundaries, self.values):
            if self.last_epoch < boundary:
                return value
        return self.values[-1]


class NaturalExpDecay(LRScheduler):
    """`learning_rate * exp(-gamma * epoch)`."""

    def __init__(
        self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False
    ) -> None:
        self.gamma = checked_rate("NaturalExpDecay", "gamma", gamma)
        if self.gamma <= 0.0:
            raise value_error(f"[NaturalExpDecay] gamma: expected above 0, got {gamma}")
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * math.exp(-self.gamma * self.last_epoch)


class InverseTimeDecay(LRScheduler):
    """`learning_rate / (1 + gamma * epoch)`."""

    def __init__(
        self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False
    ) -> None:
        self.gamma = checked_rate("InverseTimeDecay", "gamma", gamma)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr / (1.0 + self.gamma * self.last_epoch)


class ExponentialDecay(LRScheduler):
    """`learning_rate * gamma**epoch`."""

    def __init__(
        self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False
    ) -> None:
        self.gamma = checked_rate("ExponentialDecay", "gamma", gamma)
        if not 0.0 < self.gamma <= 1.0:
            raise value_error(f"[ExponentialDecay] gamma: expected in (0, 1], got {gamma}")
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma**self.last_epoch


class PolynomialDecay(LRScheduler):
    """From `learning_rate` to `end_lr` in `decay_steps` epochs along a power.

    `(learning_rate - end_lr) * (1 - epoch / decay_steps)**power + end_lr`; with `cycle` the horizon
    is moved out by whole multiples of `decay_steps` whenever it is reached.
    """

    def __init__(
        self,
        learning_rate: float,
        decay_steps: int,
        end_lr: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.decay_steps = checked_positive("PolynomialDecay", "decay_steps", decay_steps)
        self.end_lr = checked_rate("PolynomialDecay", "end_lr", end_lr)
        self.power = checked_rate("PolynomialDecay", "power", power)
        if self.power <= 0.0:
            raise value_error(f"[PolynomialDecay] power: expected above 0, got {power}")
        self.cycle = cycle
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        horizon = self.decay_steps
        epoch = self.last_epoch
        if self.cycle:
            horizon *= max(1, -(-epoch // self.decay_steps))
        else:
            epoch = min(epoch, horizon)
        remaining = (1.0 - epoch / horizon) ** self.power
        return float((self.base_lr - self.end_lr) * remaining + self.end_lr)


class LinearWarmup(LRScheduler):
    """From `start_lr` to `end_lr` on a line in `warmup_steps` epochs, then `learning_rate`.

    `learning_rate` is a number or a scheduler; a scheduler starts counting when the warm-up ends.
    """

    def __init__(
        self,
        learning_rate: float | LRScheduler,
        warmup_steps: int,
        start_lr: float,
        end_lr: float,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if not isinstance(learning_rate, LRScheduler):
            learning_rate = checked_rate("LinearWarmup", "learning_rate", learning_rate)
        self.learning_rate = learning_rate
        self.warmup_steps = checked_positive("LinearWarmup", "warmup_steps", warmup_steps)
        self.start_lr = checked_rate("LinearWarmup", "start_lr", start_lr)
        self.end_lr = checked_rate("LinearWarmup", "end_lr", end_lr)
        if self.end_lr <= self.start_lr:
            raise value_error(
                f"[LinearWarmup] end_lr: expected above start_lr {start_lr}, got {end_lr}"
            )
        super().__init__(self.start_lr, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch < self.warmup_steps:
            return self.start_lr + (self.end_lr - self.start_lr) * (
                self.last_epoch / self.warmup_steps
            )
        if isinstance(self.learning_rate, LRScheduler):
            self.learning_rate.step(self.last_epoch - self.warmup_steps)
            return self.learning_rate()
        return self.learning_rate

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        if isinstance(self.learning_rate, LRScheduler):
            state["LinearWarmup_LR"] = self.learning_rate.state_dict()
        return state

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().set_state_dict(state_dict)
        if isinstance(self.learning_rate, LRScheduler):
            self.learning_rate.set_state_dict(state_dict["LinearWarmup_LR"])

    set_dict = set_state_dict
    load_state_dict = set_state_dict


class LinearLR(LRScheduler):
    """A factor that goes from `start_factor` to `end_factor` on a line in `total_steps` epochs."""

    def __init__(
        self,
        learning_rate: float,
        total_steps: int,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.total_steps = checked_positive("LinearLR", "total_steps", total_steps)
        self.start_factor = checked_rate("LinearLR", "start_factor", start_factor)
        self.end_factor = checked_rate("LinearLR", "end_factor", end_factor)
        if not 0.0 < self.start_factor <= 1.0:
            raise value_error(f"[LinearLR] start_factor: expected in (0, 1], got {start_factor}")
        if not 0.0 <= self.end_factor <= 1.0:
            raise value_error(f"[LinearLR] end_factor: expected in [0, 1], got {end_factor}")
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        done = min(self.last_epoch, self.total_steps) / self.total_steps
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * done)


class StepDecay(LRScheduler):
    """`learning_rate * gamma**(epoch // step_size)`."""

    def __init__(
        self,
        learning_rate: float,
        step_size: int,
        gamma: float = 0.1,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.step_size = checked_positive("StepDecay", "step_size", step_size)
        self.gamma = checked_gamma("StepDecay", gamma)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return float(self.base_lr * self.gamma ** (self.last_epoch // self.step_size))


class MultiStepDecay(LRScheduler):
    """`learning_rate` times `gamma` once for each of `milestones` that has been reached."""

    def __init__(
        self,
        learning_rate: float,
        milestones: Sequence[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        if not isinstance(milestones, (list, tuple)):
            raise type_error(
                f"[MultiStepDecay] milestones: expected a list or tuple of epochs, "
                f"got {type(milestones).__name__}"
            )
        if any(later <= earlier for earlier, later in zip(milestones, milestones[1:])):
            raise value_error(
                f"[MultiStepDecay] milestones: expected increasing epochs, got {list(milestones)}"
            )
        self.milestones = list(milestones)
        self.gamma = checked_gamma("MultiStepDecay", gamma)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        reached = sum(self.last_epoch >= milestone for milestone in self.milestones)
        return float(self.base_lr * self.gamma**reached)


def checked_gamma(owner: str, gamma: object) -> float:
    value = checked_rate(owner, "gamma", gamma)
    if not 0.0 <= value < 1.0:
        raise value_error(f"[{owner}] gamma: expected in [0, 1), got {gamma}")
    return value
