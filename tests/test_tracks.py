"""A reader with one framework alone can run every chapter."""

import chapters
import pytest
from nbformat.v4 import new_code_cell

MODULES = {"tensorflow": "tensorflow", "pytorch": "torch"}

# As if the module were not installed: the import system looks for it and finds nothing.
BLOCK = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, path=None, target=None: (
    None if name == "{module}" else find_spec(name, path, target)
)
"""


def tags(cell):
    return set(cell.metadata.get("tags", []))


PAIRED = [
    path
    for path in chapters.NOTEBOOKS
    if any(tags(cell) & MODULES.keys() for cell in chapters.read(path).cells)
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("absent", MODULES)
@pytest.mark.parametrize("path", PAIRED, ids=lambda path: path.stem)
def test_a_chapter_runs_without_the_other_framework(path, absent):
    notebook = chapters.read(path)
    block = new_code_cell(BLOCK.format(module=MODULES[absent]))
    notebook.cells = [block, *(cell for cell in notebook.cells if absent not in tags(cell))]

    chapters.execute(notebook, f"{path.stem} without {absent}")  # raises if a cell does
