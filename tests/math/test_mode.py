"""Modes: two shortcuts, and the highest point of the mixture wherever it lies."""

import numpy as np
import pytest
import torch
from oracles import cholesky, draw
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from tolerances import ORACLE, VALUE, assert_close

from mdn_utils import numpy as mdn
from mdn_utils import torch as mdn_torch

MISSED = 1e-3  # nats by which no mode may be lower than the highest point that is known


def heights(x, log_pi, mu, *noise):
    """log p(x) of each mixture, at places x of shape (rows, places, D)."""
    inverse, log_peak = whitened(log_pi, mu, *noise)
    z = (x[:, None] - mu[:, :, None]) @ np.swapaxes(inverse, -1, -2)  # (rows, K, places, D)
    return logsumexp(log_peak[..., None] - 0.5 * (z**2).sum(axis=-1), axis=1)


def whitened(log_pi, mu, *noise):
    """L⁻¹ of each component, and its height at its mean."""
    inverse = np.linalg.inv(cholesky(mu, *noise))
    log_det = np.log(np.diagonal(inverse, axis1=-2, axis2=-1)).sum(axis=-1)
    return inverse, log_pi + log_det - 0.5 * mu.shape[-1] * np.log(2 * np.pi)


def highest(places, params, polished=3, apart=0.2):
    """The height that SciPy reaches from the best of many places, for each mixture."""
    values, mu, found = heights(places, *params), params[1], []
    for row, (inverse, log_peak) in enumerate(zip(*whitened(*params), strict=True)):
        starts = []
        for i in np.argsort(-values[row]):
            if all(abs(places[row, i] - s).max() > apart for s in starts):
                starts.append(places[row, i])
            if len(starts) == polished:
                break

        def drop(x, inverse=inverse, log_peak=log_peak, mu=mu[row]):
            z = ((x - mu)[:, None] @ np.swapaxes(inverse, -1, -2))[:, 0]
            terms = log_peak - 0.5 * (z**2).sum(axis=-1)
            height = logsumexp(terms)
            return -height, np.einsum("k,kde,kd->e", np.exp(terms - height), inverse, z)

        found += [max(-minimize(drop, start, jac=True).fun for start in starts)]
    return np.array(found)


def random_mixtures(noise, N, K, D):
    """Anisotropic by a factor of ten and more, and rotated if the noise is full."""
    rng = np.random.default_rng(10 * K + D)
    log_pi, mu, log_sigma, *unit_tril = draw(rng, noise, (N,), K, D, spread=2)
    return log_softmax(0.3 * log_pi, axis=-1), mu, 2.5 * log_sigma, *unit_tril


def grid(params, n=81):
    """Places over all means and some way beyond, shape (rows, n^D)."""
    mu = params[1]
    low, high = mu.min(axis=1) - 1, mu.max(axis=1) + 1
    side = [np.linspace(0, 1, n)] * mu.shape[-1]
    unit = np.stack(np.meshgrid(*side), axis=-1).reshape(-1, mu.shape[-1])
    return low[:, None] + unit * (high - low)[:, None]


def ridgeline(params, rng, n=400):
    """Random places among which every maximum has a neighbor: Ray and Lindsay (2005)."""
    _, mu, *noise = params
    inverse = np.linalg.inv(cholesky(mu, *noise))
    precision = np.swapaxes(inverse, -1, -2) @ inverse
    weights = rng.dirichlet(np.full(mu.shape[1], 0.5), n)
    average = np.einsum("sk,nkde->nsde", weights, precision)
    pulled = np.einsum("sk,nkde,nke->nsd", weights, precision, mu)
    return np.linalg.solve(average, pulled[..., None])[..., 0]


CROSS = (  # two ridges that cross at (0, 0), far from both means
    np.log([0.5, 0.5]),
    np.array([[10.0, 0.0], [0.0, 10.0]]),
    np.log([[10.0, 0.1], [0.1, 10.0]]),
)


def test_a_maximum_away_from_every_mean_is_found(library):
    mode = library("mode", *CROSS, kind="exact")
    assert np.exp(mdn.log_prob(mode, *CROSS)) == pytest.approx(0.0965, abs=5e-5)
    assert abs(mode).max() < 0.01


@pytest.mark.parametrize(
    ("N", "D", "K", "noise", "n"),
    [
        *((167, 2, K, noise, 81) for K in (2, 3, 5) for noise in ("diagonal", "full")),
        *((100, 3, K, noise, 15) for K, noise in [(3, "diagonal"), (5, "full")]),
        *((100, 1, K, "diagonal", 2001) for K in (2, 10)),
    ],
)
def test_no_mode_is_missed(N, D, K, noise, n, rng):
    """1,002 random mixtures in two dimensions, 200 in three and 200 in one.

    Against what SciPy makes of the best places of a grid and of the ridgeline.
    """
    params = random_mixtures(noise, N, K, D)
    mode = mdn.mode(*params, kind="exact")
    places = np.concatenate([grid(params, n), ridgeline(params, rng)], axis=1)
    expected = highest(places, params)
    reached = heights(mode[:, None], *params)[:, 0]
    missed = reached < expected - MISSED
    assert not missed.any(), f"{missed.sum()} missed, by {(expected - reached).max():.2g}"


def test_every_kind_is_that_of_numpy(framework, dtype, noise, rng):
    params = draw(rng, noise, (2, 10), 4, 3, dtype)
    for kind in ("component", "peak", "exact"):
        actual = framework("mode", *params, kind=kind)
        assert actual.dtype == dtype
        expected = mdn.mode(*params, kind=kind)
        assert_close(actual, expected.astype(dtype), ORACLE["mode"])


def test_three_modes_that_differ(library):
    params = np.log([0.6, 0.4]), np.array([[0.0], [2.0]]), np.log([[2.0], [1.0]])
    kinds = ("component", "peak", "exact")
    component, peak, exact = (library("mode", *params, kind=kind).item() for kind in kinds)
    assert (component, peak) == (0, 2)
    slope = minimize(lambda y: -mdn.log_prob(y, *params), [2.0])
    assert_close(exact, slope.x[0], ORACLE["grid"])
    assert library("mode", *params).item() == component
    assert library("mode", *params[:2]).item() == component


def test_peak_counts_a_shared_sigma_once_for_each_dimension(library):
    """π/σ^D: with D = 1 the first component is higher, with D = 3 the second."""
    log_pi, log_sigma = np.log([0.9, 0.1]), np.log([[3.0], [1.0]])
    for D, highest in [(1, 0.0), (3, 1.0)]:
        mu = np.array([[0.0] * D, [1.0] * D])
        peak = library("mode", log_pi, mu, log_sigma, kind="peak")
        assert peak.tolist() == [highest] * D


def test_exact_modes_of_hard_cases():
    # two equal components two standard deviations apart: flat to the third order
    flat = np.log([0.5, 0.5]), [[-1.0], [1.0]], np.zeros((2, 1))
    assert_close(mdn.mode(*flat, kind="exact"), 0, ORACLE["grid"])
    # very narrow, and very wide, components side by side
    mixed = np.log([0.5, 0.5]), [[0.0], [1.0]], [[-30.0], [30.0]]
    assert_close(mdn.mode(*mixed, kind="exact"), 0, VALUE["float64"])
    # a weight of zero is no mode, whatever its peak
    zero = np.array([0.0, -np.inf]), [[2.0], [5.0]], [[0.0], [-30.0]]
    assert_close(mdn.mode(*zero, kind="exact"), 2, VALUE["float64"])
    assert mdn.mode(*zero, kind="peak").item() == 2
    # collapsed components, so far apart that Newton's matrix is singular
    thin = np.log([0.4, 0.6]), [[0.0, 0.0], [1.0, 1.0]], np.full((2, 2), -20.0)
    assert_close(mdn.mode(*thin, kind="exact"), [1.0, 1.0], VALUE["float64"])
    with pytest.raises(ValueError, match="found in every row, got none in 1 of 1"):
        mdn.mode(*thin[:2], np.full((2, 2), -np.inf), kind="exact")
    # no rows at all, and rows that only the log_pi have
    none = np.zeros((0, 1)), np.zeros((0, 1, 2)), np.zeros((0, 1, 2))
    assert mdn.mode(*none, kind="exact").shape == (0, 2)
    many = np.log([[0.5, 0.5], [0.1, 0.9]]), [[[-1.0], [1.0]]], np.zeros((1, 1, 1))
    assert mdn.mode(*many, kind="exact").shape == (2, 1)


class OnADeviceWithoutFloat64(torch.Tensor):
    """Refuses float64 as Apple's MPS does, until it is brought to the CPU."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        result = super().__torch_function__(function, types, args, kwargs)
        if getattr(result, "dtype", None) == torch.float64:
            raise TypeError("the device does not support float64")
        return result


def test_the_exact_mode_asks_no_device_for_float64(noise, rng):
    params = draw(rng, noise, (5,), 3, 2, "float32")
    with pytest.raises(TypeError, match="float64"):
        torch.zeros(1).as_subclass(OnADeviceWithoutFloat64).double()
    there = [torch.tensor(a).as_subclass(OnADeviceWithoutFloat64) for a in params]
    mode = mdn_torch.mode(*there, kind="exact")
    assert_close(mode.numpy(), mdn.mode(*params, kind="exact"), VALUE["float32"])
