"""The stored table of chapter 9: complete, and repeated here on one seed."""

import re

import numpy as np
import pytest
import study

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

SEED = 3
SPREAD = 0.015  # rounding differs between machines, and training lets it grow


def test_the_table_holds_every_setting_with_ten_seeds():
    table = study.read()
    assert table.keys() == {
        (framework, group, setting)
        for framework in study.TAGS
        for group, settings in study.GROUPS.items()
        for setting in settings
    }
    assert all(len(gaps) == len(study.SEEDS) == 10 for gaps in table.values())


def test_the_table_names_the_versions_it_was_made_with():
    made_by, versions = study.TABLE.read_text().splitlines()[:2]
    assert "make study" in made_by
    for name in ("Python", "numpy", "tensorflow", "keras", "torch"):
        assert re.search(rf"\b{name} \d+\.\d+", versions), name


@pytest.mark.parametrize("framework", study.TAGS)
@pytest.mark.parametrize(
    ("group", "setting"), [("without", "recipe"), ("without", "three layers")]
)
def test_a_row_of_the_table_comes_out_again(framework, group, setting):
    names = study.chapter(framework)
    gap = study.run(names, study.GROUPS[group][setting], seeds=[SEED]).item()
    stored = study.read()[framework, group, setting][SEED]
    assert abs(gap - stored) < SPREAD


@pytest.mark.parametrize("framework", study.TAGS)
def test_training_on_fresh_samples_comes_out_again(framework):
    names = study.chapter(framework)
    gap = study.run_fresh(names, study.FRESH, seeds=[SEED]).item()
    assert gap <= 0.04
    assert abs(gap - study.read()[framework, "fresh", "4,000 steps"][SEED]) < SPREAD


def test_the_parts_of_the_start_can_be_taken_one_by_one():
    good = [np.full(3, i) for i in range(10)]  # two hidden layers, three heads
    plain = [np.full(3, -1) for _ in good]

    def taken(**setting):
        setting = {"parts": (), "means": None, "sigma": None} | setting
        return [weight[0] for weight in study.mix(good, plain, setting)]

    assert taken() == [-1] * 10
    assert taken(parts=study.RECIPE["parts"]) == list(range(10))
    assert taken(parts=("steps", "means")) == [0, 1, *[-1] * 5, 7, -1, -1]
    assert taken(parts=("layers",)) == [-1, -1, 2, 3, *[-1] * 6]
    assert taken(means=5)[7] == 5
    assert taken(sigma=1)[9] == 0
