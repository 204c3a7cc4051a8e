"""The diagnostics, held to SciPy and to simulation: right models pass, wrong ones fail."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm, percentileofscore, ttest_rel
from tolerances import VALUE, assert_close

from mdn_book import plots
from mdn_utils import judge
from mdn_utils import numpy as mdn_np

N, TOL = 2000, VALUE["float64"]
PARAMS = np.log([0.3, 0.7]), [[-1.0], [2.0]], np.log([[0.5], [1.0]])


def pit(params, n=N, seed=0):
    """u of `params` for targets that PARAMS draws."""
    return mdn_np.cdf(mdn_np.sample(*PARAMS, n=n, seed=seed), *params)


def stretched(by):
    """The components of PARAMS farther from each other, and wider, by one factor."""
    log_pi, mu, log_sigma = (np.array(a) for a in PARAMS)
    center = mdn_np.mean(*PARAMS)
    return log_pi, center + by * (mu - center), log_sigma + np.log(by)


WRONG = {
    "too wide": stretched(1.3),
    "too narrow": stretched(0.75),
    "biased": (PARAMS[0], np.add(PARAMS[1], 0.2), PARAMS[2]),
    "a component missing": (np.zeros(1), [[2.0]], [[0.0]]),
}
each_wrong = pytest.mark.parametrize("name", WRONG)


def outside(value, low, high):
    return ((value < low) | (value > high)).sum()


@pytest.fixture(scope="module")
def right():
    """u of the right model for 400 test sets of 500 targets."""
    return pit(PARAMS, n=400 * 500, seed=1).reshape(400, 500)


# PIT histogram


def test_heights_are_counts():
    u = np.random.default_rng(0).beta(2, 3, N)
    height, _, _ = judge.pit_histogram(u, bins=8)
    counts = [np.sum(np.floor(8 * u) == b) for b in range(8)]
    assert_close(height, np.array(counts) * 8 / N, TOL)
    assert height.mean() == pytest.approx(1)


@pytest.mark.parametrize("n", [1, 7, 100, 10_000])
@pytest.mark.parametrize("bins", [1, 2, 20])
@pytest.mark.parametrize("coverage", [0.5, 0.95, 0.999])
def test_the_band_is_a_binomial_interval(n, bins, coverage):
    _, low, high = judge.pit_histogram(np.full(n, 0.3), bins, coverage)
    ends = np.array([low, high]) * n / bins
    assert_close(ends, binom.interval(coverage, n, 1 / bins), 1e-9)
    if bins > 1:  # a count within has a p-value above 1 - coverage, in each tail the half
        for k in (round(ends[0]) - 1, round(ends[1]) + 1):
            side = "less" if k < n / bins else "greater"
            if 0 <= k <= n:
                p = binomtest(k, n, 1 / bins, alternative=side).pvalue
                assert p <= (1 - coverage) / 2 + TOL


def test_bins_of_a_right_model_are_outside_as_seldom_as_promised(right):
    shares = []
    for u in right:
        height, low, high = judge.pit_histogram(u, 20, 0.9)
        shares.append(outside(height, low, high) / 20)
    assert binom.interval(0.9, 500, 0.05) == (17, 33)
    rate = binom.cdf(16, 500, 0.05) + binom.sf(33, 500, 0.05)
    assert 0.07 < rate < 0.1
    assert np.mean(shares) == pytest.approx(rate, abs=4 * np.std(shares) / 20)


@each_wrong
def test_the_histogram_catches(name):
    assert outside(*judge.pit_histogram(pit(PARAMS))) <= 3
    assert outside(*judge.pit_histogram(pit(WRONG[name]))) >= 8


def test_the_shapes_of_the_histogram():
    heights = {name: judge.pit_histogram(pit(p), 10)[0] for name, p in WRONG.items()}
    wide, narrow, biased = heights["too wide"], heights["too narrow"], heights["biased"]
    assert max(wide[0], wide[-1]) < 0.8 < 1.1 < wide[3:7].mean()
    assert min(narrow[0], narrow[-1]) > 1.2 > 0.95 > narrow[3:7].mean()
    assert biased[0] > 1.2 > 0.8 > biased[-1]  # targets below what was predicted


# Reliability


def test_shares_against_scipy():
    u = np.random.default_rng(0).random(N)
    level = np.linspace(0, 1, 11)
    share, _, _ = judge.reliability(u, level)
    expected = [percentileofscore(u, a, kind="weak") / 100 for a in level]
    assert_close(share, expected, TOL)
    assert share[-1] == 1


def test_a_target_on_its_quantile_counts_as_below():
    share, _, _ = judge.reliability([0.2, 0.5, 0.5, 0.9], [0.0, 0.2, 0.5, 1.0])
    assert share.tolist() == [0, 0.25, 0.75, 1]


def test_a_target_below_its_quantile_has_u_below_the_level():
    y = mdn_np.sample(*PARAMS, n=N, seed=3)
    level = np.array([0.05, 0.3, 0.5, 0.9])
    share, _, _ = judge.reliability(mdn_np.cdf(y, *PARAMS), level)
    below = y[:, None] <= mdn_np.quantile(level, *PARAMS)
    assert_close(share, below.mean(axis=(0, 2)), TOL)


def test_the_band_of_the_shares():
    level = np.array([[0.0, 0.01], [0.5, 1.0]])
    share, low, high = judge.reliability(np.linspace(0, 1, 300), level, 0.9)
    assert share.shape == low.shape == high.shape == level.shape
    assert (low[0, 0], high[0, 0], low[1, 1], high[1, 1]) == (0, 0, 1, 1)
    inner = np.array([0.01, 0.5])
    expected = np.array(binom.interval(0.9, 300, inner)) / 300
    assert_close([low[[0, 1], [1, 0]], high[[0, 1], [1, 0]]], expected, TOL)


def test_shares_of_a_right_model_are_outside_as_seldom_as_promised(right):
    found = [outside(*judge.reliability(u, 0.3, 0.9)) for u in right]
    low, high = binom.interval(0.9, 500, 0.3)
    rate = binom.cdf(low - 1, 500, 0.3) + binom.sf(high, 500, 0.3)
    assert binomtest(int(np.sum(found)), 400, rate).pvalue > 1e-3


@each_wrong
def test_reliability_catches(name):
    level = np.linspace(0.05, 0.95, 19)
    assert outside(*judge.reliability(pit(PARAMS), level, 0.999)) == 0
    assert outside(*judge.reliability(pit(WRONG[name]), level, 0.999)) >= 8


# Paired differences


def test_paired_difference_against_scipy():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((50, 4))
    b = a + 0.1 + 0.2 * rng.standard_normal((50, 4))
    mean, error = judge.paired_difference(a, b)
    test = ttest_rel(a.ravel(), b.ravel())
    assert mean / error == pytest.approx(test.statistic, rel=TOL)
    ends = test.confidence_interval(0.95)
    assert mean == pytest.approx((ends.low + ends.high) / 2)


def test_the_standard_error_is_honest():
    """It is as large as the spread of the mean from one test set to another."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal((500, 300))
    a, b = norm.logpdf(y), norm.logpdf(y, 0.3)
    means, errors = np.transpose(
        [judge.paired_difference(*pair) for pair in zip(a, b, strict=True)]
    )
    assert np.std(means) == pytest.approx(np.mean(errors), rel=0.15)
    assert np.mean(means) == pytest.approx(0.3**2 / 2, abs=4 * np.std(means) / 500**0.5)
    unpaired = np.sqrt(a.var() + b.var()) / 300**0.5
    assert unpaired > 2 * np.mean(errors)


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.pit_histogram([0.5, 1.5]), r"u must lie in \[0, 1\], got 1.5"),
        (lambda d: d.pit_histogram([0.5, np.nan]), r"u must lie in \[0, 1\], got nan"),
        (lambda d: d.pit_histogram([]), "u must have at least one entry, got none"),
        (lambda d: d.pit_histogram([0.5], bins=2.0), "bins must be a positive .* got 2.0"),
        (lambda d: d.pit_histogram([0.5], bins=0), "bins must be a positive .* got 0"),
        (lambda d: d.pit_histogram([0.5], coverage=95), "coverage must be .* got 95"),
        (lambda d: d.reliability([0.5], [-0.1]), r"level must lie in \[0, 1\], got -0.1"),
        (lambda d: d.reliability([0.5], 0.5, 0), "coverage must be .* got 0"),
        (lambda d: d.paired_difference([1, 2], [[1, 2]]), r"got \(2,\) and \(1, 2\)"),
        (lambda d: d.paired_difference([1], [2]), "at least two entries, got 1"),
        (lambda d: d.paired_difference([1, 2], [0, -np.inf]), "b must be finite, got -inf"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call(judge)


# Figures


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_u_may_have_any_shape(ax):
    u = pit(PARAMS)
    height, _, _ = judge.pit_histogram(u)
    again, _, _ = judge.pit_histogram(u.reshape(2, 5, -1))
    np.testing.assert_array_equal(height, again)
    plots.pit_histogram(ax, u.reshape(2, 5, -1))
    plots.reliability(ax, {"PyTorch": u.reshape(2, 5, -1)})


def test_the_figures_show_the_numbers(ax):
    u = pit(WRONG["biased"])
    plots.pit_histogram(ax, u, bins=8)
    height, low, high = judge.pit_histogram(u, bins=8)
    np.testing.assert_array_equal(ax.patches[0].get_data().values, height)
    band = ax.collections[0].get_datalim(ax.transData)
    assert_close([band.y0, band.y1], [low, high], TOL)

    plots.reliability(ax, {"PyTorch": u})
    level, excess = ax.lines[-2].get_data()
    assert_close(excess, judge.reliability(u, level)[0] - level, TOL)


def test_curves_share_a_band(ax):
    with pytest.raises(ValueError, match=r"got \{'a': 1, 'b': 2\}"):
        plots.reliability(ax, {"a": [0.5], "b": [0.5, 0.5]}, colors={"a": "k", "b": "k"})


def test_the_tallest_bin_is_seen_on_shared_axes():
    figure, axes = plt.subplots(1, 2, sharey=True)
    plots.pit_histogram(axes[0], np.linspace(0, 1, 1000))
    plots.pit_histogram(axes[1], np.full(1000, 0.5))  # one bin of height 20
    bottom, top = axes[0].get_ylim()
    plt.close(figure)
    assert bottom == 0
    assert top > 20


def test_the_maps_share_a_scale(ax):
    x, y = np.linspace(0, 1, 4)[:, None], np.linspace(-1, 1, 5)[:, None]
    p = np.abs(y) * np.ones(4)
    image = plots.density(ax, x, y, p, top=3)
    assert image.get_clim() == (0, 3)
    np.testing.assert_array_equal(image.get_array(), p)
    assert plots.density(ax, x, y, p).get_clim() == (0, 1)
    assert plots.density_difference(ax, x, y, -2 * p).get_clim() == (-2, 2)
