"""Stop in the middle of an epoch, start again from a file, and get the same weights to the bit.

python examples/resume.py
"""

import pathlib
import tempfile
from typing import Any

import numpy as np
from proa.io import DataLoader, TensorDataset

import proa
from proa import nn


class Training:
    """A model with everything that its training depends on."""

    def __init__(self, seed: int) -> None:
        proa.seed(seed)
        x = np.random.default_rng(0).random((96, 4)).astype(np.float32)
        data = TensorDataset([x, x.sum(axis=1, keepdims=True)])
        self.model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 1))
        schedule = proa.optimizer.lr.ExponentialDecay(0.01, 0.999)
        self.optimizer = proa.optimizer.Adam(schedule, parameters=self.model.parameters())
        self.schedule = schedule
        self.loader = DataLoader(data, batch_size=8, shuffle=True)

    def epoch(self, stop_after: int | None = None) -> None:
        for number, (x, y) in enumerate(self.loader):
            nn.functional.mse_loss(self.model(x), y).backward()
            self.optimizer.step()
            self.optimizer.clear_grad()
            self.schedule.step()
            if number + 1 == stop_after:
                return

    def state(self) -> dict[str, Any]:
        parts = {"model": self.model, "optimizer": self.optimizer, "loader": self.loader}
        state = {name: part.state_dict() for name, part in parts.items()}
        return {**state, "rng": proa.get_rng_state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.model.set_state_dict(state["model"])
        self.optimizer.set_state_dict(state["optimizer"])
        self.loader.set_state_dict(state["loader"])
        proa.set_rng_state(state["rng"])


def main() -> None:
    whole = Training(seed=1)
    whole.epoch()
    whole.epoch()

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "state.safetensors"
        first = Training(seed=1)
        first.epoch()
        first.epoch(stop_after=5)
        proa.save(first.state(), path)
        second = Training(seed=2)
        second.restore(proa.load(path))
    second.epoch()  # the rest of the epoch

    for ours, theirs in zip(second.model.parameters(), whole.model.parameters()):
        assert np.array_equal(ours.numpy(), theirs.numpy())
    print("resumed in the middle of epoch 2: all weights equal to the bit")


if __name__ == "__main__":
    main()
