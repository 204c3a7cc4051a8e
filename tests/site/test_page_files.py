"""Every page of the built book, read as a file."""

import functools
import re
from base64 import b64decode
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from PIL import Image

# Markup that no reader should see. The book quotes no prices: a dollar sign is lost math.
LEFTOVERS = re.compile(r"\$|\\[(\[]|\\begin\{|`|\*\*|:::|\[\?\]|\{[a-z:-]+\}`")


def addresses(page):
    """Every address on a page."""
    for attribute in ("href", "src", "poster", "data-src"):
        yield from (tag[attribute] for tag in page.select(f"[{attribute}]"))
    for tag in page.select("[srcset]"):
        yield from (item.split()[0] for item in tag["srcset"].split(","))


@functools.cache
def anchors(book, path):
    """Every place of a page that a link can point at."""
    page = book.parse(path.relative_to(book.html).as_posix())
    names = {tag["name"] for tag in page.select("a[name]")}
    return {"", "top"} | names | {tag["id"] for tag in page.select("[id]")}


def test_the_pages_are_those_of_the_contents_and_the_search(book):
    assert set(book.pages) == {f"{name}.html" for name in book.toc} | {"search.html"}


def test_links_lead_somewhere(book, page_name):
    path = book.html / page_name
    dead = []
    for address in addresses(book.parse(page_name)):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        anchor = unquote(parts.fragment)
        is_page = target.suffix == ".html"
        if not target.is_file() or (is_page and anchor not in anchors(book, target)):
            dead.append(address)
    assert dead == []


def test_scripts_are_those_in_use(book, page_name):
    text = (book.html / page_name).read_text(encoding="utf-8")
    assert re.findall(r"(?:/|\b)(?:thebe|fontawesome|togglebutton)(?:\.js|/)", text) == []
    assert ("mathjax/" in text) <= ('class="math' in text)


def test_images_are_described_and_say_how_large_they_are(book, page_name):
    for image in book.parse(page_name).select("img"):
        assert image.get("alt"), image["src"]
    for image in book.parse(page_name).select("article img"):
        assert int(image["width"]) > 0, image["src"]
        assert int(image["height"]) > 0, image["src"]


def test_figures_of_cells_are_described_and_have_captions(book, page_name):
    for image in book.content(page_name).select(".cell_output img"):
        alt, figure = image["alt"], image.find_parent("figure")
        # Without an alt text, docutils writes the path of the image there.
        assert alt != image["src"], f"no alt text: {alt}"
        assert len(alt) >= 40, f"alt text too short to tell what it shows: {alt!r}"
        caption = figure and figure.select_one("figcaption .caption-text")
        assert caption, f"no caption: {alt}"
        assert caption.get_text(strip=True), f"no caption: {alt}"


def test_no_markup_is_left_over(book, page_name):
    as_written = ["pre", "code", "script", "style", "textarea", "title"]
    left = [
        text.strip()
        for text in book.content(page_name).find_all(string=LEFTOVERS)
        if not text.find_parent(as_written)
        and not text.find_parent(class_=["math", "sig", "field-list"])  # **kwargs
    ]
    assert left == []


def test_headings_go_down_one_level_at_a_time(book, page_name):
    headings = book.content(page_name).select("h1, h2, h3, h4, h5, h6")
    levels = [int(heading.name[1]) for heading in headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_unfolds_is_named_by_what_it_says(book, page_name):
    for summary in book.content(page_name).select("summary"):
        assert not summary.has_attr("aria-label")
        assert summary.get_text(strip=True)


def test_a_figure_with_sliders_adds_at_most_300_kb(book):
    for name in book.pages_with(".interactive"):
        for figure in book.content(name).select(".interactive"):
            image = (book.html / name).parent / unquote(figure.img["src"])
            assert len(str(figure).encode()) + image.stat().st_size <= 300_000, name


def test_the_site_is_small(book):
    total = sum(path.stat().st_size for path in book.html.rglob("*") if path.is_file())
    assert total <= 40e6, f"{total / 1e6:.1f} MB"


# --- Pages of notebooks ---------------------------------------------------------------


def test_no_code_cell_is_lost(book, notebook_page):
    removed = {"remove-cell", "remove_cell", "remove-input", "remove_input"}
    written = Counter(
        cell.source.strip()
        for cell in book.cells(notebook_page)
        if cell.cell_type == "code"
        and cell.source.strip()
        and not removed & set(cell.metadata.get("tags", []))
    )
    page = book.content(notebook_page)
    shown = Counter(pre.get_text().strip() for pre in page.select(".cell_input pre"))
    assert written == shown, (
        "lost or changed cells; is the built book older than the notebook?"
    )


def test_a_notebook_page_alone_offers_its_notebook(book, page_name):
    links = [a["href"] for a in book.parse(page_name).select("a[href]")]
    offered = [a for a in links if a.endswith(".ipynb") and "_sources/" in a]
    assert len(offered) == (page_name in book.notebooks)
    for address in offered:
        copy = (book.html / page_name).parent / address
        assert copy.read_bytes() == book.notebooks[page_name].read_bytes()


def test_maps_of_a_density_keep_their_shades(book):
    """With few levels of each color, a map shows contours that are not in the data."""
    shades = {}
    cells = [cell for name in book.notebooks for cell in book.cells(name)]
    for cell in cells:
        if re.search(r"pcolormesh|plots\.density", cell.source):
            for output in cell.get("outputs", []):
                if png := output.get("data", {}).get("image/png"):
                    stored = f"_images/{sha256(b64decode(png)).hexdigest()}.webp"
                    with Image.open(book.html / stored) as image:
                        colors = image.convert("RGB").getcolors(image.width * image.height)
                    shades[cell.metadata.mystnb.figure.name] = len(colors)
    assert shades
    assert {name: n for name, n in shades.items() if n < 4000} == {}
