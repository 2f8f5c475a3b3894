"""Recorded operators in the names of Proa.

Most are one call. What the recording has in one operator and Proa in several is written out.
"""

from __future__ import annotations

from typing import Any

from .importer import Call, MissingOperator, Rule, Size, list_text, number_text

RULES: dict[str, Rule] = {}
SPATIAL = {3: "NCL", 4: "NCHW", 5: "NCDHW"}


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
        return '"float64"' if cls.wide and dtype == "float32" else f'"{dtype}"'


def constant(dtype: str, dims: list[int], items: list[Any]) -> str:
    dtype = Dtypes.text(dtype)
    if items and all(not isinstance(x, Size) and x == items[0] for x in items):
        return f"proa.full({list_text(dims)}, {number_text(items[0])}, {dtype})"
    if not dims:
        return f"proa.to_tensor({number_text(items[0])}, dtype={dtype})"
    made = f"proa.to_tensor({list_text(items)}, dtype={dtype})"
    return made if len(dims) == 1 else f"proa.reshape({made}, {list_text(dims)})"


TOP_UNARY = """abs acos acosh asin asinh atan atanh ceil conj cos cosh digamma erf erfinv exp expm1
floor isfinite isinf isnan lgamma log log10 log1p log2 logical_not bitwise_not reciprocal round
rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc neg"""
FUNCTIONAL_UNARY = "hardswish mish relu relu6 silu softsign swish tanh_shrink logsigmoid"
BINARY = """add subtract multiply divide maximum minimum fmax fmin floor_divide remainder equal
not_equal greater_than greater_equal less_than less_equal logical_and logical_or logical_xor
bitwise_and bitwise_or bitwise_xor atan2 heaviside bmm dot gather_nd masked_select index_sample
expand_as cross kron"""
RENAMED = {"logsigmoid": "log_sigmoid", "tanh_shrink": "tanhshrink"}


def simple(path: str, count: int) -> Rule:
    return lambda c: f"{path}({', '.join(c.t(i) for i in range(count))})"


for _name in TOP_UNARY.split():
    RULES[_name] = simple(f"proa.{_name}", 1)
for _name in FUNCTIONAL_UNARY.split():
    RULES[_name] = simple(f"F.{RENAMED.get(_name, _name)}", 1)
for _name in BINARY.split():
    RULES[_name] = simple(f"proa.{_name}", 2)


def attributes(path: str, count: int, *names: str) -> Rule:
    """Tensors, then attributes under their own names."""

    def say(c: Call) -> str:
        given = [c.t(i) if c.has(i) else "None" for i in range(count)]
        given += [f"{name}={number_or_list(c.attrs[name])}" for name in names if name in c.attrs]
        return f"{path}({', '.join(given)})"

    return say


def number_or_list(value: Any) -> str:
    return list_text(value) if isinstance(value, list) else number_text(value)


for _name, _path, _count, _attrs in (
    ("argmax", "proa.argmax", 1, ""),
    ("celu", "F.celu", 1, "alpha"),
    ("elu", "F.elu", 1, "alpha"),
    ("flip", "proa.flip", 1, "axis"),
    ("gelu", "F.gelu", 1, "approximate"),
    ("grid_sample", "F.grid_sample", 2, "mode padding_mode align_corners"),
    ("hardsigmoid", "F.hardsigmoid", 1, "slope offset"),
    ("hard_shrink", "F.hardshrink", 1, "threshold"),
    ("index_select", "proa.index_select", 2, "axis"),
    ("leaky_relu", "F.leaky_relu", 1, "negative_slope"),
    ("log_softmax", "F.log_softmax", 1, "axis"),
    ("logsumexp", "proa.logsumexp", 1, "axis keepdim"),
    ("matmul", "proa.matmul", 2, "transpose_x transpose_y"),
    ("pixel_shuffle", "F.pixel_shuffle", 1, "upscale_factor data_format"),
    ("scatter", "proa.scatter", 3, "overwrite"),
    ("scatter_nd_add", "proa.scatter_nd_add", 3, ""),
    ("selu", "F.selu", 1, "scale alpha"),
    ("softmax", "F.softmax", 1, "axis"),
    ("softplus", "F.softplus", 1, "beta threshold"),
    ("softshrink", "F.softshrink", 1, "threshold"),
    ("stack", "", 0, ""),
    ("take_along_axis", "proa.take_along_axis", 2, "axis"),
    ("tril", "proa.tril", 1, "diagonal"),
    ("triu", "proa.triu", 1, "diagonal"),
    ("where", "proa.where", 3, ""),
):
    RULES[_name] = attributes(_path, _count, *_attrs.split())
for _name in ("any", "all"):
    RULES[_name] = attributes(f"proa.{_name}", 1, "axis", "keepdim")


@rule("argmax", "argmin")
def arg_reduce(c: Call) -> str:
    axis = "None" if c.attrs.get("flatten") else number_text(int(c.axes(1)[0]))
    return (
        f"proa.{c.name}({c.t(0)}, {axis}, keepdim={c.attrs['keepdims']}, "
        f"dtype={Dtypes.text(c.out_dtype())})"
    )


@rule("assign")
def assign(c: Call) -> str:
    return f"proa.clone({c.t(0)})"


@rule("share_data")
def share_data(c: Call) -> str:
    return c.t(0)


@rule("full", "full_int_array", "assign_value")
def full(c: Call) -> str:
    values = c.attrs.get("value", c.attrs.get("values"))
    shape = c.attrs.get("shape") or [len(values)]
    if not isinstance(values, list):
        return constant(c.attrs["dtype"], shape, [values])
    return f"proa.reshape({constant(c.attrs['dtype'], [len(values)], values)}, {list_text(shape)})"


@rule("full_like")
def full_like(c: Call) -> str:
    return (
        f"proa.full_like({c.t(0)}, {c.number_as(1, c.out_dtype())}, "
        f"{Dtypes.text(c.out_dtype())})"
    )


@rule("full_with_tensor")
def full_with_tensor(c: Call) -> str:
    dtype, shape = Dtypes.text(c.out_dtype()), list_text(c.shape(1, None))
    if c.items(0) is None:
        return f"proa.expand(proa.cast({c.t(0)}, {dtype}), {shape})"
    return f"proa.full({shape}, {c.number_as(0, c.out_dtype())}, {dtype})"


@rule("arange")
def arange(c: Call) -> str:
    kind = c.dtype(0)
    items = [x for i in range(3) for x in c.sizes(i)]
    if not kind.startswith("int") and all(isinstance(x, float) and x == int(x) for x in items):
        items = [int(x) for x in items]
    return f"proa.arange({', '.join(map(number_text, items))}, dtype={Dtypes.text(c.out_dtype())})"


@rule("cast")
def cast(c: Call) -> str:
    return f"proa.cast({c.t(0)}, {Dtypes.text(c.out_dtype())})"


@rule("clip")
def clip(c: Call) -> str:
    kind = c.dtype(0)
    return f"proa.clip({c.t(0)}, {c.number_as(1, kind)}, {c.number_as(2, kind)})"


@rule("scale")
def scale(c: Call) -> str:
    kind = c.dtype(0)
    factor = c.number_as(1, kind)
    bias = number_text(int(c.attrs["bias"]) if kind.startswith("int") else c.attrs["bias"])
    if c.items(1) is None:
        return (
            f"{c.t(0)} * {factor} + {bias}"
            if c.attrs["bias_after_scale"]
            else f"({c.t(0)} + {bias}) * {factor}"
        )
    after = "" if c.attrs["bias_after_scale"] else ", False"
    return f"proa.scale({c.t(0)}, {factor}, {bias}{after})"


@rule("pow")
def power(c: Call) -> str:
    y = c.attrs["y"]
    return f"proa.pow({c.t(0)}, {number_text(int(y) if c.dtype(0).startswith('int') else y)})"


@rule("elementwise_pow")
def elementwise_pow(c: Call) -> str:
    return f"proa.pow({c.t(0)}, {c.t(1)})"


# Shapes.


@rule("reshape")
def reshape(c: Call) -> str:
    return f"proa.reshape({c.t(0)}, {list_text(c.shape(1))})"


@rule("expand")
def expand(c: Call) -> str:
    return f"proa.expand({c.t(0)}, {list_text(c.sizes(1))})"


@rule("tile")
def tile(c: Call) -> str:
    return f"proa.tile({c.t(0)}, {list_text(c.sizes(1))})"


@rule("flatten")
def flatten(c: Call) -> str:
    return f"proa.flatten({c.t(0)}, {c.attrs['start_axis']}, {c.attrs['stop_axis']})"


@rule("squeeze")
def squeeze(c: Call) -> str:
    axes = c.axes(1)
    return f"proa.squeeze({c.t(0)}, {axes if axes else None})"


@rule("unsqueeze")
def unsqueeze(c: Call) -> str:
    return f"proa.unsqueeze({c.t(0)}, {c.axes(1)})"


@rule("transpose")
def transpose(c: Call) -> str:
    return f"proa.transpose({c.t(0)}, {list_text(c.attrs['perm'])})"


def range_text(start: Any, end: Any, step: Any = 1) -> str:
    """A slice of Python; what lies beyond both ends is clamped in Paddle as in Python."""
    first = "" if start == 0 and not isinstance(start, Size) else number_text(start)
    last = "" if isinstance(end, int) and end >= 2**31 - 1 else number_text(end)
    if step == 1:
        return f"{first}:{last}"
    return f"{first}:{last}:{number_text(step)}"


@rule("slice")
def slice_(c: Call) -> str:
    axes, starts, ends = c.attrs["axes"], c.sizes(1), c.sizes(2)
    drop = set(c.attrs["decrease_axis"])
    parts = [":"] * (max(axes) + 1)
    for axis, start, end in zip(axes, starts, ends, strict=True):
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
    if c.attrs["none_axes"]:
        raise MissingOperator("set_value_with_tensor: new axes")
    axes, drop = c.attrs["axes"], c.attrs["decrease_axes"]
    value = c.t(1)
    if drop:
        value = c.kept(f"proa.unsqueeze({value}, {list_text(drop)})")
    region = c.all_dims(0)
    starts, ends, steps = c.sizes(2), c.sizes(3), c.sizes(4)
    if any(isinstance(bound, Size) for bound in starts + ends):
        return framed(c, value, axes, starts, ends, steps)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step != 1 or (isinstance(start, int) and start < 0):
            raise MissingOperator("set_value_with_tensor: steps, or places from the end")
        extent = region[axis]
        stop = extent if isinstance(end, int) and end >= 2**31 - 1 else end
        region[axis] = stop - start
    return (
        f"proa.slice_scatter({c.t(0)}, proa.expand({value}, {list_text(region)}), "
        f"{list_text(axes)}, {list_text(starts)}, {list_text(ends)}, {list_text(steps)})"
    )


def framed(
    c: Call, value: str, axes: list[int], starts: list[Any], ends: list[Any], steps: list[Any]
) -> str:
    """x with `value` at bounds that are sizes: what stands around it, put to it axis by axis."""
    if any(step != 1 for step in steps):
        raise MissingOperator("set_value_with_tensor: steps")
    within = [":"] * c.rank(0)
    for axis, start, end in zip(axes, starts, ends, strict=True):
        within[axis] = range_text(start, end)
    x = c.t(0)
    for axis, start, end in sorted(
        zip(axes, starts, ends, strict=True), key=lambda one: -one[0]
    ):
        parts = [value]
        if start != 0 or isinstance(start, Size):
            before = [*within[:axis], range_text(0, start)]
            parts.insert(0, f"{x}[{', '.join(before)}]")
        behind = [*within[:axis], f"{number_text(end)}:"]
        parts.append(f"{x}[{', '.join(behind)}]")
        value = f"proa.concat([{', '.join(parts)}], {axis})"
    return value


@rule("concat")
def concat(c: Call) -> str:
    return f"proa.concat([{', '.join(c.ts(0))}], {c.axes(1)[0]})"


@rule("stack")
def stack(c: Call) -> str:
    return f"proa.stack([{', '.join(c.ts(0))}], {c.attrs['axis']})"


@rule("split")
def split(c: Call) -> str:
    return f"proa.split({c.t(0)}, {list_text(c.sizes(1))}, {c.axes(2)[0]})"


@rule("split_with_num")
def split_with_num(c: Call) -> str:
    return f"proa.split({c.t(0)}, {c.attrs['num']}, {c.axes(1)[0]})"


@rule("unbind")
def unbind(c: Call) -> str:
    return f"proa.unbind({c.t(0)}, {c.attrs['axis']})"


@rule("meshgrid")
def meshgrid(c: Call) -> str:
    return f"proa.meshgrid([{', '.join(c.ts(0))}])"


@rule("pad3d")
def pad3d(c: Call) -> str:
    return (
        f'F.pad({c.t(0)}, {list_text(c.sizes(1))}, "{c.attrs["mode"]}", '
        f'{number_text(c.attrs["pad_value"])}, "{c.attrs["data_format"]}")'
    )


@rule("roll")
def roll(c: Call) -> str:
    axis = c.attrs.get("axis") or None
    return f"proa.roll({c.t(0)}, {list_text(c.sizes(1))}, {axis})"


# Reductions.


def axis_text(axes: list[int]) -> str:
    return str(axes) if axes else "None"


@rule("max", "min", "mean", "amax", "amin")
def reduce(c: Call) -> str:
    axes = c.axes(1) if len(c.inputs) > 1 else c.attrs.get("axis", [])
    return f"proa.{c.name}({c.t(0)}, {axis_text(axes)}, keepdim={c.attrs['keepdim']})"


@rule("sum", "prod")
def typed_reduce(c: Call) -> str:
    axes = [] if c.attrs.get("reduce_all") else c.axes(1)
    dtype = c.out_dtype()
    given = "" if dtype == c.dtype(0) else f", dtype={Dtypes.text(dtype)}"
    return f"proa.{c.name}({c.t(0)}, {axis_text(axes)}, keepdim={c.attrs['keepdim']}{given})"


@rule("mean_all")
def mean_all(c: Call) -> str:
    return f"proa.mean({c.t(0)})"


@rule("p_norm")
def p_norm(c: Call) -> str:
    axis = "None" if c.attrs["asvector"] else c.attrs["axis"]
    return (
        f"proa.linalg.norm({c.t(0)}, {number_text(c.attrs['porder'])}, {axis}, "
        f"keepdim={c.attrs['keepdim']})"
    )


@rule("cumsum")
def cumsum(c: Call) -> str:
    axis = "None" if c.attrs["flatten"] else c.axes(1)[0]
    if c.attrs["exclusive"] or c.attrs["reverse"]:
        raise MissingOperator("cumsum: exclusive or reverse")
    return f"proa.cumsum({c.t(0)}, {axis}, dtype={Dtypes.text(c.out_dtype())})"


# Order.


@rule("topk")
def topk(c: Call) -> str:
    a = c.attrs
    k = number_text(c.sizes(1)[0])
    return f"proa.topk({c.t(0)}, {k}, {a['axis']}, {a['largest']}, {a['sorted']})"


@rule("argsort")
def argsort(c: Call) -> list[str | None]:
    a = c.attrs
    index = f"proa.argsort({c.t(0)}, {a['axis']}, {a['descending']}, {a['stable']})"
    if not c.wanted(0):
        return [None, index]
    held = c.kept(index)
    return [f"proa.take_along_axis({c.t(0)}, {held}, {a['axis']})", held]


@rule("nonzero")
def nonzero(c: Call) -> str:
    return f"proa.nonzero({c.t(0)})"


# Index.


@rule("gather")
def gather(c: Call) -> str:
    return f"proa.gather({c.t(0)}, {c.t(1)}, {c.axes(2)[0]})"


@rule("embedding")
def embedding(c: Call) -> str:
    padding = c.attrs["padding_idx"]
    return f"F.embedding({c.t(0)}, {c.t(1)}, {None if padding == -1 else padding})"


@rule("one_hot")
def one_hot(c: Call) -> str:
    made = f"F.one_hot({c.t(0)}, {number_text(c.sizes(1)[0])})"
    return f"proa.cast({made}, {Dtypes.text('float32')})" if Dtypes.wide else made


# Products, convolutions, windows.


@rule("einsum")
def einsum(c: Call) -> list[str]:
    return [f'proa.einsum("{c.attrs["equation"]}", {", ".join(c.ts(0))})']


def padding_text(c: Call) -> str:
    kind = c.attrs.get("padding_algorithm", "EXPLICIT")
    return f'"{kind}"' if kind in ("SAME", "VALID") else list_text(c.attrs["paddings"])


@rule("conv2d", "depthwise_conv2d", "conv3d")
def conv(c: Call) -> str:
    a = c.attrs
    name = "conv3d" if c.rank(0) == 5 else "conv2d"
    return (
        f"F.{name}({c.t(0)}, {c.t(1)}, None, {list_text(a['strides'])}, {padding_text(c)}, "
        f"{list_text(a['dilations'])}, {a['groups']}, \"{a['data_format']}\")"
    )


@rule("conv2d_transpose", "depthwise_conv2d_transpose")
def conv_transpose(c: Call) -> str:
    a = c.attrs
    if c.has(2):
        raise MissingOperator(f"{c.name}: a given output size")
    extra = a.get("output_padding") or 0
    return (
        f"F.conv2d_transpose({c.t(0)}, {c.t(1)}, None, {list_text(a['strides'])}, "
        f"{padding_text(c)}, {number_or_list(extra)}, {list_text(a['dilations'])}, "
        f"{a['groups']}, data_format=\"{a['data_format']}\")"
    )


@rule("pool2d")
def pool2d(c: Call) -> str:
    a, kind = c.attrs, c.attrs["pooling_type"]
    form = f'data_format="{a["data_format"]}"'
    if a["global_pooling"] or (a["adaptive"] and c.known(1, "the size") == [1, 1]):
        return f"F.adaptive_{kind}_pool2d({c.t(0)}, [1, 1], {form})" if kind == "avg" else (
            f"proa.amax({c.t(0)}, {[2, 3] if a['data_format'] == 'NCHW' else [1, 2]}, keepdim=True)"
        )
    size = list_text(c.known(1, "the size of the window"))
    if a["adaptive"]:
        form = form if kind == "avg" else ""
        return f"F.adaptive_{kind}_pool2d({c.t(0)}, {size}{', ' + form if form else ''})"
    last = f"exclusive={a['exclusive']}, {form}" if kind == "avg" else form
    return (
        f"F.{kind}_pool2d({c.t(0)}, {size}, {list_text(a['strides'])}, {padding_text(c)}, "
        f"ceil_mode={a['ceil_mode']}, {last})"
    )


@rule("bilinear_interp", "nearest_interp", "bicubic_interp")
def interpolate(c: Call) -> str:
    a = c.attrs
    if c.has(3):
        raise MissingOperator(f"{c.name}: a scale that is a tensor")
    if c.has(2):
        size = f"size={list_text(c.sizes(2))}"
    elif c.has(1):
        size = f"size={list_text(c.sizes(1))}"
    elif a["scale"]:
        size = f"scale_factor={list_text(a['scale'])}"
    else:
        size = f"size={[a['out_h'], a['out_w']]}"
    return (
        f'F.interpolate({c.t(0)}, {size}, mode="{a["interp_method"]}", '
        f"align_corners={a['align_corners']}, align_mode={a['align_mode']}, "
        f'data_format="{a["data_format"]}")'
    )


# Normalisation and regularisation.


@rule("batch_norm")
def batch_norm(c: Call) -> list[str]:
    a = c.attrs
    if any(c.wanted(i) for i in range(1, 6)):
        raise MissingOperator("batch_norm: its statistics")
    fixed = a["use_global_stats"] or (a["is_test"] and not a["trainable_statistics"])
    statistics = f"{c.t(1)}, {c.t(2)}" if fixed else "None, None"
    weight = ", ".join(c.t(i) if c.has(i) else "None" for i in (3, 4))
    return [
        f"F.batch_norm({c.t(0)}, {statistics}, {weight}, {not fixed}, {a['momentum']}, "
        f"{a['epsilon']}, \"{a['data_format']}\")"
    ]


@rule("layer_norm")
def layer_norm(c: Call) -> list[str]:
    if c.wanted(1) or c.wanted(2):
        raise MissingOperator("layer_norm: its statistics")
    shape = c.all_dims(0)[c.attrs["begin_norm_axis"] :]
    weights = []
    for i in (1, 2):
        weight = c.t(i) if c.has(i) else "None"
        if c.has(i) and len(shape) > 1:
            weight = f"proa.reshape({weight}, {list_text(shape)})"
        weights.append(weight)
    return [
        f"F.layer_norm({c.t(0)}, {list_text(shape)}, {', '.join(weights)}, {c.attrs['epsilon']})"
    ]


@rule("group_norm")
def group_norm(c: Call) -> list[str]:
    a = c.attrs
    weight = ", ".join(c.t(i) if c.has(i) else "None" for i in (1, 2))
    return [
        f"F.group_norm({c.t(0)}, {a['groups']}, {a['epsilon']}, {weight}, "
        f"\"{a['data_format']}\")"
    ]


@rule("instance_norm")
def instance_norm(c: Call) -> list[str]:
    weight = ", ".join(c.t(i) if c.has(i) else "None" for i in (1, 2))
    return [f"F.instance_norm({c.t(0)}, None, None, {weight}, eps={c.attrs['epsilon']})"]


@rule("dropout")
def dropout(c: Call) -> list[str]:
    a, x, p = c.attrs, c.t(0), c.known(2, "the probability")[0]
    mode = {"downgrade_in_infer": "downscale_in_infer"}.get(a["mode"], a["mode"])
    if a["is_test"]:
        return [x] if mode == "upscale_in_train" else [f"proa.scale({x}, {1.0 - p})"]
    if not Dtypes.wide:
        return [f'F.dropout({x}, {p}, mode="{mode}")']
    # The numbers that were drawn in f32, so that the mask is the same.
    mask = f'F.dropout(proa.full({list_text(c.all_dims(0))}, 1.0, "float32"), {p}, mode="{mode}")'
    return [f'{x} * proa.cast({mask} != 0.0, "float64")' + (
        f" / {1.0 - p}" if mode == "upscale_in_train" and p < 1.0 else ""
    )]


@rule("uniform")
def uniform(c: Call) -> str:
    low, high = c.known(1, "a bound")[0], c.known(2, "a bound")[0]
    made = f'proa.uniform({list_text(c.sizes(0))}, "float32", {low}, {high})'
    return f'proa.cast({made}, "float64")' if Dtypes.wide else made


@rule("gaussian")
def gaussian(c: Call) -> str:
    a = c.attrs
    shape = c.sizes(0) if c.inputs else a["shape"]
    made = f'proa.gaussian({list_text(shape)}, {a["mean"]}, {a["std"]}, dtype="float32")'
    return f'proa.cast({made}, "float64")' if Dtypes.wide else made


# Losses.


@rule("bce_loss")
def bce_loss(c: Call) -> str:
    return f'F.binary_cross_entropy({c.t(0)}, {c.t(1)}, reduction="none")'


@rule("sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy(c: Call) -> str:
    if c.has(2) or c.attrs["normalize"]:
        raise MissingOperator("sigmoid_cross_entropy_with_logits: weights or normalize")
    x, label = c.t(0), c.t(1)
    loss = c.kept(f'F.binary_cross_entropy_with_logits({x}, {label}, reduction="none")')
    ignored = float(c.attrs["ignore_index"])
    return f"proa.where({label} == {ignored}, proa.zeros_like({loss}), {loss})"


@rule("cross_entropy_with_softmax")
def cross_entropy_with_softmax(c: Call) -> list[str | None]:
    a = c.attrs
    x = c.t(0)
    if not a["use_softmax"]:
        raise MissingOperator("cross_entropy_with_softmax: use_softmax=False")
    softmax = f"F.softmax({x}, {a['axis']})" if c.wanted(0) else None
    return [
        softmax,
        f"F.softmax_with_cross_entropy({x}, {c.t(1)}, soft_label={a['soft_label']}, "
        f"ignore_index={a['ignore_index']}, axis={a['axis']})",
    ]


@rule("kldiv_loss")
def kldiv_loss(c: Call) -> str:
    a = c.attrs
    log = a.get("log_target", False)
    return f'F.kl_div({c.t(0)}, {c.t(1)}, reduction="{a["reduction"]}", log_target={log})'


# Vision.


@rule("prior_box")
def prior_box(c: Call) -> str:
    a = c.attrs
    given = ", ".join(
        f"{name}={number_or_list(a[name])}"
        for name in ("min_sizes", "max_sizes", "aspect_ratios", "flip", "clip", "offset",
                     "min_max_aspect_ratios_order")
    )
    return (
        f"V.prior_box({c.t(0)}, {c.t(1)}, {given}, variance={list_text(a['variances'])}, "
        f"steps=[{a['step_w']}, {a['step_h']}])"
    )


@rule("generate_proposals")
def generate_proposals(c: Call) -> str:
    given = ", ".join(
        f"{name}={number_text(c.attrs[name])}"
        for name in ("pre_nms_top_n", "post_nms_top_n", "nms_thresh", "min_size", "eta",
                     "pixel_offset")
    )
    operands = ", ".join(c.t(i) for i in range(5))
    return f"V.generate_proposals({operands}, {given}, return_rois_num=True)"
