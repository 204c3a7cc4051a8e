"""What every module asks of its arguments; imports no framework.

Shapes are read through ``.shape``, so that one set of rules serves arrays and tensors. A
length that is not known yet, None in a TensorFlow graph, fits everything.
"""

import math
from numbers import Integral, Real

import numpy as np

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
ACTIVATIONS = ("tanh", "relu")
MODES = ("component", "peak", "exact")
NOISE = ("full", "diagonal", "isotropic", "shared", "fixed")
values_on = True


def check_values(on=True):
    """Switch the checks of values on or off, for all modules; they are on at first.

    They look for NaN in targets, for ``log_pi`` that does not sum to one and for a
    ``unit_tril`` without ones on its diagonal. While a framework traces (`torch.compile`,
    `torch.func.vmap`, `tf.function` and the like) they never run. Shapes are always checked.

    >>> check_values(False)
    >>> check_values(True)
    """
    global values_on
    values_on = bool(on)


# Values, of NumPy arrays: the frameworks look themselves, and come here to raise.


def tolerance(log_pi):
    """How far the sum of the weights may be from one: more in half precision."""
    return 0.05 if "float16" in str(getattr(log_pi, "dtype", "")) else 0.01


def values(arguments, no_nan=(), positive=(), tolerance=0.0):
    """Stop at numbers that cannot be meant.

    Args:
        arguments: arrays by name, None where none was given; log_pi and unit_tril have
            rules of their own.
        no_nan, positive: names of those that must not hold NaN, and must be positive.
        tolerance: how far a sum of weights, or a one on a diagonal, may be from one.

    Raises:
        ValueError: names the argument, the rule and what was received.
    """
    arguments = {name: a for name, a in arguments.items() if a is not None}
    for name in no_nan:
        if name in arguments and np.isnan(a := arguments[name]).any():
            count = np.isnan(a).sum()
            raise ValueError(
                f"{name} must not contain NaN, got {count} NaN in shape {a.shape}"
            )
    for name in positive:
        if not (fine := arguments[name] > 0).all():
            raise ValueError(f"{name} must be positive, got {arguments[name][~fine][0]}")
    if "log_pi" in arguments:
        with np.errstate(over="ignore"):
            total = np.exp(arguments["log_pi"]).sum(axis=-1)
        if (off := np.abs(total - 1) > tolerance).any():  # false for NaN
            raise ValueError(
                f"log_pi must be the logarithm of weights that sum to one, got a sum of "
                f"{total[off].flat[0]:.4g}; pass log_softmax of logits, or log of weights"
            )
    if "unit_tril" in arguments:
        diagonal = np.diagonal(arguments["unit_tril"], axis1=-2, axis2=-1)
        if not (fine := np.abs(diagonal - 1) <= tolerance).all():
            raise ValueError(
                f"unit_tril must have ones on its diagonal, got "
                f"{diagonal[~fine].flat[0]:.4g}; pass an ordinary Cholesky factor through "
                f"split_cholesky"
            )


# Shapes


def shapes(log_pi, mu, log_sigma=None, unit_tril=None, y=None, needs_noise=True):
    """Stop unless the shapes fit: what would broadcast in silence, above all.

    Args:
        log_pi: shape (..., K).
        mu: shape (..., K, D).
        log_sigma: as many axes as mu, each as long as that of mu or 1.
        unit_tril: shape (..., K, D, D), beside log_sigma.
        y: shape (..., D), at least as many axes as log_pi.
        needs_noise: whether log_sigma must be given.

    Raises:
        ValueError: names the argument, the rule and the shape received.
    """
    pi, mean = shape(log_pi), shape(mu)
    if not pi or pi[-1] == 0:
        raise ValueError(f"log_pi must have shape (..., K) with K >= 1, got shape {pi}")
    if len(mean) != len(pi) + 1 or not _same(mean[-2], pi[-1]) or mean[-1] == 0:
        raise ValueError(
            f"mu must have shape (..., K, D) with D >= 1, one axis more than log_pi and "
            f"the same K, got shape {mean} with log_pi of shape {pi}"
        )
    lead = broadcast("mu", mean[:-2], "log_pi", pi[:-1])
    if log_sigma is None and (needs_noise or unit_tril is not None):
        raise ValueError("log_sigma must be given, beside unit_tril too, got None")
    if log_sigma is not None:
        scale = shape(log_sigma)
        if len(scale) != len(mean) or not all(map(_fits, scale, mean)):
            hint = "; pass a Cholesky factor through split_cholesky"
            raise ValueError(
                f"log_sigma must have as many axes as mu, each as long as that of mu or 1, "
                f"got shape {scale} with mu of shape {mean}"
                f"{hint if len(scale) == len(mean) + 1 else ''}"
            )
    if unit_tril is not None:
        scale, full = shape(unit_tril), (*mean, mean[-1])
        square = len(scale) == len(full) and all(map(_same, scale[-2:], full[-2:]))
        if not square or not all(map(_fits, scale, full)):
            raise ValueError(
                f"unit_tril must have shape (..., K, D, D), one axis more than mu, "
                f"got shape {scale} with mu of shape {mean}"
            )
    if y is not None:
        target = shape(y)
        if len(target) < len(pi) or not _same(target[-1], mean[-1]):
            raise ValueError(
                f"y must have shape (..., D) with the D of mu as its last axis and at "
                f"least as many axes as log_pi, got shape {target} with mu of shape {mean}"
            )
        broadcast("y", target[:-1], "mu", lead)


def one_target_a_row(y, rows):
    """Stop if y was repeated along the rows of the parameters, as no loss may.

    Raises:
        ValueError: the leading axes of y are not those of the rows.
    """
    lead, rows = shape(y)[:-1], shape(rows)
    if len(lead) != len(rows) or not all(map(_same, lead, rows)):
        raise ValueError(
            f"y must have one target for each row of the parameters, "
            f"got leading axes {lead} with rows {rows}"
        )


def pdf(y, mu, var):
    """Stop unless y (..., D), mu (..., K, D) and var, broadcastable to mu, fit.

    Raises:
        ValueError: names the argument, the rule and the shape received.
    """
    target, mean, scale = shape(y), shape(mu), shape(var)
    if len(mean) < 2 or 0 in mean[-2:]:
        raise ValueError(f"mu must have shape (..., K, D), K and D >= 1, got shape {mean}")
    if len(scale) != len(mean) or not all(map(_fits, scale, mean)):
        raise ValueError(
            f"var must have as many axes as mu, each as long as that of mu or 1, "
            f"got shape {scale} with mu of shape {mean}"
        )
    if len(target) < len(mean) - 1 or not _same(target[-1], mean[-1]):
        raise ValueError(
            f"y must have shape (..., D) with the D of mu as its last axis and at most one "
            f"axis less than mu, got shape {target} with mu of shape {mean}"
        )
    broadcast("y", target[:-1], "mu", mean[:-2])


def square(scale_tril):
    """Stop unless a Cholesky factor has shape (..., D, D).

    Raises:
        ValueError: it has not.
    """
    got = shape(scale_tril)
    if len(got) < 2 or not _same(got[-1], got[-2]) or got[-1] == 0:
        raise ValueError(f"scale_tril must have shape (..., D, D), got shape {got}")


def shape(a):
    """The shape of an array, tensor or nested list, as integers or None."""
    if hasattr(a, "shape"):
        return tuple(a.shape)
    return (
        (len(a), *shape(a[0])) if isinstance(a, (list, tuple)) and len(a) else np.shape(a)
    )


def broadcast(name, lead, other, rows):
    """The shape to which two sets of leading axes broadcast.

    Raises:
        ValueError: they do not.
    """
    longer, shorter = (lead, rows) if len(lead) >= len(rows) else (rows, lead)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    if not all(_fits(a, b) or _fits(b, a) for a, b in zip(longer, padded, strict=True)):
        raise ValueError(
            f"{name} and {other} must have leading axes that broadcast, "
            f"got {tuple(lead)} and {tuple(rows)}"
        )
    return tuple(b if a == 1 else a for a, b in zip(longer, padded, strict=True))


def _same(a, b):
    return a is None or b is None or a == b


def _fits(a, b):
    """Whether an axis of length a broadcasts to length b."""
    return a == 1 or _same(a, b)


# Options. Each stops with a ValueError that names the argument, the rule and what it got.


def kind(kind):
    """A mode is known by its name."""
    if kind not in MODES:
        raise ValueError(f"kind must be one of {', '.join(MODES)}, got {kind!r}")


def draw(n, temperature):
    """n is None or a count, temperature a number from 0 up."""
    if n is not None and (not _is_a(Integral, n) or n < 0):
        raise ValueError(f"n must be None or an integer >= 0, got {n!r}")
    if not (_is_a(Real, temperature) and 0 <= temperature < math.inf):
        raise ValueError(f"temperature must be a finite number >= 0, got {temperature!r}")


def seed(seed, generator):
    """The seed as an int of Python, of any size."""
    if not _is_a(Integral, seed) or seed < 0:
        raise ValueError(
            f"seed must be None, an integer >= 0 or a {generator}, got {seed!r}"
        )
    return int(seed)


def sizes(**sizes):
    """Every size is a positive integer."""
    for name, size in sizes.items():
        if not _is_a(Integral, size) or size < 1:
            raise ValueError(f"{name} must be a positive integer, got {size!r}")


def positive(**numbers):
    """Every number is positive and finite."""
    for name, value in numbers.items():
        if not (_is_a(Real, value) and 0 < value < math.inf):
            raise ValueError(f"{name} must be a positive number, got {value!r}")


def noise(noise, sigma, sigma_floor):
    """The noise model is known, and has a level where it is fixed, only there."""
    if noise not in NOISE:
        raise ValueError(f"noise must be one of {', '.join(NOISE)}, got {noise!r}")
    if not (_is_a(Real, sigma_floor) and 0 <= sigma_floor < math.inf):
        raise ValueError(f"sigma_floor must be a finite number >= 0, got {sigma_floor!r}")
    if noise == "fixed" and sigma_floor != 0:
        raise ValueError(f"sigma_floor must be 0 where noise is fixed, got {sigma_floor!r}")
    if noise == "fixed":
        positive(sigma=sigma)
    elif sigma is not None:
        raise ValueError(
            f"sigma must be left out unless noise is fixed, got {sigma!r} for {noise} noise"
        )


def hidden(inputs, hidden, activation):
    """Widths of all layers before the head, the inputs first."""
    widths = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
    sizes(inputs=inputs)
    for width in widths:
        sizes(hidden=width)
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}"
        )
    return (inputs, *widths)


# Sizes of what a network holds


def layers(noise, K, D):
    """The axes of what each linear layer of a head returns, after those of the rows."""
    axes = {"pi": (K,), "mu": (K, D)}
    if noise != "fixed":
        sigma = {"isotropic": (K, 1), "shared": (1, 1)}
        axes["log_sigma"] = sigma.get(noise, (K, D))
    if noise == "full" and D > 1:
        axes["below"] = (K, D * (D - 1) // 2)
    return axes


def below(D):
    """Where each entry of C stands in (0, 1, entries below the diagonal), shape (D, D)."""
    place = np.eye(D, dtype=np.int64)
    place[np.tril_indices(D, -1)] = 2 + np.arange(D * (D - 1) // 2)
    return place


def scaling(inputs, D, noise):
    """How many numbers each part of the scaling has."""
    spreads = D if noise in ("full", "diagonal") else 1
    return {"x_mean": inputs, "x_scale": inputs, "y_mean": D, "y_scale": spreads}


def _is_a(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)
