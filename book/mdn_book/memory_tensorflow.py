"""M of chapter 14 in TensorFlow: a GRU whose head is a mixture, and its training."""

import keras
import numpy as np
import tensorflow as tf

from mdn_utils import tensorflow as mdn

__all__ = ["Memory", "export", "train"]


class Memory(keras.Model):
    """From inputs (N, T, I): parameters of the next z, logit of a hit."""

    def __init__(self, D, K=32, units=48):
        super().__init__()
        self.gru = keras.layers.GRU(units, return_sequences=True)
        self.head = mdn.MDNHead(D, K)
        self.hit = keras.layers.Dense(1)

    def call(self, x):
        h = self.gru(x)
        return self.head(h), self.hit(h)[..., 0]

    def loss_of(self, x, z_next, hit):
        params, logit = self(x)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(hit, logit)
        return mdn.nll(z_next, *params) + tf.reduce_mean(cross_entropy)


def train(model, x, z_next, hit, *, steps=1800, batch=32, seed=0):
    """Adam with cosine decay on batches of whole sequences."""
    arrays = [tf.constant(np.float32(a)) for a in (x, z_next, hit)]
    decay = keras.optimizers.schedules.CosineDecay(0.01, steps)
    adam = keras.optimizers.Adam(decay)
    rng = np.random.default_rng(seed)
    model(arrays[0][:1])  # makes the weights

    @tf.function(jit_compile=True)
    def step(chosen):
        with tf.GradientTape() as tape:
            value = model.loss_of(*(tf.gather(a, chosen) for a in arrays))
        gradients = tape.gradient(value, model.trainable_variables)
        adam.apply(gradients, model.trainable_variables)

    for _ in range(steps):
        step(tf.constant(rng.integers(0, len(x), batch)))


def export(model):
    """The weights as `mdn_book.dream` takes them; Keras has update before reset."""

    def gates(a):
        update, reset, new = np.split(np.float64(a), 3, axis=-1)
        return np.concatenate([reset, update, new], axis=-1)

    W, R, biases = map(gates, model.gru.get_weights())
    found = {"W": W, "R": R, "b": biases[0], "c": biases[1]}
    head = model.head
    heads = {"pi": head.pi, "mu": head.mu, "sigma": head.log_sigma, "hit": model.hit}
    for name, layer in heads.items():
        found[name], found[f"{name}_b"] = map(np.float64, layer.get_weights())
    return found
