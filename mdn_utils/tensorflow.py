"""Gaussian mixtures and mixture density networks in TensorFlow and Keras 3.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; what is said there of arguments and errors holds here. Arrays and lists are
taken, too. Everything is computed in the dtype of ``mu``, in float32 at least. Values are
checked in eager mode alone: in a `tf.function` NaN gives NaN.

`MDNHead`, `MixtureDensityNetwork` and `initialize` are those of :mod:`mdn_utils.torch`.
"""

import math
import sys
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from . import _check, _start
from . import numpy as mdn_np
from ._check import HALF_LOG_2PI

if keras.backend.backend() != "tensorflow":
    rule = f"mdn_utils.tensorflow needs Keras on TensorFlow, got {keras.backend.backend()}"
    do = "set KERAS_BACKEND=tensorflow before Keras is imported, or use mdn_utils.torch"
    raise ImportError(f"{rule}; {do}")

__all__ = ["MDNHead", "MixtureDensityNetwork", "combine", "component_pdf", "covariance",
           "fit", "initialize", "log_prob", "mean", "mode", "nll", "sample",
           "split_cholesky", "variance"]  # fmt: skip
OPTIONS = ("D", "K", "noise", "sigma", "sigma_min")  # of a head, as they are saved


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²)`` for each k.

    >>> component_pdf([3.0], [[0.0], [0.1]], [[1.0], [2.2]]).numpy().round(4)
    array([0.0044, 0.0398], dtype=float32)
    """
    mu, y, var = _tensors(mu, y, var)
    _check.beside_mu(y, mu, "var", var)
    _check_values({"y": y, "var": var})
    square = (y[..., None, :] - mu) ** 2
    log_normal = -0.5 * square / var - 0.5 * tf.math.log(var) - HALF_LOG_2PI
    return tf.exp(tf.reduce_sum(log_normal, axis=-1))


def log_prob(y, log_pi, mu, log_sigma, unit_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    >>> print(f"{log_prob([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]):.4f}")
    -1.4189
    """
    y, log_pi, mu, log_sigma, unit_tril = _checked(y, log_pi, mu, log_sigma, unit_tril)
    z = (y[..., None, :] - mu) * tf.exp(-log_sigma)
    if unit_tril is not None:
        z = tf.linalg.triangular_solve(_lower(unit_tril), z[..., None])[..., 0]
    log_normal = -0.5 * z**2 - log_sigma - HALF_LOG_2PI
    return tf.reduce_logsumexp(log_pi + tf.reduce_sum(log_normal, axis=-1), axis=-1)


def nll(y, log_pi, mu, log_sigma, unit_tril=None):
    """``-1/N Σ_n log p(y_n)``.

    >>> print(f"{nll([0.0], np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]):.4f}")
    1.4189
    """
    log_density = log_prob(y, log_pi, mu, log_sigma, unit_tril)
    _check.one_target_a_row(y, log_density)
    return -tf.reduce_mean(log_density)


def mean(log_pi, mu, log_sigma=None, unit_tril=None):
    """``E[y] = Σ_k π_k μ_k``.

    >>> mean(np.log([0.25, 0.75]), [[0.0], [4.0]]).numpy().tolist()
    [3.0]
    """
    _, log_pi, mu, *_ = _checked(None, log_pi, mu, log_sigma, unit_tril, needs_noise=False)
    return tf.reduce_sum(tf.exp(log_pi)[..., None] * mu, axis=-2)


def variance(log_pi, mu, log_sigma, unit_tril=None):
    """``Var[y_d] = Σ_k π_k (Σ_kdd + (μ_kd - E[y_d])²)``.

    >>> variance(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[0.0]]).numpy().tolist()
    [2.0]
    """
    _, log_pi, mu, log_sigma, unit_tril = _checked(None, log_pi, mu, log_sigma, unit_tril)
    pi = tf.exp(log_pi)[..., None]
    between = mu - tf.reduce_sum(pi * mu, axis=-2, keepdims=True)
    within = tf.exp(2 * log_sigma)
    if unit_tril is not None:  # the diagonal of L Lᵀ
        within = within * tf.reduce_sum(_lower(unit_tril) ** 2, axis=-1)
    return tf.reduce_sum(pi * (within + between**2), axis=-2)


def covariance(log_pi, mu, log_sigma, unit_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``.

    >>> covariance(np.log([0.5, 0.5]), [[-1, -1], [1, 1]], [[0.0]]).numpy().tolist()
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
    """``argmax p(y)``, or a shortcut.

    The exact mode is computed by NumPy, in float64, on the CPU and without gradients; a
    graph calls NumPy when it runs, so XLA cannot compile it.

    >>> params = np.log([0.6, 0.4]), [[0.0], [2.0]], np.log([[2.0], [1.0]])
    >>> [f"{mode(*params, kind=kind)[0]:.4f}" for kind in ("component", "peak", "exact")]
    ['0.0000', '2.0000', '1.7696']
    """
    _check.one_of(("component", "peak", "exact"), "kind", kind)
    options = {"no_nan": _check.NAMES, "needs_noise": kind != "component"}
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, **options)
    _, log_pi, mu, log_sigma, unit_tril = params
    score = log_pi
    if kind == "peak":
        log_det = tf.reduce_sum(tf.broadcast_to(log_sigma, tf.shape(mu)), axis=-1)
        score = log_pi - log_det
    best = _pick(mu, tf.argmax(score, axis=-1)[..., None])[..., 0, :]
    if kind != "exact":
        return best
    given = [tf.cast(a, tf.float64) for a in params if a is not None]
    exact = tf.numpy_function(mdn_np.exact_mode, given, tf.float64)
    return tf.stop_gradient(tf.cast(tf.ensure_shape(exact, best.shape), mu.dtype))


def sample(log_pi, mu, log_sigma, unit_tril=None, *, n=None, seed=None, temperature=1.0):
    """``k ~ π``, then ``y = μ_k + L_k ε``, without gradients.

    The seed is an integer >= 0 or a `tf.random.Generator`; None draws from TensorFlow's.

    >>> sample(np.log([0.5, 0.5]), [[-1.0], [1.0]], [[-2.3]], n=1000, seed=0).shape
    TensorShape([1000, 1])
    """
    _check.draw(n, temperature)
    params = _checked(None, log_pi, mu, log_sigma, unit_tril, no_nan=_check.NAMES)
    _, log_pi, mu, log_sigma, unit_tril = params
    key_u, key_noise = tf.unstack(tf.random.split(_key(seed), 2, alg="philox"))
    options = {"dtype": mu.dtype, "alg": "philox"}
    lead = tf.broadcast_dynamic_shape(tf.shape(log_pi)[:-1], tf.shape(mu)[:-2])
    many, D = tf.concat([lead, [1 if n is None else n]], axis=0), tf.shape(mu)[-1:]
    every = tf.concat([many, D], axis=0)
    if temperature == 0:
        y = tf.broadcast_to(_pick(mu, tf.argmax(log_pi, axis=-1)[..., None]), every)
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - tf.reduce_max(log_pi, axis=-1, keepdims=True)) / cold
        u = tf.random.stateless_uniform(many, key_u, **options)
        k = _draw_component(tf.exp(log_pi), u)  # (..., n)
        noise = tf.random.stateless_normal(every, key_noise, **options) * temperature**0.5
        if unit_tril is not None:
            square = tf.concat([tf.shape(mu), D], axis=0)
            factor = _pick(tf.broadcast_to(_lower(unit_tril), square), k, axis=-3)
            noise = tf.linalg.matvec(factor, noise)  # (..., n, D, D) and (..., n, D)
        sigma = tf.exp(_pick(tf.broadcast_to(log_sigma, tf.shape(mu)), k))
        y = _pick(mu, k) + sigma * noise
    y, rank = tf.stop_gradient(y), y.shape.rank
    to_front = [rank - 2, *range(rank - 2), rank - 1]
    return y[..., 0, :] if n is None else tf.transpose(y, to_front)


def combine(*models):
    """``p(y) = 1/M Σ_m p_m(y)``: several mixtures of the same rows as one, an ensemble.

    >>> a = np.log([1.0]), [[0.0]], [[0.0]]
    >>> b = np.log([0.5, 0.5]), [[1.0], [2.0]], [[-1.0]]
    >>> combine(a, b)[1].numpy().tolist()
    [[0.0], [1.0], [2.0]]
    """
    _check.tuples(models)
    models = [[*_checked(None, *(*model, None)[:4])][1:] for model in models]
    for model in models:  # weights or means that all rows share
        log_pi, mu = model[0][..., None], model[1]
        every = tf.broadcast_dynamic_shape(tf.shape(log_pi), tf.shape(mu))
        model[:2] = tf.broadcast_to(log_pi, every)[..., 0], tf.broadcast_to(mu, every)
    _check.same_rows([mu for _, mu, *_ in models])
    if len({mu.dtype for _, mu, *_ in models}) > 1:  # the wider one, as elsewhere
        models = [[a if a is None else tf.cast(a, tf.float64) for a in m] for m in models]
    parts = [
        (log_pi - math.log(len(models)), mu, tf.broadcast_to(log_sigma, tf.shape(mu)))
        for log_pi, mu, log_sigma, _ in models
    ]
    log_pi, mu, log_sigma = (
        tf.concat(each, axis=axis)
        for each, axis in zip(zip(*parts, strict=True), (-1, -2, -2), strict=True)
    )
    if all(unit_tril is None for *_, unit_tril in models):
        return log_pi, mu, log_sigma
    lower = [
        tf.broadcast_to(
            _lower(unit_tril, mu), tf.concat([tf.shape(mu), tf.shape(mu)[-1:]], axis=0)
        )
        for _, mu, _, unit_tril in models
    ]
    return log_pi, mu, log_sigma, tf.concat(lower, axis=-3)


def split_cholesky(scale_tril):
    """``L = diag(σ) C``: log_sigma and unit_tril of an ordinary Cholesky factor.

    >>> split_cholesky([[2.0, 0.0], [3.0, 4.0]])[1].numpy().tolist()
    [[1.0, 0.0], [0.75, 1.0]]
    """
    (scale_tril,) = _tensors(scale_tril)
    _check.square(scale_tril)
    sigma = tf.linalg.diag_part(scale_tril)
    _check_values({"scale_tril's diagonal": sigma})
    return tf.math.log(sigma), tf.linalg.band_part(scale_tril, -1, 0) / sigma[..., None]


@keras.saving.register_keras_serializable(package="mdn_utils")
class MDNHead(keras.layers.Layer):
    """``log π = log softmax(a^π)``, ``μ = a^μ``, ``log σ = a^σ``, each a Dense layer.

    As `mdn_utils.torch.MDNHead`, without ``features``, which Keras finds out, and with
    name, dtype and the like. A mask of the features is handed on to every output.

    >>> head = MDNHead(D=2, K=3, noise="full", sigma_min=0.01)
    >>> [tuple(a.shape) for a in head(tf.zeros((4, 50)))]
    [(4, 3), (4, 3, 2), (4, 3, 2), (4, 3, 2, 2)]
    """

    def __init__(self, D, K, noise="diagonal", sigma=None, sigma_min=0.0, **kwargs):
        _check.head(noise, sigma, sigma_min, D=D, K=K)
        super().__init__(**kwargs)
        self.supports_masking = True
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_min = sigma, sigma_min
        for name, axes in _check.layers(noise, K, D).items():
            size, dtype = math.prod(axes), self.variable_dtype  # float32 in mixed policies
            setattr(self, name, keras.layers.Dense(size, name=name, dtype=dtype))

    def build(self, features_shape):
        for name in _check.layers(self.noise, self.K, self.D):
            getattr(self, name).build(features_shape)
        self.built = True

    def call(self, features):
        a, lead = {}, tf.shape(features)[:-1]
        for name, axes in _check.layers(self.noise, self.K, self.D).items():
            (units,) = _tensors(getattr(self, name)(features))  # in float32 at least
            a[name] = tf.reshape(units, tf.concat([lead, axes], axis=0))
        log_pi, mu = tf.nn.log_softmax(a["pi"], axis=-1), a["mu"]
        if self.noise == "fixed":
            return log_pi, mu, math.log(self.sigma) * tf.ones_like(mu[..., :1, :1])
        log_sigma = a["log_sigma"]
        if self.sigma_min:  # log(exp(a^σ) + sigma_min)
            least = math.log(self.sigma_min)
            log_sigma = least + tf.nn.softplus(log_sigma - least)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        zero, one = tf.zeros_like(mu[..., :1]), tf.ones_like(mu[..., :1])
        below = [a["below"]] if self.D > 1 else []
        unit_tril = tf.concat([zero, one, *below], axis=-1)
        return log_pi, mu, log_sigma, tf.gather(unit_tril, _check.below(self.D), axis=-1)

    def compute_mask(self, features, mask=None):
        return [mask] * (4 if self.noise == "full" else 3)

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in OPTIONS}}


@keras.saving.register_keras_serializable(package="mdn_utils")
class MixtureDensityNetwork(keras.Model):
    """``(x - x_mean) / x_scale -> hidden layers -> MDNHead -> units of y``.

    As `mdn_utils.torch.MixtureDensityNetwork`, with name, dtype and the like; the scaling
    is in weights that are not trained.

    Compile it with an optimizer alone: its loss is `nll`, at each step of a sequence, too.
    ``sample_weight`` weighs rows or steps, -1/N Σ_n w_n log p(y_n); where it is 0, targets
    may be NaN. Steps that a mask leaves out do not count in N. `keras.saving.load_model`
    reads what ``save`` wrote, once this module is imported.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> network.compile(optimizer="adam")
    >>> history = network.fit(tf.zeros((8, 1)), tf.zeros((8, 1)), verbose=0)
    >>> sum(math.prod(weight.shape) for weight in network.trainable_weights)
    4078
    """

    def __init__(self, inputs, D, K, hidden=50, activation="tanh", noise="diagonal",
                 sigma=None, sigma_min=0.0, **kwargs):  # fmt: skip
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
        self.head = MDNHead(D, K, noise, sigma, sigma_min, name="head", dtype=dtype)
        wide = "float64" if self.variable_dtype == "float64" else "float32"
        options = {"trainable": False, "autocast": False, "dtype": wide}
        for name, size in _check.scaling(inputs, D, noise).items():
            start = "zeros" if "mean" in name else "ones"
            setattr(self, name, self.add_weight((size,), start, name=name, **options))
        self.build((None, inputs))

    def build(self, x_shape):
        for layer, width in zip([*self.hidden, self.head], self.widths, strict=True):
            layer.build((*x_shape[:-1], width))
        self.built = True

    def call(self, x):
        _check.inputs(x, self.widths[0])
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
        if loss is not None:
            rule = "loss must be left out, for the network's loss is nll"
            raise ValueError(f"{rule}, got {loss!r}; use compile(optimizer=...)")
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
        # one weight for each target, or for each row of a batch, which Keras allows, too
        weight = tf.ones(lead, mu.dtype) if weight is None else weight
        by_row = tf.concat([lead[:1], tf.ones_like(lead[1:])], axis=0)
        every = tf.size(weight) == tf.reduce_prod(lead)
        weight = counts * tf.reshape(weight, tf.where(every, lead, by_row))
        # where nothing weighs, a mean in place of what may be NaN
        y = tf.where(weight[..., None] == 0, tf.stop_gradient(mu[..., 0, :]), y)
        total = tf.reduce_sum(weight * log_prob(y, *y_pred))
        return tf.add_n([-total / tf.maximum(tf.reduce_sum(counts), 1), *self.losses])

    def get_config(self):
        options = {name: getattr(self.head, name) for name in OPTIONS}
        options |= {"inputs": self.widths[0], "hidden": list(self.widths[1:])}
        return {**super().get_config(), **options, "activation": self.activation}


def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1,
               ridge=None):  # fmt: skip
    """The scaling, and a start that trains reliably: see `mdn_utils.torch.initialize`.

    >>> x, y = np.linspace(-1, 1, 100)[:, None], np.linspace(0, 3, 100)[:, None]
    >>> initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y).y_mean.numpy()
    array([1.5], dtype=float32)
    """
    info = np.finfo(network.y_mean.dtype)
    options = (seed, steepness, sigma, head_scale, ridge)
    scaling, weights = _start.start(network, x, y, info, *options)
    own = [*(getattr(network, name) for name in scaling), *network.trainable_variables]
    for variable, value in zip(own, [*scaling.values(), *weights], strict=True):
        variable.assign(value)
    return network


def fit(network, x, y, *, seed=0, validation=0.2, shuffle=True, noise=None, steps=3000,
        batch_size=256, learning_rate=0.005, patience=500, progress=True):  # fmt: skip
    """Train the network on a table and keep its best state: see `mdn_utils.torch.fit`.

    It compiles the network, and calls the ``fit`` of Keras once for each noise. At its end
    the learning rate is about 0: before you train further with Keras, compile again.

    >>> x = np.linspace(-2, 2, 200)[:, None]
    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=3)
    >>> history = fit(network, x, np.sin(2 * x), steps=100, progress=False)
    >>> history["step"][-1], history["noise"] in history["tried"]
    (np.int64(100), True)
    """
    _start.options(seed, steps, batch_size, learning_rate, patience)
    rows, held = _start.split(network, x, y, validation, shuffle, seed)
    levels = _start.levels(len(rows[0]), noise)
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    )
    network.compile(optimizer, steps_per_execution=_start.ROUND)
    best, tried = None, {}
    with tqdm(total=steps, disable=not progress, file=sys.stdout) as bar:
        for level in levels:
            bar.reset()
            steepness = network.widths[0] ** -0.5
            initialize(network, *rows, seed, steepness=steepness, **_start.START)
            for variable in optimizer.variables:  # the steps done, and Adam's moments
                variable.assign(tf.zeros_like(variable))
            curves = _start.Curves(level, patience)
            network.fit(
                _batches(network, rows, level, seed, batch_size),
                epochs=math.ceil(steps / _start.ROUND),  # with a rate of 0 after all steps
                steps_per_epoch=_start.ROUND,
                callbacks=[_Average(rows, held, curves, steps, bar)],
                shuffle=False,  # they are drawn already
                verbose=0,
            )
            tried[level] = curves.best
            if best is not None and curves.best >= best.best:
                break
            best = curves
    history = best.history()
    network.set_weights(best.state)
    return {**history, "tried": tried}


def _batches(network, rows, noise, seed, batch_size):
    """Without an end, batches with fresh noise."""
    x, y = (tf.constant(a, network.y_mean.dtype) for a in rows)
    noisy = list(zip((x, y), noise, (network.x_scale, network.y_scale), strict=True))
    draw = tf.random.Generator.from_seed(_check.seed(seed) % 2**62)

    def batch(_):
        pick = tf.range(len(x))
        if len(x) > batch_size:
            pick = draw.uniform([batch_size], maxval=len(x), dtype=tf.int32)
        return tuple(
            tf.gather(a, pick)
            + level * scale * draw.normal((len(pick), a.shape[1]), dtype=a.dtype)
            for a, level, scale in noisy
        )

    return tf.data.Dataset.counter().map(batch)


class _Average(keras.callbacks.Callback):
    """After each round: the running average of the weights, and its NLL."""

    def __init__(self, rows, held, curves, steps, bar):
        super().__init__()
        few = tuple(a[: _start.MOST_SCORED] for a in rows)
        self.parts, self.average = (few, held), None
        self.curves, self.steps, self.bar = curves, steps, bar

    def on_epoch_end(self, epoch, logs=None):
        weights, old = self.model.get_weights(), self.average
        pairs = zip(old or weights, weights, strict=True)
        self.average = [_start.running_average(a, w, epoch) for a, w in pairs]
        self.model.set_weights(self.average)
        nlls = [self.model.test_on_batch(*part) for part in self.parts]
        self.model.set_weights(weights)
        step = min((epoch + 1) * _start.ROUND, self.steps)
        going_on = self.curves.add(step, *nlls, lambda: self.average)
        self.model.stop_training = not going_on
        self.bar.update(step - self.bar.n)


def _lower(unit_tril, like=None):
    """C as it is meant: zeros above the diagonal, ones on it; I where it is None."""
    like = unit_tril if like is None else like
    one = tf.eye(tf.shape(like)[-1], dtype=like.dtype)
    if unit_tril is None:
        return one
    below = tf.linalg.band_part(unit_tril, -1, 0) - tf.linalg.band_part(unit_tril, 0, 0)
    return below + one


def _draw_component(weights, u):
    bounds = tf.cumsum(weights, axis=-1)
    below = bounds[..., None, :-1] <= (u * bounds[..., -1:])[..., None]
    return tf.reduce_sum(tf.cast(below, tf.int32), axis=-1)


def _pick(a, k, axis=-2):
    """a[..., k, :] for a (..., K, D) and k (..., n): shape (..., n, D)."""
    lead = tf.broadcast_dynamic_shape(tf.shape(a)[:axis], tf.shape(k)[:-1])
    a = tf.broadcast_to(a, tf.concat([lead, tf.shape(a)[axis:]], axis=0))
    k = tf.broadcast_to(k, tf.concat([lead, tf.shape(k)[-1:]], axis=0))
    return tf.gather(a, k, axis=axis, batch_dims=k.shape.rank - 1)


def _check_values(given, room=0.01, no_nan=("y",)):
    if tf.executing_eagerly():
        _check.values(
            given, room, no_nan, diagonal=tf.linalg.diag_part,
            found=lambda masks: tf.reduce_any([tf.reduce_any(mask) for mask in masks]),
            sums=lambda a: tf.reduce_sum(tf.exp(a), axis=-1),
        )  # fmt: skip


def _tensors(mu, *others):
    """All in the dtype of mu, float32 at least."""
    own = hasattr(mu, "dtype")
    mu = _tensor(mu) if own else tf.cast(_tensor(mu), keras.config.floatx())
    mu = mu if mu.dtype == tf.float64 else tf.cast(mu, tf.float32)
    return mu, *(None if a is None else tf.cast(_tensor(a), mu.dtype) for a in others)


_checked = partial(_check.checked, _tensors, _check_values)


def _tensor(a):
    """Tensors and variables stay, lists of tensors are stacked; all else through NumPy."""
    if tf.is_tensor(a) or hasattr(a, "__tf_tensor__"):
        return tf.convert_to_tensor(a)
    if isinstance(a, (list, tuple)) and any(map(tf.is_tensor, a)):
        return tf.stack(a)
    a = np.asarray(a)
    return tf.constant(a if a.dtype.kind == "f" else a.astype(np.float64))


def _key(seed):
    """A pair of integers for TensorFlow's stateless generators."""
    if seed is None:
        return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    if isinstance(seed, tf.random.Generator):
        return seed.make_seeds(1)[:, 0]
    high, low = divmod(_check.seed(seed) % 2**62, 2**31)
    return tf.constant([low, high], dtype=tf.int64)
