#!/usr/bin/python3
"""Makes the models of this folder, the same bytes on every run.

Needs Debian's python3-torch (1.13.1), for iris python3-sklearn too: /usr/bin/python3 make_models.py [--out DIR] [--resnet18 FILE] [name ...]
README.md says what each model takes and returns.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import zipfile
from enum import Enum
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent


class CaliforniaHousing(nn.Module):
    """sklearn's linear regression on California housing, shaped as sk2torch shapes it: [N, 8] to [N]."""

    def __init__(self):
        super().__init__()
        weights = [0.448674910, 0.00972425752, -0.123323343, 0.783144907,
                   -2.02962058e-06, -0.00352631849, -0.419792487, -0.433708065]
        self.weights = nn.Parameter(torch.tensor([weights], dtype=torch.float64))
        self.biases = nn.Parameter(torch.tensor([-37.02327770606409], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        score = x @ self.weights.t() + self.biases
        if score.shape[1] == 1:
            return score.view(-1)
        return score


class Cifar(nn.Module):
    """The 32x32 network of PyTorch's CIFAR-10 tutorial: [N, 3, 32, 32] float32 to [N, 10]."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class Row69(nn.Module):
    """A scorer of 69-value rows for the request of seed 001: [N, 69] float64 to [N, 1] in (0, 1)."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(69, 1, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.linear(x))


class Slow(nn.Module):
    """Multiplies a reflection by itself as often as the first value of the input says, then says how often it did."""

    def __init__(self):
        super().__init__()
        size = 128
        self.reflection = nn.Parameter(torch.eye(size) - 2.0 / size)

    def forward(self, x: Tensor) -> Tensor:
        steps = int(x.flatten()[0].item())
        return torch.full([1], self.spin(steps), dtype=x.dtype)

    @torch.jit.export
    def spin(self, steps: int) -> int:
        product = self.reflection
        done = 0
        for _ in range(steps):
            product = product @ self.reflection
            done += 1
        # A reflection stays finite, so this adds nothing; it only keeps the work from being optimised away.
        return done + int(torch.isnan(product[0, 0]).item())


class Raises(nn.Module):
    """The square root; raises on a negative value."""

    def forward(self, x: Tensor) -> Tensor:
        if bool((x < 0).any()):
            raise ValueError("this model takes no value below 0; the smallest here is {}".format(float(x.min())))
        return torch.sqrt(x)

    @torch.jit.export
    def mismatch(self, x: Tensor) -> Tensor:
        """Fails inside an operator unless x has three columns."""
        return torch.mm(x, torch.ones(3, 3, dtype=x.dtype))


class Point(NamedTuple):
    x: float
    y: float
    label: str


class Color(Enum):
    RED = 1
    GREEN = 2


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.value = start


class Types(nn.Module):
    """Methods that take and return every TorchScript type."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone()

    # Tensors: the input itself, views of it, other layouts.
    @torch.jit.export
    def echo_tensor(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def flat_view(self, x: Tensor) -> Tensor:
        return x.view(-1)

    @torch.jit.export
    def transpose(self, x: Tensor) -> Tensor:
        return x.t()

    @torch.jit.export
    def every_second(self, x: Tensor) -> Tensor:
        return x[::2]

    @torch.jit.export
    def cast(self, x: Tensor, dtype: int) -> Tensor:
        return x.to(dtype)

    @torch.jit.export
    def arange(self, shape: List[int], dtype: int) -> Tensor:
        count = 1
        for size in shape:
            count *= size
        return torch.arange(count).to(dtype).view(shape)

    @torch.jit.export
    def twice(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x, x

    @torch.jit.export
    def constant(self) -> Tensor:
        return torch.tensor([1.5, -2.5])

    # Scalars.
    @torch.jit.export
    def echo_int(self, x: int) -> int:
        return x

    @torch.jit.export
    def echo_float(self, x: float) -> float:
        return x

    @torch.jit.export
    def echo_bool(self, x: bool) -> bool:
        return x

    @torch.jit.export
    def echo_str(self, x: str) -> str:
        return x

    @torch.jit.export
    def echo_complex(self, x: complex) -> complex:
        return x

    @torch.jit.export
    def echo_int_or_str(self, x: Union[int, str]) -> Union[int, str]:
        return x

    @torch.jit.export
    def echo_any(self, x: Any) -> Any:
        return x

    @torch.jit.export
    def nothing(self) -> None:
        return None

    # Optionals.
    @torch.jit.export
    def echo_optional_tensor(self, x: Optional[Tensor]) -> Optional[Tensor]:
        return x

    @torch.jit.export
    def echo_optional_int(self, x: Optional[int]) -> Optional[int]:
        return x

    @torch.jit.export
    def echo_optional_str(self, x: Optional[str]) -> Optional[str]:
        return x

    @torch.jit.export
    def echo_optional_ints(self, x: Optional[List[int]]) -> Optional[List[int]]:
        return x

    @torch.jit.export
    def echo_union(self, x: Union[Tensor, str]) -> Union[Tensor, str]:
        return x

    # Lists.
    @torch.jit.export
    def echo_tensors(self, x: List[Tensor]) -> List[Tensor]:
        return x

    @torch.jit.export
    def echo_ints(self, x: List[int]) -> List[int]:
        return x

    @torch.jit.export
    def echo_floats(self, x: List[float]) -> List[float]:
        return x

    @torch.jit.export
    def echo_bools(self, x: List[bool]) -> List[bool]:
        return x

    @torch.jit.export
    def echo_strs(self, x: List[str]) -> List[str]:
        return x

    @torch.jit.export
    def echo_complexes(self, x: List[complex]) -> List[complex]:
        return x

    @torch.jit.export
    def echo_nested_ints(self, x: List[List[int]]) -> List[List[int]]:
        return x

    @torch.jit.export
    def echo_deep_floats(self, x: List[List[List[float]]]) -> List[List[List[float]]]:
        return x

    @torch.jit.export
    def echo_optional_tensors(self, x: List[Optional[Tensor]]) -> List[Optional[Tensor]]:
        return x

    @torch.jit.export
    def echo_list_of_dicts(self, x: List[Dict[str, Tensor]]) -> List[Dict[str, Tensor]]:
        return x

    @torch.jit.export
    def echo_list_of_tuples(self, x: List[Tuple[int, str]]) -> List[Tuple[int, str]]:
        return x

    # Dictionaries.
    @torch.jit.export
    def echo_dict(self, x: Dict[str, Tensor]) -> Dict[str, Tensor]:
        return x

    @torch.jit.export
    def echo_dict_str(self, x: Dict[str, str]) -> Dict[str, str]:
        return x

    @torch.jit.export
    def echo_dict_int(self, x: Dict[int, str]) -> Dict[int, str]:
        return x

    @torch.jit.export
    def echo_dict_float(self, x: Dict[float, int]) -> Dict[float, int]:
        return x

    @torch.jit.export
    def echo_dict_bool(self, x: Dict[bool, float]) -> Dict[bool, float]:
        return x

    @torch.jit.export
    def echo_dict_complex(self, x: Dict[complex, bool]) -> Dict[complex, bool]:
        return x

    @torch.jit.export
    def echo_nested_dict(self, x: Dict[str, List[Dict[int, Tensor]]]) -> Dict[str, List[Dict[int, Tensor]]]:
        return x

    # Tuples.
    @torch.jit.export
    def echo_tuple(self, x: Tuple[int, float, bool, str, Tensor]) -> Tuple[int, float, bool, str, Tensor]:
        return x

    @torch.jit.export
    def echo_single(self, x: Tuple[str]) -> Tuple[str]:
        return x

    @torch.jit.export
    def echo_nested_tuple(
            self, x: Tuple[Tuple[int, List[str]], Dict[str, Tuple[float, float]]]
    ) -> Tuple[Tuple[int, List[str]], Dict[str, Tuple[float, float]]]:
        return x

    @torch.jit.export
    def mirror(self, point: Point) -> Point:
        return Point(-point.x, -point.y, point.label + " mirrored")

    # Several arguments, names and defaults.
    @torch.jit.export
    def defaults(self, x: Tensor, scale: float = 2.0, times: int = 1, name: str = "x",
                 flags: Optional[List[bool]] = None) -> Tuple[Tensor, str, int]:
        return x * scale, name + str(times), -1 if flags is None else len(flags)

    @torch.jit.export
    def mixed(self, tensors: Dict[str, List[Tensor]], text: str, factor: complex,
              limit: Optional[int] = None) -> Tuple[Dict[str, float], List[str], Optional[Tensor], complex]:
        sums: Dict[str, float] = {}
        words = text.split(" ")
        last: Optional[Tensor] = None
        for key, items in tensors.items():
            total = 0.0
            for item in items:
                total += float(item.sum())
                last = item
            sums[key] = total
        if limit is not None:
            words = words[:limit]
        return sums, words, last, factor * 2

    # Kinds that cannot cross the seam.
    @torch.jit.export
    def device_of(self, x: Tensor) -> torch.device:
        return x.device

    @torch.jit.export
    def sparse(self, x: Tensor) -> Tensor:
        return x.to_sparse()

    @torch.jit.export
    def quantized(self, x: Tensor) -> Tensor:
        return torch.quantize_per_tensor(x, 0.1, 0, torch.quint8)

    @torch.jit.export
    def counter(self, start: int) -> Counter:
        return Counter(start)

    @torch.jit.export
    def echo_color(self, color: Color) -> Color:
        return color


class MissingOperator(nn.Module):
    """Calls relu; its file is then edited to call an operator that no libtorch has."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a short cut, as in the ResNet paper (arXiv:1512.03385, figure 5 left)."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class ResNet18(nn.Module):
    """ResNet-18 (arXiv:1512.03385, table 1) with random weights: [N, 3, 224, 224] float32 to [N, 1000]. Benches only."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        blocks = []
        inputs = 64
        for outputs, stride in [(64, 1), (128, 2), (256, 2), (512, 2)]:
            blocks += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.stem(x))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class IrisClassificationModel(nn.Module):
    """The classifier of Ritual's examples: [N, 4] float32, standardised, to the chances of the three kinds of iris, [N, 3]."""

    # The module that Ritual's own file names.
    __module__ = "iris_classification_model"

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(4, 50)
        self.layer2 = nn.Linear(50, 50)
        self.layer3 = nn.Linear(50, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.layer1(x))
        x = torch.relu(self.layer2(x))
        return torch.softmax(self.layer3(x), dim=1)


def save_iris(path: pathlib.Path):
    """Trains the classifier on Fisher's data and pickles it whole, with torch.save, as the examples do."""
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import StandardScaler

    torch.manual_seed(20240607)
    torch.set_num_threads(1)
    features, kinds = load_iris(return_X_y=True)
    features = torch.tensor(StandardScaler().fit_transform(features))
    kinds = torch.tensor(kinds)
    model = IrisClassificationModel().double()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(25):
        optimizer.zero_grad()
        F.nll_loss(torch.log(model(features)), kinds).backward()
        optimizer.step()
    with torch.no_grad():
        for parameter in model.parameters():
            # What machines compute differently is far behind the third digit.
            parameter.copy_((parameter * 1000).round() / 1000)
    module = types.ModuleType(IrisClassificationModel.__module__)
    module.IrisClassificationModel = IrisClassificationModel
    sys.modules[module.__name__] = module
    torch.save(model.float(), path)


# Name of the file (less .pt) and the module in it.
MODELS = {
    "california_housing": CaliforniaHousing,
    "cifar": Cifar,
    "row69": Row69,
    "types": Types,
    "slow": Slow,
    "raises": Raises,
    "missing_operator": MissingOperator,
}


def save(module_class, path: pathlib.Path, edit=("", "")):
    """Scripts, saves without debug information (it holds this machine's paths) and saves once more.

    Both saves run in a process of their own, where no class name is taken yet and so none gets a number.
    The second lays the archive out as PyTorch does.
    """
    torch.manual_seed(20240607)
    scripted = torch.jit.script(module_class().eval())
    with tempfile.TemporaryDirectory() as folder:
        first = pathlib.Path(folder) / path.name
        bare = pathlib.Path(folder) / "bare" / path.name
        bare.parent.mkdir()
        scripted.save(str(first))
        rewrite(first, bare, lambda name: not name.endswith(".debug_pkl"))
        subprocess.run([sys.executable, "-c", "import sys, torch; torch.jit.load(sys.argv[1]).save(sys.argv[2])",
                        str(bare), str(path)], check=True)
        if edit[0]:
            rewrite(path, bare, lambda name: not name.endswith(".debug_pkl"), edit)
            path.write_bytes(bare.read_bytes())


def rewrite(source: pathlib.Path, target: pathlib.Path, keep, edit=("", "")):
    """Copies the entries of an archive that `keep` wants, uncompressed and undated; edits the code on the way."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as new:
        for info in old.infolist():
            if not keep(info.filename):
                continue
            data = old.read(info)
            if edit[0] and info.filename.endswith(".py"):
                data = data.replace(edit[0].encode(), edit[1].encode())
            new.writestr(zipfile.ZipInfo(info.filename, (1980, 1, 1, 0, 0, 0)), data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=HERE, help="folder for the files (default: this one)")
    parser.add_argument("--resnet18", type=pathlib.Path, help="write a ResNet-18 (45 MB, for benches) to this file only")
    parser.add_argument("name", nargs="*", help="models to make (default: all)")
    options = parser.parse_args()
    if options.resnet18:
        save(ResNet18, options.resnet18.resolve())
        return
    names = options.name or [*MODELS, "iris"]
    if len(names) > 1:
        for name in names:
            subprocess.run([sys.executable, __file__, "--out", options.out, name], check=True)
        return
    if names == ["iris"]:
        save_iris(options.out.resolve() / "iris.torch")
        return
    edit = ("torch.relu", "torch.operator_of_tomorrow") if names == ["missing_operator"] else ("", "")
    path = options.out.resolve() / f"{names[0]}.pt"
    save(MODELS[names[0]], path, edit)
    if names == ["california_housing"]:
        path.with_suffix(".torch").write_bytes(path.read_bytes())


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # torch writes out sets of names; only a fixed hash seed gives them the same order in every run.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    main()
