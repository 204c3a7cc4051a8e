"""Train one network in several processes with TensorFlow, on one machine or on many:
python -m mdn_book.multiworker_tensorflow FOLDER 2 20 float32     (processes, epochs)

Each takes the gradient of its share of a batch, and the strategy adds these up. After each
epoch the first saves a checkpoint, from which the run goes on. With TF_CONFIG, set by a
cluster, this is one of the processes; otherwise it starts them all.
"""

import json
import os
import sys
import time
from socket import create_server
from subprocess import Popen

import keras
import tensorflow as tf

from mdn_book import scaling
from mdn_utils import tensorflow as mdn

__all__ = []  # a script


def train(folder, epochs, steps=50, batch_size=256):
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    rank, processes = strategy.cluster_resolver.task_id or 0, strategy.num_replicas_in_sync
    with strategy.scope():
        network = mdn.MixtureDensityNetwork(1, 1, K=10, hidden=(50, 50), sigma_min=0.01)
        mdn.initialize(network, *scaling.block(0, 10_000), steepness=1, sigma=0.4, ridge=1)
        adam = keras.optimizers.Adam(0.005)
        adam.build(network.trainable_variables)

    def own_step(x, y):
        with tf.GradientTape() as tape:
            loss = mdn.nll(y, *network(x)) / processes
        adam.apply(tape.gradient(loss, network.trainable_variables))
        return loss

    @tf.function
    def step(x, y):
        return strategy.reduce("sum", strategy.run(own_step, (x, y)), axis=None)

    losses, done = tf.Variable(tf.zeros(epochs * steps, network.dtype)), tf.Variable(0)
    state = tf.train.Checkpoint(network=network, adam=adam, losses=losses, done=done)
    manager = tf.train.CheckpointManager(state, folder, max_to_keep=2)
    manager.restore_or_initialize()
    print(f"process {rank} of {processes} begins with epoch {int(done)}", flush=True)
    for epoch in range(int(done), epochs):
        for i in range(epoch * steps, (epoch + 1) * steps):
            batch = (a[rank::processes] for a in scaling.block(1 + i, batch_size))
            losses[i].assign(step(*(tf.cast(a, network.dtype) for a in batch)))
        done.assign(epoch + 1)
        if rank == 0:
            manager.save()


def launch(processes):
    """Start them, and end all when one fails."""
    free = [create_server(("localhost", 0)) for _ in range(processes)]
    cluster = {"worker": ["{}:{}".format(*s.getsockname()) for s in free]}
    [s.close() for s in free]
    started = []
    for i in range(processes):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}})
        started.append(Popen(sys.orig_argv, env={**os.environ, "TF_CONFIG": config}))
    while None in (codes := [p.poll() for p in started]) and not any(codes):
        time.sleep(0.1)
    [p.kill() for p in started]
    return not any(codes)


if __name__ == "__main__":
    folder, processes, epochs, dtype = sys.argv[1:]
    keras.config.set_floatx(dtype)
    if processes == "1" or "TF_CONFIG" in os.environ:
        train(folder, int(epochs))
    elif not any(launch(int(processes)) for attempt in range(4)):
        sys.exit("failed four times")
