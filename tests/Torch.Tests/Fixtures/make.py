#!/usr/bin/python3
"""Makes the .pt files beside it: /usr/bin/python3 make.py (Debian's python3-torch, 1.13). They are committed, so that
the tests need no Python; run it again only to change them."""

import os
import sys
import zipfile
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor

HERE = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


class Point(NamedTuple):
    x: Tensor
    y: int


class Pair:
    def __init__(self, a: int):
        self.a = a


Pair = torch.jit.script(Pair)


class Linear8(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(1.0, 9.0, dtype=torch.float64).reshape(8, 1) / 8)
        self.bias = torch.nn.Parameter(torch.tensor([0.5], dtype=torch.float64))
        self.register_buffer("shared", self.weight.data.view(-1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.weight) + self.bias


class Echo(torch.nn.Module):
    """Gives back what it gets, for every type that crosses the seam."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()

    @torch.jit.export
    def integer(self, x: int) -> int:
        return x

    @torch.jit.export
    def floating(self, x: float) -> float:
        return x

    @torch.jit.export
    def complicated(self, x: complex) -> complex:
        return x

    @torch.jit.export
    def boolean(self, x: bool) -> bool:
        return x

    @torch.jit.export
    def text(self, x: str) -> str:
        return x

    @torch.jit.export
    def nothing(self, x: None) -> None:
        return x

    @torch.jit.export
    def number(self, x: Union[int, float, complex]) -> Union[int, float, complex]:
        return x

    @torch.jit.export
    def optional(self, x: Optional[Tensor]) -> Optional[Tensor]:
        return x

    @torch.jit.export
    def optional_integer(self, x: Optional[int]) -> Optional[int]:
        return x

    @torch.jit.export
    def union(self, x: Union[int, str, List[float], Dict[str, Tensor]]) -> Union[int, str, List[float], Dict[str, Tensor]]:
        return x

    @torch.jit.export
    def anything(self, x: Any) -> Any:
        return x

    @torch.jit.export
    def tensors(self, x: List[Tensor]) -> List[Tensor]:
        return x

    @torch.jit.export
    def integers(self, x: List[int]) -> List[int]:
        return x

    @torch.jit.export
    def floats(self, x: List[float]) -> List[float]:
        return x

    @torch.jit.export
    def complexes(self, x: List[complex]) -> List[complex]:
        return x

    @torch.jit.export
    def booleans(self, x: List[bool]) -> List[bool]:
        return x

    @torch.jit.export
    def texts(self, x: List[str]) -> List[str]:
        return x

    @torch.jit.export
    def nested(self, x: List[List[Dict[str, List[Optional[int]]]]]) -> List[List[Dict[str, List[Optional[int]]]]]:
        return x

    @torch.jit.export
    def pair(self, x: Tuple[int, str]) -> Tuple[int, str]:
        return x

    @torch.jit.export
    def single(self, x: Tuple[int]) -> Tuple[int]:
        return x

    @torch.jit.export
    def point(self, x: Point) -> Point:
        return x

    @torch.jit.export
    def points(self, x: Dict[str, List[Point]]) -> Dict[str, List[Point]]:
        return x

    @torch.jit.export
    def by_text(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return x

    @torch.jit.export
    def by_integer(self, x: Dict[int, str]) -> Dict[int, str]:
        return x

    @torch.jit.export
    def by_float(self, x: Dict[float, int]) -> Dict[float, int]:
        return x

    @torch.jit.export
    def by_boolean(self, x: Dict[bool, int]) -> Dict[bool, int]:
        return x

    @torch.jit.export
    def by_complex(self, x: Dict[complex, int]) -> Dict[complex, int]:
        return x

    @torch.jit.export
    def by_tensor(self, x: Dict[Tensor, int]) -> Dict[Tensor, int]:
        return x

    @torch.jit.export
    def device(self, x: torch.device) -> int:
        return 1

    @torch.jit.export
    def custom(self, x: Pair) -> int:
        return x.a


class Calls(torch.nn.Module):
    """Signatures: defaults, keywords, several arguments."""

    def forward(self, x: Tensor, scale: float = 2.0, shift: int = 0, name: str = "it's", flags: Tuple[int, float] = (1, -0.5),
                limit: Optional[float] = None, exact: bool = True) -> Tuple[Tensor, str]:
        return x * scale + shift, name + " " + str(flags)

    @torch.jit.export
    def scaled(self, x: Tensor, by: int) -> Tensor:
        return x * by

    @torch.jit.export
    def needs(self, a: Tensor, b: Dict[str, Tensor], c: int) -> Tensor:
        return a + b["k"] + c

    @torch.jit.export
    def none(self) -> None:
        pass


class Outputs(torch.nn.Module):
    """Results that are awkward: aliases, views, strides, kinds that cannot leave."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def view(self, x: Tensor) -> Tensor:
        return x[1:]

    @torch.jit.export
    def twice(self, x: Tensor) -> Tuple[Tensor, Tensor, List[Tensor]]:
        y = x * 2
        return y, y, [x, y[0]]

    @torch.jit.export
    def transposed(self, x: Tensor) -> Tensor:
        return (x + 0).t()

    @torch.jit.export
    def expanded(self, x: Tensor) -> Tensor:
        return (x + 0).expand(3, x.size(0))

    @torch.jit.export
    def strided(self, x: Tensor) -> Tensor:
        return (x + 0)[::2]

    @torch.jit.export
    def channels_last(self, x: Tensor) -> Tensor:
        return (x + 0).contiguous(memory_format=torch.channels_last)

    @torch.jit.export
    def conjugate(self, x: Tensor) -> Tensor:
        return x.conj()

    @torch.jit.export
    def imaginary(self, x: Tensor) -> Tensor:
        return x.conj().imag

    @torch.jit.export
    def parameter(self) -> Tensor:
        return self.weight

    @torch.jit.export
    def in_place(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x

    @torch.jit.export
    def in_place_inside(self, x: Dict[str, List[Tensor]]) -> Tensor:
        for y in x["k"]:
            y.mul_(10)
        return x["k"][0]

    @torch.jit.export
    def fail(self, x: Tensor, how: int) -> Tensor:
        if how == 1:
            raise ValueError("the rows must be positive")
        if how == 2:
            return torch.matmul(x, self.weight.reshape(3, 1))
        if how == 3:
            assert x.numel() > 1000, "too few elements"
        if how == 4:
            return torch.empty([1 << 46])
        return x[100]

    @torch.jit.export
    def sparse(self, x: Tensor) -> Tensor:
        return x.to_sparse()

    @torch.jit.export
    def quantised(self, x: Tensor) -> Tensor:
        return torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)

    @torch.jit.export
    def where(self, x: Tensor) -> torch.device:
        return x.device

    @torch.jit.export
    def custom(self) -> Pair:
        return Pair(1)

    @torch.jit.export
    def meta(self, x: Tensor) -> Tensor:
        return torch.empty([2], device="meta")

    @torch.jit.export
    def deep(self, levels: int) -> Any:
        value = torch.jit.annotate(List[Any], [])
        for _ in range(levels):
            outer = torch.jit.annotate(List[Any], [])
            outer.append(value)
            value = outer
        return value

    @torch.jit.export
    def forked(self, x: Tensor) -> Tensor:
        future = torch.jit.fork(torch.sin, x)
        return torch.cos(x) + torch.jit.wait(future)


class Stateful(torch.nn.Module):
    """Keeps what it was given: freezing must leave that alone and the caller's memory must not be kept."""

    def __init__(self):
        super().__init__()
        self.last = torch.zeros(1)
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        before = self.last
        self.last = x
        self.count += 1
        return before

    @torch.jit.export
    def counted(self) -> Tensor:
        return self.count


class ConvBn(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 2, 3)
        self.norm = torch.nn.BatchNorm2d(2)
        self.norm.running_mean.uniform_(-1, 1)
        self.norm.running_var.uniform_(0.5, 2)
        self.dropout = torch.nn.Dropout(0.5)
        self.last = torch.nn.Linear(2 * 6 * 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        return self.last(self.dropout(torch.flatten(x, 1)))


class OnlyNamed(torch.nn.Module):
    """No forward at all."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(3.0))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return x * self.scale


class Twice(torch.nn.Module):
    """Takes what another model returned: any shape, float64."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2.0 + 1.0


class Heavy(torch.nn.Module):
    """Work that libraries cut into pieces by the number of threads; no weights but a small convolution."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 16, 5)
        self.norm = torch.nn.BatchNorm2d(16)
        self.norm.running_mean.uniform_(-1, 1)
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x @ x.t()) @ x

    @torch.jit.export
    def reduce(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1)
        return torch.stack([flat.sum(), flat.mean(), flat.norm(), torch.logsumexp(flat, 0), (flat * flat).sum(), torch.dot(flat, flat)])

    @torch.jit.export
    def convolve(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x))).mean(dim=[2, 3])

    @torch.jit.export
    def forked(self, x: Tensor) -> Tensor:
        left = torch.jit.fork(self.reduce, x)
        right = torch.jit.fork(self.reduce, x @ x.t())
        return torch.jit.wait(left) + torch.jit.wait(right)


def path(name: str) -> str:
    return os.path.join(HERE, name)


def rewrite(source: str, target: str, change) -> None:
    """Copies an archive with its text or pickles changed, as another PyTorch would have written it."""
    with zipfile.ZipFile(path(source)) as old, zipfile.ZipFile(path(target), "w") as new:
        for item in old.infolist():
            data = change(item.filename, old.read(item))
            new.writestr(item.filename.replace(source[:-3], target[:-3], 1), data)


def main() -> None:
    torch.manual_seed(7)
    for name, module in {"linear8": Linear8(), "echo": Echo(), "calls": Calls(), "outputs": Outputs(), "stateful": Stateful(),
                         "conv_bn": ConvBn(), "only_named": OnlyNamed(), "heavy": Heavy(), "twice": Twice()}.items():
        torch.jit.script(module).save(path(name + ".pt"))
    torch.jit.freeze(torch.jit.script(Linear8()).eval()).save(path("frozen.pt"))
    torch.jit.script(Linear8().to(torch.bfloat16)).save(path("bfloat16.pt"))
    torch.save(Linear8().state_dict(), path("state_dict.pt"))
    torch.save(Linear8().state_dict(), path("legacy.pt"), _use_new_zipfile_serialization=False)
    with open(path("not_a_model.pt"), "w") as file:
        file.write("This is text.\n" * 50)

    # Files that a newer PyTorch writes and an older one cannot read.
    rewrite("linear8.pt", "missing_operator.pt",
            lambda name, data: data.replace(b"torch.matmul(", b"torch.granary_missing(") if name.endswith(".py") else data)
    rewrite("linear8.pt", "missing_dtype.pt",
            lambda name, data: data.replace(b"ctorch\nDoubleStorage\n", b"ctorch\nGranaryStorage\n") if name.endswith("data.pkl") else data)
    rewrite("linear8.pt", "missing_class.pt",
            lambda name, data: data.replace(b"x: Tensor)", b"x: __torch__.torch.classes.granary.Missing)") if name.endswith(".py") else data)
    rewrite("linear8.pt", "missing_version.pt",
            lambda name, data: b"999\n" if name.endswith("version") else data)


main()
