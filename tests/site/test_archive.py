"""The archive for offline reading, opened as files, and the site that offers it."""

import zipfile

import archive
import pdf
import pytest
import site_to_publish
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from test_pages import PAIR, lacking

CHAPTER = "06_mdn_implementation.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not (archive.HTML / CHAPTER).is_file():
        lacking("the book is not built: run make book")
    path = archive.make()
    elsewhere = tmp_path_factory.mktemp("a reader's folder")
    with zipfile.ZipFile(path) as packed:
        packed.extractall(elsewhere)
    (top,) = elsewhere.iterdir()  # all in one folder, not strewn about
    assert top.name == path.stem
    return top


@pytest.fixture
def page(folder):
    program = pdf.find_browser()
    if program is None:
        lacking("no browser found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
        yield page
        browser.close()


def test_it_holds_what_a_reader_can_ask_for(folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"index.html", "search.html", CHAPTER} <= names
    assert {"_sources/06_mdn_implementation.ipynb"} <= names  # offered for download
    caches = [name for name in names if name.startswith((".", "jupyter_"))]
    assert caches == []
    assert archive.ARCHIVE.stat().st_size < 40e6


def test_a_page_opens_as_a_file(folder, page):
    asked, problems = [], []

    def note_failure(request):
        # A browser preloads no font from a file, but loads it when it is used: see below.
        if request.resource_type != "font":
            problems.append(request.url)

    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", note_failure)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((folder / CHAPTER).as_uri(), wait_until="load")
    page.evaluate("() => MathJax.startup.promise.then(() => document.fonts.ready)")

    assert page.locator(".math:not(:has(mjx-container))").count() == 0
    broken_fonts = "[...document.fonts].filter(f => f.status == 'error').map(f => f.family)"
    assert page.evaluate(broken_fonts) == []
    page.locator(f"{PAIR} > label", has_text="PyTorch").first.click()
    assert set(page.locator(f"{PAIR} > input:checked + label").all_inner_texts()) == {
        "PyTorch"
    }
    # Images wait until the reader comes near them. Here all are asked for at once.
    page.evaluate("[...document.images].forEach(image => { image.loading = 'eager' })")
    page.evaluate("() => Promise.allSettled([...document.images].map(i => i.decode()))")
    broken = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
    assert page.locator("img").count() > 5
    assert page.evaluate(broken) == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert problems == []


def test_the_search_finds_a_word_in_files(folder, page):
    page.goto((folder / "search.html").as_uri() + "?q=logarithm", wait_until="load")
    page.locator("#search-results li a").nth(1).wait_for()


def test_the_published_start_page_offers_what_is_there(folder):
    if not pdf.path_for("both").is_file():
        lacking("the PDF is not made: run make pdf")
    site = site_to_publish.make()
    page = BeautifulSoup((site / "index.html").read_text(encoding="utf-8"), "html.parser")
    links = [a["href"] for a in page.article.select("a")]
    offered = [link for link in links if link.endswith((".pdf", ".zip"))]
    assert len(offered) == 2
    for name in offered:
        assert (site / name).stat().st_size > 1e6
    # Nowhere else: a book that was only built has neither.
    assert not list(pdf.HTML.rglob("*.zip"))
    assert not list(pdf.HTML.rglob("*.pdf"))
