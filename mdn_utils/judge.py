"""Is a predicted density calibrated, and which of two models is better?

Everything here takes arrays, one entry for each target, and knows no model: scores, such
as the log density or the CRPS, or the probability integral transform ``u = F(y|x)``, the
distribution function of the prediction at the target (`mdn_utils.numpy.cdf`). If the
prediction is right, u is uniform on [0, 1].

The targets have to be independent of each other, and of the training. The bands say where
the numbers of a *right* model lie, each with the probability ``coverage`` at least: of 20
bins, one on average is outside a band of 95%. A ValueError names what is not finite, out
of range or too little. :mod:`mdn_book.plots` draws these diagnostics.
"""

import numpy as np
from scipy.stats import binom

from . import _check

__all__ = ["paired_difference", "pit_histogram", "reliability"]


def pit_histogram(u, bins=20, coverage=0.95):
    """``B/N Σ_n 1{u_n in bin b}`` for B equal bins: the density of u, 1 if it is uniform.

    The count of a bin is then binomial, of N draws with probability 1/B. u may have any
    shape; returns heights (bins,), and the lowest and highest within the band, two scalars.

    >>> height, low, high = pit_histogram(np.linspace(0, 1, 1000) ** 2, bins=4)
    >>> height.tolist(), round(low, 3), round(high, 3)
    ([2.0, 0.828, 0.636, 0.536], 0.892, 1.108)
    """
    u = _pit(u)
    _check.number("a positive integer", bins=bins)
    count, _ = np.histogram(u, bins, range=(0, 1))
    low, high = _band(u.size, 1 / bins, coverage)
    return count * bins / u.size, float(low * bins), float(high * bins)


def reliability(u, level, coverage=0.95):
    """``1/N Σ_n 1{u_n <= α}``: how many targets are below their quantile of level α.

    u <= α says the same as y <= Q(α|x), without computing any quantile. For a right model
    the count is binomial, of N draws with probability α. u and level may have any shape;
    returns shares, and the lowest and highest within the band, all of the shape of level.

    >>> share, low, high = reliability(np.linspace(0, 1, 1000) ** 2, [0.25, 0.5])
    >>> share.tolist(), low.tolist(), high.tolist()
    ([0.5, 0.707], [0.223, 0.469], [0.277, 0.531])
    """
    u, level = np.sort(_pit(u)), _check.unit("level", level)
    share = np.searchsorted(u, level, side="right") / u.size
    return share, *_band(u.size, level, coverage)


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


def _band(n, p, coverage):
    """The central interval of a binomial count of n draws, divided by n."""
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage!r}")
    low, high = binom.interval(coverage, n, p)
    return np.maximum(low, 0) / n, high / n


def _pit(u):
    u = _check.unit("u", u).ravel()
    if not u.size:
        raise ValueError("u must have at least one entry, got none")
    return u
