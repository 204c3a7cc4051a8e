"""Every chapter runs as on Colab, and with one framework alone.

On Colab a chapter starts in an empty folder and without mdn_utils, which its first cell
installs from the repository. Here git finds a copy of the working tree under the address of
the repository, so that the cell really installs what it would install from there.

Each chapter runs twice, with TensorFlow alone and with PyTorch alone, and leaves out the
cells of the other. A chapter without such cells runs once. The cells that compare the two
all run in the nbval step; here the shortest chapter that has some runs with both, as it
would on Colab.

The environments are made by tools/environments.py and kept in .venvs.
"""

import json
import os
import shutil
import subprocess

import chapters
import environments
import pytest
import yaml
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

TRACKS = {"tensorflow", "pytorch"}
ADDRESS = yaml.safe_load((chapters.ROOT / "_config.yml").read_text())["repository"]["url"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def cells_for_both(path):
    return sum(tags(cell) >= TRACKS for cell in chapters.read(path).cells)


def runs():
    """Which chapter runs with what."""
    for path in chapters.NOTEBOOKS:
        paired = any(tags(cell) & TRACKS for cell in chapters.read(path).cells)
        for track in sorted(TRACKS) if paired else ["pytorch"]:
            yield path, track
    comparing = filter(cells_for_both, chapters.NOTEBOOKS)
    yield min(comparing, key=lambda path: len(chapters.read(path).cells)), "both"


def git(*arguments, **options):
    names = [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    ]
    options["env"] = os.environ | dict.fromkeys(names, "tests@localhost")
    command = ["git", *arguments]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, **options)
    return shown.stdout.strip()


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """A repository with one commit: the working tree as it is now."""
    folder = tmp_path_factory.mktemp("repository") / "copy.git"
    git("init", "--quiet", "--bare", folder)
    here = ["--git-dir", folder, "--work-tree", chapters.ROOT]
    # The package, and the files beside it; what else lies there may be large.
    git(*here, "add", "--all", "--", "mdn_utils", ":(glob)*", cwd=chapters.ROOT)
    git(*here, "commit", "--quiet", "--no-gpg-sign", "--message", "As it is now")
    return folder


@pytest.fixture
def colab(repository, tmp_path, monkeypatch):
    """Run a notebook as on Colab and return where it found mdn_utils."""

    def run(notebook, name, environment):
        folder = environments.make(environment)
        monkeypatch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
        env = {key: os.environ[key] for key in os.environ if key != "PYTHONPATH"}
        env |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(environments.WHEELS),
            "IPYTHONDIR": str(tmp_path / "ipython"),
        }
        empty = tmp_path / "content"
        empty.mkdir()
        site = environments.site_packages(folder)
        try:
            forget_mdn_utils(site)
            chapters.execute(notebook, name, kernel="colab", folder=empty, env=env)
            (record,) = site.glob("mdn_utils-*.dist-info/direct_url.json")
            return json.loads(record.read_text())
        finally:
            forget_mdn_utils(site)

    return run


def forget_mdn_utils(site):
    for folder in site.glob("mdn_utils*"):
        shutil.rmtree(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("path", "environment"),
    [pytest.param(*run, id=f"{run[1]}-{run[0].stem}") for run in runs()],
)
def test_a_chapter_runs_as_on_colab(path, environment, colab, repository):
    notebook = chapters.read(path)
    absent = set() if environment == "both" else TRACKS - {environment}
    notebook.cells = [cell for cell in notebook.cells if not tags(cell) & absent]

    installed = colab(notebook, f"{path.stem} with {environment}", environment)
    assert installed["url"] == ADDRESS
    assert installed["vcs_info"]["commit_id"] == git(
        "--git-dir", repository, "rev-parse", "HEAD"
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_chapter_that_installs_nothing_fails_on_colab(colab):
    notebook = chapters.read(chapters.NOTEBOOKS[0])
    notebook.cells = [new_code_cell("import mdn_utils")]
    with pytest.raises(CellExecutionError, match="No module named 'mdn_utils'"):
        colab(notebook, "import without the first cell", "pytorch")


@pytest.mark.parametrize("name", environments.FRAMEWORKS)
def test_an_environment_holds_its_frameworks_and_no_other(name):
    python = environments.python(environments.make(name))
    modules = ["tensorflow", "torch", "mdn_utils", "google.colab", "pytest"]
    code = f"""
from importlib.util import find_spec
print([module for module in {modules} if find_spec(module)])
"""
    shown = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    assert shown.stdout.strip() == str([*environments.FRAMEWORKS[name], "google.colab"])
    subprocess.run([python, "-I", "-m", "pip", "--quiet", "check"], check=True)
