"""proa.inference: bits equal to Python's, memory where the user wants it, mistakes by name."""

import json
import threading

import numpy as np
import pytest
from proa.static import InputSpec

import proa
from proa import inference, nn
from proa.inference import Config, DataType, PredictorPool, create_predictor


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(1, 4, 3, padding=1)
        self.norm = nn.LayerNorm(16)
        self.out = nn.Linear(16, 5)

    def forward(self, images, scale):
        y = nn.functional.max_pool2d(nn.functional.relu(self.conv(images)), 2)
        y = self.norm(y.reshape([y.shape[0], 16])) * scale
        return nn.functional.softmax(self.out(y), axis=-1), y


@pytest.fixture(scope="module")
def net():
    proa.seed(3)
    made = Net()
    made.eval()
    return made


def save(net, path, **options):
    spec = [InputSpec([None, 1, 4, 4], "float32", "images"), InputSpec([], "float32", "scale")]
    proa.jit.save(net, str(path), input_spec=spec, **options)
    return str(path)


@pytest.fixture(scope="module")
def model(net, tmp_path_factory):
    return save(net, tmp_path_factory.mktemp("model") / "net.proa")


@pytest.fixture(scope="module")
def compiled_model(net, tmp_path_factory):
    return save(net, tmp_path_factory.mktemp("model") / "fast.proa", targets=["x86-64-v3"])


def images(count):
    return np.random.default_rng(count).standard_normal((count, 1, 4, 4), np.float32)


SCALE = np.float32(1.5).reshape(())


def wanted(net, x):
    with proa.no_grad():
        return [t.numpy() for t in net(proa.to_tensor(x), proa.to_tensor(SCALE))]


def predict(predictor, x):
    first, second = predictor.get_input_names()
    predictor.get_input_handle(first).copy_from_cpu(x)
    predictor.get_input_handle(second).copy_from_cpu(SCALE)
    assert predictor.run() is True
    return [
        predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()
    ]


def equal(a, b):
    return all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("count", [1, 2, 7, 64, 3])
def test_bits_are_those_of_python(net, model, count):
    predictor = create_predictor(Config(model))
    assert equal(predict(predictor, images(count)), wanted(net, images(count)))


def test_compiled_bits_are_the_same(net, compiled_model):
    config = Config(compiled_model)
    plain = create_predictor(config)
    assert not plain.statistics()["compiled"]
    assert "not allowed" in plain.statistics()["reason"]
    config.allow_native_code()
    config.set_compiler("")  # what the file holds must do
    fast = create_predictor(config)
    figures = fast.statistics()
    if proa.compiler.report().compiler != "none":
        assert figures["compiled"], figures["reason"]
        assert figures["stored_kernels"] > 0 and figures["made_kernels"] == 0
    for count in (1, 5, 64):
        assert equal(predict(fast, images(count)), wanted(net, images(count)))
        assert equal(predict(plain, images(count)), wanted(net, images(count)))


def test_names_types_and_shapes(model):
    predictor = create_predictor(Config(model))
    assert predictor.get_input_names() == ["images", "scale"]
    assert len(predictor.get_output_names()) == 2
    assert predictor.get_input_types() == {"images": DataType.FLOAT32, "scale": DataType.FLOAT32}
    assert predictor.get_input_tensor_shape() == {"images": [-1, 1, 4, 4], "scale": []}
    predict(predictor, images(6))
    handle = predictor.get_output_handle(predictor.get_output_names()[0])
    assert handle.shape() == [6, 5] and handle.type() == DataType.FLOAT32
    assert predictor.get_input_handle("images").shape() == [6, 1, 4, 4]
    text = predictor.describe()
    assert "images" in text and "memory of a run" in text
    assert inference.get_num_bytes_of_data_type(DataType.BFLOAT16) == 2
    assert inference.get_version() == proa.__version__


def test_memory_is_shared(net, model):
    predictor = create_predictor(Config(model))
    x, y = images(4), np.full((4, 5), -1, np.float32)
    predictor.get_input_handle("images").share_external_data(x)
    predictor.get_input_handle("scale").copy_from_cpu(SCALE)
    out = predictor.get_output_handle(predictor.get_output_names()[0])
    out.share_external_data(y)
    predictor.run()
    assert y.tobytes() == wanted(net, x)[0].tobytes()
    x[:] = images(5)[:4]  # read as it is now
    predictor.run()
    assert y.tobytes() == wanted(net, x)[0].tobytes()
    assert out.copy_to_cpu().tobytes() == y.tobytes()
    with pytest.raises(proa.ArgumentValueError, match="images: expected dense memory"):
        predictor.get_input_handle("images").share_external_data(images(8)[::2])
    small = np.zeros((1, 5), np.float32)
    out.share_external_data(small)
    with pytest.raises(proa.ArgumentValueError, match="expected memory of 80 bytes"):
        predictor.run()


def test_results_outlive_the_predictor(net, model):
    predictor = create_predictor(Config(model))
    first = predictor.run([images(3), SCALE])
    second = predictor.run([proa.to_tensor(images(2)), proa.to_tensor(SCALE)])
    del predictor
    assert equal([t.numpy() for t in first], wanted(net, images(3)))
    assert equal([t.numpy() for t in second], wanted(net, images(2)))


@pytest.mark.parametrize(
    "data, error, words",
    [
        (np.zeros((2, 1, 4, 4)), proa.DTypeError, r"float32\[.*, 1, 4, 4\], got float64"),
        (np.zeros((2, 1, 4, 4), np.int32), proa.DTypeError, "got int32"),
        (np.zeros((2, 1, 4, 5), np.float32), proa.ShapeError, r"got float32\[2, 1, 4, 5\]"),
        (np.zeros((1, 4, 4), np.float32), proa.ShapeError, r"got float32\[1, 4, 4\]"),
        ([1.0], proa.DTypeError, "expected a NumPy array or a tensor"),
    ],
)
def test_wrong_inputs_name_the_input(model, data, error, words):
    predictor = create_predictor(Config(model))
    with pytest.raises(error, match="images: .*" + words):
        predictor.get_input_handle("images").copy_from_cpu(data)


def test_wrong_calls(model):
    predictor = create_predictor(Config(model))
    with pytest.raises(KeyError, match="'images', 'scale'"):
        predictor.get_input_handle("image")
    with pytest.raises(proa.StateError, match="images: .*never set"):
        predictor.run()
    with pytest.raises(proa.StateError, match="no result"):
        predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()
    with pytest.raises(proa.ArgumentValueError, match="expected 2, got 1"):
        predictor.run([images(1)])
    with pytest.raises(proa.ArgumentValueError, match="expected a model"):
        create_predictor(Config())
    with pytest.raises(proa.FileError, match="nowhere"):
        create_predictor(Config("/nowhere/a.proa"))
    with pytest.raises(proa.DTypeError, match="expected a Config"):
        create_predictor(model)
    with pytest.raises(NotImplementedError):
        Config(model).enable_use_gpu(100, 0)
    config = Config(model)
    config.set_cpu_math_library_num_threads(-2)
    with pytest.raises(proa.ArgumentValueError, match="threads: expected 0"):
        create_predictor(config)


def test_a_damaged_file_is_refused(model):
    with open(model, "rb") as file:
        content = bytearray(file.read())
    assert create_predictor(Config(bytes(content))).get_input_names()
    content[len(content) // 2] ^= 1
    with pytest.raises(proa.FileError):
        create_predictor(Config(bytes(content)))


def test_limits_and_warm_up(net, model):
    config = Config(model)
    config.set_memory_limit(16 << 10)
    config.set_cpu_math_library_num_threads(1)
    predictor = create_predictor(config)
    with pytest.raises(proa.OutOfMemoryError, match="limit of this run"):
        predict(predictor, images(4096))
    assert equal(predict(predictor, images(2)), wanted(net, images(2)))
    figures = predictor.statistics()
    assert figures["runs"] == 1 and figures["failures"] == 1
    assert 0 < figures["peak_bytes"] <= 16 << 10
    assert 0 < figures["least_ns"] <= figures["total_ns"]
    assert "16384" in config.summary()


def test_threads_have_clones(net, model):
    config = Config(model)
    config.set_cpu_math_library_num_threads(1)
    pool = PredictorPool(config, 4)
    results = [[] for _ in range(4)]

    def work(index):
        predictor = pool.retrive(index)
        for step in range(20):
            results[index].append(predict(predictor, images(1 + (index + step) % 6)))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [wanted(net, images(1 + n)) for n in range(6)]
    for index in range(4):
        for step, got in enumerate(results[index]):
            assert equal(got, expected[(index + step) % 6])
    with pytest.raises(proa.OutOfRangeError, match=r"0\.\.3"):
        pool.retrieve(4)


def test_traces(model):
    config = Config(model)
    config.enable_profile()
    predictor = create_predictor(config)
    inference.get_trace()
    try:
        predict(predictor, images(2))
    finally:
        proa._proa._watch("time", False)
    events = json.loads(inference.get_trace())["traceEvents"]
    assert any(event["name"] == "run" for event in events)
    assert any(event["cat"] == "kernel" for event in events)
