"""Layer: registries, hooks, state dicts, copies, casts and text."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import warnings
import weakref

import numpy as np
import pytest

import proa
from proa import nn


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(3, 4)
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias_attr=False))
        self.norm = nn.BatchNorm1D(2)
        self.scale = self.create_parameter([2], default_initializer=nn.initializer.Constant(2.0))
        self.register_buffer("steps", proa.zeros([1], "int64"))
        self.register_buffer("scratch", proa.ones([1]), persistable=False)

    def forward(self, x):
        return self.norm(self.body(self.fc1(x))) * self.scale


def numbers(layer):
    return {name: t.numpy().copy() for name, t in layer.state_dict().items()}


# ---- registries ----


def test_names_of_everything():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "scale",
        "fc1.weight",
        "fc1.bias",
        "body.1.weight",
        "norm.weight",
        "norm.bias",
    ]
    assert [n for n, _ in net.named_buffers()] == [
        "steps",
        "scratch",
        "norm._mean",
        "norm._variance",
    ]
    assert [n for n, _ in net.named_sublayers()] == ["fc1", "body", "body.0", "body.1", "norm"]
    assert [n for n, _ in net.named_modules()][0] == ""
    assert [n for n, _ in net.named_children()] == ["fc1", "body", "norm"]
    assert len(net.parameters()) == 6 and len(net.parameters(include_sublayers=False)) == 1
    assert len(net.buffers(recurse=False)) == 2
    assert list(net.children()) == [net.fc1, net.body, net.norm]
    assert list(net.modules())[0] is net and len(net.sublayers(include_self=True)) == 6
    assert set(net.state_dict()) == {
        *(n for n, _ in net.named_parameters()),
        "steps",
        "norm._mean",
        "norm._variance",
    }


def test_lookup_by_path():
    net = Net()
    assert net.get_sublayer("body.1") is net.body[1] and net.get_submodule("") is net
    assert net.get_parameter("fc1.weight") is net.fc1.weight
    assert net.get_buffer("norm._mean") is net.norm._mean
    for call in (net.get_sublayer, net.get_parameter, net.get_buffer):
        with pytest.raises(ValueError, match="expected one of"):
            call("nothing.here")


def test_a_shared_layer_is_counted_once_and_saved_under_both_names():
    net = nn.Layer()
    net.a = nn.Linear(2, 2)
    net.b = net.a
    assert len(net.parameters()) == 2 and len(net.sublayers()) == 1
    assert set(net.state_dict()) == {"a.weight", "a.bias", "b.weight", "b.bias"}


def test_attributes_follow_the_registries():
    net = nn.Layer()
    first, second = nn.Parameter(proa.ones([2])), nn.Parameter(proa.zeros([3]))
    net.w = first
    assert net.w is first and net._parameters == {"w": first}
    net.w = second
    assert net.parameters() == [second]
    net._parameters["w"] = first
    assert net.w is first
    net.w = None
    assert net.w is None and net.parameters() == []
    net.w = nn.Linear(1, 1)
    assert "w" not in net._parameters and net.sublayers() == [net.w]
    del net.w
    net.w = proa.ones([1])  # a plain tensor is a buffer that is not saved
    assert net.buffers() == [net.w] and net.state_dict() == {} and net.sublayers() == []
    del net.w
    assert not hasattr(net, "w") and net.buffers() == []
    net.register_parameter("w", second)
    assert net._parameters.pop("w") is second and not hasattr(net, "w")
    net.__dict__["_buffers"].update(b=first.detach())
    assert net.b is net._buffers["b"]
    net._buffers.clear()
    assert not hasattr(net, "b")


def test_dropping_a_model_frees_it_without_the_cycle_collector():
    gc.collect()
    gc.disable()
    try:
        net = Net()
        gone = weakref.ref(net.fc1)
        del net
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda n: n.add_parameter("a.b", None), "without '.'"),
        (lambda n: n.add_parameter("", None), "non-empty str"),
        (lambda n: n.add_parameter("fc1", None), "not taken"),
        (lambda n: n.add_parameter("p", proa.ones([1])), "a Parameter or None"),
        (lambda n: n.register_buffer("b", [1.0]), "a tensor or None"),
        (lambda n: n.register_buffer("forward", proa.ones([1])), "not taken"),
        (lambda n: n.add_sublayer("l", "no layer"), "a Layer or None"),
        (lambda n: setattr(n, "scale", proa.ones([2])), "a Parameter or None"),
        (lambda n: setattr(n, "fc1", 3), "a Layer or None"),
        (lambda n: setattr(n, "steps", 3), "a tensor or None"),
        (lambda n: n.create_parameter([2, -1]), "ints >= 0"),
        (lambda n: n.create_parameter([2], attr=3), "ParamAttr, str, initializer"),
        (lambda n: n.to(dtype="int32"), "floating-point or complex"),
        (lambda n: n.to(dtype="float33"), "a dtype"),
        (lambda n: n.set_state_dict([1]), "a dict from name to tensor"),
    ],
)
def test_refusals(act, words):
    with pytest.raises(ValueError, match=words):
        act(Net())


def test_init_must_be_called_first():
    class Early(nn.Layer):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    with pytest.raises(ValueError, match=r"\[Early\] fc: expected super\(\).__init__\(\)"):
        Early()


def test_forward_must_be_defined():
    with pytest.raises(NotImplementedError, match="define forward"):
        nn.Layer()(1)


# ---- parameters ----


def test_param_attr_reaches_the_parameter():
    decay = proa.regularizer.L2Decay(1e-4)
    attr = proa.ParamAttr("mine", nn.initializer.Constant(3.0), 0.5, decay, False, True, False)
    weight = nn.Linear(2, 3, weight_attr=attr).weight
    assert weight.name == "mine" and weight.optimize_attr == {"learning_rate": 0.5}
    assert weight.regularizer is decay and not weight.need_clip and weight.do_model_average
    assert weight.stop_gradient and not weight.trainable
    assert (weight.numpy() == 3.0).all()
    weight.trainable = True
    assert not weight.stop_gradient and weight.requires_grad


def test_param_attr_spellings():
    assert nn.Linear(2, 2, bias_attr="b").bias.name == "b"
    assert (nn.Linear(2, 2, nn.initializer.Constant(7.0)).weight.numpy() == 7).all()
    assert (
        nn.Linear(2, 2, weight_attr=proa.regularizer.L1Decay(0.1)).weight.regularizer.coeff == 0.1
    )
    assert (
        nn.Linear(2, 2, bias_attr=False).bias is None and nn.Linear(2, 2, bias=False).bias is None
    )
    assert nn.Linear(2, 2, bias_attr=True).bias is not None
    with pytest.raises(ValueError, match="needs its weight"):
        nn.Linear(2, 2, weight_attr=False)
    with pytest.raises(ValueError, match="nothing, because bias_attr was given too"):
        nn.Linear(2, 2, bias_attr=False, bias=False)
    for bad in (dict(name=3), dict(trainable=1), dict(learning_rate="x"), dict(regularizer=0.1)):
        with pytest.raises(ValueError, match=r"\[ParamAttr\]"):
            proa.ParamAttr(**bad)
    assert "learning_rate=1.0" in repr(proa.ParamAttr())


def test_parameter_names_are_unique():
    a, b = nn.Linear(1, 1), nn.Linear(1, 1)
    assert a.full_name() != b.full_name() and a.full_name().startswith("linear_")
    names = [p.name for layer in (a, b) for p in layer.parameters()]
    assert len(set(names)) == 4 and names[0] == a.full_name() + ".w_0"


def test_default_dtype_is_taken():
    before = proa.get_default_dtype()
    proa.set_default_dtype("float64")
    try:
        assert nn.Linear(1, 1).weight.dtype == proa.float64
    finally:
        proa.set_default_dtype(before)
    assert nn.Linear(1, 1, dtype="float64").bias.dtype == proa.float64


def test_requires_grad_and_zero_grad():
    net = nn.Linear(2, 1)
    net(proa.ones([1, 2])).sum().backward()
    assert net.weight.grad is not None
    net.clear_gradients(set_to_zero=True)
    assert (net.weight.grad.numpy() == 0).all()
    net.zero_grad()
    assert net.weight.grad is None
    net.requires_grad_(False)
    assert net.weight.stop_gradient and net.bias.stop_gradient


def test_apply_goes_from_the_leaves_up():
    seen = []
    net = Net()
    assert net.apply(lambda layer: seen.append(type(layer).__name__)) is net
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "BatchNorm1D", "Net"]


# ---- hooks ----


def test_hooks_change_inputs_and_outputs():
    layer = nn.Linear(1, 1, nn.initializer.Constant(2.0))
    calls = []

    def before(own, inputs):
        calls.append(("before", own is layer, isinstance(inputs, tuple)))
        return inputs[0] + 1.0

    def after(own, inputs, output):
        calls.append(("after", float(inputs[0].item())))
        return output * 10.0

    first = layer.register_forward_pre_hook(before)
    second = layer.register_forward_post_hook(after)
    assert layer(proa.ones([1, 1])).item() == 40.0
    assert calls == [("before", True, True), ("after", 2.0)]
    first.remove()
    assert layer(proa.ones([1, 1])).item() == 20.0
    second.remove()
    second.remove()
    assert layer(proa.ones([1, 1])).item() == 2.0


def test_hook_order_kwargs_and_context():
    class Scaled(nn.Layer):
        def forward(self, x, by=1.0):
            return x * by

    layer, seen = Scaled(), []
    layer.register_forward_hook(lambda *_: seen.append("second"))
    layer.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    layer.register_forward_pre_hook(
        lambda own, xs, kw: (xs, {"by": kw["by"] + 1}), with_kwargs=True
    )
    with layer.register_forward_hook(
        lambda own, xs, kw, y: seen.append(kw["by"]), with_kwargs=True
    ):
        assert layer(proa.ones([1]), by=2.0).item() == 3.0
    assert seen == ["first", "second", 3.0]
    layer(proa.ones([1]), by=2.0)
    assert seen[3:] == ["first", "second"]


# ---- state ----


def test_state_travels():
    a, b = Net(), Net()
    a(proa.randn([8, 3]))
    assert not np.array_equal(a.norm._mean.numpy(), b.norm._mean.numpy())
    kept = b.fc1.weight
    assert b.set_state_dict(a.state_dict()) == ([], [])
    assert b.fc1.weight is kept
    for name, value in numbers(a).items():
        np.testing.assert_array_equal(numbers(b)[name], value)
    result = b.load_state_dict({k: v + 1 for k, v in numbers(a).items()})
    assert result.missing_keys == [] and result.unexpected_keys == []
    np.testing.assert_array_equal(b.scale.numpy(), a.scale.numpy() + 1)


def test_state_dict_options():
    net = Net()
    assert list(net.state_dict(prefix="net."))[0] == "net.scale"
    assert set(net.state_dict(include_sublayers=False)) == {"scale", "steps"}
    into = {"kept": proa.ones([1])}
    assert net.state_dict(into) is into and "scale" in into
    detached = net.state_dict(keep_vars=False)["scale"]
    assert detached.stop_gradient and detached is not net.scale
    handle = net.register_state_dict_hook(lambda state: {k: state[k] for k in ("scale",)})
    assert list(net.state_dict()) == ["scale"]
    handle.remove()
    by_name = {p.name: np.full(p.shape, 5.0, "float32") for p in net.parameters()}
    missing, unexpected = net.set_state_dict(by_name, use_structured_name=False)
    assert unexpected == [] and (net.fc1.weight.numpy() == 5).all()


def test_strict_report_names_everything_and_changes_nothing():
    net = Net()
    before = numbers(net)
    state = dict(before)
    state["fc1.wieght"] = state.pop("fc1.weight")
    state["body.1.weight"] = state["body.1.weight"].T
    state["scale"] = state["scale"].astype("int64")
    state["extra.thing"] = np.zeros([9], "float32")
    with pytest.raises(proa.check.StateDictError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("[Net.load_state_dict] the state does not fit this layer (1 missing, ")
    assert "2 unexpected, 1 of another shape, 1 of another dtype" in text
    assert "missing     fc1.weight [3, 4] float32; did you mean fc1.wieght?" in text
    assert "unexpected  fc1.wieght [3, 4] float32; did you mean fc1.weight?" in text
    assert "unexpected  extra.thing [9] float32\n" in text
    assert "body.1.weight: the layer has [4, 2], the state has [2, 4] (transposed?" in text
    assert "scale: the layer has float32, the state has int64" in text
    for name, value in numbers(net).items():
        np.testing.assert_array_equal(value, before[name])


def test_prefix_is_recognised():
    net = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="the state's names carry the prefix 'module.'"):
        net.load_state_dict({"module." + k: v for k, v in numbers(net).items()})


def test_loose_loading():
    net = Net()
    state = {"scale": np.array([8.0, 9.0]), "fc1.bias": np.zeros([5], "float32"), "other": 1.0}
    with pytest.warns(UserWarning, match="fc1.bias: the layer has .4., the state has .5."):
        missing, unexpected = net.set_state_dict(state)
    assert "fc1.bias" in missing and "scale" not in missing and unexpected == ["other"]
    np.testing.assert_array_equal(net.scale.numpy(), [8.0, 9.0])
    result = net.load_state_dict({"scale": np.array([1.0, 2.0])}, strict=False)
    assert "fc1.weight" in result.missing_keys
    with pytest.raises(RuntimeError, match="another shape"):
        net.load_state_dict({"scale": np.zeros([3])}, strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.set_state_dict({})


def test_tied_weights_load_from_either_name():
    class Tied(nn.Layer):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 3)
            self.head = nn.Layer()
            self.head.weight = self.embed.weight

    net = Tied()
    value = np.arange(15.0, dtype="float32").reshape(5, 3)
    assert net.load_state_dict({"head.weight": value}).missing_keys == []
    np.testing.assert_array_equal(net.embed.weight.numpy(), value)


def test_long_reports_are_cut():
    net = nn.LayerList([nn.Linear(1, 1) for _ in range(40)])
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict({})
    assert "... and 60 more" in str(caught.value) and str(caught.value).count("\n") < 30


# ---- copies, casts, text ----


def test_deepcopy_is_apart_and_alike():
    net = Net()
    net.tied = net.fc1.weight
    net.register_forward_post_hook(lambda own, xs, y: y * 2.0)
    net.eval()
    twin = copy.deepcopy(net)
    x = proa.randn([4, 3])
    np.testing.assert_array_equal(twin(x).numpy(), net(x).numpy())
    assert twin.fc1.weight is not net.fc1.weight and twin.tied is twin.fc1.weight
    assert isinstance(twin.fc1.weight, nn.Parameter) and twin.training is False
    assert twin.full_name() != net.full_name()
    assert not {p.name for p in twin.parameters()} & {p.name for p in net.parameters()}
    with proa.no_grad():
        twin.scale.set_value(np.zeros([2], "float32"))
    assert (net.scale.numpy() == 2).all()
    twin.scale = None
    assert net.scale is not None
    assert set(twin.state_dict()) == set(net.state_dict()) - {"scale"}


def test_shallow_copy_shares_tensors_not_registries():
    net = Net()
    other = copy.copy(net)
    assert other.fc1 is net.fc1 and other.scale is net.scale
    other.scale = None
    assert net.scale is not None


def test_settings_without_tensors_pickle():
    layer = pickle.loads(pickle.dumps(nn.Sequential(nn.ReLU(), nn.Dropout(0.3))))
    assert repr(layer[1]) == "Dropout(p=0.3, mode=upscale_in_train)"


def test_layers_pickle_with_their_parameters():
    net = Net().eval()
    twin = pickle.loads(pickle.dumps(net))
    x = proa.randn([4, 3])
    np.testing.assert_array_equal(twin(x).numpy(), net(x).numpy())
    assert isinstance(twin.scale, nn.Parameter) and not twin.scale.stop_gradient
    assert twin.scale.need_clip and list(twin.state_dict()) == list(net.state_dict())


def test_casts_keep_the_parameter_objects():
    net = Net()
    kept = net.fc1.weight
    net(proa.randn([4, 3])).sum().backward()
    assert net.to(dtype="float64") is net
    assert net.fc1.weight is kept and kept.dtype == proa.float64
    assert net.norm._mean.dtype == proa.float64 and net.steps.dtype == proa.int64
    assert kept.grad.dtype == proa.float64 and not kept.stop_gradient
    y = net(proa.randn([4, 3]).astype("float64"))
    assert y.dtype == proa.float64
    y.sum().backward()
    assert net.float().fc1.weight.dtype == proa.float32
    assert net.half().fc1.weight.dtype == proa.float16
    assert net.to(proa.float64).fc1.weight.dtype == proa.float64
    assert net.to(proa.ones([1])).fc1.weight.dtype == proa.float32
    assert net.to("cpu").fc1.weight.dtype == proa.float32
    assert net.astype("float64").create_parameter([1]).dtype == proa.float64


def test_train_and_eval_reach_everything():
    net = Net()
    assert net.eval() is net and not any(layer.training for layer in net.modules())
    net.train()
    assert all(layer.training for layer in net.modules())


def test_repr():
    text = repr(Net())
    assert text.startswith("Net(\n  (fc1): Linear(in_features=3, out_features=4, dtype=float32)\n")
    assert "  (body): Sequential(\n    (0): ReLU()\n    (1): Linear(" in text
    assert text.endswith("\n)")
    assert repr(nn.Conv2D(3, 4, 3, padding=1, bias=False)) == (
        "Conv2D(3, 4, kernel_size=[3, 3], padding=1, bias=False, data_format=NCHW)"
    )
    assert repr(nn.LSTM(3, 4, 2, dropout=0.1)).startswith("LSTM(3, 4, num_layers=2, dropout=0.1\n")
    assert repr(nn.MaxPool2D(2)) == "MaxPool2D(kernel_size=2, stride=None, padding=0)"
    assert repr(nn.Linear(1, 1).weight).startswith("Parameter(shape=[1, 1], dtype=float32, ")


def test_torch_spellings_are_there():
    assert nn.Module is nn.Layer and nn.ModuleList is nn.LayerList and nn.ModuleDict is nn.LayerDict
    assert nn.SiLU is nn.Silu and nn.ZeroPad2d is nn.ZeroPad2D
    assert issubclass(nn.Conv2d, nn.Conv2D) and nn.Conv2d(1, 2, 3, 1, 0, 1, 1, False).bias is None
    assert list(inspect.signature(nn.MaxPool3d).parameters)[3] == "dilation"
    assert nn.BatchNorm2d(3, 1e-3, 0.1)._momentum == 0.9
    assert nn.LayerNorm(4, eps=1e-3, elementwise_affine=False).weight is None
    assert nn.GroupNorm(2, 4, affine=False).bias is None
    assert nn.BatchNorm2D(4, affine=False).weight is None
    assert nn.InstanceNorm2d(4).weight is None
    no_stats = nn.BatchNorm1D(2, track_running_stats=False)
    assert no_stats.running_mean is None and set(no_stats.state_dict()) == {"weight", "bias"}
