"""The figures that move: as specifications, on a page, and moved in a browser.

A small book is built that holds them all, of made-up mixtures. They are moved there by
keyboard, mouse and touch, and what the page then shows is compared with `mdn_utils`.
"""

import base64
import functools
import json
import re
import sys
from pathlib import Path
from unittest.mock import patch

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from mdn_book import interactive, problems
from mdn_utils import numpy as mdn_np

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

# --- What the figures show ------------------------------------------------------------

INVERSE = problems.ToyInverse()
DATA = INVERSE.sample(300, np.random.default_rng(0))
PI, MU, SIGMA = [0.3, 0.5, 0.2], [-2.0, 0.5, 2.0], [0.4, 0.8, 0.3]
STEPS = np.linspace(-0.09, 1.09, 60)[:, None]
INPUTS = np.quantile(DATA[0], (np.arange(101) + 0.5) / 101)[:, None]
EPOCHS = [1, 2, 4, 8]
ANGLES = np.random.default_rng(3).choice([-20, 20], 2000) + 3 * np.linspace(-2, 2, 2000)
LOSSES = np.linspace(0.1, -1.1, 8)


def mixtures(x, K=8, seed=1):
    """Weights, means and scales that vary with x, as a network's would."""
    a = np.random.default_rng(seed).normal(size=(6, K))
    log_pi = 2 * a[0] + 3 * a[1] * x
    log_pi -= np.log(np.exp(log_pi).sum(axis=-1, keepdims=True))
    mu = np.linspace(0.05, 0.95, K) + 0.2 * a[2] * x
    log_sigma = np.log(0.05) + 0.3 * a[4] + 0.3 * a[5] * x
    return log_pi, mu[..., None], log_sigma[..., None]


SNAPSHOTS = [mixtures(STEPS[::2], seed=seed) for seed in range(len(EPOCHS))]
MAKE = {
    "explorer": lambda: interactive.mixture_explorer(PI, MU, SIGMA),
    "learned": lambda: interactive.learned_and_exact(
        STEPS, mixtures(STEPS), INVERSE, DATA, start=0.35
    ),
    "training": lambda: interactive.training(
        STEPS[::2], EPOCHS, SNAPSHOTS, LOSSES, DATA, floor=INVERSE.entropy
    ),
    "temperature": lambda: interactive.temperature(
        INPUTS, mixtures(INPUTS), INVERSE, (0.35, 0.37), np.random.default_rng(2)
    ),
    "answer": lambda: interactive.one_answer(ANGLES, -35, 35, 10, "degrees"),
    "responsibilities": lambda: interactive.responsibilities(
        PI, MU, SIGMA, -4.0, 4.0, start=3.5
    ),
    "pit": lambda: interactive.pit(0.7, 0.0),
    "rates": interactive.learning_rates,
}
each_figure = pytest.mark.parametrize("name", MAKE)


def shown(chart):
    """What `show` displays."""
    with patch("IPython.display.display") as display:
        interactive.show(chart)
    return display.call_args.args[0]


@functools.cache
def bundle(name):
    return shown(MAKE[name]())


def spec(name):
    return bundle(name)[interactive.MIME_TYPE]


# --- The specifications ---------------------------------------------------------------


@each_figure
def test_a_figure_is_light_the_same_each_time_and_read_by_two_versions(name):
    for version in ("5.21", "6.4"):  # JupyterLab's and the book's
        vega = vl_convert.vegalite_to_vega(spec(name), vl_version=version)
        assert any("bind" in signal for signal in vega["signals"])
    assert shown(MAKE[name]()) == bundle(name)
    text = json.dumps([spec(name).get("datasets"), spec(name).get("data")])
    assert not re.search(r"\d\.\d{6,}", text), "needless digits"
    assert bundle(name)["image/png"].startswith(b"\x89PNG")
    assert len(bundle(name)["image/png"]) < 80_000


def test_what_is_not_installed_is_done_without(monkeypatch, capsys):
    chart = MAKE["explorer"]()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert set(shown(chart)) == {interactive.MIME_TYPE, "text/plain"}  # no still
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert shown(chart) is chart  # Altair displays it
    monkeypatch.setattr(interactive, "alt", None)
    for make in MAKE.values():
        interactive.show(make())
        assert "pip install altair" in capsys.readouterr().out


# --- The pages as files ---------------------------------------------------------------


def cells(name):
    """The cells of a page with one figure, as a chapter stores it."""
    png = base64.b64encode(bundle(name)["image/png"]).decode()
    data = {**bundle(name), "image/png": png}
    figure = nbformat.v4.new_output("display_data", data=data)
    options = {
        "figure": {"caption": f"Caption of {name}.", "name": f"fig-{name}"},
        "image": {"alt": f"What the figure {name} shows"},
    }
    prose = "A sentence. " * 200
    return [
        nbformat.v4.new_markdown_cell(f"# The page {name}\n\n{{numref}}`fig-{name}`"),
        nbformat.v4.new_code_cell("1", metadata={"mystnb": options}, outputs=[figure]),
        nbformat.v4.new_markdown_cell(f"## After it\n\n{prose}"),
    ]


@pytest.fixture(scope="module")
def folder(build_small_book):
    return build_small_book(
        {name: cells(name) for name in MAKE},
        extensions=["myst_nb", "sphinx_book_theme", "interactive"],
        html_theme="sphinx_book_theme",
        html_context={"default_mode": "auto"},
        html_favicon=str(Path(problems.__file__).parents[1] / "_static" / "favicon.svg"),
    )


def parse(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@each_figure
def test_it_is_a_figure_like_any_other_with_labeled_sliders(folder, name):
    page = parse(folder / f"{name}.html")
    (figure,) = page.select("figure")
    assert figure["id"] == f"fig-{name}"
    assert f"Caption of {name}." in figure.figcaption.get_text()
    assert figure.select_one(".interactive-still img")["alt"].startswith("What the")
    assert "Fig. " in page.select_one(f'a.reference[href="#fig-{name}"]').get_text()

    bound = {p["name"]: p for p in spec(name)["params"] if "bind" in p}
    sliders = figure.select("input")
    assert [slider["data-signal"] for slider in sliders] == list(bound)
    for slider in sliders:
        param = bound[slider["data-signal"]]
        assert param["bind"]["name"] in slider.find_parent("label").get_text()
        assert float(slider["value"]) == param["value"]


def test_vega_is_there_once_and_only_where_it_is_needed(folder):
    assert [path.name for path in folder.rglob("vega*.js")] == ["vega.js"]
    assert (folder / "_static" / "vega.js").stat().st_size < 650_000
    for path in folder.glob("*.html"):
        loads = bool(parse(path).select('script[src*="interactive.js"]'))
        assert loads == (path.stem in MAKE), path.name


# --- The pages in a browser -----------------------------------------------------------


def open_figure(visit, name):
    """Open a page and wait until its figure is drawn."""
    page = visit.open(f"{name}.html")
    page.locator(f"#fig-{name}").scroll_into_view_if_needed()
    page.wait_for_selector(".interactive-drawn", timeout=15_000)
    return page


def wait_until_drawn(page):
    """Wait for what was asked for, and once more for what that brought about."""
    page.evaluate("""async () => {
        const view = document.querySelector(".interactive").view();
        await view.runAsync();
        await view.runAsync();
    }""")


def move(page, signal, *keys):
    """Press keys on a slider; return the value that it then has."""
    slider = page.locator(f"input[data-signal={signal}]")
    slider.focus()
    for key in keys:
        page.keyboard.press(key)
    wait_until_drawn(page)
    return float(slider.input_value())


def readout(page):
    return page.locator(".interactive-readout").inner_text().replace("\N{MINUS SIGN}", "-")


def drawn(page, mark, *fields):
    """What the items of a mark stand for, an array for each field."""
    rows = page.evaluate(
        """([name, fields]) => {
            const found = [];
            const walk = (mark) => {
              if (mark.name === name) found.push(...mark.items.map((i) => i.datum));
              for (const item of mark.items ?? []) (item.items ?? []).forEach(walk);
            };
            walk(document.querySelector(".interactive").view().scenegraph().root);
            return found.map((datum) => fields.map((f) => Number(datum[f])));
        }""",
        [mark, list(fields)],
    )
    return np.array(rows).T


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.?\d*", text)]


FITS = """() => {
    const drawing = document.querySelector(".interactive-drawing");
    const { width, height } = drawing.querySelector("svg").getBoundingClientRect();
    return width > Math.min(drawing.clientWidth - 20, 640)
        && width <= drawing.clientWidth + 1 && height <= drawing.clientHeight;
}"""


def is_still(page):
    live, still = page.locator(".interactive-live"), page.locator(".interactive-still img")
    assert live.is_visible() != still.is_visible()
    return still.is_visible()


@each_figure
def test_it_fits_and_is_worked_by_keyboard(visit, name):
    page = open_figure(visit, name)
    for width in ("laptop", "phone"):
        visit.resize(width)
        page.wait_for_function(FITS)
        shown = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= shown

    before = readout(page)
    page.locator("figure input").first.focus()
    for i in range(page.locator("figure input").count()):
        focused = "document.activeElement"
        assert page.evaluate(f"{focused}.dataset.signal") is not None
        assert page.evaluate(f"{focused}.matches(':focus-visible')")
        assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
        page.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
        page.keyboard.press("Tab")
    wait_until_drawn(page)
    assert readout(page) != before
    page.get_by_role("button", name="Reset").click()
    wait_until_drawn(page)
    assert readout(page) == before


@each_figure
def test_on_paper_and_without_scripts_the_still_is_there(new_visit, name):
    page = open_figure(new_visit("dark"), name)
    assert not is_still(page)
    # Dark ink on white, also where the page is dark
    color = "getComputedStyle(document.querySelector('.interactive-drawing')).background"
    assert "rgb(255, 255, 255)" in page.evaluate(color)
    page.emulate_media(media="print")
    assert is_still(page)

    page = new_visit(java_script_enabled=False).open(f"{name}.html")
    assert is_still(page)
    assert page.locator("figure").bounding_box()["height"] < 600


def test_the_mixture_explorer_computes(visit):
    page = open_figure(visit, "explorer")
    moves = [[], [("mu2", ["ArrowRight"] * 9)], [("w1", ["End"])], [("w2", ["Home"])]]
    moves += [[("sigma3", ["Home"])], [("w1", ["Home"])]]
    for steps in moves:
        for signal, keys in steps:
            move(page, signal, *keys)
        now = {
            slider.get_attribute("data-signal"): float(slider.input_value())
            for slider in page.locator("figure input").all()
        }
        w, mu, sigma = (
            np.array([now[f"{kind}{k}"] for k in (1, 2, 3)])
            for kind in ("w", "mu", "sigma")
        )
        pi = w / w.sum()
        with np.errstate(divide="ignore"):
            params = np.log(pi), mu[:, None], np.log(sigma)[:, None]

        y, density = drawn(page, "layer_0_marks", "y", "mixture")
        assert np.allclose(density, np.exp(mdn_np.log_prob(y[:, None], *params)), atol=1e-9)
        told, modes = readout(page).split("modes: ")
        mean, variance = mdn_np.mean(*params)[0], mdn_np.variance(*params)[0]
        assert np.allclose(numbers(told), [*pi, mean, variance, variance**0.5], atol=0.0051)

        fine = np.linspace(-5, 5, 100_001)
        height = mdn_np.log_prob(fine[:, None], *params)
        top = (height[1:-1] > height[:-2]) & (height[1:-1] > height[2:])
        assert np.allclose(numbers(modes), fine[1:-1][top], atol=0.0052)


def test_three_weights_of_zero_are_no_mixture(visit):
    page = open_figure(visit, "explorer")
    for signal in ("w1", "w2", "w3"):
        assert "no mixture" not in readout(page)
        move(page, signal, "Home")
    assert readout(page) == "All weights are zero: there is no mixture."
    (density,) = drawn(page, "layer_0_marks", "mixture")
    assert not density.any()
    assert drawn(page, "layer_3_marks", "mode").size == 0
    move(page, "w2", "ArrowRight")
    assert readout(page).startswith("π = 0.00, 1.00, 0.00")


def test_the_learned_density_is_drawn_at_the_slider(visit):
    page = open_figure(visit, "learned")
    for keys in [], ["Home"], ["ArrowRight"] * 12, ["End"], ["ArrowLeft"]:
        x = np.array([[move(page, "x", *keys)]])
        params = mixtures(x)
        y, density = drawn(page, "concat_1_layer_0_marks", "y", "density")
        exact = np.exp(mdn_np.log_prob(y[:, None, None], *params))[:, 0]
        assert np.allclose(density, exact, atol=0.02 * exact.max())  # of rounded parameters

        low, high, width = drawn(page, "concat_1_layer_1_marks", "low", "high", "height")
        branches = INVERSE.branches(x)[0]
        branches = branches[~np.isnan(branches[:, 0])]
        assert np.allclose(np.transpose([low, high]), branches, atol=6e-4)
        assert np.allclose(
            width, INVERSE.pdf(branches.mean(axis=-1)[:, None], x), rtol=0.01
        )

        told = numbers(readout(page))
        ends = [mdn_np.cdf(end[:, None, None], *params)[:, 0] for end in branches.T]
        learned = 100 * (ends[1] - ends[0])
        assert told[0] == x.item()
        assert np.allclose(told[3::4][: len(learned)], learned, atol=0.51)


def test_training_shows_the_snapshot(visit):
    page = open_figure(visit, "training")
    for frame in range(len(EPOCHS)):
        keys = ["ArrowRight"] if frame else ["End", "Home"]
        assert move(page, "snapshot", *keys) == frame + 1
        log_pi, mu, _ = SNAPSHOTS[frame]
        k, x, y, weight = drawn(page, "concat_0_layer_1_marks", "k", "x", "y", "weight")
        if not k.size:  # the marks of lines stand in a group for each line
            pytest.fail("no line is drawn")
        i = np.rint((x - STEPS[0]) / np.diff(STEPS[::2, 0])[0]).astype(int)
        assert np.allclose(y, mu[i, k.astype(int), 0], atol=1.1e-3)
        assert np.allclose(weight, np.exp(log_pi)[i, k.astype(int)], atol=6e-3)
        epoch, loss = numbers(readout(page))[:2]
        assert epoch == EPOCHS[frame]
        assert loss == pytest.approx(LOSSES[EPOCHS[frame] - 1], abs=6e-4)


def test_samples_are_those_of_the_temperature(visit):
    page = open_figure(visit, "temperature")
    for keys in [], ["Home"], ["ArrowRight"] * 10, ["End"]:
        tau = move(page, "tau", *keys)
        x, u, eps, y = drawn(page, "concat_0_layer_0_marks", "x", "u", "eps", "y")
        assert len(y) == 3 * len(INPUTS)

        # The same by hand: choose by u among the components, in the order of their means.
        i = np.abs(x[:, None] - INPUTS[:, 0]).argmin(axis=-1)
        log_pi, mu, log_sigma = mixtures(INPUTS)
        order = np.argsort(mu[..., 0], axis=-1)
        weight, mean, scale = (
            np.take_along_axis(a, order, axis=-1)[i]
            for a in (np.exp(log_pi / tau), mu[..., 0], np.exp(log_sigma[..., 0]))
        )
        ends = weight.cumsum(axis=-1) / weight.sum(axis=-1, keepdims=True)
        k = (ends < u[:, None]).sum(axis=-1)
        rows = np.arange(len(y))
        by_hand = mean[rows, k] + np.sqrt(tau) * scale[rows, k] * eps
        assert np.mean(np.isclose(y, by_hand, atol=0.003)) > 0.98  # u may be at an end

        told = numbers(readout(page))
        at, curve = drawn(page, "concat_1_layer_3_marks", "tau", "share")
        assert np.allclose(at, tau)
        assert np.allclose(curve, [told[1] / told[2], told[-1] / 100], atol=0.016)
        impossible = (INVERSE.pdf(y[:, None], x[:, None]) == 0).sum()
        assert told[0] == tau
        assert told[1] == pytest.approx(impossible, abs=2)  # on the edge, but for rounding
        assert told[2] == len(y)
        near = INPUTS[[np.abs(INPUTS - 0.35).argmin()]]
        log_pi, mu, log_sigma = mixtures(near)
        log_pi = log_pi / tau - np.log(np.exp(log_pi / tau).sum())
        cold = log_pi, mu, log_sigma + 0.5 * np.log(tau)
        share = 100 * mdn_np.cdf(np.array([[0.37]]), *cold).item()
        assert told[-1] == pytest.approx(share, abs=1.5)


def signals(page, *names):
    ask = "names => names.map(n => document.querySelector('.interactive').view().signal(n))"
    return np.array(page.evaluate(ask, list(names)))


def test_responsibilities_and_gradients_are_those_of_the_loss(visit):
    page = open_figure(visit, "responsibilities")
    logits, ks = np.log(PI), (1, 2, 3)
    for keys in [], ["Home"], ["PageUp"] * 4, ["ArrowRight"] * 7, ["End"]:
        y = move(page, "target", *keys)
        params = np.array([logits, MU, np.log(SIGMA)])

        def loss(a, y=y):
            log_pi = a[0] - np.log(np.exp(a[0]).sum())
            return -mdn_np.log_prob(np.array([y]), log_pi, a[1, :, None], a[2, :, None])

        one = [-loss(params[:, [k]] * [[0], [1], [1]]) for k in range(3)]
        joint = np.array(PI) * np.exp(np.ravel(one))
        gamma = joint / joint.sum()
        assert np.allclose(signals(page, *(f"gamma{k}" for k in ks)), gamma, atol=1e-9)
        for row, name in enumerate(["on_logit", "on_mu", "on_log_sigma"]):
            shown = signals(page, *(f"{name}{k}" for k in ks))
            for k in range(3):
                step = np.zeros((3, 3))
                step[row, k] = 1e-5
                slope = (loss(params + step) - loss(params - step)) / 2e-5
                assert shown[k] == pytest.approx(-slope.item(), abs=1e-6)
        told = numbers(readout(page))
        assert told[:2] == [y, pytest.approx(loss(params).item(), abs=0.0051)]
        assert np.allclose(told[2:5], gamma, atol=0.0051)


def test_the_pit_histogram_is_exact(visit):
    page = open_figure(visit, "pit")
    moves = [("factor", []), ("factor", ["End"]), ("shift", ["PageUp"] * 3)]
    for signal, keys in [*moves, ("factor", ["Home"]), ("shift", ["Home"])]:
        move(page, signal, *keys)
        factor, shift = (
            float(page.locator(f"input[data-signal={name}]").input_value())
            for name in ("factor", "shift")
        )

        def gaussian(mean, sigma):
            return np.zeros(1), np.array([[mean]]), np.log([[sigma]])

        (height,) = drawn(page, "concat_1_layer_0_marks", "height")
        inner = mdn_np.quantile(np.arange(1, 20) / 20, *gaussian(shift, factor))
        below = mdn_np.cdf(inner[:, None], *gaussian(0.0, 1.0))
        exact = 20 * np.diff([0, *np.ravel(below), 1])
        assert np.allclose(height, exact, atol=1e-9)
        told = numbers(readout(page))
        assert told[0] == 90
        assert told[1] == pytest.approx(5 * (exact[0] + exact[-1]), abs=0.06)
        words = readout(page)
        assert ("too wide" in words) == (factor > 1)
        assert ("too narrow" in words) == (factor < 1)
        assert ("too high" in words) == (shift > 0)


def test_the_error_is_that_of_the_answer(visit):
    page = open_figure(visit, "answer")
    for keys in [], ["Home"], ["PageUp"] * 5, ["End"]:
        answer = move(page, "answer", *keys)
        told = numbers(readout(page).replace(",", "").replace("²", ""))
        assert told[0] == answer
        assert told[1] == pytest.approx(np.mean((ANGLES - answer) ** 2), abs=0.51)
        assert told[2] == pytest.approx(ANGLES.var(), abs=0.51)
        assert told[3] == pytest.approx(ANGLES.mean(), abs=0.051)
        near = 100 * np.mean(np.abs(ANGLES - answer) < 2.5)
        assert told[4] == pytest.approx(near, abs=0.06)


def test_trainings_are_those_that_are_stored(visit):
    page = open_figure(visit, "rates")
    steps, trainings = interactive.stored_rates()
    rates = sorted({rate for rate, *_ in trainings})
    for rate_keys, seed_keys in ([], []), (["Home"], ["End"]), (["End"], ["ArrowLeft"]):
        rate = rates[int(move(page, "rate", *rate_keys)) - 1]
        seed = move(page, "seed", *seed_keys)
        name = page.locator("label", has_text="learning rate").locator("span").nth(1)
        assert float(name.inner_text()) == rate
        (gaps,) = (gaps for r, s, *gaps in trainings if (r, s) == (rate, seed))
        step, gap = drawn(page, "concat_0_layer_1_marks", "step", "gap")
        assert np.array_equal(step, steps)
        assert np.array_equal(gap, gaps)
        told = numbers(readout(page))
        assert told[:2] == [rate, seed]
        assert told[2] == pytest.approx(gaps[-1], abs=0.0051)


# --- Moved on the drawing itself ------------------------------------------------------


def middle(page, i):
    box = page.locator(".interactive-grip").nth(i).bounding_box()
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


def drag(page, how, start, end):
    """From one place of the window to another, by mouse or by a finger."""
    way = [start + (end - start) * part for part in (0.3, 0.7, 1)]
    if how == "mouse":
        page.mouse.move(*start)
        page.mouse.down()
        for place in way:
            page.mouse.move(*place)
        page.mouse.up()
    else:
        session = page.context.new_cdp_session(page)
        touch = "Input.dispatchTouchEvent"

        def at(x, y):
            return [{"x": x, "y": y}]

        session.send(touch, {"type": "touchStart", "touchPoints": at(*start)})
        for place in way:
            session.send(touch, {"type": "touchMove", "touchPoints": at(*place)})
        session.send(touch, {"type": "touchEnd", "touchPoints": []})
    wait_until_drawn(page)


def ticks(page):
    return page.locator(".interactive-drawing .role-axis-label text").all_text_contents()


WAYS = {"mouse": ("light", "laptop", {}), "touch": ("dark", "phone", {"has_touch": True})}


@pytest.fixture(params=WAYS)
def hand(request, new_visit):
    """A visit, and how its reader points at things."""
    scheme, width, options = WAYS[request.param]
    visit = new_visit(scheme, width, **options)
    yield visit, request.param
    assert visit.problems == []


def slider(page, signal):
    return float(page.locator(f"input[data-signal={signal}]").input_value())


def test_peaks_and_shoulders_follow_the_hand(hand):
    visit, how = hand
    page = open_figure(visit, "explorer")
    page.locator(".interactive-stage").scroll_into_view_if_needed()
    before, told = ticks(page), readout(page)
    peak, others = middle(page, 0), [slider(page, s) for s in ("mu2", "w2", "sigma1")]
    goal = np.add(peak, (40, -30))
    drag(page, how, peak, goal)
    assert np.allclose(middle(page, 0), goal, atol=3)  # a step of the sliders
    assert slider(page, "mu1") > MU[0]
    assert slider(page, "w1") > PI[0]
    assert [slider(page, s) for s in ("mu2", "w2", "sigma1")] == others
    assert readout(page) != told
    shoulder = middle(page, 1)
    drag(page, how, shoulder, np.add(shoulder, (20, 0)))
    assert slider(page, "sigma1") > SIGMA[0]
    assert middle(page, 1)[0] == pytest.approx(shoulder[0] + 20, abs=3)
    assert ticks(page) == before
    page.mouse.move(*peak)  # nothing is held any more
    assert slider(page, "sigma1") > SIGMA[0]


LINES = {  # a slider, and the value of it for three quarters of the width
    "learned": ("x", 0.79),
    "training": ("snapshot", 4),
    "temperature": ("tau", 1.5),
    "answer": ("answer", 17.5),
    "responsibilities": ("target", 2.0),
    "rates": ("rate", 4),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_follows_the_hand(hand, name):
    visit, how = hand
    signal, value = LINES[name]
    page = open_figure(visit, name)
    move(page, signal, "Home")
    before, ground = ticks(page), page.locator(".interactive-ground").last
    ground.scroll_into_view_if_needed()
    assert ground.evaluate("e => getComputedStyle(e).touchAction") == "pan-y"
    box = ground.bounding_box()
    left, middle = box["x"], box["y"] + box["height"] / 2
    across = [np.array([left + part * box["width"], middle]) for part in (0.2, 0.75)]
    drag(page, how, *across)
    step = float(page.locator(f"input[data-signal={signal}]").get_attribute("step"))
    assert slider(page, signal) == pytest.approx(value, abs=1.01 * step)
    assert ticks(page) == before


def test_a_finger_on_a_line_still_scrolls_the_page(new_visit):
    page = open_figure(new_visit("light", "phone", has_touch=True), "temperature")
    ground = page.locator(".interactive-ground")
    ground.scroll_into_view_if_needed()
    box, tau = ground.bounding_box(), slider(page, "tau")
    page.evaluate("addEventListener('scroll', () => { window.scrolled = true })")
    start = np.array([box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2])
    drag(page, "touch", start, start - (0, 150))
    page.wait_for_function("window.scrolled")
    assert slider(page, "tau") == tau
    page.touchscreen.tap(*np.add(middle(page, 0), (30, -30)))  # a tap moves it
    page.wait_for_function(f"document.querySelector('.interactive input').value != {tau}")


def test_width_and_shift_of_the_forecast_follow_the_hand(hand):
    visit, how = hand
    page = open_figure(visit, "pit")
    page.locator(".interactive-stage").scroll_into_view_if_needed()
    for i, signal in enumerate(["shift", "factor"]):
        start, value = middle(page, i), slider(page, signal)
        drag(page, how, start, np.add(start, (25, 0)))
        assert slider(page, signal) > value + 0.2
        assert middle(page, i)[0] == pytest.approx(start[0] + 25, abs=3)


@each_figure
def test_no_axis_moves(visit, name):
    page = open_figure(visit, name)
    before = ticks(page)
    assert len(before) > 5
    assert all(before)
    for signal in [
        i.get_attribute("data-signal") for i in page.locator("figure input").all()
    ]:
        for key in ("Home", "End"):
            move(page, signal, key)
            assert ticks(page) == before


@each_figure
@pytest.mark.parametrize("room", [(390, 844), (1280, 800)])
def test_sliders_and_curves_are_seen_together(visit, name, room):
    visit.page.set_viewport_size(dict(zip(("width", "height"), room, strict=True)))
    page = open_figure(visit, name)
    box = page.locator(".interactive-live").bounding_box()
    bar = page.locator(".bd-header-article, .header-article").first.bounding_box()
    assert box["height"] + bar["height"] < room[1]
    sliders = page.locator(".interactive-controls").bounding_box()
    drawing = page.locator(".interactive-drawing").bounding_box()
    assert 0 <= drawing["y"] - sliders["y"] - sliders["height"] < 20


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_goes_through_the_epochs(new_visit, motion):
    page = open_figure(new_visit(reduced_motion=motion), "training")
    button = page.locator(".interactive-play")
    output = page.locator(".interactive-readout")
    assert button.inner_text() == "Play"  # it does not begin by itself
    assert slider(page, "snapshot") == 1
    button.click()
    assert button.inner_text() == "Pause"
    assert output.evaluate("e => e.ariaLive") == "off"  # not every frame is told
    page.wait_for_function("document.querySelector('.interactive input').value > 2")
    button.click()
    assert button.inner_text() == "Play"
    assert output.evaluate("e => e.ariaLive") == "polite"
    button.click()
    page.wait_for_function(
        "document.querySelector('.interactive-play').innerText === 'Play'"
    )
    assert slider(page, "snapshot") == len(EPOCHS)
    wait_until_drawn(page)
    assert numbers(readout(page))[0] == EPOCHS[-1]
