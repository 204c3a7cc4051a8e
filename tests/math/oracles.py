"""The modules to test, mixtures to test them with, and what PyTorch says about these."""

from importlib import import_module

import numpy as np
import tensorflow as tf
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


class Table:
    """What pandas and its like offer to NumPy: no dtype, and columns by name alone."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape, self.__len__ = self.values.shape, self.values.__len__

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype) if dtype else self.values

    def __getitem__(self, name):
        raise KeyError(name)

    def __iter__(self):
        return iter("abc")


class Library:
    """One module of mdn_utils: called with arrays, it answers in arrays."""

    def __init__(self, name):
        self.name, self.mdn = name, import_module(f"mdn_utils.{name}")

    def __call__(self, function, *args, **options):
        args = [self.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
        return self.array(getattr(self.mdn, function)(*args, **options))

    def tensor(self, a, dtype=None):
        a = np.asarray(a, dtype)
        if self.name == "numpy":
            return a
        return tf.constant(a) if self.keras else torch.tensor(a)

    def array(self, a):
        if self.name == "torch":
            a = a.detach()
            return (a.float() if a.dtype == torch.bfloat16 else a).numpy()
        return np.asarray(a)

    @property
    def keras(self):
        return self.name == "tensorflow"

    def gradients(self, function, *args):
        """The value of a scalar function of tensors, and its gradients, as arrays."""
        args = [self.tensor(a) for a in args]
        if self.keras:
            with tf.GradientTape() as tape:
                tape.watch(args)
                value = function(*args)
            return value.numpy(), [g.numpy() for g in tape.gradient(value, args)]
        value = function(*(a.requires_grad_() for a in args))
        value.backward()
        return value.item(), [a.grad.numpy() for a in args]

    def network(self, inputs, D, K, noise="diagonal", dtype="float64", **options):
        """A network; of fixed noise with the σ of oracles.py."""
        options |= {"sigma": SIGMA} if noise == "fixed" else {}
        options |= {"dtype": dtype} if self.keras else {}
        network = self.mdn.MixtureDensityNetwork(inputs, D, K, noise=noise, **options)
        return network if self.keras else network.to(getattr(torch, dtype))

    def outputs(self, network, x):
        dtype = network.compute_dtype if self.keras else network.head.pi.weight.dtype
        x = self.tensor(x, dtype if self.keras else str(dtype).removeprefix("torch."))
        return [self.array(a) for a in network(x)]

    def weights(self, network):
        """What is trained, kernels of shape (inputs, units)."""
        if self.keras:
            return [w.numpy() for w in network.trainable_weights]
        return [p.detach().numpy().T for p in network.parameters()]

    def set_layer(self, layer, kernel, bias):
        if self.keras:
            layer.set_weights([kernel, bias])
        else:
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(kernel.T))
                layer.bias.copy_(torch.tensor(bias))
