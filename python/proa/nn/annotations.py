"""Type names shared by the annotations of proa.nn.

Why: the same unions appear in hundreds of signatures; one name each keeps them readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, Union

import numpy

from .. import _proa

if TYPE_CHECKING:
    from ..param_attr import ParamAttr
    from ..regularizer import WeightDecayRegularizer
    from .initializer import Initializer

DTypeLike: TypeAlias = Union[
    str, "_proa.DType", "numpy.dtype[numpy.generic]", "type[numpy.generic]"
]
ShapeLike: TypeAlias = Sequence[int]
Size: TypeAlias = int | Sequence[int]
Padding: TypeAlias = int | str | Sequence[int] | Sequence[Sequence[int]]
ArrayLike: TypeAlias = Union[
    "_proa.Tensor", "numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.generic]]"
]
ParamAttrLike: TypeAlias = Union[
    "ParamAttr", "Initializer", "WeightDecayRegularizer", str, bool, None
]
