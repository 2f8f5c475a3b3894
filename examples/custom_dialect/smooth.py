"""The dialect "signal" once more, from Python: one operator and one pass. See README.md.

    python -m proa.ir --load examples/custom_dialect/smooth.py --pass signal-sink-signs \
        examples/custom_dialect/smooth.pir
"""

from __future__ import annotations

import pathlib

import numpy as np

import proa
from proa import ir


# y[i] = (1 - weight) * x[i] + weight * x[i + 1] along an axis.
@ir.register_operator(
    "signal.blend",
    operands=["x"],
    attrs=[
        ir.attr("axis", "axis", -1),
        ir.attr("weight", "real", 0.5, lowest=0.0, highest=1.0),
    ],
    samples=[
        ir.ok(ir.tensor(5), axis=0),
        ir.ok(ir.tensor(3, 4), axis=-1, weight=0.25),
        ir.ok(ir.tensor(1, 2), axis=0),
    ],
    wrong=[
        ir.wrong(ir.tensor(3), axis=1, kind="index", says="out of range"),
        ir.wrong(ir.tensor(3), axis=0, weight=2.0, kind="value", says="in [0, 1]"),
    ],
)
def blend(x: proa.Tensor, axis: int, weight: float) -> proa.Tensor:
    """Mixes neighbours along an axis: y[i] = (1 - weight) * x[i] + weight * x[i + 1]."""
    if not -x.ndim <= axis < x.ndim:
        raise proa.OutOfRangeError(f"[blend] axis: {axis} is out of range for {x.ndim} dims")
    before = (slice(None),) * (axis % x.ndim)
    here, following = x[(*before, slice(None, -1))], x[(*before, slice(1, None))]
    return here * (1 - weight) + following * weight


# blend(neg(x)) -> neg(blend(x)): rounding is symmetric in sign, so not a bit changes.
@ir.pattern("signal.blend", generates=["signal.blend", "prim.neg"])
def sink_sign(op: ir.Operation, rewriter: ir.Rewriter) -> None:
    negation = op.operands[0].definer
    if negation is None or negation.name != "prim.neg":
        return
    rewriter.fuse_locations([negation, op])
    blended = rewriter.create("signal.blend", negation.operands, op.attributes)
    rewriter.replace(op, rewriter.create("prim.neg", [blended]))


@ir.pattern("prim.neg")
def cancel_signs(op: ir.Operation, rewriter: ir.Rewriter) -> None:
    inner = op.operands[0].definer
    if inner is not None and inner.name == "prim.neg":
        rewriter.replace(op, inner.operands)


@ir.register_pass("signal-sink-signs", "moves negations behind signal.blend, where they may cancel")
def sink_signs(module: ir.Module, context: ir.PassContext) -> None:
    ir.rewrite(module, [sink_sign, cancel_signs], context)


def main() -> None:
    text = pathlib.Path(__file__).with_name("smooth.pir").read_text()
    module = ir.parse(text, "smooth.pir")
    x = proa.randn([5, 8])
    (before,) = ir.execute(module, [x])
    report = ir.run(module, ["signal-sink-signs"], timing=True)
    print(module)
    print(report)
    (after,) = ir.execute(module, [x])
    assert np.array_equal(before.numpy(), after.numpy()), "a pass changes no bit"
    names = [op.name for op in module.functions[0].body]
    assert names == ["signal.blend", "signal.blend", "builtin.return"], names


if __name__ == "__main__":
    main()
