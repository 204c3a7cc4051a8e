"""Densities, moments, quantiles and scores, in the three modules, against oracles."""

import itertools
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NOISE, cholesky, draw, log_density, pytorch, random_rows
from scipy.differentiate import derivative
from scipy.integrate import quad
from scipy.special import log_softmax, logsumexp
from scipy.stats import multivariate_normal, norm
from tolerances import GRADIENT, ORACLE, VALUE, assert_close
from torch.distributions import MultivariateNormal

from mdn_utils import numpy as mdn

steady = settings(deadline=None, derandomize=True, max_examples=40)


@st.composite
def mixtures(draw_from, noise=NOISE, D=None):
    """y and the parameters of a batch of any shape, in float64; weights may be 0."""
    lead = tuple(draw_from(st.lists(st.integers(1, 4), max_size=3)))
    K, D = draw_from(st.integers(1, 5)), D or draw_from(st.integers(1, 4))
    rng = np.random.default_rng(draw_from(st.integers(0, 2**32 - 1)))
    log_pi, *others = draw(rng, draw_from(st.sampled_from(noise)), lead, K, D)
    if draw_from(st.booleans()):
        log_pi[..., 1:][rng.random((*lead, K - 1)) < 0.3] = -np.inf
        log_pi = log_softmax(log_pi, axis=-1)
    return [2 * rng.standard_normal((*lead, D)), log_pi, *others]


def test_a_density_that_comes_out_as_zero_is_not_close():
    with pytest.raises(AssertionError, match="1 of 2 entries"):
        assert_close([0.0, 0.5], [1e-8, 0.5], VALUE["float32"], floor=0)
    with pytest.raises(AssertionError):
        assert_close([1.0 + 1.5e-5], [1.0], VALUE["float32"])
    with pytest.raises(AssertionError):
        assert_close([np.nan, np.inf], [np.nan, 1.0], VALUE["float32"])


# Values


@steady
@given(case=mixtures())
def test_values_against_pytorch_and_scipy(library, dtype, case):
    """log_prob, nll and the moments; float32 is compared with what it holds."""
    y, *params = (a.astype(dtype) for a in case)
    oracle, expected = pytorch(*params), log_density(y, *params)
    for function, value in {
        "log_prob": expected,
        "nll": -expected.mean(),
        "mean": oracle.mean.numpy(),
        "variance": oracle.variance.numpy(),
    }.items():
        args = params if function in ("mean", "variance") else (y, *params)
        actual = library(function, *args)
        assert actual.dtype == (np.float64 if library.name == "numpy" else dtype)
        assert_close(actual, value, VALUE[dtype])
    covariance = library("covariance", *params)
    components = oracle.component_distribution.covariance_matrix.numpy()
    first = (0,) * (expected.ndim)  # SciPy and np.cov know no batches
    pi, mu, within = np.exp(case[1][first]), params[1][first], components[first]
    total = np.tensordot(pi, within, 1) + np.cov(mu.T, aweights=pi, ddof=0)
    assert_close(covariance[first], total, VALUE[dtype])
    parts = map(multivariate_normal.logpdf, itertools.repeat(y[first]), mu, within)
    total = logsumexp(params[0][first] + [*parts])
    assert_close(expected[first], total, ORACLE["scipy"])


@steady
@given(case=mixtures(noise=("diagonal", "isotropic", "shared")))
def test_component_pdf_against_scipy(library, dtype, case):
    """Far away, too: a density of 1e-30 is one, and no 0."""
    y, _, mu, log_sigma = (a.astype(dtype) for a in case)
    y = 3 * y
    var = np.exp(2 * log_sigma)
    expected = norm.pdf(y[..., None, :].astype("float64"), mu, np.sqrt(var.astype("f8")))
    expected = expected.prod(axis=-1)
    actual = library("component_pdf", y, mu, var)
    seen = expected > 1e-30  # float32 ends at 1e-38, and its factors before
    exponent = 1 + np.abs(np.log(expected[seen])).max(initial=0)  # exp magnifies rounding
    assert_close(actual[seen], expected[seen], exponent * VALUE[dtype], floor=0)


def test_the_numbers_of_the_book(library):
    mu, var = np.array([[0.0], [0.1], [0.2]]), np.array([[1.0], [2.2], [3.3]])
    densities = library("component_pdf", np.array([3.0]), mu, var)
    assert_close(densities, [0.00443185, 0.03977444, 0.06695205], ORACLE["quoted"])
    log_pi = np.array([0.0, -np.inf, -np.inf])
    loss = library("nll", np.array([[3.0], [1.1]]), log_pi, mu, 0.5 * np.log(var))
    assert round(float(loss), 4) == 3.4714
    assert_close(loss, -norm.logpdf([3.0, 1.1]).mean(), VALUE["float64"])


def test_leading_axes_broadcast(library):
    """One mixture and many targets; many targets for each of many mixtures."""
    log_pi, mu, log_sigma = random_rows(0, 5, 3)
    grid = np.linspace(-2, 2, 7)[:, None, None]
    table = library("log_prob", grid, log_pi, mu, log_sigma)
    assert table.shape == (7, 5)
    one = library("log_prob", grid[:, 0], log_pi[3], mu[3], log_sigma[3])
    assert_close(one, table[:, 3], VALUE["float64"])
    shared = library("mean", log_pi[:1], mu)
    assert_close(shared, library("mean", np.repeat(log_pi[:1], 5, axis=0), mu), 0)


def test_a_cholesky_factor_splits_into_the_pair(library, dtype, rng):
    """The two trees of the name: L of torch.distributions, and L = diag(σ) C."""
    _log_pi, mu, *noise = draw(rng, "full", (4,), 3, 3, dtype)
    factor, y = (
        cholesky(mu, *noise).astype(dtype),
        rng.standard_normal((4, 3)).astype(dtype),
    )
    log_sigma, unit_tril = map(
        library.array, library.mdn.split_cholesky(library.tensor(factor))
    )
    assert (np.diagonal(unit_tril, axis1=-2, axis2=-1) == 1).all()
    assert (np.triu(unit_tril, 1) == 0).all()
    oracle = MultivariateNormal(torch.tensor(mu), scale_tril=torch.tensor(factor))
    oracle = oracle.log_prob(torch.tensor(y)[:, None]).double().logsumexp(-1) - np.log(3)
    even = np.full((4, 3), -np.log(3), dtype)
    actual = library("log_prob", y, even, mu, log_sigma, unit_tril)
    assert_close(actual, oracle.numpy(), VALUE[dtype])
    for bad in (-factor, 0 * factor):
        with pytest.raises(ValueError, match=r"diagonal .*got"):
            library.mdn.split_cholesky(library.tensor(bad))


# Gradients


def head_loss(library, y):
    """nll of what a head puts out, as a function of logits and the other parameters."""

    def loss(logits, *others):
        soft = tf.nn.log_softmax if library.keras else torch.log_softmax
        return library.mdn.nll(library.tensor(y), soft(logits, -1), *others)

    return loss


def oracle_gradients(y, logits, mu, log_sigma, unit_tril=None):
    """The same by autodiff through torch.distributions, in float64."""
    leaves = [torch.tensor(a, dtype=torch.float64) for a in (logits, mu, log_sigma)]
    logits, mu, log_sigma = (a.requires_grad_() for a in leaves)
    if unit_tril is None:
        unit_tril = torch.eye(mu.shape[-1], dtype=torch.float64)
    else:
        unit_tril = torch.tensor(unit_tril, dtype=torch.float64).requires_grad_()
        leaves.append(unit_tril)
    factor = log_sigma.exp().expand(mu.shape)[..., None] * unit_tril
    components = MultivariateNormal(mu, scale_tril=factor, validate_args=False)
    y = torch.tensor(y, dtype=torch.float64)[..., None, :]
    terms = logits.log_softmax(-1) + components.log_prob(y)
    (-terms.logsumexp(-1).mean()).backward()
    return [a.grad.numpy() for a in leaves]


@steady
@given(case=mixtures())
def test_gradients_against_autodiff_of_torch_distributions(framework, dtype, case):
    y, log_pi, *others = (a.astype(dtype) for a in case)
    logits = np.maximum(log_pi, -20)
    _, actual = framework.gradients(head_loss(framework, y), logits, *others)
    expected = oracle_gradients(y, logits, *others)
    if len(others) == 3:  # on and above the diagonal C is constant
        actual[3], expected[3] = np.tril(actual[3], -1), np.tril(expected[3], -1)
    for a, b in zip(actual, expected, strict=True):
        assert_close(a, b, GRADIENT[dtype])


def test_gradients_against_finite_differences(framework, noise, rng):
    y = rng.standard_normal((4, 2))
    params = draw(rng, noise, (4,), 3, 2)
    loss = head_loss(framework, y)
    _, slopes = framework.gradients(loss, *params)
    for i, slope in enumerate(slopes):
        direction = rng.standard_normal(slope.shape)
        direction = np.tril(direction, -1) if i == 3 else direction

        def along(steps, i=i, direction=direction):
            values = []
            for t in steps.ravel():
                moved = [*params[:i], params[i] + t * direction, *params[i + 1 :]]
                values.append(float(loss(*map(framework.tensor, moved))))
            return np.reshape(values, steps.shape)

        expected = derivative(along, 0.0, initial_step=0.1).df
        assert_close((slope * direction).sum(), expected, ORACLE["difference"])


EXTREMES = [
    "targets 1,000 sigma away",
    "logits of 1e4",
    "log sigma of -30",
    "log sigma of 30",
    "log sigma of -30 everywhere",
    "a weight of zero",
]


@pytest.mark.parametrize("case", EXTREMES)
def test_values_and_gradients_at_extremes(library, dtype, case, rng):
    logits, mu, log_sigma = draw(rng, "diagonal", (4,), 3, 2)
    y = rng.standard_normal((4, 2))
    mu += 3 * np.arange(3)[:, None]
    if case == EXTREMES[0]:
        y += [[1000, 1000], [-1000, 1000], [1000, 0], [0, -1000]]
    elif case == EXTREMES[1]:
        logits = np.array([[1e4, 0, -1e4], [-1e4, -1e4, 0], [1e4, 1e4, 0], [0, -1e4, 1e4]])
    elif case == EXTREMES[5]:
        logits[:, 2] = logits[1, 0] = -np.inf
    else:
        log_sigma[:, 1] = float(case.split()[3])
        log_sigma[...] = -30 if "everywhere" in case else log_sigma
    y, logits, mu, log_sigma = (a.astype(dtype) for a in (y, logits, mu, log_sigma))
    log_pi = log_softmax(logits, axis=-1)
    actual = library("log_prob", y, log_pi, mu, log_sigma)
    parts = norm.logpdf(y[:, None].astype("f8"), mu, np.exp(log_sigma.astype("f8")))
    expected = logsumexp(log_pi + parts.sum(axis=-1), axis=-1)
    assert np.isfinite(actual).all()
    assert_close(actual, expected, VALUE[dtype])
    for kind in ("component", "peak", "exact"):
        assert np.isfinite(library("mode", log_pi, mu, log_sigma, kind=kind)).all()
    if library.name != "numpy" and case != EXTREMES[4]:  # there the oracle overflows
        _, slopes = library.gradients(head_loss(library, y), logits, mu, log_sigma)
        for a, b in zip(slopes, oracle_gradients(y, logits, mu, log_sigma), strict=True):
            assert_close(a, b, GRADIENT[dtype])


def test_weights_of_zero_get_no_gradient_and_make_none_nan(framework, dtype, rng):
    """log_pi = -inf given as it is, as in the check of chapter 6."""
    _, mu, log_sigma = draw(rng, "diagonal", (2,), 3, 1, dtype)
    y = framework.tensor(rng.standard_normal((2, 1)), dtype)
    log_pi = np.array([[0, -np.inf, -np.inf], [-np.inf, 0, -np.inf]], dtype)
    loss = lambda *params: framework.mdn.nll(y, *params)  # noqa: E731
    for slope in framework.gradients(loss, log_pi, mu, log_sigma)[1]:
        assert np.isfinite(slope).all()
        assert (slope[0, 1:] == 0).all()
        assert (slope[1, ::2] == 0).all()


# One target dimension, against quadrature

ROWS = [random_rows(K, 1, K) for K in (1, 2, 5, 26)]
each_mixture = pytest.mark.parametrize("params", ROWS, ids=lambda p: f"K={p[0].shape[-1]}")


def integral(f, params, low=-np.inf):
    """∫ f from low on, stopping at every mean: quadrature must not miss a peak."""
    _, mu, log_sigma = params
    reach = 12 * np.exp(log_sigma)
    points = np.unique(np.r_[low, (mu - reach).min(), mu.ravel(), (mu + reach).max()])
    points = points[points >= max(low, (mu - reach).min())]
    options = {"epsabs": 1e-13, "epsrel": 1e-13, "limit": 200}  # below the tolerance
    return sum(quad(f, a, b, **options)[0] for a, b in itertools.pairwise(points))


@each_mixture
def test_density_moments_and_cdf_against_quadrature(params):
    def p(y):
        return np.exp(mdn.log_prob([[y]], *params).item())

    assert_close(integral(p, params), 1, ORACLE["quad"])
    mean = integral(lambda y: y * p(y), params)
    variance = integral(lambda y: (y - mean) ** 2 * p(y), params)
    assert_close(mdn.mean(*params), mean, ORACLE["quad"])
    assert_close(mdn.variance(*params), variance, ORACLE["quad"])
    for y in (-2.0, 0.1, 1.7):
        assert_close(
            1 - mdn.cdf([[y]], *params), integral(p, params, low=y), ORACLE["quad"]
        )


@each_mixture
@pytest.mark.parametrize("y", [-2.0, 0.1, 1.7])
def test_crps_against_quadrature(params, y):
    def square(z):
        return (mdn.cdf([[z]], *params).item() - (z >= y)) ** 2

    whole = integral(square, params, low=y)
    below = params[0], -params[1], params[2]  # mirrored: the part below y comes first
    whole += integral(lambda z: mdn.cdf([[-z]], *params).item() ** 2, below, low=-y)
    assert_close(mdn.crps([[y]], *params), whole, ORACLE["quad"])


def test_crps_of_extreme_spreads():
    one = mdn.crps([0.0], [0.0], [[0.0]], [[0.0]])
    assert_close(
        mdn.crps([0.0], [0.0], [[0.0]], [[400.0]]), one * np.exp(400), VALUE["float64"]
    )
    assert mdn.crps([1.0], [0.0], [[0.0]], [[-400.0]]) == 1  # the distance to a point


def test_crps_does_not_hold_every_pair_of_components():
    """N K² numbers are 400 MB here; N K are 8 MB."""
    log_pi, mu, log_sigma = random_rows(0, 20_000, 50)
    tracemalloc.start()
    score = mdn.crps(np.zeros((20_000, 1)), log_pi, mu, log_sigma)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 160e6, f"{peak / 1e6:.0f} MB"
    assert_close(
        score[7], mdn.crps([0.0], log_pi[7], mu[7], log_sigma[7]), VALUE["float64"]
    )


PROBABILITIES = np.r_[1e-200, 1e-12, 1e-6, np.linspace(0.001, 0.999, 41), 1 - 1e-9]


@pytest.mark.parametrize("K", [1, 3, 26])
@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
def test_quantile_and_cdf_are_inverse(K, spread):
    params = random_rows(K, 50, K, spread)
    y = mdn.quantile(PROBABILITIES[:, None], *params)
    assert y.shape == (len(PROBABILITIES), 50, 1)
    assert (np.diff(y, axis=0) > 0).all()
    expected = np.broadcast_to(PROBABILITIES[:, None], y.shape[:-1])
    assert_close(mdn.cdf(y, *params), expected, ORACLE["round trip"], floor=0)
    drawn = mdn.sample(*params, n=5, seed=0)
    assert_close(
        mdn.quantile(mdn.cdf(drawn, *params), *params), drawn, ORACLE["round trip"]
    )


def test_quantiles_at_the_ends_and_of_odd_mixtures():
    params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    ends = mdn.quantile([0.0, 0.5, 1.0], *params)[:, 0]
    assert ends.tolist() == [-np.inf, 0, np.inf]
    assert mdn.quantile(0.5, *params).shape == (1,)
    assert mdn.quantile(np.empty(0), *params).shape == (0, 1)
    # a component without weight, however far away, does not matter
    zero = np.array([0.0, -np.inf]), [[2.0], [1e9]], np.log([[0.5], [3.0]])
    expected = norm.ppf([0.01, 0.7], 2, 0.5)
    assert_close(mdn.quantile([0.01, 0.7], *zero)[:, 0], expected, ORACLE["round trip"])
    # narrow components far apart: most brackets are empty space
    narrow = np.log([0.5, 0.5]), [[-1e3], [1e3]], np.log([[1e-6], [1e-6]])
    y = mdn.quantile([0.25, 0.75], *narrow)[:, 0]
    assert_close(y, [-1e3, 1e3], VALUE["float64"])
    # so narrow that the standard deviation is below the spacing of numbers at the mean
    tiny = np.array([0.0]), [[1e6]], [[-30.0]]
    assert_close(mdn.quantile([0.1, 0.9], *tiny)[:, 0], 1e6, VALUE["float64"])


def test_a_quantile_that_is_not_found_is_refused():
    """With an infinite σ there is no root, and no number that would do for one."""
    params = np.log([[0.5, 0.5]]), [[[0.0], [1.0]]], [[[0.0], [np.inf]]]
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="root"):
        mdn.quantile([0.3], *params)


# An ensemble


def models(rng, dtype="float64"):
    """Mixtures of five rows, one of each noise model, with K = 1 to 5."""
    return [draw(rng, name, (5,), K, 2, dtype) for K, name in enumerate(NOISE, start=1)]


def test_combining_is_the_mean_of_the_densities(library, dtype, rng):
    y, each = rng.standard_normal((5, 2)).astype(dtype), models(rng, dtype)
    for chosen in (each, each[1:], each[:1]):
        expected = logsumexp([log_density(y, *model) for model in chosen], axis=0)
        both = library.mdn.combine(*([*map(library.tensor, m)] for m in chosen))
        assert len(both) == max(map(len, chosen))
        found = library("log_prob", y, *both)
        assert_close(found, expected - np.log(len(chosen)), VALUE[dtype])


def test_models_of_several_dtypes_combine_in_the_wider_one(library, rng):
    y, (one, two) = rng.standard_normal((5, 2)), models(rng)[:2]
    two = [a.astype("float32") for a in two]
    expected = logsumexp([log_density(y, *m) for m in (one, two)], axis=0) - np.log(2)
    for pair in ((one, two), (two, one)):
        both = library.mdn.combine(*([*map(library.tensor, m)] for m in pair))
        assert {library.array(a).dtype.name for a in both} == {"float64"}
        assert_close(library("log_prob", y, *both), expected, VALUE["float32"])


@pytest.mark.parametrize("shared", [0, 1])  # log_pi, or mu and log_sigma
def test_what_all_rows_share_is_combined(library, rng, shared):
    y, (one, two) = rng.standard_normal((5, 2)), models(rng)[1:3]
    one = [a[:1] if (i > 0) == shared else a for i, a in enumerate(one)]
    wide = [np.broadcast_to(a, (5, *a.shape[1:])) for a in one]
    expected = logsumexp([log_density(y, *m) for m in (wide, two)], axis=0) - np.log(2)
    for pair in ((one, two), (two, one)):
        both = library.mdn.combine(*([*map(library.tensor, m)] for m in pair))
        assert_close(library("log_prob", y, *both), expected, VALUE["float64"])


def test_gradients_reach_all_that_was_combined(framework, rng):
    one, two = models(rng)[1:3]
    y = rng.standard_normal((5, 2))
    _, gradients = framework.gradients(
        lambda *a: framework.mdn.nll(y, *framework.mdn.combine(a[:3], a[3:])), *one, *two
    )
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one, two: (), "at least one model, got none"),
        (lambda one, two: (one, two[:2]), "each model must be .*got 2"),
        (lambda one, two: (one, [*two, None, None]), "each model must be .*got 5"),
        (lambda one, two: two, "each model must be .*got"),
        (lambda one, two: (one, [a[:4] for a in two]), "the same rows and D"),
        (lambda one, two: (one, [two[0], *(a[..., :1] for a in two[1:])]), "rows and D"),
    ],
)
def test_what_cannot_be_combined(library, rng, change, message):
    one, two = ([*map(library.tensor, model)] for model in models(rng)[1:3])
    with pytest.raises(ValueError, match=message):
        library.mdn.combine(*change(one, two))
