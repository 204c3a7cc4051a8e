"""What the mixture functions may be off by: one table for all their tests."""

import numpy as np

#: By the dtype of the arguments. Half precision is computed in float32.
VALUE = {"float64": 1e-12, "float32": 1e-5}
GRADIENT = {"float64": 1e-10, "float32": 1e-5}

#: Against an oracle that is itself approximate, in float64.
ORACLE = {
    "scipy": 1e-9,  # multivariate_normal squares the Cholesky factor
    "quad": 1e-10,
    "difference": 1e-6,  # derivatives by finite differences
    "grid": 1e-5,  # the place of a mode, found on a grid and polished
    "mode": 1e-9,  # the exact mode of float64 and float32 parameters alike
    "round trip": 1e-9,  # quantile and CDF
    "quoted": 5e-9,  # the densities in the book have eight decimals
    "sum": 5e-6,  # over a grid of a million points
}

#: The mean of independent values is off by at most so many standard errors.
SIGMAS = 5

#: A sample of the right distribution fails a test this seldom; seeds are fixed.
P_VALUE = 1e-3


def assert_close(actual, expected, tolerance, floor=1.0):
    """|actual - expected| <= tolerance max(floor, |expected|), element by element.

    Densities take a floor of 0: then one of 1e-8 that comes out as 0 is wrong.
    """
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert expected.ndim == 0 or actual.shape == expected.shape
    with np.errstate(invalid="ignore"):  # infinity minus infinity, which are equal
        error = np.abs(actual.astype("float64") - expected)
    right = (error <= tolerance * np.maximum(floor, np.abs(expected))) & np.isfinite(actual)
    wrong = ~(right | (actual == expected))
    assert not wrong.any(), (
        f"{wrong.sum()} of {wrong.size} entries differ, the first: {actual[wrong][0]} "
        f"for {np.broadcast_to(expected, wrong.shape)[wrong][0]}, off by "
        f"{np.broadcast_to(error, wrong.shape)[wrong].max():.3g} at most"
    )
