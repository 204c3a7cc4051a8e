"""Formulas are set by MathJax, from the book's own files.

Of the 24 MB that ``sphinx-mathjax-offline`` brings, the book holds the 2 MB
that ``mathjax3_config`` in ``_config.yml`` can ask for: TeX in, HTML out, and
MathML for screen readers. The menu of a formula is left out, which would also
make hundreds of stops of the Tab key.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

KEPT = (
    *("startup.js", "core.js", "a11y/assistive-mml.js"),
    *("input/tex.js", "input/tex/extensions/"),
    *("output/chtml.js", "output/chtml/fonts/"),
)


def only_with_formulas(app, pagename, templatename, context, doctree):
    """Load nothing for formulas that stand only on the pages below."""
    if not app.env.get_domain("math").data["has_equations"].get(pagename):
        context["script_files"][:] = [
            script
            for script in context["script_files"]
            if "mathjax" not in str(script.filename)
            and "window.MathJax" not in script.attributes.get("body", "")
        ]


def copy_parts(app, exception):
    if exception is None and app.builder.format == "html":
        package = Path(find_spec("sphinx-mathjax-offline").origin).parent
        source = package / "static" / "mathjax"
        target = Path(app.outdir, "_static", "mathjax")
        for path in filter(Path.is_file, source.rglob("*")):
            name = path.relative_to(source)
            if name.as_posix().startswith(KEPT):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target / name)


def setup(app):
    app.connect("build-finished", copy_parts)
    # After Sphinx has added the scripts
    app.connect("html-page-context", only_with_formulas, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
