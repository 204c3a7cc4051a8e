"""Is a predicted density calibrated, and which of two models is better?

Everything here takes arrays, one entry for each target, and knows no model:

- ``u = F(y|x)``, the probability integral transform (PIT): the distribution function of
  the prediction at the target (`mdn_utils.numpy.cdf`), for D = 1. `pit_histogram` and
  `calibration` look at it;
- ``rank``, the level of the smallest region that holds the target. Regions of highest
  density, for any D: `density_rank`. Central intervals: ``|2u - 1|``. `calibration` of
  ranks is the coverage of such regions, and `conformal_level` repairs it;
- scores, such as the log density or the CRPS, for `paired_difference`.

If the prediction is right, u and rank are uniform on [0, 1]. The targets have to be
independent of each other and of the training. Rounded targets repeat, which makes steps
in u that no band knows of: then draw each u evenly from [F(y - δ/2), F(y + δ/2)], δ the
step of the rounding. A ValueError names what is out of range, NaN or too little.
:mod:`mdn_book.plots` draws these diagnostics.

The bands are *simultaneous*: a right model has all its bins, or all its levels, inside
with the probability ``coverage``, or a little more, since counts are whole numbers. They
are exact for any number of targets. Sources: for bins, Levin (1981), Annals of
Statistics 9, 1123; for levels, Säilynoja, Bürkner and Vehtari (2022), Statistics and
Computing 32, 32, computed as in Moscovich and Nadler, arXiv:1503.04363.
"""

from functools import lru_cache

import numpy as np
from scipy.signal import convolve
from scipy.stats import binom, poisson

from . import _check
from .numpy import generator

__all__ = ["calibration", "conformal_level", "density_rank", "paired_difference",
           "pit_histogram"]  # fmt: skip


def pit_histogram(u, bins=20, coverage=0.95):
    """``B/N Σ_n 1{u_n in bin b}`` for B equal bins: the density of u, 1 if it is uniform.

    The band is that of N draws from B equally probable bins: the lowest and the highest of
    all heights lie within it with the probability ``coverage``. u may have any shape.
    Returns heights (bins,), and the ends of the band, two scalars.

    >>> height, low, high = pit_histogram(np.linspace(0, 1, 1000) ** 2, bins=4)
    >>> height.tolist(), round(low, 3), round(high, 3)
    ([2.0, 0.828, 0.636, 0.536], 0.868, 1.136)
    """
    u = _uniform("u", u)
    _check.number("a positive integer", bins=bins)
    count, _ = np.histogram(u, bins, range=(0, 1))
    band = _band(u.size, (1 / bins,), _coverage(coverage), _inside_bins)
    low, high = (float(end[0] * bins / u.size) for end in band)
    return count * bins / u.size, low, high


def calibration(u, level, coverage=0.95):
    """``1/N Σ_n 1{u_n <= α}``: how many targets are within their quantile of level α.

    u <= α says the same as y <= F⁻¹(α|x), without computing any quantile. Of ranks in place
    of u it is the coverage of the regions of level α. The band holds for all levels that
    are asked at once. u and level may have any shape; returns shares, and the lowest and
    highest within the band, all of the shape of level.

    >>> share, low, high = calibration(np.linspace(0, 1, 1000) ** 2, [0.25, 0.5])
    >>> share.tolist(), low.tolist(), high.tolist()
    ([0.5, 0.707], [0.22, 0.466], [0.28, 0.534])
    """
    u, level = np.sort(_uniform("u", u)), _check.unit("level", level)
    share = np.searchsorted(u, level, side="right") / u.size
    levels, place = np.unique(level, return_inverse=True)
    band = _band(u.size, tuple(levels.tolist()), _coverage(coverage), _inside_levels)
    return share, *(end[place].reshape(level.shape) / u.size for end in band)


def density_rank(log_prob_y, log_prob_samples, seed=None):
    """``P(p(Y|x) > p(y|x))``: the level of the smallest region of highest density with y.

    Estimated from n samples of the model at each x: with the log densities of the targets,
    shape (N,), and of the samples, (n, N), it is ``(denser + V (1 + equal)) / (n + 1)``,
    V ~ U(0, 1) drawn anew for each target from ``seed`` (as of `mdn_utils.numpy.sample`).
    ``rank <= α`` says that y lies in the region of level α. The error of a rank r is about
    √(r (1 - r) / n), but for a right model ranks are uniform however small n is. Returns
    shape (N,), for any D. Source: Izbicki, Shimizu and Stern (2022), JMLR 23, HPD-split.

    >>> rank = density_rank([2.5], [[1.0], [2.0], [3.0], [4.0]])  # two are denser
    >>> bool(0.4 <= rank[0] <= 0.6)
    True
    """
    y, samples = (np.asarray(a, float) for a in (log_prob_y, log_prob_samples))
    if y.ndim != 1 or samples.shape[1:] != y.shape or not len(samples):
        rule = "log_prob_y must have shape (N,) and log_prob_samples (S, N) with S >= 1"
        raise ValueError(f"{rule}, got shapes {y.shape} and {samples.shape}")
    for name, a in {"log_prob_y": y, "log_prob_samples": samples}.items():
        if n := np.isnan(a).sum():
            raise ValueError(f"{name} must not contain NaN, got {n} NaN in shape {a.shape}")
    denser, equal = (samples > y).sum(axis=0), (samples == y).sum(axis=0)
    v = generator(seed).random(y.shape)
    return (denser + v * (1 + equal)) / (len(samples) + 1)


def conformal_level(rank, level):
    """The ``⌈(N + 1) α⌉``-th smallest of N ranks: the level to ask for in place of α.

    If the N rows of ``rank`` and a new one are exchangeable, none of them used to train or
    to choose the model, then the region of the level returned holds the new target with a
    probability of α at least, however wrong the model: on average over such rows and over
    x, not at each x. Where N < α / (1 - α), that takes all there is: returns 1. Sources:
    Papadopoulos et al. (2002), ECML, and Lei et al. (2018), JASA 113, 1094, for the
    quantile; Izbicki, Shimizu and Stern (2022) with ranks of highest density.

    >>> rank = np.linspace(0.01, 0.99, 99)  # of a right model
    >>> [conformal_level(rank, 0.8), conformal_level(np.sqrt(rank), 0.8)]
    [0.8, 0.8944271909999159]
    """
    rank = np.sort(_uniform("rank", rank))
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    k = int(np.ceil(np.round((rank.size + 1) * level, 9)))  # 100 · 0.07 > 7 in floats
    return 1.0 if k > rank.size else float(rank[k - 1])


def paired_difference(a, b):
    """``d_n = a_n - b_n``: its mean, and the standard error ``s_d / √N`` of that mean.

    a and b are scores of two models on the same targets, in the same order, of any one
    shape. Returns two scalars in the unit of the scores.

    >>> mean, error = paired_difference([1.0, 5.0, 9.0], [0.5, 4.0, 8.5])
    >>> print(f"{mean:.3f} ± {error:.3f}")
    0.667 ± 0.167
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"a and b must have the same shape, got {a.shape} and {b.shape}")
    if a.size < 2:
        raise ValueError(f"a and b must have at least two entries, got {a.size}")
    _check.finite("a", a)
    _check.finite("b", b)
    difference = a - b
    error = difference.std(ddof=1) / np.sqrt(difference.size)
    return float(difference.mean()), float(error)


@lru_cache(maxsize=64)
def _band(n, p, coverage, inside):
    """The narrowest band of binomial counts of n draws that holds all of them.

    Each count gets the same probability beyond either end; what that may be is found by
    bisection, from where the bounds of Bonferroni and of a single count enclose it.
    """

    def ends(tail):
        low, high = binom.ppf(tail, n, p), binom.isf(tail, n, p)
        return np.maximum(low, 0).astype(int), high.astype(int)

    miss = (1 - coverage) / 2
    fine, most = miss / len(p), miss
    if inside is _inside_bins:
        fine *= p[0]
    if inside(n, p, *ends(most)) >= coverage:
        fine = most
    while most / fine > 1 + 1e-4:
        tail = np.sqrt(fine * most)
        held = inside(n, p, *ends(tail)) >= coverage
        fine, most = (tail, most) if held else (fine, tail)
    return ends(fine)


def _inside_levels(n, level, low, high):
    """P(low_i <= how many of n uniform draws are <= level_i <= high_i, for all i).

    The counts are those of a Poisson process that ends at n: steps are independent of what
    was before, so that each level is one convolution of the probabilities of the counts.
    """
    mass, at, start = np.ones(1), 0.0, 0  # mass[i] of the count start + i
    for a, least, most in zip([*level, 1.0], [*low, n], [*high, n], strict=True):
        step = poisson.pmf(np.arange(most - start + 1), n * (a - at))
        mass = convolve(mass, step)[least - start : most - start + 1]
        at, start = a, least
    return mass[0] / poisson.pmf(n, n)


def _inside_bins(n, p, low, high):
    """P(low <= count <= high in all of 1/p equal bins): as above, bin by bin."""
    bins, count = round(1 / p[0]), np.arange(low[0], high[0] + 1)
    size = bins * (len(count) - 1) + 1
    spectrum = np.fft.rfft(poisson.pmf(count, n / bins), size)
    mass = np.fft.irfft(spectrum**bins, size)  # of the sum, less its smallest value
    left = n - bins * low[0]
    return mass[left] / poisson.pmf(n, n) if 0 <= left < size else 0.0


def _coverage(coverage):
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage!r}")
    return float(coverage)


def _uniform(name, a):
    a = _check.unit(name, a).ravel()
    if not a.size:
        raise ValueError(f"{name} must have at least one entry, got none")
    return a
