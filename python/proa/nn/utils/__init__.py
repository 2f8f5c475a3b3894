"""Functions over a model's parameters: gradient clipping in place, vectors of parameters,
reparametrised weights.
"""

from __future__ import annotations

from .gradients import clip_grad_norm_, clip_grad_value_
from .reparametrize import remove_spectral_norm, remove_weight_norm, spectral_norm, weight_norm
from .vectors import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "parameters_to_vector",
    "remove_spectral_norm",
    "remove_weight_norm",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]
