"""Who changed a result: the first pass, or the first kernel, after which its bits are others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .. import _proa

PASSES = ("dce", "canonicalize", "cse", "fuse")
_UNLIMITED = 1 << 40


class Finding(NamedTuple):
    """What bisect() found.

    Attributes:
        culprit: "capture", the name of a pass, or "kernel".
        results: numbers of the results that differ, in the order in which they stand in the
            structure; gradients of the arguments come behind.
        kernel, text: name and C text, where it is a kernel.
        location: the user's lines that it computes.
    """

    culprit: str
    results: list[int]
    kernel: str = ""
    text: str = ""
    location: str = ""

    def __str__(self) -> str:
        what = f"kernel {self.kernel}" if self.kernel else f"pass '{self.culprit}'"
        place = f" ({self.location})" if self.location else ""
        return f"{what}{place} changes the results {self.results}"


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, _proa.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


def _bits(tensor: Any) -> tuple[str, tuple[int, ...], bytes]:
    """NaNs count as one class."""
    wide = tensor.dtype.name.startswith(("bfloat16", "float16", "float8"))
    values = np.ascontiguousarray((tensor.cast("float32") if wide else tensor).numpy())
    if values.dtype.kind in "fc":
        parts = values.reshape(-1).view(values.real.dtype)
        values = np.where(np.isnan(parts), np.array(np.nan, parts.dtype), parts)
    return tensor.dtype.name, tuple(tensor.shape), values.tobytes()


def _run(function: Callable[..., Any], args: tuple[Any, ...], gradient: bool) -> list[Any]:
    state = _proa.get_rng_state()
    try:
        leaves = list(_tensors(args))
        results = list(_tensors(function(*args)))
        found: list[Any] = [_bits(r) for r in results]
        if gradient:
            from ..autograd import grad

            wanted = [t for t in leaves if not t.stop_gradient]
            outputs = [r for r in results if not r.stop_gradient]
            seeds = [_proa.ops.full(r.shape, 1.0, r.dtype) for r in outputs]
            for one in grad(outputs, wanted, seeds, allow_unused=True):
                found.append(None if one is None else _bits(one))
        return found
    finally:
        _proa.set_rng_state(state)


class _Compiled(NamedTuple):
    results: list[Any]
    kernels: Counter[str]
    texts: dict[str, str]
    places: dict[str, str]
    groups: int


def _compiled(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    gradient: bool,
    off: list[str],
    limit: int = _UNLIMITED,
) -> _Compiled:
    from ..jit.function import CapturedFunction

    before = _proa._passes_off(off)
    _proa._group_limit(limit)
    told = _proa._watch("plans", True)
    _proa._plans()
    try:
        results = _run(CapturedFunction(function), args, gradient)
        left = _proa._group_limit(-1)
    finally:
        _proa._group_limit(-1)
        _proa._watch("plans", told)
        _proa._passes_off(before)
    kernels: Counter[str] = Counter()
    texts: dict[str, str] = {}
    places: dict[str, str] = {}
    for plan in map(json.loads, _proa._plans()):
        for kernel in plan["kernels"]:
            texts[kernel["name"]] = kernel["text"]
        for step in plan["steps"]:
            if step["kind"] == "compiled":
                kernels[step["name"]] += 1
                places[step["name"]] = step["location"]
    return _Compiled(results, kernels, texts, places, limit - left)


def bisect(
    function: Callable[..., Any],
    *args: Any,
    gradient: bool = False,
    expected: Callable[..., Any] | None = None,
) -> Finding | None:
    """The first pass or kernel that makes `function` differ, in any bit, from its eager run.

    The function is captured again for each try, so it must not write into tensors from outside.
    None: nothing differs.

    Args:
        function: what to_static takes.
        *args: of the call.
        gradient: compares the gradients of the tensors among the arguments too.
        expected: what to compare with instead of the eager run.

    Example:
        >>> proa.compiler.bisect(lambda x: proa.exp(x) + 1, proa.ones([4]))
    """
    wanted = _run(expected or function, args, gradient)

    def differing(now: list[Any]) -> list[int]:
        return [i for i, (a, b) in enumerate(zip(wanted, now, strict=True)) if a != b]

    for count in range(len(PASSES) + 1):
        off = list(PASSES[count:])
        tried = _compiled(function, args, gradient, off)
        wrong = differing(tried.results)
        if not wrong:
            continue
        if count == 0:
            return Finding("capture", wrong)
        if PASSES[count - 1] != "fuse":
            return Finding(PASSES[count - 1], wrong)
        low, high = 0, tried.groups  # right with `low` groups, wrong with `high`
        right = _compiled(function, args, gradient, off, 0)
        if differing(right.results):
            return Finding("fuse", wrong)
        while high - low > 1:
            middle = (low + high) // 2
            one = _compiled(function, args, gradient, off, middle)
            if differing(one.results):
                high, tried = middle, one
            else:
                low, right = middle, one
        wrong = differing(tried.results)
        new = list((tried.kernels - right.kernels).elements())
        if not new:
            return Finding("fuse", wrong)
        return Finding("kernel", wrong, new[0], tried.texts[new[0]], tried.places[new[0]])
    return None
