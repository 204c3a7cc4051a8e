"""Notation, glossary, bibliography, status, and the bugs in the wild.

First as they are written, then as built.
"""

import re

import chapters

BOOK = chapters.BOOK
BUGS = BOOK / "bugs_in_the_wild.ipynb"

# --- As written -----------------------------------------------------------------------


def test_every_source_has_an_address():
    sources = (BOOK / "references.bib").read_text().split("\n@")
    assert len(sources) >= 10
    for source in sources:
        fields = dict(re.findall(r"^\s+(\w+)\s+= \{(.*)\},$", source, flags=re.MULTILINE))
        assert fields.keys() & {"doi", "eprint", "url"}, source
        assert re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "10.1000/x"))
        assert re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", "0000.00000"))
        assert re.fullmatch(r"https://\S+", fields.get("url", "https://x"))


def test_a_chapter_seldom_refers_to_the_glossary():
    """In Jupyter the role shows as it is written."""
    for path in chapters.NOTEBOOKS:
        text = [c.source for c in chapters.read(path).cells if c.cell_type == "markdown"]
        assert len(re.findall(r"\{term\}", " ".join(text))) <= 5, path.name


def sections_of_bugs():
    """Title and cells of each section, without those that end every chapter."""
    sections = []
    for cell in chapters.read(BUGS).cells:
        if cell.cell_type == "markdown" and (m := re.match(r"## (.+)", cell.source)):
            sections.append((m[1], []))
        if sections:
            sections[-1][1].append(cell)
    titles = [title for title, _ in sections]
    return sections[: titles.index("Five tests against all of them")]


def is_wrong(cell):
    return "wrong" in cell.metadata.get("tags", [])


def test_a_bug_has_its_symptom_its_cause_and_its_repair():
    assert len(sections_of_bugs()) >= 14
    for title, cells in sections_of_bugs():
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        marks = re.findall(r"^\*\*(You see|Why\.|Repair\.)\*\*", text, flags=re.MULTILINE)
        assert marks == ["You see", "Why.", "Repair."], title
        code = [cell for cell in cells if cell.cell_type == "code"]
        assert any(map(is_wrong, code)) or "no bug" in title
        assert any("assert " in c.source for c in code if not is_wrong(c)), title


def test_wrong_code_says_so(visit):
    for cell in chapters.read(BUGS).cells:
        if cell.cell_type == "code":
            first = [s for s in cell.source.splitlines()[:2] if not re.match("# (T|P)", s)]
            assert (first[0] == "# Wrong") == is_wrong(cell), cell.source
    page = visit.open(f"{BUGS.stem}.html")
    edge = "cells => [...new Set(cells.map(cell => getComputedStyle(cell).borderLeft))]"
    (wrong,) = page.locator(".tag_wrong .cell_input").evaluate_all(edge)
    (right,) = page.locator(".cell:not(.tag_wrong) .cell_input").evaluate_all(edge)
    assert wrong == "4px solid rgb(192, 57, 43)"
    assert right.startswith("0px")


# --- As built -------------------------------------------------------------------------


def test_each_symbol_has_an_anchor_and_names_the_chapter_that_introduces_it(book):
    rows = book.content("notation.html").select("tbody tr")
    assert len(rows) > 50
    anchors = [row.select_one("td:first-child [id^=symbol-]")["id"] for row in rows]
    assert len(set(anchors)) == len(anchors)
    for row in rows:
        (link,) = row.select("td:nth-child(2) a")
        number = book.chapters.index(link["href"]) + 1
        assert link.get_text().replace("\xa0", " ") == f"chapter {number}"


def targets(book, page):
    """What chapters refer to on a page: {anchor: text of the link}."""
    return {
        link["href"].partition("#")[2]: link.get_text()
        for name in book.notebooks
        for link in book.content(name).select(f"a[href^='{page}#']")
    }


def test_chapters_cite_sources_by_the_labels_of_the_bibliography(book):
    sources = book.content("bibliography.html").select(".citation")
    assert len(sources) >= 8
    for source in sources:
        assert source.select("a.external[href^='https://']"), source.get_text()
    labels = {s["id"]: s.select_one(".label").get_text().strip("[]") for s in sources}
    cited = targets(book, "bibliography.html")
    assert len(cited) >= 8
    assert {key: labels[key] for key in cited} == cited


def test_terms_refer_to_each_other_and_chapters_refer_to_terms(book):
    glossary = book.content("glossary.html")
    terms = {dt["id"] for dt in glossary.select("dt[id^=term-]")}
    assert len(terms) >= 60
    assert len(glossary.select("dd a[href^='#term-']")) >= 30
    assert len(targets(book, "glossary.html")) >= 6


def test_the_status_page_tells_versions_and_executions(book):
    page = book.content("status.html")
    pins = (chapters.ROOT / "requirements.txt").read_text()
    for package in ("tensorflow", "torch", "numpy", "scipy", "matplotlib"):
        (*_, pin) = re.findall(rf"^{package}==\S+", pins, flags=re.MULTILINE)
        assert pin in page.get_text()

    shown = [
        [row.a["href"], *(td.get_text(strip=True) for td in row.select("td")[1:])]
        for row in page.select("table tbody tr")
    ]
    expected = []
    for name, path in book.notebooks.items():
        stored = chapters.read(path).metadata["stored"]  # by make refresh
        expected.append([name, stored["date"], f"{stored['seconds']} s"])
    assert shown == expected
