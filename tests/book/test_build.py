"""Stored outputs are shown while they hold; what is executed instead, and how it stops."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import build
import chapters
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small book of two chapters and both packages, which the tools take for the book."""
    files = {
        "mdn_utils/__init__.py": '__version__ = "1.0.0"\n',
        "mdn_utils/numpy.py": '"""Says two."""\n\nimport numpy\n\ntwo = 2  # as a number\n',
        "mdn_utils/torch.py": "import torch\n",
        "book/mdn_book/__init__.py": "",
        "book/mdn_book/plots.py": "",
        "book/mdn_book/a.csv": "1\n",
        "requirements.txt": "numpy==1.0  # arrays\nscipy==1.0\ntorch==1.0\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    paths = [tmp_path / "book" / f"{name}.ipynb" for name in ("one", "two")]
    for path in paths:
        cells = [
            new_code_cell("print('on Colab')"),
            new_markdown_cell("Words."),
            new_code_cell(),
        ]
        cells[2].source = f"from mdn_utils import numpy as mdn_np\nprint('{path.stem}')"
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "BOOK", tmp_path / "book")
    monkeypatch.setattr(chapters, "NOTEBOOKS", paths)
    monkeypatch.setattr(build, "EXECUTED", tmp_path / "_build" / "executed")
    return tmp_path


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("book/one.ipynb", "Words.", "Other words."),
        ("book/one.ipynb", "on Colab", "on Colab, elsewhere"),
        ("book/one.ipynb", "print(", "# says its name\\nprint("),
        ("mdn_utils/__init__.py", "1.0.0", "2.0.0"),
        ("mdn_utils/numpy.py", "Says two", "Says what two is"),
        ("mdn_utils/numpy.py", "as a number", "as an integer"),
        ("mdn_utils/torch.py", "import torch", "import torch as t"),
        ("book/mdn_book/plots.py", "", "import matplotlib"),
        ("requirements.txt", "# arrays", "# arrays of numbers"),
        ("requirements.txt", "torch==1.0", "torch==2.0"),
    ],
)
def test_outputs_hold_when_something_else_is_edited(book, file, old, new):
    before = chapters.fingerprint(chapters.read(chapters.NOTEBOOKS[0]))
    edit(book / file, old, new)
    assert chapters.fingerprint(chapters.read(chapters.NOTEBOOKS[0])) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("book/one.ipynb", "print('one')", "print('One')"),
        ("book/one.ipynb", "print('one')", "print('one');"),
        ("mdn_utils/numpy.py", "two = 2", "two = 3"),
        ("book/mdn_book/a.csv", "1", "2"),
        ("requirements.txt", "numpy==1.0", "numpy==2.0"),
    ],
)
def test_outputs_do_not_hold_when_they_depend_on_what_is_edited(book, file, old, new):
    before = chapters.fingerprint(chapters.read(chapters.NOTEBOOKS[0]))
    edit(book / file, old, new)
    assert chapters.fingerprint(chapters.read(chapters.NOTEBOOKS[0])) != before


def test_a_build_executes_only_what_no_notebook_and_no_earlier_build_holds(book, capsys):
    def executed():
        build.execute_what_changed()
        lines = capsys.readouterr().out.splitlines()
        return sorted(line.split(":")[0] for line in lines if "executed in" in line)

    assert executed() == ["one", "two"]
    assert executed() == []
    edit(book / "book/two.ipynb", "Words.", "Other words.")
    assert executed() == []
    edit(book / "book/two.ipynb", "print('two')", "print('Two')")
    assert executed() == ["two"]

    shutil.move(build.EXECUTED / "one.ipynb", book / "book/one.ipynb")  # as if refreshed
    assert executed() == []
    assert [path.stem for path in build.EXECUTED.iterdir()] == ["two"]
    assert set(chapters.read(book / "book/one.ipynb").metadata["stored"]) == {
        "fingerprint",
        "date",
        "seconds",
    }


def test_a_cell_that_raises_stops_the_build_with_its_message(book):
    edit(book / "book/two.ipynb", "print('two')", "assert 1 == 2, 'one is not two'")
    with pytest.raises(SystemExit, match=r"two\.ipynb(.|\n)*one is not two"):
        build.execute_what_changed()


def test_a_page_shows_its_text_with_the_outputs_of_the_build(book, monkeypatch):
    monkeypatch.syspath_prepend(Path(build.__file__).parents[1] / "book/_ext")
    import executed

    build.execute_what_changed()
    monkeypatch.setattr(executed, "EXECUTED", build.EXECUTED)
    edit(book / "book/one.ipynb", "Words.", "Other words.")
    source = [(book / "book/one.ipynb").read_text()]
    executed.take_outputs(None, "one", source)
    shown = nbformat.reads(source[0], as_version=4)
    assert shown.cells[1].source == "Other words."
    assert shown.cells[2].outputs[0].text == "one\n"


def test_the_book_builds_with_plain_sphinx(tmp_path):
    """From the configuration that Jupyter Book writes, without a warning."""
    for path in chapters.ROOT.iterdir():
        if path.name in {"_config.yml", "_toc.yml"}:
            shutil.copy(path, tmp_path)
        elif path.name != "book":
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(chapters.BOOK, tmp_path / "book")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    write = [jupyter_book, "config", "sphinx", ".", "--toc", tmp_path / "_toc.yml"]
    subprocess.run(write, cwd=tmp_path, check=True)
    shutil.move(tmp_path / "conf.py", tmp_path / "book" / "conf.py")
    run = [sys.executable, "-m", "sphinx", "-b", "dummy", "-n", "-W", "--keep-going", "-q"]
    run += ["-D", f"external_toc_path={tmp_path / '_toc.yml'}", "book", "_out"]
    # Jupyter Book finds the extensions by _config.yml, Sphinx by the path.
    path = [str(tmp_path / "book" / "_ext"), os.environ.get("PYTHONPATH", "")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
    shown = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("python", [(3, 9), (3, 14)])
def test_a_python_that_does_not_fit_is_told_so_in_one_sentence(python):
    script = (chapters.ROOT / "tools" / "check_python.py").read_text()
    code = f"import sys; sys.version_info = {python}\n{script}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.returncode == 1
    assert "the book needs 3.10 to 3.13" in shown.stderr
    assert len(shown.stderr.strip().splitlines()) == 1
