"""Figures that move, and compute in the browser: no kernel and no network.

All functions but `show` take arrays and return an Altair chart; `show` displays it, live
in JupyterLab, Notebook 7 and Colab. The book's pages draw the same chart, and show a still
where there are no scripts. There one can also drag what the sliders move, on the drawing
itself: ``usermeta`` of a specification names the handles. Without Altair a chart is None,
`show` says what to install, and a chapter runs to its end all the same.

The mixtures come as ``params``: log_pi (M, K), mu and log_sigma (M, K, 1), for M inputs
``x`` of shape (M, 1). ``problem`` is what knows the exact answer by its ``branches(x)``,
such as `mdn_book.problems.ToyInverse`, and ``data`` is a pair x, y of shape (N, 1).

A view named ``readout`` writes the numbers of a figure below its picture. The pages print
the same text in HTML, where it wraps and a screen reader announces it.
"""

import csv
import functools
import io
import sys
from contextlib import suppress
from importlib.resources import as_file, files

import numpy as np

from mdn_utils import numpy as mdn_np

from .plots import COLORS

try:
    import altair as alt
except ImportError:
    alt = None

__all__ = [
    "learned_and_exact",
    "learning_rates",
    "mixture_explorer",
    "one_answer",
    "pit",
    "responsibilities",
    "show",
    "stored_rates",
    "temperature",
    "training",
]

#: Altair 6 writes Vega-Lite 6, and JupyterLab 4.6 draws Vega-Lite 5. The figures use what
#: is the same in both.
MIME_TYPE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

COMPONENTS = ["#E69F00", "#56B4E9", "#CC79A7"]  # C1, C2, C3 of the book's style
INKS = ["#9a6700", "#1f6f9f", "#a8477f"]  # of the same, for text
ORANGE = "#D55E00"
DARK = "#262626"
FONT = "Source Sans Pro, sans-serif"
GREEN = {"color": COLORS["density"]}
HEIGHT = 280  # of a picture, in pixels
LOW = 150  # of each of two pictures, one above the other


def show(chart):
    """Display a chart: live where Vega-Lite is drawn, elsewhere as a still.

    >>> show(None)
    To see this figure:  pip install altair vl-convert-python
    """
    if chart is None:
        print("To see this figure:  pip install altair vl-convert-python")
        return
    from IPython.display import display

    if "google.colab" in sys.modules:  # draws what Altair by itself displays there
        display(chart)
        return
    spec = {**chart.to_dict(), "$schema": SCHEMA}
    bundle = {MIME_TYPE: spec, "text/plain": "A figure with sliders"}
    with suppress(ImportError):  # without a still, the live figure will do
        bundle["image/png"] = still(spec)
    display(bundle, raw=True)


def still(spec, scale=1.5):
    """The bytes of a PNG of the specification `spec`, with every slider where it starts."""
    import vl_convert
    from PIL import Image

    with as_file(files("mdn_book")) as folder:
        vl_convert.register_font_directory(str(folder))
    png = io.BytesIO(vl_convert.vegalite_to_png(spec, scale=scale))
    # A palette of 64 colors will do, in an eighth of the bytes.
    image = Image.open(png).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    file = io.BytesIO()
    image.save(file, "png", optimize=True)
    return file.getvalue()


def _chart(build):
    """Give what `build` returns the look of the book, or None where Altair is missing."""

    @functools.wraps(build)
    def built(*args, **kwargs):
        if alt is None:
            return None
        text = {"labelFontSize": 12, "labelColor": DARK}
        title = {"titleFontSize": 12, "titleFontWeight": "normal", "titleColor": DARK}
        lines = {"domainColor": "#4d4d4d", "tickColor": "#4d4d4d", "gridColor": "#e6e6e6"}
        legend = {"title": None, "orient": "top", "symbolStrokeWidth": 3}
        return (
            build(*args, **kwargs)
            .configure(background="white", font=FONT)
            .configure_view(stroke=None)
            .configure_axis(labelFlush=False, **text, **title, **lines)
            .configure_legend(**text, **legend)
            .configure_concat(spacing=12)
        )

    return built


def _slider(name, label, low, high, step, value):
    bind = alt.binding_range(min=low, max=high, step=step, name=label)
    return alt.param(name=name, value=value, bind=bind)


def _drag(figure, *handles, **usermeta):
    """Let the pages set sliders by what is dragged.

    While one drags, the signals pointer_x and pointer_y say where, in units of the axes.
    """
    pointer = [alt.param(name=f"pointer_{axis}", value=0) for axis in "xy"]
    usermeta = {"handles": list(handles), **usermeta}
    return figure.add_params(*pointer).properties(usermeta=usermeta)


def _handle(move, x, y=None, view="", color=DARK, anywhere=False):
    """A handle at the signals x and y; ``move`` has the signal to copy to each slider.

    It can be taken where it is, or ``anywhere`` in the view, which then follows x. Without
    y it is on the axis of x.
    """
    place = {"view": view, "x": x, "y": y, "anywhere": anywhere or y is None}
    return {"move": move, **place, "color": color}


def _nearest(values):
    """The number, from 1 on, of that of ascending positive values to which one drags."""
    middles = np.sqrt(np.multiply(values[1:], values[:-1]))
    return " + ".join(["1", *(f"(pointer_x > {middle:.4g})" for middle in middles)])


def _here(**fields):
    """One row, with fields computed from signals."""
    return alt.Chart(alt.Data(values=[{}])).transform_calculate(**fields)


def _readout(base, height=HEIGHT):
    """The field ``text`` of the rows of `base`, below the picture."""
    style = {"align": "left", "baseline": "top", "fontSize": 12, "color": DARK}
    below = {"x": alt.value(0), "y": alt.value(height + 44)}
    text = base.mark_text(lineBreak="; ", **style).encode(text="text:N", **below)
    return text.properties(name="readout")


def _rows(**columns):
    """Rows, as Vega-Lite wants them, from columns of equal length."""
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _from(name):
    """A chart of the dataset with this name, which the whole figure holds once."""
    return alt.Chart(alt.NamedData(name))


def stored_rates():
    """The table of ``make study``: steps (S,), and rows of learning rate, seed, S gaps.

    A gap is the NLL of 1,000 validation rows above that of the exact density, in nats.

    >>> steps, rows = stored_rates()
    >>> {len(row) - 2 for row in rows} == {len(steps)}
    True
    """
    text = files("mdn_book").joinpath("rates.csv").read_text(encoding="utf-8")
    _, _, (_, _, *steps), *rows = csv.reader(io.StringIO(text))
    rows = [(float(rate), int(seed), *map(float, gaps)) for rate, seed, *gaps in rows]
    return np.array(steps, dtype=int), rows


def _numbers(array, digits=3):
    return np.round(np.asarray(array, dtype=float), digits).tolist()


def _pack(array, digits=3):
    """Numbers as one string, which is a line of a notebook and light on a page."""
    return " ".join(f"{value + 0:g}" for value in np.round(np.ravel(array), digits))


def _unpack(chart, *fields):
    """A row for each number in strings of equal length, from ``a_`` to the number ``a``.

    Vega computes a field again, in place, as sliders move: no field of any figure may be
    computed from itself.
    """
    split = {f: f"split(datum.{f}_, ' ')" for f in fields}
    chart = chart.transform_calculate(**split).transform_flatten(list(fields))
    return chart.transform_calculate(**{f: f"toNumber(datum.{f})" for f in fields})


def _points(x, y, n=600):
    """The first `n` data points, as a layer of small gray dots."""
    data = alt.Chart(alt.Data(values=_rows(x_=[_pack(x[:n])], y_=[_pack(y[:n])])))
    style = {"size": 9, "color": COLORS["data"], "opacity": 0.6, "aria": False}
    return _unpack(data, "x", "y").mark_circle(**style).encode(x="x:Q", y="y:Q")


def _side_by_side(left, right, *sliders, **datasets):
    size = {"width": 250, "height": HEIGHT}
    # With bounds "flush" the text of the readout does not push the right figure away.
    layout = {"columns": 2, "bounds": "flush", "spacing": 64}
    both = alt.concat(left.properties(**size), right.properties(**size), **layout)
    return both.add_params(*sliders).properties(datasets=datasets)


def _above(upper, lower, *sliders, **datasets):
    size = {"width": 560, "height": LOW}
    layout = {"columns": 1, "bounds": "flush", "spacing": 56}
    both = alt.concat(upper.properties(**size), lower.properties(**size), **layout)
    return both.add_params(*sliders).properties(datasets=datasets)


def _axis(channel, field, title, domain, **options):
    scale = alt.Scale(domain=[float(end) for end in domain], nice=False, zero=False)
    return channel(f"{field}:Q", title=title, scale=scale, **options)


def _total(term, ks):
    """The sum over k of a term of Vega's expression language."""
    return " + ".join(f"({term.format(k=k)})" for k in ks)


def _of_component(ks, **fields):
    """A row for each component k, with fields computed from its signals."""
    picked = {
        name: f"[{', '.join(expr.format(k=k) for k in ks)}][datum.k - 1]"
        for name, expr in fields.items()
    }
    rows = alt.Chart(alt.Data(values=[{"k": k} for k in ks]))
    return rows.transform_calculate(**picked)


def _colors(ks, colors=COMPONENTS):
    scale = alt.Scale(domain=list(ks), range=colors[: len(ks)])
    return alt.Color("k:N", scale=scale, legend=None)


def _mixture(ks, low, high, step, x, top):
    """The mixture of the signals pi1, mu1, sigma1 ... as an area, components as lines."""
    part = "pi{k} * densityNormal(datum.y, mu{k}, sigma{k})"
    curves = alt.Chart(alt.sequence(low, high + step / 2, step, as_="y"))
    curves = curves.transform_calculate(
        mixture=_total(part, ks), **{f"part{k}": part.format(k=k) for k in ks}
    )
    y = _axis(alt.Y, "mixture", "density", (0, top))
    area = {"opacity": 0.3, "clip": True, "aria": False}
    area = curves.mark_area(**area, **GREEN).encode(x, y)
    lines = curves.transform_fold([f"part{k}" for k in ks], as_=["name", "part"])
    lines = lines.transform_calculate(k="toNumber(slice(datum.name, 4))")
    lines = lines.mark_line(strokeWidth=2, clip=True, aria=False)
    return curves, area, lines.encode(x, y="part:Q", color=_colors(ks))


@_chart
def mixture_explorer(pi, mu, sigma, low=-5.0, high=5.0):
    """``p(y) = Σ_k π_k N(y | μ_k, σ_k²)``, with a slider for every parameter.

    Shown are the density, its components, its modes, and mean ± standard deviation, for y
    from ``low`` to ``high``. The sliders start at pi, mu and sigma, shape (K,) with K <= 3.
    Those for π are weights of any sum; they are divided by it.

    >>> chart = mixture_explorer([0.5, 0.5], [-1.0, 1.0], [0.5, 0.5])
    >>> [p["name"] for p in chart.to_dict()["params"] if "bind" in p]
    ['w1', 'w2', 'mu1', 'mu2', 'sigma1', 'sigma2']
    """
    ks, sub = range(1, len(pi) + 1), "₀₁₂₃"
    sliders = [
        *(_slider(f"w{k}", f"weight {k}", 0, 1, 0.01, pi[k - 1]) for k in ks),
        *(_slider(f"mu{k}", f"μ{sub[k]}", low + 1, high - 1, 0.05, mu[k - 1]) for k in ks),
        *(_slider(f"sigma{k}", f"σ{sub[k]}", 0.2, 2, 0.05, sigma[k - 1]) for k in ks),
    ]
    top = 1.05  # of the vertical axis
    derived = {
        "total": _total("w{k}", ks),
        **{f"pi{k}": f"total > 0 ? w{k} / total : 0" for k in ks},
        "mean": _total("pi{k} * mu{k}", ks),
        "within": _total("pi{k} * sigma{k} * sigma{k}", ks),
        "between": _total("pi{k} * pow(mu{k} - mean, 2)", ks),
        "deviation": "sqrt(within + between)",
    }
    handles = []
    for k in ks:
        # The height of a peak is its share over √(2π) σ. The other weights stay.
        share = f"clamp(pointer_y * sigma{k} * sqrt(2 * PI), 0, 0.99)"
        rest = f"total - w{k}"
        derived |= {
            f"peak{k}": f"min(pi{k} / (sigma{k} * sqrt(2 * PI)), {top})",
            f"side{k}": f"mu{k} + (mu{k} + sigma{k} < {high} ? 1 : -1) * sigma{k}",
            f"shoulder{k}": f"min(pi{k} / (sigma{k} * sqrt(2 * PI * E)), {top})",
            f"share{k}": share,
            f"to_w{k}": f"{rest} > 0.005 ? share{k} / (1 - share{k}) * ({rest})"
            f" : max(w{k}, share{k})",
            f"to_sigma{k}": f"abs(pointer_x - mu{k})",
        }
        color = COMPONENTS[k - 1]
        move = {f"mu{k}": "pointer_x", f"w{k}": f"to_w{k}"}
        handles.append(_handle(move, f"mu{k}", f"peak{k}", color=color))
        move = {f"sigma{k}": f"to_sigma{k}"}
        handles.append(_handle(move, f"side{k}", f"shoulder{k}", color=color))
    params = [alt.param(name=name, expr=expr) for name, expr in derived.items()]

    step = (high - low) / 500
    x = _axis(alt.X, "y", "y", (low, high), axis=alt.Axis(tickMinStep=1))
    curves, area, lines = _mixture(ks, low, high, step, x, top)
    labels = _of_component(ks, x="mu{k}", y="peak{k}", name="'{k}'")
    labels = labels.mark_text(dy=18, fontSize=13, fontWeight="bold", aria=False)
    labels = labels.encode(x="x:Q", y="y:Q", text="name:N", color=_colors(ks, INKS))

    # A mode is higher than its neighbors on the grid. The parabola through the logarithms
    # of the three, exact for a Gaussian, says where between them the top is.
    along = {"sort": [alt.SortField("y")]}
    apex = "(datum.a - datum.c) / (datum.a - 2 * datum.b + datum.c)"
    is_mode = "datum.mixture > datum.before && datum.mixture >= datum.after"
    modes = (
        curves.transform_window(before="lag(mixture)", after="lead(mixture)", **along)
        # Without a mixture the first row stays, for the text.
        .transform_filter(f"total > 0 ? {is_mode} : datum.before == null")
        .transform_calculate(
            a="log(datum.before)", b="log(datum.mixture)", c="log(datum.after)"
        )
        .transform_calculate(mode=f"datum.y + {step / 2} * {apex}")
    )
    style = {"size": 70, "yOffset": -15, "filled": True, "color": DARK, "opacity": 1}
    tops = modes.transform_filter("total > 0")
    tops = tops.mark_point(shape="triangle-down", clip=True, **style)
    tops = tops.encode(x="mode:Q", y="mixture:Q")

    spread = _here(mean="mean", start="mean - deviation", end="mean + deviation")
    spread = spread.transform_filter("total > 0")
    span = spread.mark_rule(strokeWidth=2, color=DARK)
    span = span.encode(x="start:Q", x2="end:Q", y=alt.value(8))
    middle = spread.mark_circle(size=80, color=DARK, opacity=1)
    middle = middle.encode(x="mean:Q", y=alt.value(8))

    shares = " + ', ' + ".join(f"format(pi{k}, '.2f')" for k in ks)
    text = (
        f"'π = ' + {shares} + '; mean ' + format(mean, '.2f')"
        " + ', variance ' + format(within + between, '.2f')"
        " + ', standard deviation ' + format(deviation, '.2f')"
        " + '; modes: ' + format(datum.tops[0], '.2f')"
    )
    for k in range(1, len(pi)):  # there are no more modes than components
        mode = f"', ' + format(datum.tops[{k}], '.2f')"
        text += f" + (length(datum.tops) > {k} ? {mode} : '')"
    rows = alt.AggregatedFieldDef(op="values", field="mode", **{"as": "rows"})
    told = modes.transform_aggregate([rows]).transform_calculate(
        tops="sort(pluck(datum.rows, 'mode'))"
    )
    nothing = "'All weights are zero: there is no mixture.'"
    readout = _readout(told.transform_calculate(text=f"total > 0 ? {text} : {nothing}"))
    figure = alt.layer(area, lines, labels, tops, span, middle, readout)
    figure = figure.resolve_scale(color="independent")
    figure = figure.add_params(*sliders, *params).properties(width=560, height=HEIGHT)
    return _drag(figure, *handles)


@_chart
def responsibilities(pi, mu, sigma, low, high, start):
    """Responsibilities and gradients of the loss, at a target y that one moves.

    Above, arrows at the peaks and shoulders of the components are a tenth of minus the
    gradients with respect to μ_k and log σ_k; below, each bar is γ_k, and the arrow that
    leads to it from π_k is minus the gradient with respect to the logit of component k.

    >>> chart = responsibilities([0.5, 0.5], [-1, 1], [0.5, 0.5], -3, 3, start=1.5)
    >>> [p["name"] for p in chart.to_dict()["params"] if "bind" in p]
    ['target']
    """
    ks = range(1, len(pi) + 1)
    slider = _slider("target", "target y", low, high, 0.05, start)
    given = {"pi": pi, "mu": mu, "sigma": sigma}
    derived = {f"{name}{k}": f"{given[name][k - 1]}" for name in given for k in ks}
    for k in ks:
        derived |= {
            f"joint{k}": f"pi{k} * densityNormal(target, mu{k}, sigma{k})",
            f"gamma{k}": f"joint{k} / ({_total('joint{k}', ks)})",
            f"z{k}": f"(target - mu{k}) / sigma{k}",
            f"on_logit{k}": f"gamma{k} - pi{k}",
            f"on_mu{k}": f"gamma{k} * z{k} / sigma{k}",
            f"on_log_sigma{k}": f"gamma{k} * (z{k} * z{k} - 1)",
        }
    params = [alt.param(name=name, expr=expr) for name, expr in derived.items()]

    highest = max(p / (s * np.sqrt(2 * np.pi)) for p, s in zip(pi, sigma, strict=True))
    x = _axis(alt.X, "y", "target y", (low, high), axis=alt.Axis(tickMinStep=1))
    _, area, lines = _mixture(ks, low, high, (high - low) / 300, x, 1.25 * highest)
    line = _here(x="target").mark_rule(color=DARK, strokeWidth=1.5).encode(x="x:Q")

    def arrows(ends, on_mu=None, on_log_sigma=None):
        style = {"strokeWidth": 3, "opacity": 1, "clip": True}
        rule = ends.mark_rule(**style).encode(
            x="from:Q", x2="to:Q", color=_colors(ks, INKS)
        )
        head = ends.transform_calculate(
            head="datum.to > datum.from ? 'triangle-right' : 'triangle-left'"
        ).mark_point(filled=True, size=90, opacity=1, clip=True)
        shape = alt.Shape("head:N", scale=None)
        return rule, head.encode(x="to:Q", shape=shape, color=_colors(ks, INKS))

    force = "0.1 * on_{of}{k}"
    peak = "pi{k} / (sigma{k} * sqrt(2 * PI))"
    forces = [
        ("mu", "mu{k}", peak),
        ("log_sigma", "mu{k} + sigma{k}", f"{peak} / sqrt(E)"),
    ]
    pushed = []
    for of, place, height in forces:
        length = force.replace("{of}", of)
        ends = _of_component(
            ks, **{"from": place, "to": f"{place} + {length}", "height": height}
        ).transform_filter("abs(datum.to - datum.from) > 0.02")
        pushed += [mark.encode(y="height:Q") for mark in arrows(ends)]
    text = "'target ' + format(target, '.2f') + ': loss '"
    text += f" + format(-log({_total('joint{k}', ks)}), '.2f') + ' nats'"
    for name, signal, how in [
        ("responsibilities ", "gamma", ".2f"),
        ("minus the gradients: means ", "on_mu", "+.2f"),
        ("log σ ", "on_log_sigma", "+.2f"),
        ("logits ", "on_logit", "+.2f"),
    ]:
        shown = " + ', ' + ".join(f"format({signal}{k}, '{how}')" for k in ks)
        text += f" + '; {name}' + {shown}"
    upper = alt.layer(area, lines, line, *pushed).resolve_scale(color="independent")

    across = _axis(alt.X, "to", "bar: responsibility; line: weight", (0, 1))
    rows = _of_component(ks, **{"from": "pi{k}", "to": "gamma{k}", "zero": "0"})
    up = alt.Y("k:N", title="component")
    bars = rows.mark_bar(opacity=0.35, height=24).encode(across, up, color=_colors(ks))
    ticks = rows.mark_tick(thickness=2, size=30, opacity=1)
    ticks = ticks.encode(x="from:Q", y=up, color=_colors(ks, INKS))
    ends = rows.transform_filter("abs(datum.to - datum.from) > 0.02")
    pulls = [mark.encode(y=up) for mark in arrows(ends)]
    readout = _readout(_here(text=text), LOW)
    lower = alt.layer(bars, ticks, *pulls, readout).resolve_scale(color="independent")
    figure = _above(upper, lower, slider)
    handle = _handle({"target": "pointer_x"}, "target", view="concat_0_")
    return _drag(figure.add_params(*params), handle)


@_chart
def pit(width, shift, bins=20):
    """The PIT histogram of a Gaussian forecast that is too wide or narrow, or biased.

    Above, the truth, N(0, 1), and the forecast, N(shift, width²); below, how many targets
    fall into each of the ``bins``, equally probable by the forecast: relative to a right
    one, and exactly, as for infinitely many rows.

    >>> [p["name"] for p in pit(0.7, 0.0).to_dict()["params"] if "bind" in p]
    ['factor', 'shift']
    """
    sliders = [
        _slider("factor", "width of the forecast", 0.4, 2.5, 0.05, width),
        _slider("shift", "its shift", -1.5, 1.5, 0.05, shift),
    ]
    derived = {
        "peak": "1 / (factor * sqrt(2 * PI))",
        "side": "shift + factor",
        "shoulder": "1 / (factor * sqrt(2 * PI * E))",
        "to_factor": "abs(pointer_x - shift)",
        # The outer bins hold what lies outside the central 90% interval of the forecast.
        "outside": "1 - cumulativeNormal(shift + 1.6448536269514722 * factor)"
        " + cumulativeNormal(shift - 1.6448536269514722 * factor)",
        # Kullback and Leibler's distance of two Gaussians
        "lost": "log(factor) + (1 + shift * shift) / (2 * factor * factor) - 0.5",
    }
    params = [alt.param(name=name, expr=expr) for name, expr in derived.items()]

    grid = alt.Chart(alt.sequence(-5, 5.01, 0.05, as_="y")).transform_calculate(
        truth="densityNormal(datum.y, 0, 1)",
        forecast="densityNormal(datum.y, shift, factor)",
    )
    x = _axis(alt.X, "y", "target y, in standard deviations", (-5, 5))
    y = _axis(alt.Y, "forecast", "density", (0, 1.05))
    area = grid.mark_area(opacity=0.3, aria=False, **GREEN).encode(x, y)
    truth = grid.mark_line(strokeWidth=2, aria=False, color=COLORS["truth"])
    truth = truth.encode(x, y="truth:Q")
    names = [
        _here().mark_text(text=name, align="left", fontSize=13, color=color, aria=False)
        .encode(x=alt.value(8), y=alt.value(8 + 18 * i))
        for i, (name, color) in enumerate(
            [("truth", COLORS["truth"]), ("forecast", COLORS["density"])]
        )
    ]  # fmt: skip
    upper = alt.layer(area, truth, *names)

    def share(u):  # of the targets below the quantile u of the forecast
        inner = f"cumulativeNormal(shift + factor * quantileNormal({u}))"
        return f"({u} <= 0.0001 ? 0 : {u} >= 0.9999 ? 1 : {inner})"

    counted = alt.Chart(alt.sequence(0, bins, as_="bin")).transform_calculate(
        start=f"datum.bin / {bins}", end=f"(datum.bin + 1) / {bins}"
    )
    counted = counted.transform_calculate(
        height=f"{bins} * ({share('datum.end')} - {share('datum.start')})", zero="0"
    )
    across = _axis(alt.X, "start", "PIT: what the forecast says lies below y", (0, 1))
    up = _axis(alt.Y, "height", "relative frequency", (0, 4))
    style = {"opacity": 0.6, "stroke": "white", "clip": True}
    bars = counted.mark_rect(**style, **GREEN)
    bars = bars.encode(across, up, x2="end:Q", y2="zero:Q")
    flat = _here(one="1").mark_rule(color=COLORS["truth"], strokeWidth=2).encode(y="one:Q")
    text = (
        "'The forecast is ' + (factor > 1 ? 'too wide' : factor < 1 ? 'too narrow'"
        " : 'as wide as the truth') + (shift > 0 ? ' and too high' : shift < 0 ?"
        " ' and too low' : '') + '; its central 90% interval misses '"
        " + format(outside, '.1%') + ' of the targets; it loses '"
        " + format(lost, '.3f') + ' nats'"
    )
    readout = _readout(_here(text=text), LOW)
    figure = _above(upper, alt.layer(bars, flat, readout), *sliders)
    move = {"shift": "pointer_x"}
    view, color = "concat_0_", COLORS["density"]
    handles = [
        _handle(move, "shift", "peak", view, color),
        _handle({"factor": "to_factor"}, "side", "shoulder", view, color),
    ]
    return _drag(figure.add_params(*params), *handles)


@_chart
def one_answer(y, low, high, start, unit):
    """The mean squared error of one constant answer, which one moves along the targets.

    ``y`` holds the targets, drawn as a histogram from ``low`` to ``high`` in the given
    unit; the error, below it, is that of all of them.

    >>> chart = one_answer(np.array([-2.0, 2.0]), -3, 3, start=1, unit="m")
    >>> [p["value"] for p in chart.to_dict()["params"] if "bind" in p]
    [1]
    """
    step = (high - low) / 140
    slider = _slider("answer", "answer", low, high, step, start)
    y = np.ravel(y)
    count, edges = np.histogram(y, 70, (low, high))
    density = count / len(y) / np.diff(edges)
    answers = np.linspace(low, high, 141)
    errors = np.mean((y[:, None] - answers) ** 2, axis=0)

    bars = alt.Chart(alt.Data(values=_rows(density_=[_pack(density, 5)])))
    bars = _unpack(bars.transform_calculate(i_="join(sequence(70), ' ')"), "i", "density")
    wide = (high - low) / 70
    bars = bars.transform_calculate(
        start=f"{low} + {wide:g} * datum.i",
        end=f"{low} + {wide:g} * (datum.i + 1)",
        zero="0",
    )
    up = _axis(alt.Y, "density", f"density [1 / {unit[:-1]}]", (0, 1.05 * density.max()))
    style = {"color": COLORS["data"], "clip": True, "aria": False}
    across = _axis(alt.X, "start", f"targets [{unit}]", (low, high))
    bars = bars.mark_rect(**style).encode(across, up, x2="end:Q", y2="zero:Q")
    line = _here(x="answer").mark_rule(color=COLORS["point"], strokeWidth=2)
    upper = alt.layer(bars, line.encode(x="x:Q"))

    rows = alt.Data(values=_rows(x_=[_pack(answers)], error_=[_pack(errors, 2)]))
    curve = _unpack(alt.Chart(rows), "x", "error")
    up = _axis(alt.Y, "error", f"mean squared error [{unit}²]", (0, 1.05 * errors.max()))
    path = curve.mark_line(strokeWidth=2, aria=False, color=COLORS["point"])
    path = path.encode(_axis(alt.X, "x", f"answer [{unit}]", (low, high)), up)
    chosen = curve.transform_filter(f"abs(datum.x - answer) < {step / 2:g}")
    dot = chosen.mark_circle(size=110, color=DARK, opacity=1).encode(x="x:Q", y="error:Q")
    least = f"{y.var():,.0f}, at {y.mean():.1f}".replace("-", "\N{MINUS SIGN}")
    within = np.abs(y[:, None] - answers) < 5 * step
    share = f"split('{_pack(within.mean(axis=0), 4)}', ' ')[nearest]"
    text = (
        f"'answer ' + format(answer, '.1f') + ' {unit}: mean squared error '"
        f" + format(datum.error, ',.0f') + ' {unit}²; the least is {least}; '"
        f" + format(toNumber({share}), '.1%') + ' of the targets lie within"
        f" {5 * step:g} {unit} of the answer'"
    )
    readout = _readout(chosen.transform_calculate(text=text), LOW)
    figure = _above(upper, alt.layer(path, dot, readout), slider)
    numbers = {"nearest": f"round((answer - {low}) / {step:g})"}
    numbers["error"] = f"{_numbers(errors, 2)}[nearest]"
    figure = figure.add_params(*(alt.param(name=n, expr=e) for n, e in numbers.items()))
    look = {"color": COLORS["point"], "anywhere": True}
    return _drag(
        figure,
        _handle({"answer": "pointer_x"}, "answer", None, "concat_0_", **look),
        _handle({"answer": "pointer_x"}, "answer", "error", "concat_1_", **look),
    )


@_chart
def learned_and_exact(x, params, problem, data, start):
    """``p(y|x)`` at one x: learned, exact, and the means of the components.

    On the left the data with a line at x, on the right the density there, along the same
    vertical axis, where y goes from -0.1 to 1.1. The inputs ``x`` are an even grid, and the
    slider starts at ``start``; the problem is uniform over its branches.

    >>> from mdn_book.problems import ToyInverse
    >>> x = np.linspace(0, 1, 11)[:, None]
    >>> params = np.zeros((11, 1)), np.full((11, 1, 1), 0.5), np.zeros((11, 1, 1))
    >>> pairs = ToyInverse().sample(9, np.random.default_rng(0))
    >>> chart = learned_and_exact(x, params, ToyInverse(), pairs, start=0.3)
    >>> chart.to_dict()["params"][0]["value"]
    0.3
    """
    log_pi, mu, log_sigma = params
    step = float(np.diff(x[:, 0]).mean())
    slider = _slider("x", "input x", *_numbers([x[0, 0], x[-1, 0], step]), start)
    branches = np.nan_to_num(problem.branches(x))  # (M, B, 2), of width 0 if there is none
    low, high = np.moveaxis(branches, -1, 0)
    width = high - low
    below = mdn_np.cdf(branches.transpose(2, 1, 0)[..., None], *params)  # (2, B, M)
    learned = (below[1] - below[0]).T
    exact = width / width.sum(axis=-1, keepdims=True)

    def sentence(i):
        shares = [
            f"{low[i, b]:.2f} to {high[i, b]:.2f}: {learned[i, b]:.0%}"
            f" (exact {exact[i, b]:.0%})"
            for b in np.flatnonzero(width[i])
        ]
        shares += [f"elsewhere: {max(0, 1 - learned[i].sum()):.0%} (exact 0%)"]
        return f"x = {x[i, 0]:.2f}; learned probability of y from " + ", ".join(shares)

    used = log_pi > np.log(5e-4)  # the others: nothing to be seen
    rows = _rows(
        x=_numbers(x[:, 0]),
        pi_=[_pack(row[i]) for row, i in zip(np.exp(log_pi), used, strict=True)],
        mu_=[_pack(row[i]) for row, i in zip(mu, used, strict=True)],
        sigma_=[_pack(row[i], 4) for row, i in zip(np.exp(log_sigma), used, strict=True)],
        low_=[_pack(row[w > 0]) for row, w in zip(low, width, strict=True)],
        high_=[_pack(row[w > 0]) for row, w in zip(high, width, strict=True)],
        height=_numbers(1 / width.sum(axis=-1)),
        text=[sentence(i) for i in range(len(x))],
    )
    chosen = _from("mixtures").transform_filter(f"abs(datum.x - x) < {step / 2:g}")
    components = _unpack(chosen, "pi", "mu", "sigma")

    where = _axis(alt.X, "x", "input x", (x[0, 0], x[-1, 0]))
    up = _axis(alt.Y, "y", "target y", (-0.1, 1.1))
    line = chosen.mark_rule(strokeWidth=1.5, **GREEN).encode(x="x:Q")
    scale = alt.Scale(domain=[0, 1], range=[0, 400])
    size = alt.Size("pi:Q", scale=scale, legend=None)
    dots = components.mark_circle(opacity=0.8, aria=False, **GREEN)
    dots = dots.encode(x="x:Q", y="mu:Q", size=size)
    plane = alt.layer(_points(*data).encode(where, up), line, dots, _readout(chosen))

    # At the ends the one branch is thin, and its density leaves the picture.
    top = 1.15 * np.median(1 / width.sum(axis=-1))
    along = _axis(alt.X, "density", "density of y", (0, np.ceil(top)))
    part = "datum.pi * densityNormal(datum.y, datum.mu, datum.sigma)"
    curve = (
        components.transform_calculate(y="sequence(-0.1, 1.1, 0.0025)")
        .transform_flatten(["y"])
        .transform_calculate(part=part)
        .transform_aggregate(density="sum(part)", groupby=["y"])
    )
    style = {"orient": "horizontal", "clip": True, "opacity": 0.4, "aria": False}
    area = curve.mark_area(**style, **GREEN).encode(along, up)
    style = {"filled": False, "stroke": COLORS["truth"], "strokeWidth": 1.5, "aria": False}
    style["clip"] = True
    boxes = _unpack(chosen.transform_calculate(zero="0"), "low", "high").mark_rect(**style)
    boxes = boxes.encode(x="zero:Q", x2="height:Q", y="low:Q", y2="high:Q")
    figure = _side_by_side(plane, alt.layer(area, boxes), slider, mixtures=rows)
    handle = _handle({"x": "pointer_x"}, "x", None, "concat_0_", COLORS["density"])
    return _drag(figure, handle)


@_chart
def training(x, epochs, snapshots, history, data, floor):
    """The means of all components as training goes on, each line as wide as its weight.

    Args:
        x: inputs, an even grid.
        epochs: after which epochs the snapshots were taken, F numbers from 1 on.
        snapshots: F pairs log_pi (M, K) and mu (M, K, 1), or more arrays after these.
        history: the training loss of every epoch.
        data: the training data.
        floor: the best loss that any model could reach.

    >>> x = np.linspace(0, 1, 3)[:, None]
    >>> snapshots = [(np.zeros((3, 1)), np.zeros((3, 1, 1)))] * 2
    >>> chart = training(x, [1, 4], snapshots, [0.2, 0.1, 0.0, -0.1], (x, x), floor=-1.0)
    >>> chart.to_dict()["params"][0]["bind"]["max"]
    2
    """
    slider = _slider("snapshot", "snapshot", 1, len(epochs), 1, 1)
    loss = [history[epoch - 1] for epoch in epochs]

    def sentence(epoch, loss, pi):
        collected = np.sort(pi)[:, ::-1].cumsum(axis=-1)
        at_work = 1 + (collected < 0.95).sum(axis=-1).mean()
        return (
            f"after epoch {epoch}: training loss {loss:.3f} nats; averaged over this axis, "
            f"{at_work:.0f} components carry 95% of the weight"
        ).replace("-", "\N{MINUS SIGN}")

    weights = [np.exp(log_pi) for log_pi, *_ in snapshots]
    used = [np.flatnonzero(pi.max(axis=0) > 0.005) for pi in weights]  # to be seen
    states = _rows(
        frame=range(1, len(epochs) + 1),
        epoch=map(int, epochs),
        loss=_numbers(loss),
        text=map(sentence, epochs, loss, weights),
        k_=[_pack(k) for k in used],
        mu_=[
            _pack(500 * mu[:, k, 0].T, 0)  # K by M
            for (_, mu, *_), k in zip(snapshots, used, strict=True)
        ],
        pi_=[_pack(100 * pi[:, k].T, 0) for pi, k in zip(weights, used, strict=True)],
    )
    chosen = _from("states").transform_filter("datum.frame == snapshot")
    start, step = _numbers([x[0, 0], np.diff(x[:, 0]).mean()], 5)
    index = "join(sequence(length(split(datum.mu_, ' '))), ' ')"
    lines = _unpack(chosen.transform_calculate(i_=index), "i", "mu", "pi")
    lines = lines.transform_calculate(
        k=f"split(datum.k_, ' ')[floor(datum.i / {len(x)})]",
        x=f"{start} + {step} * (datum.i % {len(x)})",
        y="datum.mu / 500",
        weight="datum.pi / 100",
    )
    scale = alt.Scale(domain=[0, 1], range=[0.15, 14])
    lines = lines.mark_trail(opacity=0.8, clip=True, aria=False, **GREEN).encode(
        _axis(alt.X, "x", "input x", (x[0, 0], x[-1, 0])),
        _axis(alt.Y, "y", "target y", (-0.1, 1.1)),
        detail="k:N",
        size=alt.Size("weight:Q", scale=scale, legend=None),
    )
    plane = alt.layer(_points(*data), lines, _readout(chosen))

    every = _rows(epoch_=[_pack(np.arange(1, len(history) + 1))], loss_=[_pack(history)])
    whole = _unpack(alt.Chart(alt.Data(values=every)), "epoch", "loss")
    tens = alt.Axis(values=[1, 10, 100, 1000, 10_000])
    log = alt.Scale(type="log", nice=False)
    across = alt.X("epoch:Q", title="epoch", scale=log, axis=tens)
    up = _axis(alt.Y, "loss", "training loss [nats]", (floor - 0.15, max(history) + 0.1))
    path = whole.mark_line(strokeWidth=2, aria=False, **GREEN).encode(across, up)
    bottom = alt.Chart(alt.Data(values=[{"floor": float(floor)}])).encode(y="floor:Q")
    name = bottom.mark_text(text="floor", align="right", dy=9, color=DARK)
    name = name.encode(x=alt.value("width"))
    cursor = chosen.mark_rule(color=DARK, strokeDash=[4, 3]).encode(x="epoch:Q")
    dot = chosen.mark_circle(size=90, color=DARK, opacity=1).encode(x="epoch:Q", y="loss:Q")
    losses = alt.layer(path, bottom.mark_rule(color=DARK), name, cursor, dot)
    figure = _side_by_side(plane, losses, slider, states=states)
    numbers = {"epoch": f"{list(map(int, epochs))}[snapshot - 1]"}
    numbers["at_loss"] = f"{_numbers(loss)}[snapshot - 1]"
    numbers["to_snapshot"] = _nearest(epochs)
    figure = figure.add_params(*(alt.param(name=n, expr=e) for n, e in numbers.items()))
    move = {"snapshot": "to_snapshot"}
    handle = _handle(move, "epoch", "at_loss", "concat_1_", anywhere=True)
    words = [f"after epoch {epoch}" for epoch in map(int, epochs)]
    return _drag(figure, handle, play="snapshot", words={"snapshot": words})


@_chart
def temperature(x, params, problem, split, rng, n=3):
    """n samples for each x at the temperature τ of the slider: ``π_k^(1/τ)``, ``√τ σ_k``.

    Every sample keeps its random numbers of ``rng``, u for the choice of a component and ε
    for the noise, so it moves with τ and does not jump about. Impossible samples, outside
    the branches, of which there are at most two, are counted. With ``split = (x, y)`` the
    text below the picture gives the model's probability below y, at the nearest x.

    >>> from mdn_book.problems import ToyInverse
    >>> x = np.array([[0.2], [0.35]])
    >>> params = np.zeros((2, 1)), np.full((2, 1, 1), 0.5), np.zeros((2, 1, 1))
    >>> rng = np.random.default_rng(0)
    >>> chart = temperature(x, params, ToyInverse(), (0.35, 0.37), rng)
    >>> chart.to_dict()["params"][0]["bind"]["max"]
    2
    """
    slider = _slider("tau", "temperature τ", 0.1, 2, 0.05, 1)
    order = np.argsort(params[1][..., 0], axis=-1)  # the means ascend, so y follows u
    log_pi, mu, log_sigma = (
        np.take_along_axis(a.reshape(order.shape), order, axis=-1) for a in params
    )
    walls = problem.branches(x).reshape(len(x), -1)
    used = log_pi > -12  # the others: π^(1/τ) < 0.003, even at τ = 2
    x_split, y_split = split
    u, eps = rng.uniform(size=(len(x), n)), rng.normal(size=(len(x), n))
    near = np.abs(x - x_split).argmin()
    rows = _rows(
        x=_numbers(x[:, 0]),
        here=[int(i == near) for i in range(len(x))],
        log_pi_=[_pack(row[i], 2) for row, i in zip(log_pi, used, strict=True)],
        mu_=[_pack(row[i]) for row, i in zip(mu, used, strict=True)],
        sigma_=[_pack(row[i], 4) for row, i in zip(np.exp(log_sigma), used, strict=True)],
        u_=[_pack(row, 4) for row in u],
        eps_=[_pack(row, 2) for row in eps],
        walls=[_pack(row[~np.isnan(row)], 4) for row in walls],
    )
    low = f"datum.w * cumulativeNormal({y_split}, datum.mu, datum.scale)"
    ascending = {"sort": [alt.SortField("mu"), alt.SortField("sigma")], "groupby": ["x"]}
    components = (
        _unpack(_from("mixtures"), "log_pi", "mu", "sigma")
        .transform_calculate(w="exp(datum.log_pi / tau)", scale="datum.sigma * sqrt(tau)")
        .transform_calculate(low=low)
        .transform_joinaggregate(total="sum(w)", below="sum(low)", groupby=["x"])
        .transform_window(end="sum(w)", ignorePeers=True, **ascending)
    )
    chosen = "datum.end - datum.w < datum.u * datum.total && datum.u * datum.total"
    inside = " || ".join(
        f"(datum.y > toNumber(datum.wall[{i}]) && datum.y < toNumber(datum.wall[{i + 1}]))"
        for i in (0, 2)
    )
    draws = (
        _unpack(components, "u", "eps")
        .transform_filter(f"{chosen} <= datum.end")
        .transform_calculate(
            y="datum.mu + datum.scale * datum.eps", wall="split(datum.walls, ' ')"
        )
        .transform_calculate(
            kind=f"{inside} ? 'possible' : 'impossible'",
            impossible=f"{inside} ? 0 : 1",
            share="datum.here * datum.below / datum.total",
        )
    )

    def by_kind(channel, *values):
        scale = alt.Scale(domain=["possible", "impossible"], range=list(values))
        return channel("kind:N", scale=scale, legend=None)

    dots = draws.mark_point(filled=True, opacity=0.8, aria=False, clip=True).encode(
        _axis(alt.X, "x", "input x", (-0.1, 1.1)),
        _axis(alt.Y, "y", "samples of y", (-0.3, 1.3)),
        by_kind(alt.Color, COLORS["density"], ORANGE),
        by_kind(alt.Shape, "circle", "cross"),
        by_kind(alt.Size, 14, 40),
    )
    text = (
        "'temperature ' + format(tau, '.2f') + ': ' + datum.impossible + ' of '"
        " + datum.count + ' samples are impossible (' + format(datum.impossible /"
        f" datum.count, '.1%') + '); at x = {x_split:g} the share of the lower branch,"
        f" y below {y_split:g}, is ' + format(datum.share, '.0%')"
    )
    told = draws.transform_aggregate(
        impossible="sum(impossible)", count="count()", share="max(share)"
    )
    plane = alt.layer(dots, _readout(told.transform_calculate(text=text)))

    # Both shares for every temperature of the slider
    taus = np.linspace(0.1, 2, 39)
    curves = {"impossible": [], "lower branch": []}
    for tau in taus:
        weight = np.exp(log_pi / tau)
        weight /= weight.sum(axis=-1, keepdims=True)
        k = (weight.cumsum(axis=-1)[..., None] < u[:, None]).sum(axis=1)
        k = np.minimum(k, weight.shape[-1] - 1)
        of_u = (np.take_along_axis(a, k, axis=-1) for a in (mu, np.exp(log_sigma)))
        mean, sigma = of_u
        draw = mean + np.sqrt(tau) * sigma * eps
        outside = problem.pdf(draw.T[..., None], x) == 0
        curves["impossible"].append(outside.mean())
        cold = np.log(weight[near]), mu[near, :, None], log_sigma[near, :, None]
        cold = (*cold[:2], cold[2] + 0.5 * np.log(tau))
        curves["lower branch"].append(mdn_np.cdf(np.array([y_split]), *cold))
    lines = alt.Chart(
        alt.Data(values=_rows(name=curves, tau_=[_pack(taus)] * 2, share_=[
            _pack(values) for values in curves.values()
        ]))
    )  # fmt: skip
    lines = _unpack(lines, "tau", "share")
    names, colors = list(curves), [ORANGE, COLORS["density"]]
    color = alt.Color("name:N", scale=alt.Scale(domain=names, range=colors), legend=None)
    top = 1.15 * max(map(max, curves.values()))
    across = _axis(alt.X, "tau", "temperature τ", (0, 2))
    up = _axis(alt.Y, "share", "share", (0, top), axis=alt.Axis(format="%"))
    path = lines.mark_line(strokeWidth=2, aria=False).encode(across, up, color=color)
    now = lines.transform_filter("abs(datum.tau - tau) < 0.01")
    now = now.mark_circle(size=110, opacity=1).encode(x="tau:Q", y="share:Q", color=color)
    last = lines.transform_filter("datum.tau > 1.99")
    last = last.mark_text(align="right", dy=-12, fontSize=13, aria=False)
    last = last.encode(x="tau:Q", y="share:Q", text="name:N", color=color)
    cursor = _here(tau="tau").mark_rule(color=DARK, strokeDash=[4, 3]).encode(x="tau:Q")
    shares = alt.layer(path, last, cursor, now)
    figure = _side_by_side(plane, shares, slider, mixtures=rows)
    return _drag(figure, _handle({"tau": "pointer_x"}, "tau", None, "concat_1_"))


@_chart
def learning_rates():
    """Trainings with other learning rates and seeds, which ``make study`` stored.

    On the left how far the validation loss is above the floor, along the trainings with one
    learning rate, a line for each seed; on the right where every training ended.

    >>> [p["name"] for p in learning_rates().to_dict()["params"] if "bind" in p]
    ['rate', 'seed']
    """
    steps, trainings = stored_rates()
    rates = sorted({rate for rate, *_ in trainings})
    seeds = sorted({seed for _, seed, *_ in trainings})
    sliders = [
        _slider("rate", "learning rate", 1, len(rates), 1, len(rates) - 1),
        _slider("seed", "seed", seeds[0], seeds[-1], 1, seeds[0]),
    ]
    rows = _rows(
        rate=[1 + rates.index(rate) for rate, *_ in trainings],
        value=[rate for rate, *_ in trainings],
        seed=[seed for _, seed, *_ in trainings],
        gap_=[_pack(gaps) for _, _, *gaps in trainings],
        last=[gaps[-1] for _, _, *gaps in trainings],
    )

    def up(field):
        scale = alt.Scale(type="log", domain=[0.1, 10], nice=False)
        axis = alt.Axis(values=[0.1, 0.2, 0.5, 1, 2, 5, 10], format="~g")
        return alt.Y(field, title="nats above the floor", scale=scale, axis=axis)

    chosen = _from("trainings").transform_filter("datum.rate == rate")
    index = f"join(sequence({len(steps)}), ' ')"
    curves = _unpack(chosen.transform_calculate(i_=index), "i", "gap")
    first, width = steps[0], steps[1] - steps[0]
    curves = curves.transform_calculate(step=f"{first} + {width} * datum.i")
    across = _axis(alt.X, "step", "step", (0, steps[-1]), axis=alt.Axis(tickCount=5))
    style = {"clip": True, "aria": False}
    others = curves.mark_line(strokeWidth=1.5, color=COLORS["data"], **style)
    others = others.encode(across, up("gap:Q"), detail="seed:N")
    one = curves.transform_filter("datum.seed == seed")
    one = one.mark_line(strokeWidth=3, **style, **GREEN).encode(across, up("gap:Q"))

    kind = "datum.rate != rate ? 'other' : datum.seed == seed ? 'one' : 'rate'"
    ends = _from("trainings").transform_calculate(kind=kind)
    log = alt.Scale(type="log", domain=[rates[0] / 2, rates[-1] * 2], nice=False)
    axis = alt.Axis(values=rates, format="~g", labelOverlap=True)
    across = alt.X("value:Q", title="learning rate", scale=log, axis=axis)

    def by_kind(channel, *values):
        scale = alt.Scale(domain=["other", "rate", "one"], range=list(values))
        return channel("kind:N", scale=scale, legend=None)

    dots = ends.mark_circle(opacity=1, clip=True, aria=False).encode(
        across, up("last:Q"),
        by_kind(alt.Color, "#c4c9cd", "#70787e", COLORS["density"]),
        by_kind(alt.Size, 40, 60, 130),
    )  # fmt: skip
    told = chosen.transform_joinaggregate(best="min(last)", worst="max(last)")
    told = told.transform_filter("datum.seed == seed").transform_calculate(
        text="'learning rate ' + format(datum.value, '~g') + ', seed ' + seed"
        " + ': after the last step ' + format(datum.last, '.2f')"
        " + ' nats above the floor; over all seeds '"
        " + format(datum.best, '.2f') + ' to ' + format(datum.worst, '.2f')"
    )
    left = alt.layer(others, one, _readout(told))
    figure = _side_by_side(left, dots, *sliders, trainings=rows)
    numbers = {"at_rate": f"[{', '.join(map(str, rates))}][rate - 1]"}
    numbers["to_rate"] = _nearest(rates)
    figure = figure.add_params(*(alt.param(name=n, expr=e) for n, e in numbers.items()))
    handle = _handle({"rate": "to_rate"}, "at_rate", None, "concat_1_")
    return _drag(figure, handle, words={"rate": [f"{rate:g}" for rate in rates]})
