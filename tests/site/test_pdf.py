"""The book as a PDF: printed once, then read as a file and looked at in a browser."""

import functools
import re
import unicodedata

import archive
import pdf
import pytest
import site_to_publish
from bs4 import BeautifulSoup
from pypdf import PdfReader


def squeeze(text):
    """Text without spaces, hyphens and ligatures: how it is set is no matter here."""
    return re.sub(r"[\s\xad\u2010-]+", "", unicodedata.normalize("NFKC", text))


@pytest.fixture(scope="module")
def reader(book, require_browser):
    return PdfReader(pdf.make("both"))


@pytest.fixture(scope="module")
def text_of(reader):
    """The text of a page, by its number. Reading takes a while, so only some are read."""
    return functools.cache(lambda n: squeeze(reader.pages[n - 1].extract_text()))


@pytest.fixture(scope="module")
def source(reader):
    """The page from which the book is printed."""
    return pdf.path_for("both").with_suffix(".html")


@pytest.fixture(scope="module")
def soup(source):
    return BeautifulSoup(source.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def articles(book):
    """The pages of the site, as they were built, in reading order."""
    return [book.content(f"{name}.html") for name in book.toc]


def outline(reader, entries=None, depth=0):
    """(depth, title, number of the page) of every bookmark."""
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from outline(reader, entry, depth + 1)
        else:
            yield depth, entry.title, reader.get_destination_page_number(entry) + 1


# --- The file ---------------------------------------------------------------------------


def test_it_says_what_it_is_and_is_light_enough_to_send(reader):
    assert reader.metadata.title == "Mixture Density Networks"
    assert reader.metadata.author == pdf.CONFIG["author"]
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert len(reader.pages) > 60
    assert pdf.path_for("both").stat().st_size < 25e6


def test_the_bookmarks_hold_every_chapter_in_its_part(reader, book):
    expected = [(0, "Contents"), (0, "About this book")]
    for part in book.toc.root.subtrees:
        if part.numbered:
            expected.append((0, part.caption))
        for name in part.files():
            heading = book.content(f"{name}.html").h1.get_text()
            expected.append((int(bool(part.numbered)), heading.removesuffix("#")))
    shown = [entry[:2] for entry in outline(reader)]
    assert [entry for entry in shown if entry in expected] == expected
    assert {entry for entry in shown if entry[0] == 0} <= set(expected)


def test_each_bookmark_leads_to_its_heading(reader, text_of):
    for depth, title, number in outline(reader):
        if depth == 0 or re.match(r"\d+\. ", title):
            assert squeeze(title) in text_of(number), title


def test_the_contents_name_the_pages(reader, text_of, soup):
    numbers = {}
    for _, title, number in outline(reader):
        numbers.setdefault(squeeze(title), set()).add(number)
    (first,), (last,) = numbers["Contents"], numbers["Aboutthisbook"]
    text = "".join(map(text_of, range(first, last)))
    for line in soup.select("#contents li"):
        title = squeeze(line.get_text())
        assert any(f"{title}{n}" in text for n in numbers[title]), title


def test_internal_links_lead_somewhere(reader):
    there = set(reader.named_destinations)
    jumps = 0
    for page in reader.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if "/A" in link:
                assert re.match("(https?|mailto):", link["/A"]["/URI"]), link["/A"]
            else:
                assert link["/Dest"] in there
                jumps += 1
    assert jumps > 100


# --- The page from which it is printed --------------------------------------------------


def test_figures_keep_their_numbers_their_order_and_their_descriptions(soup, articles):
    def shown(parts, selector):
        return [tag for part in parts for tag in part.select(selector)]

    captions = [c.get_text() for c in shown(articles, "figcaption .caption-number")]
    assert len(captions) > 20
    assert [c.get_text() for c in soup.select("figcaption .caption-number")] == captions
    images = soup.select("main img")
    described = [image["alt"] for image in shown(articles, "img:not(.only-dark)")]
    assert [image["alt"] for image in images] == described
    for image in images:
        assert (pdf.PDF / image["src"]).is_file(), image["src"]


def test_no_code_cell_is_lost(soup, book):
    shown = {pre.get_text().strip() for pre in soup.select(".cell_input pre")}
    for name in book.notebooks:
        for cell in book.cells(name):
            tags = cell.metadata.get("tags", [])
            if cell.cell_type == "code" and "remove-cell" not in tags:
                assert cell.source.strip() in shown, f"{name}: {cell.source}"


def test_what_is_folded_is_open_and_what_only_a_screen_can_use_is_gone(soup):
    folds = soup.select("details")
    assert len(folds) > 20
    for fold in folds:
        assert fold.has_attr("open")
        assert not re.match("Show|Hide|Click", fold.summary.get_text(strip=True))
    assert soup.select("nav, button, input, .headerlink, .on-screen, .only-dark") == []
    assert soup.select("body script") == []


def test_one_framework_leaves_out_the_cells_of_the_other(soup):
    kept, left_out = "pytorch", "tensorflow"
    one = pdf.assemble(kept)
    own = f".cell.tag_{kept}:not(.tag_{left_out})"
    other = f".cell.tag_{left_out}:not(.tag_{kept})"
    assert len(soup.select(own)) > 20
    assert len(soup.select(other)) > 20
    assert len(one.select(own)) == len(soup.select(own))
    assert one.select(other) == []
    assert one.select(".tab-label") == []
    assert pdf.FRAMEWORKS[kept] in pdf.cover(kept)
    assert pdf.FRAMEWORKS[left_out] not in pdf.cover(kept)

    anchors = {tag["id"] for tag in one.select("[id]")}
    dead = [a["href"] for a in one.select("a[href^='#']") if a["href"][1:] not in anchors]
    assert dead == []


# As wide as the text of a page of paper
TEXT_WIDTH = round((210 - 2 * 23) / 25.4 * 96)
TOO_WIDE = """
    width => [...document.querySelectorAll("main *, #contents *")]
        .filter(e => !e.parentElement.closest("mjx-container"))
        .filter(e => e.getBoundingClientRect().right > width + 1)
        .map(e => `${e.closest("section").id}: ${e.outerHTML.slice(0, 200)}`)
"""
BROKEN_LINES = """
    () => [...document.querySelectorAll("pre")].filter(pre => {
        const {lineHeight, paddingTop, paddingBottom} = getComputedStyle(pre)
        const height = pre.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)
        return height > parseFloat(lineHeight) * (pre.textContent.split("\\n").length + 0.5)
    }).map(pre => pre.textContent)
"""
TEXTS = """
    () => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
        const texts = []
        while (walker.nextNode()) {
            // `**kwargs` stands in signatures, and in lists of arguments.
            const asWritten = "pre, code, mjx-container, .sig, .field-list strong"
            if (!walker.currentNode.parentElement.closest(asWritten))
                texts.push(walker.currentNode.textContent)
        }
        return texts
    }
"""
LEFTOVERS = re.compile(r"\$|\\[(\[]|\\begin\{|`|\*\*|:::|\?\?|\[\?\]|\{[a-z:-]+\}")
SCREEN_WORDS = re.compile(r"\b(click|button|tabs?|magnifying glass)\b", re.IGNORECASE)


def test_nothing_is_wider_than_the_page_and_no_markup_is_left_over(source, browser):
    page = pdf.open_book(browser, source)
    page.set_viewport_size({"width": TEXT_WIDTH, "height": 1000})
    assert page.evaluate(TOO_WIDE, TEXT_WIDTH) == []
    assert page.evaluate(BROKEN_LINES) == [], "lines of code too long for the paper"
    texts = page.evaluate(TEXTS)
    assert [text for text in texts if LEFTOVERS.search(text)] == []
    of_screens = [text for text in texts if SCREEN_WORDS.search(text)]
    assert of_screens == [], "put it in a span of class on-screen"
    assert page.locator("mjx-merror").count() == 0
    bare = page.locator(".math:not(:has(mjx-container))")
    assert bare.count() == 0, "mathematics left as it was written"


def test_the_published_start_page_offers_pdf_and_archive(reader, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "ARCHIVE", tmp_path / archive.ARCHIVE.name)
    archive.make()
    published = site_to_publish.make()
    text = (published / "index.html").read_text(encoding="utf-8")
    links = [a["href"] for a in BeautifulSoup(text, "html.parser").article.select("a")]
    offered = [link for link in links if link.endswith((".pdf", ".zip"))]
    assert len(offered) == 2
    for name in offered:
        assert (published / name).stat().st_size > 1e6
    # Nowhere else: a book that was only built has neither.
    assert not list(pdf.HTML.rglob("*.zip"))
    assert not list(pdf.HTML.rglob("*.pdf"))


def test_a_missing_browser_is_named_in_one_sentence(monkeypatch):
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    with pytest.raises(SystemExit, match="install the package chromium"):
        pdf.make()
