"""Recorded operators in the names of PyTorch: the anchor that Proa is measured and checked by.

Why beside the other table: what an import means is checked by two frameworks that say it
independently; in f64 both must give the same numbers.
"""

from __future__ import annotations

from typing import Any

from .importer import Call, MissingOperator, Rule, Size, list_text, number_text
from .to_proa import range_text

RULES: dict[str, Rule] = {}


def rule(*names: str) -> Any:
    def add(function: Rule) -> Rule:
        for name in names:
            RULES[name] = function
        return function

    return add


class Dtypes:
    """How dtypes are written: as recorded, or with f64 in the place of f32."""

    wide = False

    @classmethod
    def text(cls, dtype: str) -> str:
        return "torch.float64" if cls.wide and dtype == "float32" else f"torch.{dtype}"


def constant(dtype: str, dims: list[int], items: list[Any]) -> str:
    dtype = Dtypes.text(dtype).replace("torch.bool", "torch.bool")
    if items and all(not isinstance(x, Size) and x == items[0] for x in items):
        return f"torch.full({list_text(dims)}, {number_text(items[0])}, dtype={dtype})"
    if not dims:
        return f"torch.tensor({number_text(items[0])}, dtype={dtype})"
    made = f"torch.tensor({list_text(items)}, dtype={dtype})"
    return made if len(dims) == 1 else f"{made}.reshape({list_text(dims)})"


SAME = """abs exp floor log logical_not sigmoid sqrt square tanh ceil round rsqrt sin cos erf
isnan isinf isfinite log1p expm1 sign neg reciprocal"""
FUNCTIONAL = "hardswish relu relu6 silu mish softsign"
BINARY = """add subtract multiply divide maximum minimum floor_divide remainder logical_and
logical_or logical_xor bitwise_or bitwise_and masked_select bmm"""
COMPARISONS = {
    "equal": "eq", "not_equal": "ne", "greater_than": "gt", "greater_equal": "ge",
    "less_than": "lt", "less_equal": "le",
}  # fmt: skip


def simple(path: str, count: int) -> Rule:
    return lambda c: f"{path}({', '.join(c.t(i) for i in range(count))})"


for _name in SAME.split():
    RULES[_name] = simple(f"torch.{_name}", 1)
for _name in FUNCTIONAL.split():
    RULES[_name] = simple(f"F.{_name}", 1)
for _name in BINARY.split():
    RULES[_name] = simple(f"torch.{_name}", 2)
for _name, _own in COMPARISONS.items():
    RULES[_name] = simple(f"torch.{_own}", 2)
RULES["swish"] = simple("F.silu", 1)
RULES["elementwise_pow"] = simple("torch.pow", 2)
RULES["where"] = simple("torch.where", 3)
RULES["mean_all"] = simple("torch.mean", 1)


@rule("matmul")
def matmul(c: Call) -> str:
    x = c.t(0) + (".mT" if c.attrs["transpose_x"] else "")
    y = c.t(1) + (".mT" if c.attrs["transpose_y"] else "")
    return f"torch.matmul({x}, {y})"


@rule("assign")
def assign(c: Call) -> str:
    return f"{c.t(0)}.clone()"


@rule("share_data")
def share_data(c: Call) -> str:
    return c.t(0)


@rule("full", "full_int_array", "assign_value")
def full(c: Call) -> str:
    values = c.attrs.get("value", c.attrs.get("values"))
    shape = c.attrs.get("shape") or [len(values)]
    if not isinstance(values, list):
        return constant(c.attrs["dtype"], shape, [values])
    return f"{constant(c.attrs['dtype'], [len(values)], values)}.reshape({list_text(shape)})"


@rule("full_like")
def full_like(c: Call) -> str:
    dtype = c.out_dtype()
    return f"torch.full_like({c.t(0)}, {c.number_as(1, dtype)}, dtype={Dtypes.text(dtype)})"


@rule("full_with_tensor")
def full_with_tensor(c: Call) -> str:
    dtype, shape = Dtypes.text(c.out_dtype()), list_text(c.shape(1, None))
    if c.items(0) is None:
        return f"{c.t(0)}.to({dtype}).expand({shape})"
    return f"torch.full({shape}, {c.number_as(0, c.out_dtype())}, dtype={dtype})"


@rule("arange")
def arange(c: Call) -> str:
    items = [x for i in range(3) for x in c.sizes(i)]
    if all(isinstance(x, float) and x == int(x) for x in items):
        items = [int(x) for x in items]
    return f"torch.arange({', '.join(map(number_text, items))}, dtype={Dtypes.text(c.out_dtype())})"


@rule("cast")
def cast(c: Call) -> str:
    return f"{c.t(0)}.to({Dtypes.text(c.out_dtype())})"


@rule("clip")
def clip(c: Call) -> str:
    kind = c.dtype(0)
    return f"torch.clamp({c.t(0)}, {c.number_as(1, kind)}, {c.number_as(2, kind)})"


@rule("scale")
def scale(c: Call) -> str:
    kind = c.dtype(0)
    factor = c.number_as(1, kind)
    bias = number_text(int(c.attrs["bias"]) if kind.startswith("int") else c.attrs["bias"])
    if c.attrs["bias_after_scale"]:
        return f"{c.t(0)} * {factor} + {bias}"
    return f"({c.t(0)} + {bias}) * {factor}"


@rule("pow")
def power(c: Call) -> str:
    y = c.attrs["y"]
    return f"torch.pow({c.t(0)}, {number_text(int(y) if c.dtype(0).startswith('int') else y)})"


@rule("hardsigmoid")
def hardsigmoid(c: Call) -> str:
    slope, offset = c.attrs["slope"], c.attrs["offset"]
    return f"torch.clamp({c.t(0)} * {slope} + {offset}, 0.0, 1.0)"


@rule("leaky_relu")
def leaky_relu(c: Call) -> str:
    return f"F.leaky_relu({c.t(0)}, {c.attrs['negative_slope']})"


@rule("gelu")
def gelu(c: Call) -> str:
    kind = "tanh" if c.attrs["approximate"] else "none"
    return f'F.gelu({c.t(0)}, approximate="{kind}")'


@rule("softmax", "log_softmax")
def softmax(c: Call) -> str:
    return f"F.{c.name}({c.t(0)}, {c.attrs['axis']})"


@rule("triu", "tril")
def triangle(c: Call) -> str:
    return f"torch.{c.name}({c.t(0)}, {c.attrs['diagonal']})"


# Shapes.


@rule("reshape")
def reshape(c: Call) -> str:
    return f"torch.reshape({c.t(0)}, {list_text(c.shape(1))})"


@rule("expand")
def expand(c: Call) -> str:
    return f"{c.t(0)}.expand({list_text(c.sizes(1))})"


@rule("tile")
def tile(c: Call) -> str:
    return f"torch.tile({c.t(0)}, {list_text(c.sizes(1))})"


@rule("flatten")
def flatten(c: Call) -> str:
    return f"torch.flatten({c.t(0)}, {c.attrs['start_axis']}, {c.attrs['stop_axis']})"


@rule("squeeze")
def squeeze(c: Call) -> str:
    axes = c.axes(1)
    return f"torch.squeeze({c.t(0)}, {tuple(axes)})" if axes else f"torch.squeeze({c.t(0)})"


@rule("unsqueeze")
def unsqueeze(c: Call) -> str:
    rank = c.rank(0) + len(c.axes(1))
    text = c.t(0)
    for axis in sorted(a % rank for a in c.axes(1)):
        text = f"{text}.unsqueeze({axis})"
    return text


@rule("transpose")
def transpose(c: Call) -> str:
    return f"torch.permute({c.t(0)}, {list_text(c.attrs['perm'])})"


@rule("slice")
def slice_(c: Call) -> str:
    axes, drop = c.attrs["axes"], set(c.attrs["decrease_axis"])
    parts = [":"] * (max(axes) + 1)
    for axis, start, end in zip(axes, c.sizes(1), c.sizes(2), strict=True):
        parts[axis] = number_text(start) if axis in drop else range_text(start, end)
    return f"{c.t(0)}[{', '.join(parts)}]"


@rule("strided_slice")
def strided_slice(c: Call) -> str:
    axes = c.attrs["axes"]
    parts = [":"] * (max(axes) + 1)
    for axis, start, end, step in zip(axes, c.sizes(1), c.sizes(2), c.sizes(3), strict=True):
        parts[axis] = range_text(start, end, step)
    return f"{c.t(0)}[{', '.join(parts)}]"


@rule("set_value_with_tensor")
def set_value_with_tensor(c: Call) -> str:
    if c.attrs["none_axes"] or c.attrs["decrease_axes"]:
        raise MissingOperator("set_value_with_tensor: axes that come or go")
    parts = [":"] * c.rank(0)
    for axis, *bounds in zip(c.attrs["axes"], c.sizes(2), c.sizes(3), c.sizes(4), strict=True):
        parts[axis] = range_text(*bounds)
    made = c.kept(f"{c.t(0)}.clone()")
    c.writer.lines.append(f"{made}[{', '.join(parts)}] = {c.t(1)}")
    return made


@rule("concat")
def concat(c: Call) -> str:
    return f"torch.cat([{', '.join(c.ts(0))}], {c.axes(1)[0]})"


@rule("stack")
def stack(c: Call) -> str:
    return f"torch.stack([{', '.join(c.ts(0))}], {c.attrs['axis']})"


@rule("split")
def split(c: Call) -> str:
    return f"torch.split({c.t(0)}, {list_text(c.sizes(1))}, {c.axes(2)[0]})"


@rule("split_with_num")
def split_with_num(c: Call) -> str:
    axis = c.axes(1)[0]
    return f"torch.split({c.t(0)}, {c.t(0)}.shape[{axis}] // {c.attrs['num']}, {axis})"


@rule("meshgrid")
def meshgrid(c: Call) -> str:
    return f'torch.meshgrid({", ".join(c.ts(0))}, indexing="ij")'


@rule("pad3d")
def pad3d(c: Call) -> str:
    if c.attrs["data_format"] != "NCDHW":
        raise MissingOperator("pad3d: channels last")
    mode = c.attrs["mode"]
    value = f", {c.attrs['pad_value']}" if mode == "constant" else ""
    return f'F.pad({c.t(0)}, {list_text(c.sizes(1))}, "{mode}"{value})'


# Reductions.


@rule("max", "min")
def extreme(c: Call) -> str:
    axes = c.axes(1) or list(range(c.rank(0)))
    return f"torch.a{c.name}({c.t(0)}, {axes}, keepdim={c.attrs['keepdim']})"


@rule("mean")
def mean(c: Call) -> str:
    axes = c.axes(1) or list(range(c.rank(0)))
    return f"torch.mean({c.t(0)}, {axes}, keepdim={c.attrs['keepdim']})"


@rule("sum")
def total(c: Call) -> str:
    axes = c.axes(1) or list(range(c.rank(0)))
    dtype = Dtypes.text(c.out_dtype())
    return f"torch.sum({c.t(0)}, {axes}, keepdim={c.attrs['keepdim']}, dtype={dtype})"


@rule("prod")
def prod(c: Call) -> str:
    axes = [] if c.attrs["reduce_all"] else c.axes(1)
    dtype = Dtypes.text(c.out_dtype())
    if not axes:
        return f"torch.prod({c.t(0)}, dtype={dtype})"
    text = c.t(0)
    for axis in sorted((a % c.rank(0) for a in axes), reverse=True):
        text = f"torch.prod({text}, {axis}, keepdim={c.attrs['keepdim']}, dtype={dtype})"
    return text


@rule("p_norm")
def p_norm(c: Call) -> str:
    axis = "None" if c.attrs["asvector"] else c.attrs["axis"]
    keep = c.attrs["keepdim"]
    return f"torch.linalg.vector_norm({c.t(0)}, {c.attrs['porder']}, {axis}, {keep})"


@rule("cumsum")
def cumsum(c: Call) -> str:
    if c.attrs["exclusive"] or c.attrs["reverse"] or c.attrs["flatten"]:
        raise MissingOperator("cumsum: exclusive, reverse or flatten")
    return f"torch.cumsum({c.t(0)}, {c.axes(1)[0]}, dtype={Dtypes.text(c.out_dtype())})"


# Order and index.


@rule("topk")
def topk(c: Call) -> str:
    a = c.attrs
    k = number_text(c.sizes(1)[0])
    return f"torch.topk({c.t(0)}, {k}, {a['axis']}, {a['largest']}, {a['sorted']})"


@rule("argsort")
def argsort(c: Call) -> str:
    a = c.attrs
    return f"torch.sort({c.t(0)}, dim={a['axis']}, descending={a['descending']}, stable=True)"


@rule("nonzero")
def nonzero(c: Call) -> str:
    return f"torch.nonzero({c.t(0)})"


@rule("gather")
def gather(c: Call) -> str:
    axis, rank = c.axes(2)[0], c.rank(1)
    if rank > 1 and c.dims(1) != [c.dims(1)[0], 1]:
        raise MissingOperator("gather: an index of several dims")
    index = c.t(1) if rank == 1 else f"{c.t(1)}.reshape(-1)"
    made = f"torch.index_select({c.t(0)}, {axis}, {index})"
    return made if rank else f"{made}.squeeze({axis})"


@rule("gather_nd")
def gather_nd(c: Call) -> str:
    if c.dims(1)[-1] < 1:
        raise MissingOperator("gather_nd: an unknown number of axes")
    return f"{c.t(0)}[tuple({c.t(1)}.unbind(-1))]"


@rule("index_sample")
def index_sample(c: Call) -> str:
    return f"torch.gather({c.t(0)}, 1, {c.t(1)})"


@rule("scatter")
def scatter(c: Call) -> str:
    if not c.attrs["overwrite"]:
        raise MissingOperator("scatter: sums")
    index = f"{c.t(1)}.reshape(-1).long()"
    return f"{c.t(0)}.index_copy(0, {index}, {c.t(2)})"


@rule("embedding")
def embedding(c: Call) -> str:
    padding = c.attrs["padding_idx"]
    made = f"F.embedding({c.t(0)}, {c.t(1)})"
    if padding == -1:
        return made
    held = c.kept(made)
    return f"torch.where(({c.t(0)} == {padding}).unsqueeze(-1), 0.0, {held})"


@rule("one_hot")
def one_hot(c: Call) -> str:
    made = f"F.one_hot({c.t(0)}, {number_text(c.sizes(1)[0])})"
    return f"{made}.to({Dtypes.text('float32')})"


@rule("grid_sample")
def grid_sample(c: Call) -> str:
    a = c.attrs
    return (
        f'F.grid_sample({c.t(0)}, {c.t(1)}, "{a["mode"]}", "{a["padding_mode"]}", '
        f"{a['align_corners']})"
    )


# Products, convolutions, windows.


@rule("einsum")
def einsum(c: Call) -> list[str]:
    return [f'torch.einsum("{c.attrs["equation"]}", {", ".join(c.ts(0))})']


@rule("conv2d", "depthwise_conv2d")
def conv2d(c: Call) -> str:
    a = c.attrs
    if a["data_format"] != "NCHW" or a["padding_algorithm"] != "EXPLICIT":
        raise MissingOperator(f"{c.name}: channels last, or padding by name")
    x, padding = c.t(0), a["paddings"]
    if len(padding) == 4:
        top, bottom, left, right = padding
        x, padding = f"F.pad({x}, {[left, right, top, bottom]})", [0, 0]
    return (
        f"F.conv2d({x}, {c.t(1)}, None, {a['strides']}, {padding}, {a['dilations']}, {a['groups']})"
    )


@rule("pool2d")
def pool2d(c: Call) -> str:
    a, kind = c.attrs, c.attrs["pooling_type"]
    if a["data_format"] != "NCHW" or a["padding_algorithm"] != "EXPLICIT":
        raise MissingOperator("pool2d: channels last, or padding by name")
    size = [1, 1] if a["global_pooling"] else c.known(1, "the size of the window")
    if a["global_pooling"] or a["adaptive"]:
        return f"F.adaptive_{kind}_pool2d({c.t(0)}, {size})"
    last = f", count_include_pad={not a['exclusive']}" if kind == "avg" else ""
    return (
        f"F.{kind}_pool2d({c.t(0)}, {size}, {a['strides']}, {a['paddings']}, "
        f"ceil_mode={a['ceil_mode']}{last})"
    )


@rule("bilinear_interp", "nearest_interp")
def interpolate(c: Call) -> str:
    a, mode = c.attrs, c.attrs["interp_method"]
    if c.has(3) or a["data_format"] != "NCHW" or (mode == "bilinear" and a["align_mode"] == 1):
        raise MissingOperator(f"{c.name}: a scale that is a tensor, channels last or align_mode")
    if mode == "nearest" and a["align_corners"]:
        raise MissingOperator(f"{c.name}: align_corners")
    if c.has(2) or c.has(1):
        size = f"size={list_text(c.sizes(2 if c.has(2) else 1))}"
    elif a["scale"]:
        size = f"scale_factor={tuple(a['scale'])}"
    else:
        size = f"size={[a['out_h'], a['out_w']]}"
    corners = "" if mode == "nearest" else f", align_corners={a['align_corners']}"
    return f'F.interpolate({c.t(0)}, {size}, mode="{mode}"{corners})'


# Normalisation and regularisation.


@rule("batch_norm")
def batch_norm(c: Call) -> list[str]:
    a = c.attrs
    if a["data_format"] != "NCHW":
        raise MissingOperator("batch_norm: channels last")
    fixed = a["use_global_stats"] or (a["is_test"] and not a["trainable_statistics"])
    statistics = f"{c.t(1)}, {c.t(2)}" if fixed else "None, None"
    weight = ", ".join(c.t(i) if c.has(i) else "None" for i in (3, 4))
    return [
        f"F.batch_norm({c.t(0)}, {statistics}, {weight}, {not fixed}, "
        f"{1.0 - a['momentum']}, {a['epsilon']})"
    ]


@rule("layer_norm")
def layer_norm(c: Call) -> list[str]:
    shape = list_text(c.all_dims(0)[c.attrs["begin_norm_axis"] :])
    weights = ", ".join(f"{c.t(i)}.reshape({shape})" if c.has(i) else "None" for i in (1, 2))
    return [f"F.layer_norm({c.t(0)}, {shape}, {weights}, {c.attrs['epsilon']})"]


@rule("dropout")
def dropout(c: Call) -> list[str]:
    a, x, p = c.attrs, c.t(0), c.known(2, "the probability")[0]
    scaled = a["mode"] == "upscale_in_train"
    if a["is_test"]:
        return [x] if scaled else [f"{x} * {1.0 - p}"]
    return [f"F.dropout({x}, {p})" + ("" if scaled else f" * {1.0 - p}")]


@rule("uniform")
def uniform(c: Call) -> str:
    low, high = c.known(1, "a bound")[0], c.known(2, "a bound")[0]
    dtype = Dtypes.text("float32")
    return f"torch.empty({list_text(c.sizes(0))}, dtype={dtype}).uniform_({low}, {high})"


# Losses.


@rule("bce_loss")
def bce_loss(c: Call) -> str:
    # As the recorded operator clamps: each logarithm from below, through its argument.
    return f'F.binary_cross_entropy({c.t(0)}, {c.t(1)}, reduction="none")'


@rule("sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy(c: Call) -> str:
    if c.has(2) or c.attrs["normalize"]:
        raise MissingOperator("sigmoid_cross_entropy_with_logits: weights or normalize")
    x, label = c.t(0), c.t(1)
    loss = c.kept(f'F.binary_cross_entropy_with_logits({x}, {label}, reduction="none")')
    return f"torch.where({label} == {float(c.attrs['ignore_index'])}, 0.0, {loss})"


@rule("cross_entropy_with_softmax")
def cross_entropy_with_softmax(c: Call) -> list[str | None]:
    a, x = c.attrs, c.t(0)
    axis = a["axis"] % c.rank(0)
    if a["soft_label"] or not a["use_softmax"] or axis != c.rank(0) - 1:
        raise MissingOperator("cross_entropy_with_softmax: soft labels, or another axis")
    softmax = f"F.softmax({x}, {axis})" if c.wanted(0) else None
    classes = f"{x}.shape[-1]"
    return [
        softmax,
        f"F.cross_entropy({x}.reshape(-1, {classes}), {c.t(1)}.reshape(-1), "
        f"ignore_index={a['ignore_index']}, reduction=\"none\").reshape({c.t(1)}.shape)",
    ]
