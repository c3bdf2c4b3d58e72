#!/usr/bin/python3
"""Writes a module of about 100 MB to the given path; made at test time because it is too large to commit."""

import sys

import torch


class Large(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(*[torch.nn.Linear(1000, 1000) for _ in range(25)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


torch.jit.script(Large()).save(sys.argv[1])
