"""Recording and differentiating: no_grad, grad, backward, PyLayer, jacobian, hessian."""

from .._proa import backward, grad, is_grad_enabled
from .functional import Hessian, Jacobian, hessian, jacobian, jvp, vjp
from .mode import enable_grad, no_grad, set_grad_enabled
from .py_layer import PyLayer, PyLayerContext
from .recomputing import recompute

__all__ = [
    "Hessian",
    "Jacobian",
    "PyLayer",
    "PyLayerContext",
    "backward",
    "enable_grad",
    "grad",
    "hessian",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "no_grad",
    "recompute",
    "set_grad_enabled",
    "vjp",
]
