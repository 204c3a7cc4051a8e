"""Weights of plain networks, the same for both frameworks.

A list of weights holds the kernel, of shape (inputs, units), and the bias of each layer in
turn, as NumPy arrays. `mdn_utils` starts its own networks by ``initialize``.
"""

import numpy as np

__all__ = ["draw", "to_keras", "to_torch"]


def draw(x, seed, hidden=50, steepness=10.0):
    """Weights of ``g(x) = Σ_j v_j tanh(w_j z + b_j) + c``, ``z = (x - mean) / std``.

    This is the start of chapter 2, with the standardizing folded into the first layer: the
    network takes x as it is.

    Args:
        x: the inputs of the training data, shape (N, 1).
        seed: an integer.
        hidden: how many units.
        steepness: w is drawn between minus and plus this.

    >>> [a.shape for a in draw(np.linspace(0, 5, 9)[:, None], seed=1, hidden=3)]
    [(1, 3), (3,), (3, 1), (1,)]
    """
    rng = np.random.default_rng(seed)
    w = rng.uniform(-steepness, steepness, (1, hidden))
    place = rng.uniform(-1.8, 1.8, hidden)  # where z is 0 before the tanh
    v = rng.uniform(-1, 1, (hidden, 1)) / np.sqrt(hidden)
    mean, std = np.mean(x), np.std(x)
    return [w / std, -w[0] * (place + mean / std), v, np.zeros(1)]


def to_keras(network, weights):
    """Copy a list of weights into what a Keras network trains."""
    for variable, value in zip(network.trainable_variables, weights, strict=True):
        variable.assign(value)


def to_torch(network, weights):
    """Copy a list of weights into what a PyTorch network trains."""
    import torch

    with torch.no_grad():  # PyTorch stores a kernel as (units, inputs)
        for parameter, value in zip(network.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(value.T))
