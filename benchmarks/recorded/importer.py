"""A recorded graph as the text of a Python function, in the names of Proa or of PyTorch.

Why text: it runs at the speed of hand-written code, errors and guards name its lines, and it can
be read. Why one importer for both: what differs is a table of operators; sizes are the same.

Shapes, axes and other small vectors of integers are values in the format. Here they are known
while the text is written: as numbers, or as expressions of sizes (`x.shape[0] * 4`). So they are
arguments of calls, and become tensors only where an operator computes with them.
"""

from __future__ import annotations

import dataclasses
import keyword
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from .samples import Graph, split_type

SMALL = 32  # a vector of at most so many known elements is carried as elements


class MissingOperator(Exception):
    """No way to say an operation here; the message has the operator and why."""


class Size:
    """An integer that is known when the function runs: an expression as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def _with(self, other: Any, sign: str, swapped: bool = False) -> Any:
        if isinstance(other, (float, numpy.floating)):
            return NotImplemented
        left, right = (other, self) if swapped else (self, other)
        neutral = {"+": 0, "-": 0, "*": 1, "//": 1}.get(sign)
        if neutral is not None and isinstance(right, int) and right == neutral:
            return left
        if sign in "+*" and isinstance(left, int) and left == neutral:
            return right
        return Size(f"({left} {sign} {right})")

    def __add__(self, other: Any) -> Any:
        return self._with(other, "+")

    def __radd__(self, other: Any) -> Any:
        return self._with(other, "+", True)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, "-")

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, "-", True)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, "*")

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, "*", True)

    def __floordiv__(self, other: Any) -> Any:
        return self._with(other, "//")

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with(other, "//", True)

    def __mod__(self, other: Any) -> Any:
        return self._with(other, "%")

    def __neg__(self) -> Any:
        return Size(f"(-{self.text})")


def number_text(value: Any) -> str:
    if isinstance(value, Size):
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def list_text(items: Iterable[Any]) -> str:
    return "[" + ", ".join(map(number_text, items)) + "]"


@dataclasses.dataclass
class Value:
    """A value while the function is written: a variable, known elements, or both."""

    dtype: str
    dims: list[int]
    name: str = ""
    items: numpy.ndarray | None = None  # of objects: int, float, bool, Size


class Call:
    """One operation, as the tables of operators see it."""

    def __init__(self, writer: Writer, op: dict[str, Any]) -> None:
        self.writer = writer
        self.op = op
        self.name: str = op["op"]
        self.attrs: dict[str, Any] = op["attrs"]
        self.inputs: list[Any] = op["in"]

    def has(self, i: int) -> bool:
        return i < len(self.inputs) and self.inputs[i] is not None

    def value(self, i: int) -> Value:
        return self.writer.values[self.inputs[i]]

    def t(self, i: int) -> str:
        """The operand as a tensor."""
        return self.writer.tensor(self.inputs[i])

    def ts(self, i: int) -> list[str]:
        return [self.writer.tensor(name) for name in self.inputs[i]]

    def dtype(self, i: int) -> str:
        return split_type(self.op["in_types"][i])[0]

    def dims(self, i: int) -> list[int]:
        return split_type(self.op["in_types"][i])[1]

    def rank(self, i: int) -> int:
        return len(self.dims(i))

    def out_dtype(self, i: int = 0) -> str:
        return split_type(self.op["out_types"][i])[0]

    def out_dims(self, i: int = 0) -> list[int]:
        return split_type(self.op["out_types"][i])[1]

    def results(self) -> int:
        """Of an operator that gives one list: its length."""
        return len(self.op["out"][0])

    def wanted(self, i: int) -> bool:
        """Whether anything reads result i."""
        return i < len(self.op["out"]) and self.op["out"][i] in self.writer.read

    def items(self, i: int) -> list[Any] | None:
        """The elements of an operand, flat, if they are known."""
        if isinstance(self.inputs[i], list):
            parts = [self.writer.values[name].items for name in self.inputs[i]]
            if any(part is None for part in parts):
                return None
            return [x for part in parts if part is not None for x in part.reshape(-1).tolist()]
        items = self.value(i).items
        return None if items is None else items.reshape(-1).tolist()

    def known(self, i: int, what: str) -> list[Any]:
        """The elements of an operand that must be numbers here and now."""
        items = self.items(i)
        if items is None or any(isinstance(x, Size) for x in items):
            raise MissingOperator(f"{self.name}: {what} is not known before the graph runs")
        return items

    def sizes(self, i: int) -> list[Any]:
        """The elements of an operand, for a shape: what a tensor holds is read from it."""
        items = self.items(i)
        if items is not None:
            return items
        if isinstance(self.inputs[i], list):
            return [x for name in self.inputs[i] for x in self._read(name)]
        return self._read(self.inputs[i])

    def _read(self, name: str) -> list[Any]:
        value = self.writer.values[name]
        if value.items is not None:
            return value.items.reshape(-1).tolist()
        if not value.dims:
            return [Size(f"size({value.name})")]
        if len(value.dims) != 1 or value.dims[0] < 0:
            raise MissingOperator(f"{self.name}: a shape of unknown rank")
        if value.dims == [1]:
            return [Size(f"size({value.name})")]
        return [Size(f"size({value.name}[{i}])") for i in range(value.dims[0])]

    def shape(self, i: int, of: int | None = 0) -> list[Any]:
        """Operand i as a shape; a 0 keeps the dim of operand `of`."""
        return [
            self.dim(of, axis) if x == 0 and of is not None else x
            for axis, x in enumerate(self.sizes(i))
        ]

    def dim(self, i: int, axis: int) -> Any:
        """The extent of an operand: a number where its type says so."""
        extent = self.dims(i)[axis]
        return extent if extent >= 0 else Size(f"{self.t(i)}.shape[{axis % self.rank(i)}]")

    def all_dims(self, i: int) -> list[Any]:
        return [self.dim(i, axis) for axis in range(self.rank(i))]

    def axes(self, i: int) -> list[int]:
        """Operand i as axes."""
        return [int(x) for x in self.known(i, "an axis")]

    def number(self, i: int) -> str:
        """A scalar operand as a Python number if it is known, as a tensor otherwise."""
        items = self.items(i)
        if items is None or len(items) != 1:
            return self.t(i)
        return number_text(items[0])

    def number_as(self, i: int, dtype: str) -> str:
        """The same, as a number of `dtype`: `full` gives floats whatever they stand for."""
        items = self.items(i)
        if items is None or len(items) != 1:
            return self.t(i)
        return number_text(python_number(items[0], dtype))

    def kept(self, text: str) -> str:
        """`text` in a variable of its own."""
        return self.writer.keep(text)


def python_number(x: Any, dtype: str) -> Any:
    if isinstance(x, str):
        x = float(x)
    if isinstance(x, Size) or dtype is None:
        return x
    if dtype == "bool":
        return bool(x)
    if dtype.startswith(("int", "uint")) and math.isfinite(x):
        return int(x)
    return float(x)


Rule = Callable[[Call], Any]


def object_array(items: Any, dims: list[int]) -> numpy.ndarray:
    flat = numpy.empty(len(items), object)
    flat[:] = items
    return flat.reshape(dims)


class Writer:
    """Writes one graph. `rules` say operations; `constant` makes a tensor of known elements."""

    def __init__(
        self,
        graph: Graph,
        rules: dict[str, Rule],
        constant: Callable[[str, list[int], list[Any]], str],
        read_int: bool = True,
    ) -> None:
        self.graph = graph
        self.rules = rules
        self.constant = constant
        self.values: dict[str, Value] = {}
        self.lines: list[str] = []
        self.missing: dict[str, str] = {}
        self.read = set(graph["outputs"])
        for op in graph["ops"]:
            for name in op["in"]:
                self.read.update(name if isinstance(name, list) else [name])
        self._names: set[str] = set()
        self._kept = 0
        self.arguments: list[tuple[str, str]] = []  # (kind, name): "tensor", "int" or "ints"

    def variable(self, name: str) -> str:
        made = re.sub(r"\W", "_", name)
        if keyword.iskeyword(made) or made[0].isdigit() or made in ("proa", "F", "torch"):
            made = "v_" + made
        while made in self._names:
            made += "_"
        self._names.add(made)
        return made

    def keep(self, text: str) -> str:
        self._kept += 1
        name = self.variable(f"t{self._kept}")
        self.lines.append(f"{name} = {text}")
        return name

    def tensor(self, name: str) -> str:
        """The variable that holds a value; elements that were only known become a tensor here."""
        value = self.values[name]
        if not value.name:
            assert value.items is not None
            value.name = self.variable(name)
            text = self.constant(value.dtype, value.dims, value.items.reshape(-1).tolist())
            self.lines.append(f"{value.name} = {text}")
        return value.name

    def write(self) -> str:
        """The function; of no use where `missing` has operators that cannot be said."""
        needed = python_values(self.graph)
        for given in self.graph["inputs"] + self.graph["params"]:
            name = self.variable(given["name"])
            value = Value(given["dtype"], list(given["shape"]), name)
            kind = "tensor"
            if given["name"] in needed and given["dtype"].startswith("int"):
                count = math.prod(given["shape"])
                if given.get("data") is not None and count <= SMALL and len(given["shape"]) < 2:
                    kind = "ints" if given["shape"] else "int"
                    items = [Size(f"{name}[{i}]") for i in range(count)]
                    value.items = object_array(items if given["shape"] else [Size(name)],
                                               given["shape"])
                    value.name = ""
            self.values[given["name"]] = value
            self.arguments.append((kind, name))
        for op in self.graph["ops"]:
            self._operation(Call(self, op))
        results = [self.tensor(name) for name in self.graph["outputs"]] if not self.missing else []
        names = ", ".join(name for _, name in self.arguments)
        body = self._with_ends(results)
        body.append(f"return [{', '.join(results)}]")
        return f"def graph({names}):\n" + "".join(f"    {line}\n" for line in body)

    def _with_ends(self, results: list[str]) -> list[str]:
        """The lines, each variable let go behind its last reader: what a Python program does."""
        made = {line.split(" = ")[0] for line in self.lines if " = " in line}
        single = {name for names in made for name in names.split(", ")}
        last: dict[str, int] = {}
        for i, line in enumerate(self.lines):
            for word in re.findall(r"[A-Za-z_]\w*", line):
                if word in single:
                    last[word] = i
        body = []
        for i, line in enumerate(self.lines):
            body.append(line)
            done = [n for n, at in last.items() if at == i and n not in results]
            if done:
                body.append("del " + ", ".join(sorted(done)))
        return body

    def _operation(self, call: Call) -> None:
        outs, types = call.op["out"], call.op["out_types"]
        try:
            items = folded(call)
            if items is not None:
                dtype, _ = split_type(types[0])
                self.values[outs[0]] = Value(dtype, list(items.shape), "", items)
                return
            rule = self.rules.get(call.name)
            if rule is None:
                raise MissingOperator(call.name)
            text = rule(call)
        except MissingOperator as missing:
            self.missing.setdefault(call.name, str(missing))
            text = ["None"] * len(outs[0] if isinstance(outs[0], list) else outs)
        names: list[Any] = outs[0] if isinstance(outs[0], list) else outs
        kinds: list[Any] = types[0] if isinstance(outs[0], list) else types
        for name, kind in zip(names, kinds, strict=True):
            if isinstance(name, str):
                self.values[name] = Value(*split_type(kind))
        if isinstance(text, str) and not isinstance(outs[0], list) and len(outs) == 1:
            text = [text]
        if isinstance(text, str):  # one expression that gives them all
            held = [self._named(name) for name in names]
            self.lines.append(f"{', '.join(held)}{',' if len(held) == 1 else ''} = {text}")
            return
        for name, one in zip(names, text, strict=False):
            if one is None:
                continue
            if one in self._names:  # another name of the same tensor
                self.values[name].name = one
                continue
            self.lines.append(f"{self._named(name)} = {one}")

    def _named(self, name: str) -> str:
        self.values[name].name = self.variable(name)
        return self.values[name].name


# Which operands are read as Python values: shapes, axes, counts, bounds.
PYTHON = {
    "reshape": [1], "expand": [1], "tile": [1], "full_with_tensor": [1], "slice": [1, 2],
    "strided_slice": [1, 2, 3], "topk": [1], "arange": [0, 1, 2], "uniform": [0], "gaussian": [0],
    "one_hot": [1], "bilinear_interp": [1, 2], "nearest_interp": [1, 2], "bicubic_interp": [1, 2],
    "linear_interp": [1, 2], "trilinear_interp": [1, 2], "set_value_with_tensor": [2, 3, 4],
    "split": [1], "pad3d": [1], "pool2d": [1], "linspace": [2], "eye": [0, 1],
    "repeat_interleave": [], "randint": [2], "squeeze": [1], "unsqueeze": [1],
}  # fmt: skip
# Operations through which known elements pass.
PASSING = {
    "add", "assign", "cast", "concat", "expand", "flatten", "floor_divide", "full_with_tensor",
    "gather", "max", "maximum", "min", "minimum", "multiply", "prod", "remainder", "reshape",
    "scale", "share_data", "slice", "split", "split_with_num", "squeeze", "stack",
    "strided_slice", "subtract", "sum", "unsqueeze",
}  # fmt: skip


def python_values(graph: Graph) -> set[str]:
    """Names of the values that some shape, axis or count is computed from."""
    needed: set[str] = set()
    for op in reversed(graph["ops"]):
        outs = [n for one in op["out"] for n in (one if isinstance(one, list) else [one])]
        if op["op"] in PASSING and needed.intersection(outs):
            positions: Iterable[int] = range(len(op["in"]))
        else:
            positions = PYTHON.get(op["op"], [])
        for i in positions:
            if i < len(op["in"]) and op["in"][i] is not None:
                one = op["in"][i]
                needed.update(one if isinstance(one, list) else [one])
    return needed


def folded(call: Call) -> numpy.ndarray | None:
    """The elements of the result where they are known, or follow from sizes; None otherwise."""
    name, attrs = call.name, call.attrs
    if len(call.op["out"]) != 1 or isinstance(call.op["out"][0], list):
        return None
    if name in ("full", "full_int_array", "assign_value"):
        values = attrs["values" if name == "assign_value" else "value"]
        shape = attrs.get("shape", [len(values)] if isinstance(values, list) else [])
        count = math.prod(shape)
        if count > SMALL:
            return None
        if not isinstance(values, list):
            values = [values] * count
        return object_array([python_number(x, attrs["dtype"]) for x in values], shape)
    if name == "shape64":
        return object_array(call.all_dims(0), [call.rank(0)])
    if name == "numel":
        return object_array([math.prod(call.all_dims(0), start=1)], [])
    if name in ("full_like", "full_with_tensor"):
        value = call.items(0 if name == "full_with_tensor" else 1)
        dims = call.out_dims()
        if value is None or any(d < 0 for d in dims) or math.prod(dims) > SMALL:
            return None
        return object_array([python_number(value[0], call.out_dtype())] * math.prod(dims), dims)
    given = [n for one in call.inputs if one is not None
             for n in (one if isinstance(one, list) else [one])]
    if name not in PASSING or not given:
        return None
    arrays = [call.writer.values[n].items for n in given]
    if any(a is None for a in arrays):
        return None
    if isinstance(call.inputs[0], list):
        operands = [[call.writer.values[n].items for n in call.inputs[0]]]
        operands += [call.writer.values[n].items for n in call.inputs[1:] if n is not None]
    else:
        operands = [call.writer.values[n].items for n in call.inputs if n is not None]
    counted = given[:1] if name == "scale" else given  # its factor is a float that stands for one
    whole = call.out_dtype().startswith("int") and all(
        call.writer.values[n].dtype.startswith("int") for n in counted
    )
    try:
        made = fold(call, operands, whole)
    except (TypeError, ValueError, IndexError):  # sizes in a place where only numbers can stand
        return None
    if made is None:
        return None
    made = numpy.asarray(made, object)
    return made if made.size <= SMALL else None


def fold(call: Call, a: list[Any], whole: bool) -> Any:
    name, attrs = call.name, call.attrs
    if name in ("assign", "share_data"):
        return a[0]
    if name == "cast":
        flat = a[0].reshape(-1).tolist()
        if any(isinstance(x, Size) for x in flat) and not whole:
            return None
        return object_array([python_number(x, attrs["dtype"]) for x in flat], list(a[0].shape))
    if name == "stack":
        return numpy.stack(a[0], attrs["axis"])
    if name == "concat":
        return numpy.concatenate(a[0], int(a[1].item()))
    if name in ("slice", "strided_slice"):
        steps = [int(x) for x in a[3]] if name == "strided_slice" else [1] * len(attrs["axes"])
        where: list[Any] = [slice(None)] * a[0].ndim
        for axis, start, end, step in zip(attrs["axes"], a[1], a[2], steps, strict=True):
            if isinstance(start, Size) or isinstance(end, Size):
                return None
            where[axis] = slice(start, end, step)
        made = a[0][tuple(where)]
        drop = attrs.get("decrease_axis") or []
        return made.reshape([d for i, d in enumerate(made.shape) if i not in drop])
    if name in ("reshape", "flatten", "squeeze", "unsqueeze"):
        dims = call.out_dims()
        return a[0].reshape(dims) if all(d >= 0 for d in dims) else None
    if name == "expand":
        dims = call.out_dims()
        return numpy.broadcast_to(a[0], dims) if all(d >= 0 for d in dims) else None
    if not whole:
        return None
    if name == "gather":
        return numpy.take(a[0], [int(x) for x in a[1].reshape(-1)], int(a[2].item()))
    if name == "scale":
        factor, bias = a[1].item(), attrs["bias"]
        if factor != int(factor) or bias != int(bias):
            return None
        factor, bias = int(factor), int(bias)
        return a[0] * factor + bias if attrs["bias_after_scale"] else (a[0] + bias) * factor
    binary = {
        "add": lambda x, y: x + y,
        "subtract": lambda x, y: x - y,
        "multiply": lambda x, y: x * y,
        "floor_divide": lambda x, y: x // y,
        "remainder": lambda x, y: x % y,
        "maximum": numpy.frompyfunc(lambda x, y: extreme("max", [x, y]), 2, 1),
        "minimum": numpy.frompyfunc(lambda x, y: extreme("min", [x, y]), 2, 1),
    }
    if name in binary:
        return binary[name](a[0], a[1])
    if name in ("sum", "prod", "max", "min"):
        if a[0].ndim > 1 or a[0].size == 0:
            return None
        flat = a[0].reshape(-1).tolist()
        one = (
            extreme(name, flat)
            if name in ("max", "min")
            else sum(flat) if name == "sum" else math.prod(flat)
        )
        return object_array([one], call.out_dims())
    return None


def extreme(name: str, items: list[Any]) -> Any:
    if any(isinstance(x, Size) for x in items):
        return Size(f"{name}({', '.join(map(number_text, items))})")
    return max(items) if name == "max" else min(items)
