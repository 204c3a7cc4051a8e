"""Keras: compile, fit, weights of samples, masks, regularizers, saving."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracles import NOISE, SIGMA, log_density
from tolerances import VALUE, assert_close

from mdn_utils import tensorflow as mdn

N, T = 6, 4


@pytest.fixture
def sequences(rng):
    """Inputs (N, T, 2) and targets (N, T, 2)."""
    return rng.standard_normal((2, N, T, 2)).astype("float32")


def fresh(noise="diagonal", rate=0.0, **options):
    """A compiled network that was never called; with a rate of 0 fit only measures."""
    keras.utils.set_random_seed(0)
    options |= {"sigma": SIGMA} if noise == "fixed" else {}
    network = mdn.MixtureDensityNetwork(2, 2, 3, hidden=5, noise=noise, **options)
    network.compile(optimizer=keras.optimizers.SGD(rate))
    return network


def densities(network, x, y):
    return log_density(y, *(a.numpy() for a in network(x)))


@pytest.mark.parametrize("noise", NOISE)
def test_fit_trains_saves_loads_and_goes_on(noise, sequences, tmp_path):
    x, y = (a.reshape(-1, 2) for a in sequences)
    y = y if noise == "fixed" else 5 * y  # a fixed σ does not follow the units
    network = mdn.initialize(fresh(noise, rate=0.02), x, y)
    losses = network.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    loss = network.evaluate(x, y, verbose=0)
    assert_close(loss, -densities(network, x, y).mean(), VALUE["float32"])
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    assert again.optimizer.iterations == network.optimizer.iterations
    for a, b in zip(network.predict(x, verbose=0), again(x), strict=True):
        assert_close(a, b.numpy(), VALUE["float32"])
    assert_close(again.evaluate(x, y, verbose=0), loss, VALUE["float32"])
    assert np.isfinite(again.fit(x, y, verbose=0).history["loss"]).all()


def test_a_head_in_a_model_of_ones_own_is_saved(tmp_path, rng):
    x = keras.Input((2,))
    features = keras.layers.Dense(8, activation="gelu")(x)
    network = keras.Model(x, mdn.MDNHead(D=1, K=3, noise="full", name="mixture")(features))
    network.save(tmp_path / "own.keras")
    again = keras.saving.load_model(tmp_path / "own.keras")
    x = rng.standard_normal((5, 2))
    for a, b in zip(network(x), again(x), strict=True):
        assert_close(a.numpy(), b.numpy(), 0)


def check_weights(network, x, y, weight, by_row):
    """-1/N Σ w log p(y): what fit and evaluate say, whatever was called before."""
    expected = -(by_row * densities(network, x, y)).mean()
    options = {"sample_weight": weight, "batch_size": len(x), "verbose": 0}
    for _ in range(2):
        losses = network.fit(x, y, **options).history["loss"]
        assert_close(losses[0], expected, VALUE["float32"])
        assert_close(network.evaluate(x, y, **options), expected, VALUE["float32"])


@pytest.mark.parametrize("shape", [(N,), (N, 1), (N, T), (N, T, 1)])
def test_sample_weight_of_every_shape(shape, sequences, rng):
    weight = rng.uniform(0, 2, shape).astype("float32")
    by_row = weight.reshape(N, -1) * np.ones((N, T))
    check_weights(fresh(), *sequences, weight, by_row)
    network, (x, y) = fresh("shared"), (a[:, 0] for a in sequences)  # without steps
    first = weight.reshape(N, -1)[:, :1]
    for given in (first[:, 0], first):
        check_weights(network, x, y, given, first[:, 0])


@pytest.mark.parametrize("noise", ["full", "diagonal", "fixed"])
def test_rows_of_weight_zero_may_hold_nan(noise, sequences):
    """They add nothing, to the loss or to a gradient."""
    x, y = (a.reshape(-1, 2) for a in sequences)
    weight = np.ones(N * T, "float32")
    weight[::3] = 0
    hole = np.where(weight[:, None] == 0, np.nan, y)
    trained = []
    for targets in (y, hole):
        network = fresh(noise, rate=0.1)
        history = network.fit(x, targets, sample_weight=weight, epochs=3, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        trained.append((history.history["loss"], network.get_weights()))
    assert_close(trained[0][0], trained[1][0], VALUE["float32"])
    for a, b in zip(trained[0][1], trained[1][1], strict=True):
        assert_close(a, b, VALUE["float32"])


def test_a_mask_goes_through_network_and_head(sequences):
    """Steps that a mask leaves out count in neither sum nor mean; NaN there is no harm."""
    x, y = sequences
    x[:, -1] = 0
    x[0, 1] = 0
    kept = (x != 0).any(axis=-1)
    network = fresh()
    expected = -densities(network, x, y)[kept].mean()
    masked = keras.layers.Masking()(x)
    for part in network(masked):
        assert_close(part._keras_mask.numpy(), kept, 0)
    loss = network.compute_loss(None, tf.constant(y), network(masked))
    assert_close(float(loss), expected, VALUE["float32"])
    y[~kept] = np.nan
    loss = network.compute_loss(None, tf.constant(y), network(masked))
    assert_close(float(loss), expected, VALUE["float32"])

    given = keras.Input((T, 2))
    parts = mdn.MDNHead(2, 3)(keras.layers.LSTM(4, return_sequences=True)(
        keras.layers.Masking()(given)
    ))  # fmt: skip
    for part in keras.Model(given, parts)(x):
        assert_close(part._keras_mask.numpy(), kept, 0)


def test_losses_of_regularizers_count(sequences):
    x, y = (a.reshape(-1, 2) for a in sequences)
    network = fresh()
    network.hidden[0].kernel.regularizer = keras.regularizers.L2(0.1)
    penalty = 0.1 * (network.hidden[0].get_weights()[0] ** 2).sum()
    density = densities(network, x, y)
    for weight in (None, np.full(N * T, 2.0)):
        expected = penalty - density.mean() * (1 if weight is None else 2)
        loss = network.evaluate(x, y, sample_weight=weight, batch_size=N * T, verbose=0)
        assert_close(loss, expected, VALUE["float32"])


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
def test_targets_of_any_dtype(dtype, sequences):
    x, y = (a.reshape(-1, 2) for a in sequences)
    y = np.round(5 * y).astype(dtype)
    network = fresh(rate=0.01)
    expected = -densities(network, x, y).mean()
    assert_close(network.evaluate(x.astype("f8"), y, verbose=0), expected, VALUE["float32"])
    assert np.isfinite(network.fit(x, y, verbose=0).history["loss"]).all()
    data = tf.data.Dataset.from_tensor_slices((x, y.astype("float64"))).batch(8)
    assert np.isfinite(network.fit(data, shuffle=False, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("loss", ["mse", keras.losses.MeanSquaredError(), lambda y, p: 0.0])
def test_a_loss_of_ones_own_is_refused(loss):
    network = mdn.MixtureDensityNetwork(2, 2, 3)
    with pytest.raises(ValueError, match=r"loss must be left out.*got") as caught:
        network.compile(optimizer="adam", loss=loss)
    assert "\n" not in str(caught.value)


def test_fit_refuses_targets_without_their_last_axis(sequences):
    x, y = sequences
    for targets in (y[:, 0, 0], y[..., :1]):
        with pytest.raises(ValueError, match="y must have shape"):
            fresh().fit(x[:, 0], targets, verbose=0)
    with pytest.raises(ValueError, match="y must have one target for each row"):
        fresh().fit(x, y[:, :1], verbose=0)


def test_another_backend_gets_a_sentence(elsewhere):
    code = "import mdn_utils.tensorflow"
    said = elsewhere(code, works=False, KERAS_BACKEND="torch").strip().splitlines()[-1]
    assert "KERAS_BACKEND" in said
    assert "torch" in said
    assert "tensorflow" in said
