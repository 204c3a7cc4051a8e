"""What the mixture functions may be off by: one table for all their tests."""

import numpy as np

#: Relative to the size of the answer, or absolute where the answer is below 1.
VALUE = {"float64": 1e-12, "float32": 1e-5}
GRADIENT = {"float64": 1e-10, "float32": 1e-5}

#: Against an oracle that is itself approximate, in float64.
ORACLE = {
    "quad": 1e-10,
    "grid": 1e-6,  # exact mode against a dense grid
    "round trip": 1e-9,  # quantile and CDF
    "crps": 1e-6,
    "quoted": 5e-9,  # the densities in the book have eight decimals
}

#: A sample of the right distribution fails a test this seldom; seeds are fixed.
P_VALUE = 1e-3


def assert_close(actual, expected, tolerance):
    """|actual - expected| <= tolerance max(1, |expected|), element by element."""
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
