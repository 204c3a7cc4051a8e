"""Real tables, small enough to lie beside the book; where they come from: data/README.md.

Each function returns inputs x (N, I) and targets y (N, 1), in the order of the file.
"""

from functools import partial
from pathlib import Path

import numpy as np

__all__ = ["concrete", "old_faithful", "split", "stars"]

FOLDER = Path(__file__).parent / "data"


def old_faithful():
    """Minutes waited before an eruption, and minutes that it lasted: 299 in a row.

    >>> x, y = old_faithful()
    >>> x[:2].ravel().tolist(), y[:2].round(2).ravel().tolist()
    ([80.0, 71.0], [4.02, 2.15])
    """
    table = _read("geyser.csv", "waiting", "duration")
    return table[:, :1], table[:, 1:]


def concrete():
    """Eight figures of a mix (kg per cubic meter, and days of age); its strength in MPa.

    >>> [a.shape for a in concrete()]
    [(1030, 8), (1030, 1)]
    """
    table = _read("concrete.csv")
    return table[:, :8], table[:, 8:]


def stars(motion=False):
    """Color B - V, with motion also the reduced proper motion; absolute magnitude.

    The absolute magnitude ``M = m + 5 log10 ϖ - 10``, of the magnitude m and the parallax
    ϖ in milliarcseconds, is how bright a star would be at 10 parsec; the less, the
    brighter. ``H = m + 5 log10 μ - 10``, of the proper motion μ in milliarcseconds a year,
    is what M would be if all stars moved equally fast.

    >>> [a.shape for a in stars(motion=True)]
    [(20000, 2), (20000, 1)]
    """
    columns = "hp_mag", "b_v", "parallax_mas", "proper_motion_mas_yr"
    m, color, parallax, speed = _read("stars.csv", *columns).T
    x = [color, m + 5 * np.log10(speed) - 10] if motion else [color]
    return np.stack(x, axis=1), (m + 5 * np.log10(parallax) - 10)[:, None]


def split(x, y, seed, shares=(0.6, 0.2, 0.2)):
    """Training, validation and test rows, drawn at random: three pairs (x, y).

    >>> [len(part) for part, _ in split(*old_faithful(), seed=0)]
    [179, 60, 60]
    """
    rows = np.random.default_rng(seed).permutation(len(x))
    ends = np.round(np.cumsum(shares)[:-1] * len(x)).astype(int)
    return [(x[i], y[i]) for i in np.split(rows, ends)]


#: What the study is measured on, with the seeds of the splits.
TABLES = {
    "Old Faithful": (old_faithful, range(20)),
    "concrete": (concrete, range(5)),
    "stars by color": (stars, range(2)),
    "stars by color and motion": (partial(stars, motion=True), range(2)),
}


def _read(name, *columns):
    with (FOLDER / name).open() as file:
        header = [column.strip('"') for column in file.readline().strip().split(",")]
        wanted = [header.index(column) for column in columns] or None
        return np.loadtxt(file, delimiter=",", usecols=wanted, converters=_number)


def _number(text):
    return float(text.strip('"'))
