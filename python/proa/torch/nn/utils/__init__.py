"""`torch.nn.utils`: gradients held in bounds, vectors of parameters, reparametrised weights."""

from __future__ import annotations

from typing import Any

from ....nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    parameters_to_vector,
    remove_spectral_norm,
    remove_weight_norm,
    vector_to_parameters,
)
from ....nn.utils import spectral_norm as _spectral_norm
from ....nn.utils import weight_norm as _weight_norm
from ..module import adopt
from . import rnn

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "remove_spectral_norm",
    "remove_weight_norm", "rnn", "spectral_norm", "vector_to_parameters", "weight_norm",
]  # fmt: skip


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """A weight as length times direction (Salimans & Kingma 2016)."""
    made = _weight_norm(module, name, dim)
    adopt(made)
    return made


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """A weight divided by its largest singular value (Miyato et al. 2018)."""
    made = _spectral_norm(module, name, n_power_iterations, eps, dim)
    adopt(made)
    return made


from . import parametrizations as parametrizations  # noqa: E402 - made of what stands above
