"""Writes golden.npz and tagger.safetensors: what PyTorch makes of the scripts, and weights of its.

Run with a Python that has torch==2.13.0 (CPU) and numpy; the tests need no torch.
"""

from __future__ import annotations

import json
import os
import struct

import calls  # noqa: F401 - it adds to the scripts
import numpy as np
import torch
from torch import nn, optim
from torch.nn import functional as F

import scripts

HERE = os.path.dirname(os.path.abspath(__file__))


def write_safetensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.detach().contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64", torch.float64: "F64"}[tensor.dtype]
        header[name] = {
            "dtype": kind,
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(blob)],
        }
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main():
    gold = {}
    for name, run in scripts.SCRIPTS.items():
        for key, value in run(torch, nn, optim, F).items():
            gold[f"{name}/{key}"] = value.detach().numpy()
    torch.manual_seed(11)
    model = stored_model(torch, nn).eval()
    x = scripts.wave(torch, 2, 5, 6).float()
    gold["stored/x"] = x.numpy()
    gold["stored/y"] = model(x).detach().numpy()
    np.savez_compressed(os.path.join(HERE, "golden.npz"), **gold)
    write_safetensors(os.path.join(HERE, "stored.safetensors"), model.state_dict())
    print(len(gold), "arrays")


def stored_model(torch, nn):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(6, 4, batch_first=True, bidirectional=True)
            self.norm = nn.BatchNorm1d(8)
            layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
            self.conv = nn.Conv1d(8, 3, 3, padding=1)
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            y, _ = self.lstm(x)
            y = self.norm(y.transpose(1, 2)).transpose(1, 2)
            y = self.encoder(y)
            return self.head(self.conv(y.transpose(1, 2)).transpose(1, 2))

    return Model()


if __name__ == "__main__":
    main()
