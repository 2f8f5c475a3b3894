"""A dialect from Python: operators of every kind that a page can describe."""

from __future__ import annotations

import math
from typing import Any

import proa
from proa import ir

WRONG_DTYPE = ir.wrong(ir.tensor(2, dtype="int64"), kind="type", says="dtype")


@ir.register_operator(
    "trial.gelu_tanh",
    operands=["x"],
    aliases=["gelu_fast"],
    samples=[
        ir.ok(ir.tensor()),
        ir.ok(ir.tensor(3, 4)),
        ir.ok(ir.tensor(0, 2)),
        ir.ok(ir.tensor(1)),
    ],
    wrong=[WRONG_DTYPE],
)
def gelu_tanh(x: Any) -> Any:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), elementwise.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016).
    """
    inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
    return x * 0.5 * (proa.tanh(inner) + 1)


CALLS = {"forward": 0, "backward": 0}


def _soft_clip_vjp(x: Any, y: Any, g: Any, limit: float) -> Any:
    CALLS["backward"] += 1
    return g * (1 - (y / limit) ** 2)


@ir.register_operator(
    "trial.soft_clip",
    operands=["x"],
    attrs=[ir.attr("limit", "real", 1.0, lowest=0.125, highest=100)],
    samples=[ir.ok(ir.tensor(5)), ir.ok(ir.tensor(2, 3), limit=2.0)],
    wrong=[ir.wrong(ir.tensor(2), limit=0.0, kind="value", says="in [0.125, 100]"), WRONG_DTYPE],
    vjp=_soft_clip_vjp,
)
def soft_clip(x: Any, limit: float) -> Any:
    """limit * tanh(x / limit), elementwise."""
    CALLS["forward"] += 1
    return limit * proa.tanh(x / limit)


@ir.register_operator(
    "trial.center",
    operands=[ir.operand("x", dtypes=["float32", "float64", "complex128"])],
    attrs=[ir.attr("axis", "axis", -1, aliases=["dim"])],
    samples=[ir.ok(ir.tensor(4)), ir.ok(ir.tensor(2, 3), axis=0), ir.ok(ir.tensor(2, 1, 3))],
    wrong=[
        ir.wrong(ir.tensor(3), axis=1, kind="index", says="out of range"),
        ir.wrong(ir.tensor(), kind="index", says="0-d"),
        WRONG_DTYPE,
    ],
)
def center(x: Any, axis: int) -> Any:
    """x less its mean along an axis."""
    return x - x.sum(axis, keepdim=True) / x.shape[axis]


@ir.register_operator(
    "trial.mix",
    operands=["x", ir.operand("y", number=True)],
    results=2,
    result_names=["total", "difference"],
    samples=[
        ir.ok(ir.tensor(2, 3), ir.tensor(3)),
        ir.ok(ir.tensor(2, 1), ir.tensor(1, 4)),
        ir.ok(ir.tensor(2), 3.0),
    ],
    wrong=[ir.wrong(ir.tensor(2), ir.tensor(3), kind="shape", says="broadcast")],
)
def mix(x: Any, y: Any) -> Any:
    """x + 2 y and x - 3 y."""
    return x + 2 * y, x - 3 * y


@ir.register_operator(
    "trial.steps",
    operands=["x"],
    samples=[ir.ok(ir.tensor(5)), ir.ok(ir.tensor(2, 3)), ir.ok(ir.tensor(1))],
    wrong=[ir.wrong(ir.tensor(), kind="index", says="too many indices"), WRONG_DTYPE],
)
def steps(x: Any) -> Any:
    """x[..., 1:] - x[..., :-1], backwards."""
    return (x[..., 1:] - x[..., :-1])[..., ::-1]


@ir.register_operator(
    "trial.merge",
    operands=["x"],
    samples=[ir.ok(ir.tensor(2, 3, 4)), ir.ok(ir.tensor(2, 1))],
)
def merge(x: Any) -> Any:
    """The first two axes as one, twice as long."""
    n = x.shape[0] * x.shape[1]
    flat = x.reshape([n, *x.shape[2:]])
    return proa.concat([flat, flat]) * (n + 1)


@ir.register_operator(
    "trial.unrolled",
    operands=["x"],
    samples=[ir.ok(ir.tensor(3)), ir.ok(ir.tensor(4, 2))],
)
def unrolled(x: Any) -> Any:
    """A running product along the first axis, written as a loop over its extent."""
    rows, last = [], None
    for i in range(x.shape[0]):
        last = x[i] if last is None else last * x[i]
        rows.append(last)
    return proa.stack(rows)


@ir.register_operator(
    "trial.pick",
    operands=["x", ir.operand("index", dtypes=["int32", "int64"], meets=False)],
    dtypes="promote",
    samples=[
        ir.ok(ir.tensor(4, 2), ir.tensor(3, fill="index", low=0, high=4, dtype="int64")),
    ],
    vjp=lambda x, index, y, g: (proa.zeros_like(x).index_add(index, 0, g), None),
)
def pick(x: Any, index: Any) -> Any:
    """Rows of x."""
    return proa.index_select(x, index, axis=0)


@ir.register_operator(
    "trial.total",
    operands=[ir.operand("xs", variadic=True), ir.operand("bias", optional=True)],
    samples=[
        ir.ok([ir.tensor(2, 3), ir.tensor(3)], None),
        ir.ok([ir.tensor(2)], ir.tensor()),
    ],
)
def total(xs: Any, bias: Any) -> Any:
    """The sum of a list of tensors."""
    out = xs[0]
    for x in xs[1:]:
        out = out + x
    return out if bias is None else out + bias


@ir.register_operator("trial.twice", operands=["x"], samples=[ir.ok(ir.tensor(3))])
def twice(x: Any) -> Any:
    """gelu_tanh of gelu_tanh, and a table from outside."""
    table = proa.to_tensor([1.0, 2.0, 3.0]).cast(x.dtype)
    return proa.ops.trial.gelu_tanh(proa.ops.trial.gelu_tanh(x)) + table


PAGES = ir.pages("trial")
