"""Building a parameter from its ParamAttr.

Why apart from Layer: `proa.create_parameter` builds the same parameters without a layer.
"""

from __future__ import annotations

import proa

from ..check import refuse
from ..param_attr import ParamAttr
from .annotations import DTypeLike, ParamAttrLike, ShapeLike
from .initializer import Initializer, choose
from .naming import unique_name
from .parameter import Parameter


def new_parameter(
    shape: ShapeLike,
    dtype: DTypeLike,
    settings: ParamAttr,
    is_bias: bool,
    default_initializer: Initializer | None,
    name: str,
) -> Parameter:
    """A parameter built from a ParamAttr."""
    dims = list(shape)
    if any(isinstance(dim, bool) or not hasattr(dim, "__index__") or dim < 0 for dim in dims):
        refuse("create_parameter", "shape", "ints >= 0", shape)
    rule = choose(settings.initializer, default_initializer, is_bias)
    with proa.no_grad():
        if isinstance(rule, Initializer):
            value = rule.make([int(dim) for dim in dims], dtype)
        else:
            value = proa.zeros([int(dim) for dim in dims], dtype)
            rule(value)
    parameter = Parameter(value, settings.trainable, name)
    parameter.optimize_attr = {"learning_rate": settings.learning_rate}
    parameter.regularizer = settings.regularizer
    parameter.need_clip = settings.need_clip
    parameter.do_model_average = settings.do_model_average
    return parameter


def create_parameter(
    shape: ShapeLike,
    dtype: DTypeLike,
    name: str | None = None,
    attr: ParamAttrLike = None,
    is_bias: bool = False,
    default_initializer: Initializer | None = None,
) -> Parameter:
    """A parameter that belongs to no layer.

    Args:
        shape, dtype: of the parameter.
        name: None takes attr's name, or a fresh one.
        attr: a ParamAttr, name, initializer or regularizer; not False.
        is_bias: whether the default first value is zero.
        default_initializer: in place of that default and of XavierUniform.
    """
    settings = ParamAttr._to_attr(attr)
    if settings is False:
        refuse("create_parameter", "attr", "anything but False", attr)
    chosen = name or settings.name or unique_name("parameter")
    return new_parameter(shape, dtype, settings, is_bias, default_initializer, chosen)
