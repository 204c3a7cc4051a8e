"""Above the title of a chapter, its number and part; below, the reading time.

The time is that of a calm pace, without the exercises and all that is folded.
Of two frameworks in tabs a reader reads one.
"""

from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

WORDS_A_MINUTE = 180
SECONDS = {"line of code": 3, "formula": 15, "figure": 20}

ABOVE = """\
<p class="chapter-opening">
<span class="chapter-number">Chapter {number}</span>
<span class="chapter-part">{part}</span></p>
"""
BELOW = """
<p class="chapter-facts">About {minutes} minutes to read</p>
"""


def seconds_to_read(node):
    if isinstance(
        node, nodes.raw | HideCodeCellNode
    ) or "exercises" in node.get("ids", []):
        return 0
    if isinstance(node, nodes.literal_block):
        lines = filter(None, node.astext().splitlines())
        return SECONDS["line of code"] * len(list(lines))
    if isinstance(node, nodes.math_block):
        return SECONDS["formula"]
    if "sd-tab-set" in node.get("classes", []):
        return max(map(seconds_to_read, node.children))
    own = SECONDS["figure"] if isinstance(node, nodes.figure) else 0
    folded = 0
    for child in node.children:
        if isinstance(child, nodes.raw):  # a box of HTML opens or ends
            html = child.astext()
            folded += html.count("<details") - html.count("</details")
        elif folded:
            continue
        elif isinstance(child, nodes.Text):
            own += 60 * len(child.split()) / WORDS_A_MINUTE
        else:
            own += seconds_to_read(child)
    return own


def part_of(env, pagename):
    for tree in env.external_site_map.root.subtrees:
        if pagename in (str(item).rsplit(".", 1)[0] for item in tree.files()):
            return tree.caption


def add_opening(app, pagename, templatename, context, doctree):
    number = app.env.toc_secnumbers.get(pagename, {}).get("")
    if doctree is not None and number:
        part = escape(part_of(app.env, pagename))
        above = ABOVE.format(number=number[0], part=part)
        minutes = 5 * round(seconds_to_read(doctree) / 60 / 5)
        before, title, after = context["body"].partition("</h1>")
        before = before.replace("<h1>", f"{above}<h1>")
        below = BELOW.format(minutes=minutes)
        context["body"] = f"{before}{title}{below}{after}"


def setup(app):
    app.connect("html-page-context", add_opening)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
