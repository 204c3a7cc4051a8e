"""The diagnostics against SciPy and simulation, and their figures: right models pass."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm, percentileofscore, ttest_rel
from tolerances import ORACLE, P_VALUE, VALUE, assert_close

from mdn_book import plots
from mdn_utils import judge
from mdn_utils import numpy as mdn

N, TOL = 2000, VALUE["float64"]
PARAMS = np.log([0.3, 0.7]), np.array([[-1.0], [2.0]]), np.log([[0.5], [1.0]])
CENTER = mdn.mean(*PARAMS)
LOG_PI, MU, LOG_SIGMA = PARAMS
WRONG = {
    "too wide": (LOG_PI, CENTER + 1.3 * (MU - CENTER), LOG_SIGMA + np.log(1.3)),
    "too narrow": (LOG_PI, CENTER + 0.75 * (MU - CENTER), LOG_SIGMA + np.log(0.75)),
    "biased": (LOG_PI, MU + 0.2, LOG_SIGMA),
    "a component missing": (np.zeros(1), MU[1:], LOG_SIGMA[1:]),
}


def pit(params, n=N, seed=0):
    """u of `params` for targets that PARAMS draws."""
    return mdn.cdf(mdn.sample(*PARAMS, n=n, seed=seed), *params)


def outside(value, low, high):
    return ((value < low) | (value > high)).sum()


def test_heights_are_counts_whatever_the_shape_of_u():
    u = np.random.default_rng(0).beta(2, 3, N)
    height, *band = judge.pit_histogram(u.reshape(2, 5, -1), bins=8)
    counts = [np.sum(np.floor(8 * u) == b) for b in range(8)]
    assert_close(height, np.array(counts) * 8 / N, TOL)
    ends = np.array(band) * N / 8
    assert_close(ends, binom.interval(0.95, N, 1 / 8), ORACLE["scipy"])


def test_shares_against_scipy_and_quantiles():
    u, level = np.random.default_rng(0).random(N), np.linspace(0, 1, 11)
    expected = [percentileofscore(u, a, kind="weak") / 100 for a in level]
    assert_close(judge.reliability(u, level)[0], expected, TOL)
    share, _, _ = judge.reliability([0.2, 0.5, 0.5, 0.9], [0.0, 0.2, 0.5, 1.0])
    assert share.tolist() == [0, 0.25, 0.75, 1]  # on its quantile counts as below
    y, level = mdn.sample(*PARAMS, n=N, seed=3), np.array([0.05, 0.3, 0.5, 0.9])
    below = (y[:, None] <= mdn.quantile(level, *PARAMS)).mean(axis=(0, 2))
    assert_close(judge.reliability(mdn.cdf(y, *PARAMS), level)[0], below, TOL)


def test_the_band_of_the_shares():
    level = np.array([[0.0, 0.01], [0.5, 1.0]])
    share, low, high = judge.reliability(np.linspace(0, 1, 300), level, 0.9)
    assert share.shape == low.shape == high.shape == level.shape
    assert (low[0, 0], high[0, 0], low[1, 1], high[1, 1]) == (0, 0, 1, 1)
    expected = np.array(binom.interval(0.9, 300, [0.01, 0.5])) / 300
    assert_close(np.array([low, high])[:, [0, 1], [1, 0]], expected, TOL)


def test_a_right_model_is_outside_as_seldom_as_promised():
    """400 test sets of 500 targets."""
    found = np.zeros(2, int)
    for u in pit(PARAMS, n=400 * 500, seed=1).reshape(400, 500):
        height, low, high = judge.pit_histogram(u, 20, 0.9)
        found += outside(height[3], low, high), outside(*judge.reliability(u, 0.3, 0.9))
    for count, p in zip(found, (0.05, 0.3), strict=True):
        low, high = binom.interval(0.9, 500, p)
        rate = binom.cdf(low - 1, 500, p) + binom.sf(high, 500, p)
        assert binomtest(int(count), 400, rate).pvalue > P_VALUE


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_model_is_caught(name):
    level = np.linspace(0.05, 0.95, 19)
    assert outside(*judge.pit_histogram(pit(PARAMS))) <= 3
    assert outside(*judge.pit_histogram(pit(WRONG[name]))) >= 8
    assert outside(*judge.reliability(pit(PARAMS), level, 0.999)) == 0
    assert outside(*judge.reliability(pit(WRONG[name]), level, 0.999)) >= 8


def test_paired_differences_against_scipy_and_simulation():
    """The standard error is the spread of the mean from one test set to another."""
    y = np.random.default_rng(0).standard_normal((500, 300))
    a, b = norm.logpdf(y), norm.logpdf(y, 0.3)
    test = ttest_rel(a[0], b[0])
    mean, error = judge.paired_difference(a[0].reshape(3, -1), b[0].reshape(3, -1))
    assert_close(mean / error, test.statistic, ORACLE["scipy"])
    pairs = zip(a, b, strict=True)
    means, errors = np.transpose([judge.paired_difference(*pair) for pair in pairs])
    assert np.std(means) == pytest.approx(np.mean(errors), rel=0.15)  # of 500 sets
    assert np.mean(means) == pytest.approx(0.3**2 / 2, abs=4 * np.std(means) / 500**0.5)


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        ("pit_histogram", ([0.5, 1.5],), r"u must lie in \[0, 1\], got 1.5"),
        ("pit_histogram", ([0.5, np.nan],), r"u must lie in \[0, 1\], got nan"),
        ("pit_histogram", ([],), "u must have at least one entry, got none"),
        ("pit_histogram", ([0.5], 2.0), "bins must be a positive .* got 2.0"),
        ("pit_histogram", ([0.5], 0), "bins must be a positive .* got 0"),
        ("pit_histogram", ([0.5], 20, 95), "coverage must be .* got 95"),
        ("reliability", ([0.5], [-0.1]), r"level must lie in \[0, 1\], got -0.1"),
        ("reliability", ([0.5], 0.5, 0), "coverage must be .* got 0"),
        ("paired_difference", ([1, 2], [[1, 2]]), r"got \(2,\) and \(1, 2\)"),
        ("paired_difference", ([1], [2]), "at least two entries, got 1"),
        ("paired_difference", ([1, 2], [0, -np.inf]), "b must be finite, got -inf"),
    ],
)
def test_errors_name_the_argument(function, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(judge, function)(*args)


# Figures


@pytest.fixture
def ax():
    figure, axes = plt.subplots(1, 2, sharey=True)
    yield axes[0]
    plt.close(figure)


def test_the_figures_show_the_numbers(ax):
    u = pit(WRONG["biased"])
    plots.pit_histogram(ax, u.reshape(2, 5, -1), bins=8)
    height, low, high = judge.pit_histogram(u, bins=8)
    assert_close(ax.patches[0].get_data().values, height, 0)
    band = ax.collections[0].get_datalim(ax.transData)
    assert_close([band.y0, band.y1], [low, high], TOL)
    plots.reliability(ax, {"PyTorch": u})
    level, excess = ax.lines[-2].get_data()
    assert_close(excess, judge.reliability(u, level)[0] - level, TOL)
    with pytest.raises(ValueError, match=r"got \{'a': 1, 'b': 2\}"):  # they share a band
        plots.reliability(ax, {"a": [0.5], "b": [0.5, 0.5]}, colors={"a": "k", "b": "k"})


def test_the_tallest_bin_is_seen_on_shared_axes(ax):
    plots.pit_histogram(ax, np.linspace(0, 1, 1000))
    plots.pit_histogram(ax.figure.axes[1], np.full(1000, 0.5))  # one bin of height 20
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 20


def test_the_maps_share_a_scale(ax):
    x, y = np.linspace(0, 1, 4)[:, None], np.linspace(-1, 1, 5)[:, None]
    p = np.abs(y) * np.ones(4)
    image = plots.density(ax, x, y, p, top=3)
    assert image.get_clim() == (0, 3)
    assert_close(image.get_array(), p, 0)
    assert plots.density(ax, x, y, p).get_clim() == (0, 1)
    assert plots.density_difference(ax, x, y, -2 * p).get_clim() == (-2, 2)
