"""Results as bits, inputs in every layout, and samples made large: for tests of the one answer."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from samples import call, operands_of

import proa
from proa import _proa

Tensors = list[proa.Tensor]


def bits(tensor: proa.Tensor) -> bytes:
    """Dtype, shape and every bit, NaNs as one class."""
    values = np.ascontiguousarray(tensor.numpy())
    name = tensor.dtype.name
    if name == "bfloat16":
        values = np.where((values & 0x7FFF) > 0x7F80, np.uint16(0x7FC0), values)
    elif values.dtype.kind in "fc":
        pair = values.dtype.type(0).real.dtype
        flat = values.reshape(-1).view(pair).copy()
        flat[np.isnan(flat)] = np.nan
        values = flat
    return f"{name}{tensor.shape}".encode() + values.tobytes()


def strided(x: proa.Tensor) -> proa.Tensor:
    """The same elements, every second of a larger memory."""
    if not x.shape or x.size == 0:
        return x
    big = proa.zeros([2 * n for n in x.shape], x.dtype)
    every_second = tuple(slice(None, None, 2) for _ in x.shape)
    big[every_second] = x.detach()
    return big[every_second]


def backwards(x: proa.Tensor) -> proa.Tensor:
    """The same elements, stored from the last to the first."""
    if not x.shape or x.size == 0:
        return x
    every = tuple(slice(None, None, -1) for _ in x.shape)
    return x.detach()[every].clone()[every]


def turned(x: proa.Tensor) -> proa.Tensor:
    """The same elements, stored with the first axis fastest."""
    order = list(range(len(x.shape)))[::-1]
    return proa.transpose(proa.transpose(x.detach(), order).clone(), order)


LAYOUTS = {"strided": strided, "backwards": backwards, "turned": turned}


class Case:
    """A call by keyword with its tensors in a list, so that they can be replaced."""

    def __init__(
        self, page: dict[str, Any], sample: dict[str, Any], dtype: str, index: int = 0
    ) -> None:
        self.page, self.sample, self.dtype, self.index = page, sample, dtype, index
        self.arguments = operands_of(page, sample, dtype, index)
        self.places = [
            (name, k)
            for name, value in self.arguments.items()
            for k, t in enumerate(value if isinstance(value, list) else [value])
            if isinstance(t, proa.Tensor)
        ]
        self.tensors: Tensors = [self._at(place) for place in self.places]

    def __str__(self) -> str:
        shapes = [t.shape for t in self.tensors]
        return f"{self.page['name']} {self.dtype} {shapes} {self.sample['attrs']}"

    def _at(self, place: tuple[str, int]) -> proa.Tensor:
        value = self.arguments[place[0]]
        return value[place[1]] if isinstance(value, list) else value

    def forward(self, tensors: Tensors) -> Tensors:
        arguments = {k: list(v) if isinstance(v, list) else v for k, v in self.arguments.items()}
        for (name, k), t in zip(self.places, tensors, strict=True):
            if isinstance(arguments[name], list):
                arguments[name][k] = t
            else:
                arguments[name] = t
        if self.page["random"]:
            _proa.set_rng_state((7, 3))
        return call(self.page, arguments, self.sample["attrs"])

    def backward(self, tensors: Tensors, seeds: Tensors) -> tuple[Tensors, list[Any]]:
        """Results, and gradients by tensor (None where there is none)."""
        leaves = [t.detach() for t in tensors]
        for t in leaves:
            t.stop_gradient = not (t.dtype.is_floating_point or t.dtype.is_complex)
        results = self.forward(leaves)
        on_tape = [(r, s) for r, s in zip(results, seeds, strict=True) if not r.stop_gradient]
        wanted = [t for t in leaves if not t.stop_gradient]
        if not on_tape or not wanted:
            return results, [None] * len(leaves)
        try:
            found = proa.grad(
                [r for r, _ in on_tape], wanted, [s for _, s in on_tape], allow_unused=True
            )
        except _proa.NotSupportedError:  # the page has no derivative, or none for this shape
            return results, [None] * len(leaves)
        by_leaf = iter(found)
        return results, [None if t.stop_gradient else next(by_leaf) for t in leaves]

    def seeds(self, results: Tensors) -> Tensors:
        rng = np.random.default_rng(5)
        made = []
        for r in results:
            values = rng.standard_normal(r.shape)
            if r.dtype.is_complex:
                values = values + 1j * rng.standard_normal(r.shape)
            made.append(proa.to_tensor(np.asarray(values)).cast(r.dtype))
        return made

    def all_bits(self, tensors: Tensors, seeds: Tensors) -> list[bytes | None]:
        results, gradients = self.backward(tensors, seeds)
        return [bits(r) for r in results] + [None if g is None else bits(g) for g in gradients]


def with_extents(sample: dict[str, Any], change: dict[tuple[int, int, int], int]) -> dict[str, Any]:
    """The sample with other extents: (operand, k, axis) -> extent."""
    changed = {**sample, "operands": copy.deepcopy(sample["operands"])}
    for (i, k, axis), n in change.items():
        changed["operands"][i][k]["dims"][axis] = n
    return changed


def elements(sample: dict[str, Any]) -> int:
    """Of the largest operand."""
    dims = [arg["dims"] for args in sample["operands"] for arg in args if arg["number"] is None]
    return max((int(np.prod(d, dtype=np.float64)) for d in dims), default=0)


def axes_by_extent(sample: dict[str, Any]) -> dict[int, list[tuple[int, int, int]]]:
    found: dict[int, list[tuple[int, int, int]]] = {}
    for i, args in enumerate(sample["operands"]):
        for k, arg in enumerate(args):
            if arg["number"] is None:
                for axis, n in enumerate(arg["dims"]):
                    if n > 1:
                        found.setdefault(n, []).append((i, k, axis))
    return found


def try_case(page: dict[str, Any], sample: dict[str, Any], dtype: str, index: int) -> Case | None:
    """None where the page refuses the sample, or the listed values do not fill it."""
    try:
        case = Case(page, sample, dtype, index)
        case.forward(case.tensors)
        return case
    except (proa.ProaError, ValueError):
        return None


def grown(
    page: dict[str, Any], dtype: str, elements: int, seconds: float, least: int = 0
) -> Iterator[Case]:
    """Samples with one extent made large, wherever it occurs, until some tensor has `elements`, or
    more than `least` and the call takes `seconds`; not a multiple of a block where that is legal.
    """
    for index, sample in enumerate(page["samples"]):
        for n, places in axes_by_extent(sample).items():
            best, size = None, n
            while True:
                size *= 2
                made = None
                for extra in (1, 0):
                    start = time.perf_counter()
                    changed = with_extents(sample, dict.fromkeys(places, size + extra))
                    made = try_case(page, changed, dtype, index)
                    if made is not None:
                        break
                if made is None:
                    break
                best = made
                most = max(t.size for t in [*made.tensors, *made.forward(made.tensors)])
                slow = time.perf_counter() - start > seconds
                if most >= elements or (slow and most > least):
                    break
            if best is not None:
                yield best
