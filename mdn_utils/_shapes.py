"""What the three mixture modules ask of their arguments.

Shapes are read through ``.shape``, so that one set of rules serves arrays and tensors. A
length that is not known yet, None in a TensorFlow graph, fits everything.
"""

from numbers import Integral, Real

MODES = ("component", "peak", "exact")
NOISE = ("full", "diagonal", "isotropic", "shared", "fixed")
ACTIVATIONS = ("tanh", "relu")


def check(
    log_pi,
    mu,
    log_sigma=None,
    scale_tril=None,
    *,
    y=None,
    one_for_each_row=False,
    needs_noise=True,
):
    """Stop unless the shapes fit: what would broadcast in silence, above all.

    Args:
        log_pi: shape (..., K).
        mu: shape (..., K, D).
        log_sigma: as many axes as mu, each as long as that of mu or 1.
        scale_tril: shape (..., K, D, D), in place of log_sigma or beside it.
        y: shape (..., D), at least as many axes as log_pi.
        one_for_each_row: whether y must not be repeated along the rows, as in a loss.
        needs_noise: whether log_sigma and scale_tril may both be missing.

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
    _check_noise(mean, log_sigma, scale_tril, needs_noise)
    if y is not None:
        target = shape(y)
        if len(target) < len(pi) or not _same(target[-1], mean[-1]):
            raise ValueError(
                f"y must have shape (..., D) with the D of mu as its last axis and at "
                f"least as many axes as log_pi, got shape {target} with mu of shape {mean}"
            )
        rows = broadcast("y", target[:-1], "mu", lead)
        if one_for_each_row and not all(map(_same, rows, target[:-1])):
            raise ValueError(
                f"y must have one target for each row of the parameters, "
                f"got leading axes {target[:-1]} with rows {lead}"
            )


def _check_noise(mean, log_sigma, scale_tril, needs_noise):
    if log_sigma is None and scale_tril is None and needs_noise:
        raise ValueError("log_sigma or scale_tril must be given, got neither")
    if log_sigma is not None:
        scale = shape(log_sigma)
        if len(scale) == len(mean) + 1:
            raise ValueError(
                f"log_sigma must have as many axes as mu, got shape {scale} with mu of "
                f"shape {mean}; pass a Cholesky factor by name, scale_tril=..."
            )
        if len(scale) != len(mean) or not all(map(_fits, scale, mean)):
            raise ValueError(
                f"log_sigma must have as many axes as mu, each as long as that of mu or 1, "
                f"got shape {scale} with mu of shape {mean}"
            )
    if scale_tril is not None:
        scale, full = shape(scale_tril), (*mean, mean[-1])
        square = len(scale) == len(full) and _same(scale[-2], mean[-1])
        square = square and _same(scale[-1], mean[-1])
        if not square or not all(map(_fits, scale, full)):
            raise ValueError(
                f"scale_tril must have shape (..., K, D, D), one axis more than mu, "
                f"got shape {scale} with mu of shape {mean}"
            )


def check_pdf(y, mu, var):
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


def check_one_target(name, mu):
    """Stop unless D = 1.

    Raises:
        ValueError: mu has several target dimensions.
    """
    if shape(mu)[-1] != 1:
        raise ValueError(
            f"{name} asks for one target dimension, mu of shape (..., K, 1), "
            f"got shape {shape(mu)}"
        )


def check_kind(kind):
    """Stop unless `kind` names a mode.

    Raises:
        ValueError: it does not.
    """
    if kind not in MODES:
        raise ValueError(f"kind must be one of {', '.join(MODES)}, got {kind!r}")


def check_draw(n, temperature):
    """Stop unless n is None or a count, and temperature a number from 0 up.

    Raises:
        ValueError: one of them is not.
    """
    if n is not None and (isinstance(n, bool) or not isinstance(n, Integral) or n < 0):
        raise ValueError(f"n must be None or an integer >= 0, got {n!r}")
    if not (_is_number(temperature) and 0 <= temperature < float("inf")):
        raise ValueError(f"temperature must be a finite number >= 0, got {temperature!r}")


def check_noise(noise, sigma, sigma_floor):
    """Stop unless the noise model is known, and has a level where it is fixed, only there.

    Raises:
        ValueError: names the argument, the rule and what was received.
    """
    if noise not in NOISE:
        raise ValueError(f"noise must be one of {', '.join(NOISE)}, got {noise!r}")
    if noise == "fixed":
        if not (_is_number(sigma) and 0 < sigma < float("inf")):
            raise ValueError(
                f"sigma must be a positive number where noise is fixed, got {sigma!r}"
            )
        if sigma_floor != 0:
            raise ValueError(
                f"sigma_floor must be 0 where noise is fixed, got {sigma_floor!r}"
            )
    elif sigma is not None:
        raise ValueError(
            f"sigma must be left out unless noise is fixed, got {sigma!r} for {noise} noise"
        )
    if not (_is_number(sigma_floor) and 0 <= sigma_floor < float("inf")):
        raise ValueError(f"sigma_floor must be a finite number >= 0, got {sigma_floor!r}")


def sigma_axes(noise, K, D):
    """The axes of log_sigma that follow the rows."""
    return {
        "full": (K, D),
        "diagonal": (K, D),
        "isotropic": (K, 1),
        "shared": (1, 1),
        "fixed": (1, 1),
    }[noise]


def check_activation(activation):
    """Stop unless `activation` names one.

    Raises:
        ValueError: it does not.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}"
        )


def check_sizes(**sizes):
    """Stop unless every size is a positive integer.

    Raises:
        ValueError: names the first that is not.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ValueError(f"{name} must be a positive integer, got {size!r}")


def check_positive(**numbers):
    """Stop unless every number is positive and finite.

    Raises:
        ValueError: names the first that is not.
    """
    for name, value in numbers.items():
        if not (_is_number(value) and 0 < value < float("inf")):
            raise ValueError(f"{name} must be a positive number, got {value!r}")


def shape(a):
    """The shape of an array or tensor, as a tuple of integers or None."""
    return tuple(a.shape)


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


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool)


def _same(a, b):
    return a is None or b is None or a == b


def _fits(a, b):
    """Whether an axis of length a broadcasts to length b."""
    return a == 1 or _same(a, b)
