"""Scaling and first weights, made in NumPy alone: both frameworks get the same ones."""

from itertools import pairwise

import numpy as np

from . import _check
from .numpy import generator


def start(network, x, y, eps, seed, steepness, sigma, head_scale):
    """Scaling by name, and kernel and bias of each layer in the order of the network.

    The formulas are in the docstring of `mdn_utils.torch.initialize`.

    Args:
        network: its widths, activation and head are read.
        x, y: inputs (N, I) and targets (N, D).
        eps: the distance from 1 to the next number of the network's float type.
        seed, steepness, sigma, head_scale: as for `initialize`.

    Returns:
        A dict of vectors, and a list of arrays, kernels of shape (inputs, units).

    Raises:
        ValueError: as for `initialize`.
    """
    head = network.head
    x, y = _rows("x", x, network.widths[0]), _rows("y", y, head.D)
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many rows, got {len(x)} and {len(y)}")
    _check.positive(steepness=steepness, sigma=sigma, head_scale=head_scale)
    common = _check.scaling(1, head.D, head.noise)["y_scale"] < head.D
    x, x_mean, x_scale, _ = _standardize("x", x, eps)
    y, y_mean, y_scale, y_std = _standardize("y", y, eps, common)
    scaling = {"x_mean": x_mean, "x_scale": x_scale, "y_mean": y_mean, "y_scale": y_scale}

    rng = generator(seed)
    layers = []
    for i, (inputs, width) in enumerate(pairwise(network.widths)):
        if i == 0:
            kernel = steepness / inputs**0.5 * rng.uniform(-1, 1, (inputs, width))
            place = rng.uniform(x.min(axis=0), x.max(axis=0), (width, inputs)).T
            bias = -(kernel * place).sum(axis=0)
        else:
            std = ((2 if network.activation == "relu" else 1) / inputs) ** 0.5
            kernel, bias = std * rng.standard_normal((inputs, width)), np.zeros(width)
        layers += [kernel, bias]

    for name, axes in _check.layers(head.noise, head.K, head.D).items():
        bias = np.zeros(axes)
        if name == "mu":
            bias = _means(y, head.K, rng)
        elif name == "log_sigma":
            level = np.log(sigma * y_std)
            bias += level if axes[-1] == head.D else level.mean()
        size, units = network.widths[-1], bias.size
        kernel = rng.uniform(-1, 1, (size, units)) / size**0.5
        layers += [head_scale * kernel, bias.ravel()]
    return scaling, layers


def _standardize(name, a, eps, common=False):
    """The columns in their own units, mean and scale of each, and their spread after it."""
    constant = a.max(axis=0) == a.min(axis=0)  # rounding makes their std small, not 0
    mean = np.where(constant, a[0], a.mean(axis=0))
    std = np.where(constant, 0, a.std(axis=0))
    high = np.abs(a).max(axis=0)
    if (far := eps * high > 0.01 * std)[~constant].any():
        column = np.flatnonzero(far & ~constant)[0]
        raise ValueError(
            f"{name} must vary by more than float rounding at its offset, got column "
            f"{column} with values up to {high[column]:.6g} and a standard deviation of "
            f"{std[column]:.3g}; subtract a constant from it in float64 first, or make it "
            f"constant"
        )
    scale = np.sqrt((std**2).mean(keepdims=True)) if common else std
    scale = np.where(scale > 0, scale, 1)
    return (a - mean) / scale, mean, scale, np.where(constant, 1, std / scale)


def _means(y, K, rng):
    """K places that lie as the targets do, shape (K, D)."""
    N, D = y.shape
    if D == 1:
        return np.quantile(y, (np.arange(K) + 0.5) / K)[:, None]
    if N < K:
        raise ValueError(f"y must have at least K = {K} rows to draw means from, got {N}")
    return y[rng.choice(N, K, replace=False)]


def _rows(name, a, columns):
    a = np.asarray(a, dtype=np.float64)
    if a.ndim != 2 or len(a) == 0 or a.shape[1] != columns:
        raise ValueError(f"{name} must have shape (N, {columns}), got shape {a.shape}")
    if not np.isfinite(a).all():
        raise ValueError(f"{name} must be finite, got {a[~np.isfinite(a)][0]}")
    return a
