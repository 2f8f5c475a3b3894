"""batch_norm with its running statistics.

Why in Python: the operator is pure and gives the new statistics as results; writing them back is
the
caller's business, and this is the caller.
"""

from __future__ import annotations

from ... import _proa
from ..._proa import functional as ops
from ...check import one_of, refuse

__all__ = [
    "batch_norm",
]


_FORMATS = ["NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"]


def batch_norm(
    x: _proa.Tensor,
    running_mean: _proa.Tensor | None,
    running_var: _proa.Tensor | None,
    weight: _proa.Tensor | None = None,
    bias: _proa.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    data_format: str = "NCHW",
    use_global_stats: bool | None = None,
    name: str | None = None,
) -> _proa.Tensor:
    """Normalises each channel over batch and space, then scales and shifts (Ioffe & Szegedy 2015).

    Args:
        x: [batch, channels, ...], or [batch, ..., channels].
        running_mean, running_var: [channels]; None where the batch's statistics are always used.
        weight, bias: [channels] or None.
        training: whether the batch's statistics are used, and learnt by the running ones in place:
            running = momentum * running + (1 - momentum) * batch, with the biased variance.
        momentum, epsilon: how much of the running statistics stays; what is added to the variance.
        data_format: where the channels stand.
        use_global_stats: True uses the running statistics in training too, False the batch's
            always.
    """
    if (running_mean is None) != (running_var is None):
        refuse("batch_norm", "running_var", "None exactly where running_mean is None", running_var)
    if use_global_stats and running_mean is None:
        refuse("batch_norm", "running_mean", "a tensor, with use_global_stats=True", running_mean)
    batch = training if use_global_stats is None else not use_global_stats
    layout = one_of("batch_norm", "data_format", data_format, _FORMATS)
    y, mean, variance = ops.batch_norm(
        x,
        running_mean,
        running_var,
        weight,
        bias,
        batch or running_mean is None,
        momentum,
        epsilon,
        layout,
    )
    if training and batch and running_mean is not None and running_var is not None:
        running_mean.set_value(mean)
        running_var.set_value(variance)
    return y
