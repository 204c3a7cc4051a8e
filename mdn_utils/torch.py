"""Gaussian mixtures and mixture density networks in PyTorch.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; shapes and meaning of ``log_pi``, ``mu``, ``log_sigma``, ``scale_tril`` and ``y``
are the same. Arrays and lists are taken, too, and converted to the dtype of ``mu``.

`MDNHead` turns features into the parameters; `MixtureDensityNetwork` is a ready network;
`initialize` gives it a good start.
"""

import math
from numbers import Integral

import torch
from torch import nn

from . import _shapes, _start

__all__ = [
    "MDNHead",
    "MixtureDensityNetwork",
    "component_pdf",
    "covariance",
    "initialize",
    "log_prob",
    "mean",
    "mode",
    "nll",
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
    >>> [f"{density:.5f}" for density in component_pdf(y, mu, var)]
    ['0.00443', '0.03977', '0.06695']
    """
    mu, y, var = _tensors(mu, y, var)
    _shapes.check_pdf(y, mu, var)
    _check_no_nan("y", y)
    if not (var > 0).all():
        raise ValueError(f"var must be positive, got {var[~(var > 0)][0].item()}")
    square = (y[..., None, :] - mu) ** 2
    return (torch.exp(-square / (2 * var)) / torch.sqrt(2 * math.pi * var)).prod(dim=-1)


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

    >>> y, log_pi = torch.zeros(1, 1), torch.tensor([[0.5, 0.5]]).log()
    >>> mu = torch.tensor([[[-1.0], [1.0]]])
    >>> print(f"{log_prob(y, log_pi, mu, torch.zeros(1, 2, 1)).item():.5f}")
    -1.41894
    """
    mu, y, log_pi, log_sigma, scale_tril = _tensors(mu, y, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y)
    _check_no_nan("y", y)
    return torch.logsumexp(log_pi + _log_components(y, mu, log_sigma, scale_tril), dim=-1)


def nll(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``-1/N Σ_n log p(y_n)``: the negative log-likelihood of a row, the training loss.

    Args:
        y: one target for each row, shape (..., D).
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        The average over all rows, a scalar, in nats.

    Raises:
        ValueError: the shapes do not fit, y holds NaN, or y would be repeated.

    >>> y, log_pi = torch.tensor([[3.0], [1.1]]), torch.tensor([1.0, 0.0, 0.0]).log()
    >>> var = torch.tensor([[1.0], [2.2], [3.3]])
    >>> loss = nll(y, log_pi, [[0.0], [0.1], [0.2]], 0.5 * var.log())
    >>> print(f"{loss:.4f}")
    3.4714
    """
    mu, y, log_pi, log_sigma, scale_tril = _tensors(mu, y, log_pi, log_sigma, scale_tril)
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

    >>> print(f"{mean(torch.tensor([0.25, 0.75]).log(), [[0.0], [4.0]]).item():.4f}")
    3.0000
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=False)
    return (log_pi.exp()[..., None] * mu).sum(dim=-2)


def variance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Var[y_d] = Σ_k π_k (σ_kd² + (μ_kd - E[y_d])²)``: within and between components.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Variance of each target dimension, shape (..., D).

    Raises:
        ValueError: the shapes do not fit.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0], [1.0]])
    >>> print(f"{variance(log_pi, mu, torch.zeros(2, 1)).item():.4f}")
    2.0000
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = log_pi.exp()[..., None]
    between = mu - (pi * mu).sum(dim=-2, keepdim=True)
    if scale_tril is None:
        within = torch.exp(2 * log_sigma)
    else:
        within = (_factor(log_sigma, scale_tril) ** 2).sum(dim=-1)  # diagonal of L Lᵀ
    return (pi * (within + between**2)).sum(dim=-2)


def covariance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``: within and between.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Covariance matrix of the target dimensions, shape (..., D, D).

    Raises:
        ValueError: the shapes do not fit.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0, -1], [1, 1]])
    >>> covariance(log_pi, mu, torch.zeros(1, 1)).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = log_pi.exp()[..., None, None]
    between = mu - (pi[..., 0] * mu).sum(dim=-2, keepdim=True)
    between = between[..., :, None] * between[..., None, :]
    if scale_tril is None:
        within = torch.exp(2 * log_sigma)[..., None] * torch.eye(mu.shape[-1]).to(mu)
    else:
        factor = _factor(log_sigma, scale_tril)
        within = factor @ factor.mT
    return (pi * (within + between)).sum(dim=-3)


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

    The exact mode is found as in `mdn_utils.numpy.mode`, in float64 and without gradients.

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

    >>> log_pi, mu = torch.tensor([0.6, 0.4]).log(), torch.tensor([[0.0], [2.0]])
    >>> params = log_pi, mu, torch.tensor([[2.0], [1.0]]).log()
    >>> mode(*params).item(), mode(*params, kind="peak").item()
    (0.0, 2.0)
    >>> print(f"{mode(*params, kind='exact').item():.4f}")
    1.7696
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check_kind(kind)
    needs_noise = kind != "component"
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=needs_noise)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    if kind == "component":
        return _pick(mu, log_pi.argmax(dim=-1, keepdim=True))[..., 0, :]
    if kind == "peak":
        _, log_scale = _standardize(torch.zeros_like(mu), log_sigma, scale_tril)
        peak = log_pi - log_scale.expand(mu.shape).sum(dim=-1)
        return _pick(mu, peak.argmax(dim=-1, keepdim=True))[..., 0, :]
    double = (
        None if a is None else a.double() for a in (log_pi, mu, log_sigma, scale_tril)
    )
    return _exact_mode(*double).to(mu.dtype)


@torch.no_grad()
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
        seed: an integer >= 0 or a `torch.Generator`; None draws from PyTorch's own.
        temperature: τ, a number >= 0.

    Returns:
        Samples, independent of each other and without gradients, shape (..., D), or
        (n, ..., D) with n.

    Raises:
        ValueError: the shapes do not fit, a parameter holds NaN, n or temperature is
            negative, or the seed is none.

    Source of the temperature: Ha and Schmidhuber (2018), *World Models*, arXiv:1803.10122.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0], [1.0]])
    >>> sample(log_pi, mu, torch.full((2, 1), -2.3), n=1000, seed=0).shape
    torch.Size([1000, 1])
    >>> sample(log_pi, mu, torch.full((2, 1), -2.3), seed=0, temperature=0).tolist()
    [-1.0]
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    _shapes.check_draw(n, temperature)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    options = {"generator": _generator(seed, mu), "dtype": mu.dtype, "device": mu.device}
    lead = torch.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    count = 1 if n is None else n
    if temperature == 0:
        y = mode(log_pi, mu)[..., None, :].expand(*lead, count, -1).clone()
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - log_pi.amax(dim=-1, keepdim=True)) / cold
        k = _draw_component(log_pi.exp(), torch.rand(*lead, count, **options))  # (..., n)
        noise = torch.randn(*lead, count, mu.shape[-1], **options) * temperature**0.5
        if scale_tril is not None:
            flat = scale_tril.tril().flatten(start_dim=-2)
            flat = flat.expand(*mu.shape[:-1], flat.shape[-1])
            factor = _pick(flat, k).unflatten(-1, scale_tril.shape[-2:])  # (..., n, D, D)
            noise = torch.einsum("...de,...e->...d", factor, noise)
        if log_sigma is not None:
            noise = _pick(log_sigma.expand(mu.shape), k).exp() * noise
        y = _pick(mu, k) + noise
    return y[..., 0, :] if n is None else y.movedim(-2, 0)


class MDNHead(nn.Module):
    """``log π = log softmax(a^π)``, ``μ = a^μ``, ``log σ = a^σ``, each a linear layer.

    ==============  ===================================  =================================
    ``noise``       components                           outputs besides log_pi and mu
    ==============  ===================================  =================================
    ``full``        ``N(μ_k, L_k L_kᵀ)``,                log_sigma (..., K, D),
                    ``L_k = diag(σ_k) C_k``              scale_tril (..., K, D, D): C_k
    ``diagonal``    ``N(μ_k, diag(σ_k²))``               log_sigma (..., K, D)
    ``isotropic``   ``N(μ_k, σ_k² I)``                   log_sigma (..., K, 1)
    ``shared``      ``N(μ_k, σ² I)``, one σ for all k    log_sigma (..., 1, 1)
    ``fixed``       ``N(μ_k, σ² I)``, σ given            log_sigma (..., 1, 1)
    ==============  ===================================  =================================

    C_k is lower triangular with ones on the diagonal, so with full noise σ_kd is the
    standard deviation of dimension d given the dimensions before it.

    Args:
        features: how many features come in.
        D: target dimensions.
        K: components.
        noise: one of the five above.
        sigma: the σ of fixed noise, in units of the target; for no other noise.
        sigma_floor: a lower bound of every σ, in units of the target: σ = exp(a^σ) +
            sigma_floor. 0 is no bound.

    Shape: features (..., features); log_pi (..., K), mu (..., K, D), the rest as above.

    Raises:
        ValueError: a size is no positive integer, noise is none of the five, sigma is
            missing for fixed noise or given for another, or sigma_floor is negative.

    >>> log_pi, mu, log_sigma = MDNHead(50, D=2, K=3)(torch.zeros(4, 50))
    >>> log_pi.shape, mu.shape, log_sigma.shape
    (torch.Size([4, 3]), torch.Size([4, 3, 2]), torch.Size([4, 3, 2]))
    >>> head = MDNHead(50, D=2, K=3, noise="full", sigma_floor=0.01)
    >>> nll(torch.zeros(4, 2), *head(torch.zeros(4, 50))).shape
    torch.Size([])
    """

    def __init__(self, features, D, K, noise="diagonal", sigma=None, sigma_floor=0.0):
        _shapes.check_sizes(features=features, D=D, K=K)
        _shapes.check_noise(noise, sigma, sigma_floor)
        super().__init__()
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_floor = sigma, sigma_floor
        self.pi = nn.Linear(features, K)
        self.mu = nn.Linear(features, K * D)
        if noise != "fixed":
            self.log_sigma = nn.Linear(features, math.prod(_shapes.sigma_axes(noise, K, D)))
        if noise == "full" and D > 1:
            self.below = nn.Linear(features, K * D * (D - 1) // 2)

    def forward(self, features):
        log_pi = torch.log_softmax(self.pi(features), dim=-1)
        mu = self.mu(features).unflatten(-1, (self.K, self.D))
        if self.noise == "fixed":
            return log_pi, mu, torch.full_like(mu[..., :1, :1], math.log(self.sigma))
        axes = _shapes.sigma_axes(self.noise, self.K, self.D)
        log_sigma = self.log_sigma(features).unflatten(-1, axes)
        if self.sigma_floor:
            floor = torch.full_like(log_sigma, math.log(self.sigma_floor))
            log_sigma = torch.logaddexp(log_sigma, floor)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        return log_pi, mu, log_sigma, self._scale_tril(features, mu)

    def _scale_tril(self, features, mu):
        """C: ones on the diagonal, the outputs of the layer `below` under it."""
        scale_tril = torch.diag_embed(torch.ones_like(mu))
        if self.D > 1:
            rows, columns = torch.tril_indices(self.D, self.D, offset=-1)
            below = self.below(features).unflatten(-1, (self.K, -1))
            scale_tril[..., rows, columns] = below
        return scale_tril

    def extra_repr(self):
        level = "" if self.sigma is None else f", sigma={self.sigma}"
        floor = f", sigma_floor={self.sigma_floor}" if self.sigma_floor else ""
        return f"D={self.D}, K={self.K}, noise={self.noise!r}{level}{floor}"


class MixtureDensityNetwork(nn.Module):
    """``x -> hidden layers -> MDNHead``: the parameters of p(y|x).

    Inputs and targets are taken as they are. Scale both to about one before: the layers
    start with weights made for that.

    Args:
        inputs: input dimensions, the length of the last axis of x.
        D: target dimensions.
        K: components.
        hidden: width of the hidden layer, or a sequence of widths for several layers.
        activation: what follows each hidden layer, "tanh" or "relu".
        noise, sigma, sigma_floor: as for `MDNHead`.

    Shape: x (..., inputs); the outputs are those of `MDNHead`, in the order that `nll`,
    `mean` and all other functions take: ``nll(y, *network(x))``.

    Raises:
        ValueError: a size is no positive integer, activation is none of the two, or
            `MDNHead` refuses the noise.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> sum(p.numel() for p in network.parameters())
    4078
    >>> params = network(torch.zeros(4, 1))
    >>> nll(torch.zeros(4, 1), *params).shape, mean(*params).shape
    (torch.Size([]), torch.Size([4, 1]))
    """

    def __init__(
        self,
        inputs,
        D,
        K,
        hidden=50,
        activation="tanh",
        noise="diagonal",
        sigma=None,
        sigma_floor=0.0,
    ):
        sizes = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
        _shapes.check_sizes(inputs=inputs, D=D, K=K)
        for size in sizes:
            _shapes.check_sizes(hidden=size)
        _shapes.check_activation(activation)
        super().__init__()
        self.hidden = nn.Sequential()
        for width, size in zip((inputs, *sizes), sizes, strict=False):
            self.hidden.append(nn.Linear(width, size))
            self.hidden.append(nn.Tanh() if activation == "tanh" else nn.ReLU())
        self.head = MDNHead((inputs, *sizes)[-1], D, K, noise, sigma, sigma_floor)

    def forward(self, x):
        return self.head(self.hidden(x))


@torch.no_grad()
def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1):
    """A start from which training is reliable: at first p(y|x) hardly depends on x.

    ===================  ===============================================================
    first hidden layer   ``tanh(Σ_i w_i (x_i - c_i))``: c uniform over the range of x,
                         ``w_i = steepness u / (std(x_i) √I)`` with u ~ U(-1, 1)
    other hidden layers  weights N(0, 1 / inputs), for relu N(0, 2 / inputs); biases 0
    heads, weights       ``head_scale u / √inputs`` with u ~ U(-1, 1)
    heads, biases        ``a^π = 0``; ``a^μ_k`` the (k - ½) / K quantile of y for D = 1,
                         otherwise a row of y, no row twice; ``a^σ = log(sigma std(y))``,
                         averaged over D where all dimensions share one σ
    ===================  ===============================================================

    Everything is drawn in NumPy: a seed gives the same weights in both frameworks.

    Args:
        network: a `MixtureDensityNetwork`; its weights are replaced.
        x: the inputs that it will be trained on, shape (N, I).
        y: their targets, shape (N, D), in the units in which the network is trained.
        seed: an integer >= 0, a `numpy.random.Generator`, or None for another start at
            every call.
        steepness: how steep the steps of the first layer are, per standard deviation of x.
        sigma: σ at the start, in standard deviations of y, before ``sigma_floor`` is added;
            fixed noise keeps its own.
        head_scale: how much the input matters at the start.

    Returns:
        The network.

    Raises:
        ValueError: x or y has another shape, holds NaN or infinity or, for D > 1, has
            fewer rows than K; or a number is not positive.

    >>> x, y = torch.linspace(-1, 1, 100)[:, None], torch.linspace(0, 3, 100)[:, None]
    >>> network = initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y)
    >>> [round(mu, 3) for mu in network.head.mu.bias.tolist()]
    [0.5, 1.5, 2.5]
    """
    linear = [layer for layer in network.hidden if isinstance(layer, nn.Linear)]
    widths = [(*linear, network.head.pi)[0].in_features, *(a.out_features for a in linear)]
    relu = any(isinstance(layer, nn.ReLU) for layer in network.hidden)
    options = seed, steepness, sigma, head_scale
    values = _start.weights(x, y, widths, network.head, relu, *options)
    for parameter, value in zip(network.parameters(), values, strict=True):
        parameter.copy_(torch.tensor(value.T))  # PyTorch holds kernels transposed
    return network


# What several functions compute


def _log_components(y, mu, log_sigma, scale_tril):
    """log N(y | μ_k, Σ_k), summed over D as a whole, shape (..., K)."""
    z, log_scale = _standardize(y[..., None, :] - mu, log_sigma, scale_tril)
    constant = 0.5 * mu.shape[-1] * math.log(2 * math.pi)
    return (-0.5 * z.square() - log_scale).sum(dim=-1) - constant


def _standardize(difference, log_sigma, scale_tril):
    """z = L⁻¹ (y - μ), first divided by σ, then by C, and the log of the diagonal of L."""
    z, log_scale = difference, difference.new_zeros(())
    if log_sigma is not None:
        z, log_scale = z * torch.exp(-log_sigma), log_scale + log_sigma
    if scale_tril is not None:
        z = torch.linalg.solve_triangular(scale_tril, z[..., None], upper=False)[..., 0]
        log_scale = log_scale + scale_tril.diagonal(dim1=-2, dim2=-1).log()
    return z, log_scale


def _factor(log_sigma, scale_tril):
    """L = diag(σ) C, the Cholesky factor of Σ."""
    factor = scale_tril.tril()
    return factor if log_sigma is None else log_sigma.exp()[..., None] * factor


@torch.no_grad()
def _exact_mode(log_pi, mu, log_sigma, scale_tril):
    """Climb from every mean at once: x has shape (rows, K, D), K starts in each row."""
    lead = torch.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    K, D = mu.shape[-2:]

    def rows(a, *axes):
        return a.expand(*lead, *axes).reshape(lead.numel(), *axes)

    log_pi, mu = rows(log_pi, K), rows(mu, K, D)
    if scale_tril is None:
        noise = rows(log_sigma, K, D)
        precision = torch.diag_embed(torch.exp(-2 * noise))
    else:
        noise = rows(_factor(log_sigma, scale_tril), K, D, D)
        identity = torch.eye(D, dtype=mu.dtype, device=mu.device)
        inverse = torch.linalg.solve_triangular(noise, identity, upper=False)
        precision = inverse.mT @ inverse

    def log_terms(x, log_pi, mu, noise):
        """log π_k N(x | μ_k, Σ_k) at every start, shape (rows, starts, K)."""
        noise = (noise[:, None], None) if scale_tril is None else (None, noise[:, None])
        return log_pi[:, None] + _log_components(x, mu[:, None], *noise)

    def climb(x, precision, *params):
        """One step up from every start, and whether it was the last one needed."""
        gamma = log_terms(x, *params).softmax(dim=-1)
        pull = torch.einsum(
            "nkde,nske->nskd", precision, params[1][:, None] - x[:, :, None]
        )
        gradient = torch.einsum("nsk,nskd->nsd", gamma, pull)
        average = torch.einsum("nsk,nkde->nsde", gamma, precision)
        spread = pull - gradient[:, :, None]
        spread = torch.einsum("nskd,nske->nsde", gamma[..., None] * spread, spread)
        fixed = x + torch.linalg.solve(average, gradient[..., None])[..., 0]
        curvature = (1 + 1e-12) * average - spread  # minus the second derivative of log p
        newton = x + torch.linalg.solve(curvature, gradient[..., None])[..., 0]
        better = height(newton, *params) > height(fixed, *params) - 1e-13  # rounding
        new = torch.where(better[..., None], newton, fixed)
        step = (new - x).abs() * average.diagonal(dim1=-2, dim2=-1).sqrt()
        return new, (step < 1e-10).all(dim=-1).all(dim=-1)

    def height(x, *params):
        return log_terms(x, *params).logsumexp(dim=-1)

    x, moving = mu.clone(), torch.arange(len(mu), device=mu.device)
    for _ in range(200):
        some = (a[moving] for a in (x, precision, log_pi, mu, noise))
        x[moving], done = climb(*some)
        moving = moving[~done]
        if not len(moving):
            break
    best = height(x, log_pi, mu, noise).argmax(dim=-1, keepdim=True)
    return _pick(x, best).reshape(*lead, D)


def _draw_component(weights, u):
    """The k with c_{k-1} <= u c_K < c_k, c the cumulative weights, for u in [0, 1).

    Only the first K - 1 bounds are counted, so no rounding can make k leave 0 ... K - 1,
    and a weight of 0 leaves no room between its bounds. weights (..., K), u (..., n).
    """
    bounds = weights.cumsum(dim=-1)
    u = u * bounds[..., -1:]
    return (bounds[..., None, :-1] <= u[..., None]).sum(dim=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return torch.take_along_dim(a, k[..., None], dim=-2)


# What is asked of values


def _tensors(mu, *others):
    """All as tensors; what is none takes dtype and device of mu."""
    if not torch.is_tensor(mu):
        mu = torch.tensor(mu)
        mu = mu if mu.is_floating_point() else mu.to(torch.get_default_dtype())
    convert = {"dtype": mu.dtype, "device": mu.device}
    return mu, *(
        a if a is None or torch.is_tensor(a) else torch.tensor(a, **convert) for a in others
    )


def _check_parameters(*arguments):
    names = "log_pi", "mu", "log_sigma", "scale_tril"
    for name, value in zip(names, arguments, strict=True):
        if value is not None:
            _check_no_nan(name, value)


def _check_no_nan(name, value):
    if value.isnan().any():
        raise ValueError(
            f"{name} must not contain NaN, got {int(value.isnan().sum())} NaN "
            f"in shape {tuple(value.shape)}"
        )


def _generator(seed, mu):
    if seed is None or isinstance(seed, torch.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(
            f"seed must be None, an integer >= 0 or a torch.Generator, got {seed!r}"
        )
    return torch.Generator(mu.device).manual_seed(int(seed))
