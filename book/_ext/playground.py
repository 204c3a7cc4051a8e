"""The playground: a mixture density network that learns in the page.

In Markdown it is ``<div class="playground">``, or ``<div class="playground
playground-small">`` for the map of one example alone; inside stands what
shows where no script runs. The examples are drawn here, while the book is
built; ``mdn.js`` holds the mathematics and ``playground.js`` all that one
sees and does.
"""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np

from mdn_book import data, problems

STATIC = Path(__file__).with_name("playground_static")
POINTS = 600  # of each example; a quarter is held out
GRID = 9999  # points lie on one: short numbers in the page
PLACE = re.compile(
    r'(<div class="playground( playground-small)?">)\s*(<ol.*?</ol>)?',
    re.DOTALL,
)
FULL = re.compile(r"<!-- full -->.*?<!-- /full -->\n", re.DOTALL)
CHIP = """\
<label><input type="radio" name="playground-example" value="{key}">
<span>{name}</span></label>
"""


def spiral(n, rng):
    """One turn and a half, and noise: up to four targets for an input."""
    angle = 3 * np.pi * np.sqrt(rng.uniform(0.02, 1, n))
    place = angle * np.array([np.cos(angle), np.sin(angle)])
    x, y = place / 10 + rng.normal(0, 0.035, (2, n))
    return x, y


def lanes(n, rng):
    """`TwoLanes`, of whose two targets the second is seen."""
    x, y = problems.TwoLanes().sample(n, rng)
    return x, y[:, 1:]


def stars(n, rng):
    """Without the color of exactly 0, which stands for an unknown one."""
    x, y = data.stars()
    known = np.flatnonzero(x[:, 0] != 0)
    rows = rng.choice(known, n, replace=False)
    return x[rows], y[rows]


# Name, where the points come from, axes, the input where to look first, and
# what the guide says where none of its steps speaks of the example
EXAMPLES = {
    "inverse": ("Inverse toy", problems.ToyInverse(), "x", "y", 0.34, None),
    "forward": ("Forward toy", problems.ToyForward(), "x", "y", 0.34, None),
    "sine": (
        *("Sine", problems.SineInverse(), "x", "y", 0.0),
        "How many answers are there for x = 0? Press Train, then count the "
        "peaks in the curve on the right.",
    ),
    "lanes": (
        *("Two lanes", lanes, "share of the road", "height", 0.1),
        "A road seen from one side: first two lanes, then much spread, then "
        "one lane. Press Train, and see how the width of the green changes.",
    ),
    "spiral": (
        *("Spiral", spiral, "x", "y", 0.0),
        "An x may have up to four answers here, so three bumps are too few. "
        "Set Components K to 6, then press Train.",
    ),
    "stars": (
        *("Stars", stars, "color B − V", "absolute magnitude", 1.05),
        "Each dot is a star. At the color of the dotted line, giants are "
        "bright and dwarfs are faint. Press Train: what does the pink line "
        "make of them?",
    ),
}


def example(key):
    """Points on the grid of a square, and what its axes mean."""
    name, source, across, up, look, says = EXAMPLES[key]
    rng = np.random.default_rng(0)
    known = not callable(source)
    pairs = source.sample(POINTS, rng) if known else source(POINTS, rng)
    points = np.stack([np.ravel(a) for a in pairs], axis=1)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin
    if key == "stars":  # the less the magnitude, the brighter
        low[1], high[1] = high[1], low[1]
    grid = np.rint(GRID * (points - low) / (high - low)).astype(int)
    return {
        "name": name,
        "axes": [across, up],
        "low": low.round(4).tolist(),
        "high": high.round(4).tolist(),
        "look": look,
        "says": says,
        "floor": source.entropy if known else None,
        "points": grid.ravel().tolist(),
    }


@cache
def markup(small):
    examples = {
        key: example(key) for key in EXAMPLES if not small or key == "inverse"
    }
    chips = "".join(
        CHIP.format(key=key, name=found["name"])
        for key, found in examples.items()
    )
    html = (STATIC / "playground.html").read_text(encoding="utf-8")
    html = html.replace("EXAMPLES", chips)
    html = html.replace("DATA", json.dumps(examples, separators=(",", ":")))
    if small:
        html = FULL.sub("", html)
    return re.sub(r"<!-- /?full -->\n", "", html)


def fill(app, pagename, templatename, context, doctree):
    body = context.get("body") or ""
    if not PLACE.search(body):
        return
    if app.builder.format == "html":
        context["body"] = PLACE.sub(
            lambda m: m[1] + markup(bool(m[2])).replace("GUIDE", m[3] or ""),
            body,
        )
        app.add_css_file("playground.css")
        app.add_js_file("mdn.js", loading_method="defer")
        app.add_js_file("playground.js", loading_method="defer")


def add_static_path(app, config):
    config.html_static_path.append(str(STATIC))


def setup(app):
    app.connect("config-inited", add_static_path)
    app.connect("html-page-context", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
