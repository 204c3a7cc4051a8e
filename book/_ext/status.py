"""Tables for the status page: versions, and when each chapter was executed.

``{versions}`` lists what the book was built with, as installed.
``{executions}`` lists the notebooks in reading order: when each was last
executed, how long that took, and whether it came to its end. Both facts come
from the cache of executed notebooks, which ``tools/build.py`` fills.
"""

import platform
from datetime import datetime
from importlib.metadata import version

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

PACKAGES = {
    "TensorFlow": "tensorflow",
    "Keras": "keras",
    "PyTorch": "torch",
    "NumPy": "numpy",
    "SciPy": "scipy",
    "Matplotlib": "matplotlib",
    "Jupyter Book": "jupyter-book",
}


def table(head, rows):
    """A table of texts and inline nodes."""

    def row(cells):
        line = nodes.row()
        for cell in cells:
            text = nodes.Text(cell) if isinstance(cell, str) else cell
            line += nodes.entry("", nodes.paragraph("", "", text))
        return line

    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group, classes=["colwidths-auto"])


class Versions(SphinxDirective):
    def run(self):
        self.env.note_reread()
        rows = [("Python", platform.python_version())]
        rows += [
            (name, version(package)) for name, package in PACKAGES.items()
        ]
        return [table(("package", "version"), rows)]


class ExecutionsNode(nodes.General, nodes.Element):
    """Stands where the table goes when all notebooks have been read."""


class Executions(SphinxDirective):
    def run(self):
        self.env.note_reread()
        return [ExecutionsNode()]


class FillExecutions(SphinxPostTransform):
    default_priority = 8

    def run(self, **kwargs):
        for node in list(self.document.findall(ExecutionsNode)):
            head = ("notebook", "executed (UTC)", "run time", "done")
            executions = table(head, self.rows())
            executions["classes"].append("executions")
            node.replace_self(executions)

    def rows(self):
        data = NbMetadataCollector.get_doc_data(self.env)
        for name in self.in_reading_order(self.config.root_doc):
            run = data.get(name, {}).get("exec_data")
            if run:
                # The cache keeps UTC without saying so, and myst-nb takes it
                # for local time: this undoes it.
                date = datetime.fromtimestamp(run["mtime"])
                seconds = f"{run['runtime']:.0f} s" if run["runtime"] else ""
                done = "yes" if run["succeeded"] else "no"
                yield self.link(name), f"{date:%Y-%m-%d %H:%M}", seconds, done

    def link(self, name):
        title = nodes.Text(self.env.titles[name].astext())
        builder, here = self.app.builder, self.env.docname
        return make_refnode(builder, here, name, "", title)

    def in_reading_order(self, name):
        yield name
        for child in self.env.toctree_includes.get(name, []):
            yield from self.in_reading_order(child)


def setup(app):
    app.add_node(ExecutionsNode)
    app.add_directive("versions", Versions)
    app.add_directive("executions", Executions)
    app.add_post_transform(FillExecutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
