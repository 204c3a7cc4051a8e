"""The reference: every public name of both packages, with its signature and its text."""

import inspect
import re
from importlib import import_module
from pkgutil import iter_modules

import pytest

import mdn_book
import mdn_utils

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (mdn_utils, mdn_book)
    for module in iter_modules(package.__path__)
    if not module.name.startswith("_")
]


def parameters(thing):
    if inspect.isclass(thing) and "__init__" not in vars(thing):
        return []
    function = thing.__init__ if inspect.isclass(thing) else thing
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_there_once(name, book):
    pages = [page for page in book.pages if page.startswith("reference")]
    module = import_module(name)
    for own in module.__all__:
        found = [book.content(page).find(id=f"{name}.{own}") for page in pages]
        (shown,) = filter(None, found)
        assert shown.find_parent("section").find(["h2", "h3"]).get_text().rstrip("#") == own
        thing = getattr(module, own)
        if callable(thing):
            given = shown.select(
                ".sig-param > .n:first-child, .sig-param > .o:first-child + .n"
            )
            assert [p.get_text() for p in given] == parameters(thing), own
            assert shown.parent.find("dd").get_text(strip=True), own


def test_chapters_link_to_the_reference(book):
    linking = [n for n in book.chapters if book.content(n).select("a[href^='reference']")]
    assert len(linking) >= 3


def test_formulas_are_set_and_not_printed(book):
    """In Python a docstring has `Σ_k π_k μ_k`, on the page MathJax sets it."""
    pages = [page for page in book.pages if page.startswith("reference")]
    printed = [
        code.get_text()
        for page in pages
        for code in book.content(page).select("code")
        if re.search("[Α-ω∫²]", code.get_text())
    ]
    assert printed == []
    formulas = [m.get_text() for page in pages for m in book.content(page).select(".math")]
    assert {r"\(\mathbb{E}[y]\)", r"\(= \sum_{k} π_{k} μ_{k}\)"} <= set(formulas)
    covariance = [r"\(= \sum_{k} π_{k} (Σ_{k}\)"]  # a line may break between the parts
    covariance += [r"\({}+ (μ_{k} - \mathbb{E}[y]) (μ_{k} - \mathbb{E}[y])^{\top })\)"]
    assert set(covariance) <= set(formulas)


def test_code_lies_on_one_ground(book, visit):
    """That of the chapters, in the dark too."""
    grounds = set()
    for name in ("reference/numpy.html", book.chapters[0]):
        page = visit.open(name)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        grounds |= set(
            page.evaluate("""[...document.querySelectorAll("pre")]
                .filter(pre => !pre.closest(".cell_output, .tag_wrong"))
                .map(pre => {
                    let box = pre;
                    while (getComputedStyle(box).backgroundColor === "rgba(0, 0, 0, 0)")
                        box = box.parentElement;
                    return getComputedStyle(box).backgroundColor;
                })""")
        )
    assert len(grounds) == 1
