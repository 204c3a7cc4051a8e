"""Steps of `make test` run side by side and in order, and nbval feeds the build."""

import subprocess
import sys
import threading

import chapters
import check
import nbformat
import pytest
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_notebook, new_output


def test_every_step_that_waits_waits_for_a_step():
    for name, before in check.AFTER.items():
        assert {name} | before <= check.STEPS.keys()


def test_every_test_runs_in_exactly_one_step():
    units = check.STEPS[check.UNITS]
    for path in [*check.PAGES, check.ACCESS, check.COLAB, *check.OFFLINE, check.SPEED]:
        assert (chapters.ROOT / path).is_file()
        assert f"--ignore={path}" in units
    selected = [check.STEPS[step][-1] for step in (check.TENSORFLOW, check.PYTORCH)]
    assert selected == ["tensorflow", "not tensorflow"]
    selected = [check.STEPS[step][-1] for step in (check.VISITS, check.EVERYONE)]
    assert selected == ["quick", "not quick"]


def test_steps_run_side_by_side_and_print_in_one_piece(capsys):
    meet = threading.Barrier(2, timeout=10)

    def run(name):
        if name in {"one", "two"}:
            meet.wait()  # passes only if both run at the same time
        return name != "two", f"{name} says this\n", 1.0

    steps = {name: name for name in ["last", "one", "two"]}
    results = check.run_all(steps, {"last": {"one", "two"}}, run=run)
    assert [passed for passed, _, _ in results.values()] == [True, True, False]
    shown = [line for line in capsys.readouterr().out.splitlines() if line]
    assert shown[-3:] == ["... last", "=== last ===", "last says this"]
    for name in ["one", "two"]:
        assert shown.index(f"=== {name} ===") + 1 == shown.index(f"{name} says this")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("stored", ["2", "3"])
def test_what_nbval_executes_is_kept_if_it_passed(stored, tmp_path):
    """The cache of the build then holds the fresh outputs."""
    result = new_output("execute_result", {"text/plain": stored}, execution_count=2)
    cells = [new_code_cell("import random", execution_count=1)]
    cells += [new_code_cell("1 + 1", execution_count=2, outputs=[result])]
    drawn = new_code_cell("print(random.random())", execution_count=3)
    drawn.metadata["tags"] = ["nbval-ignore-output"]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=[*cells, drawn], metadata={"kernelspec": kernel})
    path = tmp_path / "one.ipynb"
    nbformat.write(notebook, path)

    code = f"""
import sys; sys.path.insert(0, {str(chapters.ROOT / "tools")!r})
import build, pathlib, pytest
build.CACHE = pathlib.Path({str(tmp_path)!r}) / "cache"
build.drop_stale_cache = lambda: None
sys.exit(pytest.main(["-p", "keep_executed", "--nbval", "-q", {str(path)!r}]))
"""
    shown = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    cache = get_cache(tmp_path / "cache")
    if stored == "3":  # nbval found a difference: the build must execute for itself
        assert shown.returncode == 1
        assert cache.list_cache_records() == []
        return
    assert shown.returncode == 0, shown.stdout.decode()
    record = cache.match_cache_notebook(chapters.read(path))
    assert record.data["execution_seconds"] > 0
    _, kept = cache.merge_match_into_notebook(chapters.read(path))
    nbformat.validate(kept)
    assert kept.cells[1].outputs == [result]
    assert 0 < float(kept.cells[2].outputs[0].text) < 1
