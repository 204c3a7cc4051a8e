"""What holds the repository together: names, pins, addresses and workflows."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import chapters
import pytest
import repository
import yaml

import mdn_utils

ROOT = chapters.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def title(path):
    return chapters.read(path).cells[0].source.splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("page", ["README.md", "book/index.md"])
def test_a_list_of_chapters_names_each_with_its_title(page):
    text = (ROOT / page).read_text()
    link = r"^[|\d-].*?\[([^]]+)\]\((?:book/)?(\w+\.ipynb)\)"  # in a list or a table
    links = re.findall(link, text, flags=re.MULTILINE)
    assert links == [(title(path), path.name) for path in chapters.NOTEBOOKS]


def test_every_requirement_is_pinned():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        assert re.match(r"[\w.-]+==[\w.]+( ;|\s+#|$)", line), line


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys, mdn_utils; print({'numpy', 'tensorflow', 'torch'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout == "set()\n"


# --- The address of the repository --------------------------------------------------------

PLACEHOLDER = "YOUR_ACCOUNT"
ADDRESS = repository.current()
TEXTS = [path for path in repository.files() if b"\0" not in path.read_bytes()]


def test_every_chapter_installs_from_the_address_of_the_configuration():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert config["repository"]["url"] == ADDRESS
    for path in chapters.NOTEBOOKS:
        setup = next(c for c in chapters.read(path).cells if c.cell_type == "code")
        assert re.findall(r"git\+(\S+)", setup.source) == [ADDRESS], path.name


def test_the_address_is_a_legal_one_or_the_placeholder_that_nobody_can_register():
    if f"/{PLACEHOLDER}/" in ADDRESS:
        with pytest.raises(ValueError, match=f"'{PLACEHOLDER}' cannot be"):
            repository.check(ADDRESS)
    else:
        assert repository.check(ADDRESS) == ADDRESS


def test_no_other_address_of_the_repository_is_left_anywhere():
    """Neither the placeholder nor a former address: the name of the repository tells."""
    name = re.escape(ADDRESS.split("/")[-1])
    former = re.compile(rf"git(?:hub|lab)\.com[/:][\w.-]+/{name}(?![\w-])")
    for path in TEXTS:
        rest = path.read_text(encoding="utf-8").replace(ADDRESS, "")
        assert not former.search(rest), path
        if path.suffix != ".py":  # tools and tests may know the placeholder
            assert PLACEHOLDER not in rest, path


@pytest.fixture
def clone(tmp_path):
    """A copy of the files that name the address, in a repository of its own."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for path in TEXTS:
        if ADDRESS.encode() in path.read_bytes():
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return tmp_path


def test_stamping_replaces_the_address_everywhere_and_nothing_else(clone):
    before = {path: path.read_bytes() for path in repository.files(clone)}
    assert {clone / "_config.yml", clone / "README.md"} < before.keys()
    assert len(before) >= 2 + len(chapters.NOTEBOOKS)

    first, second = "https://github.com/some-one/a.book", "https://gitlab.com/some_team/b"
    for address in [first, second]:  # from the placeholder, and from an address
        assert repository.stamp(address, clone) == sorted(before)
        for path, text in before.items():
            wanted = text.replace(ADDRESS.encode(), address.encode())
            assert path.read_bytes() == wanted, path
        assert repository.current(clone) == address
        assert repository.stamp(address, clone) == []  # once more changes nothing

    repository.stamp(ADDRESS, clone)
    assert {path: path.read_bytes() for path in repository.files(clone)} == before


def test_stamping_leaves_longer_names_alone(clone):
    (clone / "note.txt").write_text(
        f"{ADDRESS}.git {ADDRESS}/issues, {ADDRESS}. {ADDRESS}-data {ADDRESS}.github.io"
    )
    repository.stamp("https://github.com/a/b", clone)
    assert (clone / "note.txt").read_text() == (
        "https://github.com/a/b https://github.com/a/b/issues, https://github.com/a/b. "
        f"{ADDRESS}-data {ADDRESS}.github.io"
    )


@pytest.mark.parametrize("end", ["", "/", ".git", ".git/"])
@pytest.mark.parametrize(
    "address", ["https://github.com/a-b/C_d.e", "https://git.example-1.org/some.team/1"]
)
def test_an_address_is_written_without_its_ending(address, end):
    assert repository.check(address + end) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://github.com/account/name",
        "ssh://github.com/account/name",
        "git@github.com:account/name.git",
        "file:///account/name",
        "github.com/account/name",
        "https://account@github.com/account/name",
        "https://account:password@github.com/account/name",
        "https://github.com/account/name?tab=readme",
        "https://github.com/account/name#readme",
        "https://github.com/account/name%20",
        "https://github.com/account",
        "https://github.com/account/",
        "https://github.com/account/.git",
        "https://github.com/account/name.git.git",
        "https://github.com/account/name/tree/main",
        "https://github.com//name",
        "https://github.com/../name",
        "https://github.com/account/..",
        "https://github.com/account/na me",
        " https://github.com/account/name",
        "https://github.com/account/name\n",
        "https://github.com/account/name;ls",
        "https://github.com/account/$(ls)",
        "https://github.com/account/`ls`",
        "https://github.com/account/name'",
        'https://github.com/account/"name',
        "https://github.com/account/name\\",
        "https://github.com/ac_count/name",
        "https://github.com/-account/name",
        "https://github.com:443/account/name",
        "https://localhost/account/name",
        "https:///account/name",
        "account/name",
        "",
    ],
)
def test_what_is_no_https_address_of_a_repository_is_refused_in_one_sentence(address):
    command = [sys.executable, ROOT / "tools" / "repository.py", address]
    before = (ROOT / "_config.yml").read_bytes()
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 1
    assert shown.stdout == ""
    assert len(shown.stderr.strip().splitlines()) == 1
    assert "https://github.com/account/name" in shown.stderr or "ac_count" in shown.stderr
    assert "password@" not in shown.stderr
    assert (ROOT / "_config.yml").read_bytes() == before


@pytest.mark.parametrize(
    ("host", "colab", "binder"),
    [
        ("github.com", True, True),
        ("gitlab.com", False, True),
        ("example.org", False, False),
    ],
)
def test_a_launch_button_is_offered_where_it_works(host, colab, binder, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "book" / "_ext")
    import launch

    buttons = {"colab_url": "https://colab", "binderhub_url": "https://binder"}
    options = {"repository_url": f"https://{host}/a/b", "launch_buttons": buttons}
    launch.keep_what_works(None, SimpleNamespace(html_theme_options=options))
    assert bool(buttons["colab_url"]) == colab
    assert bool(buttons["binderhub_url"]) == binder


def test_binder_installs_what_a_reader_needs_as_the_book_pins_it():
    lines = (ROOT / ".binder" / "requirements.txt").read_text().splitlines()
    assert "--constraint ../requirements.txt" in lines
    packages = {line for line in lines if line and not line.startswith(("#", "-"))}
    project = (ROOT / "pyproject.toml").read_text()
    needs = set(
        re.findall(r'"(\w+)[^"]*"', re.search(r"\ndependencies = (.*)", project)[1])
    )
    assert packages == {".[interactive]", "tensorflow", "torch"} | needs
    major, minor = map(
        int, re.findall(r"\d+", (ROOT / ".binder" / "runtime.txt").read_text())
    )
    assert (3, 10) <= (major, minor) <= (3, 13)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_asks_for_little(path):
    text = path.read_text()
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job
        asked = job.get("permissions", {})
        assert set(asked) <= {"pages", "id-token", "contents"}
        if asked.get("contents", "read") != "read":
            # Only a release writes to the repository: for a tag, and with nothing else.
            assert path.stem == "publish"
            assert job["if"] == "github.ref_type == 'tag'"
            assert asked == {"contents": "write"}
            assert len(job["steps"]) == 2


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_puts_no_text_of_others_into_a_command(path):
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_the_citation_names_this_version_and_this_repository():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert cited["version"] == mdn_utils.__version__
    assert cited["title"] == config["title"]
    author = config["author"]  # the pages write "By" before it
    assert cited["authors"] == [{"name": author[0].upper() + author[1:]}]
    assert cited["repository-code"] == config["repository"]["url"]
    quoted = re.search(r"^> .*version ([\d.]+)\.$", (ROOT / "README.md").read_text(), re.M)
    assert quoted[1] == mdn_utils.__version__


def test_nothing_names_a_path_of_a_machine():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    machine = re.compile(r"/(root|home|work|Users)/\w")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".ipynb", ".md", ".py", ".yml", ".toml", ".txt", ".css"}:
            found = machine.search(path.read_text())
            assert not found, f"{name}: {found[0]}"


@pytest.mark.parametrize(
    ("python", "sentence"),
    [((3, 9), "the book needs 3.10 to 3.13"), ((3, 14), "the book needs 3.10 to 3.13")],
)
def test_a_python_that_does_not_fit_is_told_so_in_one_sentence(python, sentence):
    script = (ROOT / "tools" / "check_python.py").read_text()
    code = f"import sys; sys.version_info = {python}\n{script}"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.returncode == 1
    assert sentence in shown.stderr
    assert len(shown.stderr.strip().splitlines()) == 1


def test_a_missing_framework_is_named_in_one_sentence(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {json.dumps(str(ROOT / 'tools'))})\n"
        "import build\n"
        "build.find_spec = lambda name: None if name == 'torch' else True\n"
        "build.check_frameworks()"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (
        shown.stderr == "PyTorch is missing from this environment: run  make clean book\n"
    )
