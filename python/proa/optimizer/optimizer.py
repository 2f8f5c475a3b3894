"""The base of all optimizers: groups, gradient clipping, decay, master weights and state.

A subclass gives one function, `_update`, from a parameter's value and gradient to its new value;
everything that is the same for every rule stands here once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

import proa
from proa import host
from proa.refusal import state_error, type_error, value_error

from .groups import GradClip, Parameters, ParamGroup, l2_coefficient, read_groups
from .lr import LRScheduler

if TYPE_CHECKING:
    from proa import Tensor


class TorchNames(TypedDict, total=False):
    """PyTorch's names for the arguments that every optimizer has."""

    params: Parameters
    lr: float | LRScheduler


class Optimizer:
    """Base class of the optimizers.

    Args:
        learning_rate: a number or an `optimizer.lr` scheduler.
        parameters: tensors, or dicts with the key `params` and settings of their own:
            `learning_rate` (a factor on the optimizer's), `weight_decay`, `grad_clip` and the
            optimizer's hyperparameters.
        weight_decay: a number (L2) or a regularizer; a parameter's own regularizer goes before it.
        grad_clip: `nn.ClipGradByGlobalNorm` and its kin, applied before the decay.
        multi_precision: keep a float32 master copy of float16 and bfloat16 parameters.
        name: kept for Paddle's sake.
        params, lr: PyTorch's names.
    """

    #: state tensors that have the parameter's shape and start at `_initial`; float32 for 16 bits
    _accumulators: tuple[str, ...] = ()
    #: state tensors of shape [] and dtype float64, as `beta1_pow_acc`
    _scalars: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float | LRScheduler = 0.001,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        *,
        multi_precision: bool = False,
        hyper: dict[str, Any] | None = None,
        torch_names: TorchNames | None = None,
    ) -> None:
        owner = type(self).__name__
        names = dict(torch_names or {})
        learning_rate = names.pop("lr", learning_rate)  # type: ignore[assignment]
        parameters = names.pop("params", parameters)  # type: ignore[assignment]
        if names:
            raise type_error(f"[{owner}] unexpected argument {next(iter(names))!r}")
        if not isinstance(learning_rate, LRScheduler):
            learning_rate = checked_learning_rate(owner, learning_rate)
        self._learning_rate: float | LRScheduler = learning_rate
        self._groups = read_groups(owner, parameters, weight_decay, grad_clip, hyper or {})
        self._multi_precision = multi_precision
        self._master_grad = False
        self._name = name
        self._state: dict[int, dict[str, Tensor]] = {}
        self._master: dict[int, Tensor] = {}
        self._changes = 0  # of which tensors are state

    # Parameters

    @property
    def _parameter_list(self) -> list[Tensor]:
        return [param for group in self._groups for param in group.params]

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups as dicts, for reading."""
        return [
            {
                "params": group.params,
                "learning_rate": group.scale,
                "weight_decay": group.weight_decay,
                "grad_clip": group.grad_clip,
                **group.hyper,
            }
            for group in self._groups
        ]

    def clear_grad(self, set_to_zero: bool = True) -> None:
        """Forget the gradients of all parameters (or fill them with zeros)."""
        for param in self._parameter_list:
            if set_to_zero and param.grad is not None:
                param.grad = proa.zeros_like(param.grad)
            else:
                param.grad = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """`clear_grad` under PyTorch's name and with PyTorch's default."""
        self.clear_grad(set_to_zero=not set_to_none)

    clear_gradients = clear_grad

    # Learning rate

    def get_lr(self) -> float:
        """The current learning rate."""
        rate: float = host.number(self._rate)
        return rate

    def _rate(self) -> float:
        rate = self._learning_rate
        return rate() if isinstance(rate, LRScheduler) else rate

    def set_lr(self, value: float) -> None:
        """Set the learning rate; refused while a scheduler sets it."""
        if isinstance(self._learning_rate, LRScheduler):
            raise state_error(
                f"[{type(self).__name__}.set_lr] the learning rate is set by "
                f"{type(self._learning_rate).__name__}; use set_lr_scheduler"
            )
        self._learning_rate = checked_learning_rate(type(self).__name__, value)

    def set_lr_scheduler(self, scheduler: LRScheduler) -> None:
        """Let `scheduler` set the learning rate from now on."""
        if not isinstance(scheduler, LRScheduler):
            raise type_error(
                f"[{type(self).__name__}.set_lr_scheduler] scheduler: expected an LRScheduler, "
                f"got {type(scheduler).__name__}"
            )
        self._learning_rate = scheduler

    # Step

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        with proa.no_grad():
            for group in self._groups:
                self._step_group(
                    group,
                    [
                        (param, grad)
                        for param in group.params
                        if not param.stop_gradient and (grad := param.grad) is not None
                    ],
                )

    def backward(
        self,
        loss: Tensor,
        startup_program: None = None,
        parameters: Iterable[Tensor] | None = None,
        no_grad_set: Iterable[Tensor] | None = None,
        callbacks: None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        """The (parameter, gradient) pairs that `loss.backward()`, called before, has left."""
        wanted = self._parameter_list if parameters is None else list(parameters)
        frozen = {id(param) for param in no_grad_set or ()}
        wanted = [p for p in wanted if not p.stop_gradient and id(p) not in frozen]
        pairs = [(param, param.grad) for param in wanted if param.grad is not None]
        if not pairs:
            raise state_error(
                f"[{type(self).__name__}.minimize] no parameter has a gradient; "
                "call loss.backward() first"
            )
        return pairs

    def apply_gradients(self, params_grads: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Update the parameters with the gradients given, each in its own group."""
        grads = {id(param): grad for param, grad in params_grads}
        with proa.no_grad():
            for group in self._groups:
                pairs = [(p, grads[id(p)]) for p in group.params if id(p) in grads]
                self._step_group(group, pairs)

    def minimize(
        self,
        loss: Tensor,
        startup_program: None = None,
        parameters: Iterable[Tensor] | None = None,
        no_grad_set: Iterable[Tensor] | None = None,
    ) -> tuple[None, list[tuple[Tensor, Tensor]]]:
        """`backward` and `apply_gradients`; returns (None, the pairs), as Paddle does."""
        pairs = self.backward(loss, None, parameters, no_grad_set)
        self.apply_gradients(pairs)
        return None, pairs

    def _step_group(self, group: ParamGroup, pairs: list[tuple[Tensor, Tensor]]) -> None:
        host.watch(self, self._settings)
        if self._master_grad:
            pairs = [(param, widened(grad)) for param, grad in pairs]
        if group.grad_clip is not None:
            pairs = group.grad_clip(pairs)
        rates: dict[tuple[float, float], Tensor] = {}
        rate = self.get_lr() * group.scale
        for param, grad in pairs:
            attributes = getattr(param, "optimize_attr", None) or {}
            factors = attributes.get("learning_rate", 1.0), self._rate_factor(param, group)
            if factors not in rates:
                rates[factors] = proa.to_tensor(rate * factors[0] * factors[1], dtype="float64")
            self._step_parameter(param, grad, group, rates[factors])

    def _settings(self) -> tuple[Any, ...]:
        """What a step reads besides tensors and the rate: guards of a captured step."""
        return self._changes, [
            (
                group.scale,
                group.weight_decay,
                group.grad_clip,
                dict(getattr(group.grad_clip, "__dict__", {})),
                dict(group.hyper),
            )
            for group in self._groups
        ]

    def _step_parameter(self, param: Tensor, grad: Tensor, group: ParamGroup, lr: Tensor) -> None:
        state = self._state_of(param, group)
        master = self._master.get(id(param))
        value = widened(param) if master is None else master
        if is_complex(param):
            value, grad = proa.as_real(value), proa.as_real(grad)
        if grad.dtype != value.dtype:
            grad = grad.astype(value.dtype)
        decay = getattr(param, "regularizer", None)
        if decay is None:
            decay = self._coupled_decay(group)
        l2 = l2_coefficient(decay)
        if l2 is None:
            grad = grad + decay(value)
            l2 = 0.0
        elif l2 and not self._fused_decay:
            grad = grad + l2 * value
            l2 = 0.0
        new = self._update(value, grad, state, lr, l2, param, group)
        if is_complex(param):
            new = proa.as_complex(new)
        if master is not None:
            master._assign(new)
        param._assign(new if new.dtype == param.dtype else new.astype(param.dtype))

    #: whether `_update` takes the L2 coefficient itself (its operator adds the decay)
    _fused_decay = False

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
        """The new value; `state` is written in place. `value` and `grad` are real."""
        raise NotImplementedError(f"{type(self).__name__} does not define _update()")

    def _coupled_decay(self, group: ParamGroup) -> Any:
        """The decay that is added to the gradient; None where a rule has its own."""
        return group.weight_decay

    def _rate_factor(self, param: Tensor, group: ParamGroup) -> float:
        """A factor on the learning rate of one parameter."""
        return 1.0

    # State

    def _initial(self, accumulator: str, group: ParamGroup) -> float:
        """Where a state tensor starts."""
        return 0.0

    def _state_of(self, param: Tensor, group: ParamGroup) -> dict[str, Tensor]:
        """The state of a parameter, made when it is first stepped."""
        state = self._state.get(id(param))
        return host.outside(lambda: self._new_state(param, group)) if state is None else state

    def _new_state(self, param: Tensor, group: ParamGroup) -> dict[str, Tensor]:
        like = widened(param.detach())
        if self._keeps_master(param):
            self._master.setdefault(id(param), like)
        if is_complex(like):
            like = proa.as_real(like)
        state = {
            name: proa.full(like.shape, self._initial(name, group), dtype=like.dtype)
            for name in self._accumulators
        }
        for name in self._scalars:
            state[name] = proa.full([], self._initial(name, group), dtype="float64")
        self._state[id(param)] = state
        return state

    def _keeps_master(self, param: Tensor) -> bool:
        return self._multi_precision and is_half(param)

    def state_dict(self) -> dict[str, Any]:
        """State tensors by Paddle's names, master weights, the scheduler's state.

        `param_names` records the order of the parameters, so that a model built anew, whose
        generated names differ, can take the state over.
        """
        result: dict[str, Any] = {}
        masters: dict[str, Tensor] = {}
        names = self._names()
        for name, param in zip(names, self._parameter_list):
            for key, tensor in self._state.get(id(param), {}).items():
                result[f"{name}_{key}_0"] = tensor
            if id(param) in self._master:
                masters[name] = self._master[id(param)]
        if masters:
            result["master_weights"] = masters
        if isinstance(self._learning_rate, LRScheduler):
            result["LR_Scheduler"] = self._learning_rate.state_dict()
        else:
            result["learning_rate"] = self._learning_rate
        result["param_names"] = names
        return result

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned; parameters match by name, else by order."""
        where = f"[{type(self).__name__}.set_state_dict] state_dict"
        own_names = self._names()
        names = list(state_dict.get("param_names", own_names))
        if len(names) != len(own_names):
            raise value_error(
                f"{where}: expected the state of {len(own_names)} parameters, got {len(names)}"
            )
        if set(names) == set(own_names):
            names = own_names
        expected = {"param_names", "LR_Scheduler", "learning_rate", "master_weights"}
        expected.update(
            f"{name}_{key}_0" for name in names for key in (*self._accumulators, *self._scalars)
        )
        unknown = sorted(set(state_dict) - expected)
        if unknown:
            raise value_error(f"{where}: keys that this optimizer does not have: {unknown[:5]}")
        if isinstance(self._learning_rate, LRScheduler):
            if "LR_Scheduler" in state_dict:
                self._learning_rate.set_state_dict(state_dict["LR_Scheduler"])
        elif "learning_rate" in state_dict:
            self._learning_rate = float(state_dict["learning_rate"])
        remaining = iter(names)
        for group in self._groups:
            for param in group.params:
                self._take_state(where, next(remaining), param, group, state_dict)

    set_dict = set_state_dict
    load_state_dict = set_state_dict

    def _take_state(
        self,
        where: str,
        name: str,
        param: Tensor,
        group: ParamGroup,
        state_dict: Mapping[str, Any],
    ) -> None:
        """Read one parameter's state; one that was never stepped has none."""
        self._changes += 1
        masters = state_dict.get("master_weights", {})
        keys = (*self._accumulators, *self._scalars)
        present = [key for key in keys if f"{name}_{key}_0" in state_dict]
        self._state.pop(id(param), None)
        self._master.pop(id(param), None)
        if name in masters:
            self._master[id(param)] = masters[name].detach().clone()
        if not present:
            return
        if len(present) != len(keys):
            missing = [f"{name}_{key}_0" for key in keys if key not in present]
            raise value_error(f"{where}: missing {missing}")
        for key, own in self._state_of(param, group).items():
            value = proa.to_tensor(state_dict[f"{name}_{key}_0"])
            if list(value.shape) != list(own.shape):
                raise value_error(
                    f"{where}: {name}_{key}_0: expected shape {list(own.shape)}, "
                    f"got {list(value.shape)}"
                )
            own._assign(value.detach().clone().astype(own.dtype))

    def _names(self) -> list[str]:
        """A name for each parameter; where names are missing or repeated, the index makes one."""
        names = [param.name or "" for param in self._parameter_list]
        if len(set(names)) == len(names) and "" not in names:
            return names
        return [f"param_{index}" for index in range(len(names))]


def checked_learning_rate(owner: str, value: object) -> float:
    if hasattr(value, "item") and not isinstance(value, (int, float)):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise type_error(
            f"[{owner}] learning_rate: expected a number or an optimizer.lr scheduler, "
            f"got {type(value).__name__}"
        )
    return float(value)


def is_half(tensor: Tensor) -> bool:
    return bool(tensor.dtype == "float16" or tensor.dtype == "bfloat16")


def widened(tensor: Tensor) -> Tensor:
    """The tensor itself, in float32 if it is of 16 bits: state and steps are never in half."""
    return tensor.astype("float32") if is_half(tensor) else tensor


def is_complex(tensor: Tensor) -> bool:
    return bool(tensor.dtype == "complex64" or tensor.dtype == "complex128")
