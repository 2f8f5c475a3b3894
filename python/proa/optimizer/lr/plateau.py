"""The scheduler that watches a metric: it lowers the rate when the metric stops improving.

It is driven by `step(metrics)` and not by the epoch, so its state holds what it has seen.
"""

from __future__ import annotations

from typing import Any

from proa.refusal import type_error, value_error

from .scheduler import LRScheduler, checked_rate


class ReduceOnPlateau(LRScheduler):
    """Multiply the rate by `factor` after `patience` epochs without improvement.

    Args:
        mode: "min" if a smaller metric is better, "max" otherwise.
        threshold, threshold_mode: an improvement counts when it is larger than the threshold,
            taken relative to the best metric ("rel") or as it is ("abs").
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: the rate never falls below it.
        epsilon: a reduction smaller than this is not made.
    """

    def __init__(
        self,
        learning_rate: float,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        epsilon: float = 1e-8,
        verbose: bool = False,
    ) -> None:
        if mode not in ("min", "max"):
            raise value_error(f"[ReduceOnPlateau] mode: expected 'min' or 'max', got {mode!r}")
        if factor >= 1.0:
            raise value_error(f"[ReduceOnPlateau] factor: expected below 1, got {factor}")
        if threshold_mode not in ("rel", "abs"):
            raise value_error(
                f"[ReduceOnPlateau] threshold_mode: expected 'rel' or 'abs', got {threshold_mode!r}"
            )
        self.mode = mode
        self.factor = checked_rate("ReduceOnPlateau", "factor", factor)
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lr = checked_rate("ReduceOnPlateau", "min_lr", min_lr)
        self.epsilon = epsilon
        self.verbose = verbose
        self.base_lr = checked_rate("ReduceOnPlateau", "learning_rate", learning_rate)
        self.last_lr = self.base_lr
        self.last_epoch = 0
        self.best: float | None = None
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def state_keys(self) -> tuple[str, ...]:
        return ("last_epoch", "last_lr", "best", "num_bad_epochs", "cooldown_counter")

    def get_lr(self) -> float:
        return self.last_lr

    def step(  # Paddle's signature: the metric comes first
        self, metrics: Any = None, epoch: int | None = None
    ) -> None:
        """Tell the scheduler the metric (a number or a tensor of one element) of an epoch."""
        if metrics is None:
            raise type_error("[ReduceOnPlateau.step] metrics: expected a number, got None")
        metric = float(metrics.item() if hasattr(metrics, "item") else metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else int(epoch)
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            return
        if self.best is None or self.is_better(metric, self.best):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
            lowered = max(self.last_lr * self.factor, self.min_lr)
            if self.last_lr - lowered > self.epsilon:
                self.last_lr = lowered
                if self.verbose:
                    print(f"epoch {self.last_epoch}: ReduceOnPlateau sets the rate to {lowered}")

    def is_better(self, metric: float, best: float) -> bool:
        margin = self.threshold * (best if self.threshold_mode == "rel" else 1.0)
        return metric < best - margin if self.mode == "min" else metric > best + margin
