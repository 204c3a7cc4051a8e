"""Weights to start from, drawn in NumPy alone: both frameworks get the same ones."""

from itertools import pairwise

import numpy as np

from . import _shapes


def weights(x, y, widths, head, relu, seed, steepness, sigma, head_scale):
    """Kernel and bias of each layer, in the order in which the networks hold them.

    The formulas are in the docstring of `initialize`, which both framework modules have.

    Args:
        x, y: inputs (N, I) and targets (N, D).
        widths: I and the widths of the hidden layers.
        head: an `MDNHead`; its D, K and noise are read.
        relu: whether relu follows the hidden layers, or tanh.
        seed, steepness, sigma, head_scale: as for `initialize`.

    Returns:
        A list of arrays, kernels of shape (inputs of the layer, units).

    Raises:
        ValueError: as for `initialize`.
    """
    x, y = _rows("x", x, widths[0]), _rows("y", y, head.D)
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many rows, got {len(x)} and {len(y)}")
    _shapes.check_positive(steepness=steepness, sigma=sigma, head_scale=head_scale)

    rng = np.random.default_rng(seed)
    layers = []
    for i, (inputs, width) in enumerate(pairwise(widths)):
        if i == 0:
            slope = steepness / (_std(x)[:, None] * inputs**0.5)
            kernel = slope * rng.uniform(-1, 1, (inputs, width))
            place = rng.uniform(x.min(axis=0), x.max(axis=0), (width, inputs)).T
            bias = -(kernel * place).sum(axis=0)
        else:
            std = ((2 if relu else 1) / inputs) ** 0.5
            kernel, bias = std * rng.standard_normal((inputs, width)), np.zeros(width)
        layers += [kernel, bias]

    for bias in _head_biases(y, head, sigma, rng):
        kernel = rng.uniform(-1, 1, (widths[-1], len(bias))) / widths[-1] ** 0.5
        layers += [head_scale * kernel, bias]
    return layers


def _head_biases(y, head, sigma, rng):
    """What the heads say before they have learned anything, one vector for each."""
    D, K = head.D, head.K
    biases = [np.zeros(K), _means(y, K, rng).ravel()]
    if head.noise != "fixed":
        axes = _shapes.sigma_axes(head.noise, K, D)
        level = np.log(sigma * _std(y))
        level = level if axes[-1] == D else level.mean()
        biases.append(np.broadcast_to(level, axes).ravel())
    if head.noise == "full" and D > 1:
        biases.append(np.zeros(K * D * (D - 1) // 2))
    return biases


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


def _std(a):
    """The standard deviation of each column, 1 where a column never varies."""
    std = a.std(axis=0)
    return np.where(std > 0, std, 1)
