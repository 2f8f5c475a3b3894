"""Recomputation: a part of a network keeps its inputs only, and runs again when gradients come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _proa
from .mode import enable_grad, no_grad
from .py_layer import PyLayer


def _replaced(value: Any, tensors: dict[int, Any]) -> Any:
    if isinstance(value, _proa.Tensor):
        return tensors.get(id(value), value)
    if isinstance(value, dict):
        return {k: _replaced(v, tensors) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        made = [_replaced(v, tensors) for v in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    return value


def _tensors_of(value: Any, found: list[Any]) -> list[Any]:
    if isinstance(value, _proa.Tensor):
        if all(value is not other for other in found):
            found.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _tensors_of(item, found)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _tensors_of(item, found)
    return found


class _Again(PyLayer):
    """Runs `call` once without a tape, and once more with one when cotangents come."""

    @staticmethod
    def forward(ctx: Any, call: Any, plan: list[Any], keep_rng: bool, *tensors: Any) -> Any:
        ctx.call = call
        ctx.rng = _proa.get_rng_state() if keep_rng else None
        ctx.amp = _proa.amp_state(False, 1, "float32", [], [])
        _proa.amp_state(*ctx.amp)
        ctx.wanted = [not t.stop_gradient for t in tensors]
        ctx.save_for_backward(*tensors)
        with no_grad():
            value = call([t.detach() for t in tensors])
        results = _tensors_of(value, [])
        plan.append((value, results))
        return tuple(results)

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        inputs = []
        for tensor, wanted in zip(ctx.saved_tensor(), ctx.wanted, strict=True):
            one = tensor.detach()
            one.stop_gradient = not wanted
            inputs.append(one)
        now = _proa.get_rng_state()
        amp = _proa.amp_state(*ctx.amp)
        try:
            if ctx.rng is not None:
                _proa.set_rng_state(ctx.rng)
            with enable_grad():
                results = _tensors_of(ctx.call(inputs), [])
        finally:
            _proa.amp_state(*amp)
            if ctx.rng is not None:
                _proa.set_rng_state(now)
        given = [
            (r, c)
            for r, c in zip(results, cotangents, strict=True)
            if c is not None and not r.stop_gradient
        ]
        if given:
            _proa.backward([r for r, _ in given], [c for _, c in given])
        return tuple(t.grad if wanted else None
                     for t, wanted in zip(inputs, ctx.wanted, strict=True))


def recompute(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which only the arguments are kept for the gradient.

    What lies between is computed again when the gradient is asked for, so memory is exchanged for
    time. Results and gradients have the bits of the plain call: random draws are the same in both
    runs. Parameters that the function uses get their gradients in `.grad`, as by backward().

    Args:
        function: of tensors, and whatever else; called twice.
        *args, **kwargs: its arguments; containers of tensors may be among them.
        use_reentrant: True; there is one way.
        preserve_rng_state: False draws other random numbers the second time.

    Example:
        >>> x = proa.to_tensor([1.0, 2.0], stop_gradient=False)
        >>> proa.recompute(lambda t: proa.tanh(t) * 2, x).sum().backward()
        >>> x.grad.shape
        [2]
    """
    recording = _proa.is_grad_enabled() and not _proa._jit_capturing()
    if not recording:
        return function(*args, **kwargs)
    given = _tensors_of((args, kwargs), [])

    def call(tensors: list[Any]) -> Any:
        places = {id(old): new for old, new in zip(given, tensors, strict=True)}
        positional, named = _replaced(args, places), _replaced(kwargs, places)
        return function(*positional, **named)

    if not any(not t.stop_gradient for t in given):
        # Parameters alone want a gradient: an input on the tape brings the backward here.
        anchor = _proa.ops.zeros([1], "float32")
        anchor.stop_gradient = False
        given.append(anchor)
    plan: list[Any] = []
    made = _Again.apply(call, plan, preserve_rng_state, *given)
    value, results = plan[0]
    tensors = made if isinstance(made, (list, tuple)) else [made]
    return _replaced(value, {id(old): new for old, new in zip(results, tensors, strict=True)})
