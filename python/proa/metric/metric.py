"""The base of the metrics: numbers gathered over batches that say how good a model is."""

from __future__ import annotations

from typing import Any

import numpy as np


class Metric:
    """Base class: `compute` sees a batch, `update` adds it, `accumulate` gives the result.

    Splitting `compute` from `update` lets the first run with the model and the second on the host.
    """

    def __init__(self, name: str | list[str] | None = None) -> None:
        self._name: Any = name if name is not None else type(self).__name__.lower()

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} does not define reset()")

    def update(self, *args: Any) -> Any:
        """Add a batch: what `compute` returned, as arrays or tensors."""
        raise NotImplementedError(f"{type(self).__name__} does not define update()")

    def accumulate(self) -> Any:
        """The metric over all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} does not define accumulate()")

    def name(self) -> Any:
        """The name of the metric, or a list of names where it is several numbers."""
        return self._name

    def compute(self, *args: Any) -> Any:
        """What `update` needs of a batch; as a rule the arguments as they are."""
        return args


def as_array(value: Any) -> Any:
    """A tensor, array or nested list as an array."""
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)
