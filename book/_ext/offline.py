"""Serve MathJax from the book's own files, and only what a page can ask for.

``sphinx-mathjax-offline`` copies all of MathJax into the built book, with a
ready-made bundle for each way to use it. The pages load one bundle, so this
extension removes the others: 24 MB become 10 MB. What that bundle may load
later (fonts, TeX extensions, what the menu of a formula offers) stays.
"""

from pathlib import Path


def remove_other_bundles(app, exception):
    """Remove the scripts beside the one that the pages load."""
    bundle = Path(app.outdir, "_static", app.config.mathjax_path)
    if (
        exception is None
        and app.builder.format == "html"
        and bundle.is_file()
    ):
        for script in bundle.parent.glob("*.js"):
            if script != bundle:
                script.unlink()


def setup(app):
    app.setup_extension("sphinx-mathjax-offline")
    # Later than the copying, which has the default priority of 500.
    app.connect("build-finished", remove_other_bundles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
