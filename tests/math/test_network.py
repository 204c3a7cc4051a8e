"""Heads and networks of both frameworks: noise models, initialization, scaling, saving."""

import math
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
import torch
from oracles import NOISE, SIGMA, axes, log_density
from scipy.special import log_softmax
from tolerances import GRADIENT, VALUE, assert_close

from mdn_utils import numpy as mdn

F = 3  # features of a head
SIZES = [(1, 1), (1, 3), (3, 1), (4, 3)]
each_size = pytest.mark.parametrize(("K", "D"), SIZES)
SCALING = ("x_mean", "x_scale", "y_mean", "y_scale")


def make_head(framework, noise, K, D, dtype="float64", head=None, **options):
    """A head, and the weights that it is given: alike in both frameworks."""
    options |= {"sigma": SIGMA} if noise == "fixed" else {}
    if framework.keras:
        head = framework.mdn.MDNHead(D, K, noise, dtype=dtype, **options)
        head.build((None, F))
    else:
        head = (head or framework.mdn.MDNHead)(F, D, K, noise, **options)
        head = head.to(getattr(torch, dtype))
    sizes = {"pi": K, "mu": K * D, "log_sigma": math.prod(axes(noise, K, D))}
    sizes["below"] = K * sum(range(D))  # 0 + 1 + ... + (D - 1) under each diagonal
    rng = np.random.default_rng(7)
    weights = {
        layer: (0.5 * rng.standard_normal((F, size)), rng.standard_normal(size))
        for layer, size in sizes.items()
        if size and not (layer == "log_sigma" and noise == "fixed")
        if layer != "below" or noise == "full"
    }
    for layer, values in weights.items():
        framework.set_layer(getattr(head, layer), *values)
    return head, weights


def features_of(framework, head, features):
    dtype = (
        head.compute_dtype if framework.keras else head.pi.weight.numpy(force=True).dtype
    )
    return framework.tensor(features, dtype)


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
        for k in range(K):
            for i, (d, e) in enumerate(places):
                unit_tril[..., k, d, e] = a["below"][..., k * len(places) + i]
        params.append(unit_tril)
    return params


def loss_and_slopes(framework, head, features, y):
    """nll at what a head says, and its gradients by the name of the layer."""
    features = features_of(framework, head, features)
    if framework.keras:
        with tf.GradientTape() as tape:
            loss = framework.mdn.nll(y, *head(features))
        return loss.numpy(), [
            g.numpy() for g in tape.gradient(loss, head.trainable_variables)
        ]
    loss = framework.mdn.nll(y, *head(features))
    loss.backward()
    return loss.item(), [p.grad.numpy().T for p in head.parameters()]


# Heads


@each_size
def test_heads_give_what_numpy_gives(framework, noise, K, D, rng):
    for lead, floor in [((5,), 0.0), ((2, 4), 0.0 if noise == "fixed" else 0.05)]:
        head, weights = make_head(framework, noise, K, D, sigma_floor=floor)
        features = rng.standard_normal((*lead, F))
        actual = [framework.array(a) for a in head(features_of(framework, head, features))]
        for a, b in zip(
            actual, by_hand(features, weights, noise, K, D, floor), strict=True
        ):
            assert a.dtype == "float64"
            assert_close(a, b, VALUE["float64"])
        y = rng.standard_normal((*lead, D))
        expected = log_density(y, *actual)
        assert_close(framework("log_prob", y, *actual), expected, VALUE["float64"])


@each_size
def test_a_head_has_as_many_parameters_as_its_model_needs(framework, noise, K, D):
    head, _ = make_head(framework, noise, K, D)
    per_feature = {
        "full": K * (1 + D + D * (D + 1) // 2),
        "diagonal": K * (1 + 2 * D),
        "isotropic": K * (2 + D),
        "shared": K * (1 + D) + 1,
        "fixed": K * (1 + D),
    }[noise]
    assert sum(w.size for w in framework.weights(head)) == (F + 1) * per_feature


def test_gradients_of_the_two_frameworks_are_equal(noise, rng):
    from conftest import Library

    features, y = rng.standard_normal((2, 6, F))
    slopes = []
    for name in ("torch", "tensorflow"):
        library = Library(name)
        slopes.append(
            loss_and_slopes(library, make_head(library, noise, 3, F)[0], features, y)
        )
    assert_close(slopes[0][0], slopes[1][0], VALUE["float64"])
    for ours, theirs in zip(slopes[0][1], slopes[1][1], strict=True):
        assert_close(ours, theirs, GRADIENT["float64"])


def check_isotropy(framework, K, D, head=None):
    """σ_kd = σ_k for all d, and each σ_k comes from the output that belongs to k."""
    head, _ = make_head(framework, "isotropic", K, D, head=head)
    expected = np.log(np.arange(1.0, K + 1))
    framework.set_layer(head.log_sigma, np.zeros((F, K)), expected)
    _, mu, log_sigma = head(features_of(framework, head, np.ones((5, F))))
    log_sigma = np.broadcast_to(framework.array(log_sigma), mu.shape)
    for k in range(K):
        assert_close(log_sigma[..., k, :], expected[k], VALUE["float64"])


@each_size
def test_isotropic_noise_is_isotropic(framework, K, D):
    """And the check finds the bug of public code: repeat σ along D, then reshape."""
    check_isotropy(framework, K, D)
    if framework.keras or 1 in (K, D):
        return

    class RepeatedAndReshaped(framework.mdn.MDNHead):
        def forward(self, features):
            log_pi, mu, log_sigma = super().forward(features)
            return log_pi, mu, log_sigma[..., 0].repeat(1, D).reshape(-1, K, D)

    with pytest.raises(AssertionError):
        check_isotropy(framework, K, D, RepeatedAndReshaped)


@pytest.mark.parametrize("low", [-20, -110, -1e4])
def test_the_floor_is_a_floor_with_finite_gradients(framework, dtype, noise, low):
    """Outputs far below the floor, targets many floors away from the means."""
    if noise == "fixed":
        return
    head, weights = make_head(framework, noise, 2, 2, dtype, sigma_floor=0.01)
    kernel = np.zeros_like(weights["log_sigma"][0])
    framework.set_layer(head.log_sigma, kernel, np.full(kernel.shape[1], low))
    log_sigma = head(features_of(framework, head, np.ones((1, F))))[2]
    expected = 0.01 + np.exp(low)
    assert_close(np.exp(framework.array(log_sigma)), expected, VALUE[dtype], floor=0)
    loss, slopes = loss_and_slopes(framework, head, np.ones((1, F)), [[9.0, 9.0]])
    assert np.isfinite(loss)
    assert all(np.isfinite(slope).all() for slope in slopes)


@pytest.mark.parametrize(("level", "logit"), [(-30, 0), (30, 0), (-30, 1e4), (30, 1e4)])
def test_heads_at_extremes(framework, dtype, noise, level, logit):
    head, weights = make_head(framework, noise, 3, 2, dtype)
    weights["pi"] = weights["pi"][0], np.array([logit, -logit, 0.0])
    if noise != "fixed":
        kernel = weights["log_sigma"][0]
        weights["log_sigma"] = 0 * kernel, np.full(kernel.shape[1], level)
    for layer, values in weights.items():
        framework.set_layer(getattr(head, layer), *values)
    features, y = np.ones((2, F)), np.array([[0.5, -1.0], [30.0, -30.0]])
    loss, slopes = loss_and_slopes(framework, head, features, y)
    assert all(np.isfinite(slope).all() for slope in slopes)
    expected = mdn.nll(y, *by_hand(features, weights, noise, 3, 2))
    assert_close(loss, expected, 30 * VALUE[dtype])  # exp(30) times what y - μ rounds


# Networks


@pytest.mark.parametrize(
    ("inputs", "D", "K", "hidden"),
    [(1, 1, 26, 50), (3, 2, 4, 7), (2, 3, 5, (8, 6)), (2, 1, 3, ())],
)
def test_sizes_of_networks(framework, inputs, D, K, hidden):
    network = framework.network(inputs, D, K, hidden=hidden, dtype="float32")
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


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_networks_compute_layer_after_layer(framework, activation, rng):
    options = {"hidden": (6, 5), "activation": activation}
    network, x = framework.network(2, 3, 4, **options), rng.standard_normal((10, 2))
    kernels = framework.weights(network)
    h = x
    for w, b in [kernels[:2], kernels[2:4]]:
        h = np.tanh(h @ w + b) if activation == "tanh" else np.maximum(h @ w + b, 0)
    _, mu, _ = framework.outputs(network, x)
    assert_close(mu.reshape(10, -1), h @ kernels[6] + kernels[7], VALUE["float64"])


WRONG = [
    *(({size: 0}, f"{size} must be a positive integer, got 0") for size in ("D", "K")),
    *(
        ({size: value}, f"{size} must be a positive integer, got {value}")
        for size in ("inputs", "K")
        for value in (-1, 1.5, True)
    ),
    ({"hidden": (5, 0)}, "hidden must be a positive integer, got 0"),
    ({"activation": "step"}, "activation must be one of tanh, relu, got 'step'"),
    ({"noise": "round"}, "noise must be one of full, .*got 'round'"),
    *(
        ({"noise": "fixed", "sigma": sigma}, f"sigma must be a positive .*got {sigma}")
        for sigma in (None, 0, math.nan)
    ),
    (
        {"noise": "fixed", "sigma": 0.1, "sigma_floor": 0.1},
        "sigma_floor must be 0 .*got 0.1",
    ),
    ({"sigma_floor": -0.1}, "sigma_floor must be a finite number >= 0, got -0.1"),
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
    if not {"inputs", "hidden", "activation"} & set(options):
        features = {} if framework.keras else {"features": 50}
        with pytest.raises(ValueError, match=message):
            framework.mdn.MDNHead(**{"D": 1, "K": 2, **features, **options})


# Initialization, and the scaling that the network carries


def pairs(inputs, D, N=300):
    """Inputs and targets with another place and scale in each dimension."""
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (N, inputs)) * [3.0, 0.1][:inputs] + 5
    y = rng.standard_normal((N, D)) * [10.0, 0.5][:D] - 2
    return x, y


def start(framework, x, y, seed=3, noise="diagonal", dtype="float64", **options):
    """A network after `initialize`, which takes the other options."""
    model = {key: options.pop(key) for key in ("hidden", "activation", "sigma_floor")
             if key in options}  # fmt: skip
    network = framework.network(x.shape[-1], y.shape[-1], 7, noise, dtype, **model)
    assert framework.mdn.initialize(network, x, y, seed, **options) is network
    return network


def scaling(framework, network):
    return {name: framework.array(getattr(network, name)) for name in SCALING}


def spread(y, noise):
    """What the noise model scales y by."""
    std = y.std(axis=0)
    return std if noise in ("full", "diagonal") else np.sqrt((std**2).mean(keepdims=True))


@pytest.mark.parametrize("hidden", [20, (20, 10), ()])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_both_frameworks_start_alike(noise, hidden, activation):
    from conftest import Library

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
    held = scaling(framework, network)
    assert_close(held["x_mean"], x.mean(axis=0), VALUE["float64"])
    assert_close(held["x_scale"], x.std(axis=0), VALUE["float64"])
    assert_close(held["y_mean"], y.mean(axis=0), VALUE["float64"])
    assert_close(held["y_scale"], spread(y, noise), VALUE["float64"])
    log_pi, mu, log_sigma, *unit_tril = framework.outputs(network, x)
    assert_close(log_pi, -np.log(7), near)
    if D == 1:
        places = np.quantile(y, (np.arange(7) + 0.5) / 7)[:, None]
        assert_close(mu, np.broadcast_to(places, mu.shape), near)
    else:
        distance = np.abs(mu[0][:, None] - y).max(axis=-1)  # (K, N)
        assert distance.min(axis=1).max() < 10 * near
        assert len(set(distance.argmin(axis=1))) == 7
    assert log_sigma.shape == (300, *axes(noise, 7, D))  # the noise model is this shape
    level = np.log(0.3 * y.std(axis=0))
    level = level if noise in ("full", "diagonal") else level.mean(keepdims=True)
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


def test_the_floor_is_in_standard_deviations_of_y(framework, noise):
    if noise == "fixed":
        return
    x, y = pairs(2, 2)
    network = start(framework, x, y, noise=noise, sigma_floor=0.05)
    kernel = (
        network.head.log_sigma.kernel if framework.keras else network.head.log_sigma.weight
    )
    zeros = np.zeros(
        framework.array(kernel).T.shape if not framework.keras else kernel.shape
    )
    framework.set_layer(network.head.log_sigma, zeros, np.full(zeros.shape[1], -100.0))
    log_sigma = framework.outputs(network, x)[2]
    expected = np.broadcast_to(0.05 * spread(y, noise), log_sigma.shape)
    assert_close(np.exp(log_sigma), expected, VALUE["float64"], floor=0)


def train(framework, network, x, y, steps, lr=0.05):
    """Plain gradient descent on nll divided by D; gives the losses."""
    losses = []
    if framework.keras:
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = framework.mdn.nll(y, *network(framework.tensor(x)))
            slopes = tape.gradient(loss, network.trainable_variables)
            for v, g in zip(network.trainable_variables, slopes, strict=True):
                v.assign(v - lr * g)
            losses.append(float(loss))
        return losses
    for _ in range(steps):
        network.zero_grad()
        loss = framework.mdn.nll(y, *network(framework.tensor(x)))
        loss.backward()
        with torch.no_grad():
            for p in network.parameters():
                p -= lr * p.grad
        losses.append(loss.item())
    return losses


def test_targets_in_millions_train_as_standardized_ones(framework, noise):
    """The same network in other units: the NLL is larger by the log of the Jacobian."""
    if noise == "fixed":
        return  # its σ is in the units of y, and does not follow them
    x, y = pairs(2, 2)
    plain = start(framework, x, (y - y.mean(axis=0)) / spread(y, noise), noise=noise)
    raw_x, raw_y = 1e3 * x - 77, 1e6 * y + 3e7
    raw = start(framework, raw_x, raw_y, noise=noise)
    ours = train(framework, plain, x, (y - y.mean(axis=0)) / spread(y, noise), 30, lr=2e-3)
    theirs = train(framework, raw, raw_x, raw_y, 30, lr=2e-3)
    jacobian = np.log(np.broadcast_to(1e6 * spread(y, noise), 2)).sum()
    assert_close(np.subtract(theirs, ours), jacobian, 1e-8)  # 30 steps let rounding grow
    assert ours[-1] < ours[0] - 0.1
    for a, b in zip(framework.weights(plain), framework.weights(raw), strict=True):
        assert_close(a, b, 1e-7)  # the same


CONSTANTS = [4.0, 0.0, 0.1, 14.62, 1e6 + 0.1]


@pytest.mark.parametrize("value", CONSTANTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_columns_are_no_obstacle(framework, noise, value, dtype):
    """Many of them have a standard deviation that is not 0, but 1e-17 or so."""
    x, y = pairs(2, 2)
    x[:, 1] = y[:, 0] = value
    network = start(framework, x, y, noise=noise, dtype=dtype)
    held = scaling(framework, network)
    assert held["x_scale"][1] == 1
    if noise in ("full", "diagonal"):
        assert held["y_scale"][0] == 1
    assert max(abs(w).max() for w in framework.weights(network)) < 100
    _, mu, *_ = framework.outputs(network, x)
    assert abs(mu[..., 0] - value).max() < 1
    y = y.astype(dtype)
    losses = train(framework, network, x.astype(dtype), y, 5, lr=1e-3)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_several_constants_have_a_standard_deviation_that_is_not_zero():
    """Or the test above would test nothing."""
    assert sum(np.full(300, value).std() > 0 for value in CONSTANTS) >= 2


def test_a_column_of_small_spread_is_scaled(framework, dtype):
    x, y = pairs(2, 1)
    tiny, small = x.copy(), 1e-9 * (y - y.mean())
    tiny[:, 1] = 1e-9 * (x[:, 1] - 5)
    network = start(framework, tiny, small, dtype=dtype)
    held = scaling(framework, network)
    assert_close(held["x_scale"], tiny.std(axis=0), VALUE[dtype], floor=0)
    assert_close(held["y_scale"], small.std(axis=0), VALUE[dtype], floor=0)


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
    assert_close(scaling(framework, wide)["y_scale"], far.std(axis=0), VALUE["float64"])


def test_data_of_any_kind_are_the_same_data(framework):
    x, y = (np.round(a) for a in pairs(1, 1))
    expected = framework.weights(start(framework, x, y))

    class Table:
        shape = x.shape

        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values, dtype)

    forms = [Table, np.ndarray.tolist, tf.constant, torch.tensor, np.asfortranarray]
    forms += [
        lambda a: a.astype(int),
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(">f8"),
    ]
    for form in forms:
        network = start(framework, x, y, seed=4)
        framework.mdn.initialize(network, form(x), form(y), np.uint64(3))
        for a, b in zip(framework.weights(network), expected, strict=True):
            assert_close(a, b, 0)


def test_seeds_of_a_start(framework):
    x, y = pairs(1, 1)
    first = framework.weights(start(framework, x, y, seed=1))[0]
    assert not np.array_equal(framework.weights(start(framework, x, y, seed=2))[0], first)
    for seed in (np.int32(1), np.random.default_rng(1)):
        assert_close(framework.weights(start(framework, x, y, seed=seed))[0], first, 0)
    for seed in (-1, 1.5, True, "x"):
        with pytest.raises(ValueError, match=r"seed must be .*got"):
            start(framework, x, y, seed=seed)


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
def test_what_initialize_refuses(framework, change, sentence):
    x, y = pairs(2, 2)
    network = start(framework, x, y)
    with pytest.raises(ValueError, match=sentence):
        framework.mdn.initialize(network, **{"x": x, "y": y, **change})


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
    train(framework, network, x, y, 3)
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
