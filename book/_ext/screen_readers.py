"""A screen reader hears the prompt of what is folded, and no empty lists."""

import re


def mend(app, pagename, templatename, context, doctree):
    body = context.get("body")
    if body:
        # What it says is its name. myst-nb gives all the same other name.
        body = re.sub(r'(<summary\b[^>]*) aria-label="[^"]*"', r"\1", body)
        # docutils calls the bibliography a list, of entries that are no items.
        body = re.sub(
            r'(<div\b[^>]*citation-list[^>]*) role="list"', r"\1", body
        )
        body = re.sub(
            r'<div role="list"([^>]*citation-list)', r"<div\1", body
        )
        context["body"] = body


def setup(app):
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
