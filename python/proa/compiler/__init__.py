"""The compiler from outside: what it made, and what it could not."""

from __future__ import annotations

from typing import NamedTuple

from .. import _proa

__all__ = ["Report", "report"]


class Report(NamedTuple):
    """What the compiled tier has done in this process so far.

    Attributes:
        tier: of calls outside of captured functions: "prebuilt", or "compiled" where the
            environment says PROA_TIER=compiled. Captured functions ask for "compiled" unless it
            says PROA_TIER=prebuilt.
        compiler: what makes kernels here: "clang in the process", a command, or "none".
        compiled: kernels made by it.
        from_disk: kernels that an earlier process made, found in the cache folder.
        from_memory: kernels asked for again.
        seconds: spent making kernels.
        fallbacks: programs that run on prebuilt kernels though the compiled tier was asked for.
            Their results have the same bits.
        last_reason: of the last fallback.
    """

    tier: str
    compiler: str
    compiled: int
    from_disk: int
    from_memory: int
    seconds: float
    fallbacks: int
    last_reason: str

    def __str__(self) -> str:
        lines = [
            f"tier of single calls  {self.tier}",
            f"compiler              {self.compiler}",
            f"kernels compiled      {self.compiled} in {self.seconds:.2f} s",
            f"  from disk           {self.from_disk}",
            f"  from memory         {self.from_memory}",
            f"fallbacks             {self.fallbacks}",
        ]
        if self.last_reason:
            lines.append(f"  last reason         {self.last_reason}")
        return "\n".join(lines)


def report() -> Report:
    """What was compiled, found again, and fell back, so far.

    Example:
        >>> print(proa.compiler.report())  # doctest: +SKIP
        tier of single calls  prebuilt
        compiler              clang in the process
        kernels compiled      3 in 0.06 s
    """
    return Report(**_proa.compiler_report())
