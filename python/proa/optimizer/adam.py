"""Adam and the rules grown from it: AdamW, Lamb, Adamax, NAdam, RAdam.

Adam, AdamW and Lamb are one operator a parameter; the rarer rules are written out in tensor
operators. The powers of beta are float64 tensors of the state and not Python numbers: they are
operands, which the step operators advance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

import proa
from proa import _proa
from proa.refusal import type_error, value_error

from .groups import GradClip, Parameters, ParamGroup
from .lr import LRScheduler
from .optimizer import Optimizer, TorchNames

if TYPE_CHECKING:
    from proa import Tensor


class AdamNames(TorchNames, total=False):
    """PyTorch's names for the arguments of Adam."""

    betas: tuple[float, float]
    eps: float


class _AdamLike(Optimizer):
    """What the family shares: two betas, epsilon, and the powers of beta as state."""

    _scalars: tuple[str, ...] = ("beta1_pow_acc", "beta2_pow_acc")

    def __init__(
        self,
        learning_rate: float | LRScheduler,
        beta1: float,
        beta2: float,
        epsilon: float,
        parameters: Parameters | None,
        weight_decay: Any,
        grad_clip: GradClip | None,
        multi_precision: bool,
        name: str | None,
        names: AdamNames,
    ) -> None:
        owner = type(self).__name__
        rest = dict(names)
        betas: Any = rest.pop("betas", (beta1, beta2))
        eps: Any = rest.pop("eps", epsilon)
        for argument, beta in zip(("beta1", "beta2"), betas):
            if not 0.0 <= beta < 1.0:
                raise value_error(f"[{owner}] {argument}: expected in [0, 1), got {beta}")
        if not eps >= 0.0:
            raise value_error(f"[{owner}] epsilon: expected 0 or more, got {eps}")
        super().__init__(
            learning_rate,
            parameters,
            weight_decay,
            grad_clip,
            name,
            multi_precision=multi_precision,
            hyper={"beta1": float(betas[0]), "beta2": float(betas[1]), "epsilon": float(eps)},
            torch_names=rest,  # type: ignore[arg-type]
        )

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        if accumulator == "beta1_pow_acc":
            return float(group.hyper["beta1"])
        if accumulator == "beta2_pow_acc":
            return float(group.hyper["beta2"])
        return 0.0


class Adam(_AdamLike):
    """Kingma & Ba 2015; with `amsgrad` the variant of Reddi et al. 2018.

    Weight decay is L2: it is added to the gradient. `AdamW` has the decoupled one.
    """

    _accumulators: tuple[str, ...] = ("moment1", "moment2")
    _fused_decay = True

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        lazy_mode: bool = False,
        multi_precision: bool = False,
        use_multi_tensor: bool = False,
        amsgrad: bool = False,
        name: str | None = None,
        **torch_names: Unpack[AdamNames],
    ) -> None:
        self._amsgrad = amsgrad
        if amsgrad:
            self._accumulators = ("moment1", "moment2", "moment2_max")
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameters,
            weight_decay,
            grad_clip,
            multi_precision,
            name,
            torch_names,
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
        if self._amsgrad:
            if decay:
                grad = grad + decay * value
            return amsgrad_step(value, grad, state, lr, group)
        return store_step(
            state,
            _proa.ops.adam_step(
                value, grad, *adam_state(state), lr, *adam_settings(group), weight_decay=decay
            ),
        )


class AdamW(_AdamLike):
    """Adam with decoupled weight decay: Loshchilov & Hutter 2019.

    Args:
        weight_decay: the decoupled coefficient, a number.
        lr_ratio: a function from a parameter to a factor on its learning rate.
        apply_decay_param_fun: a function from a parameter's name to whether it decays.
    """

    _accumulators: tuple[str, ...] = ("moment1", "moment2")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        parameters: Parameters | None = None,
        weight_decay: float = 0.01,
        lr_ratio: Callable[[Tensor], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None,
        grad_clip: GradClip | None = None,
        lazy_mode: bool = False,
        multi_precision: bool = False,
        amsgrad: bool = False,
        name: str | None = None,
        **torch_names: Unpack[AdamNames],
    ) -> None:
        self._amsgrad = amsgrad
        if amsgrad:
            self._accumulators = ("moment1", "moment2", "moment2_max")
        self._lr_ratio = lr_ratio
        self._apply_decay_param_fun = apply_decay_param_fun
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameters,
            weight_decay,
            grad_clip,
            multi_precision,
            name,
            torch_names,
        )
        for group in self._groups:
            if not isinstance(group.weight_decay, (int, float)):
                raise type_error(
                    f"[AdamW] weight_decay: expected a number (the decay is decoupled from the "
                    f"gradient), got {type(group.weight_decay).__name__}"
                )

    def _coupled_decay(self, group: ParamGroup) -> Any:
        return None

    def _rate_factor(self, param: Tensor, group: ParamGroup) -> float:
        return 1.0 if self._lr_ratio is None else float(self._lr_ratio(param))

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
        coefficient = float(group.weight_decay)
        decays = self._apply_decay_param_fun
        if decays is not None and not decays(param.name):
            coefficient = 0.0
        if self._amsgrad:
            value = value * (1.0 - lr * coefficient).astype(value.dtype)
            return amsgrad_step(value, grad, state, lr, group)
        return store_step(
            state,
            _proa.ops.adamw_step(
                value, grad, *adam_state(state), lr, *adam_settings(group), weight_decay=coefficient
            ),
        )


class Lamb(_AdamLike):
    """Layer-wise adaptive moments for large batches: You et al. 2020.

    Args:
        lamb_weight_decay: the decoupled coefficient.
        exclude_from_weight_decay_fn: a function from a parameter to whether it does not decay.
    """

    _accumulators: tuple[str, ...] = ("moment1", "moment2")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        lamb_weight_decay: float = 0.01,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-6,
        parameters: Parameters | None = None,
        grad_clip: GradClip | None = None,
        exclude_from_weight_decay_fn: Callable[[Tensor], bool] | None = None,
        multi_precision: bool = False,
        always_adapt: bool = False,
        name: str | None = None,
        **torch_names: Unpack[AdamNames],
    ) -> None:
        self._exclude = exclude_from_weight_decay_fn
        self._always_adapt = always_adapt
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameters,
            lamb_weight_decay,
            grad_clip,
            multi_precision,
            name,
            torch_names,
        )

    def _coupled_decay(self, group: ParamGroup) -> Any:
        return None

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
        coefficient = float(group.weight_decay)
        if self._exclude is not None and self._exclude(param):
            coefficient = 0.0
        return store_step(
            state,
            _proa.ops.lamb_step(
                value, grad, *adam_state(state), lr, *adam_settings(group), weight_decay=coefficient
            ),
        )


class _PlainAdam(_AdamLike):
    """The rules that ask for nothing beside what all of the family have."""

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        **torch_names: Unpack[AdamNames],
    ) -> None:
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameters,
            weight_decay,
            grad_clip,
            False,
            name,
            torch_names,
        )


class Adamax(_PlainAdam):
    """Adam with the infinity norm: Kingma & Ba 2015, algorithm 2."""

    _accumulators: tuple[str, ...] = ("moment", "inf_norm")
    _scalars: tuple[str, ...] = ("beta1_pow_acc",)

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
        beta1, beta2, epsilon = adam_settings(group)
        power = state["beta1_pow_acc"]
        moment = beta1 * state["moment"] + (1.0 - beta1) * grad
        norm = proa.maximum(beta2 * state["inf_norm"], proa.abs(grad) + epsilon)
        rate = (lr / (1.0 - power)).astype(value.dtype)
        state["moment"]._assign(moment)
        state["inf_norm"]._assign(norm)
        power._assign(power * beta1)
        return value - rate * (moment / norm)


class NAdam(_AdamLike):
    """Adam with Nesterov momentum: Dozat 2016, with the momentum schedule of its section 3."""

    _accumulators: tuple[str, ...] = ("moment1", "moment2")
    _scalars: tuple[str, ...] = ("beta2_pow_acc", "momentum_decay_pow", "mu_product")

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.002,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 0.004,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        **torch_names: Unpack[AdamNames],
    ) -> None:
        self._momentum_decay = float(momentum_decay)
        super().__init__(
            learning_rate,
            beta1,
            beta2,
            epsilon,
            parameters,
            weight_decay,
            grad_clip,
            False,
            name,
            torch_names,
        )

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        if accumulator == "momentum_decay_pow":
            return float(0.96**self._momentum_decay)
        if accumulator == "mu_product":
            return 1.0
        return super()._initial(accumulator, group)

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
        beta1, beta2, epsilon = adam_settings(group)
        fade = state["momentum_decay_pow"]
        next_fade = fade * float(0.96**self._momentum_decay)
        mu = beta1 * (1.0 - 0.5 * fade)
        next_mu = beta1 * (1.0 - 0.5 * next_fade)
        product = state["mu_product"] * mu
        power = state["beta2_pow_acc"]
        moment1 = beta1 * state["moment1"] + (1.0 - beta1) * grad
        moment2 = beta2 * state["moment2"] + (1.0 - beta2) * grad * grad
        from_grad = (lr * (1.0 - mu) / (1.0 - product)).astype(value.dtype)
        from_moment = (lr * next_mu / (1.0 - product * next_mu)).astype(value.dtype)
        debias = proa.sqrt(1.0 - power).astype(value.dtype)
        denominator = proa.sqrt(moment2) / debias + epsilon
        state["moment1"]._assign(moment1)
        state["moment2"]._assign(moment2)
        fade._assign(next_fade)
        state["mu_product"]._assign(product)
        power._assign(power * beta2)
        return value - from_grad * (grad / denominator) - from_moment * (moment1 / denominator)


class RAdam(_PlainAdam):
    """Rectified Adam: Liu et al. 2020, algorithm 2."""

    _accumulators: tuple[str, ...] = ("moment1", "moment2")
    _scalars: tuple[str, ...] = ("beta1_pow_acc", "beta2_pow_acc", "step_acc")

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        return 1.0 if accumulator == "step_acc" else super()._initial(accumulator, group)

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
        beta1, beta2, epsilon = adam_settings(group)
        power1, power2, step = (state[name] for name in self._scalars)
        longest = 2.0 / (1.0 - beta2) - 1.0
        length = longest - 2.0 * step * power2 / (1.0 - power2)
        # Below a length of 5 the variance has no closed form: the paper steps without it.
        tractable = length > 5.0
        safe = proa.where(tractable, length, proa.full_like(length, longest))
        rectifier = proa.sqrt(
            (safe - 4.0) * (safe - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * safe)
        )
        moment1 = beta1 * state["moment1"] + (1.0 - beta1) * grad
        moment2 = beta2 * state["moment2"] + (1.0 - beta2) * grad * grad
        rate = lr / (1.0 - power1)
        plain = rate.astype(value.dtype) * moment1
        scaled = (rate * rectifier * proa.sqrt(1.0 - power2)).astype(value.dtype)
        adapted = scaled * (moment1 / (proa.sqrt(moment2) + epsilon))
        state["moment1"]._assign(moment1)
        state["moment2"]._assign(moment2)
        power1._assign(power1 * beta1)
        power2._assign(power2 * beta2)
        step._assign(step + 1.0)
        return value - proa.where(tractable, adapted, plain)


def adam_state(state: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The state operands of the step operators, in their order."""
    return state["moment1"], state["moment2"], state["beta1_pow_acc"], state["beta2_pow_acc"]


def adam_settings(group: ParamGroup) -> tuple[float, float, float]:
    return group.hyper["beta1"], group.hyper["beta2"], group.hyper["epsilon"]


def store_step(state: dict[str, Tensor], results: tuple[Tensor, ...]) -> Tensor:
    """Write what a step operator returned into the state; the new value is handed on."""
    for old, new in zip(adam_state(state), results[1:]):
        old._assign(new)
    return results[0]


def amsgrad_step(
    value: Tensor, grad: Tensor, state: dict[str, Tensor], lr: Tensor, group: ParamGroup
) -> Tensor:
    """Adam whose second moment never falls: Reddi et al. 2018, algorithm 2."""
    beta1, beta2, epsilon = adam_settings(group)
    moment1, moment2, power1, power2 = adam_state(state)
    new1 = beta1 * moment1 + (1.0 - beta1) * grad
    new2 = beta2 * moment2 + (1.0 - beta2) * grad * grad
    highest = proa.maximum(state["moment2_max"], new2)
    debias = proa.sqrt(1.0 - power2)
    rate = (lr * debias / (1.0 - power1)).astype(value.dtype)
    denominator = proa.sqrt(highest) + (epsilon * debias).astype(value.dtype)
    state["moment2_max"]._assign(highest)
    store_step(state, (value, new1, new2, power1 * beta1, power2 * beta2))
    return value - rate * (new1 / denominator)
