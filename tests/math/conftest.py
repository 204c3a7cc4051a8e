"""The modules, dtypes and noise models that the tests of this folder go through."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from oracles import NOISE, Library


def pytest_configure(config):
    # Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
    config.addinivalue_line("filterwarnings", "ignore:__array__ impl:DeprecationWarning")


@pytest.fixture(params=["numpy", "torch", "tensorflow"], scope="session")
def library(request):
    return Library(request.param)


@pytest.fixture(params=["torch", "tensorflow"], scope="session")
def framework(request):
    return Library(request.param)


@pytest.fixture(params=["float64", "float32"], scope="session")
def dtype(request):
    return request.param


@pytest.fixture(params=NOISE, scope="session")
def noise(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def elsewhere(tmp_path):
    """Run code in a new process, in another folder; gives what it printed."""

    def run(code, *args, works=True, **environment):
        paths = Path(import_module("mdn_utils").__file__).parents[1]
        environment = {"PYTHONPATH": str(paths), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, args)],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            cwd=tmp_path,
        )
        assert (done.returncode == 0) == works, done.stderr
        return done.stdout + done.stderr

    return run
