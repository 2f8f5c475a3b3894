"""Registry: a layer's named parameters, buffers or sublayers, mirrored as plain attributes.

Why mirrored: `layer.weight` is then an ordinary attribute read, without a Python-level lookup on
every
forward; writes to the registry, however made, keep the two in step.
"""

from __future__ import annotations

import weakref
from typing import Any, TypeVar

from ..check import refuse

V = TypeVar("V")


def _holds(layer: Any, wanted: object) -> bool:
    """Whether `wanted` is the layer or stands anywhere below it."""
    pending, seen = [layer], set()
    while pending:
        layer = pending.pop()
        if layer is wanted:
            return True
        if layer is not None and id(layer) not in seen:
            seen.add(id(layer))
            pending.extend(layer.__dict__.get("_sub_layers", {}).values())
    return False


class Registry(dict[str, V]):
    """A dict from name to entry whose owner has each entry as an attribute of that name."""

    __slots__ = ("_owner",)

    def __init__(self, owner: object) -> None:
        super().__init__()
        # Weak, so that a dropped model frees its memory at once, without waiting for the cycle
        # collector.
        self._owner = weakref.ref(owner)

    def _mirror(self) -> dict[str, Any]:
        owner = self._owner()
        return {} if owner is None else owner.__dict__

    def __setitem__(self, name: str, value: V) -> None:
        if "_sub_layers" in getattr(value, "__dict__", ()):
            owner = self._owner()
            if owner is not None and _holds(value, owner):
                where = type(owner).__name__
                refuse(where, name, "a layer that does not hold this one", type(value).__name__)
        super().__setitem__(name, value)
        self._mirror()[name] = value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._mirror().pop(name, None)

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self:
            return super().pop(name, *default)
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, V]:
        name, value = super().popitem()
        self._mirror().pop(name, None)
        return name, value

    def clear(self) -> None:
        for name in list(self):
            del self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def __reduce__(self) -> Any:
        # A registry belongs to its layer, which rebuilds it; alone, it travels as a plain dict.
        return dict, (dict(self),)


class HookHandle:
    """What registering a hook returns: `remove()` takes the hook away again; also a context
    manager.
    """

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks = hooks
        self._key = key

    def remove(self) -> None:
        """Take the hook away; does nothing the second time."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks(dict[int, V]):
    """Hooks in the order in which they run."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0

    def register(self, hook: V, prepend: bool = False) -> HookHandle:
        """Add `hook` at the end, or before all others."""
        key = self._next
        self._next += 1
        if prepend:
            later = dict(self)
            self.clear()
            self[key] = hook
            self.update(later)
        else:
            self[key] = hook
        return HookHandle(self, key)
