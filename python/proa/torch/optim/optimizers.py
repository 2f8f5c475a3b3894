"""PyTorch's optimizers: settings in `param_groups`, read anew at each step, over our rules.

Why a shell: the rules are proa.optimizer's; PyTorch's scripts and schedulers write into
`group["lr"]` and expect the next step to follow.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import proa

from ... import _proa, optimizer, spelling
from ...autograd import enable_grad, no_grad
from ...check import refuse
from ...optimizer.groups import ParamGroup


class Optimizer:
    """Base: parameter groups with their settings, a state for each parameter.

    Args:
        params: tensors, pairs (name, tensor), or dicts with the key `params` and settings.
        defaults: the settings where a group has none of its own.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: Any = collections.defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, _proa.Tensor):
            refuse(type(self).__name__, "params", "a list of tensors or of dicts", params)
        entries = list(params)
        if not entries:
            refuse(type(self).__name__, "params", "at least one", entries)
        if not isinstance(entries[0], Mapping):
            entries = [{"params": entries}]
        for entry in entries:
            self.add_param_group(dict(entry))

    #: as proa.amp.GradScaler asks for it
    _master_grad = False

    @property
    def _parameter_list(self) -> list[Any]:
        return [param for group in self.param_groups for param in group["params"]]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """One more group; settings it lacks are the defaults."""
        given = param_group["params"]
        listed = [given] if isinstance(given, _proa.Tensor) else list(given)
        listed = [item[1] if isinstance(item, tuple) else item for item in listed]
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for item in listed:
            if not isinstance(item, _proa.Tensor):
                refuse(type(self).__name__, "params", "tensors", item)
            if id(item) in known:
                refuse(type(self).__name__, "params", "each tensor in one group", item)
            known.add(id(item))
        unknown = set(param_group) - {"params", "name", "initial_lr", *self.defaults}
        if unknown:
            refuse(type(self).__name__, "params", f"settings of {list(self.defaults)}", unknown)
        self.param_groups.append({**self.defaults, **param_group, "params": listed})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or fill them with zeros."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    param.grad = None if set_to_none else proa.zeros_like(param.grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient."""
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def _closed(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        with enable_grad():
            return closure()

    def _numbered(self) -> dict[int, int]:
        return {id(param): i for i, param in enumerate(self._parameter_list)}

    def state_dict(self) -> dict[str, Any]:
        """`state` by the number of the parameter, and the groups with numbers for parameters."""
        numbers = self._numbered()
        groups = [
            {**group, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(p)]: dict(entry) for p, entry in self._entries()}
        return {"state": state, "param_groups": groups}

    def _entries(self) -> list[tuple[Any, Mapping[str, Any]]]:
        return [(param, entry) for param, entry in self.state.items()]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, parameter by parameter in order."""
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in groups]
        if sizes != [len(group["params"]) for group in self.param_groups]:
            refuse(type(self).__name__, "state_dict", "groups of the same sizes", sizes)
        for own, saved in zip(self.param_groups, groups, strict=True):
            own.update({key: value for key, value in saved.items() if key != "params"})
        listed = self._parameter_list
        for number, entry in state_dict["state"].items():
            self._take(listed[int(number)], entry)

    def _take(self, param: Any, entry: Mapping[str, Any]) -> None:
        self.state[param] = {
            key: value.detach().clone() if isinstance(value, _proa.Tensor) else value
            for key, value in entry.items()
        }

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


class _Ruled(Optimizer):
    """An optimizer whose rule is one of ours."""

    _RULE: Any
    #: our hyperparameter -> how to read it from a group
    _HYPER: dict[str, Callable[[dict[str, Any]], Any]] = {}

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any], **settings: Any) -> None:
        for name in ("foreach", "capturable", "differentiable", "fused"):
            settings.pop(name, None)
        self._settings = settings
        self._inner: Any = None
        lr = defaults["lr"]
        if isinstance(lr, bool) or not isinstance(lr, (int, float, _proa.Tensor)) or lr < 0:
            refuse(type(self).__name__, "lr", "a number >= 0", lr)
        super().__init__(params, defaults)

    def _ours(self) -> Any:
        """Our optimizer with the settings that the groups have now."""
        if self._inner is None:
            first = [{"params": group["params"]} for group in self.param_groups]
            self._inner = type(self)._RULE(1.0, parameters=first, **self._settings)
        inner = self._inner
        for group in self.param_groups[len(inner._groups) :]:
            inner._groups.append(ParamGroup(group["params"]))
        for group, own in zip(self.param_groups, inner._groups, strict=True):
            own.scale = float(group["lr"])
            own.weight_decay = group.get("weight_decay", 0.0)
            own.hyper.update({name: read(group) for name, read in self._HYPER.items()})
        return inner

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient."""
        loss = self._closed(closure)
        inner = self._ours()
        turned = [
            param
            for group in self.param_groups
            if group.get("maximize")
            for param in group["params"]
            if param.grad is not None
        ]
        with no_grad():
            for param in turned:
                param.grad = -param.grad
            inner.step()
            for param in turned:
                param.grad = -param.grad
        return loss

    def _entries(self) -> list[tuple[Any, Mapping[str, Any]]]:
        if self._inner is None:
            return []
        listed = [p for group in self.param_groups for p in group["params"]]
        state = self._inner._state
        return [(param, state[id(param)]) for param in listed if id(param) in state]

    def _take(self, param: Any, entry: Mapping[str, Any]) -> None:
        inner = self._ours()
        group = next(g for g in inner._groups if any(p is param for p in g.params))
        inner._state.pop(id(param), None)
        own = inner._state_of(param, group)
        if set(own) != set(entry):
            refuse(type(self).__name__, "state_dict", f"the state {sorted(own)}", sorted(entry))
        for key, tensor in own.items():
            tensor._assign(entry[key].detach().clone().astype(tensor.dtype))


def _betas(number: int) -> Callable[[dict[str, Any]], float]:
    return lambda group: float(group["betas"][number])


def _get(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda group: group[name]


_ADAM = {"beta1": _betas(0), "beta2": _betas(1), "epsilon": _get("eps")}


class _SGDRule(optimizer.Momentum):
    """Momentum with dampening: the first velocity is the whole gradient."""

    _accumulators = ("velocity",)
    _scalars = ("begun",)
    _fused_decay = False

    def _update(
        self, value: Any, grad: Any, state: Any, lr: Any, decay: float, param: Any, group: Any
    ) -> Any:
        momentum, dampening = group.hyper["momentum"], group.hyper["dampening"]
        rate = lr.astype(value.dtype)
        if momentum == 0:
            return value - rate * grad
        share = 1.0 - dampening * state["begun"].astype(value.dtype)
        velocity = momentum * state["velocity"] + share * grad
        state["velocity"]._assign(velocity)
        state["begun"]._assign(proa.ones_like(state["begun"]))
        if group.hyper["nesterov"]:
            velocity = grad + momentum * velocity
        return value - rate * velocity


class _RMSpropRule(optimizer.RMSProp):
    """RMSProp whose epsilon is added to the root."""

    def _update(
        self, value: Any, grad: Any, state: Any, lr: Any, decay: float, param: Any, group: Any
    ) -> Any:
        rho, epsilon = group.hyper["rho"], group.hyper["epsilon"]
        square = rho * state["mean_square"] + (1.0 - rho) * grad * grad
        state["mean_square"]._assign(square)
        if self._centered:
            mean = rho * state["mean_grad"] + (1.0 - rho) * grad
            state["mean_grad"]._assign(mean)
            square = square - mean * mean
        velocity = group.hyper["momentum"] * state["momentum"] + grad / (
            proa.sqrt(square) + epsilon
        )
        state["momentum"]._assign(velocity)
        return value - lr.astype(value.dtype) * velocity


class _AdagradRule(optimizer.Adagrad):
    """Adagrad whose rate falls with the steps."""

    _scalars = ("step",)

    def _update(
        self, value: Any, grad: Any, state: Any, lr: Any, decay: float, param: Any, group: Any
    ) -> Any:
        slower = lr / (1.0 + state["step"] * group.hyper["lr_decay"])
        state["step"]._assign(state["step"] + 1.0)
        return super()._update(value, grad, state, slower, decay, param, group)


class _ASGDRule(optimizer.SGD):
    """Averaged stochastic gradient descent: Polyak & Juditsky 1992."""

    _accumulators = ("average",)
    _scalars = ("step", "eta")
    _fused_decay = False

    def _initial(self, accumulator: str, group: Any) -> float:
        return float(group.scale) if accumulator == "eta" else 0.0

    def _update(
        self, value: Any, grad: Any, state: Any, lr: Any, decay: float, param: Any, group: Any
    ) -> Any:
        lambd, alpha, t0 = (group.hyper[name] for name in ("lambd", "alpha", "t0"))
        step, eta = state["step"] + 1.0, state["eta"]
        rate = eta.astype(value.dtype)
        value = value * (1.0 - lambd * rate) - rate * grad
        share = (1.0 / proa.clip(step - 1.0 - t0, min=1.0)).astype(value.dtype)
        average = state["average"] + (value - state["average"]) * share
        state["average"]._assign(average)
        state["step"]._assign(step)
        eta._assign(lr / (1.0 + lambd * lr * step) ** alpha)
        return value


class SGD(_Ruled):
    """Gradient descent with momentum, dampening and Nesterov's look ahead."""

    _RULE = _SGDRule
    _HYPER = {name: _get(name) for name in ("momentum", "dampening", "nesterov")}

    def __init__(
        self, params: Any, lr: float = 0.001, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        if nesterov and (momentum <= 0 or dampening != 0):
            refuse("SGD", "nesterov", "False without momentum or with dampening", nesterov)
        super().__init__(
            params,
            {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
             "nesterov": nesterov, "maximize": maximize},
            **ignored,
        )  # fmt: skip


class _AdamShaped(_Ruled):
    _HYPER = _ADAM
    _DECAY = 0.0

    def __init__(
        self, params: Any, lr: float = 0.001, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-08, weight_decay: float | None = None, amsgrad: bool = False, *,
        maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        decay = self._DECAY if weight_decay is None else weight_decay
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": decay, "amsgrad": amsgrad,
             "maximize": maximize},
            amsgrad=amsgrad,
            **ignored,
        )  # fmt: skip


class Adam(_AdamShaped):
    """Kingma & Ba 2015; weight_decay is added to the gradient."""

    _RULE = optimizer.Adam


class AdamW(_AdamShaped):
    """Loshchilov & Hutter 2019: Adam with a decay apart from the gradient."""

    _RULE = optimizer.AdamW
    _DECAY = 0.01


class Adamax(_Ruled):
    """Adam with the infinity norm."""

    _RULE = optimizer.Adamax
    _HYPER = _ADAM

    def __init__(
        self, params: Any, lr: float = 0.002, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-08, weight_decay: float = 0, *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
             "maximize": maximize},
            **ignored,
        )  # fmt: skip


class NAdam(_Ruled):
    """Adam with Nesterov momentum."""

    _RULE = optimizer.NAdam
    _HYPER = _ADAM

    def __init__(
        self, params: Any, lr: float = 0.002, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-08, weight_decay: float = 0, momentum_decay: float = 0.004,
        decoupled_weight_decay: bool = False, *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        spelling.no_more("NAdam", decoupled_weight_decay=decoupled_weight_decay)
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
             "momentum_decay": momentum_decay, "maximize": maximize},
            momentum_decay=momentum_decay,
            **ignored,
        )  # fmt: skip


class RAdam(_Ruled):
    """Rectified Adam."""

    _RULE = optimizer.RAdam
    _HYPER = _ADAM

    def __init__(
        self, params: Any, lr: float = 0.001, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-08, weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
        maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        spelling.no_more("RAdam", decoupled_weight_decay=decoupled_weight_decay)
        super().__init__(
            params,
            {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
             "maximize": maximize},
            **ignored,
        )  # fmt: skip


class Adagrad(_Ruled):
    """Duchi et al. 2011."""

    _RULE = _AdagradRule
    _HYPER = {"epsilon": _get("eps"), "lr_decay": _get("lr_decay"),
              "initial_accumulator_value": _get("initial_accumulator_value")}  # fmt: skip

    def __init__(
        self, params: Any, lr: float = 0.01, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, *, maximize: bool = False,
        **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
             "initial_accumulator_value": initial_accumulator_value, "maximize": maximize},
            **ignored,
        )  # fmt: skip


class Adadelta(_Ruled):
    """Zeiler 2012."""

    _RULE = optimizer.Adadelta
    _HYPER = {"rho": _get("rho"), "epsilon": _get("eps")}

    def __init__(
        self, params: Any, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-06,
        weight_decay: float = 0, *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize},
            **ignored,
        )


class RMSprop(_Ruled):
    """Tieleman & Hinton 2012, with the epsilon outside of the root."""

    _RULE = _RMSpropRule
    _HYPER = {"rho": _get("alpha"), "epsilon": _get("eps"), "momentum": _get("momentum")}

    def __init__(
        self, params: Any, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-08,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False, *,
        maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay,
             "momentum": momentum, "centered": centered, "maximize": maximize},
            centered=centered,
            **ignored,
        )  # fmt: skip


class Rprop(_Ruled):
    """Riedmiller & Braun 1993."""

    _RULE = optimizer.Rprop

    def __init__(
        self, params: Any, lr: float = 0.01, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-06, 50), *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize},
            etas=etas,
            learning_rate_range=step_sizes,
            **ignored,
        )


class ASGD(_Ruled):
    """Averaged stochastic gradient descent; the average is state `average`."""

    _RULE = _ASGDRule
    _HYPER = {name: _get(name) for name in ("lambd", "alpha", "t0")}

    def __init__(
        self, params: Any, lr: float = 0.01, lambd: float = 0.0001, alpha: float = 0.75,
        t0: float = 1000000.0, weight_decay: float = 0, *, maximize: bool = False, **ignored: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            params,
            {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
             "maximize": maximize},
            **ignored,
        )  # fmt: skip


class LBFGS(_Ruled):
    """Limited-memory BFGS; step needs a closure that computes the loss and its gradients."""

    _RULE = optimizer.LBFGS

    def __init__(
        self, params: Any, lr: float = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-07, tolerance_change: float = 1e-09, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        settings = {
            "max_iter": max_iter, "max_eval": max_eval, "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, {"lr": lr, **settings})
        self._settings = settings

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """At most max_iter iterations from one evaluation of the closure on."""
        if closure is None:
            refuse("LBFGS", "closure", "a function that computes the loss", closure)
        if self._inner is None:
            rate = float(self.param_groups[0]["lr"])
            self._inner = optimizer.LBFGS(rate, parameters=self._parameter_list, **self._settings)
        with enable_grad():
            return self._inner.step(closure)
