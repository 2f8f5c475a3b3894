"""Writes the digits that train.py learns from into one file, for examples/cpp/digits.cc.

    python examples/digits/export.py out/digits/data.safetensors
"""

from __future__ import annotations

import pathlib
import sys

from train import load_data

import proa


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    path = pathlib.Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    train, images, labels = load_data()
    arrays = {
        "train.images": train.tensors[0],
        "train.labels": train.tensors[1],
        "test.images": images,
        "test.labels": labels,
    }
    proa.save({name: proa.to_tensor(array) for name, array in arrays.items()}, path)
    print(f"{path}: {len(arrays['train.labels'])} images to learn from, {len(labels)} to test on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
