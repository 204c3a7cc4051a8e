"""Modes: two shortcuts, and the highest point of the mixture wherever it lies."""

import numpy as np
import pytest
import torch
from oracles import cholesky, draw, random_rows
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
    """Places over all means and some way beyond, shape (rows, n²) for two dimensions."""
    mu = params[1]
    low, high = mu.min(axis=1) - 1, mu.max(axis=1) + 1
    side = np.linspace(0, 1, n)
    unit = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
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


@pytest.mark.parametrize("noise", ["diagonal", "full"])
@pytest.mark.parametrize("K", [2, 3, 5])
def test_no_mode_in_two_dimensions_is_missed(K, noise, rng):
    """A thousand and two random mixtures against a grid, polished by SciPy."""
    params = random_mixtures(noise, 167, K, 2)
    mode = mdn.mode(*params, kind="exact")
    places = np.concatenate([grid(params), ridgeline(params, rng)], axis=1)
    expected = highest(places, params)
    reached = heights(mode[:, None], *params)[:, 0]
    missed = reached < expected - MISSED
    assert not missed.any(), f"{missed.sum()} missed, by {(expected - reached).max():.2g}"


def test_no_mode_in_three_dimensions_is_missed(rng):
    """Two hundred random mixtures against many random places."""
    for K, noise in [(3, "diagonal"), (5, "full")]:
        params = random_mixtures(noise, 100, K, 3)
        mode = mdn.mode(*params, kind="exact")
        wide = params[1].std() * 2 * rng.standard_normal((100, 400, 3))
        places = np.concatenate([ridgeline(params, rng), wide], axis=1)
        reached = heights(mode[:, None], *params)[:, 0]
        assert (reached > highest(places, params) - MISSED).all()


@pytest.mark.parametrize("K", [1, 2, 3, 10])
def test_modes_in_one_dimension_are_the_top_of_a_dense_grid(K):
    params = random_rows(10 * K, 100, K)
    mode = mdn.mode(*params, kind="exact")
    low, high = params[1].min(axis=1), params[1].max(axis=1)
    for n in (20_001, 201, 201, 201):  # zoomed in three times
        places = np.linspace(low, high, n)  # (n, N, 1)
        best = mdn.log_prob(places, *params).argmax(axis=0)
        step, center = (high - low) / (n - 1), places[best, np.arange(100)]
        low, high = center - 1.5 * step, center + 1.5 * step
    assert_close(mode, center, ORACLE["grid"])
    above = mdn.log_prob(mode, *params) - mdn.log_prob(center, *params)
    assert (above >= -VALUE["float64"]).all()


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
