"""Print the book: put its built pages into one, and let Chromium make a PDF of that.

python tools/pdf.py [both | tensorflow | pytorch]

Whatever is numbered keeps the number that it has on the pages, because these are the
pages. A cell and its twin stand one under the other, or one framework is left out.
"""

import argparse
import html
import logging
import posixpath
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

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

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
COVERS = ["_static/cover-light.svg", "_static/inverse_problem.png"]
SUBTITLE = "How to predict a whole distribution, in {}"
LICENSE = (
    "The code is under the MIT license, the text and the figures are under "
    "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/."
)

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
    "script, style, nav, button, a.headerlink, .on-screen, .only-dark, "
    ".interactive-live, .chapter-opening"
)
# Sections of the start page that the contents repeat, or that speak of buttons
NOT_PRINTED = {"Chapters", "Run it yourself"}
# Every chapter ends with these sections, so the contents need not list them.
IN_EVERY_CHAPTER = {"Summary", "Exercises", "Further reading"}


# Chromium counts its objects too low, which pypdf mends, and reports each time.
logging.getLogger("pypdf").setLevel(logging.ERROR)

HEADING = re.compile("^h[1-6]$")
NUMERALS = ["I", "II", "III", "IV", "V", "VI"]


# --- From pages to one page -------------------------------------------------------------


def names_in(part):
    """The pages of a part of the table of contents, in reading order."""
    if isinstance(part, list):
        return [name for item in part for name in names_in(item)]
    own = [part["file"]] if "file" in part else []
    return own + names_in(part.get("chapters", [])) + names_in(part.get("sections", []))


def parts_of_toc():
    """(caption, whether its chapters are numbered, names of its pages) for each part."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [(p["caption"], "numbered" in p, names_in(p)) for p in toc["parts"]]


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
        prompt = fold.summary.get_text(" ", strip=True)
        shown = re.match(r"Show (?:the )?(\w+)", prompt)
        if shown:
            fold.summary.string = shown[1].capitalize()
    for code in article.select("pre"):
        if code.get_text().strip().count("\n") < 14:
            code["class"] = "short"


def stack_tabs(soup, article, framework):
    """Put the cells of a set of tabs one under the other, or keep those of `framework`."""
    for tabs in article.select(".sd-tab-set"):
        for label in tabs.select(":scope > label"):
            panel = label.find_next_sibling(class_="sd-tab-content")
            own = label.get("data-sync-id")
            if framework != "both" and own in FRAMEWORKS and own != framework:
                panel.decompose()
            elif framework == "both" or own not in FRAMEWORKS:
                name = soup.new_tag("p", attrs={"class": "tab-label"})
                name.string = label.get_text(strip=True)
                panel.insert(0, name)
            label.decompose()
        for button in tabs.select(":scope > input"):
            button.decompose()
        if not tabs.find(class_="sd-tab-content"):
            tabs.decompose()


def join(article, name, names):
    """Make addresses that hold for the page alone hold for the whole book."""

    def here(anchor):
        return f"{name}--{anchor}"

    def resolve(path):
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))

    for tag in article.find_all(True):
        for key in ("id", "for"):
            if tag.has_attr(key):
                tag[key] = here(tag[key])
        for key in ("aria-labelledby", "aria-describedby", "aria-controls"):
            if tag.has_attr(key):
                tag[key] = " ".join(map(here, tag[key].split()))
        for key, value in tag.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                tag[key] = value.replace("url(#", f"url(#{here('')}")
        for key in ("src", "poster"):
            if tag.has_attr(key) and not re.match(r"[a-z]+:", tag[key]):
                tag[key] = f"../html/{resolve(tag[key])}"

    for tag in article.select("[href]"):
        address = urlsplit(tag["href"])
        if address.scheme:
            continue
        page = resolve(address.path).removesuffix(".html") if address.path else name
        anchor = unquote(address.fragment)
        if page in names:
            tag["href"] = f"#{page}--{anchor}" if anchor else f"#{page}"
        else:
            del tag["href"]  # a file of the site that the PDF does not hold


def drop_dead_links(soup):
    """Leave the words of a link to a cell that was left out."""
    there = {tag["id"] for tag in soup.select("[id]")}
    for link in soup.select("a"):
        address = link.get("href", "")
        if not address or (address.startswith("#") and address[1:] not in there):
            link.unwrap()


def lower_headings(article):
    """Make room above the title of a chapter for that of its part."""
    for tag in article.find_all(re.compile("^h[1-5]$")):
        tag.name = f"h{int(tag.name[1]) + 1}"


def read_article(soup, name, names, framework):
    article = read_page(name).find("article")
    tidy(article)
    stack_tabs(soup, article, framework)
    join(article, name, names)
    article.name = "section"
    article.attrs = {"id": name, "class": "page"}
    article.h1["class"] = "title"
    return article


def introduction(article):
    """The start page, as far as it speaks to a reader of the PDF."""
    article.h1.string = "About this book"
    for heading in article.select("h2"):
        if heading.get_text(strip=True) in NOT_PRINTED:
            heading.find_parent("section").decompose()
    return article


def part_title(soup, number, caption):
    section = soup.new_tag("section", attrs={"class": "part", "id": f"part-{number}"})
    line = soup.new_tag("p")
    line.string = f"Part {NUMERALS[number - 1]}"
    heading = soup.new_tag("h1")
    heading.string = caption
    section.extend([line, heading])
    return section


def contents(soup):
    """A line with the place of a page number for each heading, filled in later."""
    lines = []
    for heading in soup.select(
        ".part h1, .page .title, .page .title ~ section > :is(h2, h3)"
    ):
        section = heading.parent
        text = heading.get_text()
        if "part" in section.get("class", []):
            kind, text = "part", f"{section.p.get_text()}: {text}"
        elif "title" in heading.get("class", []):
            kind, section = "page", heading.find_parent(class_="page")
        else:
            kind = "section"
        # The functions of a module are no chapters to turn to.
        in_reference = heading.find_parent(id=re.compile("^reference/"))
        if kind == "section" and (in_reference or text in IN_EVERY_CHAPTER):
            continue
        lines.append(
            f'<li class="toc-{kind}"><a href="#{section["id"]}">{html.escape(text)}</a>'
            f'<span data-page-of="{section["id"]}"></span></li>'
        )
    return (
        '<section id="contents"><h1 class="title">Contents</h1>'
        f"<ul>{''.join(lines)}</ul></section>"
    )


def cover(framework):
    named = FRAMEWORKS.get(framework) or " and ".join(FRAMEWORKS.values())
    picture = next(name for name in COVERS if (HTML / name).is_file())
    lines = [
        f"By {CONFIG['author']}",
        f"Version {mdn_utils.__version__}, {CONFIG['copyright']}",
    ]
    if "YOUR_ACCOUNT" not in CONFIG["repository"]["url"]:
        lines.append(CONFIG["repository"]["url"])
    lines.append(LICENSE)
    return (
        f'<section id="cover"><p class="book-title">{CONFIG["title"]}</p>'
        f'<p class="book-subtitle">{SUBTITLE.format(named)}</p>'
        f'<img src="../html/{picture}" alt="">'
        f"<div>{''.join(f'<p>{html.escape(line)}</p>' for line in lines)}</div></section>"
    )


def font_faces():
    """The fonts of the pages, and those of Matplotlib for what they lack."""
    own = HTML / "_static" / "fonts"
    ttf = Path(matplotlib.get_data_path(), "fonts", "ttf")
    faces = [
        ("Book Serif", "normal", 400, own / "source-serif-4-400.woff2"),
        ("Book Serif", "italic", 400, own / "source-serif-4-400-italic.woff2"),
        ("Book Serif", "normal", 600, own / "source-serif-4-600.woff2"),
        ("Other Serif", "normal", 400, ttf / "STIXGeneral.ttf"),
        ("Other Serif", "italic", 400, ttf / "STIXGeneralItalic.ttf"),
        ("Other Serif", "normal", 600, ttf / "STIXGeneralBol.ttf"),
        ("Book Mono", "normal", 400, ttf / "DejaVuSansMono.ttf"),
        ("Book Mono", "italic", 400, ttf / "DejaVuSansMono-Oblique.ttf"),
        ("Book Mono", "normal", 700, ttf / "DejaVuSansMono-Bold.ttf"),
    ]
    return "\n".join(
        f'@font-face {{ font-family: "{family}"; font-style: {style}; '
        f'font-weight: {weight}; src: url("{file.as_uri()}"); }}'
        for family, style, weight, file in faces
        if file.is_file()
    )


def running_heads(soup):
    """Name each page's title at its head: CSS cannot yet do so by itself."""
    css = []
    for page in soup.select(".page"):
        title = (
            page.select_one(".title").get_text().replace("\\", r"\\").replace('"', r"\"")
        )
        name = f"page-{page['id']}".replace("/", "-")
        css.append(
            f'[id="{page["id"]}"] {{ page: {name}; }}\n'
            f'@page {name} {{ @top-right {{ content: "{title}"; }} }}'
        )
    return "\n".join(css)


def assemble(framework):
    """All pages in reading order, as one."""
    parts = parts_of_toc()
    names = ["index", *(name for _, _, part in parts for name in part)]
    soup = BeautifulSoup("<main></main>", "html.parser")

    soup.main.append(introduction(read_article(soup, "index", names, framework)))
    number = 0
    for caption, numbered, part in parts:
        if numbered:
            number += 1
            soup.main.append(part_title(soup, number, caption))
        for name in part:
            article = read_article(soup, name, names, framework)
            if numbered:
                lower_headings(article)
            soup.main.append(article)
    drop_dead_links(soup)
    return soup


def mathjax():
    """The scripts that set the mathematics of a page, and no others."""
    (name, *_) = (name for _, numbered, part in parts_of_toc() if numbered for name in part)
    for tag in read_page(name).head.select("script"):
        if tag.has_attr("src"):
            tag["src"] = f"../html/{tag['src']}"
        if "mathjax" in tag.get("src", "") or "window.MathJax" in (tag.string or ""):
            yield str(tag)


def compose(framework="both"):
    """The whole book as one page of HTML."""
    soup = assemble(framework)
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{CONFIG["title"]}</title>
<link rel="stylesheet" href="../html/_static/pygments.css">
<style>
{font_faces()}
{Path(__file__).with_suffix(".css").read_text(encoding="utf-8")}
{running_heads(soup)}
</style>
{"".join(mathjax())}
</head>
<body>
{cover(framework)}
{contents(soup)}
{soup}
</body>
</html>
"""


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


def headings_of(source):
    soup = BeautifulSoup(source.read_text(encoding="utf-8"), "html.parser")
    for heading in soup.find_all(HEADING):
        part = heading.find_parent(class_="part")
        words = f"{part.p.get_text()}: " if part else ""
        yield words + re.sub(r"\\[()]", "", heading.get_text())


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
        {
            "/Title": CONFIG["title"],
            "/Author": CONFIG["author"],
            "/Subject": f"Version {mdn_utils.__version__}",
        }
    )
    writer.page_mode = "/UseOutlines"
    writer.write(path)


def print_pdf(page, path):
    """Print twice: the contents need the page numbers of the first print."""
    options = {"prefer_css_page_size": True, "print_background": True}
    page.pdf(path=path, **options)
    page.evaluate(FILL_IN, pages_of_anchors(path))
    page.pdf(path=path, tagged=True, outline=True, **options)


def path_for(framework):
    suffix = "" if framework == "both" else f"-{framework}"
    return PDF / f"mixture-density-networks{suffix}.pdf"


def make(framework="both"):
    """Compose and print the book; return the path of the PDF."""
    program = require_browser()
    PDF.mkdir(parents=True, exist_ok=True)
    path = path_for(framework)
    source = path.with_suffix(".html")
    source.write_text(compose(framework), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        print_pdf(open_book(browser, source), path)
        browser.close()
    finish(path, headings_of(source))
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
