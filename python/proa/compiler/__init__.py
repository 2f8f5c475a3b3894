"""The compiler from outside: what it made and could not, its passes, and who broke a result."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .. import _proa
from .bisecting import Finding, bisect
from .viewing import view

__all__ = ["Finding", "Report", "bisect", "clear_cache", "passes_off", "report", "settle", "view"]


class Report(NamedTuple):
    """What the tiers have done in this process so far.

    Attributes:
        tier: of calls outside of captured functions: "both" (prebuilt kernels at once; compiled
            ones in their place where they turn out to be faster), or what PROA_TIER says:
            "prebuilt" or "compiled". Captured functions ask for "compiled" unless it says
            otherwise.
        compiler: what makes kernels here: "clang in the process", a command, or "none".
        compiled: kernels made by it.
        from_disk: kernels that an earlier process made, found in the cache folder.
        from_memory: kernels asked for again.
        seconds: spent making kernels.
        kept: times that captured functions packed or cast weights to keep them from call to call:
            once for weights that stay, and again after they were written.
        channels_last: values between convolutions that captured functions keep with their
            channels innermost.
        fallbacks: programs that run on prebuilt kernels though the compiled tier was asked for.
            Their results have the same bits.
        last_reason: of the last fallback.
        programs: of single calls, that began on prebuilt kernels and may be replaced.
        waiting: of these, to be compiled in the background.
        timed: compiled, and timed against the prebuilt ones.
        won: replaced by compiled kernels, which were faster.
        lost: kept on prebuilt kernels, which were as fast.
        failed: not compiled.
        choices: kernels, each at sizes of one kind, that could be cut in several ways with the
            same bits. The rule's way runs until it has taken as long as others take to make; then
            all are timed on calls that happen anyway.
        choices_from_disk: settled by an earlier process.
        choices_timed: being timed, or waiting for rivals to be made in the background.
        choices_rule: settled here: the rule's way is as fast.
        choices_rival: settled here: another way is 5 % faster, and stays.
        choices_damaged: files of choices that were not believed; they are measured anew.
        rivals: kernels made in the background for that.
    """

    tier: str
    compiler: str
    compiled: int
    from_disk: int
    from_memory: int
    seconds: float
    kept: int
    channels_last: int
    fallbacks: int
    last_reason: str
    programs: int
    waiting: int
    timed: int
    won: int
    lost: int
    failed: int
    choices: int
    choices_from_disk: int
    choices_timed: int
    choices_rule: int
    choices_rival: int
    choices_damaged: int
    rivals: int

    def __str__(self) -> str:
        lines = [
            f"tier of single calls  {self.tier}",
            f"compiler              {self.compiler}",
            f"kernels compiled      {self.compiled} in {self.seconds:.2f} s",
            f"  from disk           {self.from_disk}",
            f"  from memory         {self.from_memory}",
            f"weights kept packed   {self.kept} times",
            f"channels kept last    {self.channels_last} values",
            f"fallbacks             {self.fallbacks}",
        ]
        if self.last_reason:
            lines.append(f"  last reason         {self.last_reason}")
        lines += [
            f"single calls          {self.programs}",
            f"  compiled is faster  {self.won}",
            f"  prebuilt is         {self.lost}",
            f"  waiting, timed      {self.waiting}, {self.timed}",
            f"  not compiled        {self.failed}",
            f"choices of tilings    {self.choices}",
            f"  from disk           {self.choices_from_disk}",
            f"  the rule's is best  {self.choices_rule}",
            f"  a rival is          {self.choices_rival}",
            f"  being timed         {self.choices_timed}",
        ]
        return "\n".join(lines)


def report() -> Report:
    """What was compiled, found again, and fell back, so far.

    Example:
        >>> print(proa.compiler.report())  # doctest: +SKIP
        tier of single calls  both
        compiler              clang in the process
        kernels compiled      3 in 0.06 s
    """
    return Report(**_proa.compiler_report())


def settle() -> None:
    """Waits until nothing is compiled in the background any more."""
    _proa._settle_compiler(False)


def clear_cache() -> int:
    """Removes from the disk what processes keep there for each other.

    That is compiled kernels and choices of tilings, in PROA_CACHE_DIR, else proa/ in
    XDG_CACHE_HOME or ~/.cache. What this process has made or chosen stays as it is.

    Returns:
        The bytes that kernels took.

    Example:
        >>> proa.compiler.clear_cache()  # doctest: +SKIP
        1830912
    """
    return _proa._clear_kernel_cache()


@contextlib.contextmanager
def passes_off(names: Iterable[str]) -> Iterator[None]:
    """Leaves passes out of what is compiled inside: "dce", "canonicalize", "cse", "fuse".

    PROA_PASSES_OFF=fuse,cse in the environment does it from the start. Results keep their bits.

    Example:
        >>> with proa.compiler.passes_off(["fuse"]):
        ...     y = proa.jit.to_static(lambda x: x + 1)(proa.ones([2]))
    """
    before = _proa._passes_off(list(names))
    try:
        yield
    finally:
        _proa._passes_off(before)
