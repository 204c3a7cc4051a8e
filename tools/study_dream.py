"""Run the study behind chapter 14 and store its table: `make study` calls it.

python tools/study_dream.py

Each seed draws its own episodes and trains its own M, the rivals of M, and controllers
inside the dream for several τ, in the world, and without parts. What the table holds
already is not run again.

`floor`       how far above the exact NLL the best model of a simpler kind is
`model`       how far the NLL is above the exact one, paired, on fresh episodes from step 5
              on; and the share of samples within the 99% ball around a possible frame
`controller`  mean steps survived by 1,000 fresh episodes: in the dream, in the world, and
              in the world whose bars are tempered
"""

import csv
import multiprocessing
import os
from functools import cache
from importlib.metadata import version

import numpy as np
from study import TABLE, versions

from mdn_book import dream, tunnel
from mdn_utils import numpy as mdn_np

DREAMS = TABLE.with_name("dream.csv")
COLUMNS = ("kind", "name", "seed", "gap", "share", "dream", "world", "tempered")
TAUS = (0.1, 0.5, 0.75, 1.0, 1.15, 1.3)
MODELS = (
    "shared",
    "one for each dimension",
    "one Gaussian",
    "no memory",
    "K = 16",
    "K = 8",
)
CONTROLLERS = (*(f"τ = {tau}" for tau in TAUS), "one Gaussian, τ = 1",
               "long search, τ = 1", "in the world",
               "in the world, z alone", "in the world, M untrained",
               "in the world, long search",
               "in the world, long search, 8 hidden units")  # fmt: skip
SEEDS = range(100, 105)
COLD = "τ = 0.1, more"  # how often C learns something in a cold dream
MORE_SEEDS = range(105, 120)


def jobs():
    """The keys of all runs, one list for each training of M's."""
    for seed in SEEDS:
        yield [
            *(("floor", name, seed) for name in MODELS[1:4]),
            *(("model", name, seed) for name in MODELS),
            *(("controller", name, seed) for name in CONTROLLERS),
        ]
    for seed in MORE_SEEDS:
        yield [("controller", COLD, seed)]


@cache
def episodes(seed):
    """Inputs, next z and hits of 20,000 episodes to train on, V and mean."""
    rng = np.random.default_rng(seed)
    frames, a, hit = tunnel.episodes(20_000, 33, rng)
    V, mean, _ = tunnel.pca(frames[:2000, 5:])
    z = (frames - mean) @ V.T
    return dream.inputs(z[:, :-1], a[:, :-1]), z[:, 1:], hit[:, :-1], V, mean


def rival(name, inputs, D, units=48):
    """M, or what one would put in its place, in PyTorch."""
    import torch

    from mdn_book.memory_torch import Memory
    from mdn_utils import torch as mdn

    class OneForEach(Memory):
        """Each dimension has a mixture of its own: D is one more batch axis."""

        def __init__(self):
            super().__init__(inputs, D, units=units)
            self.head = torch.nn.ModuleList(mdn.MDNHead(units, 1, 32) for _ in range(D))

        def forward(self, x):
            h, _ = self.gru(x)
            parts = zip(*(head(h) for head in self.head), strict=True)
            return [torch.stack(part, dim=2) for part in parts], self.hit(h)[..., 0]

        def loss_of(self, x, z_next, hit):
            params, _ = self(x)
            return D * mdn.nll(z_next[..., None], *params)

    class Layer(torch.nn.Linear):
        def forward(self, x):
            return torch.tanh(super().forward(x)), None

    if name == "one for each dimension":
        return OneForEach()
    K = {"one Gaussian": 1, "K = 16": 16, "K = 8": 8}.get(name, 32)
    model = Memory(inputs, D, K, units)
    if name == "no memory":
        model.gru = Layer(inputs, units)
    return model


def trained(name, seed):
    """A trained model, and the dictionary that it exports, if it has one."""
    import torch

    from mdn_book import memory_torch

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    x, z_next, hit, V, mean = episodes(seed)
    model = rival(name, x.shape[-1], z_next.shape[-1])
    memory_torch.train(model, x, z_next, hit, seed=seed)
    if name in ("one for each dimension", "no memory"):
        return model, None
    return model, {**memory_torch.export(model), "V": V, "mean": mean}


@cache
def fresh(seed):
    """Inputs and next z of 2,000 episodes to judge on, and the exact mixture."""
    *_, V, mean = episodes(seed)
    frames, a, _ = tunnel.episodes(2000, 33, np.random.default_rng([seed, 1]))
    z = (frames - mean) @ V.T
    exact = tunnel.Filter(V, mean)
    mixture = exact.mixture(exact.log_weights(z, a)[:, :-1])
    return dream.inputs(z[:, :-1], a[:, :-1]), z[:, 1:], mixture


def floor(name, seed):
    """The gap of the best model of a simpler kind."""
    _, y, (log_pi, mu, log_sigma) = fresh(seed)
    log_p = mdn_np.log_prob(y, log_pi, mu, log_sigma)
    return (log_p - tunnel.simpler(y, log_pi, mu)[name])[:, 5:].mean()


def judged(model, seed):
    """The gap, and the share of samples within the 99% ball of a possible frame."""
    import torch

    x, y, (log_pi, mu, log_sigma) = fresh(seed)
    with torch.no_grad():
        params = [p.double().numpy() for p in model(torch.tensor(x).float())[0]]
    log_p = mdn_np.log_prob(y, log_pi, mu, log_sigma)
    if params[1].ndim == 5:  # a mixture for each dimension
        log_q = mdn_np.log_prob(y[..., None], *params).sum(axis=-1)
        drawn = mdn_np.sample(*params, n=1, seed=seed)[0, ..., 0]
    else:
        log_q = mdn_np.log_prob(y, *params)
        drawn = mdn_np.sample(*params, n=1, seed=seed)[0]
    share = tunnel.near_a_frame(drawn[:, 5:], log_pi[:, 5:], mu)
    return (log_p - log_q)[:, 5:].mean(), share


def features(model, seed, n=500):
    """Mean and standard deviation of z and h along random episodes."""
    frames, a, _ = tunnel.episodes(n, 33, np.random.default_rng([seed, 2]))
    z, h, found = (
        (frames - model["mean"]) @ model["V"].T,
        np.zeros((n, len(model["R"]))),
        [],
    )
    for t in range(33):
        found.append(np.concatenate([z[:, t], h], axis=1))
        h = dream.gru(model, dream.inputs(z[:, t], a[:, t]), h)
    found = np.concatenate(found[5:])
    return found.mean(axis=0), found.std(axis=0) + 1e-6


def played(name, models, seed):
    """A controller's mean scores in the dream, the world and the tempered world."""
    import torch

    from mdn_book import memory_torch

    model, tau, rest = models["shared"], 1.0, {}
    if name.startswith("τ"):
        tau = float(name[4:].removesuffix(", more"))  # else 1, or the world
    if name.startswith("one Gaussian"):
        model = models["one Gaussian"]
    if name.endswith("untrained"):
        torch.manual_seed(seed)
        fresh = rival("shared", 27, 6)
        model = {**model, **memory_torch.export(fresh)}
    shift, scale = features(model, seed)
    if name.endswith("alone"):
        shift, scale = shift[:6], scale[:6]
    if "long search" in name:
        rest = {"generations": 300, "episodes": 32}
    if name.endswith("hidden units"):
        rest["hidden"] = 8
    real = name.startswith("in the world")

    def play(controller, shape, rng):
        if real:
            return dream.in_the_world(model, controller, shape, rng)
        return dream.in_the_dream(model, controller, shape, tau, rng)

    best, _ = dream.evolve(play, shift, scale, seed, **rest)
    rng = np.random.default_rng([seed, 3])
    world = dream.in_the_world(model, best, (1000,), rng).mean()
    if real:
        return "", world, ""
    bar = tunnel.tempered(tau)
    dreamed = dream.in_the_dream(model, best, (1000,), tau, rng).mean()
    return dreamed, world, dream.in_the_world(model, best, (1000,), rng, bar).mean()


def run(wanted):
    """Rows of the table for the keys of one seed that are missing."""
    seed, rows, models = wanted[0][2], [], {}
    names = {name for kind, name, _ in wanted if kind == "model"}
    played_in = [name for kind, name, _ in wanted if kind == "controller"]
    if played_in:
        names.add("shared")
    if any(name.startswith("one Gaussian") for name in played_in):
        names.add("one Gaussian")
    for name in sorted(names, key=MODELS.index):
        model, models[name] = trained(name, seed)
        if ("model", name, seed) in wanted:
            rows.append(("model", name, seed, *judged(model, seed), "", "", ""))
    for kind, name, _ in wanted:
        if kind == "floor":
            rows.append((kind, name, seed, floor(name, seed), "", "", "", ""))
        if kind == "controller":
            rows.append((kind, name, seed, "", "", *played(name, models, seed)))
    return [[v if isinstance(v, str | int) else f"{v:.4f}" for v in row] for row in rows]


def main():
    done = dream.study() if DREAMS.exists() else {}
    if not DREAMS.exists():
        head = "# M and C of the tunnel: gaps in nats, scores in steps: make study"
        DREAMS.write_text(
            f"{head}\n# {versions()}, cma {version('cma')}\n{','.join(COLUMNS)}\n"
        )
    wanted = [[key for key in keys if key not in done] for keys in jobs()]
    wanted = [keys for keys in wanted if keys]
    print(f"{sum(map(len, wanted))} dreams to go, {len(done)} done", flush=True)
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count()) as pool, DREAMS.open("a", newline="") as file:
        for rows in pool.imap_unordered(run, wanted):
            csv.writer(file, lineterminator="\n").writerows(rows)
            file.flush()
            print(rows[0][2], "done", flush=True)


if __name__ == "__main__":
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    main()
