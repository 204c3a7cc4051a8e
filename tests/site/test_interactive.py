"""The figures with sliders: as specifications, on a page, and moved in a browser.

A small book is built that holds all four, of made-up mixtures. A slider is moved by the
keyboard there, and what the page then shows is compared with `mdn_utils.numpy`.
"""

import base64
import functools
import http.server
import json
import re
import sys
import threading

import chapters
import nbformat
import numpy as np
import pytest
import small_book
import test_pages
from bs4 import BeautifulSoup

from mdn_book import interactive, problems
from mdn_utils import numpy as mdn_np

alt = pytest.importorskip("altair")
vl_convert = pytest.importorskip("vl_convert")

browser = test_pages.browser  # the fixture

# --- What the figures show ------------------------------------------------------------

INVERSE = problems.ToyInverse()
DATA = INVERSE.sample(300, np.random.default_rng(0))
PI, MU, SIGMA = [0.3, 0.5, 0.2], [-2.0, 0.5, 2.0], [0.4, 0.8, 0.3]
STEPS = np.linspace(-0.09, 1.09, 60)[:, None]
INPUTS = np.quantile(DATA[0], (np.arange(101) + 0.5) / 101)[:, None]
EPOCHS = [1, 2, 4, 8]
LOSSES = np.linspace(0.1, -1.1, 8)


def mixtures(t, K=8, seed=1):
    """Weights, means and scales that vary with t, as a network's would."""
    a = np.random.default_rng(seed).normal(size=(6, K))
    log_pi = 2 * a[0] + 3 * a[1] * t
    log_pi -= np.log(np.exp(log_pi).sum(axis=-1, keepdims=True))
    mu = np.linspace(0.05, 0.95, K) + 0.2 * a[2] * t
    log_sigma = np.log(0.05) + 0.3 * a[4] + 0.3 * a[5] * t
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
}
each_figure = pytest.mark.parametrize("name", MAKE)


@functools.cache
def spec(name):
    return {**MAKE[name]().to_dict(), "$schema": interactive.SCHEMA}


# --- The specifications ---------------------------------------------------------------


@each_figure
@pytest.mark.parametrize("version", ["5.21", "6.4"], ids=["JupyterLab", "book"])
def test_both_versions_of_vega_lite_read_it(name, version):
    vega = vl_convert.vegalite_to_vega(spec(name), vl_version=version)
    assert any("bind" in signal for signal in vega["signals"])


@each_figure
def test_the_same_arrays_give_the_same_specification(name):
    assert {**MAKE[name]().to_dict(), "$schema": interactive.SCHEMA} == spec(name)


@each_figure
def test_no_number_has_needless_digits(name):
    text = json.dumps([spec(name).get("datasets"), spec(name).get("data")])
    assert not re.search(r"\d\.\d{6,}", text)


@each_figure
def test_show_displays_the_figure_and_a_still(name, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, raw: shown.append((bundle, raw))
    )
    interactive.show(MAKE[name]())
    ((bundle, raw),) = shown
    assert raw
    assert bundle[interactive.MIME_TYPE] == spec(name)
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert len(bundle["image/png"]) < 80_000
    assert "text/plain" in bundle


def test_on_colab_altair_itself_displays(monkeypatch):
    shown = []
    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setattr("IPython.display.display", shown.append)
    chart = MAKE["explorer"]()
    interactive.show(chart)
    assert shown == [chart]


@each_figure
def test_without_altair_a_chapter_goes_on(name, monkeypatch, capsys):
    monkeypatch.setattr(interactive, "alt", None)
    interactive.show(MAKE[name]())
    assert "pip install altair" in capsys.readouterr().out


def test_without_vl_convert_there_is_no_still(monkeypatch):
    shown = []
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setattr("IPython.display.display", lambda b, raw: shown.append(b))
    interactive.show(MAKE["explorer"]())
    assert set(shown[0]) == {interactive.MIME_TYPE, "text/plain"}


# --- The pages as files ---------------------------------------------------------------


def notebook(name):
    """A notebook with one figure, as a chapter stores it."""
    png = nbformat.v4.output_from_msg(
        {
            "header": {"msg_type": "display_data"},
            "content": {
                "data": {
                    interactive.MIME_TYPE: spec(name),
                    "image/png": base64.b64encode(still(name)).decode(),
                    "text/plain": "A figure with sliders",
                },
                "metadata": {},
            },
        }
    )
    options = {
        "figure": {"caption": f"Caption of {name}.", "name": f"fig-{name}"},
        "image": {"alt": f"What the figure {name} shows"},
    }
    prose = "A sentence. " * 200
    cells = [
        nbformat.v4.new_markdown_cell(f"# The page {name}\n\n{{numref}}`fig-{name}`"),
        nbformat.v4.new_code_cell("1", metadata={"mystnb": options}, outputs=[png]),
        nbformat.v4.new_markdown_cell(f"## After it\n\n{prose}"),
    ]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@functools.cache
def still(name):
    return interactive.still(spec(name))


def build(folder, builder):
    return small_book.build(
        folder,
        {name: notebook(name) for name in MAKE},
        builder,
        extensions=["myst_nb", "sphinx_book_theme", "interactive"],
        html_theme="sphinx_book_theme",
        html_context={"default_mode": "auto"},
        html_favicon=str(chapters.BOOK / "_static" / "favicon.svg"),
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return build(tmp_path_factory.mktemp("interactive"), "html")


def parse(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@each_figure
def test_it_is_a_figure_like_any_other(book, name):
    page = parse(book / f"{name}.html")
    (figure,) = page.select("figure")
    assert figure["id"] == f"fig-{name}"
    assert f"Caption of {name}." in figure.figcaption.get_text()
    assert figure.select_one(".interactive-still img")["alt"].startswith("What the")
    assert "Fig. " in page.select_one(f'a.reference[href="#fig-{name}"]').get_text()


@each_figure
def test_every_slider_has_a_label(book, name):
    bound = {p["name"]: p for p in spec(name)["params"] if "bind" in p}
    inputs = parse(book / f"{name}.html").select("figure input")
    assert [slider["data-signal"] for slider in inputs] == list(bound)
    for slider in inputs:
        param = bound[slider["data-signal"]]
        assert param["bind"]["name"] in slider.find_parent("label").get_text()
        assert float(slider["value"]) == param["value"]


@each_figure
def test_a_figure_weighs_at_most_300_kb(book, name):
    page = parse(book / f"{name}.html")
    block = page.select_one(".interactive")
    image = book / block.img["src"]
    assert len(str(block).encode()) + image.stat().st_size < 300_000


def test_vega_is_there_once_and_only_where_it_is_needed(book):
    assert [path.name for path in book.rglob("vega*.js")] == ["vega.js"]
    assert (book / "_static" / "vega.js").stat().st_size < 650_000
    for path in book.glob("*.html"):
        loads = bool(parse(path).select('script[src*="interactive.js"]'))
        assert loads == (path.stem in MAKE), path.name


def test_other_builders_show_the_still(tmp_path):
    (tex,) = build(tmp_path, "latex").glob("*.tex")
    text = tex.read_text()
    assert len(re.findall(r"includegraphics\S*\{\{", text)) == len(MAKE)
    assert "vega" not in text


# --- The pages in a browser -----------------------------------------------------------


@pytest.fixture(scope="module")
def site(book):
    handler = functools.partial(test_pages.QuietHandler, directory=book)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def visit(browser, site, request):
    visit = test_pages.Visit(browser, site, getattr(request, "param", "light"))
    visit.context.add_init_script(SHIFTS)
    yield visit
    visit.context.close()


def open_figure(visit, name, width=1280):
    """Open a page and wait until its figure is drawn."""
    visit.page.set_viewport_size({"width": width, "height": 900})
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


@pytest.mark.parametrize("visit", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("width", [1280, 390])
@each_figure
def test_it_is_drawn_and_nothing_moves(visit, name, width):
    page = open_figure(visit, name, width)
    page.wait_for_timeout(300)
    assert visit.problems == []
    assert page.evaluate("window.shifted") < 0.1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.locator(".interactive-still").is_visible()

    box = page.locator(".interactive-drawing").bounding_box()
    svg = page.locator(".interactive-drawing svg").bounding_box()
    assert box["width"] - 20 < svg["width"] <= box["width"] + 1 or svg["width"] > 640
    assert svg["height"] <= box["height"]
    # Dark ink on white, also where the page is dark.
    color = "getComputedStyle(document.querySelector('.interactive-drawing')).background"
    assert "rgb(255, 255, 255)" in page.evaluate(color)


@each_figure
def test_every_slider_is_reached_and_reset_by_keyboard(visit, name):
    page = open_figure(visit, name)
    before = readout(page)
    count = page.locator("figure input").count()
    page.locator("figure input").first.focus()
    for i in range(count):
        focused = "document.activeElement"
        assert page.evaluate(f"{focused}.dataset.signal") is not None
        assert page.evaluate(f"{focused}.matches(':focus-visible')")
        assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"
        page.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
        page.keyboard.press("Tab")
    wait_until_drawn(page)
    assert readout(page) != before
    page.keyboard.press("Enter")  # the button comes after the sliders
    wait_until_drawn(page)
    assert readout(page) == before
    assert visit.problems == []


@each_figure
def test_without_scripts_and_on_paper_the_still_is_there(browser, site, visit, name):
    page = open_figure(visit, name)
    page.emulate_media(media="print")
    assert page.locator(".interactive-still img").is_visible()
    assert not page.locator(".interactive-live").is_visible()

    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}{name}.html")
        assert page.locator(".interactive-still img").is_visible()
        assert not page.locator(".interactive-live").is_visible()
        assert page.locator("figure").bounding_box()["height"] < 600


def test_the_mixture_explorer_computes(visit):
    page = open_figure(visit, "explorer")
    moves = [[], [("mu2", ["ArrowRight"] * 9)], [("w1", ["End"])], [("w2", ["Home"])]]
    moves += [[("sigma3", ["Home"])], [("w1", ["Home"]), ("w3", ["Home"])]]
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
        pi = w / w.sum() if w.any() else np.full(3, 1 / 3)
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


@pytest.mark.parametrize(
    "keys", [[], ["Home"], ["ArrowRight"] * 12, ["End"], ["ArrowRight", "ArrowLeft"]]
)
def test_the_learned_density_is_drawn_at_the_slider(visit, keys):
    page = open_figure(visit, "learned")
    t = np.array([[move(page, "t", *keys)]])
    params = mixtures(t)
    x, density = drawn(page, "concat_1_layer_0_marks", "x", "density")
    exact = np.exp(mdn_np.log_prob(x[:, None, None], *params))[:, 0]
    assert np.allclose(density, exact, atol=0.02 * exact.max())  # of rounded parameters

    low, high, width = drawn(page, "concat_1_layer_1_marks", "low", "high", "height")
    branches = INVERSE.branches(t)[0]
    branches = branches[~np.isnan(branches[:, 0])]
    assert np.allclose(np.transpose([low, high]), branches, atol=6e-4)
    assert np.allclose(width, INVERSE.pdf(branches.mean(axis=-1)[:, None], t), rtol=0.01)

    told = numbers(readout(page))
    ends = [mdn_np.cdf(end[:, None, None], *params)[:, 0] for end in branches.T]
    learned = 100 * (ends[1] - ends[0])
    assert told[0] == t.item()
    assert np.allclose(told[3::4][: len(learned)], learned, atol=0.51)


@pytest.mark.parametrize("frame", range(len(EPOCHS)))
def test_training_shows_the_snapshot(visit, frame):
    page = open_figure(visit, "training")
    keys = ["End", "Home"] + ["ArrowRight"] * frame
    assert move(page, "snapshot", *keys) == frame + 1
    log_pi, mu, _ = SNAPSHOTS[frame]
    k, t, x, weight = drawn(page, "concat_0_layer_1_marks", "k", "t", "x", "weight")
    if not k.size:  # the marks of lines stand in a group for each line
        pytest.fail("no line is drawn")
    i = np.rint((t - STEPS[0]) / np.diff(STEPS[::2, 0])[0]).astype(int)
    assert np.allclose(x, mu[i, k.astype(int), 0], atol=6e-4)
    assert np.allclose(weight, np.exp(log_pi)[i, k.astype(int)], atol=6e-3)
    epoch, loss = numbers(readout(page))[:2]
    assert epoch == EPOCHS[frame]
    assert loss == pytest.approx(LOSSES[EPOCHS[frame] - 1], abs=6e-4)


@pytest.mark.parametrize("keys", [[], ["Home"], ["ArrowLeft"] * 10, ["End"]])
def test_samples_are_those_of_the_temperature(visit, keys):
    page = open_figure(visit, "temperature")
    tau = move(page, "tau", *keys)
    t, u, eps, x = drawn(page, "layer_0_marks", "t", "u", "eps", "x")
    assert len(x) == 3 * len(INPUTS)

    # The same by hand: choose by u among the components, in the order of their means.
    i = np.abs(t[:, None] - INPUTS[:, 0]).argmin(axis=-1)
    log_pi, mu, log_sigma = mixtures(INPUTS)
    order = np.argsort(mu[..., 0], axis=-1)
    weight, mean, scale = (
        np.take_along_axis(a, order, axis=-1)[i]
        for a in (np.exp(log_pi / tau), mu[..., 0], np.exp(log_sigma[..., 0]))
    )
    ends = weight.cumsum(axis=-1) / weight.sum(axis=-1, keepdims=True)
    k = (ends < u[:, None]).sum(axis=-1)
    rows = np.arange(len(x))
    by_hand = mean[rows, k] + np.sqrt(tau) * scale[rows, k] * eps
    assert np.mean(np.isclose(x, by_hand, atol=0.003)) > 0.98  # u may be at an end

    told = numbers(readout(page))
    impossible = (INVERSE.pdf(x[:, None], t[:, None]) == 0).sum()
    assert told[0] == tau
    assert told[1] == pytest.approx(impossible, abs=2)  # on the edge, but for rounding
    assert told[2] == len(x)
    near = INPUTS[[np.abs(INPUTS - 0.35).argmin()]]
    log_pi, mu, log_sigma = mixtures(near)
    log_pi = log_pi / tau - np.log(np.exp(log_pi / tau).sum())
    cold = log_pi, mu, log_sigma + 0.5 * np.log(tau)
    share = 100 * mdn_np.cdf(np.array([[0.37]]), *cold).item()
    assert told[-1] == pytest.approx(share, abs=1.5)
