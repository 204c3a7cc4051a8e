"""A small world with exact answers: the tunnel of chapter 14.

An agent flies through a tunnel. It sees a ring of W = 7 columns, centered on itself, and
H = 4 rows of it ahead. A row is empty or has one bar, three columns wide. Each step the
agent turns by a = -1, 0 or 1 column, so that the ring turns by -a, and all rows come one
nearer; the row that reaches the agent hits it if its bar covers the column of the agent.
A new farthest row has a bar with probability ½, at any column. The two rows in the middle
are in the dark: a frame shows them empty. A frame is H x W pixels of 0 and 1 with Gaussian
noise, σ = 0.25. The score of an episode is the number of steps survived, 100 at most.

A row is a number: 0 ... 6 is the column at the center of its bar, counted from the agent to
the right around the ring, and 7 is no bar. A state is H such numbers, the nearest row
first. All functions take any number of episodes at once, along the leading axes.

>>> rng = np.random.default_rng(0)
>>> rows = empty(3)
>>> rows, hit = step(rows, np.array([-1, 0, 1]), rng)
>>> rows.shape, hit.tolist()
((3, 4), [False, False, False])
>>> frame(rows, rng).shape
(3, 28)
"""

import numpy as np
from scipy.stats import chi2

from mdn_utils import numpy as mdn_np

__all__ = [
    "NEW",
    "SIGMA",
    "STEPS",
    "Filter",
    "H",
    "W",
    "empty",
    "episodes",
    "frame",
    "near_a_frame",
    "optimal",
    "pca",
    "score",
    "simpler",
    "spectrum",
    "step",
    "tempered",
]

W, H, STEPS = 7, 4, 100
SIGMA = 0.25
NONE = W  # the number of a row without a bar
DARK = [1, 2]
#: Probability of each of the 8 numbers in a new row.
NEW = np.array([0.5 / W] * W + [0.5])
#: Pixels (8, W) of each of the 8 numbers: column 0 is at the far left, 3 is the agent's.
PIXELS = np.zeros((W + 1, W))
for _center in range(W):
    PIXELS[_center, (_center + np.array([2, 3, 4])) % W] = 1


def empty(n):
    """n episodes at their start, (n, H)."""
    return np.full((n, H), NONE)


def turn(row, a):
    """The number of a row after the action a."""
    return np.where(row == NONE, NONE, (row - a) % W)


def hits(row):
    """Whether a row that reaches the agent hits it: its center is at -1, 0 or 1."""
    return np.isin(row, [0, 1, W - 1])


def step(rows, a, rng, bar=0.5):
    """The next state (n, H), and whether the nearest row hit; a (n,) in -1, 0, 1.

    ``bar`` is the probability of a bar in the new row.
    """
    rows = turn(rows, np.asarray(a)[..., None])
    new = np.where(rng.random(len(rows)) < bar, rng.integers(0, W, len(rows)), NONE)
    return np.column_stack([rows[:, 1:], new]), hits(rows[:, 0])


def clean(rows):
    """The frame (..., H W) without noise; the rows in the dark are empty."""
    pixels = PIXELS[rows]
    pixels[..., DARK, :] = 0
    return pixels.reshape(*np.shape(rows)[:-1], H * W)


def frame(rows, rng):
    """What the agent sees, (..., H W)."""
    pixels = clean(rows)
    return pixels + SIGMA * rng.standard_normal(pixels.shape)


def episodes(n, length, rng):
    """Frames (n, length, H W), actions (n, length) and hits of n random episodes.

    Action and hit t lead from frame t to frame t + 1; episodes run on after a hit.
    """
    rows, frames, actions, hit = empty(n), [], [], []
    for _ in range(length):
        frames.append(frame(rows, rng))
        actions.append(rng.integers(-1, 2, n))
        rows, h = step(rows, actions[-1], rng)
        hit.append(h)
    return np.stack(frames, 1), np.stack(actions, 1), np.stack(hit, 1)


def score(policy, n, rng, bar=0.5):
    """Steps survived in n episodes, (n,); ``policy(frames, rows)`` gives the actions."""
    rows, alive, steps = empty(n), np.ones(n, bool), np.zeros(n, int)
    for _ in range(STEPS):
        a = policy(frame(rows, rng), rows)
        rows, hit = step(rows, a, rng, bar)
        alive &= ~hit
        steps += alive
        if not alive.any():
            break
    return steps


def optimal(bar=0.5, seen=H, steps=STEPS):
    """Expected score of the best player who knows the next ``seen`` rows exactly.

    Dynamic programming over all states: V_t(s) = max_a E[1{no hit} (1 + V_{t+1}(s'))].

    >>> [round(optimal(seen=rows), 1) for rows in (1, 2, 3)], round(optimal(), 3)
    ([17.0, 76.2, 97.3], 99.126)
    """
    n, p = W + 1, np.array([bar / W] * W + [1 - bar])
    value = np.zeros((n,) * seen)
    row = np.arange(n)
    for _ in range(steps - (H - seen)):
        after = value @ p  # (n,) * (seen - 1): a new row comes in
        best = -np.inf
        for a in (-1, 0, 1):
            turned = turn(row, a)
            ahead = after[np.ix_(*[turned] * (seen - 1))] if seen > 1 else after
            alive = ~hits(turned).reshape(n, *[1] * (seen - 1))
            best = np.maximum(best, alive * (1 + ahead))
        value = best
    return float(value[(NONE,) * seen]) + H - seen  # at first all rows are empty


def spectrum():
    """The exact eigenvalues of the covariance of frames, (H W,), the largest first.

    Those of the visible rows are the squared sizes of the Fourier coefficients of a bar,
    divided by 2 W, at frequency 0 by 4 W. To all of them the noise adds σ².
    """
    power = np.abs(np.fft.fft(PIXELS[0])) ** 2 / (2 * W)
    power[0] /= 2
    rest = np.zeros(len(DARK) * W)
    return np.sort(np.concatenate([*[power] * (H - len(DARK)), rest]))[::-1] + SIGMA**2


class Filter:
    """The exact density of the next latent z' = V (frame' - mean), given all seen before.

    V (D, H W) has orthonormal rows, so the noise of z has σ in every direction. What is
    unknown are the rows: a belief gives each of them a probability for each of the 8
    numbers. The next frame shows row 2, turned, and a new row, so the density of z' is a
    mixture of 64 Gaussians: the means are those of all pairs of rows, the covariance σ² I.
    """

    def __init__(self, V, mean):
        pairs = np.full((W + 1, W + 1, H), NONE)
        pairs[..., 0] = np.arange(W + 1)[:, None]
        pairs[..., -1] = np.arange(W + 1)
        self.V = np.asarray(V)
        self.mu = (clean(pairs) - mean) @ self.V.T  # (8, 8, D)

    def likelihood(self, z):
        """p(z | rows 1 and 4), up to a factor, for z (..., D): shape (..., 8, 8)."""
        square = ((z[..., None, None, :] - self.mu) ** 2).sum(-1)
        square -= square.min(axis=(-2, -1), keepdims=True)
        return np.exp(-0.5 * square / SIGMA**2)

    def log_weights(self, z, a):
        """log π (n, T, 64) of the mixture for z at t + 1, from z (n, T, D) and a (n, T)."""
        n, T, _ = z.shape
        belief = np.zeros((H, n, W + 1))
        belief[..., NONE] = 1
        out = np.empty((n, T, (W + 1) ** 2))
        back = turn(np.arange(W + 1), -np.array([-1, 0, 1])[:, None])  # who turns into i
        for t in range(T):
            joint = belief[0][:, :, None] * belief[3][:, None, :] * self.likelihood(z[:, t])
            joint /= joint.sum(axis=(1, 2), keepdims=True)
            belief[0], belief[3] = joint.sum(axis=2), joint.sum(axis=1)
            turned = np.take_along_axis(belief, back[a[:, t] + 1][None], axis=2)
            belief = np.stack([*turned[1:], np.broadcast_to(NEW, (n, W + 1))])
            pair = belief[0][:, :, None] * NEW
            with np.errstate(divide="ignore"):
                out[:, t] = np.log(pair.reshape(n, -1))
        return out

    def mixture(self, log_pi):
        """log_pi, mu (64, D) and log_sigma (1, 1): parameters for `mdn_utils`."""
        mu = self.mu.reshape(*[1] * (log_pi.ndim - 1), -1, self.mu.shape[-1])
        return log_pi, mu, np.log(SIGMA) * np.ones_like(mu[..., :1, :1])


def simpler(z, log_pi, mu):
    """Log densities (n, T) of the next latent for the best model of each simpler kind.

    ``log_pi`` and ``mu`` are those of the exact mixture. One mixture for each dimension has
    the exact density of that dimension; one Gaussian has the exact mean and variances; and
    without memory, both visible rows are as if new.
    """
    log_sigma = np.log(SIGMA) * np.ones((1, 1, 1, 1, 1))
    each = mdn_np.log_prob(
        z[..., None], log_pi[:, :, None], mu[0, 0].T[None, None, :, :, None], log_sigma
    )
    exact = log_pi, mu, log_sigma[0]
    gaussian = (
        np.zeros((*z.shape[:2], 1)),
        mdn_np.mean(*exact)[..., None, :],
        0.5 * np.log(mdn_np.variance(*exact)[..., None, :]),
    )
    as_new = np.log(np.outer(NEW, NEW)).reshape(1, 1, -1)
    return {
        "one for each dimension": each.sum(axis=-1),
        "one Gaussian": mdn_np.log_prob(z, *gaussian),
        "no memory": mdn_np.log_prob(z, as_new, mu, log_sigma[0]),
    }


def pca(frames, D=6):
    """Directions V (D, H W), mean (H W,) and all eigenvalues, of frames (..., H W)."""
    flat = frames.reshape(-1, H * W)
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    return vectors[:, ::-1][:, :D].T, flat.mean(axis=0), values[::-1]


def near_a_frame(z, log_pi, mu):
    """The share of z (n, T, D) within the ball that holds 99% around a possible frame.

    Possible are those to which the exact filter gives a weight of 0.001 or more.
    """
    radius = SIGMA * np.sqrt(chi2.ppf(0.99, z.shape[-1]))
    distance = np.linalg.norm(z[..., None, :] - mu, axis=-1)
    distance[log_pi < np.log(1e-3)] = np.inf
    return float((distance.min(axis=-1) < radius).mean())


def tempered(tau):
    """Probability of a bar where the probabilities of the 8 numbers are tempered by τ.

    >>> [round(tempered(tau), 3) for tau in (0.5, 1.0, 1.3)]
    [0.125, 0.5, 0.61]
    """
    bar, none = W * (0.5 / W) ** (1 / tau), 0.5 ** (1 / tau)
    return bar / (bar + none)
