"""Regions of highest density: their ends against closed forms, SciPy and the density."""

import numpy as np
import pytest
from oracles import random_rows
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from tolerances import ORACLE, VALUE, assert_close

from mdn_utils import numpy as mdn

LEVELS = (0.01, 0.5, 0.8, 0.99, 1 - 1e-9)


def inside(pieces, *params):
    """The probability of a region, by the distribution function."""
    return np.diff(mdn.cdf(pieces[..., None], *params), axis=1).sum()


@pytest.mark.parametrize("level", LEVELS)
def test_of_one_gaussian_it_is_the_central_interval(level):
    params = [0.0], [[3.0]], [[np.log(0.2)]]
    expected = norm(3, 0.2).interval(level)
    assert_close(mdn.highest_density_region(level, *params), [expected], 1e-7)


def test_of_two_gaussians_far_apart_it_is_that_of_each():
    params = np.log([0.5, 0.5]), [[-50.0], [70.0]], [[0.0]]
    low, high = norm.interval(0.8)
    expected = [[-50 + low, -50 + high], [70 + low, 70 + high]]
    assert_close(mdn.highest_density_region(0.8, *params), expected, ORACLE["round trip"])


def test_the_higher_peak_goes_first():
    """Up to the level at which the lower one is reached; then there are two pieces."""
    params = np.log([0.6, 0.4]), [[0.0], [30.0]], [[0.0]]
    z = np.sqrt(2 * np.log(0.6 / 0.4))  # there the first has the height of the second
    level = 0.6 * (2 * norm.cdf(z) - 1)
    before, after = (mdn.highest_density_region(level + d, *params) for d in (-1e-6, 1e-6))
    assert_close(before, [[-z, z]], 1e-4)
    assert after.shape == (2, 2)
    assert_close(after[1], [30, 30], 0.01)


def test_two_peaks_that_nearly_touch_are_joined_at_the_right_level():
    params = np.log([0.5, 0.5]), [[-1.2], [1.2]], [[0.0]]
    trough = mdn.log_prob([0.0], *params)
    y = np.linspace(-12, 12, 2_000_001)[:, None]
    log_p = mdn.log_prob(y, *params)
    level = np.exp(log_p[log_p > trough]).sum() * 12e-6
    pieces = [len(mdn.highest_density_region(level + d, *params)) for d in (-1e-4, 1e-4)]
    assert pieces == [2, 1]


@pytest.mark.parametrize("level", LEVELS)
def test_random_mixtures(level):
    """Its probability is right, and p is above c inside, below c outside, c at all ends."""
    for log_pi, mu, log_sigma in zip(*random_rows(0, 15, 7), strict=True):
        params = log_pi, mu, log_sigma
        pieces = mdn.highest_density_region(level, *params)
        assert (np.diff(pieces.ravel()) > 0).all()
        assert_close(inside(pieces, *params), level, ORACLE["round trip"])
        at_ends = mdn.log_prob(pieces.reshape(-1, 1), *params)
        assert_close(at_ends, np.full(at_ends.shape, at_ends[0]), 1e-6)
        y = np.linspace(-12, 12, 20_001)[:, None]
        held = ((pieces[:, 0] < y) & (y < pieces[:, 1])).any(axis=-1)
        log_p = mdn.log_prob(y, *params)
        assert log_p[held].min(initial=np.inf) > at_ends[0] - 1e-6
        assert log_p[~held].max(initial=-np.inf) < at_ends[0] + 1e-6


def test_no_interval_is_shorter_where_there_is_one_piece():
    params = np.log([0.7, 0.3]), [[0.0], [1.0]], np.log([[0.4], [1.5]])
    ((low, high),) = mdn.highest_density_region(0.9, *params)

    def width(p):
        ends = mdn.quantile([p, p + 0.9], *params)
        return np.diff(ends[:, 0])[0]

    best = minimize_scalar(width, bounds=(1e-6, 0.1 - 1e-6), method="bounded").fun
    assert_close(high - low, best, 1e-6)


def test_narrow_components_and_weights_of_zero():
    with np.errstate(divide="ignore"):
        log_pi = np.log([0.5, 0.5, 0.0])
    params = log_pi, [[0.0], [5.0], [9.0]], np.log([[1e-6], [1.0], [1e-3]])
    pieces = mdn.highest_density_region(0.75, *params)
    assert_close(inside(pieces, *params), 0.75, ORACLE["round trip"])
    assert pieces.shape == (2, 2)
    assert pieces[0, 1] - pieces[0, 0] < 1e-4


def test_a_row_may_keep_its_axis_and_all_is_the_whole_line():
    rows = np.zeros((1, 1)), np.zeros((1, 1, 1)), np.zeros((1, 1, 1))
    expected = [norm.interval(0.5)]
    assert_close(mdn.highest_density_region(0.5, *rows), expected, ORACLE["round trip"])
    assert mdn.highest_density_region(1, *rows).tolist() == [[-np.inf, np.inf]]
    nearly = mdn.highest_density_region(np.nextafter(1, 0), *rows)
    assert_close(inside(nearly, *(a[0] for a in rows)), 1, VALUE["float64"])


@pytest.mark.parametrize(
    ("level", "N", "D", "message"),
    [
        (0, 1, 1, r"level must lie in \(0, 1\], got 0"),
        (1.1, 1, 1, r"level must lie in \(0, 1\], got 1.1"),
        (np.nan, 1, 1, r"level must lie in \(0, 1\], got nan"),
        (0.5, 2, 1, r"asks for one row, .* got shape \(2, 3\)"),
        (0.5, 1, 2, "asks for one target dimension"),
    ],
)
def test_errors_name_the_argument(level, N, D, message):
    log_pi = np.full((N, 3), np.log(1 / 3))
    with pytest.raises(ValueError, match=message):
        mdn.highest_density_region(level, log_pi, np.zeros((N, 3, D)), np.zeros((N, 3, D)))


def test_nan_is_refused():
    with pytest.raises(ValueError, match="mu must not contain NaN, got 1 NaN"):
        mdn.highest_density_region(0.5, [0.0], [[np.nan]], [[0.0]])


@pytest.mark.parametrize("log_sigma", [-40.0, -np.inf])
def test_a_sigma_that_the_search_cannot_resolve_is_refused(log_sigma):
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="is a σ 0"):
        mdn.highest_density_region(0.5, [0.0], [[1e3]], [[log_sigma]])
