"""The core of Proa in 300 lines of code: pages, values, a builder, autodiff, an evaluator.

Everything here has a counterpart in `proa/`, under the same name. An operator is one `Page`: its
shape rule, its gradient and its meaning (a kernel, or a decomposition into other operators). The
engines below know pages only; none of them names an operator. Sizes are plain integers, the dtype
is float64, and the kernels are NumPy's: that is what makes it a toy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class UserError(ValueError):
    """A mistake of the caller: names the operator, what was expected and what came."""


# --- The IR: values in order, made once and never changed ----------------------------------------


@dataclass(eq=False, slots=True)
class Value:
    """The one result of one operation; an argument of the function has the op "argument"."""

    func: Func
    op: str
    operands: tuple[Value, ...]
    attrs: dict[str, Any]
    shape: Shape

    def __add__(self, other: Any) -> Value:
        return self.func.emit("add", *meet(self, other))

    def __sub__(self, other: Any) -> Value:
        return self + -number(self, other)

    def __mul__(self, other: Any) -> Value:
        return self.func.emit("mul", *meet(self, other))

    def __truediv__(self, other: Any) -> Value:
        return self.func.emit("div", *meet(self, other))

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __neg__(self) -> Value:
        return self.func.emit("neg", self)

    def __getattr__(self, name: str) -> Callable[..., Value]:
        """x.exp(), x.reduce_sum(axes=(0,)): any operator that has a page."""
        if name not in PAGES:
            raise AttributeError(f"there is no operator '{name}'")
        return lambda *rest, **attrs: self.func.emit(name, self, *rest, **attrs)

    __radd__, __rmul__ = __add__, __mul__


@dataclass(eq=False)
class Func:
    """A function: its arguments, its operations in program order, its results."""

    name: str
    arguments: list[Value] = field(default_factory=list)
    body: list[Value] = field(default_factory=list)
    results: list[Value] = field(default_factory=list)

    def argument(self, shape: Shape) -> Value:
        self.arguments.append(Value(self, "argument", (), {}, shape))
        return self.arguments[-1]

    def emit(self, op: str, *operands: Value, **attrs: Any) -> Value:
        """The builder: checks by the page, infers the shape, appends."""
        shape = PAGES[op].shape(*(operand.shape for operand in operands), **attrs)
        self.body.append(Value(self, op, operands, attrs, shape))
        return self.body[-1]

    def __str__(self) -> str:
        names = {value: f"%{i}" for i, value in enumerate([*self.arguments, *self.body])}
        arguments = ", ".join(f"{names[a]}: {a.shape}" for a in self.arguments)
        lines = [f"func @{self.name}({arguments})"]
        for value in self.body:
            parts = [names[operand] for operand in value.operands]
            parts += [f"{key}={item}" for key, item in value.attrs.items()]
            lines.append(f"  {names[value]} = {value.op}({', '.join(parts)}) : {value.shape}")
        return "\n".join([*lines, f"  return {', '.join(names[r] for r in self.results)}"])


def trace(function: Callable[..., Any], *shapes: Shape) -> Func:
    """Runs a Python function once on values, which write down what it does."""
    func = Func(function.__name__)
    results = function(*[func.argument(shape) for shape in shapes])
    func.results = list(results) if isinstance(results, tuple) else [results]
    return func


def number(beside: Value, other: Any) -> Value:
    return other if isinstance(other, Value) else beside.func.emit("constant", value=float(other))


def meet(a: Value, b: Any) -> tuple[Value, Value]:
    """Two values of one shape, by NumPy's rule: primitives themselves never broadcast."""
    b = number(a, b)
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise UserError(f"shapes {a.shape} and {b.shape} cannot be broadcast together") from None
    return to_shape(a, shape), to_shape(b, shape)


def to_shape(x: Value, shape: Shape) -> Value:
    return x if x.shape == shape else x.broadcast(shape=shape)


def sum_to(x: Value, shape: Shape) -> Value:
    """The transpose of a broadcast: sums over the axes that it repeated."""
    lead = len(x.shape) - len(shape)
    stretched = [i + lead for i, n in enumerate(shape) if n != x.shape[i + lead]]
    axes = (*range(lead), *stretched)
    return x.reduce_sum(axes=axes).reshape(shape=shape) if axes else x


# --- Pages ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """All that is known about one operator. A primitive has a kernel, a composite a decomposition.

    `vjp(cotangent, result, *operands, **attrs)` gives one cotangent for each operand (None: none
    flows). A composite without a rule of its own is differentiated by its decomposition.
    """

    shape: Callable[..., Shape]
    kernel: Callable[..., Any] | None = None
    decompose: Callable[..., Value] | None = None
    vjp: Callable[..., Sequence[Value | None]] | None = None


def same(*shapes: Shape) -> Shape:
    if any(shape != shapes[0] for shape in shapes):
        raise UserError(f"expected operands of one shape, got {list(shapes)}")
    return shapes[0]


def reduced(x: Shape, axes: tuple[int, ...]) -> Shape:
    for axis in axes:
        if not 0 <= axis < len(x):
            raise UserError(f"axis {axis} is out of range for a tensor with {len(x)} dims")
    return tuple(1 if axis in axes else n for axis, n in enumerate(x))


def dot_shape(x: Shape, y: Shape) -> Shape:
    if len(x) != 2 or len(y) != 2 or x[1] != y[0]:
        raise UserError(f"dot: expected shapes (m, k) and (k, n), got {x} and {y}")
    return (x[0], y[1])


def reshaped(x: Shape, shape: Shape) -> Shape:
    if np.prod(x, dtype=int) != np.prod(shape, dtype=int):
        raise UserError(f"reshape: {x} has another number of elements than {shape}")
    return shape


def max_vjp(g: Value, y: Value, x: Value, axes: tuple[int, ...]) -> list[Value]:
    hit = x.equal(to_shape(y, x.shape))  # where several are the largest, they share
    return [hit * g / hit.reduce_sum(axes=axes)]


PAGES: dict[str, Page] = {
    "constant": Page(lambda value: (), lambda value: np.float64(value), vjp=lambda g, y, value: []),
    "neg": Page(same, np.negative, vjp=lambda g, y, x: [-g]),
    "add": Page(same, np.add, vjp=lambda g, y, a, b: [g, g]),
    "mul": Page(same, np.multiply, vjp=lambda g, y, a, b: [g * b, g * a]),
    "div": Page(same, np.divide, vjp=lambda g, y, a, b: [g / b, -(g * y / b)]),
    "exp": Page(same, np.exp, vjp=lambda g, y, x: [g * y]),
    "log": Page(same, np.log, vjp=lambda g, y, x: [g / x]),
    "sin": Page(same, np.sin, vjp=lambda g, y, x: [g * x.cos()]),
    "cos": Page(same, np.cos, vjp=lambda g, y, x: [-(g * x.sin())]),
    "tanh": Page(same, np.tanh, vjp=lambda g, y, x: [g * (1 - y * y)]),
    "equal": Page(same, lambda a, b: np.float64(a == b), vjp=lambda g, y, a, b: [None, None]),
    "transpose": Page(lambda x: x[::-1], np.transpose, vjp=lambda g, y, x: [g.transpose()]),
    "reshape": Page(
        reshaped,
        lambda x, shape: np.reshape(x, shape),
        vjp=lambda g, y, x, shape: [g.reshape(shape=x.shape)],
    ),
    "broadcast": Page(
        lambda x, shape: np.broadcast_shapes(x, shape),
        lambda x, shape: np.broadcast_to(x, shape),
        vjp=lambda g, y, x, shape: [sum_to(g, x.shape)],
    ),
    "reduce_sum": Page(
        reduced,
        lambda x, axes: np.sum(x, axis=axes, keepdims=True),
        vjp=lambda g, y, x, axes: [to_shape(g, x.shape)],
    ),
    "reduce_max": Page(reduced, lambda x, axes: np.max(x, axis=axes, keepdims=True), vjp=max_vjp),
    "dot": Page(
        dot_shape,
        np.matmul,
        vjp=lambda g, y, a, b: [g.dot(b.transpose()), a.transpose().dot(g)],
    ),
    # Composites. The gradient of softmax from its result needs neither the exponentials nor the
    # maximum again, and keeps its digits; the others are differentiated by what they are made of.
    "softmax": Page(
        same,
        decompose=lambda x: (
            (e := (x - x.reduce_max(axes=last(x))).exp()) / e.reduce_sum(axes=last(e))
        ),
        vjp=lambda g, y, x: [y * (g - (g * y).reduce_sum(axes=last(x)))],
    ),
    "logsumexp": Page(
        lambda x: reduced(x, (len(x) - 1,)),
        decompose=lambda x: (
            (m := x.reduce_max(axes=last(x))) + (x - m).exp().reduce_sum(axes=last(x)).log()
        ),
        vjp=lambda g, y, x: [x.softmax() * g],
    ),
    "cross_entropy": Page(
        lambda x, target: same(x, target) and (),
        decompose=lambda x, target: (target * (x.logsumexp() - x)).sum() / x.shape[0],
    ),
    "sum": Page(
        lambda x: (),
        decompose=lambda x: x.reduce_sum(axes=tuple(range(len(x.shape)))).reshape(shape=()),
    ),
}


def last(x: Value) -> tuple[int, ...]:
    return (len(x.shape) - 1,)


# --- Transforms: functions to functions, by the pages' rules alone -------------------------------

Rule = Callable[[Func, Value, list[Value]], Value]


def again(made: Func, value: Value, operands: list[Value]) -> Value:
    return made.emit(value.op, *operands, **value.attrs)


def rewrite(func: Func, name: str, rule: Rule) -> tuple[Func, dict[Value, Value]]:
    """The function once more, each operation as `rule` makes it from its new operands."""
    made = Func(name)
    known = {old: made.argument(old.shape) for old in func.arguments}
    for value in func.body:
        known[value] = rule(made, value, [known[operand] for operand in value.operands])
    made.results = [known[result] for result in func.results]
    return made, known


def decompose(func: Func, keep: Callable[[Page], bool] = lambda page: False) -> Func:
    """Composites become what their pages say, down to those to keep and to primitives."""

    def rule(made: Func, value: Value, operands: list[Value]) -> Value:
        page = PAGES[value.op]
        if page.decompose is None or keep(page):
            return again(made, value, operands)
        return page.decompose(*operands, **value.attrs)

    while any(PAGES[v.op].decompose and not keep(PAGES[v.op]) for v in func.body):
        func, _ = rewrite(func, func.name, rule)
    return func


def common(func: Func) -> Func:
    """Operations with equal operands and attributes are computed once."""
    seen: dict[Any, Value] = {}

    def rule(made: Func, value: Value, operands: list[Value]) -> Value:
        key = (value.op, *map(id, operands), *value.attrs.items())
        if key not in seen:
            seen[key] = again(made, value, operands)
        return seen[key]

    return rewrite(func, func.name, rule)[0]


def drop_dead(func: Func) -> Func:
    """Operations that no result needs go."""
    needed = set(func.results)
    for value in reversed(func.body):
        if value in needed:
            needed.update(value.operands)
    func.body = [value for value in func.body if value in needed]
    return func


def differentiate(func: Func) -> Func:
    """From the arguments, then a cotangent for each result, to the cotangents of the arguments.

    The result is a function like any other: differentiate it again for the next order. This comes
    before any other pass: composites with a gradient of their own still have their names.
    Cotangents add in reverse program order, so that a sum always has the same bits.
    """
    opened = decompose(func, keep=lambda page: page.vjp is not None)
    made, known = rewrite(opened, func.name + ".grad", again)
    forward, cotangents = list(made.body), dict[Value, Value]()

    def add(key: Value, g: Value) -> None:
        cotangents[key] = cotangents[key] + g if key in cotangents else g

    for result in made.results:
        add(result, made.argument(result.shape))
    for value in reversed(forward):
        rule = PAGES[value.op].vjp
        if value not in cotangents or rule is None:
            continue
        given = rule(cotangents[value], value, *value.operands, **value.attrs)
        for operand, g in zip(value.operands, given):
            if g is not None:
                add(operand, to_shape(g, operand.shape))
    zero = made.emit("constant", value=0.0)
    made.results = [
        cotangents.get(argument, to_shape(zero, argument.shape))
        for argument in made.arguments[: len(func.arguments)]
    ]
    return drop_dead(made)


# --- The evaluator -------------------------------------------------------------------------------


def evaluate(func: Func, *inputs: Any) -> list[Any]:
    """Runs the primitives in order; composites are decomposed first."""
    if len(inputs) != len(func.arguments):
        raise UserError(f"{func.name}: expected {len(func.arguments)} inputs, got {len(inputs)}")
    lowered = drop_dead(common(decompose(func)))
    values = dict[Value, Any]()
    for argument, given in zip(lowered.arguments, inputs):
        values[argument] = np.asarray(given, dtype=np.float64)
        if values[argument].shape != argument.shape:
            raise UserError(
                f"{func.name}: expected shape {argument.shape}, got {values[argument].shape}"
            )
    for value in lowered.body:
        kernel = PAGES[value.op].kernel
        assert kernel is not None, f"{value.op} has no kernel"
        values[value] = kernel(*(values[operand] for operand in value.operands), **value.attrs)
    return [values[result] for result in lowered.results]
