"""`GradScaler`: scale the loss so that small gradients survive float16, and skip what overflows.

Micikevicius et al. 2018, "Mixed precision training", section 3.2 and its dynamic scale: halve on
overflow, double after a long run without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import proa
from proa import _proa, host
from proa.optimizer.optimizer import Optimizer, is_half
from proa.refusal import state_error, type_error, value_error

if TYPE_CHECKING:
    from proa import Tensor


class TorchScalerNames(TypedDict, total=False):
    """PyTorch's names for the arguments."""

    enabled: bool
    init_scale: float
    growth_factor: float
    backoff_factor: float
    growth_interval: int


_ALIASES = {
    "enabled": "enable",
    "init_scale": "init_loss_scaling",
    "growth_factor": "incr_ratio",
    "backoff_factor": "decr_ratio",
    "growth_interval": "incr_every_n_steps",
}
_SAVED = (
    "scale",
    "incr_ratio",
    "decr_ratio",
    "incr_every_n_steps",
    "decr_every_n_nan_or_inf",
    "incr_count",
    "decr_count",
    "use_dynamic_loss_scaling",
)


class GradScaler:
    """Loss scaling for training in float16.

    Args:
        enable: False makes every method pass its argument through.
        init_loss_scaling: the first scale.
        incr_ratio, incr_every_n_steps: the factor on the scale after that many good steps.
        decr_ratio, decr_every_n_nan_or_inf: the factor after that many steps that overflowed.
        use_dynamic_loss_scaling: False keeps the scale fixed.
    """

    def __init__(
        self,
        enable: bool = True,
        init_loss_scaling: float = 65536.0,
        incr_ratio: float = 2.0,
        decr_ratio: float = 0.5,
        incr_every_n_steps: int = 2000,
        decr_every_n_nan_or_inf: int = 1,
        use_dynamic_loss_scaling: bool = True,
        **torch_names: Unpack[TorchScalerNames],
    ) -> None:
        settings: dict[str, Any] = {
            "enable": enable,
            "init_loss_scaling": init_loss_scaling,
            "incr_ratio": incr_ratio,
            "decr_ratio": decr_ratio,
            "incr_every_n_steps": incr_every_n_steps,
            "decr_every_n_nan_or_inf": decr_every_n_nan_or_inf,
        }
        for name, value in torch_names.items():
            if name not in _ALIASES:
                raise type_error(f"[GradScaler] unexpected argument {name!r}")
            settings[_ALIASES[name]] = value
        limits: dict[str, tuple[str, Callable[[Any], bool]]] = {
            "init_loss_scaling": ("above 0", lambda x: x > 0.0),
            "incr_ratio": ("above 1", lambda x: x > 1.0),
            "decr_ratio": ("in (0, 1)", lambda x: 0.0 < x < 1.0),
            "incr_every_n_steps": ("1 or more", lambda x: x >= 1),
            "decr_every_n_nan_or_inf": ("1 or more", lambda x: x >= 1),
        }
        for name, (expected, holds) in limits.items():
            if not holds(settings[name]):
                raise value_error(f"[GradScaler] {name}: expected {expected}, got {settings[name]}")
        self._enable = bool(settings["enable"])
        self._scale = float(settings["init_loss_scaling"])
        self._incr_ratio = float(settings["incr_ratio"])
        self._decr_ratio = float(settings["decr_ratio"])
        self._incr_every_n_steps = int(settings["incr_every_n_steps"])
        self._decr_every_n_nan_or_inf = int(settings["decr_every_n_nan_or_inf"])
        self._use_dynamic_loss_scaling = use_dynamic_loss_scaling
        self._incr_count = 0
        self._decr_count = 0
        # Since the last update: whether each unscaled optimizer met a gradient that is not finite.
        self._found_inf: dict[int, bool] = {}

    def is_enable(self) -> bool:
        return self._enable

    is_enabled = is_enable

    def is_use_dynamic_loss_scaling(self) -> bool:
        return self._use_dynamic_loss_scaling

    def get_scale(self) -> float:
        """The current scale; 1 where scaling is off."""
        return self._scale if self._enable else 1.0

    def get_init_loss_scaling(self) -> float:
        return self._scale

    def set_init_loss_scaling(self, new_init_loss_scaling: float) -> None:
        self._scale = float(new_init_loss_scaling)

    def scale(self, var: Any) -> Any:
        """A loss (or a list or tuple of losses) times the scale, in float32 at least."""
        if not self._enable:
            return var
        if isinstance(var, (list, tuple)):
            return type(var)(self.scale(item) for item in var)
        if not isinstance(var, proa.Tensor):
            raise type_error(f"[GradScaler.scale] var: expected a tensor, got {type(var).__name__}")
        return (var.astype("float32") if is_half(var) else var) * host.number(self.get_scale)

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, once before each step."""
        if not self._enable:
            return
        if id(optimizer) in self._found():
            raise state_error(
                "[GradScaler.unscale_] expected once for an optimizer between updates, got it again"
            )
        finite: list[Tensor] = []
        scale = host.number(self.get_scale)
        with proa.no_grad():
            for param in optimizer._parameter_list:
                grad = param.grad
                if grad is None:
                    continue
                wide = grad.astype("float32") if is_half(grad) else grad
                finite.append(proa.isfinite(wide).all())
                wide = wide * (1.0 / scale)
                keeps_wide = optimizer._master_grad or wide.dtype == grad.dtype
                param.grad = wide if keeps_wide else wide.astype(grad.dtype)
            overflows = proa.logical_not(proa.stack(finite).all()) if finite else False
            if not self._captured() and finite:
                overflows = bool(overflows)
        self._found()[id(optimizer)] = overflows

    def _captured(self) -> bool:
        """Whether a captured function is made: overflows are then known only when it has run."""
        if host.current() is None:
            return False
        host.watch(self, lambda: (self._enable, dict(self._found_inf)))
        return True

    def _found(self) -> dict[int, Any]:
        """By optimizer: whether a gradient is not finite, a bool or a bool tensor of the graph."""
        now = host.current()
        found: dict[int, Any] = (
            self._found_inf if now is None else now.notes.setdefault(self, dict(self._found_inf))
        )
        return found

    def step(self, optimizer: Optimizer) -> None:
        """Step the optimizer with unscaled gradients, unless one of them is not finite."""
        if not self._enable:
            optimizer.step()
            return
        if id(optimizer) not in self._found():
            self.unscale_(optimizer)
        found = self._found()[id(optimizer)]
        if isinstance(found, proa.Tensor):
            _proa._jit_only_where(proa.logical_not(found), optimizer.step)
        elif not found:
            optimizer.step()

    def update(self) -> None:
        """Adapt the scale to what the steps since the last update met."""
        if not self._enable:
            return
        found = list(self._found().values())
        self._found().clear()
        if self._captured() and any(isinstance(one, proa.Tensor) for one in found):
            known = [one if isinstance(one, proa.Tensor) else proa.full([], one) for one in found]
            host.after(self._adapt, proa.stack(known).any())
        else:
            self._adapt(any(found))

    def _adapt(self, overflowed: Any) -> None:
        found = bool(overflowed)
        if not self._use_dynamic_loss_scaling:
            return
        if found:
            self._incr_count = 0
            self._decr_count += 1
            if self._decr_count == self._decr_every_n_nan_or_inf:
                self._scale = max(self._scale * self._decr_ratio, 1.0)
                self._decr_count = 0
            return
        self._decr_count = 0
        self._incr_count += 1
        if self._incr_count == self._incr_every_n_steps:
            # Beyond float32 a scale would be infinite, and every step lost.
            self._scale = min(self._scale * self._incr_ratio, 2.0**127)
            self._incr_count = 0

    def minimize(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
        """`step` and `update`, after `scaler.scale(loss).backward()`."""
        self.step(optimizer)
        self.update()

    def state_dict(self) -> dict[str, Any]:
        """All that changes and all settings; empty where scaling is off."""
        if not self._enable:
            return {}
        return {name: getattr(self, f"_{name}") for name in _SAVED}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        if not self._enable:
            return
        missing = [name for name in _SAVED if name not in state_dict]
        if missing:
            raise value_error(
                f"[GradScaler.load_state_dict] state_dict: expected the keys {list(_SAVED)}, "
                f"missing {missing}"
            )
        for name in _SAVED:
            setattr(self, f"_{name}", state_dict[name])

    set_state_dict = load_state_dict


AmpScaler = GradScaler
