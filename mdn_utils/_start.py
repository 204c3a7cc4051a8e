"""What both frameworks share of training, made in NumPy alone: rows, scaling, weights."""

import math
from itertools import pairwise
from numbers import Real

import numpy as np

from . import _check
from .numpy import generator

LEAST_ROWS, MOST_HELD, MOST_SCORED = 20, 500, 10_000
#: The recipe: chapter 9 shows what each of these brings.
START = {"sigma": 0.4, "ridge": 1.0}
NOISE = (0.5, 0.5), (1, 2), (1, 4)  # of inputs and targets, each over √N
MANY = 2000  # rows, for which the first of these will do
ROUND = 10  # steps


def levels(n, noise):
    """The noise to try, from small to large, for n rows to train on; or the one given."""
    if noise is None:
        return [(x / n**0.5, y / n**0.5) for x, y in NOISE[: 1 if n > MANY else None]]
    if np.shape(noise) != (2,):
        raise ValueError(f"noise must be None or a pair of numbers, got {noise!r}")
    x, y = noise
    _check.number("a finite number >= 0", **{"noise of x": x, "noise of y": y})
    return [(float(x), float(y))]


def running_average(average, new, n):
    """Weights after n others: the later count more, those before the last 10 hardly."""
    return average + (new - average) * max(1 / 10, 2 / (n + 2))


class Curves:
    """What a training leaves: its NLL by step, and the best state that it went through."""

    def __init__(self, noise, patience):
        self.noise, self.patience = noise, patience
        self.step, self.training, self.validation = [], [], []
        self.best, self.best_step, self.state = math.inf, 0, None

    def add(self, step, training, validation, state):
        """Keeps copies of a better state; returns whether there is still hope."""
        self.step.append(step)
        self.training.append(float(training))
        self.validation.append(float(validation))
        if self.validation[-1] < self.best:
            self.best, self.best_step, self.state = self.validation[-1], step, state()
        return step - self.best_step < self.patience

    def history(self):
        if self.state is None:
            rule = "validation rows must have a finite NLL after some step"
            do = "look for extreme values, or lower learning_rate"
            raise ValueError(f"{rule}, got {self.validation[-1]}; {do}")
        arrays = {n: np.array(getattr(self, n)) for n in ("step", "training", "validation")}
        return {**arrays, "noise": self.noise}


def options(seed, steps, batch_size, learning_rate, patience):
    """Refuse what no training can be made with."""
    _check.number("an integer >= 0", seed=seed)
    _check.number("a positive integer", steps=steps, batch_size=batch_size)
    _check.number("a positive number", learning_rate=learning_rate, patience=patience)


def split(network, x, y, validation, shuffle, seed):
    """Training and validation rows, two pairs (x, y) of arrays of float64."""
    columns = network.widths[0], network.head.D
    x, y = _table(x, y, columns)
    if len(x) < LEAST_ROWS:
        raise ValueError(f"x and y must have at least {LEAST_ROWS} rows, got {len(x)}")
    rule = "validation must be a share between 0 and 1, or a pair (x, y)"
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        held = _table(*validation, columns, "validation's ")
        if not len(held[0]):
            raise ValueError("validation must have at least one row, got none")
        return (x, y), held
    if isinstance(validation, (tuple, list)):
        raise ValueError(f"{rule}, got {len(validation)} of them")
    if not (isinstance(validation, Real) and 0 < validation < 1):
        raise ValueError(f"{rule}, got {validation!r}")
    if math.ceil(validation * len(x)) == len(x) <= MOST_HELD:
        rule = "validation must leave rows to train on"
        raise ValueError(f"{rule}, got a share of {validation!r} of {len(x)}")
    rows = np.arange(len(x))
    if shuffle:
        rows = generator(seed).permutation(rows)
    train, held = np.split(rows, [-min(math.ceil(validation * len(x)), MOST_HELD)])
    return (x[train], y[train]), (x[held], y[held])


def _table(x, y, columns, of=""):
    x, y = (
        _check.table(of + n, a, c) for n, a, c in zip("xy", (x, y), columns, strict=True)
    )
    _check.same_length(x, y)
    return x, y


def start(network, x, y, info, seed, steepness, sigma, head_scale, ridge):
    """What `mdn_utils.torch.initialize` describes: a dict of vectors, a list of arrays.

    These are the scaling by name, and kernel (inputs, units) and bias of each layer in the
    order of the network; info is the finfo of its float type.
    """
    head = network.head
    _check.number("a positive number", steepness=steepness, head_scale=head_scale)
    _check.number("a positive number", sigma=sigma)
    common = _check.scaling(1, head.D, head.noise)["y_scale"] < head.D
    x, x_mean, x_scale = _standardize("x", x, network.widths[0], info)
    y, y_mean, y_scale = _standardize("y", y, head.D, info, common)
    _check.same_length(x, y)
    scaling = {"x_mean": x_mean, "x_scale": x_scale, "y_mean": y_mean, "y_scale": y_scale}

    rng = generator(seed)
    layers, features = [], x[:: math.ceil(len(x) / MOST_SCORED)]
    for i, (inputs, width) in enumerate(pairwise(network.widths)):
        if i == 0:
            kernel = steepness / inputs**0.5 * rng.uniform(-1, 1, (inputs, width))
            place = rng.uniform(x.min(axis=0), x.max(axis=0), (width, inputs)).T
            bias = -(kernel * place).sum(axis=0)
        else:
            std = ((2 if network.activation == "relu" else 1) / inputs) ** 0.5
            kernel, bias = std * rng.standard_normal((inputs, width)), np.zeros(width)
        layers += [kernel, bias]
        features = features @ kernel + bias
        features = (
            np.maximum(features, 0) if network.activation == "relu" else np.tanh(features)
        )

    # what a ridge regression on the last features explains, the means follow from the start
    slope = np.zeros((network.widths[-1], head.D))
    if ridge is not None:
        _check.number("a positive number", ridge=ridge)
        y = y[:: math.ceil(len(y) / MOST_SCORED)]
        z = features - features.mean(axis=0)
        slope = np.linalg.solve(
            z.T @ z / len(z) + ridge * np.eye(z.shape[1]), z.T @ y / len(z)
        )
        y = y - z @ slope
        spread = y.std(axis=0)
        spread = np.sqrt((spread**2).mean(keepdims=True)) if common else spread
        sigma = sigma * np.where(spread > 0, spread, 1)

    biases = {n: np.zeros(a) for n, a in _check.layers(head.noise, head.K, head.D).items()}
    if head.D == 1:
        biases["mu"] = np.quantile(y, (np.arange(head.K) + 0.5) / head.K)
    elif len(y) >= head.K:
        biases["mu"] = y[rng.choice(len(y), head.K, replace=False)]
    else:
        rule = f"y must have at least K = {head.K} rows to draw means from"
        raise ValueError(f"{rule}, got {len(y)}")
    if "log_sigma" in biases:
        biases["log_sigma"] += np.log(sigma)
    biases["mu"] = biases["mu"].reshape(head.K, head.D) - features.mean(axis=0) @ slope
    for name, bias in biases.items():
        kernel = rng.uniform(-1, 1, (network.widths[-1], bias.size))
        kernel *= head_scale / network.widths[-1] ** 0.5
        if name == "mu":
            kernel += np.tile(slope, head.K)
        layers += [kernel, bias.ravel()]
    return scaling, layers


def _standardize(name, a, columns, info, common=False):
    """The columns in their own units, and the mean and the scale of each."""
    a = _check.table(name, a, columns)
    constant = a.max(axis=0) == a.min(axis=0)  # rounding makes their std small, not 0
    mean = np.where(constant, a[0], a.mean(axis=0))
    std = np.where(constant, 0, a.std(axis=0))
    high = np.abs(a).max(axis=0)
    for column in np.flatnonzero((info.eps * high > 0.01 * std) & ~constant)[:1]:
        raise ValueError(
            f"{name} must vary by more than rounding at its offset, got column {column} "
            f"with values up to {high[column]:.6g} and a standard deviation of "
            f"{std[column]:.3g}; subtract a constant from it in float64 first"
        )
    scale = np.sqrt((std**2).mean(keepdims=True)) if common else std
    scale = np.where(scale > 0, scale, 1)
    if (bad := scale[(scale < info.tiny) | (scale > info.max)]).size:
        rule = f"{name} must have a spread that {info.dtype} can hold"
        raise ValueError(f"{rule}, got a standard deviation of {bad[0]:.3g}")
    return (a - mean) / scale, mean, scale
