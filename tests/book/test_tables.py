"""Each stored table says what it holds and what made it, and some that they are complete.

Those of chapter 9, to which other programs add, are held to their runs in their own tests.
"""

import re
from itertools import chain

import pytest
import speed
import study
import study_dream

from mdn_book import dream, robot, scaling

MADE_WITH = ["Python", "numpy", "scipy", "tensorflow", "keras", "torch"]
TABLES = {  # what else made it, and its columns
    study.TABLE: (["ngboost"], study.COLUMNS),
    study.RATES: ([], ["learning rate", "seed", *map(str, study.SCORED)]),
    study.ROBOT: ([], robot.COLUMNS),
    study.MANY: ([], scaling.COLUMNS),
    study_dream.DREAMS: (["cma"], study_dream.COLUMNS),
    speed.TABLE: ([], speed.COLUMNS),
}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_names_what_it_was_made_with(path):
    others, columns = TABLES[path]
    made_by, versions, header = path.read_text().splitlines()[:3]
    assert ("make speed" if path == speed.TABLE else "make study") in made_by
    for name in [*MADE_WITH, *others]:
        assert re.search(rf"\b{name} \d+\.\d+", versions), name
    assert header == ",".join(columns)


@pytest.mark.parametrize(
    ("path", "jobs", "stored"),
    [
        (study.ROBOT, study.robot_jobs, robot.stored),
        (study.MANY, study.rows_jobs, scaling.stored),
        (study_dream.DREAMS, lambda: chain(*study_dream.jobs()), dream.study),
    ],
    ids=["robot", "many rows", "dream"],
)
def test_a_table_holds_every_run_once_and_no_other(path, jobs, stored):
    runs = list(jobs())
    assert len(set(runs)) == len(runs) == len(path.read_text().splitlines()) - 3
    assert stored().keys() == set(runs)


def test_a_row_of_the_table_of_dreams_comes_out_again():
    stored = dream.study()["floor", "no memory", 100]["gap"]
    assert study_dream.floor("no memory", 100) == pytest.approx(stored, abs=1e-4)
