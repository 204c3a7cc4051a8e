"""Let readers drag the target of the robot arm, without a kernel.

The output of the cell holds the figure twice: as a PNG, for print and where
scripts do not run, and as the numbers of a trained network. ``robot_arm.js``
draws the arms, exact and learned, as the target moves.
"""

import json
from html import escape
from pathlib import Path

from docutils import nodes
from interactive import InteractiveFigures, join
from myst_nb.core.render import NbElementRenderer

MIME_TYPE = "application/vnd.mdn-book.robot-arm+json"
STATIC = Path(__file__).with_name("robot_arm_static")

BEFORE = '<div class="arm"><div class="arm-still">'
AFTER = """\
</div>
<div class="arm-live" hidden>
<svg viewBox="-6 -4 118 118" role="img" aria-label="{alt}"></svg>
<div class="interactive-controls" role="group" aria-label="Target"
 style="--columns: 2">
<label>target, right <output class="interactive-value"></output>
<input type="range" min="0" max="1.08" step="0.01"></label>
<label>target, up <output class="interactive-value"></output>
<input type="range" min="0" max="1.08" step="0.01"></label>
<button type="button" class="interactive-reset">Reset</button></div>
<div class="interactive-readout" role="status"></div></div>
<script type="application/json">{data}</script></div>
"""


class numbers(nodes.General, nodes.Element):  # noqa: N801
    """The numbers of the network in the output of a cell."""


class robot_arm(nodes.General, nodes.Element):  # noqa: N801
    """A still, and what it takes to draw the live figure in its place."""


render_unhandled = NbElementRenderer.render_unhandled


def render_numbers(self, data):
    """Keep the output of which myst-nb does not know."""
    if data.mime_type == MIME_TYPE:
        content = json.dumps(data.content, separators=(",", ":"))
        return [numbers(data=content)]
    return render_unhandled(self, data)


class RobotArms(InteractiveFigures):
    """Join the numbers and the PNG of an output to one node."""

    def run(self, **kwargs):
        join(self.document, numbers, robot_arm)


def visit(self, node):
    self.body.append(BEFORE)


def depart(self, node):
    data = node["data"].replace("<", r"\u003c")
    self.body.append(AFTER.format(alt=escape(node["alt"]), data=data))


def add_files(app, pagename, templatename, context, doctree):
    """Add style and script to a page that has the figure."""
    if doctree is not None and any(doctree.findall(robot_arm)):
        app.add_css_file("interactive.css")  # for the sliders
        app.add_css_file("robot_arm.css")
        app.add_js_file("robot_arm.js", loading_method="defer")


def add_static_path(app, config):
    config.html_static_path.append(str(STATIC))


def setup(app):
    NbElementRenderer.render_unhandled = render_numbers
    app.add_node(robot_arm, html=(visit, depart))
    app.add_node(numbers)
    app.add_post_transform(RobotArms)
    app.connect("config-inited", add_static_path)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
