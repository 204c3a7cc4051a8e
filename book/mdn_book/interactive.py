"""Figures with sliders, which compute in the browser: no kernel and no network.

All functions but `show` take arrays and return an Altair chart; `show` displays it, live
in JupyterLab, Notebook 7 and Colab. The book's pages draw the same chart, and show a still
where there are no scripts. No other module of the package uses Altair. Without it, a chart
is None, `show` says what to install, and a chapter runs to its end all the same.

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
SUB = "₀₁₂₃"  # subscripts
HEIGHT = 280  # of every picture, in pixels


def show(chart):
    """Display a chart: live where Vega-Lite is drawn, elsewhere as a still.

    Args:
        chart: what another function of this module returned.

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
    """The figure as a PNG, with every slider where it starts.

    Args:
        spec: a Vega-Lite specification, as a dict.
        scale: pixels of the picture for each pixel of the chart.

    Returns:
        The bytes of the file.

    Raises:
        ImportError: vl-convert-python is not installed.
    """
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
        return None if alt is None else _styled(build(*args, **kwargs))

    return built


def _styled(chart):
    text = {"labelFontSize": 12, "labelColor": DARK}
    return (
        chart.configure(background="white", font="DejaVu Sans, Verdana, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelFlush=False,
            **text,
            titleFontSize=12,
            titleFontWeight="normal",
            titleColor=DARK,
            domainColor="#4d4d4d",
            tickColor="#4d4d4d",
            gridColor="#e6e6e6",
        )
        .configure_legend(**text, title=None, orient="top", symbolStrokeWidth=3)
        .configure_concat(spacing=12)
    )


def _slider(name, label, low, high, step, value):
    bind = alt.binding_range(min=low, max=high, step=step, name=label)
    return alt.param(name=name, value=value, bind=bind)


def _readout(base):
    """The field ``text`` of the rows of `base`, below the picture."""
    return (
        base.mark_text(
            align="left", baseline="top", fontSize=12, color=DARK, lineBreak="; "
        )
        .encode(x=alt.value(0), y=alt.value(HEIGHT + 44), text="text:N")
        .properties(name="readout")
    )


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
    return (
        chart.transform_calculate(**{f: f"split(datum.{f}_, ' ')" for f in fields})
        .transform_flatten(list(fields))
        .transform_calculate(**{f: f"toNumber(datum.{f})" for f in fields})
    )


def _points(t, x, n=600):
    """The first `n` data points, as a layer of small gray dots."""
    data = alt.Chart(alt.Data(values=_rows(t_=[_pack(t[:n])], x_=[_pack(x[:n])])))
    style = {"size": 9, "color": COLORS["data"], "opacity": 0.6, "aria": False}
    return _unpack(data, "t", "x").mark_circle(**style).encode(x="t:Q", y="x:Q")


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

    Shown are the density, its components, its modes, and mean ± standard deviation. The
    sliders for π are weights of any sum; they are divided by it.

    Args:
        pi, mu, sigma: where the sliders start, shape (K,), with K <= 3.
        low, high: the range of y.

    >>> chart = mixture_explorer([0.5, 0.5], [-1.0, 1.0], [0.5, 0.5])
    >>> [p["name"] for p in chart.to_dict()["params"] if "bind" in p]
    ['w1', 'w2', 'mu1', 'mu2', 'sigma1', 'sigma2']
    """
    ks = range(1, len(pi) + 1)
    sliders = [
        *(_slider(f"w{k}", f"weight {k}", 0, 1, 0.01, pi[k - 1]) for k in ks),
        *(_slider(f"mu{k}", f"μ{SUB[k]}", low + 1, high - 1, 0.1, mu[k - 1]) for k in ks),
        *(_slider(f"sigma{k}", f"σ{SUB[k]}", 0.1, 2, 0.05, sigma[k - 1]) for k in ks),
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
    curves = alt.Chart(
        alt.sequence(low, high + step / 2, step, as_="y")
    ).transform_calculate(
        **{f"component {k}": f"pi{k} * {normal.format(k=k)}" for k in ks},
        mixture=total(f"pi{{k}} * {normal}"),
    )
    x = _axis(alt.X, "y", "y", (low, high), axis=alt.Axis(tickMinStep=1))
    y = alt.Y("density:Q", title="density")
    color = alt.Color(
        "curve:N",
        scale=alt.Scale(
            domain=["mixture", *names], range=[COLORS["density"], *COMPONENTS[: len(pi)]]
        ),
    )
    area = curves.mark_area(color=COLORS["density"], opacity=0.25, aria=False).encode(
        x, alt.Y("mixture:Q", title="density")
    )
    lines = curves.transform_fold([*names, "mixture"], as_=["curve", "density"])
    lines = lines.mark_line(strokeWidth=2.5, aria=False).encode(x, y, color)

    # A mode is higher than its neighbors on the grid. The parabola through the logarithms
    # of the three, exact for a Gaussian, says where between them the top is.
    modes = (
        curves.transform_window(
            before="lag(mixture)", after="lead(mixture)", sort=[alt.SortField("y")]
        )
        .transform_filter("datum.mixture > datum.before && datum.mixture >= datum.after")
        .transform_calculate(
            a="log(datum.before)", b="log(datum.mixture)", c="log(datum.after)"
        )
        .transform_calculate(
            mode=f"datum.y + {step / 2} * (datum.a - datum.c)"
            " / (datum.a - 2 * datum.b + datum.c)"
        )
    )
    tops = modes.mark_point(
        shape="triangle-down", size=70, yOffset=-6, filled=True, color=DARK, opacity=1
    ).encode(x="mode:Q", y="mixture:Q")

    spread = alt.Chart(alt.Data(values=[{}])).transform_calculate(
        mean="mean", start="mean - deviation", end="mean + deviation"
    )
    span = spread.mark_rule(strokeWidth=2, color=DARK).encode(
        x="start:Q", x2="end:Q", y=alt.value(8)
    )
    middle = spread.mark_circle(size=80, color=DARK, opacity=1).encode(
        x="mean:Q", y=alt.value(8)
    )

    shares = " + ', ' + ".join(f"format(pi{k}, '.2f')" for k in ks)
    text = (
        f"'π = ' + {shares} + '; mean ' + format(mean, '.2f')"
        " + ', variance ' + format(within + between, '.2f')"
        " + ', standard deviation ' + format(deviation, '.2f')"
        " + '; modes: ' + format(datum.tops[0], '.2f')"
    )
    for k in range(1, len(pi)):  # there are no more modes than components
        text += (
            f" + (length(datum.tops) > {k} ? ', ' + format(datum.tops[{k}], '.2f') : '')"
        )
    rows = alt.AggregatedFieldDef(op="values", field="mode", **{"as": "rows"})
    readout = _readout(
        modes.transform_aggregate([rows])
        .transform_calculate(tops="sort(pluck(datum.rows, 'mode'))")
        .transform_calculate(text=text)
    )
    return (
        alt.layer(area, lines, tops, span, middle, readout)
        .add_params(*sliders, *params)
        .properties(width=560, height=HEIGHT)
    )


@_chart
def learned_and_exact(t, params, problem, data, start):
    """``p(x|t)`` at one t: learned, exact, and the means of the components.

    On the left the data with a line at t, on the right the density there, along the same
    vertical axis.

    Args:
        t: where the slider can stand, an even grid of shape (M, 1).
        params: log_pi (M, K), mu and log_sigma (M, K, 1) of the learned mixture there.
        problem: what knows the exact answer, uniform over its ``branches(t)``, such as
            `mdn_book.problems.ToyInverse`; x is drawn from -0.1 to 1.1.
        data: t and x of the data, each of shape (N, 1).
        start: where the slider stands at first.

    >>> from mdn_book.problems import ToyInverse
    >>> t = np.linspace(0, 1, 11)[:, None]
    >>> params = np.zeros((11, 1)), np.full((11, 1, 1), 0.5), np.zeros((11, 1, 1))
    >>> pairs = ToyInverse().sample(9, np.random.default_rng(0))
    >>> chart = learned_and_exact(t, params, ToyInverse(), pairs, start=0.3)
    >>> chart.to_dict()["params"][0]["value"]
    0.3
    """
    log_pi, mu, log_sigma = params
    step = float(np.diff(t[:, 0]).mean())
    slider = _slider("t", "input t", *_numbers([t[0, 0], t[-1, 0], step]), start)
    branches = np.nan_to_num(problem.branches(t))  # (M, B, 2), of width 0 if there is none
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
        rest = max(0, 1 - learned[i].sum())
        return f"t = {t[i, 0]:.2f}; learned probability of x from " + ", ".join(
            [*shares, f"elsewhere: {rest:.0%} (exact 0%)"]
        )

    rows = _rows(
        t=_numbers(t[:, 0]),
        pi_=[_pack(row) for row in np.exp(log_pi)],
        mu_=[_pack(row) for row in mu],
        sigma_=[_pack(row, 4) for row in np.exp(log_sigma)],
        low_=[_pack(row[w > 0]) for row, w in zip(low, width, strict=True)],
        high_=[_pack(row[w > 0]) for row, w in zip(high, width, strict=True)],
        height=_numbers(1 / width.sum(axis=-1)),
        text=[sentence(i) for i in range(len(t))],
    )
    chosen = _from("mixtures").transform_filter(f"abs(datum.t - t) < {step / 2:g}")
    components = _unpack(chosen, "pi", "mu", "sigma")
    ends = -0.1, 1.1

    where = _axis(alt.X, "t", "input t", (t[0, 0], t[-1, 0]))
    up = _axis(alt.Y, "x", "target x", ends)
    line = chosen.mark_rule(strokeWidth=1.5, color=COLORS["density"]).encode(x="t:Q")
    dots = components.mark_circle(color=COLORS["density"], opacity=0.8, aria=False).encode(
        x="t:Q",
        y="mu:Q",
        size=alt.Size("pi:Q", scale=alt.Scale(domain=[0, 1], range=[0, 400]), legend=None),
    )
    plane = alt.layer(_points(*data).encode(where, up), line, dots, _readout(chosen))

    along = alt.X("density:Q", title="density of x")
    curve = (
        components.transform_calculate(x="sequence(-0.1, 1.1, 0.0025)")
        .transform_flatten(["x"])
        .transform_calculate(
            part="datum.pi * densityNormal(datum.x, datum.mu, datum.sigma)"
        )
        .transform_aggregate(density="sum(part)", groupby=["x"])
    )
    area = curve.mark_area(
        orient="horizontal", clip=True, color=COLORS["density"], opacity=0.4, aria=False
    ).encode(along, up)
    boxes = _unpack(chosen.transform_calculate(zero="0"), "low", "high").mark_rect(
        filled=False, stroke=COLORS["truth"], strokeWidth=1.5, aria=False
    )
    boxes = boxes.encode(x="zero:Q", x2="height:Q", y="low:Q", y2="high:Q")
    densities = alt.layer(area, boxes)
    return _side_by_side(plane, densities, slider, mixtures=rows)


@_chart
def training(t, epochs, snapshots, history, data, floor):
    """The means of all components as training goes on, each line as wide as its weight.

    Args:
        t: inputs, an even grid of shape (M, 1).
        epochs: after which epochs the snapshots were taken, F numbers from 1 on.
        snapshots: F pairs log_pi (M, K) and mu (M, K, 1), or more arrays after these.
        history: the training loss of every epoch.
        data: t and x of the data, each of shape (N, 1).
        floor: the best loss that any model could reach.

    >>> t = np.linspace(0, 1, 3)[:, None]
    >>> snapshots = [(np.zeros((3, 1)), np.zeros((3, 1, 1)))] * 2
    >>> chart = training(t, [1, 4], snapshots, [0.2, 0.1, 0.0, -0.1], (t, t), floor=-1.0)
    >>> chart.to_dict()["params"][0]["bind"]["max"]
    2
    """
    frames = range(1, len(epochs) + 1)
    slider = _slider("snapshot", "snapshot", 1, len(epochs), 1, 1)

    at_work = []
    for log_pi, *_ in snapshots:
        collected = np.sort(np.exp(log_pi))[:, ::-1].cumsum(axis=-1)
        at_work.append(1 + (collected < 0.95).sum(axis=-1).mean())
    loss = [history[epoch - 1] for epoch in epochs]
    states = _rows(
        frame=frames,
        epoch=map(int, epochs),
        loss=_numbers(loss),
        text=[
            f"after epoch {epoch}: training loss {value:.3f} nats; on average "
            f"{number:.0f} components carry 95% of the weight".replace(
                "-", "\N{MINUS SIGN}"
            )
            for epoch, value, number in zip(epochs, loss, at_work, strict=True)
        ],
        mu_=[_pack(1000 * mu[..., 0].T, 0) for _, mu, *_ in snapshots],  # K by M
        pi_=[_pack(100 * np.exp(log_pi).T, 0) for log_pi, *_ in snapshots],
    )
    chosen = _from("states").transform_filter("datum.frame == snapshot")
    start, step = _numbers([t[0, 0], np.diff(t[:, 0]).mean()], 5)
    M = len(t)
    lines = (
        _unpack(
            chosen.transform_calculate(i_=f"join(sequence({snapshots[0][0].size}), ' ')"),
            *("i", "mu", "pi"),
        )
        .transform_calculate(
            k=f"floor(datum.i / {M})",
            t=f"{start} + {step} * (datum.i % {M})",
            x="datum.mu / 1000",
            weight="datum.pi / 100",
        )
        .mark_trail(color=COLORS["density"], opacity=0.8, clip=True, aria=False)
        .encode(
            _axis(alt.X, "t", "input t", (t[0, 0], t[-1, 0])),
            _axis(alt.Y, "x", "target x", (-0.1, 1.1)),
            detail="k:N",
            size=alt.Size(
                "weight:Q",
                scale=alt.Scale(domain=[0, 1], range=[0.15, 14]),
                legend=None,
            ),
        )
    )
    plane = alt.layer(_points(*data), lines, _readout(chosen))

    every = _rows(epoch_=[_pack(np.arange(1, len(history) + 1))], loss_=[_pack(history)])
    whole = _unpack(alt.Chart(alt.Data(values=every)), "epoch", "loss")
    tens = alt.Axis(values=[1, 10, 100, 1000, 10_000])
    log = alt.Scale(type="log", nice=False)
    x = alt.X("epoch:Q", title="epoch", scale=log, axis=tens)
    y = _axis(alt.Y, "loss", "training loss [nats]", (floor - 0.15, max(history) + 0.1))
    path = whole.mark_line(color=COLORS["density"], strokeWidth=2, aria=False).encode(x, y)
    bottom = alt.Chart(alt.Data(values=[{"floor": float(floor)}])).encode(y="floor:Q")
    name = bottom.mark_text(text="floor", align="right", dy=9, color=DARK)
    name = name.encode(x=alt.value("width"))
    cursor = chosen.mark_rule(color=DARK, strokeDash=[4, 3]).encode(x="epoch:Q")
    dot = chosen.mark_circle(size=90, color=DARK, opacity=1).encode(x="epoch:Q", y="loss:Q")
    losses = alt.layer(path, bottom.mark_rule(color=DARK), name, cursor, dot)
    return _side_by_side(plane, losses, slider, states=states)


@_chart
def temperature(t, params, problem, split, rng, n=3):
    """Samples at the temperature τ of the slider: ``π_k^(1/τ)`` and ``√τ σ_k``.

    Every sample keeps its random numbers, u for the choice of a component and ε for the
    noise, so it moves with τ and does not jump about.

    Args:
        t: inputs, shape (M, 1).
        params: log_pi (M, K), mu and log_sigma (M, K, 1) of a mixture for each of them.
        problem: what knows which samples are impossible, with ``branches(t)``, at most
            two, such as `mdn_book.problems.ToyInverse`.
        split: a pair (t, x). The text below the picture gives the model's probability
            below x, at temperature τ, for the row whose t is nearest.
        rng: a `numpy.random.Generator`, for u and ε.
        n: how many samples for each input.

    >>> from mdn_book.problems import ToyInverse
    >>> t = np.array([[0.2], [0.35]])
    >>> params = np.zeros((2, 1)), np.full((2, 1, 1), 0.5), np.zeros((2, 1, 1))
    >>> rng = np.random.default_rng(0)
    >>> chart = temperature(t, params, ToyInverse(), (0.35, 0.37), rng)
    >>> chart.to_dict()["params"][0]["bind"]["max"]
    2
    """
    slider = _slider("tau", "temperature τ", 0.1, 2, 0.05, 1)
    order = np.argsort(params[1][..., 0], axis=-1)  # the means ascend, so x follows u
    log_pi, mu, log_sigma = (
        np.take_along_axis(a.reshape(order.shape), order, axis=-1) for a in params
    )
    walls = [
        _pack(row[~np.isnan(row)], 4) for row in problem.branches(t).reshape(len(t), -1)
    ]
    t_split, x_split = split
    rows = _rows(
        t=_numbers(t[:, 0]),
        here=[int(i == np.abs(t - t_split).argmin()) for i in range(len(t))],
        log_pi_=[_pack(row.clip(-20), 2) for row in log_pi],
        mu_=[_pack(row) for row in mu],
        sigma_=[_pack(row, 4) for row in np.exp(log_sigma)],
        u_=[_pack(row, 4) for row in rng.uniform(size=(len(t), n))],
        eps_=[_pack(row, 2) for row in rng.normal(size=(len(t), n))],
        walls=walls,
    )
    ascending = [alt.SortField("mu"), alt.SortField("sigma")]
    components = (
        _unpack(_from("mixtures"), "log_pi", "mu", "sigma")
        .transform_calculate(w="exp(datum.log_pi / tau)", scale="datum.sigma * sqrt(tau)")
        .transform_calculate(
            low=f"datum.w * cumulativeNormal({x_split}, datum.mu, datum.scale)"
        )
        .transform_joinaggregate(total="sum(w)", below="sum(low)", groupby=["t"])
        .transform_window(end="sum(w)", groupby=["t"], sort=ascending, ignorePeers=True)
    )
    draws = (
        _unpack(components, "u", "eps")
        .transform_filter(
            "datum.end - datum.w < datum.u * datum.total"
            " && datum.u * datum.total <= datum.end"
        )
        .transform_calculate(
            x="datum.mu + datum.scale * datum.eps", wall="split(datum.walls, ' ')"
        )
    )
    inside = " || ".join(
        f"(datum.x > toNumber(datum.wall[{i}]) && datum.x < toNumber(datum.wall[{i + 1}]))"
        for i in (0, 2)
    )
    draws = draws.transform_calculate(
        kind=f"{inside} ? 'possible' : 'impossible'",
        impossible=f"{inside} ? 0 : 1",
        share="datum.here * datum.below / datum.total",
    )
    names, colors = ["possible", "impossible"], [COLORS["density"], "#D55E00"]
    dots = draws.mark_point(filled=True, opacity=0.8, aria=False, clip=True).encode(
        _axis(alt.X, "t", "input t", (-0.1, 1.1)),
        _axis(alt.Y, "x", "samples of x", (-0.3, 1.3)),
        color=alt.Color("kind:N", scale=alt.Scale(domain=names, range=colors)),
        shape=alt.Shape("kind:N", scale=alt.Scale(domain=names, range=["circle", "cross"])),
        size=alt.Size("kind:N", scale=alt.Scale(domain=names, range=[14, 40])),
    )
    text = (
        "'temperature ' + format(tau, '.2f') + ': ' + datum.impossible + ' of '"
        " + datum.count + ' samples are impossible (' + format(datum.impossible /"
        f" datum.count, '.1%') + '); at t = {t_split:g} the share of the lower branch,"
        f" x below {x_split:g}, is ' + format(datum.share, '.0%')"
    )
    readout = _readout(
        draws.transform_aggregate(
            impossible="sum(impossible)", count="count()", share="max(share)"
        ).transform_calculate(text=text)
    )
    return (
        alt.layer(dots, readout)
        .add_params(slider)
        .properties(width=560, height=HEIGHT, datasets={"mixtures": rows})
    )
