"""What is derived and not typed: lists, numbers and openings of the chapters."""

import re
from types import SimpleNamespace

import chapters
import nbformat
import pytest
import readme_chapters
from bs4 import BeautifulSoup


def test_the_lists_name_every_notebook_with_its_title_and_outcome(book):
    readme = readme_chapters.README.read_text(encoding="utf-8")
    assert readme_chapters.renew(readme) == readme, "run tools/readme_chapters.py"
    shown = readme_chapters.PICTURE.read_bytes()
    assert shown == readme_chapters.picture(), "run tools/readme_chapters.py"
    start = book.content("index.html")
    links = [a["href"] for a in start.select("#chapters a[href$='.html']")]
    assert [name for name in links if name in book.notebooks] == list(book.notebooks)
    for path in book.notebooks.values():
        own = chapters.read(path).metadata
        assert own.title in start.get_text()
        assert own.outcome[1:] in start.get_text()
        assert f"[{own.title}](book/{path.name}) | {own.outcome}" in readme


def test_a_notebook_without_an_outcome_is_named(tmp_path):
    toc = tmp_path / "_toc.yml"
    toc.write_text("parts: [{caption: Part I, numbered: 1, chapters: [{file: 01_new}]}]")
    notebook = nbformat.v4.new_notebook(metadata={"title": "New"})
    nbformat.write(notebook, tmp_path / "01_new.ipynb")
    with pytest.raises(Exception, match=r"01_new\.ipynb lacks .*outcome"):
        readme_chapters.read_chapters(toc, tmp_path)


def test_a_chapter_opens_with_its_number_and_its_part(book):
    opened = [
        (
            tag.get_text(strip=True)
            for tag in book.content(name).select(".chapter-opening > *")
        )
        for name in book.chapters
    ]
    parts = {f"{n}.html": p.caption for p in book.toc.root.subtrees for n in p.files()}
    expected = [
        [f"Chapter {number}", parts[name]] for number, name in enumerate(book.chapters, 1)
    ]
    assert [list(words) for words in opened] == expected
    for name in book.chapters:
        assert re.search(r"About \d+ minutes", book.content(name).get_text())


def test_a_chapter_takes_about_half_an_hour(book):
    for name in book.chapters:
        minutes = re.search(r"About (\d+) minutes", book.content(name).get_text())[1]
        assert int(minutes) <= 40, name


# --- The role {chapter} ---------------------------------------------------------------

EXTENSIONS = {"extensions": ["myst_nb", "chapter_numbers"], "html_theme": "basic"}


def named(build_small_book, text, names=("01_one", "02_two"), **config):
    """What the first chapter says for some markup, and where its links lead."""
    books = {"00_here": f"# Here\n\n{text}", **{name: f"# On {name}" for name in names}}
    books = {name: [nbformat.v4.new_markdown_cell(text)] for name, text in books.items()}
    out = build_small_book(books, toctree=":numbered:", **EXTENSIONS, **config)
    page = BeautifulSoup((out / "00_here.html").read_text(encoding="utf-8"), "html.parser")
    said = page.select_one("[role=main] p")
    links = [a["href"] for a in said.select("a")]
    return SimpleNamespace(said=said.get_text().replace("\xa0", " "), links=links, out=out)


def test_chapters_are_named_by_their_numbers(build_small_book):
    text = "{Chapter}`two` follows {chapter}`one`; see {chapter}`one, two`."
    page = named(build_small_book, text)
    assert page.said == "Chapter 3 follows chapter 2; see chapters 2 and 3."
    assert page.links == ["02_two.html", "01_one.html", "01_one.html", "02_two.html"]


def test_a_page_without_a_number_goes_by_its_title(build_small_book):
    assert named(build_small_book, "See {chapter}`index`.").said == "See Contents."


def test_a_chapter_that_is_not_there_gets_a_warning(build_small_book):
    with pytest.raises(AssertionError, match="three"):
        named(build_small_book, "See {chapter}`three`.", nitpicky=True)


def test_a_new_chapter_renumbers_what_pages_say_of_later_ones(build_small_book):
    text, names = "See {chapter}`two`.", ["01_one", "01b_new", "02_two"]
    folder = named(build_small_book, text).out.parent
    assert named(build_small_book, text, names, folder=folder).said == "See chapter 4."
