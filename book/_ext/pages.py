"""The last hand on each page: its opening, its figures, the sidebar's parts.

Nothing here needs markup in the chapters.

- Above the title of a chapter stand its part and its number, below it the
  time that reading takes. Part and number come from the table of contents.
- In the sidebar, the parts with numbered chapters carry their number, and
  each list of chapters is named by the part (the theme makes the parts
  headings, which then stand before the title of the page).
- Images say how large they are, so that nothing moves when they arrive, and
  are fetched when the reader comes near them.
"""

import re
from html import escape
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, NavigableString
from docutils import nodes
from PIL import Image

ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]

# A calm pace: prose in words a minute, and seconds for what is not prose
WORDS_A_MINUTE = 180
SECONDS = {"line of code": 3, "formula": 15, "figure": 20}


# --- Parts and chapters -----------------------------------------------------


def parts(env):
    """Return ``{caption: number}`` of the parts with numbered chapters."""
    trees = env.external_site_map.root.subtrees
    numbered = [tree.caption for tree in trees if tree.numbered]
    return {caption: i for i, caption in enumerate(numbered, start=1)}


def part_of(env, pagename):
    """Return the caption of the part that a page is in, or None."""
    for tree in env.external_site_map.root.subtrees:
        if pagename in (str(item).rsplit(".", 1)[0] for item in tree.files()):
            return tree.caption
    return None


def is_exercises(node):
    return isinstance(node, nodes.section) and "exercises" in node["ids"]


def minutes_to_read(node):
    """Estimate how long it takes to read a node, without the exercises."""
    if is_exercises(node) or isinstance(node, nodes.raw):
        return 0
    if isinstance(node, nodes.literal_block):
        lines = [line for line in node.astext().splitlines() if line]
        return len(lines) * SECONDS["line of code"] / 60
    if isinstance(node, nodes.math_block):
        return SECONDS["formula"] / 60
    if isinstance(node, nodes.Text):
        return len(node.split()) / WORDS_A_MINUTE
    own = SECONDS["figure"] / 60 if isinstance(node, nodes.figure) else 0
    return own + sum(minutes_to_read(child) for child in node.children)


def opening(env, pagename, doctree):
    """Return what stands above and below the title of a numbered chapter."""
    (chapter,) = env.toc_secnumbers[pagename][""]
    caption = part_of(env, pagename)
    part = f"Part {ROMAN[parts(env)[caption]]}"
    minutes = 5 * round(minutes_to_read(doctree) / 5)
    above = (
        '<p class="chapter-opening">'
        f'<span class="chapter-number">Chapter {chapter}</span> '
        f'<span class="chapter-part">{part}: {escape(caption)}</span></p>'
    )
    below = f'<p class="chapter-facts">About {minutes} minutes to read</p>'
    return above, below


# --- Images -----------------------------------------------------------------


def size(path):
    """Return the width and height of an image in pixels."""
    if path.suffix == ".svg":
        box = re.search(
            r'viewBox="\S+ \S+ (\S+) (\S+)"', path.read_text(encoding="utf-8")
        )
        return round(float(box[1])), round(float(box[2]))
    with Image.open(path) as image:
        return image.size


def settle_images(soup, builder):
    sources = {name: uri for uri, name in builder.images.items()}
    for number, img in enumerate(soup.select("img[src]")):
        name = unquote(img["src"]).rsplit("/", 1)[-1]
        if name in sources:
            img["width"], img["height"] = size(
                Path(builder.srcdir, sources[name])
            )
            img["decoding"] = "async"
            # The first one may be what the reader sees first.
            if number or img.find_parent(class_="cell"):
                img["loading"] = "lazy"


# --- Formulas ---------------------------------------------------------------


def keep_with_punctuation(soup):
    """Let no line begin with the comma that follows a formula."""
    for math in soup.select("span.math"):
        after = math.next_sibling
        if isinstance(after, NavigableString):
            mark = re.match(r"[,.;:?!)\]’'-]+", after)
            if mark:
                after.replace_with(after[mark.end() :])
                math.wrap(soup.new_tag("span", attrs={"class": "nobreak"}))
                math.insert_after(mark[0])


# --- Text and outputs -------------------------------------------------------

# No line begins with the number of a chapter.
TOGETHER = re.compile(r"(?<=\b[Cc]hapter) (?=\d)|(?<=\b[Ee]xercise) (?=\d)")


def keep_numbers_with_words(soup):
    for text in soup.find_all(string=TOGETHER):
        if not text.find_parent(["pre", "code"]):
            text.replace_with(TOGETHER.sub("\N{NO-BREAK SPACE}", text))


def tidy_outputs(soup):
    for pre in soup.select(".output pre"):
        if "│" in pre.text:
            pre["class"] = [*pre.get("class", []), "drawn"]
        if not pre.text:  # Keras displays one when it prints a model.
            pre.find_parent(class_="output").decompose()


# --- Pages ------------------------------------------------------------------


def finish_body(app, pagename, templatename, context, doctree):
    if app.builder.format != "html" or not context.get("body"):
        return
    soup = BeautifulSoup(context["body"], "html.parser")

    numbers = app.env.toc_secnumbers.get(pagename, {}).get("")
    if doctree is not None and numbers and soup.h1:
        above, below = opening(app.env, pagename, doctree)
        soup.h1.insert_before(BeautifulSoup(above, "html.parser"))
        soup.h1.insert_after(BeautifulSoup(below, "html.parser"))
    settle_images(soup, app.builder)
    keep_with_punctuation(soup)
    keep_numbers_with_words(soup)
    tidy_outputs(soup)
    # docutils calls the bibliography a list, of entries that are no items.
    for entries in soup.select(".citation-list[role=list]"):
        del entries["role"]
    # What it says is its name. myst-nb gives all of them the same other name.
    for summary in soup.select("summary[aria-label]"):
        del summary["aria-label"]
    # Pygments marks blanks, names and brackets too, which are not colored.
    for plain in soup.select(".highlight span:is(.w, .n, .nn, .p)"):
        plain.unwrap()
    context["body"] = str(soup)


def name_parts(app, pagename, templatename, context, doctree):
    """Number the parts in the sidebar, and let them name their lists."""
    theme_tree = context.get("generate_toctree_html")
    if theme_tree is None or not hasattr(app.env, "external_site_map"):
        return
    numbers = parts(app.env)

    def generate_toctree_html(kind, **options):
        tree = theme_tree(kind, **options)
        if kind != "sidebar" or not tree:
            return tree
        soup = BeautifulSoup(str(tree), "html.parser")
        for i, caption in enumerate(soup.select("p.caption")):
            text = caption.get_text(strip=True)
            del caption["role"], caption["aria-level"]
            caption["id"] = f"part-{i}"
            chapters = caption.find_next_sibling("ul")
            if chapters:
                chapters["aria-labelledby"] = caption["id"]
            if text in numbers:
                label = soup.new_tag("span", attrs={"class": "part-number"})
                label.string = f"Part {ROMAN[numbers[text]]} "
                caption.insert(0, label)
        return soup

    context["generate_toctree_html"] = generate_toctree_html


def setup(app):
    app.connect("html-page-context", finish_body, priority=900)
    app.connect("html-page-context", name_parts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
