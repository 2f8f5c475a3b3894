"""The base of all learning-rate schedulers, and the two that are given by a function of the user.

A scheduler is a counter (`last_epoch`) and a rule from the counter to a rate; keeping both as plain
numbers is what lets an optimizer's state be saved without pickle and resumed to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from proa import host
from proa.refusal import type_error, value_error


class LRScheduler:
    """Base class: a subclass gives `get_lr()`, the rate that belongs to `self.last_epoch`.

    Args:
        learning_rate: the rate that the rule starts from.
        last_epoch: index of the last finished epoch; -1 starts afresh.
        verbose: print a line whenever the rate is set.
    """

    base_lr: float
    last_lr: float
    last_epoch: int

    def __init__(
        self, learning_rate: float = 0.1, last_epoch: int = -1, verbose: bool = False
    ) -> None:
        self.base_lr = checked_rate(type(self).__name__, "learning_rate", learning_rate)
        self.last_lr = self.base_lr
        self.last_epoch = int(last_epoch)
        self.verbose = verbose
        self.step()

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "step" in cls.__dict__:
            cls.step = host.stepping(cls.step)  # type: ignore[method-assign]

    def __call__(self) -> float:
        """The current learning rate."""
        return self.last_lr

    @host.stepping
    def step(self, epoch: int | None = None) -> None:
        """Move on by one epoch, or to `epoch`, and set the rate that belongs there."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else int(epoch)
        self.last_lr = float(self.get_lr())
        if self.verbose:
            print(f"epoch {self.last_epoch}: {type(self).__name__} sets the rate to {self.last_lr}")

    def get_lr(self) -> float:
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def get_last_lr(self) -> list[float]:
        """The current rate in a list, as PyTorch's schedulers give it."""
        return [self.last_lr]

    def state_keys(self) -> tuple[str, ...]:
        """Names of the attributes that `state_dict` saves."""
        return ("last_epoch", "last_lr")

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes while training; numbers, strings and nested dicts only."""
        return {key: getattr(self, key) for key in self.state_keys()}

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` of a scheduler of the same class returned."""
        missing = [key for key in self.state_keys() if key not in state_dict]
        if missing:
            raise value_error(
                f"[{type(self).__name__}.set_state_dict] state_dict: expected the keys "
                f"{list(self.state_keys())}, missing {missing}"
            )
        for key in self.state_keys():
            setattr(self, key, state_dict[key])

    set_dict = set_state_dict
    load_state_dict = set_state_dict


class LambdaDecay(LRScheduler):
    """`learning_rate * lr_lambda(epoch)`."""

    def __init__(
        self,
        learning_rate: float,
        lr_lambda: Callable[[int], float],
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.lr_lambda = checked_function(type(self).__name__, lr_lambda)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.lr_lambda(self.last_epoch)


class MultiplicativeDecay(LRScheduler):
    """`learning_rate` times the product of `lr_lambda(1) ... lr_lambda(epoch)`."""

    def __init__(
        self,
        learning_rate: float,
        lr_lambda: Callable[[int], float],
        last_epoch: int = -1,
        verbose: bool = False,
    ) -> None:
        self.lr_lambda = checked_function(type(self).__name__, lr_lambda)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        rate = self.base_lr
        for epoch in range(1, self.last_epoch + 1):
            rate *= self.lr_lambda(epoch)
        return rate


def checked_rate(owner: str, argument: str, value: object) -> float:
    """`value` as a float, or the error that names the scheduler and its argument."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise type_error(f"[{owner}] {argument}: expected a number, got {type(value).__name__}")
    return float(value)


def checked_positive(owner: str, argument: str, value: object) -> int:
    """`value` as an int above 0, or the error that names the scheduler and its argument."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise type_error(f"[{owner}] {argument}: expected an int, got {type(value).__name__}")
    if value <= 0:
        raise value_error(f"[{owner}] {argument}: expected an int above 0, got {value}")
    return value


def checked_function(owner: str, function: Callable[[int], float]) -> Callable[[int], float]:
    if not callable(function):
        raise type_error(
            f"[{owner}] lr_lambda: expected a function of the epoch, got {type(function).__name__}"
        )
    return function
