"""Gradient descent, plain and with momentum.

Both are one operator a parameter, so that a step is one cached program and not a chain of calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from proa import _proa

from .groups import GradClip, Parameters, ParamGroup
from .lr import LRScheduler
from .optimizer import Optimizer, TorchNames

if TYPE_CHECKING:
    from proa import Tensor


class SGD(Optimizer):
    """`param = param - learning_rate * grad`."""

    _fused_decay = True

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        multi_precision: bool = False,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            multi_precision=multi_precision,
            torch_names=torch_names,
        )

    def _update(
        self,
        value: Tensor,
        grad: Tensor,
        state: dict[str, Tensor],
        lr: Tensor,
        decay: float,
        param: Tensor,
        group: ParamGroup,
    ) -> Tensor:
        return _proa.ops.sgd_step(value, grad, lr, decay)


class Momentum(Optimizer):
    """Gradient descent with a velocity: Sutskever et al. 2013.

    `velocity = momentum * velocity + grad`; `param = param - learning_rate * velocity`, or with
    `use_nesterov` `param = param - learning_rate * (grad + momentum * velocity)`.
    """

    _accumulators: tuple[str, ...] = ("velocity",)
    _fused_decay = True

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        momentum: float = 0.9,
        parameters: Parameters | None = None,
        use_nesterov: bool = False,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        multi_precision: bool = False,
        rescale_grad: float = 1.0,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        self._use_nesterov = use_nesterov
        self._rescale_grad = rescale_grad
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            multi_precision=multi_precision,
            hyper={"momentum": momentum},
            torch_names=torch_names,
        )

    def _update(
        self,
        value: Tensor,
        grad: Tensor,
        state: dict[str, Tensor],
        lr: Tensor,
        decay: float,
        param: Tensor,
        group: ParamGroup,
    ) -> Tensor:
        if self._rescale_grad != 1.0:
            grad = grad * self._rescale_grad
        new, velocity = _proa.ops.momentum_step(
            value, grad, state["velocity"], lr, group.hyper["momentum"], self._use_nesterov, decay
        )
        state["velocity"]._assign(velocity)
        return new
