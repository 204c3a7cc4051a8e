"""A chapter without a mouse: by keyboard, by what is read aloud, and with a finger."""

import pytest

FOCUSED = """() => {
    const active = document.activeElement;
    if (active === document.body) return null;
    const tab = active.matches(".sd-tab-set > input");
    const shown = tab ? active.nextElementSibling : active;
    const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
    return {
        html: shown.outerHTML.slice(0, 150),
        kind: shown.tagName,
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""


@pytest.mark.parametrize(("scheme", "width"), [("light", "laptop"), ("dark", "phone")])
def test_focus_is_always_visible(book, new_visit, scheme, width):
    """Walk through a chapter with the Tab key: what has the focus wears an outline."""
    visit = new_visit(scheme, width, reduced_motion="reduce")  # no gliding to wait for
    page = visit.open(book.chapters[-1])
    visit.unfold()
    visited = set()
    for _ in range(150):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        if found is None:
            break
        assert found["outlined"], found["html"]
        assert found["seen"], found["html"]
        visited.add(found["kind"])
    assert {"A", "BUTTON", "LABEL"} <= visited


def test_the_skip_link_leads_to_the_text(book, visit):
    page = visit.open(book.chapters[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    assert page.locator(":focus").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_sidebar_opens_and_closes(book, visit):
    visit.resize("phone")
    page = visit.open(book.chapters[0])
    sidebar = page.locator(".bd-sidebar-primary")
    assert not sidebar.is_visible()
    page.locator("button.primary-toggle").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('.bd-sidebar-primary')")
    assert sidebar.is_visible()
    page.keyboard.press("Escape")
    sidebar.wait_for(state="hidden")
    page.wait_for_function("document.activeElement.matches('button.primary-toggle')")


def test_a_wide_line_of_code_scrolls(book, visit):
    visit.resize("phone")
    page = visit.open(book.chapters[-1])
    code = page.locator("pre[tabindex='0']").first
    faded = "box => getComputedStyle(box).maskImage !== 'none'"
    assert code.evaluate(faded)
    code.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    assert not code.evaluate(faded), "nothing is hidden from who reads by keyboard"
    code.evaluate("box => { box.blur(); box.scrollLeft = 0; }")
    page.wait_for_function(faded, arg=code.element_handle())
    code.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    page.wait_for_function(f"box => !({faded})(box)", arg=code.element_handle())
    assert code.get_attribute("aria-label").startswith("Code")


def test_formulas_are_read_aloud(book, visit):
    page = visit.open(book.chapters[-1])
    formulas, spoken = page.evaluate("""[
        document.querySelectorAll("mjx-container").length,
        document.querySelectorAll("mjx-container > mjx-assistive-mml > math").length,
    ]""")
    assert formulas == spoken > 0
    assert page.locator("mjx-container[tabindex]").count() == 0, "hundreds of Tab stops"


def test_a_formula_is_broken_only_where_the_screen_is_narrow(book, visit):
    rows = "document.querySelectorAll('mjx-mtr').length"
    page = visit.open(book.chapters[2])
    wide = page.evaluate(rows)
    visit.resize("phone")
    page.wait_for_function(f"{rows} > {wide}")
    visit.resize("laptop")
    page.wait_for_function(f"{rows} === {wide}")
    assert page.locator("mjx-merror").count() == 0


# --- With a finger --------------------------------------------------------------------


@pytest.fixture
def phone(book, new_visit):
    """A chapter on a phone: nothing hovers there."""
    visit = new_visit("light", "phone", has_touch=True, is_mobile=True)
    visit.page.clock.install()
    yield visit.open(book.chapters[3])
    assert visit.problems == []


def test_the_contents_close_after_a_tap(phone):
    button = phone.locator("button.secondary-toggle")
    sheet = phone.locator(".bd-sidebar-secondary")
    button.tap()
    sheet.locator("nav a").last.tap()
    sheet.wait_for(state="hidden")
    assert phone.url.endswith(sheet.locator("nav a").last.get_attribute("href"))
    button.tap()
    sheet.wait_for()
    phone.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    button.tap()
    sheet.wait_for()
    phone.touchscreen.tap(15, 400)
    sheet.wait_for(state="hidden")


def test_no_tooltip_stays_under_a_finger(phone):
    phone.locator(".theme-switch-button").tap()
    phone.clock.fast_forward(2000)
    phone.locator(".tooltip").wait_for(state="attached")
    assert not phone.locator(".tooltip").is_visible()


def test_the_copy_button_is_there_without_hovering(phone):
    button = phone.locator(".copybtn:visible").first
    button.scroll_into_view_if_needed()
    assert float(button.evaluate("b => getComputedStyle(b).opacity")) > 0.5
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24


def test_the_bar_of_a_phone_tells_the_chapter_and_how_much_is_read(phone):
    title, line = phone.locator(".where-one-is"), phone.locator(".read-so-far")
    assert not title.is_visible()
    end = "(document.documentElement.scrollHeight - innerHeight)"
    phone.evaluate(f"scrollTo({{top: {end} / 2, behavior: 'instant'}})")
    title.wait_for()
    assert title.text_content() == phone.title().partition(" \u2014")[0]
    half = "line => Math.abs(line.getBoundingClientRect().width / innerWidth - 0.5) < 0.02"
    phone.wait_for_function(half, arg=line.element_handle())
    title.tap()
    phone.wait_for_function("scrollY === 0")
