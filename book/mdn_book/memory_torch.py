"""M of chapter 14 in PyTorch: a GRU whose head is a mixture, and its training."""

import numpy as np
import torch
from torch import nn

from mdn_utils import torch as mdn

__all__ = ["Memory", "export", "train"]


class Memory(nn.Module):
    """From inputs (N, T, I): parameters of the next z, logit of a hit."""

    def __init__(self, inputs, D, K=32, units=48):
        super().__init__()
        self.gru = nn.GRU(inputs, units, batch_first=True)
        self.head = mdn.MDNHead(units, D, K)
        self.hit = nn.Linear(units, 1)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.head(h), self.hit(h)[..., 0]

    def loss_of(self, x, z_next, hit):
        params, logit = self(x)
        cross_entropy = nn.BCEWithLogitsLoss()(logit, hit)
        return mdn.nll(z_next, *params) + cross_entropy


def train(model, x, z_next, hit, *, steps=1800, batch=32, seed=0):
    """Adam with cosine decay on batches of whole sequences."""
    arrays = [torch.tensor(np.float32(a)) for a in (x, z_next, hit)]
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = torch.tensor(rng.integers(0, len(x), batch))
        adam.zero_grad()
        model.loss_of(*(a[chosen] for a in arrays)).backward()
        adam.step()
        decay.step()


def export(model):
    """The weights as `mdn_book.dream` takes them."""
    state = {name: a.detach().double().numpy() for name, a in model.state_dict().items()}
    found = {
        "W": state["gru.weight_ih_l0"].T,
        "R": state["gru.weight_hh_l0"].T,
        "b": state["gru.bias_ih_l0"],
        "c": state["gru.bias_hh_l0"],
    }
    heads = {"pi": "head.pi", "mu": "head.mu", "sigma": "head.log_sigma", "hit": "hit"}
    for name, layer in heads.items():
        found[name] = state[f"{layer}.weight"].T
        found[f"{name}_b"] = state[f"{layer}.bias"]
    return found
