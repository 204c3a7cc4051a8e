"""The search, and the small windows that show what a link points at."""

import re
from importlib import import_module
from itertools import product

import chapters
import pytest

# A link of each kind, and what its preview shows
PREVIEWS = {
    "figure": ("[href*='#fig-']:not({sliders})", "img"),
    "figure with sliders": (":is({sliders})", "img"),
    "equation": ("[href*='#equation-']", "mjx-container"),
    "term": ("[href^='glossary.html#term-']", "dd"),
    "source": ("[href^='bibliography.html#']", ".citation, p"),
    "function": ("[href^='reference'][href*='.html#']", "dt.sig"),
}


@pytest.fixture
def open_at(book, visit):
    """Open a page that has a link of a kind; return the page and the link."""
    figures = [
        figure["id"]
        for name in book.pages_with(".interactive")
        for figure in book.content(name).select("figure:has(.interactive)")
    ]
    sliders = ", ".join(f"[href$='#{anchor}']" for anchor in figures)

    def open_at(kind):
        links = f"article a.reference.internal{PREVIEWS[kind][0].format(sliders=sliders)}"
        page = visit.open(book.pages_with(links)[0])
        return page, page.locator(links).first

    return open_at


WORDS = ["underflow", "temperature", "calibration", "bimodal", "epistemic", "time series",
         "quantile regression", "conformal", "HDR", "missing", "angle",
         "speed", "faster"]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_search_finds(word, visit):
    page = visit.open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    whole = re.compile(rf"\b{word}", re.IGNORECASE)
    result = page.locator("#search-results li").first
    result.wait_for()
    assert whole.search(result.text_content())
    assert "mdn_book" not in result.locator(".page").text_content()  # what draws figures
    # Sentences, not lists of headings; formulas that can be read; whole words marked
    for excerpt in page.locator("#search-results p.excerpt").all_text_contents():
        assert not re.search(r"\\[(\[a-z]|\$", excerpt), excerpt
    around = page.evaluate("""[...document.querySelectorAll("#search-results mark")].map(
        m => [m.previousSibling?.data?.at(-1), m.nextSibling?.data?.[0]])""")
    assert not [x for pair in around for x in pair if x and re.match(r"[^\W_]", x)]
    # It leads to the section, with the words marked there, too.
    link = result.locator("a")
    anchor = link.get_attribute("href").partition("#")[2]
    assert anchor
    link.click()
    page.wait_for_function("CSS.highlights?.get('found')?.size > 0")
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    in_sight = f"id => ({top})(id) >= 0 && ({top})(id) < innerHeight / 2"
    end = "scrollY + innerHeight > document.documentElement.scrollHeight - 2"
    page.wait_for_function(f"id => ({in_sight})(id) || {end}", arg=anchor)


def test_search_as_one_types(visit):
    page = visit.open("search.html")
    heading = page.locator("#search-results li a").first
    page.locator(".bd-search-container input").fill("pit")
    heading.wait_for()
    assert heading.text_content().startswith("PIT")
    page.locator(".bd-search-container input").fill("C[o(st*")
    page.locator("#search-results [role=status]", has_text="Nothing found").wait_for()


def test_no_other_page_loads_the_search(book):
    for name in book.pages:
        loads = "search-index.js" in (book.html / name).read_text(encoding="utf-8")
        assert loads == (name == "search.html"), name


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\(\hat y \le F^{-1}(\alpha)\)", "ŷ ≤ F⁻¹(α)"),
        (r"\(\mathcal{N}(y \mid \mu_k, \sigma_k^2)\)", "N(y | μ_k, σ_k²)"),
        (r"\(\tfrac12 \log \frac{a}{2\pi}\)", "1/2 log a/2π"),
        (r"\(\big\{y : \text{p} \ge c\big\}\)", "{y : p ≥ c}"),
    ],
)
def test_formulas_in_results_can_be_read(formula, text, monkeypatch):
    monkeypatch.syspath_prepend(chapters.BOOK / "_ext")
    assert import_module("search_by_section").readable(formula) == text


@pytest.mark.parametrize("kind", PREVIEWS)
def test_a_link_shows_what_it_points_at(kind, visit, open_at):
    page, link = open_at(kind)
    preview = page.locator("#link-preview.is-shown")
    link.scroll_into_view_if_needed()
    height = page.evaluate("document.documentElement.scrollHeight")
    for width, point in product(["laptop", "phone"], [link.focus, link.hover]):
        visit.resize(width)
        link.scroll_into_view_if_needed()
        point()
        preview.wait_for()
        assert preview.locator(PREVIEWS[kind][1]).first.is_visible()
        assert preview.get_attribute("role") == "tooltip"
        assert link.get_attribute("aria-describedby") == "link-preview"
        assert preview.locator("[id], a, input, button").count() == 0
        if "figure" in kind:  # with its caption, and not squashed
            assert preview.evaluate("box => box.scrollHeight - box.clientHeight") <= 1
            image = "i => i.width / i.height * i.naturalHeight / i.naturalWidth"
            assert abs(preview.locator("img").evaluate(image) - 1) < 0.02
        box, screen = preview.bounding_box(), page.viewport_size
        assert 0 <= box["x"] <= screen["width"] - box["width"]
        assert 0 <= box["y"] <= screen["height"] - box["height"]
        if width == "phone":
            assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
        else:
            # A page may end halfway between two pixels, and is then rounded up or down.
            now = page.evaluate("document.documentElement.scrollHeight")
            assert abs(now - height) <= 1

        page.keyboard.press("Escape")
        assert page.locator("#link-preview").count() == 0
        assert link.get_attribute("aria-describedby") is None
        link.blur()
        page.mouse.move(2, 2)


def test_a_preview_stays_under_the_pointer_and_goes_with_it(visit, open_at):
    visit.page.clock.install()
    page, link = open_at("term")
    link.hover()
    preview = page.locator("#link-preview.is-shown")
    preview.wait_for()
    preview.hover()
    page.clock.fast_forward(5000)
    assert preview.is_visible()
    page.mouse.move(2, 2)
    preview.wait_for(state="detached")


def test_a_link_to_a_section_shows_nothing(visit, open_at):
    visit.page.clock.install()
    page, link = open_at("term")
    section = "document.querySelector('article section')"
    link.evaluate(f"link => {{ link.href = '#' + {section}.id }}")
    link.focus()
    page.clock.fast_forward(5000)
    assert page.locator("#link-preview").count() == 0
