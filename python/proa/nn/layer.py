"""Layer: a piece of a model that owns parameters, buffers and other layers.

Why one base class: what saves, moves, counts or trains a model walks this tree and needs to know no
layer.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Self, overload

import proa

from .. import _proa
from ..check import StateDictError, refuse
from ..param_attr import ParamAttr
from ..regularizer import WeightDecayRegularizer
from . import conversion, state
from .annotations import DTypeLike, ParamAttrLike, ShapeLike
from .creation import new_parameter
from .initializer import Initializer
from .naming import snake_case, unique_name
from .parameter import Parameter
from .registry import HookHandle, Hooks, Registry

__all__ = ["Layer"]

PreHook = Callable[..., Any]
PostHook = Callable[..., Any]


class Capturing(threading.local):
    """Of a thread, while it captures a function."""

    # Told of each layer that is called: its mode is a guard of the graph.
    watch: Callable[[Layer], None] | None = None
    # What makes control flow on tensors of a forward part of the graph.
    convert: Callable[[Any], Any] | None = None


capturing = Capturing()

_REGISTRIES = ("_parameters", "_buffers", "_sub_layers")


class Layer:
    """Base of all layers; PyTorch's name for it is `nn.Module`.

    A subclass calls `super().__init__()`, assigns its parameters and sublayers as attributes, and
    defines `forward`. Calling the layer runs `forward` with the hooks around it.

    Args:
        name_scope: prefix of the layer's unique name; None takes the class name in snake case.
        dtype: dtype of the parameters it creates; None takes proa.get_default_dtype().
    """

    training: bool
    _parameters: Registry[Parameter | None]
    _buffers: Registry[_proa.Tensor | None]
    _sub_layers: Registry[Layer | None]
    _dtype: DTypeLike

    def __init__(self, name_scope: str | None = None, dtype: DTypeLike | None = None) -> None:
        self._open_registries()
        self.training = True
        self._full_name = unique_name(name_scope or snake_case(type(self).__name__))
        self._dtype = _proa.get_default_dtype() if dtype is None else dtype
        self._non_persistable_buffer_names_set: set[str] = set()
        self._forward_pre_hooks: Hooks[tuple[PreHook, bool]] = Hooks()
        self._forward_post_hooks: Hooks[tuple[PostHook, bool]] = Hooks()
        self._state_dict_hooks: Hooks[Callable[..., Any]] = Hooks()

    def _open_registries(self) -> None:
        for name in _REGISTRIES:
            self.__dict__[name] = Registry(self)

    # ---- running ----

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the layer computes; every subclass gives its own."""
        raise NotImplementedError(f"[{type(self).__name__}] define forward(self, ...)")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        convert = capturing.convert
        if capturing.watch is not None:
            capturing.watch(self)
        if self._forward_pre_hooks or self._forward_post_hooks:
            return self._call_hooked(inputs, kwargs)
        if convert is not None:
            return convert(self.forward)(*inputs, **kwargs)
        return self.forward(*inputs, **kwargs)

    def _call_hooked(self, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        convert = capturing.convert
        for before, with_kwargs in list(self._forward_pre_hooks.values()):
            before = before if convert is None else convert(before)
            if with_kwargs:
                changed = before(self, inputs, kwargs)
                if changed is not None:
                    inputs, kwargs = changed
            else:
                changed = before(self, inputs)
                if changed is not None:
                    inputs = changed if isinstance(changed, tuple) else (changed,)
        forward = self.forward if convert is None else convert(self.forward)
        outputs = forward(*inputs, **kwargs)
        for after, with_kwargs in list(self._forward_post_hooks.values()):
            after = after if convert is None else convert(after)
            changed = (
                after(self, inputs, kwargs, outputs)
                if with_kwargs
                else after(self, inputs, outputs)
            )
            if changed is not None:
                outputs = changed
        return outputs

    def register_forward_pre_hook(
        self, hook: PreHook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Run `hook(layer, inputs)` before each forward; what it returns, unless None, takes the
        inputs' place.

        With `with_kwargs` it is called as `hook(layer, inputs, kwargs)` and returns the pair of
        them.
        """
        return self._forward_pre_hooks.register((hook, with_kwargs), prepend)

    def register_forward_post_hook(
        self, hook: PostHook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Run `hook(layer, inputs, outputs)` after each forward; what it returns, unless None, is
        the output.

        With `with_kwargs` it is called as `hook(layer, inputs, kwargs, outputs)`.
        """
        return self._forward_post_hooks.register((hook, with_kwargs), prepend)

    register_forward_hook = register_forward_post_hook

    def train(self, mode: bool = True) -> Self:
        """Set training mode here and below: dropout drops, batch norm uses and learns batch
        statistics.
        """
        for layer in self.sublayers(include_self=True):
            layer.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and below."""
        return self.train(False)

    # ---- names and attributes ----

    def full_name(self) -> str:
        """The layer's unique name, such as `linear_0`."""
        return self._full_name

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._register("_parameters", name, value)
        elif isinstance(value, Layer):
            self._register("_sub_layers", name, value)
        elif "_parameters" not in own:
            object.__setattr__(self, name, value)
        elif name in own["_parameters"]:
            if value is not None:
                refuse(
                    self._full_name,
                    name,
                    "a Parameter or None (use set_value to change its values)",
                    value,
                )
            own["_parameters"][name] = None
        elif name in own["_sub_layers"]:
            if value is not None:
                refuse(self._full_name, name, "a Layer or None", value)
            own["_sub_layers"][name] = None
        elif isinstance(value, _proa.Tensor):
            if name not in own["_buffers"]:
                own["_non_persistable_buffer_names_set"].add(name)
            self._register("_buffers", name, value)
        elif name in own["_buffers"]:
            if value is not None:
                refuse(self._full_name, name, "a tensor or None", value)
            own["_buffers"][name] = None
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for registry in _REGISTRIES:
            if name in self.__dict__.get(registry, ()):
                del self.__dict__[registry][name]
                self._non_persistable_buffer_names_set.discard(name)
                return
        object.__delattr__(self, name)

    def _register(self, registry: str, name: str, value: Any) -> None:
        """Put `value` under `name` in one registry, and take the name out of the others."""
        own = self.__dict__
        if registry not in own:
            refuse(
                type(self).__name__,
                name,
                "super().__init__() to be called before parameters, buffers or layers are assigned",
                value,
            )
        for other in _REGISTRIES:
            if other != registry and name in own[other]:
                del own[other][name]
        own[registry][name] = value

    def _new_name(self, kind: str, name: object, registry: str, dots: bool = False) -> str:
        """`name` if a new entry may bear it."""
        if not isinstance(name, str) or not name or ("." in name and not dots):
            refuse(self._full_name, "name", f"a non-empty str without '.' as a {kind}'s name", name)
        if hasattr(self, name) and name not in self.__dict__[registry]:
            refuse(self._full_name, "name", f"a name for the {kind} that is not taken", name)
        return name

    # ---- parameters, buffers, sublayers ----

    @overload
    def create_parameter(
        self,
        shape: ShapeLike,
        attr: Literal[False],
        dtype: DTypeLike | None = None,
        is_bias: bool = False,
        default_initializer: Initializer | None = None,
    ) -> None: ...

    @overload
    def create_parameter(
        self,
        shape: ShapeLike,
        attr: ParamAttr | Initializer | WeightDecayRegularizer | str | Literal[True] | None = None,
        dtype: DTypeLike | None = None,
        is_bias: bool = False,
        default_initializer: Initializer | None = None,
    ) -> Parameter: ...

    @overload
    def create_parameter(
        self,
        shape: ShapeLike,
        attr: ParamAttrLike = None,
        dtype: DTypeLike | None = None,
        is_bias: bool = False,
        default_initializer: Initializer | None = None,
    ) -> Parameter | None: ...

    def create_parameter(
        self,
        shape: ShapeLike,
        attr: ParamAttrLike = None,
        dtype: DTypeLike | None = None,
        is_bias: bool = False,
        default_initializer: Initializer | None = None,
    ) -> Parameter | None:
        """A new parameter, not yet part of the layer (assign it to an attribute); None where attr
        is False.

        Its first values come from attr's initializer, else the global one (set_global_initializer),
        else
        `default_initializer`, else zeros for a bias and XavierUniform for a weight.
        """
        settings = ParamAttr._to_attr(attr)
        if settings is False:
            return None
        return new_parameter(
            shape,
            self._dtype if dtype is None else dtype,
            settings,
            is_bias,
            default_initializer,
            unique_name(f"{self._full_name}.{'b' if is_bias else 'w'}")
            if settings.name is None
            else settings.name,
        )

    def _required(
        self,
        shape: ShapeLike,
        attr: ParamAttrLike,
        default_initializer: Initializer | None = None,
        argument: str = "weight_attr",
    ) -> Parameter:
        """A parameter that the layer cannot do without."""
        parameter = self.create_parameter(shape, attr, None, False, default_initializer)
        if parameter is None:
            refuse(
                type(self).__name__,
                argument,
                "anything but False: this layer needs its weight",
                attr,
            )
        return parameter

    def add_parameter(self, name: str, parameter: Parameter | None) -> Parameter | None:
        """Make `parameter` (or None, a named absence) part of the layer under `name`."""
        self._new_name("parameter", name, "_parameters")
        if parameter is not None and not isinstance(parameter, Parameter):
            refuse(self._full_name, "parameter", "a Parameter or None", parameter)
        self._register("_parameters", name, parameter)
        return parameter

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """PyTorch's spelling of add_parameter."""
        self.add_parameter(name, param)

    def register_buffer(
        self,
        name: str,
        tensor: _proa.Tensor | None,
        persistable: bool = True,
        *,
        persistent: bool | None = None,
    ) -> None:
        """Make `tensor`, which is no parameter, part of the layer's state under `name`.

        A buffer with persistable=False (PyTorch: persistent) moves with the layer but is left out
        of state_dict.
        """
        self._new_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, _proa.Tensor):
            refuse(self._full_name, "tensor", "a tensor or None", tensor)
        self._register("_buffers", name, tensor)
        if persistable if persistent is None else persistent:
            self._non_persistable_buffer_names_set.discard(name)
        else:
            self._non_persistable_buffer_names_set.add(name)

    def add_sublayer(self, name: str, sublayer: Layer | None) -> Layer | None:
        """Make `sublayer` part of the layer under `name`."""
        self._new_name("sublayer", name, "_sub_layers", dots=True)
        if sublayer is not None and not isinstance(sublayer, Layer):
            refuse(self._full_name, "sublayer", "a Layer or None", sublayer)
        self._register("_sub_layers", name, sublayer)
        return sublayer

    def add_module(self, name: str, module: Layer | None) -> None:
        """PyTorch's spelling of add_sublayer."""
        self.add_sublayer(name, module)

    register_module = add_module

    def named_children(self) -> Iterator[tuple[str, Layer]]:
        """(name, layer) of each direct sublayer, each layer once."""
        seen: set[int] = set()
        for name, layer in self._sub_layers.items():
            if layer is not None and id(layer) not in seen:
                seen.add(id(layer))
                yield name, layer

    def children(self) -> Iterator[Layer]:
        """The direct sublayers."""
        return (layer for _, layer in self.named_children())

    def named_sublayers(
        self,
        prefix: str = "",
        include_self: bool = False,
        layers_set: set[Layer] | None = None,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Layer]]:
        """(dotted name, layer) of all layers below, parents first; a layer met twice comes once."""
        seen: set[Layer] = set() if layers_set is None else layers_set
        if self in seen and remove_duplicate:
            return
        seen.add(self)
        if include_self:
            yield prefix, self
        for name, layer in self._sub_layers.items():
            if layer is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from layer.named_sublayers(path, True, seen, remove_duplicate)

    def sublayers(self, include_self: bool = False) -> list[Layer]:
        """All layers below."""
        return [layer for _, layer in self.named_sublayers(include_self=include_self)]

    def named_modules(
        self, memo: set[Layer] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Layer]]:
        """PyTorch's spelling of named_sublayers: the layer itself comes first."""
        return self.named_sublayers(prefix, True, memo, remove_duplicate)

    def modules(self) -> Iterator[Layer]:
        """This layer and all below."""
        return (layer for _, layer in self.named_modules())

    def _named_tensors(
        self, registry: str, prefix: str, deep: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        layers = self.named_sublayers(prefix, True) if deep else iter([(prefix, self)])
        seen: set[int] = set()
        for path, layer in layers:
            for name, tensor in layer.__dict__[registry].items():
                if tensor is None or (remove_duplicate and id(tensor) in seen):
                    continue
                seen.add(id(tensor))
                yield (f"{path}.{name}" if path else name), tensor

    def named_parameters(
        self,
        prefix: str = "",
        include_sublayers: bool = True,
        remove_duplicate: bool = True,
        *,
        recurse: bool | None = None,
    ) -> Iterator[tuple[str, Parameter]]:
        """(dotted name, parameter), each parameter once; PyTorch's `recurse` is
        `include_sublayers`.
        """
        deep = include_sublayers if recurse is None else recurse
        return self._named_tensors("_parameters", prefix, deep, remove_duplicate)

    def parameters(
        self, include_sublayers: bool = True, *, recurse: bool | None = None
    ) -> list[Parameter]:
        """All parameters, each once."""
        return [p for _, p in self.named_parameters("", include_sublayers, recurse=recurse)]

    def named_buffers(
        self,
        prefix: str = "",
        include_sublayers: bool = True,
        remove_duplicate: bool = True,
        *,
        recurse: bool | None = None,
    ) -> Iterator[tuple[str, _proa.Tensor]]:
        """(dotted name, buffer), each buffer once."""
        deep = include_sublayers if recurse is None else recurse
        return self._named_tensors("_buffers", prefix, deep, remove_duplicate)

    def buffers(
        self, include_sublayers: bool = True, *, recurse: bool | None = None
    ) -> list[_proa.Tensor]:
        """All buffers, each once."""
        return [b for _, b in self.named_buffers("", include_sublayers, recurse=recurse)]

    def get_sublayer(self, target: str) -> Layer:
        """The layer at a dotted path; the empty path is this layer."""
        layers = dict(self.named_sublayers(include_self=True, remove_duplicate=False))
        if target not in layers:
            refuse(self._full_name, "target", f"one of {sorted(layers)}", target)
        return layers[target]

    get_submodule = get_sublayer

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path."""
        found = dict(self.named_parameters(remove_duplicate=False))
        if target not in found:
            refuse(self._full_name, "target", f"one of {sorted(found)}", target)
        return found[target]

    def get_buffer(self, target: str) -> _proa.Tensor:
        """The buffer at a dotted path."""
        found = dict(self.named_buffers(remove_duplicate=False))
        if target not in found:
            refuse(self._full_name, "target", f"one of {sorted(found)}", target)
        return found[target]

    def apply(self, fn: Callable[[Layer], Any]) -> Self:
        """Call `fn` on every layer below, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def clear_gradients(self, set_to_zero: bool = False) -> None:
        """Drop the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            if set_to_zero and parameter.grad is not None:
                parameter.grad = proa.zeros_like(parameter.grad)
            else:
                parameter.grad = None

    def zero_grad(self, set_to_none: bool = True) -> None:
        """PyTorch's spelling of clear_gradients."""
        self.clear_gradients(set_to_zero=not set_to_none)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set for all parameters whether they take gradients."""
        for parameter in self.parameters():
            parameter.stop_gradient = not requires_grad
        return self

    # ---- dtype and place ----

    def to(
        self,
        device: Any = None,
        dtype: DTypeLike | None = None,
        blocking: bool | None = None,
        floating_only: bool = True,
        *,
        non_blocking: bool | None = None,
    ) -> Self:
        """Move or cast all parameters and buffers in place.

        Args:
            device: a place or its name; a dtype or tensor in this position is understood, as in
                PyTorch.
            dtype: the new dtype of floating-point tensors (of all tensors with
                floating_only=False).
            blocking, non_blocking: accepted; copies are complete when this returns.
        """
        conversion.convert(self, *conversion.target_of(device, dtype), floating_only)
        return self

    def astype(self, dtype: DTypeLike) -> Self:
        """Cast all floating-point parameters and buffers in place."""
        return self.to(dtype=dtype)

    type = astype

    def float(self) -> Self:
        """Cast to float32."""
        return self.to(dtype="float32")

    def double(self) -> Self:
        """Cast to float64."""
        return self.to(dtype="float64")

    def half(self) -> Self:
        """Cast to float16."""
        return self.to(dtype="float16")

    float16 = half

    def bfloat16(self) -> Self:
        """Cast to bfloat16."""
        return self.to(dtype="bfloat16")

    def cpu(self) -> Self:
        """Move to the CPU."""
        return self.to("cpu")

    # ---- state ----

    def register_state_dict_hook(
        self, hook: Callable[[dict[str, _proa.Tensor]], Any]
    ) -> HookHandle:
        """Run `hook(state)` on each state_dict of this layer; what it returns, unless None, takes
        its place.
        """
        return self._state_dict_hooks.register(hook)

    def state_dict(
        self,
        destination: dict[str, _proa.Tensor] | None = None,
        include_sublayers: bool = True,
        structured_name_prefix: str = "",
        use_hook: bool = True,
        keep_vars: bool = True,
        *,
        prefix: str | None = None,
    ) -> dict[str, _proa.Tensor]:
        """Dotted name -> tensor, of all parameters and persistable buffers.

        The tensors are the layer's own; keep_vars=False gives them detached from the tape.
        """
        start = structured_name_prefix if prefix is None else prefix
        found: dict[str, _proa.Tensor] = {} if destination is None else destination
        for path, layer in self._paths(start) if include_sublayers else [(start, self)]:
            for name, parameter in layer._parameters.items():
                if parameter is not None:
                    found[path + name] = parameter if keep_vars else parameter.detach()
            for name, buffer in layer._buffers.items():
                if buffer is not None and name not in layer._non_persistable_buffer_names_set:
                    found[path + name] = buffer if keep_vars else buffer.detach()
        for hook in list(self._state_dict_hooks.values()) if use_hook else []:
            changed = hook(found)
            found = found if changed is None else changed
        return found

    def _paths(self, path: str) -> Iterator[tuple[str, Layer]]:
        """(prefix, layer) of this layer and all below; a layer met twice comes twice, since both
        names are its own.
        """
        yield path, self
        for name, layer in self._sub_layers.items():
            if layer is not None:
                yield from layer._paths(f"{path}{name}.")

    def _match(self, given: Mapping[str, object], use_structured_name: bool) -> state.Match:
        if not isinstance(given, Mapping):
            refuse(self._full_name, "state_dict", "a dict from name to tensor", given)
        own = self.state_dict(use_hook=False)
        if not use_structured_name:
            own = {tensor.name: tensor for tensor in own.values()}
        return state.match(own, given)

    def set_state_dict(
        self, state_dict: Mapping[str, object], use_structured_name: bool = True
    ) -> tuple[list[str], list[str]]:
        """Copy into the layer what fits, and warn with a report of what does not.

        Args:
            state_dict: name -> tensor or array.
            use_structured_name: whether the names are dotted paths, or else parameter names
                (`linear_0.w_0`).

        Returns (missing keys, unexpected keys); a tensor of a wrong shape or dtype counts as
        missing.
        """
        found = self._match(state_dict, use_structured_name)
        if found.misshapen or found.mistyped:
            where = f"[{type(self).__name__}.set_state_dict]"
            warnings.warn(f"{where} left out ({found.summary()}):\n{found.report()}", stacklevel=2)
        found.write()
        return [*found.missing, *found.misshapen, *found.mistyped], list(found.unexpected)

    set_dict = set_state_dict
    load_dict = set_state_dict

    def load_state_dict(
        self,
        state_dict: Mapping[str, object],
        strict: bool = True,
        *,
        use_structured_name: bool = True,
    ) -> state.LoadResult:
        """Copy a state into the layer, all of it or nothing.

        Args:
            state_dict: name -> tensor or array.
            strict: whether missing and unexpected names are refused; a wrong shape or dtype always
                is.
            use_structured_name: as in set_state_dict.

        Raises StateDictError with every difference listed; the layer is then unchanged.
        """
        found = self._match(state_dict, use_structured_name)
        if found.misshapen or found.mistyped or (strict and not found.complete):
            raise StateDictError(
                f"[{type(self).__name__}.load_state_dict] the state does not fit this layer "
                f"({found.summary()}):\n{found.report()}"
            )
        found.write()
        return state.LoadResult(list(found.missing), list(found.unexpected))

    # ---- copies and text ----

    def __getstate__(self) -> dict[str, Any]:
        mirrored = {name for registry in _REGISTRIES for name in self.__dict__[registry]}
        kept = {key: value for key, value in self.__dict__.items() if key not in mirrored}
        for key, value in kept.items():
            # What a hook has computed (weight_norm's weight) travels as its value, off the tape.
            if isinstance(value, _proa.Tensor) and not value.is_leaf:
                kept[key] = value.detach()
        for registry in _REGISTRIES:
            kept[registry] = dict(self.__dict__[registry])
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self._open_registries()
        for key, value in kept.items():
            if key in _REGISTRIES:
                self.__dict__[key].update(value)
            else:
                self.__dict__[key] = value
        # A copy lives beside its original, so its unique name is its own.
        self._full_name = unique_name(self._full_name.rpartition("_")[0])

    def extra_repr(self) -> str:
        """What stands between the brackets in the layer's repr: its settings."""
        return ""

    def __repr__(self) -> str:
        name, extra = type(self).__name__, self.extra_repr()
        lines = []
        for key, layer in self._sub_layers.items():
            first, *rest = repr(layer).split("\n")
            lines.append(f"  ({key}): {first}")
            lines += ["  " + line for line in rest]
        if not lines:
            return f"{name}({extra})"
        return "\n".join([f"{name}({extra}", *lines, ")"])
