"""`mdn_book.suite`: its densities and samples; and the tables of `mdn_book.data`."""

import itertools

import numpy as np
import pytest
import torch
from oracles import pytorch
from scipy.integrate import cumulative_trapezoid, trapezoid
from scipy.spatial import cKDTree
from scipy.special import digamma, gammaln
from scipy.stats import kstest, multivariate_normal, multivariate_t
from tolerances import P_VALUE, SIGMAS, assert_close

from mdn_book import data, suite
from mdn_book.suite import DEVELOPMENT, HELD_OUT, rows

ALL = [*DEVELOPMENT.values(), *HELD_OUT.values()]
ONE = [problem for problem in ALL if problem.D == 1]
SEVERAL = [problem for problem in ALL if problem.D > 1]


def name(problem):
    return problem.name


every = pytest.mark.parametrize("problem", ALL, ids=name)
of_one_target = pytest.mark.parametrize("problem", ONE, ids=name)
of_several = pytest.mark.parametrize("problem", SEVERAL, ids=name)


# What it consists of


def test_names_are_unique_and_their_keys():
    for problems in (DEVELOPMENT, HELD_OUT):
        assert all(key == problem.name for key, problem in problems.items())
    assert not set(DEVELOPMENT) & set(HELD_OUT)
    assert len({problem.name for problem in ALL}) == len(DEVELOPMENT) + len(HELD_OUT) == 23
    assert not {problem.name for problem in ALL} & set(data.TABLES)


@every
def test_rows_have_their_shapes_and_are_finite(problem):
    x, y = rows(problem, 100, 0)
    assert (x.shape, y.shape) == ((100, problem.I), (100, problem.D))
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    density = problem.log_prob(y, x)
    assert density.shape == (100,)
    assert np.isfinite(density).all()
    assert problem.noise in ("full", "diagonal")
    assert (problem.noise == "full") == (problem.D > 1)


@every
def test_kinds_and_seeds_never_share_rows(problem):
    kinds = "training", "validation", "test"
    drawn = [rows(problem, 300, seed, kind) for kind in kinds for seed in (0, 1, 100)]
    for axis in range(2):  # inputs, then targets
        seen = [set(map(bytes, pair[axis])) for pair in drawn]
        assert all(len(a) == 300 for a in seen)
        assert not any(a & b for a, b in itertools.combinations(seen, 2))
    for a, b in zip(rows(problem, 300, 0), drawn[0], strict=True):
        assert_close(a, b, 0)


def test_problems_do_not_share_their_draws():
    """Else one lucky draw of inputs would count for several problems."""
    inputs = [rows(problem, 50, 0)[0].ravel() for problem in ALL]
    assert len({float(x[0]) for x in inputs}) == len(ALL)
    with pytest.raises(ValueError, match="not in list"):
        rows(ALL[0], 50, 0, "held out")


# Densities


def grid(problem, x, y, n=20_001):
    """Targets, denser near the middle and out into heavy tails, and their density."""
    center, width = np.median(y), np.ptp(np.quantile(y, (0.1, 0.9)))
    u = np.linspace(-17, 17, n)
    targets = center + 0.02 * width * np.sinh(u)
    with np.errstate(divide="ignore"):
        log_density = problem.log_prob(targets[:, None], np.tile(x, (n, 1)))
    return targets, np.exp(log_density)


@of_one_target
def test_densities_integrate_to_one(problem):
    x, y = rows(problem, 400, 0, "test")
    for i in range(3):
        near = np.argsort(((x - x[i]) ** 2).sum(axis=1))[:20]
        targets, density = grid(problem, x[i], y[near])
        assert_close(trapezoid(density, targets), 1, 2e-3)


@of_one_target
def test_samples_follow_their_densities(problem):
    """The PIT is uniform, whatever x; the integral is that of the density, row by row."""
    x, y = rows(problem, 60 if "inverse" in problem.name else 250, 1)  # these are slow
    pit = []
    for one, target in zip(x, y[:, 0], strict=True):
        near = np.argsort(((x - one) ** 2).sum(axis=1))[:20]
        targets, density = grid(problem, one, y[near], 6001)
        share = cumulative_trapezoid(density, targets, initial=0)
        pit.append(np.interp(target, targets, share))
    assert kstest(pit, "uniform").pvalue > P_VALUE
    first = x[:, 0] < np.median(x[:, 0])
    for half in (first, ~first):
        assert kstest(np.array(pit)[half], "uniform").pvalue > P_VALUE


def neighbor_entropy(y, k=5):
    """Kozachenko and Leonenko (1987): an entropy by distances to the k-th neighbor."""
    n, D = y.shape
    distance = cKDTree(y).query(y, k + 1)[0][:, -1]
    ball = D / 2 * np.log(np.pi) - gammaln(D / 2 + 1)
    return digamma(n) - digamma(k) + ball + D * np.log(distance).mean()


@of_several
def test_the_mean_log_density_is_an_entropy(problem):
    """At one x: by the neighbors of samples, which know nothing of any density."""
    x = np.tile(rows(problem, 1, 3, "test")[0], (20_000, 1))
    y = given(problem, x, 0)
    density = problem.log_prob(y, x)
    error = density.std() / len(y) ** 0.5
    assert abs(neighbor_entropy(y) + density.mean()) < SIGMAS * error + 0.02


def given(problem, x, seed):
    """Targets of these inputs: the generator gives them where the sampler draws its own."""

    class Fixed(np.random.Generator):
        inputs = x

        def standard_normal(self, *args, **options):
            inputs, self.inputs = self.inputs, None
            return super().standard_normal(*args, **options) if inputs is None else inputs

    drawn, y = problem.sample(len(x), Fixed(np.random.PCG64(seed)))
    assert drawn is x
    return y


@of_several
def test_densities_in_several_dimensions_integrate_to_one(problem):
    """Importance sampling by a wide t distribution around samples at the same x."""
    n = 40_000
    x = np.tile(rows(problem, 1, 5, "test")[0], (n, 1))
    y = given(problem, x, 1)
    wide = multivariate_t(y.mean(axis=0), 1.5 * np.cov(y.T), df=5)
    draws = wide.rvs(n, random_state=np.random.default_rng(2))
    weight = np.exp(problem.log_prob(draws, x) - wide.logpdf(draws))
    error = weight.std() / n**0.5
    assert error < 0.05
    assert abs(weight.mean() - 1) < SIGMAS * error


def test_one_branch_is_a_normal_distribution():
    """By SciPy, from the conditional moments of samples at one x."""
    for problem, rho in [
        (HELD_OUT["one branch, correlated"], 0.99),
        (DEVELOPMENT["three targets"], 0.8),
    ]:
        n = 40_000
        x = np.tile(rows(problem, 1, 7, "test")[0], (n, 1))
        y = given(problem, x, 3)
        correlation = np.corrcoef(y.T)[np.triu_indices(problem.D, 1)]
        assert_close(correlation, rho, 0.01)
        oracle = multivariate_normal(y.mean(axis=0), np.cov(y.T))
        # the moments of n samples are off by about n^-1/2
        gap = oracle.logpdf(y[:500]) - problem.log_prob(y[:500], x[:500])
        assert abs(gap).max() < 0.15
        assert abs(gap.mean()) < 0.02


def test_three_targets_are_what_is_written_down():
    """By hand: means, spread 0.4 and a correlation of 0.8."""
    problem = DEVELOPMENT["three targets"]
    x, y = rows(problem, 50, 0)
    covariance = 0.16 * (0.2 * np.eye(3) + 0.8)
    a, b, c, d = x.T
    mean = np.stack([np.sin(a + b), b * np.tanh(c), np.tanh(2 * d)], axis=-1)
    expected = [
        multivariate_normal(m, covariance).logpdf(t) for m, t in zip(mean, y, strict=True)
    ]
    assert_close(problem.log_prob(y, x), expected, 1e-9)


def test_a_mixture_is_that_of_pytorch():
    """Two targets, two branches, a correlation of 0.99: by torch.distributions."""
    problem = DEVELOPMENT["correlated"]
    x, y = rows(problem, 50, 0)
    params = suite._correlated(x)
    expected = pytorch(*params).log_prob(torch.tensor(y)).numpy()
    assert_close(problem.log_prob(y, x), expected, 1e-9)


# Tables

COUNTS = {
    "Old Faithful": (299, 1),
    "concrete": (1030, 8),
    "stars by color": (20_000, 1),
    "stars by color and motion": (20_000, 2),
}


@pytest.mark.parametrize("table", COUNTS)
def test_tables_are_whole(table):
    assert set(data.TABLES) == set(COUNTS)
    load, seeds = data.TABLES[table]
    x, y = load()
    n, inputs = COUNTS[table]
    assert (x.shape, y.shape) == ((n, inputs), (n, 1))
    assert x.dtype == y.dtype == np.float64
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    assert (x.std(axis=0) > 0).all()
    assert len(set(seeds)) == len(seeds) > 0


@pytest.mark.parametrize(
    ("n", "shares"), [(299, (0.6, 0.2, 0.2)), (10, (0.5, 0.25, 0.25)), (7, (0.6, 0.4))]
)
def test_splits_are_disjoint_and_complete(n, shares):
    x = np.arange(float(n))[:, None]
    parts = data.split(x, x + 0.5, 0, shares)
    assert len(parts) == len(shares)
    for (a, b), share in zip(parts, shares, strict=True):
        assert (b == a + 0.5).all()  # pairs stay together
        assert abs(len(a) - share * n) <= 1
    assert sorted(np.concatenate([a for a, _ in parts])[:, 0]) == x[:, 0].tolist()
    again, other = (data.split(x, x, seed, shares) for seed in (0, 1))
    assert all((a == b).all() for (a, _), (b, _) in zip(again, parts, strict=True))
    assert any((a != b).any() for (a, _), (b, _) in zip(other, parts, strict=True))


def test_the_study_splits_the_stars_as_chapter_11_does_by_hand():
    numbers = np.arange(20_000)
    rows = np.split(np.random.default_rng(0).permutation(20_000), [12_000, 16_000])
    for (by_split, _), by_hand in zip(data.split(numbers, numbers, 0), rows, strict=True):
        assert (by_split == by_hand).all()


def test_known_rows_of_the_tables():
    """From the publications, by hand: the Sun's like has M ≈ 4.8 at B - V ≈ 0.65."""
    x, y = data.old_faithful()
    assert (x.min(), x.max()) == (43, 108)  # minutes
    assert (round(y.min(), 2), round(y.max(), 2)) == (0.83, 5.45)
    x, y = data.concrete()
    assert (y.min(), y.max()) == (2.33, 82.6)  # MPa
    assert (x[:, 7].min(), x[:, 7].max()) == (1, 365)  # days
    x, y = data.stars(motion=True)
    assert (x[:, :1] == data.stars()[0]).all()
    assert (y == data.stars()[1]).all()
    dwarfs = (abs(x[:, 0] - 0.65) < 0.02) & (y[:, 0] > 3.5)
    assert abs(np.median(y[dwarfs]) - 4.8) < 0.5


def test_the_study_is_read_by_its_key():
    table = suite.study()
    assert len(table) > 100
    assert all(len(key) == len(suite.KEY) for key in table)
    numbers = {"nll", "line", "seconds", "validation"}
    assert all(set(run) == numbers for run in table.values())
