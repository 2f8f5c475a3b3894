"""Saved models: what a prediction takes, beside ONNX Runtime, and what the library itself costs.

Both sides get the same weights from one seed and their answers are compared before anything is
timed. ONNX Runtime comes from .peers, with the package onnx, of which its model is made; it runs on
as many threads as ours. Each side is a process of its own; their rounds are timed in turn.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

CASES = {
    "predict_latency": "saved models: the digits net, an encoder of 12 layers of 768 (128 tokens)",
    "load_time": "opening saved models of 57 MB, from the page cache: layers of an encoder, and "
    "convolutions whose packed weights are in the file or made by the first run",
    "runtime_size": "the library that predicts, without its symbols",
    "threads": "runs a second of two clones on two threads, divided by those of one",
}
MODELS = ("digits_1", "digits_8", "digits_32", "encoder_1", "encoder_8")
WIDTH, HEADS, TOKENS, LAYERS = 768, 12, 128, 12
CHANNELS, CONVOLUTIONS, PIXELS = 512, 6, 14
# Nets of convolutions, and whether their file holds packed weights.
PACKED = {"packed": True, "unpacked": False}
Weights = dict[str, np.ndarray]


def digits_weights() -> Weights:
    r = np.random.default_rng(0)
    shapes = {"c1.w": (16, 1, 3, 3), "c1.b": (16,), "c2.w": (32, 16, 3, 3), "c2.b": (32,),
              "fc.w": (512, 10), "fc.b": (10,)}  # fmt: skip
    return {n: (r.standard_normal(s) * 0.1).astype(np.float32) for n, s in shapes.items()}


def encoder_weights(layers: int = LAYERS) -> Weights:
    r = np.random.default_rng(1)
    weights: Weights = {}
    for i in range(layers):
        for name, rows, columns in (("q", 1, 1), ("k", 1, 1), ("v", 1, 1), ("o", 1, 1),
                                    ("up", 1, 4), ("down", 4, 1)):  # fmt: skip
            shape = (rows * WIDTH, columns * WIDTH)
            weights[f"{i}.{name}.w"] = (r.standard_normal(shape) * 0.02).astype(np.float32)
            weights[f"{i}.{name}.b"] = np.zeros(columns * WIDTH, np.float32)
        for name in ("n1", "n2"):
            weights[f"{i}.{name}.w"] = np.ones(WIDTH, np.float32)
            weights[f"{i}.{name}.b"] = np.zeros(WIDTH, np.float32)
    return weights


def convolution_weights() -> Weights:
    r = np.random.default_rng(3)
    weights: Weights = {}
    for i in range(CONVOLUTIONS):
        shape = (CHANNELS, CHANNELS, 3, 3)
        weights[f"{i}.w"] = (r.standard_normal(shape) * 0.01).astype(np.float32)
        weights[f"{i}.b"] = np.zeros(CHANNELS, np.float32)
    return weights


def weights_of(figure: str, layers: int) -> Weights:
    name = figure.split("_")[0]
    if name in PACKED:
        return convolution_weights()
    return digits_weights() if name == "digits" else encoder_weights(layers)


def shape_of(figure: str) -> list[int]:
    """Of the model's input, without the batch."""
    name = figure.split("_")[0]
    if name in PACKED:
        return [CHANNELS, PIXELS, PIXELS]
    return [1, 8, 8] if name == "digits" else [TOKENS, WIDTH]


def input_of(figure: str) -> np.ndarray:
    shape = [int(figure.split("_")[1]), *shape_of(figure)]
    return np.random.default_rng(2).standard_normal(shape, np.float32)


# Ours.


def save_model(figure: str, path: str, layers: int = LAYERS) -> None:
    from proa.static import InputSpec

    import proa
    from proa import nn

    f = nn.functional
    name = figure.split("_")[0]
    values = weights_of(figure, layers)

    class Digits(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.c1, self.c2 = nn.Conv2D(1, 16, 3, padding=1), nn.Conv2D(16, 32, 3, padding=1)
            self.fc = nn.Linear(512, 10)

        def forward(self, x: Any) -> Any:
            y = f.max_pool2d(f.relu(self.c1(x)), 2)
            return self.fc(f.relu(self.c2(y)).flatten(1))

    class Block(nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
            self.n1, self.n2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

        def heads(self, y: Any) -> Any:
            return y.reshape([y.shape[0], TOKENS, HEADS, WIDTH // HEADS])

        def forward(self, x: Any) -> Any:
            q, k, v = self.heads(self.q(x)), self.heads(self.k(x)), self.heads(self.v(x))
            y = f.scaled_dot_product_attention(q, k, v)
            x = self.n1(x + self.o(y.reshape([x.shape[0], TOKENS, WIDTH])))
            return self.n2(x + self.down(f.gelu(self.up(x))))

    if name in PACKED:
        model = nn.Sequential(
            *[nn.Conv2D(CHANNELS, CHANNELS, 3, padding=1) for _ in range(CONVOLUTIONS)]
        )
    else:
        model = Digits() if name == "digits" else nn.Sequential(*[Block() for _ in range(layers)])
    for name, parameter in model.named_parameters():
        short = name.removesuffix("weight").removesuffix("bias")
        parameter.set_value(values[short + ("w" if name.endswith("weight") else "b")])
    model.eval()
    spec = InputSpec([None, *shape_of(figure)], "float32", "x")
    targets = ["x86-64-v3", "x86-64-v4"]
    pack = PACKED.get(name, True)
    proa.jit.save(model, path, input_spec=[spec], targets=targets, pack_weights=pack)


def predictor_of(path: str, threads: int) -> Any:
    from proa.inference import Config, create_predictor

    config = Config(path)
    config.allow_native_code()
    config.set_cpu_math_library_num_threads(threads)
    return create_predictor(config)


def proa_run(path: str, figure: str, threads: int) -> Callable[[], np.ndarray]:
    predictor = predictor_of(path, threads)
    if not predictor.statistics()["compiled"]:
        print("prebuilt kernels:", predictor.statistics()["reason"], file=sys.stderr)
    predictor.get_input_handle("x").share_external_data(input_of(figure))
    output = predictor.get_output_handle(predictor.get_output_names()[0])

    def run() -> np.ndarray:
        predictor.run()
        return np.asarray(output.to_tensor().numpy())

    return run


# ONNX Runtime.


def onnx_model(figure: str, path: str, layers: int = LAYERS) -> None:
    import onnx
    from onnx import helper, numpy_helper

    values = weights_of(figure, layers)
    constants = [numpy_helper.from_array(value, name) for name, value in values.items()]
    nodes: list[Any] = []

    def add(op: str, *inputs: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, list(inputs), [f"t{len(nodes)}"], **attributes))
        return str(nodes[-1].output[0])

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    shape: list[Any] = ["batch", *shape_of(figure)]
    if figure.split("_")[0] in PACKED:
        y = "x"
        for i in range(CONVOLUTIONS):
            y = add("Conv", y, f"{i}.w", f"{i}.b", pads=[1] * 4)
    elif figure.startswith("digits"):
        y = add("Conv", "x", "c1.w", "c1.b", pads=[1] * 4)
        y = add("MaxPool", add("Relu", y), kernel_shape=[2, 2], strides=[2, 2])
        y = add("Relu", add("Conv", y, "c2.w", "c2.b", pads=[1] * 4))
        y = add("Gemm", add("Flatten", y), "fc.w", "fc.b")
    else:
        split = constant("split", np.array([0, TOKENS, HEADS, WIDTH // HEADS], np.int64))
        join = constant("join", np.array([0, TOKENS, WIDTH], np.int64))
        scale = constant("scale", np.float32((WIDTH // HEADS) ** -0.5))

        def linear(y: str, name: str) -> str:
            return add("Add", add("MatMul", y, name + ".w"), name + ".b")

        def norm(y: str, name: str) -> str:
            return add("LayerNormalization", y, name + ".w", name + ".b", axis=-1, epsilon=1e-5)

        y = "x"
        for i in range(layers):
            q, k, v = (
                add("Transpose", add("Reshape", linear(y, f"{i}.{n}"), split), perm=order)
                for n, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
            )
            scores = add("Softmax", add("Mul", add("MatMul", q, k), scale), axis=-1)
            heads = add("Transpose", add("MatMul", scores, v), perm=[0, 2, 1, 3])
            y = norm(add("Add", y, linear(add("Reshape", heads, join), f"{i}.o")), f"{i}.n1")
            wide = add("Gelu", linear(y, f"{i}.up"))
            y = norm(add("Add", y, linear(wide, f"{i}.down")), f"{i}.n2")
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [info("x", onnx.TensorProto.FLOAT, shape)],
        [info(y, onnx.TensorProto.FLOAT, None)], constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path)


def onnx_run(path: str, figure: str, threads: int) -> Callable[[], np.ndarray]:
    session = session_of(path, threads)
    feed = {"x": input_of(figure)}
    return lambda: np.asarray(session.run(None, feed)[0])


def session_of(path: str, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


# Workers: a command on a line, an answer on a line.


def work(framework: str, folder: str) -> None:
    ours = framework == "proa"
    version = __import__(framework).__version__
    print(version, flush=True)
    runs: dict[str, Callable[[], np.ndarray]] = {}
    for line in sys.stdin:
        what, figure, threads = line.split()
        path = f"{folder}/{figure.split('_')[0]}.{'proa' if ours else 'onnx'}"
        key = f"{figure} {threads}"
        if what == "save":
            layers = 2 if figure.startswith("small") else LAYERS
            (save_model if ours else onnx_model)(figure, path, layers)
            print("saved", flush=True)
        elif what == "open":
            runs[key] = (proa_run if ours else onnx_run)(path, figure, int(threads))
            out = f"{folder}/{figure}.{framework}.npy"
            np.save(out, runs[key]())
            print(out, flush=True)
        elif what == "load":
            start = time.perf_counter()
            made = predictor_of(path, 1) if ours else session_of(path, 1)
            print(time.perf_counter() - start, flush=True)
            del made
        else:
            run, count = runs[key], 0
            time.sleep(0.1)  # until the other side's threads, which may spin for a while, sleep
            run()
            start = time.perf_counter()
            while count == 0 or time.perf_counter() - start < 0.2:
                run()
                count += 1
            print((time.perf_counter() - start) / count, flush=True)


class Worker:
    def __init__(self, python: str | pathlib.Path, framework: str, folder: str) -> None:
        self.process = subprocess.Popen(
            [python, __file__, framework, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self.answer()

    def answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"a worker ended with status {self.process.wait()}")
        return line

    def ask(self, what: str, figure: str, threads: int = 1) -> str:
        assert self.process.stdin is not None
        print(what, figure, threads, file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


Figure = tuple[str, int | None, list[float], list[float], str | None, str]


def in_turn(peer: pathlib.Path | None, folder: str) -> tuple[Worker, Worker | None]:
    ours = Worker(sys.executable, "proa", folder)
    return ours, Worker(peer, "onnxruntime", folder) if peer else None


def predict_latency(rounds: int, peer: pathlib.Path | None) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        ours, other = in_turn(peer, folder)
        sides = [side for side in (ours, other) if side]
        for side in sides:
            for figure in ("digits_1", "encoder_1"):
                side.ask("save", figure)
        for figure in MODELS:
            for threads in (1, 2):
                answers = [np.load(side.ask("open", figure, threads)) for side in sides]
                np.testing.assert_allclose(answers[0], answers[-1], rtol=2e-3, atol=2e-4)
                times: list[list[float]] = [[], []]
                for _ in range(rounds):
                    for index, side in enumerate(sides):
                        times[index].append(float(side.ask("time", figure, threads)) * 1e6)
                version = other.version if other else None
                yield f"predict_{figure}", threads, *times, version, "us"
        for side in sides:
            side.close()


def load_time(rounds: int, peer: pathlib.Path | None) -> Iterator[Figure]:
    """Two layers of the encoder, or six convolutions, are 57 MB; native code may run. The page
    cache holds them after the first opening."""
    with tempfile.TemporaryDirectory() as folder:
        ours, other = in_turn(peer, folder)
        sides = [side for side in (ours, other) if side]
        for figure in ("small", *PACKED):
            times: list[list[float]] = [[], []]
            for side in sides:
                side.ask("save", figure + "_1")
                side.ask("load", figure + "_1")
            for _ in range(rounds):
                for index, side in enumerate(sides):
                    times[index].append(float(side.ask("load", figure + "_1")) * 1e3)
            name = "load_time" if figure == "small" else f"load_time_{figure}"
            yield name, None, *times, other.version if other else None, "ms"
        for side in sides:
            side.close()


def runtime_size(build: pathlib.Path, peer: pathlib.Path | None) -> Iterator[Figure]:
    """MiB of what a process must bring to predict."""
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder) / "library.so"
        shutil.copy(build / "libproa_inference.so", library)
        subprocess.run(["strip", library], check=True)
        ours = library.stat().st_size / 2**20
    other: list[float] = []
    version = None
    if peer:
        program = (
            "import onnxruntime as o, pathlib; "
            "files = pathlib.Path(o.__file__).parent.glob('capi/*.so*'); "
            "print(max(f.stat().st_size for f in files), o.__version__)"
        )
        done = subprocess.run([peer, "-c", program], capture_output=True, text=True, check=True)
        size, version = done.stdout.split()
        other = [int(size) / 2**20]
    yield "runtime_size", None, [ours], other, version, "MiB"


def gains_of_threads(rounds: int) -> list[float]:
    """Clones that run on one thread each; one of them alone and two side by side, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/small.proa"
        save_model("small_1", path, 2)
        first = predictor_of(path, 1)
        clones = [first.clone(), first.clone()]
        for clone in clones:
            clone.get_input_handle("x").share_external_data(input_of("encoder_1"))
            clone.run()

        def rate(count: int) -> float:
            done = [0] * count
            end = time.perf_counter() + 0.7

            def work(index: int) -> None:
                while time.perf_counter() < end:
                    clones[index].run()
                    done[index] += 1

            workers = [threading.Thread(target=work, args=(i,)) for i in range(count)]
            start = time.perf_counter()
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            return sum(done) / (time.perf_counter() - start)

        return [rate(2) / rate(1) for _ in range(rounds)]


def threads(rounds: int) -> Iterator[Figure]:
    command = [sys.executable, __file__, "threads", str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    gains = [float(word) for word in done.stdout.split()]
    yield "threads_two_clones", 2, gains, [], None, "times"


def figures(
    case: str, rounds: int, build: pathlib.Path, peer: pathlib.Path | None
) -> Iterator[Figure]:
    """(figure, threads, ours, the peer's, its version, unit)."""
    if case == "predict_latency":
        return predict_latency(rounds, peer)
    if case == "load_time":
        return load_time(rounds, peer)
    if case == "threads":
        return threads(rounds)
    return runtime_size(build, peer)


if __name__ == "__main__":
    if sys.argv[1] == "threads":
        print(*gains_of_threads(int(sys.argv[2])))
    else:
        work(sys.argv[1], sys.argv[2])
