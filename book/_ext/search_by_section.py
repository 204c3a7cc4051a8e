"""The search: its index, made of the built pages, section by section.

Sphinx's own search leads to pages, and knows words but no sentences. Here
each section, each word of the glossary and each source is an entry. The index
is a script, since a page opened as a file may fetch nothing else.
"""

import json
import re
import unicodedata
from itertools import takewhile
from pathlib import Path

from bs4 import BeautifulSoup

STATIC = Path(__file__).with_name("search_static")
ENTRY = "section[id], dl.glossary > dd, div.citation[id]"
LEFT_OUT = (
    "nav, script, style, summary, .headerlink, .cell_output pre, "
    ".chapter-opening, .chapter-facts"
)
OF_SPHINX = tuple(
    f"{name}.js"
    for name in (
        "doctools",
        "sphinx_highlight",
        "searchtools",
        "language_data",
    )
)

# What TeX calls by a name that is not one of a Greek letter
SYMBOLS = {
    **{
        "le": "≤",
        "ge": "≥",
        "ne": "≠",
        "approx": "≈",
        "sim": "~",
        "mid": "|",
    },
    **{"sum": "Σ", "prod": "Π", "int": "∫", "sqrt": "√", "partial": "∂"},
    **{"infty": "∞", "pm": "±", "cdot": "·", "times": "×", "to": "→"},
    **{"top": "ᵀ", "varepsilon": "ε", "varphi": "φ", "ell": "ℓ"},
    **{"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"},
    **{"quad": " ", "qquad": " "},
}
WITHOUT_MEANING = re.compile(
    r"^\\[(\[]|\\[)\]]$|\\(?:begin|end){\w+}|\\(?:left|right)\b\.?"
    r"|\\[bB]igg?[lr]?\b|\\(?:math\w+|text\w*|operatorname|underbrace)\b"
    r"|\\[\\,;:! ]|&"
)
FRACTION = re.compile(
    r"\\[td]?frac\s*(?:{([^{}]*)}|(\d))\s*(?:{([^{}]*)}|(\d))"
)
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def symbol(found):
    name = found[1]
    case = "SMALL" if name.islower() else "CAPITAL"
    greek = f"GREEK {case} LETTER {name.upper()}"
    try:
        return SYMBOLS.get(name) or unicodedata.lookup(greek)
    except KeyError:
        return name  # such as log


def readable(tex):
    r"""A formula as a line of text: ``\pi_k \sigma^2`` becomes ``π_k σ²``."""
    text = WITHOUT_MEANING.sub("", tex.strip())
    text = FRACTION.sub(r"\1\2/\3\4", text)
    text = re.sub(r"\\(hat|bar|tilde)\s*{?(\w|\\\w+)}?", r"\2\\\1", text)
    text = re.sub(r"\\([A-Za-z]+)", symbol, text)
    text = re.sub(
        r"\^{?(-?\d+)}?", lambda found: found[1].translate(RAISED), text
    )
    text = re.sub(r"(?<!\\)[{}]", "", text).replace("\\", "")
    return unicodedata.normalize("NFC", " ".join(text.split()))


def text_of(tag):
    # Not what does not break: "Fig. 4.1" is no end of a sentence.
    return re.sub(r"[ \n]+", " ", tag.get_text()).strip()


def heading(entry):
    """What an entry is called, and its anchor."""
    if entry.name == "section":
        tags, own = entry.find_all(re.compile("^h[1-6]$"), limit=1), entry
    elif entry.name == "dd":  # words of the glossary may share an explanation
        before = entry.find_previous_siblings(["dt", "dd"])
        tags = [*takewhile(lambda tag: tag.name == "dt", before)][::-1]
        own = tags[0]
    else:
        tags, own = [entry.select_one(".label")], entry
    return ", ".join(map(text_of, tags)), own["id"]


def entries(html, address):
    """``[page, address, heading, prose, code]`` of each entry of a page."""
    page = BeautifulSoup(html, "html.parser").find("article")
    for tag in page.select(LEFT_OUT):
        tag.decompose()
    for formula in page.select("span.math"):
        formula.string = readable(formula.get_text())
    found = {id(entry): (entry, [], []) for entry in page.select(ENTRY)}
    for block in page.select("p, pre, dt.sig"):
        own = block.find_parent(lambda tag: id(tag) in found)
        _, prose, code = found[id(own)]
        if block.name == "p":
            prose.append(text_of(block))
        else:
            code.append(block.get_text().strip())
    title, top = heading(page.section)
    for entry, prose, code in found.values():
        name, anchor = heading(entry)
        where = address if anchor == top else f"{address}#{anchor}"
        yield [title, where, name, "\n".join(prose), "\n".join(code)]


def write_index(app, exception):
    if exception or app.builder.format != "html":
        return
    out, index = Path(app.outdir), []
    for name in sorted(app.env.found_docs):
        address = app.builder.get_target_uri(name)
        index += entries((out / address).read_text("utf-8"), address)
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    (out / "_static" / "search-index.js").write_text(
        f"const SEARCH_INDEX = {text};\n", encoding="utf-8"
    )
    for name in OF_SPHINX:
        (out / "_static" / name).unlink(missing_ok=True)


def add_static_path(app, config):
    config.html_static_path.append(str(STATIC))


def without_sphinx(app):
    if app.builder.format == "html":
        app.builder.search = False


def search_page(app):
    is_html = app.builder.format == "html"
    return [("search", {}, "search.html")] if is_html else []


def load_no_sphinx(app, pagename, templatename, context, doctree):
    context["script_files"][:] = [
        script
        for script in context["script_files"]
        if not str(script.filename).endswith(OF_SPHINX)
    ]


def setup(app):
    app.connect("config-inited", add_static_path)
    app.connect("builder-inited", without_sphinx)
    app.connect("html-collect-pages", search_page)
    app.connect("html-page-context", load_no_sphinx, priority=600)
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
