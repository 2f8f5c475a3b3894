"""`proa.metric`: metrics under Paddle's names."""

from .classification import Accuracy, Auc, Precision, Recall, accuracy
from .metric import Metric

__all__ = ["Accuracy", "Auc", "Metric", "Precision", "Recall", "accuracy"]
