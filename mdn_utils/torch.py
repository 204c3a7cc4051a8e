"""Gaussian mixtures and mixture density networks in PyTorch.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; what is said there of arguments and errors holds here. Arrays and lists are
taken, too. Everything is computed in the dtype of ``mu``, in float32 at least, on its
device. Values are checked in eager mode alone: never while PyTorch traces or maps.

`MDNHead` turns features into the parameters; `MixtureDensityNetwork` is a ready network;
`initialize` gives it a good start.
"""

import copy
import math
import sys
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from . import _check, _start
from . import numpy as mdn_np
from ._check import HALF_LOG_2PI

__all__ = ["MDNHead", "MixtureDensityNetwork", "combine", "component_pdf", "covariance",
           "fit", "initialize", "log_prob", "mean", "mode", "nll", "sample",
           "split_cholesky", "variance"]  # fmt: skip


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²)`` for each k.

    >>> component_pdf([3.0], [[0.0], [0.1]], [[1.0], [2.2]])
    tensor([0.0044, 0.0398])
    """
    mu, y, var = _tensors(mu, y, var)
    _check.beside_mu(y, mu, "var", var)
    _check_values({"y": y, "var": var})
    log_normal = -0.5 * (y[..., None, :] - mu) ** 2 / var - 0.5 * var.log() - HALF_LOG_2PI
    return log_normal.sum(dim=-1).exp()


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    >>> log_prob([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]])
    tensor(-1.4189)
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * torch.exp(-log_sigma)
    if unit_tril is not None:
        lower = _lower(unit_tril)
        z = torch.linalg.solve_triangular(lower, z[..., None], upper=False)[..., 0]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return torch.logsumexp(log_pi + log_normal.sum(dim=-1), dim=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``.

    >>> nll([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]])
    tensor(1.4189)
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -log_density.mean()


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``.

    >>> mean(np.log([0.25, 0.75]), [[0.0], [4.0]])
    tensor([3.])
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return (log_pi.exp()[..., None] * mu).sum(dim=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``.

    >>> variance(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]])
    tensor([2.])
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = log_pi.exp()[..., None]
    between = mu - (pi * mu).sum(dim=-2, keepdim=True)
    within = torch.exp(2 * log_sigma)
    if unit_tril is not None:
        within = within * (_lower(unit_tril) ** 2).sum(dim=-1)  # the diagonal of L Lᵀ
    return (pi * (within + between**2)).sum(dim=-2)


def covariance(log_pi, mu, log_sigma, unit_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``.

    >>> covariance(np.log([0.5, 0.5]), [[-1, -1], [1, 1]], [[0.0]]).tolist()
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
    """``argmax p(y)``, or a shortcut.

    The exact mode is computed by NumPy, in float64, on the CPU and without gradients.

    >>> params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    >>> mode(*params), mode(*params, kind="peak"), mode(*params, kind="exact")
    (tensor([0.]), tensor([2.]), tensor([1.7696]))
    """
    _check.one_of(("component", "peak", "exact"), "kind", kind)
    options = {"no_nan": _check.NAMES, "needs_noise": kind != "component"}
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, **options)
    _, log_pi, mu, log_sigma, unit_tril = params
    if kind == "exact":
        exact = mdn_np.exact_mode(*map(_array, (log_pi, mu, log_sigma, unit_tril)))
        return torch.from_numpy(exact).to(mu.dtype).to(mu.device)
    if kind == "peak":
        log_pi = log_pi - log_sigma.expand(mu.shape).sum(dim=-1)
    return _pick(mu, log_pi.argmax(dim=-1, keepdim=True))[..., 0, :]


@torch.no_grad()
def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε``, without gradients.

    The seed is an integer >= 0 or a `torch.Generator`; None draws from PyTorch's own.

    >>> sample(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[-2.3]], n=1000, seed=0).shape
    torch.Size([1000, 1])
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.NAMES)
    _, log_pi, mu, log_sigma, unit_tril = params
    if not (seed is None or isinstance(seed, torch.Generator)):
        seed = torch.Generator(mu.device).manual_seed(_check.seed(seed) % 2**63)
    options = {"generator": seed, "dtype": mu.dtype, "device": mu.device}
    lead = torch.broadcast_shapes(log_pi.shape[:-1], mu.shape[:-2])
    many, D = (*lead, 1 if n is None else n), mu.shape[-1]
    if temperature == 0:
        y = _pick(mu, log_pi.argmax(dim=-1, keepdim=True)).expand(*many, D).clone()
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - log_pi.amax(dim=-1, keepdim=True)) / cold
        k = _draw_component(log_pi.exp(), torch.rand(many, **options))  # (..., n)
        noise = torch.randn(*many, D, **options) * temperature**0.5
        if unit_tril is not None:
            factor = _lower(unit_tril).expand(*mu.shape, D)
            factor = torch.take_along_dim(factor, k[..., None, None], dim=-3)
            noise = (factor * noise[..., None, :]).sum(dim=-1)
        y = _pick(mu, k) + _pick(log_sigma.expand(mu.shape), k).exp() * noise
    return y[..., 0, :] if n is None else y.movedim(-2, 0)


def combine(*models):
    """``p(y) = 1/M Σ_m p_m(y)``: several mixtures of the same rows as one, an ensemble.

    >>> a = np.log([1.0]), [[0.0]], [[0.0]]
    >>> b = np.log([0.5, 0.5]), [[1.0], [2.0]], [[-1.0]]
    >>> combine(a, b)[1].tolist()
    [[0.0], [1.0], [2.0]]
    """
    _check.tuples(models)
    models = [[*_checked(None, *(*model, None)[:4])][1:] for model in models]
    for model in models:  # weights or means that all rows share
        log_pi, model[1] = torch.broadcast_tensors(model[0][..., None], model[1])
        model[0] = log_pi[..., 0]
    _check.same_rows([mu for _, mu, *_ in models])
    parts = [
        (log_pi - math.log(len(models)), mu, torch.broadcast_to(log_sigma, mu.shape))
        for log_pi, mu, log_sigma, _ in models
    ]
    log_pi, mu, log_sigma = (
        torch.cat(each, dim=axis)
        for each, axis in zip(zip(*parts, strict=True), (-1, -2, -2), strict=True)
    )
    if all(unit_tril is None for *_, unit_tril in models):
        return log_pi, mu, log_sigma
    lower = [
        torch.broadcast_to(_lower(unit_tril, mu), (*mu.shape, mu.shape[-1]))
        for _, mu, _, unit_tril in models
    ]
    return log_pi, mu, log_sigma, torch.cat(lower, dim=-3)


def split_cholesky(scale_tril):
    """``L = diag(σ) C``: log_sigma and unit_tril of an ordinary Cholesky factor.

    >>> split_cholesky([[2.0, 0.0], [3.0, 4.0]])[1].tolist()
    [[1.0, 0.0], [0.75, 1.0]]
    """
    (scale_tril,) = _tensors(scale_tril)
    _check.square(scale_tril)
    sigma = scale_tril.diagonal(dim1=-2, dim2=-1)
    _check_values({"scale_tril's diagonal": sigma})
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

    With full noise σ_kd is the standard deviation of dimension d given those before it.
    ``features`` is the length of the last axis of the features; ``sigma``, for fixed noise
    alone, is in units of the target; ``sigma_min`` bounds every σ = exp(a^σ) +
    sigma_min, in units of what the head returns. Returns float32 at least.

    >>> head = MDNHead(50, D=2, K=3, noise="full", sigma_min=0.01)
    >>> [tuple(a.shape) for a in head(torch.zeros(4, 50))]
    [(4, 3), (4, 3, 2), (4, 3, 2), (4, 3, 2, 2)]
    """

    def __init__(self, features, D, K, noise="diagonal", sigma=None, sigma_min=0.0):
        _check.head(noise, sigma, sigma_min, features=features, D=D, K=K)
        super().__init__()
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_min = sigma, sigma_min
        for name, axes in _check.layers(noise, K, D).items():
            setattr(self, name, nn.Linear(features, math.prod(axes)))
        if noise == "full":
            place = torch.from_numpy(_check.below(D))
            self.register_buffer("place", place, persistent=False)

    def forward(self, features):
        a = {}
        for name, axes in _check.layers(self.noise, self.K, self.D).items():
            (units,) = _tensors(getattr(self, name)(features))  # in float32 at least
            a[name] = units.unflatten(-1, axes)
        log_pi, mu = torch.log_softmax(a["pi"], dim=-1), a["mu"]
        if self.noise == "fixed":
            return log_pi, mu, torch.full_like(mu[..., :1, :1], math.log(self.sigma))
        log_sigma = a["log_sigma"]
        if self.sigma_min:  # log(exp(a^σ) + sigma_min)
            least = math.log(self.sigma_min)
            log_sigma = least + nn.functional.softplus(log_sigma - least)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        zero, one = torch.zeros_like(mu[..., :1]), torch.ones_like(mu[..., :1])
        below = [a["below"]] if self.D > 1 else []
        unit_tril = torch.cat([zero, one, *below], dim=-1)[..., self.place]
        return log_pi, mu, log_sigma, unit_tril

    def extra_repr(self):
        level = "" if self.sigma is None else f", sigma={self.sigma}"
        least = f", sigma_min={self.sigma_min}" if self.sigma_min else ""
        return f"D={self.D}, K={self.K}, noise={self.noise!r}{level}{least}"


class MixtureDensityNetwork(nn.Module):
    """``(x - x_mean) / x_scale -> hidden layers -> MDNHead -> units of y``.

    The network carries its scaling, not trained and saved with it: buffers x_mean, x_scale
    (inputs,), y_mean (D,) and y_scale (D,), or (1,) where all dimensions share σ; 0 and 1
    until `initialize` sets them. So x is taken as it is, and all that comes out is in units
    of y: ``μ = y_mean + y_scale μ'``, ``log σ = log y_scale + log σ'``.

    ``inputs`` is the length of the last axis of x; ``hidden`` the width of the hidden
    layer, or a sequence of widths; ``activation``, "tanh" or "relu", follows each; the rest
    is as for `MDNHead`: ``sigma`` of fixed noise in units of y, ``sigma_min`` in standard
    deviations of y. Returns what `MDNHead` returns: ``nll(y, *network(x))``.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> sum(p.numel() for p in network.parameters())
    4078
    >>> nll(torch.zeros(4, 1), *network(torch.zeros(4, 1))).shape
    torch.Size([])
    """

    def __init__(self, inputs, D, K, hidden=50, activation="tanh", noise="diagonal",
                 sigma=None, sigma_min=0.0):  # fmt: skip
        super().__init__()
        self.widths, self.activation = _check.widths(inputs, hidden, activation), activation
        self.hidden = nn.Sequential()
        for width, size in zip(self.widths, self.widths[1:], strict=False):
            self.hidden.append(nn.Linear(width, size))
            self.hidden.append(nn.Tanh() if activation == "tanh" else nn.ReLU())
        self.head = MDNHead(self.widths[-1], D, K, noise, sigma, sigma_min)
        for name, size in _check.scaling(inputs, D, noise).items():
            start = torch.zeros(size) if "mean" in name else torch.ones(size)
            self.register_buffer(name, start)

    def forward(self, x):
        _check.inputs(x, self.widths[0])
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
def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1,
               ridge=None):  # fmt: skip
    """The scaling of x (N, I) and y (N, D), and weights from which training is reliable.

    Columns are scaled by mean and standard deviation, constant ones by 1; y by one spread,
    the root of the mean variance, where all dimensions share a σ. In these units p(y|x)
    hardly depends on x at first. With u ~ U(-1, 1), drawn in NumPy, so that a ``seed``, as
    of `mdn_utils.numpy.sample`, gives both frameworks the same weights:

    - first hidden layer: ``tanh(Σ_i w_i (x_i - c_i))``, c uniform over the range of x,
      ``w_i = steepness u / √I``; others: N(0, 1 / inputs), relu N(0, 2 / inputs), biases 0
    - heads, weights: ``head_scale u / √inputs``
    - with ``ridge`` λ, added to that: the w of a ridge regression of y on the last hidden
      features, least ``1/N Σ_n |y_n - w h_n|² + λ |w|²``, for all means alike; below, its
      residuals take the place of y, and their standard deviation that of sigma's unit
    - heads, biases: ``a^π = 0``; ``a^μ_k`` the (k - ½) / K quantile of y for D = 1,
      otherwise a row of y, no row twice; ``a^σ = log(sigma)``, to which
      ``sigma_min`` is added; fixed noise keeps its own

    `fit` starts smoother than the defaults, as few rows ask for: steepness 1 / √I, sigma
    0.4 and ridge 1.

    Returns the network. Raises a ValueError where x or y is not finite, varies less than
    the float type of the network can tell beside its offset or, for D > 1, has fewer rows
    than K.

    >>> x, y = torch.linspace(-1, 1, 100)[:, None], torch.linspace(0, 3, 100)[:, None]
    >>> initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y).y_mean
    tensor([1.5000])
    """
    x, y, info = _array(x), _array(y), torch.finfo(network.y_mean.dtype)
    options = (seed, steepness, sigma, head_scale, ridge)
    scaling, weights = _start.start(network, x, y, info, *options)
    weights = [value.T for value in weights]  # PyTorch holds kernels transposed
    own = [*(getattr(network, name) for name in scaling), *network.parameters()]
    for tensor, value in zip(own, [*scaling.values(), *weights], strict=True):
        tensor.copy_(torch.tensor(value, dtype=tensor.dtype))
    return network


def fit(network, x, y, *, seed=0, validation=0.2, shuffle=True, noise=None, steps=3000,
        batch_size=256, learning_rate=0.005, patience=500, progress=True):  # fmt: skip
    """Train the network on a table and keep its best state: the recipe of chapter 9.

    x (N, inputs) and y (N, D) are arrays, tensors or DataFrames, in their own units. Some
    rows are held out, to decide when to stop and how much noise is right. ``validation``
    is their share, 500 rows at most, drawn with the seed or, with ``shuffle=False``, the
    last ones, as is right for rows in order of time; or it is a pair (x, y) of others.

    1. `initialize` scales and draws weights: steepness 1/√inputs, sigma 0.4, ridge 1.
    2. Adam minimizes `nll` on batches, drawn with replacement, or on all rows if they are
       no more than ``batch_size``; its learning rate falls to 0 like a cosine. Inputs and
       targets get fresh normal noise at each step, of two standard deviations, ``noise``,
       in units of those of the data.
    3. Every 10 steps the weights join a running average, whose NLL is computed. The best
       average on the validation rows is kept; after ``patience`` steps without a better
       one, or all ``steps``, it ends.
    4. Unless noise is given, 1 to 3 are done for (½, ½), (1, 2) and (1, 4), each over √N,
       as long as more is better on the validation rows; above 2,000 training rows for
       (½, ½) alone.

    Returns a dict: arrays ``step``, ``training`` and ``validation``, the history of the NLL
    in nats and units of y; ``noise``, that of this history; and ``tried``, the least
    validation NLL by noise. Raises a ValueError for fewer than 20 rows, for what is not a
    finite number, and where `initialize` does.

    >>> x = np.linspace(-2, 2, 200)[:, None]
    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=3)
    >>> history = fit(network, x, np.sin(2 * x), steps=100, progress=False)
    >>> history["step"][-1], history["noise"] in history["tried"]
    (np.int64(100), True)
    """
    _start.options(seed, steps, batch_size, learning_rate, patience)
    if isinstance(validation, (tuple, list)):
        validation = [_array(a) for a in validation]
    rows, held = _start.split(network, _array(x), _array(y), validation, shuffle, seed)
    best, tried = None, {}
    with tqdm(total=steps, disable=not progress, file=sys.stdout) as bar:
        for level in _start.levels(len(rows[0]), noise):
            bar.reset()
            steepness = network.widths[0] ** -0.5
            initialize(network, *rows, seed, steepness=steepness, **_start.START)
            curves = _start.Curves(level, patience)
            _train(network, rows, held, curves, seed, steps, batch_size, learning_rate, bar)
            tried[level] = curves.best
            if best is not None and curves.best >= best.best:
                break
            best = curves
    history = best.history()
    network.load_state_dict(best.state)
    return {**history, "tried": tried}


def _train(network, rows, held, curves, seed, steps, batch_size,
           learning_rate, bar):  # fmt: skip
    device = network.y_mean.device
    like = {"dtype": network.y_mean.dtype, "device": device}
    to = partial(torch.as_tensor, **like)
    (x, y), held = ([to(a) for a in part] for part in (rows, held))
    parts = (x[: _start.MOST_SCORED], y[: _start.MOST_SCORED]), held
    draw = torch.Generator(device).manual_seed(_check.seed(seed) % 2**63)
    adam = torch.optim.Adam(network.parameters(), learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    average = AveragedModel(network, avg_fn=_start.running_average)

    def noisy(a, level, scale):
        return a + level * scale * torch.randn(a.shape, generator=draw, **like)

    x_level, y_level = curves.noise
    for step in range(1, steps + 1):
        batch = slice(None)
        if len(x) > batch_size:
            size = (batch_size,)
            batch = torch.randint(len(x), size, generator=draw, device=device)
        noisy_x = noisy(x[batch], x_level, network.x_scale)
        noisy_y = noisy(y[batch], y_level, network.y_scale)
        adam.zero_grad()
        nll(noisy_y, *network(noisy_x)).backward()
        adam.step()
        schedule.step()
        bar.update()

        if step % _start.ROUND == 0 or step == steps:
            average.update_parameters(network)
            with torch.no_grad():
                nlls = [nll(b, *average.module(a)).item() for a, b in parts]
            state = partial(copy.deepcopy, average.module.state_dict())
            if not curves.add(step, *nlls, state):
                break


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    like = unit_tril if like is None else like
    one = torch.eye(like.shape[-1], dtype=like.dtype, device=like.device)
    return one if unit_tril is None else unit_tril.tril(-1) + one


def _draw_component(weights, u):
    bounds = weights.cumsum(dim=-1)
    return (bounds[..., None, :-1] <= (u * bounds[..., -1:])[..., None]).sum(dim=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    return torch.take_along_dim(a, k[..., None], dim=-2)


@torch.no_grad()
def _check_values(given, room=0.01, no_nan=("y",)):
    if not torch.compiler.is_compiling():
        _check.values(given, room, no_nan, _found, sums=lambda a: a.exp().sum(dim=-1),
                      diagonal=lambda a: a.diagonal(dim1=-2, dim2=-1),
                      array=_array)  # fmt: skip


def _found(masks):
    """Whether any holds anywhere, by one look at the device."""
    try:
        return bool(torch.stack([mask.any() for mask in masks]).any())
    except RuntimeError:  # under vmap, on meta and fake tensors there is nothing to read
        return False


def _tensors(mu, *others):
    """All in the dtype of mu, float32 at least; what is no tensor goes to its device."""
    own = hasattr(mu, "dtype")
    mu = _tensor(mu) if own else _tensor(mu).to(torch.get_default_dtype())
    mu = mu.to(torch.promote_types(mu.dtype, torch.float32))
    return mu, *(None if a is None else _tensor(a, mu).to(mu.dtype) for a in others)


_checked = partial(_check.checked, _tensors, _check_values)


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


def _array(a):
    """A tensor as an array of float64; None and all else as they are."""
    return a.detach().cpu().double().numpy() if torch.is_tensor(a) else a
