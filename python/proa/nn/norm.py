"""Normalisation layers: batch, layer, group, instance, RMS, local response.

Why the running statistics are buffers: they are state to be saved, and nothing that an optimizer
may touch.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import proa

from .. import _proa
from ..check import divisible, one_of, only_one, positive, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .family import FORMATS, member
from .functional.norms import batch_norm
from .initializer import Constant
from .layer import Layer
from .parameter import Parameter
from .text import settings

__all__ = [
    "BatchNorm",
    "BatchNorm1D",
    "BatchNorm2D",
    "BatchNorm3D",
    "GroupNorm",
    "InstanceNorm1D",
    "InstanceNorm2D",
    "InstanceNorm3D",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
    "SyncBatchNorm",
]


def _epsilon(where: str, epsilon: float, eps: float | None) -> float:
    """`epsilon`, or `eps` where PyTorch's name was used."""
    value = epsilon if eps is None else eps
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not value >= 0:
        refuse(where, "epsilon", "a number >= 0", value)
    return float(value)


def _attr(where: str, attr: ParamAttrLike, affine: bool | None, name: str) -> ParamAttrLike:
    """`attr`, or what PyTorch's `affine` means in its place."""
    if affine is None:
        return attr
    only_one(where, name, attr, "affine", affine)
    return None if affine else False


def _momentum(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        refuse(where, "momentum", "a number in [0, 1]", value)
    return float(value)


class _BatchNorm(Layer):
    """Normalises each channel over batch and space, then scales and shifts (Ioffe & Szegedy 2015).

    In training, batch statistics are used and learnt, with the biased variance:
    running = momentum * running + (1 - momentum) * batch. In evaluation the running ones are used.

    Args:
        num_features: the number of channels.
        momentum: how much of the running statistics stays; PyTorch's momentum is 1 minus this.
        epsilon: added to the variance (PyTorch: eps).
        weight_attr, bias_attr: settings of scale and shift [channels]; False leaves one out
            (PyTorch: affine=False).
        data_format: where the channels stand.
        use_global_stats: True uses the running statistics in training too; False the batch's in
            evaluation too.
        track_running_stats: False keeps no running statistics and always uses the batch's
            (PyTorch).

    Shape: x {shape}, of 1 dim also [batch, channels].
    """

    weight: Parameter | None
    bias: Parameter | None
    _mean: _proa.Tensor | None
    _variance: _proa.Tensor | None

    _RANKS: tuple[int, ...] = (2, 3, 4, 5)
    _FORMATS: tuple[str, ...] = ("NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC")

    def __init__(
        self,
        num_features: int,
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        use_global_stats: bool | None = None,
        name: str | None = None,
        *,
        eps: float | None = None,
        affine: bool | None = None,
        track_running_stats: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        where = type(self).__name__
        self._num_features = positive(where, "num_features", num_features)
        self._momentum = _momentum(where, momentum)
        self._epsilon = _epsilon(where, epsilon, eps)
        self._data_format = one_of(where, "data_format", data_format, self._FORMATS)
        self._use_global_stats = use_global_stats
        self.weight = self.create_parameter(
            [num_features],
            _attr(where, weight_attr, affine, "weight_attr"),
            default_initializer=Constant(1.0),
        )
        self.bias = self.create_parameter(
            [num_features], _attr(where, bias_attr, affine, "bias_attr"), is_bias=True
        )
        mean = proa.zeros([num_features], self._dtype) if track_running_stats else None
        variance = proa.ones([num_features], self._dtype) if track_running_stats else None
        self.register_buffer("_mean", mean)
        self.register_buffer("_variance", variance)

    @property
    def num_features(self) -> int:
        """The number of channels."""
        return self._num_features

    @property
    def running_mean(self) -> _proa.Tensor | None:
        """The running mean (PyTorch's name for `_mean`)."""
        return self._mean

    @property
    def running_var(self) -> _proa.Tensor | None:
        """The running variance (PyTorch's name for `_variance`)."""
        return self._variance

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        if len(x.shape) not in self._RANKS:
            ranks = " or ".join(str(rank) for rank in self._RANKS)
            refuse(type(self).__name__, "x", f"a tensor with {ranks} dims", x)
        return batch_norm(
            x,
            self._mean,
            self._variance,
            self.weight,
            self.bias,
            training=self.training,
            momentum=self._momentum,
            epsilon=self._epsilon,
            data_format=self._data_format,
            use_global_stats=self._use_global_stats,
        )

    def extra_repr(self) -> str:
        text = (
            f"num_features={self._num_features}, momentum={self._momentum}, epsilon={self._epsilon}"
        )
        if self._data_format != self._FORMATS[-2]:
            text += f", data_format={self._data_format}"
        return text


@member(1)
class BatchNorm1D(_BatchNorm):
    _RANKS = (2, 3)
    _FORMATS = ("NC", "NLC", "NCL", "NLC")


@member(2)
class BatchNorm2D(_BatchNorm):
    _RANKS = (4,)
    _FORMATS = ("NCHW", "NHWC")


@member(3)
class BatchNorm3D(_BatchNorm):
    _RANKS = (5,)
    _FORMATS = ("NCDHW", "NDHWC")


class BatchNorm(_BatchNorm):
    """Batch normalisation of any rank under Paddle's oldest signature, with an activation at the
    end.

    Args:
        num_channels: the number of channels.
        act: name of the activation to apply, or None.
        is_test: True uses the running statistics in training too, as use_global_stats does.
        param_attr, bias_attr: settings of scale and shift [channels].
        trainable_statistics: whether evaluation uses the batch's statistics too.
        in_place, moving_mean_name, moving_variance_name, do_model_average_for_mean_and_var:
            accepted;
            the first changes nothing, the names are given to the running statistics, averaging
            skips them.
    """

    def __init__(
        self,
        num_channels: int,
        act: str | None = None,
        is_test: bool = False,
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        param_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        dtype: DTypeLike = "float32",
        data_layout: str = "NCHW",
        in_place: bool = False,
        moving_mean_name: str | None = None,
        moving_variance_name: str | None = None,
        do_model_average_for_mean_and_var: bool = False,
        use_global_stats: bool = False,
        trainable_statistics: bool = False,
    ) -> None:
        use_global: bool | None = True if use_global_stats or is_test else None
        if trainable_statistics and use_global is None:
            use_global = False
        super().__init__(
            num_channels,
            momentum,
            epsilon,
            param_attr,
            bias_attr,
            data_layout,
            use_global,
            dtype=dtype,
        )
        if act is not None and not callable(getattr(F, act, None)):
            refuse("BatchNorm", "act", "the name of an activation in nn.functional, or None", act)
        self._act = act
        if moving_mean_name is not None and self._mean is not None:
            self._mean.name = moving_mean_name
        if moving_variance_name is not None and self._variance is not None:
            self._variance.name = moving_variance_name

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        y = super().forward(x)
        if self._act is None:
            return y
        activated: _proa.Tensor = getattr(F, self._act)(y)
        return activated


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation whose batch statistics are those of all processes; of this one, where it
    is alone.
    """

    def __init__(
        self,
        num_features: int,
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        eps: float | None = None,
        affine: bool | None = None,
        track_running_stats: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(
            num_features,
            momentum,
            epsilon,
            weight_attr,
            bias_attr,
            data_format,
            None,
            name,
            eps=eps,
            affine=affine,
            track_running_stats=track_running_stats,
            dtype=dtype,
        )

    @classmethod
    def convert_sync_batchnorm(cls, layer: Layer) -> Layer:
        """`layer` with every batch norm below it made a SyncBatchNorm over the same tensors."""
        if isinstance(layer, _BatchNorm) and not isinstance(layer, SyncBatchNorm):
            new = cls(
                layer._num_features,
                layer._momentum,
                layer._epsilon,
                False,
                False,
                layer._data_format,
                dtype=layer._dtype,
            )
            new.weight, new.bias = layer.weight, layer.bias
            new._buffers.update(layer._buffers)
            new._use_global_stats = layer._use_global_stats
            new.training = layer.training
            return new
        for name, child in list(layer._sub_layers.items()):
            if child is not None:
                layer._sub_layers[name] = cls.convert_sync_batchnorm(child)
        return layer


class LayerNorm(Layer):
    """Normalises each sample over its last dims, then scales and shifts (Ba et al. 2016).

    Args:
        normalized_shape: the last dims, an int for one.
        epsilon: added to the variance (PyTorch: eps).
        weight_attr, bias_attr: settings of scale and shift, of shape normalized_shape; False leaves
            one out
            (PyTorch: elementwise_affine=False for both, bias=False).
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        epsilon: float = 1e-05,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        eps: float | None = None,
        elementwise_affine: bool | None = None,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self._normalized_shape = _last_dims("LayerNorm", normalized_shape)
        self._epsilon = _epsilon("LayerNorm", epsilon, eps)
        shift = False if bias is False else bias_attr
        self.weight = self.create_parameter(
            self._normalized_shape,
            _attr("LayerNorm", weight_attr, elementwise_affine, "weight_attr"),
            default_initializer=Constant(1.0),
        )
        self.bias = self.create_parameter(
            self._normalized_shape, False if elementwise_affine is False else shift, is_bias=True
        )

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.layer_norm(x, self._normalized_shape, self.weight, self.bias, self._epsilon)

    def extra_repr(self) -> str:
        return settings(normalized_shape=self._normalized_shape, epsilon=self._epsilon)


def _last_dims(where: str, shape: int | Sequence[int]) -> list[int]:
    if isinstance(shape, numbers.Integral):
        return [positive(where, "normalized_shape", shape)]
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence) or not shape:
        refuse(where, "normalized_shape", "an int or a sequence of ints", shape)
    return [positive(where, "normalized_shape", dim) for dim in shape]


class RMSNorm(Layer):
    """Divides each sample by the root of the mean square of its last dims, then scales (Zhang &
    Sennrich 2019).

    Args:
        normalized_shape: the last dims, an int for one.
        epsilon: added to the mean square (PyTorch: eps).
        weight_attr: settings of the scale; False leaves it out (PyTorch: elementwise_affine=False).
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        epsilon: float = 1e-06,
        weight_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        eps: float | None = None,
        elementwise_affine: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self._normalized_shape = _last_dims("RMSNorm", normalized_shape)
        self._epsilon = _epsilon("RMSNorm", epsilon, eps)
        self.weight = self.create_parameter(
            self._normalized_shape,
            _attr("RMSNorm", weight_attr, elementwise_affine, "weight_attr"),
            default_initializer=Constant(1.0),
        )

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        own, shape = self._normalized_shape, list(x.shape)
        if shape[-len(own) :] != own:
            refuse("RMSNorm", "x", f"a tensor whose last dims are {own}", x)
        if len(own) == 1:
            return F.rms_norm(x, self.weight, None, self._epsilon)
        # The operator works on the last dim alone.
        flat = x.reshape([*shape[: -len(own)], -1])
        weight = None if self.weight is None else self.weight.reshape([-1])
        return F.rms_norm(flat, weight, None, self._epsilon).reshape(shape)

    def extra_repr(self) -> str:
        return settings(normalized_shape=self._normalized_shape, epsilon=self._epsilon)


class GroupNorm(Layer):
    """Normalises each sample over each group of channels and all of space, then scales and shifts
    each channel.

    Wu & He, "Group normalization", 2018.

    Args:
        num_groups, num_channels: the first divides the second.
        epsilon: added to the variance (PyTorch: eps).
        weight_attr, bias_attr: settings of scale and shift [channels]; False leaves one out
            (PyTorch: affine=False).
        data_format: where the channels stand.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        epsilon: float = 1e-05,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        eps: float | None = None,
        affine: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self._num_groups = positive("GroupNorm", "num_groups", num_groups)
        self._num_channels = positive("GroupNorm", "num_channels", num_channels)
        divisible("GroupNorm", "num_channels", num_channels, "num_groups", num_groups)
        self._epsilon = _epsilon("GroupNorm", epsilon, eps)
        formats = ["NCHW", "NHWC", "NCL", "NLC", "NCDHW", "NDHWC"]
        self._data_format = one_of("GroupNorm", "data_format", data_format, formats)
        self.weight = self.create_parameter(
            [num_channels],
            _attr("GroupNorm", weight_attr, affine, "weight_attr"),
            default_initializer=Constant(1.0),
        )
        self.bias = self.create_parameter(
            [num_channels], _attr("GroupNorm", bias_attr, affine, "bias_attr"), is_bias=True
        )

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.group_norm(
            x, self._num_groups, self._epsilon, self.weight, self.bias, self._data_format
        )

    def extra_repr(self) -> str:
        return settings(
            num_groups=self._num_groups, num_channels=self._num_channels, epsilon=self._epsilon
        )


class _InstanceNorm(Layer):
    """Normalises each channel of each sample over space, then scales and shifts (Ulyanov et al.
    2016).

    Args:
        num_features: the number of channels.
        epsilon: added to the variance (PyTorch: eps).
        momentum: accepted; no running statistics are kept.
        weight_attr, bias_attr: settings of scale and shift [channels]; False for both leaves them
            out (PyTorch: affine=False).
        data_format: where the channels stand.

    Shape: x {shape}.
    """

    scale: Parameter | None
    bias: Parameter | None

    _DIMS = 2
    _RANKS: tuple[int, ...] = (4,)

    def __init__(
        self,
        num_features: int,
        epsilon: float = 1e-05,
        momentum: float = 0.9,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        eps: float | None = None,
        affine: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        where = type(self).__name__
        self._num_features = positive(where, "num_features", num_features)
        self._epsilon = _epsilon(where, epsilon, eps)
        self._momentum = _momentum(where, momentum)
        formats = [*FORMATS[self._DIMS], *(["NC"] if 2 in self._RANKS else [])]
        self._data_format: Any = one_of(where, "data_format", data_format, formats)
        weight_attr = _attr(where, weight_attr, affine, "weight_attr")
        bias_attr = _attr(where, bias_attr, affine, "bias_attr")
        if (weight_attr is False) != (bias_attr is False):
            refuse(where, "bias_attr", "False exactly where weight_attr is False", bias_attr)
        self.scale = self.create_parameter(
            [num_features], weight_attr, default_initializer=Constant(1.0)
        )
        self.bias = self.create_parameter([num_features], bias_attr, is_bias=True)

    @property
    def weight(self) -> Parameter | None:
        """The scale, under the name that other norms give it."""
        return self.scale

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        if len(x.shape) not in self._RANKS:
            ranks = " or ".join(str(rank) for rank in self._RANKS)
            refuse(type(self).__name__, "x", f"a tensor with {ranks} dims", x)
        return F.instance_norm(
            x, weight=self.scale, bias=self.bias, eps=self._epsilon, data_format=self._data_format
        )

    def extra_repr(self) -> str:
        return settings(num_features=self._num_features, epsilon=self._epsilon)


@member(1)
class InstanceNorm1D(_InstanceNorm):
    _RANKS = (2, 3)


@member(2)
class InstanceNorm2D(_InstanceNorm): ...


@member(3)
class InstanceNorm3D(_InstanceNorm):
    _RANKS = (5,)


class LocalResponseNorm(Layer):
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta (Krizhevsky et al.
    2012).
    """

    def __init__(
        self,
        size: int,
        alpha: float = 0.0001,
        beta: float = 0.75,
        k: float = 1.0,
        data_format: str = "NCHW",
        name: str | None = None,
    ) -> None:
        super().__init__()
        self.size = positive("LocalResponseNorm", "size", size)
        self.alpha = alpha
        self.beta = beta
        self.k = k
        formats = ["NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"]
        self.data_format = one_of("LocalResponseNorm", "data_format", data_format, formats)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k, self.data_format)

    def extra_repr(self) -> str:
        return settings(size=self.size, alpha=self.alpha, beta=self.beta, k=self.k)
