"""Dialects and operators from Python: a page whose rules are traced from a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from .. import _proa
from .._proa import _ir
from .._proa._ir import Operator

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_MEETS = ("promote", "promote_float", "same", "none")


class Dialect:
    """The operators of one dialect as attributes: proa.ops.NAME."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __repr__(self) -> str:
        return f"<dialect {self.__name__}>"

    def __getattr__(self, name: str) -> Operator:
        raise AttributeError(f"dialect '{self.__name__}' has no operator '{name}'")


DIALECTS: dict[str, Dialect] = {}


def operand(
    name: str,
    *,
    dtypes: Sequence[Any] = _FLOATS,
    aliases: Sequence[str] = (),
    optional: bool = False,
    variadic: bool = False,
    meets: bool = True,
    number: bool = False,
) -> dict[str, Any]:
    """An operand of a page.

    Args:
        name: as in calls by keyword.
        dtypes: those that it may have.
        aliases: other names for it.
        optional: may be left out; the function gets None.
        variadic: a list of tensors; the function gets a list.
        meets: takes part in promotion (an index or a mask does not).
        number: a Python number may stand here.
    """
    return {
        "name": name,
        "dtypes": list(dtypes),
        "aliases": list(aliases),
        "optional": optional,
        "variadic": variadic,
        "meets": meets,
        "number": number,
    }


_REQUIRED = object()


def attr(
    name: str,
    form: str,
    default: Any = _REQUIRED,
    *,
    aliases: Sequence[str] = (),
    choices: Sequence[str] = (),
    lowest: float | None = None,
    highest: float | None = None,
) -> dict[str, Any]:
    """A constant of a page.

    Args:
        name: as in calls by keyword.
        form: "boolean", "integer", "real", "number", "string", "dtype", "axis", "axes", "ints",
            "reals", "padding" or "shape".
        default: the value where it is not given; without one it is required.
        aliases: other names for it.
        choices: of a string: the legal ones.
        lowest: the least legal number.
        highest: the greatest legal number.
    """
    made = {
        "name": name,
        "form": form,
        "aliases": list(aliases),
        "choices": list(choices),
        "lowest": lowest,
        "highest": highest,
    }
    if default is not _REQUIRED:
        made["default"] = default
    return made


def tensor(
    *dims: int,
    fill: str = "normal",
    dtype: Any = None,
    low: float = 0.0,
    high: float = 1.0,
    values: Sequence[float] = (),
) -> dict[str, Any]:
    """A tensor of a sample.

    Args:
        dims: its shape.
        fill: "normal", "positive", "unit", "probability", "above_one", "distinct", "index",
            "range", "zeros", "ones", "sorted", "spd" or "values".
        dtype: its dtype; by default the one under test.
        low: least value of "index" and "range".
        high: end of "index" and "range".
        values: of "values", row by row.
    """
    return {
        "dims": list(dims),
        "fill": fill,
        "dtype": dtype,
        "low": low,
        "high": high,
        "values": list(values),
    }


def _arguments(operands: Sequence[Any]) -> list[list[dict[str, Any]]]:
    lists: list[list[dict[str, Any]]] = []
    for given in operands:
        if given is None:
            lists.append([])
        elif isinstance(given, list):
            lists.append(given)
        elif isinstance(given, int | float):
            lists.append([{"dims": [], "number": given}])
        else:
            lists.append([given])
    return lists


def ok(*operands: Any, gradient: bool = True, **attrs: Any) -> dict[str, Any]:
    """A legal case: operands made by tensor(), None for an absent one, a list for a variadic one.

    Args:
        operands: in the page's order.
        gradient: False where numeric differentiation would not do (a kink nearby).
        attrs: by name.
    """
    return {"operands": _arguments(operands), "attrs": attrs, "gradient": gradient}


def wrong(*operands: Any, kind: str, says: str = "", **attrs: Any) -> dict[str, Any]:
    """A case that is refused.

    Args:
        operands: as of ok().
        kind: "value", "type", "shape", "index", "key" or "not_supported".
        says: a part of the message.
        attrs: by name.
    """
    return {"operands": _arguments(operands), "attrs": attrs, "kind": kind, "says": says}


def _check_parameters(
    function: Callable[..., Any],
    operands: Sequence[dict[str, Any]],
    attrs: Sequence[dict[str, Any]],
) -> None:
    """That the function takes what the page says, in words about the function's own line."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*([None] * len(operands)), **{one["name"]: None for one in attrs})
    except TypeError as error:
        code = getattr(function, "__code__", None)
        where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
        names = ", ".join(one["name"] for one in (*operands, *attrs))
        raise _proa.DTypeError(
            f"[register_operator] function: expected one that takes ({names}): {error}{where}"
        ) from None


def register_operator(
    name: str,
    *,
    operands: Sequence[str | dict[str, Any]],
    samples: Sequence[dict[str, Any]],
    attrs: Sequence[dict[str, Any]] = (),
    wrong: Sequence[dict[str, Any]] = (),
    doc: str = "",
    dtypes: str = "promote_float",
    results: int = 1,
    result_names: Sequence[str] = (),
    vjp: Callable[..., Any] | None = None,
    not_differentiable: str = "",
    aliases: Sequence[str] = (),
    sharding: str = "none: as its decomposition",
    version: int = 1,
) -> Callable[[Callable[..., Any]], Operator]:
    """Makes an operator of a function over tensors; what is decorated becomes the operator.

    The function is traced into the IR here, once for each dtype, rank and attribute of `samples`:
    nothing calls it again for these, neither passes nor gradients nor other threads. A form that
    no sample has is traced when it is first called. The function sees tensors without values:
    it says what to do by operators, and x.shape holds symbols (Dim). Where it needs a size as a
    number, it is traced for each shape instead.

    Args:
        name: "dialect.operator". The dialect is made if need be.
        operands: names, or operand(...) for those with more to say.
        samples: legal cases, made by ok(): what it is traced and tested with.
        attrs: attr(...) each; the function gets them by keyword.
        wrong: cases that are refused, made by wrong().
        doc: what it computes; by default the function's docstring.
        dtypes: how operands meet before the function sees them: "promote", "promote_float" (and
            integers become floats), "same" (others are refused) or "none".
        results: how many tensors the function gives.
        result_names: of these.
        vjp: (operands..., results..., cotangents..., attributes by name) -> a cotangent for each
            operand, or None; traced as the function is. By default gradients flow through the
            decomposition.
        not_differentiable: why there is no gradient.
        aliases: other names in proa.ops.DIALECT.
        sharding: factor notation, or "none: reason".
        version: of the page.

    Returns:
        the operator: also proa.ops.DIALECT.OPERATOR.

    Raises:
        ArgumentValueError: the name is taken, or a description is wrong.
        Exception: whatever the function raised while it was traced, with its own traceback.
    """
    dialect, dot, own = name.partition(".")
    if not dot or not own:
        raise _proa.ArgumentValueError(
            f"[register_operator] name: expected 'dialect.operator', got '{name}'"
        )
    if dtypes not in _MEETS:
        raise _proa.ArgumentValueError(
            f"[register_operator] dtypes: expected one of {', '.join(_MEETS)}, got '{dtypes}'"
        )
    if vjp is not None and not_differentiable:
        raise _proa.ArgumentValueError(
            "[register_operator] vjp: an operator with one is differentiable"
        )
    listed = [operand(one) if isinstance(one, str) else one for one in operands]

    seen: set[str] = set()
    for one in (*listed, *attrs):
        if one["name"] in seen:
            raise _proa.ArgumentValueError(
                f"[register_operator] {one['name']}: this name is given twice"
            )
        seen.add(one["name"])

    def registered(function: Callable[..., Any]) -> Operator:
        _check_parameters(function, listed, attrs)
        if vjp is not None and not any(one["variadic"] or one["optional"] for one in listed):
            extra = [{"name": "result"}] * results + [{"name": "cotangent"}] * results
            _check_parameters(vjp, [*listed, *extra], attrs)
        made = _ir.register_operator(
            {
                "dialect": dialect,
                "name": own,
                "aliases": list(aliases),
                "doc": doc or inspect.getdoc(function) or "",
                "operands": listed,
                "attrs": list(attrs),
                "results": results,
                "result_names": list(result_names),
                "dtypes": dtypes,
                "sharding": sharding,
                "version": version,
                "not_differentiable": not_differentiable,
                "samples": list(samples),
                "wrong": list(wrong),
                "forward": function,
                "vjp": vjp,
            }
        )
        home = DIALECTS.setdefault(dialect, Dialect(dialect))
        for one in (own, *aliases):
            setattr(home, one, made)
        return made

    return registered


def graphs(name: str) -> int:
    """How many graphs an operator of Python has been traced into so far."""
    return _ir.graphs(name)
