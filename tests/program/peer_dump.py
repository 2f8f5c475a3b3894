"""Prints what the reference implementation of safetensors reads from a file.

One line a tensor, sorted by name, "hex(name) dtype shape hex(data)", then the metadata.
safetensors_peer_test.cc compares it with what was written.
"""

import sys

import safetensors

path = sys.argv[1]
with open(path, "rb") as file:
    tensors = safetensors.deserialize(file.read())
for name, tensor in sorted(tensors):
    shape = "x".join(map(str, tensor["shape"]))
    print(name.encode().hex(), tensor["dtype"], f"[{shape}]", bytes(tensor["data"]).hex())
with safetensors.safe_open(path, framework="np") as file:
    for key, value in sorted((file.metadata() or {}).items()):
        if not key.startswith("proa."):
            print("metadata", key.encode().hex(), value.encode().hex())
