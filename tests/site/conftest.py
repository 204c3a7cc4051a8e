"""What the tests of the pages share: the built book, small books, a server, a browser.

Build first (``make book``). Without a built book, or without a browser, the tests skip;
where ``CI`` is set they fail instead.
"""

import functools
import http.server
import io
import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import nbformat
import pdf
import pytest
import server
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
WIDTHS = {"laptop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


def lacking(what):
    """Skip for want of something, or fail where everything is required."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


# --- The built book -------------------------------------------------------------------


# Some templates of the theme are copied into _static as .html; they are no pages.
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts
)
TOC = parse_toc_yaml(ROOT / "_toc.yml")
# In reading order: the notebook of each page that has one, and the numbered chapters
NOTEBOOKS = {
    f"{name}.html": path
    for name in TOC
    if (path := ROOT / "book" / f"{name}.ipynb").is_file()
}
CHAPTERS = [
    f"{name}.html" for part in TOC.root.subtrees if part.numbered for name in part.files()
]


@functools.cache
def parse(name):
    return BeautifulSoup((HTML / name).read_text(encoding="utf-8"), "html.parser")


class Book:
    """The built book, as files. A page is named by its address, `reference/torch.html`."""

    def __init__(self):
        self.root, self.html, self.parse = ROOT, HTML, parse
        self.toc, self.pages = TOC, PAGES
        self.notebooks, self.chapters = NOTEBOOKS, CHAPTERS

    def content(self, name):
        """What the authors wrote, without the bars around it."""
        page = self.parse(name)
        return page.find("article") or page

    def cells(self, name):
        """The cells of the notebook of a page."""
        return nbformat.read(self.notebooks[name], as_version=4).cells

    def pages_with(self, selector):
        found = [name for name in self.pages if self.content(name).select_one(selector)]
        assert found, f"no page has {selector}"
        return found


@pytest.fixture(scope="session")
def book():
    if not PAGES:
        lacking("the book is not built: run make book")
    return Book()


def pytest_generate_tests(metafunc):
    """Run a test that asks for `page_name` or `notebook_page` for each of them."""
    for argument, names in {"page_name": PAGES, "notebook_page": list(NOTEBOOKS)}.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, names if PAGES else ["not built"])


# --- Small books ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def build_small_book(tmp_path_factory):
    """Build a book of a few notebooks, to test an extension of the book by itself."""

    def build(notebooks, folder=None, toctree="", **config):
        """Build `{name: cells}` without a warning; return where the pages lie.

        `config` is what a `conf.py` would hold, and `toctree` an option of the contents.
        In the `folder` of an earlier book only what is new is written.
        """
        folder = folder or tmp_path_factory.mktemp("book")
        source, out = folder / "source", folder / "out"
        source.mkdir(exist_ok=True)
        kernel = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
        for name in notebooks.keys() - {path.stem for path in source.glob("*.ipynb")}:
            cells = notebooks[name]
            notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
            nbformat.write(notebook, source / f"{name}.ipynb")
        tree = ["```{toctree}", toctree, *notebooks, "```"]
        text = "\n".join(["# Contents", "", "Nothing here.", "", *tree])
        (source / "index.md").write_text(text)
        config = {
            "nb_execution_mode": "off",
            "numfig": True,
            "html_sourcelink_suffix": "",
            **config,
        }
        warnings = io.StringIO()
        extensions = [str(ROOT / "book" / "_ext"), *sys.path]
        folders = source, None, out, folder / "doctrees"
        streams = {"status": None, "warning": warnings}
        with patch_docutils(), docutils_namespace(), patch.object(sys, "path", extensions):
            app = Sphinx(*folders, "html", config, **streams)
            app.build()
        assert warnings.getvalue() == ""
        return out

    return build


# --- In a browser ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(book):
    """What a test file looks at: the book, where the file names no other folder."""
    return book.html


@pytest.fixture(scope="module")
def site(folder):
    """The address of the folder, served from this machine."""
    handler = functools.partial(server.Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}/"
        host.shutdown()


@pytest.fixture(scope="session")
def require_browser():
    """The path of a browser."""
    return pdf.find_browser() or lacking("no browser found")


# Not for the session: tools/pdf.py opens its own, and there can be one at a time.
@pytest.fixture(scope="module")
def browser(require_browser):
    options = {"executable_path": require_browser, "args": ["--no-sandbox"]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


class Visit:
    """A reader's window with an empty cache, which notes all that goes wrong in it."""

    def __init__(self, browser, site, scheme="light", width="laptop", **options):
        self.site = site
        self.problems = []
        options |= {"color_scheme": scheme, "viewport": WIDTHS[width]}
        self.context = browser.new_context(**options)
        self.context.route(lambda url: not url.startswith(site), self.refuse)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self.check_console)

    def refuse(self, route):
        self.problems.append(f"another host: {route.request.url}")
        route.abort()

    def check_console(self, message):
        """What cannot be loaded is reported there, too."""
        if message.type == "error":
            self.problems.append(f"{message.text} {message.location.get('url')}")

    def resize(self, width):
        self.page.set_viewport_size(WIDTHS[width])

    def open(self, name):
        """Open a page and wait until its mathematics is set."""
        self.page.goto(self.site + name)
        if self.page.locator("script[src*=mathjax]").count():
            self.page.evaluate("() => MathJax.startup.promise.then(() => null)")
        return self.page

    def unfold(self):
        """Show all that is folded away or in the other tab."""
        self.page.evaluate(
            "document.querySelectorAll('details').forEach(fold => { fold.open = true })"
        )
        self.page.add_style_tag(content=".sd-tab-content { display: block !important }")


@pytest.fixture
def new_visit(browser, site):
    """Begin a visit: `new_visit("dark", "phone")`, or elsewhere: `site="file:///..."`."""
    with ExitStack() as stack:

        def begin(*args, site=site, **options):
            visit = Visit(browser, site, *args, **options)
            stack.callback(visit.context.close)
            return visit

        yield begin


@pytest.fixture
def visit(new_visit):
    """A visit on a laptop, in which nothing may go wrong."""
    visit = new_visit()
    yield visit
    assert visit.problems == []
