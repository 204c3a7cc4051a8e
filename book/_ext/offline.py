"""Serve MathJax from the book's own files, and only the parts that pages use.

``sphinx-mathjax-offline`` copies all of MathJax into the built book, with
ready-made bundles. The smallest of them weighs 1.2 MB, a third of it for the
menu of a formula. The pages load the parts instead: TeX in, HTML out, and
MathML for screen readers; and nothing where there is no formula. Without the
menu, formulas are also no stops of the Tab key, of which a chapter would have
hundreds.

Whatever these parts cannot ask for is removed: 24 MB become 2 MB.
"""

from pathlib import Path

PARTS = ["input/tex", "output/chtml", "a11y/assistive-mml"]
# What is loaded before the parts, with them, or when a formula needs it
KEPT = [
    "startup.js",
    "core.js",
    *(f"{part}.js" for part in PARTS),
    "input/tex/extensions/",
    "output/chtml/fonts/",
]


def load_parts(app, config):
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {"loader": {"load": PARTS}}


def only_with_formulas(app, pagename, templatename, context, doctree):
    """Load nothing for formulas that stand only on the pages below."""
    if not app.env.get_domain("math").data["has_equations"].get(pagename):
        context["script_files"][:] = [
            script
            for script in context["script_files"]
            if "mathjax" not in str(script.filename)
            and "window.MathJax" not in script.attributes.get("body", "")
        ]


def remove_the_rest(app, exception):
    folder = Path(app.outdir, "_static", "mathjax")
    if exception is None and app.builder.format == "html":
        for path in [p for p in folder.rglob("*") if p.is_file()]:
            if (
                not path.relative_to(folder)
                .as_posix()
                .startswith(tuple(KEPT))
            ):
                path.unlink()


def setup(app):
    app.setup_extension("sphinx-mathjax-offline")
    app.connect("config-inited", load_parts)
    # After Sphinx has added the scripts
    app.connect("html-page-context", only_with_formulas, priority=600)
    # Later than the copying, which has the default priority of 500.
    app.connect("build-finished", remove_the_rest, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
