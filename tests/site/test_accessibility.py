"""The built pages for everyone: axe-core's rules, the keyboard, what a screen reader hears.

axe-core comes with the package axe-playwright-python. Each page is opened once in each
color scheme, with all that is folded away unfolded, and looked at in two widths.
"""

import contextlib
from importlib.resources import files
from itertools import pairwise

import pytest
from playwright.sync_api import TimeoutError as TooLate
from test_pages import PAGES, Visit, browser, content, every_page, site  # noqa: F401

WIDTHS = {"laptop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

# Contrast depends on the color, size and weight of the text and on its ground. One element
# of each such kind stands for all: a chapter has thousands of words of code.
MARK_KINDS = """() => {
    const seen = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const kind = [style.color, style.fontSize, style.fontWeight];
        for (let ground = element; ground; ground = ground.parentElement) {
            const shown = getComputedStyle(ground);
            kind.push(shown.backgroundColor, shown.backgroundImage, shown.opacity);
        }
        const key = kind.filter(v => !["rgba(0, 0, 0, 0)", "none", "1"].includes(v)).join();
        if (!seen.has(key)) { seen.add(key); element.dataset.kind = seen.size; }
    }
    // The other words of code stay as text, so that lines keep their width.
    for (const span of document.querySelectorAll("pre span:not(:has([data-kind]))"))
        if (!span.dataset.kind) span.replaceWith(...span.childNodes);
    document.querySelectorAll("pre").forEach(code => code.normalize());
}"""
RULES = """axe.run(document, {
    resultTypes: ["violations"], rules: {"color-contrast": {enabled: false}},
})"""
CONTRAST = """() => axe.run({include: [["[data-kind]"]]}, {
    resultTypes: ["violations"], runOnly: ["color-contrast"],
})"""
# Last, since it takes the formulas off the page: what is behind what takes axe-core long.
THIN_OUT = """
    document.querySelectorAll("mjx-container:not(:has([data-kind]))").forEach(
        formula => formula.remove())
"""


def violations(page, run):
    """What axe-core calls serious or critical, as lines to read."""
    return [
        f"{found['impact']} {found['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for found in page.evaluate(run)["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


# Boxes with something out of sight to the right that the keyboard cannot bring into sight
OUT_OF_REACH = """
    [...document.querySelectorAll("body *")].filter(box => {
        if (!box.checkVisibility()) return false;
        if (box.closest("mjx-container > *, .skip-link")) return false;  // drawn from parts
        // Two pixels hide nothing, and depend on where the box lies between two pixels.
        if (box.clientWidth <= 1 || box.scrollWidth <= box.clientWidth + 2) return false;
        const { display, overflowX } = getComputedStyle(box);
        if (display === "inline" || overflowX === "visible") return false;
        return ["hidden", "clip"].includes(overflowX) || box.tabIndex < 0;
    }).map(box => box.outerHTML.slice(0, 200))
"""


# After a resize the sidebar glides, and the theme and the book look again at what scrolls.
IN_REACH_FOR_A_WHILE = f"""() => {{
    const now = performance.now();
    if ({OUT_OF_REACH}.length > 0) window.inReachSince = now;
    return now - (window.inReachSince ??= now) > 400;
}}"""


def wait_until_all_is_in_reach(page):
    page.evaluate("window.inReachSince = undefined")
    with contextlib.suppress(TooLate):
        page.wait_for_function(IN_REACH_FOR_A_WHILE, polling=100, timeout=10_000)


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


@pytest.fixture(scope="module", params=["light", "dark"])
def open_page(request, browser, site):  # noqa: F811
    visit = Visit(browser, site, request.param)
    visit.page.add_init_script(AXE)

    def open_page(name):
        page = visit.open(name, until="load")
        unfold(page)
        return page

    yield open_page
    visit.context.close()


@every_page
def test_axe_finds_nothing_serious(name, open_page):
    page = open_page(name)
    page.evaluate(MARK_KINDS)
    for width, viewport in WIDTHS.items():
        page.set_viewport_size(viewport)
        wait_until_all_is_in_reach(page)
        assert page.evaluate(OUT_OF_REACH) == [], width
        assert violations(page, RULES) == [], width
    page.evaluate(THIN_OUT)
    for width, viewport in WIDTHS.items():
        page.set_viewport_size(viewport)
        assert violations(page, CONTRAST) == [], width


@pytest.fixture
def page(browser, site):  # noqa: F811
    visit = Visit(browser, site)
    yield visit
    visit.context.close()


CHAPTERS = [name for name in PAGES if name[0].isdigit()]


@every_page
def test_headings_go_down_one_level_at_a_time(name):
    headings = content(name).select("h1, h2, h3, h4, h5, h6")
    levels = [int(heading.name[1]) for heading in headings]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_is_always_visible(browser, site, scheme, width):  # noqa: F811
    """Walk through a chapter with the Tab key: what has the focus wears an outline."""
    visit = Visit(browser, site, scheme)
    visit.page.set_viewport_size(WIDTHS[width])
    visit.page.emulate_media(reduced_motion="reduce")  # no smooth scrolling to wait for
    page = visit.open(CHAPTERS[-1])
    unfold(page)
    visited = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => {
            const active = document.activeElement;
            if (active === document.body) return null;
            const tab = active.matches(".sd-tab-set > input");
            const shown = tab ? active.nextElementSibling : active;
            const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
            return {
                html: shown.outerHTML.slice(0, 150),
                kind: shown.tagName,
                outlined: style.outlineStyle !== "none"
                    && parseFloat(style.outlineWidth) >= 2,
                seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
            };
        }""")
        if found is None:
            break
        assert found["outlined"], found["html"]
        assert found["seen"], found["html"]
        visited.add(found["kind"])
    assert {"A", "BUTTON", "LABEL"} <= visited
    visit.context.close()


def test_the_skip_link_leads_to_the_text(page):
    chapter = page.open(CHAPTERS[0])
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.innerText") == "Skip to main content"
    assert chapter.locator(":focus").is_visible()
    chapter.keyboard.press("Enter")
    chapter.wait_for_url("**#main-content")
    chapter.keyboard.press("Tab")
    assert chapter.evaluate("document.activeElement.closest('main') !== null")


def test_the_sidebar_opens_and_closes_with_the_keyboard(page):
    page.page.set_viewport_size(WIDTHS["phone"])
    chapter = page.open(CHAPTERS[0])
    sidebar = chapter.locator(".bd-sidebar-primary")
    assert not sidebar.is_visible()
    chapter.locator("button.primary-toggle").focus()
    chapter.keyboard.press("Enter")
    chapter.wait_for_function("document.activeElement.closest('.bd-sidebar-primary')")
    assert sidebar.is_visible()
    chapter.keyboard.press("Escape")
    sidebar.wait_for(state="hidden")
    focused = "document.activeElement.matches('button.primary-toggle')"
    chapter.wait_for_function(focused)


def test_a_wide_line_of_code_scrolls_with_the_keyboard(page):
    page.page.set_viewport_size(WIDTHS["phone"])
    chapter = page.open(CHAPTERS[-1])
    code = chapter.locator("pre[tabindex='0']").first
    faded = "box => getComputedStyle(box).maskImage !== 'none'"
    assert code.evaluate(faded)
    code.focus()
    for _ in range(3):
        chapter.keyboard.press("ArrowRight")
    chapter.wait_for_function("document.activeElement.scrollLeft > 0")
    assert not code.evaluate(faded), "nothing is hidden from who reads by keyboard"
    code.evaluate("box => { box.blur(); box.scrollLeft = 0; }")
    chapter.wait_for_function(faded, arg=code.element_handle())
    code.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    chapter.wait_for_function(f"box => !({faded})(box)", arg=code.element_handle())
    assert code.get_attribute("aria-label").startswith("Code")


def test_formulas_are_there_for_screen_readers(page):
    chapter = page.open(CHAPTERS[-1])
    formulas, spoken = chapter.evaluate("""[
        document.querySelectorAll("mjx-container").length,
        document.querySelectorAll("mjx-container > mjx-assistive-mml > math").length,
    ]""")
    assert formulas == spoken > 0
    assert chapter.locator("mjx-container[tabindex]").count() == 0, "hundreds of Tab stops"


def test_what_unfolds_is_named_by_what_it_says():
    for name in CHAPTERS:
        for summary in content(name).select("summary"):
            assert not summary.has_attr("aria-label"), name
            assert summary.get_text(strip=True), name
