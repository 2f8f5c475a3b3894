"""Loops over elementary functions are loops over vectors: what clang says of the texts."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import proa

CLANG = shutil.which("clang-19") or shutil.which("clang")

PROGRAM = """
import numpy as np
import proa
x = proa.to_tensor(np.linspace(-3, 3, 5000).astype("float32")).cast("{dtype}")
names = "sin cos tan tanh exp log erf atan asinh log1p expm1 digamma".split()
functions = [getattr(proa, name) for name in names] + [
    proa.nn.functional.gelu,
    lambda x: proa.atan2(x, x + 1),
    lambda x: proa.randn([5000]).cast(x.dtype),
]
for function in functions:
    proa.jit.to_static(lambda x: function(x) * 2 + x)(x)
"""


@pytest.mark.skipif(CLANG is None, reason="no clang to ask")
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_loops_are_of_vectors(dtype, tmp_path):
    folder = {"PROA_KERNEL_DIR": str(tmp_path)}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROA_")} | folder
    program = PROGRAM.format(dtype=dtype)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    texts = sorted(tmp_path.glob("*.c"))
    assert len(texts) >= 15
    flags = ["-O2", "-march=x86-64-v3", "-ffp-contract=off", "-fno-math-errno",
             "-fno-trapping-math", "-ffreestanding", "-fno-builtin", "-w"]
    for text in texts:
        said = subprocess.run(
            [CLANG, "-x", "c", "-std=gnu11", *flags, "-c", "-o", os.devnull, str(text),
             "-Rpass-missed=loop-vectorize", "-Rpass-analysis=loop-vectorize"],
            capture_output=True, text=True, check=True,
        ).stderr
        assert "loop not vectorized" not in said, text.read_text()[-1500:] + said


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("count", [0, 1, 15, 17, 127, 128, 129, 255, 4097])
def test_functions_that_wait_for_each_other_have_the_bits_of_single_calls(count, dtype):
    def sigmoids(x):
        return proa.sigmoid(proa.sigmoid(proa.sigmoid(x)))

    def mixed(x):
        return proa.log1p(proa.exp(-proa.exp(proa.tanh(x))))

    x = proa.to_tensor(np.linspace(-30, 30, count).astype("float32")).cast(dtype)
    for function in (sigmoids, mixed):
        single, captured = function(x), proa.jit.to_static(function)(x)
        assert (
            single.cast("float64").numpy().tobytes() == captured.cast("float64").numpy().tobytes()
        )
