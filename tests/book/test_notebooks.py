"""What the stored notebooks must be, so that nbval and the readers can rely on them."""

import re

import chapters
import nbformat
import pytest
import yaml

each_chapter = pytest.mark.parametrize(
    "path", chapters.NOTEBOOKS, ids=lambda path: path.stem
)


def code_cells(path):
    return [cell for cell in chapters.read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def has_image(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def entries(toc):
    """All file entries of a table of contents."""
    if isinstance(toc, dict):
        yield from ([toc["file"]] if "file" in toc else [])
        toc = list(toc.values())
    for item in toc if isinstance(toc, list) else []:
        yield from entries(item)


def test_the_table_of_contents_names_every_chapter():
    toc = yaml.safe_load((chapters.ROOT / "_toc.yml").read_text())
    listed = {toc["root"], *entries(toc)}
    files = {
        path.relative_to(chapters.BOOK).with_suffix("").as_posix()
        for path in [*chapters.BOOK.glob("*.*"), *chapters.BOOK.glob("reference/*.*")]
        if path.suffix in {".ipynb", ".md"}
    }
    assert listed == files


@each_chapter
def test_a_notebook_is_valid(path):
    nbformat.validate(chapters.read(path))


@each_chapter
def test_every_cell_was_executed_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@each_chapter
def test_no_cell_stores_an_error_or_stderr(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source


@each_chapter
def test_no_output_names_a_path_of_a_machine(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert not re.search(r"/(root|home|work|Users|tmp)/", str(output)), cell.source


@each_chapter
def test_every_figure_has_a_name_a_caption_and_an_alt_text(path):
    for cell in filter(has_image, code_cells(path)):
        shown = cell.metadata.get("mystnb", {})
        figure, image = shown.get("figure", {}), shown.get("image", {})
        assert figure.get("name", "").startswith("fig-"), cell.source
        assert len(figure.get("caption", "")) > 40, cell.source
        assert len(image.get("alt", "")) > 80, cell.source


@each_chapter
def test_each_chapter_leaves_outputs_for_nbval(path):
    checked = [
        cell
        for cell in code_cells(path)
        if cell.outputs and not tags(cell) & {"nbval-ignore-output", "nbval-skip"}
    ]
    assert len(checked) >= 3


@each_chapter
def test_each_chapter_asserts_numbers(path):
    assert sum("assert " in cell.source for cell in code_cells(path)) >= 3


@each_chapter
def test_an_output_that_nbval_ignores_is_guarded_by_an_assert(path):
    """A cell that prints what training gave is followed by one that asserts something."""
    cells = code_cells(path)
    for i, cell in enumerate(cells):
        if "nbval-ignore-output" in tags(cell) and "print(" in cell.source:
            following = cells[i + 1 : i + 3]  # its twin may stand between
            assert any("assert " in c.source for c in following), cell.source


@each_chapter
def test_a_framework_cell_says_so_in_its_first_line(path):
    names = {"tensorflow": "# TensorFlow", "pytorch": "# PyTorch"}
    for cell in code_cells(path):
        mine = tags(cell) & names.keys()
        if len(mine) == 1:
            assert cell.source.splitlines()[0] == names[mine.pop()]


@each_chapter
def test_the_first_code_cell_sets_up_colab_and_is_hidden(path):
    first = code_cells(path)[0]
    assert "remove-cell" in tags(first)
    assert 'if "google.colab" in sys.modules:' in first.source
    assert "--no-deps git+https://github.com/" in first.source


@each_chapter
def test_a_chapter_ends_with_summary_exercises_and_reading(path):
    text = "\n".join(
        c.source for c in chapters.read(path).cells if c.cell_type == "markdown"
    )
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[-3:] == ["Summary", "Exercises", "Further reading"]


# --- What Jupyter and Colab, which know no MyST, would show as it is written --------------

# Their raw form is readable: {cite}`Bishop1994`, {term}`mixture`.
READABLE_ROLES = {"cite", "cite:p", "cite:t", "eq", "numref", "term"}
READABLE_ROLES |= {"func", "class", "mod", "py:func", "py:class", "py:mod"}

SHOWN_RAW = {
    "directive": r"^\s*(?:`{3,}|~{3,}) *\{.*",
    "colon fence": r"^\s*:{3,}.*",
    "target": r"^\s*\([^()\s]+\)=\s*$",
    "comment": r"^%.*",
    "block break": r"^\+\+\+.*",
    "footnote": r"\[\^[^]]+\]",
    "attributes": r"[])`]\{[.#:][^}]*\}",
    "substitution": r"\{\{ *\w+ *\}\}",
    "picture beside the notebook": r"!\[[^]]*\]\((?!https?:|attachment:)[^)]*\)",
}


def shown_raw(text):
    """What of a cell's text would reach the reader as markup, by kind."""
    found = [
        (kind, match[0].strip())
        for kind, pattern in SHOWN_RAW.items()
        for match in re.finditer(pattern, text, flags=re.MULTILINE)
    ]
    roles = re.findall(r"\{([a-z][\w:.+-]*)\}`", text)
    return found + [("role", role) for role in roles if role not in READABLE_ROLES]


@each_chapter
def test_a_chapter_reads_well_without_myst(path):
    cells = [c for c in chapters.read(path).cells if c.cell_type == "markdown"]
    assert [raw for cell in cells for raw in shown_raw(cell.source)] == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("```{note}\nhidden\n```", "directive"),
        ("- item\n\n  ~~~ {figure} a.png", "directive"),
        (":::{tip}\nhidden\n:::", "colon fence"),
        ("(loss)=\n## The loss", "target"),
        ("% a comment", "comment"),
        ("+++", "block break"),
        ("as shown[^1]", "footnote"),
        ("[text]{.class}", "attributes"),
        ("version {{ version }}", "substitution"),
        ("![S](_static/inverse_problem.png)", "picture beside the notebook"),
        ("see {doc}`notation`", "role"),
        ("see {ref}`the loss <loss>`", "role"),
    ],
)
def test_markup_that_shows_raw_is_found(text, kind):
    assert kind in dict(shown_raw(text))


@pytest.mark.parametrize(
    "text",
    [
        "as {cite}`Bishop1994` shows in {eq}`loss`, and {numref}`fig-loss`",
        "```python\nprint({1: 2})\n```",
        "$$\\frac{{a}_{b}}{c}$$ (loss)",
        "> **Note.** 10 % of the data: {a, b}",
    ],
)
def test_what_reads_well_is_let_through(text):
    assert shown_raw(text) == []
