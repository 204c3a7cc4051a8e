"""Results as a table of the page: numbers that are compared stand below each other."""

from IPython.display import Markdown

__all__ = ["as_table"]


def as_table(head, rows):
    """What a cell displays as a table: first column to the left, all others to the right.

    ``head`` and each of ``rows`` are texts, with ``|`` between the columns:

    >>> table = as_table("model | gap", ["one Gaussian | 0.65", "mixture | 0.10"])
    >>> print(table.data)
    | model | gap |
    | :-- | --: |
    | one Gaussian | 0.65 |
    | mixture | 0.10 |

    A row with more or fewer columns than ``head`` raises a ValueError.
    """
    bars = head.count("|")
    if other := [row for row in rows if row.count("|") != bars]:
        raise ValueError(f"{head!r} has {bars + 1} columns, {other[0]!r} has not")
    lines = [head, ":--" + " | --:" * bars, *rows]
    return Markdown("\n".join(f"| {line} |" for line in lines))
