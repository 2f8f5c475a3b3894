"""`proa.optimizer`: optimizers and learning-rate schedulers under Paddle's names."""

from . import lr
from .adam import Adam, Adamax, AdamW, Lamb, NAdam, RAdam
from .adaptive import ASGD, Adadelta, Adagrad, RMSProp, Rprop
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .sgd import SGD, Momentum

__all__ = [
    "ASGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LBFGS",
    "Lamb",
    "Momentum",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "Rprop",
    "SGD",
    "lr",
]
