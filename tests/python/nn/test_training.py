"""Models that learn: layers, losses, clipping and optimizers together, on small exact tasks."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import proa
from proa import nn


@pytest.fixture(autouse=True)
def seeded():
    proa.seed(7)


def fit(model, optimizer, steps, batch, loss_of):
    first = last = None
    for step in range(steps):
        loss = loss_of(model, *batch(step))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        last = float(loss.item())
        first = last if first is None else first
    return first, last


def test_a_perceptron_learns_xor():
    x = proa.to_tensor(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32"))
    y = proa.to_tensor(np.array([0, 1, 1, 0]))
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    clip = nn.ClipGradByGlobalNorm(1.0)
    optimizer = proa.optimizer.Adam(0.05, parameters=model.parameters(), grad_clip=clip)
    loss = nn.CrossEntropyLoss()
    first, last = fit(model, optimizer, 100, lambda _: (x, y), lambda m, a, b: loss(m(a), b))
    assert last < 0.05 < first
    assert model(x).numpy().argmax(1).tolist() == [0, 1, 1, 0]


def test_a_convolution_with_batch_norm_finds_the_bright_side():
    rng = np.random.default_rng(0)

    def batch(_):
        side = rng.integers(0, 2, 32)
        images = rng.normal(size=(32, 1, 6, 6)).astype("float32")
        images[np.arange(32), 0, :, 0] += np.where(side == 1, 2.0, -2.0)[:, None]
        return proa.to_tensor(images), proa.to_tensor(side)

    model = nn.Sequential(
        nn.Conv2D(1, 4, 3, padding=1),
        nn.BatchNorm2D(4),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(36, 2),
    )
    optimizer = proa.optimizer.Momentum(0.05, 0.9, parameters=model.parameters())
    loss = nn.CrossEntropyLoss()
    fit(model, optimizer, 60, batch, lambda m, a, b: loss(m(a), b))
    model.eval()
    images, side = batch(0)
    assert (model(images).numpy().argmax(1) == side.numpy()).mean() > 0.95
    twin = copy.deepcopy(model)
    fresh = nn.Sequential(*(copy.deepcopy(layer) for layer in model)).eval()
    fresh.load_state_dict({k: v.numpy() for k, v in model.state_dict().items()})
    np.testing.assert_array_equal(twin(images).numpy(), model(images).numpy())
    np.testing.assert_array_equal(fresh(images).numpy(), model(images).numpy())


def test_an_lstm_remembers_the_first_token():
    rng = np.random.default_rng(1)

    class Memory(nn.Layer):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(4, 8)
            self.lstm = nn.LSTM(8, 16)
            self.head = nn.Linear(16, 4)

        def forward(self, ids):
            _, (h, _) = self.lstm(self.embed(ids))
            return self.head(h[0])

    def batch(_):
        ids = rng.integers(0, 4, (32, 6))
        return proa.to_tensor(ids), proa.to_tensor(ids[:, 0].copy())

    model = Memory()
    optimizer = proa.optimizer.AdamW(0.02, parameters=model.parameters())
    loss = nn.CrossEntropyLoss()
    first, last = fit(model, optimizer, 120, batch, lambda m, a, b: loss(m(a), b))
    assert last < 0.2 < first


def test_frozen_parameters_and_own_rates():
    frozen = proa.ParamAttr(trainable=False)
    slow = proa.ParamAttr(learning_rate=0.5, initializer=nn.initializer.Constant(1.0))
    layer = nn.Linear(1, 1, weight_attr=slow, bias_attr=frozen)
    optimizer = proa.optimizer.SGD(0.1, parameters=layer.parameters())
    layer(proa.ones([1, 1])).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(layer.weight.numpy(), [[1.0 - 0.1 * 0.5]], rtol=1e-6)
    assert layer.bias.item() == 0.0 and layer.bias.grad is None
