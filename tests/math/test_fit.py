"""`fit` in both frameworks, and the start with a ridge regression."""

import functools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from oracles import Library, Table
from tolerances import VALUE, assert_close

from mdn_utils import _start
from mdn_utils import numpy as mdn

N, FEW = 60, {"steps": 40, "progress": False}


def data(n=N, I=1, D=1, seed=0):  # noqa: E741
    """Waves with noise around them, in no one's units."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (n, I))
    y = np.sin(2 * x[:, :1] + np.arange(D)) + 0.2 * rng.standard_normal((n, D))
    return 3 * x + 5, 10 * y - 7


HELD = data(25, seed=1)  # rows to validate by


def fitted(framework, x, y, noise_model="diagonal", dtype="float32", seed=0, **options):
    """A small network after fit, and what fit returned."""
    inputs, D = np.shape(x)[1], np.shape(y)[1]
    network = framework.network(inputs, D, 3, noise_model, dtype, hidden=6)
    options = {"noise": (0.1, 0.1), **FEW, "seed": seed, **options}
    return network, framework.mdn.fit(network, x, y, **options)


@functools.cache
def usual(name, **options):
    """Runs that several tests look at, and leave as they are."""
    return fitted(Library(name), *data(), validation=HELD, **options)


def score(framework, network, x, y):
    return mdn.nll(y, *framework.outputs(network, x))


def assert_same(framework, one, other):
    """Two results of fit are equal to the last bit."""
    for a, b in zip(*(framework.weights(n) for n, _ in (one, other)), strict=True):
        assert_close(a, b, 0)
    for name in ("training", "validation"):
        assert_close(one[1][name], other[1][name], 0)


# What it takes


class Frame(Table):
    """A DataFrame: columns of any kind."""

    def __init__(self, **columns):
        self.columns = list(columns)
        values = np.empty((len(next(iter(columns.values()))), len(columns)), dtype=object)
        for i, column in enumerate(columns.values()):
            values[:, i] = column
        super().__init__(values)


class Stop(Exception):  # noqa: N818
    """Once fit has its rows, there is no need to train."""


@pytest.fixture
def rows_of(framework, monkeypatch):
    """The rows that fit makes of tables: to train on, and to validate by."""

    def rows(x, y, held):
        whole = _start.split

        def stop(*args):
            raise Stop(whole(*args))

        network = framework.network(np.shape(x)[1], 1, 3, hidden=4)
        with monkeypatch.context() as patch:
            patch.setattr(_start, "split", stop)
            with pytest.raises(Stop) as caught:
                framework.mdn.fit(network, x, y, validation=held, **FEW)
        (found,) = caught.value.args
        return [a for pair in found for a in pair]

    return rows


def frame(a):
    a = np.asarray(a)
    return Frame(**{f"column {i}": a[:, i].tolist() for i in range(a.shape[1])})


def half(framework, a):
    """bfloat16, which NumPy does not know."""
    return tf.cast(a, tf.bfloat16) if framework.keras else torch.tensor(a).bfloat16()


FORMS = {
    "lists": lambda _, a: a.tolist(),
    "a DataFrame of numbers": lambda _, a: Table(a),
    "a DataFrame of any kind": lambda _, a: frame(a),
    "integers": lambda _, a: a.astype(int),
    "unsigned": lambda _, a: a if (a < 0).any() else a.astype("uint8"),
    "Fortran order": lambda _, a: np.asfortranarray(a),
    "float16": lambda framework, a: framework.tensor(a, "float16"),
    "bfloat16": half,
    "TensorFlow": lambda _, a: tf.constant(a),
    "PyTorch": lambda _, a: torch.tensor(a),
    "gradients": lambda framework, a: (
        tf.Variable(a) if framework.keras else torch.tensor(a, requires_grad=True)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_data_of_any_kind_are_the_same_data(framework, rows_of, form):
    whole = [*map(np.round, (*data(I=2), *data(25, I=2, seed=1)))]
    x, y, *held = (FORMS[form](framework, a) for a in whole)
    for pair in (held, tuple(held)):
        for a, b in zip(rows_of(x, y, pair), whole, strict=True):
            assert a.dtype == np.float64
            assert_close(a, b, 0)


def changed(a, value, row=3, column=0):
    """An array with another value at one place."""
    a = np.array(a, dtype=object if isinstance(value, str) else None)
    a[row, column] = value
    return a


X, Y = data(I=2, D=2)
WORDS = {"price": [1.0] * N, "town": ["Rome"] * N}
REFUSED = [
    ({"x": X[:19], "y": Y[:19]}, "x and y must have at least 20 rows, got 19"),
    ({"x": X[:0], "y": Y[:0]}, "x and y must have at least 20 rows, got 0"),
    ({"x": changed(X, np.nan)}, "x must be finite, got nan"),
    ({"y": changed(Y, np.inf)}, "y must be finite, got inf"),
    ({"x": Frame(**WORDS)}, "x must hold numbers, got 'Rome' in column 'town'; encode"),
    ({"y": Frame(**WORDS)}, "y must hold numbers, got 'Rome' in column 'town'"),
    ({"x": changed(X, "n/a", column=1)}, "x must hold numbers, got 'n/a' in column 1"),
    ({"x": X.astype(str)}, "x must hold numbers, got .* in column 0"),
    ({"x": Frame(a=[1.0] * N, b=[None] * N)}, "x must .*, got None in column 'b'"),
    ({"x": X + 1j}, "x must hold numbers, got .* in column 0"),
    ({"x": X[:, :1]}, r"x must have shape \(N, 2\), got shape \(60, 1\)"),
    ({"y": np.c_[Y, Y]}, r"y must have shape \(N, 2\), got shape \(60, 4\)"),
    ({"y": Y[:, 0]}, r"y must have shape \(N, 2\), got shape \(60,\)"),
    ({"x": X[None]}, r"x must have shape \(N, 2\), got shape \(1, 60, 2\)"),
    ({"y": Y[:-1]}, "x and y must have as many rows, got 60 and 59"),
    *(
        ({"validation": v}, f"validation must be .* between 0 and 1, .*got {v}")
        for v in (0, 1, -0.1, 1.5, np.nan, 30, True)
    ),
    *(
        ({"validation": v}, r"validation must be .*or a pair \(x, y\), got")
        for v in (None, "0.2", (X, Y, Y), (X,))
    ),
    ({"validation": 0.999}, "validation must leave rows to train on"),
    ({"validation": (X[:0], Y[:0])}, "validation must have at least one row, got none"),
    ({"validation": (X, Y[:, 0])}, r"validation's y must have shape .*got shape \(60,\)"),
    ({"validation": (X[:, :1], Y)}, r"validation's x must have .*got shape \(60, 1\)"),
    ({"validation": (X, changed(Y, np.nan))}, "validation's y must be finite, got nan"),
    ({"validation": (X, Y[:9])}, "x and y must have as many rows, got 60 and 9"),
    ({"noise": (-0.1, 0)}, "noise of x must be a finite number >= 0, got -0.1"),
    ({"noise": (0, np.nan)}, "noise of y must be a finite number >= 0, got nan"),
    ({"noise": (0, "much")}, "noise of y must be a finite number >= 0, got 'much'"),
    *(
        ({"noise": n}, "noise must be None or a pair of numbers, got")
        for n in (0.1, (0.1,), (0.1, 0.1, 0.1))
    ),
    *(({"seed": s}, "seed must be an integer >= 0, got") for s in (-1, 1.5, None)),
    ({"steps": 0}, "steps must be a positive integer, got 0"),
    ({"batch_size": 0}, "batch_size must be a positive integer, got 0"),
    ({"patience": 0}, "patience must be a positive number, got 0"),
    ({"learning_rate": 0.0}, "learning_rate must be a positive number, got 0.0"),
]


@functools.cache
def untrained(name):
    return Library(name).network(2, 2, 3, hidden=4, dtype="float32")


@pytest.mark.parametrize(
    ("change", "sentence"),
    REFUSED,
    ids=[f"{i} {s[:20]}" for i, (_, s) in enumerate(REFUSED)],
)
def test_what_fit_refuses_in_one_sentence(framework, change, sentence):
    network = untrained(framework.name)
    before = framework.weights(network)
    with pytest.raises(ValueError, match=sentence) as caught:
        framework.mdn.fit(network, **{"x": X, "y": Y, **FEW, **change})
    assert "\n" not in str(caught.value)
    for a, b in zip(framework.weights(network), before, strict=True):
        assert_close(a, b, 0)  # nothing was begun


def test_targets_out_of_all_bounds_are_no_silent_failure(framework):
    """Where no state has a finite NLL, there is none to keep."""
    x, y = data()
    with pytest.raises(ValueError, match=r"validation.* finite .*got"):
        fitted(framework, x, y, validation=(HELD[0], HELD[1] + 1e30), noise=None)


# Which rows are held out


def test_without_shuffling_the_last_rows_are_held_out(framework):
    """They lie elsewhere: the scaling tells who was trained on."""
    x, y = data()
    x[48:] += 100
    y[48:] += 1000
    network, history = fitted(framework, x, y, shuffle=False)
    assert_close(framework.array(network.x_mean), x[:48].mean(axis=0), 1e-6)
    assert_close(framework.array(network.y_mean), y[:48].mean(axis=0), 1e-6)
    assert_close(framework.array(network.y_scale), y[:48].std(axis=0), 1e-6)
    best = score(framework, network, x[48:], y[48:])
    assert_close(best, history["validation"].min(), 1e-4)
    assert best > history["training"].max() + 10


def test_a_pair_is_used_as_it_is(framework):
    """All rows are trained on; the seed and shuffle change nothing of who is held out."""
    x, y = data()
    network, history = usual(framework.name)
    assert_close(framework.array(network.x_mean), x.mean(axis=0), 1e-6)
    assert_close(framework.array(network.y_scale), y.std(axis=0), 1e-6)
    kept = score(framework, network, *HELD)
    assert_close(kept, history["validation"].min(), 1e-5)
    at = history["validation"].argmin()
    assert_close(score(framework, network, x, y), history["training"][at], 1e-5)
    (a, b), (c, d) = _start.split(network, x, y, HELD, False, 7)
    for one, other in zip((a, b, c, d), (x, y, *HELD), strict=True):
        assert_close(one, other, 0)


@pytest.mark.parametrize("share", [0.2, 0.31])
def test_a_share_depends_on_the_seed_alone(share):
    x = np.arange(60.0)[:, None]
    network = Library("torch").network(1, 1, 3)

    def held(seed, y, **options):
        (a, b), (c, d) = _start.split(network, x, y, share, seed=seed, **options)
        assert (a == b - y[0]).all()  # pairs stay together
        assert (c == d - y[0]).all()
        assert sorted([*a[:, 0], *c[:, 0]]) == x[:, 0].tolist()
        assert len(c) == np.ceil(share * 60)
        return c[:, 0].tolist()

    first = held(3, x, shuffle=True)
    assert first == held(3, x + 7, shuffle=True)
    assert first == held(np.uint64(3), x, shuffle=True)
    assert first != held(4, x, shuffle=True)
    assert first != sorted(first)
    last = x[-len(first) :, 0].tolist()
    assert held(3, x, shuffle=False) == held(4, x, shuffle=False) == last


def test_no_more_than_500_rows_are_held_out():
    x = np.arange(4000.0)[:, None]
    for shuffle in (True, False):
        network = Library("torch").network(1, 1, 3)
        (a, _), (c, _) = _start.split(network, x, x, 0.2, shuffle, 0)
        assert (len(a), len(c)) == (3500, 500)


# What is kept, and the history


def test_the_state_that_is_kept_is_the_best_of_the_history(framework):
    """Far beyond the best step, at a rate at which the last state is another one."""
    x, y = data(24)
    options = {"steps": 150, "learning_rate": 0.05, "noise": (0, 0), "validation": HELD}
    network, history = fitted(framework, x, y, **options)
    at = history["validation"].argmin()
    assert history["step"].tolist() == list(range(10, 160, 10))
    assert at < len(history["step"]) - 1
    assert history["validation"][-1] > history["validation"][at] + 0.01
    assert_close(score(framework, network, *HELD), history["validation"][at], 1e-5)
    assert_close(score(framework, network, x, y), history["training"][at], 1e-5)
    assert history["tried"] == {(0.0, 0.0): history["validation"][at]}

    options["patience"] = 30
    short, until = fitted(framework, x, y, **options)
    steps = until["step"]
    found = until["validation"].argmin()
    assert steps[-1] - steps[found] == 30
    assert len(steps) < 15
    for name in ("training", "validation"):
        assert_close(until[name], history[name][: len(steps)], 0)
    assert_close(score(framework, short, *HELD), until["validation"].min(), 1e-5)


def test_the_history_is_in_nats_and_in_units_of_y(framework):
    """A hundred times y: log 100 more. Units of x leave no trace."""
    _, history = usual(framework.name)
    x, y = data()
    held = 1e3 * HELD[0] - 7, 100 * HELD[1] + 3
    network, large = fitted(framework, 1e3 * x - 7, 100 * y + 3, validation=held)
    for name in ("training", "validation"):
        assert_close(large[name] - history[name], np.log(100), 1e-3)
    assert_close(framework.array(network.y_scale), 100 * y.std(axis=0), 1e-6)


def test_equal_seeds_give_equal_results(framework):
    """Of what was trained before, and of other generators, nothing is left."""
    first = usual(framework.name)
    tables, held = [*map(frame, data())], tuple(map(frame, HELD))
    network, other = fitted(framework, *tables, validation=held, seed=3)
    assert (other["validation"] != first[1]["validation"]).all()
    keras.utils.set_random_seed(77)
    torch.manual_seed(77)
    options = {"validation": held, "noise": (0.1, 0.1), "seed": np.uint8(0), **FEW}
    result = framework.mdn.fit(network, *tables, **options)
    assert_same(framework, first, (network, result))


def test_both_frameworks_agree():
    """Alike without noise and on all rows; with batches and noise of their own, nearly."""
    libraries = Library("torch"), Library("tensorflow")
    x, y = data(I=2, D=2)
    exact = {"noise": (0, 0), "dtype": "float64", "noise_model": "full"}
    ours, theirs = (fitted(lib, x, y, **exact) for lib in libraries)
    assert ours[1]["step"].tolist() == theirs[1]["step"].tolist()
    for name in ("x_mean", "x_scale", "y_mean", "y_scale"):  # the same rows are held out
        pairs = zip(libraries, (ours, theirs), strict=True)
        a, b = (lib.array(getattr(network, name)) for lib, (network, _) in pairs)
        assert_close(a, b, 0)
        assert name != "x_mean" or abs(a - x.mean(axis=0)).max() > 1e-3
    for name in ("training", "validation"):
        assert_close(ours[1][name], theirs[1][name], 1e-4)  # Keras folds Adam's ε otherwise
    for a, b in zip(
        *(lib.outputs(n, x) for lib, (n, _) in zip(libraries, (ours, theirs), strict=True)),
        strict=True,
    ):
        assert_close(a, b, 1e-2)
    x, y = data(300)
    loose = {"noise": (0.05, 0.05), "batch_size": 64, "steps": 200, "validation": HELD}
    ours, theirs = (fitted(lib, x, y, **loose)[1] for lib in libraries)
    assert abs(ours["validation"].min() - theirs["validation"].min()) < 0.1


# Noise


def test_a_noise_that_is_given_is_the_only_one(framework):
    _, result = usual(framework.name)
    assert result["noise"] == (0.1, 0.1)
    assert result["tried"] == {(0.1, 0.1): result["validation"].min()}
    assert _start.levels(30, (0, np.float32(0.5))) == [(0.0, 0.5)]


def test_what_fit_learns_and_what_noise_takes_away(framework):
    """Far better than one Gaussian; noise of targets or inputs makes it wider."""
    x, y = data(200)
    new = data(1000, seed=2)
    gaussian = 0.5 * np.log(2 * np.pi * np.e * y.var())
    truth = 0.5 * np.log(2 * np.pi * np.e * 2.0**2)
    scores, widths = [], []
    for noise in ((0, 0), (0, 1), (1, 0)):
        options = {"noise": noise, "steps": 200, "batch_size": 64, "learning_rate": 0.03}
        network, history = fitted(framework, x, y, **options)
        scores.append(score(framework, network, *new))
        widths.append(mdn.variance(*framework.outputs(network, new[0])).mean())
        assert history["training"][-1] < history["training"][0]
    assert truth < scores[0] < gaussian - 0.5
    # in units of the data: y gets a variance of 1, and all that x told is lost with 1
    assert widths[1] == pytest.approx(widths[0] + y.var(), rel=0.25)
    assert widths[2] > 2 * widths[0]
    assert min(scores[1:]) > scores[0] + 0.3


def test_more_noise_is_tried_as_long_as_it_helps(framework):
    """With few rows, until it does not; the best is what is kept."""
    x, y = data(24)
    options = {"validation": HELD, "steps": 100, "learning_rate": 0.05}
    network, result = fitted(framework, x, y, noise=None, **options)
    levels = [(a / 24**0.5, b / 24**0.5) for a, b in _start.NOISE]
    tried = list(result["tried"].values())
    assert list(result["tried"]) == levels[: len(tried)]
    assert 2 <= len(tried) <= len(levels)
    best = min(result["tried"], key=result["tried"].get)
    assert result["noise"] == best != levels[0]  # so few rows are soon memorized
    assert result["tried"][best] == result["validation"].min()
    assert (np.diff(tried[:-1]) < 0).all()
    assert len(tried) == len(levels) or tried[-1] >= tried[-2]
    assert_close(score(framework, network, *HELD), min(tried), 1e-5)
    alone = fitted(framework, x, y, noise=best, **options)
    assert_same(framework, (network, result), alone)  # no trace of the others


def test_many_rows_get_one_level_of_noise(framework):
    """More than 2,000 rows to train on, those held out not counted."""
    x, y = data(2001)
    result = fitted(framework, x, y, noise=None, validation=HELD, steps=10)[1]
    assert list(result["tried"]) == [tuple(a / 2001**0.5 for a in _start.NOISE[0])]
    if not framework.keras:  # 1,600 are left
        assert len(fitted(framework, x, y, noise=None, steps=10)[1]["tried"]) > 1
    assert len(_start.levels(2000, None)) == len(_start.NOISE)
    assert len(_start.levels(2001, None)) == 1


def test_the_levels_go_up():
    levels = np.array(_start.levels(100, None))
    assert (np.diff(levels, axis=0) >= 0).all()
    assert (np.diff(levels.sum(axis=1)) > 0).all()
    assert_close(levels, 0.1 * np.array(_start.NOISE), 1e-12)


# Networks and tables of all kinds


def test_all_noise_models_train(framework, noise):
    """With two and three targets."""
    x, y = data(I=2, D=2 if noise in ("full", "shared") else 3)
    y = y / 10 if noise == "fixed" else y  # its σ does not follow the units
    network, result = fitted(framework, x, y, noise, steps=20)
    assert np.isfinite(result["validation"]).all()
    assert result["training"][-1] < result["training"][0]
    _, held = _start.split(network, x, y, 0.2, True, 0)
    assert_close(score(framework, network, *held), result["validation"].min(), 1e-5)


def test_constant_columns_train(framework):
    x, y = data(I=2, D=2)
    x[:, 1], y[:, 0] = 14.62, 0.1
    network, result = fitted(framework, x, y, steps=20)
    assert np.isfinite(result["validation"]).all()
    assert result["training"][-1] < result["training"][0]
    assert_close(mdn.mean(*framework.outputs(network, x))[:, 0], 0.1, 0.5)


def test_no_hidden_layer_and_several(framework):
    x, y = data(I=2)
    for hidden, activation in [((6, 5), "relu"), ((), "tanh")][
        : 1 if framework.keras else 2
    ]:
        network = framework.network(
            2, 1, 3, dtype="float32", hidden=hidden, activation=activation
        )
        result = framework.mdn.fit(network, x, y, noise=(0, 0), **FEW)
        assert result["training"][-1] < result["training"][0]


def test_float64_stays_float64(framework):
    network, result = fitted(framework, *data(), dtype="float64", validation=HELD)
    assert {w.dtype.name for w in framework.weights(network)} == {"float64"}
    rounding = 1e-6 if framework.keras else 1e-12  # Keras adds losses up in float32
    assert_close(score(framework, network, *HELD), result["validation"].min(), rounding)


@pytest.mark.parametrize("steps", [1, 25])
def test_any_number_of_steps(framework, steps):
    network, result = fitted(framework, *data(), steps=steps, validation=HELD)
    assert result["step"].tolist() == [*range(10, steps, 10), steps]
    assert_close(score(framework, network, *HELD), result["validation"].min(), 1e-5)


# Around it


def test_progress_is_written_to_stdout_alone(framework, capfd):
    network = framework.network(1, 1, 3, dtype="float32", hidden=6)
    options = {"steps": 20, "noise": None, "seed": 0}
    framework.mdn.fit(network, *data(), **options)
    out, err = capfd.readouterr()
    assert "20/20" in out
    assert "100%" in out
    assert max(int(n) for n in re.findall(r"(\d+)/20", out)) == 20
    assert err == ""
    framework.mdn.fit(network, *data(), progress=False, **options)
    assert capfd.readouterr() == ("", "")


def test_a_keras_network_is_saved_loaded_and_trained_on(tmp_path):
    framework = Library("tensorflow")
    x, y = (a.astype("float32") for a in data())
    network, result = fitted(framework, x, y, "full", validation=HELD)
    expected = network.predict(x, verbose=0)
    network.save(tmp_path / "fitted.keras")
    again = keras.saving.load_model(tmp_path / "fitted.keras")
    for a, b in zip(again.predict(x, verbose=0), expected, strict=True):
        assert_close(a, b, VALUE["float32"])
    best = result["validation"].min()
    for model in (network, again):
        assert_close(model.evaluate(*HELD, verbose=0), best, 1e-5)
        model.compile(optimizer=keras.optimizers.Adam(0.01))
        losses = model.fit(x, y, epochs=5, verbose=0, shuffle=False).history["loss"]
        assert len(losses) == 5
        assert losses[-1] < losses[0]


def test_a_torch_network_is_saved_loaded_and_trained_on(tmp_path):
    framework = Library("torch")
    x, y = data()
    network, _ = fitted(framework, x, y, "full")
    expected = framework.outputs(network, x)
    torch.save(network.state_dict(), tmp_path / "fitted")
    again = framework.network(1, 1, 3, "full", "float32", hidden=6)
    again.load_state_dict(torch.load(tmp_path / "fitted", weights_only=True))
    for a, b in zip(framework.outputs(again, x), expected, strict=True):
        assert_close(a, b, 0)
    optimizer, losses = torch.optim.Adam(network.parameters(), 0.01), []
    x, y = (torch.tensor(a, dtype=torch.float32) for a in (x, y))
    for _ in range(10):
        optimizer.zero_grad()
        loss = framework.mdn.nll(y, *network(x))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_running_average():
    """Each one's share, from the recursion by hand; the early ones hardly count."""
    values = np.random.default_rng(0).standard_normal((60, 4))
    average, shares = None, np.zeros(0)
    for n, new in enumerate(values):
        average = _start.running_average(new if average is None else average, new, n)
        weight = max(1 / 10, 2 / (n + 2))
        shares = np.r_[shares * (1 - weight), weight]
        assert_close(average, shares @ values[: n + 1], 1e-12)
        assert_close(shares.sum(), 1, 1e-12)
        if n < 19:  # until then the n-th of all has a share of 2 n / (N (N + 1))
            count = np.arange(1, n + 2)
            assert_close(shares, 2 * count / ((n + 1) * (n + 2)), 1e-12)
    assert shares[:10].sum() < 0.02
    assert shares[-10:].sum() > 0.6


def test_the_average_is_what_is_scored(framework):
    """The recursion over the weights of plain Adam, which the framework does by itself."""
    x, y = data()
    lengths = (10, 20, 30)
    average, rate = None, 0.005
    network = framework.network(1, 1, 3, dtype="float64", hidden=6)
    framework.mdn.initialize(network, x, y, 0, steepness=1.0, **_start.START)
    steps = adam(framework, network, x, y, rate, 30)
    for n, length in enumerate(lengths):
        weights = steps[length - 1]
        average = weights if average is None else average
        average = [
            _start.running_average(a, w, n) for a, w in zip(average, weights, strict=True)
        ]
    options = {"noise": (0, 0), "dtype": "float64", "validation": HELD, "steps": 30}
    result, history = fitted(framework, x, y, **options)
    assert history["validation"].argmin() == 2
    start = framework.weights(network)
    moved = max(abs(a - b).max() for a, b in zip(start, average, strict=True))
    assert moved > 0.05
    for a, b in zip(framework.weights(result), average, strict=True):
        assert_close(a, b, 1e-3 if framework.keras else 1e-7)  # its ε is another one


def adam(framework, network, x, y, rate, steps):
    """The weights after each step on all rows, by PyTorch's Adam; the rate is a cosine."""
    module = Library("torch").network(1, 1, 3, hidden=6)
    with torch.no_grad():
        weights = [torch.tensor(w.T) for w in framework.weights(network)]
        for p, w in zip(module.parameters(), weights, strict=True):
            p.copy_(w)
        for name in ("x_mean", "x_scale", "y_mean", "y_scale"):
            value = framework.array(getattr(network, name))
            getattr(module, name).copy_(torch.tensor(value))
    optimizer, found = torch.optim.Adam(module.parameters(), rate), []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 + np.cos(np.pi * step / steps)) / 2
        optimizer.zero_grad()
        Library("torch").mdn.nll(y, *module(torch.tensor(x))).backward()
        optimizer.step()
        found.append([p.detach().numpy().T.copy() for p in module.parameters()])
    return found


# The start with a ridge regression


@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize(
    ("hidden", "activation"), [(6, "tanh"), ((8, 5), "relu"), ((), "tanh")]
)
def test_the_means_follow_a_ridge_regression(framework, noise, D, hidden, activation):
    x, y = data(I=2, D=D)
    y = (y + 2 * x[:, :1]) * np.array([1.0, 0.1])[:D]
    ridge, sigma = 0.3, 0.7
    network = framework.network(2, D, 4, noise, hidden=hidden, activation=activation)
    options = {"ridge": ridge, "sigma": sigma, "head_scale": 1e-9}
    framework.mdn.initialize(network, x, y, 3, **options)

    h = (x - x.mean(axis=0)) / x.std(axis=0)
    weights = framework.weights(network)
    for i in range(len(network.widths) - 1):
        h = h @ weights[2 * i] + weights[2 * i + 1]
        h = np.maximum(h, 0) if activation == "relu" else np.tanh(h)
    common = D > 1 and noise not in ("full", "diagonal")
    unit = np.sqrt(y.var(axis=0).mean()) if common else y.std(axis=0)
    z = (y - y.mean(axis=0)) / unit
    # least squares of rows to which the penalty is added as rows; h about its mean
    rows = np.r_[h - h.mean(axis=0), np.sqrt(len(x) * ridge) * np.eye(h.shape[1])]
    slope = np.linalg.lstsq(rows, np.r_[z, np.zeros((h.shape[1], D))], rcond=None)[0]
    follows = (h - h.mean(axis=0)) @ slope
    rest = z - follows
    assert rest.var() < 0.97 * z.var()

    log_pi, mu, log_sigma, *_ = framework.outputs(network, x)
    at = (mu - y.mean(axis=0)) / unit - follows[:, None]  # (N, K, D): the same in each row
    assert np.ptp(at, axis=0).max() < 1e-6
    if D == 1:
        assert_close(at[0, :, 0], np.quantile(rest, (np.arange(4) + 0.5) / 4), 1e-6)
    else:
        distance = np.abs(at[0][:, None] - rest).max(axis=-1)  # to each row's residual
        assert distance.min(axis=1).max() < 1e-6
        assert len(set(distance.argmin(axis=1))) == 4
    if noise != "fixed":
        spread = np.sqrt(rest.var(axis=0).mean()) if common else rest.std(axis=0)
        expected = np.log(sigma * spread * unit)
        assert_close(log_sigma, np.broadcast_to(expected, log_sigma.shape), 1e-6)
    assert_close(log_pi, -np.log(4), 1e-6)


def test_a_heavy_ridge_is_no_ridge(framework, noise):
    """And None is what was before there was one."""
    x, y = data(I=2, D=2)
    starts = []
    for options in ({}, {"ridge": None}, {"ridge": 1e12}):
        network = framework.network(2, 2, 4, noise, hidden=6)
        framework.mdn.initialize(network, x, y, 3, **options)
        starts.append(framework.weights(network))
    for plain, none, heavy in zip(*starts, strict=True):
        assert_close(none, plain, 0)
        assert heavy.shape == plain.shape
    for plain, heavy in zip(starts[0][:2], starts[2][:2], strict=True):
        assert_close(heavy, plain, 0)
    if noise in ("full", "diagonal"):
        for plain, heavy in zip(starts[0], starts[2], strict=True):
            assert_close(heavy, plain, 1e-6)


@pytest.mark.parametrize("ridge", [0, -1.0, np.nan, np.inf, "much"])
def test_what_is_no_ridge(framework, ridge):
    network = untrained(framework.name)
    with pytest.raises(ValueError, match=f"ridge must be a positive number, got {ridge!r}"):
        framework.mdn.initialize(network, X, Y, ridge=ridge)
