"""Activation layers: one operator each, as a layer.

Why layers: a Sequential can hold them, and their settings show in the model's repr.
"""

from __future__ import annotations

import proa

from .. import _proa
from ..check import one_of, positive, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .initializer import Constant
from .layer import Layer
from .parameter import Parameter
from .text import settings

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Maxout",
    "Mish",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "Sigmoid",
    "Silu",
    "Softmax",
    "Softmax2D",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Swish",
    "Tanh",
    "Tanhshrink",
    "ThresholdedReLU",
]


class _Activation(Layer):
    """An activation without settings; `name` and PyTorch's `inplace` change nothing."""

    def __init__(self, name: str | None = None, *, inplace: bool = False) -> None:
        super().__init__()


class ReLU(_Activation):
    """max(x, 0)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.relu(x)


class ReLU6(_Activation):
    """min(max(x, 0), 6)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.relu6(x)


class Sigmoid(_Activation):
    """1 / (1 + exp(-x))."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.sigmoid(x)


class LogSigmoid(_Activation):
    """log(1 / (1 + exp(-x)))."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.log_sigmoid(x)


class Tanh(_Activation):
    """tanh(x)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return proa.tanh(x)


class Tanhshrink(_Activation):
    """x - tanh(x)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.tanhshrink(x)


class Silu(_Activation):
    """x * sigmoid(x) (Hendrycks & Gimpel 2016)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.silu(x)


class Swish(_Activation):
    """x * sigmoid(x) (Ramachandran et al. 2017); the same function as Silu."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.swish(x)


class Mish(_Activation):
    """x * tanh(softplus(x)) (Misra 2019)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.mish(x)


class Softsign(_Activation):
    """x / (1 + |x|)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.softsign(x)


class Hardswish(_Activation):
    """x * relu6(x + 3) / 6 (Howard et al. 2019)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.hardswish(x)


class Hardsigmoid(_Activation):
    """min(max(x / 6 + 0.5, 0), 1)."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.hardsigmoid(x)


class ELU(Layer):
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert et al. 2015)."""

    def __init__(
        self, alpha: float = 1.0, name: str | None = None, *, inplace: bool = False
    ) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.elu(x, self.alpha)

    def extra_repr(self) -> str:
        return settings(alpha=self.alpha)


class CELU(Layer):
    """max(0, x) + min(0, alpha * (exp(x / alpha) - 1)) (Barron 2017)."""

    def __init__(
        self, alpha: float = 1.0, name: str | None = None, *, inplace: bool = False
    ) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.celu(x, self.alpha)

    def extra_repr(self) -> str:
        return settings(alpha=self.alpha)


class SELU(Layer):
    """scale * (x where x > 0, else alpha * (exp(x) - 1)) (Klambauer et al. 2017)."""

    def __init__(
        self,
        scale: float = 1.0507009873554804934193349852946,
        alpha: float = 1.6732632423543772848170429916717,
        name: str | None = None,
        *,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.alpha = alpha

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.selu(x, self.scale, self.alpha)

    def extra_repr(self) -> str:
        return settings(scale=self.scale, alpha=self.alpha)


class GELU(Layer):
    """x * Phi(x), Phi the normal distribution function (Hendrycks & Gimpel 2016).

    Args:
        approximate: whether to use the tanh form; PyTorch's "none" and "tanh" are understood.
    """

    def __init__(self, approximate: bool | str = False, name: str | None = None) -> None:
        super().__init__()
        if isinstance(approximate, str):
            approximate = one_of("GELU", "approximate", approximate, ["none", "tanh"]) == "tanh"
        self.approximate = bool(approximate)

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return settings(approximate=self.approximate)


class LeakyReLU(Layer):
    """x where x > 0, else negative_slope * x."""

    def __init__(
        self, negative_slope: float = 0.01, name: str | None = None, *, inplace: bool = False
    ) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return settings(negative_slope=self.negative_slope)


class Hardshrink(Layer):
    """x where |x| > threshold, else 0."""

    def __init__(self, threshold: float = 0.5, name: str | None = None) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.hardshrink(x, self.threshold)

    def extra_repr(self) -> str:
        return settings(threshold=self.threshold)


class Softshrink(Layer):
    """x moved towards 0 by threshold, 0 where |x| <= threshold."""

    def __init__(self, threshold: float = 0.5, name: str | None = None) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.softshrink(x, self.threshold)

    def extra_repr(self) -> str:
        return settings(threshold=self.threshold)


class Hardtanh(Layer):
    """x kept within [min, max]."""

    def __init__(self, min: float = -1.0, max: float = 1.0, name: str | None = None) -> None:
        super().__init__()
        self.min = min
        self.max = max

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.hardtanh(x, self.min, self.max)

    def extra_repr(self) -> str:
        return settings(min=self.min, max=self.max)


class Softplus(Layer):
    """log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold."""

    def __init__(self, beta: float = 1, threshold: float = 20, name: str | None = None) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return settings(beta=self.beta, threshold=self.threshold)


class ThresholdedReLU(Layer):
    """x where x > threshold, else value."""

    def __init__(self, threshold: float = 1.0, value: float = 0.0, name: str | None = None) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.thresholded_relu(x, self.threshold, self.value)

    def extra_repr(self) -> str:
        return settings(threshold=self.threshold, value=self.value)


class RReLU(Layer):
    """x where x > 0, else a * x;
    a is drawn from U[lower, upper) in training, and their mean in evaluation (Xu et al. 2015)."""

    def __init__(
        self,
        lower: float = 1.0 / 8.0,
        upper: float = 1.0 / 3.0,
        name: str | None = None,
        *,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.rrelu(x, self.lower, self.upper, self.training)

    def extra_repr(self) -> str:
        return settings(lower=self.lower, upper=self.upper)


class Maxout(Layer):
    """The maximum over each group of `groups` neighbouring channels of `axis` (Goodfellow et al.
    2013).
    """

    def __init__(self, groups: int, axis: int = 1, name: str | None = None) -> None:
        super().__init__()
        self.groups = positive("Maxout", "groups", groups)
        self.axis = axis

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.maxout(x, self.groups, self.axis)

    def extra_repr(self) -> str:
        return settings(groups=self.groups, axis=self.axis)


class GLU(Layer):
    """a * sigmoid(b), a and b the halves of x along axis (Dauphin et al. 2016)."""

    def __init__(self, axis: int = -1, name: str | None = None, *, dim: int | None = None) -> None:
        super().__init__()
        self.axis = axis if dim is None else dim

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.glu(x, self.axis)

    def extra_repr(self) -> str:
        return settings(axis=self.axis)


class Softmax(Layer):
    """exp(x) along axis, divided by its sum."""

    def __init__(self, axis: int = -1, name: str | None = None, *, dim: int | None = None) -> None:
        super().__init__()
        self.axis = axis if dim is None else dim

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.softmax(x, self.axis)

    def extra_repr(self) -> str:
        return settings(axis=self.axis)


class LogSoftmax(Layer):
    """log(softmax(x)) along axis."""

    def __init__(self, axis: int = -1, name: str | None = None, *, dim: int | None = None) -> None:
        super().__init__()
        self.axis = axis if dim is None else dim

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        return settings(axis=self.axis)


class Softmax2D(_Activation):
    """Softmax over the channels of [channels, h, w] or [batch, channels, h, w]."""

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        if len(x.shape) not in (3, 4):
            refuse("Softmax2D", "x", "3 or 4 dims", x)
        return F.softmax(x, -3)


class PReLU(Layer):
    """x where x > 0, else weight * x, with a learnt weight (He et al. 2015).

    Args:
        num_parameters: 1 for one weight, or the number of channels for one each.
        init: their first value, unless weight_attr names an initializer.
        data_format: where the channels stand: dim 1 ("NC", "NCL", "NCHW", "NCDHW") or last ("NLC",
            "NHWC", "NDHWC").
    """

    _weight: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        weight_attr: ParamAttrLike = None,
        data_format: str = "NCHW",
        name: str | None = None,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self._num_parameters = positive("PReLU", "num_parameters", num_parameters)
        formats = ["NC", "NCL", "NCHW", "NCDHW", "NLC", "NHWC", "NDHWC"]
        self._data_format = one_of("PReLU", "data_format", data_format, formats)
        self._init = init
        self._weight = self._required([num_parameters], weight_attr, Constant(init))

    @property
    def weight(self) -> Parameter:
        """The learnt slopes; Paddle keeps them under the name `_weight`."""
        return self._weight

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.prelu(x, self._weight, self._data_format)

    def extra_repr(self) -> str:
        return settings(
            num_parameters=self._num_parameters, init=self._init, data_format=self._data_format
        )
