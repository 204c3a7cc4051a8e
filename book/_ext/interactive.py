"""Draw figures that move in the page, without a kernel or a network.

The output of a cell holds such a figure twice. The PNG is the figure at
first, in print, and where scripts do not run. The Vega-Lite specification is
translated to Vega and stands in the page as JSON; ``interactive.js`` draws it
when the reader comes near. Its space is kept free from the start, and the
text of the view named ``readout`` moves from the drawing to the page. What
``usermeta`` of the specification calls handles can be dragged, and what it
calls ``play`` gets a button that moves a slider. Vega itself, out of
vl-convert, is one file that only pages with a figure load.
"""

import json
import re
from html import escape
from pathlib import Path

import vl_convert
from docutils import nodes
from myst_nb.core.render import NbElementRenderer
from sphinx.transforms.post_transforms import SphinxPostTransform

MIME_TYPE = "application/vnd.vegalite.v5+json"
VEGA_LITE = "6.4"  # the version that translates, together with its Vega
STATIC = Path(__file__).with_name("interactive_static")
NARROW = 300  # px, about what a phone leaves for a picture
LOW = (
    190  # px, as in interactive.js: the height of each of two pictures there
)

BEFORE = '<div class="interactive"><div class="interactive-still">'
AFTER = """\
</div>
<noscript><style>.interactive-live {{ display: none }}</style></noscript>
<div class="interactive-live" style="--wide: {wide}px; --narrow: {narrow}px">
{controls}<div class="interactive-stage">
<div class="interactive-drawing" role="img" aria-label="{alt}"></div></div>
<output class="interactive-readout"></output></div>
<script type="application/json">{data}</script></div>
"""
CONTROLS = """\
<div class="interactive-controls" role="group" aria-label="Sliders"
 style="--columns: {columns}">{labels}
<div class="interactive-buttons">{play}<button type="button"
 class="interactive-reset" disabled>Reset</button></div></div>
"""
PLAY = """\
<button type="button" class="interactive-play" disabled>Play</button>
"""
SLIDER = """
<label><span class="interactive-name">{name}</span>
<span class="interactive-value" aria-hidden="true">{value:g}</span>
<input type="range" data-signal="{signal}" min="{min}" max="{max}"
 step="{step}" value="{value}" disabled></label>"""


class specification(nodes.General, nodes.Element):  # noqa: N801
    """The Vega-Lite specification in the output of a cell."""


class interactive(nodes.General, nodes.Element):  # noqa: N801
    """A still, and what it takes to draw the live figure in its place."""


render_unhandled = NbElementRenderer.render_unhandled


def render_specification(self, data):
    """Keep a Vega-Lite output, of which myst-nb does not know."""
    if data.mime_type == MIME_TYPE:
        return [specification(data=json.dumps(data.content))]
    return render_unhandled(self, data)


def join(document, kind, figure):
    """Make one `figure` of each output of a `kind` and its PNG."""
    for found in list(document.findall(kind)):
        container = found.parent  # of this kind of output
        bundle = container.parent  # of all kinds
        bundle.remove(container)
        image = next(bundle.findall(nodes.image))
        node = figure(data=found["data"], alt=image.get("alt", ""))
        bundle.replace_self(node)
        node += bundle


class InteractiveFigures(SphinxPostTransform):
    """Join the specification and the PNG of an output to one node."""

    default_priority = 3  # before myst-nb keeps one kind of output, at 4
    formats = ("html",)

    def run(self, **kwargs):
        join(self.document, specification, interactive)


def marks(part):
    """All marks of a Vega specification, those inside groups too."""
    for mark in part.get("marks", []):
        yield mark
        yield from marks(mark)


def to_vega(spec, alt):
    """Translate a specification; return it, and its sliders."""
    vega = vl_convert.vegalite_to_vega(spec, vl_version=VEGA_LITE)
    vega["description"] = alt
    del vega["$schema"]
    sliders = []
    for signal in vega["signals"]:
        if "bind" in signal:
            bind = signal.pop("bind")
            keys = {"signal": signal["name"], "value": signal["value"]}
            sliders.append({**bind, **keys})
    for mark in marks(vega):
        if re.fullmatch(r"readout(_\d+)?_marks", mark.get("name", "")):
            # It is read by the script, and takes no room.
            update = mark["encode"]["update"]
            hidden = {"opacity": 0, "limit": 1, "x": 0, "y": 0}
            update |= {key: {"value": value} for key, value in hidden.items()}
            update.pop("lineBreak", None)
            mark["aria"] = False
    return vega, sliders


def height(vega, narrow):
    """How high the drawing will be, in px."""
    if narrow:
        vega = json.loads(json.dumps(vega))
        signals = {signal["name"]: signal for signal in vega["signals"]}
        if "width" in vega:
            vega["width"] = NARROW
        else:  # pictures side by side
            vega["layout"]["columns"] = 1
            signals["childWidth"]["value"] = NARROW
            signals["childHeight"]["value"] = LOW
    svg = vl_convert.vega_to_svg(vega)
    return round(float(re.search(r'height="([\d.]+)"', svg)[1])) + 1


def controls(sliders, play):
    """A label and an input for each slider, with the like in columns."""
    kinds = {slider["signal"].rstrip("0123456789") for slider in sliders}
    labels = [
        SLIDER.format(**{**s, "name": escape(s["name"])}) for s in sliders
    ]
    return CONTROLS.format(
        columns=len(sliders) // len(kinds),
        labels="".join(labels),
        play=PLAY if play else "",
    )


def visit(self, node):
    self.body.append(BEFORE)


def depart(self, node):
    vega, sliders = to_vega(json.loads(node["data"]), node["alt"])
    data = json.dumps(vega, separators=(",", ":"), ensure_ascii=False)
    after = AFTER.format(
        wide=height(vega, narrow=False),
        narrow=height(vega, narrow=True),
        alt=escape(node["alt"]),
        controls=controls(sliders, vega.get("usermeta", {}).get("play")),
        data=data.replace("<", r"\u003c"),
    )
    self.body.append(after)


def add_files(app, pagename, templatename, context, doctree):
    """Add style and script to a page that has an interactive figure."""
    if doctree is not None and any(doctree.findall(interactive)):
        app.add_css_file("interactive.css")
        app.add_js_file("interactive.js", loading_method="defer")


def write_vega(app, exception):
    """Write Vega, once, into the static files."""
    target = Path(app.outdir, "_static", "vega.js")
    if (
        exception is None
        and app.builder.format == "html"
        and not target.exists()
    ):
        version = vl_convert.get_vega_version()
        # The address is only a name here: vl-convert holds the module itself.
        snippet = (
            "import { View, parse } from"
            f' "https://cdn.jsdelivr.net/npm/vega@{version}/+esm";'
            " window.vega = { View, parse };"
        )
        code = vl_convert.javascript_bundle(snippet, VEGA_LITE)
        notice = (
            f"/* Vega {version}, https://vega.github.io\n"
            "   Copyright (c) University of Washington Interactive Data Lab\n"
            "   and contributors. License: BSD-3-Clause. */\n"
        )
        target.write_text(
            f"{notice}(() => {{{code}}})();\n", encoding="utf-8"
        )


def add_static_path(app, config):
    config.html_static_path.append(str(STATIC))


def setup(app):
    NbElementRenderer.render_unhandled = render_specification
    app.add_node(interactive, html=(visit, depart))
    app.add_node(specification)
    app.add_post_transform(InteractiveFigures)
    app.connect("config-inited", add_static_path)
    app.connect("html-page-context", add_files)
    app.connect("build-finished", write_vega)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
