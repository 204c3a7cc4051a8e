"""The tabs of twin cells: in small notebooks, then in the book."""

import itertools
import re

import nbformat
import pytest
from bs4 import BeautifulSoup

TAGS = {"T": ["tensorflow"], "P": ["pytorch"], "TP": ["tensorflow", "pytorch"], "-": []}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# A notebook is a row of cells: T and P are tagged for one framework, TP for both, - for
# none, and ~ is a sentence. On the page, [T0 P1] is a tab set with cell 0 in the tab
# TensorFlow and cell 1 in the tab PyTorch; a bare number is a cell outside of any tab.
LAYOUTS = {
    "pair": ("T P", "[T0 P1]"),
    "pair_the_other_way_round": ("P T", "[T1 P0]"),
    "run_of_pairs": ("T P T P", "[T0 P1] [T2 P3]"),
    "lone_tensorflow": ("T", "[T0]"),
    "lone_pytorch": ("- P -", "0 [P1] 2"),
    "tagged_both": ("TP", "0"),
    "tagged_both_between": ("T TP P", "[T0] 1 [P2]"),
    "untagged_between": ("T - P", "[T0] 1 [P2]"),
    "sentence_between": ("T ~ P", "[T0] [P2]"),
    "two_of_each": ("T T P P", "[T0] [T1 P2] [P3]"),
    "pair_and_one_more": ("T P P", "[T0 P1] [P2]"),
}


def text_output(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def code(marker, *tags, outputs=(), **metadata):
    metadata["tags"] = list(tags)
    return nbformat.v4.new_code_cell(
        f"{marker} = 1", metadata=metadata, outputs=list(outputs), execution_count=1
    )


def row(name, layout):
    """The cells of a layout; cell i holds the marker name_i."""
    return [
        nbformat.v4.new_markdown_cell("A sentence.")
        if kind == "~"
        else code(f"{name}_{i}", *TAGS[kind])
        for i, kind in enumerate(layout.split())
    ]


def figure(marker, tag):
    image = nbformat.v4.new_output("display_data", data={"image/png": PIXEL})
    options = {
        "figure": {"caption": f"Caption of {marker}.", "name": f"fig-{tag}"},
        "image": {"alt": f"Picture of {marker}"},
    }
    return code(marker, tag, outputs=[image], mystnb=options)


def notebooks():
    """All notebooks, by name."""
    books = {name: row(name, layout) for name, (layout, _) in LAYOUTS.items()}
    books["every_three"] = [
        cell
        for n, kinds in enumerate(itertools.product([*TAGS, "~"], repeat=3))
        for cell in [
            nbformat.v4.new_markdown_cell(f"## Section {n}"),
            *row(f"every_{n}", " ".join(kinds)),
        ]
    ]
    books["hidden"] = [
        code("hidden_0", "tensorflow", "hide-input", outputs=[text_output("out_0")]),
        code("hidden_1", "pytorch", "hide-output", outputs=[text_output("out_1")]),
        code("hidden_2", "tensorflow", "hide-cell", outputs=[text_output("out_2")]),
        code("hidden_3", "pytorch", outputs=[text_output("out_3")]),
    ]
    books["removed"] = [
        code("removed_0", "tensorflow"),
        code("removed_1", "pytorch", "remove-cell"),
        nbformat.v4.new_markdown_cell("A sentence."),
        code("removed_3", "tensorflow", "remove-input", outputs=[text_output("out_3")]),
        code("removed_4", "pytorch", "remove-output", outputs=[text_output("out_4")]),
    ]
    books["figures"] = [
        nbformat.v4.new_markdown_cell("{numref}`fig-pytorch`, {ref}`fig-tensorflow`"),
        figure("figures_1", "tensorflow"),
        figure("figures_2", "pytorch"),
    ]
    return books


@pytest.fixture(scope="module")
def pages(build_small_book):
    """The built pages, by name of the notebook."""
    books = {
        name: [nbformat.v4.new_markdown_cell(f"# The notebook {name}"), *cells]
        for name, cells in notebooks().items()
    }
    extensions = ["myst_nb", "sphinx_design", "framework_tabs"]
    out = build_small_book(books, extensions=extensions, html_theme="basic")
    read = {name: (out / f"{name}.html").read_text(encoding="utf-8") for name in books}
    return {
        name: BeautifulSoup(text, "html.parser").select_one("[role=main]")
        for name, text in read.items()
    }


def cells_in(tag):
    """The numbers of the cells in a part of a page."""
    return re.findall(r"\b[a-z_]+(?:_\d+)?_(\d+) = 1", tag.get_text())


def tabs(tab_set):
    """The tabs of a set: label and content."""
    labels = tab_set.find_all("label", recursive=False)
    return [(label, label.find_next_sibling(class_="sd-tab-content")) for label in labels]


def layout_of(part):
    """What a part of a page shows, written as in LAYOUTS."""
    found = []
    for box in part.select(".sd-tab-set, .cell"):
        if "sd-tab-set" in box["class"]:
            shown = [label.get_text(strip=True)[0] for label, _ in tabs(box)]
            shown = [
                name + "".join(cells_in(content))
                for name, (_, content) in zip(shown, tabs(box), strict=True)
            ]
            found.append(f"[{' '.join(shown)}]")
        elif not box.find_parent(class_="sd-tab-set"):
            found.extend(cells_in(box))
    return " ".join(found)


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(pages, name):
    assert layout_of(pages[name]) == LAYOUTS[name][1]


def test_no_cell_is_lost_or_shown_twice(pages):
    for name, cells in notebooks().items():
        text = pages[name].get_text()
        for cell in cells:
            if cell.cell_type == "code" and not {"remove-cell", "remove-input"} & set(
                cell.metadata.tags
            ):
                marker = cell.source.split()[0]
                count = len(re.findall(rf"\b{marker} = 1", text))
                assert count == 1, f"{marker} is on the page {count} times"


def test_every_cell_of_one_framework_is_in_its_tab(pages):
    labels = {"tensorflow": "TensorFlow", "pytorch": "PyTorch"}
    for page in pages.values():
        for cell in page.select(".cell"):
            tags = [tag for tag in labels if f"tag_{tag}" in cell["class"]]
            content = cell.find_parent(class_="sd-tab-content")
            if len(tags) == 1:
                label = content.find_previous_sibling("label")
                assert label.get_text(strip=True) == labels[tags[0]]
            else:
                assert content is None


def test_tabs_are_radio_buttons_of_one_sync_group(pages):
    for tab_set in pages["run_of_pairs"].select(".sd-tab-set"):
        buttons = tab_set.find_all("input", recursive=False)
        assert [button["type"] for button in buttons] == ["radio", "radio"]
        assert [button.has_attr("checked") for button in buttons] == [True, False]
        assert len({button["name"] for button in buttons}) == 1
        for button, (label, _), sync in zip(
            buttons, tabs(tab_set), ["tensorflow", "pytorch"], strict=True
        ):
            assert label["for"] == button["id"]
            assert label["data-sync-group"] == "framework"
            assert label["data-sync-id"] == sync


def test_hidden_parts_stay_hidden_in_their_tab(pages):
    contents = [c for s in pages["hidden"].select(".sd-tab-set") for _, c in tabs(s)]
    hidden = [
        "".join(details.get_text() for details in content.select("details.hide"))
        for content in contents
    ]
    found = [re.findall(r"\b(?:hidden|out)_\d", text) for text in hidden]
    assert found == [["hidden_0"], ["out_1"], ["hidden_2", "out_2"], []]
    for number, content in enumerate(contents):
        assert re.findall(r"\bout_(\d)", content.get_text()) == [str(number)]


def test_removed_parts_are_removed(pages):
    page = pages["removed"]
    assert layout_of(page) == "[T0] [T P4]"
    assert re.findall(r"out_\d", page.get_text()) == ["out_3"]


def test_figures_keep_caption_number_and_references(pages):
    page = pages["figures"]
    (tab_set,) = page.select(".sd-tab-set")
    for number, (tag, (_, content)) in enumerate(
        zip(["tensorflow", "pytorch"], tabs(tab_set), strict=True), start=1
    ):
        (found,) = content.select("figure")
        caption = found.figcaption.get_text(" ", strip=True)
        assert found["id"] == f"fig-{tag}"
        assert caption.startswith(f"Fig. {number} Caption of figures_{number}.")
        assert found.img["alt"] == f"Picture of figures_{number}"
    assert page.select_one('a.reference[href="#fig-pytorch"]').get_text() == "Fig. 2"
    assert "Caption" in page.select_one('a.reference[href="#fig-tensorflow"]').get_text()


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
