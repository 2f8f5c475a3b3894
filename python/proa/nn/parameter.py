"""Parameter: the tensor that a layer learns.

Why a class of its own: assigning one to a layer registers it, and it carries what optimizers ask
about it.
"""

from __future__ import annotations

from typing import Any, Self

from .. import _proa
from ..check import refuse
from ..regularizer import WeightDecayRegularizer
from .annotations import ArrayLike
from .naming import unique_name


class Parameter(_proa.Tensor):
    """A tensor with `stop_gradient=False` that layers register and optimizers update.

    Args:
        data: the initial value, a tensor or array; its storage is taken over where it is a tensor.
        requires_grad: False makes a parameter that takes no gradient (Paddle: `trainable=False`).
        name: None takes a fresh one.

    Attributes:
        optimize_attr: {"learning_rate": factor on the optimizer's rate}.
        regularizer: decay in place of the optimizer's, or None.
        need_clip: whether gradient clipping includes it.
        do_model_average: whether model averaging includes it.
    """

    optimize_attr: dict[str, float]
    regularizer: WeightDecayRegularizer | None
    need_clip: bool
    do_model_average: bool
    is_distributed: bool

    def __new__(cls, data: ArrayLike, *settings: object, **named: object) -> Self:
        """The tensor itself: made from `data` before __init__ adds the settings."""
        made: Self = super().__new__(cls, data)  # type: ignore[call-arg]
        return made

    def __init__(
        self,
        data: ArrayLike,
        requires_grad: bool = True,
        name: str | None = None,
        *,
        trainable: bool | None = None,
    ) -> None:
        self.stop_gradient = not (requires_grad if trainable is None else trainable)
        self.name = unique_name("parameter") if name is None else name
        self.persistable = True
        self.optimize_attr = {"learning_rate": 1.0}
        self.regularizer = None
        self.need_clip = True
        self.do_model_average = False
        self.is_distributed = False

    @property
    def trainable(self) -> bool:
        """Whether the parameter takes gradients: the inverse of `stop_gradient`."""
        return not self.stop_gradient

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if not isinstance(value, bool):
            refuse("Parameter", "trainable", "a bool", value)
        self.stop_gradient = not value

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A parameter of the same class, value and settings, with storage and a name of its own; no
        gradient.
        """
        value = self.detach().clone()
        copy = type(self).__new__(type(self), value)
        name = unique_name(f"{self.name}_deepcopy")
        Parameter.__init__(copy, value, self.trainable, name)
        copy.optimize_attr = dict(self.optimize_attr)
        copy.regularizer = self.regularizer
        copy.need_clip = self.need_clip
        copy.do_model_average = self.do_model_average
        copy.is_distributed = self.is_distributed
        memo[id(self)] = copy
        return copy
