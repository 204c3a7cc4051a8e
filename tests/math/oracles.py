"""Mixtures to test with, and what SciPy and PyTorch say about them."""

import numpy as np
import torch
from scipy.special import log_softmax
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

NOISE = ("full", "diagonal", "isotropic", "shared", "fixed")
SIGMA = 0.4  # of fixed noise


def axes(noise, K, D):
    """The axes of log_sigma that follow the rows."""
    return {"isotropic": (K, 1), "shared": (1, 1), "fixed": (1, 1)}.get(noise, (K, D))


def draw(rng, noise, lead, K, D, dtype="float64", spread=1.0):
    """log_pi, mu, log_sigma and, for full noise, unit_tril; in this order, arrays."""
    log_pi = log_softmax(2 * rng.standard_normal((*lead, K)), axis=-1)
    mu = spread * rng.standard_normal((*lead, K, D))
    log_sigma = 0.5 * rng.standard_normal((*lead, *axes(noise, K, D)))
    if noise == "fixed":
        log_sigma[...] = np.log(SIGMA)
    params = [log_pi, mu, log_sigma]
    if noise == "full":
        params.append(np.tril(0.7 * rng.standard_normal((*lead, K, D, D)), -1) + np.eye(D))
    return [a.astype(dtype) for a in params]


def random_rows(seed, N, K, spread=1.5):
    """N mixtures of one target dimension."""
    rng = np.random.default_rng(seed)
    log_pi = np.log(rng.dirichlet(np.ones(K), N))
    mu, log_sigma = rng.standard_normal((2, N, K, 1))
    return log_pi, spread * mu, 0.7 * log_sigma - 0.5


def cholesky(mu, log_sigma, unit_tril=None):
    """L = diag(σ) C of every component, whatever the noise."""
    sigma = np.exp(np.broadcast_to(log_sigma, mu.shape).astype("float64"))
    return sigma[..., None] * (np.eye(mu.shape[-1]) if unit_tril is None else unit_tril)


def pytorch(log_pi, *noise):
    """The mixture in torch.distributions, in float64."""
    components = MultivariateNormal(
        torch.tensor(noise[0], dtype=torch.float64),
        scale_tril=torch.tensor(cholesky(*noise), dtype=torch.float64),
    )
    weights = Categorical(logits=torch.tensor(log_pi, dtype=torch.float64))
    return MixtureSameFamily(weights, components)


def log_density(y, log_pi, *noise):
    """log p(y) by torch.distributions, of weights that may not sum to one exactly."""
    y = torch.tensor(np.asarray(y, "float64"))[..., None, :]
    parts = pytorch(log_pi, *noise).component_distribution.log_prob(y)
    parts = parts + torch.tensor(np.asarray(log_pi, "float64"))
    return parts.logsumexp(dim=-1).numpy()
