"""The models of the bench, their files and the bodies that every server gets: the same numbers for all."""
import dataclasses
import json
import pathlib
import random
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples" / "models"
WORK = ROOT / "artifacts" / "bench"


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    file: str
    dtype: str
    shape: tuple

    @property
    def path(self) -> pathlib.Path:
        return SAMPLES / self.file if self.name != "resnet18" else WORK / self.file

    def prepare(self):
        """Makes the file where it is not part of the repository."""
        if self.name == "resnet18" and not self.path.exists():
            subprocess.run(["/usr/bin/python3", str(SAMPLES / "make_models.py"), "--resnet18", str(self.path)], check=True)

    def values(self):
        """Seeded numbers, printed as `tensor.tolist()` gives them: a float32 with the digits of its double."""
        source = random.Random(7)
        count = 1
        for size in self.shape:
            count *= size
        numbers = [source.gauss(0, 1) for _ in range(count)]
        if self.name == "linear8":
            numbers = [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]
        if self.dtype == "float":
            numbers = [struct.unpack("f", struct.pack("f", number))[0] for number in numbers]
        for size in reversed(self.shape[1:]):
            numbers = [numbers[start:start + size] for start in range(0, len(numbers), size)]
        return numbers

    def body(self, wrapper: str) -> pathlib.Path:
        """The file with the request: `infernet` for Granary and the ceiling, `plain` for the Python peers."""
        path = WORK / f"{self.name}.{wrapper}.json"
        values = self.values()
        if wrapper == "infernet":
            data = {"input": {"dtype": self.dtype, "shape": list(self.shape), "values": values}}
        else:
            data = {"dtype": self.dtype, "values": values}
        path.write_text(json.dumps({"source": 1, "data": data}))
        return path


MODELS = {model.name: model for model in [
    Model("linear8", "california_housing.pt", "double", (1, 8)),
    Model("row69", "row69.pt", "double", (1, 69)),
    Model("cifar", "cifar.pt", "float", (1, 3, 32, 32)),
    Model("resnet18", "resnet18.pt", "float", (1, 3, 224, 224)),
]}
