"""A step over many parameters is compiled in time that grows as they do."""

import time

import numpy as np

import proa
from proa import nn


def step_over(count):
    """A captured step: clipped gradients of the parameters, AdamW."""
    proa.seed(0)
    parameters = [proa.randn([2, 3 + i % 2]) for i in range(count)]
    for parameter in parameters:
        parameter.stop_gradient = False
    optimizer = proa.optimizer.AdamW(
        1e-2, parameters=parameters, grad_clip=nn.ClipGradByGlobalNorm(1.0)
    )

    def step(x):
        loss = proa.sum(x)
        for parameter in parameters:
            loss = loss + proa.sum(proa.tanh(x * parameter.mean(axis=1)))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad(set_to_zero=False)
        return loss

    return step, parameters


def seconds(count):
    """Of one capture, compilation and run, in processor time."""
    step, _ = step_over(count)
    x = proa.ones([2])
    start = time.process_time()
    proa.jit.to_static(step)(x)
    return time.process_time() - start


def test_time_grows_with_the_number_of_parameters():
    seconds(50)  # kernels are made, the compiler is loaded
    few, many = min(seconds(200) for _ in range(2)), seconds(800)
    assert many < 9 * few, (few, many)  # in proportion it is 4, of pairs 16


def test_many_parameters_have_the_bits_of_single_calls():
    results = []
    for capture in (lambda f: f, proa.jit.to_static):
        step, parameters = step_over(150)
        step = capture(step)
        losses = [step(proa.ones([2])).numpy() for _ in range(2)]
        results.append([a.tobytes() for a in [*losses, *(p.numpy() for p in parameters)]])
    assert results[0] == results[1]
    assert all(np.isfinite(loss) for loss in losses)
