"""The playground: its mathematics against NumPy, and all that one can do there."""

import json
import re
from functools import partial
from urllib.parse import parse_qsl

import numpy as np
import playground_picture
import pytest
from PIL import Image
from playwright.sync_api import expect

from mdn_book import data, problems
from mdn_utils import numpy as mdn_np

PAGE = "playground.html"
PRESS = 600  # steps of one press of the button
PLAYGROUND = "document.querySelector('.playground').playground"
DRAWN = "document.querySelector('.playground-map').toDataURL()"
MODELS = "const m = mixtureDensityNetworks();"
VIEW = f"""() => {{
    const plain = ([key, value]) => [key, value.length ? [...value] : value];
    return Object.fromEntries(Object.entries({PLAYGROUND}.view()).map(plain));
}}"""


@pytest.fixture
def page(new_visit):
    """The page of someone who wants less motion, where training takes the least time."""
    visit = new_visit(reduced_motion="reduce")
    yield visit.open(PAGE)
    assert visit.problems == []


def state(page):
    return page.evaluate(f"{PLAYGROUND}.state()")


def count(page):
    return len(state(page)["points"])


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_for_steps(page, steps):
    page.wait_for_function(f"{PLAYGROUND}.view()?.step >= {steps}", timeout=120_000)


def train(page):
    """Press the button, wait until it stops by itself, and return what it came to."""
    press(page, "Train")
    button = page.locator(".playground-train")
    expect(button).to_have_text("Pause")
    expect(button).to_have_text("Train", timeout=120_000)
    return page.evaluate(VIEW)


def choose(page, example):
    page.locator(f"[name=playground-example][value={example}]").check()


def place(page, u, v):
    """Where on the screen a point of the square lies, as the page itself sees it."""
    box = page.locator(".playground-map").bounding_box()
    strip = min(max(0.2 * box["width"], 64), 150)
    left, right = 40, box["width"] - strip - 12
    top, bottom = 24, box["height"] - 38
    return box["x"] + left + u * (right - left), box["y"] + bottom - v * (bottom - top)


def example(book, key, name=PAGE):
    return json.loads(book.parse(name).select_one(".playground-data").string)[key]


# --- The mathematics --------------------------------------------------------------------


def predict(w, x, H, outputs):
    units, bias, kernel, rest = np.split(w, [H, 2 * H, 2 * H + H * outputs])
    h = np.tanh(np.outer(x, units) + bias)
    return h @ kernel.reshape(outputs, H).T + rest


def nll(w, x, y, H, K, least):
    scores, mu, a = np.split(predict(w, x, H, 3 * K), 3, axis=1)
    log_pi = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    log_sigma = np.log(np.exp(a) + least)
    return mdn_np.nll(y[:, None], log_pi, mu[..., None], log_sigma[..., None])


def squares(w, x, y, H, **_):
    return np.mean((predict(w, x, H, 1)[:, 0] - y) ** 2)


def difference(loss, w, step=1e-6):
    """The gradient by central differences."""
    nudges = step * np.eye(len(w))
    return np.array([(loss(w + d) - loss(w - d)) / (2 * step) for d in nudges])


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_gradient_are_those_of_numpy(page, seed):
    rng = np.random.default_rng(seed)
    H, K = (int(n) for n in rng.integers([1, 1], [9, 7]))
    settings = {"H": H, "K": K, "least": float(rng.uniform(0, 0.3))}
    x, y = 2 * rng.standard_normal((2, 12))
    for name, exact, outputs in (("nll", nll, 3 * K), ("squares", squares, 1)):
        w = rng.standard_normal(2 * H + H * outputs + outputs)
        loss, gradient = page.evaluate(
            f"""([w, x, y, settings]) => {{
                {MODELS}
                const gradient = new Float64Array(w.length);
                return [m.{name}(w, x, y, settings, gradient), [...gradient]];
            }}""",
            [w.tolist(), x.tolist(), y.tolist(), settings],
        )
        own = partial(exact, x=x, y=y, **settings)
        assert loss == pytest.approx(own(w), abs=1e-6)
        np.testing.assert_allclose(gradient, difference(own, w), atol=1e-6)


def test_the_map_is_the_density_of_the_parameters(page):
    view = train(page)
    K, G = view["K"], view["G"]
    pi, mu, sigma = np.reshape(view["parameters"], (G, 3, K, 1)).transpose(1, 0, 2, 3)
    rows = 1 - (np.arange(G)[:, None, None] + 0.5) / G  # from the top
    p = np.exp(mdn_np.log_prob(rows, np.log(pi[..., 0]), mu, np.log(sigma)))
    shown = np.reshape(view["map"], (G, G)) / 1023
    inside = shown < 1  # the highest are cut off
    scale = shown[inside] @ np.sqrt(p[inside]) / np.sum(p[inside])
    np.testing.assert_allclose(shown[inside], scale * np.sqrt(p[inside]), atol=0.01)
    assert len(np.unique(view["map"])) > 500, "many shades"


# --- The examples -----------------------------------------------------------------------


def test_the_floors_are_exact(book):
    exact = {
        "inverse": problems.ToyInverse().entropy,
        "forward": problems.ToyForward().entropy,
        "sine": problems.SineInverse().entropy,
    }
    for key in ("inverse", "forward", "sine", "lanes", "spiral", "stars"):
        assert example(book, key)["floor"] == exact.get(key), key


def test_the_stars_are_stars(book):
    found = example(book, "stars")
    low, high = np.array(found["low"]), np.array(found["high"])
    points = low + np.reshape(found["points"], (-1, 2)) / 9999 * (high - low)
    table = np.hstack(data.stars())
    off = [np.abs((table - point) / (high - low)).max(axis=1).min() for point in points]
    assert len(points) == 600
    assert max(off) < 1e-4
    assert high[1] < low[1], "the brighter stand above"


# --- Learning ---------------------------------------------------------------------------


def test_it_learns_what_least_squares_cannot(book, page):
    floor = problems.ToyInverse().entropy
    view = train(page)
    assert view["step"] == PRESS
    assert floor - 0.05 < view["train"] < floor + 0.3
    assert view["held"] < floor + 0.3
    assert view["train"] < view["squares"] - 0.6
    # The exact least squares, a Gaussian of one width, is what the other network nears.
    gaussian = 0.5 * np.log(2 * np.pi * np.e * problems.ToyInverse().bayes_mse)
    assert abs(view["squares"] - gaussian) < 0.15
    # Where there are two branches, the line lies between them.
    found = example(book, "inverse")
    (x_low, y_low), (x_high, y_high) = found["low"], found["high"]
    x = 0.34
    line = view["curve"][int((x - x_low) / (x_high - x_low) * view["G"])]
    (_, below), (above, _) = problems.ToyInverse().branches([[x]])[0]
    assert below < y_low + line * (y_high - y_low) < above


def test_one_answer_is_enough_for_the_forward_toy(page):
    choose(page, "forward")
    view = train(page)
    assert abs(view["train"] - view["squares"]) < 0.2


def test_too_large_a_network_learns_the_points_by_heart(new_visit):
    visit = new_visit(reduced_motion="reduce")
    noise = np.random.default_rng(1).random((24, 2))
    points = [[x, y, i % 2] for i, (x, y) in enumerate(noise.tolist())]
    page = visit.open(PAGE + "#example=own&K=4&H=40&least=-2&rate=-1.75")
    page.evaluate(f"p => {{ {PLAYGROUND}.state().points = p }}", points)
    view = train(page)
    assert view["held"] > view["train"] + 1


def test_it_pauses_steps_and_begins_again(page):
    press(page, "Step")
    wait_for_steps(page, 1)
    first = page.evaluate(VIEW)["train"]
    press(page, "Train")
    wait_for_steps(page, 3)
    press(page, "Pause")
    expect(page.locator(".playground-words")).to_contain_text("After")
    page.wait_for_function(f"""() => new Promise(then => {{
        const before = {PLAYGROUND}.view().step;  // what is on its way may still come
        setTimeout(() => then({PLAYGROUND}.view().step === before), 200);
    }})""")
    assert page.evaluate(VIEW)["step"] < PRESS
    press(page, "Reset")
    assert page.evaluate(f"{PLAYGROUND}.view()") is None
    press(page, "Step")
    wait_for_steps(page, 1)
    assert page.evaluate(VIEW)["train"] == first, "the same start, the same numbers"


def test_a_setting_of_the_network_begins_again_and_others_go_on(page):
    press(page, "Step")
    wait_for_steps(page, 1)
    page.locator("[data-set=rate]").press("ArrowRight")
    assert page.evaluate(VIEW)["step"] == 1
    page.locator("[data-set=K]").press("ArrowRight")
    assert page.evaluate(f"{PLAYGROUND}.view()") is None
    press(page, "Step")
    wait_for_steps(page, 1)
    assert page.evaluate(VIEW)["K"] == state(page)["K"] == 4


# --- Drawing ----------------------------------------------------------------------------


def test_the_mouse_draws_and_erases(page):
    choose(page, "own")
    assert count(page) == 0
    press(page, "Train")
    expect(page.locator(".playground-words")).to_contain_text("at least 8 points")
    page.locator(".playground-map").scroll_into_view_if_needed()
    page.mouse.click(*place(page, 0.25, 0.75))
    (point,) = state(page)["points"]
    assert point[:2] == pytest.approx([0.25, 0.75], abs=0.005)
    page.mouse.move(*place(page, 0.1, 0.3))
    page.mouse.down()
    page.mouse.move(*place(page, 0.9, 0.3), steps=30)
    page.mouse.up()
    drawn = np.array(state(page)["points"])[1:]
    assert len(drawn) > 20
    assert np.ptp(drawn[:, 0]) > 0.7
    assert np.abs(drawn[:, 1] - 0.3).max() < 0.06
    press(page, "Erase")
    page.mouse.click(*place(page, 0.25, 0.75))
    assert count(page) == len(drawn)
    press(page, "Clear")
    assert count(page) == 0


def test_the_mouse_reads_where_it_does_not_draw(page):
    train(page)
    before = count(page)
    words = page.locator(".playground-words")
    page.locator(".playground-map").scroll_into_view_if_needed()
    page.mouse.click(*place(page, 0.9, 0.5))
    page.mouse.up()
    expect(words).to_contain_text("At x = 0.9")
    assert count(page) == before


def test_a_finger_draws(new_visit):
    visit = new_visit("light", "phone", has_touch=True)
    page = visit.open(PAGE)
    canvas = page.locator(".playground-map")
    assert canvas.evaluate("c => getComputedStyle(c).touchAction") == "pan-y"
    choose(page, "own")
    assert canvas.evaluate("c => getComputedStyle(c).touchAction") == "none"
    canvas.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    page.touchscreen.tap(*place(page, 0.5, 0.5))
    assert count(page) == 1
    touch = page.context.new_cdp_session(page)
    for kind, v in [("touchStart", 0.8), *(("touchMove", 0.8 - i / 40) for i in range(25))]:
        x, y = place(page, 0.3, v)
        send = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        touch.send("Input.dispatchTouchEvent", send)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function(f"{PLAYGROUND}.state().points.length > 10")
    assert page.evaluate("scrollY") == top
    assert visit.problems == []


def test_the_keyboard_does_it_all(page):
    page.locator("[name=playground-example]").first.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    assert state(page)["example"] == "own"
    page.locator(".playground-map").focus()
    words = page.locator(".playground-words")
    for _ in range(10):
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
    assert count(page) == 10
    expect(words).to_contain_text("10 points")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    assert state(page)["points"][-1][1] == pytest.approx(0.6)
    page.keyboard.press("Delete")
    expect(words).to_contain_text("removed")
    assert count(page) == 10
    page.locator(".playground-train").focus()
    page.keyboard.press("Enter")
    wait_for_steps(page, 2)


# --- Links, words, files, paper -----------------------------------------------------------


def test_a_link_holds_the_state(new_visit):
    first, second = new_visit(), new_visit()
    page = first.open(PAGE)
    page.locator(".playground-map").focus()
    for _ in range(3):
        page.keyboard.press("Space")
        page.keyboard.press("Shift+ArrowUp")
    page.locator("[data-set=K]").press("End")
    page.locator("[data-set=least]").press("Home")
    page.locator("[data-set=seed]").press("ArrowRight")
    press(page, "Copy link")
    page.wait_for_url("**#example=inverse**")
    assert dict(parse_qsl(page.url.partition("#")[2]))["K"] == "12"
    left = state(page)
    there = state(second.open(page.url.removeprefix(first.site)))
    assert len(left["points"]) == 603
    np.testing.assert_allclose(there.pop("points"), left.pop("points"), atol=1 / 4000)
    assert there == left
    assert second.problems == []


@pytest.mark.parametrize("link", ["#example=nothing&K=99&H=x&points=!", "#what-you-see"])
def test_a_broken_link_does_no_harm(visit, link):
    page = visit.open(PAGE + link)
    assert 1 <= state(page)["K"] <= 12
    assert state(page)["H"] == 16


def test_it_says_what_it_shows_and_not_too_often(page):
    words = page.locator("[role=status].playground-words")
    expect(words).to_have_text("Inverse toy: 600 points. Press Train.")
    page.evaluate("""() => {
        window.said = 0;
        const count = new MutationObserver(() => { window.said += 1; });
        count.observe(document.querySelector(".playground-words"), {childList: true});
    }""")
    view = train(page)
    expect(words).to_contain_text("2 peaks")
    assert page.evaluate("window.said") <= 2
    text = page.locator(".playground-loss").get_attribute("aria-label")
    text = text.replace("\N{MINUS SIGN}", "-")
    assert f"density network {view['train']:.2f}" in text
    assert f"regression {view['squares']:.2f}" in text
    assert f"best possible {problems.ToyInverse().entropy:.2f}" in text
    assert "after 600 steps" in text


def test_the_words_follow_the_training(page):
    words, progress = (
        page.locator(f".playground-{name}") for name in ("words", "progress")
    )
    expect(progress).to_be_hidden()
    page.evaluate("""() => {
        window.shown = [];
        const progress = document.querySelector(".playground-progress");
        const keep = () => {
            if (progress.checkVisibility()) window.shown.push(progress.textContent);
        };
        new MutationObserver(keep).observe(progress, {childList: true});
    }""")
    train(page)
    expect(words).to_contain_text("After 600 steps")
    expect(progress).to_be_hidden()
    steps = [
        re.fullmatch(r"Learning: step (\d+) of 600\.", s) for s in page.evaluate("shown")
    ]
    assert 0 < int(steps[-1][1]) <= PRESS
    page.locator("[data-set=K]").press("ArrowRight")
    expect(words).to_have_text("Settings changed, so learning starts over. Press Train.")
    press(page, "Step")
    expect(words).to_contain_text("After 1 step.")
    choose(page, "sine")
    expect(words).to_have_text("Example changed, so learning starts over. Press Train.")
    train(page)
    expect(words).to_contain_text("After 600 steps")


def test_what_the_words_say_stands_below_the_map(page):
    press(page, "Copy link")
    words = page.locator(".playground-words")
    expect(words).to_contain_text("Link copied")
    canvas, said, button = (
        page.locator(f".playground-{name}").bounding_box()
        for name in ("map", "words", "train")
    )
    assert canvas["y"] + canvas["height"] <= said["y"]
    assert said["y"] + said["height"] <= button["y"]


def test_samples_need_a_trained_network(page):
    samples = page.locator("[data-do=samples]")
    expect(samples).to_be_disabled()
    train(page)
    bare = page.evaluate(DRAWN)
    press(page, "Show samples")
    expect(samples).to_have_text("Hide samples")
    assert page.evaluate(DRAWN) != bare
    choose(page, "forward")
    expect(samples).to_be_disabled()
    expect(samples).to_have_text("Show samples")


COUNT = """
    window.pictures = 0;
    const { putImageData } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.putImageData = function (...rest) {
        window.pictures += 1;
        return putImageData.apply(this, rest);
    };
"""


def test_who_wants_less_motion_sees_few_pictures(new_visit):
    pictures = {}
    for motion in ("no-preference", "reduce"):
        visit = new_visit(reduced_motion=motion)
        visit.page.add_init_script(COUNT)
        page = visit.open(PAGE)
        train(page)
        pictures[motion] = page.evaluate("window.pictures")
    assert pictures["reduce"] < pictures["no-preference"] / 3


def guide(page):
    """The one step that is seen."""
    steps = page.locator(".playground > ol > li:visible")
    expect(steps).to_have_count(1)
    return steps


def test_the_guide_goes_step_by_step(page):
    box = page.locator(".playground-steps").bounding_box()
    onward = page.locator("[data-do=next]")
    for i, (opening, label) in enumerate(
        [
            ("The dots", "Train and go on"),
            ("The pink line", "Next"),
            ("The green map", "Next"),
            ("One answer", "Next"),
        ]
    ):
        expect(page.locator(".playground-where")).to_have_text(f"Step {i + 1} of 5")
        expect(guide(page)).to_contain_text(opening)
        expect(onward).to_have_text(label)
        onward.click()
        assert page.locator(".playground-steps").bounding_box() == box, "nothing jumps"
        if i == 0:
            wait_for_steps(page, PRESS)
    expect(guide(page)).to_contain_text("Your turn")
    expect(onward).to_be_disabled()


def test_the_guide_speaks_of_what_is_shown(page):
    onward, back = (page.locator(f"[data-do={name}]") for name in ("next", "back"))
    choose(page, "sine")
    expect(guide(page)).to_contain_text("How many answers")
    expect(back).to_be_disabled()
    press(page, "To the guide")
    assert state(page)["example"] == "inverse"
    expect(guide(page)).to_contain_text("The dots")
    choose(page, "forward")
    expect(guide(page)).to_contain_text("Forward toy")
    press(page, "Back")
    assert state(page)["example"] == "inverse"
    expect(guide(page)).to_contain_text("The green map")
    wait_for_steps(page, 1)  # that is what this step speaks of
    choose(page, "own")
    expect(guide(page)).to_contain_text("Your turn")
    choose(page, "inverse")
    expect(guide(page)).to_contain_text("The dots")
    expect(onward).to_have_text("Train and go on")


def test_who_opens_a_link_is_told_so(visit):
    points = "".join("gAgA" for _ in range(10))
    page = visit.open(f"{PAGE}#example=own&points={points}")
    assert count(page) == 10
    expect(guide(page)).to_contain_text("Someone drew these points.")
    assert state(page)["K"] == 3, "as the link says"


def test_points_of_ones_own_begin_with_two_components(page):
    choose(page, "own")
    assert state(page)["K"] == 2
    page.locator("[data-set=K]").press("ArrowRight")
    press(page, "Clear")
    assert state(page)["K"] == 3


def test_own_points_leave_changed_settings_alone(page):
    page.locator("[data-set=K]").press("ArrowRight")
    choose(page, "own")
    assert state(page)["K"] == 4


def test_on_a_phone_the_map_and_the_button_are_seen_together(new_visit):
    page = new_visit("dark", "phone").open(PAGE)
    box = page.locator(".playground-view").bounding_box()
    button = page.locator(".playground-train").bounding_box()
    assert box["width"] >= 340
    assert button["y"] + button["height"] - box["y"] < 600
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_runs_as_a_file(book, new_visit):
    visit = new_visit(site=f"{book.html.as_uri()}/")
    view = train(visit.open(PAGE))
    assert view["train"] < view["squares"] - 0.6
    assert [s for s in visit.problems if "font" not in s and "ERR_FAILED" not in s] == []


def test_a_small_one_stands_in_the_first_chapter(book, new_visit):
    visit = new_visit("light", "phone")
    page = visit.open(book.chapters[0])
    page.locator(".playground-map").scroll_into_view_if_needed()
    view = train(page)
    assert view["train"] < view["squares"] - 0.6
    link = page.locator(".playground a[href='playground.html']")
    assert link.is_visible()
    assert visit.problems == []


def test_without_scripts_there_is_a_still(new_visit):
    page = new_visit(java_script_enabled=False).page
    page.goto(new_visit().site + PAGE)
    assert page.locator(".playground img").is_visible()
    assert page.locator(".playground-live:visible").count() == 0
    assert page.locator(".playground > ol > li:visible").count() == 5


def test_the_still_is_what_the_page_draws(book, browser, tmp_path):
    """Fonts and edges may differ a little. tools/playground_picture.py renews it."""
    fresh = tmp_path / "playground.png"
    playground_picture.draw(browser, fresh)
    old, new = (
        np.asarray(Image.open(path).convert("RGB").resize((64, 48)), dtype=float)
        for path in (playground_picture.PICTURE, fresh)
    )
    assert np.abs(old - new).mean() < 4
