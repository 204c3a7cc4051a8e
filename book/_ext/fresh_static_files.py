"""A change of a style sheet or a script alone reaches the pages, too.

Without a page to write, Sphinx copies none of them.
"""

from pathlib import Path


def write_start_page(app, env, added, changed, removed):
    page = Path(app.outdir, f"{app.config.root_doc}.html")
    own = [*Path(app.srcdir, "_static").rglob("*")]
    newest = max(path.stat().st_mtime for path in own)
    is_old = page.exists() and page.stat().st_mtime < newest
    return [app.config.root_doc] if is_old else []


def setup(app):
    app.connect("env-get-outdated", write_start_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
