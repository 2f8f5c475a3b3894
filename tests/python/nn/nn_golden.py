"""Reads golden.npz, which make_golden.py writes with PyTorch."""

from __future__ import annotations

import functools
import json
import pathlib

import numpy as np


@functools.cache
def _archive():
    with np.load(pathlib.Path(__file__).with_name("golden.npz")) as archive:
        return archive["numbers"], json.loads(str(archive["table"]))


def get(name):
    """The array of this name."""
    numbers, table = _archive()
    place, shape, dtype = table[name]
    size = int(np.prod(shape, dtype=np.int64))
    return numbers[place : place + size].reshape(shape).astype(dtype)


def under(prefix):
    """{rest of the name: array} of all names that start with prefix/."""
    _, table = _archive()
    return {key[len(prefix) + 1 :]: get(key) for key in table if key.startswith(prefix + "/")}


def cases():
    """The names of all cases."""
    return sorted({key.split("/")[0] for key in _archive()[1]})
