"""Show a TensorFlow cell and its PyTorch twin as two tabs of one set.

In a notebook, a cell tagged ``tensorflow`` is followed at once by its twin
tagged ``pytorch``, or the other way round. On the page they are two tabs of
sphinx-design, of which a reader chooses one for the whole book. A cell for
one framework without a twin gets a lone tab, which labels it. Cells tagged
for both, or for none, stay as they are; so do all for other builders.
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


def tab_item(tag, cell):
    label = nodes.rubric("", LABELS[tag], classes=["sd-tab-label"])
    label["sync_group"], label["sync_id"] = "framework", tag
    content = create_component(
        "tab-content", classes=["sd-tab-content"], children=[cell]
    )
    return create_component("tab-item", children=[label, content])


class FrameworkTabs(SphinxPostTransform):
    """Merge twins after parsing: inside a directive, cells would be lost."""

    # Before sphinx-design turns tab sets into HTML, at 200
    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(framework)):
            parent = cell.parent
            if is_component(parent, "tab-content"):
                continue  # It is the twin of the cell before.
            cells = {framework(cell): cell}
            twin = cell.next_node(descend=False, siblings=True)
            if framework(twin) not in (None, framework(cell)):
                cells[framework(twin)] = twin
                parent.remove(twin)
            position = parent.index(cell)
            parent[position] = create_component(
                "tab-set",
                classes=["sd-tab-set"],
                children=[
                    tab_item(t, cells[t]) for t in LABELS if t in cells
                ],
            )


def setup(app):
    app.setup_extension("sphinx_design")
    app.add_post_transform(FrameworkTabs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
