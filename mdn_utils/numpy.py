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
Every function raises a ValueError that names the argument, the rule and what it got, where
a shape does not fit, y holds NaN, ``log_pi`` does not sum to one (give or take 0.01, 0.05
in half precision) or ``unit_tril`` has no ones on its diagonal, and where its docstring
says so. `mdn_utils.check_values` switches off all but the checks of shapes.

:mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch` hold the same functions under the
same names, and a network; `cdf`, `quantile` and `crps`, for D = 1, are here alone.
"""

from itertools import combinations

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import erf, logsumexp, ndtr, ndtri, softmax

from . import _check
from ._check import HALF_LOG_2PI

__all__ = [
    "cdf", "component_pdf", "covariance", "crps", "log_prob", "mean", "mode", "nll",
    "quantile", "sample", "split_cholesky", "variance",
]  # fmt: skip


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²) = Π_d exp(-(y_d - μ_kd)² / 2σ_kd²) / √(2π σ_kd²)`` for each k.

    For looking at single components. It underflows to 0 far from μ, so no loss is made of
    it: see `log_prob`.

    Args:
        y: target, shape (..., D).
        mu: means, shape (..., K, D).
        var: variances σ², positive; as many axes as mu, broadcastable to it.

    Returns:
        Densities, shape (..., K).

    >>> y, mu, var = [3.0], [[0.0], [0.1], [0.2]], [[1.0], [2.2], [3.3]]
    >>> component_pdf(y, mu, var).round(8).tolist()
    [0.00443185, 0.03977444, 0.06695205]
    """
    y, mu, var = (np.asarray(a, dtype=float) for a in (y, mu, var))
    _check.pdf(y, mu, var)
    _check_values({"y": y, "var": var}, no_nan=("y",), positive=("var",))
    log_normal = -0.5 * (y[..., None, :] - mu) ** 2 / var - 0.5 * np.log(var) - HALF_LOG_2PI
    return np.exp(log_normal.sum(axis=-1))


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    The sum is a log-sum-exp: nothing underflows, however far y lies from every mean.

    Args:
        y: target, shape (..., D).
        log_pi: log mixing weights, shape (..., K).
        mu: means, shape (..., K, D), in units of y.
        log_sigma: log standard deviations, as many axes as mu, broadcastable to it.
        unit_tril: for full covariances, shape (..., K, D, D): lower triangular with ones
            on the diagonal, Σ_k = L_k L_kᵀ with L_k = diag(σ_k) unit_tril_k. An ordinary
            Cholesky factor goes through `split_cholesky`.

    Returns:
        Log density in nats, shape (...), the leading axes of y and the parameters.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    >>> y, log_pi, mu = [[0.0]], np.log([[0.5, 0.5]]), [[[-1.0], [1.0]]]
    >>> log_prob(y, log_pi, mu, np.zeros((1, 2, 1))).round(6).tolist()
    [-1.418939]
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * np.exp(-log_sigma)
    if unit_tril is not None:
        z = np.linalg.solve(_lower(unit_tril), z[..., None])[..., 0]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return logsumexp(log_pi + log_normal.sum(axis=-1), axis=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``: the negative log-likelihood of a row, the training loss.

    Arguments as for `log_prob`, with one target for each row: y is refused where it would
    be repeated along the rows. Returns the average, a scalar, in nats.

    >>> with np.errstate(divide="ignore"):
    ...     log_pi = np.log([1.0, 0.0, 0.0])
    >>> var = np.array([[1.0], [2.2], [3.3]])
    >>> loss = nll([[3.0], [1.1]], log_pi, [[0.0], [0.1], [0.2]], 0.5 * np.log(var))
    >>> print(f"{loss:.4f}")
    3.4714
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -log_density.mean()


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``.

    Returns the mean, shape (..., D). log_sigma and unit_tril do not matter, and may be left
    out.

    >>> mean(np.log([0.25, 0.75]), [[0.0], [4.0]]).tolist()
    [3.0]
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return (np.exp(log_pi)[..., None] * mu).sum(axis=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``: within and between components.

    Arguments as for `log_prob`. Returns the variance of each target dimension, (..., D).

    >>> variance(np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))).tolist()
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
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``: within and between.

    Arguments as for `log_prob`. Returns the covariance matrix, shape (..., D, D).

    >>> covariance(np.log([0.5, 0.5]), [[-1, -1], [1, 1]], np.zeros((1, 1))).tolist()
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
    """``argmax p(y)``, or one of two shortcuts to it.

    ==============  ===============================================================
    ``kind``        answer
    ==============  ===============================================================
    ``component``   the mean of the most probable component, argmax π_k
    ``peak``        the mean of the component with the highest peak,
                    argmax π_k / √det Σ_k
    ``exact``       the highest point of the mixture itself
    ==============  ===============================================================

    The highest point may lie away from every mean, even for D = 1. But every maximum lies
    on the ridgeline ``x(a) = (Σ_k a_k Σ_k⁻¹)⁻¹ Σ_k a_k Σ_k⁻¹ μ_k``, a in the simplex. The
    search looks there at all means, at three points between any two components and, for
    K > 2, at 64 more; moves the 128 highest three times to the x(a) of their
    responsibilities, which never goes down; and climbs on from the 16 highest, by such
    moves or Newton's steps, whichever end higher, until they stand still. A maximum can
    escape that; none did in thousands of random mixtures. Of several equally high points
    any may come out.

    Arguments as for `log_prob`; log_sigma and unit_tril may be left out for ``component``,
    where they do not matter. NaN in any parameter is refused. Returns the mode, (..., D).

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6, for
    ``component``; Carreira-Perpiñán (2000), IEEE TPAMI 22, 1318-1323, for the climb; Ray
    and Lindsay (2005), Annals of Statistics 33, 2042-2065, for the ridgeline.

    >>> params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    >>> mode(*params).item(), mode(*params, kind="peak").item()
    (0.0, 2.0)
    >>> print(f"{mode(*params, kind='exact').item():.4f}")
    1.7696
    """
    _check.kind(kind)
    options = {"no_nan": _check.PARAMETERS, "needs_noise": kind != "component"}
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, **options)
    _, log_pi, mu, log_sigma, unit_tril = params
    if kind == "component":
        return _pick(mu, log_pi.argmax(axis=-1)[..., None])[..., 0, :]
    if kind == "peak":
        log_det = np.broadcast_to(log_sigma, mu.shape).sum(axis=-1)
        return _pick(mu, (log_pi - log_det).argmax(axis=-1)[..., None])[..., 0, :]
    return exact_mode(log_pi, mu, log_sigma, unit_tril)


def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε`` with ε ~ N(0, I); L_k = diag(σ_k) without C_k.

    A temperature τ changes the model on purpose: log π_k / τ in place of log π_k, made to
    sum to one again, and σ_k √τ in place of σ_k. τ = 1 is the model; below, samples come
    closer together; τ = 0 gives the mean of the most probable component.

    Args:
        log_pi, mu, log_sigma, unit_tril: as for `log_prob`, without NaN.
        n: how many samples for each row; None gives one, without an axis for it.
        seed: an integer >= 0 or a `numpy.random.Generator`; None draws afresh.
        temperature: τ, a number >= 0.

    Returns:
        Samples, independent of each other, shape (..., D), or (n, ..., D) with n.

    Source of the temperature: Ha and Schmidhuber (2018), *World Models*, arXiv:1803.10122.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.log([[0.1], [0.1]])
    >>> sample(*params, n=1000, seed=0).shape
    (1000, 1)
    >>> sample(*params, seed=0, temperature=0).tolist()
    [-1.0]
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.PARAMETERS)
    _, log_pi, mu, log_sigma, unit_tril = params
    rng = generator(seed)
    lead = np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    count = 1 if n is None else n
    if temperature == 0:
        top = _pick(mu, log_pi.argmax(axis=-1)[..., None])
        y = np.broadcast_to(top, (*lead, count, mu.shape[-1])).copy()
    else:
        with np.errstate(over="ignore"):  # to -inf, a weight of 0, is right
            log_pi = (log_pi - log_pi.max(axis=-1, keepdims=True)) / temperature
        k = _draw_component(np.exp(log_pi), rng.random((*lead, count)))  # (..., n)
        noise = np.sqrt(temperature) * rng.standard_normal((*lead, count, mu.shape[-1]))
        if unit_tril is not None:
            flat = _lower(unit_tril).reshape(*unit_tril.shape[:-2], -1)
            flat = np.broadcast_to(flat, (*mu.shape[:-1], flat.shape[-1]))
            factor = _pick(flat, k).reshape(*noise.shape, -1)  # (..., n, D, D)
            noise = np.einsum("...de,...e->...d", factor, noise)
        sigma = np.exp(_pick(np.broadcast_to(log_sigma, mu.shape), k))
        y = _pick(mu, k) + sigma * noise
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
    _check_values({"scale_tril's diagonal": sigma}, positive=("scale_tril's diagonal",))
    return np.log(sigma), np.tril(scale_tril) / sigma[..., None]


def cdf(y, log_pi, mu, log_sigma, unit_tril=None):
    """``F(y) = Σ_k π_k Φ((y - μ_k) / σ_k)``, for D = 1.

    Arguments as for `log_prob`. Returns the probability that a draw is at most y, (...).

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    >>> cdf([[-1.0], [0.0], [9.0]], *params).round(4).tolist()
    [0.2614, 0.5, 1.0]
    """
    y, pi, mu, log_sigma = _one_target("cdf", y, log_pi, mu, log_sigma, unit_tril)
    return np.minimum((pi * ndtr((y - mu) * np.exp(-log_sigma))).sum(axis=-1), 1)


def quantile(p, log_pi, mu, log_sigma, unit_tril=None):
    """The y with ``F(y) = p``, for D = 1.

    Found by bracketing: it lies between the smallest and the largest p-quantile of the
    components, μ_k + σ_k Φ⁻¹(p).

    Args:
        p: probability in [0, 1], shape (...), no axis for D; broadcasts with the rows.
        log_pi, mu, log_sigma, unit_tril: as for `log_prob`.

    Returns:
        Quantile, shape (..., 1); -inf for p = 0, inf for p = 1, NaN for NaN parameters.

    Raises:
        ValueError: the search fails; in how many rows.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    >>> quantile([0.1, 0.5, 0.9], *params).round(4)[:, 0].tolist()
    [-1.8495, 0.0, 1.8495]
    """
    p = np.asarray(p, dtype=float)
    outside = p[~((p >= 0) & (p <= 1))]  # NaN, too
    _check.must(not outside.size, "p must lie in [0, 1], got {}", *outside[:1])
    _, pi, mu, log_sigma = _one_target("quantile", None, log_pi, mu, log_sigma, unit_tril)
    lead = np.broadcast_shapes(pi.shape[:-1], mu.shape[:-1])
    shape, K = _check.broadcast("p", p.shape, "mu", lead), mu.shape[-1]
    pi, mu, sigma = (
        np.broadcast_to(a, (*shape, K)).reshape(-1, K) for a in (pi, mu, np.exp(log_sigma))
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
    failed = ~found.success & ~np.isnan(pi + mu + sigma).any(axis=-1)
    rule = "quantile must find a root in every row, got none in {} of {}; is a σ 0?"
    _check.must(not failed.any(), rule, failed.sum(), p.size)
    return np.where(ends, np.copysign(np.inf, p - 0.5), found.x).reshape(*shape, 1)


def crps(y, log_pi, mu, log_sigma, unit_tril=None):
    """``∫ (F(z) - 1{z >= y})² dz``: the continuous ranked probability score, for D = 1.

    In closed form, with ``A(m, s) = 2 s φ(m/s) + m (2 Φ(m/s) - 1)``::

        Σ_k π_k A(y - μ_k, σ_k) - ½ Σ_j Σ_k π_j π_k A(μ_j - μ_k, √(σ_j² + σ_k²))

    Arguments as for `log_prob`. Returns the score in units of y, (...); smaller is better.

    Source: Grimit et al. (2006), QJRMS 132, 2925-2942.

    >>> print(f"{crps([0.0], [0.0], [[0.0]], [[0.0]]):.6f}")
    0.233695
    """
    y, pi, mu, log_sigma = _one_target("crps", y, log_pi, mu, log_sigma, unit_tril)
    var = np.exp(2 * log_sigma)
    score = (pi * _mean_distance(y - mu, var)).sum(axis=-1)
    for j in range(mu.shape[-1]):  # one component against all: no array of K² entries
        m, j_var, j_pi = (a[..., j : j + 1] for a in (mu, var, pi))
        score = score - 0.5 * (j_pi * pi * _mean_distance(m - mu, j_var + var)).sum(axis=-1)
    return score


# What several functions compute


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    if unit_tril is None:
        return np.eye(like.shape[-1])
    return np.tril(unit_tril, -1) + np.eye(unit_tril.shape[-1])


def exact_mode(log_pi, mu, log_sigma, unit_tril=None):
    """The highest point of each mixture, as the docstring of `mode` says; no checks."""
    lead, (K, D) = np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2]), mu.shape[-2:]
    whiten = np.linalg.inv(_lower(unit_tril, mu)) * np.exp(-log_sigma)[..., None, :]  # L⁻¹
    log_peak = log_pi - np.broadcast_to(log_sigma, mu.shape).sum(axis=-1)

    def rows(a, *axes):
        return np.broadcast_to(a, (*lead, *axes)).reshape(-1, *axes)

    params = rows(log_peak, K), rows(mu, K, D), rows(whiten, K, D, D)
    starts = _starts(K)
    size = max(1, 2_000_000 // (len(starts) * K * D))  # rows at a time
    parts = [
        _highest(starts, *(a[first : first + size] for a in params))
        for first in range(0, len(params[0]), size)
    ]
    return np.concatenate([np.empty((0, D)), *parts]).reshape(*lead, D)


def _starts(K):
    """Points a of the simplex to start from, shape (starts, K)."""
    starts = [np.eye(K)]
    for j, k in combinations(range(K), 2):
        starts.append([a * starts[0][j] + (1 - a) * starts[0][k] for a in (0.1, 0.5, 0.9)])
    if K > 2:
        starts.append(np.random.default_rng(0).dirichlet(np.full(K, 0.5), 64))
    return np.concatenate(starts)


def _highest(starts, log_peak, mu, whiten):
    """Climb in each of some rows; x has shape (rows, places, D), terms end in K."""
    rows, K, D = mu.shape
    precision = np.swapaxes(whiten, -1, -2) @ whiten
    params = log_peak, mu, whiten, precision

    def look(x, log_peak, mu, whiten, _):
        """log π_k N(x | μ_k, Σ_k) up to a constant, and z = L_k⁻¹ (x - μ_k)."""
        z = (x[:, None] - mu[:, :, None]) @ np.swapaxes(whiten, -1, -2)
        terms = log_peak[..., None] - 0.5 * (z**2).sum(axis=-1)
        return np.swapaxes(terms, 1, 2), z

    def height(x, *params):
        return logsumexp(look(x, *params)[0], axis=-1)

    def average(a, precision):
        """Σ_k a_k Σ_k⁻¹ for a of shape (rows, places, K)."""
        return (a @ precision.reshape(-1, K, D * D)).reshape(*a.shape[:2], D, D)

    def ridge(a):
        """x(a), relative to the first mean, so that large means lose no digits."""
        pulled = precision @ (mu - mu[:, :1])[..., None]
        return mu[:, :1] + _solve(average(a, precision), a @ pulled[..., 0])

    def highest(x, count):
        best = np.argsort(-height(x, *params), axis=1)[:, :count]
        return np.take_along_axis(x, best[..., None], axis=1)

    def climb(x, *params):
        """One step up, and whether it was the last one needed."""
        terms, z = look(x, *params)
        gamma = softmax(terms, axis=-1)
        pull = np.swapaxes(-z @ params[2], 1, 2)  # Σ_k⁻¹ (μ_k - x)
        gradient = (gamma[..., None] * pull).sum(axis=2)
        spread = pull - gradient[:, :, None]
        spread = np.swapaxes(gamma[..., None] * spread, -1, -2) @ spread
        first = average(gamma, params[3])
        second = (1 + 1e-12) * first - spread  # -∂² log p, and never exactly singular
        fixed, newton = x + _solve(first, gradient), x + _solve(second, gradient)
        better = height(newton, *params) > height(fixed, *params) - 1e-13  # rounding
        new = np.where(better[..., None], newton, fixed)
        step = np.abs(new - x) * np.sqrt(np.diagonal(first, axis1=-2, axis2=-1))
        return new, (step < 1e-10).all(axis=(-2, -1))

    x = highest(ridge(np.broadcast_to(starts, (rows, *starts.shape))), 128)
    for _ in range(3):
        x = ridge(softmax(look(x, *params)[0], axis=-1))
    x = highest(x, 16)
    some, x = x.shape[1], x.reshape(-1, 1, D)
    row, moving = np.repeat(np.arange(rows), some), np.arange(len(x))
    for _ in range(200):
        x[moving], done = climb(x[moving], *(a[row[moving]] for a in params))
        moving = moving[~done]
        if not moving.size:
            break
    return highest(x.reshape(rows, some, D), 1)[:, 0]


def _solve(a, b):
    return np.linalg.solve(a, b[..., None])[..., 0] if b.shape[-1] > 1 else b / a[..., 0]


def _draw_component(weights, u):
    """The k with c_{k-1} <= u c_K < c_k, c the cumulative weights, for u in [0, 1).

    Only the first K - 1 bounds are counted, so no rounding can make k leave 0 ... K - 1,
    and a weight of 0 leaves no room between its bounds. weights (..., K), u (..., n).
    """
    bounds = np.cumsum(weights, axis=-1)
    u = u * bounds[..., -1:]
    return (bounds[..., None, :-1] <= u[..., None]).sum(axis=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return np.take_along_axis(a, k[..., None], axis=-2)


def _mean_distance(m, var):
    """A(m, s) = E|X| for X ~ N(m, s²)."""
    s = np.sqrt(var)
    z = m / s
    return 2 * s * np.exp(-0.5 * z**2 - HALF_LOG_2PI) + m * erf(z / np.sqrt(2))


# What is asked of the arguments


def _checked(y, *params, no_nan=("y",), needs_noise=True):
    """All as float64 arrays, None where none was given; their shapes and values fit."""
    arrays = (None if a is None else np.asarray(a, dtype=float) for a in (y, *params))
    named = dict(zip(_check.NAMES, arrays, strict=True))
    _check.shapes(**named, needs_noise=needs_noise)
    _check_values(named, no_nan=no_nan, tolerance=_check.tolerance(params[0]))
    return named.values()


def _check_values(arrays, **rules):
    if _check.values_on:
        _check.values(arrays, **rules)


def generator(seed):
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(_check.seed(seed, "numpy.random.Generator"))


def _one_target(name, y, *params):
    """y of shape (..., 1), and π, μ and log σ of shape (..., K), for D = 1."""
    y, log_pi, mu, log_sigma, _ = _checked(y, *params)
    rule = "{} asks for one target dimension, mu of shape (..., K, 1), got shape {}"
    _check.must(mu.shape[-1] == 1, rule, name, mu.shape)
    pi = softmax(log_pi, axis=-1)  # their sum may be off by rounding
    return y, pi, mu[..., 0], np.broadcast_to(log_sigma, mu.shape)[..., 0]
