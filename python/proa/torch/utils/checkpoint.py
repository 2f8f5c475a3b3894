"""`torch.utils.checkpoint`: forward passes whose inside is computed again for the gradient."""

from __future__ import annotations

from typing import Any

from ... import _proa
from ..autograd import Function, enable_grad


class _Again(Function):
    @staticmethod
    def forward(ctx: Any, run: Any, *inputs: Any) -> Any:
        ctx.run = run
        ctx.inputs = inputs
        ctx.random = _proa.get_rng_state()
        return run(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        now = _proa.get_rng_state()
        _proa.set_rng_state(ctx.random)
        points = [
            x.detach().requires_grad_(x.requires_grad) if isinstance(x, _proa.Tensor) else x
            for x in ctx.inputs
        ]
        with enable_grad():
            outputs = ctx.run(*points)
        _proa.set_rng_state(now)
        listed = [outputs] if isinstance(outputs, _proa.Tensor) else list(outputs)
        # Parameters inside of the function take their gradients here.
        _proa.backward(listed, list(gradients))
        return (None, *(x.grad if isinstance(x, _proa.Tensor) else None for x in points))


def checkpoint(function: Any, *args: Any, use_reentrant: bool | None = None, **kwargs: Any) -> Any:
    """function(*args), of which nothing is kept but the arguments.

    One of the arguments must require a gradient, as with PyTorch's reentrant form.
    """
    return _Again.apply(lambda *inputs: function(*inputs, **kwargs), *args)
