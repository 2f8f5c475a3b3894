"""Python that a captured function calls at each run, where it is asked to.

Why a call of its own: a graph has no Python, and what runs beside it must be marked, so that nobody
takes a print or a log for part of the graph by accident.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from .. import _proa
from ..autograd import PyLayer, no_grad
from ..host import current
from ..refusal import type_error, value_error, with_head
from .arguments import InputSpec

_functions: dict[int, tuple[Callable[..., Any], str]] = {}  # with " (file:line)" of the call
_numbers = itertools.count(1)


def _listed(made: Any) -> list[Any]:
    if made is None:
        return []
    return list(made) if isinstance(made, (list, tuple)) else [made]


def _run(function: Callable[..., Any], tensors: Sequence[_proa.Tensor], where: str) -> list[Any]:
    try:
        with no_grad():
            return _listed(function(*tensors))
    except Exception as error:
        error.add_note(f"in what proa.jit.host_call calls{where}")
        raise


def _dispatch(number: int, tensors: list[_proa.Tensor]) -> tuple[list[Any], str]:
    function, where = _functions[number]
    return _run(function, tensors, where), where


_proa._jit_host_dispatch(_dispatch)


def _form(spec: Any) -> _proa.Tensor:
    """A tensor of the shape and dtype that are meant."""
    if isinstance(spec, _proa.Tensor):
        return spec
    if not isinstance(spec, InputSpec):
        raise type_error(
            f"[host_call] out: expected tensors and InputSpec, got {type(spec).__name__}"
        )
    if any(isinstance(extent, int) and extent < 0 for extent in spec.shape):
        raise value_error(
            f"[host_call] out: expected the size of each axis, got {list(spec.shape)}; say one "
            f"that varies by a tensor that has it, as in InputSpec([x.shape[0], 3])"
            f"{_proa._jit_where()}"
        )
    return _proa.ops.zeros(list(spec.shape), spec.dtype)


def _call(function: Callable[..., Any], tensors: Sequence[Any], out: Sequence[Any]) -> list[Any]:
    like = [_form(one) for one in out]
    host = current()
    if host is not None:
        number = next(_numbers)
        _functions[number] = function, _proa._jit_where()
        weakref.finalize(host, _functions.pop, number, None)
        return _proa._jit_host_call(number, list(tensors), like)
    if _proa._jit_capturing():
        raise with_head(
            _proa.NotSupportedError(
                f"[host_call] an operator that is traced has no Python{_proa._jit_where()}"
            )
        )
    made = _run(function, [t.detach().clone() for t in tensors], "")
    got = [(t.dtype, t.shape) if isinstance(t, _proa.Tensor) else type(t) for t in made]
    wanted = [(t.dtype, t.shape) for t in like]
    if got != wanted:
        raise with_head(_proa.ShapeError(f"[host_call] out: expected {wanted}, got {got}"))
    return made


class _WithGradient(PyLayer):
    @staticmethod
    def forward(ctx: Any, function: Any, out: Any, gradient: Any, *tensors: Any) -> Any:
        made = _call(function, tensors, out)
        ctx.gradient, ctx.count = gradient, len(tensors)
        ctx.save_for_backward(*tensors, *made)
        return made

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        saved = ctx.saved_tensor()
        flows = [t.dtype.is_floating_point or t.dtype.is_complex for t in saved]
        inputs = [t for t, f in zip(saved[: ctx.count], flows, strict=False) if f]
        given = [g for g, f in zip(cotangents, flows[ctx.count :], strict=True) if f]
        found = iter(_call(ctx.gradient, [*saved, *given], inputs))
        return tuple(next(found) if f else None for f in flows[: ctx.count])


def host_call(
    function: Callable[..., Any],
    *tensors: _proa.Tensor,
    out: Any = None,
    gradient: Callable[..., Any] | None = None,
) -> Any:
    """Calls `function(*tensors)` in Python; in a captured function once a run, in order.

    The tensors arrive as copies with values. An exception of the function ends the call with its
    own traceback, before any parameter has been written. Elsewhere it is a plain call.

    Args:
        function: takes tensors; gives None, a tensor or a list of tensors.
        tensors: what it is called with.
        out: what the results are like in shape and dtype: a tensor or InputSpec, or a list of them;
            None where there are none. Sizes of an InputSpec may be those of tensors (`x.shape[0]`).
        gradient: takes `tensors`, the results and a cotangent for each floating-point result;
            gives a gradient for each floating-point one among `tensors`. None: no gradient flows.

    Returns:
        None, a tensor or a list of tensors, as `out` is.

    Raises:
        NotSupportedError: a tensor decides whether it is called; call it before the branch.
        ShapeError: a result is not like `out` says.

    Example:
        >>> seen = []
        >>> @proa.jit.to_static
        ... def f(x):
        ...     y = x * 2
        ...     proa.jit.host_call(lambda t: seen.append(float(t.sum())), y)
        ...     return y + 1
        >>> _ = f(proa.ones([3])); _ = f(proa.ones([4])); print(seen)
        [6.0, 8.0]
    """
    for what, one in (("function", function), ("gradient", gradient)):
        if not callable(one) and not (what == "gradient" and one is None):
            raise type_error(f"[host_call] {what}: expected a function, got {type(one).__name__}")
    for tensor in tensors:
        if not isinstance(tensor, _proa.Tensor):
            raise type_error(
                f"[host_call] tensors: expected tensors, got {type(tensor).__name__}; let the "
                "function close over other values"
            )
    like = _listed(out)
    if gradient is None:
        made = _call(function, tensors, like)
    elif not like:
        raise value_error("[host_call] gradient: expected None where out is None")
    else:
        made = _WithGradient.apply(function, like, gradient, *tensors)
    if out is None:
        return None
    return list(made) if isinstance(out, (list, tuple)) else made[0]
