"""Sequential, LayerList, LayerDict, ParameterList and ParameterDict."""

from __future__ import annotations

import collections

import pytest

import proa
from proa import nn


def layers(count):
    return [nn.Linear(1, 1) for _ in range(count)]


def test_sequential_spellings():
    a, b = layers(2)
    named = collections.OrderedDict([("first", a), ("second", b)])
    for made in (
        nn.Sequential(named),
        nn.Sequential(("first", a), ("second", b)),
        nn.Sequential([("first", a), ("second", b)]),
    ):
        assert list(made._sub_layers) == ["first", "second"] and made["second"] is b
    plain = nn.Sequential(a, b)
    assert plain[-1] is b and len(plain) == 2 and list(plain) == [a, b]
    assert list(nn.Sequential([a, b])) == [a, b]
    assert isinstance(plain[:1], nn.Sequential) and list(plain[:1]) == [a]
    x = proa.ones([1, 1])
    assert plain(x).item() == b(a(x)).item()
    plain[0] = b
    assert plain[0] is b
    del plain[1]
    assert len(plain) == 1 and plain.append(a)[1] is a
    with pytest.raises(IndexError, match=r"\[Sequential\] index: expected -2..1, got 2"):
        plain[2]
    with pytest.raises(ValueError, match="expected one of"):
        plain["none"]
    with pytest.raises(ValueError, match="expected a Layer"):
        nn.Sequential(3)


def test_layer_list():
    a, b, c = layers(3)
    made = nn.LayerList([a, b])
    made.append(c)
    assert list(made) == [a, b, c] and made[-1] is c and len(made) == 3 and b in made
    made.insert(0, c)
    assert made[0] is c and [n for n, _ in made.named_children()] == ["0", "1", "2"]
    del made[0]
    assert list(made) == [a, b, c] and list(made[1:]) == [b, c]
    made[1] = a
    assert made[1] is a
    assert list(nn.LayerList([a]) + [b]) == [a, b]
    made += [b]
    assert len(made) == 4 and made.pop() is b and len(made) == 3
    del made[:2]
    assert list(made) == [c] and set(made.state_dict()) == {"0.weight", "0.bias"}
    with pytest.raises(IndexError, match="LayerList"):
        made[5]
    with pytest.raises(IndexError, match="LayerList"):
        made.insert(9, a)
    with pytest.raises(ValueError, match="expected a Layer"):
        made.append("layer")
    with pytest.raises(ValueError, match="an int or a slice"):
        made["0"]


def test_layer_dict():
    a, b = layers(2)
    made = nn.LayerDict({"x": a})
    made["y"] = b
    assert list(made) == ["x", "y"] and made["y"] is b and "x" in made and len(made) == 2
    assert list(made.keys()) == ["x", "y"] and list(made.values()) == [a, b]
    assert list(made.items()) == [("x", a), ("y", b)]
    assert made.pop("x") is a and list(made) == ["y"]
    made.update([("y", a), ("z", b)])
    assert made["y"] is a and list(nn.LayerDict(made)) == ["y", "z"]
    del made["z"]
    made.clear()
    assert len(made) == 0 and repr(made) == "LayerDict()"
    with pytest.raises(KeyError, match="LayerDict"):
        made["x"]
    for bad in (3, ["xy"], [("a", "b", "c")]):
        with pytest.raises(ValueError, match="pairs"):
            nn.LayerDict(bad)


def test_parameter_list_and_dict():
    p, q = nn.Parameter(proa.ones([2])), nn.Parameter(proa.zeros([3]))
    made = nn.ParameterList([p])
    made.append(q)
    assert list(made) == [p, q] and made[-1] is q and len(made) == 2
    made[0] = q
    assert made.parameters() == [q] and list(made[1:]) == [q]
    assert "  (0): [3]" in repr(made)
    with pytest.raises(ValueError, match="a Parameter"):
        made.append(proa.ones([1]))
    named = nn.ParameterDict({"a": p})
    named["b"] = q
    assert list(named) == ["a", "b"] and named["b"] is q and "a" in named and len(named) == 2
    assert list(named.items()) == [("a", p), ("b", q)] and list(named.values()) == [p, q]
    assert [n for n, _ in named.named_parameters()] == ["a", "b"]
    assert named.pop("a") is p and list(named.keys()) == ["b"]
    with pytest.raises(KeyError, match="ParameterDict"):
        named["a"]
    named.clear()
    assert repr(named) == "ParameterDict()"
