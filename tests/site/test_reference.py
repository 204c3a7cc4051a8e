"""The reference: every public name of both packages, with its signature and its text."""

import inspect
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
