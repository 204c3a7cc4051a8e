"""Heads and networks of both frameworks: noise models, initialization, scaling, saving."""

import itertools
import math
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
import torch
from oracles import NOISE, SIGMA, Library, Table, axes, log_density
from scipy.special import log_softmax
from tolerances import VALUE, assert_close

from mdn_utils import numpy as mdn

F = 3  # features of a head
each_size = pytest.mark.parametrize(("K", "D"), [(1, 1), (1, 3), (3, 1), (4, 3)])
SCALING = ("x_mean", "x_scale", "y_mean", "y_scale")


def make_head(framework, noise, K, D, **options):
    """A head, and the weights that it is given: alike in both frameworks, float64."""
    options |= {"sigma": SIGMA} if noise == "fixed" else {}
    if framework.keras:
        head = framework.mdn.MDNHead(D, K, noise, dtype="float64", **options)
        head.build((None, F))
    else:
        head = framework.mdn.MDNHead(F, D, K, noise, **options).double()
    sizes = {"pi": K, "mu": K * D}
    if noise != "fixed":
        sizes["log_sigma"] = math.prod(axes(noise, K, D))
    if noise == "full" and D > 1:
        sizes["below"] = K * sum(range(D))  # 0 + 1 + ... + (D - 1) under each diagonal
    rng = np.random.default_rng(7)
    weights = {
        layer: (0.5 * rng.standard_normal((F, size)), rng.standard_normal(size))
        for layer, size in sizes.items()
    }
    for layer, values in weights.items():
        framework.set_layer(getattr(head, layer), *values)
    assert sum(w.size for w in framework.weights(head)) == (F + 1) * sum(sizes.values())
    return head, weights


def by_hand(features, weights, noise, K, D, floor=0.0):
    """What a head must give, in NumPy, one entry of C at a time."""
    a = {layer: features @ w + b for layer, (w, b) in weights.items()}
    lead = features.shape[:-1]
    log_sigma = np.full((*lead, 1, 1), np.log(SIGMA))
    if noise != "fixed":
        log_sigma = np.log(np.exp(a["log_sigma"]) + floor).reshape(
            *lead, *axes(noise, K, D)
        )
    params = [log_softmax(a["pi"], axis=-1), a["mu"].reshape(*lead, K, D), log_sigma]
    if noise == "full":
        unit_tril = np.zeros((*lead, K, D, D)) + np.eye(D)
        places = [(d, e) for d in range(D) for e in range(d)]
        for k, (i, (d, e)) in itertools.product(range(K), enumerate(places)):
            unit_tril[..., k, d, e] = a["below"][..., k * len(places) + i]
        params.append(unit_tril)
    return params


@each_size
def test_heads_give_what_numpy_gives(framework, noise, K, D, rng):
    """For isotropic noise, too: σ repeated along D and then reshaped would be another."""
    for lead, floor in [((5,), 0.0), ((2, 4), 0.0 if noise == "fixed" else 0.05)]:
        head, weights = make_head(framework, noise, K, D, sigma_min=floor)
        features = rng.standard_normal((*lead, F))
        actual = [framework.array(a) for a in head(framework.tensor(features))]
        for a, b in zip(
            actual, by_hand(features, weights, noise, K, D, floor), strict=True
        ):
            assert a.dtype == "float64"
            assert_close(a, b, VALUE["float64"])
        y = rng.standard_normal((*lead, D))
        expected = log_density(y, *actual)
        assert_close(framework("log_prob", y, *actual), expected, VALUE["float64"])


@pytest.mark.parametrize("low", [-20, -110, -1e4])
@pytest.mark.parametrize("noise", NOISE[:-1])
def test_the_floor_is_in_standard_deviations_of_y_with_finite_gradients(
    framework, noise, low, dtype
):
    x, y = pairs(2, 2)
    network = start(framework, x, y, noise=noise, sigma_min=0.05, dtype=dtype)
    kernel = np.zeros((10, math.prod(axes(noise, 7, 2))))
    framework.set_layer(network.head.log_sigma, kernel, np.full(kernel.shape[1], low))
    log_sigma = framework.outputs(network, x)[2]
    expected = (0.05 + np.exp(low)) * np.broadcast_to(spread(y, noise), log_sigma.shape)
    # float32 holds the logarithm of σ, so σ itself to a few times its rounding
    assert_close(np.exp(log_sigma), expected, 5 * VALUE[dtype], floor=0)
    assert np.isfinite(train(framework, network, x.astype(dtype), y, 2, lr=1e-9)).all()


# Networks


@pytest.mark.parametrize(
    ("inputs", "D", "K", "hidden"),
    [(1, 1, 26, 50), (3, 2, 4, 7), (2, 3, 5, (8, 6)), (2, 1, 3, ())],
)
def test_sizes_of_networks(framework, inputs, D, K, hidden):
    options = {"hidden": hidden, "activation": "relu", "dtype": "float32"}
    network = framework.network(inputs, D, K, **options)
    widths = [inputs, *([hidden] if isinstance(hidden, int) else hidden)]
    layers = sum((a + 1) * b for a, b in pairwise(widths))
    count = sum(w.size for w in framework.weights(network))
    assert count == layers + (widths[-1] + 1) * (2 * D + 1) * K
    assert hidden != 50 or count == 4078  # the network of the book
    for lead in [(4,), (4, 3)]:
        log_pi, mu, log_sigma = framework.outputs(network, np.ones((*lead, inputs)))
        assert log_pi.shape == (*lead, K)
        assert mu.shape == log_sigma.shape == (*lead, K, D)
        assert log_pi.dtype == mu.dtype == log_sigma.dtype == "float32"
    h, weights = np.ones(inputs), framework.weights(network)
    for layer in range(len(widths) - 1):
        h = np.maximum(h @ weights[2 * layer] + weights[2 * layer + 1], 0)
    assert_close(mu[0, 0].ravel(), h @ weights[-4] + weights[-3], VALUE["float32"])


WRONG = [
    ({"D": 0}, "D must be a positive integer, got 0"),
    *(({"K": n}, f"K must be a positive integer, got {n}") for n in (0, -1, 1.5, True)),
    ({"inputs": 0}, "inputs must be a positive integer, got 0"),
    ({"hidden": (5, 0)}, "hidden must be a positive integer, got 0"),
    ({"activation": "step"}, "activation must be one of tanh, relu, got 'step'"),
    ({"noise": "round"}, "noise must be one of full, .*got 'round'"),
    *(
        ({"noise": "fixed", "sigma": sigma}, f"sigma must be a positive .*got {sigma}")
        for sigma in (None, 0, math.nan)
    ),
    (
        {"noise": "fixed", "sigma": 0.1, "sigma_min": 0.1},
        "sigma_min must be 0 .*got 0.1",
    ),
    ({"sigma_min": -0.1}, "sigma_min must be a finite number >= 0, got -0.1"),
    *(
        ({"noise": noise, "sigma": 0.1}, f"sigma must be left out .*got 0.1 for {noise}")
        for noise in NOISE[:-1]
    ),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_networks_that_cannot_be_are_refused_in_one_sentence(framework, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        framework.mdn.MixtureDensityNetwork(**{"inputs": 1, "D": 1, "K": 2, **options})
    assert "\n" not in str(caught.value)


# Initialization, and the scaling that the network carries


def pairs(inputs, D, N=299):
    """Inputs and targets with another place and scale in each dimension."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (N, inputs)) * [3.0, 0.1][:inputs] + 5
    y = rng.standard_normal((N, D)) * [10.0, 0.5][:D] - 2
    return x, y


def start(framework, x, y, seed=3, noise="diagonal", dtype="float64", **options):
    """A network after `initialize`, which takes the other options."""
    model = {key: options.pop(key) for key in ("hidden", "activation", "sigma_min")
             if key in options}  # fmt: skip
    model.setdefault("hidden", 10)
    network = framework.network(x.shape[-1], y.shape[-1], 7, noise, dtype, **model)
    assert framework.mdn.initialize(network, x, y, seed, **options) is network
    return network


def scaling(framework, network):
    """x_mean, x_scale, y_mean, y_scale."""
    return [framework.array(getattr(network, name)) for name in SCALING]


def spread(y, noise):
    """What the noise model scales y by."""
    std = y.std(axis=0)
    return std if noise in ("full", "diagonal") else np.sqrt((std**2).mean(keepdims=True))


@pytest.mark.parametrize(("hidden", "activation"), [((20, 10), "relu"), ((), "tanh")])
def test_both_frameworks_start_alike(noise, hidden, activation):
    x, y = pairs(2, 2)
    options = {"hidden": hidden, "noise": noise, "activation": activation}
    libraries = Library("torch"), Library("tensorflow")
    networks = [start(library, x, y, **options) for library in libraries]
    weights = (lib.weights(n) for lib, n in zip(libraries, networks, strict=True))
    for ours, theirs in zip(*weights, strict=True):
        assert_close(ours, theirs, 0)
    outputs = (lib.outputs(n, x) for lib, n in zip(libraries, networks, strict=True))
    for ours, theirs in zip(*outputs, strict=True):
        assert_close(ours, theirs, VALUE["float64"])


@pytest.mark.parametrize("D", [1, 2])
def test_the_untrained_network_says_what_the_formulas_say(framework, noise, D):
    """With weights of nearly zero in the heads, their biases are all that speaks."""
    x, y = pairs(2, D)
    near = 1e-7  # of heads of 1e-9
    network = start(framework, x, y, noise=noise, head_scale=1e-9, sigma=0.3)
    expected = x.mean(axis=0), x.std(axis=0), y.mean(axis=0), spread(y, noise)
    for a, b in zip(scaling(framework, network), expected, strict=True):
        assert_close(a, b, VALUE["float64"])
    log_pi, mu, log_sigma, *unit_tril = framework.outputs(network, x)
    assert_close(log_pi, -np.log(7), near)
    if D == 1:
        places = np.quantile(y, (np.arange(7) + 0.5) / 7)[:, None]
        assert_close(mu, np.broadcast_to(places, mu.shape), near)
    else:
        distance = np.abs(mu[0][:, None] - y).max(axis=-1)  # (K, N)
        assert distance.min(axis=1).max() < 10 * near
        assert len(set(distance.argmin(axis=1))) == 7
    assert log_sigma.shape == (299, *axes(noise, 7, D))  # the noise model is this shape
    level = np.log(0.3 * spread(y, noise))
    level = np.log([SIGMA]) if noise == "fixed" else level  # in units of y, as it was given
    assert_close(log_sigma, np.broadcast_to(level, log_sigma.shape), near)
    for c in unit_tril:  # in units of y, too
        assert_close(c, np.broadcast_to(np.eye(D), c.shape), near)


def test_the_steps_of_the_first_layer_lie_in_the_range_of_the_inputs(framework):
    x, y = pairs(1, 1)
    network = start(framework, x, y, hidden=1000, steepness=2.5)
    kernel, bias = framework.weights(network)[:2]
    places = x.mean() - bias / kernel[0] * x.std()
    assert x.min() <= places.min() + 1e-9  # rounding, as a step may lie at the edge
    assert places.max() <= x.max() + 1e-9
    assert np.ptp(places) > 0.97 * np.ptp(x)
    assert 0.97 * 2.5 < np.abs(kernel).max() <= 2.5


def train(framework, network, x, y, steps, lr):
    """Plain gradient descent on nll; gives the losses."""
    losses, x = [], framework.tensor(x)
    for _ in range(steps):
        if framework.keras:
            with tf.GradientTape() as tape:
                loss = framework.mdn.nll(y, *network(x))
            variables = network.trainable_variables
            for v, g in zip(variables, tape.gradient(loss, variables), strict=True):
                v.assign(v - lr * g)
        else:
            network.zero_grad()
            loss = framework.mdn.nll(y, *network(x))
            loss.backward()
            with torch.no_grad():
                for p in network.parameters():
                    p -= lr * p.grad
        losses.append(float(framework.array(loss)))
    assert all(np.isfinite(w).all() for w in framework.weights(network))
    return losses


@pytest.mark.parametrize("noise", NOISE[:-1])
def test_targets_in_millions_train_as_standardized_ones(framework, noise):
    """The same network in other units: the NLL is larger by the log of the Jacobian."""
    x, y = pairs(2, 2)
    small_y = (y - y.mean(axis=0)) / spread(y, noise)
    plain = start(framework, x, small_y, noise=noise)
    raw_x, raw_y = 1e3 * x - 77, 1e6 * y + 3e7
    raw = start(framework, raw_x, raw_y, noise=noise)
    ours = train(framework, plain, x, small_y, 15, lr=2e-3)
    theirs = train(framework, raw, raw_x, raw_y, 15, lr=2e-3)
    jacobian = np.log(np.broadcast_to(1e6 * spread(y, noise), 2)).sum()
    assert_close(np.subtract(theirs, ours), jacobian, 1e-8)  # 15 steps let rounding grow
    assert ours[-1] < ours[0] - 0.1
    for a, b in zip(framework.weights(plain), framework.weights(raw), strict=True):
        assert_close(a, b, 1e-7)  # the same


# The standard deviation of 299 times 0.1 is not 0, but 1e-17, and so for the others.
@pytest.mark.parametrize("value", [0.0, 0.1, 14.62, 1e6 + 0.1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_columns_are_no_obstacle(framework, noise, value, dtype):
    assert np.full(299, value).std() > 0 or value == 0
    x, y = pairs(2, 2)
    x[:, 1] = y[:, 0] = value
    network = start(framework, x, y, noise=noise, dtype=dtype)
    _, x_scale, _, y_scale = scaling(framework, network)
    assert x_scale[1] == 1
    assert y_scale[0] == (1 if len(y_scale) == 2 else y_scale[0])
    assert max(abs(w).max() for w in framework.weights(network)) < 100
    _, mu, *_ = framework.outputs(network, x)
    assert abs(mu[..., 0] - value).max() < 1
    y = y.astype(dtype)
    losses = train(framework, network, x.astype(dtype), y, 5, lr=1e-3)
    assert losses[-1] < losses[0]


def test_a_column_of_small_spread_is_scaled(framework, dtype):
    x, y = pairs(2, 1)
    tiny, small = x.copy(), 1e-9 * (y - y.mean())
    tiny[:, 1] = 1e-9 * (x[:, 1] - 5)
    _, x_scale, _, y_scale = scaling(framework, start(framework, tiny, small, dtype=dtype))
    assert_close(x_scale, tiny.std(axis=0), VALUE[dtype], floor=0)
    assert_close(y_scale, small.std(axis=0), VALUE[dtype], floor=0)


def test_an_offset_that_float32_cannot_carry_is_refused(framework):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 200, 1))
    far = 0.1 * y + 1e8
    for bad in ({"x": x, "y": far}, {"x": far, "y": y}):
        network = framework.network(1, 1, 3, dtype="float32")
        with pytest.raises(
            ValueError, match=r"^[xy] must .*offset.*got .*1e\+08"
        ) as caught:
            framework.mdn.initialize(network, **bad)
        assert "\n" not in str(caught.value)
    wide = start(framework, x, far)  # float64 can
    assert_close(scaling(framework, wide)[3], far.std(axis=0), VALUE["float64"])


def test_data_of_any_kind_are_the_same_data(framework):
    x, y = (np.round(a) for a in pairs(1, 1))
    expected = framework.weights(start(framework, x, y))

    forms = [Table, np.ndarray.tolist, tf.constant, torch.tensor, np.asfortranarray]
    forms += [lambda a: a.astype(int), lambda a: a[::-1].copy()[::-1]]
    for form in forms:
        network = start(framework, x, y, seed=4)
        framework.mdn.initialize(network, form(x), form(y), np.uint64(3))
        for a, b in zip(framework.weights(network), expected, strict=True):
            assert_close(a, b, 0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x": np.zeros(299)}, r"x must have shape \(N, 2\), got shape \(299,\)"),
        ({"y": np.zeros((299, 1))}, r"y must have shape \(N, 2\), got shape \(299, 1\)"),
        ({"y": np.zeros((4, 2))}, "x and y must have as many rows, got 299 and 4"),
        ({"x": np.full((299, 2), np.nan)}, "x must be finite, got nan"),
        ({"x": np.ones((3, 2)), "y": np.ones((3, 2))}, "at least K = 7 rows"),
        ({"steepness": 0}, "steepness must be a positive number, got 0"),
        ({"sigma": -1.0}, "sigma must be a positive number, got -1.0"),
        ({"head_scale": np.nan}, "head_scale must be a positive number, got nan"),
    ],
)
def test_what_initialize_refuses(framework, change, sentence):
    x, y = pairs(2, 2)
    network = start(framework, x, y)
    with pytest.raises(ValueError, match=sentence):
        framework.mdn.initialize(network, **{"x": x, "y": y, **change})


@pytest.mark.parametrize("factor", [1e39, 1e-40])
def test_a_spread_that_float32_cannot_hold_is_refused(framework, factor):
    x, y = pairs(2, 1)
    network = framework.network(2, 1, 7, dtype="float32")
    with pytest.raises(ValueError, match=r"y must have a spread .*float32 .*got .*e"):
        framework.mdn.initialize(network, x, factor * y)


@pytest.mark.parametrize("columns", [1, 3])
def test_inputs_of_another_width_are_refused(framework, columns):
    x, y = pairs(2, 1)
    network = start(framework, x, y)
    with pytest.raises(ValueError, match=rf"x must have shape \(\.\.\., 2\).*{columns}\)"):
        framework.outputs(network, np.ones((5, columns)))


# Saving

LOAD = {
    "torch": """
network = mdn.MixtureDensityNetwork(2, 2, 7, hidden=8, noise="full")
network.load_state_dict(torch.load("saved", weights_only=True))
x, y = torch.tensor(x), torch.tensor(y)
""",
    "tensorflow": """
import keras
network = keras.saving.load_model("saved.keras")
assert abs(network.evaluate(x, y, verbose=0) - mdn.nll(y, *network(x))) < 1e-4
""",
}


def test_the_scaling_is_saved_and_used_in_a_new_process(framework, elsewhere, tmp_path):
    """What was trained on raw columns takes raw columns, and nothing beside the model."""
    x, y = (a.astype("float32") for a in pairs(2, 2))
    network = start(framework, x, y, noise="full", dtype="float32", hidden=8)
    train(framework, network, x, y, 3, lr=1e-3)
    expected = framework.outputs(network, x)
    if framework.keras:
        network.compile(optimizer="adam")
        network.save(tmp_path / "saved.keras")
    else:
        torch.save(network.state_dict(), tmp_path / "saved")
    np.savez(tmp_path / "data.npz", x=x, y=y)
    code = f"""
import numpy as np, {framework.name}
from mdn_utils import {framework.name} as mdn
data = np.load("data.npz")
x, y = data["x"], data["y"]
{LOAD[framework.name]}
params = [a.detach() if hasattr(a, "detach") else a for a in network(x)]
np.savez("out.npz", *map(np.asarray, params))
print("nll", float(mdn.nll(y, *network(x))))
"""
    printed = elsewhere(code)
    with np.load(tmp_path / "out.npz") as out:
        for i, a in enumerate(expected):
            assert_close(out[f"arr_{i}"], a, VALUE["float32"])
    loss = float(printed.split("nll ")[1].split()[0])
    assert_close(loss, mdn.nll(y, *expected), VALUE["float32"])
    assert (
        abs(expected[1].mean(axis=(0, 1)) - y.mean(axis=0)).max() < 2 * y.std()
    )  # raw units
