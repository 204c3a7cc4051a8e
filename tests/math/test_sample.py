"""Samples: other numbers in each module, the same distribution."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from oracles import draw
from scipy.special import log_softmax
from scipy.stats import chisquare, kstest, pearsonr
from tolerances import P_VALUE, assert_close

from mdn_utils import numpy as mdn

ROWS = 2
PARAMS = (
    np.log([[0.7, 0.2999, 0.0001]] * ROWS),
    np.array([[[-1.0], [1.0], [5.0]]] * ROWS),
    np.log([[[0.5], [0.2], [0.1]]] * ROWS),
)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_samples_follow_the_cdf_and_are_independent(library, dtype, temperature):
    """A temperature τ divides log π by τ and multiplies σ by its root."""
    params = [a.astype(dtype) for a in PARAMS]
    y = library("sample", *params, n=20_000, seed=3, temperature=temperature)
    assert y.dtype == ("float64" if library.name == "numpy" else dtype)
    log_pi, mu, log_sigma = (a[0] for a in PARAMS)
    changed = log_softmax(log_pi / temperature), mu, log_sigma + 0.5 * np.log(temperature)
    u = mdn.cdf(y.astype("float64"), *changed)
    assert kstest(u.ravel(), "uniform").pvalue > P_VALUE
    for a, b in [(u[:, 0], u[:, 1]), (u[1:, 0], u[:-1, 0])]:  # rows, and draws
        assert pearsonr(a, b).pvalue > P_VALUE
        assert kstest((a - b) % 1, "uniform").pvalue > P_VALUE


def test_samples_have_the_covariance_of_the_model(library, noise, rng):
    params, n = draw(rng, noise, (), 3, 2), 50_000
    y = library("sample", *params, n=n, seed=4)
    error = y - mdn.mean(*params)
    products = error[:, :, None] * error[:, None, :]
    off = (products.mean(axis=0) - mdn.covariance(*params)) / products.std(axis=0)
    assert abs(off).max() < 4 / np.sqrt(n)  # four standard errors of a mean


def test_no_rounding_draws_a_component_too_often_or_one_that_is_not_there(library, dtype):
    """In float32 ten weights of 0.1 add up to more than one; two of twelve are zero."""
    weights = np.array([0, *[0.1] * 10, 0], dtype)
    mu = np.arange(12, dtype=dtype)[:, None]
    with np.errstate(divide="ignore"):
        log_pi = np.log(weights)
    y = library("sample", log_pi, mu, np.full((1, 1), -30, dtype), n=100_000, seed=0)
    k, counts = np.unique(y.round(), return_counts=True)
    assert k.tolist() == list(range(1, 11))
    assert chisquare(counts).pvalue > P_VALUE
    draw = library.mdn._draw_component  # no seed is at hand for the largest u below one
    low, high = np.nextafter(np.array([0, 1], dtype), np.array([1, 0], dtype))
    u = library.tensor(np.array([0, low, high], dtype))
    for scale in np.array([1, 1e-7, 0.9999999, 1.0000001], dtype):
        k = library.array(draw(library.tensor(weights * scale), u))
        assert k.tolist() == [1, 1, 10]


def test_temperature_zero_and_almost_zero(library, dtype):
    params = [a.astype(dtype) for a in PARAMS]
    top = library("mode", *params, kind="component")
    for temperature in (0, 0.0, 1e-300):
        y = library("sample", *params, n=3, seed=0, temperature=temperature)
        assert_close(y, np.broadcast_to(top, (3, ROWS, 1)), 1e-12)  # τ, not rounding
    one = library("sample", *params, n=5, seed=0, temperature=1)
    assert_close(one, library("sample", *params, n=5, seed=0), 0)


def test_shapes_of_samples(library):
    assert library("sample", *PARAMS).shape == (ROWS, 1)
    for n in (1, 0):
        assert library("sample", *PARAMS, n=n).shape == (n, ROWS, 1)
    assert library("sample", *(a[0] for a in PARAMS), n=4).shape == (4, 1)
    narrow = PARAMS[0], PARAMS[1][:1], PARAMS[2][:1]
    for params in ((PARAMS[0][:1], *PARAMS[1:]), narrow):
        assert library("sample", *params, n=4).shape == (4, ROWS, 1)
    assert library("sample", *narrow, n=4, temperature=0).shape == (4, ROWS, 1)


def test_a_generator_goes_on(library):
    def make():
        if library.name == "numpy":
            return np.random.default_rng(5)
        if library.name == "torch":
            return torch.Generator().manual_seed(5)
        return tf.random.Generator.from_seed(5)

    one = make()
    first, second = (library("sample", *PARAMS, n=5, seed=one) for _ in range(2))
    assert (first != second).all()
    assert_close(library("sample", *PARAMS, n=5, seed=make()), first, 0)


def test_the_seed_of_the_framework_governs_samples_without_one(framework):
    drawn = []
    for _ in range(2):
        tf.random.set_seed(3)
        torch.manual_seed(3)
        drawn.append(framework("sample", *PARAMS, n=5))
    assert_close(*drawn, 0)
    assert (framework("sample", *PARAMS, n=5) != drawn[0]).all()


def test_samples_and_the_exact_mode_carry_no_gradient(framework):
    module = framework.mdn
    if framework.keras:
        params = [tf.Variable(a) for a in PARAMS]
        with tf.GradientTape() as tape:
            y = module.sample(*params) + module.mode(*params, kind="exact")
        assert tape.gradient(y, params) == [None] * 3
    else:
        params = [torch.tensor(a, requires_grad=True) for a in PARAMS]
        y = module.sample(*params) + module.mode(*params, kind="exact")
        assert not y.requires_grad
