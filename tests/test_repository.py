"""What holds the repository together: names, pins, addresses and workflows."""

import json
import re
import subprocess
import sys

import chapters
import pytest
import yaml

ROOT = chapters.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def title(path):
    return chapters.read(path).cells[0].source.splitlines()[0].removeprefix("# ")


@pytest.mark.parametrize("page", ["README.md", "book/index.md"])
def test_a_list_of_chapters_names_each_with_its_title(page):
    text = (ROOT / page).read_text()
    links = re.findall(r"\[([^]]+)\]\((?:book/)?(\w+\.ipynb)\)", text)
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


def test_the_address_of_the_repository_is_the_same_everywhere():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    address = config["repository"]["url"]
    for path in chapters.NOTEBOOKS:
        setup = next(c for c in chapters.read(path).cells if c.cell_type == "code")
        assert re.findall(r"git\+(\S+)", setup.source) == [address], path.name


def test_the_placeholder_cannot_be_registered():
    """An account name holds letters, digits and single hyphens: no underscore."""
    for path in [ROOT / "_config.yml", *chapters.NOTEBOOKS]:
        for account in re.findall(r"github\.com/([^/\s\"]+)/", path.read_text()):
            assert "_" in account, f"{path.name}: {account}"


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
        assert set(job.get("permissions", {})) <= {"pages", "id-token"}


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
