"""Weight decay as an object: L1Decay and L2Decay, given to an optimizer or to one parameter's
ParamAttr.

Why: a parameter's own regularizer takes the place of the optimizer's, so both must speak one
interface.
"""

from __future__ import annotations

import numbers

import proa

from . import _proa
from .check import refuse

__all__ = ["L1Decay", "L2Decay", "WeightDecayRegularizer"]


class WeightDecayRegularizer:
    """Base of the regularizers: called with a parameter, gives the term to add to its gradient."""

    coeff: float

    def __init__(self, coeff: float = 0.0) -> None:
        if isinstance(coeff, bool) or not isinstance(coeff, numbers.Real):
            refuse(type(self).__name__, "coeff", "a number", coeff)
        self.coeff = float(coeff)

    @property
    def _coeff(self) -> float:
        return self.coeff

    def __call__(self, param: _proa.Tensor) -> _proa.Tensor:
        """The gradient of the penalty at `param`: same shape and dtype."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(coeff={self.coeff})"


class L1Decay(WeightDecayRegularizer):
    """Penalty `coeff * sum(|w|)`; adds `coeff * sign(w)` to the gradient."""

    def __call__(self, param: _proa.Tensor) -> _proa.Tensor:
        return proa.sign(param) * self.coeff


class L2Decay(WeightDecayRegularizer):
    """Penalty `coeff / 2 * sum(w * w)`; adds `coeff * w` to the gradient."""

    def __call__(self, param: _proa.Tensor) -> _proa.Tensor:
        return param * self.coeff
