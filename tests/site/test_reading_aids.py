"""What helps a reader along: glossary, symbols, reference, bugs, sources, status, search.

First as they are written, then as built, then in a browser.
"""

import ast
import datetime
import inspect
import re
from importlib import import_module
from importlib.metadata import version

import chapters
import pytest
from test_pages import (  # noqa: F401
    HTML,
    Visit,
    browser,
    content,
    lacking,
    notebooks_of_toc,
    page_of,
    site,
)

BOOK = chapters.BOOK
BUGS = BOOK / "bugs_in_the_wild.ipynb"
MODULES = [
    "numpy",
    "tensorflow",
    "torch",
    "problems",
    "diagnostics",
    "interactive",
    "plots",
]
SEARCHED = ["underflow", "temperature", "calibration"]

# --- As written -----------------------------------------------------------------------


def rows_of_notation():
    lines = (BOOK / "notation.md").read_text().splitlines()
    return [s for s in lines if s.startswith("| ") and not s.startswith("| symbol")]


def test_each_symbol_has_an_anchor_and_names_the_chapter_that_introduces_it():
    rows = rows_of_notation()
    assert len(rows) > 50
    anchors = []
    for row in rows:
        found = re.fullmatch(
            r"\| \[.+\]\{#(symbol-[\w-]+)\} \| \[(\d+)\]\((\d\d_\w+\.ipynb)\) \| .+ \|", row
        )
        assert found, row
        anchor, number, chapter = found.groups()
        assert int(number) == int(chapter[:2])
        assert (BOOK / chapter).is_file()
        anchors.append(anchor)
    assert len(set(anchors)) == len(anchors)


def public_names(module):
    """`__all__`, read without an import."""
    tree = ast.parse((chapters.ROOT / "mdn_utils" / f"{module}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return ast.literal_eval(node.value)
    return []


def test_every_module_has_a_page_in_the_reference():
    files = {path.stem for path in (chapters.ROOT / "mdn_utils").glob("[a-z]*.py")}
    assert {name for name in files if public_names(name)} == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_holds_every_public_name_once(module):
    text = (BOOK / "reference" / f"{module}.md").read_text()
    headings = re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)
    directives = re.findall(r"auto\w+:: mdn_utils\.(\w+)\.(\w+)", text)
    assert sorted(headings) == sorted(public_names(module))
    assert directives == [(module, name) for name in headings]


def test_every_source_has_an_address():
    text = (BOOK / "references.bib").read_text()
    entries = text.split("\n@")
    assert len(entries) >= 10
    for entry in entries:
        fields = dict(re.findall(r"^\s+(\w+)\s+= \{(.*)\},$", entry, flags=re.MULTILINE))
        assert fields.keys() & {"doi", "eprint", "url"}, entry
        assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/x"))
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "0000.00000"))
        assert re.fullmatch(r"https://\S+", fields.get("url", "https://x"))


@pytest.mark.parametrize("path", chapters.NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_seldom_refers_to_the_glossary(path):
    """In Jupyter the role shows as it is written."""
    text = [c.source for c in chapters.read(path).cells if c.cell_type == "markdown"]
    assert len(re.findall(r"\{term\}", " ".join(text))) <= 5


def sections_of_bugs():
    """Title and cells of each section, without those that end every chapter."""
    sections = []
    for cell in chapters.read(BUGS).cells:
        if cell.cell_type == "markdown" and (m := re.match(r"## (.+)", cell.source)):
            sections.append((m[1], []))
        if sections:
            sections[-1][1].append(cell)
    return sections[: [title for title, _ in sections].index("Summary")]


def is_wrong(cell):
    return "wrong" in cell.metadata.get("tags", [])


def test_there_are_enough_bugs():
    assert len(sections_of_bugs()) >= 14


@pytest.mark.parametrize(("title", "cells"), sections_of_bugs())
def test_a_bug_has_its_symptom_its_cause_and_its_repair(title, cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    marks = re.findall(r"^\*\*(You see|Why\.|Repair\.)\*\*", text, flags=re.MULTILINE)
    assert marks == ["You see", "Why.", "Repair."]
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert any(map(is_wrong, code)) or "no bug" in title
    assert any("assert " in cell.source for cell in code if not is_wrong(cell))


def test_wrong_code_says_so():
    for cell in chapters.read(BUGS).cells:
        if cell.cell_type == "code":
            first = [s for s in cell.source.splitlines()[:2] if not re.match("# (T|P)", s)]
            assert (first[0] == "# Wrong") == is_wrong(cell), cell.source


# --- As built -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built():
    if not (HTML / "index.html").is_file():
        lacking("the book is not built: run make book")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("module", MODULES)
def test_the_reference_shows_each_signature(module):
    page = content(f"reference/{module}.html")
    for name in public_names(module):
        thing = getattr(import_module(f"mdn_utils.{module}"), name)
        shown = page.find(id=f"mdn_utils.{module}.{name}")
        assert shown, name
        if callable(thing):
            function = thing.__init__ if inspect.isclass(thing) else thing
            wanted = [p for p in inspect.signature(function).parameters if p != "self"]
            given = [p.get_text() for p in shown.select(".sig-param > .n:first-child")]
            given += [
                p.get_text() for p in shown.select(".sig-param > .o:first-child + .n")
            ]
            assert sorted(given) == sorted(wanted), name
            assert shown.parent.find("dd").get_text(strip=True)


@pytest.mark.usefixtures("built")
def test_every_source_in_the_bibliography_links_to_its_text():
    sources = content("bibliography.html").select(".citation")
    assert len(sources) >= 8
    for source in sources:
        assert source.select("a.external[href^='https://']"), source.get_text()


@pytest.mark.usefixtures("built")
def test_a_source_is_labeled_as_the_chapters_cite_it():
    labels = {
        source["id"]: source.select_one(".label").get_text().strip("[]")
        for source in content("bibliography.html").select(".citation")
    }
    cited = {
        link["href"].split("#")[1]: link.get_text()
        for path in notebooks_of_toc()
        for link in content(page_of(path.name)).select("a[href^='bibliography.html#']")
    }
    assert len(cited) >= 8
    assert {key: labels[key] for key in cited} == cited


@pytest.mark.usefixtures("built")
def test_terms_refer_to_each_other_and_chapters_refer_to_terms():
    terms = {dt["id"] for dt in content("glossary.html").select("dt[id^=term-]")}
    assert len(terms) >= 60
    inner = content("glossary.html").select("dd a[href^='#term-']")
    assert len(inner) >= 30
    outer = [
        address["href"].split("#")[1]
        for path in notebooks_of_toc()
        for address in content(page_of(path.name)).select("a[href^='glossary.html#']")
    ]
    assert len(outer) >= 6
    assert set(outer) <= terms


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("stem", ["01_why_distributions", "06_mdn_implementation"])
def test_a_chapter_links_to_the_reference(stem):
    assert content(f"{stem}.html").select("a[href^='reference']")


@pytest.mark.usefixtures("built")
def test_the_status_page_tells_versions_and_executions():
    versions, executions = content("status.html").select("table")

    def cells(table):
        lines = table.select("tbody tr")
        return [[td.get_text(strip=True) for td in line.select("td")] for line in lines]

    shown = dict(cells(versions))
    assert shown["TensorFlow"] == version("tensorflow")
    assert shown["PyTorch"] == version("torch")
    assert {"Python", "Keras", "NumPy", "SciPy", "Jupyter Book"} < shown.keys()

    names = [path.name for path in notebooks_of_toc()]
    links = [a["href"] for a in executions.select("a")]
    assert links == [page_of(name) for name in names]
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    for _, date, seconds, done in cells(executions):
        age = now - datetime.datetime.strptime(date, "%Y-%m-%d %H:%M")
        assert datetime.timedelta(0) <= age < datetime.timedelta(days=3650)
        assert re.fullmatch(r"\d+ s", seconds)
        assert done == "yes"


# --- In a browser ---------------------------------------------------------------------


@pytest.fixture
def visit(built, browser, site):  # noqa: F811
    visit = Visit(browser, site)
    yield visit
    visit.context.close()


@pytest.mark.parametrize("word", SEARCHED)
def test_search_finds(word, visit):
    page = visit.open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    results = page.locator("#search-results li")
    # One by one, and the text of each comes after its title.
    results.filter(has_text=re.compile(word, re.IGNORECASE)).first.wait_for()
    assert visit.problems == []


PREVIEWS = {
    "figure": ("glossary.html", "a[href$='#fig-underflow']", "img"),
    "equation": ("07_predictions.html", "a[href$='#equation-eq-mixture']", "mjx-container"),
    "term": ("04_mdn_theory.html", "a[href$='#term-NLL']", "dd"),
    "source": ("07_predictions.html", "a[href^='bibliography.html#']", ".citation, p"),
    "function": ("07_predictions.html", "a[href^='reference/numpy.html#']", "dt.sig"),
}


@pytest.mark.parametrize("kind", PREVIEWS)
@pytest.mark.parametrize("by", ["keyboard", "pointer"])
def test_a_link_shows_what_it_points_at(kind, by, visit):
    name, selector, inside = PREVIEWS[kind]
    page = visit.open(name)
    link = page.locator(f"article {selector}").first
    height = page.evaluate("document.documentElement.scrollHeight")
    link.focus() if by == "keyboard" else link.hover()
    preview = page.locator("#link-preview.is-shown")
    preview.wait_for()
    assert preview.locator(inside).first.is_visible()
    assert preview.get_attribute("role") == "tooltip"
    assert link.get_attribute("aria-describedby") == "link-preview"
    assert preview.locator("[id], a").count() == 0
    # A page may end halfway between two pixels, and is then rounded up or down.
    assert abs(page.evaluate("document.documentElement.scrollHeight") - height) <= 1
    box = preview.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900

    page.keyboard.press("Escape")
    assert page.locator("#link-preview").count() == 0
    assert link.get_attribute("aria-describedby") is None
    assert visit.problems == []


def test_a_preview_stays_under_the_pointer_and_goes_with_it(visit):
    page = visit.open(PREVIEWS["term"][0])
    page.locator(f"article {PREVIEWS['term'][1]}").first.hover()
    preview = page.locator("#link-preview.is-shown")
    preview.wait_for()
    preview.hover()
    page.wait_for_timeout(600)
    assert preview.is_visible()
    page.mouse.move(2, 2)
    preview.wait_for(state="detached")


def test_a_preview_fits_a_phone(visit):
    page = visit.open(PREVIEWS["figure"][0])
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(f"article {PREVIEWS['figure'][1]}").first.focus()
    preview = page.locator("#link-preview.is-shown")
    preview.wait_for()
    box = preview.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_link_to_a_section_shows_nothing(visit):
    page = visit.open("reference.html")
    page.locator("article a").first.focus()
    page.wait_for_timeout(600)
    assert page.locator("#link-preview").count() == 0


def test_wrong_cells_look_different(visit):
    page = visit.open("bugs_in_the_wild.html")
    color = "e => getComputedStyle(e).borderLeftColor"
    wrong = page.locator(".tag_wrong > .cell_input").first.evaluate(color)
    right = page.locator(".cell:not(.tag_wrong) > .cell_input").first.evaluate(color)
    assert wrong != right
