"""Loading a state dict: what fits, what does not, and the report that says so.

Why apart from Layer: everything is compared before anything is written, so that a refused load
leaves the
layer as it was, and one report lists every difference at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy

import proa

from .. import _proa
from .annotations import ArrayLike
from .initializer import dtype_name

V = TypeVar("V")

_SHOWN = 20

_KIND = {"bool": "bool", "complex64": "complex", "complex128": "complex"}


class LoadResult(NamedTuple):
    """What a load left out."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def _kind(dtype: str) -> str:
    if dtype in _KIND:
        return _KIND[dtype]
    return "int" if "int" in dtype else "float"


@dataclass
class _Entry:
    """One tensor of the state, its shape and dtype read once."""

    value: ArrayLike
    shape: list[int]
    dtype: str

    @staticmethod
    def of(value: object) -> _Entry:
        if isinstance(value, _proa.Tensor):
            return _Entry(value, list(value.shape), dtype_name(value.dtype))
        array = numpy.asarray(value)
        return _Entry(array, list(array.shape), dtype_name(array.dtype))

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}"


@dataclass
class Match:
    """A state held against the tensors of a layer."""

    fitting: list[tuple[_proa.Tensor, ArrayLike]] = field(default_factory=list)
    missing: dict[str, _Entry] = field(default_factory=dict)
    unexpected: dict[str, _Entry] = field(default_factory=dict)
    misshapen: dict[str, tuple[_Entry, _Entry]] = field(default_factory=dict)
    mistyped: dict[str, tuple[_Entry, _Entry]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every tensor of the layer is given, and nothing else."""
        return not (self.missing or self.unexpected or self.misshapen or self.mistyped)

    def write(self) -> None:
        """Copy what fits into the layer's tensors, in place, cast to their dtypes."""
        with proa.no_grad():
            for target, value in self.fitting:
                source = value if isinstance(value, _proa.Tensor) else proa.to_tensor(value)
                target.set_value(source.astype(target.dtype))

    def report(self) -> str:
        """Every difference, one a line, grouped; long groups are cut."""
        lines: list[str] = []
        prefix = self._prefix_hint()
        if prefix is not None:
            lines.append("  hint        " + prefix)
        lines += _group(
            "missing",
            [
                f"{key} {entry}{self._hint(key, entry, self.unexpected)}"
                for key, entry in _head(self.missing)
            ],
            len(self.missing),
        )
        lines += _group(
            "unexpected",
            [
                f"{key} {entry}{self._hint(key, entry, self.missing)}"
                for key, entry in _head(self.unexpected)
            ],
            len(self.unexpected),
        )
        lines += _group(
            "shape",
            [f"{key}: {_compare(*pair)}" for key, pair in _head(self.misshapen)],
            len(self.misshapen),
        )
        lines += _group(
            "dtype",
            [
                f"{key}: the layer has {a.dtype}, the state has {b.dtype}"
                for key, (a, b) in _head(self.mistyped)
            ],
            len(self.mistyped),
        )
        return "\n".join(lines)

    def summary(self) -> str:
        """How many differences of each kind."""
        counts = (
            (len(self.missing), "missing"),
            (len(self.unexpected), "unexpected"),
            (len(self.misshapen), "of another shape"),
            (len(self.mistyped), "of another dtype"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count)

    def _hint(self, key: str, entry: _Entry, others: Mapping[str, _Entry]) -> str:
        """The name in `others` that `key` likely stands for; one of the same shape is preferred."""
        alike = [name for name, other in others.items() if other.shape == entry.shape]
        found = difflib.get_close_matches(key, alike[:500], n=1, cutoff=0.6)
        found = found or difflib.get_close_matches(key, list(others)[:500], n=1, cutoff=0.75)
        return f"; did you mean {found[0]}?" if found else ""

    def _prefix_hint(self) -> str | None:
        """Said when all names of one side carry a prefix that the other side lacks."""
        for longer, shorter, whose in (
            (self.unexpected, self.missing, "the state's names carry"),
            (self.missing, self.unexpected, "the state's names lack"),
        ):
            first = next(iter(longer), None)
            if first is None:
                continue
            for cut in (i + 1 for i, char in enumerate(first) if char == "."):
                prefix = first[:cut]
                stripped = [key[cut:] for key in longer if key.startswith(prefix)]
                if len(stripped) == len(longer) and all(key in shorter for key in stripped):
                    return f"{whose} the prefix {prefix!r}"
        return None


def _head(entries: Mapping[str, V]) -> list[tuple[str, V]]:
    return list(entries.items())[:_SHOWN]


def _group(title: str, lines: list[str], count: int) -> list[str]:
    text = [f"  {title:<11} {line}" for line in lines]
    if count > len(lines):
        text.append(f"  {title:<11} ... and {count - len(lines)} more")
    return text


def _compare(own: _Entry, given: _Entry) -> str:
    text = f"the layer has {own.shape}, the state has {given.shape}"
    if len(own.shape) == 2 and own.shape == given.shape[::-1]:
        text += " (transposed? PyTorch keeps Linear weights as [out, in])"
    return text


def match(own: Mapping[str, _proa.Tensor], state: Mapping[str, object]) -> Match:
    """Hold `state` against the named tensors of a layer.

    A tensor known under several names (tied weights) is given by any of them. Dtypes fit within one
    kind:
    any float casts to any float, any int to any int; a float never silently becomes an int or a
    complex.
    """
    result = Match()
    given: set[int] = set()
    for key, target in own.items():
        if key not in state:
            continue
        entry, mine = _Entry.of(state[key]), _Entry.of(target)
        given.add(id(target))
        if entry.shape != mine.shape:
            result.misshapen[key] = (mine, entry)
        elif _kind(entry.dtype) != _kind(mine.dtype):
            result.mistyped[key] = (mine, entry)
        else:
            result.fitting.append((target, entry.value))
    result.missing = {
        key: _Entry.of(t) for key, t in own.items() if key not in state and id(t) not in given
    }
    result.unexpected = {key: _Entry.of(value) for key, value in state.items() if key not in own}
    return result
