"""The arguments of a call: what is an input of the graph, and what is a guard."""

from __future__ import annotations

import copy
import dataclasses
import operator
import struct
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from .. import _proa
from .._proa import _ir
from ..refusal import type_error, value_error
from .number import CapturedFloat


class InputSpec:
    """What a tensor argument is: its shape, with None or -1 for sizes that vary; dtype; name.

    Args:
        shape: extents; None or -1 stand for any size.
        dtype: of the tensor.
        name: for messages.
        stop_gradient: not used: a call's own tensor says so.
    """

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        name: str | None = None,
        stop_gradient: bool = True,
    ) -> None:
        if not isinstance(shape, (list, tuple)):
            raise type_error(
                f"[InputSpec] shape: expected a list or tuple, got {type(shape).__name__}"
            )
        dims: list[Any] = []
        for extent in shape:
            if isinstance(extent, _ir.Dim):  # a size of a captured function
                dims.append(extent)
                continue
            if extent is not None and (isinstance(extent, bool) or not isinstance(extent, int)):
                raise type_error(
                    f"[InputSpec] shape: expected integers and None, got {extent!r}"
                )
            if extent is not None and extent < -1:
                raise value_error(f"[InputSpec] shape: expected sizes or -1, got {extent}")
            dims.append(-1 if extent is None else extent)
        self.shape = tuple(dims)
        self.dtype = _proa.parse_dtype(dtype)
        self.name = name
        self.stop_gradient = stop_gradient

    @classmethod
    def from_tensor(cls, tensor: _proa.Tensor, name: str | None = None) -> InputSpec:
        """The spec of exactly this tensor's shape and dtype."""
        return cls(tensor.shape, tensor.dtype, name)

    def check(self, tensor: _proa.Tensor, where: str) -> None:
        """Refuses a tensor of another dtype, rank or fixed size."""
        fits = len(tensor.shape) == len(self.shape) and all(
            want in (-1, have) for want, have in zip(self.shape, tensor.shape, strict=True)
        )
        if not fits:
            raise value_error(
                f"[{where}] {self.name or 'input_spec'}: expected shape {list(self.shape)}, "
                f"got {tensor.shape}"
            )
        if tensor.dtype != self.dtype:
            raise type_error(
                f"[{where}] {self.name or 'input_spec'}: expected dtype {self.dtype}, "
                f"got {tensor.dtype}"
            )

    def __repr__(self) -> str:
        return f"InputSpec(shape={list(self.shape)}, dtype={self.dtype}, name={self.name})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InputSpec) and (self.shape, self.dtype, self.name) == (
            other.shape,
            other.dtype,
            other.name,
        )

    def __hash__(self) -> int:
        return hash((self.shape, str(self.dtype), self.name))


def fields_of(value: Any) -> list[str]:
    """The fields that an object of a dataclass has; [] for anything else."""
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return []
    return [f.name for f in dataclasses.fields(value) if hasattr(value, f.name)]


def with_fields(value: Any, items: dict[str, Any]) -> Any:
    """A copy of an object of a dataclass, with these in its fields."""
    made = copy.copy(value)
    for name, item in items.items():
        object.__setattr__(made, name, item)  # frozen ones too
    return made


def parts_of(value: Any) -> Any:
    """What is in a list, a dict or an object of a dataclass, as a list or dict of its own."""
    if isinstance(value, (list, dict)):
        return list(value) if isinstance(value, list) else dict(value.items())
    return {name: getattr(value, name) for name in fields_of(value)}


def set_parts(value: Any, parts: Any) -> None:
    """Makes `parts` be what parts_of() gives."""
    if isinstance(value, list):
        value[:] = parts
    elif isinstance(value, dict):
        value.clear()
        value.update(parts)
    else:
        for name, part in parts.items():
            setattr(value, name, part)


def differ(now: Any, before: Any) -> bool:
    if isinstance(now, list):
        return len(now) != len(before) or not all(map(operator.is_, now, before))
    return list(now) != list(before) or differ([*now.values()], [*before.values()])


def bits(number: float) -> bytes:
    """A float as a guard: -0.0 is not 0.0, and NaN is itself."""
    return struct.pack("d", number)


class Arguments:
    """One call's arguments, flat.

    `key` has all that is a guard by itself: structure, kinds, bools, strings, dtypes, ranks, which
    tensors are one.
    """

    def __init__(self, where: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.where = where
        self.tensors: list[_proa.Tensor] = []
        self.floats: list[float] = []
        self.ints: list[int] = []
        self.objects: list[Any] = []
        self._seen: dict[int, int] = {}
        self._open: set[int] = set()
        self.containers: list[Any] = []  # that the function may change
        self._made: dict[int, tuple[Any, Any]] = {}  # for each: that of stand-ins, and its parts
        key: list[Hashable] = []
        self._flatten(args, key)
        self._flatten(kwargs, key)
        self.key = tuple(key)

    def _flatten(self, value: Any, key: list[Hashable]) -> None:
        if isinstance(value, _proa.Tensor):
            at = self._seen.get(id(value))
            if at is None:
                at = self._seen[id(value)] = len(self.tensors)
                self.tensors.append(value)
                key.append(_proa._jit_describe(value))
            key.append(("tensor", at, type(value)))
        elif value is None or isinstance(value, (bool, str, bytes, complex)):
            key.append((type(value), value))
        elif type(value) is float:
            self.floats.append(value)
            key.append(float)
        elif type(value) is int and 2 <= value < 1 << 62:
            self.ints.append(value)
            key.append(int)
        elif isinstance(value, (list, tuple, dict)):
            if id(value) in self._open:
                raise value_error(f"[{self.where}] a container among the arguments holds itself")
            self._open.add(id(value))
            if not isinstance(value, tuple):
                self.containers.append(value)
            key.append((type(value), len(value)))
            if isinstance(value, dict):
                for name, item in value.items():
                    key.append(name)
                    self._flatten(item, key)
            else:
                for item in value:
                    self._flatten(item, key)
            self._open.discard(id(value))
        elif names := fields_of(value):
            self.containers.append(value)
            key.append((type(value), *names))
            for name in names:
                self._flatten(getattr(value, name), key)
        else:
            try:
                hash(value)
            except TypeError:
                raise type_error(
                    f"[{self.where}] expected tensors, numbers, strings and containers of them as "
                    f"arguments, got {type(value).__name__}; make a tensor of it "
                    "(proa.to_tensor), or let the function close over it"
                ) from None
            self.objects.append(value)
            key.append((type(value), value))

    def rebuild(
        self, value: Any, tensors: Sequence[Any], floats: Sequence[Any], ints: Sequence[Any]
    ) -> Any:
        """`value`, which is what was flattened, with stand-ins in the leaves' places."""
        reals, sizes = iter(floats), iter(ints)
        at = {id(one): i for i, one in enumerate(self.containers)}
        self._made = {}

        def build(node: Any) -> Any:
            made = made_of(node)
            if id(node) in at and made is not node:
                self._made[at[id(node)]] = made, parts_of(made)
            return made

        def made_of(node: Any) -> Any:
            if isinstance(node, _proa.Tensor):
                return tensors[self._seen[id(node)]]
            if type(node) is float:
                return next(reals)
            if type(node) is int and 2 <= node < 1 << 62:
                return next(sizes)
            if isinstance(node, dict):
                items = [(name, build(item)) for name, item in node.items()]
                if type(node) is dict:
                    return dict(items)
                copy = node.copy()
                copy.update(items)
                return copy
            if isinstance(node, (list, tuple)):
                made = [build(item) for item in node]
                return type(node)(*made) if hasattr(node, "_fields") else type(node)(made)
            if names := fields_of(node):
                return with_fields(node, {name: build(getattr(node, name)) for name in names})
            return node

        return build(value)

    def made_containers(self) -> dict[int, int]:
        """Which container each stands for, by the id of what was built for it."""
        return {id(made): i for i, (made, _) in self._made.items()}

    def changes(self) -> list[tuple[int, Any]]:
        """Containers that the function has changed: which, and what is in them now."""
        now = [(i, parts_of(made), before) for i, (made, before) in self._made.items()]
        return [(i, parts) for i, parts, before in now if differ(parts, before)]


def stand_ins(
    tensors: Sequence[_proa.Tensor], values: Sequence[float], read: Callable[[int], None]
) -> list[CapturedFloat]:
    """What the function gets in the places of its floats."""

    def reader(i: int) -> Callable[[], None]:
        return lambda: read(i)

    return [
        CapturedFloat(t, v, reader(i)) for i, (t, v) in enumerate(zip(tensors, values, strict=True))
    ]
