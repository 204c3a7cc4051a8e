"""The stored table of chapters 9 and 11: complete, and some of its rows repeated here."""

import csv

import numpy as np
import pytest
import study
from scipy import stats

from mdn_book import data, interactive, suite

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

SPREAD = 0.01  # rounding differs between machines, and training lets it grow
AGAIN = [
    ("frozen", "PyTorch", "inverse sine", 100, "none", 100),
    ("frozen", "TensorFlow", "inverse sine", 100, "none", 100),
    ("changes", "PyTorch", "inverse sine", 300, "one layer", 0),
    ("confirmed", "PyTorch", "heavy tails", 300, "no averaging", 109),
    ("tables", "PyTorch", "Old Faithful", 299, "none", 0),
    ("ladder", "PyTorch", "stars by color", 20000, "K = 5", 0),
    ("scaling", "PyTorch", "inverse sine", 512, "scaled inputs, K = 3", 100),
]


def test_the_table_holds_no_run_twice():
    *_, header = study.TABLE.read_text().splitlines()[:3]
    rows = list(csv.reader(study.TABLE.read_text().splitlines()[3:]))
    assert tuple(header.split(",")) == study.COLUMNS
    assert len({tuple(row[: len(suite.KEY)]) for row in rows}) == len(rows)


def test_the_table_holds_every_run_and_no_other():
    runs = list(study.jobs())
    boosted = {
        ("tables", "NGBoost", name, len(load()[0]), "none", seed)
        for name, (load, seeds) in data.TABLES.items()
        for seed in seeds
    }
    assert len(set(runs)) == len(runs)
    assert suite.study().keys() == {*runs, *boosted}


def test_scores_are_numbers():
    for key, scores in suite.study().items():
        wanted = ["nll"] if key[0] == "scaling" else ["nll", "line"]
        assert np.isfinite([scores[name] for name in wanted]).all(), key


@pytest.mark.parametrize("key", AGAIN, ids=lambda key: "-".join(map(str, key)))
def test_a_row_of_the_table_comes_out_again(key):
    assert key in set(study.jobs())
    *again, nll, line, _, validation = study.run(key)
    stored = suite.study()[key]
    assert tuple(again) == key
    assert abs(float(nll) - stored["nll"]) < SPREAD
    assert float(line or "nan") == pytest.approx(stored["line"], abs=2e-4, nan_ok=True)
    validated = float(validation or "nan")
    assert validated == pytest.approx(stored["validation"], abs=SPREAD, nan_ok=True)


def test_the_line_is_the_gaussian_of_a_least_squares_fit():
    rng = np.random.default_rng(0)
    x = rng.normal([5, -3, 0], [10, 0.1, 1], (400, 3))
    y = x @ rng.normal(size=(3, 2)) + rng.normal(size=(400, 2)) @ [[1, 0.9], [0, 0.2]] + 7
    train, test = (x[:300], y[:300]), (x[300:], y[300:])

    ones = [np.c_[np.ones(len(x)), x] for x, _ in (train, test)]
    slopes = np.linalg.pinv(ones[0]) @ train[1]
    covariance = np.cov((train[1] - ones[0] @ slopes).T, bias=True)
    errors = test[1] - ones[1] @ slopes
    expected = -stats.multivariate_normal([0, 0], covariance).logpdf(errors).mean()
    assert study.line_nll(train, test) == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def unchanged():
    return short_run("none")


def short_run(change):
    """The score of a thirtieth of the steps on few rows, where overfitting sets in soon."""
    from mdn_utils import torch as mdn

    fit = mdn.fit

    def short(*args, steps=3000, **options):
        return fit(*args, steps=steps // 30, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mdn, "fit", short)
        row = study.run(("changes", "PyTorch", "line", 60, change, 0))
    return float(row[len(suite.KEY)])


@pytest.mark.parametrize("change", [c for c in study.CHANGES if c != "none"])
def test_every_change_changes_something(change, unchanged):
    assert short_run(change) != unchanged


def test_changes_are_undone_after_their_runs(unchanged):
    assert short_run("none") == unchanged


def test_learning_rates_are_complete_and_come_out_again():
    steps, rows = interactive.stored_rates()
    assert steps.tolist() == list(study.SCORED)
    wanted = {(rate, seed) for rate in study.LEARNING_RATES for seed in range(5)}
    assert len(rows) == len(wanted)
    stored = {row[:2]: row[2:] for row in rows}
    assert stored.keys() == wanted
    again = study.rate_run((0.005, 0))
    assert np.allclose([float(v) for v in again[2:]], stored[0.005, 0], atol=0.03)
