"""Text of a layer's settings for its repr.

Why: `Linear(in_features=3, out_features=4)` is written the same way by every layer.
"""

from __future__ import annotations


def settings(**values: object) -> str:
    """`a=1, b=2` of the given values, in order; those that are None are left out."""
    return ", ".join(f"{key}={value}" for key, value in values.items() if value is not None)
