"""Modules as objects: what can be read and changed, and that no handle outlives its operation."""

from __future__ import annotations

import gc
import random
from typing import Any

import numpy as np
import pytest

import proa
from proa import ir

TEXT = """func @f(%x: f32[n, 4], %y: f32[4]) {
  %0 = tensor.add(%x, %y)
  %1 = tensor.softmax(%0) {axis = -1}
  %2 = prim.neg(%1)
  return %2
}
"""


def names(module: ir.Module) -> list[str]:
    return [op.name for op in module.functions[0].body]


def test_everything_that_can_be_read() -> None:
    module = ir.parse(TEXT, "model.pir")
    (function,) = module.functions
    assert function.name == "f"
    assert [str(a.type) for a in function.arguments] == ["float32[n, 4]", "float32[4]"]
    add, softmax, neg, back = function.body.operations
    assert (add.name, softmax.name, neg.name) == ("tensor.add", "tensor.softmax", "prim.neg")
    assert add.operands == function.arguments
    assert softmax.operands == [add.result]
    assert softmax.attributes == {"axis": -1}
    assert neg.location == "model.pir:4:3"
    assert "terminator" in back.traits
    assert "pure" in neg.traits
    assert add.result.uses == [(softmax, 0)]
    assert add.result.definer == add
    assert function.arguments[0].definer is None
    assert add.next == softmax
    assert neg.previous == softmax
    assert add.parent == function.op
    assert function.op.parent == module.op
    assert module.op.parent is None
    n, four = add.result.dims
    assert str(n) == "n"
    assert four == 4
    assert isinstance(n, ir.Dim)
    assert (str(n + 1), str(2 * n), str(n // 2), str(n % 2)) == (
        "n + 1", "2*n", "n floordiv 2", "n mod 2"
    )  # fmt: skip
    assert add.result.dtype == proa.float32
    assert [op.name for op in module.walk()][0] == "builtin.module"
    assert len({add, softmax, neg, add.operands[0], add}) == 4
    assert ir.parse(module.text()).text() == module.text()


def test_parse_errors_have_line_and_column() -> None:
    with pytest.raises(proa.ProaError, match=r"bad.pir:2:\d+"):
        ir.parse("func @f(%x: f32[3]) {\n  %0 = tensor.nosuch(%x)\n  return %0\n}", "bad.pir")


def test_builder_replace_erase_execute() -> None:
    module = ir.parse(TEXT)
    _, softmax, neg, back = module.functions[0].body.operations
    twice = ir.Builder(neg).create("tensor.multiply", [softmax, softmax])
    neg.replace(twice.result)
    assert names(module) == ["tensor.add", "tensor.softmax", "tensor.multiply", "builtin.return"]
    assert "test_structure.py:" in twice.location
    module.verify()
    x, y = np.random.default_rng(0).standard_normal((5, 4)).astype("f4"), np.ones(4, "f4")
    (z,) = ir.execute(module, [x, y])
    e = np.exp(x + y - (x + y).max(-1, keepdims=True))
    np.testing.assert_allclose(z.numpy(), (e / e.sum(-1, keepdims=True)) ** 2, rtol=1e-5)
    softmax.set_attribute("axis", 0)
    (z,) = ir.execute(module, [x, y])
    e = np.exp(x + y - (x + y).max(0))
    np.testing.assert_allclose(z.numpy(), (e / e.sum(0)) ** 2, rtol=1e-5)
    assert back.alive


def test_results_of_execute_are_the_callers_own() -> None:
    module = ir.parse("func @f(%x: f32[n]) {\n  return %x, %x\n}")
    x = proa.ones([3])
    a, b = ir.execute(module, [x])
    a[0] = 5.0
    assert x.tolist() == b.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([np.ones((2, 4), "f4")], "expected 2 tensors, got 1"),
        ([proa.ones([2, 4]).cast("float64"), np.ones(4, "f4")], "expected f32"),
        ([np.ones((2, 5), "f4"), np.ones(4, "f4")], "input 0"),
        ([np.ones((2, 4), "f4"), np.ones((4, 1), "f4")], "input 1"),
    ],
)
def test_wrong_inputs_are_named(inputs: list[Any], says: str) -> None:
    with pytest.raises(proa.ProaError, match=says):
        ir.execute(ir.parse(TEXT), inputs)


def test_sizes_that_belong_together_are_checked() -> None:
    module = ir.parse("func @f(%x: f32[n], %y: f32[n + 1]) {\n  return %x, %y\n}")
    ir.execute(module, [np.ones(2, "f4"), np.ones(3, "f4")])
    with pytest.raises(proa.ShapeError, match="n \\+ 1"):
        ir.execute(module, [np.ones(2, "f4"), np.ones(2, "f4")])


def test_wrong_changes_are_refused_and_change_nothing() -> None:
    module, other = ir.parse(TEXT), ir.parse(TEXT)
    before = module.text()
    add, softmax, neg, back = module.functions[0].body.operations
    foreign = other.functions[0].body.operations[0].result
    build = ir.Builder(neg)
    for wrong in (
        lambda: add.erase(),
        lambda: back.erase(),
        lambda: module.op.erase(),
        lambda: neg.replace([]),
        lambda: neg.replace(neg.result),
        lambda: neg.set_operand(0, neg.result),
        lambda: neg.set_operand(1, add.result),
        lambda: neg.set_operand(0, foreign),
        lambda: softmax.set_attribute("axis", 7),
        lambda: softmax.set_attribute("axis", "last"),
        lambda: softmax.set_attribute("no_such", 1),
        lambda: add.result.replace_uses(module.functions[0].arguments[1]),
        lambda: build.create("tensor.nosuch", [add]),
        lambda: build.create("tensor.softmax", []),
        lambda: build.create("tensor.softmax", [add, add]),
        lambda: build.create("tensor.softmax", [foreign]),
        lambda: build.create("tensor.softmax", ["x"]),
        lambda: build.create("tensor.softmax", [add], {"axis": 9}),
        lambda: build.create("builtin.return", [add]),
        lambda: ir.Builder(module.op),
    ):
        with pytest.raises(proa.ProaError) as caught:
            wrong()
        assert not isinstance(caught.value, proa.InternalError), caught.value
        assert module.text() == before


def test_a_handle_to_an_erased_operation_raises() -> None:
    module = ir.parse(TEXT)
    *_, neg, back = module.functions[0].body.operations
    softmax = neg.previous
    assert softmax is not None
    value, uses = neg.result, neg.operands
    back.set_operand(0, softmax.result)
    neg.erase()
    for late in (
        lambda: neg.name, lambda: neg.operands, lambda: neg.attributes, lambda: neg.parent,
        lambda: neg.text(), lambda: neg.erase(), lambda: value.type, lambda: value.uses,
        lambda: neg.set_attribute("a", 1), lambda: ir.Builder(neg), lambda: list(neg.walk()),
    ):  # fmt: skip
        with pytest.raises(proa.StateError, match="erased"):
            late()
    assert not neg.alive
    assert repr(neg) == "<Operation, erased>"
    assert uses == [softmax.result]


def test_handles_keep_their_module() -> None:
    op = ir.parse(TEXT).functions[0].body.operations[1]
    gc.collect()
    assert op.name == "tensor.softmax"
    assert "tensor.softmax" in op.text()


@pytest.mark.parametrize("seed", range(12))
def test_no_handle_ever_crashes(seed: int) -> None:
    """Random reads and changes through handles of any age, with passes in between."""
    draw = random.Random(seed)
    module = ir.parse(TEXT)
    handles: list[Any] = []
    errors = 0

    def collect() -> None:
        for op in module.walk():
            handles.extend([op, *op.operands, *op.results])
            for region in op.regions:
                handles.extend(region.blocks)

    def some(kind: type) -> Any:
        return draw.choice([h for h in handles if isinstance(h, kind)])

    def act() -> None:
        op, value, block = some(ir.Operation), some(ir.Value), some(ir.Block)
        attribute = draw.choice(["axis", "name", "segments", "zz"])
        actions = [
            lambda: (op.name, op.operands, op.results, op.attributes, op.regions, op.location),
            lambda: (op.parent, op.block, op.next, op.previous, op.traits),
            lambda: (op.text(), list(op.walk())),
            lambda: (value.type, value.definer, value.index, value.uses),
            lambda: (block.arguments, block.operations, block.parent),
            lambda: op.erase(),
            lambda: op.replace([some(ir.Value)]),
            lambda: op.set_operand(draw.randrange(3), value),
            lambda: op.set_attribute(attribute, draw.choice([0, 1, None, "s", [1]])),
            lambda: value.replace_uses(some(ir.Value)),
            lambda: ir.Builder(draw.choice([op, block])).create("prim.neg", [value]),
            lambda: ir.Builder(op).create("tensor.add", [value, some(ir.Value)]),
            lambda: repr((op, value)),
            lambda: hash((op, value, block)),
        ]
        draw.choice(actions)()

    collect()
    for step in range(300):
        try:
            act()
        except (proa.ProaError, IndexError) as error:
            errors += 1
            assert not isinstance(error, proa.InternalError), error
        if step % 25 == 24:
            try:
                module.verify()
                ir.run(module, draw.choice(["dce", "cse", "canonicalize", "decompose"]))
            except proa.ProaError:  # an order that no longer holds: start again, handles stay
                module = ir.parse(TEXT)
            collect()
    assert errors > 0


def test_dialects_and_pages() -> None:
    dialects = ir.dialects()
    assert {"builtin", "prim", "tensor"} <= set(dialects)
    assert "prim.add" in dialects["prim"]
    assert {p["full_name"] for p in ir.pages("prim")} == set(dialects["prim"])
