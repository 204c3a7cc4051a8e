"""Run the studies behind chapters 9, 11, 12, 13 and 15 and store their tables.

python tools/study.py [frozen | tables | changes | components ...]    all if none is named

A run is one training, with `fit` as it stands, of one network on one problem. The runs
share all cores; what the table holds already is not run again, so that a study can be
stopped and resumed. Delete rows of the table, or all of it, to repeat them.

`frozen`     the recipe, on rows and problems that chose nothing: seeds from 100, test rows
`tables`     the recipe, K = 1 and NGBoost on real tables, by random splits
`ladder`     the recipe with other K on the stars, by validation and by test rows
`changes`    one thing changed at a time: seeds from 0, validation rows, no noise tried
`confirmed`  the changes that mattered: seeds from 100, test rows
`components` the recipe with other K: likewise
`ensembles`  five networks of the recipe, the mean of their scores, and as one mixture
`scaling`    a public example: 2,000 plain steps, inputs raw and scaled, and `fit`
`rivals`     other methods beside networks and ensembles, into a table of its own
`robot`      networks for the robot arm, by where they bring the hand, into one more
`rates`      validation NLL along trainings with other learning rates and seeds, likewise
`rows`       up to 10 million rows, in memory and as a stream, into one more
"""

import contextlib
import csv
import json
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import time
from functools import cache, lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from unittest import mock

import numpy as np

from mdn_book import data, interactive, problems, rivals, robot, scaling, suite
from mdn_utils import _start
from mdn_utils import numpy as mdn_np

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "book" / "mdn_book" / "study.csv"
RIVALS = TABLE.with_name("rivals.csv")
ROBOT = TABLE.with_name("robot.csv")
RATES = TABLE.with_name("rates.csv")
MANY = TABLE.with_name("many_rows.csv")
COLUMNS = (*suite.KEY, "nll", "line", "seconds", "validation")
BOTH = ("PyTorch", "TensorFlow")
PROBLEMS = {**suite.DEVELOPMENT, **suite.HELD_OUT}
SMOOTH = ("wave", "heavy tails", "skewed", "laplace", "gamma", "student")
LISTED = {  # what the chapter quotes, ten seeds in both frameworks, by rows
    100: tuple(PROBLEMS),
    300: ("inverse sine", *SMOOTH),
    4000: ("inverse toy", "inverse sine", *SMOOTH, "three branches", "correlated"),
}


class Last(_start.Curves):
    """Keeps the last state, and never stops early."""

    def add(self, *args):
        self.best = np.inf
        super().add(*args)
        return True


def adamw(parameters, learning_rate, **options):
    import torch

    return torch.optim.AdamW(parameters, learning_rate, weight_decay=0.3, **options)


def steeper():
    from mdn_utils import torch as mdn

    first = mdn.initialize

    def initialize(*args, steepness, **options):
        return first(*args, steepness=4 * steepness, **options)

    return mock.patch.object(mdn, "initialize", initialize)


def patched(name, value):
    return partial(mock.patch.object, _start, name, value)


#: One thing each: arguments of the network, of `fit`, or a part of the recipe replaced.
CHANGES = {
    "none": {},
    "no noise": {"fit": {"noise": (0, 0)}},
    "no averaging": {"patch": patched("running_average", lambda old, new, n: new)},
    "no early stopping": {"patch": patched("Curves", Last)},
    "no ridge": {"patch": patched("START", {"sigma": 0.4, "ridge": None})},
    "one layer": {"network": {"hidden": (50,)}},
    "three layers": {"network": {"hidden": (50, 50, 50)}},
    "100 units": {"network": {"hidden": (100, 100)}},
    "relu": {"network": {"activation": "relu"}},
    "no least σ": {"network": {"sigma_min": 0.0}},
    "learning rate 0.001": {"fit": {"learning_rate": 0.001}},
    "learning rate 0.02": {"fit": {"learning_rate": 0.02}},
    "1,000 steps": {"fit": {"steps": 1000}},
    "σ 0.1 at first": {"patch": patched("START", {"sigma": 0.1, "ridge": 1.0})},
    "steepness × 4": {"patch": steeper},
    "weight decay": {"patch": lambda: mock.patch("torch.optim.Adam", adamw)},
}
SCREENED = ("inverse sine", "heavy tails", "skewed", "friedman", "labels",
            "three branches", "correlated")  # fmt: skip
#: What `changes` found to matter, and in which frameworks a part can be replaced.
CONFIRMED = {
    "none": BOTH,
    "no noise": BOTH,
    "no averaging": BOTH,
    "no early stopping": BOTH,
    "relu": BOTH,
    "steepness × 4": BOTH[:1],
}
ENSEMBLES = ("inverse sine", 300), ("friedman", 300)
COMPONENTS = (1, 2, 3, 5, 10, 26)
LADDER = (1, 2, 3, 5, 10, 20)
LEARNING_RATES = (0.0002, 0.001, 0.005, 0.025, 0.125)
SCORED = range(20, 1001, 20)  # the steps of which a training with one of them tells


def jobs():
    """The keys of all runs."""
    for seed in range(100, 110):
        for rows, names in LISTED.items():
            for name in names:
                for framework in BOTH:
                    yield "frozen", framework, name, rows, "none", seed
    for name, (load, seeds) in data.TABLES.items():
        for change in ("none", "K = 1"):
            for framework in BOTH:
                for seed in seeds:
                    yield "tables", framework, name, len(load()[0]), change, seed
    for name, (load, seeds) in data.TABLES.items():
        if name.startswith("stars"):
            for seed in seeds:
                for K in LADDER:
                    for framework in BOTH:
                        yield "ladder", framework, name, len(load()[0]), f"K = {K}", seed
    for seed in range(100, 110):
        for K in (3, 5):
            for how in ("raw inputs", "scaled inputs", "fit"):
                yield "scaling", "PyTorch", "inverse sine", 512, f"{how}, K = {K}", seed
    for seed in range(3):
        for name, rows in (("inverse sine", 300), ("inverse sine", 4000), ("skewed", 300)):
            for K in COMPONENTS:
                yield "components", "PyTorch", name, rows, f"K = {K}", seed
    for change in CHANGES:
        for name in SCREENED:
            for seed in range(3):
                yield "changes", "PyTorch", name, 300, change, seed
                yield "changes", "PyTorch", name, 4000, change, seed
    for rows, seeds in ((300, range(100, 110)), (4000, range(100, 102))):
        for seed in seeds:
            for change, frameworks in CONFIRMED.items():
                for name in SCREENED:
                    for framework in frameworks:
                        yield "confirmed", framework, name, rows, change, seed
    for seed in range(100, 103):
        for name, rows in ENSEMBLES:
            for change in ("mean of five", "five as one"):
                yield "ensembles", "PyTorch", name, rows, change, seed
    for rows in (300, 1000, 4000):
        for name in PROBLEMS:
            for seed in range(100, 103):
                if name not in LISTED.get(rows, ()):
                    yield "frozen", "PyTorch", name, rows, "none", seed


def item_16(how, K, seed):
    """The test NLL of one layer of 50 on 512 pairs, by `fit`, or from PyTorch's start."""
    import torch

    from mdn_utils import torch as mdn

    torch.set_num_threads(1)
    x, y = problems.SineInverse().grid_sample(512, np.random.default_rng([16, seed]))
    torch.manual_seed(seed)
    network = mdn.MixtureDensityNetwork(1, 1, K)
    if how == "fit":
        mdn.fit(network, x, y, seed=seed, progress=False)
    else:
        if how == "scaled inputs":  # the targets lie between -1 and 1 as they are
            network.x_mean.fill_(x.mean())
            network.x_scale.fill_(x.std())
        inputs, targets = (torch.tensor(a).float() for a in (x, y))
        adam = torch.optim.Adam(network.parameters(), 0.005)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 2000)
        for _ in range(2000):
            adam.zero_grad()
            mdn.nll(targets, *network(inputs)).backward()
            adam.step()
            schedule.step()
    (x_test, y_test), floor = tested("inverse sine", "test")
    with torch.no_grad():
        return float(mdn.nll(y_test, *network(torch.tensor(x_test).float()))) - floor


def run(key):
    """The row of the table with this key."""
    part, framework, name, rows, change, seed = key
    if part == "scaling":
        how, K = change.split(", K = ")
        return (*key, f"{item_16(how, int(K), seed):.4f}", "", "", "")
    options = {"network": {}, "fit": {}, "patch": contextlib.nullcontext}
    if change.startswith("K = "):
        options["network"] = {"K": int(change[4:])}
    elif part != "ensembles":
        options |= CHANGES[change]
    if part in ("tables", "ladder"):
        load, _ = data.TABLES[name]
        train, validation, test = data.split(*load(), seed)
        sizes = {"D": 1, "K": 10, "noise": "diagonal"}
        options["fit"] = {"validation": validation, **options["fit"]}
        floor = 0
    else:
        problem = PROBLEMS[name]
        train = suite.rows(problem, rows, seed)
        test, floor = tested(
            name, "test" if part in ("frozen", "confirmed") else "validation"
        )
        sizes = {"D": problem.D, "K": problem.K, "noise": problem.noise}
        if part in ("changes", "confirmed"):
            n = round(0.8 * rows)
            options["fit"] = {"noise": (0.5 / n**0.5, 0.5 / n**0.5), **options["fit"]}
    settings = {"hidden": (50, 50), "sigma_min": 0.01, **sizes, **options["network"]}
    start, validated = time.process_time(), ""
    with options["patch"]():
        if part == "ensembles":
            score = ensemble(settings, train, test, seed, as_one=change == "five as one")
        else:
            nll = fitted(framework, settings, options["fit"], train, seed)
            score = nll(*test)
            if part == "ladder":
                validated = f"{nll(*validation):.4f}"
    seconds = time.process_time() - start
    line = line_nll(train, test) - floor
    return (*key, f"{score - floor:.4f}", f"{line:.4f}", f"{seconds:.1f}", validated)


def fitted(framework, settings, options, train, seed):
    """The NLL of one network, as a function of rows x and y."""
    if framework == "PyTorch":
        import torch

        from mdn_utils import torch as mdn

        torch.set_num_threads(1)
    else:
        from mdn_utils import tensorflow as mdn
    network = mdn.MixtureDensityNetwork(train[0].shape[1], **settings)
    mdn.fit(network, *train, seed=seed, progress=False, **options)

    def nll(x, y):
        if framework == "TensorFlow":
            return float(mdn.nll(y, *network(x)))
        with torch.no_grad():
            return float(mdn.nll(y, *network(torch.tensor(x).float())))

    return nll


def ensemble(settings, train, test, seed, as_one):
    """The test NLL of five networks, as one mixture or the mean of five."""
    import torch

    from mdn_utils import torch as mdn

    torch.set_num_threads(1)
    params = []
    for member in range(5):
        network = mdn.MixtureDensityNetwork(train[0].shape[1], **settings)
        mdn.fit(network, *train, seed=10 * seed + member, progress=False)
        with torch.no_grad():
            params.append(network(torch.tensor(test[0]).float()))
    if as_one:
        return float(mdn.nll(test[1], *mdn.combine(*params)))
    return float(np.mean([mdn.nll(test[1], *each) for each in params]))


@cache
def tested(name, kind):
    """10,000 rows that no network sees, and the NLL of the truth on them."""
    x, y = suite.rows(PROBLEMS[name], 10_000, 0, kind)
    return (x, y), -PROBLEMS[name].log_prob(y, x).mean()


def line_nll(train, test):
    """The test NLL of a straight line with a constant covariance, by least squares."""
    (x, y), (x_test, y_test) = train, test
    mean, scale = x.mean(axis=0), x.std(axis=0)
    a, a_test = (np.insert((b - mean) / scale, 0, 1, axis=1) for b in (x, x_test))
    slopes = np.linalg.lstsq(a, y)[0]
    residuals, errors = y - a @ slopes, y_test - a_test @ slopes
    lower = np.linalg.cholesky(residuals.T @ residuals / len(x))
    z = np.linalg.solve(lower, errors.T)
    log_det = np.log(np.diagonal(lower)).sum()
    return 0.5 * (z**2).sum(axis=0).mean() + log_det + 0.5 * len(z) * np.log(2 * np.pi)


def ngboost():
    """Rows of NGBoost on the tables."""
    for record in elsewhere("tables"):
        load, _ = data.TABLES[record["table"]]
        train, _, test = data.split(*load(), record["seed"])
        key = "tables", "NGBoost", record["table"], len(load()[0]), "none", record["seed"]
        yield (*key, f"{record['nll']:.4f}", f"{line_nll(train, test):.4f}", "", "")


def elsewhere(*arguments):
    """What tools/rivals.py prints, in an environment of its own."""
    uv = Path(sys.executable).with_name("uv")
    script = ROOT / "tools" / "rivals.py"
    command = [uv, "run", "--no-project", "--script", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield from map(json.loads, process.stdout)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


#: Networks beside their rivals: K, noise model and how many, by the name of the method.
NETWORKS = {
    "constant σ": (1, "fixed", 1),
    "σ(x)": (1, "diagonal", 1),
    "mixture": (None, "diagonal", 1),
    "ensemble": (None, "diagonal", 5),
}


def rival_jobs():
    """The keys of the networks in the table of rivals."""
    for seed in rivals.CHOICE_SEEDS:
        for K, noise in rivals.CHOICE:
            yield "concrete, to choose", f"K = {K}, noise {noise}", "PyTorch", seed
    for name, table in rivals.TABLES.items():
        for seed in table.seeds:
            for method in ("straight line", "constant σ", "σ(x)"):
                yield name, method, "PyTorch", seed
        for seed in (*table.seeds, *table.more):
            for method in ("mixture", "ensemble"):
                yield name, method, "PyTorch", seed
            if name == "concrete":
                yield name, "mixture", "TensorFlow", seed


def rival_run(key):
    """The row of the table of rivals with this key."""
    name, method, library, seed = key
    noise = None
    if name == "concrete, to choose":
        train, test = rivals.choice_rows(seed)
        K, noise = next(c for c in rivals.CHOICE if f"K = {c[0]}, noise {c[1]}" == method)
        kind, size = "diagonal", 1
    else:
        table = rivals.TABLES[name]
        train, test = table.rows(seed)
        K, kind, size = NETWORKS.get(method, (1, "fixed", 0))
        K, noise = K or table.K, table.noise
    if noise:
        n = len(train[0]) - min(np.ceil(0.2 * len(train[0])), 500)  # as `fit` splits
        noise = tuple(level / n**0.5 for level in noise)
    start = time.process_time()
    params, before = line_params(train, test[0]), 0
    if size:
        members = [member(name, library, i, seed, K, kind, noise) for i in range(size)]
        params = mdn_np.combine(*(each for each, _ in members))
        start, before = time.process_time(), sum(seconds for _, seconds in members)
    quantiles = mdn_np.quantile(rivals.LEVELS[:, None], *params)[..., 0]
    log_p = mdn_np.log_prob(test[1], *params)
    seconds = before + time.process_time() - start
    scores = (f"{score:.4f}" for score in rivals.scores(test[1], quantiles, log_p))
    return (*key, *scores, f"{seconds:.1f}")


@lru_cache(maxsize=1)
def member(name, framework, i, seed, *settings):
    """What network i of an ensemble says of the test rows, and its seconds.

    The first one is the single network, too.
    """
    start = time.process_time()
    choose = name == "concrete, to choose"
    rows = rivals.choice_rows if choose else rivals.TABLES[name].rows
    train, (x_test, _) = rows(seed)
    params = network_params(framework, *settings, train, x_test, 10 * seed + i)
    return params, time.process_time() - start


def network_params(framework, K, kind, noise, train, x_test, seed):
    """What one network, trained by `fit`, says of the test rows."""
    if framework == "PyTorch":
        import torch

        from mdn_utils import torch as mdn

        torch.set_num_threads(1)
    else:
        from mdn_utils import tensorflow as mdn
    options, constant = {"noise": kind, "sigma_min": 0.01}, kind == "fixed"
    if constant:
        options = {"noise": kind, "sigma": train[1].std()}
    inputs = train[0].shape[1]
    network = mdn.MixtureDensityNetwork(inputs, 1, K, hidden=(50, 50), **options)
    share = 1 - min(np.ceil(0.2 * len(train[0])), 500) / len(train[0])
    train, held = data.split(*train, seed, (share, 1 - share))
    mdn.fit(network, *train, validation=held, seed=seed, noise=noise, progress=False)

    def predict(x):
        if framework == "PyTorch":
            with torch.no_grad():
                return [a.double().numpy() for a in network(torch.tensor(x).float())]
        return [np.asarray(a, float) for a in network(x)]

    log_pi, mu, log_sigma = predict(x_test)
    if constant:  # the mean is that of least squares, σ that of the rows held out
        residuals = held[1] - predict(held[0])[1][:, 0]
        log_sigma = np.full_like(mu, 0.5 * np.log(np.mean(residuals**2)))
    return log_pi, mu, log_sigma


#: The networks of chapter 13, and one thing changed at a time.
ARM = {"K": 2, "hidden": (50, 50), "sigma_min": 0.001}
ARM_FIT = {"noise": (0, 0)}
ARM_CHANGES = {
    "none": {},
    "noise by fit": {"fit": {"noise": None}},
    "1,000 steps": {"fit": {"steps": 1000}},
    "6,000 steps": {"fit": {"steps": 6000}},
    "learning rate 0.001": {"fit": {"learning_rate": 0.001}},
    "learning rate 0.01": {"fit": {"learning_rate": 0.01}},
    "learning rate 0.02": {"fit": {"learning_rate": 0.02}},
    **{f"σ > {s:g}": {"network": {"sigma_min": s}} for s in (0.1, 0.03, 0.01, 0.0001, 0)},
    "K = 1": {"network": {"K": 1}},
    "K = 3": {"network": {"K": 3}},
    "K = 5": {"network": {"K": 5}},
    "full noise": {"network": {"noise": "full"}},
    "one layer": {"network": {"hidden": (50,)}},
    "three layers": {"network": {"hidden": (50, 50, 50)}},
    "100 units": {"network": {"hidden": (100, 100)}},
}


def robot_jobs():
    """The keys of the networks for the robot arm."""
    for seed in range(100, 110):
        for n in (1000, 10_000):
            for framework in BOTH:
                yield framework, n, "none", seed
    for change in ARM_CHANGES:
        for seed in range(3):
            yield "PyTorch", 1000, change, seed


def robot_run(key):
    """The row of the table of the robot arm with this key."""
    framework, n, change, seed = key
    changed = ARM_CHANGES[change]
    settings = {**ARM, **changed.get("network", {})}
    start = time.process_time()
    predict = robot_network(
        framework,
        settings,
        {**ARM_FIT, **changed.get("fit", {})},
        robot.rows(n, seed, "training"),
        seed,
    )
    seconds = time.process_time() - start
    x, y = robot.rows(10_000, 0, "validation" if seed < 100 else "test")
    params = predict(x)
    scores = {**robot.scores(params, x), "nll": mdn_np.nll(y, *params)}
    numbers = (f"{scores[name]:.5f}" for name in robot.SCORES[:-1])
    return (*key, *numbers, f"{seconds:.1f}")


def robot_network(framework, settings, options, train, seed):
    """A network that takes positions to angles, as a function."""
    if framework == "PyTorch":
        import torch

        from mdn_utils import torch as mdn

        torch.set_num_threads(1)
    else:
        from mdn_utils import tensorflow as mdn
    network = mdn.MixtureDensityNetwork(2, 2, **settings)
    mdn.fit(network, *train, seed=seed, progress=False, **options)

    def predict(x):
        if framework == "PyTorch":
            with torch.no_grad():
                return [a.double().numpy() for a in network(torch.tensor(x).float())]
        return [np.asarray(a, float) for a in network(x)]

    return predict


def rows_jobs():
    """The keys of the networks by how many rows they saw."""
    for framework, seeds in ("PyTorch", range(3)), ("TensorFlow", range(1)):
        for seed in seeds:
            for rows in (1000, 10_000, 100_000, 1_000_000):
                yield framework, "fit", rows, seed
            for rows in (100_000, 1_000_000):
                yield framework, "longer fit", rows, seed
            for rows in (100_000, 1_000_000, 10_000_000):
                yield framework, "stream", rows, seed


def rows_run(key):
    """The row of the table of chapter 15 with this key: in a process of its own."""
    framework, how, n, seed = key
    if framework == "PyTorch":
        import torch

        from mdn_utils import torch as mdn

        torch.set_num_threads(1)
    else:
        import keras
        import tensorflow as tf

        from mdn_utils import tensorflow as mdn
    network = mdn.MixtureDensityNetwork(1, 1, K=10, hidden=(50, 50), sigma_min=0.01)
    size, steps = 256, n // 2560 * 10
    blocks = (scaling.block(i, size, seed) for i in range(1, 1 + steps))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    first = scaling.block(0, 10_000, seed)
    mdn.initialize(network, *first, seed, steepness=1, sigma=0.4, ridge=1)
    if how.endswith("fit"):
        options = {"seed": seed, "progress": False}
        if how == "longer fit":
            options |= {"validation": scaling.block(2, 20_000, seed)}
            options |= {"steps": 12_000, "patience": 3_000}
        mdn.fit(network, *scaling.block(1, n, seed), **options)
    elif framework == "PyTorch":
        adam = torch.optim.Adam(network.parameters(), 0.005)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
        for x, y in blocks:
            adam.zero_grad()
            mdn.nll(torch.tensor(y).float(), *network(torch.tensor(x).float())).backward()
            adam.step()
            schedule.step()
    else:
        spec = tf.TensorSpec((size, 1), tf.float32)
        batches = tf.data.Dataset.from_generator(
            lambda: blocks, output_signature=(spec, spec)
        )
        rate = keras.optimizers.schedules.CosineDecay(0.005, steps)
        network.compile(keras.optimizers.Adam(rate), steps_per_execution=10)
        network.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
    seconds = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    x, y = scaling.block(0, 10_000, seed=99)
    inputs = x
    if framework == "PyTorch":
        inputs, network = torch.tensor(x).float(), network.requires_grad_(False)
    gap = float(mdn.nll(y, *network(inputs))) + np.log(scaling.problem.pdf(y, x)).mean()
    return (*key, f"{gap:.4f}", f"{memory:.0f}", f"{seconds:.0f}")


def many_rows():
    """Go on with the table of chapter 15, each run in a process of its own."""
    if not MANY.exists():
        head = "# Gap to the floor [nats], peak memory [MB], seconds of a core: make study"
        MANY.write_text(f"{head}\n# {versions()}\n{','.join(scaling.COLUMNS)}\n")
    wanted = [key for key in rows_jobs() if key not in scaling.stored()]
    print(f"{len(wanted)} networks by rows to go", flush=True)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as worker:
        for row in worker.imap(rows_run, wanted):
            write([row], MANY)


def line_params(train, x_test):
    """A straight line with a constant σ, by least squares, as a mixture of one."""
    (x, y), one = train, np.ones((len(x_test), 1))
    slopes = np.linalg.lstsq(np.insert(x, 0, 1, axis=1), y)[0]
    sigma = np.std(y - np.insert(x, 0, 1, axis=1) @ slopes)
    mu = np.insert(x_test, 0, 1, axis=1) @ slopes
    return 0 * one, mu[:, None], np.log(sigma) * one[..., None]


def versions():
    """Of what trained the networks."""
    names = ("numpy", "scipy", "tensorflow", "keras", "torch")
    found = [f"{name} {version(name)}" for name in names]
    return ", ".join([f"Python {platform.python_version()}", *found])


def write(rows, table=TABLE):
    """Start the table with its versions, or go on with it."""
    if not TABLE.exists():
        head = "# NLL of test rows [nats], less its floor where that is known: make study"
        made_by = f"{versions()}, ngboost 0.6.0"
        TABLE.write_text(f"{head}\n# {made_by}\n{','.join(COLUMNS)}\n")
    with table.open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def compare():
    """Go on with the table of rivals, in one process: times are comparable."""
    if not RIVALS.exists():
        head = "# Scores of test rows, NLL in nats, seconds of one core: make study"
        others = "scikit-learn 1.6.1, statsmodels 0.15.0, ngboost 0.6.0, zuko 1.6.0"
        RIVALS.write_text(f"{head}\n# {versions()}, {others}\n{','.join(rivals.COLUMNS)}\n")
    done = rivals.stored()
    wanted = [key for key in rival_jobs() if key not in done]
    print(f"{len(wanted)} runs beside rivals to go, {len(done)} done", flush=True)
    for key in wanted:
        write([rival_run(key)], RIVALS)
    for record in elsewhere("compare", *("/".join(map(str, key)) for key in done)):
        write([record], RIVALS)


def robots(workers):
    """Go on with the table of the robot arm."""
    if not ROBOT.exists():
        head = "# RMS distances of the hand, arm of length 1, NLL in nats: make study"
        ROBOT.write_text(f"{head}\n# {versions()}\n{','.join(robot.COLUMNS)}\n")
    done = robot.stored()
    wanted = [key for key in robot_jobs() if key not in done]
    print(f"{len(wanted)} networks for the arm to go, {len(done)} done", flush=True)
    for row in workers(robot_run, wanted):
        write([row], ROBOT)


def rate_run(key):
    """The row of the table of learning rates with this key: `fit` on 300 rows."""
    import torch

    from mdn_utils import torch as mdn

    torch.set_num_threads(1)
    rate, seed = key
    sine = problems.SineInverse()
    x, y = sine.sample(300, np.random.default_rng(9))
    held = sine.sample(1000, np.random.default_rng(94))
    network = mdn.MixtureDensityNetwork(1, 1, K=10, hidden=(50, 50), sigma_min=0.01)
    options = {"seed": seed, "noise": (0.03, 0.03), "validation": held, "progress": False}
    options |= {"steps": SCORED[-1], "patience": SCORED[-1]}
    history = mdn.fit(network, x, y, learning_rate=rate, **options)
    gap = history["validation"] + np.log(sine.pdf(held[1], held[0])).mean()
    gaps = dict(zip(history["step"].tolist(), gap, strict=True))
    return (*key, *(f"{gaps[step]:.3f}" for step in SCORED))


def rates(workers):
    """Go on with the table of learning rates."""
    if not RATES.exists():
        head = "# NLL of validation rows less its floor [nats], by step: make study"
        names = ",".join(["learning rate", "seed", *map(str, SCORED)])
        RATES.write_text(f"{head}\n# {versions()}\n{names}\n")
    done = {row[:2] for row in interactive.stored_rates()[1]}
    wanted = [(r, s) for r in LEARNING_RATES for s in range(5) if (r, s) not in done]
    print(f"{len(wanted)} learning rates to go, {len(done)} done", flush=True)
    for row in workers(rate_run, wanted):
        write([row], RATES)


def pool():
    """All cores of this machine, or of the cluster of Ray that RAY_ADDRESS names."""
    if "RAY_ADDRESS" in os.environ:
        from ray.util.multiprocessing import Pool

        return Pool(maxtasksperchild=50)
    context = multiprocessing.get_context("spawn")
    return context.Pool(os.cpu_count(), maxtasksperchild=50)


def main(parts):
    done = suite.study() if TABLE.exists() else {}
    wanted = [key for key in jobs() if key not in done and (not parts or key[0] in parts)]
    print(f"{len(wanted)} runs to go, {len(done)} done", flush=True)
    with pool() as workers:
        for i, row in enumerate(workers.imap_unordered(run, wanted), start=1):
            write([row])
            if i % 50 == 0:
                print(f"{i} of {len(wanted)}", flush=True)
        if not parts or "robot" in parts:
            robots(workers.imap_unordered)
        if not parts or "rates" in parts:
            rates(workers.imap)
    if not parts or "tables" in parts:
        write(row for row in ngboost() if row[:6] not in done)
    if not parts or "rivals" in parts:
        compare()
    if not parts or "rows" in parts:
        many_rows()


if __name__ == "__main__":
    os.environ |= {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    main(sys.argv[1:])
