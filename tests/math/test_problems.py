"""Exact answers of `mdn_book.problems`, held to quadrature, brute force and samples."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest, multivariate_normal
from tolerances import ORACLE, P_VALUE, SIGMAS, VALUE, assert_close

from mdn_book.problems import RobotArm, SineInverse, ToyForward, ToyInverse, TwoLanes

EXACT = VALUE["float64"]
FORWARD, INVERSE, SINE = ToyForward(), ToyInverse(), SineInverse()
ARM, LANES = RobotArm(), TwoLanes()

# For ToyInverse both ends, every turning point of the curve seen through the noise, and
# their middles.
INPUTS = {
    FORWARD: np.linspace(0, 1, 7),
    INVERSE: np.array(
        [-0.0999, 0, 0.25, 0.306, 0.308, 0.4, 0.493, 0.5, 0.506, 0.51, 0.7, 0.95, 1.0999]
    ),
    SINE: np.array([-20, -9, -7.2, -6.3, -6, -1.234, 0, 3, 6.2, 6.5, 7.16, 8, 12, 20.0]),
    LANES: np.array([0, 0.1, 0.25, 0.5, 0.77, 0.8, 1.0]),
}
SPAN = {FORWARD: (-0.1, 1.1), INVERSE: (0, 1), SINE: (-1, 1)}  # of the targets


def name(value):
    is_problem = type(value).__module__ == "mdn_book.problems"
    return type(value).__name__ if is_problem else f"{value}"


each_toy = pytest.mark.parametrize("problem", [FORWARD, INVERSE], ids=name)
every = pytest.mark.parametrize("problem", [FORWARD, INVERSE, SINE, LANES], ids=name)
each_toy_input = pytest.mark.parametrize(
    ("problem", "x"), [(p, x) for p in (FORWARD, INVERSE) for x in INPUTS[p]], ids=name
)
steady = settings(deadline=None, derandomize=True)  # the same examples in every run


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


def column(x):
    return np.full((1, 1), x)


def assert_mean(values, expected):
    """The mean of independent values agrees with what it should be."""
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected) < SIGMAS * error


# The toy problem: one input at a time


def runs(mask, y):
    """Lower and upper ends of the runs of True."""
    edge = np.flatnonzero(np.diff(np.r_[0, mask.astype(int), 0]))
    half = (y[1] - y[0]) / 2
    return np.stack([y[edge[0::2]] - half, y[edge[1::2] - 1] + half], axis=-1)


@each_toy_input
def test_toy_against_a_dense_grid(problem, x):
    y, at = midpoints(*SPAN[problem]), column(x)
    w, dy = weight(problem, y, x), y[1] - y[0]
    expected = runs(w > 0, y)
    branches = problem.branches(at)[0]
    assert branches.shape == (1 if problem == FORWARD else 2, 2)
    assert_close(branches[: len(expected)], expected, ORACLE["sum"])
    assert np.isnan(branches[len(expected) :]).all()

    # The grid misplaces each end by up to dy, which matters if a branch is narrow.
    tolerance = ORACLE["sum"] * (1 + 0.1 / (w.sum() * dy))
    mean = w @ y / w.sum()
    assert_close(problem.mean(at)[0, 0], mean, tolerance)
    assert_close(problem.variance(at)[0, 0], w @ (y - mean) ** 2 / w.sum(), tolerance)
    some = slice(None, None, 1003)
    density = w[some] / (w.sum() * dy)
    assert_close(problem.pdf(y[some, None], at), density, 10 * tolerance)
    share = (np.cumsum(w) - w / 2)[some] / w.sum()
    assert_close(problem.cdf(y[some, None], at), share, 2 * tolerance)


@each_toy_input
def test_toy_density_integrates_to_one(problem, x):
    ends = problem.branches(column(x))
    total = sum(
        quad(lambda y: problem.pdf(column(y), column(x))[0], a, b)[0]
        for a, b in pairwise(np.unique(ends[np.isfinite(ends)]))
    )
    assert_close(total, 1, ORACLE["quad"])


def test_where_the_inverse_has_two_branches():
    t = np.linspace(-0.1, 1.1, 1203)[1:-1]
    two = np.isfinite(INVERSE.branches(t[:, None])).all(axis=(1, 2))
    inside = ((t > 0.3067) & (t < 0.4933)) | ((t > 0.5067) & (t < 0.6933))
    np.testing.assert_array_equal(two, inside)


def test_ends_of_the_inverse_solve_the_equation():
    t = np.linspace(-0.1, 1.1, 5001)[1:-1, None]
    ends = INVERSE.branches(t)
    inner = np.isfinite(ends) & (ends != 0) & (ends != 1)
    distance = np.abs(toy(ends) - t[..., None])
    assert_close(distance[inner], 0.1, EXACT)
    assert_close(INVERSE.curve(t), toy(t), EXACT)


@pytest.mark.parametrize(("end", "limit"), [(-0.1, 0), (1.1, 1)])
def test_inverse_next_to_the_ends_of_its_support(end, limit):
    t = np.nextafter([[end]], 0.5)
    low, high = INVERSE.branches(t)[0, 0]
    assert low < high
    assert_close(low, limit, EXACT)
    assert np.isfinite(INVERSE.pdf([[low]], t)).all()


@each_toy
def test_quantile_inverts_cdf(problem):
    x, y = problem.sample(5000, np.random.default_rng(7))
    assert_close(problem.quantile(problem.cdf(y, x), x), y, ORACLE["round trip"])
    p, x = np.linspace(0, 1, 201)[:, None], INPUTS[problem][:, None]
    q = problem.quantile(p, x)
    assert_close(problem.cdf(q, x), p + 0 * x[:, 0], ORACLE["round trip"])
    assert (np.diff(q, axis=0) >= 0).all()
    branches = problem.branches(x)
    assert_close(q[0, :, 0], np.nanmin(branches, axis=(1, 2)), EXACT)
    assert_close(q[-1, :, 0], np.nanmax(branches, axis=(1, 2)), EXACT)


@each_toy
@steady
@given(data=st.data())
def test_any_input_of_the_support(problem, data):
    # Within 1e-6 of its ends ToyInverse has intervals of few floats.
    low, high = problem.support
    x = column(data.draw(st.floats(low + 1e-6, high - 1e-6)))
    p = data.draw(st.floats(0, 1))
    q, mean = problem.quantile(p, x), problem.mean(x)
    assert_close(problem.cdf(q, x)[0], p, ORACLE["round trip"])
    (low, high) = SPAN[problem]
    assert low - EXACT <= q <= high + EXACT
    assert low - EXACT <= mean <= high + EXACT
    assert 0 <= problem.variance(x) <= (high - low) ** 2 / 4


@each_toy
@pytest.mark.parametrize("beyond", [1e-9, 5, np.inf])
def test_toy_outside_the_target_range(problem, beyond):
    x = INPUTS[problem][:, None]
    low, high = SPAN[problem]
    for y, share in [(low - beyond, 0), (high + beyond, 1)]:
        assert (problem.pdf([[y]], x) == 0).all()
        assert (problem.cdf([[y]], x) == share).all()


# Samples agree with the exact answers, and so do the scores that no model can beat


@every
def test_samples_score_the_entropy(problem):
    x, y = problem.sample(100_000, np.random.default_rng(7))
    surprise = -np.log(problem.pdf(y, x))
    if problem == FORWARD:  # a constant: no standard error
        assert_close(surprise, problem.entropy, EXACT)
    else:
        assert_mean(surprise, problem.entropy)
    assert type(problem.entropy) is float
    assert "entropy" in vars(problem)  # computed once


@each_toy
def test_samples_of_the_toy_problem(problem):
    x, y = problem.sample(100_000, np.random.default_rng(7))
    assert kstest(problem.cdf(y, x), "uniform").pvalue > P_VALUE
    assert_mean((y - problem.mean(x))[:, 0] ** 2, problem.bayes_mse)
    x, y = (a[:, 0] for a in problem.sample(1_000_000, np.random.default_rng(11)))
    assert_mean((y - np.polyval(np.polyfit(x, y, 1), x)) ** 2, problem.best_line_mse)


def test_inverse_draws_the_forward_data():
    x, t = FORWARD.sample(5, np.random.default_rng(1))
    t_again, x_again = INVERSE.sample(5, np.random.default_rng(1))
    np.testing.assert_array_equal([x, t], [x_again, t_again])


def test_sine_samples():
    x, y = SINE.sample(100_000, np.random.default_rng(2))
    assert kstest(y[:, 0], "uniform", (-1, 2)).pvalue > P_VALUE
    assert kstest((x - sine(y))[:, 0] / 0.5, "norm").pvalue > P_VALUE
    x, y = SINE.grid_sample(100_001, np.random.default_rng(2))
    assert_close(y[:, 0], np.linspace(-1, 1, 100_001), EXACT)
    assert kstest((x - sine(y))[:, 0] / 0.5, "norm").pvalue > P_VALUE


def test_forward_scores_in_closed_form():
    assert_close(FORWARD.entropy, np.log(0.2), EXACT)
    assert_close(FORWARD.bayes_mse, 0.2**2 / 12, EXACT)
    # Cov(x, 0.3 sin 2πx) = -0.3 / 2π and Var(0.3 sin 2πx) = 0.3² / 2
    line = 0.2**2 / 12 + 0.3**2 / 2 - 12 * (0.3 / (2 * np.pi)) ** 2
    assert_close(FORWARD.best_line_mse, line, EXACT)


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
    assert_close(INVERSE.entropy, np.log(0.2) + (p @ np.log(p)) * dt, ORACLE["sum"])
    mse = p @ (two / width - (one / width) ** 2) * dt
    assert_close(INVERSE.bayes_mse, mse, ORACLE["sum"])


# The sine


@pytest.mark.parametrize("x", INPUTS[SINE])
def test_sine_density_against_quad(x):
    knots = np.linspace(-1, 1, 81)
    total = sum(
        quad(lambda y: weight(SINE, y, x), a, b, epsabs=0, epsrel=1e-12)[0]
        for a, b in pairwise(knots)
    )
    y = np.array([[-0.95], [-0.5], [0.0], [0.31], [0.99]])
    assert_close(SINE.pdf(y, column(x)), weight(SINE, y[:, 0], x) / total, ORACLE["quad"])
    assert (SINE.pdf([[-1.001], [1.001], [np.inf]], column(x)) == 0).all()


def test_sine_entropy_against_a_double_sum():
    # -∫∫ p(x, y) ln p(y|x): trapezoids in x, where all is smooth, midpoints in y
    x, y = np.linspace(-11, 11, 1101), midpoints(-1, 1, 4000)
    joint = np.exp(-2 * (x[:, None] - sine(y)) ** 2) / np.sqrt(2 * np.pi)
    marginal = joint.sum(axis=1, keepdims=True) / 2000
    log_conditional = np.log(np.maximum(joint, 1e-300) / marginal)
    entropy = -(joint * log_conditional).sum() / 2000 * 0.02
    assert_close(SINE.entropy, entropy, ORACLE["sum"])


def test_many_inputs_match_few():
    x = np.linspace(-9, 9, 5001)[:, None]  # more than SineInverse takes at a time
    y = np.sin(9 * x)
    assert_close(SINE.pdf(y, x)[::1000], SINE.pdf(y[::1000], x[::1000]), EXACT)


# The two lanes


def lanes_at(x):
    """The two Gaussians at one input, from the definition of the problem."""
    turn = np.exp(1j * np.pi * x)  # along the road; 1j * turn is across it
    axes = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    within = axes @ np.diag([0.6**2, 0.08**2]) @ axes.T
    offset = 0.4 * (1 - x) * axes[:, 1]
    return [multivariate_normal(sign * offset - axes[:, 1], within) for sign in (1, -1)]


@pytest.mark.parametrize("x", INPUTS[LANES])
def test_lanes_against_scipy(x):
    y = np.random.default_rng(21).uniform(-2, 2, (500, 2))
    both = lanes_at(x)
    expected = np.mean([lane.pdf(y) for lane in both], axis=0)
    assert_close(LANES.pdf(y, column(x)), expected, ORACLE["scipy"])
    assert_close(LANES.mean(column(x))[0], np.mean([g.mean for g in both], axis=0), EXACT)


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
    assert_close(LANES.entropy, along + across, ORACLE["sum"])


def test_lanes_samples():
    x, y = LANES.sample(200_000, np.random.default_rng(22))
    turn = np.exp(1j * np.pi * x[:, 0])
    s, r = np.array([1, 1j])[:, None].conj() * turn.conj() * (y @ [1, 1j])
    along, across = s.real / 0.6, r.real + 1  # the circle has radius 1
    assert kstest(x[:, 0], "uniform").pvalue > P_VALUE
    assert kstest(along, "norm").pvalue > P_VALUE
    straight = x[:, 0] < 0.1  # the lanes are far apart: the nearest is the one drawn
    lane = np.sign(across[straight])
    noise = (across[straight] - lane * 0.4 * (1 - x[straight, 0])) / 0.08
    assert kstest(noise, "norm").pvalue > P_VALUE
    assert_mean(lane, 0)


# The robot arm


def end_point(theta1, theta2):
    """The position as a complex number."""
    return 0.8 * np.exp(1j * theta1) - 0.2 * np.exp(1j * (theta1 + theta2))


@pytest.fixture(scope="module")
def arm_sample():
    return ARM.sample(1_000_000, np.random.default_rng(13))


def test_arm_sample(arm_sample):
    position, theta = arm_sample
    for angles, (low, high) in zip(theta[:20_000].T, ARM.ranges, strict=True):
        assert kstest((angles - low) / (high - low), "uniform").pvalue > P_VALUE
    expected = end_point(*theta.T)
    assert_close(position, np.stack([expected.real, expected.imag], axis=-1), EXACT)


def test_arm_solutions_reach_the_position(arm_sample):
    position, theta = arm_sample
    solutions = ARM.inverse(position)
    assert solutions.shape == (1_000_000, 2, 2)
    missing = np.isnan(solutions)
    np.testing.assert_array_equal(missing[..., 0], missing[..., 1])
    assert not missing.all(axis=(1, 2)).any()
    error = np.abs(ARM.forward(solutions) - position[:, None])[~missing]
    assert error.max() < ORACLE["round trip"]
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
    mean = ARM.mean(position)
    np.testing.assert_allclose(mean, expected, atol=1e-6)  # near θ2 = π, as above
    square = ((ARM.forward(mean) - position) ** 2).sum(axis=1)
    assert_mean(square, ARM.rms_position_error**2)


def test_arm_weights_are_equal():
    # det ∂position/∂θ by central differences, at both solutions
    theta = ARM.inverse(ARM.forward([0.8, 2.0]))
    step = 1e-6
    columns = [
        (ARM.forward(theta + step * e) - ARM.forward(theta - step * e)) / (2 * step)
        for e in np.eye(2)
    ]
    det = np.linalg.det(np.stack(columns, axis=-1))
    assert_close(np.abs(det), np.full(2, 0.16 * np.sin(2.0)), ORACLE["difference"])


@pytest.mark.parametrize("position", [[0.0, 0.0], [-0.9, 0.0], [2.0, 2.0], [1e300, np.inf]])
def test_arm_out_of_reach(position):
    assert np.isnan(ARM.inverse(position)).all()
    with pytest.raises(ValueError, match=r"^position must be within reach of .*, got \["):
        ARM.mean([[0.5, 0.6], position])


# Shapes, and what is refused


@every
@pytest.mark.parametrize(
    ("shape_y", "shape_x"), [((), ()), ((3, 1), (4,)), ((4,), (2, 3, 1)), ((0,), (0,))]
)
def test_shapes(problem, shape_y, shape_x):
    rng = np.random.default_rng(3)
    D = 2 if problem == LANES else 1
    x, y = rng.uniform(0, 1, (*shape_x, 1)), rng.uniform(0, 1, (*shape_y, D))
    both = np.broadcast_shapes(shape_y, shape_x)
    wide = np.broadcast_to(y, (*both, D)), np.broadcast_to(x, (*both, 1))
    assert_close(problem.pdf(y, x), problem.pdf(*wide), EXACT)
    if problem != SINE:
        assert problem.mean(x).shape == (*shape_x, D)
    if problem in (FORWARD, INVERSE):
        assert_close(problem.cdf(y, x), problem.cdf(*wide), EXACT)
        assert problem.quantile(y[..., 0], x).shape == (*both, 1)
        assert problem.variance(x).shape == (*shape_x, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FORWARD.mean([[0.5], [-0.01]]), r"x must lie in \[0.0, 1.0\], got -0.01"),
        (lambda: INVERSE.pdf([[0]], [[-0.1]]), r"x must lie in \(-0.1, 1.1\), got -0.1"),
        (lambda: INVERSE.branches([[1.1]]), r"x must lie in \(-0.1, 1.1\), got 1.1"),
        (lambda: SINE.pdf([[0]], [[20.5]]), r"x must lie in \[-20.0, 20.0\], got 20.5"),
        (lambda: LANES.mean([[np.nan]]), r"x must lie in \[0.0, 1.0\], got nan"),
        (lambda: FORWARD.mean(0.5), r"x must have shape \(..., 1\), got shape \(\)"),
        (lambda: LANES.pdf([0, 0], [0, 0]), r"x must have shape \(..., 1\), got"),
        (lambda: SINE.pdf(np.zeros(3), [[0]]), r"y must have shape \(..., 1\), got"),
        (lambda: LANES.pdf([[0.5]], [[0.5]]), r"y must have shape \(..., 2\), got"),
        (lambda: INVERSE.curve([0, 1]), r"z must have shape \(..., 1\), got"),
        (lambda: ARM.forward([0.5]), r"theta must have shape \(..., 2\), got"),
        (lambda: FORWARD.cdf([[np.nan]], [[0]]), "y must not contain NaN, got 1 NaN"),
        (lambda: ARM.inverse([0.5, np.nan]), "position must not contain NaN, got 1 NaN"),
        (lambda: FORWARD.quantile([0.5, 1.1], [[0]]), r"p must lie in \[0, 1\], got 1.1"),
        (lambda: FORWARD.quantile(np.nan, [[0]]), r"p must lie in \[0, 1\], got nan"),
        (lambda: INVERSE.cdf(np.zeros((3, 1)), np.zeros((2, 1))), "could not be broadcast"),
    ],
    ids=range(16),
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
