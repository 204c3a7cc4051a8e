"""Gaussian mixtures and mixture density networks in TensorFlow and Keras 3.

The functions of :mod:`mdn_utils.numpy` under the same names, for tensors, and with
gradients; shapes and meaning of ``log_pi``, ``mu``, ``log_sigma``, ``scale_tril`` and ``y``
are the same. Arrays and lists are taken, too, and converted to the dtype of ``mu``. Inside
a `tf.function` shapes are still checked, but values are not: NaN gives NaN.

`MDNHead` turns features into the parameters; `MixtureDensityNetwork` is a ready network;
`initialize` gives it a good start.
"""

import math
from numbers import Integral

import keras
import numpy as np
import tensorflow as tf

from . import _shapes, _start

__all__ = [
    "MDNHead",
    "MixtureDensityNetwork",
    "component_pdf",
    "covariance",
    "initialize",
    "log_prob",
    "mean",
    "mode",
    "nll",
    "sample",
    "variance",
]


def component_pdf(y, mu, var):
    """``N(y | μ_k, σ_k²) = Π_d exp(-(y_d - μ_kd)² / 2σ_kd²) / √(2π σ_kd²)`` for each k.

    For looking at single components. It underflows to 0 far from μ, so no loss is made of
    it: see `log_prob`.

    Args:
        y: target, shape (..., D).
        mu: means, shape (..., K, D).
        var: variances σ², positive; as many axes as mu, broadcastable to it.

    Returns:
        Densities, shape (..., K).

    Raises:
        ValueError: the shapes do not fit, y holds NaN, or a variance is not positive.

    >>> y, mu, var = [3.0], [[0.0], [0.1], [0.2]], [[1.0], [2.2], [3.3]]
    >>> [f"{density:.5f}" for density in component_pdf(y, mu, var).numpy()]
    ['0.00443', '0.03977', '0.06695']
    """
    mu, y, var = _tensors(mu, y, var)
    _shapes.check_pdf(y, mu, var)
    _check_no_nan("y", y)
    if tf.executing_eagerly() and not tf.reduce_all(var > 0):
        raise ValueError(f"var must be positive, got {var[~(var > 0)][0].numpy()}")
    square = (y[..., None, :] - mu) ** 2
    return tf.reduce_prod(tf.exp(-square / (2 * var)) / tf.sqrt(2 * math.pi * var), axis=-1)


def log_prob(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``log p(y) = log Σ_k exp(log π_k + log N(y | μ_k, Σ_k))``.

    The sum is a log-sum-exp: nothing underflows, however far y lies from every mean.

    Args:
        y: target, shape (..., D).
        log_pi: log mixing weights, shape (..., K).
        mu: means, shape (..., K, D).
        log_sigma: log standard deviations, as many axes as mu, broadcastable to it.
        scale_tril: lower Cholesky factors, shape (..., K, D, D), in units of σ_k where
            log_sigma is given, too: Σ_k = L_k L_kᵀ with L_k = diag(σ_k) scale_tril_k.

    Returns:
        Log density in nats, shape (...), the leading axes of y and the parameters.

    Raises:
        ValueError: the shapes do not fit, or y holds NaN.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6.

    >>> log_pi, mu = tf.math.log([[0.5, 0.5]]), tf.constant([[[-1.0], [1.0]]])
    >>> print(f"{log_prob([[0.0]], log_pi, mu, tf.zeros((1, 2, 1))).numpy().item():.5f}")
    -1.41894
    """
    mu, y, log_pi, log_sigma, scale_tril = _tensors(mu, y, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y)
    _check_no_nan("y", y)
    return tf.reduce_logsumexp(
        log_pi + _log_components(y, mu, log_sigma, scale_tril), axis=-1
    )


def nll(y, log_pi, mu, log_sigma=None, scale_tril=None):
    """``-1/N Σ_n log p(y_n)``: the negative log-likelihood of a row, the training loss.

    Args:
        y: one target for each row, shape (..., D).
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        The average over all rows, a scalar, in nats.

    Raises:
        ValueError: the shapes do not fit, y holds NaN, or y would be repeated.

    >>> y, log_pi = [[3.0], [1.1]], tf.math.log([1.0, 0.0, 0.0])
    >>> var = tf.constant([[1.0], [2.2], [3.3]])
    >>> loss = nll(y, log_pi, [[0.0], [0.1], [0.2]], 0.5 * tf.math.log(var))
    >>> print(f"{loss.numpy():.4f}")
    3.4714
    """
    mu, y, log_pi, log_sigma, scale_tril = _tensors(mu, y, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, y=y, one_for_each_row=True)
    return -tf.reduce_mean(log_prob(y, log_pi, mu, log_sigma, scale_tril))


def mean(log_pi, mu, log_sigma=None, scale_tril=None):
    """``E[y] = Σ_k π_k μ_k``.

    Args:
        log_pi, mu: as for `log_prob`.
        log_sigma, scale_tril: do not matter, and may be left out.

    Returns:
        Mean, shape (..., D).

    Raises:
        ValueError: the shapes do not fit.

    >>> print(f"{mean(tf.math.log([0.25, 0.75]), [[0.0], [4.0]]).numpy().item():.4f}")
    3.0000
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=False)
    return tf.reduce_sum(tf.exp(log_pi)[..., None] * mu, axis=-2)


def variance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Var[y_d] = Σ_k π_k (σ_kd² + (μ_kd - E[y_d])²)``: within and between components.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Variance of each target dimension, shape (..., D).

    Raises:
        ValueError: the shapes do not fit.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0], [1.0]])
    >>> print(f"{variance(log_pi, mu, tf.zeros((2, 1))).numpy().item():.4f}")
    2.0000
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = tf.exp(log_pi)[..., None]
    between = mu - tf.reduce_sum(pi * mu, axis=-2, keepdims=True)
    if scale_tril is None:
        within = tf.exp(2 * log_sigma)
    else:
        factor = _factor(log_sigma, scale_tril)
        within = tf.reduce_sum(factor**2, axis=-1)  # the diagonal of L Lᵀ
    return tf.reduce_sum(pi * (within + between**2), axis=-2)


def covariance(log_pi, mu, log_sigma=None, scale_tril=None):
    """``Cov[y] = Σ_k π_k (Σ_k + (μ_k - E[y]) (μ_k - E[y])ᵀ)``: within and between.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.

    Returns:
        Covariance matrix of the target dimensions, shape (..., D, D).

    Raises:
        ValueError: the shapes do not fit.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0, -1], [1, 1]])
    >>> covariance(log_pi, mu, tf.zeros((1, 1))).numpy().tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    pi = tf.exp(log_pi)[..., None, None]
    between = mu - tf.reduce_sum(pi[..., 0] * mu, axis=-2, keepdims=True)
    between = between[..., :, None] * between[..., None, :]
    if scale_tril is None:
        identity = tf.eye(tf.shape(mu)[-1], dtype=mu.dtype)
        within = tf.exp(2 * log_sigma)[..., None] * identity
    else:
        factor = _factor(log_sigma, scale_tril)
        within = tf.matmul(factor, factor, transpose_b=True)
    return tf.reduce_sum(pi * (within + between), axis=-3)


def mode(log_pi, mu, log_sigma=None, scale_tril=None, *, kind="component"):
    """``argmax p(y)``, or one of two shortcuts to it.

    ==============  ===============================================================
    ``kind``        answer
    ==============  ===============================================================
    ``component``   the mean of the most probable component, argmax π_k
    ``peak``        the mean of the component with the highest peak,
                    argmax π_k / √det Σ_k
    ``exact``       the highest point of the mixture itself
    ==============  ===============================================================

    The exact mode is found as in `mdn_utils.numpy.mode`, in float64 and without gradients.

    Args:
        log_pi, mu: as for `log_prob`.
        log_sigma, scale_tril: as for `log_prob`; for ``component`` they do not matter, and
            may be left out.
        kind: "component", "peak" or "exact".

    Returns:
        Mode, shape (..., D).

    Raises:
        ValueError: the shapes do not fit, a parameter holds NaN, or kind is none of
            the three.

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, section 5.6, for
    ``component``; Carreira-Perpiñán (2000), IEEE TPAMI 22, 1318-1323, for ``exact``.

    >>> log_pi, mu = tf.math.log([0.6, 0.4]), tf.constant([[0.0], [2.0]])
    >>> params = log_pi, mu, tf.math.log([[2.0], [1.0]])
    >>> mode(*params).numpy().item(), mode(*params, kind="peak").numpy().item()
    (0.0, 2.0)
    >>> print(f"{mode(*params, kind='exact').numpy().item():.4f}")
    1.7696
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check_kind(kind)
    needs_noise = kind != "component"
    _shapes.check(log_pi, mu, log_sigma, scale_tril, needs_noise=needs_noise)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    if kind == "component":
        return _pick(mu, tf.argmax(log_pi, axis=-1)[..., None])[..., 0, :]
    if kind == "peak":
        _, log_scale = _standardize(tf.zeros_like(mu), log_sigma, scale_tril)
        log_scale = tf.broadcast_to(log_scale, tf.shape(mu))
        peak = log_pi - tf.reduce_sum(log_scale, axis=-1)
        return _pick(mu, tf.argmax(peak, axis=-1)[..., None])[..., 0, :]
    arguments = log_pi, mu, log_sigma, scale_tril
    double = (None if a is None else tf.cast(a, tf.float64) for a in arguments)
    return tf.stop_gradient(tf.cast(_exact_mode(*double), mu.dtype))


def sample(
    log_pi,
    mu,
    log_sigma=None,
    scale_tril=None,
    *,
    n=None,
    seed=None,
    temperature=1.0,
):
    """``k ~ π``, then ``y = μ_k + σ_k ε`` or ``y = μ_k + L_k ε`` with ε ~ N(0, I).

    A temperature τ changes the model on purpose: log π_k / τ in place of log π_k, made to
    sum to one again, and σ_k √τ in place of σ_k. τ = 1 is the model; below, samples come
    closer together; τ = 0 gives the mean of the most probable component.

    Args:
        log_pi, mu, log_sigma, scale_tril: as for `log_prob`.
        n: how many samples for each row; None gives one, without an axis for it.
        seed: an integer >= 0 or a `tf.random.Generator`; None draws from TensorFlow's own.
        temperature: τ, a number >= 0.

    Returns:
        Samples, independent of each other and without gradients, shape (..., D), or
        (n, ..., D) with n.

    Raises:
        ValueError: the shapes do not fit, a parameter holds NaN, n or temperature is
            negative, or the seed is none.

    Source of the temperature: Ha and Schmidhuber (2018), *World Models*, arXiv:1803.10122.

    >>> log_pi, mu = tf.math.log([0.5, 0.5]), tf.constant([[-1.0], [1.0]])
    >>> sample(log_pi, mu, tf.fill((2, 1), -2.3), n=1000, seed=0).shape
    TensorShape([1000, 1])
    >>> sample(log_pi, mu, tf.fill((2, 1), -2.3), seed=0, temperature=0).numpy().tolist()
    [-1.0]
    """
    mu, log_pi, log_sigma, scale_tril = _tensors(mu, log_pi, log_sigma, scale_tril)
    _shapes.check(log_pi, mu, log_sigma, scale_tril)
    _shapes.check_draw(n, temperature)
    _check_parameters(log_pi, mu, log_sigma, scale_tril)
    key_u, key_noise = tf.unstack(tf.random.split(_key(seed), 2))
    lead = tf.broadcast_dynamic_shape(tf.shape(log_pi)[:-1], tf.shape(mu)[:-2])
    many = tf.concat([lead, [1 if n is None else n]], axis=0)
    every = tf.concat([many, tf.shape(mu)[-1:]], axis=0)
    if temperature == 0:
        y = tf.broadcast_to(mode(log_pi, mu)[..., None, :], every)
    else:
        cold = max(temperature, 1e-37)  # float32 holds no much smaller number
        log_pi = (log_pi - tf.reduce_max(log_pi, axis=-1, keepdims=True)) / cold
        u = tf.random.stateless_uniform(many, key_u, dtype=mu.dtype)
        k = _draw_component(tf.exp(log_pi), u)  # (..., n)
        noise = tf.random.stateless_normal(every, key_noise, dtype=mu.dtype)
        noise = noise * temperature**0.5
        if scale_tril is not None:
            D = tf.shape(mu)[-1]
            flat = tf.concat([tf.shape(mu)[:-1], [D * D]], axis=0)
            square = tf.concat([tf.shape(mu), [D]], axis=0)
            factor = tf.broadcast_to(_factor(None, scale_tril), square)
            factor = tf.reshape(factor, flat)
            factor = tf.reshape(_pick(factor, k), tf.concat([every, [D]], axis=0))
            noise = tf.linalg.matvec(factor, noise)  # (..., n, D, D) and (..., n, D)
        if log_sigma is not None:
            noise = tf.exp(_pick(tf.broadcast_to(log_sigma, tf.shape(mu)), k)) * noise
        y = _pick(mu, k) + noise
    y = tf.stop_gradient(y)
    if n is None:
        return y[..., 0, :]
    rank = y.shape.rank
    return tf.transpose(y, [rank - 2, *range(rank - 2), rank - 1])


@keras.saving.register_keras_serializable(package="mdn_utils")
class MDNHead(keras.layers.Layer):
    """``log π = log softmax(a^π)``, ``μ = a^μ``, ``log σ = a^σ``, each a Dense layer.

    ==============  ===================================  =================================
    ``noise``       components                           outputs besides log_pi and mu
    ==============  ===================================  =================================
    ``full``        ``N(μ_k, L_k L_kᵀ)``,                log_sigma (..., K, D),
                    ``L_k = diag(σ_k) C_k``              scale_tril (..., K, D, D): C_k
    ``diagonal``    ``N(μ_k, diag(σ_k²))``               log_sigma (..., K, D)
    ``isotropic``   ``N(μ_k, σ_k² I)``                   log_sigma (..., K, 1)
    ``shared``      ``N(μ_k, σ² I)``, one σ for all k    log_sigma (..., 1, 1)
    ``fixed``       ``N(μ_k, σ² I)``, σ given            log_sigma (..., 1, 1)
    ==============  ===================================  =================================

    C_k is lower triangular with ones on the diagonal, so with full noise σ_kd is the
    standard deviation of dimension d given the dimensions before it.

    Args:
        D: target dimensions.
        K: components.
        noise: one of the five above.
        sigma: the σ of fixed noise, in units of the target; for no other noise.
        sigma_floor: a lower bound of every σ, in units of the target: σ = exp(a^σ) +
            sigma_floor. 0 is no bound.
        **kwargs: name, dtype and the like, as for every Keras layer.

    Shape: features (..., F); log_pi (..., K), mu (..., K, D), the rest as above.

    Raises:
        ValueError: a size is no positive integer, noise is none of the five, sigma is
            missing for fixed noise or given for another, or sigma_floor is negative.

    >>> log_pi, mu, log_sigma = MDNHead(D=2, K=3)(tf.zeros((4, 50)))
    >>> log_pi.shape, mu.shape, log_sigma.shape
    (TensorShape([4, 3]), TensorShape([4, 3, 2]), TensorShape([4, 3, 2]))
    >>> head = MDNHead(D=2, K=3, noise="full", sigma_floor=0.01)
    >>> nll(tf.zeros((4, 2)), *head(tf.zeros((4, 50)))).shape
    TensorShape([])
    """

    def __init__(self, D, K, noise="diagonal", sigma=None, sigma_floor=0.0, **kwargs):
        _shapes.check_sizes(D=D, K=K)
        _shapes.check_noise(noise, sigma, sigma_floor)
        super().__init__(**kwargs)
        self.D, self.K, self.noise = D, K, noise
        self.sigma, self.sigma_floor = sigma, sigma_floor
        sizes = {"pi": K, "mu": K * D}
        if noise != "fixed":
            sizes["log_sigma"] = math.prod(_shapes.sigma_axes(noise, K, D))
        if noise == "full" and D > 1:
            sizes["below"] = K * D * (D - 1) // 2
        for name, size in sizes.items():
            layer = keras.layers.Dense(size, name=name, dtype=self.dtype_policy)
            setattr(self, name, layer)
        self.names = tuple(sizes)

    def build(self, features_shape):
        for name in self.names:
            getattr(self, name).build(features_shape)
        self.built = True

    def call(self, features):
        log_pi = tf.nn.log_softmax(self.pi(features), axis=-1)
        mu = self._split(self.mu(features), self.K, self.D)
        if self.noise == "fixed":
            return log_pi, mu, math.log(self.sigma) * tf.ones_like(mu[..., :1, :1])
        axes = _shapes.sigma_axes(self.noise, self.K, self.D)
        log_sigma = self._split(self.log_sigma(features), *axes)
        if self.sigma_floor:
            floor = math.log(self.sigma_floor)
            log_sigma = floor + tf.nn.softplus(log_sigma - floor)  # log(exp(a^σ) + floor)
        if self.noise != "full":
            return log_pi, mu, log_sigma
        return log_pi, mu, log_sigma, self._scale_tril(features, mu)

    def _scale_tril(self, features, mu):
        """C: ones on the diagonal, the outputs of the layer `below` under it."""
        scale_tril = tf.linalg.diag(tf.ones_like(mu))
        if self.D > 1:
            rows, columns = np.tril_indices(self.D, -1)
            below = self._split(self.below(features), self.K, len(rows))
            place = np.zeros((len(rows), self.D, self.D))  # 1 where an entry belongs
            place[np.arange(len(rows)), rows, columns] = 1
            place = tf.constant(place, below.dtype)
            scale_tril += tf.einsum("...p,pde->...de", below, place)
        return scale_tril

    def _split(self, a, *axes):
        """The last axis, split into several."""
        known, now = a.shape[:-1], tf.shape(a)
        lead = [now[i] if length is None else length for i, length in enumerate(known)]
        return tf.reshape(a, [*lead, *axes])

    def get_config(self):
        return {
            **super().get_config(),
            "D": self.D,
            "K": self.K,
            "noise": self.noise,
            "sigma": self.sigma,
            "sigma_floor": self.sigma_floor,
        }


@keras.saving.register_keras_serializable(package="mdn_utils")
class MixtureDensityNetwork(keras.Model):
    """``x -> hidden layers -> MDNHead``: the parameters of p(y|x).

    Inputs and targets are taken as they are. Scale both to about one before: the layers
    start with weights made for that.

    Compile the network with an optimizer alone: its loss is `nll`. What ``save`` writes, a
    ``.keras`` file, `keras.saving.load_model` reads wherever this module was imported.

    Args:
        inputs: input dimensions, the length of the last axis of x.
        D: target dimensions.
        K: components.
        hidden: width of the hidden layer, or a sequence of widths for several layers.
        activation: what follows each hidden layer, "tanh" or "relu".
        noise, sigma, sigma_floor: as for `MDNHead`.
        **kwargs: name, dtype and the like, as for every Keras model.

    Shape: x (N, ..., inputs); the outputs are those of `MDNHead`, in the order that `nll`,
    `mean` and all other functions take: ``nll(y, *network(x))``.

    Raises:
        ValueError: a size is no positive integer, activation is none of the two, or
            `MDNHead` refuses the noise.

    >>> network = MixtureDensityNetwork(inputs=1, D=1, K=26, hidden=50)
    >>> network.count_params()
    4078
    >>> network.compile(optimizer="adam")
    >>> history = network.fit(tf.zeros((8, 1)), tf.zeros((8, 1)), verbose=0)
    >>> mean(*network(tf.zeros((4, 1)))).shape
    TensorShape([4, 1])
    """

    def __init__(
        self,
        inputs,
        D,
        K,
        hidden=50,
        activation="tanh",
        noise="diagonal",
        sigma=None,
        sigma_floor=0.0,
        **kwargs,
    ):
        sizes = (hidden,) if isinstance(hidden, Integral) else tuple(hidden)
        _shapes.check_sizes(inputs=inputs, D=D, K=K)
        for size in sizes:
            _shapes.check_sizes(hidden=size)
        _shapes.check_activation(activation)
        super().__init__(**kwargs)
        self.options = {
            "inputs": inputs,
            "D": D,
            "K": K,
            "hidden": hidden,
            "activation": activation,
            "noise": noise,
            "sigma": sigma,
            "sigma_floor": sigma_floor,
        }
        dtype = self.dtype_policy
        self.hidden = [
            keras.layers.Dense(size, activation=activation, name=f"hidden_{i}", dtype=dtype)
            for i, size in enumerate(sizes, start=1)
        ]
        self.head = MDNHead(D, K, noise, sigma, sigma_floor, name="head", dtype=dtype)
        self.build((None, inputs))

    def build(self, x_shape):
        lead, width = x_shape[:-1], x_shape[-1]
        for layer in self.hidden:
            layer.build((*lead, width))
            width = layer.units
        self.head.build((*lead, width))
        self.built = True

    def call(self, x):
        for layer in self.hidden:
            x = layer(x)
        return self.head(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """`nll`, plus the losses of regularizers; with weights, -1/N Σ_n w_n log p(y_n)."""
        y = tf.cast(y, y_pred[1].dtype)
        if sample_weight is None:
            loss = nll(y, *y_pred)
        else:
            log_density = log_prob(y, *y_pred)
            weight = tf.reshape(sample_weight, tf.shape(log_density))
            loss = -tf.reduce_mean(tf.cast(weight, log_density.dtype) * log_density)
        return tf.add_n([loss, *self.losses])

    def get_config(self):
        return {**super().get_config(), **self.options}


def initialize(network, x, y, seed=0, *, steepness=4.0, sigma=0.2, head_scale=0.1):
    """A start from which training is reliable: at first p(y|x) hardly depends on x.

    ===================  ===============================================================
    first hidden layer   ``tanh(Σ_i w_i (x_i - c_i))``: c uniform over the range of x,
                         ``w_i = steepness u / (std(x_i) √I)`` with u ~ U(-1, 1)
    other hidden layers  weights N(0, 1 / inputs), for relu N(0, 2 / inputs); biases 0
    heads, weights       ``head_scale u / √inputs`` with u ~ U(-1, 1)
    heads, biases        ``a^π = 0``; ``a^μ_k`` the (k - ½) / K quantile of y for D = 1,
                         otherwise a row of y, no row twice; ``a^σ = log(sigma std(y))``,
                         averaged over D where all dimensions share one σ
    ===================  ===============================================================

    Everything is drawn in NumPy: a seed gives the same weights in both frameworks.

    Args:
        network: a `MixtureDensityNetwork`; its weights are replaced.
        x: the inputs that it will be trained on, shape (N, I).
        y: their targets, shape (N, D), in the units in which the network is trained.
        seed: an integer >= 0, a `numpy.random.Generator`, or None for another start at
            every call.
        steepness: how steep the steps of the first layer are, per standard deviation of x.
        sigma: σ at the start, in standard deviations of y, before ``sigma_floor`` is added;
            fixed noise keeps its own.
        head_scale: how much the input matters at the start.

    Returns:
        The network.

    Raises:
        ValueError: x or y has another shape, holds NaN or infinity or, for D > 1, has
            fewer rows than K; or a number is not positive.

    >>> x, y = np.linspace(-1, 1, 100)[:, None], np.linspace(0, 3, 100)[:, None]
    >>> network = initialize(MixtureDensityNetwork(inputs=1, D=1, K=3), x, y)
    >>> network.head.mu.bias.numpy().round(3).tolist()
    [0.5, 1.5, 2.5]
    """
    widths = [network.options["inputs"], *(layer.units for layer in network.hidden)]
    relu = network.options["activation"] == "relu"
    options = seed, steepness, sigma, head_scale
    network.set_weights(_start.weights(x, y, widths, network.head, relu, *options))
    return network


# What several functions compute


def _log_components(y, mu, log_sigma, scale_tril):
    """log N(y | μ_k, Σ_k), summed over D as a whole, shape (..., K)."""
    z, log_scale = _standardize(y[..., None, :] - mu, log_sigma, scale_tril)
    constant = 0.5 * math.log(2 * math.pi)
    return tf.reduce_sum(-0.5 * z**2 - log_scale - constant, axis=-1)


def _standardize(difference, log_sigma, scale_tril):
    """z = L⁻¹ (y - μ), first divided by σ, then by C, and the log of the diagonal of L."""
    z, log_scale = difference, tf.zeros((), difference.dtype)
    if log_sigma is not None:
        z, log_scale = z * tf.exp(-log_sigma), log_scale + log_sigma
    if scale_tril is not None:
        z = tf.linalg.triangular_solve(scale_tril, z[..., None])[..., 0]
        log_scale = log_scale + tf.math.log(tf.linalg.diag_part(scale_tril))
    return z, log_scale


def _factor(log_sigma, scale_tril):
    """L = diag(σ) C, the Cholesky factor of Σ."""
    factor = tf.linalg.band_part(scale_tril, -1, 0)
    return factor if log_sigma is None else tf.exp(log_sigma)[..., None] * factor


def _exact_mode(log_pi, mu, log_sigma, scale_tril):
    """Climb from every mean at once: x has shape (rows, K, D), K starts in each row."""
    lead = tf.broadcast_dynamic_shape(tf.shape(log_pi)[:-1], tf.shape(mu)[:-2])
    K, D = mu.shape[-2:]

    def rows(a, *axes):
        return tf.reshape(tf.broadcast_to(a, tf.concat([lead, axes], axis=0)), [-1, *axes])

    log_pi, mu = rows(log_pi, K), rows(mu, K, D)
    if scale_tril is None:
        noise = rows(log_sigma, K, D)
        precision = tf.linalg.diag(tf.exp(-2 * noise))
    else:
        noise = rows(_factor(log_sigma, scale_tril), K, D, D)
        inverse = tf.linalg.triangular_solve(noise, tf.eye(D, dtype=mu.dtype))
        precision = tf.matmul(inverse, inverse, transpose_a=True)

    def log_terms(x, log_pi, mu, noise):
        """log π_k N(x | μ_k, Σ_k) at every start, shape (rows, starts, K)."""
        noise = (noise[:, None], None) if scale_tril is None else (None, noise[:, None])
        return log_pi[:, None] + _log_components(x, mu[:, None], *noise)

    def climb(x, precision, *params):
        """One step up from every start, and whether it was the last one needed."""
        gamma = tf.nn.softmax(log_terms(x, *params), axis=-1)
        pull = tf.einsum("nkde,nske->nskd", precision, params[1][:, None] - x[:, :, None])
        gradient = tf.einsum("nsk,nskd->nsd", gamma, pull)
        average = tf.einsum("nsk,nkde->nsde", gamma, precision)
        spread = pull - gradient[:, :, None]
        spread = tf.einsum("nskd,nske->nsde", gamma[..., None] * spread, spread)
        fixed = x + tf.linalg.solve(average, gradient[..., None])[..., 0]
        curvature = (1 + 1e-12) * average - spread  # minus the second derivative of log p
        newton = x + tf.linalg.solve(curvature, gradient[..., None])[..., 0]
        better = height(newton, *params) > height(fixed, *params) - 1e-13  # rounding
        new = tf.where(better[..., None], newton, fixed)
        step = tf.abs(new - x) * tf.sqrt(tf.linalg.diag_part(average))
        return new, tf.reduce_all(step < 1e-10, axis=[-2, -1])

    def height(x, *params):
        return tf.reduce_logsumexp(log_terms(x, *params), axis=-1)

    def climb_on(x, moving):
        some = (tf.gather(a, moving) for a in (x, precision, log_pi, mu, noise))
        new, done = climb(*some)
        x = tf.tensor_scatter_nd_update(x, moving[:, None], new)
        return x, tf.boolean_mask(moving, ~done)

    x, _ = tf.while_loop(
        lambda _, moving: tf.size(moving) > 0,
        climb_on,
        (mu, tf.range(tf.shape(mu)[0])),
        shape_invariants=(tf.TensorShape([None, K, D]), tf.TensorShape([None])),
        maximum_iterations=200,
    )
    best = tf.argmax(height(x, log_pi, mu, noise), axis=-1)[..., None]
    return tf.reshape(_pick(x, best), tf.concat([lead, [D]], axis=0))


def _draw_component(weights, u):
    """The k with c_{k-1} <= u c_K < c_k, c the cumulative weights, for u in [0, 1).

    Only the first K - 1 bounds are counted, so no rounding can make k leave 0 ... K - 1,
    and a weight of 0 leaves no room between its bounds. weights (..., K), u (..., n).
    """
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


# What is asked of values


def _tensors(mu, *others):
    """All as tensors; what is none takes the dtype of mu."""
    mu = tf.convert_to_tensor(mu)
    if not mu.dtype.is_floating:
        mu = tf.cast(mu, keras.config.floatx())
    return mu, *(
        a if a is None or tf.is_tensor(a) else tf.convert_to_tensor(a, mu.dtype)
        for a in others
    )


def _check_parameters(*arguments):
    names = "log_pi", "mu", "log_sigma", "scale_tril"
    for name, value in zip(names, arguments, strict=True):
        if value is not None:
            _check_no_nan(name, value)


def _check_no_nan(name, value):
    if tf.executing_eagerly() and tf.reduce_any(tf.math.is_nan(value)):
        count = tf.math.count_nonzero(tf.math.is_nan(value)).numpy()
        raise ValueError(
            f"{name} must not contain NaN, got {count} NaN in shape {tuple(value.shape)}"
        )


def _key(seed):
    """A pair of integers for TensorFlow's stateless generators."""
    if seed is None:
        return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    if isinstance(seed, tf.random.Generator):
        return seed.make_seeds(1)[:, 0]
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(
            f"seed must be None, an integer >= 0 or a tf.random.Generator, got {seed!r}"
        )
    return tf.constant([seed % 2**31, seed // 2**31], dtype=tf.int64)
