"""Linear algebra. The operators of the pages with this face."""

from .._proa.linalg import *  # noqa: F403
from ..tensor import norm as norm
