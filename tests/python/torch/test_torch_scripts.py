"""PyTorch scripts under proa.torch give PyTorch's values."""

from __future__ import annotations

import pathlib
import sys

import numpy as np
import proa.torch as torch
import proa.torch.nn.functional as F
import pytest
from proa.torch import nn, optim

import proa

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import calls  # noqa: E402, F401 - it adds to the scripts

import scripts  # noqa: E402

GOLD = np.load(HERE / "golden.npz")


@pytest.mark.parametrize("name", list(scripts.SCRIPTS))
def test_script(name):
    found = scripts.SCRIPTS[name](torch, nn, optim, F)
    wanted = {key.partition("/")[2] for key in GOLD.files if key.startswith(name + "/")}
    assert set(found) == wanted
    wrong = []
    for key, value in found.items():
        assert isinstance(value, torch.Tensor), key
        mine, gold = value.detach().numpy(), GOLD[f"{name}/{key}"]
        exact = gold.dtype.kind in "biu"
        if mine.shape != gold.shape or mine.dtype != gold.dtype:
            wrong.append(f"{key}: {mine.dtype}{mine.shape}, PyTorch: {gold.dtype}{gold.shape}")
        elif not np.allclose(
            mine, gold, 0 if exact else 1e-8, 0 if exact else 1e-9, equal_nan=True
        ):
            wrong.append(f"{key}: off by {np.abs(mine - gold).max()}")
    assert not wrong, "\n".join(wrong)


def test_weights_stored_by_pytorch_load():
    sys.path.insert(0, str(HERE))
    source = (HERE / "make_golden.py").read_text().split("def stored_model", 1)[1]
    space: dict = {}
    exec("def stored_model" + source.split("\nif __name__")[0], space)
    model = space["stored_model"](torch, nn).eval()
    state = torch.load(HERE / "stored.safetensors")
    assert set(model.state_dict()) == set(state)
    model.load_state_dict(state)
    y = model(torch.from_numpy(GOLD["stored/x"]))
    np.testing.assert_allclose(y.detach().numpy(), GOLD["stored/y"], rtol=2e-5, atol=2e-6)


def test_faces_do_not_mix():
    x = torch.zeros(2, 3)
    assert type(x + 1) is torch.Tensor and type(proa.exp(x)) is torch.Tensor
    assert type(x[0]) is torch.Tensor and type(torch.cat([x, x])) is torch.Tensor
    plain = proa.zeros([2, 3])
    assert type(plain + 1) is proa.Tensor and plain.size == 6 and plain.shape == [2, 3]
    assert type(plain + x) is torch.Tensor
    layer = nn.Linear(3, 2)
    layer(x).sum().backward()
    assert type(layer.weight) is nn.Parameter and type(layer.weight.grad) is torch.Tensor
    assert type(layer.weight.detach()) is torch.Tensor
    assert isinstance(nn.Conv2d(1, 1, 1), nn.Module) and isinstance(nn.ReLU(), nn.Module)


def test_signatures_are_pytorchs():
    import inspect

    names = list(inspect.signature(nn.Conv2d.__init__).parameters)[1:10]
    assert names == ["in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation",
                     "groups", "bias", "padding_mode"]  # fmt: skip
    assert repr(nn.Linear(2, 3)) == "Linear(in_features=2, out_features=3, bias=True)"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: nn.Linear(-1, 2), "in_features"),
        (lambda: nn.MaxPool2d(2, dilation=2)(torch.zeros(1, 1, 4, 4)), "dilation"),
        (lambda: nn.MSELoss(size_average=True), "size_average"),
        (lambda: torch.zeros(2).split(0), "split_size_or_sections"),
        (lambda: torch.zeros(2, 2).transpose(0, 2), "dim0"),
        (lambda: torch.zeros(2).to("cuda"), "device"),
        (lambda: torch.randint(5), "size"),
        (lambda: optim.SGD([], lr=0.1), "params"),
        (lambda: optim.SGD(torch.zeros(2), lr=0.1), "params"),
        (lambda: optim.SGD([torch.zeros(2)], lr=-1), "lr"),
        (lambda: optim.SGD([{"params": [torch.zeros(2)], "rate": 1}], lr=1), "rate"),
        (lambda: nn.MultiheadAttention(5, 2), "embed_dim"),
        (lambda: torch.div(torch.zeros(2), 2, rounding_mode="up"), "rounding_mode"),
        (lambda: nn.utils.rnn.pack_padded_sequence(torch.zeros(3, 2, 1), [1, 3]), "lengths"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(proa.ProaError, match=words):
        call()
