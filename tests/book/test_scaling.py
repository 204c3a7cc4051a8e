"""Chapter 15: its scripts in one process and in two, and its stored table."""

import os
import re
import subprocess
import sys
import time

import chapters
import numpy as np
import psutil
import pytest
import study

from mdn_book import scaling

# Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")

EPOCHS, STEPS = 6, 50
SCRIPTS = {"PyTorch": "ddp_torch", "TensorFlow": "multiworker_tensorflow"}
CLOSE = 1e-6  # in float64: 50 steps let rounding grow tenfold; a lost batch gives 1e-3


def start(framework, folder, processes, epochs=EPOCHS, dtype="float64"):
    """The run, as its docstring starts it; all it prints goes into a file."""
    python, module = [sys.executable], ["-m", f"mdn_book.{SCRIPTS[framework]}", str(folder)]
    options = [str(epochs), dtype]
    if framework == "TensorFlow":
        options.insert(0, str(processes))
    elif processes > 1:
        python += ["-m", "torch.distributed.run", "--standalone"]
        python += [f"--nproc-per-node={processes}", "--monitor-interval=0.1"]
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    path = os.pathsep.join(map(str, (chapters.ROOT, chapters.BOOK)))
    env = {**os.environ, "PYTHONPATH": path, **dict.fromkeys(threads, "1")}
    folder.mkdir(exist_ok=True)
    with open(f"{folder}.log", "a") as log:
        return subprocess.Popen(
            [*python, *module, *options], stdout=log, stderr=log, env=env
        )


def finish(run, folder):
    try:
        code = run.wait(timeout=300)
    finally:
        run.terminate()  # torchrun and the script end their processes, too
    log = folder.with_suffix(".log").read_text()
    assert code == 0, log
    return log


def result(framework, folder):
    """The loss of each step, and the trained weights, from the last checkpoint."""
    if framework == "PyTorch":
        import torch

        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        weights = [w.numpy() for name, w in state["network"].items() if name[1] != "_"]
        return np.array(state["losses"]), weights
    import tensorflow as tf

    reader, end = tf.train.load_checkpoint(str(folder)), "/.ATTRIBUTES/VARIABLE_VALUE"
    names = sorted(name for name in reader.get_variable_to_shape_map() if "adam/_t" in name)
    return reader.get_tensor(f"losses{end}"), [reader.get_tensor(name) for name in names]


@pytest.fixture(scope="module", params=SCRIPTS)
def alone(request, tmp_path_factory):
    """The run in one process."""
    folder = tmp_path_factory.mktemp(request.param) / "alone"
    finish(start(request.param, folder, 1), folder)
    return request.param, *result(request.param, folder)


def assert_same(alone, folder):
    framework, losses, weights = alone
    again, weights_again = result(framework, folder)
    assert losses.shape == (EPOCHS * STEPS,)
    assert len(weights) == 10
    np.testing.assert_allclose(again, losses, rtol=0, atol=CLOSE)
    for a, b in zip(weights, weights_again, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=CLOSE)


def test_training_lowers_the_loss(alone):
    _, losses, _ = alone
    assert losses[-STEPS:].mean() < losses[0] - 1


def test_two_processes_go_the_way_of_one_and_a_dead_one_costs_no_epoch(alone, tmp_path):
    framework = alone[0]
    folder = tmp_path / "two"
    run = start(framework, folder, 2)
    while not [path for path in folder.iterdir() if path.suffix in (".pt", ".index")]:
        assert run.poll() is None, folder.with_suffix(".log").read_text()
        time.sleep(0.01)
    workers = [
        p for p in psutil.Process(run.pid).children() if "mdn_book" in str(p.cmdline())
    ]
    assert len(workers) == 2
    workers[1].kill()
    if framework == "PyTorch":  # torchrun sees it and ends all: the same command again
        assert run.wait(timeout=300) != 0
        for _ in range(4):  # gloo may fail to connect, which ends the run
            run = start(framework, folder, 2)
            if run.wait(timeout=300) == 0:
                break
    log = finish(run, folder)
    for i in range(2):
        first, *_, last = re.findall(rf"process {i} of 2 begins with epoch (\d)", log)
        assert first == "0"
        assert 1 <= int(last) < EPOCHS
    assert_same(alone, folder)


def test_the_scripts_are_short():
    for name in SCRIPTS.values():
        lines = (chapters.BOOK / "mdn_book" / f"{name}.py").read_text().splitlines()
        assert len(lines) < 80, name


@pytest.mark.parametrize("framework", SCRIPTS)
def test_a_row_of_the_table_comes_out_again(framework):
    key = framework, "stream", 100_000, 0
    *again, gap, _, _ = study.rows_run(key)
    assert tuple(again) == key
    assert float(gap) == pytest.approx(scaling.stored()[key]["gap"], abs=0.015)


def test_blocks_of_a_stream_differ_and_come_again():
    x, y = scaling.block(3, 100)
    for other in (scaling.block(4, 100), scaling.block(3, 100, seed=1)):
        assert not (x == other[0]).any()
    assert all((a == b).all() for a, b in zip((x, y), scaling.block(3, 100), strict=True))
