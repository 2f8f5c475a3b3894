"""Gradient clipping: by value, by the norm of each gradient, or by the norm of all together.

Why objects: an optimizer is given one and applies it to its (parameter, gradient) pairs before each
step.
Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TypeAlias

import proa

from .. import _proa
from ..check import refuse

__all__ = ["ClipGradBase", "ClipGradByGlobalNorm", "ClipGradByNorm", "ClipGradByValue"]

Pairs: TypeAlias = "list[tuple[_proa.Tensor, _proa.Tensor | None]]"


def square_sum(gradient: _proa.Tensor) -> _proa.Tensor:
    """Sum of |g|^2, in float32 where the dtype is narrower: a sum of squares of float16 overflows
    early.
    """
    name = str(gradient.dtype).rpartition(".")[2]
    if name.startswith("complex"):
        gradient = proa.abs(gradient)
    elif name in ("float16", "bfloat16"):
        gradient = gradient.astype("float32")
    return proa.sum(gradient * gradient)


class ClipGradBase:
    """Base of the clips: called with (parameter, gradient) pairs, gives pairs with clipped
    gradients.

    Pairs whose gradient is None, or whose parameter has need_clip=False, pass unchanged.
    """

    def __call__(self, params_grads: Sequence[tuple[_proa.Tensor, _proa.Tensor | None]]) -> Pairs:
        with proa.no_grad():
            return self._clip(list(params_grads))

    def _clip(self, pairs: Pairs) -> Pairs:
        raise NotImplementedError


def _clipped(pair: tuple[_proa.Tensor, _proa.Tensor | None]) -> bool:
    parameter, gradient = pair
    return gradient is not None and getattr(parameter, "need_clip", True)


class ClipGradByValue(ClipGradBase):
    """Keeps every element within [min, max]; min defaults to -max."""

    def __init__(self, max: float, min: float | None = None) -> None:
        for key, value in (("max", max), ("min", min)):
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, numbers.Real)
            ):
                refuse("ClipGradByValue", key, "a number", value)
        if min is None and max <= 0:
            refuse("ClipGradByValue", "max", "a number above 0 where min is not given", max)
        self.max = float(max)
        self.min = -self.max if min is None else float(min)
        if self.min > self.max:
            refuse("ClipGradByValue", "min", f"a number <= max={max}", min)

    def _clip(self, pairs: Pairs) -> Pairs:
        return [
            (p, proa.clip(g, self.min, self.max) if g is not None and _clipped((p, g)) else g)
            for p, g in pairs
        ]

    def __repr__(self) -> str:
        return f"ClipGradByValue(max={self.max}, min={self.min})"


def _limit(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or value <= 0:
        refuse(where, "clip_norm", "a number above 0", value)
    return float(value)


class ClipGradByNorm(ClipGradBase):
    """Scales each gradient whose 2-norm is above clip_norm down to it."""

    def __init__(self, clip_norm: float) -> None:
        self.clip_norm = _limit("ClipGradByNorm", clip_norm)

    def _clip(self, pairs: Pairs) -> Pairs:
        out: Pairs = []
        for parameter, gradient in pairs:
            if gradient is not None and _clipped((parameter, gradient)):
                norm = proa.sqrt(square_sum(gradient))
                factor = self.clip_norm / proa.clip(norm, min=self.clip_norm)
                gradient = gradient * factor.astype(_real_dtype(gradient))
            out.append((parameter, gradient))
        return out

    def __repr__(self) -> str:
        return f"ClipGradByNorm(clip_norm={self.clip_norm})"


def _real_dtype(tensor: _proa.Tensor) -> str:
    name = str(tensor.dtype).rpartition(".")[2]
    return {"complex64": "float32", "complex128": "float64"}.get(name, name)


class ClipGradByGlobalNorm(ClipGradBase):
    """Scales all gradients by one factor, so that their joint 2-norm is at most clip_norm.

    Args:
        clip_norm: the limit.
        group_name: accepted; all gradients of a call are one group.
        auto_skip_clip: whether a norm within the limit leaves the gradients untouched, not
            multiplied by 1.
    """

    def __init__(
        self, clip_norm: float, group_name: str = "default_group", auto_skip_clip: bool = False
    ) -> None:
        self.clip_norm = _limit("ClipGradByGlobalNorm", clip_norm)
        self.group_name = group_name
        self.auto_skip_clip = auto_skip_clip

    def _clip(self, pairs: Pairs) -> Pairs:
        squares = [square_sum(g) for p, g in pairs if g is not None and _clipped((p, g))]
        if not squares:
            return pairs
        total = squares[0].astype("float64")
        for square in squares[1:]:
            total = total + square.astype("float64")
        norm = proa.sqrt(total)
        factor = self.clip_norm / proa.clip(norm, min=self.clip_norm)
        if self.auto_skip_clip:
            if _proa._jit_capturing():  # where the norm is known only when the graph runs
                within = norm <= self.clip_norm
                return [
                    (p, proa.where(within, g, g * factor.astype(_real_dtype(g))))
                    if g is not None and _clipped((p, g)) else (p, g)
                    for p, g in pairs
                ]
            if norm.item() <= self.clip_norm:
                return pairs
        return [
            (p, g * factor.astype(_real_dtype(g)) if g is not None and _clipped((p, g)) else g)
            for p, g in pairs
        ]

    def __repr__(self) -> str:
        return f"ClipGradByGlobalNorm(clip_norm={self.clip_norm})"
