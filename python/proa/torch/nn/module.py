"""Module and Parameter: Layer and its parameters with PyTorch's methods and names of state.

Why a subclass: a state dict made by PyTorch loads by its own keys, and the parameters of a model
are tensors with PyTorch's methods.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any

from ... import _proa
from ...nn import Layer
from ...nn import Parameter as OurParameter
from ..tensor import Tensor

_new: Any = _proa.Tensor.__new__


class Parameter(OurParameter, Tensor):  # type: ignore[misc]
    """A tensor that modules register and optimizers update."""

    def __new__(cls, data: Any = None, *settings: Any, **named: Any) -> Any:
        return _new(cls, [] if data is None else data)

    def __init__(
        self, data: Any = None, requires_grad: bool = True, name: str | None = None
    ) -> None:
        super().__init__(data, requires_grad, name)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{Tensor.__repr__(self)}"


class Module(Layer):
    """Base of all modules: parameters, buffers and modules are found by assignment."""

    #: our name of a buffer or parameter -> PyTorch's
    _STATE_NAMES: dict[str, str] = {}
    #: whether the state of the layers inside is this module's own, under names of its own
    _FLAT = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if type(self).__mro__[1] is not Module and (args or kwargs):
            super().__init__(*args, **kwargs)
        else:
            super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, OurParameter) and not isinstance(value, Parameter):
            value = as_parameter(value)
        super().__setattr__(name, value)

    def state_dict(  # type: ignore[override]
        self,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
        *,
        use_hook: bool = True,
    ) -> dict[str, Any]:
        """Dotted name -> tensor, under PyTorch's names; off the tape unless keep_vars."""
        found: Any = collections.OrderedDict() if destination is None else destination
        keep = keep_vars or not use_hook
        for path, layer in _walk(self, prefix):
            names = getattr(layer, "_STATE_NAMES", {})
            for kind in (layer._parameters, layer._buffers):
                for name, tensor in kind.items():
                    if tensor is None or name in layer._non_persistable_buffer_names_set:
                        continue
                    key = path + names.get(name, name)
                    found[key] = tensor if keep else tensor.detach()
        for hook in list(self._state_dict_hooks.values()) if use_hook else []:
            changed = hook(found)
            found = found if changed is None else changed
        return found  # type: ignore[no-any-return]

    def load_state_dict(  # type: ignore[override]
        self, state_dict: Any, strict: bool = True, assign: bool = False
    ) -> Any:
        """Copy a state into the module, all of it or nothing."""
        return super().load_state_dict(state_dict, strict)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:  # type: ignore[override]
        """All parameters, each once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_parameters(  # type: ignore[override]
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """(dotted name, parameter)."""
        return super().named_parameters(prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:  # type: ignore[override]
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_buffers(  # type: ignore[override]
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """(dotted name, buffer)."""
        return super().named_buffers(prefix, recurse, remove_duplicate)

    def _named_tensors(
        self, registry: str, prefix: str, deep: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        start = f"{prefix}." if prefix else ""
        for path, layer in _walk(self, start) if deep else [(start, self)]:
            names = getattr(layer, "_STATE_NAMES", {})
            for name, tensor in layer.__dict__[registry].items():
                if tensor is None or (remove_duplicate and id(tensor) in seen):
                    continue
                seen.add(id(tensor))
                yield path + names.get(name, name), tensor

    def register_buffer(  # type: ignore[override]
        self, name: str, tensor: Any, persistent: bool = True
    ) -> None:
        """Make a tensor that is no parameter part of the state."""
        super().register_buffer(name, _proa._with_face(tensor), persistent)

    def register_parameter(self, name: str, param: Any) -> None:
        """Make a parameter (or None) part of the module."""
        super().register_parameter(name, None if param is None else as_parameter(param))

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Call `hook(module, grad_input, grad_output)` when both are known.

        What it returns, unless None, takes grad_input's place.
        """
        from .hooks import watch

        return watch(self, hook)

    def cuda(self, device: Any = None) -> Any:
        """Refused: this build has no such device."""
        from ..tensor import check_device

        check_device("cuda")
        return self

    def share_memory(self) -> Any:
        """Itself: workers get copies."""
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Accepted: calls are compiled as they come."""


def _walk(layer: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, layer
    if getattr(layer, "_FLAT", False):
        return
    for name, below in layer._sub_layers.items():
        if below is not None:
            yield from _walk(below, f"{path}{name}.")


def as_parameter(parameter: Any) -> Any:
    """The parameter itself, with PyTorch's methods from now on."""
    if not isinstance(parameter, Parameter):
        parameter.__class__ = Parameter
    return parameter


def adopt(layer: Layer) -> None:
    """Give every parameter and buffer below PyTorch's methods."""
    for below in layer.sublayers(include_self=True):
        for parameter in below._parameters.values():
            if parameter is not None:
                as_parameter(parameter)
        for name, buffer in list(below._buffers.items()):
            if buffer is not None:
                below._buffers[name] = _proa._with_face(buffer)
