"""The stored ratios of `make speed`, which the page "How fast it is" shows."""

import csv
from importlib.resources import files

__all__ = ["ratios"]


def ratios():
    """How many times as fast one way is as another, measured in several processes.

    Returns:
        a dict from (part, module, way, against, (N, K, D)) to a tuple of the median over
        the processes, and the least one.

    >>> median, least = ratios()["sampling", "NumPy", "mdn_utils", "a loop", (4000, 26, 1)]
    >>> least <= median
    True
    """
    with (files("mdn_book") / "speed.csv").open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {
        (
            *(row[name] for name in ("part", "module", "way", "against")),
            tuple(int(row[name]) for name in "NKD"),
        ): (float(row["median"]), float(row["least"]))
        for row in rows
    }
