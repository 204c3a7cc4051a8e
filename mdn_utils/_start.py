"""Scaling and first weights, made in NumPy alone: both frameworks get the same ones."""

from itertools import pairwise

import numpy as np

from . import _check
from .numpy import generator


def start(network, x, y, info, seed, steepness, sigma, head_scale):
    """What `mdn_utils.torch.initialize` describes: a dict of vectors, a list of arrays.

    These are the scaling by name, and kernel (inputs, units) and bias of each layer in the
    order of the network; info is the finfo of its float type.
    """
    head = network.head
    _check.number("a positive number", steepness=steepness, head_scale=head_scale)
    _check.number("a positive number", sigma=sigma)
    common = _check.scaling(1, head.D, head.noise)["y_scale"] < head.D
    x, x_mean, x_scale = _standardize("x", x, network.widths[0], info)
    y, y_mean, y_scale = _standardize("y", y, head.D, info, common)
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many rows, got {len(x)} and {len(y)}")
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

    biases = {n: np.zeros(a) for n, a in _check.layers(head.noise, head.K, head.D).items()}
    if head.D == 1:
        biases["mu"] = np.quantile(y, (np.arange(head.K) + 0.5) / head.K)
    elif len(y) >= head.K:
        biases["mu"] = y[rng.choice(len(y), head.K, replace=False)]
    else:
        rule = f"y must have at least K = {head.K} rows to draw means from"
        raise ValueError(f"{rule}, got {len(y)}")
    if "log_sigma" in biases:
        biases["log_sigma"] += np.log(sigma)
    for bias in biases.values():
        kernel = rng.uniform(-1, 1, (network.widths[-1], bias.size))
        layers += [head_scale / network.widths[-1] ** 0.5 * kernel, bias.ravel()]
    return scaling, layers


def _standardize(name, a, columns, info, common=False):
    """The columns in their own units, and the mean and the scale of each."""
    a = np.asarray(a, dtype=np.float64)
    fine = a.ndim == 2 and len(a) > 0 and a.shape[1] == columns
    _check.shaped(fine, name, f"(N, {columns})", a.shape)
    _check.finite(name, a)
    constant = a.max(axis=0) == a.min(axis=0)  # rounding makes their std small, not 0
    mean = np.where(constant, a[0], a.mean(axis=0))
    std = np.where(constant, 0, a.std(axis=0))
    high = np.abs(a).max(axis=0)
    for column in np.flatnonzero((info.eps * high > 0.01 * std) & ~constant)[:1]:
        raise ValueError(
            f"{name} must vary by more than rounding at its offset, got column {column} "
            f"with values up to {high[column]:.6g} and a standard deviation of "
            f"{std[column]:.3g}; subtract a constant from it in float64 first"
        )
    scale = np.sqrt((std**2).mean(keepdims=True)) if common else std
    scale = np.where(scale > 0, scale, 1)
    if (bad := scale[(scale < info.tiny) | (scale > info.max)]).size:
        rule = f"{name} must have a spread that {info.dtype} can hold"
        raise ValueError(f"{rule}, got a standard deviation of {bad[0]:.3g}")
    return (a - mean) / scale, mean, scale
