"""A PyTorch script as it stands, but for its first lines: two spirals told apart by a small net."""

from __future__ import annotations

import math

import proa.torch as torch
import proa.torch.nn.functional as F
from proa.torch import nn, optim
from proa.torch.utils.data import DataLoader, TensorDataset


def spirals(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    turn = torch.linspace(0.5, 3.0, count)
    angle = turn * math.pi
    arm = torch.stack([turn * torch.cos(angle), turn * torch.sin(angle)], dim=1)
    x = torch.cat([arm, -arm]) + 0.05 * torch.randn(2 * count, 2)
    return x, torch.arange(2).repeat_interleave(count)


class Net(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, hidden))
        self.norm = nn.BatchNorm1d(hidden)
        self.out = nn.Linear(hidden, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(F.relu(self.norm(self.inner(x))))


def main() -> None:
    torch.manual_seed(0)
    x, y = spirals(150)
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    model = Net(32)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    criterion = nn.CrossEntropyLoss()
    for _ in range(40):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(x).argmax(dim=1) == y).float().mean()
    print(f"loss {loss.item():.4f}, accuracy {accuracy:.3f}")
    assert accuracy > 0.95


if __name__ == "__main__":
    main()
