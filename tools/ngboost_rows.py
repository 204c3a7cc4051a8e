# /// script
# dependencies = ["ngboost==0.6.0", "numpy==2.4.6", "scipy==1.17.1"]
# requires-python = ">=3.11"
# ///
"""What NGBoost, with a Normal, scores on the tables of the study: JSON lines on stdout.

uv run --script tools/ngboost_rows.py    in an environment of its own; `make study` does it

Early stopping looks at the validation rows that `fit` looks at, too.
"""

import json
import sys
from pathlib import Path

import numpy as np
from ngboost import NGBRegressor

sys.path.insert(0, str(Path(__file__).parents[1] / "book"))
from mdn_book import data


def nll(train, validation, test, seed):
    """The test NLL, in nats and units of the data."""
    model = NGBRegressor(n_estimators=2000, random_state=seed, verbose=False)
    (x, y), (x_validation, y_validation), (x_test, y_test) = (
        (x, y[:, 0]) for x, y in (train, validation, test)
    )
    model.fit(x, y, x_validation, y_validation, early_stopping_rounds=50)
    # with its own default, the last round, it scores no better
    predicted = model.pred_dist(x_test, max_iter=model.best_val_loss_itr)
    return -float(np.mean(predicted.logpdf(y_test)))


if __name__ == "__main__":
    for name, (load, seeds) in data.TABLES.items():
        for seed in seeds:
            score = nll(*data.split(*load(), seed), seed)
            print(json.dumps({"table": name, "seed": seed, "nll": score}), flush=True)
