"""What a program computes from its constants alone is computed when it opens, for all clones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import proa.profiler
import pytest
from proa.static import InputSpec

import proa
from proa import nn
from proa.inference import Config, create_predictor


class Net(nn.Layer):
    """Grouped, strided and odd numbers of outputs; more channels than a block of 256 taps holds."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2D(3, 20, 3, padding=1)
        self.b = nn.Conv2D(20, 36, 3, stride=2, groups=2)
        self.c = nn.Conv2D(36, 17, 3, padding=1, dilation=2)

    def forward(self, x: Any) -> Any:
        y = nn.functional.relu(self.b(nn.functional.relu(self.a(x))))
        return self.c(y)


@pytest.fixture(scope="module")
def net() -> Net:
    proa.seed(11)
    made = Net()
    made.eval()
    return made


def saved(net: Net, path: Path, targets: Sequence[str] = ("x86-64-v3",)) -> str:
    spec = [InputSpec([None, 3, 11, 9], "float32", "x")]
    proa.jit.save(net, str(path), input_spec=spec, targets=targets)
    return str(path)


def image(count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(count).standard_normal((count, 3, 11, 9), np.float32)


def predictor(path: str, threads: int = 2) -> Any:
    config = Config(path)
    config.allow_native_code()
    config.set_cpu_math_library_num_threads(threads)
    made = create_predictor(config)
    assert made.statistics()["compiled"], made.statistics()["reason"]
    return made


def result(made: Any, x: np.ndarray[Any, Any]) -> bytes:
    made.get_input_handle("x").copy_from_cpu(x)
    made.run()
    y: np.ndarray[Any, Any] = made.get_output_handle(made.get_output_names()[0]).copy_to_cpu()
    return y.tobytes()


@pytest.mark.parametrize("wide", [False, True])
def test_packed_weights_give_the_same_bits(net: Net, tmp_path: Path, wide: bool) -> None:
    targets = ["x86-64-v3", "x86-64-v4"] if wide else ["x86-64-v3"]
    path = saved(net, tmp_path / "net.proa", targets)
    made = predictor(path)
    for count in (1, 2, 5, 33):
        x = image(count)
        with proa.no_grad():
            wanted = net(proa.to_tensor(x)).numpy().tobytes()
        assert result(made, x) == wanted
        assert result(made.clone(), x) == wanted
        assert result(predictor(path, 1), x) == wanted


def test_weights_are_packed_when_the_file_is_opened(net: Net, tmp_path: Path) -> None:
    path = saved(net, tmp_path / "net.proa")

    def names(run: Any) -> str:
        with proa.profiler.Profiler() as profiler:
            run()
        return " ".join(e.name for e in profiler.events)

    made = predictor(path)
    clone = made.clone()
    x = image(2)
    assert "pack weights" in names(lambda: predictor(path))
    for each in (made, clone):
        ran = names(lambda each=each: result(each, x))
        assert "add, max" in ran
        assert "pack weights" not in ran


def test_a_layer_that_is_trained_further_sees_its_weights(net: Net, tmp_path: Path) -> None:
    layer = proa.jit.load(saved(net, tmp_path / "net.proa"))
    x = proa.to_tensor(image(2))
    other = Net()
    for factor in (1.0, -0.5):
        for (_, theirs), (_, ours), (_, first) in zip(
            layer.named_parameters(), other.named_parameters(), net.named_parameters(), strict=True
        ):
            value = first.numpy() * np.float32(factor)
            theirs.set_value(value)
            ours.set_value(value)
        with proa.no_grad():
            np.testing.assert_array_equal(layer(x).numpy(), other(x).numpy())
