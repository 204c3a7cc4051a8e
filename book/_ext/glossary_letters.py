"""Above the glossary, its letters: each leads to its first word."""

import re

LIST = '<dl class="simple glossary">'
TERM = r'<dt id="(term-(\w)[^"]*)">'
# Words that share an explanation stand where the first of them belongs.
FIRST = rf"(?:</dd>|{LIST})\s*{TERM}"


def add_letters(app, pagename, templatename, context, doctree):
    body = context.get("body") or ""
    if LIST in body:
        found = re.findall(FIRST, body) + re.findall(TERM, body)
        letters = {letter: anchor for anchor, letter in reversed(found)}
        links = "".join(
            f'<a href="#{letters[x]}">{x}</a>' for x in sorted(letters)
        )
        nav = f'<nav class="letters" aria-label="Letters">{links}</nav>'
        context["body"] = body.replace(LIST, f"{nav}\n{LIST}", 1)


def setup(app):
    app.connect("html-page-context", add_letters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
