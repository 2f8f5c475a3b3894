"""Steps of optimizers from the papers' algorithms, in float64.

tests/python/optimizer compares whole runs with PyTorch's; here each page is taken by itself.
"""

from __future__ import annotations

import numpy as np

from .table import T, V, Within, case, reference


def _within(value, *sizes):
    return Within(value, sum((np.abs(s) for s in sizes), np.abs(value)), 4)


def _step(powers):
    def dtypes(given, attrs):
        return [given[0], *given[2 : 2 + (2 if powers else len(given) - 3)], *["float64"] * powers]

    return dtypes


def _rate(value=0.1):
    return V([value], "float64", dims=[])


step = {"meet": "none", "ulps": 1, "zeros": False}


@reference(
    "sgd_step", result="first", cases=[case(T(33), T(33), _rate(), weight_decay=0.5)], **step
)
def sgd(param, grad, lr, weight_decay=0.0):
    move = lr * (grad + weight_decay * param)
    return _within(param - move, param, move)


@reference(
    "momentum_step",
    result=lambda d, a: [d[0], d[2]],
    cases=[case(T(33), T(33), T(33), _rate(), momentum=0.5, use_nesterov=True, weight_decay=0.1)],
    **step,
)
def momentum(param, grad, velocity, lr, momentum=0.9, use_nesterov=False, weight_decay=0.0):
    grad = grad + weight_decay * param
    v = momentum * velocity + grad
    move = lr * (grad + momentum * v if use_nesterov else v)
    return _within(param - move, param, move), _within(v, velocity, grad)


def _moments(grad, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad * grad


def _adam(param, grad, moment1, moment2, beta1_pow, beta2_pow, lr, beta1, beta2, epsilon):
    m, v = _moments(grad, moment1, moment2, beta1, beta2)
    move = lr * (m / (1 - beta1_pow)) / (np.sqrt(v / (1 - beta2_pow)) + epsilon)
    size = (
        lr
        * ((np.abs(moment1) + np.abs(grad)) / (1 - beta1_pow))
        / (np.sqrt(v / (1 - beta2_pow)) + epsilon)
    )
    return (
        _within(param - move, param, size),
        _within(m, moment1, grad),
        _within(v, moment2),
        beta1_pow * beta1,
        beta2_pow * beta2,
    )


STATE = [
    T(33),
    T(33),
    T(33, fill="positive"),
    T(33, fill="positive"),
    V([0.81], "float64", dims=[]),
    V([0.998001], "float64", dims=[]),
    _rate(),
]
adaptive = {"result": lambda d, a: [d[0], d[2], d[3], "float64", "float64"], **step}


@reference(
    "adam_step",
    cases=[case(*STATE, beta1=0.8, beta2=0.9, epsilon=0.01, weight_decay=0.2)],
    **adaptive,
)
def adam(
    param,
    grad,
    moment1,
    moment2,
    beta1_pow,
    beta2_pow,
    lr,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
    weight_decay=0.0,
):
    grad = grad + weight_decay * param
    return _adam(param, grad, moment1, moment2, beta1_pow, beta2_pow, lr, beta1, beta2, epsilon)


@reference(
    "adamw_step",
    cases=[case(*STATE, beta1=0.8, beta2=0.9, epsilon=0.01, weight_decay=0.2, lr_ratio=0.5)],
    **adaptive,
)
def adamw(
    param,
    grad,
    moment1,
    moment2,
    beta1_pow,
    beta2_pow,
    lr,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-8,
    weight_decay=0.01,
    lr_ratio=1.0,
):
    lr = lr * lr_ratio
    param = param * (1 - lr * weight_decay)
    return _adam(param, grad, moment1, moment2, beta1_pow, beta2_pow, lr, beta1, beta2, epsilon)


@reference(
    "lamb_step",
    cases=[
        case(*STATE, beta1=0.8, beta2=0.9, epsilon=0.01, weight_decay=0.2),
        case(V([0.0, 0.0]), *[T(2, fill="positive")] * 3, *STATE[4:]),
    ],
    **adaptive,
)
def lamb(
    param,
    grad,
    moment1,
    moment2,
    beta1_pow,
    beta2_pow,
    lr,
    beta1=0.9,
    beta2=0.999,
    epsilon=1e-6,
    weight_decay=0.01,
):
    m, v = _moments(grad, moment1, moment2, beta1, beta2)
    along = (m / (1 - beta1_pow)) / (np.sqrt(v / (1 - beta2_pow)) + epsilon) + weight_decay * param
    size, length = np.linalg.norm(param.reshape(-1)), np.linalg.norm(along.reshape(-1))
    trust = size / length if size > 0 and length > 0 else 1.0
    move = lr * trust * along
    cancelled = (
        lr
        * trust
        * ((np.abs(moment1) + np.abs(grad)) / (1 - beta1_pow))
        / (np.sqrt(v / (1 - beta2_pow)) + epsilon)
    )
    return (
        _within(param - move, param, cancelled + np.abs(weight_decay * param)),
        _within(m, moment1, grad),
        _within(v, moment2),
        beta1_pow * beta1,
        beta2_pow * beta2,
    )
