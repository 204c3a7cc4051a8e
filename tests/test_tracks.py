"""A reader with one framework alone can run every chapter."""

import chapters
import pytest
from nbformat.v4 import new_code_cell

MODULES = {"tensorflow": "tensorflow", "pytorch": "torch"}


def tags(cell):
    return set(cell.metadata.get("tags", []))


def paired(path):
    return any(tags(cell) & MODULES.keys() for cell in chapters.read(path).cells)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("absent", MODULES)
@pytest.mark.parametrize(
    "path", filter(paired, chapters.NOTEBOOKS), ids=lambda path: path.stem
)
def test_a_chapter_runs_without_the_other_framework(path, absent):
    notebook = chapters.read(path)
    block = new_code_cell(
        f"import sys\nsys.modules['{MODULES[absent]}'] = None  # no import"
    )
    notebook.cells = [block, *(cell for cell in notebook.cells if absent not in tags(cell))]

    chapters.execute(notebook, f"{path.stem} without {absent}")  # raises if a cell does
