"""`jit.save` and `jit.load`: a layer or function as one file, and back.

The file is a `.proa` package: a safetensors file whose weights any reader lists, with the graph for
Python, the programs that run without it, and, for chosen processors, machine code beside them.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from .. import _proa
from ..autograd import enable_grad
from ..framework.saving import checked_path
from ..nn.layer import Layer
from ..nn.parameter import Parameter
from ..refusal import type_error, value_error, with_head
from .arguments import Arguments, InputSpec
from .function import CapturedFunction

_KEY = "proa_jit"
_ENDING = ".proa"
_TARGETS = ("x86-64-v3", "x86-64-v4")
# Paddle's settings of files that are made otherwise; they change nothing here.
_SETTINGS = ("with_hook", "combine_params", "clip_extra", "skip_forward", "model_filename")
# Extents that sizes have while a graph is made: hints for the compiler, and what Python's own
# comparisons of sizes see.
_FIRST, _OTHER = 8, 64


def save(
    layer: Any,
    path: str | os.PathLike[str],
    input_spec: Sequence[Any] | None = None,
    *,
    targets: Sequence[str] = (),
    pack_weights: bool = True,
    **configs: Any,
) -> None:
    """Write a layer, or a function, as one `.proa` file, whole or not at all.

    The forward is captured twice: as it is evaluated, which is what predictors run, and as it is
    trained, so that a loaded layer can be trained further. Random operators, writes to buffers and
    the like belong to training alone.

    Args:
        layer: a Layer, its method, or a function of tensors; captured ones too.
        path: the file; `.proa` is added where it is missing.
        input_spec: an InputSpec or tensor for each argument, or containers of them. None and -1 in
            a shape are sizes that callers choose. May be left out where to_static was given one.
        targets: processors that kernels are compiled for beforehand: "x86-64-v3", and "x86-64-v4",
            which has AVX-512. A predictor takes the best that its own processor runs.
        pack_weights: store, beside the weights, what the kernels of `targets` make of them first
            (in the order in which they are read, say). A predictor on such a processor opens the
            file in a few milliseconds and runs at once; False halves the file of a model of large
            weights, and its first run packs them, for all clones. Targets that this processor does
            not run are left out. The bits are the same.
        configs: Paddle's settings of its own files, without effect.

    Raises:
        NotSupportedError: the function cannot be captured, or its evaluation does what a file
            cannot have; the message names it.
    """
    for name in configs:
        if name not in _SETTINGS:
            raise type_error(f"[jit.save] unexpected argument {name!r}")
    targets = [targets] if isinstance(targets, str) else targets
    for target in targets:
        if target not in _TARGETS:
            raise value_error(f"[jit.save] targets: expected some of {_TARGETS}, got {target!r}")
    where = _with_ending(checked_path("jit.save", path))
    function, owner, known_spec = _subject(layer)
    spec = known_spec if input_spec is None else input_spec
    if spec is None:
        raise value_error(
            "[jit.save] input_spec: expected an InputSpec for each argument; only functions that "
            "to_static was given one for need none"
        )
    spec = [spec] if isinstance(spec, (InputSpec, _proa.Tensor)) else list(spec)
    evaluation = _Graph(function, spec, owner, False)
    evaluation.require_plain()
    state = _State(owner)
    described: dict[str, Any] = {"eval": evaluation.described(state)}
    training: _Graph | None = None
    if owner is not None:
        try:
            training = _Graph(function, spec, owner, True)
            described["train"] = training.described(state)
        except (_proa.NotSupportedError, _proa.SizeNotKnownError) as error:
            training = None
            described["train_refused"] = str(error)
    described |= state.described()
    described["name"] = type(owner).__name__ if owner is not None else evaluation.name
    folder = os.path.dirname(where)
    if folder:
        os.makedirs(folder, exist_ok=True)
    _proa._package_save(
        where,
        evaluation.graph,
        None if training is None else training.graph,
        _input_names(function, spec),
        evaluation.outputs(),
        state.weights,
        list(dict.fromkeys(targets)),
        {_KEY: json.dumps(described, allow_nan=False)},
        bool(pack_weights),
    )


def load(path: str | os.PathLike[str], **configs: Any) -> TranslatedLayer:
    """The layer that `save` wrote: evaluated, with the bits of the original, or trained further.

    It begins in evaluation; `train()` and `eval()` change what forward does as they did before.
    Parameters have their names, so that states of the layer and of its optimizer fit.

    Args:
        path: the file, with or without `.proa`.
        configs: Paddle's settings of its own files, without effect.
    """
    for name in configs:
        if name not in (*_SETTINGS, "params_filename"):
            raise type_error(f"[jit.load] unexpected argument {name!r}")
    where = checked_path("jit.load", path)
    if not os.path.exists(where):
        where = _with_ending(where)
    package, metadata, weights, told = _proa._package_open(where)
    if _KEY not in metadata:
        raise value_error(f"[jit.load] {where!r} was not written by jit.save: it has no {_KEY}")
    try:
        return TranslatedLayer(package, json.loads(metadata[_KEY]), weights, told)
    except (KeyError, IndexError, TypeError, json.JSONDecodeError) as error:
        raise _proa.FileError(
            f"[jit.load] {where!r}: its description is damaged: {error!r}"
        ) from None


def _with_ending(path: str) -> str:
    return path if path.endswith(_ENDING) else path + _ENDING


def _subject(given: Any) -> tuple[Callable[..., Any], Layer | None, Any]:
    """The Python function, the layer whose state it reads, and the spec it came with."""
    spec = None
    function = given.forward if isinstance(given, Layer) else given
    if isinstance(function, CapturedFunction):
        spec, function = function._input_spec, function.function
    if not callable(function):
        raise type_error(
            f"[jit.save] layer: expected a Layer or a function, got {type(given).__name__}"
        )
    owner = given if isinstance(given, Layer) else getattr(function, "__self__", None)
    return function, owner if isinstance(owner, Layer) else None, spec


def _example(spec: Any) -> Any:
    """A tensor of the form that the spec tells, in its containers; each time another one."""
    if isinstance(spec, _proa.Tensor):
        spec = InputSpec.from_tensor(spec)
    if isinstance(spec, InputSpec):
        shape = [
            extent if extent >= 0 else _OTHER if axis else _FIRST
            for axis, extent in enumerate(spec.shape)
        ]
        one = _proa.to_tensor(0.0).astype(spec.dtype)
        return one.expand(shape) if shape else one
    if isinstance(spec, dict):
        return {key: _example(value) for key, value in spec.items()}
    if isinstance(spec, (list, tuple)):
        return type(spec)(_example(one) for one in spec)
    if spec is None or isinstance(spec, (bool, str)):
        return spec
    raise type_error(
        "[jit.save] input_spec: expected InputSpec, tensors, None, bools, strings and containers "
        f"of them, got {spec!r}; let the function close over other values"
    )


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path, tensor or spec) of each leaf."""
    if isinstance(value, (InputSpec, _proa.Tensor)):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _leaves(item, (*path, str(i)))


def _input_names(function: Callable[..., Any], spec: list[Any]) -> list[str]:
    """As the specs are named, else as the function's parameters are."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names: list[str] = []
    for path, leaf in _leaves(spec):
        place = int(path[0])
        first = plain[place] if place < len(plain) else f"x{place}"
        own = leaf.name if isinstance(leaf, InputSpec) else None
        name = own or ".".join([first, *path[1:]])
        if name in names:
            raise value_error(f"[jit.save] input_spec: two inputs are named {name!r}")
        names.append(name)
    return names


class _State:
    """Tensors that are stored, by name: parameters, buffers, and what else the function reads."""

    def __init__(self, owner: Layer | None) -> None:
        self.weights: dict[str, _proa.Tensor] = {}
        self.parameters: list[list[Any]] = []
        self.buffers: list[list[Any]] = []
        self._names: dict[int, str] = {}
        if owner is None:
            return
        for path, layer in owner._paths(""):  # one that is met twice has both names
            passing = layer._non_persistable_buffer_names_set
            for name, tensor in (*layer._parameters.items(), *layer._buffers.items()):
                if tensor is not None:
                    self._add(path + name, tensor, name not in passing)

    def _add(self, name: str, tensor: _proa.Tensor, persistable: bool) -> str:
        stored = self._names.setdefault(_proa._package_identity(tensor), name)
        self.weights.setdefault(stored, tensor)
        learned = isinstance(tensor, Parameter) or not tensor.stop_gradient
        if learned:
            self.parameters.append([name, stored, not tensor.stop_gradient, tensor.name])
        else:
            self.buffers.append([name, stored, persistable])
        return stored

    def name(self, tensor: _proa.Tensor) -> str:
        """Of one that is met in a graph; it may be of no layer."""
        known = self._names.get(_proa._package_identity(tensor))
        if known is not None:
            return known
        count = 0
        while f"outside.{count}" in self.weights:
            count += 1
        return self._add(f"outside.{count}", tensor, True)

    def described(self) -> dict[str, Any]:
        return {"parameters": self.parameters, "buffers": self.buffers}


class _Graph:
    """The function, captured in one mode."""

    def __init__(
        self, function: Callable[..., Any], spec: list[Any], owner: Layer | None, train: bool
    ) -> None:
        example = tuple(_example(one) for one in spec)
        captured = CapturedFunction(function, spec)
        self.name = captured._name
        arguments = Arguments(self.name, example, {})
        modes = [] if owner is None else [(one, one.training) for one in owner.sublayers(True)]
        as_it_is = train and owner is not None and owner.training
        for one, before in modes:
            one.training = before if as_it_is else train
        try:
            with enable_grad():
                fixed = captured._fixed(arguments, 0, frozenset())
                record = captured._trace(
                    arguments,
                    example,
                    {},
                    fixed,
                    frozenset(),
                    plain=False,
                    optional=True,
                    asks=False,
                )
        except _proa.SizeNotKnownError as error:
            raise with_head(
                _proa.SizeNotKnownError(
                    f"[jit.save] input_spec: {error}; give this size as a number"
                )
            ) from None
        finally:
            for one, before in modes:
                one.training = before
        self.graph = record.graph
        self.result = record.result
        self.parts = _proa._package_parts(self.graph)
        self.training = train
        if self.parts["beyond"] or record.in_python():
            why = self.parts["beyond"] or "it calls Python"
            raise with_head(
                _proa.NotSupportedError(f"[jit.save] {self.name} cannot be stored: {why}")
            )

    def require_plain(self) -> None:
        """What predictors run is a function of its inputs and of constants."""
        if self.parts["effects"]:
            raise with_head(
                _proa.NotSupportedError(
                    f"[jit.save] {self.name}: its evaluation writes to a tensor (a buffer, say), "
                    "which a predictor cannot do"
                )
            )

    def described(self, state: _State) -> dict[str, Any]:
        parts = self.parts
        return {
            "tensors": parts["tensors"],
            "results": parts["results"],
            "slots": [None if one is None else state.name(one) for one in parts["slots"]],
            "effects": [[kind, state.name(tensor)] for kind, tensor in parts["effects"]],
            "tracked": parts["tracked"],
            "random_calls": parts["random_calls"],
            "result": _plan(self.result, self.name),
        }

    def outputs(self) -> list[tuple[str, bool, int]]:
        """(name, whether it is an argument, its number) of each tensor of the result, once."""
        names: dict[tuple[bool, int], str] = {}
        for path, given, i in _tensors(_plan(self.result, self.name)):
            names[given, i] = names.get((given, i)) or path
        order = sorted(names) if not any(given for given, _ in names) else list(names)
        return [
            (names[given, i] or f"output_{number}", given, i)
            for number, (given, i) in enumerate(order)
        ]


def _plan(plan: Any, where: str) -> Any:
    """How to build the result, as JSON has it."""
    kind = plan[0]
    if kind == "made":
        return {"made": plan[1]}
    if kind == "given":
        return {"given": plan[1]}
    if kind == "dict":
        items = [[key, _plan(value, where)] for key, value in plan[2]]
        if all(isinstance(key, str) for key, _ in items):
            return {"dict": items}
    elif kind == "list":
        return {"list" if plan[1] is list else "tuple": [_plan(value, where) for value in plan[2]]}
    elif plan[1] is None or isinstance(plan[1], (bool, int, float, str)):
        return {"plain": plan[1]}
    raise with_head(
        _proa.NotSupportedError(
            f"[jit.save] {where}: expected a result of tensors, numbers and strings in dicts, "
            "lists and tuples"
        )
    )


def _tensors(plan: Any, path: str = "") -> Iterator[tuple[str, bool, int]]:
    """(name, whether it is an argument, number) of a result's tensors; lists give no names."""
    for kind, value in plan.items():
        if kind in ("made", "given"):
            yield path, kind == "given", value
        elif kind == "dict":
            for key, item in value:
                yield from _tensors(item, f"{path}.{key}" if path else key)
        elif kind in ("list", "tuple"):
            for i, item in enumerate(value):
                yield from _tensors(item, f"{path}.{i}" if path else "")


def _built(plan: Any, made: list[Any], given: list[Any]) -> Any:
    for kind, value in plan.items():
        if kind == "made":
            return made[value]
        if kind == "given":
            return given[value]
        if kind == "dict":
            return {key: _built(item, made, given) for key, item in value}
        if kind in ("list", "tuple"):
            items = [_built(item, made, given) for item in value]
            return items if kind == "list" else tuple(items)
        if kind == "plain":
            return value
    raise KeyError("a result of no known kind")


class _Part(Layer):
    """Holds what a sublayer held, under its name."""

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        raise _proa.StateError("[jit.load] a part of a loaded layer has no forward of its own")


class TranslatedLayer(Layer):
    """A layer that was loaded: its tensors under their names, its forward a graph."""

    def __init__(
        self, package: Any, described: dict[str, Any], weights: dict[str, Any], told: dict[str, Any]
    ) -> None:
        super().__init__()
        self._package = package
        self._described = described
        self._saved_name = str(described["name"])
        self._graphs: dict[bool, Any] = {}
        self._tensors: dict[str, Any] = {}
        self._inputs = [
            InputSpec([-1 if isinstance(n, str) else n for n in dims], dtype, name)
            for name, dtype, dims in told["inputs"]
        ]
        self._told = told
        for name, stored, trainable, own_name in described["parameters"]:
            tensor = self._tensors.get(stored)
            if tensor is None:
                tensor = Parameter(weights[stored], trainable=trainable, name=own_name)
                self._tensors[stored] = tensor
            holder, leaf = self._holder(name)
            holder.add_parameter(leaf, tensor)
        for name, stored, persistable in described["buffers"]:
            tensor = self._tensors.setdefault(stored, weights[stored])
            holder, leaf = self._holder(name)
            holder.register_buffer(leaf, tensor, persistable=persistable)
        self.eval()

    def _holder(self, path: str) -> tuple[Layer, str]:
        holder: Layer = self
        *parts, leaf = path.split(".")
        for part in parts:
            below = holder._sub_layers.get(part)
            if below is None:
                below = _Part()
                holder.add_sublayer(part, below)
            holder = below
        return holder, leaf

    def _graph(self) -> tuple[Any, dict[str, Any]]:
        train = self.training and ("train" in self._described or self._refused())
        described = self._described["train" if train else "eval"]
        graph = self._graphs.get(train)
        if graph is None:
            graph = self._graphs[train] = _proa._package_graph(
                self._package,
                train,
                self._saved_name,
                described["tensors"],
                described["results"],
                [None if one is None else self._tensors[one] for one in described["slots"]],
                [(kind, self._tensors[one]) for kind, one in described["effects"]],
                described["tracked"],
                described["random_calls"],
            )
        return graph, described

    def _refused(self) -> bool:
        """A function has no modes; a layer whose training could not be stored says why."""
        if "train_refused" in self._described:
            raise _proa.StateError(
                f"[{self._saved_name}] its training was not stored; call eval() first. "
                f"{self._described['train_refused']}"
            )
        return False

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the saved forward gave, in the mode that this layer is in."""
        tensors = [leaf for _, leaf in _leaves(list(inputs))]
        rest = self._inputs[len(tensors) :]
        for spec in rest:
            if spec.name in kwargs:
                tensors += [leaf for _, leaf in _leaves([kwargs.pop(spec.name)])]
        if kwargs or len(tensors) != len(self._inputs):
            names = ", ".join(str(spec.name) for spec in self._inputs)
            raise value_error(
                f"[{self._saved_name}] expected the tensors {names}, got {len(tensors)}"
                + (f" and {', '.join(kwargs)}" if kwargs else "")
            )
        for spec, tensor in zip(self._inputs, tensors, strict=True):
            spec.check(tensor, self._saved_name)
        graph, described = self._graph()
        made = _proa._jit_run(graph, tensors, [], [], None)
        if isinstance(made, str):
            raise value_error(f"[{self._saved_name}] the inputs do not fit: {made}")
        return _built(described["result"], made, tensors)

    @property
    def input_spec(self) -> list[InputSpec]:
        """What forward takes."""
        return list(self._inputs)

    def train(self, mode: bool = True) -> Self:
        """Forward as it is trained, or not."""
        return super().train(mode)

    def extra_repr(self) -> str:
        """The saved layer's class, and its inputs."""
        return f"{self._saved_name}, inputs={self._inputs}"
