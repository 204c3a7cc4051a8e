"""Heads and networks of both frameworks: sizes, training, saving, loading elsewhere."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from tolerances import VALUE, assert_close

from mdn_book.problems import ToyInverse
from mdn_utils import numpy as mdn_np
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch

ROOT = Path(__file__).parents[2]

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")


@pytest.fixture(scope="module")
def data():
    """400 pairs of the inverse toy problem, in float32."""
    pairs = ToyInverse().sample(400, np.random.default_rng(0))
    return tuple(a.astype("float32") for a in pairs)


def arrays(params):
    return [a.detach().numpy() if torch.is_tensor(a) else np.asarray(a) for a in params]


def count(network):
    if isinstance(network, torch.nn.Module):
        return sum(p.numel() for p in network.parameters())
    return network.count_params()


NETWORKS = {
    "tensorflow": mdn_tf.MixtureDensityNetwork,
    "torch": mdn_torch.MixtureDensityNetwork,
}
each_framework = pytest.mark.parametrize("name", NETWORKS)


def tensor(name, a):
    return tf.constant(a) if name == "tensorflow" else torch.tensor(a)


def run_elsewhere(code, *args):
    """Run code in a new process, in another folder than the repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=args[0].parent,
    )
    assert done.returncode == 0, done.stderr


# Sizes and outputs


@each_framework
def test_the_network_of_the_book_has_4078_parameters(name):
    assert count(NETWORKS[name](inputs=1, D=1, K=26, hidden=50)) == 4078
    assert count(NETWORKS[name](1, 1, 26)) == 4078


@each_framework
@pytest.mark.parametrize(
    ("inputs", "D", "K", "hidden"),
    [(1, 1, 1, 5), (3, 2, 4, 7), (2, 3, 5, (8, 6)), (2, 1, 3, ())],
)
def test_parameters_and_shapes(name, inputs, D, K, hidden):
    network = NETWORKS[name](inputs, D, K, hidden=hidden)
    widths = [inputs, *([hidden] if isinstance(hidden, int) else hidden)]
    layers = sum((a + 1) * b for a, b in pairwise(widths))
    assert count(network) == layers + (widths[-1] + 1) * (2 * D + 1) * K
    for lead in [(4,), (4, 3)]:
        log_pi, mu, log_sigma = arrays(
            network(tensor(name, np.ones((*lead, inputs), "f4")))
        )
        assert log_pi.shape == (*lead, K)
        assert mu.shape == log_sigma.shape == (*lead, K, D)
        assert_close(np.exp(log_pi).sum(axis=-1), 1, VALUE["float32"])
        assert all(a.dtype == "float32" for a in (log_pi, mu, log_sigma))


@pytest.mark.parametrize("hidden", [50, (20, 10)])
def test_the_same_weights_give_the_same_outputs_and_loss(hidden):
    ours = mdn_tf.MixtureDensityNetwork(2, 3, 4, hidden=hidden, dtype="float64")
    theirs = mdn_torch.MixtureDensityNetwork(2, 3, 4, hidden=hidden).double()
    with torch.no_grad():
        for own, other in zip(ours.get_weights(), theirs.parameters(), strict=True):
            other.copy_(torch.tensor(own.T))
    x, y = np.random.default_rng(0).standard_normal((2, 10, 3))
    params = ours(x[:, :2]), theirs(torch.tensor(x[:, :2]))
    for a, b in zip(*map(arrays, params), strict=True):
        assert a.dtype == "float64"
        assert_close(a, b, VALUE["float64"])
    loss = mdn_np.nll(y, *arrays(params[0]))
    assert_close(mdn_tf.nll(y, *params[0]), loss, VALUE["float64"])
    assert_close(mdn_torch.nll(y, *params[1]).item(), loss, VALUE["float64"])


@each_framework
def test_weights_of_extreme_logits_stay_finite(name):
    """Logits of ±1e4 and log σ of ±30, through the head, with a finite gradient."""
    if name == "tensorflow":
        head = mdn_tf.MDNHead(D=1, K=2)
        head.build((None, 1))
        head.set_weights(
            [np.array(w) for w in ([[1e4, -1e4]], [0, 0], [[0, 1]], [0, 0])]
            + [np.array([[30, -30]]), np.zeros(2)]
        )
        with tf.GradientTape() as tape:
            loss = mdn_tf.nll([[0.5]], *head(tf.ones((1, 1))))
        slopes = [g.numpy() for g in tape.gradient(loss, head.trainable_variables)]
    else:
        head = mdn_torch.MDNHead(1, D=1, K=2)
        values = [[[1e4], [-1e4]], [0, 0], [[0], [1]], [0, 0], [[30], [-30]], [0, 0]]
        with torch.no_grad():
            for p, value in zip(head.parameters(), values, strict=True):
                p.copy_(torch.tensor(value))
        loss = mdn_torch.nll([[0.5]], *head(torch.ones(1, 1)))
        loss.backward()
        loss = loss.detach()
        slopes = [p.grad.numpy() for p in head.parameters()]
    assert_close(float(loss), 30 + 0.5 * np.log(2 * np.pi), VALUE["float32"])
    assert all(np.isfinite(slope).all() for slope in slopes)


# Training and saving in TensorFlow


@pytest.fixture(scope="module")
def trained(data):
    keras.utils.set_random_seed(0)
    network = mdn_tf.MixtureDensityNetwork(inputs=1, D=1, K=5, hidden=20)
    network.compile(optimizer=keras.optimizers.Adam(0.02))
    history = network.fit(*data, batch_size=100, epochs=40, verbose=0)
    return network, history.history["loss"]


def test_fit_trains_and_reports_the_nll(trained, data):
    network, losses = trained
    assert losses[-1] < losses[0] - 0.5
    loss = mdn_np.nll(data[1], *arrays(network(data[0])))
    assert_close(network.evaluate(*data, verbose=0), loss, VALUE["float32"])
    predicted = network.predict(data[0], verbose=0)
    for a, b in zip(predicted, arrays(network(data[0])), strict=True):
        assert_close(a, b, VALUE["float32"])


def test_fit_takes_weights_of_samples_and_losses_of_regularizers(data):
    network = mdn_tf.MixtureDensityNetwork(1, 1, 3, hidden=4)
    network.compile(optimizer="sgd")
    weight = np.arange(400, dtype="float32") / 200
    expected = -(weight * mdn_np.log_prob(data[1], *arrays(network(data[0])))).mean()
    loss = network.compute_loss(*data, network(data[0]), sample_weight=weight)
    assert_close(float(loss), expected, VALUE["float32"])
    network.fit(*data, sample_weight=weight, verbose=0)

    network.hidden[0].kernel.regularizer = keras.regularizers.L2(0.1)
    plain = mdn_tf.nll(data[1], *network(data[0]))
    penalty = 0.1 * (network.hidden[0].get_weights()[0] ** 2).sum()
    loss = network.compute_loss(*data, network(data[0]))
    assert_close(float(loss), float(plain) + penalty, VALUE["float32"])


def test_fit_refuses_targets_without_their_last_axis(data):
    network = mdn_tf.MixtureDensityNetwork(1, 1, 3, hidden=4)
    network.compile(optimizer="sgd")
    with pytest.raises(ValueError, match="y must have shape"):
        network.fit(data[0], data[1][:, 0], verbose=0)


LOAD_KERAS = """
import sys
import keras
import numpy as np
import mdn_utils.tensorflow

model, x, y, out = sys.argv[1:]
network = keras.saving.load_model(model)
x, y = np.load(x), np.load(y)
loss = network.evaluate(x, y, verbose=0) if network.compiled else 0
np.savez(out, *(np.asarray(a) for a in network(x)), loss=loss)
"""


def check_elsewhere(code, folder, saved, data, expected):
    """What a new process makes of what was saved; returns its loss."""
    names = folder / "x.npy", folder / "y.npy"
    for file, a in zip(names, data, strict=True):
        np.save(file, a)
    run_elsewhere(code, saved, *names, folder / "out.npz")
    with np.load(folder / "out.npz") as out:
        for i, a in enumerate(expected):
            assert_close(out[f"arr_{i}"], a, VALUE["float32"])
        return float(out["loss"])


def test_a_trained_model_loads_in_a_new_process(trained, data, tmp_path):
    network, _ = trained
    network.save(tmp_path / "network.keras")
    expected = arrays(network(data[0]))
    loss = check_elsewhere(LOAD_KERAS, tmp_path, tmp_path / "network.keras", data, expected)
    assert_close(loss, network.evaluate(*data, verbose=0), VALUE["float32"])


def test_a_loaded_model_goes_on_training(trained, data, tmp_path):
    network, _ = trained
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.optimizer.iterations == network.optimizer.iterations
    before = again.evaluate(*data, verbose=0)
    history = again.fit(*data, batch_size=100, epochs=3, verbose=0)
    assert abs(history.history["loss"][-1] - before) < 0.3


def test_a_head_in_a_model_of_ones_own_loads_in_a_new_process(data, tmp_path):
    x = keras.Input((1,))
    features = keras.layers.Dense(8, activation="gelu")(x)
    network = keras.Model(x, mdn_tf.MDNHead(D=1, K=3, name="mixture")(features))
    network.save(tmp_path / "own.keras")
    expected = arrays(network(data[0]))
    check_elsewhere(LOAD_KERAS, tmp_path, tmp_path / "own.keras", data, expected)


def test_a_model_comes_back_from_its_configuration():
    network = mdn_tf.MixtureDensityNetwork(
        2, 3, 4, hidden=(6, 5), name="mine", dtype="float64"
    )
    again = mdn_tf.MixtureDensityNetwork.from_config(network.get_config())
    assert again.get_config() == network.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in network.weights]
    assert {w.dtype for w in again.weights} == {"float64"}


# Training and saving in PyTorch

LOAD_TORCH = """
import sys
import numpy as np
import torch
from mdn_utils import torch as mdn_torch

state, x, y, out = sys.argv[1:]
network = mdn_torch.MixtureDensityNetwork(inputs=1, D=1, K=5, hidden=20)
network.load_state_dict(torch.load(state, weights_only=True))
params = network(torch.tensor(np.load(x)))
loss = mdn_torch.nll(torch.tensor(np.load(y)), *params)
np.savez(out, *(a.detach().numpy() for a in params), loss=loss.item())
"""


def test_a_trained_module_loads_in_a_new_process(data, tmp_path):
    torch.manual_seed(0)
    network = mdn_torch.MixtureDensityNetwork(inputs=1, D=1, K=5, hidden=20)
    adam = torch.optim.Adam(network.parameters(), 0.02)
    x, y = map(torch.tensor, data)
    losses = []
    for _ in range(160):
        loss = mdn_torch.nll(y, *network(x))
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5

    torch.save(network.state_dict(), tmp_path / "network.pt")
    params = network(x)
    expected = arrays(params)
    loss = check_elsewhere(LOAD_TORCH, tmp_path, tmp_path / "network.pt", data, expected)
    assert_close(loss, mdn_torch.nll(y, *params).item(), VALUE["float32"])


# What is refused


@each_framework
@pytest.mark.parametrize("size", ["inputs", "D", "K", "hidden"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_sizes_that_are_none_are_refused(name, size, value):
    sizes = {"inputs": 1, "D": 1, "K": 2, "hidden": 3, size: value}
    if size == "hidden" and not isinstance(value, int):
        sizes["hidden"] = (5, value)
    with pytest.raises(ValueError, match=f"{size} must be a positive integer, got {value}"):
        NETWORKS[name](**sizes)


@pytest.mark.parametrize("size", ["D", "K"])
def test_sizes_of_a_head_that_are_none_are_refused(size):
    sizes = {"D": 1, "K": 2, size: 0}
    with pytest.raises(ValueError, match=f"{size} must be a positive integer, got 0"):
        mdn_tf.MDNHead(**sizes)
    with pytest.raises(ValueError, match=f"{size} must be a positive integer, got 0"):
        mdn_torch.MDNHead(50, **sizes)
    with pytest.raises(ValueError, match="features must be a positive integer, got 0"):
        mdn_torch.MDNHead(0, D=1, K=2)


# One framework alone


@pytest.mark.parametrize(
    ("module", "absent"), [("tensorflow", "torch"), ("torch", "tensorflow")]
)
def test_a_module_works_where_the_other_framework_is_absent(module, absent, tmp_path):
    code = f"""
import sys

class NotInstalled:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "{absent}":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotInstalled)
from mdn_utils import {module} as mdn
network = mdn.MixtureDensityNetwork(inputs=1, D=1, K=2, hidden=3)
assert "{absent}" not in sys.modules
"""
    run_elsewhere(code, tmp_path / "nothing")
