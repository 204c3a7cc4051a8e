"""The robot arm to drag: on a page of its own, moved by the pointer and by the keyboard."""

import base64
import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from mdn_book import problems, robot

ARM = problems.RobotArm()
TARGET = [0.62, 0.66]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5E"
    "rkJggg=="
)


def numbers(seed=0):
    """Those of a made-up network."""
    rng = np.random.default_rng(seed)
    sizes = [(2, 5), (5, 5), (5, 2), (5, 4)]
    dense = [[rng.normal(size=s).tolist(), rng.normal(size=s[1]).tolist()] for s in sizes]
    scaling = {"x_mean": [0.6, 0.5], "x_scale": [0.2, 0.3], "y_mean": [0.7, 3.1]}
    return {"target": TARGET, **scaling, "y_scale": [0.2, 0.9], "dense": dense}


@pytest.fixture(scope="module")
def folder(build_small_book):
    png = base64.b64encode(PIXEL).decode()
    data = {robot.MIME_TYPE: numbers(), "image/png": png, "text/plain": "an arm"}
    options = {
        "figure": {"caption": "The caption.", "name": "fig-arm"},
        "image": {"alt": "What the figure shows"},
    }
    output = nbformat.v4.new_output("display_data", data=data)
    page = [
        nbformat.v4.new_markdown_cell("# An arm\n\n{numref}`fig-arm`"),
        nbformat.v4.new_code_cell("1", metadata={"mystnb": options}, outputs=[output]),
    ]
    return build_small_book(
        {"arm": page, "other": [nbformat.v4.new_markdown_cell("# Other")]},
        extensions=["myst_nb", "sphinx_book_theme", "interactive", "robot_arm"],
        html_theme="sphinx_book_theme",
        html_context={"default_mode": "auto"},
        html_favicon=str(Path(problems.__file__).parents[1] / "_static" / "favicon.svg"),
    )


def test_it_is_a_figure_like_any_other_and_loads_only_where_it_is(folder):
    for name in ("arm", "other"):
        page = BeautifulSoup((folder / f"{name}.html").read_text(), "html.parser")
        assert bool(page.select('script[src*="robot_arm.js"]')) == (name == "arm")
        if name == "arm":
            (figure,) = page.select("figure")
            assert figure.select_one(".arm-still img")["alt"] == "What the figure shows"
            assert "The caption." in figure.figcaption.get_text()
            assert json.loads(figure.script.string) == numbers()


def test_it_computes_what_python_computes(visit):
    page = visit.open("arm.html")
    page.wait_for_selector(".arm-drawn")
    for x in ([0.62, 0.66], [0.85, 0.2], [0.25, 0.9], [0.3, 0.3], [0.9, 0.9]):
        exact = page.evaluate("x => document.querySelector('.arm').arm.inverse(x)", x)
        for theta, expected in zip(exact, ARM.inverse(x), strict=True):
            found = [np.nan] * 2 if theta is None else theta
            np.testing.assert_allclose(found, expected, atol=1e-9)
        learned = page.evaluate("x => document.querySelector('.arm').arm.components(x)", x)
        weights, means = robot.components(numbers(), x)
        np.testing.assert_allclose([c["weight"] for c in learned], weights, atol=1e-9)
        np.testing.assert_allclose([c["theta"] for c in learned], means, atol=1e-9)


def readout(page):
    return page.locator(".interactive-readout").inner_text()


def test_the_target_follows_the_keyboard_and_returns(visit):
    page = visit.open("arm.html")
    page.wait_for_selector(".arm-drawn")
    at_first = readout(page)
    right, up = page.locator(".arm input").all()
    right.focus()
    page.keyboard.press("ArrowRight")
    assert float(right.input_value()) == pytest.approx(TARGET[0] + 0.01)
    assert float(up.input_value()) == pytest.approx(TARGET[1])
    up_angles = ARM.inverse([TARGET[0] + 0.01, TARGET[1]])[0]
    assert "Elbow up: angles {:.2f} and {:.2f}.".format(*up_angles) in readout(page)
    page.keyboard.press("End")
    assert "out of reach" in readout(page)
    page.get_by_role("button", name="Reset").click()
    assert readout(page) == at_first


@pytest.mark.parametrize("width", ["laptop", "phone"])
def test_the_target_follows_the_pointer(new_visit, width):
    visit = new_visit("light", width)
    page = visit.open("arm.html")
    page.wait_for_selector(".arm-drawn")
    star = page.locator(".arm-target")
    star.scroll_into_view_if_needed()
    box, frame = star.bounding_box(), page.locator(".arm svg").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * frame["width"], y, steps=3)
    page.mouse.up()
    right = page.locator(".arm input").first
    moved = float(right.input_value()) - TARGET[0]
    assert moved == pytest.approx(0.118, abs=0.02)
    page.mouse.move(x, y)  # the button is up: nothing moves
    assert float(right.input_value()) - TARGET[0] == pytest.approx(moved)
    assert visit.problems == []
