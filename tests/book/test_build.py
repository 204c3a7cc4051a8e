"""The build executes what has changed, and nothing else."""

import build
import chapters
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook


def write(path, source):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=[new_code_cell(source)], metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_second_build_executes_only_what_was_edited(tmp_path, monkeypatch, capsys):
    paths = [tmp_path / "one.ipynb", tmp_path / "two.ipynb"]
    for path in paths:
        write(path, f"print({path.stem!r})")
    monkeypatch.setattr(chapters, "NOTEBOOKS", paths)
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")

    def executed():
        build.fill_cache()
        return [line.split(":")[0] for line in capsys.readouterr().out.splitlines()][1::2]

    assert executed() == ["one", "two"]
    assert executed() == []
    write(paths[1], "print('edited')")
    assert executed() == ["two"]

    record = build.get_cache(build.CACHE).match_cache_notebook(chapters.read(paths[1]))
    assert record.data["execution_seconds"] > 0
