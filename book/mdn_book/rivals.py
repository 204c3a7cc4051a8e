"""Tables on which chapter 12 compares a mixture density network with its rivals.

`TABLES` draws rows to fit and rows to test with; ``scores`` asks the same of every method,
whatever library it comes from; `stored` reads what ``make study`` stored.

>>> (x, y), (x_test, y_test) = TABLES["concrete"].rows(seed=0)
>>> x.shape, y_test.shape
((927, 8), (103, 1))
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from . import data, suite

__all__ = ["TABLES", "stored"]

#: The levels of the quantiles that every method gives.
LEVELS = np.arange(1, 20) / 20

KEY = ("table", "method", "library", "seed")
COLUMNS = (*KEY, "nll", "crps", "coverage", "seconds")

#: The methods of other libraries, and which.
OTHERS = (
    ("quantile regression", "scikit-learn"),
    ("kernel density", "statsmodels"),
    ("boosted Normal", "ngboost"),
    ("spline flow", "zuko"),
)

#: The settings tried on concrete, K and noise times √N, and the splits to choose on.
CHOICE = [(K, noise) for K in (1, 3, 10) for noise in ((0.5, 0.5), (1, 2), (1, 4))]
CHOICE_SEEDS = range(3)


@dataclass(frozen=True)
class Table:
    """Rows to fit and to test with.

    Attributes:
        rows: function of the seed, gives (x, y) to fit and (x, y) to test with.
        seeds: those of the study, for all methods.
        more: seeds for the mixture and the ensemble alone.
        K: components of the mixture.
        noise: that of `fit`, times √N; None leaves it to `fit`.
    """

    rows: Callable
    seeds: range
    K: int = 10
    noise: tuple | None = None
    more: range = range(0)


def _shuffled(load, test):
    return lambda seed: data.split(*load(), seed, (1 - test, test))


def _drawn(problem, n):
    def rows(seed):
        return suite.rows(problem, n, seed), suite.rows(problem, 2000, seed, "test")

    return rows


def choice_rows(seed):
    """Concrete without its test rows, split again: to fit, and to choose settings with."""
    (x, y), _ = TABLES["concrete"].rows(seed)
    return (x[:-103], y[:-103]), (x[-103:], y[-103:])


#: Real tables, and two problems with an exact density, by name.
TABLES = {
    "stars by color": Table(_shuffled(data.stars, 0.2), range(1)),
    "Old Faithful": Table(_shuffled(data.old_faithful, 0.2), range(5)),
    "concrete": Table(
        _shuffled(data.concrete, 0.1), range(5), K=3, noise=(1, 2), more=range(5, 20)
    ),
    "inverse toy": Table(_drawn(suite.DEVELOPMENT["inverse toy"], 1000), range(2), K=26),
    "line": Table(_drawn(suite.DEVELOPMENT["line"], 100), range(5)),
}


def scores(y, quantiles, log_p=None):
    """NLL, CRPS and coverage of test rows.

    The CRPS is twice the integral of the pinball loss over all levels, here by trapezoids
    from the 19 quantiles that all methods have; at the levels 0 and 1 it is 0. Coverage is
    that of the interval between the first and the last, which promises 90 %.

    Args:
        y: targets, shape (N, 1).
        quantiles: those of `LEVELS`, shape (19, N).
        log_p: log densities, shape (N,); None for a method that has none.

    Returns:
        NLL in nats (NaN without log_p), CRPS in the unit of y, and a share.

    >>> y = np.random.default_rng(0).random((10_000, 1))
    >>> uniform = np.repeat(LEVELS[:, None], len(y), axis=1)
    >>> [round(float(score), 2) for score in scores(y, uniform, np.zeros(len(y)))]
    [-0.0, 0.17, 0.9]
    """
    if quantiles.shape != (len(LEVELS), len(y)):
        raise ValueError(f"quantiles must be (19, {len(y)}), got {quantiles.shape}")
    above = y[:, 0] - quantiles
    level = LEVELS[:, None]
    pinball = np.where(above >= 0, level * above, (level - 1) * above)
    crps = 2 * LEVELS[0] * pinball.sum(axis=0).mean()
    inside = (above[0] >= 0) & (above[-1] <= 0)
    nll = np.nan if log_p is None else -np.mean(log_p)
    return nll, crps, inside.mean()


def stored():
    """The stored scores, made by ``make study``.

    Returns:
        a dict from (table, method, library, seed) to a dict of the numbers ``nll``,
        ``crps``, ``coverage`` and ``seconds``; NaN where a method has no density.

    >>> stored()["concrete", "mixture", "PyTorch", 0].keys()
    dict_keys(['nll', 'crps', 'coverage', 'seconds'])
    """
    found = {}
    with (files("mdn_book") / "rivals.csv").open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            numbers = {n: float(row[n] or "nan") for n in COLUMNS[len(KEY) :]}
            found[(*(row[n] for n in KEY[:-1]), int(row["seed"]))] = numbers
    return found
