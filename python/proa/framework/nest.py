"""A nest of dicts, lists, tuples, numbers and strings as JSON, its tensors set apart under names.

This is what makes a whole training state fit into one plain safetensors file: the tensors are
entries that any reader lists, and the nest is text in the file's metadata. Nothing in it can run
code, so a file from a stranger is safe to read.

Every value is plain JSON (null, true, 1, 1.5, "text", [list]) or an object with one kind:
{"dict": [[key, value], ...]}, {"tuple": [...]}, {"float": "nan"}, {"complex": [re, im]},
{"bytes": hex}, {"tensor": name}, {"array": {"name": name}}, {"scalar": {"name": name}}. A tensor or
array of a type that the file format lacks is stored as another, which its object tells: `"as":
"complex"` for pairs of real numbers, `"dtype"` and `"shape"` for the bytes of an array.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import proa
from proa import _proa
from proa.refusal import type_error, value_error

# What the file format and proa both have.
_STORED = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")


_MOST_NESTED = 100


class NestError(_proa.FileError):
    """The text in a file's metadata is not a nest of this kind, or does not fit its tensors."""


class Encoder:
    """Turns a nest into JSON text and a dict of named tensors and arrays."""

    def __init__(self) -> None:
        self.tensors: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.keep: list[Any] = []
        self.open: set[int] = set()

    def encode(self, value: Any) -> str:
        return json.dumps(self.node(value, ()), allow_nan=False)

    def node(self, value: Any, path: tuple[Any, ...]) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return encodable(value, path)
        if isinstance(value, np.generic):
            return {"scalar": self.array(np.asarray(value), path)}
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": repr(float(value))}
        if isinstance(value, complex):
            return {"complex": [self.node(value.real, path), self.node(value.imag, path)]}
        if isinstance(value, (bytes, bytearray)):
            return {"bytes": bytes(value).hex()}
        if isinstance(value, proa.Tensor):
            return self.tensor(value, path)
        if isinstance(value, np.ndarray):
            return {"array": self.array(value, path)}
        if isinstance(value, Mapping):
            return self.within(value, path, self.mapping)
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            return self.within(value, path, self.sequence)
        hint = ""
        if hasattr(value, "state_dict"):
            hint = "; save its state_dict()"
        raise type_error(
            f"[save] obj{shown(path)}: expected tensors, arrays, numbers, strings, None, dicts, "
            f"lists and tuples, got {type(value).__name__}{hint}"
        )

    def within(
        self, value: Any, path: tuple[Any, ...], encode: Callable[[Any, tuple[Any, ...]], Any]
    ) -> Any:
        if id(value) in self.open:
            raise value_error(f"[save] obj{shown(path)}: expected a tree, got a part of itself")
        if len(self.open) == _MOST_NESTED:
            raise value_error(f"[save] obj: expected a nest of at most {_MOST_NESTED} levels")
        self.open.add(id(value))
        result = encode(value, path)
        self.open.discard(id(value))
        return result

    def mapping(self, value: Mapping[Any, Any], path: tuple[Any, ...]) -> Any:
        items = []
        for key, item in value.items():
            if not (key is None or isinstance(key, (bool, int, float, str))):
                raise type_error(
                    f"[save] obj{shown(path)}: expected keys that are strings, numbers or None, "
                    f"got {type(key).__name__}"
                )
            items.append([self.node(key, path), self.node(item, (*path, key))])
        return {"dict": items}

    def sequence(self, value: list[Any] | tuple[Any, ...], path: tuple[Any, ...]) -> Any:
        items = [self.node(item, (*path, index)) for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}

    def tensor(self, value: Any, path: tuple[Any, ...]) -> Any:
        """A tensor that occurs twice is stored once, and is one tensor again when loaded."""
        pairs = is_complex(value)
        name = self.names.get(id(value))
        if name is None:
            name = self.name(path)
            self.names[id(value)] = name
            self.keep.append(value)
            stored = value.detach()
            self.tensors[name] = proa.as_real(stored) if pairs else stored
        return {"tensor": name, "as": "complex"} if pairs else {"tensor": name}

    def array(self, value: Any, path: tuple[Any, ...]) -> Any:
        if value.dtype.kind not in "biufc" or value.dtype.itemsize > 16:
            raise type_error(
                f"[save] obj{shown(path)}: expected an array of numbers, got dtype {value.dtype}"
            )
        name = self.name(path)
        if value.dtype.name in _STORED and value.dtype.isnative:
            self.tensors[name] = np.ascontiguousarray(value).reshape(value.shape)
            return {"name": name}
        raw = np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8)
        self.tensors[name] = raw
        return {"name": name, "dtype": value.dtype.str, "shape": list(value.shape)}

    def name(self, path: tuple[Any, ...]) -> str:
        """The path with dots, as state dicts have it; a number is added where that is taken."""
        base = ".".join(str(key) for key in path) or "value"
        name, count = base, 1
        while name in self.tensors or name == "__metadata__":
            count += 1
            name = f"{base}#{count}"
        return name


class Decoder:
    """Builds a nest from JSON text and the tensors that belong to it."""

    def __init__(self, tensors: Mapping[str, Any], return_numpy: bool) -> None:
        self.tensors = tensors
        self.return_numpy = return_numpy
        self.used: dict[str, Any] = {}
        self.kinds: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
            "dict": self.mapping,
            "tuple": lambda items, _: tuple(self.value(item) for item in as_list(items)),
            "float": self.number,
            "complex": self.complex_number,
            "bytes": lambda text, _: bytes.fromhex(as_text(text)),
            "tensor": self.tensor,
            "array": lambda entry, _: self.array(entry),
            "scalar": lambda entry, _: self.array(entry)[()],
        }

    def decode(self, text: str) -> Any:
        try:
            result = self.value(json.loads(text))
        except NestError:
            raise
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise NestError(f"the nest in the metadata is damaged: {error}") from None
        unused = sorted(set(self.tensors) - set(self.used))
        if unused:
            raise NestError(f"tensors that the nest in the metadata does not have: {unused[:5]}")
        return result

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        kinds = [kind for kind in node if kind in self.kinds]
        if len(kinds) != 1:
            raise NestError(f"expected an object of one known kind, got the keys {sorted(node)}")
        return self.kinds[kinds[0]](node[kinds[0]], node)

    def mapping(self, items: Any, _: dict[str, Any]) -> dict[Any, Any]:
        result = {}
        for key, item in as_list(items):
            key = self.value(key)
            if key in result:
                raise NestError(f"the key {key!r} twice in one dict")
            result[key] = self.value(item)
        return result

    def number(self, text: Any, _: dict[str, Any]) -> float:
        if text not in ("nan", "inf", "-inf"):
            raise NestError(f"expected nan, inf or -inf, got {text!r}")
        return float(text)

    def complex_number(self, parts: Any, _: dict[str, Any]) -> complex:
        real, imaginary = (self.value(part) for part in as_list(parts))
        return complex(real, imaginary)

    def stored(self, name: Any) -> Any:
        if as_text(name) not in self.tensors:
            raise NestError(f"the nest in the metadata names the tensor {name!r}, not in the file")
        return self.tensors[name]

    def tensor(self, name: Any, node: dict[str, Any]) -> Any:
        value = self.stored(name)
        if name not in self.used:
            if "as" in node:
                if node["as"] != "complex" or not value.shape or value.shape[-1] != 2:
                    raise NestError(f"the tensor {name!r} does not hold complex numbers")
                value = proa.as_complex(value)
            self.used[name] = value.numpy() if self.return_numpy else value
        return self.used[name]

    def array(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            raise NestError(f"expected the entry of an array, got {entry!r}")
        value = self.stored(entry.get("name")).numpy()
        self.used[entry["name"]] = value
        if "dtype" not in entry:
            return value
        dtype = np.dtype(as_text(entry["dtype"]))
        shape = tuple(int(size) for size in as_list(entry["shape"]))
        if dtype.kind not in "biufc" or value.dtype != np.uint8 or min(shape, default=0) < 0:
            raise NestError(f"the array {entry['name']!r} has no legal type")
        return np.frombuffer(value.tobytes(), dtype).reshape(shape).copy()


def is_complex(tensor: Any) -> bool:
    return bool(tensor.dtype == "complex64" or tensor.dtype == "complex128")


def as_list(node: Any) -> list[Any]:
    if not isinstance(node, list):
        raise NestError(f"expected a list, got {type(node).__name__}")
    return node


def as_text(node: Any) -> str:
    if not isinstance(node, str):
        raise NestError(f"expected a string, got {type(node).__name__}")
    return node


def encodable(text: str, path: tuple[Any, ...]) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise value_error(
            f"[save] obj{shown(path)}: expected Unicode text, got {text!r}, half of a character"
        ) from None
    return text


def shown(path: tuple[Any, ...]) -> str:
    """A path as Python writes it: ['model']['weights'][0]."""
    return "".join(f"[{key!r}]" for key in path)
