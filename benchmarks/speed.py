"""How fast mdn_utils is, beside what you would write otherwise. Run: make speed

Stores `book/mdn_book/speed.csv`, for "How fast it is" in the book: ratios, where 2 is twice
as fast. All is measured in several processes, one after the other; the table has the median
of their ratios and the least. Within a process the ways to one result are first held to
the same result; then they take turns, in random order, and the medians of their times are
compared. (Those that go row by row are slow, and timed once.) Time is that of the processor
in one thread, so what else the machine does counts little; for two threads it is that of
the clock. The value checks are off, but for the way that has them in its name.
"""

import csv
import json
import os
import platform
import random
import re
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import log_softmax, ndtr, ndtri, softmax

import mdn_utils

TABLE = Path(__file__).parents[1] / "book" / "mdn_book" / "speed.csv"
COLUMNS = ("part", "module", "way", "against", "N", "K", "D", "median", "least")
SHAPES = [(4000, 26, 1), (4000, 26, 8), (20_000, 10, 32)]
PROCESSES = 5
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
found = []  # rows of this process: the columns, but one ratio in place of the last two


def compare(part, module, shape, ways, repeats=20, close=None, slow=False, clock=None):
    """How many times as fast each way is as the first one, which is timed once if slow."""
    first, *others = ways
    for name in others if close else []:
        for a, b in zip(ways[name](), ways[first](), strict=True):
            a, b = np.asarray(a), np.asarray(b)
            np.testing.assert_allclose(a, b, rtol=close, atol=close * abs(b).max())
    clock, times = clock or time.process_time, {name: [] for name in ways}
    for _ in range(repeats + 1):
        now = others if slow and times[first] else [*ways]
        for name in random.sample(now, len(now)):
            start = clock()
            ways[name]()
            times[name].append(clock() - start)
    median = {name: np.median(each[1:] or each) for name, each in times.items()}
    for name in others:
        found.append((part, module, name, first, *shape, median[first] / median[name]))


def mixtures(N, K, D):
    """y, logits, mu and log_sigma, random."""
    draw = np.random.default_rng(17).standard_normal
    y, logits, mu, log_sigma = draw((N, D)), draw((N, K)), draw((N, K, D)), draw((N, K, D))
    return [a.astype("f") for a in (y, logits, mu, 0.5 * log_sigma)]


def few(shape):
    return 40 if np.prod(shape) < 1e6 else 8


def sampling(module, ways):
    """Ours, the last way, beside a loop and beside each of the others."""
    _, logits, mu, log_sigma = (a.astype(float) for a in mixtures(*SHAPES[0]))
    pi, sigma, rng = softmax(logits, axis=-1), np.exp(log_sigma), np.random.default_rng(0)

    def loop():
        def one(pi, mu, sigma):
            k = rng.choice(len(pi), p=pi)
            return rng.normal(mu[k], sigma[k])

        rows = [*zip(pi, mu, sigma, strict=True)]
        return np.array([[one(*row) for row in rows] for _ in range(10)])

    ways = {"a loop": loop, **ways}
    assert np.ptp([np.mean(np.asarray(way()) > 1) for way in ways.values()]) < 0.02
    *others, ours = ways
    for name in others:
        two = {name: ways[name], ours: ways[ours]}
        compare("sampling", module, SHAPES[0], two, slow=name == "a loop")


def with_numpy():
    from mdn_utils import numpy as mdn

    (N, K, D), rng = SHAPES[0], np.random.default_rng(0)
    y, logits, mu, log_sigma = (a.astype(float) for a in mixtures(N, K, D))
    log_pi, sigma = log_softmax(logits, axis=-1), np.exp(log_sigma)

    def masking():
        each = mu + sigma * rng.standard_normal((10, N, K, D))
        k = (log_pi + rng.gumbel(size=(10, N, K))).argmax(axis=-1)
        return (each * np.eye(K)[k][..., None]).sum(axis=-2)

    ours = {"mdn_utils": lambda: mdn.sample(log_pi, mu, log_sigma, n=10)}
    sampling("NumPy", {"masking": masking, **ours})

    y, *params = (a[:200] for a in (y, log_pi, mu, log_sigma))
    rows = [*zip(np.exp(log_pi), mu[..., 0], sigma[..., 0], strict=True)][:200]

    def cdf(z, pi, mu, sigma):
        return pi @ ndtr((z - mu) / sigma)

    def root(pi, mu, sigma):
        ends = mu + sigma * ndtri(0.9)
        f = partial(cdf, pi=pi, mu=mu, sigma=sigma)
        return brentq(lambda z: f(z) - 0.9, ends.min(), ends.max(), xtol=1e-10)

    def on_a_grid():
        pi, mu, sigma = (np.stack(a)[:, None] for a in zip(*rows, strict=True))
        z = np.linspace(-12, 12, 1001)
        below = (pi * ndtr((z[:, None] - mu) / sigma)).sum(axis=-1)
        return np.trapezoid((below - (z >= y)) ** 2, z)

    def climb(log_pi, mu, log_sigma):
        sigma = np.exp(log_sigma)

        def down(y):
            z = (y - mu) / sigma
            terms = log_pi - (0.5 * z**2 + log_sigma).sum(axis=-1)
            top = terms.max()
            gamma = np.exp(terms - top)
            total = gamma.sum()
            return -top - np.log(total), gamma / total @ (z / sigma)

        ends = [minimize(down, start, jac=True, method="BFGS") for start in mu]
        return min(ends, key=lambda end: end.fun).x

    compare("quantile", "NumPy", (200, K, D), {
        "brentq by row": lambda: [root(*row) for row in rows],
        "mdn_utils": lambda: mdn.quantile(0.9, *params)[:, 0],
    }, close=1e-8, slow=True)  # fmt: skip
    compare("CRPS", "NumPy", (200, K, D), {
        "a grid": lambda: on_a_grid(),
        "mdn_utils": lambda: mdn.crps(y, *params),
    }, close=0.02)  # fmt: skip
    _, *params = (a.astype(float) for a in mixtures(100, 10, 2))
    params = log_softmax(params[0], axis=-1), 2 * params[1], params[2]
    compare("exact mode", "NumPy", (100, 10, 2), {
        "BFGS by row": lambda: [climb(*row) for row in zip(*params, strict=True)],
        "mdn_utils": lambda: mdn.mode(*params, kind="exact"),
    }, close=1e-4, slow=True)  # fmt: skip


def with_torch():
    import torch
    from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

    from mdn_utils import torch as mdn

    torch.set_num_threads(1)

    def distribution(logits, mu, log_sigma):
        weights = Categorical(logits=logits, validate_args=False)
        components = Independent(Normal(mu, log_sigma.exp(), False), 1, False)
        return MixtureSameFamily(weights, components, False)

    def rival(y, *params):
        return -distribution(*params).log_prob(y).mean()

    def ours(y, logits, mu, log_sigma):
        return mdn.nll(y, torch.log_softmax(logits, dim=-1), mu, log_sigma)

    def by_hand(y, logits, mu, log_sigma):  # the gradient that chapter 5 derives
        precise = torch.exp(-log_sigma)
        z, log_pi = (y[:, None] - mu) * precise, torch.log_softmax(logits, dim=-1)
        gamma = torch.softmax(log_pi + (-0.5 * z**2 - log_sigma).sum(dim=-1), dim=-1)
        share = (-gamma / len(y))[..., None]
        pull = share * z
        return (log_pi.exp() - gamma) / len(y), pull * precise, pull * z - share

    def gradient(loss, y, *params):
        for a in params:
            a.grad = None
        loss(y, *params).backward()
        return [a.grad for a in params]

    def value(loss, *data):
        return [loss(*data)]

    def switched(switch, value, back, function):
        switch(value)
        result = function()
        switch(back)
        return result

    for shape in SHAPES:
        data, whole = [*map(torch.tensor, mixtures(*shape))], {"dynamic": False}
        inputs = [data[0], *(a.clone().requires_grad_() for a in data[1:])]
        compiled = torch.compile(ours, fullgraph=True, **whole)
        of_all = torch.func.grad_and_value(ours, argnums=(1, 2, 3))
        one_graph = torch.compile(of_all, fullgraph=True, **whole)
        options = {"repeats": few(shape), "close": 1e-4}
        density = {"torch.distributions": rival, "eager": ours, "compiled": compiled}
        density["torch.distributions, compiled"] = torch.compile(rival, **whole)
        with torch.no_grad():
            ways = {name: partial(value, f, *data) for name, f in density.items()}
            compare("density", "PyTorch", shape, ways, **options)
        ways = {name: partial(gradient, f, *inputs) for name, f in density.items()}
        ways["by hand"] = partial(by_hand, *data)
        ways["one graph"] = lambda data=data, f=one_graph: f(*data)[0]
        on = partial(switched, mdn_utils.check_values, True, False, ways["eager"])
        ways["eager, checks on"] = on
        compare("gradient", "PyTorch", shape, ways, **options)
        for name in ("eager", "one graph"):
            f = partial(switched, torch.set_num_threads, 2, 1, ways[name])
            two = {f"{name}, one": ways[name], f"{name}, two": f}
            compare("threads", "PyTorch", shape, two, clock=time.perf_counter, **options)

    source = torch.cat([a.flatten() for a in data[1:]])
    target = torch.empty_like(source)
    two = {"copy": lambda: target.copy_(source), "one graph": ways["one graph"]}
    compare("memory", "PyTorch", shape, two)

    _, logits, mu, log_sigma = map(torch.tensor, mixtures(*SHAPES[0]))
    log_pi = torch.log_softmax(logits, dim=-1)

    def masking():
        each = mu + log_sigma.exp() * torch.randn(10, *mu.shape)
        k = Categorical(logits=log_pi, validate_args=False).sample((10,))
        chosen = torch.nn.functional.one_hot(k, mu.shape[1])
        return (each * chosen[..., None]).sum(dim=-2)

    sampling("PyTorch", {
        "masking": masking,
        "torch.distributions": lambda: distribution(log_pi, mu, log_sigma).sample((10,)),
        "mdn_utils": lambda: mdn.sample(log_pi, mu, log_sigma, n=10),
    })  # fmt: skip

    x = torch.linspace(-1, 1, 256)[:, None]
    y, network = torch.sin(3 * x), mdn.MixtureDensityNetwork(1, 1, K=26)
    mdn.initialize(network, x, y)
    adam, loss = torch.optim.Adam(network.parameters()), lambda: mdn.nll(y, *network(x))

    def step(loss):
        adam.zero_grad()
        loss().backward()
        adam.step()

    weights = {name: w.detach() for name, w in network.named_parameters()}

    @torch.compile(fullgraph=True)
    @torch.func.grad_and_value
    def of_weights(weights):
        return mdn.nll(y, *torch.func.functional_call(network, weights, (x,)))

    def step_in_one_graph():
        gradients, _ = of_weights(weights)
        for name, w in network.named_parameters():
            w.grad = gradients[name]
        adam.step()

    ways = {"eager": loss, "compiled": torch.compile(loss, fullgraph=True)}
    ways = {name: lambda f=f: step(f) for name, f in ways.items()}
    ways["one graph"] = step_in_one_graph
    compare("training step", "PyTorch", (256, 26, 1), ways, repeats=100)


def with_tensorflow():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from mdn_utils import tensorflow as mdn

    def rival(y, logits, mu, log_sigma):  # as TensorFlow Probability, not installed here
        sigma = tf.exp(log_sigma)
        square = tf.math.squared_difference(y[:, None] / sigma, mu / sigma)
        log_normal = -0.5 * square - (mdn.HALF_LOG_2PI + tf.math.log(sigma))
        terms = tf.reduce_sum(log_normal, axis=-1) + tf.nn.log_softmax(logits)
        return -tf.reduce_mean(tf.reduce_logsumexp(terms, axis=-1))

    def ours(y, logits, mu, log_sigma):
        return mdn.nll(y, tf.nn.log_softmax(logits), mu, log_sigma)

    def value(loss):
        return lambda *data: [loss(*data)]

    def gradient(loss):
        def function(y, *params):
            with tf.GradientTape() as tape:
                tape.watch(params)
                value = loss(y, *params)
            return tape.gradient(value, params)

        return function

    for shape in SHAPES:
        data = [*map(tf.constant, mixtures(*shape))]
        for part, of in (("density", value), ("gradient", gradient)):
            jit = tf.function(of(ours), jit_compile=True)
            functions = {"TFP's formula": tf.function(of(rival))}
            functions |= {"graph": tf.function(of(ours)), "jit_compile": jit}
            also = tf.function(of(rival), jit_compile=True)
            functions["TFP's formula, jit_compile"] = also
            ways = {name: partial(f, *data) for name, f in functions.items()}
            compare(part, "TensorFlow", shape, ways, few(shape), close=1e-4)

    _, logits, mu, log_sigma = map(tf.constant, mixtures(*SHAPES[0]))
    log_pi = tf.nn.log_softmax(logits)

    def masking():
        each = mu + tf.exp(log_sigma) * tf.random.normal((10, *mu.shape))
        k = tf.transpose(tf.random.categorical(log_pi, 10))
        return tf.reduce_sum(each * tf.one_hot(k, mu.shape[1])[..., None], axis=-2)

    def sample():
        return mdn.sample(log_pi, mu, log_sigma, n=10)

    sampling("TensorFlow", {"masking, eager": masking, "eager": sample})
    in_graph = {"masking, graph": tf.function(masking), "graph": tf.function(sample)}
    sampling("TensorFlow", in_graph)

    x = tf.linspace(-1.0, 1.0, 256)[:, None]
    y, network = tf.sin(3 * x), mdn.MixtureDensityNetwork(1, 1, K=26)
    mdn.initialize(network, x, y)
    adam, weights = mdn.keras.optimizers.Adam(), network.trainable_variables
    adam.build(weights)

    def step():
        with tf.GradientTape() as tape:
            loss = mdn.nll(y, *network(x))
        adam.apply(tape.gradient(loss, weights))

    ways = {"eager": step, "graph": tf.function(step)}
    ways["jit_compile"] = tf.function(step, jit_compile=True)
    compare("training step", "TensorFlow", (256, 26, 1), ways, repeats=40)


def main():
    runs = []
    for _ in range(PROCESSES):
        once, env = [sys.executable, __file__, "once"], {**os.environ, **ONE_THREAD}
        run = subprocess.run(once, check=True, stdout=-1, env=env)
        runs.append(json.loads(run.stdout.splitlines()[-1]))
    cpu = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", cpu.read_text() if cpu.exists() else "")
    packages = ("numpy", "scipy", "tensorflow", "keras", "torch")
    made_by = ", ".join(f"{name} {version(name)}" for name in packages)
    with TABLE.open("w", newline="") as file:
        machine = f"{(names or [platform.processor()])[0]}, {os.cpu_count()} cores"
        file.write(f"# Times as fast, in one thread of {machine}: make speed\n")
        file.write(f"# Python {platform.python_version()}, {made_by}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for rows in zip(*runs, strict=True):
            *key, _ = rows[0]
            ratios = np.median([row[-1] for row in rows]), min(row[-1] for row in rows)
            table.writerow([*key, *(f"{ratio:.3g}" for ratio in ratios)])


if __name__ == "__main__":
    if sys.argv[1:] == ["once"]:
        mdn_utils.check_values(False)
        for measure in (with_numpy, with_torch, with_tensorflow):
            measure()
        print(json.dumps(found))
    else:
        main()
