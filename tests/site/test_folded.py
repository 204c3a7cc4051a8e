"""What is folded says what is in it, and costs no reading time."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
OUTPUT = new_output("stream", text="1\n")
OWN_WORDS = {"code_prompt_show": "Show the measurement"}
FIGURE = {"figure": {"caption": "A figure."}}


def folded(source, tag="hide-input", outputs=(), **mystnb):
    metadata = {"tags": [tag], "mystnb": mystnb}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


CELLS = {
    "1 check passed": folded("a = 1\nassert a"),
    "3 checks passed": folded("for a in [1, 2]:\n    assert a\n    assert 1\nassert 2"),
    "Show the code": folded("assert 1\nprint(1)", outputs=[OUTPUT]),
    "Show the code ": folded("def used_later():\n    assert 1"),
    "Show the code of the figure": folded("draw()", outputs=[OUTPUT], **FIGURE),
    "Show the solution": folded("assert 1", tag="hide-cell"),
    "Show the measurement": folded("assert 1", **OWN_WORDS),
}


def page_of(out, name):
    return BeautifulSoup((out / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def test_a_folded_cell_says_what_is_in_it(build_small_book):
    cells = [new_markdown_cell("# Folded"), new_code_cell("assert 1"), *CELLS.values()]
    extensions = ["myst_nb", "folded", "screen_readers"]
    page = page_of(build_small_book({"a": cells}, extensions=extensions), "a")
    said = [tag.select_one(".collapsed").get_text() for tag in page.select("summary")]
    assert said == [name.strip() for name in CELLS]
    closing = [tag.select_one(".expanded").get_text() for tag in page.select("summary")]
    assert closing[0] == "1 check passed"
    assert closing[4:6] == ["Hide the code of the figure", "Hide the solution"]
    assert page.select("summary[aria-label]") == [], "what is said is the name"
    assert len(page.select(".cell.tag_passed")) == 2


def test_checks_open_by_keyboard_and_say_how_many_passed(book, visit):
    name = book.pages_with(".tag_passed")[0]
    for width in ["laptop", "phone"]:
        visit.resize(width)
        page = visit.open(name)
        summary = page.locator(".tag_passed summary").first
        assert re.fullmatch(r"\d+ checks? passed", summary.inner_text().strip())
        code = page.locator(".tag_passed .cell_input").first
        assert not code.is_visible()
        summary.focus()
        page.keyboard.press("Enter")
        code.wait_for()
        assert "assert" in code.inner_text()
        assert re.fullmatch(r"\d+ checks? passed", summary.inner_text().strip())
        page.keyboard.press("Enter")
        code.wait_for(state="hidden")


# --- The reading time -----------------------------------------------------------------

TEXT = "word " * 900  # 5 minutes
CODE = "\n".join(f"a = {i}" for i in range(100))  # as long
ROWS = "\n".join(["| a | b |", "| :-- | --: |", *["| word word | 1 |"] * 300])  # as long
TABLE = [new_output("display_data", {"text/markdown": ROWS})]
BOX = f"<details><summary>More</summary>\n\n{TEXT}\n\n$$x$$\n\n</details>"
BOX_IN_CELLS = [f"<details><summary>More</summary>\n\n{TEXT}", f"{TEXT}\n\n</details>"]


def framework(tag):
    return new_code_cell(CODE, metadata={"tags": [tag]})


READ = {
    "text": ([], 5),
    "more text": ([TEXT], 10),
    "code": ([new_code_cell(CODE)], 10),
    "a table that a cell displays": ([new_code_cell("a", outputs=TABLE)], 10),
    "a box": ([BOX], 5),
    "text after a box": ([BOX, TEXT], 10),
    "a box of several cells": ([*BOX_IN_CELLS, TEXT], 10),
    "a folded cell": ([folded(CODE)], 5),
    "a solution": ([folded(CODE, tag="hide-cell", outputs=[OUTPUT])], 5),
    "exercises": ([f"## Exercises\n\n{TEXT}"], 5),
    "tabs": ([framework("tensorflow"), framework("pytorch")], 10),
}


@pytest.mark.parametrize(("more", "minutes"), READ.values(), ids=READ)
def test_the_reading_time_is_that_of_what_is_open(
    build_small_book, monkeypatch, more, minutes
):
    monkeypatch.syspath_prepend(EXTENSIONS)
    import chapter_opening

    monkeypatch.setattr(chapter_opening, "part_of", lambda env, name: "Part I")
    cells = [new_markdown_cell(f"# A chapter\n\n{TEXT}")]
    cells += [new_markdown_cell(c) if isinstance(c, str) else c for c in more]
    names = ["myst_nb", "framework_tabs", "chapter_opening"]
    config = {"extensions": names, "myst_enable_extensions": ["dollarmath"]}
    config["nb_render_markdown_format"] = "myst"
    out = build_small_book({"a": cells}, toctree=":numbered:", **config)
    assert f"About {minutes} minutes" in page_of(out, "a").get_text()
