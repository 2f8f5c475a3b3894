"""Linear layers over weights of 8 bits: one scale for each output.

Why plain operators: the product is taken in the input's dtype after the weight is widened; what is
gained is memory. Dettmers et al., "LLM.int8()", 2022, for inputs with outliers.
"""

from __future__ import annotations

from typing import Any

import proa

from .. import _proa
from ..check import one_of, refuse

__all__ = ["llm_int8_linear", "weight_dequantize", "weight_only_linear", "weight_quantize"]

_ALGORITHMS = ["weight_only_int8", "llm.int8"]


def weight_quantize(
    x: _proa.Tensor, algo: str = "weight_only_int8", arch: Any = None
) -> tuple[_proa.Tensor, _proa.Tensor]:
    """(int8 weight [out, in], float32 scale [out]) of a weight [in, out].

    The scale is the largest magnitude of an output's column over 127; rounding is to the nearest.
    """
    one_of("weight_quantize", "algo", algo, _ALGORITHMS)
    if len(x.shape) != 2:
        refuse("weight_quantize", "x", "a tensor of shape [in, out]", x)
    return _rounded(proa.transpose(x.astype("float32"), [1, 0]))


def _rounded(rows: _proa.Tensor) -> tuple[_proa.Tensor, _proa.Tensor]:
    """(int8 rows, their scales)."""
    scale = proa.max(proa.abs(rows), 1) / 127.0
    safe = proa.where(scale > 0, scale, proa.ones_like(scale)).unsqueeze(1)
    return proa.clip(proa.round(rows / safe), -127, 127).astype("int8"), scale


def weight_dequantize(
    x: _proa.Tensor,
    scale: _proa.Tensor,
    algo: str = "weight_only_int8",
    out_dtype: str = "float16",
) -> _proa.Tensor:
    """The weight [in, out] that int8 [out, in] and its scale stand for."""
    one_of("weight_dequantize", "algo", algo, _ALGORITHMS)
    wide = x.astype("float32") * scale.astype("float32").unsqueeze(1)
    return proa.transpose(wide, [1, 0]).astype(out_dtype)


def weight_only_linear(
    x: _proa.Tensor,
    weight: _proa.Tensor,
    bias: _proa.Tensor | None = None,
    weight_scale: _proa.Tensor | None = None,
    weight_dtype: str = "int8",
    arch: Any = None,
) -> _proa.Tensor:
    """x times the weight that int8 [out, in] and its scale [out] stand for, plus bias."""
    one_of("weight_only_linear", "weight_dtype", weight_dtype, ["int8"])
    if weight_scale is None:
        refuse("weight_only_linear", "weight_scale", "a tensor of shape [out]", weight_scale)
    y = proa.matmul(x, weight.astype(x.dtype), transpose_y=True) * weight_scale.astype(x.dtype)
    return y if bias is None else y + bias


def llm_int8_linear(
    x: _proa.Tensor,
    weight: _proa.Tensor,
    bias: _proa.Tensor | None = None,
    weight_scale: _proa.Tensor | None = None,
    threshold: float = 6.0,
) -> _proa.Tensor:
    """weight_only_linear whose inputs are rounded to int8 too, but for columns with outliers.

    Args:
        threshold: a column of x with a magnitude above it is not rounded.
    """
    if weight_scale is None:
        refuse("llm_int8_linear", "weight_scale", "a tensor of shape [out]", weight_scale)
    flat = x.reshape([-1, x.shape[-1]]).astype("float32")
    outlier = proa.max(proa.abs(flat), 0) > threshold
    zeros = proa.zeros_like(flat)
    codes, scale = _rounded(proa.where(outlier, zeros, flat))
    wide = weight.astype("float32")
    # Products of 8-bit codes add up exactly in int32.
    exact = proa.matmul(codes.astype("int32"), weight.astype("int32"), transpose_y=True)
    y = exact.astype("float32") * scale.unsqueeze(1)
    y = y + proa.matmul(proa.where(outlier, flat, zeros), wide, transpose_y=True)
    y = (y * weight_scale.astype("float32")).astype(x.dtype)
    y = y.reshape([*x.shape[:-1], weight.shape[0]])
    return y if bias is None else y + bias
