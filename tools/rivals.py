# /// script
# dependencies = [
#   "ngboost==0.6.0", "numpy==2.4.6", "scikit-learn==1.6.1", "scipy==1.17.1",
#   "statsmodels==0.15.0", "torch==2.13.0", "tqdm==4.70.1", "zuko==1.6.0",
# ]
# requires-python = ">=3.11"
# ///
"""What other methods score on the tables of the studies: JSON lines on stdout.

uv run --script tools/rivals.py tables           NGBoost on the tables of chapter 9
uv run --script tools/rivals.py compare [DONE]   four methods on those of chapter 12

`make study` does both, in an environment of its own. What a method has to choose, such as
its bandwidth or when to stop, it chooses on rows of the training part.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import zuko
from ngboost import NGBRegressor
from scipy import stats
from scipy.special import logsumexp
from sklearn.ensemble import HistGradientBoostingRegressor
from statsmodels.nonparametric.kernel_density import KDEMultivariateConditional

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "book")]
from mdn_book import data, rivals  # noqa: E402


def nll(train, validation, test, seed):
    """The test NLL of NGBoost with a Normal, in nats and units of the data."""
    predicted = boosted(train, validation, test[0], seed)
    return -float(np.mean(predicted.logpdf(test[1][:, 0])))


def boosted(train, validation, x_test, seed):
    """The Normals that NGBoost predicts, stopped early on the validation rows."""
    model = NGBRegressor(n_estimators=2000, random_state=seed, verbose=False)
    (x, y), (x_validation, y_validation) = ((x, y[:, 0]) for x, y in (train, validation))
    model.fit(x, y, x_validation, y_validation, early_stopping_rounds=50)
    # with its own default, the last round, it scores no better
    return model.pred_dist(x_test, max_iter=model.best_val_loss_itr)


def split(x, y, seed):
    """A fifth of the rows, 500 at most, is held out, as `fit` does it."""
    share = 1 - min(np.ceil(0.2 * len(x)), 500) / len(x)
    return data.split(x, y, seed, (share, 1 - share))


# Each method gives the quantiles (19, N) of the test rows, and their log densities (N,)


def boosting(train, test, seed):
    predicted = boosted(*split(*train, seed), test[0], seed)
    quantiles = [predicted.ppf(level) for level in rivals.LEVELS]
    return np.array(quantiles), predicted.logpdf(test[1][:, 0])


def quantile_regression(train, test, seed):
    """Gradient boosting of the pinball loss, one model for each level."""

    def predict(level):
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=level, early_stopping=True, validation_fraction=0.2,
            learning_rate=0.05, max_iter=1000, min_samples_leaf=10, random_state=seed,
        )  # fmt: skip
        return model.fit(train[0], train[1][:, 0]).predict(test[0])

    return np.sort([predict(level) for level in rivals.LEVELS], axis=0), None


def kernels(train, test, seed):
    """Σ_n w_n(x) N(y | y_n, h²), w_n(x) by a normal kernel in x: a mixture of all rows.

    The bandwidths are those of the normal reference rule, times two factors that the held
    out rows choose.
    """
    fitted, held = split(*train, seed)
    (x, y), best = fitted, (-np.inf, None)
    unequal = [j for j in range(x.shape[1]) if np.ptp(x[:, j]) > 0]
    types = "c" * len(unequal)
    rule = KDEMultivariateConditional(y, x[:, unequal], "c", types, "normal_reference").bw
    rule = np.asarray(rule)

    def log_p(x, y, h, x_new, y_new):
        parts = []
        for i in range(0, len(x_new), 200):
            d = (x_new[i : i + 200, None, unequal] - x[:, unequal]) / h[1:]
            weight = -0.5 * (d**2).sum(axis=-1)
            weight -= logsumexp(weight, axis=1, keepdims=True)
            each = stats.norm.logpdf(y_new[i : i + 200], y[:, 0], h[0])
            parts.append(logsumexp(weight + each, axis=1))
        return np.concatenate(parts)

    for on_y in (0.125, 0.25, 0.5, 1):
        for on_x in (0.25, 0.5, 1, 2):
            h = rule * np.append(on_y, np.full(len(unequal), on_x))
            score = np.maximum(log_p(x, y, h, *held), -1e3).mean()
            best = max(best, (score, (on_y, on_x)), key=lambda found: found[0])
    on_y, on_x = best[1]
    h = rule * np.append(on_y, np.full(len(unequal), on_x))
    found = log_p(x, y, h, *test)
    same = KDEMultivariateConditional(y, x[:, unequal], "c", types, h)
    few = same.pdf(test[1][:5], test[0][:5, unequal])
    assert np.allclose(np.log(few), found[:5], rtol=1e-4)

    grid = np.linspace(y.min() - 5 * h[0], y.max() + 5 * h[0], 600)
    steps, quantiles = stats.norm.cdf(grid, y, h[0]), []
    for x_new in test[0][:, unequal]:
        weight = -0.5 * (((x_new - x[:, unequal]) / h[1:]) ** 2).sum(axis=-1)
        cdf = np.exp(weight - logsumexp(weight)) @ steps
        quantiles.append(np.interp(rivals.LEVELS, cdf, grid))
    return np.transpose(quantiles), found


def flow(train, test, seed):
    """A neural spline flow, given x, stopped early; in standard units, as `fit` does."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    fitted, held = split(*train, seed)
    scale = [(a.mean(axis=0), a.std(axis=0)) for a in fitted]

    def tensors(rows):
        return [
            torch.tensor((a - m) / s).float() for a, (m, s) in zip(rows, scale, strict=True)
        ]

    (x, y), (x_held, y_held), (x_test, y_test) = map(tensors, (fitted, held, test))
    inputs = x.shape[1]
    model = zuko.flows.NSF(1, inputs, transforms=2, bins=8, hidden_features=(50, 50))
    adam = torch.optim.Adam(model.parameters(), 0.002)
    best, state, waited = np.inf, None, 0
    for step in range(1, 3001):
        batch = torch.randint(len(x), (256,)) if len(x) > 256 else slice(None)
        loss = -model(x[batch]).log_prob(y[batch]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step % 20 == 0:
            with torch.no_grad():
                score = -model(x_held).log_prob(y_held).mean().item()
            waited += 20
            if score < best:
                state = {k: v.clone() for k, v in model.state_dict().items()}
                best, waited = score, 0
            if waited >= 500:
                break
    model.load_state_dict(state)
    mean, spread = (float(a[0]) for a in scale[1])
    with torch.no_grad():
        given = model(x_test)
        log_p = given.log_prob(y_test).double().numpy() - np.log(spread)
        z = torch.tensor(stats.norm.ppf(rivals.LEVELS)).float()
        z = z[:, None, None].expand(-1, len(x_test), 1)
        quantiles = given.transform.inv(z)[..., 0].double().numpy()
    return np.sort(quantiles * spread + mean, axis=0), log_p


METHODS = dict(
    zip(rivals.OTHERS, (quantile_regression, kernels, boosting, flow), strict=True)
)


def compare(done):
    """Lists of what a row of the table of rivals holds."""
    for name, table in rivals.TABLES.items():
        for seed in table.seeds:
            for key, method in METHODS.items():
                if "/".join((name, *key, str(seed))) in done:
                    continue
                train, test = table.rows(seed)
                start = time.process_time()
                found = rivals.scores(test[1], *method(train, test, seed))
                seconds = time.process_time() - start
                numbers = ["" if np.isnan(a) else f"{a:.4f}" for a in found]
                yield [name, *key, seed, *numbers, f"{seconds:.1f}"]


if __name__ == "__main__":
    if sys.argv[1] == "tables":
        for name, (load, seeds) in data.TABLES.items():
            for seed in seeds:
                score = nll(*data.split(*load(), seed), seed)
                print(json.dumps({"table": name, "seed": seed, "nll": score}), flush=True)
    else:
        for row in compare(sys.argv[2:]):
            print(json.dumps(row), flush=True)
