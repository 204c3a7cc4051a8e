"""The buttons that open a chapter elsewhere: those that lead somewhere, and no others."""

import re

import nbformat
import pytest
import repository
import yaml
from bs4 import BeautifulSoup

LAUNCHING = re.compile(r"https://(colab|mybinder)\b\S+")
COLAB = "https://colab.research.google.com"
BINDER = "https://mybinder.org"
PLACEHOLDER = repository.PLACEHOLDER.split("/")[3]


def launch_links(page):
    return [a["href"] for a in page.select("a[href]") if LAUNCHING.match(a["href"])]


def expected_links(address, notebook):
    name = address.removeprefix("https://github.com/")
    return [
        f"{BINDER}/v2/gh/{name}/main?urlpath=lab/tree/{notebook}",
        f"{COLAB}/github/{name}/blob/main/{notebook}",
    ]


@pytest.mark.parametrize("account", ["someone", PLACEHOLDER])
def test_buttons_and_sentences_come_with_the_address(account, build_small_book):
    address = f"https://github.com/{account}/a-book"
    sentence = "```{only} launch\nThe rocket opens it.\n```"
    pages = build_small_book(
        {"chapter": [nbformat.v4.new_markdown_cell(f"# A chapter\n\n{sentence}")]},
        extensions=["myst_nb", "sphinx_book_theme", "launch"],
        html_theme="sphinx_book_theme",
        html_theme_options={
            "repository_url": address,
            "repository_branch": "main",
            "path_to_docs": "book",
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": BINDER,
                "colab_url": COLAB,
            },
        },
    )
    text = (pages / "chapter.html").read_text(encoding="utf-8")
    page, known = BeautifulSoup(text, "html.parser"), account != PLACEHOLDER
    wanted = expected_links(address, "book/chapter.ipynb") if known else []
    assert launch_links(page) == wanted
    assert ("The rocket opens it." in page.get_text()) == known
    assert PLACEHOLDER not in text


def test_no_page_has_a_button_that_leads_nowhere(book, page_name):
    config = yaml.safe_load((book.root / "_config.yml").read_text(encoding="utf-8"))
    address = config["repository"]["url"]
    page = book.parse(page_name)
    wanted = []
    if page_name in book.notebooks and PLACEHOLDER not in address:
        notebook = book.notebooks[page_name].relative_to(book.root).as_posix()
        wanted = expected_links(address, notebook)
    assert launch_links(page) == wanted
    assert PLACEHOLDER not in str(page)
    if PLACEHOLDER in address:
        assert not re.search(r"rocket|button", book.content("index.html").get_text())
