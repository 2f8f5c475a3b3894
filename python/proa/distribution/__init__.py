"""Probability distributions whose parameters are tensors."""

from .base import Distribution as Distribution
from .continuous import Exponential as Exponential
from .continuous import Gumbel as Gumbel
from .continuous import Laplace as Laplace
from .continuous import LogNormal as LogNormal
from .continuous import Normal as Normal
from .continuous import Uniform as Uniform
from .discrete import Bernoulli as Bernoulli
from .discrete import Categorical as Categorical
from .discrete import Geometric as Geometric
from .discrete import Poisson as Poisson
from .divergence import kl_divergence as kl_divergence
from .divergence import register_kl as register_kl
