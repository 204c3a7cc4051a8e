"""Gaussian mixtures in NumPy: the float64 reference for the two frameworks.

A mixture of K Gaussians over D target dimensions, one for each row of a batch::

    p(y) = Σ_k π_k N(y | μ_k, Σ_k)

==============  ===================  ====================================================
argument        shape                meaning
==============  ===================  ====================================================
``log_pi``      ``(..., K)``         log π_k; -inf stands for a weight of exactly 0
``mu``          ``(..., K, D)``      means μ_k, in units of the target
``log_sigma``   as ``mu``, or 1s     log σ_k; an axis of length 1 is shared:
                                     ``(..., K, D)`` diagonal, ``(..., K, 1)`` isotropic,
                                     ``(..., 1, 1)`` one σ for all components
``scale_tril``  ``(..., K, D, D)``   for full covariances Σ_k = L_k L_kᵀ: C_k, lower
                                     triangular with a positive diagonal, and
                                     L_k = diag(σ_k) C_k, or C_k without ``log_sigma``;
                                     what stands above the diagonal is not read
``y``           ``(..., D)``         target, at least as many axes as ``log_pi``
==============  ===================  ====================================================

The leading axes are rows; they broadcast. Log densities are in nats, with all constants.
:mod:`mdn_utils.tensorflow` and :mod:`mdn_utils.torch` hold the same functions under the
same names, and a network; `cdf`, `quantile` and `crps`, for D = 1, are here alone.
"""

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import erf, logsumexp, ndtr, ndtri, softmax

from . import _shapes

__all__ = [
    "cdf",
    "component_pdf",
    "covariance",
    "crps",
    "log_prob",
    "mean",
    "mode",
    "nll",
    "quantile",
    "sample",
    "variance",
]


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

    Raises:
        ValueError: the shapes do not fit, y holds NaN, or a variance is not positive.

    >>> y, mu, var = [3.0], [[0.0], [0.1], [0.2]], [[1.0], [2.2], [3.3]]
    >>> component_pdf(y, mu, var).round(8).tolist()
    [0.00443185, 0.03977444, 0.06695205]
    """
    y, mu, var = (np.asarray(a, dtype=float) for a in (y, mu, var))
    _shapes.check_pdf(y, mu, var)
    _check_no_nan("y", y)
    if not (var > 0).all():
        raise ValueError(f"var must be positive, got {var[~(var > 0)][0]}")
    square = (y[..., None, :] - mu) ** 2
    return (np.exp(-square / (2 * var)) / np.sqrt(2 * np.pi * var)).prod(axis=-1)


def log_prob(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    The sum is a log-sum-exp: nothing underflows, however far y lies from every mean.

    Args:
        y: target, shape (..., D).
        log_pi: log mixing weights, shape (..., K).
        mu: means, shape (..., K, D).
        log_sigma: log standard deviations, as many axes as mu, broadcastable to it.
        scale_tril: lower Cholesky factors, shape (..., K, D, D), in units of σ_k where
            log_sigma is given, too: Σ_k = L_k L_kᵀ with L_k = diag(σ_k) scale_tril_k.

    Returns:
        Log density in nats, shape (...), the leading axes of y and the parameters.

    Raises:
        ValueError: the shapes do not fit, or y holds NaN.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    >>> y, log_pi, mu = [[0.0]], np.log([[0.5, 0.5]]), [[[-1.0], [1.0]]]
    >>> log_prob(y, log_pi, mu, np.zeros((1, 2, 1))).round(6).tolist()
    [-1.418939]
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    y = np.asarray(y, dtype=float)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y)
    _check_no_nan("y", y)
    return logsumexp(log_pi + _log_components(y, mu, log_sigma, scale_tril), axis=-1)


def nll(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``-1/N Σ_n log p(y_n)``: the negative log-likelihood of a row, the training loss.

    Args:
        y: one target for each row, shape (..., D).
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        The average over all rows, a scalar, in nats.

    Raises:
        ValueError: the shapes do not fit, y holds NaN, or y would be repeated.

    >>> with np.errstate(divide="ignore"):
    ...     log_pi = np.log([1.0, 0.0, 0.0])
    >>> var = np.array([[1.0], [2.2], [3.3]])
    >>> loss = nll([[3.0], [1.1]], log_pi, [[0.0], [0.1], [0.2]], 0.5 * np.log(var))
    >>> print(f"{loss:.4f}")
    3.4714
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    y = np.asarray(y, dtype=float)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y, one_for_each_row=True)
    return -log_prob(y, log_pi, mu, log_sigma, scale_tril).mean()


def mean(log_pi, mu, log_sigma=None, scale_tril=None):
    """``E[y] = Σ_k π_k μ_k``.

    Args:
        log_pi, mu: as for `log_prob`.
        log_sigma, scale_tril: do not matter, and may be left out.

    Returns:
        Mean, shape (..., D).

    Raises:
        ValueError: the shapes do not fit.

    >>> mean(np.log([0.25, 0.75]), [[0.0], [4.0]]).tolist()
    [3.0]
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=False)
    return (np.exp(log_pi)[..., None] * mu).sum(axis=-2)


def variance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Var[y_d] = Σ_k π_k (σ_kd² + (μ_kd - E[y_d])²)``: within and between components.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Variance of each target dimension, shape (..., D).

    Raises:
        ValueError: the shapes do not fit.

    >>> variance(np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))).tolist()
    [2.0]
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = np.exp(log_pi)[..., None]
    between = mu - (pi * mu).sum(axis=-2, keepdims=True)
    if scale_tril is None:
        within = np.exp(2 * log_sigma)
    else:
        within = (_factor(log_sigma, scale_tril) ** 2).sum(axis=-1)  # diagonal of L Lᵀ
    return (pi * (within + between**2)).sum(axis=-2)


def covariance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``: within and between.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Covariance matrix of the target dimensions, shape (..., D, D).

    Raises:
        ValueError: the shapes do not fit.

    >>> covariance(np.log([0.5, 0.5]), [[-1, -1], [1, 1]], np.zeros((1, 1))).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = np.exp(log_pi)[..., None, None]
    between = mu - (pi[..., 0] * mu).sum(axis=-2, keepdims=True)
    between = between[..., :, None] * between[..., None, :]
    if scale_tril is None:
        within = np.exp(2 * log_sigma)[..., None] * np.eye(mu.shape[-1])
    else:
        factor = _factor(log_sigma, scale_tril)
        within = factor @ np.swapaxes(factor, -1, -2)
    return (pi * (within + between)).sum(axis=-3)


def mode(log_pi, mu, log_sigma=None, scale_tril=None, *, kind="component"):
    """``argmax p(y)``, or one of two shortcuts to it.

    ==============  ===============================================================
    ``kind``        answer
    ==============  ===============================================================
    ``component``   the mean of the most probable component, argmax π_k
    ``peak``        the mean of the component with the highest peak,
                    argmax π_k / √det Σ_k
    ``exact``       the highest point of the mixture itself
    ==============  ===============================================================

    The exact mode is found by climbing from every component mean, and taking the highest
    point reached. A step sets the gradient of log p to zero, once with the responsibilities
    γ_k held fixed, which never goes down, and once by Newton's method, which is fast at the
    end; the higher of the two counts. Where several points are equally high, any of them
    may come out.

    Args:
        log_pi, mu: as for `log_prob`.
        log_sigma, scale_tril: as for `log_prob`; for ``component`` they do not matter, and
            may be left out.
        kind: "component", "peak" or "exact".

    Returns:
        Mode, shape (..., D).

    Raises:
        ValueError: the shapes do not fit, a parameter holds NaN, or kind is none of
            the three.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6, for
    ``component``; Carreira-Perpiñán (2000), IEEE TPAMI 22, 1318-1323, for ``exact``.

    >>> params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    >>> mode(*params).item(), mode(*params, kind="peak").item()
    (0.0, 2.0)
    >>> print(f"{mode(*params, kind='exact').item():.4f}")
    1.7696
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check_kind(kind)
    needs_noise = kind != "component"
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=needs_noise)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    if kind == "component":
        return _pick(mu, log_pi.argmax(axis=-1))
    if kind == "peak":
        _, log_scale = _standardize(np.zeros_like(mu), log_sigma, scale_tril)
        return _pick(mu, (log_pi - log_scale.sum(axis=-1)).argmax(axis=-1))
    return _exact_mode(log_pi, mu, log_sigma, scale_tril)


def sample(
    log_pi,
    mu,
    log_sigma=None,
    scale_tril=None,
    *,
    n=None,
    seed=None,
    temperature=1.0,
):
    """``k ~ π``, then ``y = μ_k + σ_k ε`` or ``y = μ_k + L_k ε`` with ε ~ N(0, I).

    A temperature τ changes the model on purpose: log π_k / τ in place of log π_k, made to
    sum to one again, and σ_k √τ in place of σ_k. τ = 1 is the model; below, samples come
    closer together; τ = 0 gives the mean of the most probable component.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.
        n: how many samples for each row; None gives one, without an axis for it.
        seed: an integer >= 0 or a `numpy.random.Generator`; None draws afresh.
        temperature: τ, a number >= 0.

    Returns:
        Samples, independent of each other, shape (..., D), or (n, ..., D) with n.

    Raises:
        ValueError: the shapes do not fit, a parameter holds NaN, n or temperature is
            negative, or the seed is none.

    Source of the temperature: Ha and Schmidhuber (2018), *World Models*, arXiv:1803.10122.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.log([[0.1], [0.1]])
    >>> sample(*params, n=1000, seed=0).shape
    (1000, 1)
    >>> sample(*params, seed=0, temperature=0).tolist()
    [-1.0]
    """
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    _shapes.check_draw(n, temperature)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    rng = _generator(seed)
    lead = np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    count = 1 if n is None else n
    if temperature == 0:
        top = mode(log_pi, mu)[..., None, :]
        y = np.broadcast_to(top, (*lead, count, mu.shape[-1])).copy()
    else:
        log_pi = _cool(log_pi, temperature)
        k = _draw_component(np.exp(log_pi), rng.random((*lead, count)))  # (..., n)
        noise = np.sqrt(temperature) * rng.standard_normal((*lead, count, mu.shape[-1]))
        if scale_tril is not None:
            flat = np.tril(scale_tril).reshape(*scale_tril.shape[:-2], -1)
            flat = np.broadcast_to(flat, (*mu.shape[:-1], flat.shape[-1]))
            factor = _pick_many(flat, k).reshape(*noise.shape, -1)  # (..., n, D, D)
            noise = np.einsum("...de,...e->...d", factor, noise)
        if log_sigma is not None:
            noise = np.exp(_pick_many(np.broadcast_to(log_sigma, mu.shape), k)) * noise
        y = _pick_many(mu, k) + noise
    return y[..., 0, :] if n is None else np.moveaxis(y, -2, 0)


def cdf(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``F(y) = Σ_k π_k Φ((y - μ_k) / σ_k)``, for D = 1.

    Args:
        y: target, shape (..., 1).
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`, with D = 1.

    Returns:
        Probability that a draw is at most y, shape (...).

    Raises:
        ValueError: the shapes do not fit, D is not 1, or y holds NaN.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    >>> cdf([[-1.0], [0.0], [9.0]], *params).round(4).tolist()
    [0.2614, 0.5, 1.0]
    """
    y = np.asarray(y, dtype=float)
    pi, mu, log_sigma = _one_target("cdf", log_pi, mu, log_sigma, scale_tril, y)
    return np.minimum((pi * ndtr((y - mu) * np.exp(-log_sigma))).sum(axis=-1), 1)


def quantile(p, log_pi, mu, log_sigma=None, scale_tril=None):
    """The y with ``F(y) = p``, for D = 1.

    Found by bracketing: it lies between the smallest and the largest p-quantile of the
    components, μ_k + σ_k Φ⁻¹(p).

    Args:
        p: probability, shape (...), no axis for D; its axes broadcast with the rows.
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`, with D = 1.

    Returns:
        Quantile, shape (..., 1); -inf for p = 0 and inf for p = 1.

    Raises:
        ValueError: p leaves [0, 1], the shapes do not fit, or D is not 1.

    >>> params = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    >>> quantile([0.1, 0.5, 0.9], *params).round(4)[:, 0].tolist()
    [-1.8495, 0.0, 1.8495]
    """
    p = np.asarray(p, dtype=float)
    inside = (p >= 0) & (p <= 1)  # false for NaN, too
    if not inside.all():
        raise ValueError(f"p must lie in [0, 1], got {p[~inside][0]}")
    pi, mu, log_sigma = _one_target("quantile", log_pi, mu, log_sigma, scale_tril)
    lead = np.broadcast_shapes(pi.shape[:-1], mu.shape[:-1])
    shape, K = _shapes.broadcast("p", p.shape, "mu", lead), mu.shape[-1]
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
    y = find_root(excess, bracket, args=(inner, np.arange(inner.size))).x
    return np.where(ends, np.copysign(np.inf, p - 0.5), y).reshape(*shape, 1)


def crps(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``∫ (F(z) - 1{z >= y})² dz``: the continuous ranked probability score, for D = 1.

    In closed form, with ``A(m, s) = 2 s φ(m/s) + m (2 Φ(m/s) - 1)``::

        Σ_k π_k A(y - μ_k, σ_k) - ½ Σ_j Σ_k π_j π_k A(μ_j - μ_k, √(σ_j² + σ_k²))

    Args:
        y: target, shape (..., 1).
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`, with D = 1.

    Returns:
        Score in units of the target, shape (...); smaller is better.

    Raises:
        ValueError: the shapes do not fit, D is not 1, or y holds NaN.

    Source: Grimit et al. (2006), QJRMS 132, 2925-2942.

    >>> print(f"{crps([0.0], [0.0], [[0.0]], [[0.0]]):.6f}")
    0.233695
    """
    y = np.asarray(y, dtype=float)
    pi, mu, log_sigma = _one_target("crps", log_pi, mu, log_sigma, scale_tril, y)
    var = np.exp(2 * log_sigma)
    to_target = (pi * _mean_distance(y - mu, var)).sum(axis=-1)
    between = _mean_distance(
        mu[..., :, None] - mu[..., None, :], var[..., :, None] + var[..., None, :]
    )
    pairs = (pi[..., :, None] * pi[..., None, :] * between).sum(axis=(-2, -1))
    return to_target - 0.5 * pairs


# What several functions compute


def _log_components(y, mu, log_sigma, scale_tril):
    """log N(y | μ_k, Σ_k), summed over D as a whole, shape (..., K)."""
    z, log_scale = _standardize(y[..., None, :] - mu, log_sigma, scale_tril)
    return (-0.5 * z**2 - log_scale - 0.5 * np.log(2 * np.pi)).sum(axis=-1)


def _standardize(difference, log_sigma, scale_tril):
    """z = L⁻¹ (y - μ), first divided by σ, then by C, and the log of the diagonal of L."""
    z, log_scale = difference, np.zeros_like(difference)
    if log_sigma is not None:
        z, log_scale = z * np.exp(-log_sigma), log_scale + log_sigma
    if scale_tril is not None:
        z = np.linalg.solve(np.tril(scale_tril), z[..., None])[..., 0]
        log_scale = log_scale + np.log(np.diagonal(scale_tril, axis1=-2, axis2=-1))
    return z, log_scale


def _factor(log_sigma, scale_tril):
    """L = diag(σ) C, the Cholesky factor of Σ."""
    factor = np.tril(scale_tril)
    return factor if log_sigma is None else np.exp(log_sigma)[..., None] * factor


def _exact_mode(log_pi, mu, log_sigma, scale_tril):
    """Climb from every mean at once: x has shape (rows, K, D), K starts in each row."""
    lead, (K, D) = np.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2]), mu.shape[-2:]

    def rows(a, *axes):
        return np.broadcast_to(a, (*lead, *axes)).reshape(-1, *axes)

    log_pi, mu = rows(log_pi, K), rows(mu, K, D)
    if scale_tril is None:
        noise = rows(log_sigma, K, D)
        precision = np.exp(-2 * noise)[..., None] * np.eye(D)
    else:
        noise = rows(_factor(log_sigma, scale_tril), K, D, D)
        inverse = np.linalg.inv(noise)
        precision = np.swapaxes(inverse, -1, -2) @ inverse

    def log_terms(x, log_pi, mu, noise):
        """log π_k N(x | μ_k, Σ_k) at every start, shape (rows, starts, K)."""
        noise = (noise[:, None], None) if scale_tril is None else (None, noise[:, None])
        return log_pi[:, None] + _log_components(x, mu[:, None], *noise)

    def climb(x, precision, *params):
        """One step up from every start, and whether it was the last one needed."""
        gamma = softmax(log_terms(x, *params), axis=-1)
        pull = np.einsum("nkde,nske->nskd", precision, params[1][:, None] - x[:, :, None])
        gradient = np.einsum("nsk,nskd->nsd", gamma, pull)
        average = np.einsum("nsk,nkde->nsde", gamma, precision)
        spread = pull - gradient[:, :, None]
        spread = np.einsum("nskd,nske->nsde", gamma[..., None] * spread, spread)
        fixed = x + np.linalg.solve(average, gradient[..., None])[..., 0]
        curvature = (1 + 1e-12) * average - spread  # minus the second derivative of log p
        newton = x + np.linalg.solve(curvature, gradient[..., None])[..., 0]
        better = height(newton, *params) > height(fixed, *params) - 1e-13  # rounding
        new = np.where(better[..., None], newton, fixed)
        step = np.abs(new - x) * np.sqrt(np.diagonal(average, axis1=-2, axis2=-1))
        return new, (step < 1e-10).all(axis=(-2, -1))

    def height(x, *params):
        return logsumexp(log_terms(x, *params), axis=-1)

    x, moving = mu.copy(), np.arange(len(mu))
    for _ in range(200):
        some = (a[moving] for a in (x, precision, log_pi, mu, noise))
        x[moving], done = climb(*some)
        moving = moving[~done]
        if not moving.size:
            break
    best = height(x, log_pi, mu, noise).argmax(axis=-1)
    return _pick(x, best).reshape(*lead, D)


def _cool(log_pi, temperature):
    """log π / τ up to a constant: 0 for the largest, so that exp cannot overflow."""
    with np.errstate(over="ignore"):  # to -inf, a weight of 0, is right
        return (log_pi - log_pi.max(axis=-1, keepdims=True)) / temperature


def _draw_component(weights, u):
    """The k with c_{k-1} <= u c_K < c_k, c the cumulative weights, for u in [0, 1).

    Only the first K - 1 bounds are counted, so no rounding can make k leave 0 ... K - 1,
    and a weight of 0 leaves no room between its bounds. weights (..., K), u (..., n).
    """
    bounds = np.cumsum(weights, axis=-1)
    u = u * bounds[..., -1:]
    return (bounds[..., None, :-1] <= u[..., None]).sum(axis=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (...)."""
    return np.take_along_axis(a, k[..., None, None], axis=-2)[..., 0, :]


def _pick_many(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return np.take_along_axis(a, k[..., None], axis=-2)


def _mean_distance(m, var):
    """A(m, s) = E|X| for X ~ N(m, s²)."""
    s = np.sqrt(var)
    z = m / s
    return 2 * s * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) + m * erf(z / np.sqrt(2))


# What is asked of values


def _arrays(*arguments):
    return (None if a is None else np.asarray(a, dtype=float) for a in arguments)


def _check_parameters(*arguments):
    names = "log_pi", "mu", "log_sigma", "scale_tril"
    for name, value in zip(names, arguments, strict=True):
        if value is not None:
            _check_no_nan(name, value)


def _check_no_nan(name, value):
    if np.isnan(value).any():
        raise ValueError(
            f"{name} must not contain NaN, got {np.isnan(value).sum()} NaN "
            f"in shape {value.shape}"
        )


def _generator(seed):
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise ValueError(
            f"seed must be None, an integer >= 0 or a numpy.random.Generator, got {seed!r}"
        ) from None


def _one_target(name, log_pi, mu, log_sigma, scale_tril, y=None):
    """π, μ and log σ of shape (..., K), for the functions with D = 1."""
    log_pi, mu, log_sigma, scale_tril = _arrays(log_pi, mu, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y)
    _shapes.check_one_target(name, mu)
    if y is not None:
        _check_no_nan("y", y)
    if scale_tril is not None:
        log_sigma = np.log(_factor(log_sigma, scale_tril)[..., 0])
    return np.exp(log_pi), mu[..., 0], np.broadcast_to(log_sigma, mu.shape)[..., 0]
