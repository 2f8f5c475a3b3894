"""Rules that scale each coordinate by its own history: Adagrad, RMSProp, Adadelta, Rprop, ASGD.

They are rarely the bottleneck, so they are written out in tensor operators, each line one line of
the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import proa
from proa.refusal import value_error

from .groups import GradClip, Parameters, ParamGroup
from .lr import LRScheduler
from .optimizer import Optimizer, TorchNames

if TYPE_CHECKING:
    from proa import Tensor


class Adagrad(Optimizer):
    """Duchi et al. 2011: `param -= learning_rate * grad / (sqrt(sum of grad**2) + epsilon)`."""

    _accumulators: tuple[str, ...] = ("moment",)

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        epsilon: float = 1e-6,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        initial_accumulator_value: float = 0.0,
        multi_precision: bool = False,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            multi_precision=multi_precision,
            hyper={"epsilon": epsilon, "initial_accumulator_value": initial_accumulator_value},
            torch_names=torch_names,
        )

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        return float(group.hyper["initial_accumulator_value"])

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
        moment = state["moment"] + grad * grad
        state["moment"]._assign(moment)
        rate = lr.astype(value.dtype)
        epsilon: float = group.hyper["epsilon"]
        return value - rate * (grad / (proa.sqrt(moment) + epsilon))


class RMSProp(Optimizer):
    """Tieleman & Hinton 2012, optionally centred (Graves 2013) and with momentum."""

    _accumulators: tuple[str, ...] = ("mean_square", "mean_grad", "momentum")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-6,
        momentum: float = 0.0,
        centered: bool = False,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        multi_precision: bool = False,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        self._centered = centered
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            multi_precision=multi_precision,
            hyper={"rho": rho, "epsilon": epsilon, "momentum": momentum},
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
        rho: float = group.hyper["rho"]
        epsilon: float = group.hyper["epsilon"]
        momentum: float = group.hyper["momentum"]
        mean_square = rho * state["mean_square"] + (1.0 - rho) * grad * grad
        variance = mean_square
        if self._centered:
            mean_grad = rho * state["mean_grad"] + (1.0 - rho) * grad
            variance = mean_square - mean_grad * mean_grad
            state["mean_grad"]._assign(mean_grad)
        scaled = grad / proa.sqrt(variance + epsilon)
        velocity = momentum * state["momentum"] + lr.astype(value.dtype) * scaled
        state["mean_square"]._assign(mean_square)
        state["momentum"]._assign(velocity)
        return value - velocity


class Adadelta(Optimizer):
    """Zeiler 2012: steps by root mean square of the past steps over that of the gradients."""

    _accumulators: tuple[str, ...] = ("_avg_squared_grad", "_avg_squared_update")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        epsilon: float = 1e-6,
        rho: float = 0.95,
        parameters: Parameters | None = None,
        weight_decay: Any = 0.01,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            hyper={"epsilon": epsilon, "rho": rho},
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
        rho, epsilon = group.hyper["rho"], group.hyper["epsilon"]
        past_grad, past_update = (state[name] for name in self._accumulators)
        mean_grad = rho * past_grad + (1.0 - rho) * grad * grad
        update = grad * (proa.sqrt(past_update + epsilon) / proa.sqrt(mean_grad + epsilon))
        past_grad._assign(mean_grad)
        past_update._assign(rho * past_update + (1.0 - rho) * update * update)
        return value - lr.astype(value.dtype) * update


class Rprop(Optimizer):
    """Resilient propagation: Riedmiller & Braun 1993; only the signs of the gradient are used.

    Args:
        learning_rate: the first step size of every coordinate.
        learning_rate_range: smallest and largest step size.
        etas: factors after a change of sign and after none.
    """

    _accumulators: tuple[str, ...] = ("prevs", "learning_rates")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        learning_rate_range: Sequence[float] = (1e-5, 50.0),
        parameters: Parameters | None = None,
        etas: Sequence[float] = (0.5, 1.2),
        grad_clip: GradClip | None = None,
        multi_precision: bool = False,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        low, high = learning_rate_range
        if not 0.0 < low <= high:
            raise value_error(
                f"[Rprop] learning_rate_range: expected 0 < smallest <= largest, got {(low, high)}"
            )
        down, up = etas
        if not 0.0 < down < 1.0 < up:
            raise value_error(f"[Rprop] etas: expected 0 < first < 1 < second, got {(down, up)}")
        self._range = (low, high)
        self._etas = (down, up)
        super().__init__(
            learning_rate,
            parameters,
            None,
            grad_clip,
            name,
            multi_precision=multi_precision,
            torch_names=torch_names,
        )

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        return self.get_lr() * group.scale if accumulator == "learning_rates" else 0.0

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
        agreement = proa.sign(grad * state["prevs"])
        zero = proa.zeros_like(grad)
        down, up = self._etas
        factor = proa.where(
            agreement > 0.0,
            proa.full_like(grad, up),
            proa.where(agreement < 0.0, proa.full_like(grad, down), proa.full_like(grad, 1.0)),
        )
        sizes = proa.clip(state["learning_rates"] * factor, *self._range)
        used = proa.where(agreement < 0.0, zero, grad)
        state["learning_rates"]._assign(sizes)
        state["prevs"]._assign(used)
        return value - proa.sign(used) * sizes


class ASGD(Optimizer):
    """Stochastic average gradient over the last `batch_num` batches: Schmidt et al. 2017."""

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        batch_num: int = 1,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        multi_precision: bool = False,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        if batch_num <= 0:
            raise value_error(f"[ASGD] batch_num: expected above 0, got {batch_num}")
        self._batch_num = batch_num
        self._accumulators = ("d", *(f"y{index}" for index in range(batch_num)))
        self._scalars = ("m",)
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
        # Which of the kept gradients is the oldest is decided by a tensor: a captured step has no
        # values yet.
        kept = [state[f"y{index}"] for index in range(self._batch_num)]
        turn = state["m"] % float(self._batch_num)
        oldest = kept[0]
        for index, one in enumerate(kept[1:], 1):
            oldest = proa.where(turn == float(index), one, oldest)
        total = state["d"] - oldest + grad
        for index, one in enumerate(kept):
            one._assign(proa.where(turn == float(index), grad, one).detach())
        state["d"]._assign(total)
        state["m"]._assign(state["m"] + 1.0)
        seen = proa.minimum(state["m"], proa.full([], float(self._batch_num), state["m"].dtype))
        return value - lr.astype(value.dtype) * (total / seen.astype(total.dtype))
