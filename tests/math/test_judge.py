"""The diagnostics against SciPy and simulation, and their figures: right models pass."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.stats import (
    beta,
    binom,
    binomtest,
    kstest,
    kstwo,
    multinomial,
    norm,
    percentileofscore,
    ttest_rel,
)
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
LEVEL = np.linspace(0, 1, 102)[1:-1]


def pit(params, n=N, seed=0):
    """u of `params` for targets that PARAMS draws."""
    return mdn.cdf(mdn.sample(*PARAMS, n=n, seed=seed), *params)


def outside(value, low, high):
    return ((value < low) | (value > high)).sum()


# PIT and calibration


def test_heights_are_counts_whatever_the_shape_of_u():
    u = np.random.default_rng(0).beta(2, 3, N)
    height, *_ = judge.pit_histogram(u.reshape(2, 5, -1), bins=8)
    counts = [np.sum(np.floor(8 * u) == b) for b in range(8)]
    assert_close(height, np.array(counts) * 8 / N, TOL)


def test_shares_against_scipy_and_quantiles():
    u, level = np.random.default_rng(0).random(N), np.linspace(0, 1, 11)
    expected = [percentileofscore(u, a, kind="weak") / 100 for a in level]
    assert_close(judge.calibration(u, level)[0], expected, TOL)
    share, _, _ = judge.calibration([0.2, 0.5, 0.5, 0.9], [0.0, 0.2, 0.5, 1.0])
    assert share.tolist() == [0, 0.25, 0.75, 1]  # on its quantile counts as below
    y, level = mdn.sample(*PARAMS, n=N, seed=3), np.array([0.05, 0.3, 0.5, 0.9])
    below = (y[:, None] <= mdn.quantile(level, *PARAMS)).mean(axis=(0, 2))
    assert_close(judge.calibration(mdn.cdf(y, *PARAMS), level)[0], below, TOL)


@pytest.mark.parametrize("level", [0.01, 0.3, 0.5])
def test_the_band_of_one_level_is_binomial(level):
    _, low, high = judge.calibration(np.linspace(0, 1, 300), level, 0.9)
    assert low.shape == high.shape == ()
    expected = np.array(binom.interval(0.9, 300, level)) / 300
    assert_close([low, high], np.maximum(expected, 0), TOL)


def test_levels_have_any_order_and_shape():
    u, level = pit(PARAMS), np.array([[0.5, 0.0, 0.01], [1.0, 0.5, 0.9]])
    share, low, high = judge.calibration(u, level)
    assert share.shape == low.shape == high.shape == level.shape
    assert (low[0, 1], high[0, 1], low[1, 0], high[1, 0]) == (0, 0, 1, 1)
    ordered = judge.calibration(u, [0.0, 0.01, 0.5, 0.9, 1.0])
    for ours, expected in zip((share, low, high), ordered, strict=True):
        assert_close(ours.ravel(), expected[[2, 0, 1, 4, 2, 3]], 0)


@pytest.mark.parametrize(("n", "d"), [(5, 0.3), (60, 0.15), (60, 0.25), (120, 0.11)])
def test_the_probability_of_all_levels_against_kolmogorov_and_smirnov(n, d):
    """|share - α| <= d for all α: each count of 1 to n may not come too early or late."""
    k = np.arange(1, n + 1)
    early = [(a, 0, i - 1) for i, a in zip(k, k / n - d, strict=True) if a > 0]
    late = [(a, i, n) for i, a in zip(k, (k - 1) / n + d, strict=True) if a < 1]
    level, low, high = np.transpose(sorted([*early, *late]))
    low = np.maximum.accumulate(low).astype(int)
    high = np.minimum.accumulate(high[::-1])[::-1].astype(int)
    inside = judge._inside_levels(n, level, low, high)
    assert_close(inside, kstwo.cdf(d, n), ORACLE["scipy"])


def test_the_probability_of_all_bins_against_the_multinomial():
    n, bins = 7, 3
    counts = [(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]
    for low, high in [(0, 7), (1, 4), (2, 3), (0, 2), (3, 4)]:
        inside = [c for c in counts if low <= min(c) and max(c) <= high]
        expected = sum(multinomial.pmf(c, n, [1 / bins] * bins) for c in inside)
        found = judge._inside_bins(n, (1 / bins,), [low], [high])
        assert_close(found, expected, ORACLE["scipy"])


@pytest.mark.parametrize(("n", "sets"), [(1, 4000), (20, 4000), (60, 4000), (1000, 4000),
                                         (100_000, 400)])  # fmt: skip
@pytest.mark.parametrize("coverage", [0.5, 0.95])
def test_a_right_model_is_inside_as_often_as_promised(n, sets, coverage):
    """All levels, and all bins, of one of many test sets; 10 bins.

    Counts are whole numbers: with few targets the next narrower band may hold far less, so
    that the promise is kept with something to spare; its amount is computed here.
    """
    rng, found = np.random.default_rng([n, int(100 * coverage)]), np.zeros(2, int)
    for _ in range(sets):
        u = rng.random(n)
        found[0] += not outside(*judge.calibration(u, LEVEL, coverage))
        found[1] += not outside(*judge.pit_histogram(u, 10, coverage))
    _, *band = judge.calibration(u, LEVEL, coverage)
    low, high = (np.rint(end * n).astype(int) for end in band)
    levels = judge._inside_levels(n, LEVEL, low, high)
    _, *band = judge.pit_histogram(u, 10, coverage)
    low, high = (np.rint([end * n / 10]).astype(int) for end in band)
    bins = judge._inside_bins(n, (0.1,), low, high)
    for count, p in zip(found, (levels, bins), strict=True):
        assert p >= coverage - 1e-9
        assert binomtest(int(count), sets, min(p, 1)).pvalue > P_VALUE
    if n >= 1000:
        assert max(levels, bins) < coverage + 0.01 + 20 / n


@pytest.mark.parametrize("n", [60, 1000])
def test_a_band_is_as_narrow_as_it_may_be(n):
    """With a little more beyond either end, too little is inside."""
    _, low, _ = judge.calibration(np.full(n, 0.5), LEVEL)
    beyond = binom.cdf(np.rint(low * n) - 1, n, LEVEL).max()  # the tail was more than this
    tail = 1.2 * beyond
    ends = binom.ppf(tail, n, LEVEL).astype(int), binom.isf(tail, n, LEVEL).astype(int)
    assert judge._inside_levels(n, LEVEL, *ends) < 0.95


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_model_is_caught(name):
    level = np.linspace(0.05, 0.95, 19)
    assert outside(*judge.pit_histogram(pit(PARAMS))) == 0
    assert outside(*judge.pit_histogram(pit(WRONG[name]))) >= 3
    assert outside(*judge.calibration(pit(PARAMS), level)) == 0
    assert outside(*judge.calibration(pit(WRONG[name]), level)) >= 8


# Regions


@pytest.mark.parametrize("S", [1, 3, 200])
def test_ranks_of_a_right_model_are_uniform(S):
    """Whatever the number of samples, and with ties, which rounding makes here."""
    rng = np.random.default_rng(S)
    y, samples = rng.standard_normal((2, 5000)), rng.standard_normal((S, 2, 5000))
    for digits in (15, 0):
        log_p = [norm.logpdf(a).sum(axis=-2).round(digits) for a in (y, samples)]
        rank = judge.density_rank(*log_p, seed=1)
        assert rank.shape == (5000,)
        assert kstest(rank, "uniform").pvalue > P_VALUE


def test_ranks_are_the_probability_of_a_higher_density():
    """Of a Gaussian in two dimensions that is 1 - exp(-r²/2)."""
    r = np.array([0.1, 0.5, 1.0, 2.0, 9.0])
    samples = np.random.default_rng(0).standard_normal((100_000, 5, 2))
    rank = judge.density_rank(-0.5 * r**2, -0.5 * (samples**2).sum(axis=-1), seed=0)
    assert_close(rank, 1 - np.exp(-0.5 * r**2), 5 * 0.5 / 100_000**0.5)
    assert judge.density_rank([-np.inf], [[-np.inf], [0.0], [1.0]], seed=0) >= 0.5


def test_a_target_is_in_the_region_of_its_level():
    y = mdn.sample(*PARAMS, n=50, seed=1)
    samples = mdn.sample(*PARAMS, n=20_000, seed=2)
    log_p = mdn.log_prob(y, *PARAMS), mdn.log_prob(samples, *PARAMS)
    rank = judge.density_rank(log_p[0], np.repeat(log_p[1][:, None], 50, axis=1), seed=0)
    for level in (0.3, 0.8):
        pieces = mdn.highest_density_region(level, *PARAMS)
        held = ((pieces[:, 0] <= y) & (y <= pieces[:, 1])).any(axis=-1)
        clear = np.abs(rank - level) > 0.02
        assert clear.sum() > 40
        assert ((rank <= level) == held)[clear].all()


def test_the_level_of_a_repair_is_a_rank_that_is_high_enough():
    rank = np.random.default_rng(0).permutation(np.arange(1, 20) / 20)  # 19 of them
    for level, expected in [(0.05, 0.05), (0.06, 0.1), (0.9, 0.9), (0.901, 0.95)]:
        assert judge.conformal_level(rank, level) == expected
    assert judge.conformal_level(rank, 0.95) == 0.95  # n = α / (1 - α)
    assert judge.conformal_level(rank, 0.951) == 1
    assert judge.conformal_level(np.arange(1, 100) / 100, 0.07) == 0.07  # not 0.08


@pytest.mark.parametrize(("n", "level"), [(9, 0.9), (40, 0.8), (500, 0.95)])
def test_a_repaired_region_covers_as_promised_however_wrong_the_model(n, level):
    """What is inside, given the n ranks, follows Beta(k, n + 1 - k)."""
    rng, k = np.random.default_rng(n), np.ceil((n + 1) * level - 1e-9)
    power = 3.0  # ranks of a wrong model: u³, which is <= α with probability α^(1/3)
    ranks = rng.random((2000, n)) ** power
    covered = np.array([judge.conformal_level(r, level) for r in ranks]) ** (1 / power)
    assert k / (n + 1) >= level - TOL
    assert kstest(covered, beta(k, n + 1 - k).cdf).pvalue > P_VALUE
    naive = level ** (1 / power)
    assert abs(naive - level) > 0.01  # asked for α, the model covers something else


# Comparison


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
        ("calibration", ([0.5], [-0.1]), r"level must lie in \[0, 1\], got -0.1"),
        ("calibration", ([0.5], 0.5, 0), "coverage must be .* got 0"),
        ("density_rank", ([0.0], [0.0]), r"got shapes \(1,\) and \(1,\)"),
        ("density_rank", ([0.0], [[0.0, 0.0]]), r"got shapes \(1,\) and \(1, 2\)"),
        ("density_rank", ([0.0], np.zeros((0, 1))), r"S >= 1, got .* \(0, 1\)"),
        ("density_rank", ([np.nan], [[0.0]]), "log_prob_y must not .* got 1 NaN"),
        ("density_rank", ([0.0], [[np.nan]]), "log_prob_samples must not .* got 1 NaN"),
        ("density_rank", ([0.0], [[0.0]], -1), "seed must be .* got -1"),
        ("conformal_level", ([], 0.5), "rank must have at least one entry, got none"),
        ("conformal_level", ([1.5], 0.5), r"rank must lie in \[0, 1\], got 1.5"),
        ("conformal_level", ([0.5], 1), "level must be between 0 and 1, got 1"),
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
    plots.calibration(ax, {"PyTorch": u})
    level, excess = ax.lines[-2].get_data()
    assert_close(excess, judge.calibration(u, level)[0] - level, TOL)
    with pytest.raises(ValueError, match=r"got \{'a': 1, 'b': 2\}"):  # they share a band
        plots.calibration(ax, {"a": [0.5], "b": [0.5, 0.5]}, colors={"a": "k", "b": "k"})


def test_the_tallest_bin_is_seen_on_shared_axes(ax):
    plots.pit_histogram(ax, np.linspace(0, 1, 1000))
    plots.pit_histogram(ax.figure.axes[1], np.full(1000, 0.5))  # one bin of height 20
    assert ax.get_ylim()[0] == 0
    assert ax.get_ylim()[1] > 20
