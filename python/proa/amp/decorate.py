"""`decorate`: make a model and its optimizer ready for training wholly in 16 bits (O2)."""

from __future__ import annotations

from typing import Any

import proa
from proa.refusal import type_error, value_error

from .autocast import checked_dtype

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_KEPT = ("_BatchNorm", "_InstanceNorm", "LayerNorm", "GroupNorm", "RMSNorm")


def decorate(
    models: Any,
    optimizers: Any = None,
    level: str = "O1",
    dtype: str = "float16",
    master_weight: bool | None = None,
    save_dtype: str | None = None,
    master_grad: bool = False,
    excluded_layers: Any = None,
) -> Any:
    """Cast models to 16 bits in place, and let optimizers keep float32 master weights.

    Args:
        models, optimizers: one or a list of each; what comes in goes out, in the same form.
        level: "O1" changes nothing; "O2" casts all parameters but those of normalisations.
        master_weight: keep float32 copies of the parameters in the optimizers; None means yes.
        save_dtype: the type that `state_dict()` of the models gives floating tensors in.
        master_grad: clip and use gradients in float32.
        excluded_layers: layers, or classes of layers, to be left in float32.
    """
    if level not in ("O1", "O2"):
        raise value_error(f"[decorate] level: expected 'O1' or 'O2', got {level!r}")
    name = checked_dtype("decorate", dtype)
    layers = models if isinstance(models, (list, tuple)) else [models]
    for layer in layers:
        if not isinstance(layer, proa.nn.Layer):
            raise type_error(f"[decorate] models: expected layers, got {type(layer).__name__}")
    if level == "O2":
        kept = kept_layers(layers, excluded_layers)
        for layer in layers:
            for part in layer.sublayers(include_self=True):
                if id(part) not in kept:
                    cast_part(part, name)
    if save_dtype is not None:
        for layer in layers:
            layer.register_state_dict_hook(saved_as(save_dtype))
    if optimizers is None:
        return models
    for optimizer in optimizers if isinstance(optimizers, (list, tuple)) else [optimizers]:
        if not isinstance(optimizer, proa.optimizer.Optimizer):
            raise type_error(
                f"[decorate] optimizers: expected optimizers, got {type(optimizer).__name__}"
            )
        if level == "O2":
            optimizer._multi_precision = master_weight is not False
            optimizer._master_grad = master_grad
    return models, optimizers


def kept_layers(models: Any, excluded: Any) -> set[int]:
    """Identities of the layers that stay in float32."""
    wishes = [] if excluded is None else excluded
    wishes = wishes if isinstance(wishes, (list, tuple)) else [wishes]
    classes = [wish for wish in wishes if isinstance(wish, type)]
    kept = {
        id(part)
        for wish in wishes
        if not isinstance(wish, type)
        for part in wish.sublayers(include_self=True)
    }
    for model in models:
        for part in model.sublayers(include_self=True):
            bases = {base.__name__ for base in type(part).__mro__}
            if bases.intersection(_KEPT) or isinstance(part, tuple(classes)):
                kept.add(id(part))
    return kept


def cast_part(part: Any, dtype: str) -> None:
    """Cast the float32 parameters and buffers that a layer itself holds."""
    with proa.no_grad():
        for tensor in [*part._parameters.values(), *part._buffers.values()]:
            if tensor is not None and tensor.dtype == "float32":
                tensor._assign(tensor.detach().astype(dtype))


def saved_as(dtype: str) -> Any:
    if dtype not in _FLOATS:
        raise value_error(f"[decorate] save_dtype: expected a floating type, got {dtype!r}")

    def cast(state: dict[str, Any]) -> dict[str, Any]:
        return {
            name: tensor.detach().astype(dtype) if is_float(tensor) else tensor
            for name, tensor in state.items()
        }

    return cast


def is_float(tensor: Any) -> bool:
    return any(tensor.dtype == name for name in _FLOATS)
