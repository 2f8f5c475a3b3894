"""Weights computed from other parameters before each forward: weight_norm and spectral_norm.

Why hooks: the layer's own forward stays as it is and reads its weight as ever.
"""

from __future__ import annotations

import proa

from ... import _proa
from ...check import integer, refuse
from ..layer import Layer
from ..parameter import Parameter
from ..registry import HookHandle
from ..spectral import spectral_normalize, unit


def _taken(where: str, layer: Layer, name: str) -> Parameter:
    """The parameter `name`, out of the layer's registry."""
    parameter = layer._parameters.get(name) if isinstance(layer, Layer) else None
    if parameter is None:
        expected = f"the name of a parameter: one of {list(layer._parameters)}"
        refuse(where, "name", expected, name)
    del layer._parameters[name]
    return parameter


def _norm_except(v: _proa.Tensor, dim: int | None) -> _proa.Tensor:
    """The 2-norm of `v` over every dim but `dim`, those dims kept as 1; over all of them where dim
    is None.
    """
    square = v * v
    if dim is None:
        return proa.sqrt(proa.sum(square))
    others = [axis for axis in range(len(v.shape)) if axis != dim]
    return proa.sqrt(proa.sum(square, others, keepdim=True)) if others else proa.abs(v)


class _WeightNorm:
    """weight = g * v / |v| before each forward."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim
        self.handle: HookHandle | None = None

    def compute(self, layer: Layer) -> _proa.Tensor:
        g: _proa.Tensor = layer.__dict__[f"{self.name}_g"]
        v: _proa.Tensor = layer.__dict__[f"{self.name}_v"]
        norm = _norm_except(v, self.dim)
        return v * (g.reshape(list(norm.shape)) / norm)

    def __call__(self, layer: Layer, inputs: object) -> None:
        # A plain attribute: the computed weight is no parameter and no state.
        layer.__dict__[self.name] = self.compute(layer)


def weight_norm(layer: Layer, name: str = "weight", dim: int | None = 0) -> Layer:
    """Split the parameter `name` into a direction `name_v` and a length `name_g`, learnt apart.

    Args:
        dim: the length is taken over every other dim, one for each index of `dim`; None takes one
            for all.

    Returns the layer. Salimans & Kingma, "Weight normalization", 2016.
    """
    for hook, _ in layer._forward_pre_hooks.values():
        if isinstance(hook, _WeightNorm) and hook.name == name:
            refuse("weight_norm", "name", "a parameter without weight_norm", name)
    weight = _taken("weight_norm", layer, name)
    rank = len(weight.shape)
    if dim is not None:
        if not -rank <= dim < rank and dim != -1:
            layer._parameters[name] = weight
            refuse("weight_norm", "dim", f"an int in {-rank}..{rank - 1} or None", dim)
        dim = None if dim == -1 else dim % rank
    hook = _WeightNorm(name, dim)
    with proa.no_grad():
        length = _norm_except(weight, dim)
        length = length if dim is None else length.reshape([-1])
    layer.add_parameter(f"{name}_v", weight)
    layer.add_parameter(f"{name}_g", Parameter(length, name=f"{weight.name}_g"))
    hook(layer, None)
    hook.handle = layer.register_forward_pre_hook(hook)
    return layer


def remove_weight_norm(layer: Layer, name: str = "weight") -> Layer:
    """Undo weight_norm: the weight is one parameter again, with its present value."""
    for hook, _ in list(layer._forward_pre_hooks.values()):
        if isinstance(hook, _WeightNorm) and hook.name == name and hook.handle is not None:
            hook.handle.remove()
            with proa.no_grad():
                value = hook.compute(layer)
            v = layer._parameters.pop(f"{name}_v")
            del layer._parameters[f"{name}_g"]
            layer.__dict__.pop(name, None)
            v.set_value(value.detach())
            layer.add_parameter(name, v)
            return layer
    refuse("remove_weight_norm", "name", "a parameter with weight_norm", name)


class _SpectralNorm:
    """weight = orig / its largest singular value before each forward."""

    def __init__(self, name: str, dim: int, iterations: int, eps: float) -> None:
        self.name = name
        self.dim = dim
        self.iterations = iterations
        self.eps = eps
        self.handle: HookHandle | None = None

    def compute(self, layer: Layer) -> _proa.Tensor:
        own, name = layer.__dict__, self.name
        # Only training improves the singular vectors; evaluation must not change the model.
        rounds = self.iterations if layer.training else 0
        return spectral_normalize(
            own[f"{name}_orig"], own[f"{name}_u"], own[f"{name}_v"], self.dim, rounds, self.eps
        )

    def __call__(self, layer: Layer, inputs: object) -> None:
        layer.__dict__[self.name] = self.compute(layer)


def spectral_norm(
    layer: Layer,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Layer:
    """Divide the parameter `name` by its largest singular value before each forward (Miyato et al.
    2018).

    Args:
        n_power_iterations: power iterations a forward, in training.
        eps: keeps the vectors' norms away from zero.
        dim: the dim that is the matrix's rows; None takes 1 for Linear and transposed convolutions,
            else 0.

    Returns the layer; `name_orig` is then the parameter, `name_u` and `name_v` are buffers.
    """
    integer("spectral_norm", "n_power_iterations", n_power_iterations, 1, "a positive int")
    for hook, _ in layer._forward_pre_hooks.values():
        if isinstance(hook, _SpectralNorm) and hook.name == name:
            refuse("spectral_norm", "name", "a parameter without spectral_norm", name)
    weight = _taken("spectral_norm", layer, name)
    if dim is None:
        kind = type(layer).__name__
        dim = 1 if kind == "Linear" or "Transpose" in kind else 0
    rank = len(weight.shape)
    if not -rank <= dim < rank:
        layer._parameters[name] = weight
        refuse("spectral_norm", "dim", f"an int in {-rank}..{rank - 1}", dim)
    dim %= rank
    rows = weight.shape[dim]
    columns = 1
    for axis, size in enumerate(weight.shape):
        columns *= 1 if axis == dim else size
    layer.add_parameter(f"{name}_orig", weight)
    layer.register_buffer(f"{name}_u", unit(proa.randn([rows], weight.dtype), eps))
    layer.register_buffer(f"{name}_v", unit(proa.randn([columns], weight.dtype), eps))
    hook = _SpectralNorm(name, dim, n_power_iterations, eps)
    hook(layer, None)
    hook.handle = layer.register_forward_pre_hook(hook)
    return layer


def remove_spectral_norm(layer: Layer, name: str = "weight") -> Layer:
    """Undo spectral_norm: the weight is one parameter again, with its present value."""
    for hook, _ in list(layer._forward_pre_hooks.values()):
        if isinstance(hook, _SpectralNorm) and hook.name == name and hook.handle is not None:
            hook.handle.remove()
            with proa.no_grad():
                value = hook.compute(layer)
            weight = layer._parameters.pop(f"{name}_orig")
            del layer._buffers[f"{name}_u"], layer._buffers[f"{name}_v"]
            layer.__dict__.pop(name, None)
            weight.set_value(value.detach())
            layer.add_parameter(name, weight)
            return layer
    refuse("remove_spectral_norm", "name", "a parameter with spectral_norm", name)
