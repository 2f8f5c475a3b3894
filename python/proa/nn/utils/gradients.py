"""Clipping the gradients of parameters in place.

Why beside nn.clip: loops without an optimizer's grad_clip call these between backward and step.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable

import proa

from ... import _proa
from ...check import refuse
from ..clip import _real_dtype, square_sum


def _with_gradients(
    where: str, parameters: _proa.Tensor | Iterable[_proa.Tensor]
) -> list[_proa.Tensor]:
    given = [parameters] if isinstance(parameters, _proa.Tensor) else list(parameters)
    for parameter in given:
        if not isinstance(parameter, _proa.Tensor):
            refuse(where, "parameters", "a tensor or an iterable of tensors", parameter)
    return [parameter for parameter in given if parameter.grad is not None]


def _norm(gradient: _proa.Tensor, kind: float) -> _proa.Tensor:
    """The `kind`-norm of all elements, to the power `kind` unless infinite, as float64."""
    if kind == 2.0:
        return square_sum(gradient).astype("float64")
    size = proa.abs(gradient).astype("float64")
    if math.isinf(kind):
        return proa.max(size) if kind > 0 else proa.min(size)
    return proa.sum(size**kind)


def clip_grad_norm_(
    parameters: _proa.Tensor | Iterable[_proa.Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> _proa.Tensor:
    """Scale all gradients in place by one factor, so that their joint norm is at most max_norm.

    Args:
        parameters: those whose gradients are meant; the ones without a gradient are passed over.
        max_norm: the limit, >= 0.
        norm_type: p of the norm; infinity is the largest magnitude.
        error_if_nonfinite: whether a norm that is NaN or infinite is refused.

    Returns the norm before clipping, a 0-d tensor.
    """
    if isinstance(max_norm, bool) or not isinstance(max_norm, numbers.Real) or max_norm < 0:
        refuse("clip_grad_norm_", "max_norm", "a number >= 0", max_norm)
    kind = float(norm_type)
    if kind == 0 or math.isnan(kind):
        refuse("clip_grad_norm_", "norm_type", "a number other than 0", norm_type)
    with proa.no_grad():
        found = _with_gradients("clip_grad_norm_", parameters)
        if not found:
            return proa.zeros([], "float32")
        parts = proa.stack([_norm(p.grad, kind) for p in found if p.grad is not None], 0)
        if math.isinf(kind):
            total = proa.max(parts) if kind > 0 else proa.min(parts)
        else:
            total = proa.sum(parts) ** (1.0 / kind)
        value = float(total.item())
        if error_if_nonfinite and not math.isfinite(value):
            refuse("clip_grad_norm_", "parameters", "gradients with a finite norm", value)
        factor = proa.clip(max_norm / (total + 1e-6), max=1.0)
        for parameter in found:
            if parameter.grad is not None:
                parameter.grad.set_value(
                    parameter.grad * factor.astype(_real_dtype(parameter.grad))
                )
        return total.astype(_real_dtype(found[0].grad))


def clip_grad_value_(parameters: _proa.Tensor | Iterable[_proa.Tensor], clip_value: float) -> None:
    """Keep every element of all gradients within [-clip_value, clip_value], in place."""
    if isinstance(clip_value, bool) or not isinstance(clip_value, numbers.Real) or clip_value < 0:
        refuse("clip_grad_value_", "clip_value", "a number >= 0", clip_value)
    with proa.no_grad():
        for parameter in _with_gradients("clip_grad_value_", parameters):
            if parameter.grad is not None:
                parameter.grad.set_value(proa.clip(parameter.grad, -clip_value, clip_value))
