"""All operators by name, and those of other dialects as proa.ops.DIALECT.NAME."""

from __future__ import annotations

from typing import Any

from .._proa import ops as _own


def __getattr__(name: str) -> Any:
    if hasattr(_own, name):
        return getattr(_own, name)
    from ..ir.operators import DIALECTS

    if name in DIALECTS:
        return DIALECTS[name]
    raise AttributeError(
        f"proa.ops has no operator and no dialect '{name}'; dialects of Python are made by "
        "proa.ir.register_operator"
    )


def __dir__() -> list[str]:
    from ..ir.operators import DIALECTS

    return sorted({*vars(_own), *DIALECTS})
