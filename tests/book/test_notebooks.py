"""What the stored notebooks must be, so that nbval and the readers can rely on them."""

import re

import chapters
import nbformat
import pytest
import yaml


def tags(cell):
    return set(cell.metadata.get("tags", []))


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


def test_a_notebook_is_valid_and_says_what_it_is_for(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata["title"] == notebook.cells[0].source.split("\n")[0][2:]
    assert len(notebook.metadata["outcome"]) > 10


def test_the_stored_outputs_hold(notebook):
    assert chapters.holds(notebook), "its code, a package or a pin changed: make refresh"


def test_every_cell_was_executed_in_order(notebook):
    counts = [cell.execution_count for cell in chapters.code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_stores_an_error_or_stderr_or_a_path_of_a_machine(cells):
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            assert not re.search(r"/(root|home|work|Users|tmp)/", str(output)), cell.source


def test_every_figure_has_a_name_a_caption_and_an_alt_text(cells):
    for cell in cells:
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            shown = cell.metadata.get("mystnb", {})
            figure, image = shown.get("figure", {}), shown.get("image", {})
            assert figure.get("name", "").startswith("fig-"), cell.source
            assert len(figure.get("caption", "")) > 40, cell.source
            assert len(image.get("alt", "")) > 80, cell.source


def test_a_line_of_output_fits_a_laptop(cells):
    for cell in cells:
        for output in cell.outputs:
            data = output.get("data", {})
            text = output.get("text", "") if data.keys() - {"text/plain"} else ""
            lines = (text or data.get("text/plain", "")).splitlines()
            assert all(len(line) <= 78 for line in lines), cell.source


def test_each_chapter_leaves_outputs_for_nbval_and_asserts_numbers(cells):
    ignored = {"nbval-ignore-output", "nbval-skip"}
    assert sum(bool(cell.outputs) and not tags(cell) & ignored for cell in cells) >= 3
    assert sum("assert " in cell.source for cell in cells) >= 3


def test_an_output_that_nbval_ignores_is_guarded_by_an_assert(cells):
    """A cell that shows what training gave is followed by one that asserts something."""
    for i, cell in enumerate(cells):
        shows = re.search(r"\b(print|as_table)\(", cell.source)
        if "nbval-ignore-output" in tags(cell) and shows:
            following = cells[i + 1 : i + 3]  # its twin may stand between
            assert any("assert " in c.source for c in following), cell.source


def test_a_framework_cell_says_so_in_its_first_line(cells):
    names = {"tensorflow": "# TensorFlow", "pytorch": "# PyTorch"}
    for cell in cells:
        mine = tags(cell) & names.keys()
        if len(mine) == 1:
            assert cell.source.splitlines()[0] == names[mine.pop()]


def test_the_cell_that_sets_up_colab_is_hidden(notebook):
    assert "remove-cell" in tags(chapters.code_cells(notebook)[0])


def test_a_chapter_ends_with_summary_exercises_and_reading(notebook):
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[-3:] == ["Summary", "Exercises", "Further reading"]


def test_every_exercise_is_followed_by_a_solution(notebook):
    found, exercises = "", False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found += "S" * (exercises and "hide-cell" in tags(cell))
            continue
        for mark in re.findall(r"^## .+|^\*\*\d+\.|<details", cell.source, re.MULTILINE):
            if mark.startswith("## "):
                exercises = mark == "## Exercises"
            elif exercises:
                found += "S" if mark == "<details" else "E"
    assert re.fullmatch("(ES+)+", found)


# --- What Jupyter and Colab, which know no MyST, would show as it is written --------------

# Their raw form is readable: {cite}`Bishop1994`, {term}`mixture`.
READABLE_ROLES = {"chapter", "Chapter", "cite", "cite:p", "cite:t", "eq", "numref", "term"}
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


def test_a_chapter_reads_well_without_myst(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
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
