#!/usr/bin/python3
"""Makes the newer_*.pt files beside it with PyTorch 2.6 (Debian 13's python3-torch): what an older libtorch reads
(newer_plain) and what it cannot (the others)."""

import os
import sys
from typing import Dict, List, Tuple

import torch
from torch import Tensor

HERE = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


class Plain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv1d(1, 2, 3)
        self.lstm = torch.nn.LSTM(2, 2, batch_first=True)

    def forward(self, x: Tensor, extra: Dict[str, List[Tensor]]) -> Tuple[Tensor, int]:
        y = self.lstm(torch.relu(self.conv(x)).transpose(1, 2))[0]
        return y + extra["k"][0], y.numel()


class Attention(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.scaled_dot_product_attention(x, x, x)


class RmsNorm(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.rms_norm(x, [2])


class Holds(torch.nn.Module):
    def __init__(self, dtype: torch.dtype):
        super().__init__()
        self.register_buffer("held", torch.tensor([1.0, 2.0]).to(dtype))

    def forward(self) -> Tensor:
        return self.held


torch.manual_seed(7)
for name, module in {"plain": Plain(), "attention": Attention(), "rms_norm": RmsNorm(), "uint16": Holds(torch.uint16),
                     "float8": Holds(torch.float8_e5m2)}.items():
    torch.jit.script(module).save(os.path.join(HERE, f"newer_{name}.pt"))
