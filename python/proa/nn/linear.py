"""Layers that are one matrix product or one look-up: Linear, Bilinear, Embedding, Identity.

Why together: they hold the plain weights that most models are made of.
"""

from __future__ import annotations

from typing import Any, Self

import proa

from .. import _proa
from ..check import only_one, positive, refuse
from . import functional as F
from .annotations import DTypeLike, ParamAttrLike
from .functional.tables import embedding
from .initializer import Assign, dtype_name
from .layer import Layer
from .parameter import Parameter
from .text import settings

__all__ = ["Bilinear", "Embedding", "Identity", "Linear"]


def merged_bias(where: str, bias_attr: ParamAttrLike, bias: bool | None) -> ParamAttrLike:
    """`bias_attr`, or what PyTorch's `bias=True/False` means in its place."""
    only_one(where, "bias_attr", bias_attr, "bias", bias)
    if bias is None:
        return bias_attr
    return None if bias else False


class Identity(Layer):
    """Gives its input back; takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return x


class Linear(Layer):
    """y = x W + b.

    Args:
        in_features, out_features: sizes of the last dim of input and output.
        weight_attr, bias_attr: settings of W [in_features, out_features] and b [out_features];
            bias_attr=False (PyTorch: bias=False) leaves b out.

    Shape: x [..., in_features] -> [..., out_features].
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.in_features = positive("Linear", "in_features", in_features)
        self.out_features = positive("Linear", "out_features", out_features)
        self.weight = self._required([in_features, out_features], weight_attr)
        self.bias = self.create_parameter(
            [out_features], merged_bias("Linear", bias_attr, bias), is_bias=True
        )
        self.name = name

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return settings(
            in_features=self.in_features,
            out_features=self.out_features,
            bias=False if self.bias is None else None,
            dtype=dtype_name(self._dtype),
        )


class Bilinear(Layer):
    """out[:, k] = x1 W[k] x2 + b[k].

    Args:
        in1_features, in2_features, out_features: sizes of the last dims of x1, x2 and the output.
        weight_attr, bias_attr: settings of W [out, in1, in2] and b [1, out].

    Shape: x1 [batch, in1], x2 [batch, in2] -> [batch, out].
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        weight_attr: ParamAttrLike = None,
        bias_attr: ParamAttrLike = None,
        name: str | None = None,
        *,
        bias: bool | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.in1_features = positive("Bilinear", "in1_features", in1_features)
        self.in2_features = positive("Bilinear", "in2_features", in2_features)
        self.out_features = positive("Bilinear", "out_features", out_features)
        self.weight = self._required([out_features, in1_features, in2_features], weight_attr)
        self.bias = self.create_parameter(
            [1, out_features], merged_bias("Bilinear", bias_attr, bias), is_bias=True
        )

    def forward(self, x1: _proa.Tensor, x2: _proa.Tensor) -> _proa.Tensor:
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return settings(
            in1_features=self.in1_features,
            in2_features=self.in2_features,
            out_features=self.out_features,
            dtype=dtype_name(self._dtype),
        )


class Embedding(Layer):
    """Rows of a table, looked up by integer ids.

    Args:
        num_embeddings, embedding_dim: rows and columns of the table.
        padding_idx: this row starts as zeros, and looking it up gives zeros and no gradient; may be
            negative.
        sparse: a hint; gradients are the same either way.
        weight_attr: settings of the table.
        scale_grad_by_freq: divide each row's gradient by how often the batch asks for the row.
        max_norm, norm_type: rows asked for are first shrunk in place to this norm (PyTorch).

    Shape: ids [...] of int dtype -> [..., embedding_dim].
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        sparse: bool = False,
        weight_attr: ParamAttrLike = None,
        scale_grad_by_freq: bool = False,
        name: str | None = None,
        *,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__(dtype=dtype)
        self.num_embeddings = positive("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = positive("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None:
            if isinstance(padding_idx, bool) or not isinstance(padding_idx, int):
                refuse("Embedding", "padding_idx", "an int or None", padding_idx)
            if not -num_embeddings <= padding_idx < num_embeddings:
                refuse(
                    "Embedding",
                    "padding_idx",
                    f"an int in {-num_embeddings}..{num_embeddings - 1}",
                    padding_idx,
                )
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        self.sparse = bool(sparse)
        self.scale_grad_by_freq = bool(scale_grad_by_freq)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.weight = self._required([num_embeddings, embedding_dim], weight_attr)
        if padding_idx is not None:
            with proa.no_grad():
                self.weight[padding_idx] = 0.0

    @classmethod
    def from_pretrained(
        cls, embeddings: _proa.Tensor, freeze: bool = True, padding_idx: int | None = None
    ) -> Self:
        """An Embedding over the given table [rows, columns], not trained unless freeze=False."""
        if len(embeddings.shape) != 2:
            refuse("Embedding.from_pretrained", "embeddings", "a tensor with 2 dims", embeddings)
        rows, columns = embeddings.shape
        layer = cls(
            rows, columns, padding_idx, weight_attr=Assign(embeddings), dtype=embeddings.dtype
        )
        with proa.no_grad():
            layer.weight.set_value(embeddings)
        layer.weight.stop_gradient = freeze
        return layer

    def forward(self, x: _proa.Tensor) -> _proa.Tensor:
        return embedding(
            x,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.sparse,
            self.scale_grad_by_freq,
        )

    def extra_repr(self) -> str:
        return settings(
            num_embeddings=self.num_embeddings,
            embedding_dim=self.embedding_dim,
            padding_idx=self.padding_idx,
            max_norm=self.max_norm,
        )
