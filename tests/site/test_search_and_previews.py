"""The search, and the small windows that show what a link points at."""

import re
from itertools import product

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
         "quantile regression", "conformal", "HDR", "missing", "angle"]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_search_finds(word, visit):
    page = visit.open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    results = page.locator("#search-results li")
    # One by one, and the text of each comes after its title.
    results.filter(has_text=re.compile(word, re.IGNORECASE)).first.wait_for()


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
        assert preview.locator("[id], a").count() == 0
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
