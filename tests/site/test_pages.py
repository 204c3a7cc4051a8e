"""The built book: every page read as a file, then opened in a browser.

Build first (``make book``). Without a built book, or without a browser, the tests skip;
where ``CI`` is set, or ``MDN_REQUIRE_ALL=1``, they fail instead.
"""

import functools
import http.server
import os
import re
import shutil
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
# Some templates of the theme are copied into _static as .html; they are no pages.
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts
)
every_page = pytest.mark.parametrize("name", PAGES or ["the book is not built"])

ABSOLUTE = re.compile(r"(https?:)?//", re.IGNORECASE)
# Markup that no reader should see. The book quotes no prices: a dollar sign is lost math.
LEFTOVERS = re.compile(r"\$|\\[(\[]|\\begin\{|`|\*\*|:::|\[\?\]|\{[a-z:-]+\}`")


def lacking(what):
    """Skip for want of something, or fail where everything is required."""
    if os.environ.get("CI") or os.environ.get("MDN_REQUIRE_ALL") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module", autouse=True)
def _book_is_built():
    if not PAGES:
        lacking("the book is not built: run make book")


# --- The pages as files ---------------------------------------------------------------


@functools.cache
def parse(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path):
    """Every place of a page that a link can point at."""
    page = parse(path)
    names = {tag["name"] for tag in page.select("a[name]")}
    return {"", "top"} | names | {tag["id"] for tag in page.select("[id]")}


def content(name):
    """What the authors wrote, without the bars around it."""
    page = parse(HTML / name)
    return page.find("article") or page


def addresses(page):
    """Every address on a page, with its tag."""
    for attribute in ("href", "src", "poster", "data-src"):
        for tag in page.select(f"[{attribute}]"):
            yield tag, tag[attribute]
    for tag in page.select("[srcset]"):
        for item in tag["srcset"].split(","):
            yield tag, item.split()[0]


def is_loaded(tag):
    """Whether the browser fetches the address by itself."""
    fetched = {"stylesheet", "preload", "modulepreload", "icon", "prefetch", "preconnect"}
    if tag.name == "link":
        return bool(fetched & set(tag.get("rel", [])))
    return tag.name not in {"a", "area"}


def entries(part):
    """The files of a table of contents, in reading order."""
    if isinstance(part, list):
        return [file for item in part for file in entries(item)]
    own = [part[key] for key in ("root", "file") if key in part]
    below = [part.get(key, []) for key in ("parts", "chapters", "sections")]
    return own + entries(below) if any(below) else own


def files_of_toc():
    return entries(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))


def notebooks_of_toc():
    files = [ROOT / "book" / f"{file}.ipynb" for file in files_of_toc()]
    return [file for file in files if file.is_file()]


def page_of(file):
    """The page of a file of the table of contents."""
    return Path(re.sub(r"\.(ipynb|md)$", "", str(file)) + ".html").as_posix()


def test_every_chapter_has_a_page():
    assert [file for file in files_of_toc() if page_of(file) not in PAGES] == []


@every_page
def test_links_lead_somewhere(name):
    path = HTML / name
    dead = []
    for _, address in addresses(parse(path)):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        is_page = target.suffix == ".html"
        if not target.is_file() or (
            is_page and unquote(parts.fragment) not in anchors(target)
        ):
            dead.append(address)
    assert dead == []


@every_page
def test_nothing_is_loaded_from_another_host(name):
    page = parse(HTML / name)
    foreign = [a for tag, a in addresses(page) if is_loaded(tag) and ABSOLUTE.match(a)]
    for script in page.select("script:not([src])"):
        # The w3.org addresses are names of formats; nobody fetches them.
        foreign += re.findall(r"https?://(?!www\.w3\.org)[^\s\"'`]+", script.string or "")
    assert foreign == []


def test_no_style_sheet_loads_from_another_host():
    pattern = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"';]+")
    sheets = {
        sheet.name: sheet.read_text(encoding="utf-8") for sheet in HTML.rglob("*.css")
    }
    foreign = {name: pattern.findall(text) for name, text in sheets.items()}
    assert {name: found for name, found in foreign.items() if found} == {}


@every_page
def test_images_are_described(name):
    missing = [img["src"] for img in parse(HTML / name).select("img") if not img.get("alt")]
    assert missing == []
    for img in content(name).select(".cell_output img"):
        alt = img["alt"]
        # Without an alt text, docutils writes the path of the image there.
        assert alt != img["src"], f"no alt text: {alt}"
        assert len(alt) >= 40, f"alt text too short to tell what it shows: {alt!r}"


@every_page
def test_figures_of_cells_have_captions(name):
    for img in content(name).select(".cell_output img"):
        figure = img.find_parent("figure")
        caption = figure and figure.select_one("figcaption .caption-text")
        assert caption, f"no caption: {img['alt']}"
        assert caption.get_text(strip=True)


@every_page
def test_no_markup_is_left_over(name):
    as_written = ["pre", "code", "script", "style", "textarea", "title"]
    left = [
        text.strip()
        for text in content(name).find_all(string=LEFTOVERS)
        if not text.find_parent(as_written)
        and not text.find_parent(class_=["math", "sig", "field-list"])  # **kwargs
    ]
    assert left == []


@pytest.mark.parametrize("path", notebooks_of_toc() if PAGES else [], ids=lambda p: p.stem)
def test_no_code_cell_is_lost(path):
    cells = nbformat.read(path, as_version=4).cells
    removed = {"remove-cell", "remove_cell", "remove-input", "remove_input"}
    written = Counter(
        cell.source.strip()
        for cell in cells
        if cell.cell_type == "code"
        and cell.source.strip()
        and not removed & set(cell.metadata.get("tags", []))
    )
    page = content(page_of(path.name))
    shown = Counter(pre.get_text().strip() for pre in page.select(".cell_input pre"))
    assert written == shown, (
        "lost or changed cells; is the built book older than the notebook?"
    )


def test_a_notebook_page_alone_can_be_launched_and_downloaded():
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    account, book = repository["url"].removeprefix("https://github.com/").split("/")
    on_github = repository["url"].startswith("https://github.com/")
    notebooks = {page_of(path.name): f"book/{path.name}" for path in notebooks_of_toc()}
    for name in PAGES:
        links = [a["href"] for a in parse(HTML / name).select("a[href]")]
        launching = [a for a in links if re.search(r"//(colab|mybinder)\b", a)]
        downloads = [a for a in links if a.endswith(".ipynb") and "_sources/" in a]
        expected = []
        if name in notebooks and on_github:
            expected = [
                f"https://mybinder.org/v2/gh/{account}/{book}/main?urlpath=lab/tree/"
                + notebooks[name],
                f"https://colab.research.google.com/github/{account}/{book}/blob/main/"
                + notebooks[name],
            ]
        if on_github:
            assert launching == expected, name
        assert len(downloads) == (name in notebooks), name
        for address in downloads:
            source = ROOT / notebooks[name]
            assert (HTML / name).parent.joinpath(
                address
            ).read_bytes() == source.read_bytes()


MAPS = {"06_mdn_implementation": 1, "08_judging_densities": 2, "09_training_reliably": 1}


@pytest.mark.parametrize("stem", MAPS)
def test_maps_of_a_density_keep_their_shades(stem):
    """With few levels of each color, a map shows contours that are not in the data."""
    shades = []
    for img in content(f"{stem}.html").select(".cell_output img[src$='.webp']"):
        with Image.open((HTML / unquote(img["src"])).resolve()) as image:
            shades.append(len(image.convert("RGB").getcolors(image.width * image.height)))
    assert sum(n > 4000 for n in shades) == MAPS[stem], shades


# --- The pages in a browser -----------------------------------------------------------


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    """The address of the book, served from this machine."""
    handler = functools.partial(QuietHandler, directory=HTML)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        lacking("no browser found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A reader's window on the book, which notes all that goes wrong in it."""

    def __init__(self, browser, site, scheme="light"):
        self.site = site
        self.problems = []
        self.context = browser.new_context(
            color_scheme=scheme, viewport={"width": 1280, "height": 900}
        )
        self.context.route(lambda url: not url.startswith(site), self.refuse)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.note("error", error))
        self.page.on("requestfailed", lambda request: self.note("failed", request.url))
        self.page.on("response", self.check_response)
        self.page.on("console", self.check_console)

    def note(self, kind, what):
        self.problems.append(f"{kind}: {what}")

    def refuse(self, route):
        self.note("another host", route.request.url)
        route.abort()

    def check_response(self, response):
        if response.status >= 400:
            self.note(response.status, response.url)

    def check_console(self, message):
        if message.type == "error":
            self.note("console", f"{message.text} {message.location.get('url')}")

    def open(self, address, until="networkidle"):
        """Open a page and wait until its mathematics is set."""
        self.page.goto(self.site + address, wait_until=until)
        if self.page.locator("script[src*=mathjax]").count():
            self.page.evaluate("() => MathJax.startup.promise.then(() => null)")
        return self.page


@pytest.fixture(scope="module", params=["light", "dark"])
def visit_in_scheme(request, browser, site):
    visit = Visit(browser, site, request.param)
    yield request.param, visit
    visit.context.close()


@pytest.fixture
def visit(browser, site):
    visit = Visit(browser, site)
    yield visit
    visit.context.close()


# MathJax shows an unknown macro in red, without calling it an error.
WRONG_MATH = """
    [...MathJax.startup.document.math]
    .filter(m => m.typesetRoot.querySelector("mjx-merror, mjx-mtext[style*='color: red']"))
    .map(m => m.math)
"""

WIDE_MATH = """
    [...MathJax.startup.document.math].filter(m => {
        const box = m.typesetRoot.closest("div.math");
        return box && box.scrollWidth > box.clientWidth + 1;
    }).map(m => m.math)
"""


@every_page
def test_page_opens_without_fault(name, visit_in_scheme):
    scheme, visit = visit_in_scheme
    visit.problems.clear()
    page = visit.open(name)
    assert visit.problems == []
    assert page.locator("html").get_attribute("data-theme") == scheme

    bare = page.locator(".math:not(:has(mjx-container))")
    assert bare.all_inner_texts() == [], "mathematics left as it was written"
    if page.locator("mjx-container").count():
        assert page.evaluate(WRONG_MATH) == [], "mathematics that MathJax cannot read"

    # What is folded away or in the other tab must fit on a phone as well.
    page.add_style_tag(content=".sd-tab-content { display: block !important }")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    wide = page.evaluate(WIDE_MATH) if page.locator("mjx-container").count() else []
    page.set_viewport_size({"width": 1280, "height": 900})
    assert width <= 390, "the page is wider than a phone"
    assert wide == [], "formulas of which a phone shows a part only: break them"


# A lone cell has a set with one tab, where there is nothing to choose.
PAIR = ".sd-tab-set:has(> [data-sync-id=tensorflow]):has(> [data-sync-id=pytorch])"


def pages_with_pairs():
    names = [n for n in PAGES if content(n).select_one(PAIR)]
    if len(names) < 2:
        lacking("fewer than two pages with framework tabs")
    return names


def assert_pytorch_is_chosen(page):
    chosen = page.locator(f"{PAIR} > input:checked + label")
    assert set(chosen.all_inner_texts()) == {"PyTorch"}
    for panel in page.locator(f"{PAIR} > input:checked + label + .sd-tab-content").all():
        assert panel.is_visible()


def test_framework_is_chosen_once_for_the_book(visit):
    first, *others = pages_with_pairs()
    page = visit.open(first)
    page.locator(f"{PAIR} > label", has_text="PyTorch").first.click()
    assert_pytorch_is_chosen(page)
    for name in [*others, first]:
        assert_pytorch_is_chosen(visit.open(name))
    assert visit.problems == []


def test_framework_is_chosen_with_the_keyboard(visit):
    page = visit.open(pages_with_pairs()[0])
    for _ in range(500):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches('{PAIR} > input')"):
            break
    else:
        pytest.fail("the Tab key does not reach the tabs")
    page.keyboard.press("ArrowRight")
    focused = "document.activeElement.nextElementSibling"
    assert page.evaluate(f"{focused}.innerText") == "PyTorch"
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
    assert_pytorch_is_chosen(page)


# --- Figures with sliders: tests/test_interactive.py tells whether they compute rightly ---


def pages_with_sliders():
    return [n for n in PAGES if content(n).select_one(".interactive")]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", pages_with_sliders() or ["no such page"])
def test_figures_with_sliders_are_drawn(name, width, visit):
    if name not in PAGES:
        lacking("no page has a figure with sliders")
    visit.page.set_viewport_size({"width": width, "height": 900})
    page = visit.open(name)
    for figure in page.locator("figure:has(.interactive)").all():
        still = figure.locator(".interactive-still img")
        still.scroll_into_view_if_needed()
        figure.locator(".interactive-drawn").wait_for(timeout=15_000)
        assert figure.locator("svg").is_visible()
        assert not still.is_visible()
        before = figure.locator(".interactive-readout").text_content()
        figure.locator("input").first.focus()
        page.keyboard.press("ArrowRight")
        expect(figure.locator(".interactive-readout")).not_to_have_text(before)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.problems == []


@pytest.mark.parametrize("name", pages_with_sliders() or ["no such page"])
def test_a_figure_with_sliders_adds_at_most_300_kb(name):
    if name not in PAGES:
        lacking("no page has a figure with sliders")
    for figure in content(name).select(".interactive"):
        image = (HTML / name).parent / unquote(figure.img["src"])
        assert len(str(figure).encode()) + image.stat().st_size <= 300_000
