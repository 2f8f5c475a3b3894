"""ParamAttr: what a layer is told about one of its parameters.

Why: name, initial value, learning-rate factor, decay, trainability and clipping belong to the
parameter,
but are chosen where the layer is built.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Literal

from .check import refuse
from .regularizer import WeightDecayRegularizer

if TYPE_CHECKING:
    from .nn.annotations import ParamAttrLike
    from .nn.initializer import Initializer

__all__ = ["ParamAttr"]


class ParamAttr:
    """Settings of one parameter.

    Args:
        name: the parameter's name; None takes a fresh one such as `linear_0.w_0`.
        initializer: a proa.nn.initializer; None takes the layer's own default.
        learning_rate: factor on the optimizer's rate for this parameter.
        regularizer: L1Decay or L2Decay, in place of the optimizer's.
        trainable: False gives a parameter that takes no gradient.
        do_model_average: whether model averaging includes this parameter.
        need_clip: whether gradient clipping includes this parameter.

    Wherever a layer takes `weight_attr` or `bias_attr`: a ParamAttr, a name, an initializer, a
    regularizer,
    None or True (all defaults), or False (no such parameter).
    """

    name: str | None
    initializer: Initializer | None
    learning_rate: float
    regularizer: WeightDecayRegularizer | None
    trainable: bool
    do_model_average: bool
    need_clip: bool

    def __init__(
        self,
        name: str | None = None,
        initializer: Initializer | None = None,
        learning_rate: float = 1.0,
        regularizer: WeightDecayRegularizer | None = None,
        trainable: bool = True,
        do_model_average: bool = False,
        need_clip: bool = True,
    ) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            refuse("ParamAttr", "name", "a non-empty str or None", name)
        if initializer is not None and not callable(initializer):
            refuse("ParamAttr", "initializer", "an initializer or None", initializer)
        if isinstance(learning_rate, bool) or not isinstance(learning_rate, numbers.Real):
            refuse("ParamAttr", "learning_rate", "a number", learning_rate)
        if regularizer is not None and not isinstance(regularizer, WeightDecayRegularizer):
            refuse("ParamAttr", "regularizer", "L1Decay, L2Decay or None", regularizer)
        for key, value in (
            ("trainable", trainable),
            ("do_model_average", do_model_average),
            ("need_clip", need_clip),
        ):
            if not isinstance(value, bool):
                refuse("ParamAttr", key, "a bool", value)
        self.name = name
        self.initializer = initializer
        self.learning_rate = float(learning_rate)
        self.regularizer = regularizer
        self.trainable = trainable
        self.do_model_average = do_model_average
        self.need_clip = need_clip

    @staticmethod
    def _to_attr(arg: ParamAttrLike) -> ParamAttr | Literal[False]:
        """Any accepted spelling as a ParamAttr, or False for "no such parameter"."""
        from .nn.initializer import Initializer

        if arg is None or arg is True:
            return ParamAttr()
        if arg is False:
            return False
        if isinstance(arg, ParamAttr):
            return arg
        if isinstance(arg, str):
            return ParamAttr(name=arg)
        if isinstance(arg, Initializer):
            return ParamAttr(initializer=arg)
        if isinstance(arg, WeightDecayRegularizer):
            return ParamAttr(regularizer=arg)
        refuse("ParamAttr", "attr", "ParamAttr, str, initializer, regularizer, bool or None", arg)

    def __repr__(self) -> str:
        return (
            f"ParamAttr(name={self.name!r}, initializer={self.initializer!r}, "
            f"learning_rate={self.learning_rate}, regularizer={self.regularizer!r}, "
            f"trainable={self.trainable}, do_model_average={self.do_model_average}, "
            f"need_clip={self.need_clip})"
        )
