"""Control flow on tensors: the chosen branch runs alone, and gradients are of what ran."""

import numpy as np
import pytest
from proa.static import nn

import proa


def leaf(value=2.0):
    x = proa.to_tensor(value, dtype="float64")
    x.stop_gradient = False
    return x


def never():
    raise AssertionError("the other branch ran")


def yes(value=True):
    return proa.to_tensor([value])


def test_cond_runs_one_branch_only():
    x = leaf()
    y = nn.cond(x > 1.0, lambda: x * x, never)
    assert float(y) == 4.0
    y = nn.cond(x < 1.0, never, lambda: (x * 3.0, x))
    assert float(y[0]) == 6.0
    assert nn.cond(x < 1.0, never) is None
    assert nn.cond(x > 1.0, None, never) is None
    assert nn.cond(True, lambda: 1, never) == 1


def test_cond_has_the_gradient_of_what_ran_to_the_third_order():
    for value, expected in ((2.0, [12.0, 12.0, 6.0]), (-2.0, [2.0, 0.0, 0.0])):
        x = leaf(value)
        y = nn.cond(x > 0.0, lambda x=x: x * x * x, lambda x=x: x * 2.0)
        for want in expected:
            (y,) = proa.grad([y], [x], create_graph=True, allow_unused=True)
            if y is None:
                assert want == 0
                break
            assert float(y) == want
            if y.stop_gradient:
                break


def test_conds_stand_in_each_other():
    def sign(x):
        return nn.cond(x > 0.0, lambda: 1, lambda: nn.cond(x < 0.0, lambda: -1, lambda: 0))

    assert [sign(leaf(v)) for v in (3.0, -3.0, 0.0)] == [1, -1, 0]


def test_while_loop_repeats_until_the_condition_fails():
    i = proa.to_tensor(0)
    n, total = nn.while_loop(
        lambda i, s: i < 5, lambda i, s: [i + 1, s + i.astype("float64")], [i, leaf(0.0)]
    )
    assert int(n) == 5
    assert float(total) == 10.0
    assert int(i) == 0  # what came in is not written to
    (same,) = nn.while_loop(lambda i: i < 0, never, (i,))
    assert int(same) == 0


def test_while_loop_has_gradients():
    x = leaf(1.1)
    i, y = nn.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * a), [proa.to_tensor(0), x])
    expected, power = [], 8.0
    factor = 1.0
    for order in range(3):
        factor *= power - order
        expected.append(factor * 1.1 ** (power - order - 1))
    for want in expected:
        (y,) = proa.grad([y], [x], create_graph=True)
        np.testing.assert_allclose(float(y), want, rtol=1e-12)


def test_while_loop_takes_nests_and_single_values():
    state = {"a": proa.to_tensor(1.0), "b": [proa.to_tensor(2.0)]}
    i, out = nn.while_loop(
        lambda i, s: i < 2,
        lambda i, s: (i + 1, {"a": s["a"] + s["b"][0], "b": s["b"]}),
        [proa.to_tensor(0), state],
    )
    assert float(out["a"]) == 5.0
    (k,) = nn.while_loop(lambda k: k < 7, lambda k: k + 2, [proa.to_tensor(0)])
    assert int(k) == 8


def test_case_takes_the_first_that_holds():
    x = leaf(0.3)
    pairs = [(x > 1.0, never), (x > 0.1, lambda: "b"), (x > 0.0, never)]
    assert nn.case(pairs, default=never) == "b"
    assert nn.case([(x > 1.0, never)], default=lambda: "d") == "d"
    assert nn.case([(x > 1.0, never), (x > 2.0, lambda: "last")]) == "last"


def test_switch_case_takes_a_number():
    table = {1: lambda: "one", 4: lambda: "four"}
    assert nn.switch_case(proa.to_tensor(1), table, default=never) == "one"
    assert nn.switch_case(proa.to_tensor([4], dtype="int32"), table) == "four"
    assert nn.switch_case(proa.to_tensor(2), table) == "four"
    assert nn.switch_case(proa.to_tensor(2), table, default=lambda: "none") == "none"
    assert nn.switch_case(proa.to_tensor(1), [never, lambda: "b"]) == "b"
    assert nn.switch_case(0, [(0, lambda: "a"), (9, never)]) == "a"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.cond(1.0, never), TypeError, "pred: expected a bool tensor"),
        (lambda: nn.cond(proa.ones([1]), never), TypeError, "pred: expected dtype bool"),
        (lambda: nn.cond(proa.ones([2]) > 0, never), ValueError, "one element, got shape"),
        (lambda: nn.cond(yes(), 3), TypeError, "true_fn: expected a callable, got int"),
        (lambda: nn.cond(yes(False), never, 3), TypeError, "false_fn: expected a callable"),
        (lambda: nn.cond(None, never), TypeError, "NoneType"),
        (lambda: nn.while_loop(3, never, [1]), TypeError, "cond: expected a callable"),
        (lambda: nn.while_loop(never, 3, [1]), TypeError, "body: expected a callable"),
        (lambda: nn.while_loop(never, never, []), ValueError, "at least one"),
        (lambda: nn.while_loop(never, never, 3), TypeError, "a list or tuple, got int"),
        (lambda: nn.while_loop(lambda i: i, never, [proa.ones([1])]), TypeError, "dtype bool"),
        (lambda: nn.while_loop(lambda i: yes(), lambda i: (i, i), [1]), ValueError, "got 2"),
        (lambda: nn.case([]), ValueError, "at least one pair"),
        (lambda: nn.case(3), TypeError, "list or tuple of pairs"),
        (lambda: nn.case([yes()]), TypeError, r"\(predicate, function\)"),
        (lambda: nn.case([(yes(), 3)]), TypeError, "expected a callable, got int"),
        (lambda: nn.case([(3, never)]), TypeError, "bool tensor"),
        (lambda: nn.case([(yes(), never)], 3), TypeError, "default: expected a callable"),
        (lambda: nn.switch_case(proa.ones([1]), [never]), TypeError, "uint8, int32 or int64"),
        (lambda: nn.switch_case("1", [never]), TypeError, "got str"),
        (lambda: nn.switch_case(proa.to_tensor([1, 2]), [never]), ValueError, "one element"),
        (lambda: nn.switch_case(1, 3), TypeError, "a dict, list or tuple"),
        (lambda: nn.switch_case(1, {}), ValueError, "at least one function"),
        (lambda: nn.switch_case(1, [(1, never), (1, never)]), ValueError, "twice"),
        (lambda: nn.switch_case(1, [("a", never)]), TypeError, "integer index, got str"),
        (lambda: nn.switch_case(1, [(1, never, 2)]), TypeError, r"\(index, function\)"),
        (lambda: nn.switch_case(1, {1: never}, 3), TypeError, "default"),
    ],
)
def test_wrong_arguments_are_named(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_paddles_signatures():
    import inspect

    names = {f: list(inspect.signature(getattr(nn, f)).parameters) for f in nn.__all__}
    assert names == {
        "cond": ["pred", "true_fn", "false_fn", "name", "return_names"],
        "while_loop": ["cond", "body", "loop_vars", "is_test", "name"],
        "case": ["pred_fn_pairs", "default", "name"],
        "switch_case": ["branch_index", "branch_fns", "default", "name"],
    }
    assert proa.static.nn is nn
