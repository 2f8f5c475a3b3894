"""Modules, operations, blocks and values: what a piece of IR is made of.

Each object is a handle. It stays safe whatever passes do: naming an operation that was erased
raises StateError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import _proa
from .._proa import DType, Tensor, _ir
from .._proa._ir import Dim

Handle = _ir.Handle


@dataclass(frozen=True)
class TensorType:
    """The type of a tensor: dtype and dims, each an int or a symbolic Dim."""

    dtype: DType
    dims: tuple[int | Dim, ...]

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.dims)

    def __str__(self) -> str:
        return f"{self.dtype.name}[{', '.join(str(dim) for dim in self.dims)}]"


@dataclass(frozen=True)
class OpaqueType:
    """A type that is no tensor, as text: "token", "!dialect.name<1>"."""

    text: str

    def __str__(self) -> str:
        return self.text


Type = TensorType | OpaqueType


def _type_of(parts: tuple[Any, ...]) -> Type:
    if len(parts) == 1:
        return OpaqueType(parts[0])
    return TensorType(parts[0], tuple(parts[1]))


class _Named:
    """Equality and hash of a handle: two objects that name the same piece are equal."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._handle == other._handle

    def __hash__(self) -> int:
        return hash(self._handle)

    @property
    def alive(self) -> bool:
        """Whether what this names is still there."""
        return _ir.alive(self._handle)


class Value(_Named):
    """A result of an operation or an argument of a block."""

    __slots__ = ()

    @property
    def type(self) -> Type:
        """Its type."""
        return _type_of(_ir.value_type(self._handle))

    @property
    def tensor_type(self) -> TensorType:
        """Its type, which must be that of a tensor."""
        type_ = self.type
        if not isinstance(type_, TensorType):
            raise _proa.DTypeError(f"[ir] expected a tensor, got a value of type {type_}")
        return type_

    @property
    def dtype(self) -> DType:
        """The dtype of the tensor."""
        return self.tensor_type.dtype

    @property
    def dims(self) -> tuple[int | Dim, ...]:
        """The sizes of the tensor."""
        return self.tensor_type.dims

    @property
    def definer(self) -> Operation | None:
        """The operation whose result this is; None for an argument."""
        handle = _ir.value_definer(self._handle)
        return None if handle is None else Operation(handle)

    @property
    def index(self) -> int:
        """Which result, or which argument."""
        return _ir.value_index(self._handle)

    @property
    def uses(self) -> list[tuple[Operation, int]]:
        """The operations that read it, each with the place among its operands."""
        return [(Operation(handle), place) for handle, place in _ir.value_uses(self._handle)]

    def replace_uses(self, other: Value) -> None:
        """Makes every reader of this read `other`, of the same type."""
        _ir.value_replace(self._handle, other._handle)

    def __repr__(self) -> str:
        return f"<Value {self.type}>" if self.alive else "<Value of an erased operation>"


class Operation(_Named):
    """One operation: name, operands, results, attributes, regions, location."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The full name, with the dialect: "prim.add"."""
        return _ir.op_name(self._handle)

    @property
    def operands(self) -> list[Value]:
        """What it reads, flat."""
        return [Value(handle) for handle in _ir.op_operands(self._handle)]

    @property
    def results(self) -> list[Value]:
        """What it gives."""
        return [Value(handle) for handle in _ir.op_results(self._handle)]

    @property
    def result(self) -> Value:
        """Its one result."""
        results = self.results
        if len(results) != 1:
            raise _proa.ArgumentValueError(f"[ir] {self.name} has {len(results)} results, not one")
        return results[0]

    @property
    def attributes(self) -> dict[str, Any]:
        """A copy of its attributes as Python values; see set_attribute."""
        return _ir.op_attrs(self._handle)

    @property
    def regions(self) -> list[Region]:
        """The pieces of code inside it."""
        return [
            Region([Block(block) for block in blocks]) for blocks in _ir.op_regions(self._handle)
        ]

    @property
    def parent(self) -> Operation | None:
        """The operation around it; None for the module's own."""
        handle = _ir.op_parent(self._handle)
        return None if handle is None else Operation(handle)

    @property
    def block(self) -> Block | None:
        """The block that it stands in."""
        handle = _ir.op_block(self._handle)
        return None if handle is None else Block(handle)

    @property
    def next(self) -> Operation | None:
        """The one behind it in its block."""
        handle = _ir.op_next(self._handle)
        return None if handle is None else Operation(handle)

    @property
    def previous(self) -> Operation | None:
        """The one in front of it in its block."""
        handle = _ir.op_prev(self._handle)
        return None if handle is None else Operation(handle)

    @property
    def location(self) -> str:
        """Where it comes from: "train.py:12", or empty."""
        return _ir.op_location(self._handle)

    @property
    def traits(self) -> list[str]:
        """What is known of it by its name: "pure", "composite", "terminator", ..."""
        return _ir.op_traits(self._handle)

    def walk(self) -> Iterator[Operation]:
        """This operation, then all inside it, in order. Those erased meanwhile are left out."""
        for handle in _ir.op_walk(self._handle):
            if _ir.alive(handle):
                yield Operation(handle)

    def set_attribute(self, name: str, value: Any) -> None:
        """Changes an attribute; None takes it away. The types of the results must stay."""
        _ir.op_set_attr(self._handle, name, value)

    def set_operand(self, index: int, value: Value) -> None:
        """Changes an operand. The types of the results must stay."""
        _ir.op_set_operand(self._handle, index, value._handle)

    def erase(self) -> None:
        """Takes it out of its block. Its results must be unused."""
        _ir.op_erase(self._handle)

    def replace(self, values: Value | Sequence[Value]) -> None:
        """Makes every reader of its results read `values`, and erases it."""
        values = [values] if isinstance(values, Value) else list(values)
        results = self.results
        if len(values) != len(results):
            raise _proa.ArgumentValueError(
                f"[{self.name}] values: expected {len(results)} values, got {len(values)}"
            )
        for result, value in zip(results, values, strict=True):
            if value.definer == self:
                raise _proa.ArgumentValueError(
                    f"[{self.name}] values: an operation cannot be replaced by its own result"
                )
            result.replace_uses(value)
        self.erase()

    def text(self, locations: bool = False) -> str:
        """The text of it, with its regions."""
        return _ir.text(self._handle, locations)

    def __repr__(self) -> str:
        return f"<{_ir.line(self._handle)}>" if self.alive else "<Operation, erased>"

    def __str__(self) -> str:
        return self.text()


class Block(_Named):
    """A list of operations, with arguments."""

    __slots__ = ()

    @property
    def arguments(self) -> list[Value]:
        """The values that come in."""
        return [Value(handle) for handle in _ir.block_arguments(self._handle)]

    @property
    def operations(self) -> list[Operation]:
        """The operations, in order."""
        return [Operation(handle) for handle in _ir.block_ops(self._handle)]

    @property
    def parent(self) -> Operation | None:
        """The operation whose region it is in."""
        handle = _ir.block_parent(self._handle)
        return None if handle is None else Operation(handle)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)


@dataclass(frozen=True)
class Region:
    """The blocks of one region of an operation."""

    blocks: list[Block]


class Function:
    """A `builtin.func` of a module."""

    __slots__ = ("op",)

    def __init__(self, op: Operation) -> None:
        self.op = op

    @property
    def name(self) -> str:
        """The name, without "@"."""
        return str(self.op.attributes["name"])

    @property
    def body(self) -> Block:
        """Its one block."""
        return self.op.regions[0].blocks[0]

    @property
    def arguments(self) -> list[Value]:
        """What it is called with."""
        return self.body.arguments

    @property
    def results(self) -> list[Value]:
        """What it returns."""
        return self.body.operations[-1].operands

    def __repr__(self) -> str:
        return f"<Function @{self.name}>"


class Module(_Named):
    """A module: functions by name, and the facts about its symbols."""

    __slots__ = ()

    @property
    def op(self) -> Operation:
        """The operation that holds it together."""
        return Operation(_ir.module_op(self._handle))

    @property
    def functions(self) -> list[Function]:
        """Its functions, in order."""
        body = self.op.regions[0].blocks[0]
        return [Function(op) for op in body if op.name == "builtin.func"]

    @property
    def guards(self) -> list[str]:
        """What must hold of its sizes when it is called."""
        return _ir.guards(self._handle)

    def function(self, name: str) -> Function:
        """The function of this name.

        Raises:
            NameNotFoundError: there is none.
        """
        for function in self.functions:
            if function.name == name:
                return function
        raise _proa.NameNotFoundError(f"[ir] the module has no function '{name}'")

    def walk(self) -> Iterator[Operation]:
        """All its operations, in order."""
        return self.op.walk()

    def verify(self) -> None:
        """Proves that it is well-formed, or says which operation is not, and where."""
        _ir.verify(self._handle)

    def clone(self) -> Module:
        """A copy that shares nothing."""
        return Module(_ir.clone(self._handle))

    def text(self, locations: bool = False) -> str:
        """Its text, which parse() reads back to the same module."""
        return _ir.text(self._handle, locations)

    def to_bytes(self) -> bytes:
        """Its binary form, with locations, which from_bytes() of later versions reads too."""
        return _ir.to_bytes(self._handle)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        names = ", ".join("@" + function.name for function in self.functions)
        return f"<Module {names}>"


def operand_handles(operands: Sequence[Any]) -> list[Any]:
    """Handles of operands as users give them: values, lists of values, None."""
    handles: list[Any] = []
    for given in operands:
        if given is None:
            handles.append(None)
        elif isinstance(given, Value):
            handles.append(given._handle)
        elif isinstance(given, Operation):
            handles.append(given.result._handle)
        elif isinstance(given, list | tuple):
            handles.append(operand_handles(given))
        else:
            raise _proa.DTypeError(f"[ir] operands: expected a Value, got {type(given).__name__}")
    return handles


class Builder:
    """Puts new operations into a block, at its end or in front of one of its operations.

    Result types follow from the operation's page, so that a wrong operand is refused here.
    """

    __slots__ = ("_before", "_block", "location")

    def __init__(self, place: Block | Operation, location: str | None = None) -> None:
        """
        Args:
            place: a block, for its end (in front of its terminator), or the operation to stand
                in front of.
            location: what the operations say of where they come from; by default the line of
                the caller.
        """
        self._before: Operation | None = None
        if isinstance(place, Operation):
            block = place.block
            if block is None:
                raise _proa.ArgumentValueError("[ir] place: this operation stands in no block")
            self._before = place
            self._block = block
        elif isinstance(place, Block):
            self._block = place
        else:
            raise _proa.DTypeError(
                f"[ir] place: expected a Block or an Operation, got {type(place).__name__}"
            )
        self.location = location

    def create(
        self,
        name: str,
        operands: Sequence[Any] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> Operation:
        """A new operation.

        Args:
            name: the full name, "tensor.softmax".
            operands: one for each operand of the page: a Value, an Operation (its result), None
                for an absent one, a list for a variadic one.
            attributes: by name.
        """
        return Operation(
            _ir.create(
                self._block._handle,
                None if self._before is None else self._before._handle,
                name,
                operand_handles(operands),
                None if attributes is None else dict(attributes),
                self.location,
            )
        )


def parse(text: str, file: str = "", allow_unregistered: bool = False) -> Module:
    """Reads a module from its text form.

    Args:
        text: the text.
        file: named in errors, and in the locations of operations.
        allow_unregistered: takes operations of unknown names as they are.

    Raises:
        ArgumentValueError: the text is wrong; the message has line, column and a caret.
    """
    return Module(_ir.parse(text, file, allow_unregistered))


def from_bytes(data: bytes, source: str = "bytes") -> Module:
    """Reads a module from its binary form; pages of older versions are brought up to date.

    Args:
        data: the bytes.
        source: named in errors.

    Raises:
        FileError: the bytes are wrong; the message has the place.
        NotSupportedError: an operation, or its version, is not known here.
    """
    return Module(_ir.from_bytes(data, source))


def execute(module: Module, inputs: Sequence[Any], function: str = "") -> list[Tensor]:
    """Runs a function of a module on tensors and gives its results, which own their memory.

    No gradient flows through it: differentiate what makes the module, or use operators.

    Args:
        module: is verified first, and stays as it is.
        inputs: one for each argument: tensors, or what to_tensor takes.
        function: its name; by default the first one.
    """
    return _ir.execute(module._handle, function, list(inputs))


def dialects() -> dict[str, list[str]]:
    """The dialects that are loaded, each with the full names of its operations."""
    return _ir.dialects()


def pages(dialect: str | None = None) -> list[dict[str, Any]]:
    """The pages of operators as dicts, of all dialects or of one."""
    found = _ir.pages()
    return [p for p in found if dialect is None or p["full_name"].split(".")[0] == dialect]
