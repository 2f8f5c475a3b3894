"""Distributions against SciPy: densities, moments, entropies, draws, divergences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.stats as st

import proa
from proa import distribution as D

CONTINUOUS = [
    (D.Normal(1.0, 2.0), st.norm(1, 2)),
    (D.LogNormal(0.3, 0.5), st.lognorm(0.5, scale=np.exp(0.3))),
    (D.Laplace(-1.0, 0.7), st.laplace(-1, 0.7)),
    (D.Gumbel(0.5, 1.5), st.gumbel_r(0.5, 1.5)),
    (D.Uniform(-1.0, 3.0), st.uniform(-1, 4)),
    (D.Exponential(2.5), st.expon(scale=0.4)),
]
DISCRETE = [
    (D.Bernoulli(0.3), st.bernoulli(0.3)),
    (D.Geometric(0.25), st.geom(0.25, loc=-1)),
    (D.Poisson(4.5), st.poisson(4.5)),
]


def name(value: Any) -> str:
    return type(value).__name__


@pytest.mark.parametrize(("mine", "theirs"), CONTINUOUS, ids=name)
def test_densities(mine: Any, theirs: Any) -> None:
    at = np.array([-2.0, -0.5, 0.25, 1.0, 2.9, 7.0], "float32")
    with np.errstate(all="ignore"):
        legal = at > 0 if isinstance(mine, D.LogNormal) else np.full(6, True)
        np.testing.assert_allclose(mine.log_prob(proa.to_tensor(at[legal])).numpy(),
                                   theirs.logpdf(at[legal]), rtol=1e-4, atol=1e-5)
    if hasattr(mine, "cdf"):
        np.testing.assert_allclose(mine.cdf(proa.to_tensor(at[legal])).numpy(),
                                   theirs.cdf(at[legal]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("mine", "theirs"), DISCRETE, ids=name)
def test_probabilities(mine: Any, theirs: Any) -> None:
    at = np.array([0.0, 1.0]) if isinstance(mine, D.Bernoulli) else np.arange(6.0)
    np.testing.assert_allclose(
        mine.prob(proa.to_tensor(at.astype("float32"))).numpy(), theirs.pmf(at), rtol=1e-4)


@pytest.mark.parametrize(("mine", "theirs"), CONTINUOUS + DISCRETE, ids=name)
def test_moments_and_draws(mine: Any, theirs: Any) -> None:
    proa.seed(4)
    assert np.isclose(float(mine.mean), theirs.mean(), rtol=1e-5)
    assert np.isclose(float(mine.variance), theirs.var(), rtol=1e-5)
    drawn = mine.sample([30000]).numpy()
    assert drawn.shape == (30000,)
    assert abs(drawn.mean() - theirs.mean()) < 5 * theirs.std() / np.sqrt(30000)
    if not isinstance(mine, D.Poisson):
        assert np.isclose(float(mine.entropy()), theirs.entropy(), rtol=1e-4)
    if hasattr(mine, "cdf"):
        assert st.kstest(drawn, theirs.cdf).pvalue > 1e-6


def integral(p: Any, q: Any, low: float, high: float) -> float:
    def term(x: float) -> float:
        return float(p.pdf(x) * (p.logpdf(x) - q.logpdf(x)))

    return float(scipy.integrate.quad(term, low, high, limit=200)[0])


@pytest.mark.parametrize(("a", "b", "p", "q", "ends"), [
    (D.Normal(0.0, 1.0), D.Normal(1.0, 2.0), st.norm(0, 1), st.norm(1, 2), (-12, 12)),
    (D.Laplace(0.0, 1.0), D.Laplace(1.0, 2.0), st.laplace(0, 1), st.laplace(1, 2), (-30, 30)),
    (D.Exponential(1.0), D.Exponential(3.0), st.expon(), st.expon(scale=1 / 3), (0, 40)),
    (D.Uniform(0.0, 1.0), D.Uniform(-1.0, 2.0), st.uniform(0, 1), st.uniform(-1, 3), (0, 1)),
])
def test_divergence_is_its_integral(a: Any, b: Any, p: Any, q: Any, ends: Any) -> None:
    assert np.isclose(float(D.kl_divergence(a, b)), integral(p, q, *ends), rtol=1e-4)


def test_divergence_of_whole_numbers_is_its_sum() -> None:
    k = np.arange(200)
    for a, b, p, q in (
        (D.Poisson(2.0), D.Poisson(5.0), st.poisson(2), st.poisson(5)),
        (D.Geometric(0.4), D.Geometric(0.2), st.geom(0.4, loc=-1), st.geom(0.2, loc=-1)),
        (D.Bernoulli(0.3), D.Bernoulli(0.6), st.bernoulli(0.3), st.bernoulli(0.6)),
    ):
        some = p.pmf(k) > 0
        wanted = (p.pmf(k) * (p.logpmf(k) - q.logpmf(k)))[some].sum()
        assert np.isclose(float(a.kl_divergence(b)), wanted, rtol=1e-4)


def test_categories() -> None:
    proa.seed(2)
    weights = proa.to_tensor([[1.0, 2.0, 1.0], [3.0, 1.0, 0.0]])
    c = D.Categorical(weights)
    drawn = c.sample([20000]).numpy()
    assert drawn.shape == (20000, 2)
    for k in range(2):
        seen = np.bincount(drawn[:, k], minlength=3) / 20000
        np.testing.assert_allclose(seen, weights[k].numpy() / 4, atol=0.02)
    np.testing.assert_allclose(c.probs(proa.to_tensor([0, 1])).numpy(), [[0.25, 0.5], [0.75, 0.25]])
    soft = np.exp(weights.numpy()) / np.exp(weights.numpy()).sum(1, keepdims=True)
    np.testing.assert_allclose(c.entropy().numpy(), st.entropy(soft, axis=1), rtol=1e-5)
    other = D.Categorical(proa.ones([2, 3]))
    np.testing.assert_allclose(
        c.kl_divergence(other).numpy().ravel(), st.entropy(soft, np.full((2, 3), 1 / 3), axis=1),
        rtol=1e-4)


def test_gradients_flow_through_draws() -> None:
    loc = proa.to_tensor(0.5, stop_gradient=False)
    D.Normal(loc, 1.0).rsample([8]).sum().backward()
    assert float(loc.grad) == 8.0
    assert D.Normal(loc, 1.0).sample([2]).stop_gradient


def test_wrong_parameters_are_refused() -> None:
    for make, says in (
        (lambda: D.Normal(0.0, 0.0), "scale"),
        (lambda: D.Uniform(1.0, 1.0), "high"),
        (lambda: D.Bernoulli(1.5), "probs"),
        (lambda: D.Poisson(-1.0), "rate"),
        (lambda: D.Categorical(1.0), "logits"),
        (lambda: D.kl_divergence(D.Normal(0.0, 1.0), D.Poisson(1.0)), "register_kl"),
    ):
        with pytest.raises(proa.ProaError, match=says):
            make()
