"""Under vmap, compile, export and tf.function: no check of values, the same values."""

import numpy as np
import pytest
import tensorflow as tf
import torch
from oracles import Library, draw
from tolerances import GRADIENT, VALUE, assert_close

import mdn_utils
from mdn_utils import numpy as mdn
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch


def everything(module, y, *params):
    """All that can be traced; the exact mode is NumPy's."""
    values = [
        module.log_prob(y, *params),
        module.nll(y, *params),
        module.mean(*params),
        module.variance(*params),
        module.covariance(*params),
        module.mode(*params),
        module.mode(*params, kind="peak"),
    ]
    return values if len(params) == 3 else [*values, *module.split_cholesky(params[3])]


@pytest.fixture(params=[True, False], ids=["checked", "unchecked"])
def switch(request):
    mdn_utils.check_values(request.param)
    yield
    mdn_utils.check_values()


@pytest.fixture
def case(noise, rng):
    """y of five rows and the parameters, in float32."""
    return [
        rng.standard_normal((5, 2)).astype("f4"),
        *draw(rng, noise, (5,), 3, 2, "float32"),
    ]


def same(actual, expected, tolerance=VALUE["float32"]):
    for a, b in zip(actual, expected, strict=True):
        a, b = (t.detach().numpy() if torch.is_tensor(t) else np.asarray(t) for t in (a, b))
        assert_close(a, b, tolerance)


# PyTorch


def test_vmap_of_every_function(case, switch):
    args = [torch.tensor(a) for a in case]
    for name in ("log_prob", "mean", "variance", "covariance", "mode"):
        function, some = getattr(mdn_torch, name), args[name != "log_prob" :]
        same([torch.func.vmap(function)(*some)], [function(*some)])


def test_gradients_for_each_row(noise, switch, rng):
    """vmap(grad(...)) over the weights of a network, as for a Fisher matrix."""
    network = Library("torch").network(2, 2, 3, noise, hidden=4)
    x, y = torch.tensor(rng.standard_normal((2, 5, 2)))
    weights = {name: p.detach() for name, p in network.named_parameters()}

    def loss(weights, x, y):
        return mdn_torch.nll(y, *torch.func.functional_call(network, weights, (x,)))

    slopes = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(weights, x, y)
    for row in range(5):
        network.zero_grad()
        mdn_torch.nll(y[row], *network(x[row])).backward()
        for name, p in network.named_parameters():
            assert_close(slopes[name][row].numpy(), p.grad.numpy(), GRADIENT["float64"])


def test_compile_without_a_break(case, switch):
    torch.compiler.reset()
    args = [torch.tensor(a) for a in case]
    compiled = torch.compile(everything, fullgraph=True, backend="aot_eager")
    same(compiled(mdn_torch, *args), everything(mdn_torch, *args))
    hole = torch.full((5, 2), float("nan"))
    assert compiled(mdn_torch, hole, *args[1:])[0].isnan().all()  # no check, and no value


class Density(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, y):
        params = self.network(x)
        return mdn_torch.log_prob(y, *params), mdn_torch.mean(*params)


def test_export_with_a_dynamic_batch(noise, switch, rng):
    density = Density(Library("torch").network(2, 2, 3, noise, hidden=4))
    x, y = torch.tensor(rng.standard_normal((2, 7, 2)))
    batch = torch.export.Dim("batch", min=2)
    shapes = {"x": {0: batch}, "y": {0: batch}}
    program = torch.export.export(density, (x[:5], y[:5]), dynamic_shapes=shapes)
    same(program.module()(x, y), density(x, y), VALUE["float64"])


def test_meta_tensors(case, noise, switch):
    args = [torch.tensor(a) for a in case]
    there = everything(mdn_torch, *(a.to("meta") for a in args))
    for a, b in zip(there, everything(mdn_torch, *args), strict=True):
        assert (a.device.type, a.shape, a.dtype) == ("meta", b.shape, b.dtype)
    network = Library("torch").network(2, 2, 3, noise).to("meta")
    loss = mdn_torch.nll(
        args[0].to("meta").double(), *network(torch.zeros(5, 2).to("meta"))
    )
    assert loss.device.type == "meta"


# TensorFlow


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "XLA"])
def test_graphs_give_the_same(case, switch, jit):
    args = [tf.constant(a) for a in case]
    # XLA wants to know every length; a graph must not
    lead = [5] if jit else [None]
    signature = [tf.TensorSpec([*lead, *a.shape[1:]], a.dtype) for a in args]
    graph = tf.function(
        lambda *args: everything(mdn_tf, *args), input_signature=signature, jit_compile=jit
    )
    same(graph(*args), everything(mdn_tf, *args))
    hole = tf.fill((5, 2), float("nan"))
    assert np.isnan(graph(hole, *args[1:])[0]).all()


def test_graphs_sample_and_find_the_exact_mode(case):
    _, *params = (tf.constant(a) for a in case)
    signature = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in params]

    def rest(*params):
        some = (mdn_tf.sample(*params, n=n, seed=1) for n in (None, 4))
        return [*some, mdn_tf.mode(*params, kind="exact")]

    same(tf.function(rest, input_signature=signature)(*params), rest(*params))
    jitted = tf.function(lambda *p: mdn_tf.sample(*p, n=4, seed=1), jit_compile=True)
    same([jitted(*params)], [rest(*params)[1]])
    assert_close(
        rest(*params)[2].numpy(), mdn.mode(*case[1:], kind="exact").astype("f4"), 1e-6
    )


def test_networks_stacked_by_vectorized_map(noise):
    make = Library("tensorflow").network
    networks = [make(2, 2, 3, noise, hidden=5) for _ in range(3)]
    fixed = [v.value for v in networks[0].non_trainable_variables]
    stacked = zip(
        *([v.value for v in n.trainable_variables] for n in networks), strict=True
    )
    together = tf.vectorized_map(
        lambda values: networks[0].stateless_call(values, fixed, np.eye(2))[0],
        [tf.stack(values) for values in stacked],
    )
    for i, network in enumerate(networks):
        same([a[i] for a in together], network(np.eye(2)), VALUE["float64"])
