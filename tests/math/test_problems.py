"""Exact answers of `mdn_book.problems`, held to quadrature, brute force and samples."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest, multivariate_normal

from mdn_book.problems import RobotArm, SineInverse, ToyForward, ToyInverse, TwoLanes

# What each comparison may be off by. "sigmas" counts standard errors of a sample mean.
TOL = {
    "exact": 1e-12,
    "round trip": 1e-9,
    "quad": 1e-8,
    "grid": 5e-6,  # of 1e6 points on an interval of length 1 or 2
    "facts": 5e-5,  # the values in the book have four decimals
    "sigmas": 5,
    "ks p-value": 1e-3,
}

FORWARD, INVERSE, SINE = ToyForward(), ToyInverse(), SineInverse()
ARM, LANES = RobotArm(), TwoLanes()
ALL = [FORWARD, INVERSE, SINE]
IDS = [type(problem).__name__ for problem in ALL]
every = pytest.mark.parametrize("problem", ALL, ids=IDS)

INPUTS = {
    FORWARD: np.linspace(0, 1, 7),
    # both ends, every turning point of the curve seen through the noise, and their middles
    INVERSE: np.array(
        [
            -0.0999,
            0.0,
            0.25,
            0.306,
            0.308,
            0.4,
            0.493,
            0.5,
            0.506,
            0.51,
            0.6,
            0.7,
            0.95,
            1.0999,
        ]
    ),
    SINE: np.array([-20, -9, -7.2, -6.3, -6, -1.234, 0, 3, 6.2, 6.5, 7.16, 8, 12, 20.0]),
}
cases = [(problem, x) for problem in ALL for x in INPUTS[problem]]
steady = settings(deadline=None, derandomize=True)  # the same examples in every run
each_input = pytest.mark.parametrize(
    ("problem", "x"), cases, ids=[f"{type(p).__name__}-{x:g}" for p, x in cases]
)


def toy(x):
    return x + 0.3 * np.sin(2 * np.pi * x)


def sine(y):
    return 7 * np.sin(5 * y) + y / 2


def weight(problem, y, x):
    """The conditional density up to a factor, from the definition of the problem."""
    if problem == FORWARD:
        return (np.abs(y - toy(x)) < 0.1).astype(float)
    if problem == INVERSE:
        return ((np.abs(x - toy(y)) < 0.1) & (y > 0) & (y < 1)).astype(float)
    nearest = max(0, abs(x) - 7.16)  # the curve stays within 7.16: no underflow at the peak
    return np.exp(-2 * ((x - sine(y)) ** 2 - nearest**2))


def midpoints(low, high, n=1_000_000):
    return low + (np.arange(n) + 0.5) * (high - low) / n


def span(problem):
    return {FORWARD: (-0.1, 1.1), INVERSE: (0, 1), SINE: (-1, 1)}[problem]


def column(x):
    return np.full((1, 1), x)


def assert_mean(values, expected):
    """The mean of independent values agrees with what it should be."""
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected) < TOL["sigmas"] * error


@pytest.fixture(scope="module")
def drawn():
    """100,000 pairs of each problem."""
    return {problem: problem.sample(100_000, np.random.default_rng(7)) for problem in ALL}


# One input at a time: density, distribution function and moments


@each_input
def test_density_integrates_to_one(problem, x):
    at = column(x)
    ends = np.r_[-1, SINE.modes(at).ravel(), 1] if problem == SINE else problem.branches(at)
    ends = np.unique(ends[np.isfinite(ends)])
    total = sum(
        quad(lambda y: problem.pdf(column(y), at)[0], a, b, epsabs=1e-10, limit=200)[0]
        for a, b in pairwise(ends)
    )
    assert total == pytest.approx(1, abs=TOL["quad"])


@each_input
def test_density_and_moments_against_a_dense_grid(problem, x):
    y = midpoints(*span(problem))
    w = weight(problem, y, x)
    dy = y[1] - y[0]
    mean = w @ y / w.sum()
    # The grid misplaces each end of an interval by up to dy, which matters if it is narrow.
    tolerance = TOL["grid"] * (1 + 0.1 / (w.sum() * dy))
    assert problem.mean(column(x))[0, 0] == pytest.approx(mean, abs=tolerance)
    variance = w @ (y - mean) ** 2 / w.sum()
    assert problem.variance(column(x))[0, 0] == pytest.approx(variance, abs=tolerance)

    some = y[:: len(y) // 997, None]
    density = w[:: len(y) // 997] / (w.sum() * dy)
    np.testing.assert_allclose(
        problem.pdf(some, column(x)), density, rtol=10 * tolerance, atol=1e-9
    )
    share = (np.cumsum(w) - w / 2)[:: len(y) // 997] / w.sum()
    np.testing.assert_allclose(problem.cdf(some, column(x)), share, atol=2 * tolerance)


@pytest.mark.parametrize("x", INPUTS[SINE])
def test_sine_against_quad(x):
    def integral(g):
        knots = np.linspace(-1, 1, 81)
        return sum(
            quad(lambda y: g(y) * weight(SINE, y, x), a, b, epsabs=0, epsrel=1e-12)[0]
            for a, b in pairwise(knots)
        )

    total = integral(lambda y: 1)
    mean = integral(lambda y: y) / total
    variance = integral(lambda y: (y - mean) ** 2) / total
    assert SINE.mean(column(x))[0, 0] == pytest.approx(mean, abs=TOL["exact"])
    assert SINE.variance(column(x))[0, 0] == pytest.approx(variance, abs=TOL["exact"])
    y = np.array([[-0.95], [-0.5], [0.0], [0.31], [0.99]])
    expected = weight(SINE, y[:, 0], x) / total
    np.testing.assert_allclose(
        SINE.pdf(y, column(x)), expected, rtol=TOL["quad"], atol=1e-150
    )


def runs(mask, y):
    """Lower and upper ends of the runs of True."""
    edge = np.flatnonzero(np.diff(np.r_[0, mask.astype(int), 0]))
    half = (y[1] - y[0]) / 2
    return np.stack([y[edge[0::2]] - half, y[edge[1::2] - 1] + half], axis=-1)


@pytest.mark.parametrize(
    ("problem", "x"), [c for c in cases if c[0] != SINE], ids=lambda v: f"{v}"
)
def test_branches_and_their_midpoints(problem, x):
    y = midpoints(*((0, 1) if problem == INVERSE else (-0.1, 1.1)))
    expected = runs(weight(problem, y, x) > 0, y)
    branches = problem.branches(column(x))[0]
    assert branches.shape == (1 if problem == FORWARD else 2, 2)
    kept = branches[: len(expected)]
    np.testing.assert_allclose(kept, expected, atol=TOL["grid"])
    assert np.isnan(branches[len(expected) :]).all()
    modes = problem.modes(column(x))[0]
    np.testing.assert_allclose(
        modes[: len(expected), 0], kept.mean(axis=1), atol=TOL["exact"]
    )
    assert np.isnan(modes[len(expected) :]).all()


def test_where_the_inverse_has_two_branches():
    t = np.linspace(-0.1, 1.1, 1203)[1:-1]
    two = np.isfinite(INVERSE.branches(t[:, None])).all(axis=(1, 2))
    inside = ((t > 0.3067) & (t < 0.4933)) | ((t > 0.5067) & (t < 0.6933))
    np.testing.assert_array_equal(two, inside)


def test_ends_of_the_inverse_solve_the_equation():
    t = np.linspace(-0.1, 1.1, 5001)[1:-1, None]
    ends = INVERSE.branches(t)
    distance = np.abs(toy(ends) - t[..., None])
    at_the_wall = (ends == 0) | (ends == 1)
    checked = np.isfinite(ends) & ~at_the_wall
    np.testing.assert_allclose(distance[checked], 0.1, atol=TOL["exact"])


@pytest.mark.parametrize(("end", "limit"), [(-0.1, 0), (1.1, 1)])
def test_inverse_next_to_the_ends_of_its_support(end, limit):
    t = np.nextafter([[end]], 0.5)
    low, high = INVERSE.branches(t)[0, 0]
    assert low < high
    assert low == pytest.approx(limit, abs=TOL["exact"])
    assert np.isfinite(INVERSE.pdf([[low]], t)).all()


def test_sine_modes_against_a_dense_grid():
    y = np.linspace(-1, 1, 400_001)
    counts = set()
    for x in np.linspace(-9, 9, 61):
        height = -((x - sine(y)) ** 2)
        rises = np.r_[True, height[1:] > height[:-1]]
        falls = np.r_[height[:-1] > height[1:], True]
        expected = y[rises & falls]
        modes = SINE.modes(column(x))[0, :, 0]
        np.testing.assert_allclose(modes[: len(expected)], expected, atol=2 * TOL["grid"])
        assert np.isnan(modes[len(expected) :]).all()
        counts.add(len(expected))
    assert counts == {3, 4, 5}


# Quantiles


@every
def test_quantile_inverts_cdf(problem, drawn):
    x, y = (a[:5000] for a in drawn[problem])
    np.testing.assert_allclose(
        problem.quantile(problem.cdf(y, x), x), y, atol=TOL["round trip"]
    )
    p = np.linspace(0, 1, 201)[:, None]
    x = INPUTS[problem][:, None]
    back = problem.cdf(problem.quantile(p, x), x)
    np.testing.assert_allclose(back, p + 0 * x[:, 0], atol=TOL["round trip"])


@every
def test_quantiles_ascend_from_one_end_to_the_other(problem):
    x = INPUTS[problem][:, None]
    q = problem.quantile(np.linspace(0, 1, 101)[:, None], x)[..., 0]
    assert (np.diff(q, axis=0) >= 0).all()
    if problem == SINE:
        low, high = -1, 1
    else:
        branches = problem.branches(x)
        low, high = np.nanmin(branches, axis=(1, 2)), np.nanmax(branches, axis=(1, 2))
    np.testing.assert_allclose(q[0], low + 0 * q[0], atol=TOL["exact"])
    np.testing.assert_allclose(q[-1], high + 0 * q[0], atol=TOL["exact"])


@every
def test_outside_the_target_range(problem):
    x = INPUTS[problem][:, None]
    low, high = span(problem)
    for y in (low - 1e-9, low - 5, -np.inf):
        assert (problem.pdf([[y]], x) == 0).all()
        assert (problem.cdf([[y]], x) == 0).all()
    for y in (high + 1e-9, high + 5, np.inf):
        assert (problem.pdf([[y]], x) == 0).all()
        assert (problem.cdf([[y]], x) == 1).all()


# Samples agree with the exact answers


@every
def test_samples_have_the_conditional_distribution(problem, drawn):
    x, y = (a[:20_000] for a in drawn[problem])
    assert kstest(problem.cdf(y, x), "uniform").pvalue > TOL["ks p-value"]


@every
def test_samples_score_the_exact_values(problem, drawn):
    x, y = drawn[problem]
    surprise = -np.log(problem.pdf(y, x))
    if problem == FORWARD:  # a constant: no standard error
        np.testing.assert_allclose(surprise, problem.entropy, rtol=TOL["exact"])
    else:
        assert_mean(surprise, problem.entropy)
    assert_mean((y - problem.mean(x))[:, 0] ** 2, problem.bayes_mse)


@every
def test_best_line_against_polyfit(problem):
    x, y = (a[:, 0] for a in problem.sample(1_000_000, np.random.default_rng(11)))
    assert_mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2, problem.best_line_mse)


def test_inverse_draws_the_forward_data():
    x, t = FORWARD.sample(5, np.random.default_rng(1))
    t_again, x_again = INVERSE.sample(5, np.random.default_rng(1))
    np.testing.assert_array_equal([x, t], [x_again, t_again])


def test_sine_grid():
    x, y = SINE.grid_sample(100_001, np.random.default_rng(2))
    np.testing.assert_allclose(y[:, 0], np.linspace(-1, 1, 100_001), atol=TOL["exact"])
    noise = (x - sine(y))[:, 0]
    assert_mean(noise, 0)
    assert_mean(noise**2, 0.25)


@every
def test_sample_shape_and_type(problem):
    for draw in [problem.sample] + [SINE.grid_sample] * (problem == SINE):
        for n in (1, np.int64(3)):
            x, y = draw(n, np.random.default_rng(0))
            assert x.shape == y.shape == (n, 1)
            assert x.dtype == y.dtype == np.float64


# The scores that no model can beat


def test_scores_quoted_in_the_book():
    quoted = {
        FORWARD: (-1.6094, 0.003333, None),
        INVERSE: (-1.2823, 0.03830, 0.04832),
        SINE: (-1.2749, None, None),
    }
    for problem, values in quoted.items():
        scores = problem.entropy, problem.bayes_mse, problem.best_line_mse
        for score, value in zip(scores, values, strict=True):
            assert value is None or score == pytest.approx(value, abs=TOL["facts"])


def test_forward_scores_in_closed_form():
    assert FORWARD.entropy == pytest.approx(np.log(0.2), abs=TOL["exact"])
    assert FORWARD.bayes_mse == pytest.approx(0.2**2 / 12, abs=TOL["exact"])
    # Cov(x, 0.3 sin 2πx) = -0.3 / 2π and Var(0.3 sin 2πx) = 0.3² / 2
    line = 0.2**2 / 12 + 0.3**2 / 2 - 12 * (0.3 / (2 * np.pi)) ** 2
    assert FORWARD.best_line_mse == pytest.approx(line, abs=TOL["exact"])


def test_inverse_scores_by_brute_force():
    # p(t) = P(t - 0.1 < f(x) < t + 0.1) / 0.2: sort x by f(x), and sums are differences
    x = midpoints(0, 1)
    order = np.argsort(toy(x))
    sums = np.cumsum(np.r_[np.zeros((1, 3)), x[order, None] ** [0, 1, 2]], axis=0) / 1e6
    t = midpoints(-0.1, 1.1, 200_000)
    first, last = (np.searchsorted(toy(x)[order], t + u) for u in (-0.1, 0.1))
    width, one, two = (sums[last] - sums[first])[last > first].T
    p = width / 0.2
    dt = 1.2 / 200_000
    entropy_t = -(p @ np.log(p)) * dt
    assert INVERSE.entropy == pytest.approx(np.log(0.2) - entropy_t, abs=TOL["grid"])
    mse = p @ (two / width - (one / width) ** 2) * dt
    assert INVERSE.bayes_mse == pytest.approx(mse, abs=TOL["grid"])


def test_sine_entropy_against_a_double_sum():
    # -∫∫ p(x, y) ln p(y|x): trapezoids in x, where all is smooth, midpoints in y
    x, y = np.linspace(-11, 11, 1101), midpoints(-1, 1, 4000)
    joint = np.exp(-2 * (x[:, None] - sine(y)) ** 2) / np.sqrt(2 * np.pi)
    marginal = joint.sum(axis=1, keepdims=True) / 2000
    log_conditional = np.log(np.maximum(joint, 1e-300) / marginal)
    entropy = -(joint * log_conditional).sum() / 2000 * 0.02
    assert SINE.entropy == pytest.approx(entropy, abs=TOL["grid"])
    mean = (joint @ y / 2000)[:, None] / marginal
    mse = (joint * (y - mean) ** 2).sum() / 2000 * 0.02
    assert SINE.bayes_mse == pytest.approx(mse, abs=TOL["grid"])


@every
def test_scores_are_plain_floats_computed_once(problem):
    for name in ("entropy", "bayes_mse", "best_line_mse"):
        assert type(getattr(problem, name)) is float
        assert name in vars(problem)


@every
def test_curve(problem):
    y = np.linspace(-1, 2, 13)[:, None]
    expected = (sine if problem == SINE else toy)(y)
    np.testing.assert_allclose(problem.curve(y), expected, atol=TOL["exact"])


# Shapes and extremes

SHAPES = [
    ((), ()),
    ((4,), (4,)),
    ((3, 1), (4,)),
    ((4,), (2, 3, 1)),
    ((0,), (0,)),
    ((1,), (5,)),
]


@every
@pytest.mark.parametrize(("shape_y", "shape_x"), SHAPES)
def test_shapes(problem, shape_y, shape_x):
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 1, (*shape_x, 1))
    y = rng.uniform(0, 1, (*shape_y, 1))
    both = np.broadcast_shapes(shape_y, shape_x)
    wide_x, wide_y = np.broadcast_to(x, (*both, 1)), np.broadcast_to(y, (*both, 1))
    for method in (problem.pdf, problem.cdf):
        assert method(y, x).shape == both
        np.testing.assert_allclose(method(y, x), method(wide_y, wide_x), rtol=TOL["exact"])
    q = problem.quantile(y[..., 0], x)
    assert q.shape == (*both, 1)
    np.testing.assert_allclose(
        q, problem.quantile(wide_y[..., 0], wide_x), rtol=TOL["exact"]
    )
    assert problem.mean(x).shape == problem.variance(x).shape == (*shape_x, 1)
    branches = {FORWARD: 1, INVERSE: 2, SINE: 5}[problem]
    assert problem.modes(x).shape == (*shape_x, branches, 1)
    if problem != SINE:
        assert problem.branches(x).shape == (*shape_x, branches, 2)


@every
def test_lists_integers_and_float32(problem):
    assert problem.mean([[0], [1]]).dtype == np.float64
    x32 = np.float32([[0.25]])
    np.testing.assert_array_equal(problem.mean(x32), problem.mean(np.float64(x32)))


def test_many_inputs_match_few():
    # more inputs than SineInverse takes at a time
    x = np.linspace(-9, 9, 5001)[:, None]
    np.testing.assert_allclose(SINE.mean(x)[::1000], SINE.mean(x[::1000]), rtol=1e-10)


def inputs(problem):
    low, high = problem.support
    is_open = problem == INVERSE
    return st.floats(low, high, exclude_min=is_open, exclude_max=is_open)


@every
@steady
@given(data=st.data())
def test_any_input_of_the_support(problem, data):
    x = column(data.draw(inputs(problem)))
    p = data.draw(st.floats(0, 1))
    low, high = span(problem)
    q, mean, variance = problem.quantile(p, x), problem.mean(x), problem.variance(x)
    assert low - TOL["exact"] <= q <= high + TOL["exact"]
    assert low - TOL["exact"] <= mean <= high + TOL["exact"]
    assert 0 <= variance <= (high - low) ** 2 / 4
    modes = problem.modes(x)[0, :, 0]
    found = modes[np.isfinite(modes)]
    assert len(found) >= 1
    assert (np.diff(found) > 0).all()
    assert (problem.pdf(found[:, None], x) >= 0).all()
    assert np.isfinite(problem.pdf(found[:, None], x)).all()
    assert problem.pdf(found[:, None], x).max() > 0


@every
@steady
@given(data=st.data())
def test_cdf_of_quantile(problem, data):
    # Within 1e-6 of its ends ToyInverse has intervals of few floats.
    x = column(data.draw(inputs(problem)))
    x = np.clip(x, problem.support[0] + 1e-6, problem.support[1] - 1e-6)
    p = data.draw(st.floats(0, 1))
    assert problem.cdf(problem.quantile(p, x), x) == pytest.approx(p, abs=TOL["round trip"])


# Bad input


@pytest.mark.parametrize("problem", [*ALL, ARM, LANES], ids=[*IDS, "RobotArm", "TwoLanes"])
@pytest.mark.parametrize("n", [0, -1, 2.0, True, "3", None])
def test_bad_n(problem, n):
    for draw in [problem.sample] + [SINE.grid_sample] * (problem == SINE):
        with pytest.raises(ValueError, match=f"^n must be a positive integer, got {n!r}$"):
            draw(n, np.random.default_rng(0))


@pytest.mark.parametrize("problem", [*ALL, ARM, LANES], ids=[*IDS, "RobotArm", "TwoLanes"])
def test_bad_rng(problem):
    with pytest.raises(
        ValueError, match=r"^rng must be a numpy.random.Generator, got int$"
    ):
        problem.sample(3, 0)


def methods_of_x(problem):
    names = ["mean", "variance", "modes"] + ["branches"] * (problem != SINE)
    return [
        *(getattr(problem, name) for name in names),
        lambda x: problem.pdf([[0.5]], x),
        lambda x: problem.cdf([[0.5]], x),
        lambda x: problem.quantile([0.5], x),
    ]


@pytest.mark.parametrize(
    ("problem", "x", "message"),
    [
        (FORWARD, -0.01, r"x must lie in \[0.0, 1.0\], got -0.01"),
        (FORWARD, 1.01, r"x must lie in \[0.0, 1.0\], got 1.01"),
        (INVERSE, -0.1, r"x must lie in \(-0.1, 1.1\), got -0.1"),
        (INVERSE, 1.1, r"x must lie in \(-0.1, 1.1\), got 1.1"),
        (SINE, 20.5, r"x must lie in \[-20.0, 20.0\], got 20.5"),
        (SINE, np.inf, r"x must lie in \[-20.0, 20.0\], got inf"),
        *(
            (
                problem,
                np.nan,
                r"x must not contain NaN, got 1 NaN in an array of shape \(2, 1\)",
            )
            for problem in ALL
        ),
    ],
)
def test_input_outside_the_support(problem, x, message):
    for method in methods_of_x(problem):
        with pytest.raises(ValueError, match=f"^{message}$"):
            method([[0.5], [x]])


@every
@pytest.mark.parametrize("shape", [(), (3,), (1, 2), (1, 0)])
def test_last_axis(problem, shape):
    bad = np.full(shape, 0.5)
    message = re.escape(f"must have shape (..., 1), got shape {shape}")
    for method in methods_of_x(problem):
        with pytest.raises(ValueError, match=f"^x {message}$"):
            method(bad)
    for method in (problem.pdf, problem.cdf):
        with pytest.raises(ValueError, match=f"^y {message}$"):
            method(bad, [[0.5]])
    with pytest.raises(ValueError, match=message):
        problem.curve(bad)


@every
def test_axes_that_do_not_broadcast(problem):
    message = r" and x must have leading axes that broadcast, got \(3,\) and \(2,\)$"
    x = [[0.2], [0.3]]
    for method in (problem.pdf, problem.cdf):
        with pytest.raises(ValueError, match="^y" + message):
            method(np.zeros((3, 1)), x)
    with pytest.raises(ValueError, match="^p" + message):
        problem.quantile(np.zeros(3), x)


@every
@pytest.mark.parametrize("p", [-1e-9, 1 + 1e-9, np.nan, np.inf])
def test_bad_probability(problem, p):
    with pytest.raises(ValueError, match=rf"^p must lie in \[0, 1\], got {p}$"):
        problem.quantile([0.5, p], [[0.5]])


@every
def test_nan_in_the_target(problem):
    for method in (problem.pdf, problem.cdf):
        with pytest.raises(
            ValueError,
            match=r"^y must not contain NaN, got 1 NaN in an array of shape \(1, 1\)$",
        ):
            method([[np.nan]], [[0.5]])


# The robot arm


def end_point(theta1, theta2):
    """The position as a complex number."""
    return 0.8 * np.exp(1j * theta1) - 0.2 * np.exp(1j * (theta1 + theta2))


@pytest.fixture(scope="module")
def arm_sample():
    return ARM.sample(1_000_000, np.random.default_rng(13))


def test_arm_forward(arm_sample):
    position, theta = arm_sample
    expected = end_point(*theta.T)
    np.testing.assert_allclose(position[:, 0], expected.real, atol=TOL["exact"])
    np.testing.assert_allclose(position[:, 1], expected.imag, atol=TOL["exact"])


def test_arm_sample_is_uniform(arm_sample):
    theta = arm_sample[1][:20_000]
    for angles, (low, high) in zip(theta.T, ARM.ranges, strict=True):
        assert kstest((angles - low) / (high - low), "uniform").pvalue > TOL["ks p-value"]


def test_arm_solutions_reach_the_position(arm_sample):
    position, theta = arm_sample
    solutions = ARM.inverse(position)
    assert solutions.shape == (1_000_000, 2, 2)
    missing = np.isnan(solutions)
    np.testing.assert_array_equal(missing[..., 0], missing[..., 1])
    assert not missing.all(axis=(1, 2)).any()
    reached = ARM.forward(solutions)
    error = np.abs(reached - position[:, None])[~missing]
    assert error.max() < TOL["round trip"]
    low, high = np.transpose(ARM.ranges)
    assert ((solutions >= low) & (solutions <= high))[~missing].all()
    # One of the two is what was drawn; near θ2 = π the square root of rounding.
    nearest = np.nanmin(np.abs(solutions - theta[:, None]).max(axis=-1), axis=-1)
    assert nearest.max() < 1e-6


def test_arm_against_the_mirrored_elbow(arm_sample):
    # The other solution mirrors the elbow in the line from the origin to the position.
    position, theta = arm_sample
    toward = np.exp(1j * np.angle(end_point(*theta.T)))
    mirrored = np.angle(toward**2 * np.exp(-1j * theta[:, 0]))
    two = (mirrored > 0.3) & (mirrored < 1.2)
    assert_mean(two, ARM.two_solution_share)
    np.testing.assert_array_equal(np.isfinite(ARM.inverse(position)).all(axis=(1, 2)), two)
    expected = theta.copy()
    expected[two] = np.c_[(theta[two, 0] + mirrored[two]) / 2, np.full(two.sum(), np.pi)]
    np.testing.assert_allclose(ARM.mean(position), expected, atol=1e-6)


def test_arm_error_of_the_mean(arm_sample):
    position, _ = arm_sample
    square = ((ARM.forward(ARM.mean(position)) - position) ** 2).sum(axis=1)
    assert_mean(square, ARM.rms_position_error**2)
    assert ARM.rms_position_error == pytest.approx(0.0584, abs=TOL["facts"])


def test_arm_weights_are_equal():
    # det ∂position/∂θ by central differences, at both solutions
    theta = ARM.inverse(ARM.forward([0.8, 2.0]))
    step = 1e-6
    columns = [
        (ARM.forward(theta + step * e) - ARM.forward(theta - step * e)) / (2 * step)
        for e in np.eye(2)
    ]
    det = np.linalg.det(np.stack(columns, axis=-1))
    np.testing.assert_allclose(np.abs(det), 0.16 * np.sin(2.0), rtol=TOL["quad"])


@steady
@given(st.floats(0.3, 1.2), st.floats(np.pi / 2, 3 * np.pi / 2))
def test_arm_reaches_any_position_it_drew(theta1, theta2):
    position = ARM.forward([theta1, theta2])
    solutions = ARM.inverse(position)
    reached = ARM.forward(solutions[~np.isnan(solutions).any(axis=-1)])
    assert len(reached) >= 1
    assert np.abs(reached - position).max() < 5e-9
    assert np.isfinite(ARM.mean(position)).all()


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 1, 3)])
def test_arm_shapes(shape):
    theta = np.broadcast_to([0.7, 3.0], (*shape, 2))
    position = ARM.forward(theta)
    assert position.shape == (*shape, 2)
    assert ARM.inverse(position).shape == (*shape, 2, 2)
    assert ARM.mean(position).shape == (*shape, 2)


@pytest.mark.parametrize("position", [[0.0, 0.0], [-0.9, 0.0], [2.0, 2.0], [1e300, np.inf]])
def test_arm_out_of_reach(position):
    assert np.isnan(ARM.inverse(position)).all()
    with pytest.raises(ValueError, match=r"^position must be within reach of .*, got \["):
        ARM.mean([[0.5, 0.6], position])


def test_arm_nan():
    for method in (ARM.inverse, ARM.mean):
        with pytest.raises(ValueError, match=r"^position must not contain NaN, got 1 NaN"):
            method([0.5, np.nan])
    assert np.isnan(ARM.forward([np.nan, np.nan])).all()


@pytest.mark.parametrize("method", ["forward", "inverse", "mean"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 1)])
def test_arm_last_axis(method, shape):
    with pytest.raises(ValueError, match=r"must have shape \(\.\.\., 2\), got shape \("):
        getattr(ARM, method)(np.zeros(shape))


# The two lanes


def lanes_at(x):
    """The two Gaussians at one input, from the definition of the problem."""
    turn = np.exp(1j * np.pi * x)  # along the road; 1j * turn is across it
    axes = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    within = axes @ np.diag([0.6**2, 0.08**2]) @ axes.T
    offset = 0.4 * (1 - x) * axes[:, 1]
    return [multivariate_normal(sign * offset - axes[:, 1], within) for sign in (1, -1)]


LANE_INPUTS = [0, 0.1, 0.25, 0.5, 0.77, 0.8, 1.0]


@pytest.mark.parametrize("x", LANE_INPUTS)
def test_lanes_density_against_scipy(x):
    y = np.random.default_rng(21).uniform(-2, 2, (500, 2))
    expected = np.mean([lane.pdf(y) for lane in lanes_at(x)], axis=0)
    np.testing.assert_allclose(LANES.pdf(y, column(x)), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("x", LANE_INPUTS)
def test_lanes_moments_and_entropy_on_a_grid(x):
    # trapezoids, for which a smooth density that vanishes at the ends is easy
    side = np.linspace(-6, 6, 601)
    y = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    w = LANES.pdf(y, column(x)) * (side[1] - side[0]) ** 2
    assert w.sum() == pytest.approx(1, abs=TOL["quad"])
    mean = w @ y
    np.testing.assert_allclose(LANES.mean(column(x))[0], mean, atol=TOL["quad"])
    covariance = (w * (y - mean).T) @ (y - mean)
    np.testing.assert_allclose(LANES.covariance(column(x))[0], covariance, atol=TOL["quad"])


def test_lanes_correlation_quoted_in_the_docstring():
    within = [lanes_at(x)[0].cov_object.covariance for x in (0, 0.25, 0.5, 0.75, 1)]
    correlation = [c[0, 1] / np.sqrt(c[0, 0] * c[1, 1]) for c in within]
    np.testing.assert_allclose(correlation, [0, 0.965, 0, -0.965, 0], atol=5e-4)


def test_lanes_merge():
    across = np.linspace(-0.5, 0.5, 1001)[:, None]
    for x, modes in [(0.7, 2), (0.79, 2), (0.81, 1), (1.0, 1)]:
        v = -LANES.mean([x])  # the road is a half circle about the origin
        density = LANES.pdf(LANES.mean([x]) + across * v, [x])
        assert (np.diff(np.sign(np.diff(density))) < 0).sum() == modes


def test_lanes_entropy_against_a_double_sum():
    # y in the frame of the road: H(s) in closed form, H(r|x) by trapezoids and midpoints
    r, x = np.linspace(-1.2, 1.2, 4801), midpoints(0, 1, 1000)[:, None]
    z = (r + 0.4 * (1 - x) * np.array([1, -1])[:, None, None]) / 0.08
    density = np.exp(-0.5 * z**2).mean(axis=0) / np.sqrt(2 * np.pi) / 0.08
    log_density = np.log(np.maximum(density, 1e-300))
    across = -(density * log_density).sum(axis=1).mean() * (r[1] - r[0])
    along = 0.5 * np.log(2 * np.pi * np.e * 0.6**2)
    assert LANES.entropy == pytest.approx(along + across, abs=TOL["grid"])
    assert LANES.entropy == pytest.approx(0.3411, abs=TOL["facts"])
    assert type(LANES.entropy) is float


def test_lanes_samples():
    x, y = LANES.sample(200_000, np.random.default_rng(22))
    assert_mean(-np.log(LANES.pdf(y, x)), LANES.entropy)
    turn = np.exp(1j * np.pi * x[:, 0])
    s, r = np.array([1, 1j])[:, None].conj() * turn.conj() * (y @ [1, 1j])
    along, across = s.real / 0.6, r.real + 1  # the circle has radius 1
    assert kstest(x[:, 0], "uniform").pvalue > TOL["ks p-value"]
    assert kstest(along, "norm").pvalue > TOL["ks p-value"]
    straight = x[:, 0] < 0.1  # the lanes are far apart: the nearest is the one drawn
    lane = np.sign(across[straight])
    noise = (across[straight] - lane * 0.4 * (1 - x[straight, 0])) / 0.08
    assert kstest(noise, "norm").pvalue > TOL["ks p-value"]
    assert_mean(lane, 0)


@pytest.mark.parametrize(("shape_y", "shape_x"), SHAPES)
def test_lanes_shapes(shape_y, shape_x):
    rng = np.random.default_rng(23)
    x, y = rng.uniform(0, 1, (*shape_x, 1)), rng.normal(size=(*shape_y, 2))
    both = np.broadcast_shapes(shape_y, shape_x)
    wide = np.broadcast_to(y, (*both, 2)), np.broadcast_to(x, (*both, 1))
    assert LANES.pdf(y, x).shape == both
    np.testing.assert_allclose(LANES.pdf(y, x), LANES.pdf(*wide), rtol=TOL["exact"])
    assert LANES.mean(x).shape == (*shape_x, 2)
    assert LANES.covariance(x).shape == (*shape_x, 2, 2)
    x, y = LANES.sample(3, rng)
    assert x.shape == (3, 1)
    assert y.shape == (3, 2)


def test_lanes_bad_input():
    y = [[0.5, 0.5]]
    for method in (LANES.mean, LANES.covariance, lambda x: LANES.pdf(y, x)):
        with pytest.raises(ValueError, match=r"^x must lie in \[0.0, 1.0\], got 1.5$"):
            method([[1.5]])
        with pytest.raises(ValueError, match=r"^x must have shape \(..., 1\)"):
            method([0.5, 0.5])
        with pytest.raises(ValueError, match=r"^x must not contain NaN"):
            method([[np.nan]])
    with pytest.raises(ValueError, match=r"^y must have shape \(..., 2\)"):
        LANES.pdf([[0.5]], [[0.5]])
    with pytest.raises(ValueError, match=r"^y must not contain NaN"):
        LANES.pdf([[0.5, np.nan]], [[0.5]])
    with pytest.raises(ValueError, match=r"^y and x must have leading axes that broadcast"):
        LANES.pdf(np.zeros((3, 2)), np.zeros((2, 1)))
