"""The dream in the page against the dream in NumPy, and played by hand."""

import numpy as np
import pytest

from mdn_book import dream, dream_player, tunnel

RNG = np.random.default_rng


@pytest.fixture(scope="module")
def model():
    """Made-up weights of the sizes of chapter 14, as half precision leaves them."""
    rng, U, K, D = RNG(0), 48, 32, 6
    shapes = {"V": (D, 28), "mean": (28,), "W": (27, 3 * U), "R": (U, 3 * U)}
    shapes |= {"b": (3 * U,), "c": (3 * U,)}
    for name, size in {"pi": K, "mu": K * D, "sigma": K * D, "hit": 1}.items():
        shapes |= {name: (U, size), f"{name}_b": (size,)}
    made = {name: 0.3 * rng.normal(size=shape) for name, shape in shapes.items()}
    return {name: np.float64(np.float16(a)) for name, a in made.items()}


@pytest.fixture
def player(browser, model):
    page = browser.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    html = dream_player.page(model, {"random": (None, 7.66), "C": (31.6, 36.42)})
    page.set_content(f"<!doctype html><html><body>{html}</body></html>")
    yield page
    assert problems == []
    page.close()


def test_the_weights_of_the_page_are_small(model):
    assert len(dream_player.packed(model)) < 150_000


def test_the_page_dreams_as_numpy_does(player, model):
    rng = RNG(1)
    h, z = np.zeros((1, 48)), rng.normal(size=(1, 6))
    u, e = rng.random(20), rng.normal(size=(20, 6))
    turns, tau = rng.integers(-1, 2, 20), rng.uniform(0.2, 1.4, 20)
    found = player.evaluate(
        """([packed, z, u, e, turns, tau]) => {
            const { Dream, halves } = window.dreamPlayer;
            const arrays = Object.entries(JSON.parse(packed));
            const dream = new Dream(Object.fromEntries(
                arrays.map(([name, value]) => [name, halves(value)])));
            let h = new Float64Array(48);
            return turns.map((a, t) => {
                const next = dream.step(h, z, a, tau[t], u[t], e[t]);
                ({ h, z } = next);
                return [[...h], [...z], next.hit];
            });
        }""",
        [dream_player.packed(model), z[0].tolist(), u.tolist(), e.tolist(),
         turns.tolist(), tau.tolist()],
    )  # fmt: skip
    for t, (h_page, z_page, hit_page) in enumerate(found):
        one = turns[t : t + 1], tau[t], u[t : t + 1], e[t]
        h, z, hit = dream.dream_step(model, h, z, *one)
        assert abs(h[0] - h_page).max() < 1e-9
        assert abs(z[0] - z_page).max() < 1e-9
        assert abs(hit[0] - hit_page) < 1e-9


def test_the_page_encodes_and_decodes_as_numpy_does(player, model):
    frame = tunnel.frame(np.array([[2, 7, 7, 5]]), RNG(2))[0]
    z, back = player.evaluate(
        """([packed, frame]) => {
            const { Dream, halves } = window.dreamPlayer;
            const arrays = Object.entries(JSON.parse(packed));
            const dream = new Dream(Object.fromEntries(
                arrays.map(([name, value]) => [name, halves(value)])));
            const z = dream.encode(frame);
            return [[...z], [...dream.decode(z)]];
        }""",
        [dream_player.packed(model), frame.tolist()],
    )
    expected = (frame - model["mean"]) @ model["V"].T
    assert abs(expected - z).max() < 1e-9
    assert abs(expected @ model["V"] + model["mean"] - back).max() < 1e-9


def test_the_tunnel_of_the_page_has_the_rules_of_python(player):
    """The score of a player who never turns, over many episodes."""
    steps = player.evaluate(
        """() => Array.from({ length: 4000 }, () => {
            const tunnel = new window.dreamPlayer.Tunnel();
            let steps = 0;
            while (steps < 100 && !tunnel.step(0)) steps++;
            return steps;
        })"""
    )
    survive = 1 - 0.5 * 3 / 7
    expected = 4 + sum(survive**i for i in range(1, tunnel.STEPS - 3))
    assert abs(np.mean(steps) - expected) < 5 * np.std(steps) / 4000**0.5


def test_a_turn_by_button_and_by_key_goes_to_both(player):
    says = player.locator(".dream-says")
    assert "empty" in says.inner_text()
    player.get_by_role("button", name="left").click()
    assert says.inner_text().startswith("Dream: ")
    assert "World: 1 steps" in says.inner_text()
    player.keyboard.press("ArrowRight")
    assert "World: 2 steps" in says.inner_text()
    player.get_by_role("button", name="again").click()
    assert "empty" in says.inner_text()


def test_the_scores_stand_beside_those_of_the_reader(player):
    table = player.locator(".dream-player table")
    assert "random\t–\t7.7" in table.inner_text()
    assert "C\t31.6\t36.4" in table.inner_text()
    for _ in range(100):
        player.get_by_role("button", name="stay").click()
        if "game" in table.inner_text():
            break
    you = table.locator("tbody tr").first.inner_text().split("\t")
    said = player.locator(".dream-says").inner_text()
    assert you[0] == "you, 1 game"
    assert f"Dream: {float(you[1]):.0f} steps" in said
    assert f"World: {float(you[2]):.0f} steps" in said


def test_the_slider_says_its_value(player):
    player.locator(".dream-tau").focus()
    player.keyboard.press("ArrowLeft")
    assert player.locator(".dream-tau-value").inner_text() == "0.95"
