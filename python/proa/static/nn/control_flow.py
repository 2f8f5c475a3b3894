"""Control flow that a condition on tensors decides.

On tensors with values the branch or loop simply runs in Python, and the tape records what ran; so
gradients of any order come from the operators inside. In a captured function they are structured
control flow of the graph, as `if` and `while` are there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ... import _proa
from ...jit import control
from ...refusal import type_error, value_error

Predicate = _proa.Tensor | bool
Pair = tuple[Predicate, Callable[[], Any]]


def _truth(where: str, argument: str, value: Any) -> bool:
    """One bool, as a tensor of one element or as Python has it."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, _proa.Tensor):
        raise type_error(
            f"[{where}] {argument}: expected a bool tensor of one element, got "
            f"{type(value).__name__}"
        )
    if value.dtype != _proa.bool:
        raise type_error(f"[{where}] {argument}: expected dtype bool, got {value.dtype}")
    if value.size != 1:
        raise value_error(f"[{where}] {argument}: expected one element, got shape {value.shape}")
    return bool(value.item())


def _decided(where: str, argument: str, value: Any) -> bool:
    """Whether a tensor of a graph decides; it must be bool."""
    if not control.captured(value):
        return False
    if value.dtype != _proa.bool:
        raise type_error(f"[{where}] {argument}: expected dtype bool, got {value.dtype}")
    return True


def _callable(where: str, argument: str, function: Any) -> Callable[..., Any]:
    if not callable(function):
        raise type_error(
            f"[{where}] {argument}: expected a callable, got {type(function).__name__}"
        )
    return function  # type: ignore[no-any-return]


def cond(
    pred: Predicate,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
    return_names: Any = None,
) -> Any:
    """What `true_fn` or `false_fn` returns; the other one does not run.

    Args:
        pred: bool, one element.
        true_fn: takes nothing; None gives None.
        false_fn: the same.
        name: not used.
        return_names: not used.

    Raises:
        TypeError: `pred` is no bool, or the chosen function cannot be called.
        ValueError: `pred` has several elements.
    """
    if _decided("cond", "pred", pred):
        ways = [
            _callable("cond", text, (lambda: None) if way is None else way)
            for text, way in (("true_fn", true_fn), ("false_fn", false_fn))
        ]
        return control.choose(pred, *ways)
    chosen, argument = (true_fn, "true_fn") if _truth("cond", "pred", pred) else (
        false_fn, "false_fn")
    return None if chosen is None else _callable("cond", argument, chosen)()


def while_loop(
    cond: Callable[..., Predicate],
    body: Callable[..., Any],
    loop_vars: Sequence[Any],
    is_test: bool = False,
    name: str | None = None,
) -> list[Any]:
    """As long as `cond(*loop_vars)` holds, the loop variables become what `body` returns.

    Args:
        cond: gives bool, one element.
        body: takes the loop variables, returns as many of the same structure.
        loop_vars: at least one; tensors, or nests of them.
        is_test: not used.
        name: not used.

    Returns:
        the last loop variables, as a list.

    Raises:
        TypeError: `cond` or `body` cannot be called, or `cond` gives no bool.
        ValueError: no loop variables, or `body` returns another number of them.
    """
    _callable("while_loop", "cond", cond)
    _callable("while_loop", "body", body)
    if not isinstance(loop_vars, (list, tuple)):
        raise type_error(
            f"[while_loop] loop_vars: expected a list or tuple, got {type(loop_vars).__name__}"
        )
    if not loop_vars:
        raise value_error("[while_loop] loop_vars: expected at least one, got none")
    values = list(loop_vars)

    def holds() -> Any:
        now = cond(*values)
        return now if _decided("while_loop", "cond", now) else _truth("while_loop", "cond", now)

    def step() -> None:
        given = body(*values)
        if not isinstance(given, (list, tuple)):
            given = [given]
        if len(given) != len(values):
            raise value_error(
                f"[while_loop] body: expected {len(values)} loop variables back, got {len(given)}"
            )
        values[:] = given

    def put(given: tuple[Any, ...]) -> None:
        values[:] = given

    names = [f"loop_vars[{i}]" for i in range(len(values))]
    getters = tuple((lambda i=i: values[i]) for i in range(len(values)))
    control.while_(holds, step, getters, put, names)
    return values


def case(
    pred_fn_pairs: Sequence[Pair],
    default: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """What the function beside the first predicate that holds returns.

    Args:
        pred_fn_pairs: pairs (bool of one element, function of nothing).
        default: for the case that none holds; left out, it is the last function.
        name: not used.

    Raises:
        TypeError: something that is no pair, no bool, or cannot be called.
        ValueError: no pairs, or a predicate with several elements.
    """
    if not isinstance(pred_fn_pairs, (list, tuple)):
        raise type_error(
            "[case] pred_fn_pairs: expected a list or tuple of pairs, got "
            f"{type(pred_fn_pairs).__name__}"
        )
    if not pred_fn_pairs:
        raise value_error("[case] pred_fn_pairs: expected at least one pair, got none")
    for pair in pred_fn_pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise type_error(f"[case] pred_fn_pairs: expected (predicate, function), got {pair!r}")
        _callable("case", "pred_fn_pairs", pair[1])
    if default is not None:
        _callable("case", "default", default)
    last = pred_fn_pairs[-1][1] if default is None else default
    for i, (pred, function) in enumerate(pred_fn_pairs):
        if _decided("case", "pred_fn_pairs", pred):
            rest = pred_fn_pairs[i + 1 :]
            follow = functools.partial(case, rest, last) if rest else last
            return control.choose(pred, function, follow)
        if _truth("case", "pred_fn_pairs", pred):
            return function()
    return last()


def _table(branch_fns: Any) -> dict[int, Callable[[], Any]]:
    if isinstance(branch_fns, Mapping):
        pairs = list(branch_fns.items())
    elif isinstance(branch_fns, (list, tuple)):
        plain = all(callable(f) for f in branch_fns)
        pairs = list(enumerate(branch_fns)) if plain else list(branch_fns)
    else:
        raise type_error(
            "[switch_case] branch_fns: expected a dict, list or tuple, got "
            f"{type(branch_fns).__name__}"
        )
    table: dict[int, Callable[[], Any]] = {}
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise type_error(f"[switch_case] branch_fns: expected (index, function), got {pair!r}")
        index, function = pair
        if not isinstance(index, int) or isinstance(index, bool):
            raise type_error(
                f"[switch_case] branch_fns: expected an integer index, got {type(index).__name__}"
            )
        if index in table:
            raise value_error(f"[switch_case] branch_fns: index {index} is there twice")
        table[index] = _callable("switch_case", "branch_fns", function)
    if not table:
        raise value_error("[switch_case] branch_fns: expected at least one function, got none")
    return table


def switch_case(
    branch_index: _proa.Tensor | int,
    branch_fns: Any,
    default: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """What the function with the number `branch_index` returns.

    Args:
        branch_index: uint8, int32 or int64, one element.
        branch_fns: {index: function}, pairs (index, function), or functions numbered from 0.
        default: for any other index; left out, it is the function with the largest index.
        name: not used.

    Raises:
        TypeError: another dtype of the index, something that is no pair or cannot be called.
        ValueError: an index that is there twice, no functions, several elements.
    """
    table = _table(branch_fns)
    if default is not None:
        _callable("switch_case", "default", default)
    if isinstance(branch_index, _proa.Tensor):
        if branch_index.dtype not in (_proa.uint8, _proa.int32, _proa.int64):
            raise type_error(
                "[switch_case] branch_index: expected dtype uint8, int32 or int64, got "
                f"{branch_index.dtype}"
            )
        if branch_index.size != 1:
            raise value_error(
                f"[switch_case] branch_index: expected one element, got shape {branch_index.shape}"
            )
        if control.captured(branch_index):
            other = table[max(table)] if default is None else default
            pairs = [(branch_index.reshape([]) == i, way) for i, way in table.items()]
            return case(pairs, other)
        index = int(branch_index.item())
    elif isinstance(branch_index, int) and not isinstance(branch_index, bool):
        index = branch_index
    else:
        raise type_error(
            "[switch_case] branch_index: expected an integer tensor of one element, got "
            f"{type(branch_index).__name__}"
        )
    fallback = table[max(table)] if default is None else default
    return table.get(index, fallback)()
