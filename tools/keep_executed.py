"""A plugin for pytest: keep what nbval executes, so that the build need not do it again.

    PYTHONPATH=tools pytest -p keep_executed --nbval book/*.ipynb

nbval executes every cell of a chapter in order in one kernel, as the build does. A chapter
all of whose cells passed goes into the cache of the build, with the outputs of this run.
"""

from collections import defaultdict

import build
import chapters
import pytest
from jupyter_cache import get_cache

passed = defaultdict(dict)  # by notebook: the outputs of each cell, and its seconds


def pytest_sessionstart():
    build.drop_stale_cache()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.passed:
        passed[item.path][item.cell_num] = item.test_outputs, call.duration
    return report


def pytest_sessionfinish():
    cache = get_cache(build.CACHE)
    for path, cells in passed.items():
        notebook = chapters.read(path)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if len(cells) == len(code):
            for i, cell in enumerate(code):
                cell.outputs, _ = cells[i]
                cell.execution_count = i + 1
                for output in cell.outputs:
                    if output.output_type == "execute_result":
                        output.execution_count = i + 1
            build.keep(cache, notebook, path, sum(seconds for _, seconds in cells.values()))
