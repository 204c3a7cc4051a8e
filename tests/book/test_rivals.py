"""The stored table of chapter 12: complete, and some of its rows repeated here."""

import re

import numpy as np
import pytest
import study

from mdn_book import data, rivals
from mdn_utils import numpy as mdn_np

SPREAD = 0.02  # rounding differs between machines, and training lets it grow
AGAIN = [
    ("concrete", "mixture", "PyTorch", 3),
    ("line", "σ(x)", "PyTorch", 0),
    ("Old Faithful", "straight line", "PyTorch", 0),
]


def test_the_table_names_the_versions_it_was_made_with():
    made_by, versions = study.RIVALS.read_text().splitlines()[:2]
    assert "make study" in made_by
    script = (study.ROOT / "tools" / "rivals.py").read_text()
    for name in ("scikit-learn", "statsmodels", "ngboost", "zuko", "torch", "numpy"):
        found = re.search(rf"\b{name} (\d+\.\d+(\.\d+)?)", versions)[1]
        assert f'"{name}=={found}"' in script


def test_the_table_holds_every_run_and_no_other():
    others = {
        (name, *method, seed)
        for name, table in rivals.TABLES.items()
        for seed in table.seeds
        for method in rivals.OTHERS
    }
    runs = list(study.rival_jobs())
    assert len(set(runs)) == len(runs)
    assert rivals.stored().keys() == {*runs, *others}
    lines = study.RIVALS.read_text().splitlines()
    assert lines[2] == ",".join(rivals.COLUMNS)
    assert len(lines) - 3 == len(rivals.stored())


def test_scores_are_numbers_and_only_quantile_regression_has_no_density():
    for key, scores in rivals.stored().items():
        assert np.isnan(scores["nll"]) == (key[1] == "quantile regression"), key
        assert np.isfinite([scores["crps"], scores["seconds"]]).all(), key
        assert 0 <= scores["coverage"] <= 1, key


@pytest.mark.parametrize("key", AGAIN, ids=lambda key: "-".join(map(str, key)))
def test_a_row_of_the_table_comes_out_again(key):
    *again, nll, crps, _, _ = study.rival_run(key)
    stored = rivals.stored()[key]
    assert tuple(again) == key
    assert abs(float(nll) - stored["nll"]) < SPREAD
    assert float(crps) == pytest.approx(stored["crps"], rel=0.02)


def test_splits_of_concrete_are_those_that_the_chapter_states():
    x, y = data.concrete()
    for seed in (0, 19):
        rows = np.random.default_rng(seed).permutation(1030)
        (x_fit, _), (_, y_test) = rivals.TABLES["concrete"].rows(seed)
        assert (x_fit == x[rows[:-103]]).all()
        assert (y_test == y[rows[-103:]]).all()
        part, held = rivals.choice_rows(seed)
        assert (np.concatenate([part[0], held[0]]) == x_fit).all()


def test_scores_are_close_to_the_exact_ones():
    rng = np.random.default_rng(0)
    one = np.ones((2000, 1))
    params = 0 * one, one[..., None], np.log(2) * one[..., None]
    y = 1 + 2 * rng.standard_normal((2000, 1))
    quantiles = mdn_np.quantile(rivals.LEVELS[:, None], *params)[..., 0]
    log_p = mdn_np.log_prob(y, *params)
    nll, crps, coverage = rivals.scores(y, quantiles, log_p)
    assert nll == pytest.approx(mdn_np.nll(y, *params))
    assert crps == pytest.approx(mdn_np.crps(y, *params).mean(), rel=0.03)
    assert coverage == pytest.approx(0.9, abs=0.02)


def test_quantiles_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"quantiles must be \(19, 5\)"):
        rivals.scores(np.zeros((5, 1)), np.zeros((19, 1, 5)))
