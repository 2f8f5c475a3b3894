"""PyTorch's layers: those that differ from proa.nn's in their arguments alone, as a table.

Why made and not written: a layer here is Module, our layer, and PyTorch's signature.
"""

from __future__ import annotations

import math
from typing import Any, cast

from ... import _proa, spelling
from ... import nn as ours
from ...check import refuse
from . import functional
from .module import Module, Parameter, adopt

ops: Any = _proa.ops
F: Any = functional

TABLE = """
AdaptiveAvgPool1d(output_size) = AdaptiveAvgPool1D
AdaptiveAvgPool2d(output_size) = AdaptiveAvgPool2D
AdaptiveAvgPool3d(output_size) = AdaptiveAvgPool3D
AdaptiveLogSoftmaxWithLoss(in_features, n_classes, cutoffs, div_value=4.0, head_bias=False,
  device=None, dtype=None)
AdaptiveMaxPool1d(output_size, return_indices=False) = AdaptiveMaxPool1D
AdaptiveMaxPool2d(output_size, return_indices=False) = AdaptiveMaxPool2D
AdaptiveMaxPool3d(output_size, return_indices=False) = AdaptiveMaxPool3D
AlphaDropout(p=0.5, inplace=False)
AvgPool1d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True) =
  AvgPool1D
AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
  divisor_override=None) = AvgPool2D
AvgPool3d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
  divisor_override=None) = AvgPool3D
BCELoss(weight=None, size_average=None, reduce=None, reduction='mean')
BCEWithLogitsLoss(weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None)
Bilinear(in1_features, in2_features, out_features, bias=True, device=None, dtype=None)
CELU(alpha=1.0, inplace=False)
ChannelShuffle(groups)
CircularPad1d(padding) = CircularPad1D
CircularPad2d(padding) = CircularPad2D
CircularPad3d(padding) = CircularPad3D
ConstantPad1d(padding, value) = ConstantPad1D : value=value
ConstantPad2d(padding, value) = ConstantPad2D : value=value
ConstantPad3d(padding, value) = ConstantPad3D : value=value
Conv1d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
  bias=True, padding_mode='zeros', device=None, dtype=None) = Conv1D
Conv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
  bias=True, padding_mode='zeros', device=None, dtype=None) = Conv2D
Conv3d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
  bias=True, padding_mode='zeros', device=None, dtype=None) = Conv3D
ConvTranspose1d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
  groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None) =
  Conv1DTranspose
ConvTranspose2d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
  groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None) =
  Conv2DTranspose
ConvTranspose3d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
  groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None) =
  Conv3DTranspose
CosineEmbeddingLoss(margin=0.0, size_average=None, reduce=None, reduction='mean')
CosineSimilarity(dim=1, eps=1e-08)
Dropout(p=0.5, inplace=False)
Dropout1d(p=0.5, inplace=False) = Dropout : p=p; axis=[0, 1]
Dropout2d(p=0.5, inplace=False) = Dropout2D
Dropout3d(p=0.5, inplace=False) = Dropout3D
ELU(alpha=1.0, inplace=False)
Embedding(num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
  scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None)
FeatureAlphaDropout(p=0.5, inplace=False)
Flatten(start_dim=1, end_dim=-1)
Fold(output_size, kernel_size, dilation=1, padding=0, stride=1)
GELU(approximate='none') : approximate=approximate == 'tanh'
GLU(dim=-1)
GaussianNLLLoss(*, full=False, eps=1e-06, reduction='mean')
GroupNorm(num_groups, num_channels, eps=1e-05, affine=True, device=None, dtype=None)
Hardshrink(lambd=0.5)
Hardsigmoid(inplace=False)
Hardswish(inplace=False)
Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)
HingeEmbeddingLoss(margin=1.0, size_average=None, reduce=None, reduction='mean')
HuberLoss(reduction='mean', delta=1.0)
Identity(*args, **kwargs)
InstanceNorm1d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False,
  device=None, dtype=None) = InstanceNorm1D : momentum=1.0 - momentum
InstanceNorm2d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False,
  device=None, dtype=None) = InstanceNorm2D : momentum=1.0 - momentum
InstanceNorm3d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False,
  device=None, dtype=None) = InstanceNorm3D : momentum=1.0 - momentum
KLDivLoss(size_average=None, reduce=None, reduction='mean', log_target=False)
L1Loss(size_average=None, reduce=None, reduction='mean')
LPPool1d(norm_type, kernel_size, stride=None, ceil_mode=False) = LPPool1D
LPPool2d(norm_type, kernel_size, stride=None, ceil_mode=False) = LPPool2D
LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True, device=None,
  dtype=None)
LeakyReLU(negative_slope=0.01, inplace=False)
LocalResponseNorm(size, alpha=0.0001, beta=0.75, k=1.0) : size=size
LogSigmoid()
MSELoss(size_average=None, reduce=None, reduction='mean')
MarginRankingLoss(margin=0.0, size_average=None, reduce=None, reduction='mean')
MaxUnpool1d(kernel_size, stride=None, padding=0) = MaxUnPool1D
MaxUnpool2d(kernel_size, stride=None, padding=0) = MaxUnPool2D
MaxUnpool3d(kernel_size, stride=None, padding=0) = MaxUnPool3D
Mish(inplace=False)
ModuleDict(modules=None) = LayerDict
ModuleList(modules=None) = LayerList
MultiLabelSoftMarginLoss(weight=None, size_average=None, reduce=None, reduction='mean')
MultiMarginLoss(p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean')
NLLLoss(weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean')
PReLU(num_parameters=1, init=0.25, device=None, dtype=None)
PairwiseDistance(p=2.0, eps=1e-06, keepdim=False)
ParameterDict(parameters=None)
ParameterList(values=None)
PixelShuffle(upscale_factor)
PixelUnshuffle(downscale_factor)
PoissonNLLLoss(log_input=True, full=False, size_average=None, eps=1e-08, reduce=None,
  reduction='mean')
RReLU(lower=0.125, upper=0.3333333333333333, inplace=False)
ReLU(inplace=False)
ReLU6(inplace=False)
ReflectionPad1d(padding) = ReflectionPad1D
ReflectionPad2d(padding) = ReflectionPad2D
ReflectionPad3d(padding) = ReflectionPad3D
ReplicationPad1d(padding) = ReplicationPad1D
ReplicationPad2d(padding) = ReplicationPad2D
ReplicationPad3d(padding) = ReplicationPad3D
SELU(inplace=False)
SiLU(inplace=False) = Silu
Sigmoid()
SoftMarginLoss(size_average=None, reduce=None, reduction='mean')
Softmax2d() = Softmax2D
Softplus(beta=1.0, threshold=20.0)
Softshrink(lambd=0.5)
Softsign()
Tanh()
Tanhshrink()
Threshold(threshold, value, inplace=False) = ThresholdedReLU : threshold=threshold; value=value
TripletMarginLoss(margin=1.0, p=2.0, eps=1e-06, swap=False, size_average=None, reduce=None,
  reduction='mean')
TripletMarginWithDistanceLoss(*, distance_function=None, margin=1.0, swap=False, reduction='mean')
Unflatten(dim, unflattened_size)
Unfold(kernel_size, dilation=1, padding=0, stride=1)
UpsamplingBilinear2d(size=None, scale_factor=None) = UpsamplingBilinear2D : size=size
UpsamplingNearest2d(size=None, scale_factor=None) = UpsamplingNearest2D : size=size
ZeroPad1d(padding) = ZeroPad1D
ZeroPad2d(padding) = ZeroPad2D
ZeroPad3d(padding) = ZeroPad3D
"""
_BATCH_NORM = (
    "num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, device=None, "
    "dtype=None"
)


def uniform_fans(layer: Any, rows: int) -> None:
    """Kaiming's uniform rule with a = sqrt(5): U(-b, b), b = 1 / sqrt(fan in), the bias too."""
    bound = 1.0 / math.sqrt(rows) if rows > 0 else 0.0
    for tensor in (layer.weight, layer.bias):
        if tensor is not None:
            tensor.set_value(ops.uniform(list(tensor.shape), tensor.dtype, -bound, bound))


class Linear(Module):
    """y = x W^T + b, with the weight [out_features, in_features]."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = _proa.get_default_dtype() if dtype is None else dtype
        for name, value in (("in_features", in_features), ("out_features", out_features)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                refuse("Linear", name, "an int >= 0", value)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(ops.zeros([out_features, in_features], kind))
        self.bias = Parameter(ops.zeros([out_features], kind)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the first values anew."""
        uniform_fans(self, self.in_features)

    def forward(self, input: Any) -> Any:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def _conv_reset(self: Any) -> None:
    """Draw the first values anew."""
    shape = self.weight.shape
    transposed = type(self).__name__.startswith("ConvTranspose")
    fan = math.prod(shape[2:]) * shape[1]
    uniform_fans(self, fan if not transposed else math.prod(shape[1:]))


def _embedding_reset(self: Any) -> None:
    """Draw the first values anew: standard normal, zeros in the padding row."""
    drawn = ops.randn(list(self.weight.shape), dtype=self.weight.dtype)
    if self.padding_idx is not None:
        drawn[self.padding_idx] = 0.0
    self.weight.set_value(drawn)


def _embedding_forward(self: Any, x: Any) -> Any:
    """The rows at the places of x."""
    return F.embedding(
        x, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
    )


def _read(own: str) -> Any:
    return lambda self: self.__dict__.get(own)


def _from_pretrained(
    cls: Any, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, **settings: Any
) -> Any:
    """An Embedding over the given table [rows, columns], not trained unless freeze=False."""
    if embeddings.ndim != 2:
        refuse("Embedding.from_pretrained", "embeddings", "a tensor with 2 dims", embeddings)
    made = cls(*embeddings.shape, padding_idx, dtype=embeddings.dtype, **settings)
    made.weight = Parameter(embeddings, not freeze)
    return made


def _alias(made: Any, names: dict[str, str]) -> None:
    """PyTorch's names of what our layer calls otherwise, in the state and as attributes."""
    made._STATE_NAMES = names
    for own, name in names.items():
        setattr(made, name, property(_read(own)))


class _BatchNorm:
    """What PyTorch's batch norms have beside ours: names of state, and a count of batches."""

    _STATE_NAMES = {"_mean": "running_mean", "_variance": "running_var"}

    def forward(self: Any, x: Any) -> Any:
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.set_value(self.num_batches_tracked + 1)
        if x.ndim not in self._RANKS:
            ranks = " or ".join(str(rank) for rank in self._RANKS)
            refuse(type(self).__name__, "x", f"a tensor with {ranks} dims", x)
        return F.batch_norm(
            x, self._mean, self._variance, self.weight, self.bias, self.training,
            1.0 - self._momentum, self._epsilon,
        )  # fmt: skip


def _count_batches(init: Any) -> Any:
    def build(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        counted = self._mean is not None
        self.register_buffer(
            "num_batches_tracked", _proa.to_tensor(0, dtype="int64") if counted else None
        )

    build.__doc__ = init.__doc__
    build.__wrapped__ = init  # type: ignore[attr-defined]
    return build


def _build() -> None:
    resets = {"Conv": _conv_reset, "Embedding": _embedding_reset}
    for name, parameters, target, given in spelling.rows(TABLE):
        bases = (Module, getattr(ours, target))
        made = spelling.layer(name, parameters, bases, given, "proa.torch.nn")
        finish(made)
        for start, reset in resets.items():
            if name.startswith(start):
                made.reset_parameters = reset
                made.__init__ = _then(made.__init__, reset)
        globals()[name] = made
    globals()["Embedding"].forward = _embedding_forward
    globals()["Embedding"].from_pretrained = classmethod(cast("Any", _from_pretrained))
    _alias(globals()["PReLU"], {"_weight": "weight"})
    for dims in ("1d", "2d", "3d"):
        _alias(globals()[f"InstanceNorm{dims}"], {"scale": "weight"})
        base = getattr(ours, f"BatchNorm{dims.upper()}")
        given = {"momentum": "1.0 - momentum"}
        name = f"BatchNorm{dims}"
        made = spelling.layer(name, _BATCH_NORM, (_BatchNorm, Module, base), given, "proa.torch.nn")
        made.__init__ = _count_batches(made.__init__)
        finish(made)
        globals()[name] = made


def finish(made: Any) -> None:
    """Let the class give its parameters PyTorch's methods at the end of its construction."""
    made.__init__ = _then(made.__init__, adopt)


def _then(init: Any, last: Any) -> Any:
    def build(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        last(self)

    build.__doc__ = init.__doc__
    build.__wrapped__ = init  # type: ignore[attr-defined]
    return build


_build()


class SyncBatchNorm(globals()["BatchNorm2d"]):  # type: ignore[misc]
    """Batch norm over all processes; of this one, where it is alone. Any number of dims."""

    _RANKS = (2, 3, 4, 5)

    @classmethod
    def convert_sync_batchnorm(cls, module: Any, process_group: Any = None) -> Any:
        """The module with its batch norms made SyncBatchNorm, over the same tensors."""
        for below in module.modules():
            if isinstance(below, _BatchNorm):
                below.__class__ = cls
        return module


class _Fractional(Module):
    """Maxima over windows of random, uneven sizes; output_ratio is a share of the input's size."""

    _DIMS = 0

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            refuse(where, "output_size", "either it or output_ratio", output_size)
        spelling.no_more(where, _random_samples=_random_samples)
        self.kernel_size, self.output_size = kernel_size, output_size
        self.output_ratio, self.return_indices = output_ratio, return_indices

    def forward(self, input: Any) -> Any:
        size = self.output_size
        if size is None:
            one = not isinstance(self.output_ratio, (list, tuple))
            shares = [self.output_ratio] * self._DIMS if one else self.output_ratio
            pairs = zip(input.shape[-self._DIMS :], shares, strict=True)
            size = [int(extent * share) for extent, share in pairs]
        run: Any = getattr(ours.functional, f"fractional_max_pool{self._DIMS}d")
        return run(input, size, self.kernel_size, return_mask=self.return_indices)


class FractionalMaxPool2d(_Fractional):
    """Fractional max-pooling of images (Graham 2014)."""

    _DIMS = 2


class FractionalMaxPool3d(_Fractional):
    """Fractional max-pooling of volumes."""

    _DIMS = 3


class MultiLabelMarginLoss(Module):
    """Margins between the classes that are there and those that are not."""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        spelling.no_more("MultiLabelMarginLoss", size_average=size_average, reduce=reduce)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class Sequential(Module, ours.Sequential):
    """Modules one after the other; the keys of an OrderedDict are their names."""

    def __init__(self, *modules: Any) -> None:
        ours.Sequential.__init__(self)
        named = (
            modules[0].items()
            if len(modules) == 1 and isinstance(modules[0], dict)
            else ((str(i), module) for i, module in enumerate(modules))
        )
        for name, module in named:
            self.add_module(name, module)

    def append(self, module: Any) -> Any:
        """One more at the end."""
        self.add_module(str(len(self._sub_layers)), module)
        return self


class _Pooled(Module):
    """A maximum over windows."""

    _DIMS = 0

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Any) -> Any:
        return F._max_pool(
            self._DIMS,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_Pooled):
    """Maxima of windows of [batch, channels, length]."""

    _DIMS = 1


class MaxPool2d(_Pooled):
    """Maxima of windows of [batch, channels, height, width]."""

    _DIMS = 2


class MaxPool3d(_Pooled):
    """Maxima of windows of [batch, channels, depth, height, width]."""

    _DIMS = 3


class _Along(Module):
    """A function along a dim."""

    _run: Any

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return type(self)._run(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """exp(x) over its sum along dim."""

    _run = staticmethod(F.softmax)


class LogSoftmax(_Along):
    """The logarithm of softmax."""

    _run = staticmethod(F.log_softmax)


class Softmin(_Along):
    """softmax of -x."""

    _run = staticmethod(F.softmin)


class Upsample(Module):
    """interpolate, to a size or by a factor."""

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, input: Any) -> Any:
        run = F.interpolate
        return run(input, self.size, self.scale_factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        return f"size={self.size}, scale_factor={self.scale_factor}, mode={self.mode!r}"


class RMSNorm(Module):
    """x over the root of its mean square along the last dims, times a weight."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        single = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if single else tuple(normalized_shape)
        self.eps = eps
        kind = _proa.get_default_dtype() if dtype is None else dtype
        ones = ops.ones(list(self.normalized_shape), kind)
        self.weight = Parameter(ones) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class CrossEntropyLoss(Module):
    """Cross entropy of logits with the classes along dim 1."""

    weight: Any

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        spelling.no_more("CrossEntropyLoss", size_average=size_average, reduce=reduce)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class SmoothL1Loss(Module):
    """The Huber loss over beta."""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        spelling.no_more("SmoothL1Loss", size_average=size_average, reduce=reduce)
        self.reduction = reduction
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        if self.beta == 0:
            return F.l1_loss(input, target, reduction=self.reduction)
        run = F.smooth_l1_loss
        return run(input, target, reduction=self.reduction, beta=self.beta)


class CTCLoss(Module):
    """-log of the probability of the targets over all alignments."""

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__()
        self.blank = blank
        self.reduction = reduction
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
