"""`make reseed` finds what holds for the stored draws alone, whatever took the seed."""

import pytest
import reseed
from nbformat import write
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SETUP = """
import keras
import numpy as np
import tensorflow as tf
import torch
from scipy import stats
from mdn_book import data, weights
from mdn_utils import numpy as mdn_np, tensorflow as mdn_tf, torch as mdn_torch

def unshifted(seed):
    return np.random.Generator(np.random.PCG64(seed))

one = np.zeros(1), np.zeros((1, 1)), np.zeros((1, 1))
x = np.arange(9.0)[:, None]
"""
# What each gives with the seed as it is written
OF_ONE_DRAW = {
    "numpy": "np.random.default_rng(0).random(), unshifted(0).random()",
    "numpy-list": "np.random.default_rng([7, 1]).random(), unshifted([7, 1]).random()",
    "mdn-numpy": "mdn_np.sample(*one, seed=0), -0.13210",
    "mdn-tensorflow": "mdn_tf.sample(*one, seed=0), 0.16479",
    "mdn-torch": "mdn_torch.sample(*one, seed=0), -0.29052",
    "weights": "weights.draw(x, 3, 1, 1.0)[0][0] * x.std(), unshifted(3).uniform(-1, 1)",
    "scipy": "stats.norm.rvs(random_state=0), 1.76405",
    "torch": "torch.manual_seed(0) and torch.rand(()), 0.49626",
    "torch-generator": "torch.rand((), generator=torch.Generator().manual_seed(0)), .49626",
    "keras": "keras.utils.set_random_seed(0) or np.random.random(), 0.54881",
    "tf-keras": "tf.keras.utils.set_random_seed(0) or np.random.random(), 0.54881",
}
OF_ALL = {
    "range": "0 <= np.random.default_rng(0).random() < 1",
    "of-the-time": "np.random.default_rng().random() < 1",
    "rows": "np.array_equal(data.split(x, x, seed=2)[0][0],"
    " x[unshifted(2).permutation(9)[:5]])",
}


def small(folder):
    """A notebook that prints a number before each cell that asserts something of it."""
    cells = [new_code_cell(SETUP)]
    for name, pair in OF_ONE_DRAW.items():
        cells.append(new_code_cell(f"value, stored = {pair}\nprint('{name} gave', value)"))
        check = "assert np.allclose(value, stored, atol=1e-4)"
        cells.append(new_code_cell(check, id=name))
    cells += [new_code_cell(f"assert {claim}", id=name) for name, claim in OF_ALL.items()]
    write(new_notebook(cells=cells), folder / "small.ipynb")
    return str(folder / "small.ipynb")


def test_an_assert_of_one_draw_is_found_and_the_notebook_goes_on(tmp_path, capsys):
    count = len(OF_ONE_DRAW)
    assert str(count) in reseed.main(["7", small(tmp_path)])
    told = capsys.readouterr().out
    assert f"small, seeds + 7: fails in {count}" in told
    for name in OF_ONE_DRAW:
        _, _, after = told.partition(f"small, seeds + 7, cell {name}\n")
        assert f"{name} gave" in after  # what was printed above the assert
        assert "assert np.allclose(value, stored" in after
    assert "\x1b" not in told


def test_what_holds_passes(tmp_path, capsys):
    assert reseed.main(["0", small(tmp_path)]) is None  # the seeds as they are
    assert capsys.readouterr().out.strip() == "small, seeds + 0: holds"
