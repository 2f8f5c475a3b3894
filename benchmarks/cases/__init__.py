"""What benchmarks/run.py times beside its peers: a module a family of cases.

A module has
    CASES: the name of each case and what it is;
    THREADS: the numbers of threads it is timed with;
    figures(case): the names of its figures, each a line of the output;
    PEERS: the frameworks beside Proa; PyTorch in eager mode where it is not there;
    make(framework, figure): one call of it, for Proa or a peer and run in a process of its own,
        with the frameworks' code side by side.
"""

from __future__ import annotations

from types import ModuleType

from . import (
    attention,
    calls,
    chain,
    convolution,
    embedding,
    memory,
    models,
    peers,
    rows,
    training,
)

MODULES: tuple[ModuleType, ...] = (
    calls,
    chain,
    memory,
    rows,
    attention,
    embedding,
    convolution,
    models,
    training,
)
CASES: dict[str, str] = {name: what for module in MODULES for name, what in module.CASES.items()}


def of_case(case: str) -> ModuleType:
    """The module that has the case."""
    return next(module for module in MODULES if case in module.CASES)


def peers_of(case: str) -> tuple[str, ...]:
    """The frameworks that the case is timed beside."""
    return getattr(of_case(case), "PEERS", (peers.EAGER,))


def of_figure(figure: str) -> ModuleType:
    """The module that has the figure."""
    return next(
        module
        for module in MODULES
        if any(figure in module.figures(case) for case in module.CASES)
    )
