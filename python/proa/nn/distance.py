"""Layers that compare two tensors: CosineSimilarity, PairwiseDistance.

Why layers: losses and models take them as their measure.
"""

from __future__ import annotations

from .. import _proa
from . import functional as F
from .layer import Layer
from .text import settings

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Layer):
    """x1 . x2 / max(|x1| |x2|, eps) along axis (PyTorch: dim)."""

    def __init__(self, axis: int = 1, eps: float = 1e-8, *, dim: int | None = None) -> None:
        super().__init__()
        self._axis = axis if dim is None else dim
        self._eps = eps

    def forward(self, x1: _proa.Tensor, x2: _proa.Tensor) -> _proa.Tensor:
        return F.cosine_similarity(x1, x2, axis=self._axis, eps=self._eps)

    def extra_repr(self) -> str:
        return settings(axis=self._axis, eps=self._eps)


class PairwiseDistance(Layer):
    """The p-norm of x - y + epsilon along the last dim, which stays as 1 with keepdim."""

    def __init__(
        self,
        p: float = 2.0,
        epsilon: float = 1e-6,
        keepdim: bool = False,
        name: str | None = None,
        *,
        eps: float | None = None,
    ) -> None:
        super().__init__()
        self.p = p
        self.epsilon = epsilon if eps is None else eps
        self.keepdim = keepdim

    def forward(self, x: _proa.Tensor, y: _proa.Tensor) -> _proa.Tensor:
        return F.pairwise_distance(x, y, self.p, self.epsilon, self.keepdim)

    def extra_repr(self) -> str:
        return settings(p=self.p, epsilon=self.epsilon, keepdim=self.keepdim)
