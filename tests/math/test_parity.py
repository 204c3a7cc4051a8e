"""The three mixture modules: one interface, one set of values, right gradients."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax
from scipy.stats import kstest, pearsonr
from tolerances import GRADIENT, P_VALUE, VALUE, assert_close

from mdn_utils import numpy as mdn_np
from mdn_utils import tensorflow as mdn_tf
from mdn_utils import torch as mdn_torch

MODULES = {"numpy": mdn_np, "tensorflow": mdn_tf, "torch": mdn_torch}
NUMPY_ALONE = {"cdf", "crps", "quantile"}
NETWORKS = {"MDNHead", "MixtureDensityNetwork", "initialize"}
SHARED = sorted(set(mdn_np.__all__) - NUMPY_ALONE)

steady = settings(deadline=None, derandomize=True, max_examples=60)
each_module = pytest.mark.parametrize("name", MODULES)
each_framework = pytest.mark.parametrize("name", ["tensorflow", "torch"])
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
NOISE = ("diagonal", "isotropic", "shared", "full", "full in units of sigma")


def tensor(name, a):
    if a is None or name == "numpy":
        return a
    return tf.constant(a) if name == "tensorflow" else torch.tensor(np.asarray(a))


def array(a):
    return a if isinstance(a, np.ndarray | np.generic) else a.numpy()


def call(name, function, *args, scale_tril=None, **options):
    """A function of a module, arrays in and out."""
    args = [tensor(name, a) for a in args]
    if scale_tril is not None:
        options["scale_tril"] = tensor(name, scale_tril)
    return array(getattr(MODULES[name], function)(*args, **options))


def gradients(name, function, *args):
    """The value and the gradients of a scalar function of tensors."""
    args = [tensor(name, a) for a in args]
    if name == "torch":
        for a in args:
            a.requires_grad_()
        value = function(*args)
        value.backward()
        return value.detach().numpy(), [a.grad.numpy() for a in args]
    with tf.GradientTape() as tape:
        tape.watch(args)
        value = function(*args)
    return value.numpy(), [g.numpy() for g in tape.gradient(value, args)]


def draw_noise(rng, kind, lead, K, D):
    """log_sigma and scale_tril, one of them or none of them None."""
    log_sigma = scale_tril = None
    if kind != "full":
        shape = {"isotropic": (K, 1), "shared": (1, 1)}.get(kind, (K, D))
        log_sigma = 0.5 * rng.standard_normal((*lead, *shape))
    if kind.startswith("full"):
        factor = np.tril(0.5 * rng.standard_normal((*lead, K, D, D)), -1)
        diagonal = np.exp(0.3 * rng.standard_normal((*lead, K, D)))
        scale_tril = factor + diagonal[..., None] * np.eye(D)
    return log_sigma, scale_tril


@st.composite
def mixtures(draw, dtype):
    """y, log_pi, mu, log_sigma and scale_tril, with values that dtype can hold."""
    lead = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    K, D = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    log_pi = log_softmax(2 * rng.standard_normal((*lead, K)), axis=-1)
    if draw(st.booleans()):
        log_pi[..., 1:][rng.random((*lead, K - 1)) < 0.3] = -np.inf
    y, mu = rng.standard_normal((*lead, D)), rng.standard_normal((*lead, K, D))
    noise = draw_noise(rng, draw(st.sampled_from(NOISE)), lead, K, D)
    return [None if a is None else a.astype(dtype) for a in (y, log_pi, mu, *noise)]


# One interface


@each_framework
@pytest.mark.parametrize("function", SHARED)
def test_signatures_are_equal(name, function):
    expected = inspect.signature(getattr(mdn_np, function))
    assert inspect.signature(getattr(MODULES[name], function)) == expected


@each_framework
def test_the_modules_offer_the_same_names(name):
    assert set(MODULES[name].__all__) == {*SHARED, *NETWORKS}


def test_the_functions_of_numpy_alone_take_their_parameters_in_the_same_order():
    expected = list(inspect.signature(mdn_np.log_prob).parameters)[1:]
    for function in NUMPY_ALONE:
        assert list(inspect.signature(getattr(mdn_np, function)).parameters)[1:] == expected


@each_module
@pytest.mark.parametrize("function", SHARED)
def test_docstrings_say_what_they_must(name, function):
    text = getattr(MODULES[name], function).__doc__
    assert text.startswith("``")  # the equation comes first
    for heading in ("Args:", "Returns:", "Raises:", ">>>"):
        assert heading in text


# One set of values


@each_framework
@each_dtype
@steady
@given(data=st.data())
def test_values_equal_those_of_numpy(name, dtype, data):
    y, log_pi, mu, log_sigma, scale_tril = data.draw(mixtures(dtype))
    noise = {"scale_tril": scale_tril}
    tolerance = VALUE[dtype]
    for function, args in [
        ("log_prob", (y, log_pi, mu, log_sigma)),
        ("nll", (y, log_pi, mu, log_sigma)),
        ("mean", (log_pi, mu, log_sigma)),
        ("variance", (log_pi, mu, log_sigma)),
        ("covariance", (log_pi, mu, log_sigma)),
        ("mode", (log_pi, mu, log_sigma)),
    ]:
        actual = call(name, function, *args, **noise)
        assert actual.dtype == dtype
        assert_close(actual, call("numpy", function, *args, **noise), tolerance)
    for kind in ("component", "peak", "exact"):
        args = log_pi, mu, log_sigma
        actual = call(name, "mode", *args, **noise, kind=kind)
        expected = call("numpy", "mode", *args, **noise, kind=kind)
        assert actual.dtype == dtype
        assert_close(actual, expected, max(tolerance, 1e-9))  # the exact one iterates
    if scale_tril is None:
        args = y, mu, np.exp(2 * log_sigma)
        actual = call(name, "component_pdf", *args)
        assert_close(actual, call("numpy", "component_pdf", *args), tolerance)


MU, VAR = [[0.0], [0.1], [0.2]], np.array([[1.0], [2.2], [3.3]])
LOG_PI = np.array([0.0, -np.inf, -np.inf])


@each_module
def test_the_numbers_of_the_book(name):
    densities = call(name, "component_pdf", *map(np.array, ([3.0], MU)), VAR)
    assert_close(densities, [0.00443185, 0.03977444, 0.06695205], 5e-9)
    y = np.array([[3.0], [1.1]])
    loss = call(name, "nll", y, LOG_PI, np.array(MU), 0.5 * np.log(VAR))
    assert loss == pytest.approx(3.4714, abs=5e-5)
    assert loss == pytest.approx(3.4714385332046724, rel=VALUE["float64"])


@each_framework
def test_lists_and_arrays_take_the_dtype_of_mu(name):
    module = MODULES[name]
    mu = tensor(name, np.zeros((2, 3, 1), "float32"))
    value = module.log_prob(np.zeros((2, 1)), np.log([[0.2, 0.3, 0.5]] * 2), mu, mu)
    assert array(value).dtype == "float32"
    assert array(module.mean([0.0], [[2]])) == 2
    assert array(module.mean(np.zeros(1), np.ones((1, 1)))).dtype == "float64"
    fixed = np.broadcast_to(np.zeros(1), (2, 1))  # not writable
    assert array(module.log_prob(fixed, fixed, mu[:, :1], mu[:, :1])).shape == (2,)


# Gradients


def closed_form(y, log_pi, mu, log_sigma, scale_tril):
    """The gradients of nll from the responsibilities γ, in float64.

    The logits a with log π = log softmax(a) get π - γ, and log π itself -γ. With z the
    standardized target, μ gets -γ z / σ, log σ gets γ (1 - z²); L gets, for its lower
    triangle, -γ (L⁻ᵀ z zᵀ - diag(1 / L)), and then μ gets -γ L⁻ᵀ z. With L = diag(σ) C
    the chain rule gives what log σ and C get.
    """
    N = max(1, np.prod(log_pi.shape[:-1], dtype=int))
    if log_sigma is not None and scale_tril is not None:
        sigma = np.exp(log_sigma)[..., None]
        *others, by_factor = closed_form(y, log_pi, mu, None, sigma * scale_tril)
        by_log_sigma = (by_factor * sigma * scale_tril).sum(axis=-1)
        return [*others, by_log_sigma, by_factor * sigma]
    r = y[..., None, :] - mu
    if scale_tril is None:
        z = r * np.exp(-log_sigma)
        terms = (-0.5 * z**2 - log_sigma).sum(-1)
        pull = z * np.exp(-log_sigma)
        noise = 1 - z**2
    else:
        z = np.linalg.solve(scale_tril, r[..., None])[..., 0]
        diagonal = np.diagonal(scale_tril, axis1=-2, axis2=-1)
        terms = -0.5 * (z**2).sum(-1) - np.log(diagonal).sum(-1)
        pull = np.linalg.solve(np.swapaxes(scale_tril, -1, -2), z[..., None])[..., 0]
        noise = -np.tril(pull[..., :, None] * z[..., None, :])
        noise += np.eye(mu.shape[-1]) / diagonal[..., None]
    gamma = softmax(log_pi + terms, axis=-1)
    by_noise = gamma.reshape(*gamma.shape, *(1,) * (noise.ndim - gamma.ndim)) * noise
    if scale_tril is None:
        for axis in range(by_noise.ndim):
            if log_sigma.shape[axis] == 1:
                by_noise = by_noise.sum(axis=axis, keepdims=True)
    return [
        g / N for g in (np.exp(log_pi) - gamma, -gamma, -gamma[..., None] * pull, by_noise)
    ]


def check_gradients(name, dtype, logits, y, mu, log_sigma, scale_tril=None):
    """nll of a head, differentiated with respect to the outputs of the head."""
    noise = {"log_sigma": log_sigma, "scale_tril": scale_tril}
    noise = {key: a for key, a in noise.items() if a is not None}

    def loss(logits, mu, *values):
        soft = tf.nn.log_softmax if name == "tensorflow" else torch.log_softmax
        arguments = dict(zip(noise, values, strict=True))
        return MODULES[name].nll(tensor(name, y), soft(logits, -1), mu, **arguments)

    value, (by_logits, by_mu, *by_noise) = gradients(
        name, loss, logits, mu, *noise.values()
    )
    wide = [
        None if a is None else a.astype("float64")
        for a in (y, log_softmax(logits.astype("float64"), -1), mu, log_sigma, scale_tril)
    ]
    expected_logits, _, expected_mu, *expected_noise = closed_form(*wide)
    assert np.isfinite(value)
    assert_close(by_logits, expected_logits, GRADIENT[dtype])
    assert_close(by_mu, expected_mu, GRADIENT[dtype])
    for actual, expected in zip(by_noise, expected_noise, strict=True):
        assert_close(actual, expected, GRADIENT[dtype])


@each_framework
@each_dtype
@steady
@given(data=st.data())
def test_gradients_are_the_closed_form(name, dtype, data):
    y, log_pi, mu, log_sigma, scale_tril = data.draw(mixtures(dtype))
    logits = np.maximum(log_pi, -20)
    check_gradients(name, dtype, logits, y, mu, log_sigma, scale_tril)


def extreme(dtype, case):
    """logits, y, mu and log_sigma of four rows, K = 3 and D = 2."""
    rng = np.random.default_rng(0)
    logits, y = rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    mu, log_sigma = rng.standard_normal((4, 3, 2)), 0.3 * rng.standard_normal((4, 3, 2))
    mu += 3 * np.arange(3)[:, None]
    if case == "targets 1,000 sigma away":
        y += [[1000, 1000], [-1000, 1000], [1000, 0], [0, -1000]]
    if case == "logits of 1e4":
        logits = np.array([[1e4, 0, -1e4], [-1e4, -1e4, 0], [1e4, 1e4, 0], [0, -1e4, 1e4]])
    if case == "log sigma of -30":
        log_sigma[:, 1] = -30
    if case == "log sigma of 30":
        log_sigma[:, 1] = 30
    if case == "log sigma of -30 everywhere":
        log_sigma[...] = -30
    if case == "a weight of zero":
        logits[:, 2] = -np.inf
        logits[1, 0] = -np.inf
    return [a.astype(dtype) for a in (logits, y, mu, log_sigma)]


CASES = [
    "targets 1,000 sigma away",
    "logits of 1e4",
    "log sigma of -30",
    "log sigma of 30",
    "log sigma of -30 everywhere",
    "a weight of zero",
]


@each_framework
@each_dtype
@pytest.mark.parametrize("case", CASES)
def test_gradients_at_extremes(name, dtype, case):
    logits, y, mu, log_sigma = extreme(dtype, case)
    check_gradients(name, dtype, logits, y, mu, log_sigma)


@each_framework
@each_dtype
def test_weights_of_zero_get_no_gradient_and_make_none_nan(name, dtype):
    """log_pi = -inf given as it is, as in the check of chapter 6."""
    rng = np.random.default_rng(1)
    y, mu = rng.standard_normal((2, 1)), rng.standard_normal((2, 3, 1))
    log_pi = np.array([[0, -np.inf, -np.inf], [np.log(0.5), -np.inf, np.log(0.5)]])
    log_sigma = rng.standard_normal((2, 3, 1))
    args = [a.astype(dtype) for a in (y, log_pi, mu, log_sigma)]

    def loss(log_pi, mu, log_sigma):
        return MODULES[name].nll(tensor(name, args[0]), log_pi, mu, log_sigma)

    _, actual = gradients(name, loss, *args[1:])
    _, *expected = closed_form(*(a.astype("float64") for a in args), None)
    for a, b in zip(actual, expected, strict=True):
        assert_close(a, b, GRADIENT[dtype])
    for a in actual:
        assert (a[0, 1:] == 0).all()


@each_module
@each_dtype
@pytest.mark.parametrize("case", CASES)
def test_values_at_extremes(name, dtype, case):
    logits, y, mu, log_sigma = extreme(dtype, case)
    log_pi = log_softmax(logits, axis=-1).astype(dtype)
    actual = call(name, "log_prob", y, log_pi, mu, log_sigma)
    assert_close(actual, call("numpy", "log_prob", y, log_pi, mu, log_sigma), VALUE[dtype])
    assert np.isfinite(actual).all()
    for kind in ("component", "peak", "exact"):
        mode = call(name, "mode", log_pi, mu, log_sigma, kind=kind)
        assert np.isfinite(mode).all()


# Samples: other numbers, the same distribution

ROWS = 2
PARAMS = (
    np.log([[0.7, 0.3, 0.0001]] * ROWS),
    np.array([[[-1.0], [1.0], [5.0]]] * ROWS),
    np.log([[[0.5], [0.2], [0.1]]] * ROWS),
)


@each_module
@each_dtype
@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_samples_follow_the_cdf(name, dtype, temperature):
    params = [a.astype(dtype) for a in PARAMS]
    y = call(name, "sample", *params, n=20_000, seed=3, temperature=temperature)
    assert y.dtype == (dtype if name != "numpy" else "float64")
    assert y.shape == (20_000, ROWS, 1)
    log_pi, mu, log_sigma = (a[0] for a in PARAMS)
    changed = log_softmax(log_pi / temperature), mu, log_sigma + 0.5 * np.log(temperature)
    u = mdn_np.cdf(y.astype("float64"), *changed)
    for row in range(ROWS):
        assert kstest(u[:, row], "uniform").pvalue > P_VALUE
    assert pearsonr(u[:, 0], u[:, 1]).pvalue > P_VALUE
    assert kstest((u[:, 0] - u[:, 1]) % 1, "uniform").pvalue > P_VALUE


@each_module
def test_samples_of_a_full_covariance(name):
    factor = np.array([[[1.0, 0.0], [0.8, 0.6]], [[0.5, 0.0], [-0.4, 0.3]]])
    log_pi, mu = np.log([0.4, 0.6]), np.array([[0.0, 1.0], [2.0, -1.0]])
    y = call(name, "sample", log_pi, mu, scale_tril=factor, n=100_000, seed=1)
    expected = np.einsum("k,kde,kfe->df", np.exp(log_pi), factor, factor)
    offset = mu - mdn_np.mean(log_pi, mu)
    expected += np.einsum("k,kd,ke->de", np.exp(log_pi), offset, offset)
    np.testing.assert_allclose(np.cov(y.T), expected, atol=0.03)


@each_module
@each_dtype
def test_no_rounding_draws_a_component_that_is_not_there(name, dtype):
    """Cumulative weights that end below one, and the largest u below one there is."""
    weights = np.full(10, 0.1, dtype)
    assert np.cumsum(weights, dtype=dtype)[-1] != 1
    low, high = np.nextafter(np.array([0, 1], dtype), np.array([1, 0], dtype))
    draw = MODULES[name]._draw_component
    for scale in np.array([1, 1e-7, 0.3, 0.9999999, 1.0000001, 7], dtype):
        some = weights * scale
        some[[0, 4, 9]] = 0  # a weight of zero is never drawn, not even at the ends
        u = np.array([0, low, 0.5, high], dtype)
        k = array(draw(tensor(name, weights * scale), tensor(name, u)))
        assert k.min() == 0
        assert k.max() == 9
        k = array(draw(tensor(name, some), tensor(name, u)))
        assert k.min() == 1
        assert k.max() == 8
        assert not np.isin(k, [0, 4, 9]).any()


@each_module
@each_dtype
def test_weights_that_sum_to_less_than_one_draw_every_component_as_often(name, dtype):
    log_pi = np.log(np.full(10, 0.1)).astype(dtype)
    mu = np.arange(10, dtype=dtype)[:, None]
    y = call(name, "sample", log_pi, mu, np.full((10, 1), -30, dtype), n=100_000, seed=0)
    k, counts = np.unique(y.round(), return_counts=True)
    np.testing.assert_array_equal(k, np.arange(10))
    assert (abs(counts - 10_000) < 5 * np.sqrt(9000)).all()


@each_module
@each_dtype
def test_temperature_zero_and_almost_zero(name, dtype):
    params = [a.astype(dtype) for a in PARAMS]
    top = call(name, "mode", *params, kind="component")
    for temperature in (0, 0.0, 1e-300):
        y = call(name, "sample", *params, n=3, seed=0, temperature=temperature)
        np.testing.assert_allclose(y, np.broadcast_to(top, (3, ROWS, 1)), atol=1e-12)


@each_module
def test_temperature_one_is_the_model(name):
    one = call(name, "sample", *PARAMS, n=5, seed=0, temperature=1)
    np.testing.assert_array_equal(one, call(name, "sample", *PARAMS, n=5, seed=0))


@each_module
def test_seeds(name):
    first, again = (call(name, "sample", *PARAMS, n=5, seed=2**40) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (call(name, "sample", *PARAMS, n=5, seed=2**40 + 1) != first).all()
    fresh = [call(name, "sample", *PARAMS, n=5) for _ in range(2)]
    assert (fresh[0] != fresh[1]).all()


@each_module
def test_a_generator_goes_on(name):
    def generator():
        if name == "numpy":
            return np.random.default_rng(5)
        if name == "torch":
            return torch.Generator().manual_seed(5)
        return tf.random.Generator.from_seed(5)

    one = generator()
    first, second = (call(name, "sample", *PARAMS, n=5, seed=one) for _ in range(2))
    assert (first != second).all()
    np.testing.assert_array_equal(
        call(name, "sample", *PARAMS, n=5, seed=generator()), first
    )


@each_framework
def test_the_seed_of_the_framework_governs_samples_without_one(name):
    drawn = []
    for _ in range(2):
        tf.random.set_seed(3)
        torch.manual_seed(3)
        drawn.append(call(name, "sample", *PARAMS, n=5))
    np.testing.assert_array_equal(*drawn)


@each_module
def test_shapes_of_samples(name):
    assert call(name, "sample", *PARAMS).shape == (ROWS, 1)
    assert call(name, "sample", *PARAMS, n=1).shape == (1, ROWS, 1)
    assert call(name, "sample", *PARAMS, n=0).shape == (0, ROWS, 1)
    assert call(name, "sample", *(a[0] for a in PARAMS), n=4).shape == (4, 1)
    shared = PARAMS[0][:1], *PARAMS[1:]
    assert call(name, "sample", *shared, n=4).shape == (4, ROWS, 1)
    narrow = PARAMS[0], PARAMS[1][:1], PARAMS[2][:1]
    assert call(name, "sample", *narrow, n=4).shape == (4, ROWS, 1)
    assert call(name, "sample", *narrow, n=4, temperature=0).shape == (4, ROWS, 1)
    assert call(name, "mode", *narrow, kind="exact").shape == (ROWS, 1)


@each_framework
def test_samples_and_the_exact_mode_carry_no_gradient(name):
    module = MODULES[name]
    if name == "torch":
        params = [torch.tensor(a, requires_grad=True) for a in PARAMS]
        assert not module.sample(*params).requires_grad
        assert not module.mode(*params, kind="exact").requires_grad
        return
    params = [tf.Variable(a) for a in PARAMS]
    with tf.GradientTape(persistent=True) as tape:
        y = module.sample(*params), module.mode(*params, kind="exact")
    for a in y:
        assert tape.gradient(a, params) == [None] * 3


# Inside a tf.function, with a batch of unknown length


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_graphs_of_unknown_batch_size_give_the_same(kind):
    rng = np.random.default_rng(0)
    log_sigma, factor = draw_noise(rng, kind, (5,), 3, 2)
    noise = log_sigma if factor is None else factor
    keyword = "log_sigma" if factor is None else "scale_tril"
    y, mu = rng.standard_normal((5, 2)), rng.standard_normal((5, 3, 2))
    log_pi = log_softmax(rng.standard_normal((5, 3)), axis=-1)
    signature = [
        tf.TensorSpec([None, *a.shape[1:]], "float64") for a in (y, log_pi, mu, noise)
    ]

    def everything(y, log_pi, mu, noise):
        noise = {keyword: noise}
        return [
            mdn_tf.log_prob(y, log_pi, mu, **noise),
            mdn_tf.nll(y, log_pi, mu, **noise),
            mdn_tf.mean(log_pi, mu, **noise),
            mdn_tf.variance(log_pi, mu, **noise),
            mdn_tf.covariance(log_pi, mu, **noise),
            *(
                mdn_tf.mode(log_pi, mu, **noise, kind=k)
                for k in ("component", "peak", "exact")
            ),
            mdn_tf.sample(log_pi, mu, **noise, seed=1),
            mdn_tf.sample(log_pi, mu, **noise, n=4, seed=1),
        ]

    graph = tf.function(everything, input_signature=signature)
    args = [tf.constant(a) for a in (y, log_pi, mu, noise)]
    for a, b in zip(graph(*args), everything(*args), strict=True):
        assert_close(a.numpy(), b.numpy(), 1e-9)


# What is refused

GOOD = {
    "y": np.zeros((4, 2)),
    "log_pi": np.log(np.full((4, 3), 1 / 3)),
    "mu": np.zeros((4, 3, 2)),
    "log_sigma": np.zeros((4, 3, 2)),
}
HOLE = np.array([[0.0, np.nan]] * 4)


def arguments(function, **changes):
    arguments = {**GOOD, **changes}
    if function not in ("log_prob", "nll"):
        arguments.pop("y")
    return arguments


def check_refused(name, function, arguments, message):
    arguments = {
        key: tensor(name, a) if isinstance(a, np.ndarray) else a
        for key, a in arguments.items()
    }
    with pytest.raises(ValueError, match=message) as caught:
        getattr(MODULES[name], function)(**arguments)
    assert "got" in str(caught.value)  # what was received, as in every message


DENSITIES = ["log_prob", "nll"]
ALL = ["log_prob", "nll", "mean", "variance", "covariance", "mode", "sample"]
BAD = {
    "y without D": (DENSITIES, {"y": np.zeros(4)}, r"y must have shape .*got shape \(4,\)"),
    "y without D, as many as D": (
        DENSITIES,
        {"y": np.zeros(2)},
        r"y must have shape .*at least as many axes as log_pi, got shape \(2,\)",
    ),
    "y of another D": (DENSITIES, {"y": np.zeros((4, 1))}, r"y must .*got shape \(4, 1\)"),
    "y of other rows": (
        DENSITIES,
        {"y": np.zeros((5, 2))},
        r"y and mu must .*\(5,\) and \(4,\)",
    ),
    "NaN in y": (
        DENSITIES,
        {"y": HOLE},
        r"y must not contain NaN, got 4 NaN in shape \(4, 2\)",
    ),
    "y that would be repeated": (
        ["nll"],
        {"y": np.zeros((4, 1, 2))},
        r"y must have one target for each row .*got leading axes \(4, 1\) with rows \(4,\)",
    ),
    "one y for all rows": (
        ["nll"],
        {"y": np.zeros((1, 2))},
        r"y must have one target for each row .*got leading axes \(1,\) with rows \(4,\)",
    ),
    "K = 0": (
        ALL,
        {
            "log_pi": np.zeros((4, 0)),
            "mu": np.zeros((4, 0, 2)),
            "log_sigma": np.zeros((4, 0, 2)),
        },
        r"log_pi must have shape \(\.\.\., K\) with K >= 1, got shape \(4, 0\)",
    ),
    "D = 0": (
        ALL,
        {
            "y": np.zeros((4, 0)),
            "mu": np.zeros((4, 3, 0)),
            "log_sigma": np.zeros((4, 3, 0)),
        },
        r"mu must have shape .*D >= 1.*got shape \(4, 3, 0\)",
    ),
    "log_pi without axes": (ALL, {"log_pi": np.zeros(())}, r"log_pi must .*got shape \(\)"),
    "mu without D": (ALL, {"mu": np.zeros((4, 3))}, r"mu must .*got shape \(4, 3\)"),
    "mu of another K": (
        ALL,
        {"mu": np.zeros((4, 5, 2))},
        r"mu must .*got shape \(4, 5, 2\)",
    ),
    "mu of other rows": (
        ALL,
        {"mu": np.zeros((5, 3, 2)), "log_sigma": np.zeros((5, 3, 2))},
        r"mu and log_pi must .*got \(5,\) and \(4,\)",
    ),
    "log_sigma without D": (
        ALL,
        {"log_sigma": np.zeros((4, 3))},
        r"log_sigma must have as many axes as mu.*got shape \(4, 3\)",
    ),
    "log_sigma of another K": (
        ALL,
        {"log_sigma": np.zeros((4, 2, 2))},
        r"log_sigma must .*each as long as that of mu or 1, got shape \(4, 2, 2\)",
    ),
    "a Cholesky factor by position": (
        ALL,
        {"log_sigma": np.zeros((4, 3, 2, 2))},
        r"log_sigma must .*got shape \(4, 3, 2, 2\).*scale_tril=",
    ),
    "no noise": (
        ["log_prob", "nll", "variance", "covariance", "sample"],
        {"log_sigma": None},
        r"log_sigma or scale_tril must be given, got neither",
    ),
    "a factor beside log_sigma that is not square": (
        ALL,
        {"scale_tril": np.ones((4, 3, 2, 1))},
        r"scale_tril must have shape \(\.\.\., K, D, D\).*got shape \(4, 3, 2, 1\)",
    ),
    "a factor that is not square": (
        ALL,
        {"log_sigma": None, "scale_tril": np.ones((4, 3, 2, 1))},
        r"scale_tril must have shape \(\.\.\., K, D, D\).*got shape \(4, 3, 2, 1\)",
    ),
    "a factor of other rows": (
        ALL,
        {"log_sigma": None, "scale_tril": np.ones((5, 3, 2, 2))},
        r"scale_tril must .*got shape \(5, 3, 2, 2\)",
    ),
    "NaN in log_pi": (
        ["mode", "sample"],
        {"log_pi": np.full((4, 3), np.nan)},
        r"log_pi must not contain NaN, got 12 NaN",
    ),
    "NaN in mu": (
        ["mode", "sample"],
        {"mu": np.full((4, 3, 2), np.nan)},
        r"mu must not contain NaN, got 24 NaN in shape \(4, 3, 2\)",
    ),
    "NaN in log_sigma": (
        ["mode", "sample"],
        {"log_sigma": np.full((4, 3, 2), np.nan)},
        r"log_sigma must not contain NaN, got 24 NaN",
    ),
    "an unknown kind": (["mode"], {"kind": "best"}, r"kind must be one of .*got 'best'"),
    "negative n": (["sample"], {"n": -1}, r"n must be None or an integer >= 0, got -1"),
    "n that is no integer": (["sample"], {"n": 2.0}, r"n must be .*got 2.0"),
    "temperature below zero": (
        ["sample"],
        {"temperature": -0.5},
        r"temperature must be a finite number >= 0, got -0.5",
    ),
    "temperature of NaN": (["sample"], {"temperature": np.nan}, r"temperature .*got nan"),
    "temperature of infinity": (
        ["sample"],
        {"temperature": np.inf},
        r"temperature .*got inf",
    ),
    "a negative seed": (["sample"], {"seed": -1}, r"seed must be .*got -1"),
    "a seed that is a word": (["sample"], {"seed": "x"}, r"seed must be .*got 'x'"),
}


@each_module
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(name, case):
    functions, changes, message = BAD[case]
    for function in functions:
        check_refused(name, function, arguments(function, **changes), message)


@each_module
def test_a_shared_log_sigma_does_not_slip_along_the_targets(name):
    """log_sigma (K,) with K = D would broadcast along D."""
    changed = arguments(
        "nll",
        y=np.zeros((4, 2)),
        log_pi=np.zeros((4, 2)),
        mu=np.zeros((4, 2, 2)),
        log_sigma=np.zeros(2),
    )
    check_refused(name, "nll", changed, r"log_sigma must .*got shape \(2,\)")


@each_module
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"y": np.zeros(3)},
            r"y must have shape .*got shape \(3,\) with mu of shape \(3, 1\)",
        ),
        ({"y": np.array([np.nan])}, r"y must not contain NaN, got 1 NaN"),
        ({"mu": np.zeros(3)}, r"mu must have shape .*got shape \(3,\)"),
        ({"mu": np.zeros((0, 1))}, r"mu must have shape .*got shape \(0, 1\)"),
        ({"var": np.ones(3)}, r"var must have as many axes as mu.*got shape \(3,\)"),
        ({"var": np.array([[1.0], [0.0], [2.0]])}, r"var must be positive, got 0.0"),
    ],
)
def test_bad_input_of_component_pdf_is_refused(name, change, message):
    good = {"y": np.zeros(1), "mu": np.zeros((3, 1)), "var": np.ones((3, 1))}
    check_refused(name, "component_pdf", {**good, **change}, message)
