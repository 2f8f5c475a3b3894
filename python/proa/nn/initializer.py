"""Initializers: the rules by which parameters get their first values.

Why objects: one rule is chosen where a layer is described and applied later to any shape and dtype.
All draw from the generator that proa.seed sets. Called with a tensor, an initializer fills it in
place.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy

import proa

from .. import _proa
from ..check import integer, one_of, refuse
from .annotations import ArrayLike, DTypeLike

__all__ = [
    "Assign",
    "Bilinear",
    "Constant",
    "Dirac",
    "Initializer",
    "KaimingNormal",
    "KaimingUniform",
    "Normal",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "XavierNormal",
    "XavierUniform",
    "calculate_gain",
    "set_global_initializer",
]

_COMPLEX_PARTS = {"complex64": "float32", "complex128": "float64"}
_DRAWN_AS = {"float16": "float32", "bfloat16": "float32"}


def dtype_name(dtype: DTypeLike) -> str:
    """The bare name of a dtype: `float32` for proa.float32, "float32" or numpy.float32."""
    if isinstance(dtype, str):
        return dtype
    if isinstance(dtype, type) or isinstance(dtype, numpy.dtype):
        return str(numpy.dtype(dtype).name)
    return str(dtype).rpartition(".")[2]


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight: [in, out] matrices, [out, in, *window] convolution kernels."""
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The gain that keeps a signal's variance through `nonlinearity`.

    Args:
        nonlinearity: sigmoid, linear, conv1d-3d and their transposes, tanh, relu, leaky_relu or
            selu.
        param: the negative slope of leaky_relu (0.01 if None).
    """
    linear = [f"conv{n}d{tail}" for n in (1, 2, 3) for tail in ("", "_transpose")]
    linear += [f"conv_transpose{n}d" for n in (1, 2, 3)]
    known = ["sigmoid", "linear", "tanh", "relu", "leaky_relu", "selu", *linear]
    name = one_of("calculate_gain", "nonlinearity", nonlinearity, known)
    if name == "tanh":
        return 5.0 / 3.0
    if name == "relu":
        return math.sqrt(2.0)
    if name == "leaky_relu":
        return math.sqrt(2.0 / (1.0 + (0.01 if param is None else param) ** 2))
    return 3.0 / 4.0 if name == "selu" else 1.0


class Initializer:
    """Base of the initializers.

    A subclass gives `make(shape, dtype)`; one that overrides `forward(param, block)` instead fills
    the
    tensor that it is handed, as Paddle's custom initializers do.
    """

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        """A new tensor of this shape and dtype, filled by the rule."""
        value = proa.zeros(list(shape), dtype)
        self.forward(value, None)
        return value

    def forward(self, param: _proa.Tensor, block: Any = None) -> _proa.Tensor | None:
        """Fill `param` in place."""
        if type(self).make is Initializer.make:
            raise NotImplementedError(
                f"[{type(self).__name__}] give make(shape, dtype) or forward(param)"
            )
        with proa.no_grad():
            param.set_value(self.make(param.shape, param.dtype))
        return param

    def __call__(self, param: _proa.Tensor, block: Any = None) -> _proa.Tensor | None:
        if not isinstance(param, _proa.Tensor):
            refuse(type(self).__name__, "param", "a tensor", param)
        return self.forward(param, block)

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in vars(self).items())
        return f"{type(self).__name__}({settings})"


def _number(where: str, argument: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        refuse(where, argument, "a number", value)
    return float(value)


def _joined(real: _proa.Tensor, imag: _proa.Tensor, dtype: str) -> _proa.Tensor:
    """real + i imag."""
    return real.astype(dtype) + imag.astype(dtype) * 1j


def _standard_normal(shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
    """Draws of N(0, 1); complex draws have variance 1, half of it in each part."""
    name = dtype_name(dtype)
    if name in _COMPLEX_PARTS:
        part = _COMPLEX_PARTS[name]
        real, imag = proa.randn(list(shape), part), proa.randn(list(shape), part)
        return _joined(real, imag, name) * math.sqrt(0.5)
    return proa.randn(list(shape), _DRAWN_AS.get(name, name))


def _normal(shape: Sequence[int], dtype: DTypeLike, mean: float, std: float) -> _proa.Tensor:
    value = _standard_normal(shape, dtype)
    if std != 1.0:
        value = value * std
    if mean != 0.0:
        value = value + mean
    return value.astype(dtype)


def _uniform(shape: Sequence[int], dtype: DTypeLike, low: float, high: float) -> _proa.Tensor:
    """Draws of U[low, high); a complex draw has one such draw in each part."""
    name = dtype_name(dtype)
    if name in _COMPLEX_PARTS:
        part = _COMPLEX_PARTS[name]
        real = proa.uniform(list(shape), part, low, high)
        imag = proa.uniform(list(shape), part, low, high)
        return _joined(real, imag, name)
    return proa.uniform(list(shape), _DRAWN_AS.get(name, name), low, high).astype(dtype)


class Constant(Initializer):
    """Every element is `value`."""

    def __init__(self, value: float = 0.0) -> None:
        if isinstance(value, bool) or not isinstance(value, numbers.Number):
            refuse("Constant", "value", "a number", value)
        self.value = value

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        return proa.full(list(shape), self.value, dtype)


class Assign(Initializer):
    """The given values: a tensor, array or nested list; its shape must be the parameter's."""

    def __init__(self, value: ArrayLike | Sequence[Any], name: str | None = None) -> None:
        self.value = value

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        given = self.value
        source = (
            given.detach()
            if isinstance(given, _proa.Tensor)
            else proa.to_tensor(numpy.asarray(given))
        )
        if list(source.shape) != list(shape):
            refuse("Assign", "value", f"shape {list(shape)}", source)
        return source.astype(dtype) if source.dtype != dtype else source.clone()

    def __repr__(self) -> str:
        if isinstance(self.value, _proa.Tensor):
            return f"Assign(tensor of shape {list(self.value.shape)})"
        return f"Assign(array of shape {list(numpy.shape(self.value))})"


class Normal(Initializer):
    """Draws of N(mean, std^2)."""

    def __init__(self, mean: float = 0.0, std: float = 1.0, name: str | None = None) -> None:
        self.mean = _number("Normal", "mean", mean)
        self.std = _number("Normal", "std", std)
        if self.std < 0:
            refuse("Normal", "std", "a number >= 0", std)

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        return _normal(shape, dtype, self.mean, self.std)


class TruncatedNormal(Initializer):
    """Draws of N(mean, std^2) kept within [mean + a * std, mean + b * std], by inversion of the
    distribution.
    """

    def __init__(
        self,
        mean: float = 0.0,
        std: float = 1.0,
        a: float = -2.0,
        b: float = 2.0,
        name: str | None = None,
    ) -> None:
        self.mean = _number("TruncatedNormal", "mean", mean)
        self.std = _number("TruncatedNormal", "std", std)
        self.a = _number("TruncatedNormal", "a", a)
        self.b = _number("TruncatedNormal", "b", b)
        if self.std < 0:
            refuse("TruncatedNormal", "std", "a number >= 0", std)
        if self.a >= self.b:
            refuse("TruncatedNormal", "b", f"a number above a={a}", b)

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        # In terms of erf the normal distribution function is an affine map, so u is uniform between
        # erf(a / sqrt 2) and erf(b / sqrt 2); 64-bit draws keep the tails of wide bounds.
        low, high = math.erf(self.a / math.sqrt(2.0)), math.erf(self.b / math.sqrt(2.0))
        u = proa.uniform(list(shape), "float64", low, high)
        z = proa.clip(proa.erfinv(u) * math.sqrt(2.0), self.a, self.b)
        return (z * self.std + self.mean).astype(dtype)


class Uniform(Initializer):
    """Draws of U[low, high)."""

    def __init__(self, low: float = -1.0, high: float = 1.0, name: str | None = None) -> None:
        self.low = _number("Uniform", "low", low)
        self.high = _number("Uniform", "high", high)
        if self.low > self.high:
            refuse("Uniform", "high", f"a number >= low={low}", high)

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        return _uniform(shape, dtype, self.low, self.high)


class _Xavier(Initializer):
    """Variance gain^2 * 2 / (fan_in + fan_out).

    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    2010.
    """

    def __init__(
        self,
        fan_in: float | None = None,
        fan_out: float | None = None,
        gain: float = 1.0,
        name: str | None = None,
    ) -> None:
        self.fan_in = fan_in
        self.fan_out = fan_out
        self.gain = _number(type(self).__name__, "gain", gain)

    def _std(self, shape: Sequence[int]) -> float:
        found_in, found_out = fans(shape)
        total = (found_in if self.fan_in is None else self.fan_in) + (
            found_out if self.fan_out is None else self.fan_out
        )
        # A parameter without elements has no fan; any finite spread will do.
        return self.gain * math.sqrt(2.0 / total) if total else 0.0


class XavierNormal(_Xavier):
    """N(0, gain^2 * 2 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        return _normal(shape, dtype, 0.0, self._std(shape))


class XavierUniform(_Xavier):
    """U[-l, l) with l = gain * sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)."""

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        limit = math.sqrt(3.0) * self._std(shape)
        return _uniform(shape, dtype, -limit, limit)


class _Kaiming(Initializer):
    """Variance gain^2 / fan_in.

    He et al., "Delving deep into rectifiers: surpassing human-level performance on ImageNet", 2015.
    """

    def __init__(
        self,
        fan_in: float | None = None,
        negative_slope: float = 0.0,
        nonlinearity: str = "relu",
    ) -> None:
        self.fan_in = fan_in
        self.negative_slope = _number(type(self).__name__, "negative_slope", negative_slope)
        self.nonlinearity = nonlinearity
        calculate_gain(nonlinearity, negative_slope)

    def _std(self, shape: Sequence[int]) -> float:
        fan_in = fans(shape)[0] if self.fan_in is None else self.fan_in
        return (
            calculate_gain(self.nonlinearity, self.negative_slope) / math.sqrt(fan_in)
            if fan_in
            else 0.0
        )


class KaimingNormal(_Kaiming):
    """N(0, gain^2 / fan_in) (He et al. 2015)."""

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        return _normal(shape, dtype, 0.0, self._std(shape))


class KaimingUniform(_Kaiming):
    """U[-l, l) with l = gain * sqrt(3 / fan_in) (He et al. 2015)."""

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        limit = math.sqrt(3.0) * self._std(shape)
        return _uniform(shape, dtype, -limit, limit)


class Orthogonal(Initializer):
    """`gain` times a random matrix with orthonormal rows or columns, whichever are fewer.

    The tensor is read as [shape[0], everything else]. Saxe et al., "Exact solutions to the
    nonlinear dynamics of learning in deep linear neural networks", 2013; uniform (Haar) by the
    sign rule of Mezzadri, "How to generate random matrices from the classical compact groups",
    2007.
    """

    def __init__(self, gain: float = 1.0, name: str | None = None) -> None:
        self.gain = _number("Orthogonal", "gain", gain)

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        if len(shape) < 2:
            refuse("Orthogonal", "shape", "at least 2 dims", list(shape))
        rows, columns = shape[0], math.prod(shape[1:])
        is_complex = dtype_name(dtype) in _COMPLEX_PARTS
        draws = _standard_normal(
            [max(rows, columns), min(rows, columns)], "complex128" if is_complex else "float64"
        )
        # On the host: the draws are ours, so the values follow proa.seed, and this runs once a
        # parameter.
        q, r = numpy.linalg.qr(draws.numpy())
        diagonal = numpy.diagonal(r)
        q = q * (diagonal / numpy.where(diagonal == 0, 1, numpy.abs(diagonal)))
        matrix = q.T if rows < columns else q
        return proa.to_tensor(
            numpy.ascontiguousarray(matrix).reshape(list(shape)) * self.gain
        ).astype(dtype)


class Dirac(Initializer):
    """A convolution kernel that passes its input channels through unchanged, in each of `groups`
    groups.
    """

    def __init__(self, groups: int = 1, name: str | None = None) -> None:
        self.groups = integer("Dirac", "groups", groups, 1, "a positive int")

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        if len(shape) not in (3, 4, 5):
            refuse("Dirac", "shape", "3, 4 or 5 dims [out, in, *window]", list(shape))
        if shape[0] % self.groups != 0:
            refuse("Dirac", "shape", f"a first dim that groups={self.groups} divides", list(shape))
        value = numpy.zeros(list(shape), dtype="float32")
        centre = tuple(size // 2 for size in shape[2:])
        share = shape[0] // self.groups
        for group in range(self.groups):
            for channel in range(min(share, shape[1])):
                value[(group * share + channel, channel, *centre)] = 1.0
        return proa.to_tensor(value).astype(dtype)


class Bilinear(Initializer):
    """A transposed-convolution kernel [out, in, k, k] that upsamples by bilinear interpolation.

    Long et al., "Fully convolutional networks for semantic segmentation", 2015.
    """

    def make(self, shape: Sequence[int], dtype: DTypeLike) -> _proa.Tensor:
        if len(shape) != 4 or shape[2] != shape[3]:
            refuse("Bilinear", "shape", "[out, in, k, k]", list(shape))
        side = shape[3]
        factor = math.ceil(side / 2)
        centre = (2 * factor - 1 - factor % 2) / (2.0 * factor)
        line = 1.0 - numpy.abs(numpy.arange(side) / factor - centre)
        kernel = numpy.outer(line, line).astype("float32")
        return proa.to_tensor(numpy.broadcast_to(kernel, list(shape)).copy()).astype(dtype)


_global: dict[str, Initializer | None] = {"weight": None, "bias": None}


def set_global_initializer(
    weight_init: Initializer | None = None, bias_init: Initializer | None = None
) -> None:
    """Set what parameters built from now on start from, unless their ParamAttr names an
    initializer.

    Both None restores the layers' own defaults.
    """
    for key, value in (("weight_init", weight_init), ("bias_init", bias_init)):
        if value is not None and not isinstance(value, Initializer):
            refuse("set_global_initializer", key, "an Initializer or None", value)
    _global["weight"], _global["bias"] = weight_init, bias_init


def choose(own: Initializer | None, default: Initializer | None, is_bias: bool) -> Initializer:
    """The initializer that holds: the parameter's own, the global one, the layer's default, the
    house's.
    """
    chosen = own or _global["bias" if is_bias else "weight"] or default
    if chosen is None:
        chosen = Constant(0.0) if is_bias else XavierUniform()
    return chosen
