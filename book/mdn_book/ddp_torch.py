"""Train one network in several processes with PyTorch, on one machine or on many.

torchrun --standalone --nproc-per-node 2 -m mdn_book.ddp_torch FOLDER 20 float32

Each process computes the gradient of its share of every batch; DistributedDataParallel
averages the gradients, so all take the same step. After each epoch the first one writes
FOLDER/checkpoint.pt. When a process dies, torchrun ends all; started again, the run goes on
from there. Without torchrun it is the same run in one process.
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from mdn_book import scaling
from mdn_utils import torch as mdn

__all__ = []  # a script


def train(folder, epochs, dtype, steps=50, batch_size=256):
    # "nccl" where each process has a GPU; who does not answer for a minute is taken as dead
    dist.init_process_group("gloo", timeout=timedelta(minutes=1))
    rank, processes = dist.get_rank(), dist.get_world_size()
    network = mdn.MixtureDensityNetwork(1, 1, K=10, hidden=(50, 50), sigma_min=0.01)
    network = network.to(dtype)
    mdn.initialize(network, *scaling.block(0, 10_000), steepness=1, sigma=0.4, ridge=1)
    parallel = DistributedDataParallel(network)
    adam = torch.optim.Adam(network.parameters(), 0.005)
    parts, losses = {"network": network, "adam": adam}, []

    path = Path(folder) / "checkpoint.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        losses = state.pop("losses")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    first = len(losses) // steps
    print(f"process {rank} of {processes} begins with epoch {first}", flush=True)

    for epoch in range(first, epochs):
        for step in range(epoch * steps, (epoch + 1) * steps):
            x, y = scaling.block(1 + step, batch_size)
            x, y = (torch.tensor(a[rank::processes]).to(dtype) for a in (x, y))
            adam.zero_grad()
            loss = mdn.nll(y, *parallel(x))
            loss.backward()
            adam.step()
            dist.all_reduce(loss := loss.detach() / processes)
            losses.append(loss.item())
        if rank == 0:
            state = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**state, "losses": losses}, path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)  # whole, or not there at all
    dist.destroy_process_group()


if __name__ == "__main__":
    alone = {"RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "localhost", "MASTER_PORT": 29500}
    for name, value in alone.items():
        os.environ.setdefault(name, str(value))  # torchrun has set its own
    folder, epochs, dtype = sys.argv[1:]
    torch.set_num_threads(1)
    train(folder, int(epochs), getattr(torch, dtype))
