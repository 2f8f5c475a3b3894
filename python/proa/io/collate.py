"""Collation: from a list of samples to one batch, and from arrays to tensors.

Batches are made of NumPy arrays until they reach the main process: a worker never needs the
tensor library, and arrays travel through shared memory as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import proa
from proa.refusal import type_error, value_error

Leaf = Callable[[Any], Any]


def default_collate_fn(batch: Sequence[Any]) -> Any:
    """Stack the samples field by field.

    Arrays, tensors and numbers get a new first dim; strings stay a list; dicts, lists and tuples
    are collated within.
    """
    first = batch[0]
    if isinstance(first, np.ndarray):
        return stack(batch)
    if isinstance(first, proa.Tensor):
        return proa.stack(list(batch))
    if isinstance(first, (bool, int, float, complex, np.generic)):
        return np.array(batch)
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate_fn([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) != 1:
            raise value_error(
                f"[default_collate_fn] batch: expected samples of one length, got {sorted(lengths)}"
            )
        return [default_collate_fn(list(field)) for field in zip(*batch)]
    raise type_error(
        "[default_collate_fn] batch: expected samples of arrays, tensors, numbers, strings, dicts "
        f"or lists, got {type(first).__name__}"
    )


def default_convert_fn(sample: Any) -> Any:
    """A sample as it is: what the loader uses where it makes no batches."""
    return sample


def stack(arrays: Sequence[Any]) -> Any:
    shapes = {np.shape(array) for array in arrays}
    if len(shapes) != 1:
        raise value_error(
            f"[default_collate_fn] batch: expected arrays of one shape, got {sorted(shapes)}"
        )
    return np.stack(arrays)


def map_leaves(function: Leaf, nest: Any) -> Any:
    """`nest` with `function` applied to everything that is not a dict, list or tuple."""
    if isinstance(nest, Mapping):
        return {key: map_leaves(function, value) for key, value in nest.items()}
    if isinstance(nest, tuple) and hasattr(nest, "_fields"):
        return type(nest)(*(map_leaves(function, value) for value in nest))
    if isinstance(nest, (list, tuple)):
        return type(nest)(map_leaves(function, value) for value in nest)
    return function(nest)


def to_tensors(nest: Any) -> Any:
    """`nest` with a tensor in the place of every array."""
    return map_leaves(as_tensor, nest)


def as_tensor(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biufc":
        return proa.to_tensor(leaf)
    return leaf
