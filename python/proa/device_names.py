"""Places, the modes and the guards of Paddle's top level, for a framework that runs at once."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from . import _proa


class CPUPlace:
    """The CPU."""

    def __repr__(self) -> str:
        return "Place(cpu)"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self).__name__)


class _Absent:
    """A place that this build has no device for.

    Raises:
        NotSupportedError: always.
    """

    def __init__(self, *ids: int) -> None:
        raise _proa.NotSupportedError(
            f"[{type(self).__name__}] this build has no such device; expected CPUPlace")


class CUDAPlace(_Absent):
    """A CUDA device."""


class CUDAPinnedPlace(_Absent):
    """Memory of the host that a CUDA device reads."""


def enable_static() -> None:
    """Refused: programs are captured from functions.

    Raises:
        NotSupportedError: always.
    """
    raise _proa.NotSupportedError(
        "[enable_static] operations run at once here; programs are made from functions")


def disable_static(place: Any = None) -> None:
    """Nothing to do: operations run at once."""


class LazyGuard:
    """Layers made inside have their parameters at once, as outside."""

    def __enter__(self) -> LazyGuard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def get_cuda_rng_state() -> list[Any]:
    """The states of the CUDA generators: of none, without CUDA."""
    return []


def set_cuda_rng_state(state_list: list[Any]) -> None:
    """Takes what get_cuda_rng_state gave.

    Raises:
        NotSupportedError: states of devices that this build has not.
    """
    if len(state_list) > 0:
        raise _proa.NotSupportedError(
            "[set_cuda_rng_state] state_list: this build has no CUDA device; expected []")
