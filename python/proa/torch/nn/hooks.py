"""Hooks on the gradients of a module: its inputs and outputs pass through two identities.

Why operators: the gradient of an input is complete exactly when the identity's backward runs.
"""

from __future__ import annotations

from typing import Any

from ... import _proa
from ..autograd import Function


class _Outputs(Function):
    @staticmethod
    def forward(ctx: Any, kept: dict[str, Any], *outputs: Any) -> Any:
        ctx.kept = kept
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        ctx.kept["outputs"] = gradients
        return (None, *gradients)


class _Inputs(Function):
    @staticmethod
    def forward(ctx: Any, kept: dict[str, Any], *inputs: Any) -> Any:
        ctx.kept = kept
        return tuple(inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        kept = ctx.kept
        changed = kept["hook"](kept["module"], gradients, kept.get("outputs", ()))
        if changed is None:
            return (None, *gradients)
        return (None, *(changed if isinstance(changed, tuple) else (changed,)))


class Watch:
    """Both hooks of one registration: `remove()` takes them away."""

    def __init__(self, handles: list[Any]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Take the hook away."""
        for handle in self._handles:
            handle.remove()


def watch(module: Any, hook: Any) -> Watch:
    """Call the hook with the gradients of each later forward of the module."""
    open_calls: list[dict[str, Any]] = []

    def before(_: Any, inputs: tuple[Any, ...]) -> Any:
        kept = {"module": module, "hook": hook}
        open_calls.append(kept)
        places = [i for i, x in enumerate(inputs) if isinstance(x, _proa.Tensor)]
        if not any(inputs[i].requires_grad for i in places):
            return None
        passed = _Inputs.apply(kept, *(inputs[i] for i in places))
        changed = list(inputs)
        for i, x in zip(places, passed, strict=True):
            changed[i] = x
        return tuple(changed)

    def after(_: Any, inputs: tuple[Any, ...], outputs: Any) -> Any:
        kept = open_calls.pop()
        if isinstance(outputs, _proa.Tensor):
            return _Outputs.apply(kept, outputs)[0]
        if not all(isinstance(y, _proa.Tensor) for y in outputs):
            return None
        return type(outputs)(_Outputs.apply(kept, *outputs))

    return Watch([
        module.register_forward_pre_hook(before), module.register_forward_post_hook(after)
    ])  # fmt: skip
