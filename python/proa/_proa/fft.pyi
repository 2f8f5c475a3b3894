# Written by tools/stubs.py from the operator pages.

import builtins
from collections.abc import Sequence
from typing import Any, Literal, overload

from . import DTypeLike, Tensor, TensorLike


__all__ = []
