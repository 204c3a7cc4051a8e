"""The five noise models of the heads: sizes, values, floor, gradients, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from scipy.special import log_softmax
from scipy.stats import multivariate_normal
from tolerances import GRADIENT, VALUE, assert_close

from mdn_utils import numpy as mdn_np
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

NOISE = ("full", "diagonal", "isotropic", "shared", "fixed")
SIZES = [(1, 1), (1, 3), (3, 1), (2, 2), (4, 3)]
F = 3  # features
each_noise = pytest.mark.parametrize("noise", NOISE)
each_size = pytest.mark.parametrize(("K", "D"), SIZES)
each_framework = pytest.mark.parametrize("name", ["tensorflow", "torch"])
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def level(noise):
    return {"sigma": 0.3} if noise == "fixed" else {}


def make_head(name, D, K, noise, dtype="float64", head=None, **options):
    """A head with weights that are drawn alike in both frameworks, and these weights."""
    options = {**level(noise), **options}
    if name == "tensorflow":
        head = (head or mdn_tf.MDNHead)(D, K, noise, dtype=dtype, **options)
        head.build((None, F))
    else:
        head = (head or mdn_torch.MDNHead)(F, D, K, noise, **options)
        head = head.to(getattr(torch, dtype))
    return head


def layers(noise, K, D):
    """The layers of a head and their sizes, counted here once more."""
    below = sum(range(D))  # 0 + 1 + ... + (D - 1) entries under the diagonal
    sizes = {"pi": K, "mu": K * D}
    sizes["log_sigma"] = {
        "full": K * D, "diagonal": K * D, "isotropic": K, "shared": 1, "fixed": 0,
    }[noise]  # fmt: skip
    sizes["below"] = K * below if noise == "full" else 0
    return {layer: size for layer, size in sizes.items() if size}


def draw_weights(noise, K, D, scale=0.5):
    rng = np.random.default_rng(7)
    return {
        layer: (scale * rng.standard_normal((F, size)), rng.standard_normal(size))
        for layer, size in layers(noise, K, D).items()
    }


def set_weights(head, weights):
    for layer, (w, b) in weights.items():
        if isinstance(head, torch.nn.Module):
            with torch.no_grad():
                getattr(head, layer).weight.copy_(torch.tensor(w.T))
                getattr(head, layer).bias.copy_(torch.tensor(b))
        else:
            getattr(head, layer).set_weights([w, b])


def outputs(head, features):
    if isinstance(head, torch.nn.Module):
        dtype = head.pi.weight.dtype
        return [a.detach().numpy() for a in head(torch.tensor(features, dtype=dtype))]
    return [a.numpy() for a in head(tf.constant(features, head.compute_dtype))]


def expected_outputs(features, weights, noise, K, D, floor=0.0):
    """What a head must give, in NumPy, one entry of C at a time."""
    a = {layer: features @ w + b for layer, (w, b) in weights.items()}
    lead = features.shape[:-1]
    axes = {"isotropic": (K, 1), "shared": (1, 1), "fixed": (1, 1)}.get(noise, (K, D))
    if noise == "fixed":
        log_sigma = np.full((*lead, 1, 1), np.log(0.3))
    else:
        log_sigma = np.log(np.exp(a["log_sigma"]) + floor).reshape(*lead, *axes)
    params = [log_softmax(a["pi"], axis=-1), a["mu"].reshape(*lead, K, D), log_sigma]
    if noise == "full":
        scale_tril = np.zeros((*lead, K, D, D)) + np.eye(D)
        next_entry = 0
        for d in range(1, D):
            for e in range(d):
                for k in range(K):
                    entry = a["below"][..., k * sum(range(D)) + next_entry]
                    scale_tril[..., k, d, e] = entry
                next_entry += 1
        params.append(scale_tril)
    return params


# Sizes and values


@each_framework
@each_noise
@each_size
def test_a_head_has_as_many_parameters_as_its_model_needs(name, noise, K, D):
    head = make_head(name, D, K, noise)
    per_feature = {
        "full": K * (1 + D + D * (D + 1) // 2),
        "diagonal": K * (1 + 2 * D),
        "isotropic": K * (2 + D),
        "shared": K * (1 + D) + 1,
        "fixed": K * (1 + D),
    }[noise]
    if name == "torch":
        count = sum(p.numel() for p in head.parameters())
    else:
        count = head.count_params()
    assert count == (F + 1) * per_feature


@each_framework
@each_noise
@each_size
@pytest.mark.parametrize("lead", [(5,), (2, 4)])
@pytest.mark.parametrize("floor", [0.0, 0.05])
def test_heads_give_the_same_parameters_as_numpy(name, noise, K, D, lead, floor):
    options = {} if noise == "fixed" else {"sigma_floor": floor}
    head = make_head(name, D, K, noise, **options)
    weights = draw_weights(noise, K, D)
    set_weights(head, weights)
    features = np.random.default_rng(1).standard_normal((*lead, F))
    actual = outputs(head, features)
    expected = expected_outputs(features, weights, noise, K, D, floor)
    for a, b in zip(actual, expected, strict=True):
        assert a.shape == b.shape
        assert a.dtype == "float64"
        assert_close(a, b, VALUE["float64"])


@each_framework
@each_noise
def test_parameters_of_every_head_serve_every_function(name, noise):
    """nll(y, *params) and the like read the same for all five, and agree with SciPy."""
    K, D = 3, 2
    head = make_head(name, D, K, noise)
    set_weights(head, draw_weights(noise, K, D))
    rng = np.random.default_rng(2)
    features, y = rng.standard_normal((4, F)), rng.standard_normal((4, D))
    module = mdn_tf if name == "tensorflow" else mdn_torch
    if name == "tensorflow":
        params = head(tf.constant(features))
    else:
        params = [a.detach() for a in head(torch.tensor(features))]

    arrays = outputs(head, features)
    log_pi, mu, log_sigma = arrays[:3]
    factor = np.exp(np.broadcast_to(log_sigma, mu.shape))[..., None] * np.eye(D)
    if noise == "full":
        factor = factor @ arrays[3]
    expected = [
        np.log(
            sum(
                np.exp(log_pi[n, k])
                * multivariate_normal.pdf(y[n], mu[n, k], factor[n, k] @ factor[n, k].T)
                for k in range(K)
            )
        )
        for n in range(4)
    ]
    assert_close(mdn_np.log_prob(y, *arrays), expected, 1e-10)
    for function in ("log_prob", "nll"):
        value = np.asarray(getattr(module, function)(y, *params))
        assert_close(value, getattr(mdn_np, function)(y, *arrays), VALUE["float64"])
    for function in ("mean", "variance", "covariance"):
        value = np.asarray(getattr(module, function)(*params))
        assert_close(value, getattr(mdn_np, function)(*arrays), VALUE["float64"])
    for kind in ("component", "peak", "exact"):
        value = np.asarray(module.mode(*params, kind=kind))
        assert_close(value, mdn_np.mode(*arrays, kind=kind), 1e-9)


@pytest.mark.parametrize("name", ["numpy", "tensorflow", "torch"])
@each_noise
def test_samples_have_the_covariance_of_the_model(name, noise):
    K, D, n = 3, 2, 100_000
    weights = draw_weights(noise, K, D, scale=0)
    params = expected_outputs(np.zeros((1, F)), weights, noise, K, D)
    modules = {"numpy": mdn_np, "tensorflow": mdn_tf, "torch": mdn_torch}
    y = np.asarray(modules[name].sample(*params, n=n, seed=4))[:, 0]
    covariance = mdn_np.covariance(*params)[0]
    error = y - mdn_np.mean(*params)
    products = error[:, :, None] * error[:, None, :]
    noise_of_the_mean = products.std(axis=0) / np.sqrt(n)
    assert (abs(products.mean(axis=0) - covariance) < 4.5 * noise_of_the_mean).all()


# Isotropy


def check_isotropy(log_sigma, by_component):
    """σ_kd = σ_k for all d, and each σ_k comes from the output that belongs to k."""
    for k, value in enumerate(by_component):
        assert_close(log_sigma[..., k, :], value, VALUE["float64"])


def isotropic_sigmas(name, K, D, head=None):
    """log σ of every component and dimension, where output k of the layer is log(k + 1)."""
    head = make_head(name, D, K, "isotropic", head=head)
    weights = draw_weights("isotropic", K, D)
    expected = np.log(np.arange(1.0, K + 1))
    weights["log_sigma"] = np.zeros((F, K)), expected
    set_weights(head, weights)
    _, mu, log_sigma = outputs(head, np.ones((5, F)))
    return np.broadcast_to(log_sigma, mu.shape), expected


@each_framework
@each_size
def test_isotropic_noise_is_isotropic(name, K, D):
    check_isotropy(*isotropic_sigmas(name, K, D))


class RepeatedAndReshaped(mdn_torch.MDNHead):
    """The bug of public code: repeat σ along D, then reshape to (..., K, D)."""

    def forward(self, features):
        log_pi, mu, log_sigma = super().forward(features)
        repeated = log_sigma[..., 0].repeat(1, self.D)
        return log_pi, mu, repeated.reshape(-1, self.K, self.D)


@each_size
def test_the_check_of_isotropy_finds_the_reshape_bug(K, D):
    sigmas = isotropic_sigmas("torch", K, D, RepeatedAndReshaped)
    if K == 1 or D == 1:
        check_isotropy(*sigmas)  # nothing to see with one component or one dimension
    else:
        with pytest.raises(AssertionError):
            check_isotropy(*sigmas)


# The floor, and extremes


@each_framework
@each_dtype
@pytest.mark.parametrize("noise", NOISE[:-1])
@pytest.mark.parametrize("low", [-20, -30, -110, -1e4])
def test_the_floor_is_a_floor_with_finite_gradients(name, dtype, noise, low):
    """Outputs far below the floor, targets many floors away from the means."""
    K, D, floor = 2, 2, 0.01
    head = make_head(name, D, K, noise, dtype, sigma_floor=floor)
    weights = draw_weights(noise, K, D)
    size = layers(noise, K, D)["log_sigma"]
    weights["log_sigma"] = np.zeros((F, size)), np.full(size, low)
    set_weights(head, weights)
    features, y = np.ones((1, F)), np.full((1, D), 9.0)
    log_sigma = outputs(head, features)[2]
    assert_close(np.exp(log_sigma), floor + np.exp(low), VALUE[dtype])
    loss, slopes = loss_and_slopes(head, features, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(slope).all() for slope in slopes)


def loss_and_slopes(head, features, y):
    if isinstance(head, torch.nn.Module):
        dtype = head.pi.weight.dtype
        convert = {"dtype": dtype}
        loss = mdn_torch.nll(
            torch.tensor(y, **convert), *head(torch.tensor(features, **convert))
        )
        loss.backward()
        return loss.item(), [p.grad.numpy() for p in head.parameters()]
    with tf.GradientTape() as tape:
        params = head(tf.constant(features, head.compute_dtype))
        loss = mdn_tf.nll(tf.constant(y, head.compute_dtype), *params)
    return loss.numpy(), [g.numpy() for g in tape.gradient(loss, head.trainable_variables)]


def test_the_floor_does_not_move_a_wide_sigma():
    for name in ("tensorflow", "torch"):
        head = make_head(name, 1, 1, "diagonal", sigma_floor=1e-3)
        weights = draw_weights("diagonal", 1, 1)
        weights["log_sigma"] = np.zeros((F, 1)), np.array([2.0])
        set_weights(head, weights)
        log_sigma = outputs(head, np.ones((1, F)))[2]
        assert_close(log_sigma, np.log(np.exp(2) + 1e-3), VALUE["float64"])


@each_framework
@each_dtype
@each_noise
@pytest.mark.parametrize("log_sigma", [-30, 30])
@pytest.mark.parametrize("logit", [0, 1e4])
def test_gradients_of_every_head_stay_finite_at_extremes(
    name, dtype, noise, log_sigma, logit
):
    K, D = 3, 2
    head = make_head(name, D, K, noise, dtype)
    weights = draw_weights(noise, K, D)
    weights["pi"] = weights["pi"][0], np.array([logit, -logit, 0.0])
    if noise != "fixed":
        size = layers(noise, K, D)["log_sigma"]
        weights["log_sigma"] = np.zeros((F, size)), np.full(size, log_sigma)
    set_weights(head, weights)
    features, y = np.ones((2, F)), np.array([[0.5, -1.0], [30.0, -30.0]])
    loss, slopes = loss_and_slopes(head, features, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(slope).all() for slope in slopes)
    wide = expected_outputs(features, weights, noise, K, D)
    assert_close(loss, mdn_np.nll(y, *wide), 30 * VALUE[dtype])


@pytest.mark.parametrize("noise", NOISE)
def test_gradients_of_the_two_frameworks_are_equal(noise):
    K, D = 3, 3
    weights = draw_weights(noise, K, D)
    rng = np.random.default_rng(3)
    features, y = rng.standard_normal((6, F)), rng.standard_normal((6, D))
    slopes = {}
    for name in ("tensorflow", "torch"):
        head = make_head(name, D, K, noise)
        set_weights(head, weights)
        _, slopes[name] = loss_and_slopes(head, features, y)
    for ours, theirs in zip(slopes["tensorflow"], slopes["torch"], strict=True):
        assert_close(ours, theirs.T, GRADIENT["float64"])


# Networks


@each_noise
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_networks_with_the_same_weights_give_the_same(noise, activation):
    options = {"hidden": (6, 5), "activation": activation, "noise": noise, **level(noise)}
    ours = mdn_tf.MixtureDensityNetwork(2, 3, 4, dtype="float64", **options)
    theirs = mdn_torch.MixtureDensityNetwork(2, 3, 4, **options).double()
    with torch.no_grad():
        for own, other in zip(ours.get_weights(), theirs.parameters(), strict=True):
            other.copy_(torch.tensor(own.T))
    x = np.random.default_rng(0).standard_normal((10, 2))
    for a, b in zip(ours(x), theirs(torch.tensor(x)), strict=True):
        assert_close(a.numpy(), b.detach().numpy(), VALUE["float64"])
    h, weights = x, ours.get_weights()
    for kernel, bias in [weights[:2], weights[2:4]]:
        h = h @ kernel + bias
        h = np.tanh(h) if activation == "tanh" else np.maximum(h, 0)
    by_hand = h @ ours.head.mu.get_weights()[0] + ours.head.mu.get_weights()[1]
    assert_close(ours(x)[1].numpy().reshape(10, -1), by_hand, VALUE["float64"])


@each_noise
def test_keras_trains_saves_loads_and_goes_on(noise, tmp_path):
    keras.utils.set_random_seed(0)
    options = level(noise) or {"sigma_floor": 0.01}
    network = mdn_tf.MixtureDensityNetwork(
        2, 2, 3, hidden=8, activation="relu", noise=noise, **options
    )
    network.compile(optimizer=keras.optimizers.Adam(0.01))
    x, y = np.random.default_rng(0).standard_normal((2, 200, 2)).astype("float32")
    losses = network.fit(x, 0.3 * y, batch_size=50, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    predicted = network.predict(x, batch_size=64, verbose=0)
    for a, b in zip(predicted, again(x), strict=True):
        assert_close(a, b.numpy(), VALUE["float32"])
    before = network.evaluate(x, 0.3 * y, verbose=0)
    assert_close(again.evaluate(x, 0.3 * y, verbose=0), before, VALUE["float32"])
    again.fit(x, 0.3 * y, verbose=0)


@each_noise
def test_torch_trains_saves_and_loads(noise, tmp_path):
    torch.manual_seed(0)
    options = {"hidden": 8, "activation": "relu", "noise": noise, **level(noise)}
    network = mdn_torch.MixtureDensityNetwork(2, 2, 3, **options)
    x, y = torch.randn(2, 200, 2, generator=torch.Generator().manual_seed(0))
    adam = torch.optim.Adam(network.parameters(), 0.01)
    losses = []
    for _ in range(40):
        loss = mdn_torch.nll(0.3 * y, *network(x))
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    torch.save(network.state_dict(), tmp_path / "network.pt")
    again = mdn_torch.MixtureDensityNetwork(2, 2, 3, **options)
    again.load_state_dict(torch.load(tmp_path / "network.pt", weights_only=True))
    for a, b in zip(network(x), again(x), strict=True):
        assert torch.equal(a, b)


@each_noise
def test_many_networks_run_side_by_side(noise):
    """torch.func and stateless_call over stacked weights give what each network gives."""
    options = {"hidden": 5, "noise": noise, **level(noise)}
    x = np.random.default_rng(0).standard_normal((4, 2)).astype("float32")

    networks = [mdn_torch.MixtureDensityNetwork(2, 2, 3, **options) for _ in range(3)]
    stacked = torch.func.stack_module_state(networks)

    def one(params, buffers):
        return torch.func.functional_call(networks[0], (params, buffers), torch.tensor(x))

    together = torch.func.vmap(one)(*stacked)
    for i, network in enumerate(networks):
        for a, b in zip(together, network(torch.tensor(x)), strict=True):
            assert_close(a[i].detach().numpy(), b.detach().numpy(), VALUE["float32"])

    networks = [mdn_tf.MixtureDensityNetwork(2, 2, 3, **options) for _ in range(3)]
    stacked = zip(*(n.get_weights() for n in networks), strict=True)
    stacked = [tf.stack(values) for values in stacked]
    together = tf.vectorized_map(
        lambda values: networks[0].stateless_call(values, [], x)[0], stacked
    )
    for i, network in enumerate(networks):
        for a, b in zip(together, network(x), strict=True):
            assert_close(a[i].numpy(), b.numpy(), VALUE["float32"])


# What is refused

WRONG = {
    "an unknown noise": ({"noise": "round"}, "noise must be one of full, .*got 'round'"),
    "fixed without a level": (
        {"noise": "fixed"},
        "sigma must be a positive number where noise is fixed, got None",
    ),
    "a level of zero": (
        {"noise": "fixed", "sigma": 0},
        "sigma must be a positive number where noise is fixed, got 0",
    ),
    "a level of NaN": (
        {"noise": "fixed", "sigma": float("nan")},
        "sigma must be a positive number where noise is fixed, got nan",
    ),
    "a floor under a fixed level": (
        {"noise": "fixed", "sigma": 0.1, "sigma_floor": 0.01},
        "sigma_floor must be 0 where noise is fixed, got 0.01",
    ),
    "a negative floor": (
        {"sigma_floor": -0.1},
        "sigma_floor must be a finite number >= 0, got -0.1",
    ),
    **{
        f"a level for {noise} noise": (
            {"noise": noise, "sigma": 0.1},
            f"sigma must be left out unless noise is fixed, got 0.1 for {noise} noise",
        )
        for noise in NOISE[:-1]
    },
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_combinations_are_refused_in_one_sentence(case):
    options, message = WRONG[case]
    for make in (
        lambda: mdn_tf.MDNHead(2, 3, **options),
        lambda: mdn_torch.MDNHead(F, 2, 3, **options),
        lambda: mdn_tf.MixtureDensityNetwork(1, 2, 3, **options),
        lambda: mdn_torch.MixtureDensityNetwork(1, 2, 3, **options),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            make()
        assert "\n" not in str(caught.value)


def test_an_unknown_activation_is_refused():
    for network in (mdn_tf.MixtureDensityNetwork, mdn_torch.MixtureDensityNetwork):
        with pytest.raises(ValueError, match="activation must be one of tanh, relu, got"):
            network(1, 1, 2, activation="step")
