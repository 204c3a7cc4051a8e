"""Rows without an end, and the stored table of chapter 15.

`block` draws part i of a stream of rows from its number alone. So any process can draw any
part, whatever was drawn before it, and a training that was interrupted goes on with the
rows that it lacks.

>>> x, y = block(3, 256)
>>> x.shape, y.shape, bool((x == block(3, 256)[0]).all())
((256, 1), (256, 1), True)
"""

import csv
from importlib.resources import files

import numpy as np

from . import problems

__all__ = ["block", "stored"]

#: What tells the runs of the stored table apart, and what it holds of each: the gap to the
#: exact floor in nats, memory in MB, seconds of one core.
KEY = ("framework", "how", "rows", "seed")
COLUMNS = (*KEY, "gap", "memory", "seconds")

problem = problems.SineInverse()


def block(i, n, seed=0):
    """Part i of the stream with this seed: n rows x, y of the inverse sine problem."""
    return problem.sample(n, np.random.default_rng([15, seed, i]))


def stored():
    """The stored study, made by ``make study``: networks by how many rows they saw.

    Returns:
        a dict from (framework, how, rows, seed) to a dict of ``gap``, to the exact floor
        on 10,000 test rows, in nats; ``memory``, by how many MB the training raised the
        peak of its process; and ``seconds`` of one core. How is "fit", with all rows in
        memory; "longer fit", with 20,000 validation rows and up to 12,000 steps; or
        "stream", each row seen once, in batches of 256.

    >>> sorted(stored()["PyTorch", "stream", 10_000_000, 0])
    ['gap', 'memory', 'seconds']
    """
    with (files("mdn_book") / "many_rows.csv").open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {
        (row["framework"], row["how"], int(row["rows"]), int(row["seed"])): {
            name: float(row[name]) for name in COLUMNS[len(KEY) :]
        }
        for row in rows
    }
