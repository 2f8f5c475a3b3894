"""Python's `if`, `while`, `and`, `not` and their kin, where a tensor of a graph may decide.

Rewritten functions (see `rewrite`) call these. On anything but a tensor that is captured they do
what Python does.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .. import _proa
from .._proa import _ir
from ..refusal import with_head
from .arguments import differ, fields_of, parts_of, set_parts
from .number import CapturedFloat

Getters = tuple[Callable[[], Any], ...]
Setter = Callable[[tuple[Any, ...]], None]


RETURNED = "the returned value"


class Undefined:
    """What a variable holds that only one branch sets, or a loop may not set: any use says so."""

    def __init__(self, name: str, why: str) -> None:
        self._proa_name, self._proa_why = name, why

    def _proa_fail(self, *args: Any, **kwargs: Any) -> Any:
        raise UnboundLocalError(
            f"'{self._proa_name}' {self._proa_why}: set it before{_proa._jit_where()}"
        )

    __bool__ = __call__ = __iter__ = __getitem__ = __len__ = __float__ = __int__ = _proa_fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _proa_fail
    __rtruediv__ = __matmul__ = __rmatmul__ = __neg__ = __pow__ = __lt__ = __gt__ = _proa_fail
    __le__ = __ge__ = __getattr__ = _proa_fail


def captured(value: Any) -> bool:
    return isinstance(value, _proa.Tensor) and _proa._jit_is_captured(value)


def refused(message: str) -> Exception:
    return with_head(_proa.NotSupportedError(f"[to_static] {message}{_proa._jit_where()}"))


def truth(value: _proa.Tensor) -> _proa.Tensor:
    """A condition as a 0-d bool tensor; one of several elements is refused as in Python."""
    if any(n != 1 for n in value.shape):
        raise with_head(
            _proa.ShapeError(
                f"[to_static] the truth of a tensor of shape {list(value.shape)} is not one value; "
                f"use any() or all(){_proa._jit_where()}"
            )
        )
    value = value.reshape([])
    return value if value.dtype == _proa.bool else value != 0


@contextlib.contextmanager
def inside(region: Any) -> Iterator[None]:
    _proa._jit_enter(region)
    try:
        yield
    finally:
        _proa._jit_leave()


@contextlib.contextmanager
def body(parameters: Sequence[_proa.Tensor] = ()) -> Iterator[tuple[Any, list[_proa.Tensor]]]:
    region, arguments = _proa._jit_region(list(parameters))
    try:
        yield region, arguments
    finally:
        _proa._jit_leave()


def read(getters: Getters, names: Sequence[str], why: str) -> tuple[Any, ...]:
    values = []
    for getter, name in zip(getters, names, strict=True):
        try:
            values.append(getter())
        except NameError:
            values.append(Undefined(name, why))
    return tuple(values)


class Containers:
    """Lists, dicts and objects of dataclasses within reach of a branch: what it puts into them is a
    result of it as well, and must not meet the other way."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.before: dict[int, tuple[Any, Any]] = {}
        self.functions: set[int] = set()
        for value in values:
            self.visit(value)

    def visit(self, value: Any) -> None:
        if isinstance(value, tuple):
            for item in value:
                self.visit(item)
        elif isinstance(value, types.FunctionType):
            if value.__closure__ and id(value) not in self.functions:
                self.functions.add(id(value))
                for cell in value.__closure__:
                    with contextlib.suppress(ValueError):  # an empty one
                        self.visit(cell.cell_contents)
        elif id(value) not in self.before and (isinstance(value, (list, dict)) or fields_of(value)):
            parts = parts_of(value)
            self.before[id(value)] = value, parts
            for item in parts if isinstance(value, list) else parts.values():
                self.visit(item)

    def changes(self) -> dict[int, Any]:
        """What is in those that were changed; all are again as they were."""
        changed = {}
        for key, (value, before) in self.before.items():
            now = parts_of(value)
            if differ(now, before):
                changed[key] = now
                set_parts(value, before)
        return changed

    def plan(self, merge: Merge, first: dict[int, Any], second: dict[int, Any]) -> list[Any]:
        """For each that either way changes: it, and a function from the results to its parts."""
        made = []
        for key in {**first, **second}:
            value, before = self.before[key]
            a, b = first.get(key, before), second.get(key, before)
            kind = type(value).__name__
            if len(a) != len(b) or (isinstance(a, dict) and list(a) != list(b)):
                raise refused(
                    f"a {kind} has {len(a)} items one way and {len(b)} the other, or other keys: "
                    "where a tensor decides, both ways must give as many"
                )
            made.append((value, merge.plan(a, b, f"an item of a {kind}")))
        return made


def snapshot(value: Any) -> Any:
    """A result of one way as it is now: its containers are put back for the other way."""
    if isinstance(value, dict) and type(value) is dict:
        return {key: snapshot(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(snapshot, value))
    return value


def blank(like: Any) -> Any:
    """Something that can meet `like` and that nobody reads."""
    if isinstance(like, _proa.Tensor):
        return Blank(like)
    leaves, form = flat(like)
    return built(form, list(map(blank, leaves))) if isinstance(form, Form) else like


def flat(value: Any) -> tuple[list[Any], Any]:
    """The tensors and numbers in a value, and its form: LEAF for one of them, a Form for what
    contains them, anything else as it is."""
    if is_leaf(value):
        return [value], LEAF
    kind = type(value)
    if kind in (list, tuple, dict) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        items = value.items() if kind is dict else enumerate(value)
        leaves, forms = [], {}
        for key, item in items:
            own, form = flat(item)
            leaves += own
            forms[key] = form
        return leaves, Form((kind, forms))
    return [], value


class Form(tuple):  # type: ignore[type-arg]
    """Of a container: its type, and the forms of what is in it."""


LEAF = object()


def built(form: Any, leaves: list[Any]) -> Any:
    """The value of a form; takes from the front of `leaves`."""
    if form is LEAF:
        return leaves.pop(0)
    if not isinstance(form, Form):
        return form
    kind, forms = form
    items = {key: built(one, leaves) for key, one in forms.items()}
    if kind is dict:
        return items
    return kind(*items.values()) if hasattr(kind, "_fields") else kind(items.values())


def alike(a: Any, b: Any) -> bool:
    """Whether two forms are one."""
    if not (isinstance(a, Form) and isinstance(b, Form)):
        return a is b
    first, second = a[1], b[1]
    same = a[0] is b[0] and list(first) == list(second)
    return same and all(map(alike, first.values(), second.values()))


class Blank:
    """Zeros of a tensor's form, made where they are needed."""

    def __init__(self, like: _proa.Tensor) -> None:
        self.shape, self.dtype = like.shape, like.dtype


def is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, CapturedFloat, _ir.Dim))


def as_tensor(value: Any, dtype: Any = None) -> _proa.Tensor:
    """A number as a 0-d tensor: of `dtype`, else of the one that holds it."""
    if isinstance(value, _proa.Tensor):
        return value
    if isinstance(value, Blank):
        return _proa.ops.full(value.shape, 0, value.dtype)
    if isinstance(value, bool):
        made = _proa.ops.full([], value, "bool")
    elif isinstance(value, (int, _ir.Dim)):
        number: Any = value
        made = _proa.ops.full([], number, "int64")
    else:
        made = value.tensor if isinstance(value, CapturedFloat) else _proa.ops.full(
            [], value, "float64"
        )
    return made if dtype is None or made.dtype == dtype else made.astype(dtype)


def as_python(tensor: _proa.Tensor, like: Any) -> Any:
    """What came of numbers goes on as one: a float that promotes like Python's."""
    if not isinstance(like, (float, CapturedFloat)):
        return tensor

    def fail() -> None:
        raise refused("a float that a tensor decides has no value while a function is captured")

    return CapturedFloat(tensor, None, fail)


class Merge:
    """The values that a variable has after two ways, leaf by leaf; what differs becomes tensors."""

    def __init__(self) -> None:
        self.first: list[Any] = []
        self.second: list[Any] = []

    def plan(self, a: Any, b: Any, name: str) -> Any:
        """A function from the results to the value of the variable."""
        if isinstance(a, Undefined) or isinstance(b, Undefined):
            if isinstance(a, Undefined) and isinstance(b, Undefined):
                return lambda made: a
            why = "is set in one branch only"
            return lambda made: Undefined(name, why)
        if a is b:
            return lambda made: a
        if name == RETURNED and (a is None or b is None):  # read only where something was returned
            a, b = (blank(b), b) if a is None else (a, blank(a))
        if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
            parts = [self.plan(x, y, f"{name}[{i}]") for i, (x, y) in enumerate(zip(a, b))]
            made_of = type(a)
            return lambda made: (
                made_of(*(p(made) for p in parts))
                if hasattr(made_of, "_fields")
                else made_of(p(made) for p in parts)
            )
        if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
            items = {key: self.plan(a[key], b[key], f"{name}[{key!r}]") for key in a}
            return lambda made: {key: p(made) for key, p in items.items()}
        leaves = (_proa.Tensor, Blank, bool, int, float, CapturedFloat, _ir.Dim)
        if isinstance(a, leaves) and isinstance(b, leaves):
            if is_number(a) and type(a) is type(b) and not isinstance(a, CapturedFloat) and a == b:
                return lambda made: a
            at = len(self.first)
            self.first.append(a)
            self.second.append(b)
            return lambda made: as_python(made[at], a if is_number(a) and is_number(b) else None)
        try:
            same = type(a) is type(b) and bool(a == b)
        except Exception:
            same = False
        if not same:
            raise refused(
                f"'{name}' is {type(a).__name__} one way and {type(b).__name__} the other, or "
                "another value: where a tensor decides, both ways must give tensors or the same"
            )
        return lambda made: a

    def settle(self, values: list[Any], others: list[Any]) -> list[_proa.Tensor]:
        """`values` as tensors that can meet those of the other way."""
        made = []
        for value, other in zip(values, others, strict=True):
            dtype: Any = other.dtype if isinstance(other, _proa.Tensor) else None
            if dtype is None and is_number(value) and is_number(other):
                real = (float, CapturedFloat)
                dtype = "float64" if isinstance(value, real) or isinstance(other, real) else None
            made.append(as_tensor(value, dtype))
        return made


def branch(
    test: _proa.Tensor,
    then: Callable[[], Any],
    otherwise: Callable[[], Any],
    name: str,
    between: Callable[[], None] = lambda: None,
    reached: Sequence[Any] = (),
) -> Any:
    """What `then()` or `otherwise()` gives, as a captured tensor decides."""
    condition = truth(test)
    containers = Containers(reached)

    def way(run: Callable[[], Any]) -> tuple[Any, dict[int, Any]]:
        given = snapshot(run()) if reached else run()
        between()
        return given, containers.changes()

    with body() as (first, _):
        a, one = way(then)
    with body() as (second, _):
        b, other = way(otherwise)
    merge = Merge()
    plan = merge.plan(a, b, name)
    kept = containers.plan(merge, one, other)
    with inside(first):
        left = merge.settle(merge.first, merge.second)
    with inside(second):
        right = merge.settle(merge.second, merge.first)
    made = _proa._jit_if(condition, first, left, second, right)
    for container, parts in kept:
        set_parts(container, parts(made))
    return plan(made)


def choose(test: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """`then() if test else otherwise()`."""
    if not captured(test):
        return then() if test else otherwise()
    return branch(test, then, otherwise, "the value of a conditional expression")


def returned(
    test: Any,
    then: Callable[[], Any],
    otherwise: Callable[[], Any],
    getters: Getters,
    setter: Setter,
    names: Sequence[str],
    reached: Getters = (),
) -> Any:
    """An `if` that returns, with all that follows it: what either way returns."""
    if not captured(test):
        return then() if test else otherwise()
    before = read(getters, names, "is not set")
    values = [*before, *read(reached, [""] * len(reached), "")]
    return branch(test, then, otherwise, "the result", lambda: setter(before), values)


def if_(
    test: Any,
    then: Callable[[], None],
    otherwise: Callable[[], None],
    getters: Getters,
    setter: Setter,
    names: Sequence[str],
    reached: Getters = (),
) -> None:
    """An `if` whose branches set variables; `reached` reads others that they use."""
    if not captured(test):
        then() if test else otherwise()
        return
    why = "is not set"
    before = read(getters, names, why)
    containers = Containers([*before, *read(reached, [""] * len(reached), "")])

    def way(run: Callable[[], None]) -> tuple[list[Any], dict[int, Any]]:
        setter(before)
        run()
        return list(read(getters, names, why)), containers.changes()

    condition = truth(test)
    with body() as (first, _):
        a, one = way(then)
    with body() as (second, _):
        b, other = way(otherwise)
    merge = Merge()
    plans = [merge.plan(x, y, name) for x, y, name in zip(a, b, names, strict=True)]
    kept = containers.plan(merge, one, other)
    with inside(first):
        left = merge.settle(merge.first, merge.second)
    with inside(second):
        right = merge.settle(merge.second, merge.first)
    setter(before)
    made = _proa._jit_if(condition, first, left, second, right)
    setter(tuple(plan(made) for plan in plans))
    for container, parts in kept:
        set_parts(container, parts(made))


def and_(first: Any, *rest: Callable[[], Any]) -> Any:
    """`first and second() and ...`."""
    if not rest:
        return first
    if not captured(first):
        return and_(rest[0](), *rest[1:]) if first else first
    return branch(
        truth(first),
        lambda: as_truth(and_(rest[0](), *rest[1:])),
        lambda: False,
        "the value of 'and'",
    )


def or_(first: Any, *rest: Callable[[], Any]) -> Any:
    """`first or second() or ...`."""
    if not rest:
        return first
    if not captured(first):
        return first if first else or_(rest[0](), *rest[1:])
    return branch(
        truth(first),
        lambda: True,
        lambda: as_truth(or_(rest[0](), *rest[1:])),
        "the value of 'or'",
    )


def as_truth(value: Any) -> Any:
    return truth(value) if captured(value) else bool(value)


def not_(value: Any) -> Any:
    """`not value`."""
    return _proa.ops.logical_not(truth(value)) if captured(value) else not value


def plain(test: Any, why: str) -> Any:
    """A condition where a captured tensor cannot decide."""
    if captured(test):
        raise refused(f"a tensor decides an `if` or a loop that has {why}: this is not captured")
    return test


def while_(
    test: Callable[[], Any],
    step: Callable[[], None],
    getters: Getters,
    setter: Setter,
    names: Sequence[str],
    reached: Getters = (),
) -> None:
    """A `while`: in Python as long as its condition is no captured tensor."""
    holds = test()
    while not captured(holds):
        if not holds:
            return
        step()
        holds = test()
    why = "is not set before a loop that a tensor ends"
    start = read(getters, names, why)
    containers = Containers([*start, *read(reached, [""] * len(reached), "")])
    for tries in range(3):
        flats = [flat(value) for value in start]
        first = [leaf for leaves, _ in flats for leaf in leaves]
        given = [as_tensor(leaf) for leaf in first]

        def put(values: Sequence[Any], first: list[Any] = first, flats: Any = flats) -> None:
            now = [as_python(v, one) if is_number(one) else v for v, one in zip(values, first)]
            setter(tuple(built(form, now) for _, form in flats))

        with body(given) as (condition, arguments):
            put(arguments)
            asked = test()
            holding = truth(asked) if captured(asked) else as_tensor(bool(asked))
        with body(given) as (loop, arguments):
            put(arguments)
            step()
            after = read(getters, names, why)
            ends = [flat(value) for value in after]
            made = [
                [as_tensor(leaf) for leaf in now] if alike(form, form_now) else []
                for (_, form), (now, form_now) in zip(flats, ends, strict=True)
            ]
        if containers.changes():
            raise refused(
                "a list, dict or dataclass changes in a loop that a tensor ends: only tensors and "
                "numbers are carried from step to step"
            )
        again = []
        for value, now, (leaves, form), results, name in zip(
            start, after, flats, made, names, strict=True
        ):
            if value is None and now is not None and name == RETURNED:
                # Nobody reads it before something was returned.
                again.append(built(flat(now)[1], [as_tensor(blank(v)) for v in flat(now)[0]]))
                continue
            # A number that a step makes a tensor of another dtype starts as that.
            wider = [
                as_tensor(leaf, one.dtype)
                if is_number(leaf) and one.ndim == 0 and one.dtype != as_tensor(leaf).dtype
                else leaf
                for leaf, one in zip(leaves, results, strict=len(results) > 0)
            ]
            again.append(built(form, wider) if wider else value)
        now_first = [leaf for value in again for leaf in flat(value)[0]]
        same = len(now_first) == len(first) and all(map(operator.is_, now_first, first))
        if same or tries == 2:
            break
        start = tuple(again)
    for name, before, now, (_, form), (_, end) in zip(
        names, start, after, flats, ends, strict=True
    ):
        if alike(form, end) or isinstance(before, Undefined):
            continue
        if form is LEAF:
            raise refused(
                f"'{name}' becomes {type(now).__name__} in a loop that a tensor ends: it must "
                "stay a tensor or a number"
            )
        raise refused(
            f"'{name}' is {type(before).__name__} and changes in a loop that a tensor ends: "
            "only tensors, numbers, and lists, tuples and dicts of them are carried from step to "
            "step"
        )
    put(_proa._jit_while(given, condition, holding, loop, sum(made, [])))


def is_leaf(value: Any) -> bool:
    return isinstance(value, _proa.Tensor) or is_number(value)


class Range:
    """range() with a tensor among its arguments."""

    def __init__(self, *bounds: Any) -> None:
        self.start, self.stop, self.step = 0, bounds[0], 1
        if len(bounds) > 1:
            self.start, self.stop = bounds[:2]
        if len(bounds) > 2:
            self.step = bounds[2]


def range_(*bounds: Any, **settings: Any) -> Any:
    if not any(captured(bound) for bound in bounds):
        return range(*bounds, **settings)
    if len(bounds) == 3 and (captured(bounds[2]) or bounds[2] == 0):
        raise refused("the step of a range whose bounds are tensors must be a number other than 0")
    return Range(*(b.reshape([]) if captured(b) else b for b in bounds))


def for_(
    items: Any,
    step: Callable[[Any], None],
    stopped: Callable[[], Any],
    getters: Getters,
    setter: Setter,
    names: Sequence[str],
    reached: Getters = (),
) -> None:
    """A `for`; `stopped()` says whether a break was met."""
    if isinstance(items, Range):
        at: Any = as_tensor(items.start, "int64")

        def more() -> Any:
            inner = at < items.stop if items.step > 0 else at > items.stop
            return and_(not_(stopped()), lambda: inner)

        def once() -> None:
            nonlocal at
            step(at)
            at = at + items.step

        def put(values: tuple[Any, ...]) -> None:
            nonlocal at
            at = values[0]
            setter(values[1:])

        every = (lambda: at, *getters)
        while_(more, once, every, put, ("the position of the loop", *names), reached)
        return
    for item in items:
        broken = stopped()
        if captured(broken):
            go_on = functools.partial(step, item)
            if_(not_(broken), go_on, lambda: None, getters, setter, names, reached)
            continue
        if broken:
            return
        step(item)


def raises(error: Any) -> Any:
    """What a `raise` raises: both ways of what a tensor decides are captured, so that every call
    would meet it."""
    if not _proa._jit_in_region():
        return error
    return refused(
        f"{error!r} is raised where a tensor decides: check it outside of the captured function, "
        "or in a proa.jit.host_call"
    )


def isinstance_(value: Any, kinds: Any) -> bool:
    """What stands for a number is an int or a float to whoever asks."""
    return isinstance(value, kinds) or isinstance(number_like(value), kinds)


def type_(value: Any, *rest: Any, **names: Any) -> Any:
    return type(value, *rest, **names) if rest else type(number_like(value))


def number_like(value: Any) -> Any:
    if isinstance(value, _ir.Dim):
        return 2
    return 1.0 if isinstance(value, CapturedFloat) else value


BUILTINS: dict[Any, Any] = {range: range_, isinstance: isinstance_, type: type_}
