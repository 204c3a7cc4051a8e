"""No page sends style rules, or marks in its code, that nothing asks for.

Of 440 kB of style sheets that the themes bring, 120 kB are left.
"""

import re
from pathlib import Path

from tinycss2 import parse_rule_list, parse_stylesheet, serialize

WORD = re.compile(r"[\w-]+")
NEGATED = re.compile(r":not\([^()]*\)")
CLASS_OR_ID = re.compile(r"[.#](-?[_a-zA-Z][\w-]*)")
# Blanks, names and brackets, which Pygments marks but the book does not color
PLAIN = re.compile(r'<span class="(?:w|n|nn|p)">([^<]*)</span>')


def unmark(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = PLAIN.sub(r"\1", context["body"])


def words_of(out):
    """Every word in the pages and in the scripts, so also every class."""
    paths = [*out.rglob("*.html"), *out.glob("_static/**/*.js")]
    texts = [p.read_text("utf-8") for p in paths if "mathjax" not in p.parts]
    return {word for text in texts for word in WORD.findall(text)}


def can_match(selectors, words):
    """Whether all classes and ids of one of the selectors are in use."""
    return "\\" in selectors or any(
        words.issuperset(CLASS_OR_ID.findall(selector))
        for selector in re.split(r",(?![^(]*\))", NEGATED.sub("", selectors))
    )


def prune(rules, words):
    for rule in rules:
        if rule.type == "at-rule" and rule.at_keyword in (
            "media",
            "supports",
        ):
            inner = "".join(prune(parse_rule_list(rule.content), words))
            if inner:
                head = serialize(rule.prelude)
                yield f"@{rule.at_keyword}{head}{{{inner}}}\n"
        elif rule.type == "qualified-rule":
            if can_match(serialize(rule.prelude), words):
                yield rule.serialize()
        elif rule.type != "comment" or rule.value.startswith("!"):
            yield rule.serialize()


def prune_style_sheets(app, exception):
    if exception or app.builder.format != "html":
        return
    words = words_of(Path(app.outdir))
    for path in Path(app.outdir, "_static").rglob("*.css"):
        rules = parse_stylesheet(
            path.read_text("utf-8"), skip_whitespace=True
        )
        path.write_text("".join(prune(rules, words)), encoding="utf-8")


def setup(app):
    app.connect("html-page-context", unmark)
    app.connect("build-finished", prune_style_sheets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
