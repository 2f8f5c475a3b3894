"""Python's `if`, `while`, `and`, `not` and their kin, where a tensor of a graph may decide.

Rewritten functions (see `rewrite`) call these. On anything but a tensor that is captured they do
what Python does.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .. import _proa
from .._proa import _ir
from ..refusal import with_head
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


@contextmanager
def inside(region: Any) -> Iterator[None]:
    _proa._jit_enter(region)
    try:
        yield
    finally:
        _proa._jit_leave()


@contextmanager
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


def blank(like: Any) -> Any:
    """Something that can meet `like` and that nobody reads."""
    if isinstance(like, _proa.Tensor):
        return Blank(like)
    return like


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
) -> Any:
    """What `then()` or `otherwise()` gives, as a captured tensor decides."""
    condition = truth(test)
    with body() as (first, _):
        a = then()
        between()
    with body() as (second, _):
        b = otherwise()
        between()
    merge = Merge()
    plan = merge.plan(a, b, name)
    with inside(first):
        left = merge.settle(merge.first, merge.second)
    with inside(second):
        right = merge.settle(merge.second, merge.first)
    return plan(_proa._jit_if(condition, first, left, second, right))


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
) -> Any:
    """An `if` that returns, with all that follows it: what either way returns."""
    if not captured(test):
        return then() if test else otherwise()
    before = read(getters, names, "is not set")
    return branch(test, then, otherwise, "the result", lambda: setter(before))


def if_(
    test: Any,
    then: Callable[[], None],
    otherwise: Callable[[], None],
    getters: Getters,
    setter: Setter,
    names: Sequence[str],
) -> None:
    """An `if` whose branches set variables."""
    if not captured(test):
        then() if test else otherwise()
        return
    why = "is not set"
    before = read(getters, names, why)

    def way(run: Callable[[], None]) -> Callable[[], list[Any]]:
        def go() -> list[Any]:
            setter(before)
            run()
            return list(read(getters, names, why))

        return go

    condition = truth(test)
    with body() as (first, _):
        a = way(then)()
    with body() as (second, _):
        b = way(otherwise)()
    merge = Merge()
    plans = [merge.plan(x, y, name) for x, y, name in zip(a, b, names, strict=True)]
    with inside(first):
        left = merge.settle(merge.first, merge.second)
    with inside(second):
        right = merge.settle(merge.second, merge.first)
    setter(before)
    made = _proa._jit_if(condition, first, left, second, right)
    setter(tuple(plan(made) for plan in plans))


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
    for tries in (0, 1):
        carried = [i for i, value in enumerate(start) if is_leaf(value)]
        given = [as_tensor(start[i]) for i in carried]

        def put(values: Sequence[Any], start: tuple[Any, ...] = start,
                carried: list[int] = carried) -> None:
            now = list(start)
            for i, value in zip(carried, values, strict=True):
                now[i] = as_python(value, start[i]) if is_number(start[i]) else value
            setter(tuple(now))

        with body(given) as (condition, arguments):
            put(arguments)
            asked = test()
            holding = truth(asked) if captured(asked) else as_tensor(bool(asked))
        with body(given) as (loop, arguments):
            put(arguments)
            step()
            after = read(getters, names, why)
            made = [as_tensor(after[i]) if is_leaf(after[i]) else after[i] for i in carried]
            # A number that a step makes a tensor of another dtype starts as that.
            wider = {
                i: value.dtype
                for i, value, first in zip(carried, made, given, strict=True)
                if isinstance(value, _proa.Tensor)
                and value.dtype != first.dtype
                and is_number(start[i])
                and value.ndim == 0
            }
        if not wider or tries:
            break
        start = tuple(
            as_tensor(value, wider[i]) if i in wider else value for i, value in enumerate(start)
        )
    for i, name in enumerate(names):
        before, now = start[i], after[i]
        if i in carried:
            if not is_leaf(now):
                raise refused(
                    f"'{name}' becomes {type(now).__name__} in a loop that a tensor ends: it must "
                    "stay a tensor or a number"
                )
        elif not isinstance(before, Undefined) and now is not before:
            raise refused(
                f"'{name}' is {type(before).__name__} and changes in a loop that a tensor ends: "
                "only tensors and numbers are carried from step to step"
            )
    put(_proa._jit_while(given, condition, holding, loop, made))


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

        while_(more, once, (lambda: at, *getters), put, ("the position of the loop", *names))
        return
    for item in items:
        broken = stopped()
        if captured(broken):
            go_on = functools.partial(step, item)
            if_(not_(broken), go_on, lambda: None, getters, setter, names)
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
