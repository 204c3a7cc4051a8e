"""The figure style of the book, its fixed colors, and the figures that chapters share.

Everything here takes arrays and Matplotlib axes, and knows no framework.
"""

from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np

__all__ = ["COLORS", "LINES", "data", "losses", "predictions", "use_style"]

#: The same color for the same thing in every chapter. The hues are those of Okabe and Ito,
#: which color-blind readers can tell apart.
COLORS = {
    "data": "#9aa0a6",
    "truth": "#000000",
    "TensorFlow": "#D55E00",
    "PyTorch": "#0072B2",
    "point": "#CC79A7",
    "density": "#009E73",
}

#: Line styles, so that two curves can lie on each other and both be seen.
LINES = {"truth": "-", "TensorFlow": "-", "PyTorch": (0, (3, 2))}


def use_style():
    """Switch Matplotlib to the style of the book.

    >>> use_style()
    >>> plt.rcParams["axes.spines.top"]
    False
    """
    with as_file(files("mdn_utils") / "book.mplstyle") as path:
        plt.style.use(path)


def data(ax, x, y, n=1500):
    """Draw the first `n` points (x, y) as small gray dots.

    Args:
        ax: Matplotlib axes.
        x, y: arrays with N entries each, of shape (N,) or (N, 1).
        n: how many points to draw at most, enough to see a density and no more.

    >>> data(plt.subplot(), np.zeros((4000, 1)), np.ones((4000, 1)))
    """
    ax.plot(
        np.ravel(x)[:n],
        np.ravel(y)[:n],
        linestyle="none",
        marker=".",
        markersize=3,
        alpha=0.5,
        color=COLORS["data"],
        label="data",
        rasterized=True,
    )


def predictions(ax, x, curves, truth=None):
    """Draw one prediction curve for each framework, and the exact curve under them.

    Args:
        ax: Matplotlib axes.
        x: inputs, shape (M, 1), in increasing order.
        curves: predictions, a dict from name ("TensorFlow", "PyTorch") to array (M, 1).
        truth: the exact curve, shape (M, 1), if there is one to show.

    >>> x = np.linspace(0, 1, 5)[:, None]
    >>> predictions(plt.subplot(), x, {"PyTorch": x**2}, truth=x**2)
    """
    if truth is not None:
        ax.plot(x, truth, color=COLORS["truth"], linewidth=5, alpha=0.3, label="exact mean")
    for name, curve in curves.items():
        ax.plot(x, curve, color=COLORS[name], linestyle=LINES[name], label=name)


def losses(ax, histories, floor=None):
    """Draw the training loss of each framework against the epoch, on logarithmic axes.

    Args:
        ax: Matplotlib axes.
        histories: a dict from name to a sequence with one loss for each epoch.
        floor: the best loss that any model could reach, drawn as a line.

    >>> losses(plt.subplot(), {"PyTorch": [0.1, 0.01, 0.004]}, floor=1 / 300)
    """
    if floor is not None:
        ax.axhline(floor, color=COLORS["truth"], linewidth=1, label="floor")
    for name, history in histories.items():
        epochs = np.arange(1, len(history) + 1)
        ax.plot(epochs, history, color=COLORS[name], linestyle=LINES[name], label=name)
    ax.set(xscale="log", yscale="log", xlabel="epoch", ylabel="training loss")
    ax.legend()
