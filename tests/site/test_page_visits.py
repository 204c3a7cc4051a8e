"""Every page of the built book, opened in a browser: once in the light, once in the dark.

A visit begins with an empty cache. The page is read to its end, so that what is fetched
late counts as well; then all that is folded away is unfolded, and the page is looked at as
wide as on a laptop and as on a phone. The light visit begins on a laptop, the dark one on
a phone. All that is wrong with a page is reported, not only the first fault.

axe-core, the rules for pages that everyone can use, comes with axe-playwright-python.
"""

import contextlib
from importlib.resources import files

from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

MB = 1_000_000
# Raw, and compressed as a host sends it
BUDGET = {"index.html": (1.2 * MB, 0.5 * MB)}
CHAPTER = (2.5 * MB, 1.2 * MB)
SHIFT = 0.1
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

# --- As it opens ----------------------------------------------------------------------

WATCH_SHIFT = """
    window.shift = 0;
    new PerformanceObserver(list => {
        for (const entry of list.getEntries())
            if (!entry.hadRecentInput) window.shift += entry.value;
    }).observe({type: "layout-shift", buffered: true});
"""
# Lazy images are asked for at once: one that is scrolled past too soon might never come.
READ = """async () => {
    const drawn = () => new Promise(then => requestAnimationFrame(() => setTimeout(then)));
    const images = [...document.images].filter(image => image.checkVisibility());
    images.forEach(image => { image.loading = "eager"; });
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
        scrollTo({top: y, behavior: "instant"});
        await drawn();
    }
    const broken = [];
    await Promise.all(images.map(i => i.decode().catch(() => broken.push(i.src))));
    await document.fonts.ready;
    await drawn();
    return broken;
}"""
LOADED = """
    ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind)).map(
        entry => [entry.decodedBodySize, entry.transferSize, new URL(entry.name).pathname])
"""


def weighs_too_much(page, name):
    loaded = sorted(page.evaluate(LOADED), reverse=True)
    raw, sent = (sum(entry[i] for entry in loaded) for i in (0, 1))
    assert raw > sent > 0.1 * MB, "nothing was measured"
    most, most_sent = BUDGET.get(name, CHAPTER)
    too_much = raw > most or sent > most_sent
    return [f"{raw / MB:.2f} MB, {sent / MB:.2f} MB sent", *loaded[:6]] if too_much else []


BARE_MATH = """
    [...document.querySelectorAll(".math:not(:has(mjx-container))")].map(m => m.innerText)
"""
# MathJax shows an unknown macro in red, without calling it an error.
WRONG_MATH = """
    [...window.MathJax?.startup.document.math ?? []]
    .filter(m => m.typesetRoot.querySelector("mjx-merror, mjx-mtext[style*='color: red']"))
    .map(m => m.math)
"""


def interactive_figures_answer(page):
    """Interactive figures are drawn when the reader comes near, and answer the keyboard."""
    for figure in page.locator("figure:has(.interactive)").all():
        figure.scroll_into_view_if_needed()
        figure.locator(".interactive-drawn").wait_for(timeout=15_000)
        assert figure.locator("svg").is_visible()
        assert not figure.locator(".interactive-still").is_visible()
        readout = figure.locator(".interactive-readout")
        before = readout.text_content()
        figure.locator("input").first.focus()
        page.keyboard.press("ArrowRight")
        expect(readout).not_to_have_text(before)


# --- As wide as a laptop or a phone ---------------------------------------------------

# Boxes with something out of sight to the right that the keyboard cannot bring into sight
OUT_OF_REACH = """
    [...document.querySelectorAll("body *")].filter(box => {
        // Two pixels hide nothing, and depend on where the box lies between two pixels.
        if (box.clientWidth <= 1 || box.scrollWidth <= box.clientWidth + 2) return false;
        if (box.closest("mjx-container > *, .skip-link")) return false;  // drawn from parts
        const { display, overflowX } = getComputedStyle(box);
        if (display === "inline" || overflowX === "visible") return false;
        if (!box.checkVisibility()) return false;
        return ["hidden", "clip"].includes(overflowX) || box.tabIndex < 0;
    }).map(box => box.outerHTML.slice(0, 200))
"""
# After a resize the sidebar glides, and the theme and the book look again at what scrolls.
IN_REACH_FOR_A_WHILE = f"""() => {{
    const now = performance.now();
    if ({OUT_OF_REACH}.length > 0) window.inReachSince = now;
    return now - (window.inReachSince ??= now) > 400;
}}"""
WIDE_MATH = """
    [...window.MathJax?.startup.document.math ?? []].filter(m => {
        const box = m.typesetRoot.closest("div.math");
        return box && box.scrollWidth > box.clientWidth + 1;
    }).map(m => m.math)
"""


def out_of_reach(page):
    page.evaluate("window.inReachSince = undefined")
    with contextlib.suppress(TooLate):
        page.wait_for_function(IN_REACH_FOR_A_WHILE, polling=100, timeout=10_000)
    return page.evaluate(OUT_OF_REACH)


# --- axe-core -------------------------------------------------------------------------

# For axe-core a word of code or a part of a formula is an element like any other, and a
# chapter has thousands. They keep their place and their text.
THIN_OUT = """() => {
    for (const drawn of document.querySelectorAll("mjx-container > mjx-math")) {
        const { width, height } = drawn.getBoundingClientRect();
        const size = `width: ${width}px; height: ${height}px; max-width: 100%`;
        drawn.style = `display: inline-block; ${size}`;
        drawn.replaceChildren();
    }
    for (const spoken of document.querySelectorAll("mjx-assistive-mml > math"))
        spoken.replaceChildren(spoken.textContent);
    for (const span of document.querySelectorAll("pre span:not(:has([data-kind]))"))
        if (!span.dataset.kind) span.replaceWith(...span.childNodes);
    document.querySelectorAll("pre").forEach(code => code.normalize());
}"""
# Contrast depends on the color, size and weight of the text and on its ground. One element
# of each such kind stands for all.
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
}"""
RULES = """axe.run(document, {
    preload: false, resultTypes: ["violations"],
    rules: {"color-contrast": {enabled: false}},
})"""
CONTRAST = """axe.run({include: [["[data-kind]"]]}, {
    preload: false, resultTypes: ["violations"], runOnly: ["color-contrast"],
})"""


def violations(page, run):
    """What axe-core calls serious or critical, as lines to read."""
    return [
        f"{found['impact']} {found['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for found in page.evaluate(run)["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


# --------------------------------------------------------------------------------------


class Visits:
    def test_a_visit(self, page_name, new_visit, subtests):
        visit = new_visit(self.scheme, self.widths[0])
        visit.page.add_init_script(WATCH_SHIFT)
        page = visit.open(page_name)
        with subtests.test("all images come"):
            assert page.evaluate(READ) == []
        with subtests.test("mathematics is set"):
            assert page.evaluate(BARE_MATH) == []
            assert page.evaluate(WRONG_MATH) == []
        with subtests.test("interactive figures move"):
            interactive_figures_answer(page)
        page.wait_for_load_state("networkidle")
        with subtests.test("nothing goes wrong"):
            assert visit.problems == []
        with subtests.test("the page has the colors that the reader likes"):
            assert page.locator("html").get_attribute("data-theme") == self.scheme
        with subtests.test("it is light"):
            assert weighs_too_much(page, page_name) == []
        with subtests.test("it stands still"):
            assert page.evaluate("window.shift") <= SHIFT

        visit.unfold()
        for width in self.widths:
            visit.resize(width)
            with subtests.test("all is in reach", width=width):
                assert out_of_reach(page) == []
            with subtests.test("nothing is wider than the screen", width=width):
                shown = page.evaluate("document.documentElement.clientWidth")
                assert page.evaluate("document.documentElement.scrollWidth") <= shown
                assert page.evaluate(WIDE_MATH) == [], "break these formulas"

        page.evaluate(AXE)
        for width in self.widths:
            visit.resize(width)
            out_of_reach(page)  # waits until the page has settled at this width
            page.evaluate(MARK_KINDS)
            page.evaluate(THIN_OUT)
            with subtests.test("axe-core finds nothing serious", width=width):
                assert violations(page, RULES) == []
            with subtests.test("text stands out from its ground", width=width):
                assert violations(page, CONTRAST) == []


# Two classes, so that two workers can share them
class TestLight(Visits):
    scheme, widths = "light", ("laptop", "phone")


class TestDark(Visits):
    scheme, widths = "dark", ("phone", "laptop")


def test_a_dark_page_is_printed_as_a_light_one(new_visit, book):
    visit = new_visit("dark")
    page = visit.open(book.chapters[0])
    page.evaluate(
        """addEventListener("beforeprint", () => {
            const { theme } = document.documentElement.dataset;
            window.printed = [theme, getComputedStyle(document.body).color];
        })"""
    )
    dark = page.evaluate("getComputedStyle(document.body).color")
    page.pdf()
    theme, color = page.evaluate("window.printed")
    assert theme == "light"
    assert color != dark
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert visit.problems == []


def test_figures_in_the_dark_stand_on_the_ground_of_the_page(new_visit, book):
    visit = new_visit("dark")
    for name in ("index.html", book.chapters[2]):
        page = visit.open(name)
        looks = page.locator(".bd-content img:not(.only-dark)").evaluate_all(
            """images => images.map(getComputedStyle).map(
                ({ filter, mixBlendMode, padding }) => [filter, mixBlendMode, padding])"""
        )
        assert len(looks) > 1
        assert all(
            look == ["invert(1) hue-rotate(180deg)", "screen", "0px"] for look in looks
        )
