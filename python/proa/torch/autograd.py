"""`torch.autograd`: gradients, and operators whose gradient is written in Python.

Why thin: the tape is the core's; here are PyTorch's names for it, and tensors with PyTorch's
methods in the user's `forward` and `backward`.
"""

from __future__ import annotations

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

    needs_input_grad: tuple[bool, ...] = ()

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which outputs have no gradient; integer outputs never have one."""
        for tensor in tensors:
            tensor.stop_gradient = True

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` kept."""
        return tuple(_proa._with_face(tensor) for tensor in self.saved_tensor())

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for `backward`; None may stand among them."""
        self.absent = [i for i, tensor in enumerate(tensors) if tensor is None]
        super().save_for_backward(*(tensor for tensor in tensors if tensor is not None))

    def saved_tensor(self) -> tuple[Any, ...]:
        found: list[Any] = list(super().saved_tensor())
        for place in getattr(self, "absent", []):
            found.insert(place, None)
        return tuple(found)


class Function(PyLayer):
    """An operator with its own `forward(ctx, *args)` and `backward(ctx, *grads)`.

    `backward` returns a gradient (or None) for every argument of `forward`, tensor or not.
    """

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward`, and record `backward` on the tape."""
        places = [i for i, value in enumerate(args) if isinstance(value, _proa.Tensor)]

        class Bridge(PyLayer):
            @staticmethod
            def forward(ctx: Any, *values: Any) -> Any:
                ctx.torch = FunctionCtx()
                ctx.torch.needs_input_grad = tuple(
                    isinstance(value, _proa.Tensor) and value.requires_grad for value in values
                )
                return cls.forward(ctx.torch, *values)

            @staticmethod
            def backward(ctx: Any, *gradients: Any) -> Any:
                found = cls.backward(ctx.torch, *(_proa._with_face(g) for g in gradients))
                found = found if isinstance(found, tuple) else (found,)
                return [found[i] if i < len(found) else None for i in places]

        Bridge.__name__ = cls.__name__
        made = Bridge.apply(*args)
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
