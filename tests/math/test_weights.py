"""`mdn_book.weights`: one list of weights, the same network in both frameworks."""

import os
import subprocess
import sys

import numpy as np
import pytest
from tolerances import VALUE, assert_close

from mdn_book import weights

X = np.random.default_rng(0).uniform(-3, 7, (100, 1))


def test_units_have_their_steps_within_the_data():
    w, b, v, c = weights.draw(X, seed=1, hidden=4000, steepness=3.0)
    z_of_steps = (-b / w[0] - X.mean()) / X.std()
    ends = np.abs([z_of_steps, w[0] * X.std(), v[:, 0] * 4000**0.5]).max(axis=1)
    assert (ends <= np.array([1.8, 3, 1]) + VALUE["float64"]).all()
    assert (ends > [1.79, 2.99, 0.99]).all()
    assert c == 0


def test_a_seed_gives_the_same_weights_again():
    first, again, other = (weights.draw(X, seed=s) for s in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not (first[0] == other[0]).any()


def plain_tensorflow():
    keras = pytest.importorskip("tensorflow").keras
    layers = [keras.layers.Dense(50, activation="tanh"), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((1,)), *layers])


def plain_torch():
    nn = pytest.importorskip("torch").nn
    return nn.Sequential(nn.Linear(1, 50), nn.Tanh(), nn.Linear(50, 1))


@pytest.mark.parametrize("framework", ["tensorflow", "torch"])
def test_the_network_computes_what_the_weights_say(framework):
    w, b, v, c = drawn = weights.draw(X, seed=1)
    x = X.astype("float32")
    if framework == "torch":
        weights.to_torch(network := plain_torch(), drawn)
        y = network(sys.modules["torch"].tensor(x)).detach().numpy()
    else:
        weights.to_keras(network := plain_tensorflow(), drawn)
        y = network(x).numpy()
    assert_close(y, np.tanh(X @ w + b) @ v + c, VALUE["float32"])


def test_too_few_weights_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        weights.to_torch(plain_torch(), weights.draw(X, seed=1)[:3])


@pytest.mark.parametrize("before", ["", "false"])
def test_the_package_imports_no_framework_and_lets_gpu_memory_grow(before):
    code = (
        "import os, sys\n"
        "from mdn_book import interactive, plots, problems, weights\n"
        "assert not {'torch', 'tensorflow', 'keras'} & set(sys.modules)\n"
        "print(os.environ['TF_FORCE_GPU_ALLOW_GROWTH'])"
    )
    name = "TF_FORCE_GPU_ALLOW_GROWTH"
    environment = {k: v for k, v in os.environ.items() if k != name}
    environment |= {name: before} if before else {}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == (before or "true")
