"""What a program computes from its constants alone: in the file, or by the first run for all."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import proa.profiler
import pytest
from native import predictor
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


def saved(
    net: Net, path: Path, targets: Sequence[str] = ("x86-64-v3",), pack: bool = True
) -> str:
    spec = [InputSpec([None, 3, 11, 9], "float32", "x")]
    proa.jit.save(net, str(path), input_spec=spec, targets=targets, pack_weights=pack)
    return str(path)


def tensors_of(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(size))
    head.pop("__metadata__")
    return dict(head)


def image(count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(count).standard_normal((count, 3, 11, 9), np.float32)


def result(made: Any, x: np.ndarray[Any, Any]) -> bytes:
    made.get_input_handle("x").copy_from_cpu(x)
    made.run()
    y: np.ndarray[Any, Any] = made.get_output_handle(made.get_output_names()[0]).copy_to_cpu()
    return y.tobytes()


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("targets", [[], ["x86-64-v3"], ["x86-64-v3", "x86-64-v4"]])
def test_packed_weights_give_the_same_bits(
    net: Net, tmp_path: Path, targets: list[str], pack: bool
) -> None:
    path = saved(net, tmp_path / "net.proa", targets, pack)
    made = predictor(path)
    for count in (1, 2, 5, 33):
        x = image(count)
        with proa.no_grad():
            wanted = net(proa.to_tensor(x)).numpy().tobytes()
        assert result(made, x) == wanted
        assert result(made.clone(), x) == wanted
        assert result(predictor(path, 1), x) == wanted


def kernels(run: Any) -> list[str]:
    """The names of the kernels that ran."""
    with proa.profiler.Profiler() as profiler:
        run()
    return [e.name for e in profiler.events if e.kind == "kernel"]


@pytest.mark.parametrize("targets", [[], ["x86-64-v3"]])
def test_weights_that_are_not_stored_are_packed_by_the_first_run(
    net: Net, tmp_path: Path, targets: list[str]
) -> None:
    path = saved(net, tmp_path / "net.proa", targets, pack=False)
    x, opened = image(2), []
    assert kernels(lambda: opened.append(predictor(path))) == []
    clone = opened[0].clone()
    counts = [
        sum("pack weights" in name for name in kernels(lambda each=each: result(each, x)))
        for each in (clone, opened[0], clone)
    ]
    assert counts == [3, 0, 0]
    # They belong to the weights: a run takes no more memory than if they had been there.
    assert clone.statistics()["peak_bytes"] == opened[0].statistics()["peak_bytes"]


def test_stored_ones_are_never_packed(net: Net, tmp_path: Path) -> None:
    path = saved(net, tmp_path / "net.proa", ["x86-64-v3", "x86-64-v4"])
    x, opened = image(2), []
    assert kernels(lambda: opened.append(predictor(path))) == []
    for each in (opened[0], opened[0].clone()):
        ran = " ".join(kernels(lambda each=each: result(each, x)))
        assert "add, max" in ran
        assert "pack weights" not in ran
    assert opened[0].statistics()["made_kernels"] == 0


def test_a_warm_up_packs(net: Net, tmp_path: Path) -> None:
    path = saved(net, tmp_path / "net.proa", pack=False)
    config = Config(path)
    config.allow_native_code()
    config.add_warm_up()
    made = create_predictor(config)
    assert not any("pack weights" in name for name in kernels(lambda: result(made, image(2))))


def test_what_is_stored_is_bytes_beside_the_weights(net: Net, tmp_path: Path) -> None:
    """As many as the kernels read, in panels of 16 outputs; nothing without targets."""
    sizes = {}
    for name, targets, pack in (
        ("none", [], True),
        ("left out", ["x86-64-v3"], False),
        ("one", ["x86-64-v3"], True),
        ("two", ["x86-64-v3", "x86-64-v4"], True),
    ):
        path = saved(net, tmp_path / "net.proa", targets, pack)
        tensors = tensors_of(path)
        weights = {n: t for n, t in tensors.items() if not n.startswith("__proa__.")}
        assert len(weights) == 6
        packed = [t for n, t in tensors.items() if n.startswith("__proa__.packed.")]
        assert all(t["dtype"] == "U8" for t in packed)
        sizes[name] = sorted(t["shape"][0] for t in packed)
    panels = [(3 * 9 * 32, 4), (10 * 9 * 2 * 32, 4), (36 * 9 * 32, 4)]  # taps and padded outputs
    assert sizes["none"] == sizes["left out"] == []
    assert sizes["one"] == sizes["two"] == sorted(n * size for n, size in panels)


def test_damage_is_found_and_another_size_is_refused(net: Net, tmp_path: Path) -> None:
    path = Path(saved(net, tmp_path / "net.proa"))
    content = bytearray(path.read_bytes())
    head = 8 + struct.unpack("<Q", content[:8])[0]
    begin, _ = tensors_of(str(path))["__proa__.packed.1"]["data_offsets"]
    content[head + begin + 5] ^= 4
    path.write_bytes(content)
    with pytest.raises(OSError, match=r"__proa__\.packed\.1"):
        predictor(str(path))
    # Unverified, the answer is wrong and nothing else is.
    config = Config(str(path))
    config.allow_native_code()
    config.set_verify(False)
    made, plain = create_predictor(config), Config(str(path))
    plain.set_verify(False)
    x = image(2)
    assert result(made, x) != result(create_predictor(plain), x)


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
