"""The recurrent model of chapter 14 in NumPy, the dream it makes, and a controller for it.

A model is a dictionary of arrays: V (D, pixels) and mean of the frames; W (I, 3 U),
R (U, 3 U), b and c (3 U,) of a GRU of U units, gates in the order reset, update, new; and
of the heads pi (U, K), mu (U, K D), sigma (U, K D), hit (U, 1), each with its bias pi_b
and so on. Both frameworks export to it, so that one code dreams for both, and for the
page, too.
"""

import csv
from pathlib import Path

import numpy as np

from mdn_book import tunnel

__all__ = ["evolve", "gru", "in_the_dream", "in_the_world", "inputs", "study"]


def inputs(z, a):
    """z, the action as one of three, and their products: (..., 4 D + 3)."""
    one = np.eye(3, dtype=z.dtype)[np.asarray(a) + 1]
    product = one[..., :, None] * z[..., None, :]
    return np.concatenate([z, one, product.reshape(*z.shape[:-1], -1)], axis=-1)


def gru(model, x, h):
    """The next hidden state (n, U)."""
    U = h.shape[-1]
    one, two = x @ model["W"] + model["b"], h @ model["R"] + model["c"]
    gates = 1 / (1 + np.exp(-(one + two)[..., : 2 * U]))
    reset, update = gates[..., :U], gates[..., U:]
    new = np.tanh(one[..., 2 * U :] + reset * two[..., 2 * U :])
    return update * h + (1 - update) * new


def heads(model, h):
    """log_pi (n, K), mu and log_sigma (n, K, D), and the logit of a hit (n,)."""
    a, mu, log_sigma, hit = (
        h @ model[name] + model[f"{name}_b"] for name in ("pi", "mu", "sigma", "hit")
    )
    log_pi = a - a.max(axis=-1, keepdims=True)
    log_pi -= np.log(np.exp(log_pi).sum(axis=-1, keepdims=True))
    shape = (*a.shape, -1)
    return log_pi, mu.reshape(shape), log_sigma.reshape(shape), hit[..., 0]


def dream_step(model, h, z, a, tau, u, e):
    """The next h, z and the probability of a hit, at temperature τ.

    ``u`` (n,) uniform picks the component from the weights π^(1/τ), normalized; ``e``
    (n, D) normal is scaled by √τ σ.
    """
    h = gru(model, inputs(z, a), h)
    log_pi, mu, log_sigma, hit = heads(model, h)
    p = np.exp((log_pi - log_pi.max(axis=-1, keepdims=True)) / tau)
    cumulative = p.cumsum(axis=-1)
    k = (u[..., None] * cumulative[..., -1:] > cumulative).sum(axis=-1)
    rows = np.arange(len(k))
    z = mu[rows, k] + np.sqrt(tau) * np.exp(log_sigma[rows, k]) * e
    return h, z, 1 / (1 + np.exp(-hit))


class Controller:
    """Logits of left and right from the standardized z and h; that of stay is 0.

    ``weights`` (..., P), flat, are those of one linear layer, or of two with ``hidden``
    tanh units between them. Leading axes are as many controllers at once.
    """

    def __init__(self, shift, scale, weights, hidden=0):
        self.shift, self.scale, self.weights = shift, scale, np.asarray(weights)
        self.shapes = layers(len(shift), hidden)

    def __call__(self, z, h):
        x = np.concatenate([z, h], axis=-1)[..., : len(self.shift)]
        x, used = (x - self.shift) / self.scale, 0
        for i, (n, m) in enumerate(self.shapes):
            w = self.weights[..., used : used + n * m]
            w, used = w.reshape(*w.shape[:-1], n, m), used + n * m
            x = (np.tanh(x) if i else x) @ w[..., :-1, :] + w[..., -1:, :]
        left, right = x[..., 0], x[..., 1]
        return (right > np.maximum(left, 0)) * 1 - ((left >= right) & (left > 0))


def layers(features, hidden=0):
    """The shapes of a controller's layers, biases included."""
    return [(features + 1, hidden), (hidden + 1, 2)] if hidden else [(features + 1, 2)]


def first_latents(model, n, rng):
    """z of n episodes at their start."""
    return (tunnel.frame(tunnel.empty(n), rng) - model["mean"]) @ model["V"].T


def in_the_dream(model, controller, shape, tau, rng):
    """Steps survived in the dream, of the given shape."""
    n = int(np.prod(shape))
    z, h = first_latents(model, n, rng), np.zeros((n, model["R"].shape[0]))
    alive, steps = np.ones(n, bool), np.zeros(n, int)
    for _ in range(tunnel.STEPS):
        a = controller(z.reshape(*shape, -1), h.reshape(*shape, -1)).reshape(n)
        u, e = rng.random(n), rng.standard_normal(z.shape)
        h, z, hit = dream_step(model, h, z, a, tau, u, e)
        alive &= rng.random(n) >= hit
        steps += alive
        if not alive.any():
            break
    return steps.reshape(shape)


def in_the_world(model, controller, shape, rng, bar=0.5):
    """Steps survived in the tunnel itself, with the model as memory."""
    n = int(np.prod(shape))
    rows, h = tunnel.empty(n), np.zeros((n, model["R"].shape[0]))
    alive, steps = np.ones(n, bool), np.zeros(n, int)
    for _ in range(tunnel.STEPS):
        z = (tunnel.frame(rows, rng) - model["mean"]) @ model["V"].T
        a = controller(z.reshape(*shape, -1), h.reshape(*shape, -1)).reshape(n)
        h = gru(model, inputs(z, a), h)
        rows, hit = tunnel.step(rows, a, rng, bar)
        alive &= ~hit
        steps += alive
        if not alive.any():
            break
    return steps.reshape(shape)


def evolve(
    play, shift, scale, seed, *, hidden=0, generations=60, population=24, episodes=16
):
    """A controller by CMA-ES, and the number of generations that it took.

    ``play(controller, shape, rng)`` returns steps survived. The search ends early if a
    generation survives 99 steps on average: nothing is left to learn.
    """
    import cma

    size = sum(n * m for n, m in layers(len(shift), hidden))
    options = {"seed": seed + 1, "popsize": population, "verbose": -9}
    search = cma.CMAEvolutionStrategy(size * [0], 0.5, options)
    rng = np.random.default_rng(seed)
    for _ in range(generations):
        asked = np.array(search.ask())  # (population, P)
        controllers = Controller(shift, scale, asked, hidden)
        steps = play(controllers, (population, episodes), rng)
        search.tell(list(asked), list(-steps.mean(axis=1)))
        if steps.mean() > 0.99 * tunnel.STEPS:
            break
    return Controller(shift, scale, search.mean, hidden), search.countiter


def study():
    """The stored runs: what was measured, by (kind, name, seed)."""
    with Path(__file__).with_name("dream.csv").open() as file:
        table = csv.DictReader(line for line in file if not line.startswith("#"))
        return {
            (row.pop("kind"), row.pop("name"), int(row.pop("seed"))): {
                name: float(value) for name, value in row.items() if value
            }
            for row in table
        }
