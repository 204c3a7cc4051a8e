"""Numbers of chapters, which nobody types: the role ``chapter``.

``{chapter}`training_reliably``` becomes a link that says "chapter 9". The key
is the name of the file without its number; several become "chapters 4 and 5".
``{Chapter}`` begins a sentence. A page without a number goes by its title.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode


def chapter(name, rawtext, text, lineno, inliner, options=None, content=()):
    """Make one cross-reference for each key, with the words between them."""
    env = inliner.document.settings.env
    keys = [key.strip() for key in text.split(",")]
    word = name if len(keys) == 1 else f"{name}s"
    found = []
    for i, key in enumerate(keys):
        if i:
            found.append(nodes.Text(", " if keys[i + 1 :] else " and "))
        reference = addnodes.pending_xref(
            rawtext, nodes.inline("", key), reftype="chapter", reftarget=key
        )
        reference["word"] = "" if i else f"{word}\N{NO-BREAK SPACE}"
        reference["refdoc"], reference.line = env.docname, lineno
        found.append(reference)
    return found, []


def resolve(app, env, node, text):
    """Turn a reference into a link. A key that is unknown gets a warning."""
    if node["reftype"] != "chapter":
        return None
    documents = {re.sub(r"^\d+_", "", doc): doc for doc in env.all_docs}
    doc = documents.get(node["reftarget"])
    if doc is None:
        return None
    number = env.toc_secnumbers.get(doc, {}).get("")
    shown = env.titles[doc].astext()
    if number:
        shown = f"{node['word']}{number[0]}"
    shown = nodes.inline("", shown)
    return make_refnode(app.builder, node["refdoc"], doc, "", shown)


def write_again(app, env):
    """Have all pages written where a chapter has got another number."""
    numbers = {doc: own.get("") for doc, own in env.toc_secnumbers.items()}
    before, env.chapter_numbers = getattr(env, "chapter_numbers", {}), numbers
    return [] if before == numbers else env.all_docs


def setup(app):
    app.add_role("chapter", chapter)
    app.connect("missing-reference", resolve)
    app.connect("env-updated", write_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
