"""Operators defined in Python: traced, called, differentiated, printed, decomposed."""

from __future__ import annotations

import importlib
import pickle
import threading
import traceback
from typing import Any

import numpy as np
import pytest
import trial

import proa
from proa import ir

harness = importlib.import_module("test_pages")
wrong_cases = importlib.import_module("test_wrong_cases")
by_page = pytest.mark.parametrize("page", trial.PAGES, ids=lambda p: p["name"])


@by_page
def test_legal_samples_run_in_every_dtype(page: dict[str, Any]) -> None:
    harness.test_legal_samples_run_in_every_dtype(page)


@by_page
def test_wrong_samples_are_refused(page: dict[str, Any]) -> None:
    for index, sample in enumerate(page["wrong"]):
        error = wrong_cases.promised_refusal(page, sample, index)
        assert wrong_cases.message_of(error).startswith("["), error


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@by_page
def test_gradient_is_the_numeric_one(page: dict[str, Any], dtype: str) -> None:
    harness.test_gradient_is_the_numeric_one(page, dtype)


def test_values_against_numpy() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4))
    want = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    got = proa.ops.trial.gelu_tanh(proa.to_tensor(x)).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-14)
    t = proa.to_tensor(x)
    np.testing.assert_allclose(proa.ops.trial.center(t, axis=0).numpy(), x - x.mean(0), atol=1e-15)
    np.testing.assert_allclose(proa.ops.trial.center(t, dim=1).numpy(), x - x.mean(1)[:, None],
                               atol=1e-15)  # fmt: skip
    np.testing.assert_array_equal(proa.ops.trial.steps(t).numpy(), np.diff(x)[:, ::-1])
    np.testing.assert_allclose(
        proa.ops.trial.unrolled(t).numpy(), np.cumprod(x, axis=0), rtol=1e-14
    )
    flat = x.reshape(12)
    np.testing.assert_allclose(
        proa.ops.trial.merge(t).numpy(), np.concatenate([flat, flat]) * 13, rtol=1e-15
    )
    a, b = proa.ops.trial.mix(t, proa.to_tensor(x[0]))
    np.testing.assert_allclose(a.numpy(), x + 2 * x[0])
    np.testing.assert_allclose(b.numpy(), x - 3 * x[0])
    index = proa.to_tensor(np.array([2, 0, 2]))
    np.testing.assert_array_equal(proa.ops.trial.pick(t, index).numpy(), x[[2, 0, 2]])
    np.testing.assert_allclose(proa.ops.trial.total([t, t[0]], None).numpy(), x + x[0])


def test_the_bits_are_those_of_the_same_calls_made_eagerly() -> None:
    x = proa.randn([7, 5])
    inner = (x + x * x * x * 0.044715) * float(np.sqrt(2 / np.pi))
    want = x * 0.5 * (proa.tanh(inner) + 1)
    np.testing.assert_array_equal(proa.ops.trial.gelu_tanh(x).numpy(), want.numpy())


def test_gradients_of_third_order_agree_with_the_formula() -> None:
    x = proa.to_tensor(np.linspace(-1.5, 1.5, 7), stop_gradient=False)
    y = proa.ops.trial.soft_clip(x, limit=2.0)
    for _ in range(3):
        (y,) = proa.grad([y.sum()], [x], create_graph=True)
    t = np.tanh(x.numpy() / 2)
    want = -2 * (1 - t**2) * (1 - 3 * t**2) / 4
    np.testing.assert_allclose(y.numpy(), want, atol=1e-14)


def test_nothing_calls_python_again() -> None:
    shapes = [(5,), (2, 3), (7,), (4, 9), (0,), (3, 0)]
    for shape in shapes:
        proa.ops.trial.soft_clip(proa.ones(shape), limit=1.0 if len(shape) == 1 else 2.0)
    before, graphs = dict(trial.CALLS), ir.graphs("trial.soft_clip")
    errors = []

    def work(limit: float, shape: tuple[int, ...]) -> None:
        try:
            x = proa.ones(shape) * 0.5
            x.stop_gradient = False
            y = proa.ops.trial.soft_clip(x, limit=limit)
            (g,) = proa.grad([y.sum()], [x], create_graph=True)
            g.sum().backward()
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(1.0 if len(s) == 1 else 2.0, s)) for s in shapes * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert before == trial.CALLS
    assert graphs == ir.graphs("trial.soft_clip")


def test_a_form_not_met_is_traced_at_the_call_and_refused_in_a_pass() -> None:
    before = ir.graphs("trial.gelu_tanh")
    x = proa.randn([2, 2, 2, 2])
    assert proa.ops.trial.gelu_tanh(x).shape == [2, 2, 2, 2]
    assert ir.graphs("trial.gelu_tanh") == before + 1
    proa.ops.trial.gelu_tanh(proa.randn([3, 2, 2, 5]))
    assert ir.graphs("trial.gelu_tanh") == before + 1
    # Text brings the form with it; ranks of another size are the same form.
    text = "func @f(%x: f32[a, b, c, d, e]) {\n  %0 = trial.gelu_tanh(%x)\n  return %0\n}"
    module = ir.parse(text)
    assert ir.graphs("trial.gelu_tanh") == before + 2
    ir.run(module, ["decompose"])


def test_a_size_needed_as_a_number_is_traced_by_extents() -> None:
    for n in (2, 3, 5, 3, 2):
        x = np.arange(1.0, n + 1)
        np.testing.assert_allclose(
            proa.ops.trial.unrolled(proa.to_tensor(x)).numpy(), np.cumprod(x)
        )


def test_printed_parsed_decomposed_executed() -> None:
    text = """func @f(%x: f64[n, 3]) {
  %0 = trial.soft_clip(%x) {limit = 2.0}
  %1 = trial.center(%0) {axis = 0}
  return %1
}
"""
    module = ir.parse(text)
    assert "trial.soft_clip(%x) {limit = 2.0}" in module.text()
    assert ir.parse(module.text()).text() == module.text()
    x = proa.randn([4, 3]).cast("float64")
    (before,) = ir.execute(module, [x])
    ir.run(module, ["decompose", "canonicalize", "cse", "dce"])
    assert not [op.name for op in module.walk() if op.name.startswith("trial.")]
    (after,) = ir.execute(module, [x])
    np.testing.assert_array_equal(before.numpy(), after.numpy())
    clipped = 2 * np.tanh(x.numpy() / 2)
    np.testing.assert_allclose(after.numpy(), clipped - clipped.mean(0), atol=1e-15)


def test_the_lines_of_the_body_are_locations() -> None:
    module = ir.parse("func @f(%x: f32[n]) {\n  %0 = trial.gelu_tanh(%x)\n  return %0\n}", "f.pir")
    ir.run(module, ["decompose"])
    places = [op.location for op in module.walk() if op.name == "prim.tanh"]
    assert len(places) == 1
    assert "f.pir:2" in places[0]
    assert "trial.py:" in places[0]


def test_names_documents_and_pickles() -> None:
    op = proa.ops.trial.gelu_tanh
    assert op is proa.ops.trial.gelu_fast
    assert op.__name__ == "trial.gelu_tanh"
    assert "Hendrycks" in op.__doc__
    x = proa.randn([3])
    again = pickle.loads(pickle.dumps(op))
    np.testing.assert_array_equal(again(x).numpy(), op(x).numpy())
    with pytest.raises(AttributeError, match="no operator and no dialect 'nowhere'"):
        _ = proa.ops.nowhere
    with pytest.raises(AttributeError, match="has no operator 'nothing'"):
        _ = proa.ops.trial.nothing
    assert proa.ops.softmax is proa._proa.ops.softmax


def register(name: str, **more: Any) -> Any:
    return ir.register_operator(name, operands=["x"], samples=[ir.ok(ir.tensor(3))], **more)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("gelu", {}, "dialect.operator"),
        ("tensor.mine", {}, "Proa's own"),
        ("trial.gelu_tanh", {}, "registered already"),
        ("trial.no-name", {}, "letters, digits"),
        ("trial.a", {"dtypes": "meet"}, "promote_float"),
        ("trial.a", {"attrs": [ir.attr("k", "whole")]}, "expected one of boolean"),
        ("trial.a", {"attrs": [ir.attr("x", "real", 1.0)]}, "given twice"),
        ("trial.a", {"results": 2}, "the page says 2 results"),
        ("trial.a", {"vjp": lambda x, y: x}, "expected one that takes"),
        ("trial.a", {"vjp": lambda x, y, g: g.sum()}, "the cotangent of operand 0"),
        ("trial.a", {"vjp": lambda x, y, g: (g, g)}, "cotangent"),
        ("trial.a", {"vjp": lambda x, y, g: 3}, "Tensor or None"),
    ],
)
def test_a_wrong_description_is_refused(name: str, more: dict[str, Any], says: str) -> None:
    with pytest.raises(proa.ProaError, match=says):
        register(name, **more)(lambda x, **attrs: x + 1)
    assert "trial.a" not in ir.dialects()["trial"]


BODIES: list[tuple[Any, type[BaseException], str]] = [
    (lambda x: float(x.sum()), proa.StateError, "no values while an operator is traced"),
    (lambda x: x if x.sum() > 0 else -x, proa.StateError, "no values"),
    (lambda x: proa.to_tensor(x.numpy()), proa.StateError, "no values"),
    (lambda x: x.tolist(), proa.StateError, "no values"),
    (lambda x: x.add_(1), proa.StateError, "no values"),
    (lambda x: x.__setitem__(0, 1.0), proa.StateError, "no values"),
    (lambda x: x.detach(), proa.StateError, "no values"),
    (lambda x: np.asarray(x), proa.StateError, "no values"),
    (lambda x: x + proa.rand([3]), proa.NotSupportedError, "random"),
    (lambda x: x[x > 0], proa.NotSupportedError, "mask"),
    (lambda x: x + WANTS, proa.StateError, "requires a gradient"),
    (lambda x: 3.0, proa.DTypeError, "to give Tensors"),
    (lambda x: None, proa.DTypeError, "to give Tensors"),
    (lambda x: 1 / 0, ZeroDivisionError, "division by zero"),
    (lambda x: LEAKED[0] + x, proa.StateError, "another trace|has ended"),
    (lambda x: x + proa.ones([4]), proa.ShapeError, "sample 0"),
]
WANTS = proa.to_tensor([1.0, 2.0, 3.0], stop_gradient=False)
LEAKED: list[proa.Tensor] = []


@pytest.mark.parametrize("case", range(len(BODIES)))
def test_what_cannot_be_traced_says_why(case: int) -> None:
    body, kind, says = BODIES[case]
    if not LEAKED:
        register("trial.leaks")(lambda x: (LEAKED.append(x), x * 2)[1])
    with pytest.raises(kind, match=says) as caught:
        register("trial.b")(lambda x: body(x))
    if kind is ZeroDivisionError:  # the user's own line is in the traceback
        lines = "".join(traceback.format_tb(caught.value.__traceback__))
        assert "1 / 0" in lines
    assert "trial.b" not in ir.dialects()["trial"]


def test_a_leaked_tensor_is_refused_everywhere() -> None:
    if not LEAKED:
        register("trial.leaks")(lambda x: (LEAKED.append(x), x * 2)[1])
    x = LEAKED[0]
    for use in (
        lambda: x + 1, lambda: x.numpy(), lambda: x.shape, lambda: x[0], lambda: repr(x),
        lambda: len(x), lambda: list(x), lambda: x.clone(), lambda: bool(x), lambda: x.strides,
        lambda: memoryview(x), lambda: pickle.dumps(x), lambda: x.data_ptr(), lambda: x.data,
        lambda: proa.stack([x, x]), lambda: x.__dlpack__(), lambda: x.is_contiguous(),
    ):  # fmt: skip
        with pytest.raises((proa.StateError, BufferError)):
            use()


def test_an_operator_without_a_gradient_says_why() -> None:
    op = register("trial.steep", not_differentiable="it is a staircase")(lambda x: x.floor())
    x = proa.to_tensor([1.5, 2.5, 3.5], stop_gradient=False)
    with pytest.raises(proa.NotSupportedError, match="it is a staircase"):
        op(x).sum().backward()


def test_a_body_speaks_the_meaning_of_proa_whoever_calls() -> None:
    import proa.torch

    values = np.arange(24.0).reshape(4, 3, 2)
    op = register("trial.turned")(lambda x: x.transpose(list(range(x.ndim))[::-1]))
    y = op(proa.torch.tensor(values))
    assert isinstance(y, proa.torch.Tensor)
    np.testing.assert_array_equal(y.numpy(), values.transpose())


def test_amp_and_modes_do_not_leak_into_a_trace() -> None:
    with proa.amp.auto_cast(dtype="bfloat16", level="O2"):
        op = register("trial.plain")(lambda x: x @ x)
    x = proa.randn([3])
    np.testing.assert_array_equal(op(x).numpy(), (x @ x).numpy())
