"""Linear algebra. The operators of the pages with this face."""

from .._proa.linalg import *  # noqa: F403
from .low_rank import pca_lowrank as pca_lowrank
from .low_rank import svd_lowrank as svd_lowrank
