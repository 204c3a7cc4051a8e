"""The tabs of twin cells: in a small notebook, then in the book."""

import itertools
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

TAGS = {
    "T": ["tensorflow"],
    "P": ["pytorch"],
    "TP": ["tensorflow", "pytorch"],
    "-": [],
    "x": ["pytorch", "remove-cell"],
}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# A section is a row of cells: T and P are tagged for one framework, TP for both, - for
# none; x is removed from the page, and ~ is a sentence. On the page, [T0 P1] is a tab set
# with cell 0 in the tab TensorFlow and cell 1 in the tab PyTorch; a bare number is a cell
# outside of any tab.
LAYOUTS = {
    "T P": "[T0 P1]",
    "P T": "[T1 P0]",
    "T P T P": "[T0 P1] [T2 P3]",
    "T": "[T0]",
    "- P -": "0 [P1] 2",
    "TP": "0",
    "T TP P": "[T0] 1 [P2]",
    "T - P": "[T0] 1 [P2]",
    "T ~ P": "[T0] [P2]",
    "T x P": "[T0 P2]",
    "T T P P": "[T0] [T1 P2] [P3]",
    "T P P": "[T0 P1] [P2]",
}
EVERY_THREE = [" ".join(kinds) for kinds in itertools.product([*"TP-~", "TP"], repeat=3)]


def cells(section, layout):
    """A section with the cells of a layout; cell i holds the marker section_i."""
    yield nbformat.v4.new_markdown_cell(f"## {section}")
    for i, kind in enumerate(layout.split()):
        if kind == "~":
            yield nbformat.v4.new_markdown_cell("A sentence.")
        else:
            marker, tags = f"{section}_{i} = 1", {"tags": TAGS[kind]}
            yield nbformat.v4.new_code_cell(marker, metadata=tags, execution_count=1)


def figure(tag):
    options = {
        "figure": {"caption": f"Caption of {tag}.", "name": f"fig-{tag}"},
        "image": {"alt": f"Picture of {tag}"},
    }
    image = nbformat.v4.new_output("display_data", data={"image/png": PIXEL})
    metadata = {"tags": [tag], "mystnb": options}
    return nbformat.v4.new_code_cell("1", metadata=metadata, outputs=[image])


@pytest.fixture(scope="module")
def page(build_small_book):
    references = "## figures\n\n{numref}`fig-pytorch`, {ref}`fig-tensorflow`"
    notebook = [
        nbformat.v4.new_markdown_cell("# The page"),
        *(c for n, row in enumerate(LAYOUTS) for c in cells(f"row{n}", row)),
        *(c for n, row in enumerate(EVERY_THREE) for c in cells(f"three{n}", row)),
        nbformat.v4.new_markdown_cell(references),
        figure("tensorflow"),
        figure("pytorch"),
    ]
    extensions = ["myst_nb", "sphinx_design", "framework_tabs"]
    out = build_small_book({"page": notebook}, extensions=extensions, html_theme="basic")
    text = (out / "page.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser").select_one("[role=main]")


def markers(tag):
    """The numbers of the cells in a part of the page."""
    return re.findall(r"\b[a-z]+\d+_(\d+) = 1", tag.get_text())


def tabs(tab_set):
    """The tabs of a set: label and content."""
    labels = tab_set.find_all("label", recursive=False)
    return [(label, label.find_next_sibling(class_="sd-tab-content")) for label in labels]


def layout_of(section):
    """What a section shows, written as in LAYOUTS."""
    found = []
    for box in section.select(".sd-tab-set, .cell"):
        if "sd-tab-set" in box["class"]:
            shown = [
                label.get_text(strip=True)[0] + "".join(markers(content))
                for label, content in tabs(box)
            ]
            found.append(f"[{' '.join(shown)}]")
        elif not box.find_parent(class_="sd-tab-set"):
            found.extend(markers(box))
    return " ".join(found)


def test_neighbors_become_tabs(page):
    shown = [layout_of(page.find(id=f"row{n}")) for n in range(len(LAYOUTS))]
    assert dict(zip(LAYOUTS, shown, strict=True)) == LAYOUTS


def test_every_cell_is_there_once_in_the_tab_of_its_framework(page):
    for n, row in enumerate(EVERY_THREE):
        section = page.find(id=f"three{n}")
        kinds = {str(i): kind for i, kind in enumerate(row.split()) if kind != "~"}
        assert sorted(markers(section)) == sorted(kinds), row
        for cell in section.select(".cell"):
            (number,) = markers(cell)
            content = cell.find_parent(class_="sd-tab-content")
            label = content and content.find_previous_sibling("label")
            assert (label.get_text(strip=True) if label else None) == {
                "T": "TensorFlow",
                "P": "PyTorch",
            }.get(kinds[number]), row


def test_figures_keep_caption_number_and_references(page):
    section = page.find(id="figures")
    (tab_set,) = section.select(".sd-tab-set")
    shown = zip(["tensorflow", "pytorch"], tabs(tab_set), strict=True)
    for number, (tag, (_, content)) in enumerate(shown, start=1):
        (found,) = content.select("figure")
        caption = found.figcaption.get_text(" ", strip=True)
        assert found["id"] == f"fig-{tag}"
        assert caption.startswith(f"Fig. {number} Caption of {tag}.")
        assert found.img["alt"] == f"Picture of {tag}"
    assert section.select_one('a.reference[href="#fig-pytorch"]').get_text() == "Fig. 2"
    reference = section.select_one('a.reference[href="#fig-tensorflow"]')
    assert "Caption" in reference.get_text()


# --- In the book ----------------------------------------------------------------------

# A lone cell has a set with one tab, where there is nothing to choose.
PAIR = ".sd-tab-set:has(> [data-sync-id=tensorflow]):has(> [data-sync-id=pytorch])"


def assert_pytorch_is_chosen(page):
    chosen = page.locator(f"{PAIR} > input:checked + label")
    assert set(chosen.all_inner_texts()) == {"PyTorch"}
    for panel in page.locator(f"{PAIR} > input:checked + label + .sd-tab-content").all():
        assert panel.is_visible()


def test_framework_is_chosen_once_for_the_book(book, visit):
    first, *others = book.pages_with(PAIR)
    page = visit.open(first)
    page.locator(f"{PAIR} > label", has_text="PyTorch").first.click()
    assert_pytorch_is_chosen(page)
    for name in [others[0], others[-1], first]:
        assert_pytorch_is_chosen(visit.open(name))


def test_framework_is_chosen_with_the_keyboard(book, visit):
    page = visit.open(book.pages_with(PAIR)[0])
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
