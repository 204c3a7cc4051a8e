"""Dreams of chapter 14: the NumPy code against both frameworks, and against the rules."""

import numpy as np
import pytest
from tolerances import SIGMAS, VALUE, assert_close

from mdn_book import dream, tunnel

RNG = np.random.default_rng


def made(framework, D=6, K=5, units=7):
    """A fresh model of the framework, what it exports, and what it says of inputs."""
    if framework == "torch":
        import torch

        from mdn_book import memory_torch as memory

        torch.manual_seed(0)
        model = memory.Memory(4 * D + 3, D, K, units)

        def says(x):
            with torch.no_grad():
                params, hit = model(torch.tensor(x).float())
            return [a.numpy() for a in (*params, hit)]
    else:
        import keras

        from mdn_book import memory_tensorflow as memory

        keras.utils.set_random_seed(0)
        model = memory.Memory(D, K, units)

        def says(x):
            params, hit = model(x.astype("float32"))
            return [np.asarray(a) for a in (*params, hit)]

        says(np.zeros((1, 1, 4 * D + 3)))
    return model, memory, says


@pytest.fixture(params=["torch", "tensorflow"])
def memory(request):
    return made(request.param)


def test_the_exported_weights_say_what_the_framework_says(memory):
    model, module, says = memory
    exported, rng = module.export(model), RNG(0)
    x = dream.inputs(rng.normal(size=(3, 6, 6)), rng.integers(-1, 2, (3, 6)))
    h, found = np.zeros((3, 7)), []
    for t in range(6):
        h = dream.gru(exported, x[:, t], h)
        found.append(dream.heads(exported, h))
    for one, other in zip(zip(*found, strict=True), says(x), strict=True):
        assert_close(np.stack(one, axis=1), other, 10 * VALUE["float32"])


def detached(a):
    return a.detach() if hasattr(a, "detach") else a


def test_training_lowers_the_loss(memory):
    model, module, _ = memory
    frames, a, hit = tunnel.episodes(64, 9, RNG(1))
    V, mean, _ = tunnel.pca(frames)
    z = (frames - mean) @ V.T
    x = dream.inputs(z[:, :-1], a[:, :-1])
    arrays = [np.float32(each) for each in (x, z[:, 1:], hit[:, :-1])]
    if module.__name__.endswith("torch"):
        import torch

        arrays = [torch.tensor(each) for each in arrays]
    before = np.asarray(detached(model.loss_of(*arrays)))
    module.train(model, x, z[:, 1:], hit[:, :-1], steps=40)
    assert np.asarray(detached(model.loss_of(*arrays))) < before - 1


def test_a_temperature_of_one_samples_from_the_mixture():
    """Moments of many dreamed z against those of the mixture."""
    rng = RNG(2)
    model = {"W": rng.normal(size=(27, 21)), "R": rng.normal(size=(7, 21))}
    model |= {"b": rng.normal(size=21), "c": rng.normal(size=21)}
    sizes = {"pi": 4, "mu": 24, "sigma": 24, "hit": 1}
    for name, size in sizes.items():
        model |= {name: 0.3 * rng.normal(size=(7, size)), f"{name}_b": np.zeros(size)}
    n = 200_000
    h, z, a = np.zeros((n, 7)), np.tile(rng.normal(size=6), (n, 1)), np.ones(n, int)
    h, z, _ = dream.dream_step(model, h, z, a, 1.0, rng.random(n), rng.normal(size=(n, 6)))
    log_pi, mu, log_sigma, _ = (part[0] for part in dream.heads(model, h[:1]))
    pi = np.exp(log_pi)[:, None]
    expected = (pi * mu).sum(axis=0)
    error = SIGMAS * z.std(axis=0) / n**0.5
    assert (abs(z.mean(axis=0) - expected) < error).all()
    variance = (pi * (np.exp(2 * log_sigma) + mu**2)).sum(axis=0) - expected**2
    assert_close(z.var(axis=0), variance, 0.02)


def test_a_low_temperature_takes_the_most_probable_component():
    rng = RNG(3)
    model = {"W": np.zeros((27, 21)), "R": np.zeros((7, 21)), "b": np.zeros(21)}
    model |= {"c": np.zeros(21), "pi": np.zeros((7, 3)), "pi_b": np.log([0.2, 0.5, 0.3])}
    model |= {"mu": np.zeros((7, 18)), "mu_b": np.arange(18.0)}
    model |= {"sigma": np.zeros((7, 18)), "sigma_b": np.zeros(18)}
    model |= {"hit": np.zeros((7, 1)), "hit_b": np.zeros(1)}
    h, z, a = np.zeros((50, 7)), np.zeros((50, 6)), np.zeros(50, int)
    u, e = rng.random(50), rng.normal(size=(50, 6))
    _, z, hit = dream.dream_step(model, h, z, a, 0.01, u, e)
    assert_close(z, np.arange(6.0, 12.0) + 0.1 * e, VALUE["float64"])
    assert (hit == 0.5).all()


def test_a_controller_turns_where_its_logit_is_the_largest():
    weights = np.zeros((3, 2))
    weights[0] = -1, 1  # for left and right
    weights[-1] = -1
    controller = dream.Controller(np.zeros(2), np.ones(2), weights.ravel())
    z = np.array([[-2.0, 0], [0, 0], [3, 0]])
    assert controller(z, np.zeros((3, 0))).tolist() == [-1, 0, 1]


def test_a_hidden_layer_is_two_linear_maps_with_tanh_between():
    rng = RNG(5)
    A, B = rng.normal(size=(9, 4)), rng.normal(size=(5, 2))
    flat = np.concatenate([A.ravel(), B.ravel()])
    z, h = rng.normal(size=(40, 6)), rng.normal(size=(40, 2))
    controller = dream.Controller(np.zeros(8), np.ones(8), flat, hidden=4)
    x = np.concatenate([z, h], axis=1)
    logits = np.tanh(x @ A[:-1] + A[-1]) @ B[:-1] + B[-1]
    left, right = logits.T
    best = np.argmax([left, 0 * left, right], axis=0) - 1
    assert (controller(z, h) == best).all()
    assert len(set(best)) == 3


def test_evolution_finds_what_pays():
    """The score is the share of right turns where the first feature is positive."""
    pytest.importorskip("cma")

    def play(controller, shape, rng):
        z = rng.normal(size=(*shape, 2))
        return controller(z, z[..., :0]) == np.where(z[..., 0] > 0, 1, -1)

    best, used = dream.evolve(play, np.zeros(2), np.ones(2), 0, generations=30)
    assert play(best, (2000,), RNG(6)).mean() > 0.9
    assert used == 30


def test_evolution_ends_where_all_survive():
    pytest.importorskip("cma")
    _, used = dream.evolve(lambda _, shape, rng: np.full(shape, 100), *np.ones((2, 2)), 0)
    assert used == 1


def test_the_world_is_the_same_for_a_player_in_and_out_of_the_model():
    """A controller that never turns dies at the rate of the rules."""
    rng = RNG(4)
    model = made("torch")[1].export(made("torch")[0])
    model |= {"V": np.eye(6, 28), "mean": np.zeros(28)}
    still = dream.Controller(np.zeros(6), np.ones(6), np.full(14, -1e-9))
    steps = dream.in_the_world(model, still, (20_000,), rng)
    survive = 1 - 0.5 * 3 / 7
    expected = 4 + sum(survive**i for i in range(1, tunnel.STEPS - 3))
    assert abs(steps.mean() - expected) < SIGMAS * steps.std() / 20_000**0.5
