"""Print the book: put its built pages into one, and let Chromium make a PDF of that.

python tools/pdf.py [both | tensorflow | pytorch]

Whatever is numbered keeps the number that it has on the pages, because these are the
pages. A cell and its twin stand one under the other, or one framework is left out.
"""

import argparse
import html
import json
import logging
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import build
import matplotlib
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

import mdn_utils

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "pdf"
STYLE = Path(__file__).with_suffix(".css")
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))

FRAMEWORKS = {"tensorflow": "TensorFlow", "pytorch": "PyTorch"}
BROWSERS = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
NO_BROWSER = (
    "A PDF needs Chromium, and there is none: install the package chromium "
    "(apt install chromium), or Google Chrome."
)

# What a page of paper has no use for. An interactive figure leaves its still.
SCREEN_ONLY = (
    "script, style, nav, button, input, a.headerlink, .on-screen, .only-dark, "
    ".interactive-live, .chapter-opening"
)
# Sections of the start page that the contents repeat, or that speak of buttons
NOT_PRINTED = "#chapters, #run-it-yourself"
# Every chapter ends with these sections, so the contents need not list them.
IN_EVERY_CHAPTER = {"Summary", "Exercises", "Further reading"}

COVER = """\
<section id="cover"><p class="book-title">{title}</p>
<p class="book-subtitle">How to predict a whole distribution, in {frameworks}</p>
<img src="../html/_static/cover-light.svg" alt="">
<div><p>By {author}</p><p>Version {version}, {copyright}</p>{address}
<p>The code is under the MIT license, the text and the figures are under CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/.</p></div></section>
"""
BOOK = """\
<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="../html/_static/pygments.css">
<style>{style}</style>
{mathjax}
</head>
<body>
{cover}
{contents}
{pages}
</body>
</html>
"""

# Chromium counts its objects too low, which pypdf mends, and reports each time.
logging.getLogger("pypdf").setLevel(logging.ERROR)


# --- From pages to one page -------------------------------------------------------------


def parts_of_toc():
    """(caption, whether its chapters are numbered, names of its pages) for each part."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [
        (part["caption"], "numbered" in part, [page["file"] for page in part["chapters"]])
        for part in toc["parts"]
    ]


def read_page(name):
    return BeautifulSoup((HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def tidy(article):
    """Remove what only a screen can use, and show what only a click would show."""
    for tag in article.select(SCREEN_ONLY):
        tag.decompose()
    for image in article.select("img"):
        del image["loading"]  # nobody scrolls to it
    for tag in article.select("noscript"):
        tag.unwrap()
    for fold in article.select("details"):
        fold["open"] = ""
        for closing in fold.summary.select(".expanded"):
            closing.decompose()
        prompt = fold.summary.get_text(" ", strip=True)
        shown = re.match(r"Show (?:the )?(\w+)", prompt)
        fold.summary.string = shown[1].capitalize() if shown else prompt
    for code in article.select("pre"):
        if code.get_text().strip().count("\n") < 14:
            code["class"] = "short"


def stack_tabs(article, framework):
    """Put the cells of a set of tabs one under the other, or keep those of `framework`."""
    for label in article.select(".sd-tab-set > label"):
        if framework == "both":
            label.name, label.attrs = "p", {"class": "tab-label"}
            continue
        if label["data-sync-id"] != framework:
            label.find_next_sibling(class_="sd-tab-content").decompose()
        label.decompose()


def join(article, name, names):
    """Make addresses that hold for the page alone hold for the whole book."""
    for tag in article.select("[id]"):
        tag["id"] = f"{name}--{tag['id']}"
    for tag in article.select("[src]"):
        tag["src"] = "../html/" + urljoin(f"{name}.html", tag["src"])
    for tag in article.select("[href]"):
        if not urlsplit(tag["href"]).scheme:
            target = urlsplit(urljoin(f"{name}.html", tag["href"]))
            page, anchor = target.path.removesuffix(".html"), unquote(target.fragment)
            tag["href"] = f"#{page}--{anchor}" if anchor else f"#{page}"


def read_article(name, names, framework, numbered=False):
    """A page as a section of the book, its headings marked for the contents."""
    article = read_page(name).find("article")
    tidy(article)
    stack_tabs(article, framework)
    if name == "index":
        article.h1.string = "About this book"
        for section in article.select(NOT_PRINTED):
            section.decompose()
    join(article, name, names)
    article.name, article.attrs = "section", {"id": name, "class": "page"}
    article.h1.attrs = {"class": "title", "data-toc": "page"}
    for heading in article.select("h2"):
        # The functions of a module are no chapters to turn to.
        if heading.get_text() not in IN_EVERY_CHAPTER and "reference" not in name:
            heading["data-toc"] = "section"
    if numbered:  # Make room above the title of a chapter for that of its part.
        for heading in article.find_all(re.compile("^h[1-5]$")):
            heading.name = f"h{int(heading.name[1]) + 1}"
    return article


def assemble(framework):
    """All pages in reading order, as one."""
    parts = parts_of_toc()
    names = ["index", *(name for _, _, part in parts for name in part)]
    soup = BeautifulSoup("<main></main>", "html.parser")
    soup.main.append(read_article("index", names, framework))
    for number, (caption, numbered, part) in enumerate(parts):
        if numbered:
            title = f'<h1 data-toc="part">{html.escape(caption)}</h1>'
            part_page = f'<section class="part" id="part-{number}">{title}</section>'
            soup.main.append(BeautifulSoup(part_page, "html.parser"))
        for name in part:
            soup.main.append(read_article(name, names, framework, numbered))
    # Of a link to what was left out, the words remain.
    there = {tag["id"] for tag in soup.select("[id]")}
    for link in soup.select("a[href^='#']"):
        if link["href"][1:] not in there:
            link.unwrap()
    return soup


def contents(soup):
    """A line with the place of a page number for each heading, filled in later."""
    lines = []
    for heading in soup.select("[data-toc]"):
        anchor = heading.find_parent("section")["id"]
        lines.append(
            f'<li class="toc-{heading["data-toc"]}"><a href="#{anchor}">'
            f'{heading.decode_contents()}</a><span data-page-of="{anchor}"></span></li>'
        )
    return (
        '<section id="contents"><h1 class="title">Contents</h1>'
        f"<ul>{''.join(lines)}</ul></section>"
    )


def cover(framework):
    url = CONFIG["repository"]["url"]
    return COVER.format(
        **CONFIG,
        frameworks=FRAMEWORKS.get(framework) or " and ".join(FRAMEWORKS.values()),
        version=mdn_utils.__version__,
        address="" if "YOUR_ACCOUNT" in url else f"<p>{url}</p>",
    )


def running_heads(soup):
    """Name each page's title at its head: CSS cannot yet do so by itself."""
    for page in soup.select(".page"):
        title = json.dumps(page.select_one(".title").get_text(), ensure_ascii=False)
        name = f"page-{page['id']}".replace("/", "-")
        yield f'[id="{page["id"]}"] {{ page: {name}; }}\n'
        yield f"@page {name} {{ @top-right {{ content: {title}; }} }}\n"


def mathjax():
    """The scripts that set the mathematics of a page, and no others."""
    for script in read_page("notation").head.select("script"):
        if script.has_attr("src"):
            script["src"] = f"../html/{script['src']}"
        if "mathjax" in str(script).lower():
            yield str(script)


def compose(framework="both"):
    """The whole book as one page of HTML."""
    soup = assemble(framework)
    return BOOK.format(
        title=CONFIG["title"],
        style=STYLE.read_text(encoding="utf-8") + "".join(running_heads(soup)),
        mathjax="".join(mathjax()),
        cover=cover(framework),
        contents=contents(soup),
        pages=soup,
    )


# --- From one page to a PDF -------------------------------------------------------------


def find_browser():
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def require_browser():
    """Return the path of a browser, or stop with one sentence."""
    return find_browser() or sys.exit(NO_BROWSER)


FILL_IN = """
    pages => document.querySelectorAll("[data-page-of]").forEach(place => {
        place.textContent = pages[place.dataset.pageOf];
    })
"""


def pages_of_anchors(path):
    """{anchor: number of its page}, as the links of the PDF have it."""
    reader = PdfReader(path)
    return {
        unquote(name.removeprefix("/")): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def open_book(browser, source):
    """Open the composed page and wait until its mathematics is set."""
    page = browser.new_page()
    page.emulate_media(media="print", color_scheme="light")
    page.goto(source.as_uri(), wait_until="load")
    page.evaluate("() => MathJax.startup.promise.then(() => document.fonts.ready)")
    return page


def print_pdf(page, path):
    """Print twice: the contents need the page numbers of the first print."""
    options = {"prefer_css_page_size": True, "print_background": True}
    page.pdf(path=path, **options)
    page.evaluate(FILL_IN, pages_of_anchors(path))
    page.pdf(path=path, tagged=True, outline=True, **options)
    return page.locator("h1, h2, h3, h4, h5, h6").all_text_contents()


def bookmarks(entry):
    """The entries of an outline, in the order in which they stand."""
    while entry is not None:
        entry = entry.get_object()
        yield entry
        yield from bookmarks(entry.get("/First"))
        entry = entry.get("/Next")


def finish(path, headings):
    """Name the author, and mend the bookmarks: Chromium joins the lines of a heading."""
    writer = PdfWriter(clone_from=path)
    first = writer.root_object["/Outlines"]["/First"]
    for entry, heading in zip(bookmarks(first), headings, strict=True):
        entry[NameObject("/Title")] = TextStringObject(heading)
    writer.add_metadata(
        {"/Author": CONFIG["author"], "/Subject": f"Version {mdn_utils.__version__}"}
    )
    writer.page_mode = "/UseOutlines"
    writer.write(path)


def path_for(framework):
    suffix = "" if framework == "both" else f"-{framework}"
    return PDF / f"mixture-density-networks{suffix}.pdf"


def make(framework="both"):
    """Compose and print the book; return the path of the PDF."""
    program = require_browser()
    path = path_for(framework)
    source = path.with_suffix(".html")
    # What the fonts of the pages lack comes from those of Matplotlib.
    ttf = Path(matplotlib.get_data_path(), "fonts", "ttf")
    shutil.copytree(ttf, PDF / "fonts", dirs_exist_ok=True)
    source.write_text(compose(framework), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        headings = print_pdf(open_book(browser, source), path)
        browser.close()
    finish(path, headings)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "framework", choices=["both", *FRAMEWORKS], default="both", nargs="?"
    )
    framework = parser.parse_args().framework
    require_browser()  # before the time that a build may take
    build.main()
    path = make(framework)
    pages = len(PdfReader(path).pages)
    size = path.stat().st_size / 1e6
    print(f"\nThe book is in {path.relative_to(ROOT)}: {pages} pages, {size:.1f} MB.")


if __name__ == "__main__":
    main()
