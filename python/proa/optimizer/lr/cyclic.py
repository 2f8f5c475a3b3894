"""Schedulers that rise and fall: cosine annealing, warm restarts, one cycle, triangles.

They share one shape, a position inside a cycle and a curve between two rates; as in `decay.py` a
rate depends on the epoch alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from proa.refusal import type_error, value_error

from .scheduler import LRScheduler, checked_positive, checked_rate


class CosineAnnealingDecay(LRScheduler):
    """Half a cosine from `learning_rate` to `eta_min` in `T_max` epochs, and back.

    Loshchilov & Hutter 2017, "SGDR", eq. 5 without restarts.
    """

    def __init__(
        self,
        learning_rate: float,
        T_max: int,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.T_max = checked_positive("CosineAnnealingDecay", "T_max", T_max)
        self.eta_min = checked_rate("CosineAnnealingDecay", "eta_min", eta_min)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return cosine_between(self.base_lr, self.eta_min, self.last_epoch / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that restarts after `T_0` epochs, each cycle `T_mult` times as long.

    Loshchilov & Hutter 2017, "SGDR", eq. 5. `step` takes fractions of an epoch too.
    """

    def __init__(
        self,
        learning_rate: float,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.T_0 = checked_positive("CosineAnnealingWarmRestarts", "T_0", T_0)
        self.T_mult = checked_positive("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.eta_min = checked_rate("CosineAnnealingWarmRestarts", "eta_min", eta_min)
        self.position = 0.0
        super().__init__(learning_rate, last_epoch, verbose)

    def step(self, epoch: float | None = None) -> None:
        self.position = self.last_epoch + 1 if epoch is None else epoch
        if self.position < 0:
            raise value_error(
                f"[CosineAnnealingWarmRestarts.step] epoch: expected 0 or more, got {epoch}"
            )
        super().step(math.floor(self.position))

    def state_keys(self) -> tuple[str, ...]:
        return (*super().state_keys(), "position")

    def get_lr(self) -> float:
        length = self.T_0
        position = self.position
        if self.T_mult == 1:
            position %= length
        else:
            while position >= length:
                position -= length
                length *= self.T_mult
        return cosine_between(self.base_lr, self.eta_min, position / length)


class OneCycleLR(LRScheduler):
    """Up to `max_learning_rate`, down to `end_learning_rate`: Smith & Topin 2018.

    Args:
        divide_factor: the first rate is `max_learning_rate / divide_factor`.
        phase_pct: share of `total_steps` spent on the way up.
        anneal_strategy: "cos" or "linear".
        three_phase: go down to the first rate as slowly as up, then on to the end rate.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        divide_factor: float = 25.0,
        end_learning_rate: float = 0.0001,
        phase_pct: float = 0.3,
        anneal_strategy: str = "cos",
        three_phase: bool = False,
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        highest = checked_rate("OneCycleLR", "max_learning_rate", max_learning_rate)
        self.total_steps = checked_positive("OneCycleLR", "total_steps", total_steps)
        lowest = checked_rate("OneCycleLR", "end_learning_rate", end_learning_rate)
        if not 0.0 <= phase_pct <= 1.0:
            raise value_error(f"[OneCycleLR] phase_pct: expected in [0, 1], got {phase_pct}")
        if three_phase and phase_pct > 0.5:
            raise value_error(
                f"[OneCycleLR] phase_pct: expected at most 0.5 with three_phase, got {phase_pct}"
            )
        if anneal_strategy not in ("cos", "linear"):
            raise value_error(
                f"[OneCycleLR] anneal_strategy: expected 'cos' or 'linear', got {anneal_strategy!r}"
            )
        first = highest / checked_rate("OneCycleLR", "divide_factor", divide_factor)
        self.anneal = cosine_between if anneal_strategy == "cos" else line_between
        top = phase_pct * self.total_steps - 1
        self.steps: list[float] = [0.0, top, self.total_steps - 1]
        self.rates = [first, highest, lowest]
        if three_phase:
            self.steps.insert(2, 2 * top)
            self.rates.insert(2, first)
        super().__init__(first, last_epoch, verbose)

    def get_lr(self) -> float:
        now = self.last_epoch
        if now > self.total_steps:
            raise value_error(
                f"[OneCycleLR.step] epoch: expected at most total_steps {self.total_steps}, "
                f"got {now}"
            )
        last_phase = len(self.steps) - 2
        for phase in range(last_phase + 1):
            start, stop = self.steps[phase], self.steps[phase + 1]
            if now <= stop or phase == last_phase:
                break
        return self.anneal(self.rates[phase], self.rates[phase + 1], (now - start) / (stop - start))


class CyclicLR(LRScheduler):
    """Back and forth between two rates: Smith 2017, "Cyclical learning rates".

    Args:
        step_size_up, step_size_down: epochs on the way up and down (down defaults to up).
        mode: "triangular"; "triangular2" halves the height at each cycle; "exp_range" scales it
            by `exp_gamma` to the power of the epoch.
        scale_fn: used in place of `mode`, a function of the cycle (from 1) or of the epoch, as
            `scale_mode` "cycle" or "iterations" says.
    """

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        step_size_up: int,
        step_size_down: int | None = None,
        mode: str = "triangular",
        exp_gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: str = "cycle",
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.max_lr = checked_rate("CyclicLR", "max_learning_rate", max_learning_rate)
        self.step_size_up = checked_positive("CyclicLR", "step_size_up", step_size_up)
        self.step_size_down = checked_positive(
            "CyclicLR",
            "step_size_down",
            step_size_up if step_size_down is None else step_size_down,
        )
        if mode not in ("triangular", "triangular2", "exp_range"):
            raise value_error(
                f"[CyclicLR] mode: expected 'triangular', 'triangular2' or 'exp_range', "
                f"got {mode!r}"
            )
        if scale_mode not in ("cycle", "iterations"):
            raise value_error(
                f"[CyclicLR] scale_mode: expected 'cycle' or 'iterations', got {scale_mode!r}"
            )
        if scale_fn is not None and not callable(scale_fn):
            raise type_error(
                f"[CyclicLR] scale_fn: expected a function, got {type(scale_fn).__name__}"
            )
        self.mode = mode
        self.exp_gamma = checked_rate("CyclicLR", "exp_gamma", exp_gamma)
        self.scale_fn = scale_fn
        self.scale_mode = scale_mode
        super().__init__(base_learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        length = self.step_size_up + self.step_size_down
        cycle, position = divmod(self.last_epoch, length)
        if position <= self.step_size_up:
            height = position / self.step_size_up
        else:
            height = (length - position) / self.step_size_down
        return self.base_lr + (self.max_lr - self.base_lr) * height * self.scale(cycle + 1)

    def scale(self, cycle: int) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "triangular2":
            return 0.5 ** (cycle - 1)
        if self.mode == "exp_range":
            return float(self.exp_gamma**self.last_epoch)
        return 1.0


def cosine_between(start: float, stop: float, share: float) -> float:
    """Half a cosine from `start` (share 0) to `stop` (share 1)."""
    return stop + (start - stop) * 0.5 * (1.0 + math.cos(math.pi * share))


def line_between(start: float, stop: float, share: float) -> float:
    return start + (stop - start) * share
