"""The stored table of chapter 13: some of its rows repeated here."""

import numpy as np
import pytest
import study

from mdn_book import robot
from mdn_book.problems import RobotArm
from mdn_utils import numpy as mdn_np

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

AGAIN = [
    ("PyTorch", 1000, "none", 100),
    ("TensorFlow", 1000, "none", 100),
    ("PyTorch", 1000, "1,000 steps", 0),
]


@pytest.mark.parametrize("key", AGAIN, ids=lambda key: "-".join(map(str, key)))
def test_a_row_of_the_table_comes_out_again(key):
    again, stored = study.robot_run(key), robot.stored()[key]
    assert tuple(again[:4]) == key
    scores = dict(zip(robot.SCORES, map(float, again[4:]), strict=True))
    assert abs(scores["nll"] - stored["nll"]) < 0.5  # rounding grows in training
    for name in ("component", "peak", "sample", "branches", "angles", "weights"):
        assert scores[name] == pytest.approx(stored[name], rel=0.3), name


def one_elbow(x, elbow):
    """A mixture that knows one elbow and gives it all the weight."""
    free = RobotArm()
    free.ranges = ((-np.pi, np.pi), (0, 2 * np.pi))
    theta = free.inverse(x)[:, [elbow, elbow]]
    return np.log(np.full((len(x), 2), 0.5)), theta, np.full_like(theta, np.log(1e-9))


def test_scores_tell_a_missing_branch_from_a_hand_that_misses():
    x, _ = robot.rows(500, 0, "validation")
    scores = robot.scores(one_elbow(x, 0), x)
    assert scores["component"] < 1e-6
    assert scores["branches"] < 1e-6  # the hand is where it should be
    assert scores["angles"] > 0.2
    assert scores["weights"] > 0.3


@pytest.mark.parametrize("name", study.BOTH)
def test_the_page_computes_what_the_network_says(name):
    x, theta = robot.rows(200, 0, "training")
    if name == "PyTorch":
        torch = pytest.importorskip("torch")
        from mdn_utils import torch as mdn
    else:
        pytest.importorskip("tensorflow")
        from mdn_utils import tensorflow as mdn
    network = mdn.initialize(
        mdn.MixtureDensityNetwork(2, 2, 2, hidden=(50, 50)), x, theta, head_scale=1.0
    )
    rows = torch.tensor(x[:5]).float() if name == "PyTorch" else x[:5]
    log_pi, mu, _ = (
        a.detach().numpy() if name == "PyTorch" else a.numpy() for a in network(rows)
    )
    for i in range(5):
        weights, means = robot.components(robot.layers(network), x[i])
        np.testing.assert_allclose(weights, np.exp(log_pi[i]), atol=1e-3)
        np.testing.assert_allclose(means, mu[i], atol=1e-3)


def test_the_exact_mean_misses_as_the_integral_says():
    x, _ = robot.rows(100_000, 1, "test")
    arm = RobotArm()
    mean = arm.mean(x)[:, None]
    exact = np.zeros((len(x), 1)), mean, np.full_like(mean, -20.0)
    reached = mdn_np.mode(*exact)
    rms = np.sqrt(np.mean(robot.distance(reached, x) ** 2))
    assert rms == pytest.approx(arm.rms_position_error, rel=0.01)
