"""What chapter 13 and ``make study`` share about the robot arm: rows, scores, the study.

`rows` draws pairs of position and angles, ``scores`` judges a mixture by where it brings
the hand, `stored` reads what ``make study`` stored.

>>> position, theta = rows(1000, seed=0, kind="training")
>>> position.shape, theta.shape
((1000, 2), (1000, 2))
"""

import csv
import io
from importlib.resources import files

import numpy as np

from mdn_utils import numpy as mdn_np

from .problems import RobotArm

__all__ = ["components", "distance", "layers", "rows", "scores", "show", "stored"]

#: What the pages draw as a figure to drag, by book/_ext/robot_arm.py.
MIME_TYPE = "application/vnd.mdn-book.robot-arm+json"

KEY = ("framework", "rows", "change", "seed")
SCORES = ("component", "peak", "sample", "branches", "angles", "weights", "nll", "seconds")
COLUMNS = (*KEY, *SCORES)

_ARM = RobotArm()


def rows(n, seed, kind):
    """n pairs position, theta, both (n, 2); the three kinds never share a draw.

    ``kind`` is "training"; "validation", to choose settings; or "test", to measure them.

    >>> bool((rows(20, 0, "test")[0] == rows(20, 0, "training")[0]).any())
    False
    """
    kind = ["training", "validation", "test"].index(kind)
    return _ARM.sample(n, np.random.default_rng([13, n, kind, seed]))


def distance(theta, position):
    """How far the hand is from the wanted position, shape (...).

    >>> distance([[np.pi / 2, np.pi]], [[0.0, 0.9]]).round(6).tolist()
    [0.1]
    """
    return np.linalg.norm(_ARM.forward(theta) - position, axis=-1)


def scores(params, position, seed=0):
    """How good a mixture over the angles is for the positions (n, 2).

    Args:
        params: log_pi (n, K), mu (n, K, 2), log_sigma (n, K, 2), and unit_tril if full.
        position: those that are wanted.
        seed: of the samples, one for each position.

    Returns:
        a dict: the RMS distance of the hand at the most probable ``component``, at the
        highest ``peak`` and at a ``sample``. Where there are two solutions, and for the
        component nearest to each: the RMS distance of the hand, ``branches``, and the RMS
        error of an angle in radians, ``angles``. ``weights``: the mean error of the weight
        of all components with θ2 <= π, which should be 1, ½ or 0.

    >>> position, _ = rows(100, 0, "test")
    >>> theta = _ARM.inverse(position)  # the exact answer as a mixture
    >>> weight = ~np.isnan(theta[..., 0]) + 1e-300
    >>> theta = np.where(np.isnan(theta), [[0.0, 0.0], [0.0, 6.0]], theta)
    >>> log_pi = np.log(weight / weight.sum(axis=-1, keepdims=True))
    >>> exact = log_pi, theta, np.full_like(theta, np.log(1e-12))
    >>> {name: round(score, 6) for name, score in scores(exact, position).items()}
    {'component': 0.0, 'peak': 0.0, 'sample': 0.0, 'branches': 0.0, 'angles': 0.0, \
'weights': 0.0}
    """
    log_pi, mu, *_ = params
    readings = {
        "component": mdn_np.mode(*params),
        "peak": mdn_np.mode(*params, kind="peak"),
        "sample": mdn_np.sample(*params, seed=seed),
    }
    found = {name: _rms(distance(theta, position)) for name, theta in readings.items()}

    exact = _ARM.inverse(position)  # (n, solution, angle)
    exists = ~np.isnan(exact[..., 0])
    two = exists.all(axis=-1)
    apart = np.linalg.norm(mu[two, None] - exact[two, :, None], axis=-1)  # (two, 2, K)
    nearest = apart.argmin(axis=-1)[..., None]
    theta = np.take_along_axis(mu[two], nearest, axis=1)  # (two, 2, 2)
    up = (np.exp(log_pi) * (mu[..., 1] <= np.pi)).sum(axis=-1)
    return {
        **found,
        "branches": _rms(distance(theta, position[two, None])),
        "angles": _rms(theta - exact[two]),
        "weights": float(np.abs(up - exists[:, 0] / exists.sum(axis=-1)).mean()),
    }


def stored():
    """The stored study, made by ``make study``: scores of networks.

    Returns:
        a dict from (framework, rows, change, seed) to a dict of numbers: what ``scores``
        gives, and ``nll``, in nats, of 10,000 positions; ``seconds`` of one core. Seeds
        below 100 are measured on validation rows, the others on test rows.

    >>> stored()["PyTorch", 1000, "none", 100].keys() == set(SCORES)
    True
    """
    table = {}
    with (files("mdn_book") / "robot.csv").open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            key = row["framework"], int(row["rows"]), row["change"], int(row["seed"])
            table[key] = {name: float(row[name]) for name in SCORES}
    return table


# The figure to drag


def layers(network):
    """The network in numbers, for the page: the scaling and the dense layers.

    Args:
        network: a ``MixtureDensityNetwork`` of either framework, 2 inputs, 2 targets.

    Returns:
        a dict: x_mean, x_scale, y_mean, y_scale, and ``dense``, pairs of a kernel
        (inputs, units) and a bias, those of the heads pi and mu last; all as lists.
    """
    if hasattr(network, "parameters"):
        found = [p.detach().cpu().numpy().T for p in network.parameters()]
    else:
        found = [np.asarray(v) for v in network.trainable_variables]
    names = ("x_mean", "x_scale", "y_mean", "y_scale")
    scaling = {name: _short(getattr(network, name)) for name in names}
    dense = [[_short(k), _short(b)] for k, b in zip(found[::2], found[1::2], strict=True)]
    return {**scaling, "dense": dense[:-1]}  # the page needs no σ


def components(layers, position):
    """Weights (K,) and means (K, 2) at one position (2,), as the page computes them.

    >>> zero = {"x_mean": [0, 0], "x_scale": [1, 1], "y_mean": [1, 3], "y_scale": [1, 1]}
    >>> zero["dense"] = [[[[0], [0]], [0]], [[[0, 0]], [0, 0]], [[[0] * 4], [0] * 4]]
    >>> weights, means = components(zero, [0.5, 0.5])
    >>> weights.tolist(), means.tolist()
    ([0.5, 0.5], [[1.0, 3.0], [1.0, 3.0]])
    """
    h = (np.asarray(position) - layers["x_mean"]) / layers["x_scale"]
    *hidden, (pi, pi_bias), (mu, mu_bias) = layers["dense"]
    for kernel, bias in hidden:
        h = np.tanh(h @ np.array(kernel) + bias)
    score = h @ np.array(pi) + pi_bias
    weights = np.exp(score - score.max())
    means = (h @ np.array(mu) + mu_bias).reshape(-1, 2)
    return weights / weights.sum(), layers["y_mean"] + layers["y_scale"] * means


def show(picture, network, target):
    """Display a Matplotlib figure, which the pages make one to drag.

    Args:
        picture: the figure, for print and where no scripts run.
        network: what `layers` takes.
        target: where the hand is at first, (2,).
    """
    from IPython.display import display

    png = io.BytesIO()
    picture.savefig(png, format="png", bbox_inches="tight")
    data = {"target": _short(target), **layers(network)}
    text = "A robot arm whose target can be dragged on the page of the book"
    bundle = {MIME_TYPE: data, "image/png": png.getvalue(), "text/plain": text}
    display(bundle, raw=True)


def _short(a):
    """Five digits are enough for a page."""
    a = np.asarray(a, dtype=float)
    return np.array([float(f"{v:.5g}") for v in a.ravel()]).reshape(a.shape).tolist()


def _rms(a):
    return float(np.sqrt(np.mean(np.square(a))))
