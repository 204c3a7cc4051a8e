"""`mdn_utils.numpy`, held to oracles that this project did not write."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.differentiate import jacobian
from scipy.integrate import dblquad, quad
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from scipy.stats import kstest, multivariate_normal, norm, pearsonr
from tolerances import ORACLE, P_VALUE, VALUE, assert_close
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
)

from mdn_utils import numpy as mdn

steady = settings(deadline=None, derandomize=True, max_examples=60)
NOISE = {
    "diagonal": (1, 1),
    "isotropic": (1, 0),
    "shared": (0, 0),
    "full": None,
    "full in units of sigma": (1, 1),
}


@st.composite
def mixtures(draw, noise=tuple(NOISE), D=None):
    """A batch of targets and parameters: y, log_pi, mu and the noise by keyword."""
    lead = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    K = draw(st.integers(1, 5))
    D = D or draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    log_pi = log_softmax(2 * rng.standard_normal((*lead, K)), axis=-1)
    mu = 2 * rng.standard_normal((*lead, K, D))
    y = 3 * rng.standard_normal((*lead, D))
    return y, log_pi, mu, random_noise(rng, draw(st.sampled_from(noise)), lead, K, D)


def random_noise(rng, kind, lead, K, D):
    noise = {}
    if NOISE[kind] is not None:
        per_component, per_target = NOISE[kind]
        shape = (*lead, K if per_component else 1, D if per_target else 1)
        noise["log_sigma"] = 0.7 * rng.standard_normal(shape)
    if kind.startswith("full"):
        factor = np.tril(rng.standard_normal((*lead, K, D, D)), -1)
        diagonal = np.exp(0.5 * rng.standard_normal((*lead, K, D)))
        noise["scale_tril"] = factor + diagonal[..., None] * np.eye(D)
    return noise


def cholesky(mu, log_sigma=None, scale_tril=None):
    """The noise as Cholesky factors, whatever it is."""
    if log_sigma is None:
        return scale_tril
    sigma = np.exp(np.broadcast_to(log_sigma, mu.shape))[..., None]
    return sigma * (np.eye(mu.shape[-1]) if scale_tril is None else scale_tril)


def pytorch_mixture(log_pi, mu, noise):
    mu, weights = torch.tensor(mu), Categorical(logits=torch.tensor(log_pi))
    if "scale_tril" in noise:
        factor = torch.tensor(cholesky(mu.numpy(), **noise))
        components = MultivariateNormal(mu, scale_tril=factor)
    else:
        sigma = torch.tensor(noise["log_sigma"]).exp().expand(mu.shape)
        components = Independent(Normal(mu, sigma), 1)
    return MixtureSameFamily(weights, components)


def random_rows(seed, N, K, spread=1.5):
    """N mixtures of one target dimension."""
    rng = np.random.default_rng(seed)
    log_pi = np.log(rng.dirichlet(np.ones(K), N))
    return (
        log_pi,
        spread * rng.standard_normal((N, K, 1)),
        0.7 * rng.standard_normal((N, K, 1)) - 0.5,
    )


def one_row(params, row):
    return tuple(a[row] for a in params)


ROWS = [random_rows(K, 1, K) for K in (1, 2, 5, 26)]
each_mixture = pytest.mark.parametrize("params", ROWS, ids=lambda p: f"K={p[0].shape[-1]}")


def knots(params, reach=12):
    """Where quadrature must look: every mean, and far enough out."""
    _, mu, log_sigma = params
    sigma = np.exp(log_sigma)
    return np.unique(
        np.r_[(mu - reach * sigma).min(), mu.ravel(), (mu + reach * sigma).max()]
    )


def integral(f, points):
    return sum(
        quad(f, a, b, epsabs=1e-13, epsrel=1e-13, limit=200)[0]
        for a, b in itertools.pairwise(points)
    )


def density(params):
    return lambda y: np.exp(mdn.log_prob([[y]], *params).item())


# The numbers of the book

MU, VAR = [[0.0], [0.1], [0.2]], np.array([[1.0], [2.2], [3.3]])
LOG_PI = np.array([0.0, -np.inf, -np.inf])


def test_the_quoted_densities():
    assert_close(
        mdn.component_pdf([3.0], MU, VAR),
        [0.00443185, 0.03977444, 0.06695205],
        ORACLE["quoted"],
    )


def test_the_quoted_loss_with_weights_that_are_exactly_zero():
    loss = mdn.nll([[3.0], [1.1]], LOG_PI, MU, 0.5 * np.log(VAR))
    assert loss == pytest.approx(3.4714, abs=5e-5)  # four decimals
    expected = -norm.logpdf([3.0, 1.1]).mean()
    assert loss == pytest.approx(expected, rel=VALUE["float64"])


# Against SciPy and torch.distributions


@steady
@given(mixtures())
def test_log_prob_against_scipy(case):
    y, log_pi, mu, noise = case
    expected = np.empty(log_pi.shape)
    factor = np.broadcast_to(cholesky(mu, **noise), (*mu.shape, mu.shape[-1]))
    for i in np.ndindex(log_pi.shape):
        cov = factor[i] @ factor[i].T
        expected[i] = multivariate_normal.logpdf(y[i[:-1]], mu[i], cov)
    expected = logsumexp(log_pi + expected, axis=-1)
    assert_close(mdn.log_prob(y, log_pi, mu, **noise), expected, 1e-9)  # cov squares L


@steady
@given(mixtures(noise=("diagonal", "isotropic", "shared")))
def test_log_prob_and_component_pdf_against_scipy_norm(case):
    y, log_pi, mu, noise = case
    sigma = np.exp(noise["log_sigma"])
    components = norm.logpdf(y[..., None, :], mu, sigma).sum(axis=-1)
    tolerance = VALUE["float64"]
    assert_close(mdn.component_pdf(y, mu, sigma**2), np.exp(components), tolerance)
    expected = logsumexp(log_pi + components, axis=-1)
    assert_close(mdn.log_prob(y, log_pi, mu, **noise), expected, tolerance)


@steady
@given(mixtures())
def test_log_prob_mean_and_variance_against_pytorch(case):
    y, log_pi, mu, noise = case
    oracle = pytorch_mixture(log_pi, mu, noise)
    expected = oracle.log_prob(torch.tensor(y)).numpy()
    assert_close(mdn.log_prob(y, log_pi, mu, **noise), expected, VALUE["float64"])
    assert_close(mdn.mean(log_pi, mu, **noise), oracle.mean.numpy(), VALUE["float64"])
    assert_close(mdn.variance(log_pi, mu, **noise), oracle.variance.numpy(), 1e-11)


@steady
@given(mixtures())
def test_covariance_against_pytorch_and_numpy(case):
    _, log_pi, mu, noise = case
    factor = np.broadcast_to(cholesky(mu, **noise), (*mu.shape, mu.shape[-1]))
    factor = torch.tensor(factor.copy())
    components = MultivariateNormal(torch.tensor(mu), scale_tril=factor)
    components = components.covariance_matrix.numpy()
    actual = mdn.covariance(log_pi, mu, **noise)
    pi = np.exp(log_pi)
    for row in np.ndindex(log_pi.shape[:-1]):
        within = np.einsum("k,kde->de", pi[row], components[row])
        between = np.atleast_2d(np.cov(mu[row].T, aweights=pi[row], ddof=0))
        assert_close(actual[row], within + between, 1e-11)
    diagonal = np.diagonal(actual, axis1=-2, axis2=-1)
    assert_close(diagonal, mdn.variance(log_pi, mu, **noise), VALUE["float64"])


@steady
@given(mixtures(D=1))
def test_cdf_against_pytorch(case):
    y, log_pi, mu, noise = case
    sigma = cholesky(mu, **noise)[..., 0, 0]
    sigma = np.broadcast_to(sigma, log_pi.shape).copy()
    oracle = MixtureSameFamily(
        Categorical(logits=torch.tensor(log_pi)),
        Normal(torch.tensor(mu[..., 0]), torch.tensor(sigma)),
    )
    expected = oracle.cdf(torch.tensor(y[..., 0])).numpy()
    assert_close(mdn.cdf(y, log_pi, mu, **noise), expected, VALUE["float64"])


@steady
@given(mixtures(noise=("diagonal", "isotropic", "shared", "full in units of sigma")))
def test_the_matching_cholesky_factor_is_the_same_model(case):
    y, log_pi, mu, noise = case
    full = {"scale_tril": cholesky(mu, **noise)}
    for function in (mdn.log_prob, mdn.nll):
        diagonal = function(y, log_pi, mu, **noise)
        assert_close(function(y, log_pi, mu, **full), diagonal, VALUE["float64"])
    for function in (mdn.mean, mdn.variance, mdn.covariance):
        diagonal = function(log_pi, mu, **noise)
        assert_close(function(log_pi, mu, **full), diagonal, VALUE["float64"])
    for kind in ("component", "peak", "exact"):
        diagonal = mdn.mode(log_pi, mu, **noise, kind=kind)
        assert_close(mdn.mode(log_pi, mu, **full, kind=kind), diagonal, 1e-9)
    drawn = mdn.sample(log_pi, mu, **noise, n=3, seed=1)
    assert_close(mdn.sample(log_pi, mu, **full, n=3, seed=1), drawn, VALUE["float64"])


def test_what_stands_above_the_diagonal_is_not_read():
    rng = np.random.default_rng(0)
    y, log_pi, mu = (
        rng.standard_normal((4, 2)),
        np.log([[0.3, 0.7]] * 4),
        np.zeros((4, 2, 2)),
    )
    factor = random_noise(rng, "full", (4,), 2, 2)["scale_tril"]
    messy = factor + np.triu(np.full((2, 2), 9.0), 1)
    for function in (
        lambda scale_tril: mdn.log_prob(y, log_pi, mu, scale_tril=scale_tril),
        lambda scale_tril: mdn.variance(log_pi, mu, scale_tril=scale_tril),
        lambda scale_tril: mdn.covariance(log_pi, mu, scale_tril=scale_tril),
        lambda scale_tril: mdn.mode(log_pi, mu, scale_tril=scale_tril, kind="exact"),
        lambda scale_tril: mdn.sample(log_pi, mu, scale_tril=scale_tril, seed=0),
    ):
        np.testing.assert_array_equal(function(messy), function(factor))


def test_leading_axes_broadcast():
    """One mixture and many targets; many targets for each of many mixtures."""
    log_pi, mu, log_sigma = random_rows(0, 5, 3)
    grid = np.linspace(-2, 2, 7)[:, None, None]
    table = mdn.log_prob(grid, log_pi, mu, log_sigma)
    assert table.shape == (7, 5)
    one = one_row((log_pi, mu, log_sigma), 3)
    np.testing.assert_array_equal(mdn.log_prob(grid[:, 0], *one), table[:, 3])
    shared = mdn.mean(log_pi[:1], mu), mdn.mean(np.repeat(log_pi[:1], 5, axis=0), mu)
    np.testing.assert_array_equal(*shared)


# Against quadrature


@each_mixture
def test_density_integrates_to_one(params):
    total = integral(density(params), knots(params))
    assert total == pytest.approx(1, abs=ORACLE["quad"])


@pytest.mark.parametrize("kind", NOISE)
def test_density_of_two_targets_integrates_to_one(kind):
    rng = np.random.default_rng(3)
    log_pi, mu = np.log([0.3, 0.7]), rng.standard_normal((2, 2))
    noise = random_noise(rng, kind, (), 2, 2)

    def p(b, a):
        return np.exp(mdn.log_prob([a, b], log_pi, mu, **noise))

    side = np.linspace(-16, 16, 161)
    values = p_grid(side, log_pi, mu, noise)
    assert values.sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=1e-6)
    part, _ = dblquad(p, 0, 1, 0, 1, epsabs=1e-9)
    fine = (np.arange(400) + 0.5) / 400
    assert p_grid(fine, log_pi, mu, noise).mean() == pytest.approx(part, abs=1e-5)


def p_grid(side, log_pi, mu, noise):
    y = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
    return np.exp(mdn.log_prob(y, log_pi, mu, **noise))


@each_mixture
def test_moments_against_quadrature(params):
    p, points = density(params), knots(params)
    mean = integral(lambda y: y * p(y), points)
    variance = integral(lambda y: (y - mean) ** 2 * p(y), points)
    assert_close(mdn.mean(*params), [[mean]], ORACLE["quad"])
    assert_close(mdn.variance(*params), [[variance]], ORACLE["quad"])


@each_mixture
@pytest.mark.parametrize("y", [-2.0, 0.1, 1.7])
def test_cdf_against_quadrature(params, y):
    points = knots(params)
    below = np.r_[points[points < y], y]
    expected = integral(density(params), below)
    assert_close(mdn.cdf([[y]], *params), [expected], ORACLE["quad"])


@each_mixture
@pytest.mark.parametrize("y", [-2.0, 0.1, 1.7])
def test_crps_against_quadrature(params, y):
    points = np.unique(np.r_[knots(params), y])

    def square(z):
        return (mdn.cdf([[z]], *params).item() - (z >= y)) ** 2

    expected = integral(square, points)
    assert_close(mdn.crps([[y]], *params), [expected], ORACLE["crps"])


def test_crps_is_least_on_average_for_the_model_that_drew_the_data():
    params = np.log([0.5, 0.5]), np.array([[-1.0], [1.0]]), np.log([[0.3], [0.3]])
    y = mdn.sample(*params, n=20_000, seed=0)
    true = mdn.crps(y, *params).mean()
    for wrong in (0.8, 1.3):
        assert mdn.crps(y, params[0], wrong * params[1], params[2]).mean() > true


# Quantiles

PROBABILITIES = np.r_[1e-200, 1e-12, 1e-6, np.linspace(0.001, 0.999, 41), 1 - 1e-9]


@pytest.mark.parametrize("K", [1, 2, 3, 10, 26])
@pytest.mark.parametrize("spread", [0.0, 1.0, 10.0])
def test_cdf_of_a_quantile_is_its_probability(K, spread):
    params = random_rows(K, 50, K, spread)
    y = mdn.quantile(PROBABILITIES[:, None], *params)
    assert y.shape == (len(PROBABILITIES), 50, 1)
    p = mdn.cdf(y, *params)
    np.testing.assert_allclose(
        p,
        np.broadcast_to(PROBABILITIES[:, None], p.shape),
        rtol=ORACLE["round trip"],
        atol=0,
    )
    assert (np.diff(y, axis=0) > 0).all()


@pytest.mark.parametrize("K", [1, 2, 3, 10, 26])
def test_quantile_of_a_cdf_is_its_target(K):
    params = random_rows(K + 100, 200, K)
    y = mdn.sample(*params, n=5, seed=0)
    back = mdn.quantile(mdn.cdf(y, *params), *params)
    assert_close(back, y, ORACLE["round trip"])


def test_quantiles_at_the_ends_and_of_odd_mixtures():
    params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    np.testing.assert_array_equal(
        mdn.quantile([0.0, 0.5, 1.0], *params)[:, 0], [-np.inf, 0, np.inf]
    )
    assert mdn.quantile(0.5, *params).shape == (1,)
    # a component without weight, however far away, does not matter
    zero = np.array([0.0, -np.inf]), [[2.0], [1e9]], np.log([[0.5], [3.0]])
    expected = norm.ppf([0.01, 0.7], 2, 0.5)
    assert_close(mdn.quantile([0.01, 0.7], *zero)[:, 0], expected, ORACLE["round trip"])
    # narrow components far apart: most brackets are empty space
    narrow = np.log([0.5, 0.5]), [[-1e3], [1e3]], np.log([[1e-6], [1e-6]])
    y = mdn.quantile([0.25, 0.75], *narrow)[:, 0]
    np.testing.assert_allclose(y, [-1e3, 1e3], rtol=1e-12)
    # so narrow that the standard deviation is below the spacing of numbers at the mean
    tiny = np.array([0.0]), [[1e6]], [[-30.0]]
    np.testing.assert_allclose(mdn.quantile([0.1, 0.9], *tiny)[:, 0], 1e6, rtol=1e-15)
    assert mdn.quantile(np.empty(0), *params).shape == (0, 1)


def test_one_dimensional_functions_take_a_cholesky_factor():
    log_pi, mu, log_sigma = random_rows(0, 4, 3)
    full = {"scale_tril": np.exp(log_sigma)[..., None]}
    y = np.zeros((4, 1))
    for function in (mdn.cdf, mdn.crps):
        expected = function(y, log_pi, mu, log_sigma)
        assert_close(function(y, log_pi, mu, **full), expected, VALUE["float64"])
    expected = mdn.quantile(0.3, log_pi, mu, log_sigma)
    assert_close(mdn.quantile(0.3, log_pi, mu, **full), expected, VALUE["float64"])


# Modes


def highest_point(params):
    """A dense grid over the means, zoomed in around its best points three times."""
    log_pi, mu, _ = params
    low, high = mu.min(axis=1), mu.max(axis=1)
    for n in (20_001, 201, 201, 201):
        grid = np.linspace(low, high, n)  # (n, N, 1)
        best = mdn.log_prob(grid, *params).argmax(axis=0)
        step = (high - low) / (n - 1)
        center = grid[best, np.arange(len(log_pi))]
        low, high = center - 1.5 * step, center + 1.5 * step
    return center


@pytest.mark.parametrize("K", [1, 2, 3, 5, 10])
def test_exact_mode_against_a_dense_grid(K):
    """Two hundred random mixtures for each K: a thousand."""
    params = random_rows(10 * K, 200, K)
    mode = mdn.mode(*params, kind="exact")
    expected = highest_point(params)
    assert_close(mode, expected, ORACLE["grid"])
    height = mdn.log_prob(mode, *params)
    assert (height >= mdn.log_prob(expected, *params) - VALUE["float64"]).all()


@pytest.mark.parametrize("kind", NOISE)
def test_exact_mode_in_several_dimensions(kind):
    rng = np.random.default_rng(5)
    log_pi = np.log(rng.dirichlet(np.ones(4), 20))
    mu, noise = rng.standard_normal((20, 4, 3)), random_noise(rng, kind, (20,), 4, 3)
    mode = mdn.mode(log_pi, mu, **noise, kind="exact")
    height = mdn.log_prob(mode, log_pi, mu, **noise)
    for row in range(20):
        own = {name: a[row] for name, a in noise.items()}

        def drop(y, row=row, own=own):
            return -mdn.log_prob(y, log_pi[row], mu[row], **own)

        starts = [*mu[row], *(mu[row] @ rng.standard_normal((3, 3)) for _ in range(1))][:4]
        found = [minimize(drop, y, method="Nelder-Mead").fun for y in starts]
        assert height[row] >= -min(found) - 1e-7
        slope = jacobian(lambda y, f=drop: f(np.moveaxis(y, 0, -1)), mode[row]).df
        np.testing.assert_allclose(slope, 0, atol=1e-5)


def test_three_modes_that_differ():
    params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    component, peak, exact = (
        mdn.mode(*params, kind=kind).item() for kind in ("component", "peak", "exact")
    )
    assert (component, peak) == (0, 2)
    assert 1.7 < exact < 1.8


def test_peak_counts_a_shared_sigma_once_for_each_dimension():
    """π/σ^D: with D = 1 the first component is higher, with D = 3 the second."""
    log_pi, log_sigma = np.log([0.9, 0.1]), np.log([[3.0], [1.0]])
    for D, highest in [(1, 0.0), (3, 1.0)]:
        mu = np.array([[0.0] * D, [1.0] * D])
        peak = mdn.mode(log_pi, mu, log_sigma, kind="peak")
        np.testing.assert_array_equal(peak, [highest] * D)


def test_exact_mode_of_hard_cases():
    # two equal components two standard deviations apart: flat to the third order
    flat = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    assert mdn.mode(*flat, kind="exact").item() == pytest.approx(0, abs=1e-5)
    # very narrow, and very wide, components side by side
    mixed = np.log([0.5, 0.5]), [[0.0], [1.0]], [[-30.0], [30.0]]
    assert mdn.mode(*mixed, kind="exact").item() == pytest.approx(0, abs=1e-12)
    # a weight of zero is no mode, whatever its peak
    zero = np.array([0.0, -np.inf]), [[2.0], [5.0]], [[0.0], [-30.0]]
    assert mdn.mode(*zero, kind="exact").item() == pytest.approx(2, abs=1e-12)
    assert mdn.mode(*zero, kind="peak").item() == 2
    assert mdn.mode(np.zeros((0, 1)), np.zeros((0, 1, 2)), np.zeros((0, 1, 2))).shape == (
        0,
        2,
    )


# Samples


@pytest.mark.parametrize("K", [1, 2, 5, 26])
def test_samples_follow_the_cdf(K):
    params = random_rows(K, 3, K)
    y = mdn.sample(*params, n=20_000, seed=1)
    for row in range(3):
        own = one_row(params, row)
        drawn = y[:, row, 0]
        result = kstest(drawn, lambda z, own=own: mdn.cdf(z[:, None], *own))
        assert result.pvalue > P_VALUE


def test_samples_are_independent_across_rows_and_draws():
    """Some public code shares one random number among the rows, or among the draws."""
    params = tuple(np.repeat(a, 4, axis=0) for a in random_rows(2, 1, 3))
    u = mdn.cdf(mdn.sample(*params, n=20_000, seed=2), *params)  # (n, rows), uniform
    for a, b in [(0, 1), (1, 2), (0, 3)]:
        assert pearsonr(u[:, a], u[:, b]).pvalue > P_VALUE
        assert kstest((u[:, a] - u[:, b]) % 1, "uniform").pvalue > P_VALUE
    assert pearsonr(u[:-1, 0], u[1:, 0]).pvalue > P_VALUE


@pytest.mark.parametrize("kind", NOISE)
def test_samples_of_several_targets_have_the_right_moments(kind):
    rng = np.random.default_rng(8)
    log_pi, mu = np.log([0.2, 0.5, 0.3]), rng.standard_normal((3, 2))
    noise = random_noise(rng, kind, (), 3, 2)
    y = mdn.sample(log_pi, mu, **noise, n=100_000, seed=3)
    factor = cholesky(mu, **noise)
    cov = np.einsum("k,kde,kfe->df", np.exp(log_pi), factor, factor)
    offset = mu - mdn.mean(log_pi, mu)
    cov += np.einsum("k,kd,ke->de", np.exp(log_pi), offset, offset)
    np.testing.assert_allclose(y.mean(axis=0), mdn.mean(log_pi, mu), atol=0.03)
    np.testing.assert_allclose(np.cov(y.T), cov, rtol=0.03, atol=0.03)
    np.testing.assert_allclose(np.diagonal(cov), mdn.variance(log_pi, mu, **noise))


def test_sample_shapes_and_seeds():
    params = random_rows(0, 4, 3)
    assert mdn.sample(*params).shape == (4, 1)
    assert mdn.sample(*params, n=1).shape == (1, 4, 1)
    assert mdn.sample(*params, n=0).shape == (0, 4, 1)
    assert mdn.sample(*one_row(params, 0), n=6).shape == (6, 1)
    again = [mdn.sample(*params, n=5, seed=7) for _ in range(2)]
    np.testing.assert_array_equal(*again)
    assert (mdn.sample(*params, n=5, seed=8) != again[0]).all()
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(mdn.sample(*params, n=5, seed=rng), again[0])
    assert (mdn.sample(*params, n=5, seed=rng) != again[0]).all()
    assert (mdn.sample(*params, n=5) != mdn.sample(*params, n=5)).all()


# Temperature


def test_temperature_zero_gives_the_mean_of_the_top_component():
    params = random_rows(4, 6, 5)
    y = mdn.sample(*params, n=3, temperature=0, seed=0)
    expected = np.broadcast_to(mdn.mode(*params, kind="component"), (3, 6, 1))
    np.testing.assert_array_equal(y, expected)
    almost = mdn.sample(*params, n=3, temperature=1e-300, seed=0)
    np.testing.assert_array_equal(almost, expected)


def test_temperature_one_is_the_model():
    params = random_rows(4, 6, 5)
    np.testing.assert_array_equal(
        mdn.sample(*params, n=3, temperature=1, seed=0), mdn.sample(*params, n=3, seed=0)
    )


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_temperature_divides_logits_and_scales_sigma_by_its_root(temperature):
    log_pi, mu, log_sigma = one_row(random_rows(4, 1, 5), 0)
    y = mdn.sample(log_pi, mu, log_sigma, n=20_000, seed=5, temperature=temperature)
    changed = log_softmax(log_pi / temperature), mu, log_sigma + 0.5 * np.log(temperature)
    assert kstest(y[:, 0], lambda z: mdn.cdf(z[:, None], *changed)).pvalue > P_VALUE


# What NumPy alone refuses; test_parity.py has what all three modules refuse


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, [0.5, 2.0]])
def test_a_quantile_outside_zero_and_one_is_refused(p):
    params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\], got"):
        mdn.quantile(p, *params)


@pytest.mark.parametrize("name", ["cdf", "quantile", "crps"])
def test_several_targets_are_refused_where_there_must_be_one(name):
    first = 0.5 if name == "quantile" else np.zeros(2)
    params = np.log([0.5, 0.5]), np.zeros((2, 2)), np.zeros((2, 2))
    with pytest.raises(
        ValueError, match=name + r" asks for one target.*got shape \(2, 2\)"
    ):
        getattr(mdn, name)(first, *params)


def test_probabilities_that_do_not_fit_the_rows_are_refused():
    with pytest.raises(
        ValueError, match=r"p and mu must have leading axes.*\(3,\) and \(4,"
    ):
        mdn.quantile([0.1, 0.5, 0.9], *random_rows(0, 4, 2))
