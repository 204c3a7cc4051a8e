"""What holds the repository together: pins, its address, releases and workflows."""

import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import chapters
import pytest
import repository
import yaml
from IPython.core.interactiveshell import InteractiveShell

import mdn_utils

ROOT = chapters.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ADDRESS = "https://github.com/some-one/a.book"
PLACES = ["_config.yml", "CITATION.cff", "mdn_utils/__init__.py", "tools/repository.py"]
PLACES += [str(path.relative_to(ROOT)) for path in chapters.NOTEBOOKS]


def test_every_requirement_is_pinned():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        assert re.match(r"[\w.-]+==[\w.]+( ;|\s+#|$)", line), line


def test_binder_installs_what_a_reader_needs_as_the_book_pins_it():
    lines = (ROOT / ".binder" / "requirements.txt").read_text().splitlines()
    assert "--constraint ../requirements.txt" in lines
    assert {"tensorflow", "torch", ".[interactive]"} <= set(lines)


def tracked():
    """The text files of the repository."""
    names = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    kinds = {".cff", ".css", ".ipynb", ".md", ".py", ".toml", ".txt", ".yml"}
    return [path for name in names if (path := ROOT / name).suffix in kinds]


def test_nothing_names_a_path_of_a_machine():
    for path in tracked():
        assert not re.search(r"/(root|home|work|Users)/\w", path.read_text()), path


# --- Where the book lies ------------------------------------------------------------------


def shell(script, folder, **variables):
    """Run in `folder` what a workflow or a person would type."""
    for who in ["AUTHOR", "COMMITTER"]:
        variables |= {f"GIT_{who}_NAME": "tests", f"GIT_{who}_EMAIL": "tests@localhost"}
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull} | variables
    options = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
    return subprocess.run(["bash", "-e", "-c", script], **options)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in PLACES}


@pytest.fixture
def copy(tmp_path):
    """A clone of what names the address, for now the placeholder."""
    folder = tmp_path / "copy"
    for name in PLACES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    repository.stamp(repository.PLACEHOLDER, "main", folder)
    made = shell(
        "git init -b main; git add .; git commit -m First; git clone --bare . ../remote;"
        "git remote add origin ../remote; git fetch; git branch -u origin/main",
        folder,
    )
    assert made.returncode == 0, made.stderr
    return folder


def test_notebooks_and_citation_name_the_place_of_the_configuration(copy):
    repository.stamp(*repository.current(), copy)
    assert contents(copy) == contents(ROOT)


def test_no_other_file_names_the_placeholder():
    knowing = {"tools/pdf.py", "book/_ext/launch.py", ".github/workflows/stamp.yml"}
    knowing |= {*PLACES, "tests/book/test_repository.py"}
    for path in tracked():
        if str(path.relative_to(ROOT)) not in knowing:
            assert "YOUR_ACCOUNT" not in path.read_text(), path


def test_the_book_moves_and_moves_again_and_nothing_else_changes(copy):
    before = contents(copy)
    for address in [ADDRESS, "https://github.com/a/b"]:
        assert shell(f"python3 tools/repository.py {address}.git/", copy).returncode == 0
        stamped = contents(copy)
        assert shell("python3 tools/repository.py '' main", copy).returncode == 0
        assert contents(copy) == stamped
        for name in PLACES:
            lines = set(stamped[name].splitlines()) - set(before[name].splitlines())
            assert len(lines) == {".ipynb": 2, ".py": 0}.get((copy / name).suffix, 1), name
            assert all(address.encode() in s or b"%pip" in s for s in lines), name
    repository.stamp(repository.PLACEHOLDER, "main", copy)
    assert contents(copy) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["http://github.com/account/name"],
        ["git@github.com:account/name"],
        ["https://account:password@github.com/account/name"],
        ["https://gitlab.com/account/name"],
        ["https://github.com/ac_count/name"],
        ["https://github.com/account/name\n"],
        ["https://github.com/account/$(ls)"],
        [ADDRESS, "v1"],
        [ADDRESS, "another-branch"],
        [repository.PLACEHOLDER, "v0.2.0"],  # a release that would install nothing
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(arguments, monkeypatch):
    monkeypatch.setattr(repository, "stamp", None)  # nothing is written
    with pytest.raises(SystemExit, match=r"^(The address has|The book is|A release) .*$"):
        repository.main(*arguments)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("address", "ref", "printed", "installed"),
    [
        (repository.PLACEHOLDER, "main", "mdn_utils is missing: .*\n", []),
        (ADDRESS, "main", "", [f"install --quiet --no-deps git+{ADDRESS}@main"]),
        (ADDRESS, "v0.2.0", "", [f"install --quiet --no-deps git+{ADDRESS}@v0.2.0"]),
    ],
)
def test_the_first_cell_installs_the_book_or_says_what_is_missing(
    address, ref, printed, installed, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    calls = []
    notebook = InteractiveShell()
    notebook.register_magic_function(calls.append, magic_name="pip")
    cell = repository.colab_cell(address, ref)
    assert max(map(len, cell.splitlines())) <= 78

    notebook.run_cell(cell).raise_error()
    assert (calls, capsys.readouterr().out) == ([], "")
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    notebook.run_cell(cell).raise_error()
    assert calls == installed
    assert re.fullmatch(printed, capsys.readouterr().out)


@pytest.mark.parametrize("address", [repository.PLACEHOLDER, ADDRESS])
def test_a_page_has_launch_buttons_only_where_they_lead_somewhere(address, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    import launch

    options = {"repository_url": address, "launch_buttons": {"colab_url": "https://colab"}}
    config, app = SimpleNamespace(html_theme_options=options), SimpleNamespace(tags=set())
    launch.show_what_works(app, config)
    if address == ADDRESS:
        assert (options["repository_url"], app.tags) == (ADDRESS, {"launch"})
        assert options["launch_buttons"]
    else:
        assert (options, app.tags) == ({"repository_url": "", "launch_buttons": {}}, set())


# --- Workflows and releases ---------------------------------------------------------------


def step(workflow, job, words):
    """The script of a step that is found by a word of its name."""
    path = ROOT / ".github" / "workflows" / f"{workflow}.yml"
    steps = yaml.safe_load(path.read_text())["jobs"][job]["steps"]
    return next(step["run"] for step in steps if words in step.get("name", ""))


def test_the_first_push_to_github_writes_the_address_once(copy):
    script = step("stamp", "stamp", "placeholder")
    github = {"GITHUB_SERVER_URL": "https://github.com"}
    github["GITHUB_REPOSITORY"] = ADDRESS.removeprefix("https://github.com/")
    for _ in range(2):  # a second push finds nothing to do
        ran = shell(script, copy, **github)
        assert ran.returncode == 0, ran.stderr
        assert repository.current(copy) == (ADDRESS, "main")
        log = shell("git log --format=%s origin/main", copy).stdout.splitlines()
        assert log == ["Say where the book lies: some-one/a.book", "First"]
        assert shell("git status --porcelain", copy).stdout == ""


def test_a_release_is_published_only_if_it_names_its_tag(copy):
    check = step("publish", "build", "Notebooks")

    def published(ref):
        shell("git commit --all --message Next", copy)
        passed = shell(check, copy, GITHUB_REF_NAME=ref).returncode == 0
        shell("git restore .", copy)
        return passed

    repository.stamp(ADDRESS, "main", copy)
    assert published("main")
    assert not published("v0.2.0")
    repository.stamp(ADDRESS, "v0.2.0", copy)
    assert published("v0.2.0")
    assert not published("main")
    version = copy / "mdn_utils" / "__init__.py"
    version.write_text(version.read_text().replace('"0.2.0"', '"0.1.9"'))
    assert not published("v0.2.0")


def test_the_citation_names_this_version_and_the_authors():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert cited["version"] == mdn_utils.__version__
    assert cited["title"] == config["title"]
    author = config["author"]  # the pages write "By" before it
    assert cited["authors"] == [{"name": author[0].upper() + author[1:]}]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_asks_for_little(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    more = {
        "deploy": {"pages": "write", "id-token": "write"},
        "stamp": {"contents": "write"},
        "release": {"contents": "write"},
    }
    for name, job in workflow["jobs"].items():
        assert job.get("permissions", {}) == more.get(name, {})
        if "uses" in job:
            assert job["uses"] == "./.github/workflows/stamp.yml"
            continue
        assert "timeout-minutes" in job
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
            else:
                assert "${{" not in step["run"]  # text of others


def test_only_a_tag_is_released_and_only_main_deployed():
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())["jobs"]
    assert jobs["release"]["if"] == "github.ref_type == 'tag'"
    assert jobs["deploy"]["if"] == "github.ref == 'refs/heads/main'"
