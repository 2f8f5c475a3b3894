"""Compiled kernels give the bits of the prebuilt ones: every page, forward and backward."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dumping import computed

HERE = Path(__file__).resolve().parent
ALL = [
    "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32",
    "float64", "complex64", "complex128",
]


def compare(tmp_path: Path, dtypes: list[str]) -> None:
    prebuilt, report = computed("dump_pages.py", tmp_path, *dtypes, PROA_TIER="prebuilt")
    assert report["compiled"] == 0
    compiled, report = computed("dump_pages.py", tmp_path, *dtypes, PROA_TIER="compiled")
    assert report["fallbacks"] == 0, report["last_reason"]
    assert report["compiled"] > 100
    assert prebuilt.keys() == compiled.keys()
    assert [key for key in prebuilt if prebuilt[key] != compiled[key]] == []


@pytest.mark.timeout(1200)  # with sanitisers on a busy machine
def test_every_sample_has_the_bits_of_the_prebuilt_kernels(tmp_path: Path) -> None:
    compare(tmp_path, ["float32"])


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dtype", [d for d in ALL if d != "float32"])
def test_every_dtype_has_the_bits_of_the_prebuilt_kernels(tmp_path: Path, dtype: str) -> None:
    compare(tmp_path, [dtype])


PROGRAM = """
import json, numpy as np, proa, proa.nn.functional as F
x = proa.to_tensor(np.linspace(-3, 3, 7 * 5003, dtype=np.float32).reshape(7, 5003))
y = F.softmax(x) * F.gelu(x) + F.layer_norm(x, [5003])
whole = proa.jit.to_static(lambda x: x.astype("int32").astype("float32"))(x)  # of -0.5 it is +0
assert not np.signbit(whole.numpy()[np.abs(x.numpy()) < 1]).any()
bits = y.numpy().tobytes() + whole.numpy().tobytes()
print(json.dumps([bits.hex(), proa._proa.compiler_report()]))
"""


def run(tmp_path: Path, **environment: str) -> tuple[str, dict[str, Any]]:
    variables = {**os.environ, "PROA_CACHE_DIR": str(tmp_path / "cache"), **environment}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    bits, report = json.loads(done.stdout)
    return bits, report


def test_a_process_finds_the_kernels_of_an_earlier_one(tmp_path: Path) -> None:
    first, made = run(tmp_path, PROA_TIER="compiled")
    second, found = run(tmp_path, PROA_TIER="compiled")
    assert first == second
    assert made["compiled"] > 0 and made["from_disk"] == 0
    assert found["compiled"] == 0 and found["from_disk"] == made["compiled"]


def test_damaged_files_of_the_cache_are_made_anew(tmp_path: Path) -> None:
    first, made = run(tmp_path, PROA_TIER="compiled")
    files = sorted((tmp_path / "cache").glob("*.proaobj"))
    assert len(files) == made["compiled"]
    for number, file in enumerate(files):
        data = bytearray(file.read_bytes())
        data[(97 * number) % len(data)] ^= 16
        file.write_bytes(data if number % 2 else data[: len(data) // 2])
    second, again = run(tmp_path, PROA_TIER="compiled")
    assert first == second
    assert again["compiled"] == made["compiled"]


def test_a_c_compiler_as_a_process_gives_the_same_bits(tmp_path: Path) -> None:
    expected, _ = run(tmp_path, PROA_TIER="prebuilt")
    bits, report = run(tmp_path, PROA_TIER="compiled", PROA_JIT="cc")
    assert report["compiler"] == "C compiler as a process"
    assert report["compiled"] > 0 and report["fallbacks"] == 0, report["last_reason"]
    assert bits == expected


@pytest.mark.parametrize("maker", ["clang", "cc"])
def test_wider_vectors_change_no_bit(tmp_path: Path, maker: str) -> None:
    expected, _ = run(tmp_path, PROA_TIER="prebuilt")
    for processor in ("x86-64-v3", "x86-64-v4"):  # the second where it is there
        bits, report = run(
            tmp_path, PROA_TIER="compiled", PROA_JIT=maker, PROA_PROCESSOR=processor
        )
        assert report["fallbacks"] == 0, report["last_reason"]
        assert bits == expected


NARROWED = """
import proa, numpy as np
x, y = np.random.default_rng(7).normal(size=(2, 53, 2)).view(np.complex128)[..., 0]
quotient = proa.jit.to_static(lambda a, b: a.astype("complex64") / b)
z = quotient(proa.to_tensor(x), proa.to_tensor(y.astype(np.complex64)))
print(z.numpy().tobytes().hex(), proa.compiler.report().fallbacks)
"""


def test_a_c_compiler_rounds_where_a_value_is_narrowed(tmp_path: Path) -> None:
    def told(**variables: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", NARROWED], check=True, capture_output=True, text=True,
            env={**os.environ, "PROA_CACHE_DIR": str(tmp_path / "narrowed"), **variables},
        ).stdout

    expected = told(PROA_TIER="prebuilt")
    assert told(PROA_TIER="compiled", PROA_JIT="cc") == expected
    assert told(PROA_TIER="compiled", PROA_JIT="clang") == expected


def test_without_a_compiler_prebuilt_kernels_run_and_are_counted(tmp_path: Path) -> None:
    expected, _ = run(tmp_path, PROA_TIER="prebuilt")
    bits, report = run(tmp_path, PROA_TIER="compiled", PROA_JIT="none")
    assert bits == expected
    assert report["compiled"] == 0 and report["fallbacks"] > 0
    assert "compiler" in report["last_reason"]


def test_an_unknown_tier_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import proa; proa.exp(proa.to_tensor([1.0]))"]
    variables = {**os.environ, "PROA_TIER": "fastest"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "PROA_TIER" in done.stderr and "expected prebuilt or compiled" in done.stderr


def test_texts_and_names_for_those_who_look_from_outside(tmp_path: Path) -> None:
    _, report = run(tmp_path, PROA_TIER="compiled", PROA_KERNEL_DIR=str(tmp_path))
    texts = [path.read_text() for path in tmp_path.glob("proa_*.c")]
    assert len(texts) == report["compiled"] > 0
    assert all("void proa_" in text for text in texts)
