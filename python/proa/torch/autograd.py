"""`torch.autograd`: gradients, and operators whose gradient is written in Python.

Why thin: the tape is the core's; here are PyTorch's names for it, and tensors with PyTorch's
methods in the user's `forward` and `backward`.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any

from .. import _proa
from ..autograd import PyLayer, enable_grad, no_grad, set_grad_enabled
from ..autograd.py_layer import PyLayerContext

__all__ = [
    "Function", "Variable", "backward", "enable_grad", "grad", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip


class FunctionCtx(PyLayerContext):
    """What `forward` hands to `backward`."""

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept."""
        return tuple(_proa._with_face(tensor) for tensor in self.saved_tensor())

    def mark_dirty(self, *tensors: Any) -> None:
        """Accepted: a result that is an input is a new place on the tape in any case."""


class Function(PyLayer):
    """An operator with its own `forward(ctx, *args)` and `backward(ctx, *grads)`.

    `backward` returns a gradient (or None) for every argument of `forward`, tensor or not. With
    `setup_context(ctx, inputs, output)` the forward is without ctx.
    """

    setup_context: Any = None

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and record `backward` on the tape."""
        places = [i for i, value in enumerate(args) if isinstance(value, _proa.Tensor)]

        class Bridge(PyLayer):
            @staticmethod
            def forward(ctx: Any, *values: Any, **named: Any) -> Any:
                ctx.__class__ = FunctionCtx
                if cls.setup_context is None:
                    return cls.forward(ctx, *values, **named)
                plain: Any = cls.forward
                output = plain(*values, **named)
                cls.setup_context(ctx, values, output)
                return output

            @staticmethod
            def backward(ctx: Any, *gradients: Any) -> Any:
                found = cls.backward(ctx, *(_proa._with_face(g) for g in gradients))
                found = found if isinstance(found, tuple) else (found,)
                return [found[i] if i < len(found) else None for i in places]

        Bridge.__name__ = cls.__name__
        made = Bridge.apply(*args, **kwargs)
        if isinstance(made, _proa.Tensor):
            return _proa._with_face(made)
        return tuple(_proa._with_face(item) for item in made)


def Variable(data: Any, requires_grad: bool = False) -> Any:
    """The tensor itself: variables and tensors are one."""
    data.requires_grad = requires_grad
    return data


def _listed(tensors: Any) -> list[Any]:
    return [tensors] if isinstance(tensors, _proa.Tensor) else list(tensors)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of outputs with respect to each input, as a tuple."""
    found = _proa.grad(
        _listed(outputs),
        _listed(inputs),
        None if grad_outputs is None else _listed(grad_outputs),
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=bool(allow_unused) or materialize_grads,
    )
    if materialize_grads:
        pairs = zip(found, _listed(inputs), strict=True)
        found = [_proa.ops.zeros_like(x) if g is None else g for g, x in pairs]
    return tuple(_proa._with_face(item) for item in found)


def grad_into(
    output: Any,
    gradient: Any,
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Sequence[Any] | None,
) -> None:
    """Add the gradients of `output` to `.grad`, recorded where create_graph says so."""
    if inputs is None:
        raise _proa.NotSupportedError(
            "[backward] create_graph: expected `inputs` beside it; or use autograd.grad"
        )
    wanted = list(inputs)
    found = grad(output, wanted, gradient, retain_graph, create_graph, allow_unused=True)
    for leaf, value in zip(wanted, found, strict=True):
        if value is not None:
            leaf.grad = value if leaf.grad is None else leaf.grad + value


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Gradients of all tensors into their leaves."""
    if create_graph or inputs is not None:
        seeds = [None] * len(_listed(tensors)) if grad_tensors is None else _listed(grad_tensors)
        for tensor, seed in zip(_listed(tensors), seeds, strict=True):
            grad_into(tensor, seed, True, create_graph, inputs)
        return
    _proa.backward(_listed(tensors), grad_tensors, bool(retain_graph))


def set_detect_anomaly(mode: bool, check_nan: bool = True) -> None:
    """Accepted: errors of the tape always name the operator."""


def once_differentiable(backward: Any) -> Any:
    """The function itself."""
    return backward


function = types.SimpleNamespace(
    Function=Function, FunctionCtx=FunctionCtx, once_differentiable=once_differentiable
)
grad_mode = types.SimpleNamespace(
    set_grad_enabled=set_grad_enabled, no_grad=no_grad, enable_grad=enable_grad
)


def _jacobian(func: Any, inputs: Any, create_graph: bool = False, **ignored: Any) -> Any:
    """All derivatives of the function at the inputs, [*outputs, *inputs]."""
    single = isinstance(inputs, _proa.Tensor)
    points = [x.detach().requires_grad_() for x in ([inputs] if single else inputs)]
    y = func(*points)
    flat = y.reshape([-1])
    rows = [grad(flat[i], points, None, True, create_graph, True, True, False, True)
            for i in range(flat.shape[0])]  # fmt: skip
    made = tuple(
        _proa._with_face(_proa.ops.stack([row[k] for row in rows], 0)).reshape(
            [*y.shape, *points[k].shape]
        )
        for k in range(len(points))
    )
    return made[0] if single else made


def _hessian(func: Any, inputs: Any, **ignored: Any) -> Any:
    """All second derivatives of a function that gives one number."""
    return _jacobian(lambda x: grad(func(x), x, create_graph=True)[0], inputs)


def _vjp(func: Any, inputs: Any, v: Any = None, create_graph: bool = False) -> Any:
    """(outputs, v times the Jacobian)."""
    single = isinstance(inputs, _proa.Tensor)
    points = [x.detach().requires_grad_() for x in ([inputs] if single else inputs)]
    y = func(*points)
    found = grad(y, points, v, create_graph=create_graph, allow_unused=True, materialize_grads=True)
    return y.detach(), found[0] if single else found


functional = types.SimpleNamespace(jacobian=_jacobian, hessian=_hessian, vjp=_vjp)
