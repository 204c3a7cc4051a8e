"""The modules, dtypes and noise models that the tests of this folder go through."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from oracles import NOISE, SIGMA


def pytest_configure(config):
    # Keras 3 with TensorFlow asks NumPy 2 for the values of a variable in the old way.
    config.addinivalue_line("filterwarnings", "ignore:__array__ impl:DeprecationWarning")


class Library:
    """One module of mdn_utils: called with arrays, it answers in arrays."""

    def __init__(self, name):
        self.name, self.mdn = name, import_module(f"mdn_utils.{name}")

    def __call__(self, function, *args, **options):
        args = [self.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
        return self.array(getattr(self.mdn, function)(*args, **options))

    def tensor(self, a, dtype=None):
        a = np.asarray(a, dtype)
        if self.name == "numpy":
            return a
        return import_module("tensorflow").constant(a) if self.keras else _torch().tensor(a)

    def array(self, a):
        if self.name == "torch":
            a = a.detach()
            return (a.float() if a.dtype == _torch().bfloat16 else a).numpy()
        return np.asarray(a)

    @property
    def keras(self):
        return self.name == "tensorflow"

    def gradients(self, function, *args):
        """The value of a scalar function of tensors, and its gradients, as arrays."""
        args = [self.tensor(a) for a in args]
        if self.keras:
            with import_module("tensorflow").GradientTape() as tape:
                tape.watch(args)
                value = function(*args)
            return value.numpy(), [g.numpy() for g in tape.gradient(value, args)]
        value = function(*(a.requires_grad_() for a in args))
        value.backward()
        return value.item(), [a.grad.numpy() for a in args]

    def network(self, inputs, D, K, noise="diagonal", dtype="float64", **options):
        """A network; of fixed noise with the σ of oracles.py."""
        options |= {"sigma": SIGMA} if noise == "fixed" else {}
        options |= {"dtype": dtype} if self.keras else {}
        network = self.mdn.MixtureDensityNetwork(inputs, D, K, noise=noise, **options)
        return network if self.keras else network.to(getattr(_torch(), dtype))

    def outputs(self, network, x):
        dtype = network.compute_dtype if self.keras else network.head.pi.weight.dtype
        x = self.tensor(x, dtype if self.keras else str(dtype).removeprefix("torch."))
        return [self.array(a) for a in network(x)]

    def weights(self, network):
        """What is trained, kernels of shape (inputs, units)."""
        if self.keras:
            return [w.numpy() for w in network.trainable_weights]
        return [p.detach().numpy().T for p in network.parameters()]

    def set_layer(self, layer, kernel, bias):
        if self.keras:
            layer.set_weights([kernel, bias])
        else:
            with _torch().no_grad():
                layer.weight.copy_(_torch().tensor(kernel.T))
                layer.bias.copy_(_torch().tensor(bias))


def _torch():
    return import_module("torch")


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
