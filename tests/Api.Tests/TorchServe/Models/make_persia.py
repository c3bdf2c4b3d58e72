# Makes persia.pt, the dense part of a recommendation model: the sum of each sample's dense values and embeddings.
#   /usr/bin/python3 make_persia.py
from typing import List

import torch


class Dense(torch.nn.Module):
    def forward(self, dense: List[torch.Tensor], embeddings: List[torch.Tensor]) -> torch.Tensor:
        total = torch.zeros([dense[0].shape[0], 1])
        for tensor in dense:
            total = total + tensor.float().flatten(1).sum(1, keepdim=True)
        for tensor in embeddings:
            total = total + tensor.float().flatten(1).sum(1, keepdim=True)
        return total


torch.jit.script(Dense()).save("persia.pt")
