"""The start of a network: the same in both frameworks, and what its formulas say."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from tolerances import VALUE, assert_close

from mdn_utils import numpy as mdn_np
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

NOISE = ("full", "diagonal", "isotropic", "shared", "fixed")
MODULES = {"tensorflow": mdn_tf, "torch": mdn_torch}
each_framework = pytest.mark.parametrize("name", MODULES)
each_noise = pytest.mark.parametrize("noise", NOISE)


def pairs(inputs, D, N=300):
    """Inputs and targets with another place and scale in each dimension."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (N, inputs)) * [3.0, 0.1][:inputs] + 5
    y = rng.standard_normal((N, D)) * [10.0, 0.5][:D] - 2
    return x, y


def start(name, x, y, K=7, hidden=(20, 10), seed=3, noise="diagonal", **options):
    """A network after `initialize`, in float64."""
    model = {"sigma": 0.4} if noise == "fixed" else {}
    model |= {"activation": options.pop("activation", "tanh"), "noise": noise}
    sizes = x.shape[-1], y.shape[-1], K, hidden
    if name == "tensorflow":
        network = mdn_tf.MixtureDensityNetwork(*sizes, dtype="float64", **model)
    else:
        network = mdn_torch.MixtureDensityNetwork(*sizes, **model).double()
    assert MODULES[name].initialize(network, x, y, seed, **options) is network
    return network


def weights(network):
    """Kernels of shape (inputs, units), and biases."""
    if isinstance(network, torch.nn.Module):
        return [p.detach().numpy().T for p in network.parameters()]
    return network.get_weights()


def outputs(network, x):
    """What the network says about x, as arrays."""
    if isinstance(network, torch.nn.Module):
        return [a.detach().numpy() for a in network(torch.tensor(x))]
    return [a.numpy() for a in network(tf.constant(x))]


@each_noise
@pytest.mark.parametrize("sizes", [(1, 1), (2, 2)])
@pytest.mark.parametrize("hidden", [20, (20, 10), ()])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_both_frameworks_start_alike(noise, sizes, hidden, activation):
    x, y = pairs(*sizes)
    options = {"hidden": hidden, "noise": noise, "activation": activation}
    networks = [start(name, x, y, **options) for name in MODULES]
    for ours, theirs in zip(*map(weights, networks), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(*(outputs(net, x) for net in networks), strict=True):
        assert_close(ours, theirs, VALUE["float64"])


@each_framework
def test_arrays_tensors_and_lists_are_the_same_data(name):
    x, y = pairs(1, 1)
    expected = weights(start(name, x, y))
    for convert in (torch.tensor, tf.constant):
        network = start(name, x, y, seed=4)
        MODULES[name].initialize(network, convert(x), convert(y), 3)
        for ours, theirs in zip(weights(network), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@each_framework
@each_noise
@pytest.mark.parametrize("D", [1, 2])
def test_the_untrained_network_says_what_the_formulas_say(name, noise, D):
    """With weights of nearly zero in the heads, their biases are all that speaks."""
    x, y = pairs(2, D)
    network = start(name, x, y, noise=noise, head_scale=1e-9, sigma=0.3)
    params = outputs(network, x)
    log_pi, mu, log_sigma = params[:3]
    assert_close(log_pi, np.full(log_pi.shape, -np.log(7)), 1e-7)
    if D == 1:
        places = np.quantile(y, (np.arange(7) + 0.5) / 7)[:, None]
        assert_close(mu, np.broadcast_to(places, mu.shape), 1e-7)
    else:
        distance = np.abs(mu[0][:, None] - y).max(axis=-1)  # (K, N)
        assert distance.min(axis=1).max() < 1e-6
        assert len(set(distance.argmin(axis=1))) == 7
    expected = np.log(0.3 * y.std(axis=0))
    if noise in ("isotropic", "shared"):
        expected = expected.mean()
    if noise == "fixed":
        expected = np.log(0.4)
    assert_close(log_sigma, np.broadcast_to(expected, log_sigma.shape), 1e-7)
    if noise == "full":
        assert_close(params[3], np.broadcast_to(np.eye(D), params[3].shape), 1e-7)


@each_framework
def test_the_steps_of_the_first_layer_lie_in_the_range_of_the_inputs(name):
    x, y = pairs(1, 1)
    kernel, bias = weights(start(name, x, y, hidden=1000, steepness=2.5))[:2]
    places = -bias / kernel[0]
    assert x.min() <= places.min()
    assert places.max() <= x.max()
    assert np.ptp(places) > 0.97 * np.ptp(x)
    steepest = 2.5 / x.std()
    assert 0.97 * steepest < np.abs(kernel).max() <= steepest


@each_framework
def test_the_start_does_not_depend_on_the_units(name):
    """Scaled data give the same network, read in those units."""
    x, y = pairs(2, 2)
    plain = outputs(start(name, x, y, head_scale=1e-9), x)
    scaled = outputs(start(name, 100 * x - 3, 7 * y + 1, head_scale=1e-9), 100 * x - 3)
    assert_close(scaled[0], plain[0], 1e-7)
    assert_close(scaled[1], 7 * plain[1] + 1, 1e-7)
    assert_close(scaled[2], np.log(7) + plain[2], 1e-7)
    losses = mdn_np.nll(y, *plain), mdn_np.nll(7 * y + 1, *scaled)
    assert_close(losses[1] - losses[0], 2 * np.log(7), 1e-7)


@each_framework
def test_a_column_that_never_varies_is_no_obstacle(name):
    x, y = pairs(2, 1)
    x[:, 1] = 4.0
    assert all(np.isfinite(a).all() for a in weights(start(name, x, y)))


@each_framework
def test_another_seed_gives_another_start(name):
    x, y = pairs(1, 1)
    one, two = (weights(start(name, x, y, seed=seed)) for seed in (1, 2))
    assert not np.array_equal(one[0], two[0])
    generator = weights(start(name, x, y, seed=np.random.default_rng(1)))
    np.testing.assert_array_equal(one[0], generator[0])


@each_framework
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x": np.zeros(300)}, r"x must have shape \(N, 2\), got shape \(300,\)"),
        ({"y": np.zeros((300, 1))}, r"y must have shape \(N, 2\), got shape \(300, 1\)"),
        ({"y": np.zeros((4, 2))}, "x and y must have as many rows, got 300 and 4"),
        ({"x": np.full((300, 2), np.nan)}, "x must be finite, got nan"),
        ({"x": np.ones((3, 2)), "y": np.ones((3, 2))}, "at least K = 7 rows"),
        ({"steepness": 0}, "steepness must be a positive number, got 0"),
        ({"sigma": -1.0}, "sigma must be a positive number, got -1.0"),
        ({"head_scale": np.nan}, "head_scale must be a positive number, got nan"),
    ],
)
def test_what_does_not_fit_is_named(name, change, sentence):
    x, y = pairs(2, 2)
    network = start(name, x, y)
    with pytest.raises(ValueError, match=sentence):
        MODULES[name].initialize(network, **{"x": x, "y": y, **change})
