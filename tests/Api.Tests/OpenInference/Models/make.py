#!/usr/bin/env python3
"""Makes the models beside this file: /usr/bin/python3 make.py (Debian's python3-torch)."""
import os
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch


class Simple(torch.nn.Module):
    """What the official example clients expect of the model `simple`."""

    def forward(self, INPUT0, INPUT1):
        return INPUT0 + INPUT1, INPUT0 - INPUT1


class Dictionary(torch.nn.Module):
    def forward(self, x: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        return {"sum": x["a"] + x["b"], "diff": x["a"] - x["b"]}


class Mixed(torch.nn.Module):
    """Lists, strings, numbers and nothing at all."""

    def forward(self, x: torch.Tensor, words: List[str]) -> Tuple[List[torch.Tensor], List[str], int, Optional[torch.Tensor]]:
        return [x, x * 2], [word + "!" for word in words], len(words), None


class Fields(NamedTuple):
    mean: torch.Tensor
    most: torch.Tensor


class Named(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Fields:
        return Fields(x.mean(), x.max())


class Echo(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Flat(torch.nn.Module):
    """Wants [n, 4]; callers see [n, 2, 2]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape([x.size(0), 4]) * 10


here = os.path.dirname(os.path.abspath(__file__))
for name, module in {"simple": Simple(), "dictionary": Dictionary(), "mixed": Mixed(), "named": Named(), "echo": Echo(), "flat": Flat()}.items():
    torch.jit.script(module).save(os.path.join(here, name + ".pt"))
