"""PyTorch's learning-rate schedulers: they write into the optimizer's groups.

Why factors: most rules are a factor on the rate, so that a step multiplies by the quotient of two
of them, and chained schedulers multiply.
"""

from __future__ import annotations

import bisect
import collections
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...check import refuse


class LRScheduler:
    """Base: a subclass gives `get_lr()`, the rates of the groups at `last_epoch`."""

    def __init__(self, optimizer: Any, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr = [group["lr"] for group in optimizer.param_groups]
        self.step()

    def get_lr(self) -> list[float]:
        """The rate of each group at `last_epoch`."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def _rates_at(self, epoch: int) -> list[float]:
        return self.get_lr()

    def step(self, epoch: int | None = None) -> None:
        """Move on by one epoch, or to `epoch`."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        rates = self.get_lr() if epoch is None else self._rates_at(epoch)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = list(rates)

    def get_last_lr(self) -> list[float]:
        """The rates that were set last."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions."""
        return {
            key: value
            for key, value in self.__dict__.items()
            if key != "optimizer" and not callable(value) and not _has_functions(value)
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)


_LRScheduler = LRScheduler


def _has_functions(value: Any) -> bool:
    return isinstance(value, list) and any(
        callable(item) or isinstance(item, LRScheduler) for item in value
    )


class _Factor(LRScheduler):
    """The initial rate times a factor of the epoch."""

    def _factor(self, epoch: int, group: int) -> float:
        raise NotImplementedError

    def _rates_at(self, epoch: int) -> list[float]:
        return [base * self._factor(epoch, i) for i, base in enumerate(self.base_lrs)]

    def get_lr(self) -> list[float]:
        rates = []
        for i, group in enumerate(self.optimizer.param_groups):
            before = self._factor(self.last_epoch - 1, i) if self.last_epoch > 0 else 1.0
            now = self._factor(self.last_epoch, i)
            rates.append(group["lr"] * (now / before) if before else self.base_lrs[i] * now)
        return rates


class LambdaLR(_Factor):
    """A function of the epoch, or one for each group."""

    def __init__(self, optimizer: Any, lr_lambda: Any, last_epoch: int = -1) -> None:
        count = len(optimizer.param_groups)
        self.lr_lambdas = (
            list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        )
        if len(self.lr_lambdas) != count:
            refuse("LambdaLR", "lr_lambda", f"{count} functions", lr_lambda)
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        return float(self.lr_lambdas[group](epoch))

    def get_lr(self) -> list[float]:
        return self._rates_at(self.last_epoch)


class MultiplicativeLR(LRScheduler):
    """The rate before times a function of the epoch."""

    def __init__(self, optimizer: Any, lr_lambda: Any, last_epoch: int = -1) -> None:
        count = len(optimizer.param_groups)
        self.lr_lambdas = (
            list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        )
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch <= 0:
            return rates
        return [r * f(self.last_epoch) for r, f in zip(rates, self.lr_lambdas, strict=True)]


class StepLR(_Factor):
    """gamma more after every step_size epochs."""

    def __init__(
        self, optimizer: Any, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        return float(self.gamma ** (epoch // self.step_size))


class MultiStepLR(_Factor):
    """gamma more at each milestone."""

    def __init__(
        self, optimizer: Any, milestones: Sequence[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones, self.gamma = collections.Counter(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        passed = bisect.bisect_right(sorted(self.milestones.elements()), epoch)
        return float(self.gamma**passed)


class ExponentialLR(_Factor):
    """gamma more at each epoch."""

    def __init__(self, optimizer: Any, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        return float(self.gamma**epoch)


class ConstantLR(_Factor):
    """A factor for the first total_iters epochs."""

    def __init__(
        self, optimizer: Any, factor: float = 1.0 / 3.0, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        return self.factor if epoch < self.total_iters else 1.0


class LinearLR(_Factor):
    """A factor that goes from start_factor to end_factor in total_iters epochs."""

    def __init__(
        self, optimizer: Any, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0,
        total_iters: int = 5, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        done = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * done


class PolynomialLR(_Factor):
    """(1 - epoch / total_iters)^power, down to 0."""

    def __init__(
        self, optimizer: Any, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1
    ) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def _factor(self, epoch: int, group: int) -> float:
        done = min(epoch, self.total_iters) / self.total_iters
        return float((1.0 - done) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the initial rate to eta_min in T_max epochs (Loshchilov & Hutter 2017)."""

    def __init__(
        self, optimizer: Any, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        wave = (1.0 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2.0
        return [self.eta_min + (base - self.eta_min) * wave for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that starts again after T_0, T_0 T_mult, ... epochs."""

    def __init__(
        self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if T_0 <= 0 or T_mult < 1:
            refuse("CosineAnnealingWarmRestarts", "T_0, T_mult", "ints above 0", (T_0, T_mult))
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        begun: float = self.last_epoch
        length: float = self.T_0
        while begun >= length:
            begun -= length
            length *= self.T_mult
        wave = (1.0 + math.cos(math.pi * begun / length)) / 2.0
        return [self.eta_min + (base - self.eta_min) * wave for base in self.base_lrs]


class OneCycleLR(LRScheduler):
    """Up to max_lr and down to almost nothing (Smith & Topin 2019), momentum the other way."""

    def __init__(
        self,
        optimizer: Any,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 10000.0,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                refuse("OneCycleLR", "total_steps", "an int, or epochs and steps_per_epoch", None)
            total_steps = epochs * steps_per_epoch
        count = len(optimizer.param_groups)
        self.total_steps = total_steps
        self.max_lrs = list(max_lr) if isinstance(max_lr, (list, tuple)) else [max_lr] * count
        self.linear = anneal_strategy == "linear"
        self.cycle_momentum = cycle_momentum and _momentum_key(optimizer) is not None
        self.div_factor, self.final_div_factor = div_factor, final_div_factor
        up = pct_start * total_steps - 1.0
        low, high = "low", "high"
        if three_phase:
            self.phases = [(up, low, high), (2 * up, high, low), (total_steps - 1.0, low, "end")]
        else:
            self.phases = [(up, low, high), (total_steps - 1.0, high, "end")]
        self.momenta = {low: max_momentum, high: base_momentum, "end": max_momentum}
        for group, highest in zip(optimizer.param_groups, self.max_lrs, strict=True):
            group["initial_lr"] = highest / div_factor
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, share: float) -> float:
        if self.linear:
            return start + (end - start) * share
        return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * share))

    def get_lr(self) -> list[float]:
        step = float(self.last_epoch)
        if step > self.total_steps:
            refuse("OneCycleLR", "step", f"at most {self.total_steps} steps", self.last_epoch)
        begin = 0.0
        for end, first, last in self.phases:
            if step <= end or (end, first, last) == self.phases[-1]:
                share = (step - begin) / (end - begin)
                break
            begin = end
        if self.cycle_momentum:
            _set_momentum(
                self.optimizer, self._between(self.momenta[first], self.momenta[last], share)
            )
        rates = []
        for highest in self.max_lrs:
            lowest = highest / self.div_factor
            known = {"low": lowest, "high": highest, "end": lowest / self.final_div_factor}
            rates.append(self._between(known[first], known[last], share))
        return rates


def _momentum_key(optimizer: Any) -> str | None:
    return next((key for key in ("momentum", "betas") if key in optimizer.defaults), None)


def _set_momentum(optimizer: Any, value: float) -> None:
    for group in optimizer.param_groups:
        if _momentum_key(optimizer) == "betas":
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(LRScheduler):
    """Up and down between base_lr and max_lr (Smith 2017)."""

    def __init__(
        self,
        optimizer: Any,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        count = len(optimizer.param_groups)
        lows = list(base_lr) if isinstance(base_lr, (list, tuple)) else [base_lr] * count
        self.max_lrs = list(max_lr) if isinstance(max_lr, (list, tuple)) else [max_lr] * count
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        known: dict[str, tuple[Callable[[float], float], str]] = {
            "triangular": (lambda x: 1.0, "cycle"),
            "triangular2": (lambda x: 1.0 / 2.0 ** (x - 1.0), "cycle"),
            "exp_range": (lambda x: gamma**x, "iterations"),
        }
        if scale_fn is None and mode not in known:
            refuse("CyclicLR", "mode", f"one of {list(known)}", mode)
        self.scale_fn, self.scale_mode = (scale_fn, scale_mode) if scale_fn else known[mode]
        if cycle_momentum and _momentum_key(optimizer) is None:
            refuse("CyclicLR", "cycle_momentum", "False: the optimizer has no momentum", True)
        self.cycle_momentum = cycle_momentum
        self.base_momentum, self.max_momentum = base_momentum, max_momentum
        for group, low in zip(optimizer.param_groups, lows, strict=True):
            group["initial_lr"] = low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            span = (self.max_momentum - self.base_momentum) * height
            _set_momentum(self.optimizer, self.max_momentum - span * scale)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * height * scale for low, high in pairs]


class SequentialLR(LRScheduler):
    """One scheduler after another, each from its milestone on."""

    def __init__(
        self, optimizer: Any, schedulers: Sequence[Any], milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if len(milestones) != len(schedulers) - 1:
            refuse("SequentialLR", "milestones", f"{len(schedulers) - 1} of them", milestones)
        self.optimizer = optimizer
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        first = self._schedulers[0]
        first.last_epoch -= 1
        first.step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Move on by one epoch."""
        self.last_epoch += 1
        at = bisect.bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[at]
        if at > 0 and self._milestones[at - 1] == self.last_epoch:
            scheduler.step(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """The own state and that of each scheduler."""
        return {
            "last_epoch": self.last_epoch,
            "_last_lr": self._last_lr,
            "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.last_epoch, self._last_lr = state_dict["last_epoch"], state_dict["_last_lr"]
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


class ChainedScheduler(LRScheduler):
    """All schedulers at each step, one on the other's rate."""

    def __init__(self, schedulers: Sequence[Any], optimizer: Any = None) -> None:
        self._schedulers = list(schedulers)
        self.optimizer = self._schedulers[0].optimizer
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Move all on by one epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The state of each scheduler."""
        return {"_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)


class ReduceLROnPlateau(LRScheduler):
    """A smaller rate when a metric has not improved for `patience` epochs."""

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 0.0001,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-08,
    ) -> None:
        if factor >= 1.0:
            refuse("ReduceLROnPlateau", "factor", "a number below 1", factor)
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            refuse("ReduceLROnPlateau", "mode", "'min' or 'max' ('rel' or 'abs')", mode)
        count = len(optimizer.param_groups)
        self.optimizer = optimizer
        self.min_lrs = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * count
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def _better(self, value: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        margin = self.threshold if self.threshold_mode == "abs" else self.threshold * abs(self.best)
        if math.isinf(self.best):
            return sign * value > sign * self.best
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1.0 + sign * self.threshold)
        return sign * value > sign * self.best + margin

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at the metric of one more epoch."""
        value = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self._better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                rate = max(group["lr"] * self.factor, least)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
