"""proa-predict, proa-info and the C example: Python's bits, from processes without Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from proa.static import InputSpec

import proa
from proa import nn

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("PROA_BUILD_DIR", ROOT / "build"))
PREDICT, INFO = BUILD / "proa-predict", BUILD / "proa-info"

pytestmark = pytest.mark.skipif(
    not (PREDICT.exists() and INFO.exists()), reason="proa-predict and proa-info are not built"
)


def run(*words, status=0):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr + done.stdout
    return done


class Two(nn.Layer):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(3, 4), nn.Linear(2, 4)

    def forward(self, a, b):
        total = nn.functional.gelu(self.left(a) + self.right(b))
        return total, total.sum(axis=1)


@pytest.fixture(scope="module")
def net():
    proa.seed(5)
    made = Two()
    made.eval()
    return made


@pytest.fixture(scope="module")
def model(net, tmp_path_factory):
    path = tmp_path_factory.mktemp("tools") / "two.proa"
    spec = [InputSpec([None, 3], "float32", "a"), InputSpec([None, 2], "float32", "b")]
    proa.jit.save(net, str(path), input_spec=spec, targets=["x86-64-v3"])
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(1)
    a, b = (random.standard_normal((6, n), np.float32) for n in (3, 2))
    np.save(folder / "a.npy", a)
    np.save(folder / "b.npy", np.asfortranarray(b))
    return folder, a, b


def wanted(net, a, b):
    with proa.no_grad():
        return [t.numpy() for t in net(proa.to_tensor(a), proa.to_tensor(b))]


@pytest.mark.parametrize("native", [[], ["--allow-native-code"]])
@pytest.mark.parametrize("by_name", [False, True])
def test_predict_has_pythons_bits(net, model, data, tmp_path, by_name, native):
    folder, a, b = data
    files = [f"b={folder / 'b.npy'}", f"a={folder / 'a.npy'}"]
    if not by_name:
        files = [folder / "a.npy", folder / "b.npy"]
    outs = [tmp_path / "0.npy", tmp_path / "1.npy"]
    words = [w for f in files for w in ("--input", f)] + [w for o in outs for w in ("--output", o)]
    run(PREDICT, model, *words, "--threads", "1", *native)
    for out, value in zip(outs, wanted(net, a, b)):
        got = np.load(out)
        assert got.dtype == value.dtype and got.tobytes() == value.tobytes()
        assert got.shape == value.shape


def test_bench_and_profile(model, data, tmp_path):
    done = run(PREDICT, model, "--bench=0.05", "--profile", tmp_path / "trace.json")
    assert "median" in done.stdout and "memory of a run" in done.stdout
    assert "prebuilt kernels: native code of the file is not allowed" in done.stdout
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(event["name"] == "run" for event in events) >= 6
    native = run(PREDICT, model, "--bench=0.05", "--allow-native-code", "--compiler", "").stdout
    if proa.compiler.report().compiler != "none":
        assert "compiled kernels:" in native and " 0 made here" in native


def test_info(model):
    sizes = [word for name in symbols(model) for word in ("--size", f"{name}=50")]
    text = run(INFO, model, *sizes).stdout
    for word in ("inputs", "float32[", "outputs", "4 weights of 28 elements", "prim.dot", "= 50"):
        assert word in text, text
    assert run(PREDICT, "--info", model).stdout.splitlines()[1:3] == text.splitlines()[1:3]


def symbols(model):
    lines = run(INFO, model).stdout.splitlines()
    begin = lines.index("sizes") + 1
    end = next(i for i, line in enumerate(lines) if line.startswith("program:"))
    return [line.split()[0] for line in lines[begin:end]]


@pytest.mark.parametrize(
    "words, status, message",
    [
        ([], 2, "expected one model"),
        (["MODEL"], 2, "expected --input"),
        (["MODEL", "--wrong"], 2, "--help"),
        (["MODEL", "--threads", "x", "--bench"], 2, "whole number"),
        (["MODEL", "--input", "c=A"], 1, "'a', 'b'"),
        (["MODEL", "--input", "A"], 1, "b: expected float32"),
        (["MODEL", "--input", "A", "--input", "A"], 1, "b: expected float32"),
        (["MODEL", "--input", "A", "--input", "a=A"], 2, "given already"),
        (["MODEL", "--input", "A", "--input", "A", "--input", "A"], 2, "one more"),
        (["MODEL", "--input", "MODEL"], 1, ".npy file"),
        (["MODEL", "--input", "/nowhere.npy"], 1, "/nowhere.npy"),
        (["A", "--bench"], 1, "A"),
        (["MODEL", "--bench", "--size", "q=3"], 1, "no size 'q'"),
        (["MODEL", "--bench", "--size", "q"], 2, "NAME=N"),
        (["MODEL", "--bench", "--size", "s0=99999999999999"], 1, "of zeros for input 'a'"),
        (["MODEL", "--bench", "--threads", "-1"], 1, "threads: expected"),
    ],
)
def test_wrong_words(model, data, words, status, message):
    known = {"MODEL": str(model), "A": str(data[0] / "a.npy")}
    given = [known.get(w, w.replace("=A", "=" + known["A"])) for w in words]
    done = run(PREDICT, *given, status=status)
    assert known.get(message, message) in done.stderr, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("tool", [PREDICT, INFO], ids=lambda path: path.name)
def test_help(tool):
    text = run(tool, "--help").stdout
    assert text.startswith(tool.name) and "--help" in text


def read_example(text):
    """The tensors that examples/c/predict.c prints, every bit of them."""
    tensors, values = [], []
    for line in text.splitlines():
        if line[0] in "-0123456789inf":
            values.append(float.fromhex(line))
            continue
        name, dtype, *dims = line.split()
        values = []
        tensors.append((name, dtype, [int(d) for d in dims], values))
    return [np.array(v, dtype).reshape(d) for _, dtype, d, v in tensors]


def ramp(rows, columns):
    return (np.arange(rows * columns) % 16 / 16).astype(np.float32).reshape(rows, columns)


def test_c_example(net, model):
    example = BUILD / "examples/c/example-c-predict"
    if not example.exists():
        pytest.skip("the C example is not built")
    got = read_example(run(example, model, 5).stdout)
    for mine, value in zip(got, wanted(net, ramp(5, 3), ramp(5, 2)), strict=True):
        assert mine.tobytes() == value.tobytes()
    done = run(example, "/nowhere.proa", status=1)
    assert "io: " in done.stderr and "/nowhere.proa" in done.stderr


USER_CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(user CXX)
find_package(proa_inference 0.1 REQUIRED)
add_executable(user user.cc)
target_link_libraries(user PRIVATE proa::inference)
"""
USER_CODE = """
#include <cstdio>
#include <proa/inference/cpp_api.h>

int main(int, char** words) {
  proa_inference::Config config(words[1]);
  config.threads(1);
  proa_inference::Predictor predictor(config);
  float a[6], b[4];
  for (int i = 0; i < 6; ++i) a[i] = i / 16.0f;
  for (int i = 0; i < 4; ++i) b[i] = i / 16.0f;
  predictor.set_input("a", a, {2, 3});
  predictor.set_input("b", b, {2, 2});
  predictor.run();
  for (const auto& name : predictor.output_names()) {
    auto result = predictor.output(name);
    std::printf("%s float32", name.c_str());
    for (auto dim : result.dims()) std::printf(" %d", static_cast<int>(dim));
    std::puts("");
    for (int i = 0; i < result.size(); ++i) std::printf("%a\\n", result.data<float>()[i]);
  }
  try {
    predictor.set_input("c", a, {2, 3});
    return 1;
  } catch (const proa_inference::Error& error) {
    return error.status() == PROA_ERROR_KEY ? 0 : 1;
  }
}
"""


def is_sanitised(library: Path) -> bool:
    """Whether every access carries its checks: then its size says nothing about a release."""
    return "__asan_init" in run("nm", "-D", "--undefined-only", library).stdout


@pytest.mark.slow
def test_an_installed_library_serves_other_projects(net, model, tmp_path):
    """cmake --install, then projects of their own with find_package: in C and in C++."""
    if not (BUILD / "libproa_inference.so").exists() or shutil.which("cmake") is None:
        pytest.skip("the library is not built")
    prefix = tmp_path / "prefix"
    install = ["cmake", "--install", BUILD, "--prefix", prefix, "--component", "inference"]
    run(*install, "--strip")
    library = next(prefix.glob("lib*/**/libproa_inference.so"))
    assert is_sanitised(library) or library.resolve().stat().st_size <= 15 << 20
    (tmp_path / "user").mkdir()
    (tmp_path / "user/CMakeLists.txt").write_text(USER_CMAKE)
    (tmp_path / "user/user.cc").write_text(USER_CODE)
    for source, program, words in (
        (ROOT / "examples/c", "example-c-predict", (model, 2)),
        (tmp_path / "user", "user", (model,)),
    ):
        out = tmp_path / program
        run("cmake", "-S", source, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", out)
        got = read_example(run(out / program, *words).stdout)
        for mine, value in zip(got, wanted(net, ramp(2, 3), ramp(2, 2)), strict=True):
            assert mine.tobytes() == value.tobytes()
    installed = run(next(prefix.glob("bin/proa-info")), model)
    assert "float32" in installed.stdout


def test_the_library_holds_neither_compiler_nor_python():
    library = BUILD / "libproa_inference.so"
    if not library.exists() or shutil.which("nm") is None:
        pytest.skip("the library is not built")
    names = run("nm", "-D", "--defined-only", library).stdout.split()[2::3]
    assert names and all(name.startswith("proa_") for name in names)
    needed = run("ldd", library).stdout
    assert "LLVM" not in needed and "python" not in needed and "clang" not in needed
    assert is_sanitised(library) or os.path.getsize(library) <= 15 << 20
