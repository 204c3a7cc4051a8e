"""Gaussian mixtures and mixture density networks in TensorFlow and Keras 3.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; what is said there of arguments and errors holds here. Arrays and lists are
taken, too. Everything is computed in the dtype of ``mu``, in float32 at least. Values are
checked in eager mode alone: in a `tf.function` NaN gives NaN.

`MDNHead` turns features into the parameters; `MixtureDensityNetwork` is a ready network;
`initialize` gives it a good start. They are those of :mod:`mdn_utils.torch`.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from . import _check, _start
from . import numpy as mdn_np
from ._check import HALF_LOG_2PI

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"mdn_utils.tensorflow needs Keras on TensorFlow, got {keras.backend.backend()!r}; "
        f"set KERAS_BACKEND=tensorflow before Keras is imported, or use mdn_utils.torch"
    )

__all__ = [
    "MDNHead", "MixtureDensityNetwork", "component_pdf", "covariance", "initialize",
    "log_prob", "mean", "mode", "nll", "sample", "split_cholesky", "variance",
]  # fmt: skip


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²)`` for each k: see `mdn_utils.numpy.component_pdf`.

    >>> y, mu, var = [3.0], [[0.0], [0.1], [0.2]], [[1.0], [2.2], [3.3]]
    >>> [f"{density:.5f}" for density in component_pdf(y, mu, var).numpy()]
    ['0.00443', '0.03977', '0.06695']
    """
    mu, y, var = _tensors(mu, y, var)
    _check.pdf(y, mu, var)
    _check_values({"y": y, "var": var}, no_nan=("y",), positive=("var",))
    square = (y[..., None, :] - mu) ** 2
    log_normal = -0.5 * square / var - 0.5 * tf.math.log(var) - HALF_LOG_2PI
    return tf.exp(tf.reduce_sum(log_normal, axis=-1))


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``; see the same in NumPy.

    >>> log_pi, mu = tf.math.log([[0.5, 0.5]]), tf.constant([[[-1.0], [1.0]]])
    >>> print(f"{log_prob([[0.0]], log_pi, mu, tf.zeros((1, 2, 1))).numpy().item():.5f}")
    -1.41894
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * tf.exp(-log_sigma)
    if unit_tril is not None:
        z = tf.linalg.triangular_solve(_lower(unit_tril), z[..., None])[..., 0]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return tf.reduce_logsumexp(log_pi + tf.reduce_sum(log_normal, axis=-1), axis=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``: see `mdn_utils.numpy.nll`.

    >>> y, log_pi = [[3.0], [1.1]], tf.math.log([1.0, 0.0, 0.0])
    >>> var = tf.constant([[1.0], [2.2], [3.3]])
    >>> print(f"{nll(y, log_pi, [[0.0], [0.1], [0.2]], 0.5 * tf.math.log(var)):.4f}")
    3.4714
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -tf.reduce_mean(log_density)


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``: see `mdn_utils.numpy.mean`.

    >>> print(f"{mean(tf.math.log([0.25, 0.75]), [[0.0], [4.0]]).numpy().item():.4f}")
    3.0000
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return tf.reduce_sum(tf.exp(log_pi)[..., None] * mu, axis=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``: see `mdn_utils.numpy.variance`.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0], [1.0]])
    >>> print(f"{variance(log_pi, mu, tf.zeros((2, 1))).numpy().item():.4f}")
    2.0000
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = tf.exp(log_pi)[..., None]
    between = mu - tf.reduce_sum(pi * mu, axis=-2, keepdims=True)
    within = tf.exp(2 * log_sigma)
    if unit_tril is not None:  # the diagonal of L Lᵀ
        within = within * tf.reduce_sum(_lower(unit_tril) ** 2, axis=-1)
    return tf.reduce_sum(pi * (within + between**2), axis=-2)


def covariance(log_pi, mu, log_sigma, unit_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``; see the same in NumPy.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0, -1], [1, 1]])
    >>> covariance(log_pi, mu, tf.zeros((1, 1))).numpy().tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = tf.exp(log_pi)[..., None, None]
    between = mu - tf.reduce_sum(pi[..., 0] * mu, axis=-2, keepdims=True)
    factor = tf.exp(log_sigma)[..., None] * _lower(unit_tril, mu)
    within = tf.matmul(factor, factor, transpose_b=True)
    between = between[..., :, None] * between[..., None, :]
    return tf.reduce_sum(pi * (within + between), axis=-3)


def mode(log_pi, mu, log_sigma=None, unit_tril=None, *, kind="component"):
    """``argmax p(y)``, or a shortcut: see `mdn_utils.numpy.mode`.

    The exact mode is computed by NumPy, in float64, on the CPU and without gradients; a
    graph calls NumPy when it runs, so XLA cannot compile it.

    >>> log_pi, mu = tf.math.log([0.6, 0.4]), tf.constant([[0.0], [2.0]])
    >>> params = log_pi, mu, tf.math.log([[2.0], [1.0]])
    >>> mode(*params).numpy().item(), mode(*params, kind="peak").numpy().item()
    (0.0, 2.0)
    >>> print(f"{mode(*params, kind='exact').numpy().item():.4f}")
    1.7696
    """
    _check.kind(kind)
    options = {"no_nan": _check.PARAMETERS, "needs_noise": kind != "component"}
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, **options)
    _, log_pi, mu, log_sigma, unit_tril = params
    if kind == "component":
        return _pick(mu, tf.argmax(log_pi, axis=-1)[..., None])[..., 0, :]
    if kind == "peak":
        log_det = tf.reduce_sum(tf.broadcast_to(log_sigma, tf.shape(mu)), axis=-1)
        return _pick(mu, tf.argmax(log_pi - log_det, axis=-1)[..., None])[..., 0, :]
    given = [log_pi, mu, log_sigma, *([] if unit_tril is None else [unit_tril])]
    given = [tf.stop_gradient(tf.cast(a, tf.float64)) for a in given]
    exact = tf.numpy_function(mdn_np.exact_mode, given, tf.float64)
    exact.set_shape(_pick(mu, tf.argmax(log_pi, axis=-1)[..., None])[..., 0, :].shape)
    return tf.cast(exact, mu.dtype)


def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε``: see `mdn_utils.numpy.sample`.

    No gradients. The seed is an integer >= 0 or a `tf.random.Generator`; None draws from
    TensorFlow's own.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0], [1.0]])
    >>> sample(log_pi, mu, tf.fill((2, 1), -2.3), n=1000, seed=0).shape
    TensorShape([1000, 1])
    >>> sample(log_pi, mu, tf.fill((2, 1), -2.3), seed=0, temperature=0).numpy().tolist()
    [-1.0]
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.PARAMETERS)
    _, log_pi, mu, log_sigma, unit_tril = params
    key_u, key_noise = tf.unstack(tf.random.split(_key(seed), 2, alg="philox"))
    lead = tf.broadcast_dynamic_shape(tf.shape(log_pi)[:-1], tf.shape(mu)[:-2])
    many = tf.concat([lead, [1 if n is None else n]], axis=0)
    every = tf.concat([many, tf.shape(mu)[-1:]], axis=0)
    if temperature == 0:
        y = tf.broadcast_to(_pick(mu, tf.argmax(log_pi, axis=-1)[..., None]), every)
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - tf.reduce_max(log_pi, axis=-1, keepdims=True)) / cold
        u = tf.random.stateless_uniform(many, key_u, dtype=mu.dtype, alg="philox")
        k = _draw_component(tf.exp(log_pi), u)  # (..., n)
        noise = tf.random.stateless_normal(every, key_noise, dtype=mu.dtype, alg="philox")
        noise = noise * temperature**0.5
        if unit_tril is not None:
            D = tf.shape(mu)[-1]
            flat = tf.concat([tf.shape(mu)[:-1], [D * D]], axis=0)
            square = tf.concat([tf.shape(mu), [D]], axis=0)
            factor = tf.reshape(tf.broadcast_to(_lower(unit_tril), square), flat)
            factor = tf.reshape(_pick(factor, k), tf.concat([every, [D]], axis=0))
            noise = tf.linalg.matvec(factor, noise)  # (..., n, D, D) and (..., n, D)
        sigma = tf.exp(_pick(tf.broadcast_to(log_sigma, tf.shape(mu)), k))
        y = _pick(mu, k) + sigma * noise
    y = tf.stop_gradient(y)
    if n is None:
        return y[..., 0, :]
    rank = y.shape.rank
    return tf.transpose(y, [rank - 2, *range(rank - 2), rank - 1])


def split_cholesky(scale_tril):
    """``L = diag(σ) C``: see `mdn_utils.numpy.split_cholesky`.

    >>> log_sigma, unit_tril = split_cholesky([[2.0, 0.0], [3.0, 4.0]])
    >>> tf.exp(log_sigma).numpy().round(6).tolist(), unit_tril.numpy().tolist()
    ([2.0, 4.0], [[1.0, 0.0], [0.75, 1.0]])
    """
    (scale_tril,) = _tensors(scale_tril)
    _check.square(scale_tril)
    sigma = tf.linalg.diag_part(scale_tril)
    _check_values({"scale_tril's diagonal": sigma}, positive=("scale_tril's diagonal",))
    return tf.math.log(sigma), tf.linalg.band_part(scale_tril, -1, 0) / sigma[..., None]


@keras.saving.register_keras_serializable(package="mdn_utils")
class MDNHead(keras.layers.Layer):
    """``log π = log softmax(a^π)``, ``μ = a^μ``, ``log σ = a^σ``, each a Dense layer.

    Noise models, arguments and outputs are those of `mdn_utils.torch.MDNHead`, without
    ``features``, which Keras finds out, and with name, dtype and the like of every Keras
    layer. A mask of the features is handed on to every output.

    >>> log_pi, mu, log_sigma = MDNHead(D=2, K=3)(tf.zeros((4, 50)))
    >>> log_pi.shape, mu.shape, log_sigma.shape
    (TensorShape([4, 3]), TensorShape([4, 3, 2]), TensorShape([4, 3, 2]))
    >>> head = MDNHead(D=2, K=3, noise="full", sigma_floor=0.01)
    >>> nll(tf.zeros((4, 2)), *head(tf.zeros((4, 50)))).shape
    TensorShape([])
    """

    def __init__(self, D, K, noise="diagonal", sigma=None, sigma_floor=0.0, **kwargs):
        _check.sizes(D=D, K=K)
        _check.noise(noise, sigma, sigma_floor)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_floor = sigma, sigma_floor
        for name, axes in _check.layers(noise, K, D).items():
            size, dtype = math.prod(axes), self.variable_dtype  # float32 in mixed policies
            setattr(self, name, keras.layers.Dense(size, name=name, dtype=dtype))

    def build(self, features_shape):
        for name in _check.layers(self.noise, self.K, self.D):
            getattr(self, name).build(features_shape)
        self.built = True

    def call(self, features):
        a = {
            name: _split(_wide(getattr(self, name)(features)), axes)
            for name, axes in _check.layers(self.noise, self.K, self.D).items()
        }
        log_pi, mu = tf.nn.log_softmax(a["pi"], axis=-1), a["mu"]
        if self.noise == "fixed":
            return log_pi, mu, math.log(self.sigma) * tf.ones_like(mu[..., :1, :1])
        log_sigma = a["log_sigma"]
        if self.sigma_floor:  # log(exp(a^σ) + floor)
            floor = math.log(self.sigma_floor)
            log_sigma = floor + tf.nn.softplus(log_sigma - floor)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        zero, one = tf.zeros_like(mu[..., :1]), tf.ones_like(mu[..., :1])
        below = [a["below"]] if self.D > 1 else []
        unit_tril = tf.concat([zero, one, *below], axis=-1)
        unit_tril = tf.gather(unit_tril, _check.below(self.D), axis=-1)
        return log_pi, mu, log_sigma, unit_tril

    def compute_mask(self, features, mask=None):
        return [mask] * (4 if self.noise == "full" else 3)

    def get_config(self):
        options = ("D", "K", "noise", "sigma", "sigma_floor")
        return {**super().get_config(), **{name: getattr(self, name) for name in options}}


@keras.saving.register_keras_serializable(package="mdn_utils")
class MixtureDensityNetwork(keras.Model):
    """``(x - x_mean) / x_scale -> hidden layers -> MDNHead -> units of y``.

    Arguments, outputs and the scaling that it carries, as weights that are not trained, are
    those of `mdn_utils.torch.MixtureDensityNetwork`; kwargs are name, dtype and the like.

    Compile the network with an optimizer alone: its loss is `nll`, at each step of a
    sequence, too. ``sample_weight`` weighs rows or steps, -1/N Σ_n w_n log p(y_n); where it
    is 0, targets may be NaN. Steps that a mask leaves out do not count in N. The ``.keras``
    file that ``save`` writes, `keras.saving.load_model` reads once this module is imported.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> sum(math.prod(weight.shape) for weight in network.trainable_weights)
    4078
    >>> network.compile(optimizer="adam")
    >>> history = network.fit(tf.zeros((8, 1)), tf.zeros((8, 1)), verbose=0)
    >>> mean(*network(tf.zeros((4, 1)))).shape
    TensorShape([4, 1])
    """

    def __init__(
        self, inputs, D, K, hidden=50, activation="tanh",
        noise="diagonal", sigma=None, sigma_floor=0.0, **kwargs,
    ):  # fmt: skip
        widths = _check.widths(inputs, hidden, activation)
        super().__init__(**kwargs)
        self.widths, self.activation = widths, activation
        self.autocast = False  # x keeps its precision until it is scaled
        self.supports_masking = True
        dtype = self.dtype_policy
        self.hidden = [
            keras.layers.Dense(size, activation=activation, name=f"hidden_{i}", dtype=dtype)
            for i, size in enumerate(widths[1:], start=1)
        ]
        self.head = MDNHead(D, K, noise, sigma, sigma_floor, name="head", dtype=dtype)
        options = {"trainable": False, "autocast": False, "dtype": "float32"}
        if self.variable_dtype == "float64":
            options["dtype"] = "float64"
        for name, size in _check.scaling(inputs, D, noise).items():
            start = "zeros" if "mean" in name else "ones"
            setattr(self, name, self.add_weight((size,), start, name=name, **options))
        self.build((None, inputs))

    def build(self, x_shape):
        for layer, width in zip([*self.hidden, self.head], self.widths, strict=True):
            layer.build((*x_shape[:-1], width))
        self.built = True

    def call(self, x):
        x = (tf.cast(x, self.x_mean.dtype) - self.x_mean) / self.x_scale
        for layer in self.hidden:
            x = layer(x)
        log_pi, mu, log_sigma, *unit_tril = self.head(x)
        mu = self.y_mean + self.y_scale * mu
        if self.head.noise != "fixed":
            log_sigma = log_sigma + tf.math.log(self.y_scale)
        return log_pi, mu, log_sigma, *unit_tril

    def compute_mask(self, x, mask=None):
        return self.head.compute_mask(x, mask)

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """As of every Keras model, without a loss."""
        if loss is not None:
            raise ValueError(
                f"loss must be left out, got {loss!r}; the network's loss is nll, and "
                f"another one would not be used: compile(optimizer=...)"
            )
        super().compile(optimizer=optimizer, **kwargs)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        """`nll`, weighted as the class says, plus the losses of regularizers."""
        mask = getattr(y_pred[0], "_keras_mask", None)
        if sample_weight is None and mask is None:
            return tf.add_n([nll(y, *y_pred), *self.losses])
        mu, y, weight = _tensors(y_pred[1], y, sample_weight)
        _check.one_target_a_row(y, mu[..., 0, 0])
        lead = tf.shape(mu)[:-2]
        counts = tf.ones(lead, mu.dtype) if mask is None else tf.cast(mask, mu.dtype)
        weight = counts if weight is None else counts * _like_rows(weight, lead)
        # where nothing weighs, a mean in place of what may be NaN
        y = tf.where(weight[..., None] == 0, tf.stop_gradient(mu[..., 0, :]), y)
        total = tf.reduce_sum(weight * log_prob(y, *y_pred))
        return tf.add_n([-total / tf.maximum(tf.reduce_sum(counts), 1), *self.losses])

    def get_config(self):
        head = self.head.get_config()
        options = {name: head[name] for name in ("D", "K", "noise", "sigma", "sigma_floor")}
        options |= {"inputs": self.widths[0], "hidden": list(self.widths[1:])}
        return {**super().get_config(), **options, "activation": self.activation}


def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1):
    """The scaling, and a start that trains reliably: see `mdn_utils.torch.initialize`.

    >>> x, y = np.linspace(-1, 1, 100)[:, None], np.linspace(0, 3, 100)[:, None]
    >>> network = initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y)
    >>> _, mu, _ = network(tf.zeros((1, 1)))
    >>> network.y_mean.numpy(), mu.shape
    (array([1.5], dtype=float32), TensorShape([1, 3, 1]))
    """
    eps = np.finfo(network.y_mean.dtype).eps
    options = seed, steepness, sigma, head_scale
    scaling, weights = _start.start(network, x, y, eps, *options)
    for name, value in scaling.items():
        getattr(network, name).assign(value)
    for weight, value in zip(network.trainable_variables, weights, strict=True):
        weight.assign(value)
    return network


# What several functions compute


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    like = unit_tril if like is None else like
    one = tf.eye(tf.shape(like)[-1], dtype=like.dtype)
    if unit_tril is None:
        return one
    below = tf.linalg.band_part(unit_tril, -1, 0) - tf.linalg.band_part(unit_tril, 0, 0)
    return below + one


def _draw_component(weights, u):
    """As `mdn_utils.numpy._draw_component`."""
    bounds = tf.cumsum(weights, axis=-1)
    u = u * bounds[..., -1:]
    below = bounds[..., None, :-1] <= u[..., None]
    return tf.reduce_sum(tf.cast(below, tf.int32), axis=-1)


def _pick(a, k):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    lead = tf.broadcast_dynamic_shape(tf.shape(a)[:-2], tf.shape(k)[:-1])
    a = tf.broadcast_to(a, tf.concat([lead, tf.shape(a)[-2:]], axis=0))
    k = tf.broadcast_to(k, tf.concat([lead, tf.shape(k)[-1:]], axis=0))
    return tf.gather(a, k, axis=-2, batch_dims=k.shape.rank - 1)


def _like_rows(weight, lead):
    """One weight for each target, or for each row of a batch, which Keras allows, too."""
    by_row = tf.concat([lead[:1], tf.ones_like(lead[1:])], axis=0)
    every = tf.size(weight) == tf.reduce_prod(lead)
    return tf.reshape(weight, tf.where(every, lead, by_row))


def _split(a, axes):
    """The last axis, split into several."""
    now = tf.shape(a)
    lead = [now[i] if size is None else size for i, size in enumerate(a.shape[:-1])]
    return tf.reshape(a, [*lead, *axes])


# What is asked of the arguments


def _checked(y, log_pi, mu, *noise, no_nan=("y",), needs_noise=True):
    """All as tensors, None where none was given; their shapes and values fit."""
    tensors = _tensors(mu, y, log_pi, *noise)
    named = dict(zip(("mu", "y", "log_pi", "log_sigma", "unit_tril"), tensors, strict=True))
    _check.shapes(**named, needs_noise=needs_noise)
    _check_values(named, no_nan=no_nan, given=log_pi)
    return [named[name] for name in _check.NAMES]


def _check_values(tensors, no_nan=(), positive=(), given=None):
    """One look at the device; only what looks wrong goes to `_check.values`."""
    if not _check.values_on or not tf.executing_eagerly():
        return
    tolerance = _check.tolerance(given)
    tensors = {name: a for name, a in tensors.items() if a is not None}
    wrong = [tf.reduce_any(tf.math.is_nan(tensors[n])) for n in no_nan if n in tensors]
    wrong += [tf.reduce_any(~(tensors[name] > 0)) for name in positive]
    if "log_pi" in tensors:
        total = tf.reduce_sum(tf.exp(tensors["log_pi"]), axis=-1)
        wrong.append(tf.reduce_any(tf.abs(total - 1) > tolerance))
    if "unit_tril" in tensors:
        diagonal = tf.linalg.diag_part(tensors["unit_tril"])
        wrong.append(tf.reduce_any(~(tf.abs(diagonal - 1) <= tolerance)))
    if tf.reduce_any(tf.stack(wrong)):
        arrays = {name: a.numpy() for name, a in tensors.items()}
        _check.values(arrays, no_nan, positive, tolerance)


def _tensors(mu, *others):
    """All in the dtype of mu, float32 at least."""
    own = hasattr(mu, "dtype")
    mu = _tensor(mu)
    mu = _wide(mu if own else tf.cast(mu, keras.config.floatx()))
    return mu, *(None if a is None else tf.cast(_tensor(a), mu.dtype) for a in others)


def _tensor(a):
    """Tensors and variables stay, lists of tensors are stacked; all else through NumPy."""
    if tf.is_tensor(a) or hasattr(a, "__tf_tensor__"):
        return tf.convert_to_tensor(a)
    if isinstance(a, (list, tuple)) and any(map(tf.is_tensor, a)):
        return tf.stack(a)
    a = np.asarray(a)
    return tf.constant(a if a.dtype.kind == "f" else a.astype(np.float64))


def _wide(a):
    """a in float32 at least."""
    return a if a.dtype == tf.float64 else tf.cast(a, tf.float32)


def _key(seed):
    """A pair of integers for TensorFlow's stateless generators."""
    if seed is None:
        return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    if isinstance(seed, tf.random.Generator):
        return seed.make_seeds(1)[:, 0]
    seed = _check.seed(seed, "tf.random.Generator") % 2**62
    return tf.constant([seed % 2**31, seed // 2**31], dtype=tf.int64)
