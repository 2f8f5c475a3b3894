"""A recorded graph as a function that can be called, with values to call it with."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy

from . import samples
from .importer import Rule, Writer
from .samples import Graph, split_type


class Imported:
    """The function of one graph in one framework's names.

    Attributes:
        missing: operators without a rule, and why; then there is no function.
        text: the function's source.
        function: what it defines.
        arguments: for each one ("tensor", "int" or "ints", its name).
    """

    def __init__(
        self,
        graph: Graph,
        rules: dict[str, Rule],
        constant: Callable[[str, list[int], list[Any]], str],
        names: dict[str, Any],
        label: str = "",
    ) -> None:
        self.graph = graph
        writer = Writer(without_dead(graph), rules, constant)
        self.text = writer.write()
        self.missing = writer.missing
        self.arguments = writer.arguments
        self.operations = len(writer.graph["ops"])
        self.function: Callable[..., Any] | None = None
        if self.missing:
            return
        file = f"<{graph['name']}{label}>"
        linecache.cache[file] = (len(self.text), None, self.text.splitlines(True), file)
        scope = dict(names)
        exec(compile(self.text, file, "exec"), scope)
        self.function = scope["graph"]

    def values(self) -> list[Any]:
        """For each argument a NumPy array, a Python int, or a list of ints."""
        given = self.graph["inputs"] + self.graph["params"]
        drawn = [samples.draw(self.graph["name"], one) for one in given]
        return [
            array if kind == "tensor" else array.tolist()
            for (kind, _), array in zip(self.arguments, drawn, strict=True)
        ]

    def dynamic(self) -> list[list[int]]:
        """The shape of each tensor argument, -1 where a type that the graph gives it says so."""
        seen: dict[str, list[list[int]]] = {}

        def take(names: Any, types: Any) -> None:
            if isinstance(names, list):
                for name, text in zip(names, types, strict=True):
                    take(name, text)
            elif names is not None:
                seen.setdefault(names, []).append(split_type(types)[1])

        for op in self.graph["ops"]:
            take(op["in"], op["in_types"])
        shapes = []
        for (kind, _), one in zip(
            self.arguments, self.graph["inputs"] + self.graph["params"], strict=True
        ):
            if kind != "tensor":
                continue
            shape = list(one["shape"])
            for types in seen.get(one["name"], []):
                shape = [-1 if t < 0 else d for d, t in zip(shape, types, strict=True)]
            shapes.append(shape)
        return shapes


def without_dead(graph: Graph) -> Graph:
    """The graph without operations that no output needs: recordings of training have many."""
    needed, kept = set(graph["outputs"]), []
    for op in reversed(graph["ops"]):
        outs = [n for one in op["out"] for n in (one if isinstance(one, list) else [one])]
        if needed.intersection(outs):
            kept.append(op)
            for one in op["in"]:
                needed.update(n for n in (one if isinstance(one, list) else [one]) if n)
    return {**graph, "ops": kept[::-1]}


def same_bits(a: numpy.ndarray, b: numpy.ndarray) -> bool:
    """Equal dtype, shape and bits; NaNs are one class, -0.0 is not 0.0."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind == "f":
        nan = numpy.isnan(a)
        if not numpy.array_equal(nan, numpy.isnan(b)):
            return False
        whole = f"u{a.dtype.itemsize}"
        a, b = numpy.ascontiguousarray(a).view(whole), numpy.ascontiguousarray(b).view(whole)
        return bool(((a == b) | nan).all())
    return bool(numpy.array_equal(a, b))


def error(got: numpy.ndarray, want: numpy.ndarray) -> float:
    """The greatest difference, relative to the greatest finite number; inf where they do not meet.

    Infinities and NaNs must stand in the same places.
    """
    if got.shape != want.shape:
        return float("inf")
    if got.size == 0:
        return 0.0
    if want.dtype.kind not in "fc":
        return float((got != want).mean())
    got = got.astype("float64")
    finite = numpy.isfinite(want)
    if not numpy.array_equal(got[~finite], want[~finite], equal_nan=True):
        return float("inf")
    if not numpy.isfinite(got[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    scale = numpy.abs(want[finite]).max()
    difference = numpy.abs(got[finite] - want[finite]).max()
    return float(difference / scale) if scale > 0 else float(difference)
