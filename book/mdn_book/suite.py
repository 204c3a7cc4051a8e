"""Problems with an exact density, for choosing a training recipe and for measuring it.

`DEVELOPMENT` is what a recipe is chosen on, by its validation rows. `HELD_OUT` chooses
nothing: a recipe that is frozen is measured on it, once. Each problem draws rows and knows
the density that drew them, so the floor of a test set, ``-1/N Σ log p(y_n|x_n)``, is exact,
and a gap of two models on the same rows has little noise.

>>> problem = DEVELOPMENT["jump"]
>>> x, y = problem.sample(4000, np.random.default_rng(0))
>>> x.shape, y.shape, problem.log_prob(y, x).shape
((4000, 1), (4000, 1), (4000,))
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy import stats
from scipy.special import expit, log_softmax

from mdn_utils import numpy as mdn_np

from . import problems

__all__ = ["DEVELOPMENT", "HELD_OUT", "rows", "study"]

#: What tells the runs of the study apart.
KEY = ("part", "framework", "problem", "rows", "change", "seed")


@dataclass(frozen=True)
class Problem:
    """A density p(y|x) to draw from and to compare with.

    Attributes:
        name: its key.
        I: number of input dimensions.
        D: number of target dimensions.
        sample: function of n and rng, gives x (n, I) and y (n, D).
        log_prob: function of y and x, gives log p(y|x), shape (n,), in nats.
        noise: the noise model with which a network is trained on it.
        K: how many components that network has.
    """

    name: str
    I: int  # noqa: E741
    D: int
    sample: Callable
    log_prob: Callable
    noise: str = "diagonal"
    K: int = 10


def rows(problem, n, seed, kind="training"):
    """n rows of a problem; the three kinds never share a draw.

    Args:
        problem: one of `DEVELOPMENT` or `HELD_OUT`.
        n: how many.
        seed: an integer; equal seeds give the same rows.
        kind: "training"; "validation", to choose settings; or "test", to measure them.

    Returns:
        x, shape (n, I), and y, shape (n, D).

    >>> jump = DEVELOPMENT["jump"]
    >>> x, y = rows(jump, 100, seed=0)
    >>> bool((x == rows(jump, 100, seed=0, kind="test")[0]).any())
    False
    """
    kind = ["training", "validation", "test"].index(kind)
    return problem.sample(n, np.random.default_rng([*problem.name.encode(), n, kind, seed]))


def study():
    """The stored study, made by ``make study``: the scores of each run.

    Returns:
        a dict from keys, tuples of words and integers, to dicts of numbers: ``nll`` of the
        test rows, in nats, less its floor where there is one; ``line``, the same of a
        straight line with a constant covariance; ``seconds`` of one core; ``validation``,
        the NLL of the validation rows, which chapter 11 chooses by, otherwise NaN.

    >>> study()["frozen", "PyTorch", "wave", 300, "none", 100].keys()
    dict_keys(['nll', 'line', 'seconds', 'validation'])
    """
    table, numbers = {}, ("nll", "line", "seconds", "validation")
    with (files("mdn_book") / "study.csv").open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            key = (int(row[n]) if n in ("rows", "seed") else row[n] for n in KEY)
            table[tuple(key)] = {n: float(row[n] or "nan") for n in numbers}
    return table


# Families of problems


def _exact(name, problem, K):
    """One of `mdn_book.problems`."""

    def log_prob(y, x):
        with np.errstate(divide="ignore"):
            return np.log(problem.pdf(y, x))

    return Problem(name, 1, 1, problem.sample, log_prob, K=K)


def _continuous(name, inputs, distribution, I=1):  # noqa: E741
    """One target with a distribution of `scipy.stats`, frozen by a function of x."""

    def sample(n, rng):
        x = inputs(rng, (n, I))
        return x, distribution(x).rvs(random_state=rng, size=(n, 1))

    return Problem(name, I, 1, sample, lambda y, x: distribution(x).logpdf(y)[:, 0])


def _mixture(name, inputs, parameters, I, D, noise="diagonal", K=10):  # noqa: E741
    """A Gaussian mixture whose parameters are functions of x."""

    def sample(n, rng):
        x = inputs(rng, (n, I))
        return x, mdn_np.sample(*parameters(x), seed=rng)

    def log_prob(y, x):
        return mdn_np.log_prob(y, *parameters(x))

    return Problem(name, I, D, sample, log_prob, noise, K)


def _waves(seed, I, outputs, frequency=1.0):  # noqa: E741
    """A smooth random function of I inputs: sums of six waves, each output about ±1."""
    rng = np.random.default_rng(seed)
    direction = frequency * rng.standard_normal((I, 6)) * 1.5 / np.sqrt(I)
    phase, height = rng.uniform(0, 2 * np.pi, 6), rng.standard_normal((6, outputs))
    return lambda x: np.sin(x @ direction + phase) @ height / np.sqrt(3)


def _random_mixture(name, seed, I, D, branches, sigma, rho=0.0, noise="full", K=6):  # noqa: E741
    """Branches whose means, weights and spreads are waves; any two targets have rho."""
    means = _waves([seed, 0], I, branches * D)
    others = _waves([seed, 1], I, 2 * branches)

    def parameters(x):
        weight, spread = np.split(others(x), 2, axis=-1)
        mu = 2 * means(x).reshape(-1, branches, D)
        log_sigma = np.log(sigma) + 0.4 * spread
        return log_softmax(1.5 * weight, axis=-1), mu, *_noise(log_sigma, D, rho)

    return _mixture(name, _normal, parameters, I, D, noise, K)


def _noise(log_sigma, D, rho):
    """log_sigma and unit_tril of components (..., K) whose targets correlate by rho."""
    log_diagonal, unit = mdn_np.split_cholesky(
        np.linalg.cholesky((1 - rho) * np.eye(D) + rho)
    )
    log_sigma = log_sigma[..., None] + log_diagonal
    return log_sigma, np.broadcast_to(unit, (*log_sigma.shape, D))


def _normal(rng, shape):
    return rng.standard_normal(shape)


def _uniform(low, high):
    return lambda rng, shape: rng.uniform(low, high, shape)


# What a recipe is chosen on


def _line(x):
    return stats.norm(x @ [[1.0], [-2.0], [0.5]], 0.5)


def _wave(x):
    return stats.norm(np.sin(2 * x), 0.1 + 0.3 * expit(3 * x))


def _friedman(x):
    """Friedman (1991), with five of ten inputs that do not matter."""
    a, b, c, d, e = x.T[:5, :, None]
    return stats.norm(10 * np.sin(np.pi * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e, 1)


def _labels(x):
    """Four levels, of which the inputs make some more likely than others."""
    mu = np.broadcast_to(np.array([-2.0, -1.0, 0.5, 2.0])[:, None], (len(x), 4, 1))
    score = x @ np.array([[2.0, 0, -1, 0], [0, 1, 0, -1], [0.5, -1, 1, 0]])
    return log_softmax(score, axis=-1), mu, np.full((1, 1, 1), np.log(0.1))


def _three_branches(x):
    """Three places around a center; the last input turns them, the first widens them."""
    a, b, c, d, e = x.T
    center = np.stack([a + 0.5 * np.sin(b), c - 0.5 * d], axis=-1)
    angle = e[:, None] / 2 + 2 * np.pi / 3 * np.arange(3)
    mu = center[:, None] + 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    log_pi = log_softmax(np.stack([a, b, 0 * a], axis=-1), axis=-1)
    return (
        log_pi,
        mu,
        *_noise(np.log(0.3) + 0.3 * np.tanh(a[:, None] + np.zeros(3)), 2, 0.6),
    )


def _correlated(x):
    """Two places, at each of which the targets tell nearly the same."""
    a, b = x.T
    center = np.stack([np.sin(a), np.cos(b)], axis=-1)[:, None]
    mu = center + np.array([[1.0, -1.0], [-1.0, 1.0]])
    log_pi = log_softmax(np.stack([b, 0 * b], axis=-1), axis=-1)
    return (
        log_pi,
        mu,
        *_noise(np.log(0.3) + 0.3 * np.tanh(a[:, None] + np.zeros(2)), 2, 0.99),
    )


def _three_targets(x):
    a, b, c, d = x.T
    mu = np.stack([np.sin(a + b), b * np.tanh(c), np.tanh(2 * d)], axis=-1)[:, None]
    return np.zeros((len(x), 1)), mu, *_noise(np.full((len(x), 1), np.log(0.4)), 3, 0.8)


def _collect(*found):
    return {problem.name: problem for problem in found}


#: The problems on which settings are chosen, by name.
DEVELOPMENT = _collect(
    _exact("inverse toy", problems.ToyInverse(), K=26),
    _exact("inverse sine", problems.SineInverse(), K=10),
    _continuous("wave", _uniform(-2, 2), _wave),
    _continuous("heavy tails", _uniform(-2, 2), lambda x: stats.t(3, x**2 / 2, 0.2)),
    _continuous("jump", _uniform(-1, 1), lambda x: stats.norm(np.sign(x), 0.1)),
    _continuous("skewed", _normal, lambda x: stats.lognorm(0.6, 0, np.exp(np.sin(x)))),
    _continuous("line", _normal, _line, I=3),
    _continuous("friedman", _uniform(0, 1), _friedman, I=10),
    _mixture("labels", _normal, _labels, I=3, D=1),
    _mixture("three branches", _normal, _three_branches, I=5, D=2, noise="full", K=6),
    _mixture("correlated", _normal, _correlated, I=2, D=2, noise="full", K=6),
    _mixture("three targets", _normal, _three_targets, I=4, D=3, noise="full", K=6),
)


# What it is measured on


def _circle(x):
    root = np.sqrt(1 - x**2)
    mu = np.stack([-root, root], axis=1)
    return (
        np.broadcast_to(np.log([0.3, 0.7]), mu.shape[:-1]),
        mu,
        np.log(0.05 + 0.05 * np.abs(x))[..., None],
    )


def _steps(x):
    return stats.norm(np.floor(3 * x), 0.05 + 0.1 * (x > 0))


def _slopes(x):
    return stats.norm(x @ np.linspace(-1, 1, 6)[:, None], np.exp(0.5 * x[:, :1] - 1))


#: The problems that choose nothing, by name.
HELD_OUT = _collect(
    _mixture("circle", _uniform(-0.95, 0.95), _circle, I=1, D=1),
    _continuous("steps", _uniform(-1, 1), _steps),
    _continuous(
        "laplace", _uniform(-2, 2), lambda x: stats.laplace(np.cos(2 * x), 0.1 + 0.1 * x**2)
    ),
    _continuous("gamma", _normal, lambda x: stats.gamma(2, scale=np.exp(0.7 * x))),
    _continuous("student", _uniform(-3, 3), lambda x: stats.t(4, np.tanh(2 * x), 0.15)),
    _continuous("slopes", _normal, _slopes, I=6),
    _random_mixture("two branches, one target", 11, 3, 1, 2, 0.15, noise="diagonal", K=10),
    _random_mixture("four branches, two inputs", 12, 2, 1, 4, 0.1, noise="diagonal", K=10),
    _random_mixture("two branches, eight inputs", 13, 8, 2, 2, 0.3, rho=0.5),
    _random_mixture("one branch, correlated", 14, 3, 2, 1, 0.3, rho=0.99),
    _random_mixture("three targets, two branches", 15, 3, 3, 2, 0.3, rho=0.9),
)
