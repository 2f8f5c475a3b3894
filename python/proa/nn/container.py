"""Containers: layers and parameters in sequences and dicts, so that they belong to the model.

Why needed: a plain Python list of layers is invisible to parameters(), state_dict() and to().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, overload

from ..check import refuse
from .layer import Layer
from .parameter import Parameter

__all__ = ["LayerDict", "LayerList", "ParameterDict", "ParameterList", "Sequential"]


def _index(where: str, index: int, length: int) -> int:
    """`index`, counted from the end where negative, if it is within range."""
    if not hasattr(index, "__index__"):
        refuse(where, "index", "an int or a slice", index)
    place = index.__index__()
    if not -length <= place < length:
        raise IndexError(f"[{where}] index: expected {-length}..{length - 1}, got {place}")
    return place % length


def _layer(where: str, value: object) -> Layer:
    if not isinstance(value, Layer):
        refuse(where, "layer", "a Layer", value)
    return value


class Sequential(Layer):
    """Runs layers one after the other, each on what the one before gave.

    Args:
        layers: layers; or pairs (name, layer); or one dict or list of them.
    """

    def __init__(self, *layers: Any) -> None:
        super().__init__()
        items: Iterable[Any] = layers
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            items = list(layers[0].items())
        elif len(layers) == 1 and isinstance(layers[0], list):
            items = layers[0]
        for place, item in enumerate(items):
            if isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[0], str):
                self.add_sublayer(item[0], _layer("Sequential", item[1]))
            else:
                self.add_sublayer(str(place), _layer("Sequential", item))

    def forward(self, input: Any) -> Any:
        for layer in self._sub_layers.values():
            if layer is not None:
                input = layer(input)
        return input

    def __len__(self) -> int:
        return len(self._sub_layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter([layer for layer in self._sub_layers.values() if layer is not None])

    @overload
    def __getitem__(self, name: int | str) -> Layer: ...

    @overload
    def __getitem__(self, name: slice) -> Sequential: ...

    def __getitem__(self, name: int | str | slice) -> Layer:
        if isinstance(name, slice):
            return type(self)(*list(self._sub_layers.items())[name])
        return _layer("Sequential", self._sub_layers[self._key(name)])

    def __setitem__(self, name: int | str, layer: Layer) -> None:
        key = name if isinstance(name, str) else self._key(name)
        self._sub_layers[key] = _layer("Sequential", layer)

    def __delitem__(self, name: int | str) -> None:
        del self._sub_layers[self._key(name)]

    def _key(self, name: int | str) -> str:
        if not isinstance(name, str):
            return list(self._sub_layers)[_index("Sequential", name, len(self))]
        if name not in self._sub_layers:
            refuse("Sequential", "name", f"one of {list(self._sub_layers)}", name)
        return name

    def append(self, layer: Layer) -> Self:
        """Add a layer at the end."""
        self.add_sublayer(str(len(self)), _layer("Sequential", layer))
        return self


class LayerList(Layer):
    """A list of layers (PyTorch: ModuleList); it has no forward of its own."""

    def __init__(self, sublayers: Iterable[Layer] | None = None) -> None:
        super().__init__()
        self.extend(() if sublayers is None else sublayers)

    def _renumber(self, layers: Sequence[Layer]) -> None:
        self._sub_layers.clear()
        for place, layer in enumerate(layers):
            self._sub_layers[str(place)] = layer

    @overload
    def __getitem__(self, index: int) -> Layer: ...

    @overload
    def __getitem__(self, index: slice) -> LayerList: ...

    def __getitem__(self, index: int | slice) -> Layer:
        if isinstance(index, slice):
            return LayerList(list(self)[index])
        return list(self)[_index("LayerList", index, len(self))]

    def __setitem__(self, index: int, layer: Layer) -> None:
        key = str(_index("LayerList", index, len(self)))
        self._sub_layers[key] = _layer("LayerList", layer)

    def __delitem__(self, index: int | slice) -> None:
        layers = list(self)
        if isinstance(index, slice):
            del layers[index]
        else:
            del layers[_index("LayerList", index, len(layers))]
        self._renumber(layers)

    def __len__(self) -> int:
        return len(self._sub_layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter([layer for layer in self._sub_layers.values() if layer is not None])

    def __contains__(self, layer: object) -> bool:
        return any(layer is own for own in self)

    def __add__(self, other: Iterable[Layer]) -> LayerList:
        return LayerList([*self, *other])

    def __iadd__(self, other: Iterable[Layer]) -> Self:
        return self.extend(other)

    def append(self, sublayer: Layer) -> Self:
        """Add a layer at the end."""
        self._sub_layers[str(len(self))] = _layer("LayerList", sublayer)
        return self

    def extend(self, sublayers: Iterable[Layer]) -> Self:
        """Add layers at the end."""
        for layer in list(sublayers):
            self.append(layer)
        return self

    def insert(self, index: int, sublayer: Layer) -> None:
        """Put a layer before the one at `index`."""
        layers = list(self)
        if not -len(layers) <= index <= len(layers):
            raise IndexError(
                f"[LayerList] index: expected {-len(layers)}..{len(layers)}, got {index}"
            )
        layers.insert(index, _layer("LayerList", sublayer))
        self._renumber(layers)

    def pop(self, index: int = -1) -> Layer:
        """Take a layer out and return it."""
        layer = self[index]
        del self[index]
        return layer


Named = Mapping[str, Any] | Iterable[tuple[str, Any]]


def _pairs(where: str, given: Any) -> list[tuple[str, Any]]:
    if isinstance(given, (LayerDict, ParameterDict, Mapping)):
        return list(given.items())
    if not isinstance(given, Iterable):
        refuse(where, "sublayers", "a dict or pairs (name, value)", given)
    pairs = list(given)
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            refuse(where, "sublayers", "a dict or pairs (name, value)", pair)
    return [(name, value) for name, value in pairs]


class LayerDict(Layer):
    """A dict of layers (PyTorch: ModuleDict) in the order of insertion; it has no forward of its
    own.
    """

    def __init__(self, sublayers: LayerDict | Named | None = None) -> None:
        super().__init__()
        if sublayers is not None:
            self.update(sublayers)

    def __getitem__(self, key: str) -> Layer:
        if key not in self._sub_layers:
            raise KeyError(
                f"[LayerDict] key: expected one of {list(self._sub_layers)}, got {key!r}"
            )
        return _layer("LayerDict", self._sub_layers[key])

    def __setitem__(self, key: str, sublayer: Layer) -> None:
        if key in self._sub_layers:
            self._sub_layers[key] = _layer("LayerDict", sublayer)
        else:
            self.add_sublayer(key, _layer("LayerDict", sublayer))

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._sub_layers)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._sub_layers))

    def __contains__(self, key: object) -> bool:
        return key in self._sub_layers

    def clear(self) -> None:
        """Take all layers out."""
        self._sub_layers.clear()

    def pop(self, key: str) -> Layer:
        """Take a layer out and return it."""
        layer = self[key]
        del self._sub_layers[key]
        return layer

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._sub_layers.keys()

    def values(self) -> Iterable[Layer]:
        """The layers."""
        return [layer for layer in self._sub_layers.values() if layer is not None]

    def items(self) -> Iterable[tuple[str, Layer]]:
        """(name, layer) pairs."""
        return [(name, layer) for name, layer in self._sub_layers.items() if layer is not None]

    def update(self, sublayers: LayerDict | Named) -> None:
        """Add or replace layers."""
        for key, layer in _pairs("LayerDict", sublayers):
            self[key] = layer


def _parameter(where: str, value: object) -> Parameter:
    if not isinstance(value, Parameter):
        refuse(where, "parameter", "a Parameter", value)
    return value


class ParameterList(Layer):
    """A list of parameters."""

    def __init__(self, parameters: Iterable[Parameter] | None = None) -> None:
        super().__init__()
        self.extend(() if parameters is None else parameters)

    @overload
    def __getitem__(self, index: int) -> Parameter: ...

    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...

    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return list(self)[_index("ParameterList", index, len(self))]

    def __setitem__(self, index: int, parameter: Parameter) -> None:
        key = str(_index("ParameterList", index, len(self)))
        self._parameters[key] = _parameter("ParameterList", parameter)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter([p for p in self._parameters.values() if p is not None])

    def append(self, parameter: Parameter) -> Self:
        """Add a parameter at the end."""
        self._parameters[str(len(self))] = _parameter("ParameterList", parameter)
        return self

    def extend(self, parameters: Iterable[Parameter]) -> Self:
        """Add parameters at the end."""
        for parameter in list(parameters):
            self.append(parameter)
        return self

    def __repr__(self) -> str:
        return _repr(self, ((name, p) for name, p in self._parameters.items()))


class ParameterDict(Layer):
    """A dict of parameters in the order of insertion."""

    def __init__(self, parameters: ParameterDict | Named | None = None) -> None:
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Parameter:
        if key not in self._parameters:
            raise KeyError(
                f"[ParameterDict] key: expected one of {list(self._parameters)}, got {key!r}"
            )
        return _parameter("ParameterDict", self._parameters[key])

    def __setitem__(self, key: str, parameter: Parameter) -> None:
        if key in self._parameters:
            self._parameters[key] = _parameter("ParameterDict", parameter)
        else:
            self.add_parameter(key, _parameter("ParameterDict", parameter))

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._parameters))

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def clear(self) -> None:
        """Take all parameters out."""
        self._parameters.clear()

    def pop(self, key: str) -> Parameter:
        """Take a parameter out and return it."""
        parameter = self[key]
        del self._parameters[key]
        return parameter

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Parameter]:
        """The parameters."""
        return [p for p in self._parameters.values() if p is not None]

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """(name, parameter) pairs."""
        return [(name, p) for name, p in self._parameters.items() if p is not None]

    def update(self, parameters: ParameterDict | Named) -> None:
        """Add or replace parameters."""
        for key, parameter in _pairs("ParameterDict", parameters):
            self[key] = parameter

    def __repr__(self) -> str:
        return _repr(self, ((name, p) for name, p in self._parameters.items()))


def _repr(layer: Layer, entries: Iterable[tuple[str, Parameter | None]]) -> str:
    lines = [f"  ({name}): {list(p.shape)} {p.dtype}" for name, p in entries if p is not None]
    name = type(layer).__name__
    return "\n".join([f"{name}(", *lines, ")"]) if lines else f"{name}()"
