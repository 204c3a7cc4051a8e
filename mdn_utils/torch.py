"""Gaussian mixtures and mixture density networks in PyTorch.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; what is said there of arguments and errors holds here. Arrays and lists are
taken, too. Everything is computed in the dtype of ``mu``, in float32 at least, on its
device. Values are checked in eager mode alone: never while PyTorch traces or maps.

`MDNHead` turns features into the parameters; `MixtureDensityNetwork` is a ready network;
`initialize` gives it a good start.
"""

import math

import numpy as np
import torch
from torch import nn

from . import _check, _start
from . import numpy as mdn_np
from ._check import HALF_LOG_2PI

__all__ = [
    "MDNHead", "MixtureDensityNetwork", "component_pdf", "covariance", "initialize",
    "log_prob", "mean", "mode", "nll", "sample", "split_cholesky", "variance",
]  # fmt: skip


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²)`` for each k: see `mdn_utils.numpy.component_pdf`.

    >>> y, mu, var = [3.0], [[0.0], [0.1], [0.2]], [[1.0], [2.2], [3.3]]
    >>> [f"{density:.5f}" for density in component_pdf(y, mu, var)]
    ['0.00443', '0.03977', '0.06695']
    """
    mu, y, var = _tensors(mu, y, var)
    _check.pdf(y, mu, var)
    _check_values({"y": y, "var": var}, no_nan=("y",), positive=("var",))
    log_normal = -0.5 * (y[..., None, :] - mu) ** 2 / var - 0.5 * var.log() - HALF_LOG_2PI
    return log_normal.sum(dim=-1).exp()


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``; see the same in NumPy.

    >>> y, log_pi = torch.zeros(1, 1), torch.tensor([[0.5, 0.5]]).log()
    >>> mu = torch.tensor([[[-1.0], [1.0]]])
    >>> print(f"{log_prob(y, log_pi, mu, torch.zeros(1, 2, 1)).item():.5f}")
    -1.41894
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * torch.exp(-log_sigma)
    if unit_tril is not None:
        z = torch.linalg.solve_triangular(_lower(unit_tril), z[..., None], upper=False)[
            ..., 0
        ]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return torch.logsumexp(log_pi + log_normal.sum(dim=-1), dim=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``: see `mdn_utils.numpy.nll`.

    >>> y, log_pi = torch.tensor([[3.0], [1.1]]), torch.tensor([1.0, 0.0, 0.0]).log()
    >>> var = torch.tensor([[1.0], [2.2], [3.3]])
    >>> print(f"{nll(y, log_pi, [[0.0], [0.1], [0.2]], 0.5 * var.log()):.4f}")
    3.4714
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -log_density.mean()


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``: see `mdn_utils.numpy.mean`.

    >>> print(f"{mean(torch.tensor([0.25, 0.75]).log(), [[0.0], [4.0]]).item():.4f}")
    3.0000
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return (log_pi.exp()[..., None] * mu).sum(dim=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``: see `mdn_utils.numpy.variance`.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0], [1.0]])
    >>> print(f"{variance(log_pi, mu, torch.zeros(2, 1)).item():.4f}")
    2.0000
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = log_pi.exp()[..., None]
    between = mu - (pi * mu).sum(dim=-2, keepdim=True)
    within = torch.exp(2 * log_sigma)
    if unit_tril is not None:
        within = within * (_lower(unit_tril) ** 2).sum(dim=-1)  # the diagonal of L Lᵀ
    return (pi * (within + between**2)).sum(dim=-2)


def covariance(log_pi, mu, log_sigma, unit_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``; see the same in NumPy.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0, -1], [1, 1]])
    >>> covariance(log_pi, mu, torch.zeros(1, 1)).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = log_pi.exp()[..., None, None]
    between = mu - (pi[..., 0] * mu).sum(dim=-2, keepdim=True)
    factor = log_sigma.exp()[..., None] * _lower(unit_tril, mu)
    # L Lᵀ as a sum of outer products: autocast would round a matrix product
    within = sum(c[..., :, None] * c[..., None, :] for c in factor.unbind(dim=-1))
    between = between[..., :, None] * between[..., None, :]
    return (pi * (within + between)).sum(dim=-3)


def mode(log_pi, mu, log_sigma=None, unit_tril=None, *, kind="component"):
    """``argmax p(y)``, or a shortcut: see `mdn_utils.numpy.mode`.

    The exact mode is computed by NumPy, in float64, on the CPU and without gradients.

    >>> log_pi, mu = torch.tensor([0.6, 0.4]).log(), torch.tensor([[0.0], [2.0]])
    >>> params = log_pi, mu, torch.tensor([[2.0], [1.0]]).log()
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
        return _pick(mu, log_pi.argmax(dim=-1, keepdim=True))[..., 0, :]
    if kind == "peak":
        log_det = log_sigma.expand(mu.shape).sum(dim=-1)
        return _pick(mu, (log_pi - log_det).argmax(dim=-1, keepdim=True))[..., 0, :]
    exact = mdn_np.exact_mode(*map(_array, (log_pi, mu, log_sigma, unit_tril)))
    return torch.from_numpy(exact).to(mu.dtype).to(mu.device)


@torch.no_grad()
def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε``: see `mdn_utils.numpy.sample`.

    No gradients. The seed is an integer >= 0 or a `torch.Generator`; None draws from
    PyTorch's own.

    >>> log_pi, mu = torch.tensor([0.5, 0.5]).log(), torch.tensor([[-1.0], [1.0]])
    >>> sample(log_pi, mu, torch.full((2, 1), -2.3), n=1000, seed=0).shape
    torch.Size([1000, 1])
    >>> sample(log_pi, mu, torch.full((2, 1), -2.3), seed=0, temperature=0).tolist()
    [-1.0]
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.PARAMETERS)
    _, log_pi, mu, log_sigma, unit_tril = params
    options = {"generator": _generator(seed, mu), "dtype": mu.dtype, "device": mu.device}
    lead = torch.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    count = 1 if n is None else n
    if temperature == 0:
        top = _pick(mu, log_pi.argmax(dim=-1, keepdim=True))
        y = top.expand(*lead, count, -1).clone()
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - log_pi.amax(dim=-1, keepdim=True)) / cold
        k = _draw_component(log_pi.exp(), torch.rand(*lead, count, **options))  # (..., n)
        noise = torch.randn(*lead, count, mu.shape[-1], **options) * temperature**0.5
        if unit_tril is not None:
            flat = _lower(unit_tril).flatten(start_dim=-2)
            flat = flat.expand(*mu.shape[:-1], flat.shape[-1])
            factor = _pick(flat, k).unflatten(-1, unit_tril.shape[-2:])  # (..., n, D, D)
            noise = (factor * noise[..., None, :]).sum(dim=-1)
        sigma = _pick(log_sigma.expand(mu.shape), k).exp()
        y = _pick(mu, k) + sigma * noise
    return y[..., 0, :] if n is None else y.movedim(-2, 0)


def split_cholesky(scale_tril):
    """``L = diag(σ) C``: see `mdn_utils.numpy.split_cholesky`.

    >>> log_sigma, unit_tril = split_cholesky(torch.tensor([[2.0, 0.0], [3.0, 4.0]]))
    >>> log_sigma.exp(), unit_tril.tolist()
    (tensor([2., 4.]), [[1.0, 0.0], [0.75, 1.0]])
    """
    (scale_tril,) = _tensors(scale_tril)
    _check.square(scale_tril)
    sigma = scale_tril.diagonal(dim1=-2, dim2=-1)
    _check_values({"scale_tril's diagonal": sigma}, positive=("scale_tril's diagonal",))
    return sigma.log(), scale_tril.tril() / sigma[..., None]


class MDNHead(nn.Module):
    """``log π = log softmax(a^π)``, ``μ = a^μ``, ``log σ = a^σ``, each a linear layer.

    ==============  ===================================  =================================
    ``noise``       components                           outputs besides log_pi and mu
    ==============  ===================================  =================================
    ``full``        ``N(μ_k, L_k L_kᵀ)``,                log_sigma (..., K, D),
                    ``L_k = diag(σ_k) C_k``              unit_tril (..., K, D, D): C_k
    ``diagonal``    ``N(μ_k, diag(σ_k²))``               log_sigma (..., K, D)
    ``isotropic``   ``N(μ_k, σ_k² I)``                   log_sigma (..., K, 1)
    ``shared``      ``N(μ_k, σ² I)``, one σ for all k    log_sigma (..., 1, 1)
    ``fixed``       ``N(μ_k, σ² I)``, σ given            log_sigma (..., 1, 1)
    ==============  ===================================  =================================

    C_k is lower triangular with ones on the diagonal, so with full noise σ_kd is the
    standard deviation of dimension d given the dimensions before it.

    Args:
        features: the length of the last axis of the features.
        D, K: target dimensions and components.
        noise: one of the five above.
        sigma: the σ of fixed noise, in units of the target; for no other noise.
        sigma_floor: a lower bound of every σ: σ = exp(a^σ) + sigma_floor, in units of what
            the head returns; in a `MixtureDensityNetwork`, standard deviations of y.

    Returns log_pi (..., K), mu (..., K, D) and the above, in float32 at least.

    >>> log_pi, mu, log_sigma = MDNHead(50, D=2, K=3)(torch.zeros(4, 50))
    >>> log_pi.shape, mu.shape, log_sigma.shape
    (torch.Size([4, 3]), torch.Size([4, 3, 2]), torch.Size([4, 3, 2]))
    >>> head = MDNHead(50, D=2, K=3, noise="full", sigma_floor=0.01)
    >>> nll(torch.zeros(4, 2), *head(torch.zeros(4, 50))).shape
    torch.Size([])
    """

    def __init__(self, features, D, K, noise="diagonal", sigma=None, sigma_floor=0.0):
        _check.sizes(features=features, D=D, K=K)
        _check.noise(noise, sigma, sigma_floor)
        super().__init__()
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_floor = sigma, sigma_floor
        for name, axes in _check.layers(noise, K, D).items():
            setattr(self, name, nn.Linear(features, math.prod(axes)))
        if noise == "full":
            place = torch.from_numpy(_check.below(D))
            self.register_buffer("place", place, persistent=False)

    def forward(self, features):
        a = {
            name: _wide(getattr(self, name)(features)).unflatten(-1, axes)
            for name, axes in _check.layers(self.noise, self.K, self.D).items()
        }
        log_pi, mu = torch.log_softmax(a["pi"], dim=-1), a["mu"]
        if self.noise == "fixed":
            return log_pi, mu, torch.full_like(mu[..., :1, :1], math.log(self.sigma))
        log_sigma = a["log_sigma"]
        if self.sigma_floor:  # log(exp(a^σ) + floor)
            floor = math.log(self.sigma_floor)
            log_sigma = floor + nn.functional.softplus(log_sigma - floor)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        zero, one = torch.zeros_like(mu[..., :1]), torch.ones_like(mu[..., :1])
        below = [a["below"]] if self.D > 1 else []
        unit_tril = torch.cat([zero, one, *below], dim=-1)[..., self.place]
        return log_pi, mu, log_sigma, unit_tril

    def extra_repr(self):
        level = "" if self.sigma is None else f", sigma={self.sigma}"
        floor = f", sigma_floor={self.sigma_floor}" if self.sigma_floor else ""
        return f"D={self.D}, K={self.K}, noise={self.noise!r}{level}{floor}"


class MixtureDensityNetwork(nn.Module):
    """``(x - x_mean) / x_scale -> hidden layers -> MDNHead -> units of y``.

    The network carries its scaling, not trained and saved with it: buffers x_mean, x_scale
    (inputs,), y_mean (D,) and y_scale (D,), or (1,) where all dimensions share σ. They are
    0 and 1 until `initialize` sets them. So x is taken as it is, and all that comes out is
    in units of y: ``μ = y_mean + y_scale μ'``, ``log σ = log y_scale + log σ'``.

    Args:
        inputs: the length of the last axis of x.
        D, K: target dimensions and components.
        hidden: width of the hidden layer, or a sequence of widths for several layers.
        activation: what follows each hidden layer, "tanh" or "relu".
        noise: as for `MDNHead`.
        sigma: the σ of fixed noise, in units of y; it is not scaled.
        sigma_floor: a lower bound of every σ, in standard deviations of y.

    Returns what `MDNHead` returns, in the order of all functions: ``nll(y, *network(x))``.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> sum(p.numel() for p in network.parameters())
    4078
    >>> params = network(torch.zeros(4, 1))
    >>> nll(torch.zeros(4, 1), *params).shape, mean(*params).shape
    (torch.Size([]), torch.Size([4, 1]))
    """

    def __init__(
        self, inputs, D, K, hidden=50, activation="tanh",
        noise="diagonal", sigma=None, sigma_floor=0.0,
    ):  # fmt: skip
        super().__init__()
        self.widths, self.activation = _check.widths(inputs, hidden, activation), activation
        self.hidden = nn.Sequential()
        for width, size in zip(self.widths, self.widths[1:], strict=False):
            self.hidden.append(nn.Linear(width, size))
            self.hidden.append(nn.Tanh() if activation == "tanh" else nn.ReLU())
        self.head = MDNHead(self.widths[-1], D, K, noise, sigma, sigma_floor)
        for name, size in _check.scaling(inputs, D, noise).items():
            start = torch.zeros(size) if "mean" in name else torch.ones(size)
            self.register_buffer(name, start)

    def forward(self, x):
        x = ((x - self.x_mean) / self.x_scale).to(self.head.pi.weight.dtype)
        log_pi, mu, log_sigma, *unit_tril = self.head(self.hidden(x))
        mu = self.y_mean + self.y_scale * mu
        if self.head.noise != "fixed":
            log_sigma = log_sigma + self.y_scale.log()
        return log_pi, mu, log_sigma, *unit_tril

    def _apply(self, fn, *args, **kwargs):
        """What ``half`` and the like call: the scaling keeps float32 at least."""
        before = dict(self.named_buffers(recurse=False))
        super()._apply(fn, *args, **kwargs)
        for name, now in self.named_buffers(recurse=False):
            if now.dtype.itemsize < 4:
                setattr(self, name, before[name].to(now.device, torch.float32))
        return self


@torch.no_grad()
def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1):
    """The scaling of x and y, and weights from which training is reliable.

    Columns are scaled by mean and standard deviation, constant ones by 1; y by one spread,
    the root of the mean variance, where all dimensions share a σ. In these units, those of
    x and y in the table, p(y|x) hardly depends on x at first:

    ===================  ===============================================================
    first hidden layer   ``tanh(Σ_i w_i (x_i - c_i))``: c uniform over the range of x,
                         ``w_i = steepness u / √I`` with u ~ U(-1, 1)
    other hidden layers  weights N(0, 1 / inputs), for relu N(0, 2 / inputs); biases 0
    heads, weights       ``head_scale u / √inputs`` with u ~ U(-1, 1)
    heads, biases        ``a^π = 0``; ``a^μ_k`` the (k - ½) / K quantile of y for D = 1,
                         otherwise a row of y, no row twice; ``a^σ = log(sigma std(y))``,
                         averaged over D where all dimensions share one σ
    ===================  ===============================================================

    Everything is drawn in NumPy: a seed gives the same weights in both frameworks.

    Args:
        network: a `MixtureDensityNetwork`, whose weights and scaling are replaced.
        x, y: what it will be trained on, shapes (N, I) and (N, D), in any units.
        seed: an integer >= 0, a `numpy.random.Generator`, or None for another start.
        steepness: how steep the steps of the first layer are, per standard deviation of x.
        sigma: σ at the start, in standard deviations of y, before ``sigma_floor`` is added;
            fixed noise keeps its own.
        head_scale: how much the input matters at the start.

    Returns the network.

    Raises:
        ValueError: x or y is not finite, varies less than the float type of the network can
            tell beside its offset or, for D > 1, has fewer rows than K.

    >>> x, y = torch.linspace(-1, 1, 100)[:, None], torch.linspace(0, 3, 100)[:, None]
    >>> network = initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y)
    >>> _, mu, _ = network(torch.zeros(1, 1))
    >>> network.y_mean, mu.shape
    (tensor([1.5000]), torch.Size([1, 3, 1]))
    """
    x, y, eps = _array(x), _array(y), torch.finfo(network.y_mean.dtype).eps
    options = seed, steepness, sigma, head_scale
    scaling, weights = _start.start(network, x, y, eps, *options)
    for name, value in scaling.items():
        buffer = getattr(network, name)
        buffer.copy_(torch.tensor(value, dtype=buffer.dtype))
    for parameter, value in zip(network.parameters(), weights, strict=True):
        # PyTorch holds kernels transposed
        parameter.copy_(torch.tensor(value.T, dtype=parameter.dtype))
    return network


# What several functions compute


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    like = unit_tril if like is None else like
    one = torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)
    return one if unit_tril is None else unit_tril.tril(-1) + one


def _draw_component(weights, u):
    """As `mdn_utils.numpy._draw_component`."""
    bounds = weights.cumsum(dim=-1)
    u = u * bounds[..., -1:]
    return (bounds[..., None, :-1] <= u[..., None]).sum(dim=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return torch.take_along_dim(a, k[..., None], dim=-2)


# What is asked of the arguments


def _checked(y, log_pi, mu, *noise, no_nan=("y",), needs_noise=True):
    """All as tensors, None where none was given; their shapes and values fit."""
    tensors = _tensors(mu, y, log_pi, *noise)
    named = dict(zip(("mu", "y", "log_pi", "log_sigma", "unit_tril"), tensors, strict=True))
    _check.shapes(**named, needs_noise=needs_noise)
    _check_values(named, no_nan=no_nan, given=log_pi)
    return [named[name] for name in _check.NAMES]


@torch.no_grad()
def _check_values(tensors, no_nan=(), positive=(), given=None):
    """One look at the device; only what looks wrong goes to `_check.values`."""
    if not _check.values_on or torch.compiler.is_compiling():
        return
    tolerance = _check.tolerance(given)
    tensors = {name: a for name, a in tensors.items() if a is not None}
    wrong = [tensors[name].isnan().any() for name in no_nan if name in tensors]
    wrong += [(~(tensors[name] > 0)).any() for name in positive]
    if "log_pi" in tensors:
        wrong.append(((tensors["log_pi"].exp().sum(dim=-1) - 1).abs() > tolerance).any())
    if "unit_tril" in tensors:
        diagonal = tensors["unit_tril"].diagonal(dim1=-2, dim2=-1)
        wrong.append((~((diagonal - 1).abs() <= tolerance)).any())
    try:
        found = bool(torch.stack(wrong).any())
    except RuntimeError:  # under vmap, on meta and fake tensors there is nothing to read
        return
    if found:
        arrays = {name: _array(a) for name, a in tensors.items()}
        _check.values(arrays, no_nan, positive, tolerance)


def _tensors(mu, *others):
    """All in the dtype of mu, float32 at least; what is no tensor goes to its device."""
    own = hasattr(mu, "dtype")
    mu = _tensor(mu)
    mu = _wide(mu if own else mu.to(torch.get_default_dtype()))
    return mu, *(None if a is None else _tensor(a, mu).to(mu.dtype) for a in others)


def _tensor(a, like=None):
    """Tensors stay, lists of tensors are stacked; all else goes through NumPy."""
    if torch.is_tensor(a):
        return a
    if isinstance(a, (list, tuple)) and any(map(torch.is_tensor, a)):
        return torch.stack(tuple(a))
    a = np.array(a, order="C")
    dtype = a.dtype.newbyteorder("=") if a.dtype.kind == "f" else np.float64
    a = torch.from_numpy(a.astype(dtype))
    return a if like is None else a.to(like.dtype).to(like.device)


def _wide(a):
    """a in float32 at least."""
    return a.to(torch.promote_types(a.dtype, torch.float32))


def _array(a):
    """A tensor as an array of float64; None and all else as they are."""
    return a.detach().cpu().double().numpy() if torch.is_tensor(a) else a


def _generator(seed, mu):
    if seed is None or isinstance(seed, torch.Generator):
        return seed
    seed = _check.seed(seed, "torch.Generator")
    return torch.Generator(mu.device).manual_seed(seed % 2**63)
