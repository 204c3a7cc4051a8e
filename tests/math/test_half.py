"""Half precision: computed in float32 at least, for every noise model."""

import keras
import numpy as np
import pytest
import torch
from oracles import SIGMA, Library, draw, log_density
from tolerances import VALUE, assert_close

from mdn_utils import numpy as mdn
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch

# What rounding the weights and features of a small network to half precision may do to
# its mean negative log-likelihood, in nats: 2⁻⁸ in bfloat16, times some tens of weights.
ROUNDED = 0.15


def functions(module, y, *params):
    """All that the module computes of parameters, as float64 arrays."""
    values = [module.log_prob(y, *params), module.nll(y, *params)]
    values += [f(*params) for f in (module.mean, module.variance, module.covariance)]
    values += [module.mode(*params, kind=kind) for kind in ("component", "peak", "exact")]
    values.append(module.sample(*params, n=50, seed=0))
    return [
        Library("torch").array(a) if torch.is_tensor(a) else np.asarray(a) for a in values
    ]


def right(module, y, params):
    """Finite, in float32 at least, and what float64 makes of the same parameters."""
    wide = [
        (a.detach().double().numpy() if torch.is_tensor(a) else np.asarray(a).astype("f8"))
        for a in params
    ]
    actual = functions(module, y, *params)
    for value in actual:
        assert value.dtype in ("float32", "float64")
        assert np.isfinite(value).all()
    expected = log_density(np.asarray(y, "f8"), *wide)
    assert_close(actual[0], expected, VALUE["float32"])
    assert_close(actual[1], -expected.mean(), VALUE["float32"])
    wide[0] -= np.log(np.exp(wide[0]).sum(axis=-1, keepdims=True))
    for name, value in zip(("mean", "variance", "covariance"), actual[2:5], strict=True):
        assert_close(value, getattr(mdn, name)(*wide), 0.05)  # as far as log_pi may be off
    assert_close(actual[7], mdn.mode(*wide, kind="exact"), 0.05)  # the same
    return actual[1]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_parameters_in_half_precision(name, dtype, noise, rng):
    library = Library(name)
    params = [library.tensor(a) for a in draw(rng, noise, (4,), 3, 2, "float32")]
    if name == "torch":
        params = [a.to(getattr(torch, dtype)) for a in params]
    else:
        params = [keras.ops.cast(a, dtype) for a in params]
    y = rng.standard_normal((4, 2)).astype("float32")
    y[0] = 400  # its square is beyond float16
    right(library.mdn, y, params)


@pytest.fixture
def network(noise, rng):
    """A network of PyTorch that knows its data, the data, and its loss in float64."""
    x, y = rng.standard_normal((2, 40, 2))
    y = 3 * y + x + 7
    network = mdn_torch.initialize(Library("torch").network(2, 2, 3, noise, hidden=8), x, y)
    loss = mdn_torch.nll(y, *network(torch.tensor(x))).item()
    return network, torch.tensor(x), torch.tensor(y), loss


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("way", ["autocast", "autocast of the network alone", "half"])
def test_networks_of_pytorch(network, dtype, way):
    network, x, y, expected = network
    held = dtype if way == "half" else torch.float32
    network, x, y = network.to(held), x.to(held), y.float()
    with torch.autocast("cpu", dtype=dtype, enabled=way != "half"):
        params = network(x)
    with torch.autocast("cpu", dtype=dtype, enabled=way == "autocast"):
        loss = mdn_torch.nll(y, *params)
        right(mdn_torch, y, [a.detach() for a in params])
    assert abs(loss.item() - expected) < ROUNDED
    loss.backward()
    assert all(p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_policies_of_keras(network, noise, policy):
    _wide, x, y, expected = network
    level = {"sigma": SIGMA} if noise == "fixed" else {}
    mixed = mdn_tf.MixtureDensityNetwork(2, 2, 3, 8, noise=noise, dtype=policy, **level)
    mdn_tf.initialize(mixed, x.numpy(), y.numpy())
    loss = right(mdn_tf, y.numpy().astype("f4"), mixed(x.numpy().astype("f4")))
    assert abs(float(loss) - expected) < ROUNDED


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("scaled", [True, False])
def test_fit_keeps_training_with_one_target_far_away(policy, scaled, rng):
    """400 standard deviations: the square is no number of float16."""
    x, y = rng.standard_normal((2, 200, 1)).astype("float32")
    y[17] = 400
    keras.utils.set_random_seed(0)
    network = mdn_tf.MixtureDensityNetwork(1, 1, 3, 8, dtype=policy)
    if scaled:
        mdn_tf.initialize(network, x, y)
    network.compile(keras.optimizers.Adam(0.01))
    before = [w.numpy() for w in network.trainable_weights]
    # Keras skips a step whose scaled gradient overflows, and halves the scale: some epochs
    losses = network.fit(x, y, batch_size=50, epochs=40, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    for a, b in zip(before, network.trainable_weights, strict=True):
        assert np.isfinite(b.numpy()).all()
        assert (a != b.numpy()).any()
