"""The notebooks, one after the other."""

import chapters
import pytest


@pytest.fixture(params=chapters.NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return chapters.read(request.param)


@pytest.fixture
def cells(notebook):
    """Its code cells, without the first: that one sets up Colab."""
    return chapters.code_cells(notebook)[1:]
