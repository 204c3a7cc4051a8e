"""A chapter without a pointer, and without eyes: the keyboard, and what is read aloud."""

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
