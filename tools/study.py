"""Run the study of chapter 9 over ten seeds, in both frameworks, and store its table.

python tools/study.py [GROUP | FRAMEWORK ...]    all if none is named; other rows are kept

The functions that draw, train and judge are those of the chapter itself: its cells tagged
`study` are executed here. What is here is only which settings are compared.
"""

import csv
import platform
import sys
import time
from functools import partial
from importlib.metadata import version
from itertools import pairwise

import chapters
import numpy as np

from mdn_book import weights

CHAPTER = next(chapters.BOOK.glob("*_training_reliably.ipynb"))
TABLE = chapters.BOOK / "mdn_book" / "training_study.csv"
SEEDS = range(10)
TAGS = {"TensorFlow": "tensorflow", "PyTorch": "pytorch"}
ENDINGS = {"TensorFlow": "tf", "PyTorch": "torch"}
SCALING = ("x_mean", "x_scale", "y_mean", "y_scale")

#: What the chapter varies. `parts` of the start are taken from `initialize`, the others are
#: PyTorch's default: every weight and bias of a layer uniform between ±1/√inputs.
RECIPE = {
    "N": 4000,
    "hidden": (50, 50, 50),
    "K": 26,
    "units": 1.0,  # the target is multiplied by this
    "standardize": True,
    "parts": ("steps", "layers", "means", "sigma", "heads"),
    "means": None,  # all means at this place
    "sigma": None,  # all σ at this value
    "steps": 1000,
    "size": 400,
    "peak": 0.002,
    "warmup": 0,
    "decay": True,
    "clip": None,
    "sigma_floor": 0.0,
    "noise": 0.0,
    "early": False,
    "average": False,
}
CARELESS = RECIPE | {
    "hidden": (50,),
    "standardize": False,
    "parts": (),
    "peak": 0.01,
    "decay": False,
}
FRESH = {"steps": 4000, "size": 500, "hidden": (100, 100, 100)}


def careless(**change):
    return CARELESS | change


def recipe(**change):
    return RECIPE | change


def without(part):
    return recipe(parts=tuple(p for p in RECIPE["parts"] if p != part))


GROUPS = {
    "rate": {f"{r:g}": careless(peak=r) for r in (0.001, 0.003, 0.01, 0.03, 0.1)},
    "means": {
        "default": careless(peak=0.003),
        "all at 0.5": careless(peak=0.003, means=0.5),
        "all at 5": careless(peak=0.003, means=5.0),
        "spread": careless(peak=0.003, parts=("means",)),
    },
    "sigma": {f"{s:g}": careless(peak=0.003, sigma=s) for s in (0.001, 0.01, 0.1, 1, 10)},
    "K": {f"{k}": careless(peak=0.003, K=k) for k in (2, 5, 10, 26, 100)},
    "units": {f"{u:g}": careless(peak=0.003, units=u) for u in (0.01, 0.1, 1, 10, 100)},
    "alone": {
        "nothing": CARELESS,
        "standardize": careless(standardize=True),
        "spread steps": careless(parts=("steps",)),
        "spread means": careless(parts=("means",)),
        "small sigma": careless(parts=("sigma",)),
        "small heads": careless(parts=("heads",)),
        "warm-up": careless(warmup=50),
        "cosine decay": careless(decay=True),
        "clipping": careless(clip=1.0),
        "sigma floor": careless(sigma_floor=0.005),
        "noise": careless(noise=0.03),
        "early stopping": careless(early=True),
        "averaging": careless(average=True),
        "three layers": careless(hidden=RECIPE["hidden"]),
        "more data": careless(N=16_000),
    },
    "without": {
        "recipe": RECIPE,
        "standardize": recipe(standardize=False),
        "spread steps": without("steps"),
        "spread means": without("means"),
        "small sigma": without("sigma"),
        "small heads": without("heads"),
        "larger inner weights": without("layers"),
        "cosine decay": recipe(decay=False),
        "three layers": recipe(hidden=(50,)),
    },
    "added": {
        "warm-up": recipe(warmup=50),
        "clipping": recipe(clip=1.0),
        "sigma floor": recipe(sigma_floor=0.02),
        "noise": recipe(noise=0.03),
        "early stopping": recipe(early=True),
        "averaging": recipe(average=True),
        "averaging for cosine": recipe(average=True, decay=False),
        "wider layers": recipe(hidden=(100, 100, 100)),
        "rate x 5": recipe(peak=0.01),
        "twice the steps": recipe(steps=2000),
        "noise and more steps": recipe(noise=0.03, steps=2000),
        "more data": recipe(N=16_000),
    },
    "few": {
        "recipe": recipe(N=500),
        "half the steps": recipe(N=500, steps=500),
        "noise": recipe(N=500, noise=0.1),
        "early stopping": recipe(N=500, early=True),
    },
    "fresh": {"4,000 steps": FRESH},
}


def chapter(framework):
    """The names that the chapter's cells of one framework define."""
    other = set(TAGS.values()) - {TAGS[framework]}
    names = {"__name__": "chapter"}
    for cell in chapters.read(CHAPTER).cells:
        tags = set(cell.metadata.get("tags", []))
        if "study" in tags and not tags & other:
            exec(compile(cell.source, f"{CHAPTER.name}", "exec"), names)
    ending = ENDINGS[framework]
    for name in ("start", "train", "log_density"):
        names[name] = names[f"{name}_{ending}"]
    names["copy"] = {"tf": weights.to_keras, "torch": weights.to_torch}[ending]
    return names


def default_weights(rng, hidden, K):
    """PyTorch's default: kernels (inputs, units) and biases, U(-1, 1) / √inputs."""
    widths = [1, *hidden]
    sizes = [*pairwise(widths), *[(widths[-1], K)] * 3]
    return [
        rng.uniform(-1, 1, shape) / inputs**0.5
        for inputs, units in sizes
        for shape in ((inputs, units), units)
    ]


def mix(good, plain, setting):
    """The plain weights, with some parts of the good ones."""
    weights = list(plain)
    places = {
        "steps": (0, 1),
        "layers": range(2, len(plain) - 6),
        "means": (-3,),
        "sigma": (-1,),
        "heads": (-6, -5, -4, -2),
    }
    for part in setting["parts"]:
        for i in places[part]:
            weights[i] = good[i]
    if setting["means"] is not None:
        weights[-3] = np.full_like(weights[-3], setting["means"])
    if setting["sigma"] is not None:
        weights[-1] = np.full_like(weights[-1], np.log(setting["sigma"]))
    return weights


def initialized(network):
    """The weights that `initialize` gave, for data as they are; the network's scaling goes.

    Whether to standardize is one of the things compared, so no network does it by itself.
    """
    keras = hasattr(network, "get_weights")
    if keras:
        weights = [v.numpy() for v in network.trainable_variables]
    else:
        weights = [p.detach().numpy().T for p in network.parameters()]
    x_mean, x_scale, y_mean, y_scale = (
        getattr(network, name).numpy().copy() for name in SCALING
    )
    weights[0] = weights[0] / x_scale[:, None]
    weights[1] = weights[1] - x_mean @ weights[0]
    weights[-3] = y_mean + y_scale * weights[-3]
    weights[-1] = np.log(y_scale) + weights[-1]
    for name, neutral in zip(SCALING, (0, 1, 0, 1), strict=True):
        scaling = getattr(network, name)
        (scaling.assign if keras else scaling.copy_)(0 * scaling + neutral)
    return weights


def run(names, setting, seeds=SEEDS):
    """The test gap of each seed."""
    s = setting
    t, x = names["draw"](seeds, s["N"])
    x = s["units"] * x
    t_scale, x_scale = (names["scale_of"](a) for a in (t, x))
    if not s["standardize"]:
        t_scale, x_scale = (
            (np.zeros_like(a), np.ones_like(a)) for a, _ in (t_scale, x_scale)
        )
    z, y = names["standardize"](t, t_scale), names["standardize"](x, x_scale)

    networks = names["start"](
        z, y, seeds, s["hidden"], K=s["K"], sigma_floor=s["sigma_floor"]
    )
    for seed, network in zip(seeds, networks, strict=True):
        plain = default_weights(np.random.default_rng([92, seed]), s["hidden"], s["K"])
        names["copy"](network, mix(initialized(network), plain, s))

    held = s["N"] // 10 if s["early"] else 0
    pairs = names["batches"](
        z[:, held:], y[:, held:], s["steps"], s["size"], seeds, s["noise"]
    )
    rates = names["rates"](s["steps"], s["peak"], s["warmup"], s["decay"])
    every = 25 if s["early"] or s["average"] else s["steps"]
    snapshots = names["train"](networks, pairs, rates, s["clip"], every)

    x_scale = tuple(a / s["units"] for a in x_scale)  # judged in the data's units
    judge = partial(names["gaps"], names["log_density"], networks)
    if s["early"]:
        each = np.array([judge(w, t_scale, x_scale) for w in snapshots.values()])
        held_out = [
            names["log_density"](networks, w, z[:, :held], y[:, :held]).mean(axis=1)
            for w in snapshots.values()
        ]
        return each[np.argmax(held_out, axis=0), np.arange(len(seeds))]
    final = snapshots[s["steps"]]
    if s["average"]:
        final = average(list(snapshots.values())[-10:])
    return judge(final, t_scale, x_scale)


def average(snapshots):
    """The mean of several sets of weights."""
    if isinstance(snapshots[0], dict):
        return {
            name: sum(w[name] for w in snapshots) / len(snapshots) for name in snapshots[0]
        }
    return [sum(w) / len(snapshots) for w in zip(*snapshots, strict=True)]


def run_fresh(names, setting, seeds=SEEDS):
    """The test gap of each seed, where no pair is seen twice."""
    functions = (names[name] for name in ("start", "train", "log_density"))
    return names["fresh_gaps"](*functions, seeds, **setting)


def read():
    """The stored table: {(framework, group, setting): gaps}."""
    if not TABLE.exists():
        return {}
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return {
        tuple(row[:3]): [float(gap) for gap in row[3:]] for row in csv.reader(lines[1:])
    }


def write(table):
    names = ("numpy", "tensorflow", "keras", "torch")
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in names]
    order = [
        (framework, group, setting)
        for group, settings in GROUPS.items()
        for setting in settings
        for framework in TAGS
    ]
    with TABLE.open("w", newline="") as file:
        print("# Test gap [nats] of each seed: made by  make study", file=file)
        print(f"# {', '.join(versions)}", file=file)
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["framework", "group", "setting", *SEEDS])
        for key in filter(table.__contains__, order):
            rows.writerow([*key, *(f"{gap:.4f}" for gap in table[key])])


def main(wanted):
    table = read()
    for framework in [name for name in TAGS if name in wanted] or TAGS:
        names = chapter(framework)
        for group in [name for name in GROUPS if name in wanted] or GROUPS:
            for setting, options in GROUPS[group].items():
                start = time.process_time()
                gaps = (run_fresh if group == "fresh" else run)(names, options)
                table[framework, group, setting] = gaps
                write(table)
                seconds = time.process_time() - start
                print(
                    f"{framework:>10}, {group:>7}, {setting:>22}: median "
                    f"{np.median(gaps):.3f}, worst {np.max(gaps):.3f}, {seconds:.0f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
