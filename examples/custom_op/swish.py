"""An operator of one's own, from Python: written once, then it is like any other. See README.md."""

from __future__ import annotations

import numpy as np

import proa
from proa import ir


# The gradient, because we know better than the decomposition: s = sigmoid(beta x) is all it needs.
# It gets the operands, the results and the cotangents of the results, and the attributes by name.
def swish_vjp(x: proa.Tensor, y: proa.Tensor, g: proa.Tensor, beta: float) -> proa.Tensor:
    s = proa.nn.functional.sigmoid(beta * x)
    return g * (s + beta * y * (1 - s))


@ir.register_operator(
    "example.swish",
    operands=[ir.operand("x", dtypes=["float32", "float64"])],
    attrs=[ir.attr("beta", "real", 1.0, lowest=0.0, highest=100.0)],
    samples=[
        ir.ok(ir.tensor(3, 4)),
        ir.ok(ir.tensor(), beta=2.0),
        ir.ok(ir.tensor(2, 0, 5)),
    ],
    wrong=[ir.wrong(ir.tensor(3), beta=-1.0, kind="value", says="in [0, 100]")],
    vjp=swish_vjp,
)
def swish(x: proa.Tensor, beta: float) -> proa.Tensor:
    """x * sigmoid(beta * x), elementwise.

    Source: Ramachandran, Zoph and Le, Searching for Activation Functions (2017).
    """
    return x * proa.nn.functional.sigmoid(beta * x)


# An operator without a vjp: gradients flow through what it is made of. It needs the extent of an
# axis: x.shape has symbols while it is traced, and one graph serves every size.
@ir.register_operator(
    "example.standardize",
    operands=[ir.operand("x", dtypes=["float32", "float64"])],
    attrs=[ir.attr("axis", "axis", -1), ir.attr("epsilon", "real", 1e-5, lowest=0.0)],
    samples=[ir.ok(ir.tensor(2, 5)), ir.ok(ir.tensor(4, 3, 2), axis=1)],
    wrong=[ir.wrong(ir.tensor(3), axis=1, kind="index", says="out of range")],
)
def standardize(x: proa.Tensor, axis: int, epsilon: float) -> proa.Tensor:
    """x less its mean, over its deviation, along an axis."""
    n = x.shape[axis]
    centered = x - x.sum(axis, keepdim=True) / n
    variance = (centered * centered).sum(axis, keepdim=True) / n
    return centered * proa.rsqrt(variance + epsilon)


def main() -> None:
    values = np.linspace(-3, 3, 12).reshape(3, 4)
    x = proa.to_tensor(values, stop_gradient=False)

    # 1. Eagerly. `swish` above is the operator; so is proa.ops.example.swish.
    y = proa.ops.example.swish(x, beta=1.5)
    expected = values / (1 + np.exp(-1.5 * values))
    print("values      differ from NumPy by", abs(y.numpy() - expected).max())
    assert np.allclose(y.numpy(), expected, rtol=1e-13)

    # 2. Its gradient, and the gradient of that: the vjp was traced too.
    (g,) = proa.grad([y.sum()], [x], create_graph=True)
    (h,) = proa.grad([g.sum()], [x])
    step = 1e-5

    def slope(at: np.ndarray) -> np.ndarray:
        up, down = (at + d for d in (step, -step))
        return (up / (1 + np.exp(-1.5 * up)) - down / (1 + np.exp(-1.5 * down))) / (2 * step)

    numeric = (slope(values + step) - slope(values - step)) / (2 * step)
    print("gradient    differs from differences by", abs(g.numpy() - slope(values)).max())
    print("second      differs from differences by", abs(h.numpy() - numeric).max())
    assert np.allclose(g.numpy(), slope(values), atol=1e-8)
    assert np.allclose(h.numpy(), numeric, atol=1e-4)

    # 3. In the IR: it has a text, shapes with symbols, and a decomposition.
    module = ir.parse(
        "func @f(%x: f64[n, m]) {\n"
        "  %0 = example.standardize(%x) {axis = 1}\n"
        "  %1 = example.swish(%0) {beta = 1.5}\n"
        "  return %1\n"
        "}\n"
    )
    print(module)
    (whole,) = ir.execute(module, [x])
    ir.run(module, ["decompose", "canonicalize", "cse"])
    (parts,) = ir.execute(module, [x])
    assert np.array_equal(whole.numpy(), parts.numpy())
    print("decomposed  gives the same bits:", np.array_equal(whole.numpy(), parts.numpy()))

    # 4. Graphs so far: one for each dtype, rank and attributes, none for each size.
    for n in range(2, 50):
        proa.ops.example.standardize(proa.randn([n, n + 1]))
    print("graphs      of standardize:", ir.graphs("example.standardize"))

    # 5. What is wrong is refused in the words of the page.
    try:
        swish(x, beta=-1.0)
    except proa.ProaError as error:
        print("refused    ", error)
    else:
        raise AssertionError("beta = -1 was accepted")


if __name__ == "__main__":
    main()
