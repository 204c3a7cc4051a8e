"""The small world of chapter 14 against simulation, enumeration and SciPy."""

import itertools
from functools import cache

import numpy as np
import pytest
from scipy.special import log_softmax
from tolerances import ORACLE, SIGMAS, VALUE, assert_close

from mdn_book import tunnel

RNG = np.random.default_rng


def test_a_bar_in_front_of_the_agent_hits_unless_it_turns_two_columns_away():
    for center in range(tunnel.W):
        for a in (-1, 0, 1):
            rows = tunnel.empty(1)
            rows[0, 0] = center
            _, hit = tunnel.step(rows, np.array([a]), RNG(0))
            offset = (center - a + 3) % 7 - 3
            assert hit[0] == (abs(offset) <= 1)


def test_a_turn_moves_all_columns_of_the_ring():
    rows = np.array([[0, 3, tunnel.NONE, 6]])
    after, _ = tunnel.step(rows, np.array([1]), RNG(0))
    for row, moved in zip(rows[0, 1:], after[0, :-1], strict=True):
        assert (np.roll(tunnel.PIXELS[row], -1) == tunnel.PIXELS[moved]).all()


def test_a_frame_hides_the_middle_and_carries_the_noise():
    rows = np.tile([0, 3, 4, 6], (20_000, 1))
    frames = tunnel.frame(rows, RNG(1)).reshape(-1, tunnel.H, tunnel.W)
    assert abs(frames[:, tunnel.DARK].mean()) < 0.002
    assert abs(frames.std(axis=0) - tunnel.SIGMA).max() < 0.01
    assert abs(frames[:, 0].mean(axis=0) - tunnel.PIXELS[0]).max() < 0.01


def test_new_rows_are_as_probable_as_the_rules_say():
    rows, _ = tunnel.step(tunnel.empty(100_000), np.zeros(100_000, int), RNG(2))
    share = np.bincount(rows[:, -1], minlength=8) / len(rows)
    assert abs(share - tunnel.NEW).max() < 0.006


@pytest.mark.parametrize("bar", [0.5, 0.9])
def test_the_optimum_is_that_of_a_plain_recursion(bar):
    """One state at a time, in plain Python, with the rules written a second time."""

    @cache
    def value(rows, steps):
        if steps == 0:
            return 0
        best = 0
        for a in (-1, 0, 1):
            turned = [row if row is None else (row - a) % 7 for row in rows]
            if turned[0] in (6, 0, 1):
                continue
            ahead = (1 - bar) * value((*turned[1:], None), steps - 1)
            for new in range(7):
                ahead += bar / 7 * value((*turned[1:], new), steps - 1)
            best = max(best, 1 + ahead)
        return best

    found = tunnel.optimal(bar, steps=12)
    assert_close(found, value((None,) * 4, 12), VALUE["float64"])
    assert found < 12


def test_a_random_player_scores_what_a_markov_chain_says():
    """Each step survives with probability 1 - ½ · 3/7 after three empty rows."""
    survive = 1 - 0.5 * 3 / 7
    expected = 4 + sum(survive**i for i in range(1, tunnel.STEPS - 4 + 1))
    rng = RNG(4)
    steps = tunnel.score(lambda f, r: rng.integers(-1, 2, len(r)), 50_000, rng)
    assert abs(steps.mean() - expected) < SIGMAS * steps.std() / 50_000**0.5


def test_the_spectrum_is_that_of_many_frames():
    frames, *_ = tunnel.episodes(20_000, 6, RNG(5))
    _, _, values = tunnel.pca(frames[:, -1])
    assert abs(values - tunnel.spectrum()).max() < 0.02


@pytest.fixture
def fitted():
    frames, a, _ = tunnel.episodes(400, 8, RNG(6))
    V, mean, _ = tunnel.pca(frames)
    return tunnel.Filter(V, mean), V, mean, (frames - mean) @ V.T, a


def test_the_filter_agrees_with_an_enumeration_of_all_histories(fitted):
    exact, V, mean, z, a = fitted
    T = 5
    log_pi = exact.log_weights(z[:2, :T], a[:2, :T])
    for episode in range(2):
        total = {}
        for new in itertools.product(range(8), repeat=T):
            rows, log_w = tunnel.empty(1)[0], 0.0
            for t in range(T):
                center = (tunnel.clean(rows) - mean) @ V.T
                log_w -= 0.5 * ((z[episode, t] - center) ** 2).sum() / tunnel.SIGMA**2
                log_w += np.log(tunnel.NEW[new[t]])
                rows = np.append(tunnel.turn(rows, a[episode, t])[1:], new[t])
            pair = rows[0], rows[-1]
            total[pair] = np.logaddexp(total.get(pair, -np.inf), log_w)
        found = np.full((8, 8), -np.inf)
        for pair, value in total.items():
            found[pair] = value
        p, q = np.exp(log_softmax(found.ravel())), np.exp(log_pi[episode, T - 1])
        assert_close(q, p, ORACLE["scipy"])


def test_the_mixture_of_the_filter_holds_the_frames_that_are_possible(fitted):
    exact, V, mean, z, a = fitted
    _, mu, log_sigma = exact.mixture(exact.log_weights(z[:1, :3], a[:1, :3]))
    rows = np.array([tunnel.NONE] * 4)
    rows[[0, -1]] = 2, 5
    center = (tunnel.clean(rows) - mean) @ V.T
    assert_close(mu[0, 0, 8 * 2 + 5], center, VALUE["float64"])
    assert_close(np.exp(log_sigma), tunnel.SIGMA, VALUE["float64"])


@pytest.mark.parametrize("tau", [0.3, 1.0, 2.5])
def test_a_tempered_world_has_the_powers_of_its_probabilities(tau):
    powers = tunnel.NEW ** (1 / tau)
    share = powers[:-1].sum() / powers.sum()
    assert_close(tunnel.tempered(tau), share, VALUE["float64"])
