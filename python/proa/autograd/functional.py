"""Whole derivatives of functions: Jacobian-vector products, Jacobians, Hessians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import _proa
from .mode import enable_grad

Tensors = _proa.Tensor | Sequence[_proa.Tensor]


def _listed(tensors: Tensors) -> list[_proa.Tensor]:
    return [tensors] if isinstance(tensors, _proa.Tensor) else list(tensors)


def _alike(values: list[_proa.Tensor], model: Tensors) -> Any:
    return values[0] if isinstance(model, _proa.Tensor) else values


def _leaves(xs: Tensors) -> list[_proa.Tensor]:
    leaves = [x.detach() for x in _listed(xs)]
    for leaf in leaves:
        leaf.stop_gradient = False
    return leaves


def _grad(
    outputs: list[_proa.Tensor],
    inputs: list[_proa.Tensor],
    seeds: list[_proa.Tensor] | None,
    create_graph: bool,
) -> list[_proa.Tensor]:
    found = _proa.grad(
        outputs, inputs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    return [_proa.ops.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def vjp(
    func: Callable[..., Tensors], xs: Tensors, v: Tensors | None = None
) -> tuple[Tensors, Tensors]:
    """The function's value and v^T J, the vector-Jacobian product.

    Args:
        func: takes as many tensors as `xs` has, gives a tensor or a sequence of them.
        xs: where to differentiate.
        v: as the outputs; ones if left out.

    Returns:
        (outputs, gradients with the structure of `xs`).
    """
    with enable_grad():
        leaves = _leaves(xs)
        outputs = func(*leaves)
        seeds = None if v is None else _listed(v)
        if seeds is None:
            seeds = [_proa.ops.ones_like(o) for o in _listed(outputs)]
        found = _grad(_listed(outputs), leaves, seeds, False)
    return outputs, _alike(found, xs)


def jvp(
    func: Callable[..., Tensors], xs: Tensors, v: Tensors | None = None
) -> tuple[Tensors, Tensors]:
    """The function's value and J v, the Jacobian-vector product, by differentiating twice.

    Args and returns as of `vjp`, with `v` as `xs` and the products as the outputs.
    """
    with enable_grad():
        leaves = _leaves(xs)
        outputs = func(*leaves)
        seeds = [_proa.ops.ones_like(o) for o in _listed(outputs)]
        for seed in seeds:
            seed.stop_gradient = False
        back = _grad(_listed(outputs), leaves, seeds, True)
        vector = [_proa.ops.ones_like(x) for x in leaves] if v is None else _listed(v)
        reached = [(b, u) for b, u in zip(back, vector, strict=True) if not b.stop_gradient]
        if reached:
            found = _grad([b for b, _ in reached], seeds, [u for _, u in reached], False)
        else:
            found = [_proa.ops.zeros_like(o) for o in _listed(outputs)]
    return outputs, _alike(found, outputs)


def _rows(
    output: _proa.Tensor, inputs: list[_proa.Tensor], create_graph: bool
) -> list[list[_proa.Tensor]]:
    """Gradients of every element of `output`, by element."""
    flat = output.reshape([-1])
    return [_grad([flat[i]], inputs, None, create_graph) for i in range(flat.shape[0])]


def jacobian(ys: Tensors, xs: Tensors, create_graph: bool = False) -> Any:
    """dy/dx as a tensor of shape [*y.shape, *x.shape], for tensors on the tape.

    Args:
        ys: results of operations on `xs`; a sequence gives a list by output.
        xs: tensors that require a gradient; a sequence gives a list by input.
        create_graph: True records the computation, for further derivatives.
    """
    inputs = _listed(xs)
    blocks = []
    for y in _listed(ys):
        rows = _rows(y, inputs, create_graph)
        block = [
            _proa.ops.stack([row[i] for row in rows]).reshape([*y.shape, *x.shape])
            for i, x in enumerate(inputs)
        ]
        blocks.append(_alike(block, xs))
    return blocks[0] if isinstance(ys, _proa.Tensor) else blocks


def hessian(ys: _proa.Tensor, xs: Tensors) -> Any:
    """Second derivatives of a scalar: [*x.shape, *x.shape], or a list of lists for several inputs.

    Raises:
        ValueError: `ys` has more than one element.
    """
    if ys.size != 1:
        raise _proa.ArgumentValueError(f"[hessian] ys: expected one element, got shape {ys.shape}")
    inputs = _listed(xs)
    first = _grad([ys.reshape([])], inputs, None, True)
    zero = [_proa.ops.zeros_like(x) for x in inputs]
    blocks = []
    for g, x in zip(first, inputs, strict=True):
        if g.stop_gradient:
            block = [z.reshape([-1]).tile([x.size]).reshape([*x.shape, *z.shape]) for z in zero]
            blocks.append(_alike(block, xs))
        else:
            blocks.append(jacobian(g, xs))
    return _alike(blocks, xs)


class Jacobian:
    """The Jacobian of `func` at `xs`, indexed like a tensor."""

    def __init__(self, func: Callable[..., Tensors], xs: Tensors, is_batched: bool = False) -> None:
        with enable_grad():
            leaves = _leaves(xs)
            self._value = jacobian(func(*leaves), _alike(leaves, xs))

    def __getitem__(self, key: Any) -> Any:
        return self._value[key]

    @property
    def shape(self) -> list[int]:
        return list(self._value.shape)


class Hessian:
    """The Hessian of a scalar function `func` at `xs`, indexed like a tensor."""

    def __init__(self, func: Callable[..., Tensors], xs: Tensors, is_batched: bool = False) -> None:
        with enable_grad():
            leaves = _leaves(xs)
            value = func(*leaves)
            if not isinstance(value, _proa.Tensor):
                raise _proa.DTypeError("[Hessian] func: expected one tensor as the result")
            self._value = hessian(value, _alike(leaves, xs))

    def __getitem__(self, key: Any) -> Any:
        return self._value[key]

    @property
    def shape(self) -> list[int]:
        return list(self._value.shape)
