"""What every module asks of its arguments; imports no framework.

Shapes are read through ``.shape``, so that one set of rules serves arrays and tensors. A
length that is not known yet, None in a TensorFlow graph, fits everything.
"""

import math
from numbers import Integral, Real

import numpy as np

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
NAMES = ("y", "log_pi", "mu", "log_sigma", "unit_tril")
PARAMETERS = NAMES[1:]
values_on = True


def check_values(on=True):
    """Switch the checks of values on or off, in all modules; they are on at first.

    They look for NaN in targets, for ``log_pi`` that does not sum to one and for a
    ``unit_tril`` without ones on its diagonal. While a framework traces (`torch.compile`,
    `torch.func.vmap`, `tf.function` and the like) they never run. Shapes always are.

    >>> check_values(False)
    >>> check_values(True)
    """
    global values_on
    values_on = bool(on)


def must(fine, message, *got):
    """Raise a ValueError that names the argument, the rule and what was received."""
    if not fine:
        raise ValueError(message.format(*got))


# Values, of arrays: the frameworks look by themselves, and come here to raise


def tolerance(log_pi):
    """How far a sum of weights may be from one: more in half precision."""
    return 0.05 if "float16" in str(getattr(log_pi, "dtype", "")) else 0.01


def values(arrays, no_nan=(), positive=(), tolerance=0.0):
    """No NaN in some, positive numbers in others; log_pi and unit_tril have own rules."""
    arrays = {name: a for name, a in arrays.items() if a is not None}
    for name in no_nan:
        if name in arrays and (bad := np.isnan(a := arrays[name])).any():
            rule = "{} must not contain NaN, got {} NaN in shape {}"
            must(False, rule, name, bad.sum(), a.shape)
    for name in positive:
        bad = arrays[name][~(arrays[name] > 0)]
        must(not bad.size, "{} must be positive, got {}", name, *bad[:1])
    if "log_pi" in arrays:
        with np.errstate(over="ignore"):
            total = np.exp(arrays["log_pi"]).sum(axis=-1)
        bad = total[np.abs(total - 1) > tolerance]  # false for NaN
        rule = "log_pi must be the log of weights that sum to one, got a sum of {:.4g}; "
        do = "pass log_softmax of logits, or the log of weights"
        must(not bad.size, rule + do, *bad[:1])
    if "unit_tril" in arrays:
        diagonal = np.diagonal(arrays["unit_tril"], axis1=-2, axis2=-1)
        bad = diagonal[~(np.abs(diagonal - 1) <= tolerance)]
        rule = "unit_tril must have ones on its diagonal, got {:.4g}; "
        do = "pass an ordinary Cholesky factor through split_cholesky"
        must(not bad.size, rule + do, *bad[:1])


# Shapes: what would broadcast in silence, above all, is refused


def shapes(y, log_pi, mu, log_sigma, unit_tril, needs_noise=True):
    """As the table in `mdn_utils.numpy` says; y, log_sigma and unit_tril may be None."""
    pi, mean = shape(log_pi), shape(mu)
    rule = "log_pi must have shape (..., K) with K >= 1, got shape {}"
    must(pi and pi[-1] != 0, rule, pi)
    rule = "mu must have shape (..., K, D) with D >= 1, one axis more than log_pi and "
    fine = len(mean) == len(pi) + 1 and _same(mean[-2], pi[-1]) and mean[-1] != 0
    got = "the same K, got shape {} with log_pi of shape {}"
    must(fine, rule + got, mean, pi)
    lead = broadcast("mu", mean[:-2], "log_pi", pi[:-1])
    needed = needs_noise or unit_tril is not None
    rule = "log_sigma must be given, beside unit_tril too, got None"
    must(log_sigma is not None or not needed, rule)
    if log_sigma is not None:
        _like_mu("log_sigma", shape(log_sigma), mean)
    if unit_tril is not None:
        scale, full = shape(unit_tril), (*mean, mean[-1])
        square = len(scale) == len(full) and all(map(_same, scale[-2:], full[-2:]))
        rule = "unit_tril must have shape (..., K, D, D), one axis more than mu, "
        got = "got shape {} with mu of shape {}"
        must(square and all(map(_fits, scale, full)), rule + got, scale, mean)
    if y is not None:
        _target(shape(y), mean, lead)


def pdf(y, mu, var):
    """y (..., D), mu (..., K, D) and var, broadcastable to mu."""
    mean = shape(mu)
    rule = "mu must have shape (..., K, D), K and D >= 1, got shape {}"
    must(len(mean) >= 2 and 0 not in mean[-2:], rule, mean)
    _like_mu("var", shape(var), mean)
    _target(shape(y), mean, mean[:-2])


def one_target_a_row(y, rows):
    """y is not repeated along the rows of the parameters, as no loss may."""
    lead, rows = shape(y)[:-1], shape(rows)
    rule = "y must have one target for each row of the parameters, got leading axes {} "
    must(
        len(lead) == len(rows) and all(map(_same, lead, rows)),
        rule + "with rows {}",
        lead,
        rows,
    )


def square(scale_tril):
    """(..., D, D)."""
    got = shape(scale_tril)
    fine = len(got) >= 2 and _same(got[-1], got[-2]) and got[-1] != 0
    must(fine, "scale_tril must have shape (..., D, D), got shape {}", got)


def shape(a):
    """The shape of an array, tensor or nested list, as integers or None."""
    if hasattr(a, "shape"):
        return tuple(a.shape)
    return (
        (len(a), *shape(a[0])) if isinstance(a, (list, tuple)) and len(a) else np.shape(a)
    )


def broadcast(name, lead, other, rows):
    """The shape to which two sets of leading axes broadcast."""
    longer, shorter = (lead, rows) if len(lead) >= len(rows) else (rows, lead)
    pairs = list(
        zip(longer, (1,) * (len(longer) - len(shorter)) + tuple(shorter), strict=True)
    )
    rule = "{} and {} must have leading axes that broadcast, got {} and {}"
    must(all(_fits(a, b) or _fits(b, a) for a, b in pairs), rule, name, other, lead, rows)
    return tuple(b if a == 1 else a for a, b in pairs)


def _like_mu(name, scale, mean):
    hint = "; pass a Cholesky factor through split_cholesky"
    rule = "{} must have as many axes as mu, each as long as that of mu or 1, got shape {} "
    rule += "with mu of shape {}" + (hint if len(scale) == len(mean) + 1 else "")
    must(len(scale) == len(mean) and all(map(_fits, scale, mean)), rule, name, scale, mean)


def _target(target, mean, lead):
    rule = "y must have shape (..., D) with the D of mu as its last axis and at most one "
    got = "axis less than mu, got shape {} with mu of shape {}"
    fine = len(target) >= len(mean) - 1 and _same(target[-1], mean[-1])
    must(fine, rule + got, target, mean)
    broadcast("y", target[:-1], "mu", lead)


def _same(a, b):
    return a is None or b is None or a == b


def _fits(a, b):
    """Whether an axis of length a broadcasts to length b."""
    return a == 1 or _same(a, b)


# Options


def kind(kind):
    modes = ("component", "peak", "exact")
    must(kind in modes, "kind must be one of {}, got {!r}", ", ".join(modes), kind)


def draw(n, temperature):
    count = n is None or (_is_a(Integral, n) and n >= 0)
    must(count, "n must be None or an integer >= 0, got {!r}", n)
    from_zero("temperature", temperature)


def seed(seed, generator):
    """The seed as an int of Python, of any size."""
    rule = "seed must be None, an integer >= 0 or a {}, got {!r}"
    must(_is_a(Integral, seed) and seed >= 0, rule, generator, seed)
    return int(seed)


def sizes(**sizes):
    for name, size in sizes.items():
        fine = _is_a(Integral, size) and size >= 1
        must(fine, "{} must be a positive integer, got {!r}", name, size)


def positive(**numbers):
    for name, value in numbers.items():
        fine = _is_a(Real, value) and 0 < value < math.inf
        must(fine, "{} must be a positive number, got {!r}", name, value)


def from_zero(name, value):
    fine = _is_a(Real, value) and 0 <= value < math.inf
    must(fine, "{} must be a finite number >= 0, got {!r}", name, value)


def noise(noise, sigma, sigma_floor):
    """The noise model is known, and has a level where it is fixed, only there."""
    models = ("full", "diagonal", "isotropic", "shared", "fixed")
    must(noise in models, "noise must be one of {}, got {!r}", ", ".join(models), noise)
    from_zero("sigma_floor", sigma_floor)
    if noise == "fixed":
        rule = "sigma_floor must be 0 where noise is fixed, got {!r}"
        must(sigma_floor == 0, rule, sigma_floor)
        positive(sigma=sigma)
    rule = "sigma must be left out unless noise is fixed, got {!r} for {} noise"
    must(noise == "fixed" or sigma is None, rule, sigma, noise)


def widths(inputs, hidden, activation):
    """Widths of all layers before the head, the inputs first."""
    hidden = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
    sizes(inputs=inputs)
    for width in hidden:
        sizes(hidden=width)
    rule = "activation must be one of tanh, relu, got {!r}"
    must(activation in ("tanh", "relu"), rule, activation)
    return (inputs, *hidden)


def _is_a(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)


# Sizes of what a network holds


def layers(noise, K, D):
    """The axes of what each linear layer of a head returns, after those of the rows."""
    axes = {"pi": (K,), "mu": (K, D)}
    if noise != "fixed":
        axes["log_sigma"] = {"isotropic": (K, 1), "shared": (1, 1)}.get(noise, (K, D))
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
