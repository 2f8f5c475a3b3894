"""`proa.amp.debugging`: where NaN and infinity come from.

Why counts and bounds: what to do about a tensor that overflows depends on how much of it does.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import proa
from proa import _proa
from proa.refusal import state_error, type_error, value_error

if TYPE_CHECKING:
    from proa import Tensor

__all__ = [
    "DebugMode",
    "TensorCheckerConfig",
    "check_layer_numerics",
    "check_numerics",
    "disable_tensor_checker",
    "enable_tensor_checker",
]


class DebugMode(enum.Enum):
    """What a check does with what it finds."""

    CHECK_NAN_INF_AND_ABORT = 0
    CHECK_NAN_INF = 1
    CHECK_ALL_FOR_OVERFLOW = 2
    CHECK_ALL = 3
    CHECK_ALL_AND_ABORT = 4
    DUMP_ALL = 5


_ABORTS = (DebugMode.CHECK_NAN_INF_AND_ABORT, DebugMode.CHECK_ALL_AND_ABORT)


def check_numerics(
    tensor: Tensor,
    op_type: str,
    var_name: str,
    debug_mode: DebugMode = DebugMode.CHECK_NAN_INF_AND_ABORT,
) -> tuple[Tensor, Tensor]:
    """(int64 [NaNs, infinities, zeros], float32 [largest, smallest, mean]) of a tensor.

    Args:
        tensor: of a floating dtype.
        op_type, var_name: what made it and what it is called, for the message.
        debug_mode: the two modes that abort raise StateError where there are NaNs or infinities;
            the others print, CHECK_NAN_INF only where there are some.
    """
    if not isinstance(tensor, proa.Tensor) or not tensor.dtype.is_floating_point:
        raise type_error("[check_numerics] tensor: expected a tensor of a floating dtype")
    if not isinstance(debug_mode, DebugMode):
        raise type_error("[check_numerics] debug_mode: expected a DebugMode")
    with proa.no_grad():
        nan, infinite, zero = (
            int(proa.sum(mask.astype("int64")))
            for mask in (proa.isnan(tensor), proa.isinf(tensor), tensor == 0)
        )
        values = tensor.astype("float32")
        bounds = [float(f(values)) if tensor.size else 0.0 for f in (proa.max, proa.min, proa.mean)]
    text = (
        f"[{op_type}] {var_name}: {nan} NaN, {infinite} infinite and {zero} zero of {tensor.size} "
        f"values of {tensor.dtype}, from {bounds[1]:g} to {bounds[0]:g}, mean {bounds[2]:g}"
    )
    if nan or infinite:
        if debug_mode in _ABORTS:
            raise state_error(text)
        print(text)
    elif debug_mode not in (*_ABORTS, DebugMode.CHECK_NAN_INF):
        print(text)
    return proa.to_tensor([nan, infinite, zero]), proa.to_tensor(bounds, dtype="float32")


def check_layer_numerics(func: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's forward whose first argument and results are checked at each call.

    Raises StateError where one of them holds NaN or infinity; the message names the layer.
    """

    @functools.wraps(func)
    def forward(self: Any, *inputs: Any, **kwargs: Any) -> Any:
        if not inputs or not isinstance(inputs[0], proa.Tensor):
            raise type_error(f"[{type(self).__name__}] forward: expected a tensor first")
        where = self.full_name() if hasattr(self, "full_name") else type(self).__name__
        check_numerics(inputs[0], where, "input")
        outputs = func(self, *inputs, **kwargs)
        for i, value in enumerate(outputs if isinstance(outputs, (list, tuple)) else [outputs]):
            if isinstance(value, proa.Tensor) and value.dtype.is_floating_point:
                check_numerics(value, where, f"output {i}")
        return outputs

    return forward


class TensorCheckerConfig:
    """What enable_tensor_checker does.

    Args:
        enable: whether anything is checked.
        debug_mode: one of the two modes that abort.
    """

    def __init__(
        self, enable: bool, debug_mode: DebugMode = DebugMode.CHECK_NAN_INF_AND_ABORT
    ) -> None:
        if debug_mode not in _ABORTS:
            raise value_error("[TensorCheckerConfig] debug_mode: expected a mode that aborts")
        self.enable = bool(enable)
        self.debug_mode = debug_mode


def enable_tensor_checker(checker_config: TensorCheckerConfig) -> None:
    """The first operation that makes NaN or infinity of finite operands raises ValueError.

    The message has its name and your line, eager or captured. `PROA_CHECK_NAN=1` in the
    environment does the same from the start.
    """
    _proa._watch("finite", checker_config.enable)


def disable_tensor_checker() -> None:
    """Nothing is checked any more."""
    _proa._watch("finite", False)
