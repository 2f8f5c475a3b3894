"""Passes and patterns from Python, pipelines, and the command line."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import traceback
from typing import Any

import pytest

import proa
from proa import ir

TEXT = """func @f(%x: f32[n]) {
  %0 = prim.neg(%x)
  %1 = prim.neg(%0)
  %2 = tensor.exp(%1)
  %3 = tensor.exp(%1)
  %4 = tensor.add(%2, %3)
  return %4
}
"""
KEPT: list[Any] = []


@ir.pattern("prim.neg", benefit=2)
def cancel(op: ir.Operation, rewriter: ir.Rewriter) -> None:
    inner = op.operands[0].definer
    if inner is not None and inner.name == "prim.neg":
        rewriter.replace(op, inner.operands)


@ir.pattern("tensor.exp", generates=["tensor.add"])
def never(op: ir.Operation, rewriter: ir.Rewriter) -> None:
    return None


@ir.register_pass("trial-cancel", "two negations cancel", {"loud": ("false", "report it")})
def cancel_pass(module: ir.Module, context: ir.PassContext) -> None:
    result = ir.rewrite(module, [cancel, never], context)
    context.count("cancelled", result.rewrites)
    if context.option("loud") == "true":
        context.report("cancelled some")
    KEPT[:] = [module, context]


@ir.register_pass("trial-fails", "always fails")
def failing(module: ir.Module, context: ir.PassContext) -> None:
    raise LookupError("nothing here")


@ir.register_pass("trial-breaks", "leaves a use in front of its definition")
def breaking(module: ir.Module, context: ir.PassContext) -> None:
    ops = module.functions[0].body.operations
    ops[0].set_operand(0, ops[1].result)


def names(module: ir.Module) -> list[str]:
    return [op.name for op in module.functions[0].body]


def test_passes_of_both_languages_in_one_pipeline() -> None:
    module = ir.parse(TEXT)
    dumps: list[str] = []
    report = ir.run(
        module, ["trial-cancel{loud=true}", "cse", "cse"], timing=True, dump_changed=dumps.append
    )
    assert names(module) == ["tensor.exp", "tensor.add", "builtin.return"]
    first, second, third = report.records
    assert (first.name, first.changed, second.changed, third.changed) == (
        "trial-cancel", True, True, False
    )  # fmt: skip
    assert first.statistics["cancelled"] == first.statistics["rewrites"] == 1
    assert first.reports == ["cancelled some"]
    assert first.seconds > 0
    assert len(dumps) == 2
    assert dumps[0].startswith("// ---- after trial-cancel")
    assert "trial-cancel" in report.table
    info = {p.name: p for p in ir.passes()}["trial-cancel"]
    assert info.purpose == "two negations cancel"
    assert info.options == {"loud": ("false", "report it")}
    with pytest.raises(proa.StateError, match="has ended"):
        KEPT[1].report("late")
    assert KEPT[0].alive


def test_an_exception_passes_through_with_its_traceback(tmp_path: pathlib.Path) -> None:
    module, place = ir.parse(TEXT), tmp_path / "reproducer.pir"
    with pytest.raises(LookupError, match="nothing here") as caught:
        ir.run(module, "trial-cancel,trial-fails,cse", reproducer=str(place))
    assert 'raise LookupError("nothing here")' in "".join(
        traceback.format_tb(caught.value.__traceback__)
    )
    assert "in pass 'trial-fails'" in getattr(caught.value, "__notes__", ["in pass 'trial-fails'"])
    text = place.read_text()
    assert ir.replay(text) == "trial-fails,cse"
    assert names(ir.parse(text)) == names(module)
    with pytest.raises(proa.ArgumentValueError, match="no reproducer"):
        ir.replay(TEXT)


def test_a_pass_that_leaves_a_wrong_module_is_found() -> None:
    with pytest.raises(proa.InternalError, match="trial-breaks"):
        ir.run(ir.parse(TEXT), "trial-breaks")


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [("trial-cancle", "did you mean 'trial-cancel'"), ("cse{", "expected"),
     ("trial-cancel{silent=1}", "no such option")],
)  # fmt: skip
def test_wrong_pipelines(pipeline: str, says: str) -> None:
    with pytest.raises(proa.ProaError, match=says):
        ir.run(ir.parse(TEXT), pipeline)


def test_wrong_registrations() -> None:
    with pytest.raises(proa.ArgumentValueError, match="twice"):
        ir.register_pass("cse", "mine")(lambda module, context: None)
    with pytest.raises(proa.ArgumentValueError, match="lower-case"):
        ir.register_pass("My Pass", "mine")(lambda module, context: None)


def test_the_budget_stops_patterns_that_undo_each_other() -> None:
    @ir.pattern("tensor.sin", generates=["tensor.cos"])
    def there(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        rewriter.replace(op, rewriter.create("tensor.cos", op.operands))

    @ir.pattern("tensor.cos", generates=["tensor.sin"])
    def back(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        rewriter.replace(op, rewriter.create("tensor.sin", op.operands))

    text = "func @f(%x: f32[n]) {\n  %0 = tensor.sin(%x)\n  return %0\n}"
    result = ir.rewrite(ir.parse(text), [there, back], budget=20)
    assert not result.converged
    assert result.rewrites == 20
    assert "there (10)" in result.reports[0]
    with pytest.raises(proa.InternalError, match="budget of 20"):
        ir.rewrite(ir.parse(text), [there, back], budget=20, strict=True)


def test_benefit_decides_and_generates_binds() -> None:
    seen: list[str] = []

    @ir.pattern("tensor.exp", benefit=1)
    def low(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        seen.append("low")

    @ir.pattern("tensor.exp", benefit=5)
    def high(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        seen.append("high")

    ir.rewrite(ir.parse(TEXT), [low, high])
    assert seen[:2] == ["high", "low"]

    @ir.pattern("tensor.exp")
    def undeclared(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        rewriter.replace(op, rewriter.create("tensor.sin", op.operands))

    with pytest.raises(proa.InternalError, match="does not declare"):
        ir.rewrite(ir.parse(TEXT), [undeclared])
    with pytest.raises(proa.ProaError, match="tensor.nosuch"):
        ir.rewrite(ir.parse(TEXT), [ir.pattern("tensor.nosuch")(low.apply)])


def test_a_pattern_cannot_go_behind_the_drivers_back() -> None:
    caught: list[str] = []
    kept: list[ir.Rewriter] = []

    @ir.pattern("tensor.exp", generates=["tensor.exp"])
    def sly(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        kept.append(rewriter)
        for wrong in (
            lambda: op.erase(),
            lambda: op.set_operand(0, op.operands[0]),
            lambda: op.result.replace_uses(op.operands[0]),
            lambda: ir.Builder(op).create("tensor.exp", op.operands),
            lambda: ir.run(module, "cse"),
            lambda: ir.rewrite(module, [sly]),
            lambda: rewriter.erase(op),
            lambda: rewriter.replace(op, op),
            lambda: rewriter.replace(op, []),
            lambda: rewriter.replace(op, other.functions[0].arguments[0]),
            lambda: rewriter.erase(module.op),
        ):
            with pytest.raises(proa.ProaError) as error:
                wrong()
            caught.append(str(error.value))

    module, other = ir.parse(TEXT), ir.parse(TEXT)
    before = module.text()
    ir.rewrite(module, [sly])
    assert len(caught) == 22
    assert module.text() == before
    with pytest.raises(proa.StateError, match="has ended"):
        kept[0].create("tensor.exp", [])

    @ir.pattern("tensor.exp")
    def raising(op: ir.Operation, rewriter: ir.Rewriter) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ir.rewrite(module, [raising])
    module.functions[0].body.operations[0].set_operand(0, module.functions[0].arguments[0])


def command(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proa.ir", *words],
        input=text,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_line(tmp_path: pathlib.Path) -> None:
    more = tmp_path / "more.py"
    more.write_text(
        "from proa import ir\n"
        "@ir.register_pass('mine-clear', 'drops what is dead')\n"
        "def clear(module, context):\n"
        "    ir.rewrite(module, [])\n"
        "@ir.register_operator('mine.double', operands=['x'], samples=[ir.ok(ir.tensor(2))])\n"
        "def double(x):\n"
        "    return x + x\n"
        "@ir.register_pass('mine-fails', 'fails')\n"
        "def fails(module, context):\n"
        "    raise ValueError('in the file')\n"
    )
    text = "func @f(%x: f32[n]) {\n  %0 = tensor.exp(%x)\n  %1 = mine.double(%x)\n  return %1\n}"
    done = command("--load", str(more), "--pass", "mine-clear", "--pass", "decompose",
                   "--timing", "--dump-changed", text=text)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "prim.add" in done.stdout
    assert "exp" not in done.stdout
    assert "mine-clear" in done.stderr
    assert "// ---- after mine-clear" in done.stderr
    listed = command("--load", str(more), "--list-passes", "--list-ops")
    assert "mine-clear" in listed.stdout
    assert "mine.double" in listed.stdout
    wrong = command("--pass", "nosuch", text=text)
    assert (wrong.returncode, "nosuch" in wrong.stderr or "mine" in wrong.stderr) == (1, True)
    assert "Traceback" not in wrong.stderr
    assert command("--nosuch").returncode == 2
    shown = command("--help")
    assert shown.returncode == 0
    assert "--load" in shown.stdout
    failed = command("--load", str(more), "--pass", "mine-fails", text=text)
    assert failed.returncode == 1
    assert "in the file" in failed.stderr
