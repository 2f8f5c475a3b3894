"""Recurrent layers beyond golden.npz: wrappers, lengths, custom cells, names, dropout, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import proa
from proa import nn


def close(a, b, **kw):
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=kw.get("rtol", 1e-5), atol=1e-6)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_the_stack_is_its_cells_step_by_step(kind):
    layer = getattr(nn, kind)(3, 4)
    cell = layer[0].cell if hasattr(layer, "__getitem__") else layer.get_sublayer("0.cell")
    x = proa.randn([2, 5, 3])
    outputs, _ = layer(x)
    states = None
    for t in range(5):
        y, states = cell(x[:, t], states)
        close(outputs[:, t], y)


def test_time_major_is_the_transpose():
    first = nn.GRU(3, 4, 2, direction="bidirect")
    second = nn.GRU(3, 4, 2, direction="bidirect", time_major=True)
    second.set_state_dict(first.state_dict())
    x = proa.randn([2, 5, 3])
    a, h = first(x)
    b, g = second(proa.transpose(x, [1, 0, 2]))
    close(a, proa.transpose(b, [1, 0, 2]))
    close(h, g)
    assert list(h.shape) == [4, 2, 4] and list(a.shape) == [2, 5, 8]


def test_padding_is_not_seen():
    layer = nn.LSTM(3, 4, direction="bidirect")
    x = proa.randn([1, 3, 3])
    padded = proa.concat([x, proa.full([1, 2, 3], 100.0)], 1)
    y, (h, c) = layer(x)
    z, (g, d) = layer(padded, sequence_length=proa.to_tensor(np.array([3])))
    close(z[:, :3], y)
    assert (z[:, 3:].numpy() == 0).all()
    close(h, g)
    close(c, d)


def test_reverse_runs_from_the_end():
    cell = nn.SimpleRNNCell(2, 3)
    x = proa.randn([2, 4, 2])
    y, last = nn.RNN(cell, is_reverse=True)(x)
    flipped, end = nn.RNN(cell)(proa.flip(x, [1]))
    close(y, proa.flip(flipped, [1]))
    close(last, end)
    assert repr(nn.RNN(cell, True)).startswith("RNN(is_reverse=True\n  (cell): SimpleRNNCell(2, 3)")


def test_bidirectional_wrapper():
    fw, bw = nn.GRUCell(2, 3), nn.GRUCell(2, 4)
    x = proa.randn([2, 5, 2])
    y, (h, g) = nn.BiRNN(fw, bw)(x)
    a, ha = nn.RNN(fw)(x)
    b, hb = nn.RNN(bw, is_reverse=True)(x)
    close(y, proa.concat([a, b], -1))
    close(h, ha)
    close(g, hb)


def test_custom_cells_and_kwargs():
    class Decay(nn.RNNCellBase):
        @property
        def state_shape(self):
            return ((3,), (3,))

        def forward(self, x, states, rate=0.5):
            a, b = states
            return (a + x, b), (a * rate + x, b + 1.0)

    x = proa.ones([2, 3, 3])
    (y, count), (a, b) = nn.RNN(Decay())(x, rate=0.25)
    assert list(y.shape) == [2, 3, 3] and count.numpy()[0, :, 0].tolist() == [0, 1, 2]
    np.testing.assert_allclose(a.numpy(), 1.3125)
    _, (_, b) = nn.RNN(Decay())(x, None, proa.to_tensor(np.array([3, 1])))
    assert b.numpy()[:, 0].tolist() == [3.0, 1.0]


def test_a_hook_on_the_cell_is_called_each_step():
    layer = nn.LSTM(2, 3)
    x = proa.randn([1, 4, 2])
    before = layer(x)[0]
    calls = []
    handle = layer.get_sublayer("0.cell").register_forward_post_hook(lambda *_: calls.append(1))
    close(layer(x)[0], before)
    assert len(calls) == 4
    handle.remove()


def test_dropout_between_layers_only_in_training():
    layer = nn.GRU(3, 8, 2, dropout=0.9)
    x = proa.randn([2, 4, 3])
    assert not np.array_equal(layer(x)[0].numpy(), layer(x)[0].numpy())
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].numpy(), layer(x)[0].numpy())


def test_names_are_known_twice_and_load_from_either():
    layer = nn.LSTM(2, 3, 2, direction="bidirect", proj_size=2)
    names = [n for n, _ in layer.named_parameters()]
    assert names[:5] == [
        f"{n}_l0" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_ho")
    ]
    assert names[5] == "weight_ih_l0_reverse" and len(names) == 20
    state = layer.state_dict()
    assert len(state) == 40 and state["1.cell_bw.bias_hh"] is state["bias_hh_l1_reverse"]
    other = nn.LSTM(2, 3, 2, direction="bidirect", proj_size=2)
    for keep in (lambda n: "cell" in n, lambda n: "cell" not in n):
        given = {n: t.numpy() + 1.0 for n, t in state.items() if keep(n)}
        assert other.load_state_dict(given).missing_keys == []
        np.testing.assert_array_equal(other.weight_ih_l0.numpy(), layer.weight_ih_l0.numpy() + 1.0)


def test_initial_states():
    layer = nn.GRU(2, 3, 2)
    x = proa.randn([4, 5, 2])
    y, h = layer(x)
    z, g = layer(x, proa.zeros([2, 4, 3]))
    close(y, z)
    close(h, g)
    first, state = layer(x[:, :2])
    second, end = layer(x[:, 2:], state)
    close(proa.concat([first, second], 1), y)
    close(end, h)
    states = nn.LSTMCell(2, 3).get_initial_states(x, init_value=2.0)
    assert [list(s.shape) for s in states] == [[4, 3], [4, 3]] and (states[0].numpy() == 2).all()


X = [2, 5, 3]


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda: nn.LSTM(0, 4), r"\[LSTM\] input_size: expected a positive int, got 0"),
        (lambda: nn.GRU(3, 4, direction="backward"), r"\[GRU\] direction"),
        (lambda: nn.GRU(3, 4, direction="bidirectionel"), "did you mean 'bidirectional'"),
        (lambda: nn.LSTM(3, 4, dropout=1.5), r"\[LSTM\] dropout: expected a number in \[0, 1\]"),
        (lambda: nn.LSTM(3, 4, proj_size=4), "less than hidden_size=4"),
        (lambda: nn.SimpleRNN(3, 4, activation="gelu"), "activation"),
        (lambda: nn.LSTM(3, 4)(proa.ones([2, 3])), r"of shape \[batch, time, 3\]"),
        (lambda: nn.LSTM(3, 4)(proa.ones([2, 5, 4])), r"\[LSTM\] inputs"),
        (lambda: nn.LSTM(3, 4)(proa.ones([2, 0, 3])), "at least one step"),
        (lambda: nn.LSTM(3, 4)(proa.ones(X), proa.ones([1, 2, 4])), "a pair"),
        (lambda: nn.GRU(3, 4)(proa.ones(X), proa.ones([2, 2, 4])), r"\[GRU\] initial_states"),
        (lambda: nn.GRUCell(3, 4)(proa.ones([2, 4])), r"\[batch, 3\]"),
        (lambda: nn.RNN("cell"), r"\[RNN\] cell"),
        (lambda: nn.BiRNN(nn.GRUCell(2, 3), nn.GRUCell(3, 3)), "input_size=2"),
        (lambda: nn.GRU(3, 4, weight_ih_attr=False), "weight_ih_attr"),
        (
            lambda: nn.GRU(3, 4)(proa.ones(X), sequence_length=proa.ones([2, 1])),
            r"\[RNN\] sequence_length",
        ),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act()
