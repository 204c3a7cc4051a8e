"""What every module asks of its arguments; imports no framework.

Shapes are read through ``.shape``, so that one set of rules serves arrays and tensors. A
length that is not known yet, None in a TensorFlow graph, fits everything.
"""

import math
from itertools import zip_longest
from numbers import Integral, Real

import numpy as np

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
NAMES = ("y", "log_pi", "mu", "log_sigma", "unit_tril")
POSITIVE = ("var", "scale_tril's diagonal")
SUM = (
    "log_pi must be the log of weights of sum 1, got {bad:.4g}; pass log_softmax of logits"
)
ONES = "unit_tril must have ones on its diagonal, got {bad:.4g}; use split_cholesky"
values_on = True


def check_values(on=True):
    """Switch the checks of values on or off, in all modules; they are on at first.

    They look for what the docstring of :mod:`mdn_utils.numpy` says, and never run while a
    framework traces (`torch.compile`, `torch.func.vmap`, `tf.function` and the like).

    >>> check_values(False)
    >>> check_values(True)
    """
    global values_on
    values_on = bool(on)


def checked(as_tensors, check, y, log_pi, mu, *noise, no_nan=("y",), needs_noise=True):
    """All of one kind, None where none was given, once shapes and values were checked."""
    mu, y, pi, *noise = as_tensors(mu, y, log_pi, *noise)
    given = dict(zip(NAMES, (y, pi, mu, *noise), strict=True))
    shapes(**given, needs_noise=needs_noise)
    half = "float16" in str(getattr(log_pi, "dtype", ""))  # bfloat16, too
    check(given, 0.05 if half else 0.01, no_nan)
    return given.values()


def values(given, room, no_nan, found, sums, diagonal, array=np.asarray):
    """Refuse what breaks the rule of its name; room is what rounding may do to a one.

    Of the framework: found, whether any of some masks holds anywhere, by one look at the
    device; sums of exp log_pi; the diagonal of a matrix; a tensor as an array.
    """
    if not values_on:
        return
    given, rules = {name: a for name, a in given.items() if a is not None}, []
    for name, a in given.items():
        if name in no_nan:
            rule = f"{name} must not contain NaN, got {{n}} NaN in shape {shape(a)}"
            rules.append((a != a, a, rule))
        if name in POSITIVE:
            rules.append((~(a > 0), a, name + " must be positive, got {bad}"))
    if "log_pi" in given:
        total = sums(given["log_pi"])
        rules.append((abs(total - 1) > room, total, SUM))  # not for NaN
    if "unit_tril" in given:
        ones = diagonal(given["unit_tril"])
        rules.append((~(abs(ones - 1) <= room), ones, ONES))
    if found([wrong for wrong, *_ in rules]):
        for wrong, a, rule in rules:
            bad = array(a)[array(wrong).astype(bool)]
            if bad.size:
                raise ValueError(rule.format(bad=bad[0], n=bad.size))


# Shapes: what would broadcast in silence, above all, is refused


def shapes(y, log_pi, mu, log_sigma, unit_tril, needs_noise=True):
    """As the table in `mdn_utils.numpy` says; y, log_sigma and unit_tril may be None."""
    pi, mean = shape(log_pi), shape(mu)
    shaped(pi and pi[-1] != 0, "log_pi", "(..., K) with K >= 1", pi)
    fine = len(mean) == len(pi) + 1 and fits(mean[-2:-1], pi[-1:]) and mean[-1] != 0
    shaped(fine, "mu", "(..., K, D) with D >= 1 and the axes of log_pi", mean, log_pi=pi)
    lead = broadcast("mu", mean[:-2], "log_pi", pi[:-1])
    if log_sigma is None and (needs_noise or unit_tril is not None):
        raise ValueError("log_sigma must be given, beside unit_tril too, got None")
    beside_mu(y, mu, "log_sigma", log_sigma, lead)
    if unit_tril is not None:
        got, full = shape(unit_tril), (*mean, mean[-1])
        fine = fits(got, full, one=True) and fits(got[-2:], full[-2:])
        shaped(fine, "unit_tril", "(..., K, D, D), one axis more than mu", got, mu=mean)


def beside_mu(y, mu, name, scale, lead=None):
    """A scale broadcasts to mu, and y to its rows; both may be None."""
    mean = shape(mu)
    fine = len(mean) >= 2 and 0 not in mean[-2:]
    shaped(fine, "mu", "(..., K, D) with K and D >= 1", mean)
    if scale is not None:
        got, rule = shape(scale), "(..., K, D), as many axes as mu, each as long or 1"
        rule += " (of a Cholesky factor: split_cholesky)" * (len(got) > len(mean))
        shaped(fits(got, mean, one=True), name, rule, got, mu=mean)
    if y is not None:
        got, rule = shape(y), "(..., D) with the D of mu and at most one axis less"
        fine = len(got) >= len(mean) - 1 and fits(got[-1:], mean[-1:])
        shaped(fine, "y", rule, got, mu=mean)
        broadcast("y", got[:-1], "mu", mean[:-2] if lead is None else lead)


def one_target_a_row(y, rows):
    """y is not repeated along the rows of the parameters, as no loss may."""
    got, rows = shape(y)[:-1], shape(rows)
    if not fits(got, rows):
        rule = "y must have one target for each row of the parameters"
        raise ValueError(f"{rule}, got leading axes {got} with rows {rows}")


def inputs(x, size):
    """One column would broadcast to all of them when x is scaled."""
    got = shape(x)
    shaped(fits(got[-1:], (size,)), "x", f"(..., {size})", got)


def square(scale_tril):
    got = shape(scale_tril)
    fine = len(got) >= 2 and fits(got[-2:-1], got[-1:]) and got[-1] != 0
    shaped(fine, "scale_tril", "(..., D, D)", got)


def shaped(fine, name, rule, got, **other):
    """The sentence about a shape, and that of the argument that it does not fit."""
    if not fine:
        beside = "".join(f" with {key} of shape {axes}" for key, axes in other.items())
        raise ValueError(f"{name} must have shape {rule}, got shape {got}{beside}")


def fits(got, want, one=False):
    """Whether axes are as wanted, or 1 where that will do."""
    return len(got) == len(want) and all(
        None in (a, b) or a == b or (one and a == 1) for a, b in zip(got, want, strict=True)
    )


def shape(a):
    """The shape of an array, tensor or nested list, as integers or None."""
    if isinstance(a, (list, tuple)) and len(a):
        return (len(a), *shape(a[0]))
    return tuple(a.shape) if hasattr(a, "shape") else np.shape(a)


def broadcast(name, lead, other, rows):
    """The shape to which two sets of leading axes broadcast."""
    pairs = [*zip_longest(lead[::-1], rows[::-1], fillvalue=1)][::-1]
    if not all(1 in pair or fits(pair[:1], pair[1:]) for pair in pairs):
        rule = f"{name} and {other} must have leading axes that broadcast"
        raise ValueError(f"{rule}, got {lead} and {rows}")
    return tuple(b if a == 1 else a for a, b in pairs)


# Numbers and options

RULES = {  # of numbers; True and False are none
    "a positive integer": (Integral, lambda a: a >= 1),
    "an integer >= 0": (Integral, lambda a: a >= 0),
    "None or an integer >= 0": (Integral, lambda a: a >= 0),
    "None, an integer >= 0 or a generator": (Integral, lambda a: a >= 0),
    "a positive number": (Real, lambda a: 0 < a < math.inf),
    "a finite number >= 0": (Real, lambda a: 0 <= a < math.inf),
}


def number(rule, **given):
    kind, fine = RULES[rule]
    for name, a in given.items():
        if not isinstance(a, kind) or isinstance(a, bool) or not fine(a):
            raise ValueError(f"{name} must be {rule}, got {a!r}")


def one_of(options, name, value):
    if value not in options:
        raise ValueError(f"{name} must be one of {', '.join(options)}, got {value!r}")


def unit(name, a):
    """a as an array of float64, all within [0, 1]."""
    a = np.asarray(a, dtype=float)
    if (bad := a[~((a >= 0) & (a <= 1))]).size:  # NaN, too
        raise ValueError(f"{name} must lie in [0, 1], got {bad[0]}")
    return a


def finite(name, a):
    if (bad := a[~np.isfinite(a)]).size:
        raise ValueError(f"{name} must be finite, got {bad[0]}")


def draw(n, temperature):
    number("None or an integer >= 0", n=0 if n is None else n)
    number("a finite number >= 0", temperature=temperature)


def table(name, a, columns):
    """A table of numbers as an array of float64, (N, columns); DataFrames, too."""
    array = np.asarray(a)
    numbers = array.dtype.kind in "biuf" or "float" in array.dtype.name  # bfloat16, too
    if array.ndim == 2 and not numbers:
        labels = getattr(a, "columns", range(array.shape[1]))
        for label, column in zip(labels, array.T, strict=True):
            for odd in [value for value in column if not isinstance(value, Real)][:1]:
                rule = f"{name} must hold numbers, got {odd!r} in column {label!r}"
                raise ValueError(f"{rule}; encode that column, or leave it out")
    shaped(
        array.ndim == 2 and array.shape[1] == columns, name, f"(N, {columns})", array.shape
    )
    array = array.astype(np.float64)
    finite(name, array)
    return array


def same_length(x, y):
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many rows, got {len(x)} and {len(y)}")


def tuples(models):
    """Models as networks return them."""
    for model in models:
        if not (isinstance(model, (tuple, list)) and len(model) in (3, 4)):
            rule = "each model must be (log_pi, mu, log_sigma) or these and unit_tril"
            got = len(model) if isinstance(model, (tuple, list)) else type(model).__name__
            raise ValueError(f"{rule}, got {got}")


def same_rows(mus):
    """The means of several models, of which K alone may differ."""
    if not mus:
        raise ValueError("combine needs at least one model, got none")
    got = [(*shape(mu)[:-2], shape(mu)[-1]) for mu in mus]
    if not all(fits(axes, got[0]) for axes in got):
        rule = "all mu must have the same rows and D"
        raise ValueError(f"{rule}, got shapes {[shape(mu) for mu in mus]}")


def seed(seed):
    """The seed as an int of Python, of any size."""
    number("None, an integer >= 0 or a generator", seed=seed)
    return int(seed)


def head(noise, sigma, sigma_min, **sizes):
    """The noise model is known, and has a level where it is fixed, only there."""
    number("a positive integer", **sizes)
    one_of(("full", "diagonal", "isotropic", "shared", "fixed"), "noise", noise)
    number("a finite number >= 0", sigma_min=sigma_min)
    if noise == "fixed":
        number("a positive number", sigma=sigma)
        if sigma_min:
            raise ValueError(f"sigma_min must be 0 for fixed noise, got {sigma_min!r}")
    elif sigma is not None:
        rule = "sigma must be left out unless noise is fixed"
        raise ValueError(f"{rule}, got {sigma!r} for {noise} noise")


def widths(inputs, hidden, activation):
    """Widths of all layers before the head, the inputs first."""
    number("a positive integer", inputs=inputs)
    one_of(("tanh", "relu"), "activation", activation)
    hidden = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
    for width in hidden:
        number("a positive integer", hidden=width)
    return (inputs, *hidden)


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
