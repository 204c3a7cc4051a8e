"""Build a small book of some notebooks, to test an extension of the book by itself."""

import io
import sys
from unittest.mock import patch

import chapters
import nbformat
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


def build(folder, notebooks, builder, **config):
    """Build the notebooks, given as name: notebook; return where the result lies.

    `config` is what a `conf.py` would hold. No warning is allowed.
    """
    source = folder / "source"
    source.mkdir()
    for name, notebook in notebooks.items():
        nbformat.write(notebook, source / f"{name}.ipynb")
    contents = ["# Contents", "", "No figure here.", "", "```{toctree}", *notebooks, "```"]
    (source / "index.md").write_text("\n".join(contents))
    config = {
        "nb_execution_mode": "off",
        "numfig": True,
        "html_sourcelink_suffix": "",
        **config,
    }
    warnings = io.StringIO()
    extensions = [str(chapters.BOOK / "_ext"), *sys.path]
    with patch_docutils(), docutils_namespace(), patch.object(sys, "path", extensions):
        app = Sphinx(
            source,
            None,
            folder / "out",
            folder / "doctrees",
            builder,
            config,
            status=None,
            warning=warnings,
        )
        app.build()
    assert warnings.getvalue() == ""
    return folder / "out"
