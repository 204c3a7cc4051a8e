"""Each chapter runs with one framework alone, as on Colab.

An environment holds what the chapters import, with one framework, and nothing else. Its
packages are links to those of this environment, so it is made in a second. The first code
cell of the chapters installs both packages of the book into it, from the address of the
repository, where git here finds a copy of the working tree.
"""

import ast
import asyncio
import json
import os
import subprocess
import venv
from importlib.metadata import distribution

import chapters
import pytest
import repository
from jupyter_client import AsyncKernelManager
from nbformat.v4 import new_code_cell, new_notebook
from packaging.requirements import Requirement

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

READERS_PACKAGES = [
    "numpy",
    "scipy",
    "matplotlib",
    "tqdm",
    "cma",  # chapter 14 installs it on Colab
    "ipykernel",
    "pip",
    "setuptools",
]
FRAMEWORKS = {"tensorflow": "tensorflow", "pytorch": "torch"}  # by the tag of a cell
ADDRESS = "https://github.com/an-account/a-book"
COLAB = "import sys; sys.modules['google.colab'] = sys"


def tags(cell):
    return set(cell.metadata.get("tags", []))


def closure(names):
    """The distributions of `names` and all that they require, as their metadata say."""
    found, wanted = {}, [(name, "") for name in names]
    for name, extra in wanted:
        package = distribution(name)
        found[package.name] = package
        for line in package.requires or []:
            below = Requirement(line)
            if below.marker is None or below.marker.evaluate({"extra": extra}):
                new = [(below.name, extra) for extra in {"", *below.extras}]
                wanted += [pair for pair in new if pair not in wanted]
    return found.values()


def git(*arguments):
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    command = ["git", *who, *arguments]
    shown = subprocess.run(
        command, cwd=chapters.ROOT, check=True, capture_output=True, text=True
    )
    return shown.stdout.strip()


class Environment:
    """One framework, what the chapters import beside it, and a git that finds the copy."""

    def __init__(self, folder, framework, copy):
        venv.create(folder / "venv")
        self.python = folder / "venv" / "bin" / "python"
        self.content = folder / "content"  # where a notebook begins on Colab: empty
        self.content.mkdir()
        (self.site,) = folder.glob("venv/lib/python*/site-packages")
        for package in closure([*READERS_PACKAGES, framework]):
            for name in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
                if not (self.site / name).exists():
                    (self.site / name).symlink_to(package.locate_file(name))
        self.variables = {
            **{key: os.environ[key] for key in os.environ if key != "PYTHONPATH"},
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{copy.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # which means: do not isolate
        }

    def run(self, notebook):
        kernel = AsyncKernelManager(kernel_name="python3")
        kernel.kernel_spec.argv[0] = str(self.python)
        run = chapters.execute(notebook, self.content, kernel, env=self.variables)
        asyncio.run(run)

    def holds(self, *modules):
        code = f"import importlib.util as u; print([*filter(u.find_spec, {modules})])"
        command = [self.python, "-c", code]
        shown = subprocess.check_output(
            command, cwd=self.content, env=self.variables, text=True
        )
        return set(ast.literal_eval(shown))


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """A repository with one commit: the working tree as it is now."""
    folder = tmp_path_factory.mktemp("repository") / "copy.git"
    git("init", "--quiet", "--bare", "--initial-branch", "main", folder)
    here = ["--git-dir", folder, "--work-tree", chapters.ROOT]
    # Both packages, and the files beside them; what else lies there may be large.
    git(*here, "add", "--all", "--", "mdn_utils", "book/mdn_book", ":(glob)*")
    git(*here, "commit", "--quiet", "--no-gpg-sign", "--message", "As it is now")
    return folder


@pytest.fixture(scope="class")
def environment(request, copy, tmp_path_factory):
    """The environment of a class of tests, with what the first cell installs."""
    framework = FRAMEWORKS[request.cls.tag]
    environment = Environment(tmp_path_factory.mktemp(framework), framework, copy)
    modules = [*FRAMEWORKS.values(), "mdn_utils", "mdn_book", "altair", "pytest"]
    assert environment.holds(*modules) == {framework}

    first = repository.colab_cell(ADDRESS, "main")
    cells = map(new_code_cell, [COLAB, first, "import mdn_utils, mdn_book"])
    environment.run(new_notebook(cells=list(cells)))
    assert environment.holds(*modules) == {framework, "mdn_utils", "mdn_book"}
    return environment


class Track:
    def test_the_first_cell_installs_what_lies_at_the_address(self, environment, copy):
        (record,) = environment.site.glob("mdn_utils-*.dist-info/direct_url.json")
        installed = json.loads(record.read_text())
        head = git("--git-dir", copy, "rev-parse", "main")
        assert installed["url"] == ADDRESS
        assert installed["vcs_info"]["commit_id"] == head
        assert installed["vcs_info"]["requested_revision"] == "main"

    def test_a_chapter_runs_without_the_other_framework(self, notebook, environment):
        other = set(FRAMEWORKS) - {self.tag}
        notebook.cells = [cell for cell in notebook.cells if not tags(cell) & other]
        environment.run(notebook)


class TestTensorFlowAlone(Track):
    tag = "tensorflow"


class TestPyTorchAlone(Track):
    tag = "pytorch"
