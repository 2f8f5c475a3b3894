"""Captured functions: a Python function as graphs, one for each set of guards."""

from __future__ import annotations

import functools
import operator
import struct
import sys
import types
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import _proa
from .._proa import _ir
from ..autograd import no_grad
from ..host import Host
from ..locks import ProcessLock
from ..nn import layer as layers
from ..refusal import value_error, with_head
from . import rewrite
from .arguments import Arguments, InputSpec, bits, fields_of, set_parts, stand_ins, with_fields
from .control import Undefined
from .number import CapturedFloat

_lock = ProcessLock()
_MANY = 32  # graphs of one function: a power of two, at each of which a warning comes
_enabled = True


def enable_to_static(enable_to_static_bool: bool) -> None:
    """False: captured functions run as the Python functions that they were, for debugging."""
    global _enabled
    _enabled = bool(enable_to_static_bool)


class Capture(NamedTuple):
    """One graph of a captured function, for readers.

    Attributes:
        reason: why it was captured, though others were there.
        inputs: the types of arguments, then of tensors from outside that are read.
        guards: what must hold of the sizes of a call, and where that comes from.
        values: Python numbers whose value is a guard, since it was read.
        operations: how many the graph has, as captured.
        outside: tensors from outside that are inputs (parameters, buffers), and the random key.
        writes: tensors that each call writes.
        random_calls: of random operators in each call.
    """

    reason: str
    inputs: list[str]
    guards: list[str]
    values: list[str]
    operations: int
    outside: int
    writes: int
    random_calls: int


_Size = tuple[int, int]  # (tensor, axis), or (-1, which of the integers)


def _sizes_of(
    need: Exception, arguments: Arguments, fixed: list[list[int]]
) -> frozenset[_Size]:
    """The arguments' sizes that are needed as numbers, as far as the error says which."""
    free = [
        (i, axis)
        for i, tensor in enumerate(arguments.tensors)
        for axis in range(tensor.ndim)
        if not fixed[i][axis]
    ]
    known = {f"s{k}": size for k, size in enumerate(free)}
    known |= {f"n{k}": (-1, k) for k in range(len(arguments.ints))}
    names = getattr(need, "symbols", [])
    return frozenset(known[name] for name in names if name in known)


def _every_size(arguments: Arguments) -> frozenset[_Size]:
    axes = [(i, axis) for i, tensor in enumerate(arguments.tensors) for axis in range(tensor.ndim)]
    return frozenset(axes + [(-1, k) for k in range(len(arguments.ints))])


# What the sizes of a call may be the reason of.
_OF_SIZES = (_proa.ShapeError, _proa.ArgumentValueError, _proa.OutOfRangeError)


class _Held:
    """What a layer was when it was met: its mode and its own tensors are guards."""

    def __init__(self, layer: layers.Layer) -> None:
        own = layer.__dict__
        self.layer = layer
        self.training = layer.training
        self.buffers = dict(own["_buffers"])
        self.kept = (*own["_parameters"].values(), *self.buffers.values())
        self.names = (*own["_parameters"], *self.buffers)
        self.ids = [*map(id, self.kept)]
        self.hooks = self.hooks_of(layer)

    @staticmethod
    def hooks_of(layer: layers.Layer) -> list[Any]:
        return [*layer._forward_pre_hooks.values(), *layer._forward_post_hooks.values()]

    def differs(self) -> str:
        """Why a graph does not fit the layer any more; "" if it does."""
        own = self.layer.__dict__
        name = type(self.layer).__name__
        if self.layer.training != self.training:
            return f"{name}.training became {self.layer.training}"
        now = [*map(id, own["_parameters"].values()), *map(id, own["_buffers"].values())]
        if now != self.ids:
            return f"a parameter or buffer of {name} is another tensor"
        if self.hooks_of(self.layer) != self.hooks:
            return f"a forward hook of {name} was added or removed"
        return ""

    def settle(self, where: str) -> None:
        """A buffer that was replaced becomes a write into the one that was there."""
        buffers = self.layer.__dict__["_buffers"]
        for name, now in list(buffers.items()):
            before = self.buffers.get(name)
            if now is before or not _proa._jit_is_captured(now):
                continue
            if name in self.buffers:
                buffers[name] = before
            else:
                del buffers[name]
            if (
                before is None
                or not now.stop_gradient
                or now.dtype != before.dtype
                or len(now.shape) != len(before.shape)
            ):
                raise with_head(
                    _proa.NotSupportedError(
                        f"[{where}] {type(self.layer).__name__}.{name} is set to a new tensor: "
                        "only a buffer that was there takes a new value of the same shape and "
                        "dtype, off the tape; return the tensor instead"
                    )
                )
            with no_grad():
                before.set_value(now)


class _Record:
    """A graph, its guards, and how to make the function's result of the graph's."""

    def __init__(self) -> None:
        self.graph: Any = None
        self.host = Host()
        self.after: list[tuple[Callable[..., None], int, int]] = []  # results from .. to
        self.held: list[_Held] = []
        self.floats: dict[int, bytes] = {}
        self.ints: dict[int, int] = {}
        self.result: Any = None
        self.changes: list[tuple[int, Any]] = []  # containers of arguments: what is in them then
        self.reason = ""
        self.number = 0  # of the graphs of its function
        self.fixed: list[list[int]] = []  # by tensor and axis: whether its extent is a number
        self.sizes: frozenset[_Size] = frozenset()  # those that were asked for

    def differs(self, arguments: Arguments) -> str:
        for i, value in self.floats.items():
            if bits(arguments.floats[i]) != value:
                return f"a float that is read changed to {arguments.floats[i]}"
        for i, number in self.ints.items():
            if arguments.ints[i] != number:
                return f"an integer that is read changed from {number} to {arguments.ints[i]}"
        return self.held_differ()

    def build(self, made: list[Any], given: list[Any]) -> Any:
        return _build(self.result, made, given, ())

    def held_differ(self) -> str:
        for held in self.held:
            reason = held.differs()
            if reason:
                return reason
        return self.host.differs()

    def in_python(self) -> bool:
        """Whether a call does something in Python too."""
        return bool(self.host.before or self.after or self.host.watched or self.changes)

    def run(self, arguments: Arguments) -> tuple[bool, Any]:
        """(True, the function's result), or (False, why the graph does not fit this call)."""
        made = _proa._jit_run(
            self.graph,
            arguments.tensors,
            arguments.floats,
            arguments.ints,
            self.host.numbers if self.host.before else None,
        )
        if isinstance(made, str):
            return False, made
        for function, first, last in self.after:
            function(*made[first:last])
        own = arguments.containers
        parts = [(i, _build(plan, made, arguments.tensors, own)) for i, plan in self.changes]
        for i, part in parts:
            set_parts(own[i], part)
        return True, _build(self.result, made, arguments.tensors, own)


def _holds_tensors(value: Any) -> bool:
    """Whether an object that is no container has tensors without values in it."""
    inside = value if isinstance(value, (set, frozenset)) else getattr(value, "__dict__", {})
    parts = inside.values() if isinstance(inside, dict) else inside
    return any(isinstance(v, _proa.Tensor) and _proa._jit_is_captured(v) for v in parts)


class _Planner:
    """How to build a result: ("made", i), ("given", i), ("plain", x), or a container of these."""

    def __init__(
        self, tensors: Sequence[Any], containers: dict[int, int], results: list[Any]
    ) -> None:
        self.arguments = {id(t): i for i, t in enumerate(tensors)}
        self.containers = containers
        self.results = results
        self.seen: dict[int, int] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, Undefined):
            value._proa_fail()
        if isinstance(value, _proa.Tensor):
            return self.tensor(value)
        if id(value) in self.containers:
            return ("container", self.containers[id(value)])
        if isinstance(value, _ir.Dim):
            size: Any = value
            return ("plain", operator.index(size))
        if isinstance(value, CapturedFloat):
            return ("plain", float(value))
        if isinstance(value, dict):
            return ("dict", type(value), [(k, self(v)) for k, v in value.items()])
        if isinstance(value, (list, tuple)):
            return ("list", type(value), [self(v) for v in value])
        if names := fields_of(value):
            parts = [(name, self(getattr(value, name))) for name in names]
            return ("fields", with_fields(value, dict.fromkeys(names)), parts)
        if isinstance(value, (types.GeneratorType, types.CoroutineType)) or _holds_tensors(value):
            raise with_head(
                _proa.NotSupportedError(
                    f"[to_static] a result is a {type(value).__name__}: expected tensors, numbers "
                    "and lists, tuples, dicts and dataclasses of them"
                )
            )
        return ("plain", value)

    def tensor(self, value: _proa.Tensor) -> Any:
        if id(value) in self.arguments:
            return ("given", self.arguments[id(value)])
        if not _proa._jit_is_captured(value):
            return ("plain", value)
        if id(value) not in self.seen:
            self.seen[id(value)] = len(self.results)
            self.results.append(value)
        return ("made", self.seen[id(value)], type(value))


def _build(plan: Any, made: list[Any], given: list[Any], containers: Sequence[Any]) -> Any:
    kind = plan[0]
    if kind == "made":
        tensor = made[plan[1]]
        return tensor if plan[2] is _proa.Tensor else _proa._with_face(tensor)
    if kind == "given":
        return given[plan[1]]
    if kind == "container":
        return containers[plan[1]]
    if kind == "plain":
        return plan[1]
    if kind in ("dict", "fields"):
        items = {k: _build(v, made, given, containers) for k, v in plan[2]}
        if kind == "fields":
            return with_fields(plan[1], items)
        return items if plan[1] is dict else plan[1](items)
    parts = [_build(v, made, given, containers) for v in plan[2]]
    return plan[1](*parts) if hasattr(plan[1], "_fields") else plan[1](parts)


def _budget_of(bytes_: int | None) -> int:
    if bytes_ is None:
        return 0
    if isinstance(bytes_, bool) or not isinstance(bytes_, int) or bytes_ < 1:
        raise value_error(f"[to_static] memory_budget: expected bytes, got {bytes_!r}")
    return bytes_


def _flat_specs(specs: Any) -> list[Any]:
    if not isinstance(specs, (list, tuple, dict)):
        return [specs]
    values = specs.values() if isinstance(specs, dict) else specs
    return [one for value in values for one in _flat_specs(value)]


_FORM = "another dtype, rank or stop_gradient of a tensor"


def _changed(before: Any, now: Any) -> tuple[int, str]:
    """How far two keys of calls agree, and in words what comes then."""
    if before[0] != now[0]:
        return -1, "another mode: recording of gradients, autocast or default dtype"
    pairs = zip(before[1], now[1], strict=False)
    at, one = next(((i, p) for i, p in enumerate(pairs) if p[0] != p[1]), (len(now[1]), None))
    if one is None:
        return at, "another number of arguments"
    a, b = one
    if isinstance(a, int) and isinstance(b, int):
        return at, _FORM
    if isinstance(a, tuple) and isinstance(b, tuple) and a[0] is b[0] and len(a) == len(b) == 2:
        kind, rest = a
        if isinstance(kind, type) and issubclass(kind, (list, tuple, dict)):
            return at, f"a {kind.__name__} of {b[1]} items where there were {rest}"
        return at, f"an argument became {b[1]!r}, from {rest!r}"
    return at, "another structure or kind of an argument"


class CapturedFunction:
    """A function that runs as graphs: what to_static gives.

    Call it as the function that it was. `captures()` lists the graphs, `why()` says in words why
    each was made.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        input_spec: Any = None,
        memory_budget: int | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._budget = _budget_of(memory_budget)
        self._function = function
        self._name = getattr(function, "__qualname__", type(function).__name__)
        self._input_spec = input_spec
        self._specs = [
            InputSpec.from_tensor(one) if isinstance(one, _proa.Tensor) else one
            for one in ([] if input_spec is None else _flat_specs(input_spec))
        ]
        for one in self._specs:
            if one is not None and not isinstance(one, InputSpec):
                raise value_error(
                    "[to_static] input_spec: expected InputSpec, tensors and containers of them, "
                    f"got {type(one).__name__}"
                )
        self._records: dict[Any, list[_Record]] = {}
        self._made = 0
        self._calls = _proa._jit_cache()
        self._bound: weakref.WeakKeyDictionary[Any, CapturedFunction] = weakref.WeakKeyDictionary()

    def __get__(self, instance: Any, owner: Any = None) -> CapturedFunction:
        """A method captures for each object by itself."""
        if instance is None:
            return self
        found = self._bound.get(instance)
        if found is None:
            method = self._function.__get__(instance, owner)
            found = CapturedFunction(method, self._input_spec, self._budget or None)
            self._bound[instance] = found
        return found

    def __reduce__(self) -> Any:
        """A copy captures anew; what decorates a function of a module is found by its name."""
        here: Any = sys.modules.get(getattr(self._function, "__module__", ""))
        for name in self._name.split("."):
            here = getattr(here, name, None)
        if here is self:
            return self._name
        return CapturedFunction, (self._function, self._input_spec, self._budget or None)

    @property
    def function(self) -> Callable[..., Any]:
        """The Python function itself."""
        return self._function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if _enabled and not kwargs:
            found = _proa._jit_call(self._calls, args)
            if found is not NotImplemented:
                return found
        if not _enabled:
            return self._function(*args, **kwargs)
        if _proa._jit_capturing():  # within another capture: part of its graph
            return rewrite.call(self._function)(*args, **kwargs)
        arguments = Arguments(self._name, args, kwargs)
        self._check_specs(arguments)
        key = (_proa._jit_state(), arguments.key)
        records = self._records.get(key)
        reason = ""
        for record in records or ():
            reason = record.differs(arguments)
            if reason:
                continue
            done, result = record.run(arguments)
            if done:
                if not kwargs and not self._specs and not record.in_python():
                    self._remember(args, record)
                return result
            reason = result
        others = [_changed(other, key) for other in list(self._records)]
        reason = reason or max(others, default=(0, "the first call"))[1]
        level, sizes = 0, frozenset[_Size]()
        while True:
            with _lock:
                record = self._capture(arguments, args, kwargs, level, sizes)
            more = frozenset[_Size]()
            try:
                done, result = record.run(arguments)
                if done:
                    break
                reason = "a guard does not hold for the very call"  # of its gradient, say
            except _proa.SizeNotKnownError as need:  # of its gradient
                more = _sizes_of(need, arguments, record.fixed) - record.sizes
                if level == 3 and not more:
                    raise
                reason = f"the gradient needs extents as numbers: {need}"
            sizes = record.sizes | more
            level += not more
            if level == 4:
                raise with_head(
                    _proa.InternalError(
                        f"[{self._name}] a new graph does not fit its own call: {result}"
                    )
                )
        with _lock:  # only a graph that has done its own call serves others
            record.reason = reason
            record.number = self._made = self._made + 1
            self._records.setdefault(key, []).insert(0, record)
            if self._made >= _MANY and self._made.bit_count() == 1:
                warnings.warn(
                    f"{self._name} was captured {self._made} times; each graph takes time and "
                    f"stays in memory. The last reason: {reason}. {self._name}.why() tells all of "
                    "them; what changes from call to call is best a tensor or a float.",
                    stacklevel=2,
                )
        return result

    def _remember(self, args: tuple[Any, ...], record: _Record) -> None:
        """The next call like this one takes the short way."""
        plan = record.result
        plain = plan[0] == "made" and plan[2] is _proa.Tensor
        _proa._jit_remember(
            self._calls,
            args,
            record.graph,
            weakref.ref(record),
            bool(record.held),
            list(record.floats),
            list(record.ints),
            plan[1] if plain else -1,
        )

    def _check_specs(self, arguments: Arguments) -> None:
        if not self._specs:
            return
        if len(self._specs) != len(arguments.tensors):
            raise value_error(
                f"[{self._name}] input_spec: {len(self._specs)} specs for "
                f"{len(arguments.tensors)} tensors among the arguments"
            )
        for spec, tensor in zip(self._specs, arguments.tensors, strict=True):
            if spec is not None:
                spec.check(tensor, self._name)

    def _fixed(
        self, arguments: Arguments, level: int, sizes: frozenset[_Size]
    ) -> list[list[int]]:
        """Axes whose extents are numbers: what specs fix, and those that were asked for. Where
        nobody could say which: all but the first two axes (of sequences: which, and when); all but
        the first; all."""
        free = {0: 64, 1: 2, 2: 1}.get(level, 0)
        fixed = [[int(a >= free) for a in range(t.ndim)] for t in arguments.tensors]
        for i, spec in enumerate(self._specs if level == 0 else ()):
            if spec is not None:
                fixed[i] = [int(n != -1) for n in spec.shape]
        for i, axis in sizes:
            if i >= 0:
                fixed[i][axis] = 1
        return fixed

    def _capture(
        self,
        arguments: Arguments,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        level: int = 0,
        sizes: frozenset[_Size] = frozenset(),
    ) -> _Record:
        plain = optional = False
        while True:
            fixed = self._fixed(arguments, level, sizes)
            try:
                record = self._trace(arguments, args, kwargs, fixed, sizes, plain, optional)
                if record.graph is not None:
                    return record
                optional = True
            except _proa.SizeNotKnownError as need:
                more = _sizes_of(need, arguments, fixed) - sizes
                if not more and level == 3:
                    raise
                level += not more
                sizes |= more
            except (TypeError, AttributeError, _proa.ProaError) as error:
                numbers = isinstance(error, (TypeError, AttributeError)) and not plain
                if numbers and (arguments.floats or arguments.ints):
                    # Python code that insists on a real float or int: all of them become guards.
                    plain = True
                    continue
                # What the user reads has the sizes of this call, and is what eager says.
                every = _every_size(arguments)
                if not isinstance(error, _OF_SIZES) or every <= sizes:
                    raise
                sizes = every

    def _trace(
        self,
        arguments: Arguments,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        fixed: list[list[int]],
        sizes: frozenset[_Size],
        plain: bool,
        optional: bool,
        asks: bool = True,
    ) -> _Record:
        record = _Record()
        record.fixed, record.sizes = fixed, sizes
        held: dict[int, _Held] = {}

        def watch(layer: layers.Layer) -> None:
            if id(layer) in held:
                return
            for one in layer.sublayers(include_self=True):
                if id(one) not in held:
                    held[id(one)] = _Held(one)

        def read(i: int) -> None:
            record.floats[i] = bits(arguments.floats[i])

        def body(tensors: list[Any], floats: list[Any], symbols: list[Any]) -> list[Any]:
            reals: Sequence[Any] = stand_ins(floats, arguments.floats, read)
            ints: Sequence[Any] = [
                arguments.ints[i] if (-1, i) in sizes else symbol
                for i, symbol in enumerate(symbols)
            ]
            record.ints.update({i: arguments.ints[i] for t, i in sizes if t < 0})
            if plain:
                reals, ints = arguments.floats, arguments.ints
                record.floats.update({i: bits(v) for i, v in enumerate(reals)})
                record.ints.update(enumerate(ints))
            given = arguments.rebuild((args, kwargs), tensors, reals, ints)
            results: list[Any] = []
            try:
                value = rewrite.call(self._function)(*given[0], **given[1])
                plan = _Planner(tensors, arguments.made_containers(), results)
                record.result = plan(value)
                record.changes = [(i, plan(parts)) for i, parts in arguments.changes()]
            finally:
                for one in held.values():
                    one.settle(self._name)
            for function, given in record.host.after:
                record.after.append((function, len(results), len(results) + len(given)))
                results += given
            return results

        owner = getattr(self._function, "__self__", None)
        capturing = layers.capturing
        before, capturing.watch = capturing.watch, watch
        plain_forward, capturing.convert = capturing.convert, rewrite.call
        budget = _proa._memory_budget(self._budget)
        try:
            for one in (owner, self._function, *arguments.objects):
                if isinstance(one, layers.Layer):
                    watch(one)
            with record.host:
                record.graph = _proa._jit_capture(
                    self._name,
                    body,
                    arguments.tensors,
                    fixed,
                    arguments.floats,
                    arguments.ints,
                    optional,
                    asks,
                )
        finally:
            capturing.watch, capturing.convert = before, plain_forward
            _proa._memory_budget(budget)
        record.held = list(held.values())
        return record

    def captures(self) -> list[Capture]:
        """The graphs made so far, in the order in which they were made."""
        found = []
        every = (record for records in list(self._records.values()) for record in list(records))
        for record in sorted(every, key=lambda record: record.number):
            values = [f"float {i} == {struct.unpack('d', v)[0]}" for i, v in record.floats.items()]
            values += [f"integer {i} == {v}" for i, v in record.ints.items()]
            info = _proa._jit_info(record.graph)
            found.append(Capture(reason=record.reason, values=values, **info))
        return found

    def why(self) -> str:
        """In words: each graph, why it was captured, and what must hold for it."""
        captures = self.captures()
        lines = [f"{self._name}: {len(captures)} captured"]
        for i, one in enumerate(captures, 1):
            lines.append(f"{i}. {one.reason}")
            lines.append(
                f"   {one.operations} operations, inputs {', '.join(one.inputs) or '(none)'}"
            )
            lines += [f"   where {guard}" for guard in one.guards]
            lines += [f"   where {value}  # a number that Python read" for value in one.values]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<captured {self._name}>"


def to_static(
    function: Any = None,
    input_spec: Any = None,
    build_strategy: Any = None,
    backend: str | None = None,
    full_graph: bool = True,
    memory_budget: int | None = None,
) -> Any:
    """Makes a function, or the forward of a Layer, run as a compiled graph; also a decorator.

    The first call runs the function on tensors without values: operators append to a graph, which
    is compiled and then called instead of the function. Results and gradients have the bits of the
    function itself. Sizes are symbols: a new batch size needs no new graph. A call that breaks a
    guard captures anew: another structure of the arguments, another bool, string, dtype or rank, a
    layer in another mode, other autocast or recording, an extent of 1 where the function asks for
    it (squeeze, broadcasting, a product of one row).

    Floats are inputs. Integers are symbols; where Python reads the number (`range(n)`), it is a
    guard. Parameters and buffers that are read are inputs, so that optimizers are seen; buffers
    that are written are written in each call. Globals and attributes that are neither tensors nor
    layers are read when it is captured.

    Args:
        function: a function, a method, or a Layer, whose forward is replaced.
        input_spec: InputSpec for each tensor argument; fixes what they say.
        build_strategy, backend: None; the compiler decides.
        full_graph: True; what cannot be captured is an error, and nothing falls back to Python.
        memory_budget: bytes that the plan of one graph may take at the sizes of the first call,
            results included and arguments not; where it would take more, values that wait long
            for their readers are computed again, as far as that helps. The bits stay.

    Returns:
        a CapturedFunction; of a Layer, the layer.

    Raises:
        NotSupportedError: the function does what a graph cannot have; the message names the line.
    """
    if build_strategy is not None or backend is not None:
        raise value_error("[to_static] backend: expected None: there is one compiler")
    if not full_graph:
        raise value_error("[to_static] full_graph: expected True: there are no graph breaks")
    if function is None:
        return functools.partial(to_static, input_spec=input_spec, memory_budget=memory_budget)
    if isinstance(function, layers.Layer):
        if not isinstance(function.__dict__.get("forward"), CapturedFunction):
            object.__setattr__(
                function, "forward", CapturedFunction(function.forward, input_spec, memory_budget)
            )
        return function
    if isinstance(function, CapturedFunction):
        return function
    if not callable(function):
        raise value_error(
            f"[to_static] function: expected a function or a Layer, got {type(function).__name__}"
        )
    return CapturedFunction(function, input_spec, memory_budget)
