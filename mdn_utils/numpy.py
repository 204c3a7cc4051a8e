"""Gaussian mixtures in NumPy: the float64 reference for the two frameworks.

A mixture of K Gaussians over D target dimensions, one for each row of a batch::

    p(y) = Σ_k π_k N(y | μ_k, Σ_k)

==============  ===================  ====================================================
argument        shape                meaning
==============  ===================  ====================================================
``log_pi``      ``(..., K)``         log π_k, the π_k sum to one; -inf is a weight of 0
``mu``          ``(..., K, D)``      means μ_k, in units of the target
``log_sigma``   as ``mu``, or 1s     log σ_k; an axis of length 1 is shared:
                                     ``(..., K, D)`` diagonal, ``(..., K, 1)`` isotropic,
                                     ``(..., 1, 1)`` one σ for all components
``unit_tril``   ``(..., K, D, D)``   for full covariances: C_k, lower triangular with ones
                                     on its diagonal, Σ_k = L_k L_kᵀ, L_k = diag(σ_k) C_k;
                                     what stands above the diagonal is not read
``y``           ``(..., D)``         target, at least as many axes as ``log_pi``
==============  ===================  ====================================================

The leading axes are rows; they broadcast. Log densities are in nats, with all constants.
A ValueError names the argument, the rule and what it got, where a shape does not fit, y
holds NaN (in `mode` and `sample`, any parameter), ``log_pi`` does not sum to one (give or
take 0.01, 0.05 in half precision) or ``unit_tril`` has no ones on its diagonal.
`mdn_utils.check_values` switches off all but the checks of shapes.

`cdf`, `quantile`, `highest_density_region` and `crps`, for D = 1, are here alone.
"""

from functools import partial
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.optimize.elementwise import find_root
from scipy.special import erf, logsumexp, ndtr, ndtri, softmax

from . import _check
from ._check import HALF_LOG_2PI

__all__ = ["cdf", "combine", "component_pdf", "covariance", "crps",
           "highest_density_region", "log_prob", "mean", "mode", "nll", "quantile",
           "sample", "split_cholesky", "variance"]  # fmt: skip


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²) = Π_d exp(-(y_d - μ_kd)² / 2σ_kd²) / √(2π σ_kd²)`` for each k.

    For looking at single components: it underflows to 0 far from μ, so no loss is made of
    it. ``var`` is σ², positive, its shape as that of log_sigma. Returns shape (..., K).

    >>> component_pdf([3.0], [[0.0], [0.1]], [[1.0], [2.2]]).round(8).tolist()
    [0.00443185, 0.03977444]
    """
    y, mu, var = _arrays(y, mu, var)
    _check.beside_mu(y, mu, "var", var)
    _check_values({"y": y, "var": var})
    log_normal = -0.5 * (y[..., None, :] - mu) ** 2 / var - 0.5 * np.log(var) - HALF_LOG_2PI
    return np.exp(log_normal.sum(axis=-1))


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    The sum is a log-sum-exp: nothing underflows, however far y lies from every mean.
    Returns nats, shape (...). Source: Bishop (2006), *Pattern Recognition and Machine
    Learning*, section 5.6.

    >>> print(f"{log_prob([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]):.6f}")
    -1.418939
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * np.exp(-log_sigma)
    if unit_tril is not None:
        z = np.linalg.solve(_lower(unit_tril), z[..., None])[..., 0]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return logsumexp(log_pi + log_normal.sum(axis=-1), axis=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``: the negative log-likelihood of a row, the training loss.

    Returns a scalar, in nats. Refuses y where it would be repeated along the rows.

    >>> print(f"{nll([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]):.6f}")
    1.418939
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -log_density.mean()


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``, shape (..., D); log_sigma and unit_tril do not matter.

    >>> mean(np.log([0.25, 0.75]), [[0.0], [4.0]]).tolist()
    [3.0]
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return (np.exp(log_pi)[..., None] * mu).sum(axis=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``, within and between; (..., D).

    >>> variance(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]).tolist()
    [2.0]
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = np.exp(log_pi)[..., None]
    between = mu - (pi * mu).sum(axis=-2, keepdims=True)
    within = np.exp(2 * log_sigma)
    if unit_tril is not None:
        within = within * (_lower(unit_tril) ** 2).sum(axis=-1)  # the diagonal of L Lᵀ
    return (pi * (within + between**2)).sum(axis=-2)


def covariance(log_pi, mu, log_sigma, unit_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``, shape (..., D, D).

    >>> covariance(np.log([0.5, 0.5]), [[-1, -1], [1, 1]], [[0.0]]).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = np.exp(log_pi)[..., None, None]
    between = mu - (pi[..., 0] * mu).sum(axis=-2, keepdims=True)
    factor = np.exp(log_sigma)[..., None] * _lower(unit_tril, mu)
    within = factor @ np.swapaxes(factor, -1, -2)
    between = between[..., :, None] * between[..., None, :]
    return (pi * (within + between)).sum(axis=-3)


def mode(log_pi, mu, log_sigma=None, unit_tril=None, *, kind="component"):
    """``argmax p(y)``, or one of two shortcuts to it, shape (..., D).

    ``component`` is the mean of the most probable component, argmax π_k; ``peak`` that of
    the highest peak, argmax π_k / √det Σ_k. ``exact`` is the highest point of the mixture
    itself, which may lie away from every mean, even for D = 1.

    Every maximum lies on the ridgeline ``x(a) = (Σ_k a_k Σ_k⁻¹)⁻¹ Σ_k a_k Σ_k⁻¹ μ_k``, a in
    the simplex. The search looks there at all means, at three points between any two
    components and, for K > 2, at 64 more; moves the 128 highest three times to the x(a) of
    their responsibilities, which never goes down; and climbs on from the 16 highest, by
    such moves or Newton's steps, whichever end higher, until they stand still. A maximum
    can escape that; none did in thousands of random mixtures.

    Source: Bishop (2006), section 5.6, for ``component``; Carreira-Perpiñán (2000), IEEE
    TPAMI 22, for the climb; Ray and Lindsay (2005), Annals of Statistics 33, for x(a).

    >>> params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    >>> kinds = "component", "peak", "exact"
    >>> [mode(*params, kind=kind).round(4).item() for kind in kinds]
    [0.0, 2.0, 1.7696]
    """
    _check.one_of(("component", "peak", "exact"), "kind", kind)
    options = {"no_nan": _check.NAMES, "needs_noise": kind != "component"}
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, **options)
    _, log_pi, mu, log_sigma, unit_tril = params
    if kind == "exact":
        return exact_mode(log_pi, mu, log_sigma, unit_tril)
    if kind == "peak":
        log_pi = log_pi - np.broadcast_to(log_sigma, mu.shape).sum(axis=-1)
    return _pick(mu, log_pi.argmax(axis=-1)[..., None])[..., 0, :]


def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε`` with ε ~ N(0, I).

    ``n`` is how many independent samples each row gets, at the front: shape (n, ..., D);
    None gives one, shape (..., D). ``seed`` is an integer >= 0 or a
    `numpy.random.Generator`; None draws afresh. A ``temperature`` τ >= 0 changes the model
    on purpose: log π_k / τ in place of log π_k, made to sum to one again, and σ_k √τ in
    place of σ_k. Below 1 samples come closer together; 0 gives the mean of the most
    probable component. Source: Ha and Schmidhuber (2018), *World Models*, arXiv:1803.10122.

    >>> sample(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[-2.3]], n=1000, seed=0).shape
    (1000, 1)
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.NAMES)
    _, log_pi, mu, log_sigma, unit_tril = params
    rng, lead = generator(seed), np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    many, D = (*lead, 1 if n is None else n), mu.shape[-1]
    if temperature == 0:
        y = _pick(mu, log_pi.argmax(axis=-1)[..., None])
        y = np.broadcast_to(y, (*many, D)).copy()
    else:
        with np.errstate(over="ignore"):  # to -inf, a weight of 0, is right
            log_pi = (log_pi - log_pi.max(axis=-1, keepdims=True)) / temperature
        k = _draw_component(np.exp(log_pi), rng.random(many))  # (..., n)
        noise = np.sqrt(temperature) * rng.standard_normal((*many, D))
        if unit_tril is not None:
            factor = np.broadcast_to(_lower(unit_tril), (*mu.shape, D))
            factor = np.take_along_axis(factor, k[..., None, None], axis=-3)
            noise = np.einsum("...de,...e->...d", factor, noise)
        y = _pick(mu, k) + np.exp(_pick(np.broadcast_to(log_sigma, mu.shape), k)) * noise
    return y[..., 0, :] if n is None else np.moveaxis(y, -2, 0)


def split_cholesky(scale_tril):
    """``L = diag(σ) C``: an ordinary Cholesky factor as the pair that `log_prob` takes.

    ``scale_tril`` is L, lower triangular with a positive diagonal, shape (..., D, D), as of
    `numpy.linalg.cholesky`. Returns log_sigma (..., D) and unit_tril (..., D, D).

    >>> log_sigma, unit_tril = split_cholesky([[2.0, 0.0], [3.0, 4.0]])
    >>> np.exp(log_sigma).round(6).tolist(), unit_tril.tolist()
    ([2.0, 4.0], [[1.0, 0.0], [0.75, 1.0]])
    """
    scale_tril = np.asarray(scale_tril, dtype=float)
    _check.square(scale_tril)
    sigma = np.diagonal(scale_tril, axis1=-2, axis2=-1)
    _check_values({"scale_tril's diagonal": sigma})
    return np.log(sigma), np.tril(scale_tril) / sigma[..., None]


def combine(*models):
    """``p(y) = 1/M Σ_m p_m(y)``: several mixtures of the same rows as one, an ensemble.

    Each is a tuple (log_pi, mu, log_sigma) or (log_pi, mu, log_sigma, unit_tril), as a
    network returns it; their K may differ. Returns such a tuple, of all components, so that
    ``nll(y, *combine(a, b))`` is no more than the mean of both.

    >>> a = np.log([1.0]), [[0.0]], [[0.0]]
    >>> b = np.log([0.5, 0.5]), [[1.0], [2.0]], [[-1.0]]
    >>> log_pi, mu, log_sigma = combine(a, b)
    >>> np.exp(log_pi).tolist(), mu.ravel().tolist(), log_sigma.ravel().tolist()
    ([0.5, 0.25, 0.25], [0.0, 1.0, 2.0], [0.0, -1.0, -1.0])
    """
    _check.tuples(models)
    models = [[*_checked(None, *(*model, None)[:4])][1:] for model in models]
    for model in models:  # weights or means that all rows share
        log_pi, model[1] = np.broadcast_arrays(model[0][..., None], model[1])
        model[0] = log_pi[..., 0]
    _check.same_rows([mu for _, mu, *_ in models])
    parts = [
        (log_pi - np.log(len(models)), mu, np.broadcast_to(log_sigma, mu.shape))
        for log_pi, mu, log_sigma, _ in models
    ]
    log_pi, mu, log_sigma = (
        np.concatenate(each, axis=axis)
        for each, axis in zip(zip(*parts, strict=True), (-1, -2, -2), strict=True)
    )
    if all(unit_tril is None for *_, unit_tril in models):
        return log_pi, mu, log_sigma
    lower = [
        np.broadcast_to(_lower(unit_tril, mu), (*mu.shape, mu.shape[-1]))
        for _, mu, _, unit_tril in models
    ]
    return log_pi, mu, log_sigma, np.concatenate(lower, axis=-3)


def cdf(y, log_pi, mu, log_sigma, unit_tril=None):
    """``F(y) = Σ_k π_k Φ((y - μ_k) / σ_k)``, for D = 1: how probable at most y is; (...).

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]
    >>> cdf([[-1.0], [0.0], [9.0]], *params).round(4).tolist()
    [0.2614, 0.5, 1.0]
    """
    y, pi, mu, log_sigma = _one_target("cdf", y, log_pi, mu, log_sigma, unit_tril)
    return np.minimum((pi * ndtr((y - mu) * np.exp(-log_sigma))).sum(axis=-1), 1)


def quantile(p, log_pi, mu, log_sigma, unit_tril=None):
    """The y with ``F(y) = p``, for D = 1, shape (..., 1).

    Found by bracketing: it lies between the smallest and the largest p-quantile of the
    components, μ_k + σ_k Φ⁻¹(p). ``p`` lies in [0, 1], has shape (...), no axis for D, and
    broadcasts with the rows. The quantile is -inf for p = 0, inf for p = 1 and NaN for NaN
    parameters. Raises a ValueError where the search fails, and says in how many rows.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]
    >>> quantile([0.1, 0.5, 0.9], *params).round(4)[:, 0].tolist()
    [-1.8495, 0.0, 1.8495]
    """
    p = _check.unit("p", p)
    _, pi, mu, log_sigma = _one_target("quantile", None, log_pi, mu, log_sigma, unit_tril)
    pi, mu, sigma = np.broadcast_arrays(pi, mu, np.exp(log_sigma))
    shape, K = _check.broadcast("p", p.shape, "mu", mu.shape[:-1]), mu.shape[-1]
    pi, mu, sigma = (
        np.broadcast_to(a, (*shape, K)).reshape(-1, K) for a in (pi, mu, sigma)
    )
    p = np.broadcast_to(p, shape).ravel()
    ends = (p == 0) | (p == 1)
    inner = np.where(ends, 0.5, p)

    def excess(y, p, row):
        """F(y) - p, computed in the tail that is nearer."""
        z = (y[..., None] - mu[row]) / sigma[row]
        below, above = (pi[row] * ndtr(z)).sum(-1), (pi[row] * ndtr(-z)).sum(-1)
        return np.where(p < 0.5, below - p, (1 - p) - above)

    each = mu + sigma * ndtri(inner)[:, None]  # (rows, K), and room for rounding:
    low = np.where(pi > 0, each - 1e-3 * sigma, np.inf).min(axis=-1)
    high = np.where(pi > 0, each + 1e-3 * sigma, -np.inf).max(axis=-1)
    bracket = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    found = find_root(excess, bracket, args=(inner, np.arange(inner.size)))
    failed = (~found.success & ~np.isnan(pi + mu + sigma).any(axis=-1)).sum()
    if failed:
        rule = "quantile must find a root in every row"
        raise ValueError(f"{rule}, got none in {failed} of {p.size}; is a σ 0?")
    return np.where(ends, np.copysign(np.inf, p - 0.5), found.x).reshape(*shape, 1)


def highest_density_region(level, log_pi, mu, log_sigma, unit_tril=None):
    """``{y : p(y) >= c}`` with the c that gives it the probability level, for D = 1.

    No set with this probability is smaller. It consists of one piece or several: returns
    their ends in increasing order, shape (pieces, 2), in units of y; the whole line for a
    level of 1. Takes one row, so ``log_pi`` of shape (K,) or (1, K). Raises a ValueError
    where a σ is too small for the search.

    The peaks and troughs of p are looked for between points σ_k/8 apart around each μ_k;
    between two of them p crosses c once. The probability is right to about 1e-12.

    >>> params = np.log([0.5, 0.5]), [[-3.0], [3.0]], [[0.0]]
    >>> highest_density_region(0.8, *params).round(3).tolist()
    [[-4.282, -1.718], [1.718, 4.282]]
    """
    if not 0 < level <= 1:
        raise ValueError(f"level must lie in (0, 1], got {level!r}")
    name, params = "highest_density_region", (None, log_pi, mu, log_sigma, unit_tril)
    _, pi, mu, log_sigma = _one_target(name, *params, no_nan=_check.NAMES)
    if mu.size != mu.shape[-1]:
        rule = f"{name} asks for one row, log_pi of shape (K,) or (1, K)"
        raise ValueError(f"{rule}, got shape {np.broadcast_shapes(pi.shape, mu.shape)}")
    pi, mu, log_sigma = (a.reshape(-1) for a in (pi, mu, log_sigma))
    if level == 1:
        return np.array([[-np.inf, np.inf]])
    sigma = np.exp(log_sigma)
    with np.errstate(divide="ignore"):  # a weight of 0
        log_peak = np.log(pi) - log_sigma - HALF_LOG_2PI

    def log_density(y):
        return logsumexp(log_peak - 0.5 * ((y[..., None] - mu) / sigma) ** 2, axis=-1)

    def slope(y):
        """d log p / dy, which does not underflow between components."""
        z = (y[..., None] - mu) / sigma
        return -(softmax(log_peak - 0.5 * z**2, axis=-1) * z / sigma).sum(axis=-1)

    y = np.unique(mu + sigma * np.linspace(-10, 10, 161)[:, None])
    turn = np.flatnonzero(np.diff(slope(y) > 0))
    inner = find_root(slope, (y[turn], y[turn + 1])).x
    bounds = np.array([(mu - 40 * sigma).min(), *inner, (mu + 40 * sigma).max()])
    height = log_density(bounds)
    lowest = height[[0, -1]].max()  # nothing that a float can tell is beyond

    def region(log_c):
        above = height >= log_c
        above[[0, -1]] = False
        cross = np.flatnonzero(np.diff(above))
        bracket = bounds[cross], bounds[cross + 1]
        return find_root(lambda y: log_density(y) - log_c, bracket).x.reshape(-1, 2)

    def excess(log_c):
        z = (region(log_c)[..., None] - mu) / sigma
        return (pi * np.diff(ndtr(z), axis=1)[:, 0]).sum() - level

    log_c = lowest
    if excess(lowest) > 0:
        log_c = brentq(excess, lowest, height.max(), xtol=1e-14)
    if not abs(error := excess(log_c)) < 1e-6:
        rule = f"{name} must find pieces of probability {level}"
        raise ValueError(f"{rule}, got {error + level:.6g}; is a σ 0?")
    return region(log_c)


def crps(y, log_pi, mu, log_sigma, unit_tril=None):
    """``∫ (F(z) - 1{z >= y})² dz``: the continuous ranked probability score, for D = 1.

    In closed form, with ``A(m, s) = 2 s φ(m/s) + m (2 Φ(m/s) - 1)``::

        Σ_k π_k A(y - μ_k, σ_k) - ½ Σ_j Σ_k π_j π_k A(μ_j - μ_k, √(σ_j² + σ_k²))

    Returns the score in units of y, shape (...); smaller is better. Source: Grimit et al.
    (2006), QJRMS 132, 2925-2942.

    >>> print(f"{crps([0.0], [0.0], [[0.0]], [[0.0]]):.6f}")
    0.233695
    """
    y, pi, mu, log_sigma = _one_target("crps", y, log_pi, mu, log_sigma, unit_tril)
    sigma = np.exp(log_sigma)

    @np.errstate(over="ignore")  # z² may be inf, where exp(-z²/2) is 0
    def mean_distance(m, s):
        """A(m, s) = E|X| for X ~ N(m, s²)."""
        z = m / s
        return 2 * s * np.exp(-0.5 * z**2 - HALF_LOG_2PI) + m * erf(z / np.sqrt(2))

    score = (pi * mean_distance(y - mu, sigma)).sum(axis=-1)
    for j in range(mu.shape[-1]):  # one component against all: no array of K² entries
        m, s, j_pi = (a[..., j : j + 1] for a in (mu, sigma, pi))
        distance = mean_distance(m - mu, np.hypot(s, sigma))
        score = score - 0.5 * (j_pi * pi * distance).sum(axis=-1)
    return score


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    if unit_tril is None:
        return np.eye(like.shape[-1])
    return np.tril(unit_tril, -1) + np.eye(unit_tril.shape[-1])


@np.errstate(all="ignore")  # what overflows ends as NaN
def exact_mode(log_pi, mu, log_sigma, unit_tril=None):
    """The highest point of each mixture, as the docstring of `mode` says; no checks."""
    lead, (K, D) = np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2]), mu.shape[-2:]
    whiten = np.linalg.inv(_lower(unit_tril, mu)) * np.exp(-log_sigma)[..., None, :]  # L⁻¹
    log_peak = log_pi - np.broadcast_to(log_sigma, mu.shape).sum(axis=-1)
    params = [
        np.broadcast_to(a, (*lead, *axes)).reshape(-1, *axes)
        for a, axes in ((log_peak, (K,)), (mu, (K, D)), (whiten, (K, D, D)))
    ]
    means = np.eye(K)  # as points a of the simplex
    pairs = combinations(means, 2)
    between = [s * a + (1 - s) * b for a, b in pairs for s in (0.1, 0.5, 0.9)]
    more = np.random.default_rng(0).dirichlet(np.full(K, 0.5), 64 if K > 2 else 0)
    starts = np.vstack([means, *between, more])
    size = max(1, 2_000_000 // (len(starts) * K * D))  # rows at a time
    parts = [np.empty((0, D))]
    for first in range(0, len(params[0]), size):
        parts.append(_highest(starts, *(a[first : first + size] for a in params)))
    found = np.concatenate(parts)
    if _check.values_on and (lost := np.isnan(found).any(axis=-1).sum()):
        rule = "the exact mode must be found in every row"
        raise ValueError(f"{rule}, got none in {lost} of {len(found)}; is a σ 0?")
    return found.reshape(*lead, D)


def _highest(starts, log_peak, mu, whiten):
    """Climb in each of some rows; x has shape (rows, places, D), terms end in K."""
    (rows, K, D), every = mu.shape, slice(None)
    precision = np.swapaxes(whiten, -1, -2) @ whiten

    def look(x, row):
        """log π_k N(x | μ_k, Σ_k) up to a constant, and z = L_k⁻¹ (x - μ_k)."""
        z = (x[:, None] - mu[row][:, :, None]) @ np.swapaxes(whiten[row], -1, -2)
        terms = log_peak[row][..., None] - 0.5 * (z**2).sum(axis=-1)
        return np.swapaxes(terms, 1, 2), z

    def height(x, row):
        return logsumexp(look(x, row)[0], axis=-1)

    def highest(x, count):
        best = np.argsort(-height(x, every), axis=1)[:, :count]
        return np.take_along_axis(x, best[..., None], axis=1)

    def average(a, row):
        """Σ_k a_k Σ_k⁻¹ for a of shape (rows, places, K)."""
        return (a @ precision[row].reshape(-1, K, D * D)).reshape(*a.shape[:2], D, D)

    def solve(a, b):
        return np.linalg.solve(a, b[..., None])[..., 0] if D > 1 else b / a[..., 0]

    def ridge(a):
        """x(a), relative to the first mean, so that large means lose no digits."""
        pulled = precision @ (mu - mu[:, :1])[..., None]
        return mu[:, :1] + solve(average(a, every), a @ pulled[..., 0])

    x = highest(ridge(np.broadcast_to(starts, (rows, *starts.shape))), 128)
    for _ in range(3):
        x = ridge(softmax(look(x, every)[0], axis=-1))
    x = highest(x, 16).reshape(-1, 1, D)
    row, moving = np.repeat(np.arange(rows), len(x) // rows), np.arange(len(x))
    for _ in range(200):
        at, now = row[moving], x[moving]
        terms, z = look(now, at)
        gamma = softmax(terms, axis=-1)
        pull = np.swapaxes(-z @ whiten[at], 1, 2)  # Σ_k⁻¹ (μ_k - x)
        gradient = (gamma[..., None] * pull).sum(axis=2)
        spread = pull - gradient[:, :, None]
        spread = np.swapaxes(gamma[..., None] * spread, -1, -2) @ spread
        first = average(gamma, at)
        second = (1 + 1e-12) * first - spread  # -∂² log p
        regular = np.isfinite(det := np.linalg.det(second)) & (det != 0)
        second = np.where(regular[..., None, None], second, first)
        fixed, newton = now + solve(first, gradient), now + solve(second, gradient)
        better = height(newton, at) > height(fixed, at) - 1e-13  # rounding
        x[moving] = np.where(better[..., None], newton, fixed)
        step = np.abs(x[moving] - now) * np.sqrt(np.diagonal(first, axis1=-2, axis2=-1))
        moving = moving[~(step < 1e-10).all(axis=(-2, -1))]
        if not moving.size:
            break
    return highest(x.reshape(rows, -1, D), 1)[:, 0]


def _draw_component(weights, u):
    """The k with c_{k-1} <= u c_K < c_k, c the sums of weights (..., K), u in [0, 1).

    Counting K - 1 bounds, no rounding gives K, nor is a weight of 0 ever drawn.
    """
    bounds = np.cumsum(weights, axis=-1)
    return (bounds[..., None, :-1] <= (u * bounds[..., -1:])[..., None]).sum(axis=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return np.take_along_axis(a, k[..., None], axis=-2)


def _arrays(*given):
    return [None if a is None else np.asarray(a, dtype=float) for a in given]


def _check_values(given, room=0.01, no_nan=("y",)):
    with np.errstate(over="ignore"):
        _check.values(given, room, no_nan, lambda masks: any(mask.any() for mask in masks),
                      sums=lambda a: np.exp(a).sum(axis=-1),
                      diagonal=lambda a: np.diagonal(a, axis1=-2, axis2=-1))  # fmt: skip


_checked = partial(_check.checked, _arrays, _check_values)


def _one_target(name, *params, **options):
    """y of shape (..., 1), and π, μ and log σ of shape (..., K), for D = 1."""
    y, log_pi, mu, log_sigma, _ = _checked(*params, **options)
    if mu.shape[-1] != 1:
        rule = f"{name} asks for one target dimension, mu of shape (..., K, 1)"
        raise ValueError(f"{rule}, got shape {mu.shape}")
    pi = softmax(log_pi, axis=-1)  # their sum may be off by rounding
    return y, pi, mu[..., 0], np.broadcast_to(log_sigma, mu.shape)[..., 0]


def generator(seed):
    own = seed is None or isinstance(seed, np.random.Generator)
    return np.random.default_rng(seed if own else _check.seed(seed))
