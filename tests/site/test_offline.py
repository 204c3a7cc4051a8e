"""The archive for offline reading, opened as files."""

import re
import zipfile

import archive
import pytest


@pytest.fixture(scope="module")
def folder(book, tmp_path_factory):
    path = archive.make()
    elsewhere = tmp_path_factory.mktemp("a reader's folder")
    with zipfile.ZipFile(path) as packed:
        packed.extractall(elsewhere)
    (top,) = elsewhere.iterdir()  # all in one folder, not strewn about
    assert top.name == path.stem
    return top


@pytest.fixture(scope="module")
def site(folder):
    """The pages as files: nothing else may be asked for."""
    return f"{folder.as_uri()}/"


def test_it_holds_what_a_reader_can_ask_for(book, folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert set(book.pages) <= names
    offered = {f"_sources/{path.name}" for path in book.notebooks.values()}
    assert offered <= names
    caches = [name for name in names if name.startswith((".", "jupyter_"))]
    assert caches == []
    assert archive.ARCHIVE.stat().st_size < 40e6


def test_a_page_opens_as_a_file(book, visit):
    tabs = ".sd-tab-set > label[data-sync-id=pytorch]"
    pages = [name for name in book.pages_with(tabs) if name in book.chapters]
    page = visit.open(max(pages, key=lambda name: len(book.content(name).select(".math"))))
    page.evaluate("document.fonts.ready.then(() => null)")
    assert page.locator(".math:not(:has(mjx-container))").count() == 0
    broken_fonts = "[...document.fonts].filter(f => f.status == 'error').map(f => f.family)"
    assert page.evaluate(broken_fonts) == []
    page.locator(tabs).first.click()
    assert page.locator(f"{tabs} + .sd-tab-content").last.is_visible()
    # Images wait until the reader comes near them. Here all are asked for at once.
    page.evaluate("[...document.images].forEach(image => { image.loading = 'eager' })")
    page.evaluate("() => Promise.allSettled([...document.images].map(i => i.decode()))")
    broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
    assert page.locator("img").count() > 5
    assert page.evaluate(broken) == []
    # A browser preloads no font from a file, but loads it when it is used: see above.
    visit.problems = [s for s in visit.problems if not re.search(r"\.woff2?\b", s)]


def test_the_search_finds_a_word_in_files(visit):
    page = visit.open("search.html?q=logarithm")
    page.locator("#search-results p.excerpt mark").nth(1).wait_for()
    visit.problems = [s for s in visit.problems if not re.search(r"\.woff2?\b", s)]
