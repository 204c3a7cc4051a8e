"""How fast log_prob and sample of mdn_utils are. Run: python benchmarks/speed.py

1. `mdn_utils.torch.log_prob` without checks of values, forward and backward, against
   `torch.distributions.MixtureSameFamily` without validation; what the checks cost; and
   what `torch.compile` brings, where it finds a C++ compiler;
2. sampling 10 values for each of 4,000 rows against a Python loop over rows and samples.

Everything in one process and one thread. What is compared is timed in turn, again and
again, and the medians are compared, so that a busy machine slows all alike.
"""

import time

import numpy as np
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

import mdn_utils
from mdn_utils import numpy as mdn_np
from mdn_utils import torch as mdn_torch

try:
    from mdn_utils import tensorflow as mdn_tf
except ModuleNotFoundError:
    mdn_tf = None

SHAPES = [(4000, 26, 1), (4000, 26, 8), (20_000, 10, 32)]


def seconds(functions, repeats):
    """Median time of each function, called in turn."""
    times = {name: [] for name in functions}
    for _ in range(repeats + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: np.median(measured[1:]) for name, measured in times.items()}


def log_prob_times(N, K, D, repeats):
    """Times of several ways to the same log density, forward and backward."""
    torch.manual_seed(0)
    y = torch.randn(N, D)
    leaves = [
        torch.randn(*shape, requires_grad=True) for shape in [(N, K), (N, K, D), (N, K, D)]
    ]

    def mixture(logits, mu, log_sigma):
        scale = log_sigma.exp()
        components = Independent(Normal(mu, scale, validate_args=False), 1, False)
        weights = Categorical(logits=logits, validate_args=False)
        return MixtureSameFamily(weights, components, validate_args=False).log_prob(y)

    def ours(logits, mu, log_sigma):
        log_pi = torch.log_softmax(logits, dim=-1)
        return mdn_torch.log_prob(y, log_pi, mu, log_sigma)

    def step(log_prob, checks=False):
        mdn_utils.check_values(checks)
        for leaf in leaves:
            leaf.grad = None
        value = log_prob(*leaves)
        (-value.mean()).backward()
        mdn_utils.check_values(True)
        return value.detach()

    ways = {
        "torch.distributions": lambda: step(mixture),
        "mdn_utils": lambda: step(ours),
        "with checks": lambda: step(ours, checks=True),
    }
    compiled = torch.compile(ours)
    try:
        step(compiled)
        ways["compiled"] = lambda: step(compiled)
    except Exception as error:  # no compiler: the error has no type of its own
        print(f"  torch.compile: {type(error).__name__}")
    for way in ways.values():
        torch.testing.assert_close(
            way(), ways["torch.distributions"](), rtol=1e-4, atol=1e-4
        )
    return seconds(ways, repeats)


def sampling_ratio(N=4000, K=26, n=10):
    """Time of a Python loop by that of the vectorized sampler."""
    rng = np.random.default_rng(0)
    log_pi = np.log(rng.dirichlet(np.ones(K), N))
    mu, log_sigma = rng.standard_normal((2, N, K, 1))

    def loop():
        pi, sigma = np.exp(log_pi), np.exp(log_sigma)
        y = np.empty((n, N, 1))
        for row in range(N):
            for i in range(n):
                k = rng.choice(K, p=pi[row])
                y[i, row] = rng.normal(mu[row, k], sigma[row, k])
        return y

    ours = {
        "NumPy": lambda: mdn_np.sample(log_pi, mu, log_sigma, n=n, seed=0),
        "PyTorch": lambda: mdn_torch.sample(*tensors, n=n, seed=0),
    }
    tensors = [torch.tensor(a) for a in (log_pi, mu, log_sigma)]
    if mdn_tf is not None:
        constants = [mdn_tf.tf.constant(a) for a in (log_pi, mu, log_sigma)]
        ours["TensorFlow"] = lambda: mdn_tf.sample(*constants, n=n, seed=0).numpy()
    slow = seconds({"loop": loop}, 1)["loop"]
    return {name: (slow / t, t) for name, t in seconds(ours, 10).items()}, slow


def main():
    torch.set_num_threads(1)
    if mdn_tf is not None:
        mdn_tf.tf.config.threading.set_intra_op_parallelism_threads(1)
        mdn_tf.tf.config.threading.set_inter_op_parallelism_threads(1)
    print("log_prob, forward and backward")
    for N, K, D in SHAPES:
        times = log_prob_times(N, K, D, repeats=40 if N * K * D < 1e6 else 7)
        print(f"  N = {N:5}, K = {K:2}, D = {D:2}:")
        for name, t in times.items():
            ratio = times["torch.distributions"] / t
            print(f"    {name:>19}: {t * 1e3:7.1f} ms, {ratio:.2f} times as fast")
    print("10 samples for each of 4,000 rows, against a Python loop")
    ratios, slow = sampling_ratio()
    for name, (ratio, t) in ratios.items():
        times = f"{t * 1e3:5.1f} ms against {slow:.2f} s"
        print(f"  {name:>10}: {times}, {ratio:.0f} times as fast")


if __name__ == "__main__":
    main()
