"""Figures with sliders, which compute in the browser: no kernel and no network.

All functions but `show` take arrays and return an Altair chart; `show` displays it, live
in JupyterLab, Notebook 7 and Colab. The book's pages draw the same chart, and show a still
where there are no scripts. Without Altair a chart is None, `show` says what to install,
and a chapter runs to its end all the same.

The mixtures come as ``params``: log_pi (M, K), mu and log_sigma (M, K, 1), for M inputs
``x`` of shape (M, 1). ``problem`` is what knows the exact answer by its ``branches(x)``,
such as `mdn_book.problems.ToyInverse`, and ``data`` is a pair x, y of shape (N, 1).

A view named ``readout`` writes the numbers of a figure below its picture. The pages print
the same text in HTML, where it wraps and a screen reader announces it.
"""

import functools
import io
import sys
from contextlib import suppress

import numpy as np

from mdn_utils import numpy as mdn_np

from .plots import COLORS

try:
    import altair as alt
except ImportError:
    alt = None

__all__ = ["learned_and_exact", "mixture_explorer", "show", "temperature", "training"]

#: Altair 6 writes Vega-Lite 6, and JupyterLab 4.6 draws Vega-Lite 5. The figures use what
#: is the same in both.
MIME_TYPE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

COMPONENTS = ["#E69F00", "#56B4E9", "#CC79A7"]  # C1, C2, C3 of the book's style
DARK = "#262626"
GREEN = {"color": COLORS["density"]}
HEIGHT = 280  # of every picture, in pixels


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
    from matplotlib import get_data_path
    from PIL import Image

    vl_convert.register_font_directory(f"{get_data_path()}/fonts/ttf")
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
            .configure(background="white", font="DejaVu Sans, Verdana, sans-serif")
            .configure_view(stroke=None)
            .configure_axis(labelFlush=False, **text, **title, **lines)
            .configure_legend(**text, **legend)
            .configure_concat(spacing=12)
        )

    return built


def _slider(name, label, low, high, step, value):
    bind = alt.binding_range(min=low, max=high, step=step, name=label)
    return alt.param(name=name, value=value, bind=bind)


def _readout(base):
    """The field ``text`` of the rows of `base`, below the picture."""
    style = {"align": "left", "baseline": "top", "fontSize": 12, "color": DARK}
    below = {"x": alt.value(0), "y": alt.value(HEIGHT + 44)}
    text = base.mark_text(lineBreak="; ", **style).encode(text="text:N", **below)
    return text.properties(name="readout")


def _rows(**columns):
    """Rows, as Vega-Lite wants them, from columns of equal length."""
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _from(name):
    """A chart of the dataset with this name, which the whole figure holds once."""
    return alt.Chart(alt.NamedData(name))


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


def _side_by_side(left, right, slider, **datasets):
    size = {"width": 250, "height": HEIGHT}
    # With bounds "flush" the text of the readout does not push the right figure away.
    layout = {"columns": 2, "bounds": "flush", "spacing": 64}
    both = alt.concat(left.properties(**size), right.properties(**size), **layout)
    return both.add_params(slider).properties(datasets=datasets)


def _axis(channel, field, title, domain, **options):
    scale = alt.Scale(domain=[float(end) for end in domain], nice=False, zero=False)
    return channel(f"{field}:Q", title=title, scale=scale, **options)


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
        *(_slider(f"mu{k}", f"μ{sub[k]}", low + 1, high - 1, 0.1, mu[k - 1]) for k in ks),
        *(_slider(f"sigma{k}", f"σ{sub[k]}", 0.1, 2, 0.05, sigma[k - 1]) for k in ks),
    ]

    def total(term):  # Σ_k of a term of Vega's expression language
        return " + ".join(f"({term.format(k=k)})" for k in ks)

    derived = {
        "total": total("w{k}"),
        **{f"pi{k}": f"total > 0 ? w{k} / total : 1 / {len(pi)}" for k in ks},
        "mean": total("pi{k} * mu{k}"),
        "within": total("pi{k} * sigma{k} * sigma{k}"),
        "between": total("pi{k} * pow(mu{k} - mean, 2)"),
        "deviation": "sqrt(within + between)",
    }
    params = [alt.param(name=name, expr=expr) for name, expr in derived.items()]

    step = (high - low) / 500
    normal = "densityNormal(datum.y, mu{k}, sigma{k})"
    names = [f"component {k}" for k in ks]
    curves = alt.Chart(alt.sequence(low, high + step / 2, step, as_="y"))
    curves = curves.transform_calculate(
        **{f"component {k}": f"pi{k} * {normal.format(k=k)}" for k in ks},
        mixture=total(f"pi{{k}} * {normal}"),
    )
    x = _axis(alt.X, "y", "y", (low, high), axis=alt.Axis(tickMinStep=1))
    y = alt.Y("density:Q", title="density")
    colors = [COLORS["density"], *COMPONENTS[: len(pi)]]
    color = alt.Color("curve:N", scale=alt.Scale(domain=["mixture", *names], range=colors))
    area = curves.mark_area(opacity=0.25, aria=False, **GREEN)
    area = area.encode(x, alt.Y("mixture:Q", title="density"))
    lines = curves.transform_fold([*names, "mixture"], as_=["curve", "density"])
    lines = lines.mark_line(strokeWidth=2.5, aria=False).encode(x, y, color)

    # A mode is higher than its neighbors on the grid. The parabola through the logarithms
    # of the three, exact for a Gaussian, says where between them the top is.
    along = {"sort": [alt.SortField("y")]}
    top = "(datum.a - datum.c) / (datum.a - 2 * datum.b + datum.c)"
    modes = (
        curves.transform_window(before="lag(mixture)", after="lead(mixture)", **along)
        .transform_filter("datum.mixture > datum.before && datum.mixture >= datum.after")
        .transform_calculate(
            a="log(datum.before)", b="log(datum.mixture)", c="log(datum.after)"
        )
        .transform_calculate(mode=f"datum.y + {step / 2} * {top}")
    )
    style = {"size": 70, "yOffset": -6, "filled": True, "color": DARK, "opacity": 1}
    tops = modes.mark_point(shape="triangle-down", **style)
    tops = tops.encode(x="mode:Q", y="mixture:Q")

    spread = alt.Chart(alt.Data(values=[{}])).transform_calculate(
        mean="mean", start="mean - deviation", end="mean + deviation"
    )
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
    readout = _readout(told.transform_calculate(text=text))
    figure = alt.layer(area, lines, tops, span, middle, readout)
    return figure.add_params(*sliders, *params).properties(width=560, height=HEIGHT)


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

    rows = _rows(
        x=_numbers(x[:, 0]),
        pi_=[_pack(row) for row in np.exp(log_pi)],
        mu_=[_pack(row) for row in mu],
        sigma_=[_pack(row, 4) for row in np.exp(log_sigma)],
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

    along = alt.X("density:Q", title="density of y")
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
    boxes = _unpack(chosen.transform_calculate(zero="0"), "low", "high").mark_rect(**style)
    boxes = boxes.encode(x="zero:Q", x2="height:Q", y="low:Q", y2="high:Q")
    return _side_by_side(plane, alt.layer(area, boxes), slider, mixtures=rows)


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

    def sentence(epoch, loss, log_pi):
        collected = np.sort(np.exp(log_pi))[:, ::-1].cumsum(axis=-1)
        at_work = 1 + (collected < 0.95).sum(axis=-1).mean()
        return (
            f"after epoch {epoch}: training loss {loss:.3f} nats; averaged over this axis, "
            f"{at_work:.0f} components carry 95% of the weight"
        ).replace("-", "\N{MINUS SIGN}")

    weights = [log_pi for log_pi, *_ in snapshots]
    states = _rows(
        frame=range(1, len(epochs) + 1),
        epoch=map(int, epochs),
        loss=_numbers(loss),
        text=map(sentence, epochs, loss, weights),
        mu_=[_pack(1000 * mu[..., 0].T, 0) for _, mu, *_ in snapshots],  # K by M
        pi_=[_pack(100 * np.exp(log_pi).T, 0) for log_pi in weights],
    )
    chosen = _from("states").transform_filter("datum.frame == snapshot")
    start, step = _numbers([x[0, 0], np.diff(x[:, 0]).mean()], 5)
    index = f"join(sequence({weights[0].size}), ' ')"
    lines = _unpack(chosen.transform_calculate(i_=index), "i", "mu", "pi")
    lines = lines.transform_calculate(
        k=f"floor(datum.i / {len(x)})",
        x=f"{start} + {step} * (datum.i % {len(x)})",
        y="datum.mu / 1000",
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
    return _side_by_side(plane, losses, slider, states=states)


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
    used = log_pi > -14  # the others: π^(1/τ) < 0.001, even at τ = 2
    x_split, y_split = split
    rows = _rows(
        x=_numbers(x[:, 0]),
        here=[int(i == np.abs(x - x_split).argmin()) for i in range(len(x))],
        log_pi_=[_pack(row[i], 2) for row, i in zip(log_pi, used, strict=True)],
        mu_=[_pack(row[i]) for row, i in zip(mu, used, strict=True)],
        sigma_=[_pack(row[i], 4) for row, i in zip(np.exp(log_sigma), used, strict=True)],
        u_=[_pack(row, 4) for row in rng.uniform(size=(len(x), n))],
        eps_=[_pack(row, 2) for row in rng.normal(size=(len(x), n))],
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
        return channel("kind:N", scale=scale)

    dots = draws.mark_point(filled=True, opacity=0.8, aria=False, clip=True).encode(
        _axis(alt.X, "x", "input x", (-0.1, 1.1)),
        _axis(alt.Y, "y", "samples of y", (-0.3, 1.3)),
        by_kind(alt.Color, COLORS["density"], "#D55E00"),
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
    figure = alt.layer(dots, _readout(told.transform_calculate(text=text)))
    figure = figure.add_params(slider).properties(datasets={"mixtures": rows})
    return figure.properties(width=560, height=HEIGHT)
