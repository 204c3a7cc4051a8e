"""Show a TensorFlow cell and its PyTorch twin as two tabs of one set.

In a notebook, a code cell tagged ``tensorflow`` is followed at once by its
twin tagged ``pytorch``. In Jupyter both simply stand in order; on the page
this extension puts them into one tab set of sphinx-design. All sets share the
sync group ``framework``, so a reader chooses once: sphinx-design keeps the
choice in the browser's storage, from page to page (and, in the version that
Python 3.11 and later get, from visit to visit).

The rules:

- Two neighbors, one tagged for each framework, become one set. The tabs
  always stand in the order TensorFlow, PyTorch, whichever cell comes first.
  Pairs are made from the top down.
- A cell tagged for one framework that has no twin gets a set with one tab,
  which labels it.
- A cell tagged for both frameworks, or for none, stays as it is.
- Whatever stands between two cells, even one sentence, keeps them apart.
  What myst-nb removed is not there, so it keeps nothing apart.

Other builders than HTML show the cells in order, as Jupyter does.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_design.shared import create_component, is_component

# In the order of the tabs
LABELS = {"tensorflow": "TensorFlow", "pytorch": "PyTorch"}


def framework(node):
    """Return the tag of a code cell for exactly one framework, or None."""
    if not isinstance(node, nodes.container) or "cell" not in node["classes"]:
        return None
    tags = [tag for tag in LABELS if f"tag_{tag}" in node["classes"]]
    return tags[0] if len(tags) == 1 else None


def tab_set(cells):
    """Build the tab set of ``{tag: cell}``."""
    items = []
    for tag, text in LABELS.items():
        if tag in cells:
            label = nodes.rubric("", text, classes=["sd-tab-label"])
            label["sync_group"], label["sync_id"] = "framework", tag
            content = create_component(
                "tab-content",
                classes=["sd-tab-content"],
                children=[cells[tag]],
            )
            items.append(
                create_component("tab-item", children=[label, content])
            )
    return create_component("tab-set", classes=["sd-tab-set"], children=items)


class FrameworkTabs(SphinxPostTransform):
    """Merge twins after parsing: inside a directive, cells would be lost."""

    # Before sphinx-design turns tab sets into HTML, at 200
    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(framework)):
            parent = cell.parent
            if is_component(
                parent, "tab-content"
            ):  # already the twin of the cell before
                continue
            cells = {framework(cell): cell}
            twin = cell.next_node(descend=False, siblings=True)
            if framework(twin) not in (None, framework(cell)):
                cells[framework(twin)] = twin
                parent.remove(twin)
            position = parent.index(cell)
            parent[position] = tab_set(cells)


def setup(app):
    app.setup_extension("sphinx_design")
    app.add_post_transform(FrameworkTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
