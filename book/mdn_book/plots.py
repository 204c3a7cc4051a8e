"""The figure style of the book, its fixed colors, and the figures that chapters share.

Everything here takes Matplotlib axes ``ax`` and arrays, and knows no framework. Inputs and
targets are of shape (N,) or (N, 1).
"""

from importlib.resources import as_file, files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.font_manager import fontManager

from mdn_utils import judge

__all__ = [
    "COLORS",
    "LINES",
    "calibration",
    "data",
    "density",
    "pit_histogram",
    "predictions",
    "use_style",
]

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
    with as_file(files("mdn_book")) as folder:
        fontManager.addfont(folder / "SourceSansPro-Regular.ttf")
        plt.style.use(folder / "book.mplstyle")


def data(ax, x, y, n=1500):
    """Draw the first n points (x, y) as small gray dots.

    >>> data(plt.subplot(), np.zeros((4000, 1)), np.ones((4000, 1)))
    """
    dots = {"linestyle": "none", "color": COLORS["data"]}
    small = {"marker": ".", "markersize": 3, "alpha": 0.5, "rasterized": True}
    ax.plot(np.ravel(x)[:n], np.ravel(y)[:n], **dots, **small)
    ax.plot([], [], marker="o", label="data", **dots)  # a dot to be seen in a legend


def predictions(ax, x, curves, truth=None):
    """Draw a curve for each framework, and the exact one, if there is one, under them.

    Args:
        x: inputs, shape (M, 1), in increasing order.
        curves: predictions, a dict from name ("TensorFlow", "PyTorch") to array (M, 1).
        truth: the exact curve, shape (M, 1).

    >>> x = np.linspace(0, 1, 5)[:, None]
    >>> predictions(plt.subplot(), x, {"PyTorch": x**2}, truth=x**2)
    """
    if truth is not None:
        ax.plot(x, truth, color=COLORS["truth"], linewidth=5, alpha=0.3, label="exact mean")
    for name, curve in curves.items():
        ax.plot(x, curve, color=COLORS[name], linestyle=LINES[name], label=name)


def pit_histogram(ax, u, bins=20, coverage=0.95, color=COLORS["density"]):
    """Draw `mdn_utils.judge.pit_histogram`: the bins, and the band of a right model.

    Args:
        u: probability integral transform of each target, any shape, in [0, 1].
        bins: how many.
        coverage: probability that all bins of a right model lie within the band.

    >>> pit_histogram(plt.subplots()[1], np.linspace(0, 1, 1000))
    """
    height, low, high = judge.pit_histogram(u, bins, coverage)
    edges = np.linspace(0, 1, bins + 1)
    ax.stairs(height, edges, fill=True, color=color, alpha=0.5)
    ax.stairs(height, edges, color=color, linewidth=1)
    _band(ax, [0, 1], low, high)
    ax.axhline(1, color=COLORS["truth"], linewidth=1)
    ax.set(xlim=(0, 1), xticks=[0, 0.5, 1], xlabel="PIT value u")


def calibration(ax, curves, coverage=0.95, colors=COLORS):
    """Draw `mdn_utils.judge.calibration`: the share of u up to each level α, minus α.

    Zero is right. A curve below zero: fewer targets lie below their quantile, or within
    their region, than promised.

    Args:
        curves: a dict from name to the probability integral transforms or the ranks of the
            targets, any shape, in [0, 1]; as many for all, since they share a band.
        coverage: probability that the whole curve of a right model lies within the band.
        colors: a dict from name to color.

    >>> u = np.linspace(0, 1, 1000)
    >>> calibration(plt.subplots()[1], {"TensorFlow": u, "PyTorch": u**2})
    """
    sizes = {name: np.size(u) for name, u in curves.items()}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"curves must have the same number of targets, got {sizes}")
    level = np.linspace(0, 1, 201)
    for name, u in curves.items():
        share, low, high = judge.calibration(u, level, coverage)
        style = {"color": colors[name], "linestyle": LINES.get(name, "-"), "label": name}
        ax.plot(level, share - level, **style)
    _band(ax, level, low - level, high - level)
    ax.axhline(0, color=COLORS["truth"], linewidth=1)
    ax.set(xlim=(0, 1), xlabel="level α", ylabel="observed share - α")


def density(ax, x, y, p, top=None):
    """Draw a density of y for every x as a map: the stronger the color, the denser.

    The color grows with the root of the density, which shows pale and strong parts alike.

    Args:
        x, y: M inputs and L targets, in increasing order.
        p: density of each target for each input, shape (L, M).
        top: the density that gets the strongest color, as does all above; None for the
            highest one. Give the same number to maps that are to be compared.

    Returns:
        The image, for a color bar.

    >>> x, y = np.linspace(0, 1, 5), np.linspace(-1, 1, 7)[:, None]
    >>> image = density(plt.subplots()[1], x, y, np.exp(-(y**2)) * np.ones(5))
    """
    scale = PowerNorm(0.5, vmin=0, vmax=np.max(p) if top is None else top, clip=True)
    ax.grid(False)
    style = {"cmap": "Greens", "norm": scale, "rasterized": True}
    return ax.pcolormesh(np.ravel(x), np.ravel(y), p, **style)


def _band(ax, x, low, high):
    """Where a right model lies, over the bars and under the curves."""
    style = {"color": COLORS["data"], "alpha": 0.5, "linewidth": 0, "zorder": 1.5}
    ax.fill_between(x, low, high, **style)
