"""Operands of which one extent is one longer or shorter than those of the calls before.

Eager calls and captured functions, which both serve many sizes by one program, against a graph
whose sizes are numbers: the same bits, or the same refusal.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from proa.jit import to_static
from samples import PAGES, call, default_dtype, operands_of, outcome

import proa


def one_off(tensors: list[proa.Tensor]) -> Iterator[list[proa.Tensor]]:
    for i, tensor in enumerate(tensors):
        values = tensor.numpy()
        for axis, extent in enumerate(tensor.shape):
            for size in (extent + 1, extent - 1):
                if size < 0:
                    continue
                if extent == 0:
                    other = np.ones([*values.shape[:axis], 1, *values.shape[axis + 1 :]])
                else:
                    other = np.take(values, np.arange(size) % extent, axis=axis)
                made = proa.to_tensor(np.ascontiguousarray(other)).astype(tensor.dtype)
                yield [*tensors[:i], made, *tensors[i + 1 :]]


@pytest.mark.parametrize("page", [p for p in PAGES if not p["random"]], ids=lambda p: p["name"])
def test_one_program_for_many_sizes_answers_as_one_for_each(page):
    for sample in (*page["samples"], *page["wrong"]):
        try:
            operands = operands_of(page, sample, default_dtype(page), 0)
        except proa.ProaError:
            continue  # a wrong sample that cannot be made
        operands = {k: v for k, v in operands.items() if k not in sample["attrs"]}
        names = [k for k, v in operands.items() if isinstance(v, proa.Tensor)]
        tensors = [operands[k] for k in names]

        def eager(*given, operands=operands, names=names, attrs=sample["attrs"]):
            return call(page, {**operands, **dict(zip(names, given, strict=True))}, attrs)

        captured = to_static(lambda *given, eager=eager: eager(*given))
        for given in (tensors, *one_off(tensors), tensors):
            numbers = outcome(to_static(lambda given=given, eager=eager: eager(*given)))
            case = (sample["attrs"], [list(t.shape) for t in given])
            assert outcome(eager, *given) == numbers, case
            assert outcome(captured, *given) == numbers, case
