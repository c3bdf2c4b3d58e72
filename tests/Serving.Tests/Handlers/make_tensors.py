"""Writes images and the tensors that torchvision makes of them, for ImageHandlerTests: make_tensors.py FOLDER.

cases.txt has a line "name;parameters;shape" for each case; NAME.img is the file and NAME.bin the float32 tensor.
"""
import io
import pathlib
import sys

import numpy as np
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode

folder = pathlib.Path(sys.argv[1])
random = np.random.default_rng(20240607)
lines = []


def encoded(width, height, kind):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([127 + 100 * np.sin(x / 9 + c) * np.cos(y / 6 - c) for c in range(3)], -1)
    data = io.BytesIO()
    Image.fromarray((waves + random.normal(0, 9, waves.shape)).clip(0, 255).astype(np.uint8)).save(data, kind)
    return data.getvalue()


def case(name, file, parameters, steps, mode="RGB"):
    tensor = transforms.Compose(steps)(Image.open(io.BytesIO(file)).convert(mode)).numpy()
    (folder / f"{name}.img").write_bytes(file)
    (folder / f"{name}.bin").write_bytes(np.ascontiguousarray(tensor, np.float32).tobytes())
    lines.append(f"{name};{parameters};{','.join(map(str, tensor.shape))}")


half = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
imagenet = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
to_tensor = transforms.ToTensor()


def resize(size):
    return transforms.Resize(size, InterpolationMode.BILINEAR)


names = "mean=0.485,0.456,0.406 std=0.229,0.224,0.225"
case("seed", encoded(32, 32, "PNG"), "", [to_tensor, half])
for kind in ("PNG", "JPEG", "WEBP"):
    case(f"imagenet-{kind}", encoded(341, 273, kind), f"resize=256 crop=224 {names}", [resize(256), transforms.CenterCrop(224), to_tensor, imagenet])
case("tall", encoded(61, 173, "PNG"), f"resize=40 crop=33 {names}", [resize(40), transforms.CenterCrop(33), to_tensor, imagenet])
case("up", encoded(20, 31, "PNG"), f"resize=64 {names}", [resize(64), to_tensor, imagenet])
case("exact", encoded(100, 80, "PNG"), "resize=30,50 mean=0 std=1", [resize((30, 50)), to_tensor])
case("crop-odd", encoded(37, 42, "PNG"), "crop=20,31", [transforms.CenterCrop((20, 31)), to_tensor, half])
case("crop-larger", encoded(25, 18, "PNG"), "crop=32", [transforms.CenterCrop(32), to_tensor, half])
case("crop-mixed", encoded(50, 18, "PNG"), "crop=31,20", [transforms.CenterCrop((31, 20)), to_tensor, half])
case("mnist", encoded(56, 56, "PNG"), "color=grey resize=28 mean=0.1307 std=0.3081",
     [resize(28), to_tensor, transforms.Normalize((0.1307,), (0.3081,))], "L")
(folder / "cases.txt").write_text("\n".join(lines))
