"""Writes peer.safetensors with the reference implementation.

One tensor of each dtype of NumPy and Proa that the format has, and shapes at the edges. Byte k of
element i is (7 * i + k) mod 251.
"""

import ctypes
import math
import pathlib

import safetensors

SIZES = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
}


def pattern(elements, size):
    return bytes((7 * (b // size) + b % size) % 251 for b in range(elements * size))


keep = []
specs = {}


def add(name, dtype, shape):
    data = bytearray(pattern(math.prod(shape), SIZES[dtype]))
    if dtype == "bool":
        data = bytearray(b % 2 for b in data)
    buffer = (ctypes.c_char * max(len(data), 1)).from_buffer_copy(data or b"\0")
    keep.append(buffer)
    specs[name] = safetensors.TensorSpec(
        dtype=dtype, shape=list(shape), data_ptr=ctypes.addressof(buffer), data_len=len(data)
    )


for dtype in SIZES:
    add(f"of.{dtype}", dtype, (2, 3))
add("scalar", "float32", ())
add("empty", "float32", (0, 5))
add("Gewicht-äöü-重み-🧠", "int16", (3,))
add('quote " backslash \\ tab \t', "uint8", (1, 1, 1, 4))
path = pathlib.Path(__file__).with_name("peer.safetensors")
path.write_bytes(bytes(safetensors.serialize(specs, metadata={"format": "np", "note": "größer"})))
