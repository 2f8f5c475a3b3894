"""The line of a figure: medians of ours and of a peer's, and how far their rounds lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]


def rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def line_of(
    case: str,
    ours: Sequence[float],
    peer: Sequence[float],
    version: str | None,
    unit: str,
    threads: int | None = None,
    peer_name: str | None = "torch",
) -> Line:
    """`ratio` is of the medians; `spread` the least and the greatest of single rounds in turn.

    Where the spread of a figure reaches over 1, this machine did not tell which side is faster.
    """
    mine = statistics.median(ours)
    other = statistics.median(peer) if peer else None
    ratios = [mine / other for mine, other in zip(ours, peer, strict=False)]
    return {
        "case": case,
        "threads": threads,
        "ours": rounded(mine, 4),
        "peer": rounded(other, 4) if other else None,
        "peer_name": peer_name if other else None,
        "peer_version": version if other else None,
        "ratio": rounded(mine / other, 3) if other else None,
        "spread": [rounded(f(ratios), 3) for f in (min, max)] if other else None,
        "unit": unit,
    }
